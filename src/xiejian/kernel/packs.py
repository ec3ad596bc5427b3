"""Rule packs: the grading rules of one regime or office, read from TOML and checked whole.

A pack is a file ``packs/<region>/grading*.toml`` with a ``[pack]`` head; it may take over another
pack (``extends``) and fragments beside it (``include``). Its tables hold rows: facts → level, duty
or focus mark. A row taken over can be changed by ``[[change]]`` where it says
``may_be = "stricter"``, and only to ask more. Nothing is accepted without meaning, citation, date
and status (checked or unverified); a table that leaves a combination unanswered, a row whose dated
versions overlap or leave a gap, and a level without any duty are refused. ``conditions`` describes
``when``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from xiejian.kernel import conditions
from xiejian.kernel.kinds import KIND_LABELS
from xiejian.kernel.pack_folder import root
from xiejian.kernel.problems import Catalogue, Problem, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))

LINKS = ("生产", "经营", "使用", "网络销售", "第三方平台")
AREAS = ("医疗器械", "药品", "化妆品")
TIERS = ("province", "city", "county", "station")
HIGHEST = 4
Decides = Literal["level", "duty", "focus"]
#: What a share is counted on: the parties of the row, those inspected under it, those with problems found.
OF = ("group", "inspected", "problems")


@dataclass(frozen=True)
class Duty:
    """What an office owes one party, or a group of parties, under one rule.

    ``times`` in ``years`` for each party; ``share`` of the group in each year (1.5 = 150 %, visits
    over parties); ``within_months`` or ``within_days`` after the filing; ``by`` a day of the year
    (MM-DD). All empty: named by the rule without a number. ``discretionary``: where necessary.
    """

    rule: str
    kind: str
    times: int | None
    years: int | None
    share: float | None
    within_days: int | None
    within_months: int | None
    by: str | None
    responsible: str | None
    citation: str
    meaning: str
    unverified: bool
    of: str = "group"
    every_months: int | None = None
    discretionary: bool = False

    @property
    def has_number(self) -> bool:
        """Whether a plan can be made from it."""
        return any(v is not None for v in (self.times, self.share, self.within_days, self.within_months))


@dataclass(frozen=True)
class Row:
    """One rule row. ``level`` 0 in a level table means: cannot be graded from these facts."""

    id: str
    table: str
    decides: Decides
    links: tuple[str, ...]
    areas: tuple[str, ...]
    when: conditions.Condition
    meaning: str
    citation: str
    unverified: bool
    checked: str
    from_on: dt.date | None
    until_on: dt.date | None
    level: int | None = None
    unless_above: bool = False
    duty: Duty | None = None
    may_be: str = ""

    def in_force(self, on: dt.date) -> bool:
        return (self.from_on is None or self.from_on <= on) and (self.until_on is None or on <= self.until_on)


@dataclass(frozen=True)
class Outside:
    """Links and areas for which the pack has no levels, and the text that says so."""

    id: str
    links: tuple[str, ...]
    areas: tuple[str, ...]
    meaning: str
    citation: str
    unverified: bool


@dataclass(frozen=True)
class Principle:
    """A rule that is shown but not computed: no fact of the register decides it."""

    id: str
    meaning: str
    citation: str
    unverified: bool
    why_not: str


@dataclass(frozen=True, eq=False)  # loaded once: equal means the same, and hashing one is cheap
class Pack:
    """One regime, complete. ``version`` is the SHA-256 of every file it was read from."""

    id: str
    title: str
    meaning: str
    citation: str
    unverified: bool
    from_on: dt.date | None
    until_on: dt.date | None
    version: str
    extends: tuple[str, ...]
    files: tuple[Path, ...]
    rows: tuple[Row, ...]
    outside: tuple[Outside, ...]
    principles: tuple[Principle, ...]

    def rows_on(self, on: dt.date) -> list[Row]:
        """The rows in force on a date, in the pack's order."""
        return [row for row in self.rows if row.in_force(on)]

    def rule(self, rule_id: str) -> Row | Outside | Principle:
        """The newest row of this id; KeyError when the pack has none."""
        found = [r for group in (self.rows, self.outside, self.principles) for r in group if r.id == rule_id]
        if not found:
            raise KeyError(rule_id)
        return found[-1]

    @property
    def grades(self) -> bool:
        """Whether it gives levels at all."""
        return any(row.decides == "level" for row in self.rows)

    @property
    def fact_names(self) -> list[str]:
        """The facts that some row asks for, in the order of the catalogue."""
        asked = set().union(*(row.when.facts() for row in self.rows)) | {"link", "area"}
        return [name for name in conditions.FACTS if name in asked and name != "level"]


