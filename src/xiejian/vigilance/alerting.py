"""Alerts and signals over stored reports: arithmetic on facts, no database.

An alert counts reports alike within so many days; a signal compares how often a product is reported with a
failure against all reports. Either is a reason to look, never a finding.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xiejian.signals.counting import Reports, codes, count
from xiejian.signals.detection import as_json, measure


@dataclass(frozen=True)
class Fact:
    """One report as alerts and signals see it; ``term`` is a label, ``on`` the day of the report."""

    pk: int
    number: str
    party: str
    product: str
    lot: str
    term: str
    harm: str
    on: dt.date


@dataclass(frozen=True)
class Alert:
    """What one rule found: the reports of one group that came within its days, the last on ``on``."""

    rule: str
    product: str
    subject: str
    on: dt.date
    reports: tuple[Fact, ...]


@dataclass(frozen=True)
class Signal:
    """One pair of product and term with the profiles that fire.

    ``values`` as ``xiejian signals`` answers them; of a pair with an empty count the ratios are those with
    one half added, as ``corrected`` then says.
    """

    product: str
    term: str
    n: int
    values: Mapping[str, Any]
    fires: tuple[str, ...]


def alerts(
    facts: Iterable[Fact], rules: Mapping[str, Mapping[str, Any]], since: dt.date, until: dt.date
) -> list[Alert]:
    """The alerts whose last report is of the days ``since`` to ``until``, newest first, one per group."""
    rows = sorted((f for f in facts if f.on <= until), key=lambda f: (f.on, f.pk))
    found = [alert for rule in rules.values() for alert in _of_rule(rows, rule) if alert.on >= since]
    return sorted(found, key=lambda a: (a.on, a.product, a.rule, a.subject), reverse=True)


def _of_rule(rows: Sequence[Fact], rule: Mapping[str, Any]) -> list[Alert]:
    groups: dict[tuple[str, ...], list[Fact]] = defaultdict(list)
    for fact in rows:
        key = tuple(getattr(fact, name) for name in rule["by"])
        wanted = all(getattr(fact, name) in known for name, known in rule.get("when", {}).items())
        if wanted and all(key):
            groups[key].append(fact)
    if rule.get("new"):
        return _new(rows, groups, rule)
    if rule.get("months"):
        return [a for key, found in groups.items() if (a := _month(key, found, rule, rows[0].on))]
    return [alert for key, found in groups.items() if (alert := _window(key, found, rule))]


def _window(key: tuple[str, ...], found: Sequence[Fact], rule: Mapping[str, Any]) -> Alert | None:
    """The last run of reports within the rule's days that is long enough."""
    for last in range(len(found) - 1, -1, -1):
        first_day = found[last].on - dt.timedelta(days=rule["days"])
        run = [fact for fact in found[: last + 1] if fact.on >= first_day]
        if len(run) >= rule["count"]:
            return _alert(key, run, rule)
    return None


def _months(on: dt.date) -> int:
    """The months from the beginning of the calendar to that of the day."""
    return on.year * 12 + on.month


def _month(
    key: tuple[str, ...], found: Sequence[Fact], rule: Mapping[str, Any], first: dt.date
) -> Alert | None:
    """The last month of a group, where it holds more than the mean of the months before and some deviations.

    Months without a report count as none; nothing is said while the records (from ``first``) are younger
    than the months compared.
    """
    last, back = _months(found[-1].on), int(rule["months"])
    if _months(first) > last - back:
        return None
    counts = Counter(_months(fact.on) for fact in found)
    before = [counts[last - n] for n in range(1, back + 1)]
    limit = statistics.mean(before) + rule["deviations"] * statistics.stdev(before)
    run = [fact for fact in found if _months(fact.on) == last]
    return _alert(key, run, rule) if len(run) >= rule["count"] and len(run) > limit else None


def _new(
    rows: Sequence[Fact], groups: Mapping[tuple[str, ...], list[Fact]], rule: Mapping[str, Any]
) -> list[Alert]:
    """Groups that begin on a day on which their product had been reported before."""
    first_of: dict[str, dt.date] = {}
    for fact in rows:
        first_of.setdefault(fact.product, fact.on)
    return [
        _alert(key, [found[0]], rule)
        for key, found in groups.items()
        if first_of[found[0].product] < found[0].on
    ]


def _alert(key: tuple[str, ...], run: Sequence[Fact], rule: Mapping[str, Any]) -> Alert:
    named = [part for part, name in zip(key, rule["by"], strict=True) if name != "product"]
    return Alert(str(rule["id"]), run[-1].product, " ".join(named), run[-1].on, tuple(run))


def signals(facts: Sequence[Fact], profiles: Mapping[str, Mapping[str, Any]]) -> list[Signal]:
    """Every pair of product and term reported together, strata by year, strongest first."""
    told = [fact for fact in facts if fact.term]
    if not told:
        return []
    product, products = codes([fact.product for fact in told])
    term, terms = codes([fact.term for fact in told])
    year, _ = codes([str(fact.on.year) for fact in told])
    answer = as_json(measure(count(Reports(np.arange(len(told)), product, term, year, products, terms))))
    return [
        Signal(
            pair["product"], pair["event"], pair["n"], pair,
            tuple(name for name in profiles if fires(name, pair, profiles)),
        )
        for pair in map(_filled, answer["pairs"])
    ]  # fmt: skip


def _filled(pair: dict[str, Any]) -> dict[str, Any]:
    """Ratios of a pair with an empty count are those with one half added to every count."""
    lifted = pair["corrected"] or {}
    return {**pair, **lifted, "corrected": bool(lifted)}


def fires(name: str, pair: Mapping[str, Any], profiles: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a profile says signal; a value that the counts leave undefined never does."""
    profile = profiles[name]
    if parts := profile.get("of"):
        return all(fires(part, pair, profiles) for part in parts)
    return all(_met(need, pair) for need in profile["need"])


def _met(need: Mapping[str, Any], pair: Mapping[str, Any]) -> bool:
    value = pair[need["value"]]
    if value is None:
        return False
    return bool(value > need["above"]) if "above" in need else bool(value >= need["least"])
