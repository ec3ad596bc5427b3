"""Every write of the leads room (imports apart, which load in bulk): receipt, triage, handling, identity.

Each action locks its lead, checks it against the workflow table and the rules of checks.py, and leaves its
audit entry in the same transaction. Who told us never enters an entry, a clock or a lead.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from xiejian.clocks import actions as clocks
from xiejian.clocks.models import Clock
from xiejian.kernel import workflow
from xiejian.kernel.problems import Refused
from xiejian.leads import checks as check
from xiejian.leads import identity as sealing
from xiejian.leads import likeness, matching, rules
from xiejian.leads.checks import problems, refuse
from xiejian.leads.identity import Identity
from xiejian.leads.models import Informant, Lead, LeadPhoto
from xiejian.leads.photos import Upload
from xiejian.leads.photos import clean as clean_photos
from xiejian.leads.queries import receipt_digest
from xiejian.people import audit
from xiejian.people.models import Officer
from xiejian.people.numbering import next_number
from xiejian.people.policy import Actor, require
from xiejian.registry.models import AREAS, LINKS, Party

WORKFLOW = workflow.load(Path(__file__).with_name("workflow.toml"))
PERMISSION = "leads.handle"
IDENTITY = "leads.identity"
#: clocks that the work on a lead may extend or stop: the one that runs
#: begins the reason of a clock that stopped because the lead went elsewhere: it runs again when sent back
_HANDED_ON = "转交"
# no letters or figures that are taken for others; 60 bits, and the rate limit stands before them
_CODE_LETTERS, _CODE_LENGTH = "23456789ABCDEFGHJKMNPQRSTVWXYZ", 12
_OF_WORK = ("check", "check_again", "mediate")


@dataclass(frozen=True)
class Entry:
    """What came in, without who sent it. An empty ``kind`` or ``link`` is proposed from the text."""

    text: str
    received_on: dt.date
    source: str
    kind: str = ""
    area: str = AREAS[0]
    link: str = ""
    product: str = ""
    party_named: str = ""
    place: str = ""
    wish: str = ""
    external_no: str = ""
    known_on: dt.date | None = None  # when the complainant knew of the harm: CP-8 counts from it


def note(action: str, lead: Lead, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject="lead", key=lead.number, office_code=lead.office_code,
        detail=detail,
    )  # fmt: skip


def locked(lead: Lead) -> Lead:
    """The lead as it is now, locked until the transaction ends."""
    Lead.objects.select_for_update().only("pk").get(pk=lead.pk)
    lead.refresh_from_db()
    return lead


def step(lead: Lead, action: str, by: Actor) -> tuple[Lead, list[str]]:
    lead = locked(lead)
    require(by, PERMISSION, lead.office_code, where=lead.number)
    before = lead.state
    lead.state = WORKFLOW.step(before, action, where=lead.number)
    return lead, [before, lead.state]


def dated(at: dt.datetime, what: str, on: dt.date, lead: Lead) -> None:
    refuse(
        check.check_not_in_future(on, timezone.localdate(at), what),
        check.check_order_of_dates("收到日期", lead.received_on, what, on),
    )


def _checked(entry: Entry, today: dt.date) -> None:
    said = {
        "反映内容": entry.text, "产品": entry.product, "被反映单位": entry.party_named,
        "地点": entry.place, "诉求": entry.wish,
    }  # fmt: skip
    refuse(
        check.check_given(entry.text, "反映内容"),
        check.check_one_of(entry.source, check.SOURCES, "来源"),
        check.check_one_of(entry.kind, check.KINDS, "类型") if entry.kind else [],
        check.check_one_of(entry.area, AREAS, "产品门类"),
        check.check_one_of(entry.link, LINKS, "环节") if entry.link else [],
        check.check_not_in_future(entry.received_on, today, "收到日期"),
        check.check_order_of_dates("知道权益受损之日", entry.known_on, "收到日期", entry.received_on),
        check.check_length(entry.text, "反映内容", rules.longest_text()),
        *(check.check_plain(text, what) for what, text in said.items()),
    )


@transaction.atomic
def register_lead(
    *,
    entry: Entry,
    office_code: str,
    by: Actor,
    at: dt.datetime,
    identity: Identity | None = None,
    confidential: bool = True,
    number: str = "",
) -> Lead:
    """Take a lead in: its identity is sealed apart, its time limit starts, triage proposes what it is.

    Refused: no text (E101), markup in a field (E106), a future day (E102), unknown source, kind, link
    (E104), a number taken (E105).
    """
    require(by, PERMISSION, office_code)
    _checked(entry, timezone.localdate(at))
    number = number or next_number(Lead, rules.number_pattern(), office_code, entry.received_on.year)
    refuse(check.check_new_number(number, Lead.objects.filter(number=number).exists()))
    identity = identity or Identity()
    values = {
        name: sealing.without(value, identity) if isinstance(value, str) else value
        for name, value in asdict(entry).items()
    }
    lead = Lead(
        number=number, office_code=office_code, state=WORKFLOW.start, named=identity.known, made_at=at,
        by_name=by.name, **values,
    )  # fmt: skip
    lead.place_key = likeness.place_key(lead.place)
    key = sealing.person_key(identity) if identity.known else ""
    proposal = matching.propose(lead, by, key)
    lead.kind, lead.link = proposal.kind, lead.link or proposal.link
    lead.priority, lead.proposal = proposal.priority, proposal.as_json()
    lead.save()
    if identity.known:
        Informant.objects.create(
            lead=lead, sealed=sealing.seal(identity, number), person_key=key, confidential=confidential
        )
    start(lead, "received", lead.received_on, by, at)
    note("register_lead", lead, by, at, source=lead.source, kind=lead.kind, received_on=lead.received_on)
    return lead


@transaction.atomic
def file_public_lead(
    *,
    entry: Entry,
    office_code: str,
    identity: Identity,
    photos: list[Upload],
    by: Actor,
    at: dt.datetime,
    confidential: bool = True,
) -> tuple[Lead, str]:
    """Take in what a citizen sends: the lead, and the receipt code that only the citizen has.

    Refused like ``register_lead``, and for photographs that are none (E411 to E413), before anything is
    stored.
    """
    pictures = clean_photos(photos)
    lead = register_lead(
        entry=entry, office_code=office_code, identity=identity, confidential=confidential, by=by, at=at
    )
    code = "".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_LENGTH))
    lead.receipt = receipt_digest(code)
    lead.save(update_fields=["receipt"])
    for number, picture in enumerate(pictures, 1):
        digest = hashlib.sha256(picture).hexdigest()
        file = ContentFile(picture, name=f"{lead.pk}-{number}.jpg")
        LeadPhoto.objects.create(lead=lead, file=file, sha256=digest, at=at)
    return lead, code


# --- time limits -----------------------------------------------------------------------------------------


def new_clocks(lead: Lead, starts: str, on: dt.date) -> list[clocks.NewClock]:
    """The time limits that a step starts for this lead, by the order in force when it was received."""
    facts = {"received_on": lead.received_on.isoformat()}
    return [
        clocks.NewClock(
            "lead", lead.pk, limit.id, limit.rule, on, f"{lead.number} {lead.party_named}".strip(),
            lead.office_code, limit.meaning, facts,
        )
        for limit in rules.limits()
        if limit.starts == starts and limit.holds(lead.kind, lead.named, lead.received_on)
    ]  # fmt: skip


def start(lead: Lead, starts: str, on: dt.date, by: Actor, at: dt.datetime) -> None:
    clocks.set_clocks(new_clocks(lead, starts, on), by=by, at=at)


def finish(lead: Lead, names: Sequence[str], on: dt.date, by: Actor, at: dt.datetime) -> None:
    for name in names:
        clocks.finish_clock(subject="lead", record=lead.pk, name=name, on=on, by=by, at=at)


def drop(lead: Lead, reason: str, by: Actor, at: dt.datetime, names: Sequence[str] | None = None) -> None:
    clocks.drop_clocks(subject="lead", record=lead.pk, reason=reason, names=names, by=by, at=at)


def _of_work(lead: Lead) -> str:
    """The clock of the work that runs; Refused E205 when none does."""
    running = Clock.objects.filter(
        subject="lead", record=lead.pk, name__in=_OF_WORK, state=Clock.RUNNING
    ).order_by("due_legal")
    name = running.values_list("name", flat=True).first()
    if name is None:
        raise Refused(problems("E205", lead.number))
    return str(name)


# --- triage ------------------------------------------------------------------------------------------------


@transaction.atomic
def triage_lead(
    *,
    lead: Lead,
    kind: str,
    topic: str,
    priority: str,
    by: Actor,
    at: dt.datetime,
    party: Party | None = None,
    link: str = "",
    area: str = "",
    office_code: str = "",
) -> Lead:
    """An officer decides what a lead is and who handles it; another kind has other time limits.

    ``office_code``: the handling office, the present one when empty. The audit entry says where the
    officer differs from the proposal.
    """
    lead, state = step(lead, "triage_lead", by)
    area = area or lead.area
    refuse(
        check.check_one_of(kind, check.KINDS, "类型"),
        check.check_one_of(topic, ("", *rules.topics()), "事由"),
        check.check_one_of(priority, check.PRIORITIES, "紧急程度"),
        check.check_one_of(link, LINKS, "环节") if link else [],
        check.check_one_of(area, AREAS, "产品门类"),
    )
    if office_code and office_code != lead.office_code:
        require(by, PERMISSION, office_code, where=lead.number)
    old = lead.kind
    lead.kind, lead.topic, lead.priority, lead.area = kind, topic, priority, area
    lead.link, lead.party = link, party
    lead.party_named = lead.party_named or (party.name if party else "")
    lead.office_code = office_code or lead.office_code
    lead.triaged_on = timezone.localdate(at)
    lead.save()
    if kind != old:
        drop(lead, f"类型由{old}改为{kind}", by, at)
    start(lead, "received", lead.received_on, by, at)
    proposed = {name: lead.proposal.get(name) for name in ("kind", "topic", "priority")}
    decided = {"kind": kind, "topic": topic, "priority": priority}
    note(
        "triage_lead", lead, by, at, state=state, **decided, party=party.name if party else "",
        office=lead.office_code, differs=[name for name in decided if decided[name] != proposed[name]],
    )  # fmt: skip
    return lead


@transaction.atomic
def accept_lead(*, lead: Lead, on: dt.date, by: Actor, at: dt.datetime) -> Lead:
    """受理: the lead is ours to handle; a complaint's time for mediation begins."""
    lead, state = step(lead, "accept_lead", by)
    dated(at, "受理日期", on, lead)
    lead.accepted_on = on
    lead.save()
    finish(lead, ["accept"], on, by, at)
    start(lead, "accepted", on, by, at)
    note("accept_lead", lead, by, at, state=state, on=on)
    return lead


