"""What the fine may be: one rule, the facts of the case and the day of the conduct → range, bands, measures.

The answer is a proposal with its legal basis; a person decides. All money is ``Decimal`` yuan. The data and
its checks are in ``penalty_rules``; nothing of the law is written here.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from xiejian.kernel import dates
from xiejian.kernel.penalty_rules import (
    Book,
    Bracket,
    Circumstance,
    Fact,
    Persons,
    Range,
    Rule,
    Stage,
    choices,
    load,
    problems,
)
from xiejian.kernel.problems import Problem, Refused

FEN = Decimal("0.01")
#: Larger than any goods value; keeps the arithmetic exact in 28 digits.
LIMIT = Decimal(10) ** 13
FIRST_YEAR, LAST_YEAR = 1949, 2100
BANDS = ("lighter", "ordinary", "heavier")
#: Besides the facts of the catalogue: the ids of discretion circumstances found in the case.
CIRCUMSTANCES = "circumstances"

_PLAIN = re.compile(r"(-?)([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?元?")
# full-width forms of an input method; not NFKC, which would read "10²" as 102
_FULL_WIDTH = str.maketrans("０１２３４５６７８９，．－", "0123456789,.-")
_YES = {"是": True, "否": False, "true": True, "false": False}


@dataclass(frozen=True)
class Reason:
    """One step of the answer with its citation; ``unverified`` is shown with it."""

    rule: str
    meaning: str
    citation: str
    unverified: bool = False


@dataclass(frozen=True)
class PersonsPenalty:
    """For each responsible person: ``fine`` in yuan, or ``times`` of ``base`` while ``needs`` is missing."""

    fine: Range | None
    bands: dict[str, Range]
    times: Range | None
    base: str
    needs: str
    confiscate: Decimal | None
    confiscates_income: bool
    ban: str
    also: tuple[str, ...]


@dataclass(frozen=True)
class Disagreement:
    """A conflict of rules that touches this answer, and what the proposed rule would give."""

    id: str
    meaning: str
    proposal: str
    fine: Range | None


@dataclass(frozen=True)
class Assessment:
    """The answer for one conduct. ``fine`` None: no fine is due, ``first_step`` says what comes first."""

    rule: str
    on: dt.date
    meaning: str
    citation: str
    fine: Range | None
    bands: dict[str, Range]
    reduced: Range | None
    may: bool
    first_step: str
    also: tuple[str, ...]
    persons: PersonsPenalty | None
    base: str
    base_value: Decimal | None
    decided_by: str
    reasons: tuple[Reason, ...]
    unverified: bool
    conflicts: tuple[Disagreement, ...]
    exemptions: tuple[Reason, ...]
    circumstances: tuple[Circumstance, ...]
    steps: tuple[str, ...]
    confirm: str
    ignored: tuple[str, ...]


@dataclass(frozen=True)
class _Found:
    """What the stages give, before bands and persons."""

    fine: Range | None
    first_step: str
    also: tuple[str, ...] = ()
    serious: tuple[str, ...] = ()
    base: str = ""
    base_value: Decimal | None = None
    may: bool = False
    rules: tuple[Rule, ...] = ()
    reasons: tuple[Reason, ...] = field(default=(), compare=False)


def assess(key: object, facts: object, on: object, book: Book | None = None) -> Assessment:
    """The range, bands and measures of rule ``key`` for conduct on ``on`` (date or text) with ``facts``.

    Amounts are yuan as text, int, float or Decimal; flags that are not given count as no. Refused with
    K521 (no such rule), K522 (a fact is needed), K523–K525 (a fact cannot be used), K526 (not in force on
    that day), K527 (the range is in another law), K528, K530, K531. Source: reference/penalties.md.
    """
    book = book or load()
    day = read_day(on)
    given, ignored = read_facts(facts, book)
    rule = find(key, day, book)
    _check_choices(rule, given, book)
    found = _answer(rule, given, day, book)
    serious = bool(given.get("serious"))
    persons = next((r.persons for r in found.rules if r.persons), None)
    circumstances = tuple(book.circumstances[c] for c in given.get(CIRCUMSTANCES, ()))
    penal = rule.kind == "penalty"
    also = (*((book.always[0],) if penal else ()), *found.also, *(found.serious if serious else ()))
    return Assessment(
        rule=rule.id, on=day, meaning=rule.meaning,
        citation="；".join(r.citation for r in found.rules),
        fine=found.fine, bands=bands(found.fine, book), reduced=reduced(found.fine, book), may=found.may,
        first_step=found.first_step,
        also=tuple(dict.fromkeys(also)),
        persons=_persons(persons, given, book) if persons and (serious or persons.always) else None,
        base=found.base, base_value=found.base_value,
        decided_by=next((r.decided_by for r in found.rules if r.decided_by), ""),
        reasons=(*found.reasons, *_general(found, day, book)),
        unverified=any(r.unverified for r in found.rules),
        conflicts=(*_conflicts(found.rules, given, day, book), *_newer(rule, given, book)),
        exemptions=tuple(_reason(r) for f in found.rules for r in book.exemptions(f.id, day)),
        circumstances=circumstances,
        steps=tuple(dict.fromkeys(step for c in circumstances for step in c.steps)),
        confirm=book.cut.confirm if found.fine else "", ignored=ignored,
    )  # fmt: skip


def late_fee(fine: object, days: int, book: Book | None = None) -> Decimal:
    """The charge in yuan on a fine paid ``days`` late (days of review or lawsuit not counted in), capped."""
    book = book or load()
    amount = read_amount(fine, Fact("fine", "amount", "罚款", {}, (), ""))
    if type(days) is not int or not 0 <= days <= int(LIMIT):
        raise Refused(problems("K528", where="days", what="逾期天数", wanted="不为负的整数", example="10"))
    return min(amount * book.late_fee.rate * days, amount * book.late_fee.cap).quantize(FEN, ROUND_HALF_UP)


def bands(fine: Range | None, book: Book | None = None) -> dict[str, Range]:
    """The range cut into lighter, ordinary, heavier; neighbours share their mark; nothing without a fine."""
    if fine is None:
        return {}
    cut = (book or load()).cut
    low, high = fine
    marks = [(low + share * (high - low)).quantize(FEN, ROUND_HALF_UP) for share in (cut.lower, cut.upper)]
    edges = [low, *(min(max(mark, low), high) for mark in marks), high]
    return dict(zip(BANDS, itertools.pairwise(edges), strict=True))


def reduced(fine: Range | None, book: Book | None = None) -> Range | None:
    """Where a reduced fine lies: below the minimum, from the share of it that a region may set as lowest."""
    if fine is None or not fine[0]:
        return None
    lowest = ((book or load()).cut.lowest_reduced * fine[0]).quantize(FEN, ROUND_CEILING)
    return lowest, fine[0]


def band_of(amount: Decimal, fine: Range, book: Book | None = None) -> str:
    """The band of a fine: ``reduced`` below the range, ``""`` above it; the cut says who owns each mark."""
    cut = (book or load()).cut
    if amount < fine[0]:
        return "reduced"
    if amount > fine[1]:
        return ""
    cuts = bands(fine, book)
    lower, upper = cuts["lighter"][1], cuts["heavier"][0]
    if amount < lower or (amount == lower and cut.lower_belongs_to == "lighter"):
        return "lighter"
    if amount > upper or (amount == upper and cut.upper_belongs_to == "heavier"):
        return "heavier"
    return "ordinary"


def find(key: object, on: dt.date, book: Book) -> Rule:
    """The version of a rule in force on a day; Refused K521 or K526. Explanations are always found."""
    versions = book.rules.get(book.aliases.get(key, key)) if isinstance(key, str) else None
    if not versions:
        items = [r.id for v in book.rules.values() for r in v if r.group == key]
        more = f"，或用其中一项：{'、'.join(items)}" if items else ""
        raise Refused(problems("K521", where="key", rule=shown(key), more=more))
    for rule in versions:
        if rule.in_force(on) or rule.kind != "penalty":
            return rule
    periods = "、".join(
        f"{rule.from_on or ''} 至 {rule.until_on or '今'}"
        + ("，日期待核实" if rule.law.dates_unverified else "")
        for rule in versions
    )
    raise Refused(problems("K526", where="on", rule=key, on=on, periods=periods))


def asked(rule: Rule, book: Book) -> list[str]:
    """The facts that can change the answer, in the catalogue's order; rules it refers to are included."""
    names: set[str] = set()
    fixed: set[str] = set()
    for stage in rule.stages:
        names |= stage.when.flags | {stage.base}
        fixed |= {name for name, _ in stage.given}
        if stage.takes:
            names |= set(asked(book.rules[stage.takes][-1], book))
    names = (names - fixed) | set(choices(rule))
    if rule.persons or rule.serious:
        names.add("serious")
    if rule.persons:
        names.add(rule.persons.base)
    return [name for name in book.facts if name in names]


