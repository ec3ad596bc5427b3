"""Every write of the inspections room (imports apart, which load in bulk): visits, findings, corrections.

Each action locks its record, checks it against the workflow table and the rules of checks.py, and
leaves its audit entry in the same transaction. Dates come from the caller; ``at`` is the moment of
the entry, and nothing may be dated after its day.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from xiejian.clocks import actions as clocks
from xiejian.inspections import (
    checklist_versions,
    checklists,
    correction_items,
    judgements,
    limits,
    origins,
    paper_checks,
    pictures,
)
from xiejian.inspections import checks as check
from xiejian.inspections.checks import Entry, refuse
from xiejian.inspections.correction_items import ItemAnswer
from xiejian.inspections.models import (
    Correction,
    CorrectionItem,
    Evidence,
    Finding,
    SiteRecord,
    Transfer,
    Visit,
)
from xiejian.inspections.numbering import next_number
from xiejian.inspections.origins import Origin
from xiejian.inspections.places import Place
from xiejian.inspections.rule_files import problems
from xiejian.kernel import divisions, workflow
from xiejian.kernel.cells import tag_list, tag_text
from xiejian.kernel.problems import Problem, Refused
from xiejian.people import audit
from xiejian.people.models import Officer
from xiejian.people.policy import Actor, require, require_one
from xiejian.registry.models import LINKS, Party

R = TypeVar("R", bound=Model)

VISIT_WORKFLOW = workflow.load(Path(__file__).with_name("workflow.toml"))
CORRECTION_WORKFLOW = workflow.load(Path(__file__).with_name("correction_workflow.toml"))
PERMISSION = "inspections.visit"
ARRANGING = (PERMISSION, "planning.schedule")  # who plans the days of others need not go there himself
ANSWER = "inspections.answer"  # of officers who record a firm's answer, and of the firm's own link
#: the time limit of packs/national/deadlines.toml for the look after a correction
RECHECK_RULE = "IN-9"
RECHECK = "recheck"  # the name of its clock
#: What an amendment may change on a visit, with its label.
AMENDABLE = {"campaign": "专项", "tags": "品种标签", "remark": "备注", "persons": "出动人数"}


def joined_tags(tags: Iterable[str]) -> str:
    """Tags of a form as they are stored; blank ones are dropped."""
    return tag_text(filter(None, (tag.strip() for tag in tags)))


def _locked(row: R) -> R:
    """The record as it is now, locked until the transaction ends."""
    type(row)._default_manager.select_for_update().only("pk").get(pk=row.pk)
    row.refresh_from_db()
    return row


def _note(
    action: str, row: Model, key: str, office: str, by: Actor, at: dt.datetime, detail: dict[str, Any]
) -> None:
    audit.record(
        by=by, at=at, action=action, subject=row._meta.model_name or "", key=key, office_code=office,
        detail=detail,
    )  # fmt: skip


def _note_visit(action: str, visit: Visit, by: Actor, at: dt.datetime, **detail: Any) -> None:
    _note(action, visit, visit.number, visit.office_code, by, at, detail)


def _note_correction(action: str, correction: Correction, by: Actor, at: dt.datetime, **detail: Any) -> None:
    _note(action, correction, correction.number, correction.office_code, by, at, detail)


def _set_recheck_clock(correction: Correction, by: Actor, at: dt.datetime) -> None:
    """跟踪复查: whoever ordered must look again within the rule's days after the date of the order."""
    clocks.set_clock(
        subject="correction", record=correction.pk, name=RECHECK, rule=RECHECK_RULE,
        start=correction.due_on, title=f"{correction.number} {correction.visit.party.name}",
        office_code=correction.office_code, by=by, at=at,
    )  # fmt: skip


def _step(row: Visit | Correction, action: str) -> list[str]:
    """Move the record along its workflow table; [state before, state after] for the audit entry."""
    table = VISIT_WORKFLOW if isinstance(row, Visit) else CORRECTION_WORKFLOW
    before = row.state
    row.state = table.step(before, action, where=row.number)
    if isinstance(row, Correction):
        row.follows_visit = False  # worked on here: a later import of its visit leaves it alone
    return [before, row.state]


def _check_team(kind: str, office_code: str, team: Sequence[Officer]) -> None:
    inactive = [officer.name for officer in team if not officer.is_active]
    refuse(
        check.check_team_size(len({officer.pk for officer in team}), checklists.minimum_inspectors()),
        check.check_team_offices(
            kind, office_code, divisions.name(office_code), [(o.name, o.office.code) for o in team]
        ),
        check.check_team_active(inactive),
    )


