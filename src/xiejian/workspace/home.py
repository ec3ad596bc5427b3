"""待办: what this firm has to do, whichever room it comes from, the nearest day first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from xiejian.people.policy import Actor, may
from xiejian.web import clock
from xiejian.workspace.guard import needs_firm

SHOWN = 50  # items on the page; each room's own list has the rest


@dataclass(frozen=True)
class Item:
    """One thing to do: what it is (``kind``), its line, where it is done, until when."""

    kind: str
    title: str
    href: str
    due: dt.date | None = None
    detail: str = ""

    def days(self, on: dt.date) -> int | None:
        """Days left; negative when it is late."""
        return (self.due - on).days if self.due else None


#: permission → what a role that holds it has to do: (actor, today) → items, a fixed number of queries each
SECTIONS: list[tuple[str, Callable[[Actor, dt.date], list[Item]]]] = []


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