# --- facts ---


def _small(value: object) -> bool:
    """A whole number that Python is willing to write down."""
    return type(value) is int and abs(value) <= LIMIT


def shown(value: object) -> str:
    """A value as it can be printed: one line, at most 40 characters, nothing that cannot be encoded."""
    plain = isinstance(value, str | float | Decimal | dt.date | bool) or _small(value)
    text = str(value)[:41] if plain else f"（{type(value).__name__}）"
    text = "".join(c if c.isprintable() else "�" for c in text)
    return text if len(text) <= 40 else f"{text[:40]}…"


def read_day(value: object) -> dt.date:
    """The day of the conduct; Refused K530."""
    given = value[:50] if isinstance(value, str) else value
    try:
        found = dates.read(given)
    except (Refused, OverflowError, ValueError):
        found = None
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Refused(problems("K530", where="on", value=shown(value)))
    return found


def read_facts(facts: object, book: Book) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The facts as Decimal, bool and text, and the names that no rule knows; Refused with every bad one."""
    if not isinstance(facts, Mapping):
        raise Refused(
            problems("K528", where="facts", what="事实", wanted="对象", example='{"goods_value": "20000"}')
        )
    given: dict[str, Any] = {}
    wrong: list[Problem] = []
    for name, value in facts.items():
        try:
            if name == CIRCUMSTANCES:
                given[name] = _read_circumstances(value, book)
            elif (fact := book.facts.get(name)) and value is not None:
                given[name] = _read_fact(value, fact)
            elif fact and fact.null_means:
                given[fact.null_means] = True
        except Refused as refused:
            wrong += refused.problems
    if wrong:
        raise Refused(wrong)
    for name in [name for name, value in given.items() if value is True]:
        given |= dict.fromkeys(book.facts[name].implies, True)
    known = {*book.facts, CIRCUMSTANCES}
    return given, tuple(shown(name) for name in facts if name not in known)


def _read_fact(value: object, fact: Fact) -> Decimal | bool | str:
    if fact.kind == "amount":
        return read_amount(value, fact)
    if fact.kind == "flag":
        found = value if isinstance(value, bool) else _YES.get(value) if isinstance(value, str) else None
        if found is None:
            raise Refused(
                problems("K524", where=fact.name, label=fact.label, value=shown(value), fact=fact.name)
            )
        return found
    if not isinstance(value, str) or value not in fact.values:
        raise _not_chosen(value, fact, fact.label, fact.values)
    return value


def _not_chosen(value: object, fact: Fact, rule: str, values: Any) -> Refused:
    allowed = "、".join(f"{v}（{fact.values[v]}）" for v in values)
    return Refused(
        problems(
            "K525", where=fact.name, label=fact.label, value=shown(value), rule=rule,
            fact=fact.name, allowed=allowed,
        )
    )  # fmt: skip


def read_amount(value: object, fact: Fact) -> Decimal:
    """An amount in yuan, exactly as written; Refused K523 for anything but 0 or more in whole fen."""
    found = None
    if isinstance(value, str) and len(value) <= 60:
        found = _from_text(value)
    elif isinstance(value, float | Decimal) or _small(value):
        number = Decimal(str(value))  # of a float the digits it is written with, not its binary value
        found = number if number.is_finite() and number.adjusted() < 20 else None
    if found is None or found != found.quantize(FEN) or not 0 <= found <= LIMIT:
        raise Refused(
            problems(
                "K523", where=fact.name, label=fact.label, value=shown(value), fact=fact.name, limit=LIMIT,
            )
        )  # fmt: skip
    return found.quantize(FEN)


def _from_text(text: str) -> Decimal | None:
    """Digits as people write them: full-width, with thousands commas or 元; None for anything else."""
    match = _PLAIN.fullmatch(text.translate(_FULL_WIDTH).strip())
    if match is None or len(match[2]) > 20 or len(match[3] or "") > 20:
        return None
    return Decimal(f"{match[1]}{match[2].replace(',', '')}{match[3] or ''}")


def _read_circumstances(value: object, book: Book) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise Refused(
            problems("K528", where=CIRCUMSTANCES, what="裁量情节", wanted="列表", example='["S1-3"]')
        )
    for item in value:
        if not isinstance(item, str) or item not in book.circumstances:
            allowed = "、".join(book.circumstances)
            raise Refused(problems("K531", where=CIRCUMSTANCES, value=shown(item), allowed=allowed))
    return tuple(dict.fromkeys(value))


def _check_choices(rule: Rule, given: Mapping[str, Any], book: Book) -> None:
    for name, values in choices(rule).items():
        if name in given and given[name] not in values:
            raise _not_chosen(given[name], book.facts[name], rule.id, values)


# --- stages ---


def _answer(rule: Rule, given: Mapping[str, Any], on: dt.date, book: Book) -> _Found:
    """What the rule gives; a choice that is not given is asked only where it would change the answer."""
    if rule.kind != "penalty":
        step = book.labels["first_step"]["none"]
        return _Found(None, step, also=(rule.meaning,), rules=(rule,), reasons=(_reason(rule),))
    if rule.where_else:
        raise Refused(_elsewhere(rule))
    open_choices = {name: values for name, values in choices(rule).items() if name not in given}
    answers: list[_Found] = []
    for values in itertools.product(*open_choices.values()):
        facts = {**given, **dict(zip(open_choices, values, strict=True))}
        stage = next(stage for stage in rule.stages if stage.when.holds(facts))
        answers.append(_stage_answer(rule, stage, facts, on, book))
    if any((a.fine, a.also) != (answers[0].fine, answers[0].also) for a in answers):
        name = next(iter(open_choices))
        allowed = "、".join(f"{v}（{book.facts[name].values[v]}）" for v in open_choices[name])
        raise _missing(rule, name, book, more=f"：{allowed}")
    return answers[0]


def _elsewhere(rule: Rule) -> Problem:
    more = f"请改按 {'、'.join(rule.elsewhere)} 计算" if rule.elsewhere else "请查所指法律的规定"
    return problems("K527", where=rule.id, rule=rule.id, why=rule.where_else, more=more)


def _missing(rule: Rule, name: str, book: Book, more: str = "") -> Refused:
    return Refused(
        problems("K522", where=name, rule=rule.id, label=book.facts[name].label, fact=name, more=more)
    )


def _stage_answer(rule: Rule, stage: Stage, facts: Mapping[str, Any], on: dt.date, book: Book) -> _Found:
    reasons = (_reason(rule), *_decided(rule, facts, book))
    if stage.takes:
        target = _answer(find(stage.takes, on, book), {**facts, **dict(stage.given)}, on, book)
        return replace(
            target, also=(*rule.also, *stage.also, *target.also), serious=(*rule.serious, *target.serious),
            rules=(rule, *target.rules), reasons=(*reasons, *target.reasons),
        )  # fmt: skip
    taken = tuple(book.labels["confiscate"][code] for code in stage.confiscate)
    also = (*rule.also, *taken, *stage.also)
    step = stage.step or book.labels["first_step"][rule.first_step]
    found = _Found(None, step, also, rule.serious, rules=(rule,), reasons=reasons)
    if not stage.brackets:
        return found
    if not stage.base:
        return replace(found, fine=stage.brackets[0].fine, may=stage.may)
    if stage.base not in facts:
        raise _missing(rule, stage.base, book, more=_unless_known(stage.base, book))
    value = facts[stage.base]
    counted = max(value, stage.floor) if stage.floor is not None else value
    bracket = next(b for b in stage.brackets if b.below is None or counted < b.below)
    label = book.facts[stage.base].label
    said = _reason(rule, f"{label} {yuan(value)} 元" + _bracket_text(stage, bracket, counted))
    return replace(
        found, fine=_range(bracket, counted), base=stage.base, base_value=value, may=stage.may,
        reasons=(*reasons, said),
    )  # fmt: skip


def _unless_known(base: str, book: Book) -> str:
    """How to say that an amount cannot be found out, where the law has an answer for that."""
    other = book.facts[base].null_means
    return f"；{book.facts[other].label}的，给出 {other}" if other else ""


def _range(bracket: Bracket, value: Decimal) -> Range | None:
    """The range in whole fen inside the law's: a fine of part of a fen cannot be paid."""
    if bracket.times is None:
        return bracket.fine
    low, high = bracket.times
    return (low * value).quantize(FEN, ROUND_CEILING), (high * value).quantize(FEN, ROUND_FLOOR)


