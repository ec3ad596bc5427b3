"""Every write of self-inspections (imports apart, which load in bulk): the firm's steps and the office's.

A firm's own people act for their firm alone; an officer reads, returns, accepts, reminds, lists as a focus.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.core.files import File
from django.db import transaction
from django.utils import timezone

from xiejian.clocks import actions as clocks
from xiejian.inspections import actions as inspections
from xiejian.inspections.models import Visit
from xiejian.inspections.origins import Origin
from xiejian.inspections.places import Place
from xiejian.kernel import workflow
from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.models import Officer
from xiejian.people.policy import Actor, require, require_for
from xiejian.registry.actions import mark_self_inspection_focus
from xiejian.registry.models import Party, PartyLink
from xiejian.self_inspections import answers as reading
from xiejian.self_inspections import checks as check
from xiejian.self_inspections import forms, keeping, queries, rules
from xiejian.self_inspections.checks import problems, refuse
from xiejian.self_inspections.models import (
    Filing,
    FocusListing,
    PointPhoto,
    Reminder,
    SelfInspection,
)

WORKFLOW = workflow.load(Path(__file__).with_name("workflow.toml"))
FILL, REVIEW = "firm.inspect", "self_inspections.review"
CLOCK = "report"
SUBJECT = "selfinspection"
#: a visit that a report leads to
VISIT_KIND = "有因检查"
WHY = {"missing": "未报", "late": "逾期"}


def number_of(party: Party, link: str, year: int) -> str:
    """The number of a report: one party hands in one a year for each link."""
    return f"自查{year}-{party.uscc or party.pk}-{link}"


def _note(action: str, row: SelfInspection, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by,
        at=at,
        action=action,
        subject=SUBJECT,
        key=row.number,
        office_code=row.office_code,
        detail=detail,
    )


def _step(row: SelfInspection, action: str, by: Actor) -> tuple[SelfInspection, list[str]]:
    """The report as it is now, locked, moved along the table; [state before, state after]."""
    SelfInspection.objects.select_for_update().only("pk").get(pk=row.pk)
    row.refresh_from_db()
    permission = next(t.permission for t in WORKFLOW.transitions if t.action == action)
    if permission == FILL:
        require_for(by, FILL, row.party.uscc or "", where=row.number)
    else:
        require(by, permission, row.office_code, where=row.number)
    before = row.state
    row.state = WORKFLOW.step(before, action, where=row.number)
    return row, [before, row.state]


# --- the firm ----------------------------------------------------------------------------------------------


@transaction.atomic
def open_self_inspection(*, party: Party, link: str, year: int, by: Actor, at: dt.datetime) -> SelfInspection:
    """Begin the report of a year, filled in beforehand from the register; one that is begun is that one.

    Refused: not this firm (P101), a year that is not open (SI103), no such link (SI104), no form (SI105).
    """
    require_for(by, FILL, party.uscc or "", where=party.name)
    held = {row.link: row for row in party.links.all()}
    found = held.get(link)
    form = forms.for_link(found) if found else None
    refuse(
        check.check_year(year, timezone.localdate(at), rules.years_back()),
        check.check_has_form(link, list(held), form is not None),
    )
    made, new = SelfInspection.objects.get_or_create(
        party=party,
        link=link,
        year=year,
        defaults={
            "number": number_of(party, link, year),
            "office_code": party.office_code,
            "form": form.id,
            "state": WORKFLOW.start,
            "due_on": forms.due_on(form, year),
            "made_at": at,
            "facts": queries.prefilled(party, found, year),
            "conditions": queries.conditions(party, found),
        },
    )
    if new:
        _start_clock(made, by, at)
        _note("open_self_inspection", made, by, at, form=form.id, year=year, due_on=made.due_on)
    return made


def _start_clock(row: SelfInspection, by: Actor, at: dt.datetime) -> None:
    form = forms.get(row.form)
    if form.deadline:
        clocks.set_clock(
            subject=SUBJECT,
            record=row.pk,
            name=CLOCK,
            rule=form.deadline,
            start=forms.started_on(form, row.year),
            title=f"{row.party.name} {row.year}年度{row.link}自查",
            office_code=row.office_code,
            by=by,
            at=at,
        )


@transaction.atomic
def save_answers(
    *, report: SelfInspection, answers: Mapping[str, Mapping[str, Any]], by: Actor, at: dt.datetime
) -> SelfInspection:
    """Keep what was filled in so far; points that are not named stay as they are.

    ``answers``: point → {"answer", "note"}; an empty answer takes it back. Refused whole: a point that the
    form does not ask (SI201), an answer that does not fit (SI202), too long (SI102).
    """
    report, _ = _step(report, "save_answers", by)
    asked = {point.id: point for point in keeping.form_of(report).points}
    kept, wrong = dict(report.answers), []
    for point_id, given in answers.items():
        point = asked.get(point_id)
        if point is None:
            wrong.append(problems("SI201", point_id, point=point_id))
            continue
        value, found = reading.read(point, given, rules.longest_text())
        wrong += found
        kept[point_id] = value
    refuse(wrong)
    report.answers = {point_id: value for point_id, value in kept.items() if value}
    report.saved_at = at
    report.save()
    _note("save_answers", report, by, at, points=sorted(answers))
    return report


@transaction.atomic
def attach_photo(*, report: SelfInspection, point: str, file: File, by: Actor, at: dt.datetime) -> PointPhoto:
    """Keep a photo at one point, as any evidence is kept (I401 to I410); the same file once. SI201."""
    report, _ = _step(report, "save_answers", by)
    if point not in {one.id for one in keeping.form_of(report).points}:
        raise Refused(problems("SI201", point, point=point))
    evidence = inspections.attach_evidence(place=Place.of(report, FILL), file=file, by=by, at=at)
    made, _ = PointPhoto.objects.get_or_create(self_inspection=report, point=point, evidence=evidence)
    return made


@transaction.atomic
def file_self_inspection(
    *, report: SelfInspection, filler: str, post: str, by: Actor, at: dt.datetime
) -> SelfInspection:
    """报送: what is filled in becomes a version of its own, signed by name and post.

    Late is a first filing after the due date. Refused: P101, SI101, not complete (SI203, SI204).
    """
    report, state = _step(report, "file_self_inspection", by)
    form, today = keeping.form_of(report), timezone.localdate(at)
    asked = {point.id for point in form.points}
    report.answers = {key: value for key, value in report.answers.items() if key in asked}
    refuse(
        check.check_given(filler, "填报人姓名"),
        check.check_given(post, "职务"),
        reading.check_complete(form, report.answers),
    )
    keeping.keep(form, at)
    link = report.party.links.filter(link=report.link).first()
    if link:
        report.facts = queries.prefilled(report.party, link, report.year)
    report.form_version, report.versions = form.version, report.versions + 1
    report.nonconform = len(reading.nonconform(form, report.answers))
    report.filler, report.post = filler.strip(), post.strip()
    if report.filed_on is None:
        report.filed_on = today
        report.late = report.due_on is not None and form.duty == "file" and today > report.due_on
    report.save()
    Filing.objects.create(
        self_inspection=report,
        version=report.versions,
        form_version=form.version,
        answers=report.answers,
        facts=report.facts,
        reason=report.amend_why or report.returned_why,
        nonconform=report.nonconform,
        filed_at=at,
        filler=report.filler,
        post=report.post,
        by_name=by.name,
    )
    clocks.finish_clock(subject=SUBJECT, record=report.pk, name=CLOCK, on=report.filed_on, by=by, at=at)
    _note(
        "file_self_inspection",
        report,
        by,
        at,
        state=state,
        version=report.versions,
        late=report.late,
        nonconform=report.nonconform,
        filler=report.filler,
    )
    return report


@transaction.atomic
def amend_self_inspection(
    *, report: SelfInspection, reason: str, by: Actor, at: dt.datetime
) -> SelfInspection:
    """更正: open what was filed again, saying why; the version that stands stays until the next filing."""
    report, state = _step(report, "amend_self_inspection", by)
    if not reason.strip():
        raise Refused(problems("SI205", report.number))
    newest = report.filings.last()
    if newest is None:
        # an imported report says nothing point by point: its amendment starts from an empty form
        report.conditions = report.conditions or _conditions_of(report)
    report.answers = newest.answers if newest else {}
    report.amend_why, report.returned_why = reason.strip()[:300], ""
    report.save()
    _note("amend_self_inspection", report, by, at, state=state, reason=reason)
    return report


def _conditions_of(report: SelfInspection) -> dict[str, object]:
    link = report.party.links.filter(link=report.link).first()
    return queries.conditions(report.party, link) if link else {}


# --- the office --------------------------------------------------------------------------------------------


@transaction.atomic
def return_self_inspection(
    *, report: SelfInspection, reason: str, by: Actor, at: dt.datetime
) -> SelfInspection:
    """退回: the firm fills in more; the day of its first filing stays. Refused SI101 without a reason."""
    report, state = _step(report, "return_self_inspection", by)
    refuse(check.check_given(reason, "退回理由"))
    report.returned_why, report.amend_why = reason.strip()[:300], ""
    _reviewed(report, by, at)
    report.save()
    _note("return_self_inspection", report, by, at, state=state, reason=reason)
    return report


@transaction.atomic
def accept_self_inspection(
    *, report: SelfInspection, by: Actor, at: dt.datetime, note: str = ""
) -> SelfInspection:
    """审阅通过: an officer has read it; ``note`` is what the firm is told."""
    report, state = _step(report, "accept_self_inspection", by)
    report.review_note = note.strip()[:300]
    _reviewed(report, by, at)
    report.save()
    _note("accept_self_inspection", report, by, at, state=state, note=note)
    return report


def _reviewed(report: SelfInspection, by: Actor, at: dt.datetime) -> None:
    report.reviewed_on, report.reviewer = timezone.localdate(at), by.name


@transaction.atomic
def plan_visit(
    *, report: SelfInspection, planned_on: dt.date, team: Sequence[Officer], by: Actor, at: dt.datetime
) -> Visit:
    """安排检查: a visit for cause at the firm, which the report leads to."""
    report, _ = _step(report, "plan_visit", by)
    visit = inspections.schedule_visit(
        party=report.party,
        link=report.link,
        kind=VISIT_KIND,
        planned_on=planned_on,
        team=team,
        origin=Origin(SUBJECT, report.pk, report.number),
        by=by,
        at=at,
    )
    report.visit = visit
    report.save(update_fields=["visit"])
    _note("plan_visit", report, by, at, visit=visit.number)
    return visit


def _owing(links: Collection[int], year: int, permission: str, by: Actor, at: dt.datetime) -> list[PartyLink]:
    """The chosen links as they stand with their report, each within the permission. SI302 for none."""
    rows = list(queries.standings(by, year, timezone.localdate(at)).filter(pk__in=list(links)))
    if not rows:
        raise Refused(problems("SI302"))
    for office in {row.party.office_code for row in rows}:
        require(by, permission, office)
    return rows


@transaction.atomic
def remind(*, links: Collection[int], year: int, by: Actor, at: dt.datetime) -> int:
    """提醒报送: tell the firms of these links that their report is wanted; how many. SI302, SI303."""
    rows = _owing(links, year, REVIEW, by, at)
    refuse(check.check_remindable([row.standing for row in rows], len(rows)))  # type: ignore[attr-defined]
    made = []
    for row in rows:
        form = forms.for_link(row)
        made.append(
            Reminder(
                party=row.party,
                link=row.link,
                year=year,
                due_on=forms.due_on(form, year) if form else None,
                office_code=row.party.office_code,
                at=at,
                by_name=by.name,
            )
        )
    Reminder.objects.bulk_create(made)
    entries = [(str(m.party_id), m.office_code, {"year": year, "link": m.link}) for m in made]
    audit.record_many(by=by, at=at, action="remind_self_inspection", subject="party", entries=entries)
    return len(made)


@transaction.atomic
def list_focus(*, links: Collection[int], year: int, by: Actor, at: dt.datetime) -> list[int]:
    """列入重点: who did not hand in, or too late, becomes a focus of grading and plan; the parties' ids.

    Who is listed for the year already stays so. Refused: SI301, SI302, P101.
    """
    rows = _owing(links, year, REVIEW, by, at)
    wrong = [
        problem
        for row in rows
        if (form := forms.for_link(row))
        for problem in check.check_owed(form.duty, row.standing, row.party.name)  # type: ignore[attr-defined]
    ]
    refuse(wrong)
    listed = set(
        FocusListing.objects.select_for_update()
        .filter(party__in=[row.party_id for row in rows], year=year, ended_on=None)
        .values_list("party_id", flat=True)
    )
    new = {row.party_id: row for row in rows if row.party_id not in listed}
    today = timezone.localdate(at)
    FocusListing.objects.bulk_create(
        FocusListing(
            party=row.party,
            year=year,
            why=WHY[row.standing],
            office_code=row.party.office_code,
            listed_on=today,
            by_name=by.name,
        )
        for row in new.values()
    )
    mark_self_inspection_focus(parties=new, focus=True, reason=f"{year}年度自查未按期报送", by=by, at=at)
    return sorted(new)


@transaction.atomic
def end_focus(*, listing: FocusListing, reason: str, by: Actor, at: dt.datetime) -> FocusListing:
    """移出重点: the listing of one year ends; the party is no focus any more once its last one has ended."""
    FocusListing.objects.select_for_update().only("pk").get(pk=listing.pk)
    listing.refresh_from_db()
    require(by, REVIEW, listing.office_code, where=listing.party.name)
    refuse(check.check_given(reason, "移出理由"))
    if listing.ended_on:
        raise Refused(problems("SI304", listing.party.name, name=listing.party.name))
    listing.ended_on, listing.ended_why = timezone.localdate(at), reason.strip()[:300]
    listing.save()
    if not FocusListing.objects.filter(party=listing.party_id, ended_on=None).exists():
        mark_self_inspection_focus(parties=[listing.party_id], focus=False, reason=reason, by=by, at=at)
    else:
        audit.record(
            by=by,
            at=at,
            action="end_focus",
            subject="party",
            key=str(listing.party_id),
            office_code=listing.office_code,
            detail={"year": listing.year, "reason": reason},
        )
    return listing
