"""待办: what this firm has to do, whichever room it comes from, the nearest day first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from xiejian.people.policy import Actor, may
from xiejian.web import clock
from xiejian.workspace.guard import needs_firm
from xiejian.workspace.items import Item
from xiejian.workspace.views import (
    cold_chain,
    corrections,
    events,
    hospital,
    liaisons,
    licences,
    notices,
    quality_lists,
    recalls,
    sales_desk,
    self_inspections,
    supply,
    supply_files,
)

SHOWN = 50  # items on the page; each room's own list has the rest


#: permission → what a role that holds it has to do: (actor, today) → items, a fixed number of queries each
SECTIONS: list[tuple[str, Callable[[Actor, dt.date], list[Item]]]] = [
    ("firm.view", corrections.due_items),
    ("firm.view", notices.due_items),
    ("firm.inspect", self_inspections.due_items),
    ("firm.view", licences.due_items),
    ("firm.view", liaisons.due_items),
    ("firm.report", events.due_items),
    ("firm.report", recalls.due_items),
    ("firm.supply", supply.due_items),
    ("firm.supply", supply_files.due_items),
    ("firm.view", cold_chain.due_items),
    ("firm.hospital", hospital.due_items),
    ("firm.quality", quality_lists.desk_items),
    ("firm.quality_approve", quality_lists.approver_items),
    ("firm.view", quality_lists.own_items),
    ("firm.sales", sales_desk.seller_items),
    ("firm.sales_approve", sales_desk.approver_items),
    ("firm.supply", sales_desk.store_items),
]


@needs_firm("firm.view")
def home(request: HttpRequest) -> HttpResponse:
    """What do we have to do, and until when?"""
    actor, on = request.actor, clock.today(request)
    items = [
        item for permission, section in SECTIONS if may(actor, permission) for item in section(actor, on)
    ]
    items.sort(key=lambda item: (item.due is None, item.due or on, item.kind, item.title))
    rows = [(item, item.days(on)) for item in items[:SHOWN]]
    late = sum(1 for item in items if item.due and item.due < on)
    context = {"rows": rows, "count": len(items), "late": late, "on": on}
    return render(request, "workspace/home.html", context)