# ── visits ────────────────────────────────────────────────────────────────────────────────────────
def _chosen_checklist(
    given: str | None, party: Party, link: str, tags: Sequence[str], mode: str, kind: str, on: dt.date
) -> checklists.Checklist | None:
    """The checklist by id, none for an empty id, the most fitting one for None."""
    fitting = checklists.for_visit(link, tags, on, area=party.area, kind=kind, mode=mode)
    if given is None:
        return fitting[0] if fitting else None
    if given == "":
        return None
    chosen = checklists.get(given)
    refuse(check.check_checklist(chosen, link, on, [c.id for c in fitting]))
    return chosen


@transaction.atomic
def schedule_visit(
    *,
    party: Party,
    link: str,
    kind: str,
    planned_on: dt.date,
    team: Sequence[Officer],
    by: Actor,
    at: dt.datetime,
    checklist: str | None = None,
    campaign: str = "",
    tags: Iterable[str] | None = None,
    office_code: str | None = None,
    matter: str = "",
    origin: Origin = origins.NONE,
) -> Visit:
    """Schedule a visit with its team; the number is assigned here.

    ``checklist``: an id, '' for none, None for the most fitting one. ``tags``: those of the party's
    link when None. ``office_code``: the party's office when None. ``matter``: the application that a
    licence visit is about. ``origin``: what led to it. Refused: fewer than two inspectors (I101), an
    inspector of an office outside (I103), unknown kind, link or matter (I111), unfit checklist (I503).
    """
    office = office_code or party.office_code
    require_one(by, ARRANGING, office, where=party.name)
    require_one(by, ARRANGING, party.office_code, where=party.name)
    refuse(check.check_kind(kind), check.check_link(link, LINKS), check.check_matter(kind, matter))
    _check_team(kind, office, team)
    known, mode = party.links.filter(link=link).values_list("tags", "mode").first() or ("|", "")
    stored = known if tags is None else joined_tags(tags)
    chosen = _chosen_checklist(checklist, party, link, tag_list(stored), mode, kind, planned_on)
    visit = Visit.objects.create(
        number=next_number(Visit, "visit", office, planned_on.year),
        party=party,
        link=link,
        kind=kind,
        tags=stored,
        campaign=campaign,
        office_code=office,
        state=VISIT_WORKFLOW.start,
        planned_on=planned_on,
        persons=len(team),
        inspectors="、".join(officer.name for officer in team),
        checklist=chosen.id if chosen else "",
        checklist_version=chosen.version if chosen else "",
        facts={"matter": matter} if matter else {},
        source_kind=origin.kind,
        source_record=origin.record,
        source_no=origin.number,
    )
    visit.team.set(team)
    why = {"origin": origin.number} if origin.number else {}
    _note_visit("schedule_visit", visit, by, at, party=party.name, kind=kind, planned_on=planned_on, **why)
    return visit


@transaction.atomic
def reschedule_visit(
    *,
    visit: Visit,
    reason: str,
    by: Actor,
    at: dt.datetime,
    planned_on: dt.date | None = None,
    team: Sequence[Officer] | None = None,
) -> Visit:
    """Move a planned visit to another day or team; needs a reason."""
    visit = _locked(visit)
    require_one(by, ARRANGING, visit.office_code, where=visit.number)
    refuse(check.check_reason(reason, "调整理由"))
    _step(visit, "reschedule_visit")
    detail: dict[str, Any] = {"reason": reason}
    if planned_on is not None:
        detail["planned_on"] = [visit.planned_on, planned_on]
        visit.planned_on = planned_on
    if team is not None:
        _check_team(visit.kind, visit.office_code, team)
        names = "、".join(officer.name for officer in team)
        detail["inspectors"] = [visit.inspectors, names]
        visit.inspectors, visit.persons = names, len(team)
        visit.team.set(team)
    visit.save()
    _note_visit("reschedule_visit", visit, by, at, **detail)
    return visit


@transaction.atomic
def start_visit(
    *, visit: Visit, on: dt.date, by: Actor, at: dt.datetime, persons: int | None = None, version: str = ""
) -> Visit:
    """Begin the visit on the spot. ``persons``: how many came, experts included; the team's size when None.

    The checklist is taken again in the version of that day, and its text kept. ``version``: the one that
    a device answered without a network; Refused (I504) when it was never handed out.
    """
    visit = _locked(visit)
    require(by, PERMISSION, visit.office_code, where=visit.number)
    state = _step(visit, "start_visit")
    count = visit.persons or 0 if persons is None else persons
    refuse(
        check.check_not_in_future(on, timezone.localdate(at), "检查日期"),
        check.check_team_size(count, checklists.minimum_inspectors()),
    )
    visit.visited_on, visit.persons = on, count
    link = visit.party.links.filter(link=visit.link).first()
    visit.facts = checklist_versions.facts_of(visit.party, link, visit)
    if visit.checklist:
        visit.checklist_version = checklist_versions.for_start(visit, on, version, at).version
    visit.save()
    _note_visit(
        "start_visit", visit, by, at, state=state, visited_on=on, persons=count,
        version=visit.checklist_version,
    )  # fmt: skip
    return visit


