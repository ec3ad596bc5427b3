"""draw: a random sample that anyone can repeat from the list and the seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from xiejian.cli.output import command, emit, json_option
from xiejian.kernel.problems import Refused
from xiejian.planning.draws import draw, problems
from xiejian.planning.lists import read_list


@click.command("draw", help="随机抽取：同一名单、同一种子总是得到同一结果")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--count", type=int, required=True, help="抽取数量")
@click.option("--seed", required=True, help="公布的种子")
@json_option
@command()
def draw_command(file: Path, count: int, seed: str, as_json: bool) -> None:
    """FILE: .txt with one entry a line, or .csv, .csv.gz, .xlsx whose rows are the entries."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Refused(problems("L106", file.name, why=str(error))) from error
    entries, rows = read_list(file.name, content)
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
    lines += [f"名单 {done.size} 个，摘要 {done.digest}", f"种子 {seed}"]
    lines += [f"名单中重复的条目只有一次机会：{'、'.join(done.duplicates)}"] if done.duplicates else []
    emit(answer, as_json, "\n".join(lines))


COMMANDS = [draw_command]
