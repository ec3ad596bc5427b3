"""What credit is held to, read from packs/national/credit.toml; pure but for reading the file once.

A grade rule holds when every fact it names is at least so large; the worst grade whose rule holds is the
result, the best one where none does. All rules that hold are kept as reasons, not only the deciding ones.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from xiejian.kernel.conditions import add_months
from xiejian.kernel.deadlines import due
from xiejian.kernel.pack_folder import root

#: What a rule may ask for, and what pages call it; amounts in 分.
FACTS = {
    "blacklisted": "在严重违法失信名单中",
    "watched": "在警示名单中",
    "licence_revoked": "吊销许可证件",
    "business_stopped": "责令停产停业",
    "police": "移送公安机关",
    "penalties": "罚款、没收等处罚",
    "warnings": "警告",
    "penalty_fen": "罚没款合计",
    "severe_visits": "严重缺陷或者停产整改",
    "failed_rechecks": "复查未通过",
    "overdue_orders": "责令改正逾期未改",
    "failed_samples": "抽检不符合规定",
    "refused_sampling": "拒绝抽检",
    "founded_complaints": "投诉举报查实",
    "promises_broken": "承诺没有兑现",
    "no_shows": "约谈不到场",
    "report_missing": "未按期提交自查报告",
    "self_reported": "主动报告",
    "honour": "表彰示范",
}
MARKS = ("checked", "unverified", "design")


@dataclass(frozen=True)
class Level:
    """One grade of the scale, best first in the pack."""

    id: str
    label: str
    meaning: str
    citation: str
    unverified: bool


@dataclass(frozen=True)
class Rule:
    """The grade that follows when every fact of ``when`` is at least so large."""

    id: str
    grade: str
    when: Mapping[str, int]
    meaning: str
    citation: str
    unverified: bool

    def holds(self, facts: Mapping[str, int]) -> bool:
        return all(facts.get(fact, 0) >= least for fact, least in self.when.items())


@dataclass(frozen=True)
class ListKind:
    """One of the lists: what it needs, how long one stays on it, when one may ask to leave."""

    id: str
    label: str
    bad_credit: str
    consent: bool
    published: bool
    meaning: str
    citation: str
    term_rule: str = ""
    term_months: int = 0
    repair_rule: str = ""
    repair_months: int = 0
    bar_rule: str = ""

    def ends_on(self, listed_on: dt.date, restricted_until: dt.date | None = None) -> dt.date:
        """The first day on which the party is no longer on the list; a longer legal restriction counts."""
        end = _after(listed_on, self.term_rule, self.term_months)
        return max(end, restricted_until) if restricted_until else end

    def repair_from(self, listed_on: dt.date) -> dt.date:
        """The first day on which the party may ask to leave."""
        return _after(listed_on, self.repair_rule, self.repair_months)

    def barred_until(self, refused_on: dt.date) -> dt.date | None:
        """Until when nobody who deceived may ask again; None where the list has no such rule."""
        return _after(refused_on, self.bar_rule, 0) if self.bar_rule else None


def _after(day: dt.date, rule: str, months: int) -> dt.date:
    if not rule:
        return add_months(day, months)
    found = due(rule, day).due_strict
    if found is None:  # a rule of years always has an end
        raise ValueError(f"credit.toml: {rule} gives no date")
    return found


@dataclass(frozen=True)
class Ground:
    """Why a party is put on a list; ``heavy``: only together with a heavier penalty."""

    id: str
    list: str
    label: str
    meaning: str
    citation: str
    heavy: bool


@dataclass(frozen=True)
class Named:
    """An entry with a label: a heavier penalty, a condition of repair, a measure, a kind of information."""

    id: str
    label: str
    meaning: str
    citation: str
    answered: str = ""
    department: str = ""
    good: bool = False


@cache
def _read() -> dict[str, Any]:
    """The pack; ValueError for an entry without meaning, citation or exactly one mark."""
    raw = (root() / "national" / "credit.toml").read_bytes()
    found = tomllib.loads(raw.decode())
    for shape, entries in found.items():
        for entry in entries if isinstance(entries, list) else ():
            where = f"credit.toml {shape} {entry.get('id')}"
            if not (entry.get("meaning") and entry.get("citation")):
                raise ValueError(f"{where}: meaning and citation")
            if sum(bool(entry.get(mark)) for mark in MARKS) != 1:
                raise ValueError(f"{where}: one of {', '.join(MARKS)}")
    found["version"] = hashlib.sha256(raw).hexdigest()
    return found


def pack() -> tuple[str, str]:
    """Id and version (digest of the file) of the pack that evaluations keep."""
    return _read()["pack"]["id"], _read()["version"]


def _unread(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("unverified"))


@cache
def levels() -> dict[str, Level]:
    """Grade → its level, best first."""
    return {
        e["id"]: Level(e["id"], e["label"], e["meaning"], e["citation"], _unread(e)) for e in _read()["grade"]
    }


@cache
def grade_rules() -> dict[str, Rule]:
    """Every rule by id; ValueError for an unknown fact or grade."""
    found = {}
    for e in _read()["rule"]:
        if e["grade"] not in levels() or not e["when"] or set(e["when"]) - set(FACTS):
            raise ValueError(f"credit.toml rule {e['id']}: grade or facts")
        found[e["id"]] = Rule(e["id"], e["grade"], e["when"], e["meaning"], e["citation"], _unread(e))
    return found


def rank(grade: str) -> int:
    """0 for the best grade; a party that was never evaluated ranks with it."""
    return list(levels()).index(grade) if grade else 0


def worse(grade: str, before: str) -> bool:
    return rank(grade) > rank(before)


def evaluate(facts: Mapping[str, int]) -> tuple[str, list[Rule]]:
    """The grade that follows from the facts (not named: 0) and every rule that holds, worst first."""
    held = sorted(
        (rule for rule in grade_rules().values() if rule.holds(facts)), key=lambda r: -rank(r.grade)
    )
    return (held[0].grade if held else next(iter(levels()))), held


@cache
def lists() -> dict[str, ListKind]:
    kept = ("term_rule", "term_months", "repair_rule", "repair_months", "bar_rule")
    return {
        e["id"]: ListKind(
            e["id"], e["label"], e["bad_credit"], e["consent"], e["published"], e["meaning"], e["citation"],
            **{key: e[key] for key in kept if key in e},
        )
        for e in _read()["list"]
    }  # fmt: skip


@cache
def grounds() -> dict[str, Ground]:
    return {
        e["id"]: Ground(e["id"], e["list"], e["label"], e["meaning"], e["citation"], e["heavy"])
        for e in _read()["ground"]
    }


@cache
def _named(shape: str) -> dict[str, Named]:
    kept = ("answered", "department", "good")
    return {
        e["id"]: Named(
            e["id"], e["label"], e["meaning"], e["citation"], **{key: e[key] for key in kept if key in e}
        )
        for e in _read()[shape]
    }


def heavies() -> dict[str, Named]:
    """The heavier penalties."""
    return _named("heavy")


def conditions() -> dict[str, Named]:
    """What must hold before a party may leave a list early."""
    return _named("condition")


def measures() -> dict[str, Named]:
    """What other departments may be asked to do."""
    return _named("measure")


def information() -> dict[str, Named]:
    """Kinds of information that the office writes down itself."""
    return _named("information")


@cache
def _values() -> dict[str, int]:
    return {e["id"]: int(e["value"]) for e in _read()["value"]}


def event_months() -> int:
    """QS-1: over how many months an evaluation after an event looks."""
    return _values()["QS-1"]


def grades_published() -> bool:
    """QS-2: whether the public sees the grades."""
    return bool(_values()["QS-2"])


@cache
def number_pattern(name: str) -> str:
    """How grades and list decisions are numbered, with {short}, {year}, {n}."""
    return next(str(e["pattern"]) for e in _read()["format"] if e["id"] == name)


@cache
def clock_rule(name: str) -> str:
    """The rule of deadlines.toml behind one of our clocks."""
    return next(str(e["rule"]) for e in _read()["clock"] if e["id"] == name)
