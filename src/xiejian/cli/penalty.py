"""xiejian penalty: what the fine may be, with its legal basis. A proposal; a person decides."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from xiejian.cli.answer import answering, batch_option, emit, json_option, read_json
from xiejian.kernel import penalties
from xiejian.kernel.penalties import Assessment, PersonsPenalty, Reason
from xiejian.kernel.penalty_rules import Book, Circumstance, Range, Rule, load, problems
from xiejian.kernel.problems import Refused


@click.command("penalty")
@click.argument("key", required=False, metavar="[KEY]")
@click.option(
    "--facts",
    "facts_file",
    type=click.Path(path_type=Path),
    help='案件事实，一份 JSON 对象，如 {"goods_value": "20000"}',
)
@click.option("--on", "on", help="违法行为的日期，如 2024-05-01")
@click.option("--list", "listing", is_flag=True, help="列出全部规则")
@click.option("--circumstances", "circumstances", is_flag=True, help="列出全部裁量情节")
@batch_option
@json_option
@click.pass_context
@answering
def penalty(
    ctx: click.Context,
    key: str | None,
    facts_file: Path | None,
    on: str | None,
    listing: bool,
    circumstances: bool,
    batch: Path | None,
    as_json: bool,
) -> None:
    """按规则 KEY（如 P81-1）、事实和行为日期，算出罚款幅度、分档、并处措施和对人员的处罚。"""
    book = load()
    if listing:
        rules = [rule for versions in book.rules.values() for rule in versions]
        lines = (f"{rule.id:9} {rule.meaning}（{rule.citation}）" for rule in rules)
        emit([listed(rule, book) for rule in rules], as_json, "\n".join(lines))
        return
    if circumstances:
        found = book.circumstances.values()
        lines = (f"{c.id:5} {c.meaning} → {_steps(c.steps, book)}（{c.citation}）" for c in found)
        emit([circumstance(c) for c in found], as_json, "\n".join(lines))
        return
    if batch is not None:
        found = [element(item, book) for item in read_json(batch, list)]
        emit(found, as_json)
        ctx.exit(1 if any("problem" in one for one in found) else 0)
    facts = read_json(facts_file, dict) if facts_file else {}
    answer = penalties.assess(key or "", facts, on or "", book)
    emit(as_answer(answer, book), as_json, as_text(answer, book))


COMMANDS = [penalty]


def element(item: object, book: Book) -> dict[str, Any]:
    """One element of a batch: the answer, or the rule asked for with its problem."""
    try:
        if not isinstance(item, dict):
            example = '{"key": "P81-3", "facts": {"goods_value": "20000"}, "on": "2024-05-01"}'
            raise Refused(problems("K528", what="列表的每一项", wanted="对象", example=example))
        facts = item.get("facts")
        facts = {} if facts is None else facts
        return as_answer(penalties.assess(item.get("key"), facts, item.get("on"), book), book)
    except Refused as refused:
        asked = item.get("key") if isinstance(item, dict) else None
        code = refused.first.code
        return {"rule": penalties.shown(asked), "code": code, "problem": refused.first.as_json()}


def number(amount: Decimal) -> int | float:
    """An amount as a JSON number: whole yuan as an integer."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def pair(fine: Range | None) -> list[int | float]:
    """A range as JSON; empty where no fine is due."""
    return [] if fine is None else [number(fine[0]), number(fine[1])]


def cut(bands: dict[str, Range]) -> dict[str, list[int | float]]:
    """The three bands as JSON; each empty where no fine is due."""
    return {name: pair(bands.get(name)) for name in penalties.BANDS}


def reason(found: Reason) -> dict[str, Any]:
    """One reason as JSON."""
    return {
        "rule": found.rule,
        "meaning": found.meaning,
        "citation": found.citation,
        "unverified": found.unverified,
    }


def as_answer(found: Assessment, book: Book) -> dict[str, Any]:
    """The answer with the keys of the contract, and what explains it."""
    return {
        "rule": found.rule,
        "on": found.on.isoformat(),
        "meaning": found.meaning,
        "fine": pair(found.fine),
        "bands": cut(found.bands),
        "reduced": pair(found.reduced),
        "may": found.may,
        "first_step": found.first_step,
        "also": list(found.also),
        "persons": persons(found.persons, book),
        "citation": found.citation,
        "base": found.base or None,
        "base_value": None if found.base_value is None else number(found.base_value),
        "decided_by": found.decided_by,
        "reasons": [reason(r) for r in found.reasons],
        "unverified": found.unverified,
        "bands_unverified": book.cut.unverified if found.fine else False,
        "conflicts": [
            {"id": c.id, "meaning": c.meaning, "proposal": c.proposal or None, "proposal_fine": pair(c.fine)}
            for c in found.conflicts
        ],
        "exemptions": [reason(r) for r in found.exemptions],
        "circumstances": [circumstance(c) for c in found.circumstances],
        "steps": list(found.steps),
        "confirm": found.confirm,
        "ignored": list(found.ignored),
    }


