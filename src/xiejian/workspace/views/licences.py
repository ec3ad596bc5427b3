"""证照: our licences and filings with their ends, and our registered products."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from xiejian.people.policy import Actor
from xiejian.registry import queries
from xiejian.registry.queries import VALID
from xiejian.web import clock
from xiejian.web.listing import Column, Listing, show
from xiejian.web.templatetags.xiejian import licence_kind
from xiejian.web.views.corrections import clock_words
from xiejian.workspace.guard import needs_firm
from xiejian.workspace.items import Item

TABS = (("", "证照与备案"), ("products", "产品注册与备案"))


def due_items(actor: Actor, on: dt.date) -> list[Item]:
    """待办: certificates that end soon or have ended."""
    rows = [*queries.expired(actor, on), *queries.expiring(actor, queries.expiring_days(), on)]
    products = [
        *queries.registrations(actor, tab="expired", on=on, own=True),
        *queries.registrations(actor, tab="expiring", on=on, own=True),
    ]
    here = reverse("firm_licences")
    return [
        Item(
            "证照到期", f"{licence_kind(row.kind)} {row.number}", here, row.expires_on, "到期前按规定申请延续"
        )
        for row in rows
    ] + [
        Item("注册证到期", f"{row.product_name} {row.number}", f"{here}?tab=products", row.expires_on)
        for row in products
    ]


def _end(on: dt.date) -> Column:
    def words(row: object) -> tuple[str, str]:
        end = getattr(row, "expires_on", None)
        if end is None or getattr(row, "status", VALID) != VALID:
            return str(end or ""), "secondary"
        return clock_words(end, on)

    return Column(
        "expires",
        "有效期至",
        lambda r: words(r)[0],
        ("expires_on",),
        nullable=True,
        tone=lambda r: words(r)[1],
    )


@needs_firm("firm.view")
def licence_list(request: HttpRequest) -> HttpResponse:
    """证照: what do we hold, and when does it end?"""
    asked, on, actor = request.GET, clock.today(request), request.actor
    tab, search = asked.get("tab", ""), asked.get("q", "")
    status = Column("status", "状态", lambda r: r.status, ("status",))
    if tab == "products":
        columns = [
            Column("number", "注册证、备案编号", lambda r: r.number, ("number_key",)),
            Column("name", "产品名称", lambda r: r.product_name, ("product_name",)),
            Column("class", "管理类别", lambda r: r.management_class, ("management_class",)),
            Column("approved", "批准日期", lambda r: r.approved_on, ("approved_on",), nullable=True),
            _end(on), status,
        ]  # fmt: skip
        rows = queries.registrations(actor, search=search, own=True)
        empty, then = "没有本单位的产品注册、备案", "名录中登记在本单位名下的产品会出现在这里。"
    else:
        columns = [
            Column("number", "证号", lambda r: r.number, ("number",)),
            Column("kind", "证照类型", lambda r: licence_kind(r.kind), ("kind",)),
            Column("issued", "发证或备案日期", lambda r: r.issued_on or r.filed_on),
            _end(on), status,
        ]  # fmt: skip
        rows = queries.licences(actor, search=search)
        empty, then = "名录中没有本单位的证照", "有证照而没有显示的，请通过“状况报告”告诉监管部门。"
    listing = Listing(
        request, "证照与产品", columns, rows, "expires", search_label="搜索编号、名称",
        empty=empty, empty_next=then, hidden=[("tab", tab)],
    )  # fmt: skip
    context = {"tab": tab, "tabs": TABS, "here": reverse("firm_licences")}
    return show(listing, "workspace/firms/list.html", context)