def _bracket_text(stage: Stage, bracket: Bracket, counted: Decimal) -> str:
    text = ""
    if stage.floor is not None and counted == stage.floor:
        text += f"，不足 {yuan(stage.floor)} 元的按 {yuan(stage.floor)} 元计算"
    if bracket.below is not None:
        text += f"，不足 {yuan(bracket.below)} 元"
    elif bracket.start:
        text += f"，{yuan(bracket.start)} 元以上（含本数）"
    if bracket.times:
        return f"{text}：罚款为其 {bracket.times[0]} 至 {bracket.times[1]} 倍"
    return f"{text}：罚款 {' 至 '.join(map(yuan, bracket.fine))} 元" if bracket.fine else text


def yuan(amount: Decimal) -> str:
    """An amount as people read it: thousands apart, no decimals where there are none."""
    return f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"


def _reason(rule: Rule, meaning: str = "") -> Reason:
    return Reason(rule.id, meaning or rule.meaning, rule.citation, rule.unverified)


def _decided(rule: Rule, facts: Mapping[str, Any], book: Book) -> list[Reason]:
    """The facts that chose the stage, those that were not given said so, and the rule's own note."""
    asked_here: set[str] = set()
    for stage in rule.stages:
        asked_here |= stage.when.flags
    parts = []
    for name in (n for n in book.facts if n in asked_here):
        value = "未说明，按否处理" if name not in facts else "是" if facts[name] else "否"
        parts.append(f"{book.facts[name].label}：{value}")
    if "refused" in asked_here and facts.get("not_corrected") and not facts.get("refused"):
        parts.append("逾期未改正是否属于拒不改正，由承办人认定（refused）")
    texts = ["；".join(parts)] if parts else []
    return [_reason(rule, text) for text in (*texts, *([rule.note] if rule.note else []))]


