"""Reports of last year: some handed in, one late, one contradicted; the rest of the register is missing."""

from __future__ import annotations

from datetime import date
from typing import Any

from xiejian.cli.demo.accounts import Staffed, moment
from xiejian.inspections.models import Finding
from xiejian.kernel.divisions import stem
from xiejian.people.policy import SYSTEM
from xiejian.registry.models import PartyLink
from xiejian.self_inspections import actions, keeping, queries, stored
from xiejian.self_inspections.models import SelfInspection

#: day and month of each report; the last is late
_FILED = ((2, 20), (3, 6), (3, 18), (3, 27), (4, 20))
_DRAFTED = (3, 12)
_LINK = "经营"
_TEXT = "制度执行情况总体良好；发现的不足已列入整改，由质量负责人跟踪。"
_PLAIN: dict[str, Any] = {"conform": "conform", "text": _TEXT, "yes_no": "no", "number": 1}


def hand_in_reports(staffed: Staffed) -> int:
    """Reports for the year before, then a reminder and a focus among who handed in nothing; how many."""
    links = _distributors(staffed)[: len(_FILED) + 1]
    for (month, day), link in zip(_FILED, links, strict=False):
        _file(link, date(staffed.year, month, day), staffed)
    if len(links) > len(_FILED):
        _open(links[-1], date(staffed.year, *_DRAFTED), staffed)
    _call_to_account(staffed)
    return len(links)


def _distributors(staffed: Staffed) -> list[PartyLink]:
    """Those that a visit of the year found something with come first: a report can be held against it."""
    rows = PartyLink.objects.filter(
        link=_LINK, party__office_code__startswith=stem(staffed.code), party__status="正常",
        party__uscc__isnull=False, party__area__contains="医疗器械",
    ).select_related("party")  # fmt: skip
    rows = rows.exclude(filed_on__year__gte=staffed.year).exclude(issued_on__year__gte=staffed.year)
    found = set(
        Finding.objects.filter(
            state="not_conform", point__startswith="G", visit__visited_on__year=staffed.year,
            visit__visited_on__month__lte=6,
        ).values_list("visit__party", flat=True)
    )  # fmt: skip
    return sorted(rows, key=lambda row: (row.party_id not in found, row.pk))


def _open(link: PartyLink, on: date, staffed: Staffed) -> SelfInspection:
    return actions.open_self_inspection(
        party=link.party, link=link.link, year=staffed.year - 1, by=SYSTEM, at=moment(on)
    )


def _file(link: PartyLink, on: date, staffed: Staffed) -> None:
    """Filled in as our own records have it, signed by the head."""
    report = _open(link, on, staffed)
    held = stored.counts([link.party_id], report.year).get(link.party_id, {})
    answers = {
        point.id: {"answer": held.get(point.stored, 0) if point.stored else _PLAIN[point.answer]}
        for point in keeping.form_of(report).points
    }
    report = actions.save_answers(report=report, answers=answers, by=SYSTEM, at=moment(on))
    name = link.party.head or link.party.legal_representative or "质量负责人"
    actions.file_self_inspection(report=report, filler=name, post="企业负责人", by=SYSTEM, at=moment(on))


def _call_to_account(staffed: Staffed) -> None:
    """The officer accepts the first report, reminds one of the missing and lists another as a focus."""
    by, at, year = staffed.officer, moment(staffed.today), staffed.year - 1
    if first := queries.reports(by, year=year, state="filed").order_by("filed_on", "pk").first():
        actions.accept_self_inspection(report=first, by=by, at=at, note="内容完整")
    missing = queries.standings(by, year, staffed.today, link=_LINK, state="missing").order_by("pk")
    chosen = list(missing[:2])
    if chosen:
        actions.remind(links=[chosen[0].pk], year=year, by=by, at=at)
        actions.list_focus(links=[chosen[-1].pk], year=year, by=by, at=at)
