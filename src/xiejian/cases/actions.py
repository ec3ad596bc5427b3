"""Every write of the cases room (imports apart, which load in bulk): penalty cases and interviews.

Amounts are whole 分. Dates come from the caller; nothing may be dated after the day of ``at``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from xiejian.cases import checks as check
from xiejian.cases import publication_rules, publishing
from xiejian.cases.checks import refuse
from xiejian.cases.models import Case, Interview, Proceeding
from xiejian.clocks import actions as clocks
from xiejian.inspections.actions import joined_tags, schedule_visit
from xiejian.inspections.checks import ADDRESSEES
from xiejian.inspections.models import Transfer, Visit
from xiejian.kernel import workflow
from xiejian.kernel.kinds import KIND_LABELS
from xiejian.people import audit
from xiejian.people.models import Officer
from xiejian.people.policy import Actor, require
from xiejian.registry.models import LINKS, Party
from xiejian.sampling.actions import record_disposal
from xiejian.sampling.models import Sample

CASE_WORKFLOW = workflow.load(Path(__file__).with_name("workflow.toml"))
PERMISSION = "cases.edit"
#: the clock of a case and its time limit in packs/national/deadlines.toml
DECIDE, DECIDE_RULE = "decide", "CS-11"
#: What a decision may hold, with the words a problem uses.
AMOUNTS = {"fine_fen": "罚款", "personal_fine_fen": "个人罚款", "confiscated_fen": "没收违法所得"}
MEASURES = ("business_stopped", "licence_revoked", "blacklisted")
AMENDABLE = {"campaign": "专项", "tags": "品种标签", "conduct": "违法行为", "link": "环节"}


def _locked(case: Case) -> Case:
    """The case as it is now, locked until the transaction ends."""
    Case.objects.select_for_update().only("pk").get(pk=case.pk)
    case.refresh_from_db()
    return case


def _note(action: str, row: Model, key: str, office: str, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject=row._meta.model_name or "", key=key, office_code=office,
        detail=detail,
    )  # fmt: skip


def _led(case: Case) -> str:
    """The number of the proceeding that leads the case, "" for a case that is only recorded."""
    found = Proceeding.objects.filter(case=case).values_list("number", flat=True).first()
    return found or ""


def state_of(case: Case) -> str:
    """The state of a case in its workflow table, as its dates say."""
    return "closed" if case.closed_on else "decided" if case.decided_on else "filed"


@transaction.atomic
def file_case(
    *,
    number: str,
    party: Party,
    link: str,
    filed_on: dt.date,
    conduct: str,
    by: Actor,
    at: dt.datetime,
    procedure: str = "普通",
    tags: Iterable[str] = (),
    campaign: str = "",
    goods_value_fen: int | None = None,
    office_code: str | None = None,
    permission: str = PERMISSION,
) -> Case:
    """Open a case under its official number. ``office_code``: the party's office when None.

    ``permission``: what the caller has to hold; a proceeding asks for that of its own step.

    Refused: number taken (C101) or missing, filed in the future (C102), negative goods value (C104),
    unknown procedure (C106) or link (C108).
    """
    office = office_code or party.office_code
    require(by, permission, office, where=number)
    refuse(
        check.check_given(number, "案号"),
        check.check_given(conduct, "违法行为"),
        check.check_new_number(number, Case.objects.filter(number=number).exists()),
        check.check_procedure(procedure),
        check.check_link(link, LINKS),
        check.check_not_in_future(filed_on, timezone.localdate(at), "立案日期"),
        check.check_not_negative({"货值金额": goods_value_fen}),
    )
    case = Case.objects.create(
        number=number,
        party=party,
        link=link,
        tags=joined_tags(tags),
        campaign=campaign,
        procedure=procedure,
        conduct=conduct,
        filed_on=filed_on,
        goods_value_fen=goods_value_fen,
        office_code=office,
    )
    if procedure == "普通":
        start_decision_clock(case=case, by=by, at=at)
    _note("file_case", case, number, office, by, at, party=party.name, filed_on=filed_on, conduct=conduct)
    return case


def start_decision_clock(*, case: Case, by: Actor, at: dt.datetime) -> None:
    """The time for the decision runs from the filing (CS-11); one that runs already stays as it is."""
    clocks.set_clock(
        subject="case", record=case.pk, name=DECIDE, rule=DECIDE_RULE, start=case.filed_on,
        title=f"{case.number} {case.party.name}", office_code=case.office_code, by=by, at=at,
    )  # fmt: skip


@transaction.atomic
def file_case_of_sample(
    *,
    sample: Sample,
    number: str,
    filed_on: dt.date,
    conduct: str,
    by: Actor,
    at: dt.datetime,
    procedure: str = "普通",
    goods_value_fen: int | None = None,
) -> Case:
    """Open a case on a failed sample against the party where it was taken, noted among its measures.

    Refused like ``file_case`` and ``sampling.actions.record_disposal``: then neither is stored.
    """
    case = file_case(
        number=number, party=sample.party, link=sample.link, filed_on=filed_on, conduct=conduct,
        procedure=procedure, tags=sample.tags.split("|"), campaign=sample.campaign,
        goods_value_fen=goods_value_fen, office_code=sample.office_code, by=by, at=at,
    )  # fmt: skip
    record_disposal(
        sample=sample, measure="case", done_on=filed_on, reference=number, content=conduct,
        record=("case", case.pk), by=by, at=at,
    )  # fmt: skip
    return case


@transaction.atomic
def schedule_follow_up_of_sample(
    *,
    sample: Sample,
    planned_on: dt.date,
    on: dt.date,
    team: Sequence[Officer],
    by: Actor,
    at: dt.datetime,
) -> Visit:
    """Schedule a follow-up visit to the party of a failed sample; ``on``: the day that its measures name."""
    visit = schedule_visit(
        party=sample.party, link=sample.link, kind=KIND_LABELS["follow_up"], planned_on=planned_on,
        team=team, campaign=sample.campaign, office_code=sample.office_code, by=by, at=at,
    )  # fmt: skip
    record_disposal(
        sample=sample, measure="follow_up", done_on=on, reference=visit.number,
        content=f"{planned_on} 跟踪检查", record=("visit", visit.pk), by=by, at=at,
    )  # fmt: skip
    return visit


@transaction.atomic
def decide_case(
    *,
    case: Case,
    decided_on: dt.date,
    by: Actor,
    at: dt.datetime,
    fine_fen: int = 0,
    personal_fine_fen: int = 0,
    confiscated_fen: int = 0,
    persons_punished: int = 0,
    business_stopped: bool = False,
    licence_revoked: bool = False,
    blacklisted: bool = False,
    noticed_on: dt.date | None = None,
    permission: str = PERMISSION,
) -> Case:
    """Record the penalty decision; ``noticed_on``: when the party was told, where no proceeding says so.

    Refused: decided before filed (C103) or in the future (C102), negative amounts (C104), a fine on
    persons without a person (C105), a case already decided (K101).
    """
    case = _locked(case)
    require(by, permission, case.office_code, where=case.number)
    refuse(check.check_not_led(_led(case), permission, PERMISSION))
    before = state_of(case)
    after = CASE_WORKFLOW.step(before, "decide_case", where=case.number)
    facts = {
        "fine_fen": fine_fen,
        "personal_fine_fen": personal_fine_fen,
        "confiscated_fen": confiscated_fen,
        "persons_punished": persons_punished,
        "business_stopped": business_stopped,
        "licence_revoked": licence_revoked,
        "blacklisted": blacklisted,
    }
    named = {label: int(facts[field]) for field, label in AMOUNTS.items()}
    refuse(
        check.check_order_of_dates("立案日期", case.filed_on, "告知书送达日期", noticed_on),
        check.check_order_of_dates("告知书送达日期", noticed_on, "决定日期", decided_on),
        check.check_order_of_dates("立案日期", case.filed_on, "决定日期", decided_on),
        check.check_not_in_future(decided_on, timezone.localdate(at), "决定日期"),
        check.check_not_negative({**named, "处罚到人数": persons_punished}),
        check.check_persons_fined(personal_fine_fen, persons_punished),
    )
    if noticed_on:
        case.extra = {**case.extra, "告知书送达日期": noticed_on.isoformat()}
    case.decided_on = decided_on
    for field, value in facts.items():
        setattr(case, field, value)
    case.save()
    clocks.finish_clock(subject="case", record=case.pk, name=DECIDE, on=decided_on, by=by, at=at)
    publish = publication_rules.publish_clock(case.party.division_code, case.office_code)
    clocks.set_clock(
        subject="case", record=case.pk, name=publish, rule=publication_rules.clock_rule(publish),
        start=decided_on, title=f"{case.number} {case.party.name}", office_code=case.office_code, by=by,
        at=at,
    )  # fmt: skip
    _note(
        "decide_case", case, case.number, case.office_code, by, at, state=[before, after],
        decided_on=decided_on, **facts,
    )  # fmt: skip
    return case


@transaction.atomic
def close_case(
    *, case: Case, closed_on: dt.date, by: Actor, at: dt.datetime, reason: str = "",
    permission: str = PERMISSION,
) -> Case:  # fmt: skip
    """Close a case. A case without a decision needs a reason (C112)."""
    case = _locked(case)
    require(by, permission, case.office_code, where=case.number)
    refuse(check.check_not_led(_led(case), permission, PERMISSION))
    before = state_of(case)
    after = CASE_WORKFLOW.step(before, "close_case", where=case.number)
    refuse(
        check.check_closing_without_decision(case.decided_on, reason),
        check.check_order_of_dates("立案日期", case.filed_on, "结案日期", closed_on),
        check.check_order_of_dates("决定日期", case.decided_on, "结案日期", closed_on),
        check.check_not_in_future(closed_on, timezone.localdate(at), "结案日期"),
    )
    case.closed_on = closed_on
    if reason:
        case.extra = {**case.extra, "结案理由": reason}
    case.save()
    clocks.finish_clock(subject="case", record=case.pk, name=DECIDE, on=closed_on, by=by, at=at)
    _note(
        "close_case", case, case.number, case.office_code, by, at, state=[before, after],
        closed_on=closed_on, reason=reason,
    )  # fmt: skip
    return case


@transaction.atomic
def request_court_enforcement(
    *, case: Case, on: dt.date, by: Actor, at: dt.datetime, permission: str = PERMISSION
) -> Case:
    """Ask the court to enforce a decision that was not obeyed; refused before a decision (C109)."""
    case = _locked(case)
    require(by, permission, case.office_code, where=case.number)
    refuse(
        check.check_decided(case.decided_on, "申请法院强制执行"),
        check.check_order_of_dates("决定日期", case.decided_on, "申请日期", on),
        check.check_not_in_future(on, timezone.localdate(at), "申请日期"),
    )
    case.court_enforcement = True
    case.save(update_fields=["court_enforcement"])
    _note("request_court_enforcement", case, case.number, case.office_code, by, at, on=on)
    return case


@transaction.atomic
def transfer_case(
    *, case: Case, addressee: str, moved_on: dt.date, by: Actor, at: dt.datetime,
    permission: str = PERMISSION,
) -> Transfer:  # fmt: skip
    """Hand the case, or what it shows, to 公安, 卫健, 海关 or 纪检; once per addressee (C111)."""
    case = _locked(case)
    require(by, permission, case.office_code, where=case.number)
    exists = Transfer.objects.filter(source="case", source_no=case.number, addressee=addressee).exists()
    refuse(
        check.check_addressee(addressee, ADDRESSEES),
        check.check_order_of_dates("立案日期", case.filed_on, "移送日期", moved_on),
        check.check_not_in_future(moved_on, timezone.localdate(at), "移送日期"),
        check.check_first_transfer(exists, case.number, addressee),
    )
    transfer = Transfer.objects.create(
        source="case",
        source_no=case.number,
        party_id=case.party_id,
        addressee=addressee,
        moved_on=moved_on,
        link=case.link,
        tags=case.tags,
        campaign=case.campaign,
        office_code=case.office_code,
    )
    case.transfers = "、".join(filter(None, [case.transfers, addressee]))
    case.transferred_on = case.transferred_on or moved_on
    case.save(update_fields=["transfers", "transferred_on"])
    _note(
        "transfer_case", case, case.number, case.office_code, by, at, addressee=addressee, moved_on=moved_on
    )
    return transfer


@transaction.atomic
def change_decision(
    *, case: Case, amounts: Mapping[str, int], reason: str, permission: str, by: Actor, at: dt.datetime
) -> Case:
    """A review or a lawsuit changed the decision: other amounts (fields of AMOUNTS) hold from now on."""
    case = _locked(case)
    require(by, permission, case.office_code, where=case.number)
    refuse(check.check_given(reason, "变更的理由"), check.check_decided(case.decided_on, "变更决定"))
    changed = {field: [getattr(case, field), amounts[field]] for field in AMOUNTS if field in amounts}
    for field, (_, amount) in changed.items():
        setattr(case, field, amount)
    case.save()
    publishing.decision_fell(case, ground="changed", reason=reason, by=by, at=at)
    _note("change_decision", case, case.number, case.office_code, by, at, reason=reason, **changed)
    return case


@transaction.atomic
def undo_decision(*, case: Case, reason: str, permission: str, by: Actor, at: dt.datetime) -> Case:
    """The decision was revoked: the case stands as it was filed, and counts as such."""
    case = _locked(case)
    require(by, permission, case.office_code, where=case.number)
    refuse(check.check_given(reason, "撤销的理由"), check.check_decided(case.decided_on, "撤销决定"))
    was = {field: getattr(case, field) for field in ("decided_on", "closed_on", *AMOUNTS, *MEASURES)}
    case.decided_on = case.closed_on = None
    case.persons_punished = 0
    case.court_enforcement = False
    for field in AMOUNTS:
        setattr(case, field, 0)
    for field in MEASURES:
        setattr(case, field, False)
    case.save()
    publishing.decision_fell(case, ground="revoked", reason=reason, by=by, at=at)
    _note("undo_decision", case, case.number, case.office_code, by, at, reason=reason, was=was)
    return case


@transaction.atomic
def amend_cases(
    *, cases: Iterable[Case], changes: dict[str, Any], reason: str, by: Actor, at: dt.datetime
) -> list[Case]:
    """Correct campaign, tags, conduct or link of one or many cases; needs a reason. ``tags`` is a list."""
    rows = list(cases)
    refuse(check.check_given(reason, "更正理由"), check.check_amendable(changes, AMENDABLE))
    values = {k: joined_tags(v) if k == "tags" else v for k, v in changes.items()}
    if "link" in values:
        refuse(check.check_link(values["link"], LINKS))
    for case in rows:
        require(by, PERMISSION, case.office_code, where=case.number)
        detail = {field: [getattr(case, field), value] for field, value in values.items()}
        for field, value in values.items():
            setattr(case, field, value)
        _note("amend_cases", case, case.number, case.office_code, by, at, reason=reason, **detail)
    if values:
        Case.objects.bulk_update(rows, list(values))
    return rows


def interview_key(*parts: object) -> str:
    """The key under which one interview is recorded once: a digest of whatever tells it apart."""
    return hashlib.sha256("\0".join(str(part) for part in parts).encode()).hexdigest()


@transaction.atomic
def record_interview(
    *,
    party: Party,
    held_on: dt.date,
    reason: str,
    by: Actor,
    at: dt.datetime,
    link: str = "",
    tags: Iterable[str] = (),
    campaign: str = "",
    office_code: str | None = None,
    commitments: str = "",
) -> Interview:
    """Record a responsibility interview (约谈). ``office_code``: the party's office when None.

    Refused: no reason (C107), held in the future (C102), the same interview again (C201).
    """
    office = office_code or party.office_code
    require(by, PERMISSION, office, where=party.name)
    stored = joined_tags(tags)
    key = interview_key(party.pk, held_on, link, stored, campaign, reason, office)
    refuse(
        check.check_given(reason, "约谈事由"),
        check.check_not_in_future(held_on, timezone.localdate(at), "约谈日期"),
        check.check_link(link, LINKS) if link else [],
        check.check_new_interview(Interview.objects.filter(record_key=key).exists(), party.name, held_on),
    )
    interview = Interview.objects.create(
        record_key=key,
        party=party,
        held_on=held_on,
        link=link,
        tags=stored,
        campaign=campaign,
        reason=reason,
        office_code=office,
        extra={"承诺": commitments} if commitments else {},
    )
    _note("record_interview", interview, str(interview.pk), office, by, at, party=party.name, held_on=held_on)
    return interview
