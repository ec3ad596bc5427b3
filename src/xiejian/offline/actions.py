"""Every write of the field room: phones registered and revoked, events taken in once, doubts and conflicts
decided by an officer.

An event is stored first, whatever it says; then each is carried out in its own transaction together with
its outcome, in the order of its visit on that phone. So a sync that comes twice, out of order or by halves
ends the same, and a server that is killed in between loses and doubles nothing.
"""

from __future__ import annotations

import datetime as dt
import logging
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import DatabaseError, OperationalError, transaction

from xiejian.inspections import actions as inspections
from xiejian.inspections import checklist_versions, checklists, own_points
from xiejian.inspections.models import Visit
from xiejian.kernel.problems import Catalogue, Problem, Refused
from xiejian.offline import day, files, handlers
from xiejian.offline.models import Conflict, Device, FieldEvent
from xiejian.people import audit
from xiejian.people.models import Officer
from xiejian.people.policy import Actor, require

problems = Catalogue(Path(__file__).with_name("problems.toml"))
logger = logging.getLogger(__name__)
PERMISSION = "inspections.visit"
FINAL = ("applied", "same", "conflict", "set_aside")


def _note(
    action: str, subject: str, key: str, office: str, by: Actor, at: dt.datetime, **detail: Any
) -> None:
    audit.record(by=by, at=at, action=action, subject=subject, key=key, office_code=office, detail=detail)


# ── phones ────────────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def register_device(*, officer: Officer, name: str, by: Actor, at: dt.datetime) -> Device:
    """A phone of an officer, with a fresh secret for its local store. Refused without a name (O106)."""
    require(by, PERMISSION, officer.office.code, where=officer.name)
    if not name.strip():
        raise Refused(problems("O106", "设备名称"))
    device = Device.objects.create(
        officer=officer, office_code=officer.office.code, name=name.strip()[:60],
        secret=secrets.token_hex(32), registered_at=at, last_sync_at=at,
    )  # fmt: skip
    _note(
        "register_device", "device", str(device.pk), device.office_code, by, at,
        name=device.name, officer=officer.username,
    )  # fmt: skip
    return device


@transaction.atomic
def revoke_device(*, device: Device, reason: str, by: Actor, at: dt.datetime) -> Device:
    """The phone may not sync any more and clears itself at its next contact.

    The officer's own phone, or any by whoever manages the people of its office. Needs a reason (O107).
    """
    device = Device.objects.select_for_update(of=("self",)).select_related("officer").get(pk=device.pk)
    if device.officer.username != by.username:
        require(by, "people.manage", device.office_code, where=device.name)
    if not reason.strip():
        raise Refused(problems("O107", device.name))
    if device.revoked_at is None:
        device.revoked_at, device.revoked_by, device.revoked_reason = at, by.name, reason.strip()[:200]
        device.save()
        _note(
            "revoke_device", "device", str(device.pk), device.office_code, by, at,
            name=device.name, officer=device.officer.username, reason=device.revoked_reason,
        )  # fmt: skip
    return device


def check_device(device: Device) -> list[Problem]:
    """Whether the phone may still sync: not revoked, its officer in post."""
    if device.revoked_at is not None:
        return [problems("O101", device.name, reason=device.revoked_reason)]
    if not device.officer.is_active:
        return [problems("O101", device.name, reason=f"{device.officer.name}已不在岗")]
    return []


@transaction.atomic
def hand_out_day(
    *, device: Device, on: dt.date, days: int, all_of_office: bool, by: Actor, at: dt.datetime
) -> dict[str, Any]:
    """What the officer takes along (day.content); the versions of the checklists handed out are kept.

    ``days``: visits planned up to so many days ahead; ``all_of_office``: with every party of the office
    besides those of the visits. Every checklist in force goes along, for a visit that nobody planned.
    """
    require(by, PERMISSION, device.office_code, where=device.name)
    visits = day.taken(by, on, days)
    handed = checklist_versions.hand_out(visits=visits, by=by, at=at)
    own = list(own_points.of_offices([by.office_code]))
    current = [
        checklists.with_points(known, own_points.points(own, known.id, by.office_code, on))
        for known in checklists.checklists().values()
        if known.in_force(on)
    ]
    checklist_versions.keep(current, at)
    Device.objects.filter(pk=device.pk).update(last_sync_at=at)
    return day.content(by, visits, handed, current, on=on, all_of_office=all_of_office)