@transaction.atomic
def record_findings(*, visit: Visit, entries: Sequence[Entry], by: Actor, at: dt.datetime) -> list[Finding]:
    """Record many points at once; a point answered again replaces its answer, and the audit keeps both.

    All or nothing: one entry that is refused (I201–I206) leaves every point as it was. Refused once the
    record of the visit is signed (I601).
    """
    visit = _locked(visit)
    require(by, PERMISSION, visit.office_code, where=visit.number)
    _step(visit, "record_findings")
    checklist = checklist_versions.of_visit(visit)
    signed = SiteRecord.objects.filter(visit=visit, part=0).exists()
    refuse(paper_checks.check_not_signed(signed, visit.number), check.check_entries(entries, checklist))
    points = {p.id: p for p in checklist.points} if checklist else {}
    before = {f.point: [f.state, f.severe, f.fact] for f in visit.findings.all()}
    rows = [
        Finding(
            visit=visit,
            point=e.point,
            clause=(e.clause or points[e.point].citation)[:200],
            state=e.state,
            severe=e.severe,
            fact=e.fact.strip(),
        )
        for e in entries
    ]
    changed = {
        r.point: [before.get(r.point), [r.state, r.severe, r.fact]]
        for r in rows
        if before.get(r.point) != [r.state, r.severe, r.fact]
    }
    if changed:
        Finding.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["visit", "point"],
            update_fields=["clause", "state", "severe", "fact"],
        )
        _note_visit("record_findings", visit, by, at, points=changed)
    return list(visit.findings.filter(point__in=[e.point for e in entries]))


def record_finding(*, visit: Visit, by: Actor, at: dt.datetime, **facts: Any) -> Finding:
    """Record one point (the fields of checks.Entry)."""
    return record_findings(visit=visit, entries=[Entry(**facts)], by=by, at=at)[0]


def propose_conclusion(visit: Visit, checklist: checklists.Checklist | None) -> judgements.JudgementRow:
    """What the judgement rule of the visit's checklist says about its findings so far."""
    found = visit.findings.values_list("point", "state", "severe")
    counted = checklists.tally(checklist, visit.kind, found, visit.facts.get("matter", ""))
    assert visit.visited_on is not None  # only a visit that has begun is concluded
    return checklists.rule_for(checklist, visit.link).of(counted, visit.visited_on)


@transaction.atomic
def conclude_visit(
    *, visit: Visit, by: Actor, at: dt.datetime, conclusion: str = "", reason: str = "", remark: str = ""
) -> Visit:
    """Count the defects and conclude; without ``conclusion`` the judgement rule's own is taken.

    Refused: key points without an answer (I207), another conclusion than the rule's without a reason (I209).
    """
    visit = _locked(visit)
    require(by, PERMISSION, visit.office_code, where=visit.number)
    state = _step(visit, "conclude_visit")
    findings = list(visit.findings.all())
    checklist = checklist_versions.of_visit(visit)
    proposed = propose_conclusion(visit, checklist)
    chosen = conclusion or proposed.conclusion
    refuse(
        check.check_key_points_answered(checklist, {f.point for f in findings}, visit.facts),
        check.check_conclusion(proposed, chosen, reason),
    )
    visit.conclusion = chosen
    visit.defects = sum(f.state == "not_conform" for f in findings)
    visit.severe_defects = sum(f.severe for f in findings)
    if remark:
        visit.remark = remark
    visit.extra = {
        **visit.extra,
        "judgement": {
            "rule": proposed.id,
            "conclusion": proposed.conclusion,
            "meaning": proposed.meaning,
            "citation": proposed.citation,
            "unverified": proposed.unverified,
            "reason": reason,
        },
    }
    visit.save()
    _note_visit(
        "conclude_visit", visit, by, at, state=state, conclusion=chosen, rule=proposed.id, reason=reason,
        defects=visit.defects,
    )  # fmt: skip
    return visit


