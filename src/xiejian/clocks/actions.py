"""Every write to the clocks of records.

Setting, extending, stopping and ending a clock is part of an action of the record's own room: that
action has asked for the permission, and calls these inside its transaction. Only ``recompute_clocks``
stands alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from xiejian.clocks import counting, queries
from xiejian.clocks.models import Clock
from xiejian.clocks.queries import Move
from xiejian.kernel import deadlines, workdays
from xiejian.kernel.problems import Catalogue, Refused
from xiejian.people import audit
from xiejian.people.policy import Actor, require

problems = Catalogue(Path(__file__).with_name("problems.toml"))
#: SQLite binds a limited number of values to a query
_BOUND = 5000
_IDENTITY = ["subject", "record", "name"]
_COUNTED = [
    "applied", "starts_on", "starts_at", "due_strict", "due_legal", "due_at", "opens_on", "provisional",
    "calendar",
]  # fmt: skip
_SET = [
    "label", "title", "office_code", "state", "rule", "facts", "ended_on", "ended_at", "why_dropped",
    "set_at", "by_name", *_COUNTED,
]  # fmt: skip


@dataclass(frozen=True)
class NewClock:
    """What a clock is set from.

    ``subject``: the model name of the record (``sample``), ``record``: its id, ``name``: which of its
    clocks (``result_notice``), ``rule``: an id of deadlines.toml, ``start``: the day of the event, or the
    moment for hour rules, ``title``: the record as lists show it. ``label``: what must be done, the
    rule's meaning when empty. ``facts``: extensions, stops, received_on as ``xiejian due`` reads them.
    """

    subject: str
    record: int
    name: str
    rule: str
    start: dt.date
    title: str
    office_code: str
    label: str = ""
    facts: Mapping[str, Any] | None = None


def _shown(clock: Clock) -> str | None:
    due = clock.due_at or clock.due_legal
    return due.isoformat() if due else None


def _stored(clocks: Sequence[NewClock]) -> dict[tuple[str, int, str], Clock]:
    found: dict[tuple[str, int, str], Clock] = {}
    for subject in {new.subject for new in clocks}:
        records = sorted({new.record for new in clocks if new.subject == subject})
        for first in range(0, len(records), _BOUND):
            part = records[first : first + _BOUND]
            rows = Clock.objects.select_for_update().filter(subject=subject, record__in=part)
            found |= {(row.subject, row.record, row.name): row for row in rows}
    return found


def _same(old: Clock, new: NewClock, fresh: Clock) -> bool:
    return (old.rule, old.starts_on, old.starts_at, old.facts) == (
        new.rule, fresh.starts_on, fresh.starts_at, fresh.facts,
    )  # fmt: skip


@transaction.atomic
def set_clocks(clocks: Iterable[NewClock], *, by: Actor, at: dt.datetime) -> list[Clock]:
    """Set many clocks with a few queries, in their order; the building block of imports.

    A clock that is already set from the same rule, start and facts stays as it is, ended or not; from
    others it begins anew. Refused as ``deadlines.due`` is (K421: no such rule).
    """
    wanted = list(clocks)
    stored, calendar = _stored(wanted), workdays.standing()
    rows: list[Clock] = []
    entries: list[audit.Entry] = []
    answer: list[Clock] = []
    for new in wanted:
        facts = dict(new.facts or {})
        fresh = Clock(
            subject=new.subject, record=new.record, name=new.name, rule=deadlines.rule(new.rule).id,
            title=new.title[:200], office_code=new.office_code, facts=facts, set_at=at, by_name=by.name,
        )  # fmt: skip
        found = counting.count(fresh.rule, new.start, facts, calendar)
        counting.put(fresh, found, calendar)
        fresh.label = (new.label or found.meaning)[:200]
        old = stored.get((new.subject, new.record, new.name))
        if old is not None and _same(old, new, fresh):
            answer.append(old)
            continue
        rows.append(fresh)
        answer.append(fresh)
        detail: dict[str, Any] = {
            "label": fresh.label, "rule": fresh.applied, "from": fresh.starts_on.isoformat(),
            "due": [_shown(old), _shown(fresh)] if old else _shown(fresh), "provisional": fresh.provisional,
        }  # fmt: skip
        entries.append((f"{new.subject} {new.record} {new.name}", new.office_code, detail))
    if rows:
        Clock.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=_IDENTITY, update_fields=_SET, batch_size=1000
        )
        audit.record_many(by=by, at=at, action="set_clock", subject="clock", entries=entries)
    return answer


def set_clock(
    *,
    subject: str,
    record: int,
    name: str,
    rule: str,
    start: dt.date,
    title: str,
    office_code: str,
    by: Actor,
    at: dt.datetime,
    label: str = "",
    facts: Mapping[str, Any] | None = None,
) -> Clock:
    """Set one clock of one record (see NewClock); ``.due_strict``, ``.due_legal``, ``.due_at`` tell when.

    Read a clock again from ``queries`` before changing it further.
    """
    new = NewClock(subject, record, name, rule, start, title, office_code, label, facts)
    return set_clocks([new], by=by, at=at)[0]


@transaction.atomic
def set_agreed_date(
    *,
    subject: str,
    record: int,
    name: str,
    due: dt.date,
    start: dt.date,
    title: str,
    label: str,
    office_code: str,
    by: Actor,
    at: dt.datetime,
) -> Clock:
    """Set a clock to a day that people named, not a rule: it stands beside the others, without a rule.

    Nothing is counted, so no calendar moves it, and it cannot be extended or suspended (T105): name
    another day instead. Set again it begins anew.
    """
    old = Clock.objects.select_for_update().filter(subject=subject, record=record, name=name).first()
    facts = {
        "title": title[:200], "label": label[:200], "office_code": office_code, "state": Clock.RUNNING,
        "rule": "", "applied": "", "facts": {}, "starts_on": start, "starts_at": None, "due_strict": due,
        "due_legal": due, "due_at": None, "opens_on": None, "provisional": False, "calendar": "",
        "ended_on": None, "ended_at": None, "why_dropped": "", "set_at": at, "by_name": by.name,
    }  # fmt: skip
    clock, _ = Clock.objects.update_or_create(subject=subject, record=record, name=name, defaults=facts)
    moved = [_shown(old), _shown(clock)] if old else _shown(clock)
    _note("set_clock", clock, by, at, due=moved, **{"from": start.isoformat()})
    return clock


def _running(subject: str, record: int, name: str) -> Clock | None:
    return (
        Clock.objects.select_for_update()
        .filter(subject=subject, record=record, name=name, state=Clock.RUNNING)
        .first()
    )


def _must_run(subject: str, record: int, name: str) -> Clock:
    if clock := _running(subject, record, name):
        if clock.agreed:
            raise Refused(problems("T105", clock.title, label=clock.label))
        return clock
    raise Refused(problems("T101", title=f"{subject} {record}", name=name))


def _note(action: str, clock: Clock, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject="clock", key=f"{clock.subject} {clock.record} {clock.name}",
        office_code=clock.office_code, detail={"label": clock.label, **detail},
    )  # fmt: skip


def _end(clock: Clock, on: dt.date) -> None:
    moment = on if isinstance(on, dt.datetime) else None
    day = on.astimezone(counting.BEIJING).date() if isinstance(on, dt.datetime) else on
    clock.state, clock.ended_on, clock.ended_at = Clock.DONE, day, moment


@transaction.atomic
def finish_clock(
    *, subject: str, record: int, name: str, on: dt.date, by: Actor, at: dt.datetime
) -> Clock | None:
    """What the clock asked for was done on this day (or at this moment).

    None where no such clock runs: records from before the clocks have none. It may lie before the clock's
    start, which can be a date still to come; the record's own checks know better.
    """
    clock = _running(subject, record, name)
    if clock is None:
        return None
    _end(clock, on)
    clock.save(update_fields=["state", "ended_on", "ended_at"])
    _note("finish_clock", clock, by, at, on=clock.ended_on, due=_shown(clock))
    return clock


@transaction.atomic
def finish_clocks(
    *, subject: str, name: str, ended: Mapping[int, dt.date], by: Actor, at: dt.datetime
) -> list[Clock]:
    """End one clock of many records at once, each on its day, with a few queries.

    ``ended``: record → day. Records whose clock does not run are left out.
    """
    found: list[Clock] = []
    records = sorted(ended)
    for first in range(0, len(records), _BOUND):
        part = records[first : first + _BOUND]
        rows = Clock.objects.select_for_update().filter(subject=subject, name=name, record__in=part)
        found += rows.filter(state=Clock.RUNNING)
    for clock in found:
        _end(clock, ended[clock.record])
    Clock.objects.bulk_update(found, ["state", "ended_on", "ended_at"], batch_size=500)
    if found:
        audit.record_many(
            by=by, at=at, action="finish_clock", subject="clock",
            entries=[
                (f"{c.subject} {c.record} {c.name}", c.office_code,
                 {"label": c.label, "on": str(c.ended_on), "due": _shown(c)})
                for c in found
            ],
        )  # fmt: skip
    return found


@transaction.atomic
def drop_clocks(
    *, subject: str, record: int, reason: str, by: Actor, at: dt.datetime, names: Sequence[str] | None = None
) -> list[Clock]:
    """Stop counting for good: the record was withdrawn or closed; all its running clocks when no names."""
    if not reason.strip():
        raise Refused(problems("T104", what="不再计时"))
    rows = Clock.objects.select_for_update().filter(subject=subject, record=record, state=Clock.RUNNING)
    found = list(rows if names is None else rows.filter(name__in=names))
    for clock in found:
        clock.state, clock.why_dropped = Clock.DROPPED, reason[:200]
    Clock.objects.bulk_update(found, ["state", "why_dropped"])
    audit.record_many(
        by=by, at=at, action="drop_clock", subject="clock",
        entries=[
            (f"{c.subject} {c.record} {c.name}", c.office_code, {"label": c.label, "reason": reason})
            for c in found
        ],
    )  # fmt: skip
    return found


def _recount(clock: Clock, action: str, by: Actor, at: dt.datetime, **detail: Any) -> Clock:
    before, calendar = _shown(clock), workdays.standing()
    counting.put(clock, counting.count(clock.rule, counting.start(clock), clock.facts, calendar), calendar)
    clock.save(update_fields=["facts", *_COUNTED])
    _note(action, clock, by, at, due=[before, _shown(clock)], **detail)
    return clock


@transaction.atomic
def extend_clock(
    *, subject: str, record: int, name: str, n: int, unit: str, approved_on: dt.date, reason: str, by: Actor,
    at: dt.datetime,
) -> Clock:  # fmt: skip
    """Lengthen a running clock by ``n`` of WD, ND, CM, CY or H; approved too late it changes nothing (DC-14).

    Refused: nothing runs (T101), no reason (T104), a unit that does not fit (K426).
    """
    clock = _must_run(subject, record, name)
    if not reason.strip():
        raise Refused(problems("T104", what="延长"))
    added = {"n": n, "unit": unit, "approved_on": approved_on.isoformat()}
    clock.facts = {**clock.facts, "extensions": [*clock.facts.get("extensions", []), added]}
    return _recount(clock, "extend_clock", by, at, added=added, reason=reason)


def _open_stop(clock: Clock) -> dict[str, Any] | None:
    return next((stop for stop in clock.facts.get("stops", []) if not stop.get("to")), None)


@transaction.atomic
def suspend_clock(
    *, subject: str, record: int, name: str, first: dt.date, reason: str, by: Actor, at: dt.datetime
) -> Clock:
    """中止: days from ``first`` on do not count until ``resume_clock``; no due date until then."""
    clock = _must_run(subject, record, name)
    if not reason.strip():
        raise Refused(problems("T104", what="中止"))
    if stop := _open_stop(clock):
        raise Refused(problems("T102", clock.title, label=clock.label, first=stop["from"]))
    stop = {"from": first.isoformat(), "reason": reason}
    clock.facts = {**clock.facts, "stops": [*clock.facts.get("stops", []), stop]}
    return _recount(clock, "suspend_clock", by, at, first=first, reason=reason)


@transaction.atomic
def resume_clock(*, subject: str, record: int, name: str, last: dt.date, by: Actor, at: dt.datetime) -> Clock:
    """恢复计时: ``last`` is the last day that does not count. Refused: not suspended (T103), K427."""
    clock = _must_run(subject, record, name)
    stop = _open_stop(clock)
    if stop is None:
        raise Refused(problems("T103", clock.title, label=clock.label))
    closed = {**stop, "to": last.isoformat()}
    clock.facts = {**clock.facts, "stops": [closed if s is stop else s for s in clock.facts["stops"]]}
    return _recount(clock, "resume_clock", by, at, last=last)


@transaction.atomic
def recompute_clocks(*, by: Actor, at: dt.datetime) -> list[Move]:
    """Count every running clock of the actor's offices again on the calendar in force, and log each move.

    Clocks that get the same answer are only marked as counted on this calendar. Returns what moved.
    """
    require(by, "clocks.recompute")
    calendar = workdays.standing()
    stale = queries.stale(by).select_for_update()
    moves = queries.moves(stale, calendar)
    for move in moves:
        counting.put(move.clock, move.after, calendar)
    Clock.objects.bulk_update([move.clock for move in moves], _COUNTED, batch_size=500)
    audit.record_many(
        by=by, at=at, action="recompute_clock", subject="clock",
        entries=[
            (f"{m.clock.subject} {m.clock.record} {m.clock.name}", m.clock.office_code, m.as_json())
            for m in moves
        ],
    )  # fmt: skip
    queries.stale(by).update(calendar=calendar.version)
    return moves
