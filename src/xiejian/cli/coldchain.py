"""coldchain: loggers and excursions, readings from files and from a broker."""

from __future__ import annotations

import datetime as dt
import sys
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click
from django.utils import timezone

from xiejian.cli.broker import Listener
from xiejian.cli.output import command, emit, json_option
from xiejian.cli.step_facts import actor_named, by_option
from xiejian.coldchain import actions, queries
from xiejian.coldchain.checks import degrees, problems
from xiejian.coldchain.models import KINDS, Excursion, Logger
from xiejian.kernel.problems import Refused
from xiejian.people.policy import SYSTEM, Actor


@click.group("coldchain", help="冷链：记录仪、读数、异常")
def coldchain_group() -> None:
    """Commands about the cold chain."""


def _wrong(where: str, why: str) -> NoReturn:
    raise Refused(problems("CC404", where, what=where, why=why))


def _actor(username: str) -> Actor:
    return actor_named(username, partial(_wrong, "--by"))


def _moment(at: dt.datetime | None) -> str | None:
    """A moment where the office is, with its offset."""
    return timezone.localtime(at).isoformat(timespec="seconds") if at else None


def _logger_row(row: Logger, late: bool) -> dict[str, Any]:
    return {
        "logger": row.code, "firm": row.firm_name, "uscc": row.firm_uscc, "place": row.place,
        "kind": row.kind, "low": row.low_centi and row.low_centi / 100,
        "high": row.high_centi and row.high_centi / 100, "interval_seconds": row.interval_seconds,
        "calibrated_until": row.calibrated_until, "last_at": _moment(row.last_at),
        "last_celsius": row.last_centi and row.last_centi / 100, "silent": late,
        "open_excursions": row.open_count, "office": row.office_code,
    }  # fmt: skip


def _excursion_row(row: Excursion) -> dict[str, Any]:
    return {
        "excursion": row.pk, "number": row.number, "kind": row.kind, "state": row.state,
        "state_label": actions.WORKFLOW.states[row.state], "firm": row.logger.firm_name,
        "logger": row.logger.code, "place": row.logger.place, "start": _moment(row.start),
        "end": _moment(row.end),
        "highest": row.highest_centi and row.highest_centi / 100,
        "lowest": row.lowest_centi and row.lowest_centi / 100, "lots": row.lot_count,
        "settled": row.settled, "office": row.logger.office_code,
    }  # fmt: skip


@coldchain_group.command("loggers", help="记录仪：最近读数、是否失联、未办结的异常")
@click.option("--office", "office_code", default="", help="机构代码：该机构及下级")
@click.option("--search", default="", help="编号、库房、单位")
@by_option
@json_option
@command(stored=True)
def list_loggers(office_code: str, search: str, username: str, as_json: bool) -> None:
    at = timezone.now()
    rows = queries.loggers(_actor(username), office=office_code, search=search).order_by("firm_name", "code")
    found = [_logger_row(row, queries.is_silent(row, at)) for row in rows]
    lines = [
        f"{r['logger']}\t{r['place']}\t{r['firm']}\t{'失联' if r['silent'] else '正常'}\t"
        f"{r['last_celsius'] if r['last_at'] else '—'}"
        for r in found
    ]
    emit({"loggers": found}, as_json, "\n".join(lines) or "还没有记录仪")