@transaction.atomic
def record_refusal(*, visit: Visit, on: dt.date, act: str, detail: str, by: Actor, at: dt.datetime) -> Visit:
    """The party refuses or evades the visit. ``act``: RF1…RF5; the result is 不符合 (J-5)."""
    visit = _locked(visit)
    require(by, PERMISSION, visit.office_code, where=visit.number)
    state = _step(visit, "record_refusal")
    acts = checklists.refusal_acts()
    refuse(
        check.check_not_in_future(on, timezone.localdate(at), "检查日期"),
        check.check_refusal_act(act, acts),
        check.check_reason(detail, "拒绝检查的经过"),
    )
    visit.visited_on = on
    visit.conclusion = "不符合"
    visit.remark = f"{acts[act]}：{detail}"
    visit.extra = {**visit.extra, "refusal": act}
    visit.save()
    _note_visit("record_refusal", visit, by, at, state=state, act=act, detail=detail)
    return visit


@transaction.atomic
def cancel_visit(*, visit: Visit, reason: str, by: Actor, at: dt.datetime) -> Visit:
    """Call off a visit that has not begun; needs a reason."""
    visit = _locked(visit)
    require_one(by, ARRANGING, visit.office_code, where=visit.number)
    refuse(check.check_reason(reason, "取消理由"))
    state = _step(visit, "cancel_visit")
    visit.remark = reason
    visit.save()
    _note_visit("cancel_visit", visit, by, at, state=state, reason=reason)
    return visit


@transaction.atomic
def amend_visits(
    *, visits: Iterable[Visit], changes: dict[str, Any], reason: str, by: Actor, at: dt.datetime
) -> list[Visit]:
    """Correct campaign, tags, remark or persons of one or many visits, in any state; needs a reason.

    ``tags`` is a list of names. One audit entry per visit keeps before and after.
    """
    rows = list(visits)
    refuse(check.check_reason(reason, "更正理由"), check.check_amendable(changes, AMENDABLE))
    values = {k: joined_tags(v) if k == "tags" else v for k, v in changes.items()}
    if "persons" in values:
        refuse(check.check_team_size(values["persons"], checklists.minimum_inspectors()))
    for visit in rows:
        require(by, PERMISSION, visit.office_code, where=visit.number)
        detail = {field: [getattr(visit, field), value] for field, value in values.items()}
        for field, value in values.items():
            setattr(visit, field, value)
        _note_visit("amend_visits", visit, by, at, reason=reason, **detail)
    if values:
        Visit.objects.bulk_update(rows, list(values))
    return rows


@transaction.atomic
def settle_visit(
    *,
    visit: Visit,
    reason: str,
    by: Actor,
    at: dt.datetime,
    entry: Entry | None = None,
    visited_on: dt.date | None = None,
    persons: int | None = None,
    conclusion: str = "",
) -> Visit:
    """Take the other of two accounts of a visit that was made: a point, its day and persons, its conclusion.

    Needs a reason; the audit entry keeps before and after, and a concluded visit is counted again.
    Refused once the record of the visit is signed (I601).
    """
    visit = _locked(visit)
    require(by, PERMISSION, visit.office_code, where=visit.number)
    signed = SiteRecord.objects.filter(visit=visit, part=0).exists()
    refuse(
        paper_checks.check_not_signed(signed, visit.number),
        check.check_visit_was_made(visit.state, VISIT_WORKFLOW.states[visit.state], "I301"),
        check.check_reason(reason, "更正理由"),
    )
    detail: dict[str, Any] = {}
    if entry is not None:
        detail[entry.point] = _settle_point(visit, entry)
    if visited_on is not None:
        refuse(check.check_not_in_future(visited_on, timezone.localdate(at), "检查日期"))
        detail["visited_on"], visit.visited_on = [visit.visited_on, visited_on], visited_on
    if persons is not None:
        refuse(check.check_team_size(persons, checklists.minimum_inspectors()))
        detail["persons"], visit.persons = [visit.persons, persons], persons
    if conclusion:
        proposed = propose_conclusion(visit, checklist_versions.of_visit(visit))
        refuse(check.check_conclusion(proposed, conclusion, reason))
        detail["conclusion"], visit.conclusion = [visit.conclusion, conclusion], conclusion
    visit.save()
    _note_visit("settle_visit", visit, by, at, reason=reason, **detail)
    return visit