def circumstance(found: Circumstance) -> dict[str, Any]:
    """A discretion circumstance as JSON, with the steps it may lead to."""
    return {
        "id": found.id,
        "steps": list(found.steps),
        "must": found.must,
        "meaning": found.meaning,
        "citation": found.citation,
        "unverified": found.unverified,
    }


def persons(found: PersonsPenalty | None, book: Book) -> dict[str, Any]:
    """What the responsible persons face; empty where nothing."""
    if found is None:
        return {}
    return {
        "who": book.labels["persons"]["who"],
        "fine": pair(found.fine),
        "bands": cut(found.bands),
        "times": None if found.times is None else [number(t) for t in found.times],
        "base": found.base or None,
        "needs": found.needs or None,
        "confiscate": None if found.confiscate is None else number(found.confiscate),
        "confiscates_income": found.confiscates_income,
        "ban": found.ban,
        "also": list(found.also),
    }


def listed(rule: Rule, book: Book) -> dict[str, Any]:
    """A rule as --list shows it, with the facts that can change its answer."""
    return {
        "rule": rule.id,
        "group": rule.group,
        "kind": rule.kind,
        "meaning": rule.meaning,
        "citation": rule.citation,
        "facts": penalties.asked(rule, book),
        "first_step": book.labels["first_step"][rule.first_step],
        "from": rule.from_on.isoformat() if rule.from_on else None,
        "until": rule.until_on.isoformat() if rule.until_on else None,
        "decided_by": rule.decided_by,
        "unverified": rule.unverified,
        "basis": book.labels["basis"].get(rule.basis, ""),
    }


def as_text(found: Assessment, book: Book) -> str:
    """The answer for people."""
    lines = [f"{found.rule}  {found.meaning}", f"依据：{found.citation}"]
    if found.fine is None:
        lines.append(f"罚款：暂不处罚款（{found.first_step}）")
    else:
        lines.append(f"罚款：{_span(found.fine)}" + ("（可以并处）" if found.may else ""))
        marks = (f"{book.labels['band'][name]} {_span(span)}" for name, span in found.bands.items())
        lines.append(f"分档{'（待核实）' if book.cut.unverified else ''}：" + "；".join(marks))
    lines.append("措施：" + "；".join(found.also))
    if found.persons:
        lines.append(f"人员：{_persons_text(found.persons, book)}")
    lines += [f"冲突 {c.id}：{c.meaning}" for c in found.conflicts]
    lines += [f"免罚核对 {r.rule}：{r.meaning}" for r in found.exemptions]
    lines += [f"情节 {c.id}：{c.meaning}（{_steps(c.steps, book)}）" for c in found.circumstances]
    lines += [f"说明 {'（待核实）' if r.unverified else ''}{r.meaning}" for r in found.reasons[1:]]
    if found.ignored:
        lines.append(f"未使用的事实：{'、'.join(found.ignored)}")
    return "\n".join([*lines, "以上为建议幅度，由办案人员依法决定。"])


def _span(fine: Range) -> str:
    return f"{penalties.yuan(fine[0])}—{penalties.yuan(fine[1])} 元"


def _steps(steps: tuple[str, ...], book: Book) -> str:
    return "、".join(book.step_labels[step] for step in steps)


def _persons_text(found: PersonsPenalty, book: Book) -> str:
    parts = [book.labels["persons"]["who"]]
    if found.confiscates_income:
        parts.append("没收所获收入" + (f" {penalties.yuan(found.confiscate)} 元" if found.confiscate else ""))
    if found.fine:
        parts.append(f"罚款 {_span(found.fine)}")
    elif found.times:
        base = book.labels["base"][found.base]
        parts.append(f"罚款为{base}的 {found.times[0]} 至 {found.times[1]} 倍（请给出 {found.needs}）")
    return "；".join(part for part in (*parts, found.ban, *found.also) if part)