@transaction.atomic
def refuse_lead(*, lead: Lead, on: dt.date, reason: str, by: Actor, at: dt.datetime) -> Lead:
    """不予受理, with the reason that the informant is told."""
    lead, state = step(lead, "refuse_lead", by)
    refuse(check.check_given(reason, "不予受理理由"))
    dated(at, "决定日期", on, lead)
    lead.refusal = reason
    lead.save()
    finish(lead, ["accept"], on, by, at)
    drop(lead, "不予受理", by, at)
    note("refuse_lead", lead, by, at, state=state, on=on, reason=reason)
    return lead


@transaction.atomic
def hand_on_lead(*, lead: Lead, on: dt.date, to: str, reason: str, by: Actor, at: dt.datetime) -> Lead:
    """转交: another authority is competent; its time runs there, ours no longer."""
    lead, state = step(lead, "hand_on_lead", by)
    refuse(check.check_given(to, "转交单位"), check.check_given(reason, "转交理由"))
    dated(at, "转交日期", on, lead)
    lead.handed_to = to
    lead.save()
    start(lead, "handed_on", lead.received_on, by, at)
    finish(lead, ["pass_on"], on, by, at)
    drop(lead, f"{_HANDED_ON}{to}", by, at)
    note("hand_on_lead", lead, by, at, state=state, on=on, to=to, reason=reason)
    return lead


