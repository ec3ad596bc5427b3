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

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from xiejian.inspections import checklists
from xiejian.inspections import checks as check
from xiejian.inspections.checks import Entry, refuse
from xiejian.inspections.models import Correction, Evidence, Finding, Transfer, Visit
from xiejian.inspections.numbering import next_number
from xiejian.kernel import divisions, workflow
from xiejian.kernel.cells import tag_list, tag_text
from xiejian.kernel.problems import Problem
from xiejian.people import audit
from xiejian.people.models import Officer
from xiejian.people.policy import Actor, require
from xiejian.registry.models import LINKS, Party

R = TypeVar("R", bound=Model)

VISIT_WORKFLOW = workflow.load(Path(__file__).with_name("workflow.toml"))
CORRECTION_WORKFLOW = workflow.load(Path(__file__).with_name("correction_workflow.toml"))
PERMISSION = "inspections.visit"
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


def _step(row: Visit | Correction, action: str) -> list[str]:
    """Move the record along its workflow table; [state before, state after] for the audit entry."""
    table = VISIT_WORKFLOW if isinstance(row, Visit) else CORRECTION_WORKFLOW
    before = row.state
    row.state = table.step(before, action, where=row.number)
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
    given: str | None, party: Party, link: str, tags: Sequence[str], kind: str, on: dt.date
) -> checklists.Checklist | None:
    """The checklist by id, none for an empty id, the most fitting one for None."""
    fitting = checklists.for_visit(link, tags, on, area=party.area, kind=kind)
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
) -> Visit:
    """Schedule a visit with its team; the number is assigned here.

    ``checklist``: an id, '' for none, None for the most fitting one. ``tags``: those of the party's
    link when None. ``office_code``: the party's office when None. Refused: fewer than two inspectors
    (I101), an inspector of an office outside (I103), unknown kind or link, unfit checklist (I503).
    """
    office = office_code or party.office_code
    require(by, PERMISSION, office, where=party.name)
    require(by, PERMISSION, party.office_code, where=party.name)
    refuse(check.check_kind(kind), check.check_link(link, LINKS))
    _check_team(kind, office, team)
    if tags is None:
        stored = party.links.filter(link=link).values_list("tags", flat=True).first() or "|"
    else:
        stored = joined_tags(tags)
    chosen = _chosen_checklist(checklist, party, link, tag_list(stored), kind, planned_on)
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
    )
    visit.team.set(team)
    _note_visit("schedule_visit", visit, by, at, party=party.name, kind=kind, planned_on=planned_on)
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
    require(by, PERMISSION, visit.office_code, where=visit.number)
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
    *, visit: Visit, on: dt.date, by: Actor, at: dt.datetime, persons: int | None = None
) -> Visit:
    """Begin the visit on the spot. ``persons``: how many came, experts included; the team's size when None.

    The checklist is taken again in the version of that day.
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
    if visit.checklist:
        visit.checklist_version = checklists.get(visit.checklist).version
    visit.save()
    _note_visit("start_visit", visit, by, at, state=state, visited_on=on, persons=count)
    return visit


def _checklist_of(visit: Visit) -> checklists.Checklist | None:
    return checklists.get(visit.checklist) if visit.checklist else None


@transaction.atomic
def record_findings(*, visit: Visit, entries: Sequence[Entry], by: Actor, at: dt.datetime) -> list[Finding]:
    """Record many points at once; a point answered again replaces its answer, and the audit keeps both.

    All or nothing: one entry that is refused (I201–I206) leaves every point as it was.
    """
    visit = _locked(visit)
    require(by, PERMISSION, visit.office_code, where=visit.number)
    _step(visit, "record_findings")
    checklist = _checklist_of(visit)
    refuse(check.check_entries(entries, checklist))
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


def propose_conclusion(visit: Visit) -> checklists.JudgementRow:
    """What the judgement rule of the visit's checklist says about its findings so far."""
    checklist = _checklist_of(visit)
    found = visit.findings.values_list("point", "state", "severe")
    rule = checklist.judgement if checklist else checklists.JUDGEMENT_OF_LINK[visit.link]
    return checklists.judge(rule, checklists.tally(checklist, visit.kind, found))


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
    proposed = propose_conclusion(visit)
    chosen = conclusion or proposed.conclusion
    refuse(
        check.check_key_points_answered(_checklist_of(visit), {f.point for f in findings}),
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
    require(by, PERMISSION, visit.office_code, where=visit.number)
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
    _note_correction("order_correction", correction, by, at, visit=visit.number, due_on=due_on)
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
) -> Correction:
    """The party's answer with its files. Refused: no answer (I306), a date not between order and today."""
    correction = _locked(correction)
    require(by, PERMISSION, correction.office_code, where=correction.number)
    state = _step(correction, "submit_correction")
    refuse(
        check.check_answer(answer),
        check.check_not_in_future(submitted_on, timezone.localdate(at), "提交整改日期"),
        check.check_order_of_dates("责令日期", correction.ordered_on, "提交整改日期", submitted_on),
        *(_file_problems(file) for file in evidence),
    )
    correction.submitted_on, correction.answer = submitted_on, answer.strip()
    correction.save()
    _note_correction("submit_correction", correction, by, at, state=state, submitted_on=submitted_on)
    for file in evidence:
        attach_evidence(correction=correction, file=file, by=by, at=at)
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
    visit.recheck_on, visit.recheck_result = rechecked_on, result
    visit.save(update_fields=["recheck_on", "recheck_result"])
    _note_correction(action, correction, by, at, state=state, rechecked_on=rechecked_on, note=note)
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
) -> Correction:
    """The follow-up finds the correction wanting. Refused like pass_recheck."""
    return _recheck("fail_recheck", "未通过", correction, rechecked_on, recheck_visit, note, by, at)


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


@transaction.atomic
def attach_evidence(
    *,
    file: File,
    by: Actor,
    at: dt.datetime,
    visit: Visit | None = None,
    correction: Correction | None = None,
    caption: str = "",
) -> Evidence:
    """Store a file with its digest at a visit or a correction (one of the two).

    The same file at the same place is stored once. Refused: empty, too large, or not what its name says.
    """
    if (visit is None) == (correction is None):
        raise TypeError("evidence belongs to a visit or to a correction")
    subject = visit or correction
    assert subject is not None
    require(by, PERMISSION, subject.office_code, where=subject.number)
    name = Path(file.name or "").name
    refuse(_file_problems(file))
    digest = _digest(file)
    place = {"visit": visit, "correction": correction, "sha256": digest}
    if stored := Evidence.objects.filter(**place).first():
        return stored
    row = Evidence(**place, caption=caption or name[:200], at=at, by_name=by.name)
    # digest and day of entry name the file: what a phone or a firm called it never reaches the disk
    path = f"evidence/{timezone.localtime(at):%Y/%m}/{digest[:32]}{Path(name).suffix.lower()}"
    row.file.name = default_storage.save(path, file)
    row.save()
    audit.record(
        by=by, at=at, action="attach_evidence", subject=subject._meta.model_name or "", key=subject.number,
        office_code=subject.office_code, detail={"sha256": digest, "name": name, "caption": row.caption},
    )  # fmt: skip
    return row
