"""Find, show and take on records of any kind; both doors for programs call only this."""

from __future__ import annotations

import datetime as dt
import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.db.models import Manager, Q, QuerySet
from django.utils import timezone

from xiejian.kernel.problems import Catalogue, Refused
from xiejian.people.policy import Actor, may, require
from xiejian.record_steps.facts import Function, parameters, read_facts
from xiejian.record_steps.firm_kinds import FIRM_KINDS
from xiejian.record_steps.kinds import KINDS, Beside, Kind

problems = Catalogue(Path(__file__).with_name("problems.toml"))
#: Rows of a page of a list.
SIZE, MOST = 50, 200
#: The refusal of a kind or record that is not there: an address that leads nowhere.
NOT_THERE = frozenset({"Y101", "Y102"})


@dataclass(frozen=True)
class Open:
    """A step that may be taken now."""

    step: str
    label: str
    permission: str
    parameters: list[dict[str, Any]]


def kinds_for(actor: Actor) -> dict[str, Kind]:
    """The kinds of a firm's own people, or those of the office."""
    return FIRM_KINDS if actor.firm else KINDS


def kind_of(name: str, actor: Actor) -> Kind:
    """The kind of this name; Refused Y101."""
    known = kinds_for(actor)
    if name not in known:
        raise Refused(problems("Y101", "kind", kind=name[:80], known="、".join(known)))
    return known[name]


def described(actor: Actor) -> list[dict[str, Any]]:
    """Every kind with its states, its steps and the facts that each takes; the same for every officer."""
    return [
        {
            "kind": kind.id, "label": kind.label, "states": kind.states,
            "create": _asked(kind, kind.create) if kind.create else None,
            "steps": {name: _asked(kind, function) for name, function in kind.functions.items()},
        }
        for kind in kinds_for(actor).values()
    ]  # fmt: skip


def _ours(kind: Kind) -> tuple[str, ...]:
    return (*kind.takes, kind.many, *kind.ours)


def _asked(kind: Kind, function: Function) -> list[dict[str, Any]]:
    ours = kind.ours if function is kind.create else _ours(kind)
    return [one.as_json() for one in parameters(function, ours)]


# --- reading -----------------------------------------------------------------------------------------------