@coldchain_group.command("list", help="冷链异常")
@click.option("--tab", type=click.Choice(["open", "sold", "all"]), default="all", help="哪一部分")
@click.option("--office", "office_code", default="", help="机构代码：该机构及下级")
@click.option("--search", default="", help="编号、库房、单位、批号")
@by_option
@json_option
@command(stored=True)
def list_excursions(tab: str, office_code: str, search: str, username: str, as_json: bool) -> None:
    actor = _actor(username)
    counts = vars(queries.counts(actor, timezone.now(), office_code))
    if tab == "sold":
        rows = [
            {
                "excursion": m.excursion_id, "record_no": m.record_no, "uscc": m.firm_uscc, "kind": m.kind,
                "on": m.on, "di": m.di, "lot": m.lot, "serial": m.serial, "quantity": m.quantity,
                "product": m.product_name,
            }
            for m in queries.sold_after(actor, search=search).order_by("-on", "-pk")
        ]  # fmt: skip
        lines = [f"{r['on']}\t{r['product']}\t{r['lot']}\t{r['quantity']}\t{r['excursion']}" for r in rows]
        emit({"sold": rows, "counts": counts}, as_json, "\n".join(lines) or "没有断链后销售")
        return
    found = queries.excursions(actor, office=office_code, search=search).order_by("-start", "-pk")
    if tab == "open":
        found = found.filter(state__in=queries.OPEN)
    shown = [_excursion_row(row) for row in found]
    lines = [
        f"{r['number']}\t{KINDS[r['kind']]}\t{r['place']}\t{r['start'][:16]}\t{r['state_label']}"
        for r in shown
    ]
    emit({"excursions": shown, "counts": counts}, as_json, "\n".join(lines) or "没有冷链异常")


@coldchain_group.command("import", help="导入记录仪导出的文件（csv、xlsx）；退出码 1：有退回的行")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--firm", "firm_uscc", required=True, help="单位的统一社会信用代码")
@click.option("--logger", "code", default="", help="记录仪编号；文件中有这一列的不用写")
@click.option("--days-first/--months-first", default=None, help="01/06/2026 哪个是日；不写则看其他行")
@click.option("--fahrenheit", is_flag=True, help="标题和单元格都没有单位时按华氏度")
@by_option
@json_option
@command(stored=True)
def import_file(
    file: Path, firm_uscc: str, code: str, days_first: bool | None, fahrenheit: bool, username: str,
    as_json: bool,
) -> None:  # fmt: skip
    done = actions.import_readings(
        path=file, firm_uscc=firm_uscc, code=code, days_first=days_first, fahrenheit=fahrenheit,
        by=_actor(username), at=timezone.now(),
    )  # fmt: skip
    was = done.outcome
    lines = [
        f"读取 {was.read} 行：存入 {was.loaded}（时钟异常 {done.marked}），"
        f"无变化 {was.unchanged}，退回 {was.rejected}"
    ]
    lines += [f"[{p['code']}] {p['where']}：{p['message']}；处理：{p['next']}" for p in was.problems]
    lines += [f"{one.number}：{one.logger} {KINDS[one.kind]}{_peak(one)}" for one in done.excursions]
    if was.rejects_file:
        lines.append(f"退回的行（改正后可再导入）：{was.rejects_file}")
    emit(done.as_json(), as_json, "\n".join(lines))
    sys.exit(1 if was.rejected else 0)


def _peak(row: Excursion) -> str:
    peak = row.highest_centi if row.kind == "high" else row.lowest_centi if row.kind == "low" else None
    return f"，{degrees(peak)}℃" if peak is not None else ""


@coldchain_group.command("check", help="查找失联的在线记录仪")
@json_option
@command(stored=True)
def check(as_json: bool) -> None:
    found = actions.note_silence(by=SYSTEM, at=timezone.now())
    lines = [f"{one.number}：{one.logger} {KINDS[one.kind]}" for one in found]
    emit({"excursions": [one.pk for one in found]}, as_json, "\n".join(lines) or "没有新的失联")


@coldchain_group.command("listen", help="接收消息服务器（MQTT）上的读数，主题末两级为信用代码、记录仪编号")
@click.option("--broker", required=True, help="主机:端口")
@click.option("--topic", default="coldchain/+/+", help="订阅的主题")
@click.option("--client-id", default="xiejian-coldchain", help="同一名称再连时补收离线期间的消息")
@click.option("--for", "seconds", type=float, default=None, help="听多少秒；不写则一直听，Ctrl+C 结束")
@json_option
@command(stored=True)
def listen(broker: str, topic: str, client_id: str, seconds: float | None, as_json: bool) -> None:
    tally = Listener(broker, topic, client_id).run(seconds)
    text = (
        f"收到 {tally.messages} 条消息：存入 {tally.stored}，无变化 {tally.unchanged}，拒收 {tally.refused}"
    )
    emit(tally.as_json(), as_json, text)


COMMANDS = [coldchain_group]