@transaction.atomic
def take_back_lead(*, lead: Lead, on: dt.date, reason: str, by: Actor, at: dt.datetime) -> Lead:
    """The other authority sent it back: our time runs again, counted from the first receipt."""
    lead, state = step(lead, "take_back_lead", by)
    refuse(check.check_given(reason, "退回理由"))
    dated(at, "退回日期", on, lead)
    lead.handed_to = ""
    lead.save()
    stopped = Clock.objects.filter(
        subject="lead", record=lead.pk, state=Clock.DROPPED, why_dropped__startswith=_HANDED_ON
    )
    stopped.update(state=Clock.RUNNING, why_dropped="")
    note("take_back_lead", lead, by, at, state=state, on=on, reason=reason)
    return lead


@transaction.atomic
def merge_lead(*, lead: Lead, into: Lead, reason: str, by: Actor, at: dt.datetime) -> Lead:
    """并入: the same matter is handled once; a further report starts the other's time again (CP-7)."""
    lead, state = step(lead, "merge_lead", by)
    into = locked(into)
    require(by, PERMISSION, into.office_code, where=into.number)
    refuse(check.check_may_merge(lead.pk == into.pk, into.state), check.check_given(reason, "并入理由"))
    lead.duplicate_of = into
    lead.save()
    drop(lead, f"并入{into.number}", by, at)
    again = new_clocks(into, "merged", lead.received_on)
    if again and into.state not in ("closed", "answered") and not into.filing:
        drop(into, "同一举报人补充新事实，期限重新起算", by, at, names=["check"])
        clocks.set_clocks(again, by=by, at=at)
    note("merge_lead", lead, by, at, state=state, into=into.number, reason=reason)
    return lead


