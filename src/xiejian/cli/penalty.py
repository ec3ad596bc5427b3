"""xiejian penalty: what the fine may be, with its legal basis. A proposal; a person decides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from xiejian.cli.answer import answering, batch_option, emit, json_option, read_json
from xiejian.kernel import penalties
from xiejian.kernel.penalties import Assessment, PersonsPenalty
from xiejian.kernel.penalty_answers import as_answer, circumstance, listed
from xiejian.kernel.penalty_rules import Book, Range, load, problems
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
