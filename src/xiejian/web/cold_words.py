"""冷链 as pages show it, the offices' and the firms' own: columns, tones, the curve, what was done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone

from xiejian.coldchain import actions, queries, rules
from xiejian.coldchain.checks import degrees
from xiejian.coldchain.models import KINDS, MARKS, OUTCOMES, Excursion, Logger
from xiejian.coldchain.rechecking import SUBJECT
from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor
from xiejian.web.charts import Chart
from xiejian.web.listing import Column, Filter

STATES = actions.WORKFLOW.states
TONES = {
    "found": "red", "explained": "orange", "assessed": "yellow", "released": "green",
    "destroyed": "secondary", "settled": "secondary",
}  # fmt: skip
KIND_TONES = {"high": "red", "low": "blue", "gap": "orange", "clock": "purple"}
#: How a step is called in the history of an excursion.
DONE = {
    "find_excursion": "发现", "explain_excursion": "说明原因", "assess_excursion": "质量评估",
    "release_excursion": "批准放行", "settle_excursion": "补齐读数",
    "reject_excursion": "不予放行", "return_assessment": "退回重新评估",
}  # fmt: skip


def moment(at: dt.datetime | None) -> str:
    """A moment to the minute where the office is; '' for none."""
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M") if at else ""


def span(low: int | None, high: int | None) -> str:
    """Limits in words.

    >>> span(200, 800), span(None, -1800), span(200, None)
    ('2～8℃', '≤ -18℃', '≥ 2℃')
    """
    if low is None or high is None:
        return f"≥ {degrees(low)}℃" if high is None else f"≤ {degrees(high)}℃"
    return f"{degrees(low)}～{degrees(high)}℃"


def peak(row: Excursion) -> str:
    """The worst temperature of a deviation; '' for a gap or a wrong clock."""
    centi = row.highest_centi if row.kind == "high" else row.lowest_centi if row.kind == "low" else None
    return f"{degrees(centi)}℃" if centi is not None else ""


def lasted(row: Excursion) -> str:
    """How long it lasted, in hours and minutes."""
    if row.end is None:
        return "仍在继续"
    minutes = int((row.end - row.start).total_seconds() // 60)
    return f"{minutes // 60}小时{minutes % 60}分" if minutes >= 60 else f"{minutes}分"


def excursion_columns(page: str, *, firm: bool) -> list[Column]:
    """``page``: URL name of one excursion; ``firm``: whether it must be said whose it is."""
    columns = [
        Column(
            "start", "开始", lambda e: moment(e.start), ("start",), href=lambda e: reverse(page, args=[e.pk])
        ),
        Column("kind", "类型", lambda e: KINDS[e.kind], ("kind",), tone=lambda e: KIND_TONES[e.kind]),
        Column("firm", "单位", lambda e: e.logger.firm_name, ("logger__firm_name",)),
        Column("place", "库房、设备或车辆", lambda e: e.logger.place, ("logger__place",)),
        Column("logger", "记录仪", lambda e: e.logger.code, ("logger__code",), shown=False),
        Column("lasted", "持续", lasted),
        Column("peak", "最高、最低", peak),
        Column("lots", "受影响批次", lambda e: e.lot_count, ("lot_count",), numeric=True),
        Column("settled", "补齐读数", lambda e: e.settled, shown=False),
        Column("state", "状态", lambda e: STATES[e.state], ("state",), tone=lambda e: TONES[e.state]),
    ]  # fmt: skip
    return columns if firm else [column for column in columns if column.key != "firm"]


def excursion_filters(asked: Mapping[str, str]) -> list[Filter]:
    return [
        Filter("kind", "类型", list(KINDS.items()), asked.get("kind", "")),
        Filter("state", "状态", list(STATES.items()), asked.get("state", "")),
    ]


def condition(row: Logger, at: dt.datetime) -> tuple[str, str]:
    """What is to be said of a logger at a glance, with its tone."""
    if row.retired_on:
        return "已停用", "secondary"
    if queries.is_silent(row, at):
        return "失联", "red"
    if row.calibrated_until and row.calibrated_until < timezone.localdate(at):
        return "校准过期", "orange"
    return ("没有读数", "secondary") if row.last_at is None else ("正常", "green")


def logger_columns(page: str, at: dt.datetime, *, firm: bool) -> list[Column]:
    kinds = rules.place_kinds()
    columns = [
        Column("code", "记录仪", lambda g: g.code, ("code",), href=lambda g: reverse(page, args=[g.pk])),
        Column("place", "库房、设备或车辆", lambda g: g.place, ("place",)),
        Column("firm", "单位", lambda g: g.firm_name, ("firm_name",)),
        Column("kind", "类型", lambda g: kinds[g.kind].label, ("kind",)),
        Column("limits", "上下限", lambda g: span(g.low_centi, g.high_centi)),
        Column("last", "最近读数", lambda g: f"{degrees(g.last_centi)}℃" if g.last_at else ""),
        Column("last_at", "时间", lambda g: moment(g.last_at), ("last_at",), nullable=True),
        Column(
            "open", "未办结异常", lambda g: g.open_count, ("open_count",), numeric=True,
            tone=lambda g: "orange" if g.open_count else "",
        ),
        Column(
            "calibrated", "校准有效期至", lambda g: g.calibrated_until, ("calibrated_until",), nullable=True,
            shown=False,
        ),
        Column("interval", "记录间隔（秒）", lambda g: g.interval_seconds, shown=False, numeric=True),
        Column("state", "情况", lambda g: condition(g, at)[0], tone=lambda g: condition(g, at)[1]),
    ]  # fmt: skip
    return columns if firm else [column for column in columns if column.key != "firm"]


def kind_filter(asked: Mapping[str, str]) -> Filter:
    choices = [(kind.id, kind.label) for kind in rules.place_kinds().values()]
    return Filter("kind", "类型", choices, asked.get("kind", ""))


def curve(row: Logger, since: dt.datetime, until: dt.datetime) -> Chart:
    """The temperatures of a logger with their limits; a gap breaks the line."""
    points, gap = queries.curve(row, since, until), rules.gap_after(row.interval_seconds)
    rows: list[tuple[str, list[float | int | None]]] = []
    for before, point in zip([None, *points], points, strict=False):
        if before and point.at - before.until > gap:
            rows.append(("缺测", [None, None, None, None]))
        values = (point.highest, point.lowest, point.high, point.low)
        label = timezone.localtime(point.at).strftime("%m-%d %H:%M")
        rows.append((label, [None if value is None else value / 100 for value in values]))
    return Chart(
        "curve", f"{row.place} 温度", "line", ["最高", "最低", "上限", "下限"], rows, "℃",
        colours=["orange", "blue", "pale", "pale"], label_heading="时间",
    )  # fmt: skip


#: Days up to its newest reading that the curve of a logger shows, and excursions beside it.
DAYS, NEWEST = 7, 20


def newest_curve(row: Logger, at: dt.datetime) -> Chart:
    """The temperatures of the last days that there are readings of."""
    last = row.last_at or at
    return curve(row, last - dt.timedelta(days=DAYS), last)


def newest(actor: Actor | None, row: Logger) -> list[tuple[int, str, str, str, str]]:
    """The newest excursions of a logger: id, start, what it was, state and its tone."""
    rows = queries.excursions(actor, logger=row.pk).order_by("-start", "-pk")[:NEWEST]
    return [
        (one.pk, moment(one.start), f"{KINDS[one.kind]} {lasted(one)}", STATES[one.state], TONES[one.state])
        for one in rows
    ]


def logger_facts(row: Logger, at: dt.datetime) -> dict[str, Any]:
    """What the facts card of a logger shows."""
    kind = rules.place_kinds()[row.kind]
    marked = queries.marked_readings(row)
    return {
        "logger": row, "kind": kind, "limits": span(row.low_centi, row.high_centi),
        "condition": condition(row, at),
        "last": f"{degrees(row.last_centi)}℃（{moment(row.last_at)}）" if row.last_at else "",
        "slow": row.interval_seconds > kind.interval.total_seconds(),
        "longest": int(kind.interval.total_seconds()),
        "marked": [(MARKS[name], many) for name, many in marked.items()],
    }  # fmt: skip


def excursion_facts(row: Excursion) -> dict[str, Any]:
    """What both pages of an excursion show of it."""
    history = AuditEntry.objects.filter(subject=SUBJECT, subject_key=row.number).order_by("sequence")
    return {
        "found": row, "state": (STATES[row.state], TONES[row.state]),
        "kind": (KINDS[row.kind], KIND_TONES[row.kind]), "lasted": lasted(row), "peak": peak(row),
        "limit": f"{degrees(row.limit_centi)}℃" if row.limit_centi is not None else "",
        "start": moment(row.start), "end": moment(row.end), "outcome": OUTCOMES.get(row.outcome, ""),
        "lots": list(row.lots.all()),
        "history": [(moment(one.at), DONE.get(one.action, one.action), one.by_name) for one in history],
    }  # fmt: skip


#: How long before and after an excursion its curve begins and ends.
AROUND = dt.timedelta(hours=12)


def around(row: Excursion, at: dt.datetime) -> Chart:
    """The curve of an excursion with some time on both sides."""
    return curve(row.logger, row.start - AROUND, (row.end or at) + AROUND)


def sold_columns(page: str) -> list[Column]:
    """Movements of lots that were handed on between an excursion and its release."""
    return [
        Column("on", "日期", lambda m: m.on, ("on",)),
        Column("product", "产品", lambda m: m.product_name or m.di, ("product_name",)),
        Column("lot", "批号", lambda m: m.lot or m.serial, ("lot",)),
        Column("quantity", "数量", lambda m: m.quantity, ("quantity",), numeric=True),
        Column("kind", "类型", lambda m: m.get_kind_display(), ("kind",)),
        Column("firm", "单位信用代码", lambda m: m.firm_uscc, ("firm_uscc",)),
        Column("partner", "往来单位", lambda m: m.partner_name, ("partner_name",)),
        Column("record", "记录编号", lambda m: m.record_no, ("record_no",), shown=False),
        Column(
            "excursion", "冷链异常", lambda m: f"冷链异常{m.excursion_id}", ("excursion_id",),
            href=lambda m: reverse(page, args=[m.excursion_id]),
        ),
    ]  # fmt: skip
