"""The time limits as data: read from ``packs/national/deadlines.toml`` and checked whole.

A row says who must do what, from which event, within how many units, where it is written and
whether that was read. Nothing without these is accepted. ``deadlines`` does the counting.
"""

from __future__ import annotations

import datetime as dt
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from xiejian.kernel.pack_folder import root
from xiejian.kernel.problems import Catalogue, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))

#: Units of a period, and the kind of day that the contract names for each.
DAY_KINDS = {
    "WD": "working",
    "ND": "calendar",
    "CM": "month",
    "CY": "year",
    "H": "hour",
    "FIX": "fixed",
    "NTH_WD": "working",
    "IMM": "calendar",
    "none": "calendar",
}
#: Units that a period, an extension or a further period can be counted in.
COUNTED = ("WD", "ND", "CM", "CY", "H")
UNIT_LABELS = {
    "WD": "个工作日",
    "ND": "日",
    "CM": "个月",
    "CY": "年",
    "H": "小时",
    "FIX": "固定日期",
    "NTH_WD": "月第几个工作日",
    "IMM": "及时",
    "none": "无期限",
}


@dataclass(frozen=True)
class Document:
    """A law, order or plan that rows cite; ``from_on``, ``until_on``: in force, where known."""

    key: str
    title: str
    number: str
    from_on: dt.date | None
    until_on: dt.date | None


@dataclass(frozen=True)
class Extension:
    """What may be added: ``n`` None means without a cap; ``approval`` says who must agree."""

    n: int | None
    unit: str
    approval: str


@dataclass(frozen=True)
class Leg:
    """A further period of the same matter from its own start.

    ``follows``: it starts when the one before it is due, at the latest.
    """

    meaning: str
    starts: str
    n: int
    unit: str
    follows: bool
    extension: Extension | None


@dataclass(frozen=True, eq=False)  # read once: equal means the same
class Rule:
    """One time limit. ``n`` is None where the rule has no number; ``dates`` are (month, day) of FIX rules.

    ``before``: counted backwards from the start; ``opens``: units before the start at which the
    window opens. ``next_year``: the dates are those of the year after the start. ``design``: which
    part is our own setting. ``replaces`` and ``replaced_by`` name the row of the other order.
    """

    id: str
    meaning: str
    who: str
    starts: str
    unit: str
    n: int | None
    before: bool
    opens: int | None
    dates: tuple[tuple[int, int], ...]
    next_year: bool
    each: bool
    extension: Extension | None
    stops: str
    legs: tuple[Leg, ...]
    citation: str
    documents: tuple[str, ...]
    unverified: bool
    checked: str
    source: str
    design: str
    note: str
    conflict: str
    setting: Extension | None
    from_on: dt.date | None
    until_on: dt.date | None
    replaces: str
    replaced_by: str

    @property
    def day_kind(self) -> str:
        """How it is counted, in the words of the contract."""
        return DAY_KINDS[self.unit]

    @property
    def has_clock(self) -> bool:
        """Whether a due date can be computed at all."""
        return self.unit not in ("IMM", "none")


@dataclass(frozen=True)
class Principle:
    """How days are counted (DC-…), or a setting with its value: shown in the rule book."""

    id: str
    meaning: str
    citation: str
    design: str
    value: Any = None


@dataclass(frozen=True, eq=False)
class TimeLimits:
    """The whole pack: ``rules`` by id in the pack's order, ``settings`` by id."""

    title: str
    rules: Mapping[str, Rule]
    documents: Mapping[str, Document]
    counting: tuple[Principle, ...]
    settings: Mapping[str, Principle]

    def setting(self, name: str) -> Any:
        """The value of a setting."""
        return self.settings[name].value


def load() -> TimeLimits:
    """The time limits in force here; Refused with K202 when the pack does not hold together."""
    return _standing(os.environ.get("XIEJIAN_PACKS"))


@cache
def _standing(folder: str | None) -> TimeLimits:
    # by the variable, not by root(): finding the folder costs more than counting a date
    return read(root() / "national" / "deadlines.toml")


