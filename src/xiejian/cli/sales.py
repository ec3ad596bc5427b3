"""sales: a firm's own sales desk from the command line of the machine: the daily sheet, ERPNext's files."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import click
from django.utils import timezone

from xiejian.cli.output import command, emit, json_option
from xiejian.kernel import dates
from xiejian.kernel.problems import Refused
from xiejian.people.models import FirmUser
from xiejian.people.policy import SYSTEM, Actor
from xiejian.sales import daily, erp
from xiejian.sales.checks import problems
from xiejian.sales.daily import MEASURES
from xiejian.sales.erp_files import FORMS, yuan

firm_option = click.option("--firm", "uscc", required=True, help="单位的统一社会信用代码")


@click.group("sales", help="企业销售与售后：日报、ERPNext 文件；只在本机使用")
def sales_group() -> None:
    """Commands about a firm's sales desk."""


def _of(uscc: str) -> Actor:
    """The machine itself, acting for this firm alone; refused SA609 where nobody has an account."""
    if not FirmUser.objects.filter(uscc=uscc).exists():
        raise Refused(problems("SA609", "--firm", uscc=uscc))
    return replace(SYSTEM, firm=uscc)


def _on(text: str) -> dt.date:
    return (dates.read(text) if text else None) or timezone.localdate()


@sales_group.command("daily", help="销售日报：当日、本月累计、去年同日、去年同期累计；金额单位在 JSON 中为分")
@firm_option
@click.option("--on", "on_text", default="", help="日期，不写则为今天")
@json_option
@command(stored=True)
def daily_sheet(uscc: str, on_text: str, as_json: bool) -> None:
    sheet = daily.sheet(_of(uscc), _on(on_text))
    lines = [
        "\t".join([row.site, row.region, *(f"{MEASURES[m]} {yuan(row.amounts[m]['day'])}" for m in MEASURES)])
        for row in (*sheet.regions, sheet.total)
    ]
    emit(daily.as_json(sheet), as_json, "\n".join(lines))


@sales_group.command("export", help="导出 ERPNext 的 CSV：item、batch、delivery_note、sales_invoice")
@click.argument("kind", type=click.Choice(list(FORMS)))
@firm_option
@click.option("--out", type=click.Path(path_type=Path), required=True, help="写入的文件")
@json_option
@command(stored=True)
def export(kind: str, uscc: str, out: Path, as_json: bool) -> None:
    text = erp.export_erp(kind, _of(uscc))
    out.write_text(text, encoding="utf-8", newline="")
    lines = text.count("\n") - 1
    emit({"kind": kind, "lines": lines, "file": str(out)}, as_json, f"{out}：{lines} 行")


@sales_group.command("import", help="导入 ERPNext 的 CSV；同一文件导入两次只记一次")
@click.argument("kind", type=click.Choice(list(FORMS)))
@click.argument("path", type=click.Path(path_type=Path))
@firm_option
@json_option
@command(stored=True)
def import_file(kind: str, path: Path, uscc: str, as_json: bool) -> None:
    taken = erp.import_erp(kind=kind, path=path, by=_of(uscc), at=timezone.now())
    told = [f"新增 {taken.new}，已有 {taken.same}，退回 {taken.refused}", *map(str, taken.returned)]
    emit(taken.as_json(), as_json, "\n".join(told))


COMMANDS = [sales_group]
