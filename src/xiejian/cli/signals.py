"""signals: products reported with an event more often than expected; trend: more often than before."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from xiejian.cli.answer import answering, emit, json_option
from xiejian.kernel.dates import read as read_date
from xiejian.kernel.problems import Refused
from xiejian.signals import detection, monthly, table, trends
from xiejian.signals.counting import count

_SHOWN = 20  # pairs in the answer for people
_MOST_MONTHS = 600
_INTO_NEXT = dt.timedelta(days=4)  # from the 28th into the month after


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


@click.command("trend", help="报告数的趋势：哪些产品、批号最近几个月的报告比以往多（控制图、变点）")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--until", "until_text", default="", help="看到这一天所在月份之前，默认到文件中最后一个月")
@click.option("--months", default=24, help="看多少个月，默认 24")
@json_option
@answering
def trend_command(file: Path, until_text: str, months: int, as_json: bool) -> None:
    """FILE: product, on[, lot]; one report a row."""
    least, most = trends.LEAST_PERIODS, _MOST_MONTHS
    if not least <= months <= most:
        raise Refused(table.problems("V106", "--months", least=least, most=most))
    rows = monthly.read(file)
    latest = max(on for _, _, on in rows)
    until = read_date(until_text) or latest.replace(day=28) + _INTO_NEXT
    names = monthly.last_months(until, months)
    each: dict[str, dict[str, float]] = {name: {} for name in trends.METHODS}
    found = [
        {
            "product": product, "lot": lot, "months": names, "counts": counts,
            "trends": [one.as_json() for one in trends.examine(counts, each)],
        }
        for (product, lot), counts in sorted(monthly.per_month(rows, names).items())
    ]  # fmt: skip
    lines = [f"{len(rows)} 份报告，{len(found)} 条曲线，{names[0]} 至 {names[-1]}；信号只提示关注，不是结论"]
    for one in found:
        fired = [t["label"] for t in one["trends"] if t["signal"]]
        if fired:
            lot = f" 批号 {one['lot']}" if one["lot"] else ""
            lines.append(f"{one['product']}{lot}：最近一月 {one['counts'][-1]} 份；{'、'.join(fired)}")
    emit({"reports": len(rows), "series": found}, as_json, "\n".join(lines))


COMMANDS = [signals_command, trend_command]