# --- handling ----------------------------------------------------------------------------------------------


@transaction.atomic
def assign_lead(*, lead: Lead, handler: Officer, on: dt.date, by: Actor, at: dt.datetime) -> Lead:
    """交办: one officer answers for it from now on."""
    lead, state = step(lead, "assign_lead", by)
    refuse(check.check_active(handler.name, handler.is_active))
    dated(at, "交办日期", on, lead)
    lead.handler = handler
    lead.save()
    note("assign_lead", lead, by, at, state=state, on=on, handler=handler.name)
    return lead


@transaction.atomic
def decide_filing(*, lead: Lead, on: dt.date, filing: str, reason: str, by: Actor, at: dt.datetime) -> Lead:
    """A report was checked: a case is filed or not. The old order asks to tell who reported by name."""
    lead, _ = step(lead, "decide_filing", by)
    refuse(
        check.check_takes_filing(lead.kind),
        check.check_one_of(filing, check.FILINGS, "决定"),
        check.check_given(reason, "理由"),
    )
    dated(at, "决定日期", on, lead)
    lead.filing, lead.filing_on = filing, on
    lead.save()
    finish(lead, ["check", "check_again"], on, by, at)
    start(lead, "filing", on, by, at)
    note("decide_filing", lead, by, at, on=on, filing=filing, reason=reason)
    return lead


