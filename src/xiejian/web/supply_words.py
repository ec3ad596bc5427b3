"""How movements, stock and marks are worded and coloured, the same on the office's pages and the firm's."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from xiejian.supply import epcis, queries, rules
from xiejian.supply.models import KINDS, SIGNS, SOURCES, Movement
from xiejian.web import clock
from xiejian.web.export import attachment
from xiejian.web.listing import Column, Filter

EXPORTED = 20_000  # events in one file; more are taken by narrowing the list
#: marks that are against the law as they stand; the others want a look
GRAVE = ("held", "expired", "registration", "oversold")


def mark_filters(asked: dict[str, str]) -> list[Filter]:
    """What a list of movements is narrowed by."""
    marks = [
        (queries.ANY, "有问题的"),
        (queries.DOUBT, "待核的"),
        *((mark.id, mark.label) for mark in rules.marks().values()),
    ]
    return [
        Filter("mark", "标记", marks, asked.get("mark", "")),
        Filter("kind", "类型", list(KINDS.items()), asked.get("kind", "")),
        Filter("source", "来源", list(SOURCES.items()), asked.get("source", "")),
    ]


def mark_tone(row: Movement) -> str:
    return "red" if set(GRAVE) & set(row.mark_list) else "orange"


def gravest(row: Movement) -> str:
    """The gravest mark of a movement, and how many there are."""
    labels = rules.mark_labels(row.marks)
    return f"{labels[0]} 等{len(labels)}项" if len(labels) > 1 else "".join(labels)


def signed(row: Movement) -> int:
    """The quantity as it changes the stock."""
    return row.quantity * SIGNS[row.kind]


def movement_columns(address: str, *, firm: bool) -> list[Column]:
    """The columns of a list of movements; ``address`` names the page of one, ``firm``: whose it is."""
    whose = [
        Column("firm", "登记单位", lambda r: getattr(r, "firm_name", r.firm_uscc), ("firm_uscc",)),
    ]  # fmt: skip
    return [
        Column("on", "日期", lambda r: r.on, ("on",), href=lambda r: reverse(address, args=[r.pk])),
        *(whose if firm else []),
        Column("kind", "类型", lambda r: KINDS[r.kind], ("kind",)),
        Column("product", "产品", lambda r: r.product_name or r.di, ("product_name",)),
        Column("lot", "批号、序列号", lambda r: r.lot or r.serial, ("lot",)),
        Column("quantity", "数量", signed, ("quantity",), numeric=True),
        Column("partner", "往来单位", lambda r: r.partner_name or r.partner_uscc, ("partner_name",)),
        Column(
            "marks", "标记", gravest, ("marks",), tone=mark_tone
        ),
        Column("expires", "有效期至", lambda r: r.expires_on, ("expires_on",), nullable=True),
        Column("all_marks", "全部标记", lambda r: "、".join(rules.mark_labels(r.marks)), shown=False),
        Column("document", "单据号", lambda r: r.document_no, ("document_no",), shown=False),
        Column("di", "产品标识", lambda r: r.di, ("di",), shown=False),
        Column("serial", "序列号", lambda r: r.serial, ("serial",), shown=False),
        Column("registration", "注册证编号", lambda r: r.registration_no, shown=False),
        Column("partner_uscc", "往来单位信用代码", lambda r: r.partner_uscc, shown=False),
        Column("place", "地点", lambda r: r.place, shown=False),
        Column("record", "记录编号", lambda r: r.record_no, ("record_no",), shown=False),
        Column("source", "来源", lambda r: SOURCES[r.source], shown=False),
        Column("by", "登记人", lambda r: r.by_name, shown=False),
    ]  # fmt: skip


def events_file(request: HttpRequest, rows: QuerySet[Movement]) -> HttpResponse:
    """These movements, oldest first, as a file of EPCIS 2.0 events for another system."""
    chosen = rows.order_by("on", "pk")[:EXPORTED]
    text = "".join(epcis.portions(chosen.iterator(chunk_size=2000), clock.now(request)))
    answer = HttpResponse(text, content_type="application/ld+json")
    return attachment(answer, f"进销存-{clock.today(request)}.json")


def named(rows: list[Movement]) -> None:
    """Give each movement the name of its firm, two queries for a page."""
    names = queries.names_of(list({row.firm_uscc for row in rows}))
    for row in rows:
        row.firm_name = names.get(row.firm_uscc, row.firm_uscc)  # type: ignore[attr-defined]


def marks_of(row: Movement) -> list[rules.Mark]:
    """The marks of one movement with what they mean and rest on."""
    return [mark for mark in rules.marks().values() if mark.id in row.mark_list]


def expiry_words(until: dt.date | None, on: dt.date) -> tuple[str, str]:
    """When a lot expires, and its colour: red expired, orange near."""
    if until is None:
        return "未填", "secondary"
    if until < on:
        return f"{until} 已过期", "red"
    near = until <= on + dt.timedelta(days=rules.near_expiry_days())
    return (f"{until} 近效期", "orange") if near else (str(until), "green")
