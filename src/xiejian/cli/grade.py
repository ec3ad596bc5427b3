"""grade: one file of facts answered without storing anything, or the whole stored register."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import click
from django.utils import timezone

from xiejian.cli.output import command, emit, json_option, say, upgrade_store
from xiejian.kernel import packs
from xiejian.kernel.dates import read as read_date
from xiejian.kernel.problems import Catalogue, Refused
from xiejian.people.policy import SYSTEM
from xiejian.planning import grade_answers, grading

problems = Catalogue(Path(__file__).with_name("problems.toml"))


@click.command("grade", help="定级：--facts 一次性答复；不带 --facts 则对已登记的全部监管对象分级")
@click.option("--facts", "file", type=click.Path(path_type=Path), help="JSON 列表，栏目同监管对象名录")
@click.option("--pack", "pack_id", required=True, help="规则包标识，见 xiejian packs list")
@click.option("--on", "on_text", required=True, help="定级日期，如 2024-03-05")
@click.option("--office", "office_code", default="000000", show_default=True, help="机构代码：只对其辖区分级")
@json_option
@command()
def grade_command(file: Path | None, pack_id: str, on_text: str, office_code: str, as_json: bool) -> None:
    """Exit 0: done; 1: some parties could not be read; 2: file, pack or date cannot be used."""
    on = read_date(on_text)
    if on is None:
        raise Refused(problems("X202", option="--on"))
    pack = packs.load(pack_id)
    if notice := packs.notice(pack, on):
        say(str(notice))
    if file is None:
        upgrade_store()
        answer = _stored(pack_id, on, office_code)
    else:
        answer = grade_answers.answer(_read(file), pack, on)
    emit(answer, as_json, _text(answer))
    if answer.get("refused"):
        raise SystemExit(1)


def _stored(pack_id: str, on: dt.date, office_code: str) -> dict[str, Any]:
    run = grading.grade_register(
        on=on, pack_id=pack_id, office_code=office_code, by=SYSTEM, at=timezone.now()
    )
    pack = packs.load(pack_id)
    return {**grade_answers.head(pack, on), "run": run.pk, "office": office_code, "counts": run.counts}


def _read(file: Path) -> list[dict[str, Any]]:
    """The list of parties in a JSON file; Refused with X201 where it is not that."""
    try:
        rows = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise Refused(problems("X201", str(file), why=str(error))) from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Refused(problems("X201", str(file), why="应为由对象组成的列表"))
    return rows


def _text(answer: dict[str, Any]) -> str:
    """The answer for people: one line per party and link, or the counts."""
    if "counts" in answer:
        lines = [f"{link}：{_levels(levels)}" for link, levels in answer["counts"].items()]
        return "\n".join(lines) or "名录中没有监管对象"
    lines = []
    for party in answer["parties"]:
        level = f"{party['level']}级" if party["level"] else "不定级"
        lines.append(f"{party['name']}（{party['link']}）：{level}")
        lines += [
            f"  {'【未核实】' if r['unverified'] else ''}{r['rule']} {r['meaning']}（{r['citation']}）"
            for r in party["reasons"]
        ]
    for row in answer["refused"]:
        why = "；".join(problem["message"] for problem in row["problems"])
        lines.append(f"第 {row['row']} 个“{row['name']}”未定级：{why}")
    return "\n".join(lines)


def _levels(levels: dict[str, int]) -> str:
    return "、".join(f"{f'{k}级' if k != 'none' else '不定级'} {n} 户" for k, n in levels.items())


COMMANDS = [grade_command]
