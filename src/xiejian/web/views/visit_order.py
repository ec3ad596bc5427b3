"""检查顺序: whom first among what the law leaves open, why, and has such an order ever been worth it?"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from xiejian.kernel.problems import Refused
from xiejian.people.policy import may, require
from xiejian.planning import order_actions, order_queries, queries
from xiejian.planning.models import OrderedTask, OrderRun
from xiejian.planning.order_facts import scale
from xiejian.planning.order_words import label, sentence
from xiejian.registry.models import LINKS
from xiejian.web import clock
from xiejian.web.charts import Chart
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.views.people import office_choices

PARTS = [("law", "期限在前"), ("risk", "按风险")]
#: headings of the facts kept with a task; what is empty is not shown
FACTS = {
    "visits": "以往检查（次）",
    "days_since": "距上次检查（天）",
    "found_before": "其中发现问题（次）",
    "last_defects": "上次检查缺陷（项）",
    "mean_defects": "平均缺陷（项）",
    "severe_before": "有严重缺陷（次）",
    "orders_before": "被责令改正（次）",
    "failed_rechecks": "复查未通过（次）",
    "cases": "近年立案（件）",
    "failed_samples": "近年抽检不合格（批次）",
    "licence_years": "取得许可或备案（年）",
}
OLDER = 10  # earlier orders that the page leads to
SHOWN_FEATURES = 12

COLUMNS = [
    Column("place", "顺序", lambda row: row.place, ("place",), numeric=True),
    Column(
        "name",
        "主体名称",
        lambda row: row.task.party.name,
        ("task__party__name",),
        href=lambda row: reverse("party", args=[row.task.party_id]),
    ),
    Column("link", "环节", lambda row: row.task.link, ("task__link",)),
    Column("kind", "检查类型", lambda row: row.task.kind, ("task__kind",), shown=False),
    Column("due", "完成期限", lambda row: row.task.due_on, ("task__due_on",)),
    Column(
        "part",
        "先后依据",
        lambda row: "期限在前" if row.law_first else "按风险",
        ("law_first",),
        tone=lambda row: "orange" if row.law_first else "blue",
    ),
    Column(
        "why",
        "理由",
        lambda row: sentence(False, row.reasons),
        why=lambda row: reverse("visit_order_why", args=[row.pk]),
    ),
    Column("office", "责任机构", lambda row: row.office_name, ("task__office_code",)),
]


def _attach(rows: list[OrderedTask]) -> None:
    names = queries.office_names(row.task.office_code for row in rows)
    for row in rows:
        row.office_name = names[row.task.office_code]  # type: ignore[attr-defined]


def _found(request: HttpRequest, pk: int) -> OrderRun:
    return get_object_or_404(order_queries.runs(request.actor), pk=pk)


@needs("planning.view")
@require_http_methods(["GET", "POST"])
def visit_order(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The newest order, or the one asked for; POST without a number makes a new one."""
    if request.method == "POST":
        return _make(request)
    runs = order_queries.runs(request.actor)
    run = _found(request, pk) if pk is not None else runs.first()
    if run is None:
        return render(
            request, "web/visit_order/none.html", {"may_plan": bool(may(request.actor, "planning.plan"))}
        )
    asked = request.GET
    part, link, office = (asked.get(name, "") for name in ("part", "link", "office"))
    rows = order_queries.ordered(
        request.actor, run, search=asked.get("q", ""), part=part, link=link, office=office
    )
    listing = Listing(
        request, f"检查顺序{run.on}", COLUMNS, rows, "place",
        filters=[
            Filter("part", "先后依据", PARTS, part),
            Filter("link", "环节", [(name, name) for name in LINKS], link),
            Filter("office", "责任机构", office_choices(request.actor), office),
        ],
        search_label="搜索主体名称", empty="没有符合条件的任务", prepare=_attach,
    )  # fmt: skip
    newest = OrderRun.objects.filter(office_code=run.office_code).first()
    may_plan = bool(may(request.actor, "planning.plan", run.office_code))
    context = {
        "run": run,
        "office_name": queries.office_names([run.office_code])[run.office_code],
        "may_plan": may_plan,
        "may_apply": may_plan and run.applied_at is None and newest is not None and newest.pk == run.pk,
        "older": list(runs.exclude(pk=run.pk)[:OLDER]),
        "first_days": scale().values["first_days"],
    }
    return show(listing, "web/visit_order/list.html", context)


