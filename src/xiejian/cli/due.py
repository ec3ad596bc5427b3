"""due: when a time limit is due, and why; nothing is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from xiejian.cli.answer import answering, batch_option, emit, json_option, problems, read_json
from xiejian.kernel import deadlines
from xiejian.kernel.deadline_facts import shown
from xiejian.kernel.problems import Refused


@click.command("due", help="时限：某一期限何时到期，跳过哪些日子，依据是什么")
@click.argument("rule", required=False)
@click.option("--from", "start", metavar="DATE", help="起算日（按小时的期限为时刻，如 2024-04-30T10:15）")
@click.option(
    "--facts", "facts_file", type=click.Path(path_type=Path), help="JSON：extensions、stops、received_on"
)
@batch_option
@click.option("--list", "list_rules", is_flag=True, help="列出全部时限")
@json_option
@answering
def due(
    rule: str | None,
    start: str | None,
    facts_file: Path | None,
    batch: Path | None,
    list_rules: bool,
    as_json: bool,
) -> None:
    """One of --list, --batch, or a rule with its start. Exit 1: some of the batch were refused."""
    if list_rules:
        found = deadlines.listed()
        return emit(found, as_json, "\n".join(_line(entry) for entry in found))
    if batch is not None:
        answers = [_one(entry) for entry in read_json(batch, list)]
        emit(answers, as_json)
        if any("problem" in answer for answer in answers):
            raise SystemExit(1)
        return None
    for value, option in ((rule, "RULE"), (start, "--from")):
        if not value:
            raise Refused(problems("X202", option, option=option))
    answer = deadlines.answer(rule, start, read_json(facts_file, dict) if facts_file else None)
    return emit(answer, as_json, _text(answer))


def _one(entry: Any) -> dict[str, Any]:
    """One element of a batch: its answer, or the problem with it."""
    if not isinstance(entry, dict):
        refused = problems("X002", shown(entry), wanted="对象")
        return {"rule": None, "problem": refused.as_json()}
    given = entry.get("facts")
    try:
        # the facts stand in the element; a text is the name of their file, as on the command line
        known = read_json(Path(given), dict) if isinstance(given, str) else given
        if known is None:
            known = {key: entry[key] for key in ("extensions", "stops", "received_on") if key in entry}
        return deadlines.answer(entry.get("rule"), entry.get("from"), known)
    except Refused as refused:
        rule = entry.get("rule")
        return {"rule": None if rule is None else shown(rule), "problem": refused.first.as_json()}


def _line(entry: dict[str, Any]) -> str:
    marks = ("【未核实】" if entry["unverified"] else "") + ("【含本系统设置】" if entry["design"] else "")
    number = "、".join(entry["dates"]) or f"{entry['n'] or ''}{entry['unit_label']}"
    return f"{entry['rule']}\t{number}\t{marks}{entry['meaning']}（{entry['citation']}）"


def _text(answer: dict[str, Any]) -> str:
    lines = [f"{answer['applied']} {answer['meaning']}", f"起算：{answer['starts']} {answer['from']}"]
    if answer["due_legal"]:
        if answer["opens"]:
            lines.append(f"自 {answer['opens']} 起可以办理")
        mark = "（暂定：当年放假安排未公布）" if answer["provisional"] else ""
        lines.append(f"到期：{answer['due_legal']}{mark}")
        if answer["due_strict"] != answer["due_legal"]:
            lines.append(f"不顺延：{answer['due_strict']}")
    else:
        lines.append("没有可计算的到期日")
    lines += [f"另：{leg['meaning']} {leg['due_legal']}（{leg['starts']}）" for leg in answer["legs"]]
    lines += [f"不计：{day['day']} {day['why']}" for day in answer["trail"]]
    lines += [f"调休上班，计入：{day}" for day in answer["made_up"]]
    lines += [f"注：{note}" for note in answer["notes"]]
    if answer["unverified"]:
        lines.append(f"【未核实】{answer['source']}")
    if answer["design"]:
        lines.append(f"【本系统设置】{answer['design']}")
    lines.append(f"依据：{answer['citation']}")
    return "\n".join(lines)


COMMANDS = [due]