# ── events ────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Given:
    """An event as a phone sends it."""

    id: uuid.UUID
    visit_key: str
    sequence: int
    kind: str
    payload: dict[str, Any]
    captured_at: dt.datetime


@dataclass(frozen=True)
class Answer:
    """What the phone is told about one event; ``outcome`` is one of FieldEvent.OUTCOMES."""

    id: uuid.UUID
    outcome: str
    problems: list[dict[str, str]]
    visit: int | None = None


def _locked(device: Device) -> Device:
    """The phone, held: two requests of one phone never carry out its events at the same time."""
    return Device.objects.select_for_update(of=("self",)).select_related("officer__office").get(pk=device.pk)


@transaction.atomic
def _store(
    device: Device, given: list[Given], offset: int, at: dt.datetime
) -> dict[uuid.UUID, list[Problem]]:
    """Keep every new event; the problems of those whose number or place is taken by something else."""
    device = _locked(device)
    if revoked := check_device(device):
        raise Refused(revoked)
    device.last_sync_at, device.clock_offset = at, offset
    device.save(update_fields=["last_sync_at", "clock_offset"])
    keys = {g.visit_key for g in given}
    rows = FieldEvent.objects.filter(device=device, visit_key__in=keys)
    taken = {(r.visit_key, r.sequence): r.id for r in rows}
    stored = {r.id: r for r in FieldEvent.objects.filter(id__in=[g.id for g in given])}
    ids = [int(key) for key in keys if key.isdecimal()]
    offices = dict(Visit.objects.filter(pk__in=ids).values_list("pk", "office_code"))
    fresh: dict[uuid.UUID, FieldEvent] = {}
    wrong: dict[uuid.UUID, list[Problem]] = {}
    for g in given:
        place = (g.visit_key, g.sequence)
        before = stored.get(g.id) or fresh.get(g.id)
        if before is not None:
            if (before.device_id, before.visit_key, before.sequence, before.payload) != (
                device.pk, *place, g.payload
            ):  # fmt: skip
                wrong[g.id] = [problems("O207", str(g.id))]
            continue
        if taken.setdefault(place, g.id) != g.id:
            wrong[g.id] = [problems("O207", str(g.id))]
            continue
        number = int(g.visit_key) if g.visit_key.isdecimal() else None
        fresh[g.id] = FieldEvent(
            id=g.id, device=device, visit_key=g.visit_key, sequence=g.sequence, kind=g.kind,
            payload=g.payload, visit_id=number if number in offices else None,
            office_code=offices.get(number, device.office_code) if number else device.office_code,
            captured_at=g.captured_at, clock_offset=offset, received_at=at, outcome="waiting",
        )  # fmt: skip
    FieldEvent.objects.bulk_create(fresh.values())
    return wrong


def _carry_out(event: FieldEvent, by: Actor, at: dt.datetime) -> handlers.Result:
    """Run the handler; what is refused leaves nothing behind but the problem."""
    handler = handlers.KINDS.get(event.kind)
    visit = handlers.visit_of(event.device, event.visit_key)
    told = handlers.Told(event, visit, {**event.payload, **event.amended}, by, at)
    if handler is None:
        return handlers.Result("refused", problems=[problems("O201", event.kind, field="kind")])
    try:
        with transaction.atomic():
            result = handler(told)
    except Refused as refused:
        return handlers.Result("refused", visit, problems=refused.problems)
    except OperationalError:
        raise  # the database, not the event: the phone asks again
    except (DatabaseError, TypeError, ValueError, KeyError, AttributeError):
        # an event that nobody can read must not keep the others of the phone from being recorded
        logger.exception("field event %s", event.pk)
        return handlers.Result("refused", visit, problems=[problems("O209", event.kind)])
    result.visit = result.visit or visit
    return result


