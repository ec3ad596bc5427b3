"""signals: products reported with an event more often than expected."""

from __future__ import annotations

from pathlib import Path

import click

from xiejian.cli.answer import answering, emit, json_option
from xiejian.signals import detection, table
from xiejian.signals.counting import count

_SHOWN = 20  # pairs in the answer for people


@click.command("signals", help="不良事件信号：哪些产品与哪些事件一起报告得比预期多")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@answering
def signals_command(file: Path, as_json: bool) -> None:
    """FILE: report_id, product, event[, stratum]; reports are counted once."""
    answer = detection.as_json(detection.measure(count(table.read(file))))
    lines = [f"{answer['reports']} 份报告，{len(answer['pairs'])} 对产品与事件；信号只提示关注，不是结论"]
    if answer["prior"] is None:
        lines.append("报告太少或太集中，EBGM 的先验无法确定：不计算 EBGM")
    for pair in answer["pairs"][:_SHOWN]:
        shrunk = "" if pair["eb05"] is None else f"，EB05 {pair['eb05']:.2f}"
        lines.append(
            f"{pair['product']} / {pair['event']}：{pair['n']} 份（预期 {pair['expected']:.1f}），"
            f"IC {pair['ic']:.2f}（下限 {pair['ic_low']:.2f}）{shrunk}"
        )
    emit(answer, as_json, "\n".join(lines))


COMMANDS = [signals_command]
