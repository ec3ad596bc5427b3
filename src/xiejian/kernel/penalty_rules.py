"""The penalty rules as data: read from ``packs/*/penalties*.toml`` and ``discretion.toml``, checked whole.

A rule belongs to a law (title, number, dates) and an article. Its *stages* say what follows under which
facts: nothing yet (order to correct first), a fixed range, a range by the amount of a base, or the range of
another rule (``as``). Refused (K529) are: a missing meaning, citation or status; brackets that leave a gap
or overlap; facts that no stage or more than one stage answers; versions of one rule that overlap.

Amounts are ``Decimal`` yuan throughout; TOML numbers are read as Decimal, never as float.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from xiejian.kernel.pack_folder import root
from xiejian.kernel.problems import Catalogue, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))

Range = tuple[Decimal, Decimal]
ZERO = Decimal(0)
#: Which entries compute a fine; the others explain, exempt or point elsewhere.
KINDS = ("penalty", "principle", "exemption", "mitigation", "crime", "blacklist", "measure")


@dataclass(frozen=True)
class Law:
    """A document: title, number and the days on which it is in force (None: not bounded)."""

    key: str
    title: str
    number: str
    from_on: dt.date | None
    until_on: dt.date | None
    dates_unverified: bool


@dataclass(frozen=True)
class Fact:
    """One fact that may be asked: an amount in yuan, a flag (yes or no) or a choice of values."""

    name: str
    kind: str
    label: str
    values: dict[str, str]
    implies: tuple[str, ...]
    null_means: str
    counted_by: str = ""


@dataclass(frozen=True)
class When:
    """The flags and choices under which a stage holds."""

    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    choices: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def flags(self) -> set[str]:
        return {*self.all, *self.any, *self.none}

    def holds(self, facts: Mapping[str, Any]) -> bool:
        """Whether these facts fall under it; a flag that is not given counts as no."""
        return (
            all(facts.get(name) for name in self.all)
            and not any(facts.get(name) for name in self.none)
            and (not self.any or any(facts.get(name) for name in self.any))
            and all(facts.get(name) in values for name, values in self.choices)
        )


@dataclass(frozen=True)
class Bracket:
    """From ``start`` (included) to ``below`` (not included; None: open): a range or multiples of the base."""

    start: Decimal
    below: Decimal | None
    fine: Range | None
    times: Range | None


@dataclass(frozen=True)
class Stage:
    """What follows under ``when``: no fine (``step`` names what comes first), brackets, or another rule."""

    when: When
    step: str
    base: str
    floor: Decimal | None
    brackets: tuple[Bracket, ...]
    confiscate: tuple[str, ...]
    also: tuple[str, ...]
    takes: str
    given: tuple[tuple[str, str], ...]
    may: bool


@dataclass(frozen=True)
class Persons:
    """What the responsible persons face: a range or multiples of their income, confiscation, a ban."""

    always: bool
    base: str
    fine: Range | None
    times: Range | None
    confiscate: bool
    ban: str
    also: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """One rule in one version. ``group`` is its article; ``citation`` names the law with its number."""

    id: str
    group: str
    kind: str
    law: Law
    citation: str
    meaning: str
    checked: str
    unverified: bool
    basis: str
    from_on: dt.date | None
    until_on: dt.date | None
    first_step: str
    stages: tuple[Stage, ...]
    also: tuple[str, ...]
    serious: tuple[str, ...]
    persons: Persons | None
    decided_by: str
    note: str
    covers: tuple[str, ...]
    elsewhere: tuple[str, ...]
    where_else: str

    def in_force(self, on: dt.date) -> bool:
        return (self.from_on is None or self.from_on <= on) and (self.until_on is None or on <= self.until_on)


@dataclass(frozen=True)
class Conflict:
    """Two rules that say different things; ``proposal`` is the one proposed, the legal office decides."""

    id: str
    meaning: str
    rules: tuple[str, ...]
    proposal: str
    from_on: dt.date | None


@dataclass(frozen=True)
class Cut:
    """Where a range is cut into lighter, ordinary and heavier, as shares of its width."""

    lower: Decimal
    upper: Decimal
    lower_belongs_to: str
    upper_belongs_to: str
    from_on: dt.date
    meaning: str
    citation: str
    unverified: bool
    confirm: str
    lowest_reduced: Decimal


@dataclass(frozen=True)
class Circumstance:
    """A circumstance of the case and the steps it may lead to; ``must``: it has to be applied."""

    id: str
    steps: tuple[str, ...]
    must: bool
    meaning: str
    citation: str
    unverified: bool


@dataclass(frozen=True)
class LateFee:
    """The charge on a fine that is paid late: a rate per day, at most ``cap`` times the fine."""

    rate: Decimal
    cap: Decimal
    meaning: str
    citation: str
    unverified: bool


@dataclass(frozen=True, eq=False)
class Book:
    """All penalty rules. ``version`` is the SHA-256 of the files."""

    rules: dict[str, tuple[Rule, ...]]
    facts: dict[str, Fact]
    labels: dict[str, dict[str, str]]
    conflicts: tuple[Conflict, ...]
    cut: Cut
    circumstances: dict[str, Circumstance]
    step_labels: dict[str, str]
    late_fee: LateFee
    always: tuple[str, str]
    newer_law: tuple[str, str]
    aliases: dict[str, str]
    version: str

    def exemptions(self, rule_id: str, on: dt.date) -> list[Rule]:
        """The exemptions that may cover a rule; a person checks their conditions."""
        return [
            rule for versions in self.rules.values() for rule in versions
            if rule.kind == "exemption" and rule_id in rule.covers and rule.in_force(on)
        ]  # fmt: skip


def load() -> Book:
    """The rules of the pack folder, read once; Refused with K529 where they do not hold together."""
    return _load(root())


@cache
def _load(folder: Path) -> Book:
    files = [p for p in sorted(folder.glob("*/penalties*.toml")) if not p.name.endswith(".examples.toml")]
    files += sorted(folder.glob("*/discretion.toml"))
    texts = [path.read_text(encoding="utf-8") for path in files]
    try:
        return read(texts)
    except (tomllib.TOMLDecodeError, ValueError, KeyError, TypeError) as error:
        raise Refused(problems("K529", str(folder), why=str(error))) from error


def read(texts: list[str]) -> Book:
    """The book of these TOML texts; ValueError (KeyError, TypeError) says what does not hold together."""
    raw = [tomllib.loads(text, parse_float=Decimal) for text in texts]
    merged: dict[str, Any] = {}
    for name in ("law", "fact", "label", "late_fee", "always", "newer_law", "alias", "cut", "reduction"):
        merged[name] = {key: value for content in raw for key, value in content.get(name, {}).items()}
    laws = {key: _law(key, entry) for key, entry in merged["law"].items()}
    facts = {name: _fact(name, entry) for name, entry in merged["fact"].items()}
    found: dict[str, tuple[Rule, ...]] = {}
    for rule in (r for content in raw for g in content.get("group", []) for r in _group(g, laws)):
        found[rule.id] = (*found.get(rule.id, ()), rule)
    fee = merged["late_fee"]
    book = Book(
        rules=found,
        facts=facts,
        labels=merged["label"],
        conflicts=tuple(_conflict(c) for content in raw for c in content.get("conflict", [])),
        cut=_cut(merged["cut"], merged["reduction"]),
        circumstances={
            entry["id"]: _circumstance(entry) for content in raw for entry in content.get("circumstance", [])
        },
        step_labels={s["id"]: s["label"] for content in raw for s in content.get("step", [])},
        late_fee=LateFee(
            Decimal(fee["rate"]), Decimal(fee["cap"]), _text(fee, "meaning", "late_fee"),
            _citation(fee, laws, "late_fee")[1], _status(fee, "late_fee")[1],
        ),
        always=(merged["always"]["text"], merged["always"]["citation"]),
        newer_law=(merged["newer_law"]["meaning"], merged["newer_law"]["citation"]),
        aliases=merged["alias"],
        version=hashlib.sha256("\0".join(texts).encode()).hexdigest(),
    )  # fmt: skip
    _check(book)
    return book


def _text(entry: Mapping[str, Any], key: str, where: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{where}: {key} is missing")
    return value.strip()


def _status(entry: Mapping[str, Any], where: str) -> tuple[str, bool, str]:
    """Where it was read (or nothing), whether it is unverified, and on what an unverified entry rests."""
    unverified, checked = entry.get("unverified", False), entry.get("checked", "")
    if bool(unverified) == bool(checked):
        raise ValueError(f'{where}: needs either unverified = true or checked = "…"')
    if unverified and not entry.get("basis"):
        raise ValueError(f"{where}: an unverified entry says its basis")
    return checked, bool(unverified), entry.get("basis", "")


def _days(entry: Mapping[str, Any], where: str) -> tuple[dt.date | None, dt.date | None]:
    start, end = entry.get("from"), entry.get("until")
    if any(day is not None and type(day) is not dt.date for day in (start, end)):
        raise ValueError(f"{where}: from and until are dates")
    if start and end and start > end:
        raise ValueError(f"{where}: ends before it begins")
    return start, end


def _law(key: str, entry: Mapping[str, Any]) -> Law:
    title, number = _text(entry, "title", key), _text(entry, "number", key)
    return Law(key, title, number, *_days(entry, key), entry.get("dates_unverified", False))


def _fact(name: str, entry: Mapping[str, Any]) -> Fact:
    if entry.get("kind") not in {"amount", "flag", "choice"}:
        raise ValueError(f"{name}: kind must be amount, flag or choice")
    return Fact(
        name, entry["kind"], _text(entry, "label", name), entry.get("values", {}),
        tuple(entry.get("implies", ())), entry.get("null_means", ""),
        entry.get("counted_by", ""),
    )  # fmt: skip


def _conflict(entry: Mapping[str, Any]) -> Conflict:
    where = _text(entry, "id", "conflict")
    start = _days(entry, where)[0]
    return Conflict(
        where, _text(entry, "meaning", where), tuple(entry["rules"]), entry.get("proposal", ""), start
    )


def _cut(entry: Mapping[str, Any], reduction: Mapping[str, Any]) -> Cut:
    lower, upper = Decimal(entry["lower_cut"]), Decimal(entry["upper_cut"])
    if not 0 < lower < upper < 1:
        raise ValueError("cut: 0 < lower_cut < upper_cut < 1")
    owners = entry["lower_cut_belongs_to"], entry["upper_cut_belongs_to"]
    if owners[0] not in {"lighter", "ordinary"} or owners[1] not in {"ordinary", "heavier"}:
        raise ValueError("cut: a mark belongs to one of its two neighbours")
    return Cut(
        lower, upper, *owners, entry["from"], _text(entry, "meaning", "cut"),
        _text(entry, "citation", "cut"), _status(entry, "cut")[1], entry.get("confirm", ""),
        Decimal(reduction["lowest_share"]) if reduction.get("active") else ZERO,
    )  # fmt: skip


def _circumstance(entry: Mapping[str, Any]) -> Circumstance:
    where = _text(entry, "id", "circumstance")
    return Circumstance(
        where, tuple(entry["steps"]), bool(entry["must"]), _text(entry, "meaning", where),
        _text(entry, "citation", where), _status(entry, where)[1],
    )  # fmt: skip


RULE_KEYS = {
    "id", "law", "article", "checked", "unverified", "basis", "meaning", "kind", "first_step", "stages",
    "also", "serious", "persons", "decided_by", "note", "covers", "elsewhere", "where_else", "from", "until",
}  # fmt: skip
STAGE_KEYS = {
    "when", "step", "base", "floor", "brackets", "fine", "times", "confiscate", "also", "as", "given", "may",
}  # fmt: skip
STATUS_KEYS = {"checked", "unverified", "basis"}


def _group(group: Mapping[str, Any], laws: Mapping[str, Law]) -> Iterator[Rule]:
    """The rules of one article: its items, and the article itself unless it stands for nothing alone."""
    shared = {key: value for key, value in group.items() if key not in {"rule", "alone"}}
    name = _text(group, "id", "group")
    if not group.get("alone"):
        yield _rule(shared, laws, name)
    for entry in group.get("rule", []):
        own = shared
        if STATUS_KEYS & set(entry):
            own = {key: value for key, value in shared.items() if key not in STATUS_KEYS}
        yield _rule({**own, **entry}, laws, name)


def _citation(entry: Mapping[str, Any], laws: Mapping[str, Law], where: str) -> tuple[Law, str]:
    law = laws[_text(entry, "law", where)]
    return law, f"《{law.title}》（{law.number}）{_text(entry, 'article', where)}"


def _rule(entry: Mapping[str, Any], laws: Mapping[str, Law], group: str) -> Rule:
    where = _text(entry, "id", group)
    if unknown := set(entry) - RULE_KEYS:
        raise ValueError(f"{where}: unknown keys {sorted(unknown)}")
    kind = entry.get("kind", "penalty")
    if kind not in KINDS:
        raise ValueError(f"{where}: kind must be one of {', '.join(KINDS)}")
    law, citation = _citation(entry, laws, where)
    checked, unverified, basis = _status(entry, where)
    start, end = _days({"from": law.from_on, "until": law.until_on, **entry}, where)
    where_else = entry.get("where_else", "")
    stages = tuple(_stage(stage, where) for stage in entry.get("stages", []))
    if kind == "penalty" and bool(stages) == bool(where_else):
        raise ValueError(f"{where}: needs stages, or where_else for a rule whose range is elsewhere")
    return Rule(
        id=where, group=group, kind=kind, law=law, citation=citation, meaning=_text(entry, "meaning", where),
        checked=checked, unverified=unverified, basis=basis, from_on=start, until_on=end,
        first_step=entry.get("first_step", "" if kind == "penalty" else "none"), stages=stages,
        also=tuple(entry.get("also", ())), serious=tuple(entry.get("serious", ())),
        persons=_persons(entry["persons"], where) if "persons" in entry else None,
        decided_by=entry.get("decided_by", ""), note=entry.get("note", ""),
        covers=tuple(entry.get("covers", ())), elsewhere=tuple(entry.get("elsewhere", ())),
        where_else=where_else,
    )  # fmt: skip


def _range(value: Any, where: str) -> Range | None:
    if value is None:
        return None
    low, high = (Decimal(v) for v in value)
    if not ZERO <= low <= high:
        raise ValueError(f"{where}: a range goes from 0 upwards")
    return low, high


def _persons(entry: Mapping[str, Any], where: str) -> Persons:
    if entry.get("when") not in {"serious", "always"}:
        raise ValueError(f"{where}: persons.when must be serious or always")
    if ("times" in entry) != ("base" in entry) or ("times" in entry and "fine" in entry):
        raise ValueError(f"{where}: persons have a fixed range, or multiples with their base")
    return Persons(
        always=entry["when"] == "always", base=entry.get("base", ""), fine=_range(entry.get("fine"), where),
        times=_range(entry.get("times"), where), confiscate=entry.get("confiscate", False),
        ban=entry.get("ban", ""), also=tuple(entry.get("also", ())),
    )  # fmt: skip


def _when(entry: Mapping[str, Any]) -> When:
    flags = {key: tuple(entry.get(key, ())) for key in ("all", "any", "none")}
    choices = tuple((key, tuple(v)) for key, v in entry.items() if key not in flags)
    return When(**flags, choices=choices)


def _stage(entry: Mapping[str, Any], where: str) -> Stage:
    if unknown := set(entry) - STAGE_KEYS:
        raise ValueError(f"{where}: unknown keys {sorted(unknown)}")
    if "when" not in entry:
        raise ValueError(f"{where}: a stage needs when (write {{}} for every case)")
    if "as" in entry and {"fine", "times", "brackets"} & set(entry):
        raise ValueError(f"{where}: a stage takes another rule's range or has its own")
    if ("fine" in entry) + ("times" in entry) + ("brackets" in entry) > 1:
        raise ValueError(f"{where}: write fine, times or brackets, only one of them")
    given = entry.get("brackets", [{k: entry[k] for k in ("fine", "times") if k in entry}])
    brackets = tuple(_brackets([b for b in given if b], where))
    if bool(entry.get("base")) != any(b.times or b.below is not None for b in brackets):
        raise ValueError(f"{where}: a base belongs to multiples or brackets")
    return Stage(
        when=_when(entry["when"]), step=entry.get("step", ""), base=entry.get("base", ""),
        floor=Decimal(entry["floor"]) if "floor" in entry else None, brackets=brackets,
        confiscate=tuple(entry.get("confiscate", ())), also=tuple(entry.get("also", ())),
        takes=entry.get("as", ""), given=tuple(entry.get("given", {}).items()), may=entry.get("may", False),
    )  # fmt: skip


def _brackets(entries: list[Mapping[str, Any]], where: str) -> Iterator[Bracket]:
    """The brackets in order: the first begins at 0, each next where the one before ends, the last is open."""
    reached: Decimal | None = ZERO
    for entry in entries:
        start = Decimal(entry.get("from", 0))
        if reached is None or start < reached:
            raise ValueError(f"{where}: brackets overlap at {start}")
        if start > reached:
            raise ValueError(f"{where}: no bracket from {reached} to {start}")
        below = Decimal(entry["below"]) if "below" in entry else None
        if below is not None and below <= start:
            raise ValueError(f"{where}: a bracket ends where it begins")
        if ("fine" in entry) == ("times" in entry):
            raise ValueError(f"{where}: a bracket has a fine or times")
        yield Bracket(start, below, _range(entry.get("fine"), where), _range(entry.get("times"), where))
        reached = below
    if entries and reached is not None:
        raise ValueError(f"{where}: no bracket from {reached} upwards")


def _check(book: Book) -> None:
    """What only the whole shows; ValueError says where."""
    for versions in book.rules.values():
        _check_versions(versions)
        for rule in versions:
            _check_names(rule, book)
            _check_answers(rule, book)
    for conflict in book.conflicts:
        if unknown := {*conflict.rules, *filter(None, [conflict.proposal])} - set(book.rules):
            raise ValueError(f"{conflict.id}: unknown rules {sorted(unknown)}")
    named = {*book.aliases.values(), *(fact.counted_by for fact in book.facts.values())} - {""}
    if unknown := named - set(book.rules):
        raise ValueError(f"alias, counted_by: unknown rules {sorted(unknown)}")
    for circumstance in book.circumstances.values():
        if not set(circumstance.steps) <= set(book.step_labels):
            raise ValueError(f"{circumstance.id}: unknown step")


def _check_versions(versions: tuple[Rule, ...]) -> None:
    ordered = sorted(versions, key=lambda rule: rule.from_on or dt.date.min)
    for earlier, later in itertools.pairwise(ordered):
        if earlier.until_on is None or later.from_on is None or later.from_on <= earlier.until_on:
            raise ValueError(f"{later.id}: two versions overlap")


def _check_names(rule: Rule, book: Book) -> None:
    if rule.kind == "penalty" and rule.first_step not in book.labels["first_step"]:
        raise ValueError(f"{rule.id}: first_step is missing")
    if rule.basis and rule.basis not in book.labels["basis"]:
        raise ValueError(f"{rule.id}: unknown basis {rule.basis}")
    names = {stage.takes for stage in rule.stages} | {*rule.covers, *rule.elsewhere}
    if unknown := names - {""} - set(book.rules):
        raise ValueError(f"{rule.id}: unknown rules {sorted(unknown)}")
    asked: set[str] = {rule.persons.base} if rule.persons else set()
    for stage in rule.stages:
        if set(stage.confiscate) - set(book.labels["confiscate"]):
            raise ValueError(f"{rule.id}: unknown confiscation")
        asked |= stage.when.flags | {name for name, _ in stage.when.choices} | {stage.base}
        for name, values in stage.when.choices:
            if set(values) - set(book.facts[name].values):
                raise ValueError(f"{rule.id}: {name} has no value {values}")
    if unknown := asked - {""} - set(book.facts):
        raise ValueError(f"{rule.id}: unknown facts {sorted(unknown)}")


def _check_answers(rule: Rule, book: Book) -> None:
    """Every combination of flags and choices that the rule looks at falls under exactly one stage."""
    if rule.kind != "penalty" or rule.where_else:
        return
    for facts in combinations(rule, book):
        answers = sum(stage.when.holds(facts) for stage in rule.stages)
        if answers != 1:
            shown = ", ".join(f"{name}={value}" for name, value in facts.items())
            raise ValueError(f"{rule.id}: {shown or 'every case'} is answered {answers} times")


def choices(rule: Rule) -> dict[str, tuple[str, ...]]:
    """The choices that decide between the stages of a rule, with the values it knows."""
    found: dict[str, tuple[str, ...]] = {}
    for stage in rule.stages:
        for name, values in stage.when.choices:
            found[name] = tuple(dict.fromkeys((*found.get(name, ()), *values)))
    return found


def combinations(rule: Rule, book: Book) -> Iterator[dict[str, Any]]:
    """Every possible combination of what the rule's own stages look at, implications respected."""
    flags = sorted(set().union(*(stage.when.flags for stage in rule.stages), {"refused", "serious"}))
    options: list[tuple[Any, ...]] = [(False, True)] * len(flags)
    named = choices(rule)
    for values in itertools.product(*options, *named.values()):
        facts = dict(zip([*flags, *named], values, strict=True))
        if all(facts.get(other, True) for f in flags if facts[f] for other in book.facts[f].implies):
            yield facts
