"""Visits done step by step: scheduled, begun, filled in, concluded, ordered, answered, re-checked, closed.

Each visit is a small life: a generator that yields the day of its next step before taking it. All lives
of an office run together in the order of their days and stop at the office's today, so some are finished,
some wait for the firm's answer, some for the re-check, and some are overdue.
"""

from __future__ import annotations

import heapq
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from django.core.files.base import ContentFile

from xiejian.cli.demo import on_record
from xiejian.cli.demo.accounts import moment
from xiejian.cli.demo.invention import calendar, working_day
from xiejian.cli.demo.year import Visited, Year
from xiejian.inspections import actions, checklist_versions, correction_items, reminding
from xiejian.inspections.checks import Entry
from xiejian.inspections.correction_items import ItemAnswer
from xiejian.inspections.models import Correction, Visit
from xiejian.people.models import Officer
from xiejian.people.policy import Actor
from xiejian.registry.models import Party

Life = Iterator[date]
#: days from the conclusion to the firm's answer, from there to the re-check, from there to the closing
_ANSWER, _RECHECK, _CLOSE = 12, 4, 2
ANSWER = "已逐项整改，补齐记录并对有关人员开展培训，附照片"
CAUSE = "日常管理有疏漏，未按制度落实"
MEASURE = "已逐项改正，并对相关人员培训"


def picture(subject: str) -> bytes:
    """A small PNG that stands for a photo of ``subject``: two fields of grey and green of its own shade."""
    width, height, shade = 320, 200, zlib.crc32(subject.encode())
    sky = bytes((150 + shade % 80, 170, 190)) * width
    floor = bytes((70, 110 + shade % 90, 80)) * width
    raw = b"".join(b"\0" + (sky if line < height // 2 else floor) for line in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )  # fmt: skip

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(raw))
        + chunk(b"IEND", b"")
    )


def live(lives: Iterable[Life], until: date) -> int:
    """Run the lives in the order of their days up to and including ``until``; the number of steps taken."""
    waiting: list[tuple[date, int, Life]] = []
    for number, life in enumerate(lives):
        if (day := next(life, None)) is not None:
            heapq.heappush(waiting, (day, number, life))
    steps = 0
    while waiting:
        day, number, life = heapq.heappop(waiting)
        if day > until:
            continue
        steps += 1
        if (following := next(life, None)) is not None:
            heapq.heappush(waiting, (following, number, life))
    return steps


def later(day: date, days: int) -> date:
    """The working day ``days`` after ``day``, or the first one after that."""
    return calendar().next_working_day(day + timedelta(days=days))