@cache
def _heads(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*/grading*.toml")):
        if path.name.endswith(".examples.toml"):
            continue
        pack_id = _toml(path).get("pack", {}).get("id")
        if not pack_id or found.setdefault(pack_id, path) != path:
            raise Refused(problems("K202", str(path), pack=path.stem, why="缺少 [pack] id，或标识重复"))
    return found


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, OSError) as error:
        raise Refused(problems("K202", path.name, pack=path.stem, why=str(error))) from error


def known() -> list[str]:
    """The ids of all grading packs, the national ones first."""
    heads = _heads(root())
    return sorted(heads, key=lambda pack_id: (heads[pack_id].parent.name != "national", pack_id))


def load(pack_id: str) -> Pack:
    """The pack of this id, read once; Refused with K201 (unknown) or K202 (does not hold together)."""
    if pack_id not in _heads(root()):
        raise Refused(problems("K201", pack_id, pack=pack_id, known="、".join(known())))
    return _load(pack_id, root())


@cache
def _load(pack_id: str, folder: Path) -> Pack:
    path = _heads(folder)[pack_id]
    try:
        pack = _read(path, folder)
        _check(pack)
    except (ValueError, KeyError, TypeError) as error:
        place = f"{path.parent.name}/{path.name}"
        raise Refused(problems("K202", place, pack=pack_id, why=str(error))) from error
    return pack


def _read(path: Path, folder: Path) -> Pack:
    raw = _toml(path)
    head = raw["pack"]
    bases = [_load(base, folder) for base in head.get("extends", [])]
    fragments = [path, *(path.parent / name for name in head.get("include", []))]
    files = sorted({*fragments, *(f for base in bases for f in base.files)})
    contents = [_toml(f) for f in fragments]
    taken_over = _changed([r for base in bases for r in base.rows], contents)
    start, end = _dates(head, "pack")
    if start is None and not head.get("undated"):
        raise ValueError("pack: needs `from`, or `undated` with the reason")
    return Pack(
        id=head["id"],
        title=_text(head, "title", "pack"),
        meaning=_text(head, "meaning", "pack"),
        citation=_text(head, "citation", "pack"),
        unverified=_status(head, {}, "pack")[0],
        from_on=start,
        until_on=end,
        version=hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest(),
        extends=tuple(head.get("extends", [])),
        files=tuple(files),
        rows=(*taken_over, *(r for c in contents for r in _rows(c))),
        outside=(*(o for b in bases for o in b.outside), *(o for c in contents for o in _outside(c))),
        principles=(
            *(p for b in bases for p in b.principles),
            *(p for c in contents for p in _principles(c)),
        ),
    )


def _text(entry: dict[str, Any], key: str, where: str, default: dict[str, Any] | None = None) -> str:
    value = entry.get(key, (default or {}).get(key, ""))
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{where}: {key} is missing")
    return value.strip()


def _status(entry: dict[str, Any], default: dict[str, Any], where: str) -> tuple[bool, str]:
    """Exactly one of ``unverified = true`` and ``checked = "where it was read"``."""
    source = entry if {"unverified", "checked"} & set(entry) else default
    unverified, checked = source.get("unverified", False), source.get("checked", "")
    if bool(unverified) == bool(checked):
        raise ValueError(f'{where}: needs either unverified = true or checked = "…"')
    return bool(unverified), checked


def _dates(entry: dict[str, Any], where: str) -> tuple[dt.date | None, dt.date | None]:
    found = entry.get("from"), entry.get("until")
    if any(d is not None and type(d) is not dt.date for d in found):
        raise ValueError(f"{where}: from and until are dates")
    if found[0] and found[1] and found[0] > found[1]:
        raise ValueError(f"{where}: ends before it begins")
    return found


