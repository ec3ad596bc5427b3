"""clocks: the stored time limits counted again when a holiday arrangement has been published."""

from __future__ import annotations

from typing import Any

import click
from django.utils import timezone

from xiejian.cli.output import command, emit, json_option
from xiejian.clocks import actions, queries
from xiejian.clocks.queries import Move
from xiejian.kernel import workdays
from xiejian.people.policy import SYSTEM


@click.group("clocks", help="各项记录的法定时限")
def clocks_group() -> None:
    """Commands about the clocks of records."""


@clocks_group.command("recompute", help="放假安排公布或更正后，重算未办结的时限，逐条记入审计")
@click.option("--dry-run", is_flag=True, help="只列出将改变的时限，不改动")
@json_option
@command(stored=True)
def recompute(dry_run: bool, as_json: bool) -> None:
    running = queries.running(SYSTEM).count()
    if dry_run:
        moves = queries.moves(queries.stale(SYSTEM))
    else:
        moves = actions.recompute_clocks(by=SYSTEM, at=timezone.now())
    answer: dict[str, Any] = {
        "calendar": workdays.standing().version,
        "running": running,
        "applied": not dry_run,
        "moved": [move.as_json() for move in moves],
    }
    emit(answer, as_json, "\n".join([*map(_line, moves), _total(running, moves, dry_run)]))


def _line(move: Move) -> str:
    mark = "（暂定）" if move.provisional else ""
    change = f"{move.before[1]} → {move.dates[1]}{mark}" if move.before[1] != move.dates[1] else "日期不变"
    return f"{move.clock.title}　{move.clock.label}：{change}；{move.why}"


def _total(running: int, moves: list[Move], dry_run: bool) -> str:
    return f"计时中 {running} 条，{'将' if dry_run else '已'}改变 {len(moves)} 条" + (
        "，没有改动任何数据" if dry_run else "，逐条记入审计"
    )


COMMANDS = [clocks_group]
