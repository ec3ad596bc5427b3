"""冷链: where a temperature was not kept, which loggers are silent, what was sold all the same."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from xiejian.coldchain import queries
from xiejian.inspections.queries import evidence_of
from xiejian.web import clock, cold_words
from xiejian.web.guard import needs
from xiejian.web.listing import Filter, Listing, show
from xiejian.web.views.people import office_choices

TABS = (("open", "未办结异常"), ("all", "全部异常"))
LOGGER_TABS = (("", "在用"), ("silent", "失联"), ("all", "含已停用"))


def _offices(request: HttpRequest) -> Filter:
    choices = office_choices(request.actor)
    return Filter("office", "监管机构", choices, request.GET.get("office", ""))


@needs("coldchain.view")
def excursion_list(request: HttpRequest) -> HttpResponse:
    """冷链异常: what has gone wrong, and is the firm doing something about it?"""
    asked, actor = request.GET, request.actor
    tab = "all" if asked.get("tab") == "all" or asked.get("state") else "open"
    given = {key: asked.get(key, "") for key in ("state", "kind", "office")}
    rows = queries.excursions(actor, search=asked.get("q", ""), **given)
    if tab == "open":
        rows = rows.filter(state__in=queries.OPEN)
    listing = Listing(
        request, "冷链异常", cold_words.excursion_columns("coldchain_excursion", firm=True), rows, "-start",
        filters=[*cold_words.excursion_filters(asked), _offices(request)],
        search_label="搜索单位、库房、记录仪、批号", hidden=[("tab", tab)],
        empty="没有未办结的冷链异常" if tab == "open" else "没有冷链异常",
        empty_next="企业的温度记录仪报来读数后，超温、低温、缺测和时钟异常会出现在这里。",
    )  # fmt: skip
    more = {"tab": tab, "tabs": TABS, "counts": queries.counts(actor, clock.now(request))}
    return show(listing, "web/coldchain/list.html", more)


@needs("coldchain.view")
def excursion(request: HttpRequest, pk: int) -> HttpResponse:
    """One excursion: how far, how long, which lots, what did the firm make of it?"""
    found = queries.excursion(request.actor, pk)
    if found is None:
        raise Http404
    context = cold_words.excursion_facts(found) | {
        "chart": cold_words.around(found, clock.now(request)),
        "files": evidence_of("excursion", pk),
        "sold": queries.sold_after(request.actor, excursion=pk).order_by("on", "pk"),
    }
    return render(request, "web/coldchain/excursion.html", context)


@needs("coldchain.view")
def logger_list(request: HttpRequest) -> HttpResponse:
    """温度记录仪: which have gone silent, whose calibration has run out?"""
    asked, at = request.GET, clock.now(request)
    tab = asked.get("tab", "")
    rows = queries.loggers(
        request.actor, search=asked.get("q", ""), kind=asked.get("kind", ""), office=asked.get("office", ""),
        retired=tab == "all",
    )  # fmt: skip
    if tab == "silent":
        rows = queries.silent(rows, at)
    listing = Listing(
        request, "温度记录仪", cold_words.logger_columns("coldchain_logger", at, firm=True), rows, "firm",
        filters=[cold_words.kind_filter(asked), _offices(request)],
        search_label="搜索编号、库房、单位", hidden=[("tab", tab)],
        empty="没有失联的记录仪" if tab == "silent" else "还没有温度记录仪",
        empty_next="企业在自己的入口登记记录仪，读数由文件、接口或者消息服务器送来。",
    )  # fmt: skip
    return show(listing, "web/coldchain/loggers.html", {"tab": tab, "tabs": LOGGER_TABS})


@needs("coldchain.view")
def logger(request: HttpRequest, pk: int) -> HttpResponse:
    """One logger: its curve of the last days, what was wrong."""
    found, at = queries.logger(request.actor, pk), clock.now(request)
    if found is None:
        raise Http404
    context = cold_words.logger_facts(found, at) | {
        "chart": cold_words.newest_curve(found, at),
        "excursions": cold_words.newest(request.actor, found),
    }
    return render(request, "web/coldchain/logger.html", context)


@needs("coldchain.view")
def sold_list(request: HttpRequest) -> HttpResponse:
    """断链后销售: what was handed on although the cold chain had broken and nobody had released it?"""
    rows = queries.sold_after(request.actor, search=request.GET.get("q", ""))
    listing = Listing(
        request, "断链后销售", cold_words.sold_columns("coldchain_excursion"), rows, "-on",
        search_label="搜索产品、批号、单位", empty="没有断链后销售",
        empty_next="读数送来得晚、或者由文件补录的出库，与冷链异常对得上的会出现在这里。",
    )  # fmt: skip
    return show(listing, "web/coldchain/sold.html")