def _names(entry: dict[str, Any], key: str, allowed: tuple[str, ...], where: str) -> tuple[str, ...]:
    found = tuple(entry.get(key, ()))
    if not found or set(found) - set(allowed):
        raise ValueError(f"{where}: {key} must name some of {'、'.join(allowed)}")
    return found


ROW_KEYS = {
    "id", "when", "meaning", "citation", "unverified", "checked", "from", "until",
    "level", "unless_above", "kind", "times", "years", "share", "within_days", "within_months",
    "by", "responsible", "of", "every_months", "discretionary", "may_be",
}  # fmt: skip
TABLE_KEYS = {
    "name",
    "decides",
    "links",
    "areas",
    "citation",
    "unverified",
    "checked",
    "from",
    "until",
    "may_be",
    "row",
}


#: what a row says about packs that take it over: nothing (leave it alone), or that they may ask more
MAY_BE = ("", "stricter")
#: the amounts of a duty, and whether the stricter side is more or less of it
STRICTER = {
    "times": "more", "years": "less", "share": "more",
    "within_days": "less", "within_months": "less", "every_months": "less", "by": "less",
}  # fmt: skip
CHANGE_KEYS = {"id", "meaning", "citation", "unverified", "checked"}


def _rows(content: dict[str, Any]) -> Iterator[Row]:
    for table in content.get("table", []):
        name = _text(table, "name", "table")
        if unknown := set(table) - TABLE_KEYS:
            raise ValueError(f"{name}: unknown keys {sorted(unknown)}")
        decides = table.get("decides")
        if decides not in {"level", "duty", "focus"}:
            raise ValueError(f"{name}: decides must be level, duty or focus")
        links, areas = _names(table, "links", LINKS, name), _names(table, "areas", AREAS, name)
        for entry in table["row"]:
            yield _row(entry, table, name, decides, links, areas)


def _row(
    entry: dict[str, Any],
    table: dict[str, Any],
    name: str,
    decides: Decides,
    links: tuple[str, ...],
    areas: tuple[str, ...],
) -> Row:
    rule = _text(entry, "id", name)
    if unknown := set(entry) - ROW_KEYS:
        raise ValueError(f"{rule}: unknown keys {sorted(unknown)}")
    if "when" not in entry:
        raise ValueError(f"{rule}: when is missing (write {{}} for every party of the table)")
    when = conditions.read(entry["when"], f"{rule}.when")
    if decides == "level" and "level" in when.facts():
        raise ValueError(f"{rule}: a level cannot depend on itself")
    unverified, checked = _status(entry, table, rule)
    meaning, citation = _text(entry, "meaning", rule), _text(entry, "citation", rule, table)
    start, end = _dates({**{k: table[k] for k in ("from", "until") if k in table}, **entry}, rule)
    may_be = entry.get("may_be", table.get("may_be", ""))
    if may_be not in MAY_BE:
        raise ValueError(f'{rule}: may_be can only be "stricter"')
    level = entry.get("level")
    if decides == "level" and level not in range(HIGHEST + 1):
        raise ValueError(f"{rule}: level must be 1 to 4, or 0 for cannot be graded")
    duty = None
    if decides == "duty":
        _check_amounts(entry, rule)
        duty = _duty(entry, rule, meaning, citation, unverified)
    return Row(
        id=rule, table=name, decides=decides, links=links, areas=areas, when=when, meaning=meaning,
        citation=citation, unverified=unverified, checked=checked, from_on=start, until_on=end, level=level,
        unless_above=entry.get("unless_above", False), duty=duty, may_be=may_be,
    )  # fmt: skip


def _duty(entry: dict[str, Any], rule: str, meaning: str, citation: str, unverified: bool) -> Duty:
    if entry.get("kind") not in KIND_LABELS:
        raise ValueError(f"{rule}: kind must be one of {', '.join(KIND_LABELS)}")
    if entry.get("responsible") not in TIERS:
        raise ValueError(f"{rule}: responsible must be one of {', '.join(TIERS)}")
    if entry.get("of", "group") not in OF:
        raise ValueError(f"{rule}: of must be one of {', '.join(OF)}")
    if ("times" in entry) != ("years" in entry):
        raise ValueError(f"{rule}: times and years belong together")
    share = float(entry["share"]) if "share" in entry else None
    return Duty(
        rule=rule, kind=entry["kind"], times=entry.get("times"), years=entry.get("years"), share=share,
        within_days=entry.get("within_days"), within_months=entry.get("within_months"), by=entry.get("by"),
        responsible=entry["responsible"], citation=citation, meaning=meaning, unverified=unverified,
        of=entry.get("of", "group"), every_months=entry.get("every_months"),
        discretionary=entry.get("discretionary", False),
    )  # fmt: skip