def _general(found: _Found, on: dt.date, book: Book) -> list[Reason]:
    """What holds for every fine: how the base is counted, how the range is cut."""
    reasons = []
    counted_by = book.facts[found.base].counted_by if found.base else ""
    if counted_by:
        reasons.append(_reason(book.rules[counted_by][0]))
    if found.fine:
        cut = book.cut
        later = "" if on >= cut.from_on else f"（该规则自 {cut.from_on} 起施行，此前的行为仅供参考）"
        reasons.append(Reason("裁量分档", cut.meaning + later, cut.citation, cut.unverified))
    return reasons


# --- persons and conflicts ---


def _persons(persons: Persons, given: Mapping[str, Any], book: Book) -> PersonsPenalty:
    fine, needs = persons.fine, ""
    value = given.get(persons.base) if persons.base else None
    if persons.times is not None:
        open_bracket = Bracket(Decimal(0), None, None, persons.times)
        fine, needs = (_range(open_bracket, value), "") if value is not None else (None, persons.base)
    return PersonsPenalty(
        fine=fine, bands=bands(fine, book), times=persons.times, base=persons.base, needs=needs,
        confiscate=value if persons.confiscate else None, confiscates_income=persons.confiscate,
        ban=persons.ban, also=persons.also,
    )  # fmt: skip