def _make(request: HttpRequest) -> HttpResponse:
    require(request.actor, "planning.plan")
    run = order_actions.make_order(
        office_code=request.actor.office_code,
        on=clock.today(request),
        by=request.actor,
        at=clock.now(request),
    )
    messages.success(request, f"已排定 {run.tasks.count()} 项任务的检查顺序。采用以前，任务不变。")
    return redirect("visit_order_run", pk=run.pk)


@needs("planning.plan")
@require_http_methods(["POST"])
def visit_order_apply(request: HttpRequest, pk: int) -> HttpResponse:
    """采用: write the places into the tasks; due dates stay."""
    run = _found(request, pk)
    try:
        count = order_actions.apply_order(run=run, by=request.actor, at=clock.now(request))
    except Refused as refused:
        messages.error(request, str(refused.first))
    else:
        messages.success(request, f"已采用：{count} 项任务按此顺序排列，完成期限不变。")
    return redirect("visit_order_run", pk=pk)


@needs("planning.view")
@require_safe
def visit_order_why(request: HttpRequest, pk: int) -> HttpResponse:
    """Why this task stands here: reasons with their weight, the facts they rest on; for the side panel."""
    row = OrderedTask.objects.select_related("run").filter(pk=pk).first()
    if row is None or not order_queries.runs(request.actor).filter(pk=row.run_id).exists():
        raise Http404
    row = get_object_or_404(order_queries.ordered(request.actor, row.run), pk=pk)
    facts = [(label, row.facts.get(name)) for name, label in FACTS.items() if row.facts.get(name) is not None]
    context = {"row": row, "run": row.run, "facts": facts, "first_days": scale().values["first_days"]}
    htmx = getattr(request, "htmx", None)
    return render(request, "web/visit_order/why.html" if htmx else "web/visit_order/why_page.html", context)


# --- back-test ------------------------------------------------------------------------------------------


@needs("planning.view")
@require_safe
def visit_order_check(request: HttpRequest, pk: int) -> HttpResponse:
    """回溯检验: would the order have been worth it on the last half-year, and is it fair?"""
    run = _found(request, pk)
    tested = run.back_test
    context: dict[str, Any] = {
        "run": run,
        "office_name": queries.office_names([run.office_code])[run.office_code],
        "refused": tested.get("refused", ""),
        "tested": tested,
        "scale": scale(),
    }
    if not context["refused"]:
        context |= {
            "gains": [
                (what, gain, order_actions.beats_chance(gain))
                for what, gain in (
                    ("全部检查", tested["days_earlier"]["pooled"]),
                    ("同一检查员之内", tested["days_earlier"]["within_inspector"]),
                )
            ],
            # a station sees what the order is worth, not how its neighbours fare
            "groups": _by_group(tested["groups"])
            if may(request.actor, "planning.view", run.office_code)
            else [],
            "features": [f | {"label": label(f["name"])} for f in tested["features"][:SHOWN_FEATURES]],
            "charts": [_half_chart(tested)],
            "inspectors": tested["by_inspector"]
            if may(request.actor, "planning.strictness", run.office_code)
            else None,
        }
    return render(request, "web/visit_order/check.html", context)


def _by_group(rows: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["by"], []).append(row)
    return list(found.items())


def _half_chart(tested: dict[str, Any]) -> Chart:
    shares = [("实际顺序", tested["first_half_share_real"]), ("此顺序", tested["first_half_share"])]
    rows: list[tuple[str, list[float | int | None]]] = [
        (name, [round((value or 0) * 100, 1)]) for name, value in shares
    ]
    return Chart(
        "half", "前一半检查查出的问题", "across", ["占全部问题"], rows, unit="%", label_heading="顺序"
    )