def _check_amounts(entry: dict[str, Any], rule: str) -> None:
    for key in ("times", "years", "within_days", "within_months", "every_months"):
        if key in entry and not (type(entry[key]) is int and entry[key] > 0):
            raise ValueError(f"{rule}: {key} must be a whole number above 0")
    if "share" in entry and not (type(entry["share"]) in (int, float) and entry["share"] > 0):
        raise ValueError(f"{rule}: share must be above 0 (1.5 is 150 %)")
    if "by" in entry:
        dt.date.fromisoformat(f"2001-{entry['by']}")


def _changed(rows: list[Row], contents: list[dict[str, Any]]) -> list[Row]:
    """The rows taken over, with the ``[[change]]`` entries applied in place."""
    changes: dict[str, dict[str, Any]] = {}
    for entry in (entry for content in contents for entry in content.get("change", [])):
        if changes.setdefault(_text(entry, "id", "change"), entry) is not entry:
            raise ValueError(f"{entry['id']}: changed twice")
    if unknown := sorted(set(changes) - {row.id for row in rows}):
        raise ValueError(f"{unknown[0]}: no such row in the packs taken over")
    return [_change(row, changes[row.id]) if row.id in changes else row for row in rows]


def _change(row: Row, entry: dict[str, Any]) -> Row:
    """The row with the values of one ``[[change]]``; the office's own citation stands before the base's."""
    if not row.may_be:
        raise ValueError(f"{row.id}: may not be changed (the row taken over has no may_be)")
    amounts = STRICTER.keys() if row.duty else {"level"} if row.decides == "level" else set()
    given = {key: entry[key] for key in entry.keys() - CHANGE_KEYS}
    if not given or given.keys() - amounts:
        raise ValueError(f"{row.id}: a change names some of {sorted(amounts)}, not {sorted(given)}")
    unverified, checked = _status(entry, {}, row.id)
    meaning = _text(entry, "meaning", row.id)
    citation = f"{_text(entry, 'citation', row.id)}（从严于 {row.citation}）"
    shared: dict[str, Any] = {"meaning": meaning, "citation": citation, "unverified": unverified}
    if row.duty is None:
        if type(given["level"]) is not int or not row.level or not row.level <= given["level"] <= HIGHEST:
            raise ValueError(f"{row.id}: level {given['level']} is not stricter than {row.level}")
        return replace(row, **shared, checked=checked, level=given["level"])
    _check_amounts(given, row.id)
    for key, value in given.items():
        _check_stricter(row.id, key, getattr(row.duty, key), value)
    duty = replace(row.duty, **shared, **given)
    if (duty.times is None) != (duty.years is None):
        raise ValueError(f"{row.id}: times and years belong together")
    return replace(row, **shared, checked=checked, duty=duty)


def _check_stricter(rule: str, key: str, before: Any, after: Any) -> None:
    """Refuse an amount that asks less. Each amount by itself: 2 in 4 years is not 1 in 2 years."""
    if before is None and key in ("within_days", "within_months"):
        # a window bound to the filing would make a standing duty one that ends
        raise ValueError(f"{rule}: {key} is not in the row taken over")
    more = STRICTER[key] == "more"
    if before is not None and (after < before if more else after > before):
        raise ValueError(f"{rule}: {key} {after} is looser than {before}; only stricter is allowed")


def _outside(content: dict[str, Any]) -> Iterator[Outside]:
    for entry in content.get("outside", []):
        rule = _text(entry, "id", "outside")
        yield Outside(
            id=rule,
            links=_names(entry, "links", LINKS, rule),
            areas=_names(entry, "areas", AREAS, rule),
            meaning=_text(entry, "meaning", rule),
            citation=_text(entry, "citation", rule),
            unverified=_status(entry, {}, rule)[0],
        )