@transaction.atomic
def _advance_one(event: FieldEvent, by: Actor, at: dt.datetime) -> str:
    """Carry out one waiting event and keep its outcome with it, all or nothing; the outcome."""
    _locked(event.device)
    event.refresh_from_db()
    if event.outcome != "waiting":
        return event.outcome
    result = _carry_out(event, by, at)
    event.outcome = result.outcome
    event.problems = [p.as_json() for p in result.problems]
    if result.visit is not None:
        event.visit, event.office_code = result.visit, result.visit.office_code
    event.save()
    _keep_conflicts(event, result)
    digest = event.payload.get("sha256")
    if digest and event.outcome in ("applied", "same"):
        transaction.on_commit(lambda: files.drop(event.device, str(digest)))
    return event.outcome


def _keep_conflicts(event: FieldEvent, result: handlers.Result) -> None:
    """Both versions of each differing field; what the same phone said before about it is replaced."""
    touched = [c.field for c in result.conflicts] + result.settled
    if event.visit_id and touched:
        Conflict.objects.filter(
            visit_id=event.visit_id, event__device_id=event.device_id, field__in=touched, state="open"
        ).update(state="replaced")
    Conflict.objects.bulk_create(
        Conflict(
            event=event, visit_id=event.visit_id, field=c.field, known=c.known, stored=c.stored,
            given=c.given, office_code=event.office_code,
        )
        for c in result.conflicts
    )  # fmt: skip


def _advance(device: Device, key: str, at: dt.datetime) -> None:
    """Carry out what can be of one visit on one phone: in order, up to a gap or what is undecided."""
    by = Actor.of(device.officer)
    chain = FieldEvent.objects.filter(device=device, visit_key=key).select_related("device")
    for place, event in enumerate(chain.order_by("sequence"), 1):
        if event.sequence != place:
            return
        outcome = _advance_one(event, by, at) if event.outcome == "waiting" else event.outcome
        if outcome == "waiting" or (outcome == "refused" and event.kind not in handlers.BESIDE):
            return


def receive_events(
    *, device: Device, events: Iterable[Given], clock_offset: int, by: Actor, at: dt.datetime
) -> list[Answer]:
    """Take in what a phone sends and carry out what is in turn; one answer per event, in the given order.

    ``clock_offset``: seconds by which the phone is ahead. Each event is its own transaction. Refused as a
    whole when the phone is revoked (O101); what one event is refused for stands in its answer.
    """
    given = list(events)
    require(by, PERMISSION, device.office_code, where=device.name)
    wrong = _store(device, given, clock_offset, at)
    waiting = FieldEvent.objects.filter(device=device, outcome="waiting")
    for key in waiting.order_by("visit_key").values_list("visit_key", flat=True).distinct():
        _advance(device, key, at)
    rows = FieldEvent.objects.in_bulk([g.id for g in given])
    return [
        Answer(g.id, "refused", [p.as_json() for p in wrong[g.id]])
        if g.id in wrong
        else Answer(g.id, rows[g.id].outcome, rows[g.id].problems, rows[g.id].visit_id)
        for g in given
    ]


# ── what an officer decides ───────────────────────────────────────────────────────────────────────
def _undecided(event: FieldEvent, reason: str, by: Actor) -> FieldEvent:
    locked = FieldEvent.objects.select_for_update(of=("self",)).select_related("device__officer__office")
    event = locked.get(pk=event.pk)
    require(by, PERMISSION, event.office_code, where=event.visit_key)
    if event.outcome not in ("refused", "waiting"):
        state = FieldEvent.OUTCOMES[event.outcome]
        raise Refused(problems("O401", event.visit_key, state=state))
    if not reason.strip():
        raise Refused(problems("O402", "理由"))
    return event


