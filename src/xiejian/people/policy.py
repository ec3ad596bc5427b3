"""Who may do what, and who may see what: decided here and nowhere else, and refused by default."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar, cast

from django.db.models import Model, QuerySet

from xiejian.kernel.divisions import stem
from xiejian.kernel.problems import Catalogue, Refused
from xiejian.people.models import Officer
from xiejian.people.permissions import PERMISSIONS

problems = Catalogue(Path(__file__).with_name("problems.toml"))
M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Actor:
    """Whoever acts: an officer who signed in, or the system's own command line."""

    username: str
    name: str
    office_code: str
    role: str

    @classmethod
    def of(cls, officer: Officer) -> Actor:
        return cls(officer.username, officer.name, officer.office.code, officer.role)


#: The command line and background work: runs on the machine itself, sees every office.
SYSTEM = Actor("system", "系统", "000000", "system")


@dataclass(frozen=True)
class Answer:
    """Yes or no, and why."""

    allowed: bool
    reason: str

    def __bool__(self) -> bool:
        return self.allowed


@cache
def roles() -> dict[str, dict[str, object]]:
    """Role id → {label, permissions}; ValueError when roles.toml names an unknown permission."""
    with Path(__file__).with_name("roles.toml").open("rb") as file:
        found = tomllib.load(file)
    for role, entry in found.items():
        if unknown := set(entry["permissions"]) - set(PERMISSIONS):
            raise ValueError(f"role {role} names unknown permissions {sorted(unknown)}")
    return found


def roles_with(permission: str) -> list[str]:
    """The roles that hold a permission; KeyError for an unknown one."""
    if permission not in PERMISSIONS:
        raise KeyError(permission)
    return [role for role, entry in roles().items() if permission in cast(list[str], entry["permissions"])]


def role_label(role: str) -> str:
    return "系统" if role == "system" else str(roles().get(role, {}).get("label", role))


#: A firm that answers its own order by a receipt link: no officer, no rows, this one permission.
RECEIPT_ROLE = "receipt"
RECEIPT_PERMISSIONS = frozenset({"inspections.answer"})


# Predicates: each reads as a claim about an actor and the office a thing belongs to.
def same_office_or_below(actor: Actor, office_code: str) -> bool:
    return office_code.startswith(stem(actor.office_code))


def any_office(actor: Actor, office_code: str) -> bool:
    return True


#: permission → lines of predicates; a line grants when all of its predicates hold, any line is enough.
#: A permission without lines of its own is bounded by the office tree.
LINES: dict[str, list[list[Callable[[Actor, str], bool]]]] = {"rules.view": [[any_office]]}
BOUNDED: list[list[Callable[[Actor, str], bool]]] = [[same_office_or_below]]


def may(actor: Actor | None, permission: str, office_code: str | None = None) -> Answer:
    """Whether ``actor`` may do ``permission`` for a thing of ``office_code`` (own office when None)."""
    if permission not in PERMISSIONS:
        raise KeyError(permission)
    if actor is None:
        return Answer(False, "未登录")
    if actor.role == "system":
        return Answer(True, "系统")
    held = roles().get(actor.role, {}).get("permissions", [])
    if actor.role == RECEIPT_ROLE:
        held = RECEIPT_PERMISSIONS
    if permission not in held:  # type: ignore[operator]
        return Answer(False, f"{role_label(actor.role)}没有“{PERMISSIONS[permission]}”权限")
    code = actor.office_code if office_code is None else office_code
    for line in LINES.get(permission, BOUNDED):
        if all(predicate(actor, code) for predicate in line):
            return Answer(True, f"{role_label(actor.role)}：{PERMISSIONS[permission]}")
    return Answer(False, "不在本机构及下级机构范围内")


def require(actor: Actor | None, permission: str, office_code: str | None = None, where: str = "") -> None:
    """Refused with P101 unless ``may`` says yes."""
    answer = may(actor, permission, office_code)
    if not answer:
        raise Refused(problems("P101", where, reason=answer.reason))


def require_one(actor: Actor | None, permissions: Sequence[str], office_code: str, where: str = "") -> None:
    """Refused with P101 unless ``may`` says yes to one of the permissions; the reason is the first's."""
    if not any(may(actor, permission, office_code) for permission in permissions):
        require(actor, permissions[0], office_code, where)


def handed_down(rows: QuerySet[M], actor: Actor | None, field: str = "office__stem") -> QuerySet[M]:
    """The rows of the actor's office and the offices above: what those laid down holds below, to be read.

    ``field`` is the path to the stem of the office. Nothing for nobody; the system reads all.
    """
    if actor is None or actor.role == RECEIPT_ROLE:
        return rows.none()
    base = stem(actor.office_code)
    if actor.role == "system":
        return rows
    return rows.filter(**{f"{field}__in": [base[:length] for length in range(len(base) + 1)]})


def visible(rows: QuerySet[M], actor: Actor | None, field: str = "office_code") -> QuerySet[M]:
    """The rows of the actor's office and the offices below; nothing for nobody.

    Every list, export, count and API uses this one filter. ``field`` is the path to the
    office code, e.g. ``party__office_code``.
    """
    if actor is None or actor.role == RECEIPT_ROLE:
        return rows.none()
    base = stem(actor.office_code)
    return rows if base == "" else rows.filter(**{f"{field}__startswith": base})
