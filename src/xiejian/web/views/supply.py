"""进销存: what the firms of the area recorded, and what is wrong with it."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from xiejian.people.policy import may
from xiejian.registry.models import Party
from xiejian.supply import queries
from xiejian.supply.models import KINDS, SOURCES, Movement
from xiejian.web import supply_words
from xiejian.web.guard import needs
from xiejian.web.listing import Listing, show

TABS = (("", "有问题的"), ("doubt", "待核的"), ("all", "全部"))
MARK_OF_TAB = {"": queries.ANY, "doubt": queries.DOUBT}


@needs("supply.view")
def movement_list(request: HttpRequest) -> HttpResponse:
    """进销存: which records of our firms need a look?"""
    asked = request.GET
    tab = asked.get("tab", "")
    columns = supply_words.movement_columns("supply_movement", firm=True)
    listing = Listing(
        request, "进销存", columns, _asked(request), "-on",
        filters=supply_words.mark_filters(asked), hidden=[("tab", tab)],
        search_label="搜索产品、批号、单位、单据号",
        empty="还没有进销存记录" if tab == "all" else "没有这样的进销存记录",
        empty_next="企业在工作台登记、上传，或者在“导入”中载入企业报来的表格。", prepare=supply_words.named,
    )  # fmt: skip
    may_load = may(request.actor, "supply.import") and may(request.actor, "registry.import")
    context = {"tab": tab, "tabs": TABS, "asked": asked.urlencode(), "can_import": bool(may_load)}
    return show(listing, "web/supply/list.html", context)


def _asked(request: HttpRequest) -> QuerySet[Movement]:
    asked = request.GET
    mark = asked.get("mark", "") or MARK_OF_TAB.get(asked.get("tab", ""), "")
    return queries.narrowed(
        queries.movements(request.actor), search=asked.get("q", ""), kind=asked.get("kind", ""), mark=mark,
        source=asked.get("source", ""),
    )  # fmt: skip


@needs("supply.view")
def movements_as_events(request: HttpRequest) -> HttpResponse:
    """The list as it is narrowed, as EPCIS 2.0 events."""
    return supply_words.events_file(request, _asked(request))


@needs("supply.view")
def movement(request: HttpRequest, pk: int) -> HttpResponse:
    """One record: whose, what, what is wrong with it?"""
    rows = queries.movements(request.actor).select_related("amends")
    row = get_object_or_404(rows, pk=pk)
    supply_words.named([row])
    context = {
        "row": row, "kind": KINDS[row.kind], "source": SOURCES[row.source],
        "signed": supply_words.signed(row), "marks": supply_words.marks_of(row),
        "next": rows.filter(amends=row).first(), "detail": "supply_movement",
        "firm_name": row.firm_name,  # type: ignore[attr-defined]
        "party": Party.objects.filter(uscc=row.firm_uscc).only("pk").first(),
    }  # fmt: skip
    return render(request, "web/supply/movement.html", context)
