"""trace: one lot from its maker to everybody who has it."""

from __future__ import annotations

import datetime as dt

import click
from django.utils import timezone

from xiejian.cli.output import command, emit, json_option
from xiejian.kernel import dates
from xiejian.people.policy import SYSTEM
from xiejian.supply.trace import Trace, asked, trace


def _lines(found: Trace) -> str:
    """The answer for people."""
    total = found.account
    lines = [
        f"{found.product_name}　{found.asked.words}　截至 {found.on}",
        f"进入 {total.entered}，有着落 {total.accounted}（其中对方未登记 {total.unconfirmed}），"
        f"无着落 {total.unaccounted}",
        "现有：",
    ]
    lines += [
        f"  {found.name(node.key)}\t{node.on_hand}\t{found.firms[node.key].office}"
        f"{'' if node.recorded else '（按对方登记）'}"
        for node in found.holders
    ]
    lines += ["差额：", *(f"  {gap.text}" for gap in found.gaps)] if found.gaps else []
    if found.patients:
        lines.append(f"到患者：{len({(p.firm, p.token) for p in found.patients})} 人（只有医院能还原）")
    return "\n".join(lines)


@click.command("trace", help="追溯一批产品：来源、去向、谁还有、多少无着落")
@click.option("--udi", "code", default="", help="唯一标识：扫到的或者照印出的文字")
@click.option("--di", default="", help="产品标识")
@click.option("--lot", default="", help="批号")
@click.option("--serial", default="", help="序列号：只追溯这一件")
@click.option("--party", default="", help="统一社会信用代码：只看该单位的上游和下游")
@click.option("--on", "on_text", default="", help="截至日期，不写则为今天")
@json_option
@command(stored=True)
def trace_command(code: str, di: str, lot: str, serial: str, party: str, on_text: str, as_json: bool) -> None:
    on: dt.date = (dates.read(on_text) if on_text else None) or timezone.localdate()
    what = asked(code, di=di, lot=lot, serial=serial, on=on)
    found = trace(SYSTEM, what, party=party.strip().upper(), on=on)
    emit(found.as_json(), as_json, _lines(found))


COMMANDS = [trace_command]