def _settle_point(visit: Visit, entry: Entry) -> list[Any]:
    """Put one answer in the place of another; [before, after]."""
    checklist = checklist_versions.of_visit(visit)
    refuse(check.check_entries([entry], checklist))
    before = visit.findings.filter(point=entry.point).first()
    known = checklist.point(entry.point) if checklist else None
    after = {"state": entry.state, "severe": entry.severe, "fact": entry.fact.strip()}
    Finding.objects.update_or_create(
        visit=visit, point=entry.point, defaults=after,
        create_defaults={**after, "clause": (entry.clause or (known.citation if known else ""))[:200]},
    )  # fmt: skip
    if visit.state == "concluded":
        visit.defects = visit.findings.filter(state="not_conform").count()
        visit.severe_defects = visit.findings.filter(severe=True).count()
    return [[before.state, before.severe, before.fact] if before else None, list(after.values())]


@transaction.atomic
def transfer_lead(*, visit: Visit, addressee: str, moved_on: dt.date, by: Actor, at: dt.datetime) -> Transfer:
    """Hand a lead found at the visit to 公安, 卫健, 海关 or 纪检; once per addressee (I406)."""
    visit = _locked(visit)
    require(by, PERMISSION, visit.office_code, where=visit.number)
    exists = Transfer.objects.filter(source="visit", source_no=visit.number, addressee=addressee).exists()
    refuse(
        check.check_visit_was_made(visit.state, VISIT_WORKFLOW.states[visit.state], "I407"),
        check.check_addressee(addressee),
        check.check_not_in_future(moved_on, timezone.localdate(at), "移送日期"),
        check.check_order_of_dates("检查日期", visit.visited_on, "移送日期", moved_on),
        check.check_first_transfer(exists, visit.number, addressee),
    )
    transfer = Transfer.objects.create(
        source="visit",
        source_no=visit.number,
        party_id=visit.party_id,
        addressee=addressee,
        moved_on=moved_on,
        link=visit.link,
        tags=visit.tags,
        campaign=visit.campaign,
        office_code=visit.office_code,
    )
    visit.transfers = "、".join(filter(None, [visit.transfers, addressee]))
    visit.save(update_fields=["transfers"])
    _note_visit("transfer_lead", visit, by, at, addressee=addressee, moved_on=moved_on)
    return transfer


# ── corrections ───────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def order_correction(
    *, visit: Visit, content: str, ordered_on: dt.date, due_on: dt.date, by: Actor, at: dt.datetime
) -> Correction:
    """Order the party to correct what was found; the official number is assigned here.

    Refused: a visit that has not begun (I301), no content (I302), due before the order (I303), an
    order dated in the future (I102) or before the visit (I109).
    """
    visit = _locked(visit)
    require(by, PERMISSION, visit.office_code, where=visit.number)
    refuse(
        check.check_visit_was_made(visit.state, VISIT_WORKFLOW.states[visit.state], "I301"),
        check.check_order_content(content),
        check.check_not_in_future(ordered_on, timezone.localdate(at), "责令日期"),
        check.check_order_of_dates("检查日期", visit.visited_on, "责令日期", ordered_on),
        check.check_due_after_order(due_on, ordered_on),
    )
    correction = Correction.objects.create(
        visit=visit,
        number=next_number(Correction, "correction", visit.office_code, ordered_on.year),
        content=content.strip(),
        ordered_on=ordered_on,
        due_on=due_on,
        state=CORRECTION_WORKFLOW.start,
        office_code=visit.office_code,
    )
    visit.order_issued = True
    visit.correct_by = max(filter(None, [visit.correct_by, due_on]))
    visit.save(update_fields=["order_issued", "correct_by"])
    correction_items.make_items(correction)
    _set_recheck_clock(correction, by, at)
    _note_correction("order_correction", correction, by, at, visit=visit.number, due_on=due_on)
    return correction


def _store_files(
    correction: Correction,
    files: Sequence[File],
    by: Actor,
    at: dt.datetime,
    item: CorrectionItem | None = None,
) -> None:
    for file in files:
        attach_evidence(correction=correction, item=item, file=file, stage="after", by=by, at=at)


def _take_answers(
    correction: Correction, answers: Sequence[ItemAnswer], by: Actor, at: dt.datetime
) -> list[CorrectionItem]:
    refuse(*(_file_problems(file) for answer in answers for file in answer.files))
    changed = correction_items.write_answers(correction, answers, by.name, at)
    files = {answer.item: answer.files for answer in answers}
    for item in changed:
        _store_files(correction, files[item.pk], by, at, item)
    return changed


def _told(items: Iterable[CorrectionItem]) -> dict[str, list[str]]:
    """The answered items as the audit entry keeps them."""
    return {str(item.position): [item.cause, item.measure] for item in items}