class Lives:
    """Makes the lives of one office's visits."""

    def __init__(self, year: Year) -> None:
        self.year = year
        self.staffed = year.staffed
        self.correction_days = year.data["correction_days"]
        self.follow_up_every = year.data.get("follow_up_every", 0)  # 0: answers are checked on paper
        self.parties = {
            party.uscc: party for party in Party.objects.filter(office_code__startswith=year.staffed.code)
        }

    def life(self, visited: Visited, index: int) -> Life:
        """The life of a visit: with an order to correct, or conform and over."""
        return self.corrected(visited, index) if visited.ordered else self.conform(visited, index)

    def conform(self, visited: Visited, index: int) -> Life:
        """A visit that finds everything as it should be."""
        team = self.staffed.team(visited.office_code, index)
        arranged = working_day(visited.on - timedelta(days=2))
        yield arranged
        visit = self._schedule(visited, team, arranged)
        yield visited.on
        self._carry_out(visit, visited, Actor.of(team[0]))

    def corrected(self, visited: Visited, index: int) -> Life:
        """A visit with an order to correct; some fail their first re-check, some orders go unanswered."""
        team = self.staffed.team(visited.office_code, index)
        by = Actor.of(team[0])
        arranged = working_day(visited.on - timedelta(days=3))
        yield arranged
        visit = self._schedule(visited, team, arranged)
        yield visited.on
        self._carry_out(visit, visited, by)
        due = visited.on + timedelta(days=self.correction_days)
        correction = actions.order_correction(
            visit=visit, content=self._content(visit), ordered_on=visited.on, due_on=due, by=by,
            at=moment(visited.on, hour=8),
        )  # fmt: skip
        if index % 11 == 10:
            yield from self._remind(correction, later(due, 2), by)
            return
        day = later(visited.on, _ANSWER + index % 6)
        yield day
        self._answer(correction, day, by)
        day = later(day, _RECHECK)
        yield day
        if index % 9 == 8:
            left = [item.pk for item in correction.items.all()][-1:]
            actions.fail_recheck(
                correction=correction, rechecked_on=day, by=by, at=moment(day), note="仍有一项未落实",
                rejected=left or None,
            )  # fmt: skip
            actions.order_again(
                correction=correction, due_on=day + timedelta(days=10), ordered_on=day, reason="复查未通过",
                by=by, at=moment(day, hour=7),
            )  # fmt: skip
            day = later(day, 9)
            yield day
            self._answer(correction, day, by)
            day = later(day, 3)
            yield day
        yield from self._pass(correction, visited, day, by, index)

    def _remind(self, correction: Correction, day: date, by: Actor) -> Life:
        """Two days after its date an unanswered order is urged on."""
        yield day
        reminding.remind_party(
            correction=correction, done_on=day, how="电话", whom="质量负责人",
            text="整改期限已过，请尽快提交整改报告", by=by, at=moment(day),
        )  # fmt: skip

    def upcoming(self, visited: Visited, index: int) -> Life:
        """A visit that is arranged and still to come."""
        day = working_day(self.staffed.today - timedelta(days=1 + index % 4))
        yield day
        self._schedule(visited, self.staffed.team(visited.office_code, index), day)

    def _schedule(self, visited: Visited, team: list[Officer], on: date, **more: Any) -> Visit:
        """Arrange the visit on the day ``on``; ``more`` replaces what ``visited`` says."""
        facts: dict[str, Any] = {"kind": visited.kind, "planned_on": visited.on}
        if visited.tags:
            facts["tags"] = visited.tags.split("、")
        return actions.schedule_visit(
            party=self.parties[visited.unit.code],
            link=visited.link,
            team=team,
            by=Actor.of(team[0]),
            at=moment(on),
            campaign=visited.campaign,
            office_code=visited.office_code,
            **(facts | more),
        )

    def _carry_out(self, visit: Visit, visited: Visited, by: Actor) -> None:
        """Begin, answer every point of the checklist, attach a photo, conclude as the judgement rule says."""
        at = moment(visited.on, hour=2)
        actions.start_visit(visit=visit, on=visited.on, by=by, at=at, persons=visited.persons)
        visit.refresh_from_db()
        found = entries(visit, visited, *self.year.outside(visited.link))
        actions.record_findings(visit=visit, entries=found, by=by, at=at)
        photo = ContentFile(picture(visit.number), name="现场.png")
        actions.attach_evidence(file=photo, by=by, at=at, visit=visit, caption="检查现场")
        if visited.ordered:  # who is ordered to correct something has signed for what was found
            on_record.check_a_product(visit, by, at)
            on_record.sign(visit, by, moment(visited.on, hour=3))
        actions.conclude_visit(visit=visit, by=by, at=moment(visited.on, hour=7), remark=visited.remark)
        visit.refresh_from_db()

    def _content(self, visit: Visit) -> str:
        found = visit.findings.filter(state="not_conform").values_list("fact", flat=True)
        return "；".join(f"{n}.{fact}" for n, fact in enumerate(found, 1)) or "完善质量管理制度并落实记录"

    def _answer(self, correction: Correction, day: date, by: Actor) -> None:
        photo = ContentFile(picture(f"{correction.number} {day}"), name="整改后.png")
        actions.submit_correction(
            correction=correction, submitted_on=day, answer=ANSWER, by=by, at=moment(day), evidence=[photo],
            answers=[
                ItemAnswer(item.pk, CAUSE, MEASURE)
                for item in correction_items.still_open(correction.items.all())
            ],
        )  # fmt: skip

    def _pass(self, correction: Correction, visited: Visited, day: date, by: Actor, index: int) -> Life:
        """The re-check that passes (on the spot where the office does so), then the closing."""
        recheck_visit = None
        if self.follow_up_every and index % self.follow_up_every == 0:
            recheck_visit = self._follow_up(visited, day, index)
        actions.pass_recheck(
            correction=correction,
            rechecked_on=day,
            by=by,
            at=moment(day, hour=8),
            recheck_visit=recheck_visit,
        )
        day = later(day, _CLOSE)
        yield day
        actions.close_correction(correction=correction, closed_on=day, by=by, at=moment(day))

    def _follow_up(self, visited: Visited, day: date, index: int) -> Visit:
        team = self.staffed.team(visited.office_code, index)
        by = Actor.of(team[0])
        visit = self._schedule(visited, team, day, kind="跟踪检查", planned_on=day, checklist="")
        actions.start_visit(visit=visit, on=day, by=by, at=moment(day, hour=2))
        visit.refresh_from_db()
        actions.conclude_visit(visit=visit, by=by, at=moment(day, hour=7), remark="责令改正事项已落实")
        visit.refresh_from_db()
        return visit


def entries(visit: Visit, visited: Visited, clause: str = "", facts: Sequence[str] = ()) -> list[Entry]:
    """What the inspectors wrote: an answer to every point, so many of the general ones not conform.

    Without a checklist the findings are ``facts`` under ``clause``, numbered.
    """
    start, failed = zlib.crc32(visit.number.encode()), visited.failed
    if not visit.checklist:
        chosen = [facts[(start + n) % len(facts)] for n in range(min(failed, len(facts)))]
        return [Entry(str(n), "not_conform", fact=fact, clause=clause) for n, fact in enumerate(chosen, 1)]
    checklist = checklist_versions.of_visit(visit)
    points = checklist.asked(visit.facts) if checklist else ()
    offset = start % len(points)
    general = [p.id for p in points[offset:] + points[:offset] if not p.key]
    wrong = (general or [p.id for p in points])[:failed]
    severe = set(wrong[: visited.severe])
    return [
        Entry(p.id, "not_conform", fact=f"未达到“{p.text[:60]}”的要求", severe=p.id in severe)
        if p.id in wrong
        else Entry(p.id, "conform")
        for p in points
    ]