@cache
def read(path: Path) -> TimeLimits:
    """One file of time limits, read once; Refused with K202."""
    try:
        with path.open("rb") as file:
            found = _limits(tomllib.load(file))
        _check_orders(found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(problems("K202", path.name, pack="deadlines", why=str(error))) from error
    return found


def _limits(raw: dict[str, Any]) -> TimeLimits:
    documents = {entry["key"]: _document(entry) for entry in raw["document"]}
    rules: dict[str, Rule] = {}
    for entry in raw["rule"]:
        rule = _rule(entry, documents)
        if rules.setdefault(rule.id, rule) is not rule:
            raise ValueError(f"{rule.id}: used twice")
    settings = [_principle(entry, documents) for entry in raw["setting"]]
    for setting in settings:
        if setting.value is None or not setting.design:
            raise ValueError(f"{setting.id}: a setting needs a value and says what is its design")
    return TimeLimits(
        title=_text(raw["pack"], "title", "pack"),
        rules=rules,
        documents=documents,
        counting=tuple(_principle(entry, documents) for entry in raw["counting"]),
        settings={setting.id: setting for setting in settings},
    )


def _document(entry: dict[str, Any]) -> Document:
    key = _text(entry, "key", "document")
    dates = [entry.get("from"), entry.get("until")]
    _refuse_other_dates(dates, key)
    return Document(key, _text(entry, "title", key), _text(entry, "number", key), *dates)


def _refuse_other_dates(dates: Iterable[object], where: str) -> None:
    if any(day is not None and type(day) is not dt.date for day in dates):
        raise ValueError(f"{where}: from and until are dates")


def _text(entry: dict[str, Any], key: str, where: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{where}: {key} is missing")
    return value.strip()


def _cited(
    entry: dict[str, Any], documents: Mapping[str, Document], where: str
) -> tuple[str, list[Document]]:
    """The citation in full, and the documents it names; articles of one document stand together."""
    articles: dict[str, list[str]] = {}
    for text in entry.get("citation", []):
        key, _, article = text.partition(" ")
        if key not in documents or not article:
            raise ValueError(f"{where}: citation {text!r} needs a document of this pack and an article")
        articles.setdefault(key, []).append(article.strip())
    if not articles:
        raise ValueError(f"{where}: citation is missing")
    named = [documents[key] for key in articles]
    parts = [f"《{d.title}》（{d.number}）{'、'.join(articles[d.key])}" for d in named]
    return "；".join(parts), named


def _status(entry: dict[str, Any], where: str) -> tuple[bool, str]:
    unverified, checked = entry.get("unverified", False), entry.get("checked", "")
    if bool(unverified) == bool(checked):
        raise ValueError(f'{where}: needs either unverified = true or checked = "…"')
    if unverified and not entry.get("source"):
        raise ValueError(f"{where}: an unverified row says where it comes from (source)")
    return bool(unverified), checked


def _principle(entry: dict[str, Any], documents: Mapping[str, Document]) -> Principle:
    name = _text(entry, "id", "counting")
    _status(entry, name)
    citation, _ = _cited(entry, documents, name)
    return Principle(
        name, _text(entry, "meaning", name), citation, entry.get("design", ""), entry.get("value")
    )


KEYS = {
    "id", "meaning", "who", "starts", "n", "unit", "direction", "opens", "dates", "year", "each", "extension",
    "stops", "legs", "citation", "checked", "unverified", "source", "design", "note", "conflict", "setting",
    "from", "until", "replaces", "replaced_by",
}  # fmt: skip


def _rule(entry: dict[str, Any], documents: Mapping[str, Document]) -> Rule:
    name = _text(entry, "id", "rule")
    if unknown := sorted(set(entry) - KEYS):
        raise ValueError(f"{name}: unknown {', '.join(unknown)}")
    citation, named = _cited(entry, documents, name)
    unverified, checked = _status(entry, name)
    _check_period(entry, name)
    _refuse_other_dates([entry.get("from"), entry.get("until")], name)
    return Rule(
        id=name,
        meaning=_text(entry, "meaning", name),
        who=_text(entry, "who", name),
        starts=_text(entry, "starts", name),
        unit=entry["unit"],
        n=entry.get("n"),
        before=entry.get("direction", "after") == "before",
        opens=entry.get("opens"),
        dates=tuple(_month_day(text, name) for text in entry.get("dates", ())),
        next_year=entry.get("year", "") == "next",
        each=entry.get("each", False),
        extension=_extension(entry.get("extension"), name),
        stops=entry.get("stops", ""),
        legs=tuple(_leg(leg, name) for leg in entry.get("legs", ())),
        citation=citation,
        documents=tuple(document.key for document in named),
        unverified=unverified,
        checked=checked,
        source=entry.get("source", ""),
        design=entry.get("design", ""),
        note=entry.get("note", ""),
        conflict=entry.get("conflict", ""),
        setting=_extension(entry["setting"] | {"approval": "设置"}, name) if "setting" in entry else None,
        from_on=entry.get("from", named[0].from_on),
        until_on=entry.get("until", named[0].until_on),
        replaces=entry.get("replaces", ""),
        replaced_by=entry.get("replaced_by", ""),
    )


def _check_period(entry: dict[str, Any], where: str) -> None:
    """A unit, and exactly what that unit needs."""
    unit, n = entry.get("unit"), entry.get("n")
    if unit not in DAY_KINDS:
        raise ValueError(f"{where}: unit must be one of {', '.join(DAY_KINDS)}")
    if entry.get("direction", "after") not in ("after", "before"):
        raise ValueError(f"{where}: direction is after or before")
    before = entry.get("direction") == "before"
    if unit in (*COUNTED, "NTH_WD"):
        # n = 0 only backwards: "before that day"
        if type(n) is not int or n < (0 if before else 1):
            raise ValueError(f"{where}: n must be a whole number above 0")
    elif n is not None:
        raise ValueError(f"{where}: {unit} takes no n")
    if bool(entry.get("dates")) != (unit == "FIX"):
        raise ValueError(f"{where}: dates belong to FIX, and FIX needs them")
    if "opens" in entry and not (before and type(entry["opens"]) is int and entry["opens"] > (n or 0)):
        raise ValueError(f"{where}: a window opens before it closes, and both lie before the start")
    if before and unit not in ("WD", "ND", "CM", "CY"):
        raise ValueError(f"{where}: {unit} cannot be counted backwards")
    if not entry.get("note") and unit in ("IMM", "none"):
        raise ValueError(f"{where}: without a number it needs a note that says why")


def _month_day(text: str, where: str) -> tuple[int, int]:
    try:
        day = dt.date.fromisoformat(f"2001-{text}")  # no leap day: it would be missing in most years
    except ValueError:
        raise ValueError(f"{where}: {text!r} is not MM-DD") from None
    return day.month, day.day


def _extension(entry: dict[str, Any] | None, where: str) -> Extension | None:
    if entry is None:
        return None
    n = entry.get("n")
    if entry.get("unit") not in COUNTED or (n is not None and (type(n) is not int or n < 1)):
        raise ValueError(f"{where}: extension needs n above 0 (or none) and a unit of {', '.join(COUNTED)}")
    return Extension(n, entry["unit"], _text(entry, "approval", where))


def _leg(entry: dict[str, Any], where: str) -> Leg:
    if type(entry.get("n")) is not int or entry["n"] < 1 or entry.get("unit") not in COUNTED:
        raise ValueError(f"{where}: each of the legs needs n above 0 and a unit of {', '.join(COUNTED)}")
    return Leg(
        _text(entry, "meaning", where),
        _text(entry, "starts", where),
        entry["n"],
        entry["unit"],
        entry.get("follows", False),
        _extension(entry.get("extension"), where),
    )


def period(rule: Rule, number: str) -> Rule | None:
    """The rule itself for no number; for 2, 3 … that further period of it as a rule by itself.

    None where there is none, or where it follows another and so has no start of its own.
    """
    if not number:
        return rule
    if not number.isdecimal() or not 2 <= int(number) <= len(rule.legs) + 1:
        return None
    leg = rule.legs[int(number) - 2]
    if leg.follows:
        return None
    return replace(
        rule, id=f"{rule.id}.{int(number)}", meaning=leg.meaning, starts=leg.starts, n=leg.n, unit=leg.unit,
        extension=leg.extension, legs=(), replaces="", replaced_by="", dates=(), before=False, opens=None,
    )  # fmt: skip


def _check_orders(limits: TimeLimits) -> None:
    """Old and new row name each other, and the new one begins the day after the old one ends."""
    for rule in limits.rules.values():
        for other, back in ((rule.replaces, "replaced_by"), (rule.replaced_by, "replaces")):
            if other and (other not in limits.rules or getattr(limits.rules[other], back) != rule.id):
                raise ValueError(f"{rule.id}: {other} does not name it in {back}")
        if rule.from_on and rule.until_on and rule.until_on < rule.from_on:
            raise ValueError(f"{rule.id}: ends before it begins")
        if rule.replaces:
            old = limits.rules[rule.replaces]
            if not (old.until_on and rule.from_on == old.until_on + dt.timedelta(days=1)):
                raise ValueError(f"{rule.id}: must begin the day after {old.id} ends")