@transaction.atomic
def answer_items(
    *, correction: Correction, answers: Sequence[ItemAnswer], by: Actor, at: dt.datetime
) -> Correction:
    """The party's answer to some of the defects; the order stays open and its clock runs on.

    Refused: an item of another order (I308), nothing said (I309), files as attach_evidence refuses them.
    """
    correction = _locked(correction)
    require(by, ANSWER, correction.office_code, where=correction.number)
    _step(correction, "answer_items")
    changed = _take_answers(correction, answers, by, at)
    correction.save(update_fields=["follows_visit"])
    _note_correction("answer_items", correction, by, at, items=_told(changed))
    return correction


@transaction.atomic
def submit_correction(
    *,
    correction: Correction,
    submitted_on: dt.date,
    answer: str,
    by: Actor,
    at: dt.datetime,
    evidence: Sequence[File] = (),
    answers: Sequence[ItemAnswer] = (),
) -> Correction:
    """The party's answer with its files. Refused: no answer (I306), a date not between order and today.

    ``answers``: what is said to the single defects; ``answer`` empty then takes them together.
    """
    correction = _locked(correction)
    require(by, ANSWER, correction.office_code, where=correction.number)
    state = _step(correction, "submit_correction")
    changed = _take_answers(correction, answers, by, at) if answers else []
    told = answer.strip() or correction_items.as_answer(correction.items.all())
    refuse(
        check.check_answer(told),
        check.check_not_in_future(submitted_on, timezone.localdate(at), "提交整改日期"),
        check.check_order_of_dates("责令日期", correction.ordered_on, "提交整改日期", submitted_on),
        *(_file_problems(file) for file in evidence),
    )
    correction.submitted_on, correction.answer = submitted_on, told
    correction.save()
    _note_correction(
        "submit_correction", correction, by, at, state=state, submitted_on=submitted_on, items=_told(changed)
    )
    _store_files(correction, evidence, by, at)
    return correction


@transaction.atomic
def withdraw_submission(*, correction: Correction, reason: str, by: Actor, at: dt.datetime) -> Correction:
    """The party takes its report back before it is re-checked, with the reason (I106); the answers stay."""
    correction = _locked(correction)
    require(by, ANSWER, correction.office_code, where=correction.number)
    state = _step(correction, "withdraw_submission")
    refuse(check.check_reason(reason, "撤回理由"))
    former = correction.submitted_on
    correction.submitted_on = None
    correction.save()
    _note_correction(
        "withdraw_submission", correction, by, at, state=state, reason=reason, submitted_on=former
    )
    return correction


def _recheck(
    action: str,
    result: str,
    correction: Correction,
    rechecked_on: dt.date,
    recheck_visit: Visit | None,
    note: str,
    by: Actor,
    at: dt.datetime,
    rejected: Sequence[int] | None = None,
) -> Correction:
    correction = _locked(correction)
    require(by, PERMISSION, correction.office_code, where=correction.number)
    state = _step(correction, action)
    visit = _locked(correction.visit)
    refuse(
        check.check_recheck_after_order(rechecked_on, correction.ordered_on),
        check.check_not_in_future(rechecked_on, timezone.localdate(at), "复查日期"),
        check.check_recheck_visit(
            recheck_visit.party_id if recheck_visit else None, visit.party_id, visit.party.name
        ),
    )
    correction.rechecked_on, correction.recheck_visit = rechecked_on, recheck_visit
    correction.save()
    items = correction_items.judge(correction, rejected, result == "通过", rechecked_on)
    visit.recheck_on, visit.recheck_result = rechecked_on, result
    visit.save(update_fields=["recheck_on", "recheck_result"])
    clocks.finish_clock(
        subject="correction", record=correction.pk, name=RECHECK, on=rechecked_on, by=by, at=at
    )
    refused = [item.position for item in items if item.accepted is False]
    _note_correction(
        action, correction, by, at, state=state, rechecked_on=rechecked_on, note=note, not_accepted=refused
    )
    return correction


@transaction.atomic
def pass_recheck(
    *,
    correction: Correction,
    rechecked_on: dt.date,
    by: Actor,
    at: dt.datetime,
    recheck_visit: Visit | None = None,
    note: str = "",
) -> Correction:
    """The follow-up finds the correction done. Refused before the order (I304) and in the future (I102)."""
    return _recheck("pass_recheck", "通过", correction, rechecked_on, recheck_visit, note, by, at)


