"""The worked examples as an officer reads them: beside the rule, in words, with what to try them by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from xiejian.kernel import conditions, deadline_examples, examples, penalty_examples, penalty_rules
from xiejian.kernel.deadline_facts import unit_label
from xiejian.kernel.pack_folder import root
from xiejian.kernel.penalties import CIRCUMSTANCES, yuan
from xiejian.kernel.penalty_rules import Book

#: What must come out of a fine, in the words of the page.
_FINE_LABELS = {
    "fine": "罚款", "lighter": "从轻", "ordinary": "一般", "heavier": "从重",
    "persons_fine": "对责任人员罚款", "confiscate": "没收", "ban": "行业禁入", "measures": "并处",
    "also": "并处", "not_also": "不并处", "exemption": "可免予处罚", "conflict": "规则冲突", "says": "理由",
}  # fmt: skip
Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Shown:
    """One example: situation and outcome in words; ``query`` fills the tool of ``kind`` with its facts."""

    kind: str
    name: str
    on: str
    situation: str
    outcome: str
    query: Query
    citation: str


def of_rules() -> Mapping[tuple[str, str], tuple[Shown, ...]]:
    """(kind of entry, id) → its examples, in the order of the files; read once."""
    return _of_rules(root())


@cache
def _of_rules(_: Path) -> Mapping[tuple[str, str], tuple[Shown, ...]]:
    found: dict[tuple[str, str], list[Shown]] = {}
    for rules, shown in (*_grading(), *_deadlines(), *_penalties()):
        for rule in dict.fromkeys(rules):
            found.setdefault((shown.kind, rule), []).append(shown)
    return _of_articles({key: tuple(held) for key, held in found.items()})


def _of_articles(found: dict[tuple[str, str], tuple[Shown, ...]]) -> dict[tuple[str, str], tuple[Shown, ...]]:
    """Items of an article share its steps: one without examples of its own shows those of the article."""
    articles: dict[str, tuple[Shown, ...]] = {}
    rules = [rule for versions in penalty_rules.load().rules.values() for rule in versions]
    for rule in rules:
        articles[rule.group] = (*articles.get(rule.group, ()), *found.get(("penalties", rule.id), ()))
    shared = {("penalties", rule.id): articles[rule.group] for rule in rules if articles[rule.group]}
    return shared | found


Found = tuple[Iterable[str], Shown]


def _grading() -> Iterator[Found]:
    for one in examples.load_all():
        level = f"定为{'一二三四'[one.level - 1]}级" if one.level else "不定级" if one.level == 0 else ""
        hits = f"适用 {'、'.join(one.hits)}" if one.hits else ""
        misses = f"不适用 {'、'.join(one.misses)}" if one.misses else ""
        facts = "；".join(f"{conditions.FACTS[name][1]}：{words(value)}" for name, value in one.facts.items())
        outcome = "；".join(filter(None, (level, hits, misses)))
        shown = Shown("grading", one.name, str(one.on), facts, outcome, (), one.citation)
        yield (*one.hits, *one.misses), shown


def _deadlines() -> Iterator[Found]:
    for one in deadline_examples.load_all():
        added, stops = one.facts.get("extensions", []), one.facts.get("stops", [])
        received = one.facts.get("received_on", "")
        said = [f"延长 {e.get('n', '')} {unit_label(e['unit'])}" for e in added]
        said += [f"{s['from']} 至 {s.get('to', '')} 不计入" for s in stops]
        said += [f"收到日期 {received}"] if received else []
        expected = one.expected
        due = f"到期 {expected['due_legal']}" if expected["due_legal"] else "没有到期日"
        strict = expected["due_strict"]
        outcome = due if strict == expected["due_legal"] else f"{due}（不顺延 {strict}）"
        outcome += "（暂定）" if expected.get("provisional") else ""
        yield (
            (one.rule,),
            Shown(
                "deadlines", one.name, one.start, "；".join(said), outcome, _deadline_query(one), one.citation
            ),
        )


def _deadline_query(one: deadline_examples.Example) -> Query:
    pairs = [("rule", one.rule), ("from", one.start), ("received_on", one.facts.get("received_on", ""))]
    for added in one.facts.get("extensions", []):
        pairs += [(f"add-{key}", str(added.get(key, ""))) for key in ("n", "unit", "approved_on")]
    for stop in one.facts.get("stops", []):
        pairs += [(f"stop-{key}", str(stop.get(key, ""))) for key in ("from", "to", "reason")]
    return tuple((key, value) for key, value in pairs if value or "-" in key)


def _penalties() -> Iterator[Found]:
    book = penalty_rules.load()
    for one in penalty_examples.load_all():
        facts = "；".join(_fact(name, value, book) for name, value in one.facts.items())
        outcome = "；".join(_expected(one.expected)) or f"不能计算（{one.refused}）"
        query = [("rule", one.key), ("on", str(one.on))]
        for name, value in one.facts.items():
            if isinstance(value, list):
                query += [(name, str(v)) for v in value]
            elif value is not False:
                query.append((name, "1" if value is True else str(value)))
        rule = book.aliases.get(one.key, one.key)
        yield (rule,), Shown("penalties", one.name, str(one.on), facts, outcome, tuple(query), one.source)


def _fact(name: str, value: Any, book: Book) -> str:
    if name == CIRCUMSTANCES:
        held = [book.circumstances[v].meaning if v in book.circumstances else v for v in value]
        return f"情节：{'、'.join(held)}"
    fact = book.facts.get(name)
    label = fact.label if fact else name
    if isinstance(value, bool):
        return label if value else f"没有{label}"
    return f"{label} {(fact.values.get(value, value) if fact else value)}"


def _expected(expected: Mapping[str, Any]) -> Iterator[str]:
    for key, label in _FINE_LABELS.items():
        if key in expected:
            value = expected[key]
            yield f"{label}：{'不罚款' if key == 'fine' and not value else _amounts(value)}"


def _amounts(value: Any) -> str:
    given = value if isinstance(value, list) else [value]
    if given and not isinstance(given[0], str):
        return f"{' 至 '.join(yuan(Decimal(amount)) for amount in given)} 元"
    return words(value)


def words(value: Any) -> str:
    """A fact as an officer says it."""
    if isinstance(value, bool):
        return "是" if value else "否"
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)
