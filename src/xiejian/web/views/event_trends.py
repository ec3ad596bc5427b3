"""趋势: which products and lots are reported more of late than they used to be?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from xiejian.people.policy import may
from xiejian.signals.trends import REFUSED, Trend
from xiejian.vigilance import actions, queries, rules
from xiejian.vigilance.models import EventSignal
from xiejian.vigilance.trending import Series
from xiejian.web import clock
from xiejian.web.charts import Chart
from xiejian.web.guard import needs
from xiejian.web.views.people import office_choices


def _chart(series: Series) -> Chart:
    """The reports per month beside the moving average and the limit that calls a month unusual."""
    drawn = {one.method: one for one in series.trends if not one.refused}
    names, columns = ["报告数"], [list(series.counts)]
    if chart := drawn.get("ewma"):
        names.append("移动平均")
        columns.append([round(value, 2) for value in chart.path])
    if (chart := drawn.get("shewhart")) and chart.threshold is not None:
        names.append("三倍标准差界限")
        columns.append([round(chart.threshold, 2)] * len(series.counts))
    rows = [(month, [column[i] for column in columns]) for i, month in enumerate(series.months)]
    return Chart("trend", f"{series.product}（{series.subject}）每月报告数", "line", names, rows, "份",
                 ["blue", "orange", "pale"], "月份")  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A series in the list: where it is drawn, where its reports are, what fires, what was made of it."""

    series: Series
    drawn: str
    reports: str
    fires: list[str]
    judged: EventSignal | None


def _line(series: Series, judged: EventSignal | None, office: str) -> Line:
    lot = {"lot": series.lot} if series.lot else {}
    drawn = urlencode({"product": series.product, **lot, **({"office": office} if office else {})})
    reports = urlencode({"tab": "all", "product": series.product, **lot})
    labels = [str(rules.trends()[one.method]["label"]) for one in series.fires]
    return Line(series, f"?{drawn}", f"{reverse('event_list')}?{reports}", labels, judged)


def _results(series: Series) -> list[tuple[dict[str, Any], Trend, str, str]]:
    """Per method: its entry, its result, why it was refused, the month where a change begins."""
    return [
        (
            rules.trends()[one.method], one, REFUSED.get(one.refused, ""),
            series.months[one.at] if one.at is not None else "",
        )
        for one in series.trends
    ]  # fmt: skip


@needs("vigilance.view")
@require_GET
def event_trends(request: HttpRequest) -> HttpResponse:
    """趋势: the monthly series, those that a control chart calls unusual first; one of them drawn."""
    asked, actor, on = request.GET, request.actor, clock.today(request)
    office = asked.get("office", "")
    found = queries.trends(actor, on, office)
    wanted = (asked.get("product", ""), asked.get("lot", ""))
    chosen = next((one for one, _ in found if (one.product, one.lot) == wanted), None)
    chosen = chosen or (found[0][0] if found else None)
    context = {
        "lines": [_line(one, judged, office) for one, judged in found], "chosen": chosen,
        "chart": _chart(chosen) if chosen else None, "results": _results(chosen) if chosen else [],
        "office": office,
        "offices": office_choices(actor), "outcomes": actions.OUTCOMES,
        "months": found[0][0].months if found else (),
        "may_judge": bool(may(actor, actions.REVIEWING)),
    }  # fmt: skip
    return render(request, "web/events/trends.html", context)
