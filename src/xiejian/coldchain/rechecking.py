"""Bring the stored excursions of loggers up to what their readings say: find, compare, write, hold the lots.

Part of the actions that change readings, limits or what lies there; a fixed number of queries for all loggers
of a batch. ``stretches``: logger → from when to when something changed.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.db.models import Case, DateTimeField, OuterRef, Q, Subquery, Value, When
from django.utils import timezone

from xiejian.coldchain import rules
from xiejian.coldchain.checks import degrees
from xiejian.coldchain.excursions import (
    Changes,
    Known,
    Limits,
    Rule,
    Sample,
    Span,
    find,
    reach,
    reconcile,
)
from xiejian.coldchain.lots import Beside, Key, Lain, Window
from xiejian.coldchain.models import KINDS, AffectedLot, Excursion, Logger, Reading
from xiejian.people import audit
from xiejian.people.policy import Actor
from xiejian.supply.holding import Hold, hold_lots_of_records

#: Excursions that may still change: nobody has assessed them.
OPEN = ("found", "explained")
SUBJECT = "excursion"
#: Where the workflow ends by itself: later readings show that nothing was wrong.
SETTLED = "settled"


def recheck(
    *, stretches: Mapping[Logger, Window], start_state: str, by: Actor, at: dt.datetime
) -> list[Excursion]:
    """Find again what is wrong around these stretches; returns the excursions that are new or changed.

    Called inside the transaction of the action that changed something.
    """
    loggers = {logger.pk: logger for logger in stretches}
    known = _known(loggers)
    windows = {
        logger.pk: reach(*stretch, (one.span for one in known[logger.pk]), _rule(logger))
        for logger, stretch in stretches.items()
    }
    readings, newest = _readings(windows)
    beside = Beside(loggers.values(), windows)
    binding = beside.binding()
    changes = {
        pk: _changes(logger, windows[pk], known[pk], readings[pk], newest[pk], binding[pk], at)
        for pk, logger in loggers.items()
    }
    if not any(one.new or one.changed or one.gone for one in changes.values()):
        return []
    written = _write(loggers, changes, start_state, at)
    if written:
        _affect(written, beside.everything(), by, at)
    _settle([key for one in changes.values() for key in one.gone], by, at)
    _note("find_excursion", written, by, at)
    return written


def _rule(logger: Logger) -> Rule:
    return Rule(rules.gap_after(logger.interval_seconds), rules.place_kinds()[logger.kind].tolerance)


def span_of(row: Excursion) -> Span:
    return Span(
        row.kind, row.start, row.end, row.highest_centi, row.lowest_centi, row.limit_centi, row.readings
    )


def _known(loggers: Mapping[int, Logger]) -> dict[int, list[Known]]:
    found: dict[int, list[Known]] = {pk: [] for pk in loggers}
    rows = Excursion.objects.filter(logger__in=list(loggers)).exclude(kind="clock").exclude(state=SETTLED)
    for row in rows.order_by("start", "pk"):
        found[row.logger_id].append(Known(row.pk, span_of(row), row.state in OPEN))
    return found


def _each(windows: Mapping[int, Window], side: int) -> Case:
    whens = [When(pk=pk, then=Value(window[side])) for pk, window in windows.items()]
    return Case(*whens, output_field=DateTimeField())


def _readings(windows: Mapping[int, Window]) -> tuple[dict[int, list[Sample]], dict[int, bool]]:
    """The readings of each window with the nearest on each side, and whether none comes after them."""
    used = Reading.objects.filter(logger=OuterRef("pk"), mark="")
    earlier = used.filter(at__lt=OuterRef("window_start")).order_by("-at").values("at")[:1]
    later = used.filter(at__gt=OuterRef("window_end")).order_by("at").values("at")[:1]
    nearest = (
        Logger.objects.filter(pk__in=list(windows))
        .order_by()
        .annotate(window_start=_each(windows, 0), window_end=_each(windows, 1))
        .annotate(earlier=Subquery(earlier), later=Subquery(later))
        .values_list("pk", "earlier", "later")
    )
    wanted, newest = Q(), {}
    for pk, before, after in nearest:
        start, end = windows[pk]
        wanted |= Q(logger=pk, at__gte=before or start, at__lte=after or end)
        newest[pk] = after is None
    found: dict[int, list[Sample]] = {pk: [] for pk in windows}
    rows = Reading.objects.filter(wanted, mark="").order_by("logger_id", "at")
    for pk, moment, centi in rows.values_list("logger_id", "at", "centi"):
        found[pk].append((moment, centi))
    return found, newest


def _changes(
    logger: Logger, window: Window, known: Sequence[Known], readings: Sequence[Sample], newest: bool,
    binding: Sequence[Lain], at: dt.datetime,
) -> Changes:  # fmt: skip
    always = rules.place_kinds()[logger.kind].always
    limits = Limits(logger.low_centi, logger.high_centi, [one.load for one in binding], always=always)
    over = _out_of_use(logger)
    until = (over or at) if logger.live else None
    found = find(readings, limits, _rule(logger), newest=newest, until=until)
    if over:  # nothing goes on after that
        found = [replace(span, end=max(over, span.start)) if span.end is None else span for span in found]
    near = [one for one in known if one.span.touches(*window)]
    return reconcile(near, [span for span in found if span.touches(*window)])


def _out_of_use(logger: Logger) -> dt.datetime | None:
    """The end of the last day of its service."""
    day = logger.retired_on and logger.retired_on + dt.timedelta(days=1)
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min)) if day else None


# --- writing ---------------------------------------------------------------------------------------------


def _fill(row: Excursion, span: Span) -> Excursion:
    row.start, row.end, row.readings, row.settled = span.start, span.end, span.readings, False
    row.highest_centi, row.lowest_centi, row.limit_centi = span.highest, span.lowest, span.limit
    row.on = timezone.localdate(span.start)
    return row


def _write(
    loggers: Mapping[int, Logger], changes: Mapping[int, Changes], start_state: str, at: dt.datetime
) -> list[Excursion]:
    fresh = [
        _fill(Excursion(logger=loggers[pk], kind=span.kind, state=start_state, found_at=at), span)
        for pk, one in changes.items()
        for span in one.new
    ]
    Excursion.objects.bulk_create(fresh, batch_size=500)
    spans = {key: span for one in changes.values() for key, span in one.changed}
    rows = (
        Excursion.objects.select_related("logger").select_for_update(of=("self",)).filter(pk__in=list(spans))
    )
    changed = [_fill(row, spans[row.pk]) for row in rows]
    fields = ["start", "end", "on", "readings", "settled", "highest_centi", "lowest_centi", "limit_centi"]
    Excursion.objects.bulk_update(changed, fields, batch_size=500)
    return [*fresh, *changed]


def _concerns(row: Excursion, lain: Lain) -> bool:
    """Whether a lot suffered: readings are missing, or went beyond its own limits where its card has some."""
    if not lain.during(row.start, row.end or row.start):
        return False
    if row.kind == "high":
        limit = row.logger.high_centi if lain.high is None else lain.high
        return limit is not None and row.highest_centi is not None and row.highest_centi > limit
    if row.kind == "low":
        limit = row.logger.low_centi if lain.low is None else lain.low
        return limit is not None and row.lowest_centi is not None and row.lowest_centi < limit
    return True


def _affect(
    rows: Sequence[Excursion], beside: Mapping[int, Sequence[Lain]], by: Actor, at: dt.datetime
) -> None:
    """Name the lots of each excursion and hold those that were not held for it yet."""
    named: dict[int, set[Key]] = defaultdict(set)
    stored = AffectedLot.objects.filter(excursion__in=rows)
    for pk, *key in stored.values_list("excursion_id", "di", "lot", "serial"):
        named[pk].add((key[0], key[1], key[2]))
    lots: list[AffectedLot] = []
    for row in rows:
        for lain in beside.get(row.logger_id, ()):
            if lain.key not in named[row.pk] and _concerns(row, lain):
                named[row.pk].add(lain.key)
                lots.append(AffectedLot(
                    excursion=row, di=lain.di, lot=lain.lot, serial=lain.serial, product_name=lain.name
                ))  # fmt: skip
    AffectedLot.objects.bulk_create(lots, batch_size=500)
    if holds := [(str(one.excursion_id), _hold(one)) for one in lots if one.lot or one.serial]:
        hold_lots_of_records(holds=holds, source_kind=SUBJECT, by=by, at=at)


def _hold(lot: AffectedLot) -> Hold:
    firm = lot.excursion.logger.firm_uscc
    return Hold(firm, lot.di, lot.lot, told(lot.excursion), lot.serial)


def told(row: Excursion) -> str:
    """One line on an excursion, as the refusal of a sale names it."""
    since = timezone.localtime(row.start).strftime("%Y-%m-%d %H:%M")
    until = timezone.localtime(row.end).strftime("%Y-%m-%d %H:%M") if row.end else "现在"
    peak = row.highest_centi if row.kind == "high" else row.lowest_centi if row.kind == "low" else None
    warmth = f"，{degrees(peak)}℃" if peak is not None else ""
    return f"{row.number}：{row.logger.place[:60]} {since} 至 {until} {KINDS[row.kind]}{warmth}"


def _settle(keys: Sequence[int], by: Actor, at: dt.datetime) -> None:
    """No reading supports these any more: over when they hold nothing, else marked for who decides."""
    if not keys:
        return
    rows = list(Excursion.objects.select_related("logger").filter(pk__in=keys, settled=False))
    held = set(AffectedLot.objects.filter(excursion__in=rows).values_list("excursion_id", flat=True))
    for row in rows:
        row.settled, row.state = True, row.state if row.pk in held else SETTLED
    Excursion.objects.bulk_update(rows, ["settled", "state"], batch_size=500)
    _note("settle_excursion", rows, by, at)


def _note(action: str, rows: Sequence[Excursion], by: Actor, at: dt.datetime) -> None:
    audit.record_many(
        by=by, at=at, action=action, subject=SUBJECT,
        entries=[
            (row.number, row.logger.office_code, {"logger": row.logger.code, "what": told(row)})
            for row in rows
        ],
    )  # fmt: skip
