"""packs: which rules there are, what each says, and whether they and their examples hold together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import click

from xiejian.cli.output import command, emit, json_option, say
from xiejian.credit import examples as credit_examples
from xiejian.figures import definitions, forms
from xiejian.inspections import checklists, judgement_examples
from xiejian.kernel import (
    citations,
    deadline_examples,
    deadline_rules,
    examples,
    kinds,
    laws,
    packs,
    penalty_examples,
    penalty_rules,
    rule_book,
)
from xiejian.kernel.packs import Duty, Outside, Pack, Principle, Row
from xiejian.kernel.problems import Problem, Refused
from xiejian.numbers import examples as number_examples
from xiejian.self_inspections import forms as self_inspection_forms


@dataclass(frozen=True)
class Runner:
    """One kind of rule with worked examples beside it: read, compared, and which rules have none."""

    load_all: Callable[[], Sequence[Any]]
    check: Callable[[Any], list[Problem]]
    uncovered: Callable[[Any], list[Problem]]


def _number_problems(name: str, faults: list[str]) -> list[Problem]:
    return [packs.problems("K204", "numbers", name=name, why=why) for why in faults]


#: every kind of rule that keeps worked examples beside it
EXAMPLES = (
    Runner(examples.load_all, examples.check, examples.uncovered),
    Runner(deadline_examples.load_all, deadline_examples.check, deadline_examples.uncovered),
    Runner(judgement_examples.load_all, judgement_examples.check, judgement_examples.uncovered),
    Runner(credit_examples.load_all, credit_examples.check, credit_examples.uncovered),
    Runner(penalty_examples.load_all, penalty_examples.check, penalty_examples.uncovered),
    Runner(
        number_examples.load_all,
        lambda one: _number_problems(one.name, number_examples.wrong(one)),
        lambda _: [p for name in number_examples.uncovered() for p in _number_problems(name, ["缺少示例"])],
    ),
)


@click.group("packs", help="规则包：列出、查看、检查")
def packs_group() -> None:
    """Group of ``xiejian packs``."""


@packs_group.command("list", help="列出全部规则包")
@json_option
@command()
def list_packs(as_json: bool) -> None:
    found = [packs.load(pack_id) for pack_id in packs.known()]
    answer = [_head(pack) for pack in found]
    emit(answer, as_json, "\n".join(f"{p.id}\t{p.title}\t{p.citation}" for p in found))


@packs_group.command("show", help="查看一个规则包的全部规则")
@click.argument("pack_id")
@json_option
@command()
def show_pack(pack_id: str, as_json: bool) -> None:
    pack = packs.load(pack_id)
    rules = [_rule(rule) for rule in packs.rules(pack)]
    lines = [f"{pack.title}（{pack.citation}）版本 {pack.version[:12]}"]
    lines += [
        f"{'【未核实】' if r['unverified'] else ''}{r['rule']}\t{r['meaning']}（{r['citation']}）"
        for r in rules
    ]
    emit({**_head(pack), "rules": rules}, as_json, "\n".join(lines))


@packs_group.command("check", help="检查全部规则包及其示例")
@click.option("--laws", "show_laws", is_flag=True, help="列出没有指明法规库中法规的出处")
@json_option
@command()
def check_packs(show_laws: bool, as_json: bool) -> None:
    """Exit 0: all hold; 1: some do not (they are listed). Unknown laws are a warning, no fault."""
    wrong = _unreadable()
    checked = 0
    if not wrong:
        for room in EXAMPLES:
            found = room.load_all()
            checked += len(found)
            wrong += [problem for example in found for problem in room.check(example)]
            wrong += room.uncovered(found)
    for problem in wrong:
        say(f"[{problem.code}] {problem}")
    nameless = [] if wrong else _unknown_laws()
    for entry, part in nameless if show_laws else []:
        say(f"{entry.source} {entry.id}：{part}")
    answer = {
        "packs": packs.known(),
        "examples": checked,
        "problems": [p.as_json() for p in wrong],
        "unknown_laws": [{"source": e.source, "rule": e.id, "citation": part} for e, part in nameless],
    }
    held = f"{len(packs.known())} 个规则包、{checked} 个示例" + ("有误" if wrong else "全部符合")
    warning = f"；{len(nameless)} 处出处没有指明法规库中的法规（--laws 列出）" if nameless else ""
    emit(answer, as_json, held + warning)
    if wrong:
        raise SystemExit(1)


def _unknown_laws() -> list[tuple[rule_book.Entry, str]]:
    """The citations that name no law of the library, with their entries."""
    return [(entry, part) for entry in rule_book.entries() for part in citations.unknown(entry)]


def _unreadable() -> list[Problem]:
    """What cannot be read or does not hold together: grading packs, time limits, checklists, tables."""
    wrong: list[Problem] = []
    readers: list[tuple[str, Callable[[], object]]] = [
        (pack_id, partial(packs.load, pack_id)) for pack_id in packs.known()
    ]
    readers += [
        ("deadlines", deadline_rules.load),
        ("penalties", penalty_rules.load),
        ("laws", laws.load),
        ("measures", definitions.measures),
        ("tables", forms.forms),
    ]
    for name, read in readers:
        try:
            read()
        except Refused as refused:
            wrong += refused.problems
        except ValueError as error:  # measures and tables name the entry in the error
            wrong.append(packs.problems("K202", name, pack=name, why=error))
    return wrong + checklists.wrong() + self_inspection_forms.wrong()


def _head(pack: Pack) -> dict[str, Any]:
    return {
        "pack": pack.id,
        "title": pack.title,
        "meaning": pack.meaning,
        "citation": pack.citation,
        "unverified": pack.unverified,
        "from": pack.from_on and pack.from_on.isoformat(),
        "until": pack.until_on and pack.until_on.isoformat(),
        "extends": list(pack.extends),
        "version": pack.version,
        "rules_count": len(list(packs.rules(pack))),
    }


def _rule(rule: Row | Outside | Principle) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "rule": rule.id,
        "meaning": rule.meaning,
        "citation": rule.citation,
        "unverified": rule.unverified,
    }
    if isinstance(rule, Principle):
        return answer | {"kind": "principle", "why_not_computed": rule.why_not}
    answer |= {"links": list(rule.links), "areas": list(rule.areas)}
    if isinstance(rule, Outside):
        return answer | {"kind": "scope"}
    answer |= {"kind": rule.decides, "table": rule.table, "level": rule.level, "checked": rule.checked}
    answer |= {"from": rule.from_on and rule.from_on.isoformat()}
    return answer | ({"duty": _duty(rule.duty)} if rule.duty else {})


def _duty(duty: Duty) -> dict[str, Any]:
    fields = ("times", "years", "share", "of", "within_months", "within_days", "every_months", "by")
    found = {name: getattr(duty, name) for name in fields if getattr(duty, name) is not None}
    return {"kind": duty.kind, "kind_label": kinds.label(duty.kind), "responsible": duty.responsible, **found}


COMMANDS = [packs_group]
