"""Who may do what, and who may see what: decided here and nowhere else, and refused by default."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar, cast

from django.db.models import Model, Q, QuerySet

from xiejian.kernel.divisions import stem
from xiejian.kernel.problems import Catalogue, Refused
from xiejian.people.models import FirmUser, Officer
from xiejian.people.permissions import FIRM_PERMISSIONS, PERMISSIONS

problems = Catalogue(Path(__file__).with_name("problems.toml"))
M = TypeVar("M", bound=Model)


#: Where the people of a firm stand in the tree of offices: nowhere. No office code begins so.
NO_OFFICE = "firm"


@dataclass(frozen=True)
class Actor:
    """Whoever acts: an officer who signed in, somebody of a firm, or the system's own command line.

    ``firm`` is the credit code of the firm that somebody belongs to; empty for officers and the system.
    """

    username: str
    name: str
    office_code: str
    role: str
    firm: str = ""

    @classmethod
    def of(cls, officer: Officer) -> Actor:
        return cls(officer.username, officer.name, officer.office.code, officer.role)

    @classmethod
    def of_firm(cls, user: FirmUser) -> Actor:
        return cls(f"{user.uscc}:{user.username}", user.name, NO_OFFICE, user.role, user.uscc)


#: The command line and background work: runs on the machine itself, sees every office.
SYSTEM = Actor("system", "系统", "000000", "system")


@dataclass(frozen=True)
class Answer:
    """Yes or no, and why."""

    allowed: bool
    reason: str

    def __bool__(self) -> bool:
        return self.allowed


def _read_roles(name: str, known: dict[str, str]) -> dict[str, dict[str, object]]:
    with Path(__file__).with_name(name).open("rb") as file:
        found = tomllib.load(file)
    for role, entry in found.items():
        if unknown := set(entry["permissions"]) - set(known):
            raise ValueError(f"role {role} names unknown permissions {sorted(unknown)}")
    return found


@cache
def roles() -> dict[str, dict[str, object]]:
    """Role id → {label, permissions}; ValueError when roles.toml names an unknown permission."""
    return _read_roles("roles.toml", PERMISSIONS)


@cache
def firm_roles() -> dict[str, dict[str, object]]:
    """The roles of a firm's own people, as ``roles``; from firm_roles.toml."""
    return _read_roles("firm_roles.toml", FIRM_PERMISSIONS)


def roles_with(permission: str) -> list[str]:
    """The roles that hold a permission; KeyError for an unknown one."""
    if permission not in PERMISSIONS:
        raise KeyError(permission)
    return [role for role, entry in roles().items() if permission in cast(list[str], entry["permissions"])]


def role_label(role: str) -> str:
    return "系统" if role == "system" else str((roles() | firm_roles()).get(role, {}).get("label", role))


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
    if permission not in PERMISSIONS and permission not in FIRM_PERMISSIONS:
        raise KeyError(permission)
    if actor is None:
        return Answer(False, "未登录")
    if actor.role == "system":
        return Answer(True, "系统")
    if actor.firm or permission in FIRM_PERMISSIONS:
        return may_for(actor, permission, actor.firm)
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


def may_for(actor: Actor | None, permission: str, firm: str) -> Answer:
    """Whether ``actor`` may do ``permission``, one of FIRM_PERMISSIONS, for the firm of this credit code.

    A firm's people hold nothing else and reach no other firm; an officer holds none of these.
    """
    if actor is None:
        return Answer(False, "未登录")
    if actor.role == "system":
        return Answer(True, "系统")
    if not actor.firm:
        return Answer(False, "须由该单位的人员办理")
    if permission not in cast(list[str], firm_roles().get(actor.role, {}).get("permissions", [])):
        label = FIRM_PERMISSIONS.get(permission) or PERMISSIONS[permission]
        return Answer(False, f"{role_label(actor.role)}没有“{label}”权限")
    if firm != actor.firm:
        return Answer(False, "不是本单位的记录")
    return Answer(True, f"{role_label(actor.role)}：{FIRM_PERMISSIONS[permission]}")


def require_for(actor: Actor | None, permission: str, firm: str, where: str = "") -> None:
    """Refused with P101 unless ``may_for`` says yes."""
    answer = may_for(actor, permission, firm)
    if not answer:
        raise Refused(problems("P101", where, reason=answer.reason))


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
    if actor is None or actor.role == RECEIPT_ROLE or actor.firm:
        return rows.none()
    base = stem(actor.office_code)
    if actor.role == "system":
        return rows
    return rows.filter(**{f"{field}__in": [base[:length] for length in range(len(base) + 1)]})


def visible(
    rows: QuerySet[M],
    actor: Actor | None,
    field: str | Sequence[str] = "office_code",
    *,
    firm: str | Sequence[str] = (),
) -> QuerySet[M]:
    """The rows of the actor's office and the offices below; of a firm's own people those of the firm.

    Every list, export, count and API uses this one filter; nothing for nobody. ``field`` is the path to the
    office code, e.g. ``party__office_code``; ``firm`` the path to the credit code of the firm whose row it
    is, without which no firm sees any. Of several paths any one is enough.
    """
    if actor is None or actor.role == RECEIPT_ROLE:
        return rows.none()
    if actor.firm:
        own = Q(*[(path, actor.firm) for path in _paths(firm)], _connector=Q.OR)
        return rows.filter(own) if _paths(firm) else rows.none()
    base = stem(actor.office_code)
    within = Q(*[(f"{path}__startswith", base) for path in _paths(field)], _connector=Q.OR)
    return rows if base == "" else rows.filter(within)


def private(rows: QuerySet[M], actor: Actor | None, firm: str = "firm_uscc") -> QuerySet[M]:
    """The rows of the actor's own firm. No officer sees any, of whatever office; the system sees all.

    What a firm keeps for itself (prices, customers, quality documents) is read through this one filter.
    """
    if actor is None or not (actor.firm or actor.role == "system"):
        return rows.none()
    return visible(rows, actor, firm, firm=firm)


def _paths(paths: str | Sequence[str]) -> list[str]:
    return [paths] if isinstance(paths, str) else list(paths)