def _principles(content: dict[str, Any]) -> Iterator[Principle]:
    for entry in content.get("principle", []):
        rule = _text(entry, "id", "principle")
        yield Principle(
            id=rule,
            meaning=_text(entry, "meaning", rule),
            citation=_text(entry, "citation", rule),
            unverified=_status(entry, {}, rule)[0],
            why_not=_text(entry, "why_not", rule),
        )


def fault(pack: Pack) -> str:
    """Why a pack does not hold together, '' where it does: for one that was changed in memory."""
    try:
        _check(pack)
    except ValueError as error:
        return str(error)
    return ""


def _check(pack: Pack) -> None:
    """Whole-pack checks; ValueError says what does not hold together."""
    _check_versions(pack)
    _check_tables(pack)
    _check_answers(pack)
    _check_duties(pack)


def _check_versions(pack: Pack) -> None:
    """One id once, or several times with dates that neither overlap nor leave a gap."""
    seen = [o.id for o in pack.outside] + [p.id for p in pack.principles] + sorted({r.id for r in pack.rows})
    if twice := {i for i in seen if seen.count(i) > 1}:
        raise ValueError(f"ids used twice: {sorted(twice)}")
    for rule in {row.id for row in pack.rows}:
        versions = sorted((r for r in pack.rows if r.id == rule), key=lambda r: r.from_on or dt.date.min)
        for earlier, later in pairwise(versions):
            if earlier.until_on is None or later.from_on is None or later.from_on <= earlier.until_on:
                raise ValueError(f"{rule}: two versions overlap")
            if later.from_on != earlier.until_on + dt.timedelta(days=1):
                raise ValueError(f"{rule}: no version in force after {earlier.until_on}")


def _check_tables(pack: Pack) -> None:
    """A level table answers every party: its lowest row holds for all that no other row took."""
    for name in {row.table for row in pack.rows if row.decides == "level"}:
        rows = [row for row in pack.rows if row.table == name]
        lowest = min(rows, key=lambda row: row.level or 0)
        if lowest.when.facts() or not lowest.unless_above:
            raise ValueError(f"{name}: the lowest row must take every party that is left (when = {{}})")
        if len({(row.links, row.areas) for row in rows}) != 1:
            raise ValueError(f"{name}: one table has one scope")


def _check_answers(pack: Pack) -> None:
    """Every link and area is graded by one table, or one line says that it is not."""
    tables = {row.table: row for row in pack.rows if row.decides == "level"}
    for link in LINKS:
        for area in AREAS:
            answers = [t for t, row in tables.items() if link in row.links and area in row.areas]
            answers += [o.id for o in pack.outside if link in o.links and area in o.areas]
            if len(answers) != 1:
                raise ValueError(f"{link}（{area}） is answered by {answers or 'nothing'}")


def _check_duties(pack: Pack) -> None:
    """Every level that a table can give has a duty row of its own."""
    for row in pack.rows:
        if row.decides != "level" or not row.level:
            continue
        facts = {name: _absent(name) for name in conditions.FACTS}
        facts["level"] = row.level
        owed = [
            other
            for other in pack.rows
            if other.decides == "duty"
            and "level" in other.when.facts()
            and set(other.links) & set(row.links)
            and other.when.holds(facts, other.from_on or row.from_on or dt.date(2023, 1, 1))
        ]
        if not owed:
            raise ValueError(f"{row.id}: level {row.level} has no duty")


def _absent(name: str) -> Any:
    return {"tags": frozenset(), "boolean": False, "integer": 0, "date": None, "level": 0}.get(
        conditions.FACTS[name][0], ""
    )


def notice(pack: Pack, on: dt.date) -> Problem | None:
    """K203 when ``on`` lies outside the dates of the pack: answered all the same, but not unseen."""
    if pack.from_on and on < pack.from_on:
        return problems("K203", pack.id, pack=pack.title, why=f"自 {pack.from_on} 起施行", on=on)
    if pack.until_on and on > pack.until_on:
        return problems("K203", pack.id, pack=pack.title, why=f"{pack.until_on} 后停止执行", on=on)
    return next((found for base in pack.extends if (found := notice(load(base), on))), None)


def rules(pack: Pack) -> Iterable[Row | Outside | Principle]:
    """Everything that has an id, for the rules page."""
    return [*pack.rows, *pack.outside, *pack.principles]
