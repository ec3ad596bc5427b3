"""What is published of a penalty and for how long, read from packs/cases/publication.toml. No database."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from xiejian.kernel import deadlines
from xiejian.kernel.packs import root

FEN = 100  # 分 in a yuan
#: clocks of a decided case of which one runs: to publish it, or to pass it on to another province
PUBLISH = ("publish", "push")


@dataclass(frozen=True)
class Ground:
    """Why something is not published, withdrawn, or ended early. ``proposed``: follows from the case."""

    id: str
    meaning: str
    citation: str
    unverified: bool = False
    proposed: bool = False


@dataclass(frozen=True)
class Penalty:
    """What a decision comes to, as the terms ask for it. Amounts in 分."""

    fine_fen: int
    confiscated_fen: int
    business_stopped: bool
    licence_revoked: bool
    natural_person: bool
    lighter: bool  # decided at the 从轻 or 减轻 step


@dataclass(frozen=True)
class Span:
    """From when to when it is public. ``early_on``: an early end may be asked for from then on."""

    term: str
    rule: str
    until_on: dt.date
    early_on: dt.date | None


@cache
def _read() -> dict[str, list[dict[str, Any]]]:
    """Shape → entries in order; ValueError for one without meaning, citation and one status."""
    with (root() / "cases" / "publication.toml").open("rb") as file:
        raw: dict[str, list[dict[str, Any]]] = tomllib.load(file)
    for shape, entries in raw.items():
        for entry in entries:
            sourced = entry.get("meaning") and entry.get("citation")
            if not sourced or bool(entry.get("checked")) == bool(entry.get("unverified")):
                raise ValueError(f"cases/publication.toml {shape} {entry.get('id')}: not sourced")
    return raw


def entries(shape: str) -> list[dict[str, Any]]:
    """The entries of a shape as they stand in the pack."""
    return _read()[shape]


@cache
def _grounds(shape: str) -> dict[str, Ground]:
    return {
        e["id"]: Ground(
            e["id"], e["meaning"], e["citation"], e.get("unverified", False), e.get("proposed", False)
        )
        for e in _read()[shape]
    }


def exemptions() -> dict[str, Ground]:
    return _grounds("exempt")


def withdrawals() -> dict[str, Ground]:
    return _grounds("withdrawal")


def conditions() -> dict[str, Ground]:
    """What must hold before publication ends early."""
    return _grounds("condition")


def clock_rule(clock: str) -> str:
    """The time limit of deadlines.toml behind one of this room's clocks."""
    return str(next(entry["rule"] for entry in _read()["clock"] if entry["id"] == clock))


def publish_clock(party_division: str, office_code: str) -> str:
    """publish, or push where the party is registered in another province."""
    return "publish" if party_division[:2] == office_code[:2] else "push"


def proposed_exemption(penalty: Penalty) -> str:
    """The ground on which a decision is not published at all, '' where it is to be."""
    nothing = not (penalty.fine_fen or penalty.confiscated_fen)
    if nothing and not penalty.business_stopped and not penalty.licence_revoked:
        return next((ground.id for ground in exemptions().values() if ground.proposed), "")
    return ""


def _flags(penalty: Penalty) -> set[str]:
    limits = {e["id"]: e["value"] * FEN for e in _read()["value"]}
    limit = limits["small_fine_person" if penalty.natural_person else "small_fine_unit"]
    only_fine = not (penalty.confiscated_fen or penalty.business_stopped or penalty.licence_revoked)
    found = {
        "licence_revoked": penalty.licence_revoked, "business_stopped": penalty.business_stopped,
        "lighter": penalty.lighter, "only_fine": only_fine, "small_fine": penalty.fine_fen <= limit,
    }  # fmt: skip
    return {name for name, holds in found.items() if holds}


def span(penalty: Penalty, published_on: dt.date, restricted_until: dt.date | None = None) -> Span:
    """How long it is public. ``restricted_until``: end of a stop or ban that the decision orders."""
    flags = _flags(penalty)
    term = next(entry for entry in _read()["term"] if set(entry["when"]) <= flags)
    ends = deadlines.due(term["until"], published_on)
    until = ends.legs[0].due_strict if term.get("until_further") else ends.due_strict
    early = deadlines.due(term["early"], published_on).due_strict if term["early"] else None
    assert until is not None  # the rules named here all have a number
    if restricted_until and term["id"] == "restricted":
        until, early = max(until, restricted_until), max(early or until, restricted_until)
    return Span(term["id"], term["until"], until, early)


@cache
def _withheld() -> list[tuple[str, re.Pattern[str], str]]:
    return [(e["id"], re.compile(e["pattern"], re.DOTALL), e["with"]) for e in _read()["withhold"]]


def withhold(text: str, also: Iterable[str] = ()) -> str:
    """The text without what the public may not read; ``also``: further words of this case, a telephone say.

    >>> withhold("联系人手机13812345678，货值5000元")
    '联系人手机（电话略），货值5000元'
    """
    for word in sorted((word for word in also if len(word) > 1), key=len, reverse=True):
        text = text.replace(word, "（略）")
    for _, pattern, instead in _withheld():
        text = pattern.sub(instead, text)
    return text


def personal_in(text: str) -> list[str]:
    """The ids of the rules that still find something in a text."""
    return [rule for rule, pattern, _ in _withheld() if pattern.search(text)]
