"""Readings into the store: each once, whatever sent them; marked where the clock was wrong; then looked at.

Part of the actions that take readings in; a fixed number of queries for a chunk of them.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils import timezone

from xiejian.coldchain import rules
from xiejian.coldchain.checks import degrees, problems
from xiejian.coldchain.lots import Window
from xiejian.coldchain.models import Excursion, Logger, Reading
from xiejian.coldchain.reading_files import Measured
from xiejian.coldchain.rechecking import OPEN, recheck
from xiejian.kernel.problems import Problem
from xiejian.people.policy import Actor
from xiejian.registry.batches import chunks

Given = tuple[Logger, Measured]


@dataclass
class Received:
    """What became of readings: new, there before, marked (among the new), refused with a reason."""

    read: int = 0
    stored: int = 0
    unchanged: int = 0
    marked: int = 0
    refused: list[tuple[Measured, Problem]] = field(default_factory=list)
    excursions: list[Excursion] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """The counts, every refusal with its row, the numbers of what was found."""
        return {
            "read": self.read, "stored": self.stored, "unchanged": self.unchanged, "marked": self.marked,
            "refused": [{"row": one.number, **problem.as_json()} for one, problem in self.refused],
            "excursions": [one.pk for one in self.excursions],
        }  # fmt: skip


def take_in(*, given: Sequence[Given], start_state: str, by: Actor, at: dt.datetime) -> Received:
    """Store readings that are new and find what is wrong with them. Inside the caller's transaction.

    A reading of a moment that has another one already is refused (CC204), one after the logger's last day
    too (CC111); one whose clock was wrong is kept with a mark and used for nothing.
    """
    received = Received(read=len(given))
    keys = sorted({logger.pk for logger, _ in given})
    # the rows themselves: two uploads for one logger wait for each other
    loggers = {row.pk: row for row in Logger.objects.select_for_update().filter(pk__in=keys).order_by("pk")}
    stretches: dict[int, Window] = {}
    faulty: dict[int, list[dt.datetime]] = defaultdict(list)
    for part in chunks(given):
        for row in _store([(loggers[logger.pk], one) for logger, one in part], received, at):
            if row.mark:
                faulty[row.logger_id].append(row.at)
                continue
            first, last = stretches.get(row.logger_id, (row.at, row.at))
            stretches[row.logger_id] = min(first, row.at), max(last, row.at)
            logger = loggers[row.logger_id]
            if logger.last_at is None or row.at > logger.last_at:
                logger.last_at, logger.last_centi = row.at, row.centi
    received.marked = sum(map(len, faulty.values()))
    Logger.objects.bulk_update([loggers[pk] for pk in stretches], ["last_at", "last_centi"], batch_size=500)
    received.excursions = _clock_faults(loggers, faulty, start_state, at)
    if stretches:
        changed = {loggers[pk]: stretch for pk, stretch in stretches.items()}
        received.excursions += recheck(stretches=changed, start_state=start_state, by=by, at=at)
    return received


def _store(part: Sequence[Given], received: Received, at: dt.datetime) -> list[Reading]:
    known = _stored(part)
    limit, fresh = at + rules.clock_ahead(), []
    for logger, one in part:
        key = logger.pk, one.at
        before = known.get(key)
        if before is not None:
            if before == one.centi:
                received.unchanged += 1
            else:
                moment = timezone.localtime(one.at).strftime("%Y-%m-%d %H:%M:%S")
                facts = {"moment": moment, "before": degrees(before), "after": degrees(one.centi)}
                received.refused.append((one, problems("CC204", logger.code, **facts)))
            continue
        if logger.retired_on and timezone.localdate(one.at) > logger.retired_on:
            received.refused.append((one, problems("CC111", logger.code, code=logger.code)))
            continue
        known[key] = one.centi
        mark = _mark(logger, one, limit)
        fresh.append(Reading(logger=logger, at=one.at, centi=one.centi, humidity=one.humidity, mark=mark))
    received.stored += len(fresh)
    return Reading.objects.bulk_create(fresh, batch_size=2000)


def _stored(part: Sequence[Given]) -> dict[tuple[int, dt.datetime], int]:
    """What is stored of the moments that these readings lie between."""
    bounds: dict[int, Window] = {}
    for logger, one in part:
        first, last = bounds.get(logger.pk, (one.at, one.at))
        bounds[logger.pk] = min(first, one.at), max(last, one.at)
    asked = Q()
    for pk, (first, last) in bounds.items():
        asked |= Q(logger=pk, at__gte=first, at__lte=last)
    rows = Reading.objects.filter(asked).order_by().values_list("logger_id", "at", "centi") if asked else ()
    return {(pk, moment): centi for pk, moment, centi in rows}


def _mark(logger: Logger, one: Measured, limit: dt.datetime) -> str:
    """Which mark a reading gets, '' for none: what is wrong with the clock that stamped it."""
    if one.at > limit:
        return "future"
    if one.backward:
        return "backward"
    return "early" if timezone.localdate(one.at) < logger.used_from else ""


def _clock_faults(
    loggers: dict[int, Logger], faulty: dict[int, list[dt.datetime]], start_state: str, at: dt.datetime
) -> list[Excursion]:
    """One excursion of a wrong clock for each logger; more of it joins the one that nobody judged yet."""
    if not faulty:
        return []
    rows = Excursion.objects.select_related("logger").filter(logger__in=faulty, kind="clock", state__in=OPEN)
    standing = {row.logger_id: row for row in rows}
    for row in standing.values():
        moments = faulty[row.logger_id]
        row.start, row.end = min(row.start, *moments), max(row.end or row.start, *moments)
        row.readings, row.on = row.readings + len(moments), timezone.localdate(row.start)
    Excursion.objects.bulk_update(standing.values(), ["start", "end", "readings", "on"])
    made = Excursion.objects.bulk_create(
        Excursion(
            logger=loggers[pk], kind="clock", start=min(moments), end=max(moments), readings=len(moments),
            on=timezone.localdate(min(moments)), state=start_state, found_at=at,
        )
        for pk, moments in faulty.items()
        if pk not in standing
    )  # fmt: skip
    return [*standing.values(), *made]