def _decided(event: FieldEvent, action: str, reason: str, by: Actor, at: dt.datetime) -> None:
    event.decided_at, event.decided_by, event.reason = at, by.name, reason.strip()[:200]
    event.save()
    _note(
        action, "field_event", str(event.pk), event.office_code, by, at, kind=event.kind, reason=event.reason,
        visit=event.visit_key, device=event.device.name, amended=event.amended, accepted=event.accepted,
    )  # fmt: skip


def record_event(
    *, event: FieldEvent, reason: str, by: Actor, at: dt.datetime, on: dt.date | None = None
) -> FieldEvent:
    """Record what was held back all the same, with another date where one is given; then what waited for it.

    Doubts (cancelled party, wrong clock, unknown checklist version) are set aside with the reason; what a
    room refuses is refused again and stays as it is.
    """
    with transaction.atomic():
        event = _undecided(event, reason, by)
        event.accepted = sorted({*event.accepted, *(p["code"] for p in event.problems)})
        if on is not None:
            event.amended = {**event.amended, "on": str(on)}
        event.outcome = "waiting"
        _decided(event, "record_event", reason, by, at)
    _advance(event.device, event.visit_key, at)
    event.refresh_from_db()
    return event


def set_aside_event(*, event: FieldEvent, reason: str, by: Actor, at: dt.datetime) -> FieldEvent:
    """Do not record it; it stays readable with the reason, and what waited behind it goes on."""
    with transaction.atomic():
        event = _undecided(event, reason, by)
        event.outcome = "set_aside"
        _decided(event, "set_aside_event", reason, by, at)
    _advance(event.device, event.visit_key, at)
    return event


def decide_conflict(*, conflict: Conflict, take: bool, reason: str, by: Actor, at: dt.datetime) -> Conflict:
    """Keep what the system holds, or take what the phone says; the other version stays readable.

    What waited for the decision goes on. Refused: decided before (O401), no reason (O402), and whatever the
    visit's own rules refuse.
    """
    with transaction.atomic():
        locked = Conflict.objects.select_for_update(of=("self",)).select_related("visit", "event__device")
        conflict = locked.get(pk=conflict.pk)
        require(by, PERMISSION, conflict.office_code, where=conflict.visit.number)
        if conflict.state != "open":
            raise Refused(problems("O401", conflict.field, state=Conflict.STATES[conflict.state]))
        if not reason.strip():
            raise Refused(problems("O402", "理由"))
        if take:
            _take(conflict, reason, by, at)
        conflict.state = "taken" if take else "kept"
        conflict.decided_at, conflict.decided_by, conflict.reason = at, by.name, reason.strip()[:200]
        conflict.save()
        _note(
            "decide_conflict", "visit", conflict.visit.number, conflict.office_code, by, at,
            field=conflict.field, stored=conflict.stored, given=conflict.given, state=conflict.state,
            reason=conflict.reason,
        )  # fmt: skip
    waiting = FieldEvent.objects.filter(visit=conflict.visit_id, outcome="waiting")
    for event in waiting.select_related("device__officer__office"):
        _advance(event.device, event.visit_key, at)
    return conflict


def _take(conflict: Conflict, reason: str, by: Actor, at: dt.datetime) -> None:
    given: dict[str, Any] = conflict.given
    changes: dict[str, Any] = {}
    if conflict.field.startswith("point:"):
        changes["entry"] = handlers.entry_of(given)
    elif conflict.field == "start":
        changes["visited_on"] = dt.date.fromisoformat(given["on"])
        changes["persons"] = given["persons"]
    else:
        changes["conclusion"] = given["conclusion"]
    inspections.settle_visit(visit=conflict.visit, reason=reason, by=by, at=at, **changes)