@transaction.atomic
def fail_recheck(
    *,
    correction: Correction,
    rechecked_on: dt.date,
    by: Actor,
    at: dt.datetime,
    recheck_visit: Visit | None = None,
    note: str = "",
    rejected: Sequence[int] | None = None,
) -> Correction:
    """The follow-up finds the correction wanting. Refused like pass_recheck.

    ``rejected``: the ids of the items that are not accepted (I316 when empty); None: all that are still
    open. What is accepted stays so when the order is given again.
    """
    return _recheck("fail_recheck", "未通过", correction, rechecked_on, recheck_visit, note, by, at, rejected)


def recheck(*, correction: Correction, passed: bool, **facts: Any) -> Correction:
    """pass_recheck or fail_recheck, as the result says."""
    return (pass_recheck if passed else fail_recheck)(correction=correction, **facts)


@transaction.atomic
def order_again(
    *, correction: Correction, due_on: dt.date, ordered_on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> Correction:
    """After a failed re-check: the same order with a new date. The order's first date stays as it is."""
    correction = _locked(correction)
    require(by, PERMISSION, correction.office_code, where=correction.number)
    state = _step(correction, "order_again")
    refuse(
        check.check_reason(reason, "再次责令改正的理由"),
        check.check_not_in_future(ordered_on, timezone.localdate(at), "责令日期"),
        check.check_order_of_dates("复查日期", correction.rechecked_on, "责令日期", ordered_on),
        check.check_due_after_order(due_on, ordered_on),
    )
    due = [correction.due_on, due_on]
    correction.due_on = due_on
    correction.save()
    Visit.objects.filter(pk=correction.visit_id).update(correct_by=due_on)
    _set_recheck_clock(correction, by, at)
    _note_correction(
        "order_again", correction, by, at, state=state, due_on=due, ordered_on=ordered_on, reason=reason
    )
    return correction


@transaction.atomic
def close_correction(*, correction: Correction, closed_on: dt.date, by: Actor, at: dt.datetime) -> Correction:
    """Close a correction that passed its re-check; refused without evidence (I305)."""
    correction = _locked(correction)
    require(by, PERMISSION, correction.office_code, where=correction.number)
    state = _step(correction, "close_correction")
    refuse(
        check.check_evidence_before_closing(correction.evidence.count()),
        check.check_not_in_future(closed_on, timezone.localdate(at), "办结日期"),
        check.check_order_of_dates("复查日期", correction.rechecked_on, "办结日期", closed_on),
    )
    correction.closed_on = closed_on
    correction.save()
    _note_correction("close_correction", correction, by, at, state=state, closed_on=closed_on)
    return correction


# ── evidence ──────────────────────────────────────────────────────────────────────────────────────
def _file_problems(file: File) -> list[Problem]:
    file.seek(0)
    return check.check_evidence_file(Path(file.name or "").name, file.size, file.read(64))


def _digest(file: File) -> str:
    found = hashlib.sha256()
    file.seek(0)
    for chunk in file.chunks():
        found.update(chunk)
    file.seek(0)
    return found.hexdigest()


def _photo(name: str, file: File) -> pictures.Picture:
    """The photo taken apart; Refused (I409) when it does not open."""
    file.seek(0)
    try:
        return pictures.take_apart(file.read(), most_pixels=limits.most_pixels())
    except pictures.NotAPicture as error:
        raise Refused(problems("I409", where=name)) from error


def _keep_photo(row: Evidence, picture: pictures.Picture, path: str) -> None:
    """Store the picture without its camera's notes, the notes in the row, and a small copy."""
    row.stored_sha256 = hashlib.sha256(picture.stored).hexdigest()
    row.width, row.height, row.camera = picture.width, picture.height, picture.camera
    row.latitude, row.longitude = picture.latitude, picture.longitude
    if picture.taken:
        aware = timezone.is_aware(picture.taken)
        row.captured_at = picture.taken if aware else timezone.make_aware(picture.taken)
    row.file.name = default_storage.save(path, ContentFile(picture.stored))
    small = f"{path.rsplit('.', 1)[0]}-small.jpg"
    row.thumbnail.name = default_storage.save(small, ContentFile(picture.thumbnail))


def _evidence_place(
    visit: Visit | None,
    correction: Correction | None,
    place: Place | None,
    by: Actor,
    permission: str = PERMISSION,
) -> tuple[Place, dict[str, Any]]:
    """The one record that evidence belongs to, and how a row of evidence names it."""
    given = [one for one in (visit, correction, place) if one is not None]
    if len(given) != 1:
        raise TypeError("evidence belongs to one record: a visit, a correction or a place")
    if place is not None:
        found, named = place, {
            "subject": place.subject, "record_key": place.record, "place": place.number,
            "office_code": place.office_code,
        }  # fmt: skip
    else:
        found = Place.of(visit or correction, permission)
        named = {"visit": visit, "correction": correction, "subject": ""}
    require(by, found.permission, found.office_code, where=found.number)
    return found, named


def _note_evidence(action: str, place: Place, by: Actor, at: dt.datetime, detail: dict[str, Any]) -> None:
    audit.record(
        by=by, at=at, action=action, subject=place.subject, key=place.number, office_code=place.office_code,
        detail=detail,
    )  # fmt: skip


@transaction.atomic
def attach_evidence(
    *,
    file: File,
    by: Actor,
    at: dt.datetime,
    visit: Visit | None = None,
    correction: Correction | None = None,
    place: Place | None = None,
    item: CorrectionItem | None = None,
    caption: str = "",
    stage: str = "",
    device_sha256: str = "",
    captured_at: dt.datetime | None = None,
    clock_offset: int | None = None,
) -> Evidence:
    """Store a file with its digest at a visit, a correction or another record's ``place`` (one of the three).

    A photo is stored without EXIF; its time, place and camera stand in the row. ``stage``: before, after
    (a correction); ``item``: the one of its items that it shows. ``device_sha256``: what the device
    computed over the same bytes when it took them;
    ``captured_at``: by the device's clock, where the photo says nothing; ``clock_offset``: seconds that
    clock was ahead of ours. The same file at the same place is stored once. Refused: empty (I401), too
    large (I402), of no accepted type (I403, I410), not what its name says (I404), changed on its way
    (I408), a photo that does not open (I409).
    """
    subject, named = _evidence_place(visit, correction, place, by, ANSWER if visit is None else PERMISSION)
    name = Path(file.name or "").name
    refuse(_file_problems(file), check.check_stage(stage))
    digest = _digest(file)
    refuse(check.check_device_digest(name, device_sha256, digest))
    if stored := Evidence.objects.filter(**named, sha256=digest).first():
        return stored
    suffix = Path(name).suffix.lower()
    kind = check.EVIDENCE_TYPES[suffix][0]
    row = Evidence(
        **named, item=item, sha256=digest, stored_sha256=digest, device_sha256=device_sha256.lower(),
        kind=kind,
        size=file.size, caption=(caption or name)[:200], stage=stage, captured_at=captured_at,
        clock_offset=clock_offset, position=Evidence.objects.filter(**named).count() + 1, at=at,
        by_name=by.name,
    )  # fmt: skip
    # digest and day of entry name the file: what a phone or a firm called it never reaches the disk
    path = f"evidence/{timezone.localtime(at):%Y/%m}/{digest[:32]}{suffix}"
    if kind == "photo":
        _keep_photo(row, _photo(name, file), path)
    else:
        row.file.name = default_storage.save(path, file)
    row.save()
    detail = {"sha256": digest, "stored_sha256": row.stored_sha256, "name": name, "caption": row.caption}
    _note_evidence("attach_evidence", subject, by, at, detail)
    return row


@transaction.atomic
def describe_evidence(
    *,
    evidence: Evidence,
    caption: str,
    by: Actor,
    at: dt.datetime,
    stage: str = "",
    place: Place | None = None,
) -> Evidence:
    """Say what a piece of evidence shows, and at a correction whether before or after it.

    ``place``: the record that holds it, where that is neither a visit nor a correction.
    """
    row = _locked(evidence)
    subject, _ = _evidence_place(row.visit, row.correction, place, by)
    refuse(check.check_stage(stage), check.check_reason(caption, "说明"))
    detail = {"sha256": row.sha256, "caption": [row.caption, caption.strip()], "stage": [row.stage, stage]}
    row.caption, row.stage = caption.strip()[:200], stage
    row.save(update_fields=["caption", "stage"])
    _note_evidence("describe_evidence", subject, by, at, detail)
    return row


@transaction.atomic
def order_evidence(
    *,
    ids: Sequence[int],
    by: Actor,
    at: dt.datetime,
    visit: Visit | None = None,
    correction: Correction | None = None,
    place: Place | None = None,
) -> list[Evidence]:
    """Put the evidence of a record in the order of ``ids``; every piece once (I412)."""
    subject, named = _evidence_place(visit, correction, place, by)
    rows = {r.pk: r for r in Evidence.objects.select_for_update().filter(**named)}
    refuse(check.check_same_evidence(ids, rows))
    for position, pk in enumerate(ids, 1):
        rows[pk].position = position
    Evidence.objects.bulk_update(rows.values(), ["position"])
    _note_evidence("order_evidence", subject, by, at, {"order": list(ids)})
    return [rows[pk] for pk in ids]
