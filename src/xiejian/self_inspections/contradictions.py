"""What speaks against a report: a visit that found otherwise, a figure that our own records exceed.

``of`` takes facts and returns marks, without a database; ``of_reports`` reads the facts for many reports
with a fixed number of queries. A mark accuses nobody: the officer sees both records and decides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Max, Q

from xiejian.inspections.models import Correction, Finding
from xiejian.self_inspections import keeping, rules, stored
from xiejian.self_inspections.answers import CONFORM, NOT_CONFORM, Answers
from xiejian.self_inspections.forms import Form
from xiejian.self_inspections.models import Filing, SelfInspection


@dataclass(frozen=True)
class Found:
    """A finding of a visit; ``mended_on``: when the last correction it led to was closed."""

    visit: int
    number: str
    visited_on: dt.date
    point: str
    clause: str
    fact: str
    mended_on: dt.date | None = None


@dataclass(frozen=True)
class Contradiction:
    """One answer and what stands against it. ``visit``: the id of the visit, None for a figure."""

    point: str
    text: str
    citation: str
    said: str
    against: str
    visit: int | None = None
    visit_no: str = ""
    visited_on: dt.date | None = None


def of(
    form: Form,
    answers: Answers,
    filed_on: dt.date,
    found: Iterable[Found],
    held: Mapping[str, int],
    days: int,
) -> list[Contradiction]:
    """Points answered 符合 that a visit within ``days`` found otherwise, and figures below what is stored.

    A visit before the report does not count once its corrections were closed by then.
    """
    return [*_findings(form, answers, filed_on, list(found), days), *_figures(form, answers, held)]


def _findings(
    form: Form, answers: Answers, filed_on: dt.date, found: Sequence[Found], days: int
) -> Iterable[Contradiction]:
    near = [f for f in found if abs((f.visited_on - filed_on).days) <= days and not _mended(f, filed_on)]
    for point in form.points:
        if answers.get(point.id, {}).get("answer") != CONFORM:
            continue
        for one in near:
            if point.id == one.point or (point.checklist and point.citation == one.clause):
                yield Contradiction(
                    point.id,
                    point.text,
                    point.citation,
                    "符合",
                    one.fact or "现场检查判定不符合",
                    one.visit,
                    one.number,
                    one.visited_on,
                )


def _mended(found: Found, filed_on: dt.date) -> bool:
    return found.mended_on is not None and found.mended_on <= filed_on


def _figures(form: Form, answers: Answers, held: Mapping[str, int]) -> Iterable[Contradiction]:
    for point in form.points:
        said, known = answers.get(point.id, {}).get("answer"), held.get(point.stored, 0)
        if point.stored and isinstance(said, int) and said < known:
            yield Contradiction(
                point.id,
                point.text,
                point.citation,
                f"{said} {point.unit}",
                f"{stored.LABELS[point.stored]} {known} {point.unit}",
            )


def of_reports(reports: Sequence[SelfInspection]) -> dict[int, list[Contradiction]]:
    """Report → what speaks against its newest filing; reports without anything are left out.

    Eight queries and one more per figure and year, whatever the number of reports.
    """
    filings = _newest_filings(reports)
    told = [row for row in reports if row.filed_on and row.pk in filings]
    if not told:
        return {}
    forms = keeping.kept_forms({(row.form, filings[row.pk].form_version) for row in told})
    found, held = _found(told), _held(told)
    answer = {}
    for row in told:
        filing = filings[row.pk]
        form = forms.get((row.form, filing.form_version))
        marks = form and of(
            form,
            filing.answers,
            row.filed_on,
            found.get((row.party_id, row.link), ()),
            held.get((row.party_id, row.year), {}),
            rules.contradiction_days(),
        )
        if marks:
            answer[row.pk] = marks
    return answer


def _newest_filings(reports: Iterable[SelfInspection]) -> dict[int, Filing]:
    rows = Filing.objects.filter(self_inspection__in=[row.pk for row in reports]).order_by("version")
    return {row.self_inspection_id: row for row in rows}


def _found(reports: Sequence[SelfInspection]) -> dict[tuple[int, str], list[Found]]:
    """Party and link → what visits near any of the reports found not to conform."""
    days = dt.timedelta(days=rules.contradiction_days())
    first = min(row.filed_on for row in reports) - days
    last = max(row.filed_on for row in reports) + days
    rows = list(
        Finding.objects.filter(
            state=NOT_CONFORM,
            visit__party__in={row.party_id for row in reports},
            visit__visited_on__range=(first, last),
        ).select_related("visit")
    )
    mended = _mended_on({row.visit_id for row in rows})
    found: dict[tuple[int, str], list[Found]] = {}
    for row in rows:
        visit = row.visit
        found.setdefault((visit.party_id, visit.link), []).append(
            Found(
                visit.pk,
                visit.number,
                visit.visited_on,
                row.point,
                row.clause,
                row.fact,
                mended.get(visit.pk),
            )
        )
    return found


def _mended_on(visits: Iterable[int]) -> dict[int, dt.date]:
    """Visit → the day on which the last of its corrections was closed; none while one is open."""
    rows = Correction.objects.filter(visit__in=list(visits)).order_by()
    still_open = set(rows.filter(closed_on=None).values_list("visit", flat=True))
    closed = rows.filter(~Q(closed_on=None)).values_list("visit").annotate(on=Max("closed_on"))
    return {visit: on for visit, on in closed if visit not in still_open}


def _held(reports: Iterable[SelfInspection]) -> dict[tuple[int, int], dict[str, int]]:
    by_year: dict[int, set[int]] = {}
    for row in reports:
        by_year.setdefault(row.year, set()).add(row.party_id)
    return {
        (party, year): known
        for year, parties in by_year.items()
        for party, known in stored.counts(parties, year).items()
    }