@transaction.atomic
def extend_lead(
    *, lead: Lead, days: int, approved_on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> Lead:
    """Lengthen the running time limit of the work by so many working days, as approved."""
    lead, _ = step(lead, "extend_lead", by)
    name = _of_work(lead)
    clocks.extend_clock(
        subject="lead", record=lead.pk, name=name, n=days, unit="WD", approved_on=approved_on,
        reason=reason, by=by, at=at,
    )  # fmt: skip
    note("extend_lead", lead, by, at, days=days, approved_on=approved_on, reason=reason)
    return lead


@transaction.atomic
def suspend_lead(*, lead: Lead, first: dt.date, reason: str, by: Actor, at: dt.datetime) -> Lead:
    """中止: testing, appraisal and the like do not count."""
    lead, _ = step(lead, "suspend_lead", by)
    name = _of_work(lead)
    clocks.suspend_clock(subject="lead", record=lead.pk, name=name, first=first, reason=reason, by=by, at=at)
    note("suspend_lead", lead, by, at, first=first, reason=reason)
    return lead


@transaction.atomic
def resume_lead(*, lead: Lead, last: dt.date, by: Actor, at: dt.datetime) -> Lead:
    """恢复: ``last`` is the last day that does not count."""
    lead, _ = step(lead, "resume_lead", by)
    name = _of_work(lead)
    clocks.resume_clock(subject="lead", record=lead.pk, name=name, last=last, by=by, at=at)
    note("resume_lead", lead, by, at, last=last)
    return lead


@transaction.atomic
def answer_lead(*, lead: Lead, on: dt.date, outcome: str, answer: str, by: Actor, at: dt.datetime) -> Lead:
    """答复: what came of it, in the words that the informant reads. A report needs its filing (E203)."""
    lead, state = step(lead, "answer_lead", by)
    refuse(
        check.check_one_of(outcome, check.OUTCOMES, "办理结果"),
        check.check_given(answer, "答复"),
        check.check_plain(answer, "答复"),
        check.check_filing_decided(lead.kind, lead.filing),
    )
    dated(at, "答复日期", on, lead)
    lead.outcome, lead.answer, lead.answered_on = outcome, answer, on
    lead.save()
    finish(lead, ["mediate", "check", "check_again", "tell", "tell_end"], on, by, at)
    note("answer_lead", lead, by, at, state=state, on=on, outcome=outcome)
    return lead


@transaction.atomic
def record_satisfaction(*, lead: Lead, satisfaction: str, by: Actor, at: dt.datetime) -> Lead:
    """What the informant says of the answer when asked."""
    lead, _ = step(lead, "record_satisfaction", by)
    refuse(check.check_one_of(satisfaction, check.SATISFACTIONS, "满意度"))
    before, lead.satisfaction = lead.satisfaction, satisfaction
    lead.save()
    note("record_satisfaction", lead, by, at, satisfaction=[before, satisfaction])
    return lead


@transaction.atomic
def close_lead(*, lead: Lead, on: dt.date, by: Actor, at: dt.datetime) -> Lead:
    """办结: answered, refused or handed on; nothing runs any more."""
    lead, state = step(lead, "close_lead", by)
    dated(at, "办结日期", on, lead)
    lead.closed_on = on
    lead.save()
    drop(lead, "已办结", by, at)
    note("close_lead", lead, by, at, state=state, on=on)
    return lead


@transaction.atomic
def reopen_lead(*, lead: Lead, on: dt.date, reason: str, by: Actor, at: dt.datetime) -> Lead:
    """重新办理: not settled after all; the former answer stays in the audit log."""
    lead, state = step(lead, "reopen_lead", by)
    refuse(check.check_given(reason, "重新办理的理由"))
    dated(at, "重新办理日期", on, lead)
    former = {"outcome": lead.outcome, "answer": lead.answer, "answered_on": lead.answered_on}
    lead.outcome, lead.answer, lead.satisfaction = "", "", ""
    lead.answered_on = lead.closed_on = None
    lead.reopened += 1
    lead.save()
    note("reopen_lead", lead, by, at, state=state, on=on, reason=reason, former=former)
    return lead


@transaction.atomic
def withdraw_lead(*, lead: Lead, on: dt.date, reason: str, by: Actor, at: dt.datetime) -> Lead:
    """The informant takes it back; what it says of a violation may still be checked as a lead of our own."""
    lead, state = step(lead, "withdraw_lead", by)
    refuse(check.check_given(reason, "撤回的说明"))
    dated(at, "撤回日期", on, lead)
    lead.closed_on = on
    lead.save()
    drop(lead, "反映人撤回", by, at)
    note("withdraw_lead", lead, by, at, state=state, on=on, reason=reason)
    return lead


# --- who told us -------------------------------------------------------------------------------------------


def _informant(lead: Lead) -> Informant:
    found = Informant.objects.select_for_update().filter(lead=lead).first()
    if found is None:
        raise Refused(problems("E301", lead.number))
    if found.erased_at:
        raise Refused(problems("E302", lead.number, on=timezone.localdate(found.erased_at)))
    return found


@transaction.atomic
def read_identity(*, lead: Lead, reason: str, by: Actor, at: dt.datetime) -> Identity:
    """Open the sealed box, with a reason; the audit entry says who looked and why, not what was there.

    Refused: without the permission (P101), no reason (E101), nothing kept (E301), erased (E302), a key
    that does not fit (E303).
    """
    require(by, IDENTITY, lead.office_code, where=lead.number)
    refuse(check.check_given(reason, "查看理由"))
    found = sealing.unseal(_informant(lead).sealed, lead.number)
    note("read_identity", lead, by, at, reason=reason)
    return found


@transaction.atomic
def erase_identity(*, lead: Lead, reason: str, by: Actor, at: dt.datetime) -> Informant:
    """Delete what is known of the informant for good, at their request; the lead itself stays."""
    require(by, IDENTITY, lead.office_code, where=lead.number)
    refuse(check.check_given(reason, "删除的说明"))
    found = _informant(lead)
    found.sealed, found.person_key, found.erased_at = b"", "", at
    found.save()
    note("erase_identity", lead, by, at, reason=reason)
    return found
