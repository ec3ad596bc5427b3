"""draw: a random sample that anyone can repeat from the list and the seed."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import click

from xiejian.cli.output import command, emit, json_option
from xiejian.inspections.checklists import minimum_inspectors
from xiejian.kernel.problems import Refused
from xiejian.planning.draws import PAIR_METHOD, digest_of, draw, draw_teams, problems
from xiejian.planning.lists import read_list


@click.command("draw", help="随机抽取：同一名单、同一种子总是得到同一结果")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--count", type=int, required=True, help="抽取数量")
@click.option("--seed", required=True, help="公布的种子")
@click.option("--inspectors", type=click.Path(path_type=Path), help="检查人员名单：同时抽检查组")
@click.option("--avoid", type=click.Path(path_type=Path), help="回避名单：每行 对象,检查人员")
@click.option("--last", type=click.Path(path_type=Path), help="上次检查人员：每行 对象,检查人员,检查人员")
@json_option
@command()
def draw_command(
    file: Path,
    count: int,
    seed: str,
    inspectors: Path | None,
    avoid: Path | None,
    last: Path | None,
    as_json: bool,
) -> None:
    """FILE: .txt with one entry a line, or .csv, .csv.gz, .xlsx whose rows are the entries."""
    entries, rows = read_list(file.name, _content(file))
    done = draw(entries, count, seed)
    answer: dict[str, Any] = {
        "drawn": list(done.drawn),
        "digest": done.digest,
        "seed": done.seed,
        "method": done.method,
        "count": len(done.drawn),
        "size": done.size,
        "duplicates": list(done.duplicates),
    }
    if rows:
        answer["rows"] = [rows[entry] for entry in done.drawn]
    lines = [f"{place}. {entry}" for place, entry in enumerate(done.drawn, start=1)]
    if inspectors is not None:
        people, _ = read_list(inspectors.name, _content(inspectors))
        teams = draw_teams(
            done.drawn, people, seed, size=minimum_inspectors(),
            avoid=[(row[0], row[1]) for row in _lines(avoid)], last={row[0]: row[1:] for row in _lines(last)},
        )  # fmt: skip
        answer["pairs"] = [
            {"party": t.entry, "inspectors": t.inspectors, "rotated": t.rotated} for t in teams
        ]
        answer["inspectors_digest"] = digest_of(people)
        answer["pair_method"] = PAIR_METHOD.format(size=minimum_inspectors())
        lines = [f"{n}. {t.entry}：{'、'.join(t.inspectors)}" for n, t in enumerate(teams, start=1)]
    lines += [f"名单 {done.size} 个，摘要 {done.digest}", f"种子 {seed}"]
    lines += [f"名单中重复的条目只有一次机会：{'、'.join(done.duplicates)}"] if done.duplicates else []
    emit(answer, as_json, "\n".join(lines))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Refused(problems("L106", file.name, why=str(error))) from error


def _lines(file: Path | None) -> list[list[str]]:
    """The rows of a comma-separated list without a heading; a line of one word says nothing."""
    if file is None:
        return []
    text = _content(file).decode("utf-8-sig", errors="replace")
    rows = [[cell.strip() for cell in row if cell.strip()] for row in csv.reader(text.splitlines())]
    return [row for row in rows if len(row) > 1]


COMMANDS = [draw_command]