def _conflicts(
    rules: tuple[Rule, ...], given: Mapping[str, Any], on: dt.date, book: Book
) -> tuple[Disagreement, ...]:
    """The conflicts that name one of these rules, either side, with the range of the proposed rule."""
    found = []
    for conflict in book.conflicts:
        if conflict.from_on and on < conflict.from_on:
            continue
        ids = {rule.id for rule in rules}
        if ids & set(conflict.rules):
            other = conflict.proposal
        elif conflict.proposal in ids:
            other = ""
        else:
            continue
        found.append(
            Disagreement(
                conflict.id, conflict.meaning, conflict.proposal, _other_fine(other, given, on, book)
            )
        )
    return tuple(found)


def _newer(rule: Rule, given: Mapping[str, Any], book: Book) -> list[Disagreement]:
    """Later versions of the rule and what they give: the lighter one applies (处罚法 第37条)."""
    meaning, citation = book.newer_law
    later = [r for r in book.rules[rule.id] if rule.until_on and r.from_on and r.from_on > rule.until_on]
    return [
        Disagreement(
            f"{r.from_on}", f"{meaning}（{citation}）", rule.id, _other_fine(rule.id, given, r.from_on, book)
        )
        for r in later
        if r.from_on
    ]


def _other_fine(key: str, given: Mapping[str, Any], on: dt.date, book: Book) -> Range | None:
    """The range of the proposed rule; nothing where its own facts are missing: it is only shown beside."""
    if not key:
        return None
    try:
        return _answer(find(key, on, book), given, on, book).fine
    except Refused:
        return None