def listed(
    name: str,
    *,
    actor: Actor,
    on: dt.date,
    search: str = "",
    state: str = "",
    page: int = 1,
    size: int = SIZE,
) -> dict[str, Any]:
    """One page of the actor's records of a kind. Refused: no such kind (Y101) or state (Y110), P101."""
    kind = kind_of(name, actor)
    require(actor, kind.view)
    if state and state not in kind.states:
        known = "、".join(kind.states)
        raise Refused(problems("Y110", "state", label=kind.label, state=state[:80], known=known))
    rows = kind.rows(actor, on, search.replace("\x00", ""), state)
    total, size = rows.count(), max(1, min(size, MOST))
    pages = max(1, -(-total // size))
    page = max(1, min(page, pages))
    found = _joined(rows, kind)[(page - 1) * size : page * size]
    return {
        "kind": kind.id, "total": total, "page": page, "pages": pages,
        "records": [_brief(row, kind) for row in found],
    }  # fmt: skip


def _joined(rows: QuerySet[Any], kind: Kind) -> QuerySet[Any]:
    """With the records that the brief fields lead to, in the same query."""
    ways = {name.rpartition(".")[0].replace(".", "__") for name in kind.brief if "." in name}
    return rows.select_related(*ways) if ways else rows


def find(name: str, key: str, *, actor: Actor, on: dt.date) -> tuple[Kind, Any]:
    """A record by its number, or by its id, in the actor's reach; Refused Y101, Y102, P101."""
    kind = kind_of(name, actor)
    require(actor, kind.view)
    text = key.strip().replace("\x00", "")
    rows = _joined(kind.rows(actor, on, "", ""), kind)
    named = Q(*[(field, text) for field in kind.keys], _connector=Q.OR) if kind.keys and text else None
    found = rows.filter(named).order_by("-pk").first() if named else None
    if found is None and text.isdecimal() and len(text) < 19:
        found = rows.filter(pk=int(text)).first()
    if found is None:
        raise Refused(problems("Y102", key[:80], key=key[:80], label=kind.label))
    return kind, found


def _value(record: Any, path: str) -> Any:
    """What a path of attributes leads to; nothing where it breaks off, a list where it branches."""
    value = record
    for name in path.split("."):
        if isinstance(value, list):
            value = [getattr(one, name) for one in value]
            continue
        value = getattr(value, name, None)
        if isinstance(value, Manager):
            value = list(value.all())
    return value


def _brief(record: Any, kind: Kind) -> dict[str, Any]:
    state = kind.state(record)
    return {
        "id": record.pk, "state": state, "state_label": kind.states.get(state, state),
        **{_field(name): _value(record, name) for name in kind.brief},
    }  # fmt: skip


def _field(path: str) -> str:
    """The name of a field: of another record it is named after that (party_uscc), its name or number not."""
    return path.removesuffix(".name").removesuffix(".number").removesuffix(".username").replace(".", "_")


def shown(kind: Kind, record: Any, *, actor: Actor) -> dict[str, Any]:
    """One record with its state, its fields and what this actor may do with it now."""
    more = {_field(name): _value(record, name) for name in kind.more}
    steps = [vars(one) for one in next_steps(kind, record, actor=actor)]
    return {"kind": kind.id, **_brief(record, kind), **more, "next": steps}


def next_steps(kind: Kind, record: Any, *, actor: Actor) -> list[Open]:
    """The steps that the workflow allows in this state and this actor may take, with their facts."""
    allowed = {t.action: Beside(kind.steps[t.action], t.label, t.permission)
               for t in kind.flow(record).allowed(kind.state(record)) if t.action in kind.steps}  # fmt: skip
    return [
        Open(name, one.label, one.permission, _asked(kind, one.function))
        for name, one in {**allowed, **kind.beside}.items()
        if may(actor, one.permission, kind.office(record, name))
    ]


# --- writing -----------------------------------------------------------------------------------------------


def create(name: str, given: dict[str, Any], *, by: Actor, at: dt.datetime) -> dict[str, Any]:
    """Make a record; Refused as the room's action, and Y101, Y104 to Y109."""
    kind = kind_of(name, by)
    require(by, kind.view)
    if kind.create is None:
        known = "、".join(one.id for one in kinds_for(by).values() if one.create)
        raise Refused(problems("Y108", name, label=kind.label, known=known))
    facts = read_facts(kind.create, given, by=by, ours=kind.ours, step=name)
    made = _kept(kind.create, facts, by, at)
    return after(name, made.pk if made else 0, by=by, at=at)


def take(
    name: str, key: str, step: str, given: dict[str, Any], *, by: Actor, at: dt.datetime
) -> dict[str, Any]:
    """Take one step of a record and show it as it is then.

    Refused as the room's action (state, permission, facts), and Y101 to Y107, Y109.
    """
    kind, record = find(name, key, actor=by, on=timezone.localdate(at))
    functions = kind.functions
    if step not in functions:
        known = "、".join(functions)
        raise Refused(problems("Y103", step[:80], label=kind.label, step=step[:80], known=known))
    facts = read_facts(functions[step], given, by=by, ours=_ours(kind), step=step)
    _kept(functions[step], facts | about(kind, functions[step], record), by, at)
    return after(name, record.pk, by=by, at=at)


def about(kind: Kind, function: Function, record: Any) -> dict[str, Any]:
    """The record, by the name under which this action takes it."""
    names = inspect.signature(function).parameters
    if kind.many in names:
        return {kind.many: [record]}
    return {next(name for name in kind.takes if name in names): record}


def _kept(function: Function, facts: dict[str, Any], by: Actor, at: dt.datetime) -> Any:
    """The action done; what the database cannot hold is refused like anything else (Y109)."""
    try:
        with transaction.atomic():
            return function(**facts, by=by, at=at)
    except (DataError, IntegrityError, OverflowError) as error:
        raise Refused(problems("Y109", why=str(error).splitlines()[0][:200])) from error


def after(name: str, record: int, *, by: Actor, at: dt.datetime) -> dict[str, Any]:
    """The record after a step; without fields where there is none, or where it left the actor's reach."""
    kind = kind_of(name, by)
    found = _joined(kind.rows(by, timezone.localdate(at), "", ""), kind).filter(pk=record).first()
    return shown(kind, found, actor=by) if found else {"kind": name, "id": record or None, "next": []}
