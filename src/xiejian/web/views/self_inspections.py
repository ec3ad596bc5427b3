"""企业自查: who handed in, who did not or too late, what speaks against a report, who becomes a focus."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.clocks.queries import clocks_of
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import may, require
from xiejian.planning.grading import regrade_parties
from xiejian.planning.models import Task
from xiejian.registry.models import PartyLink
from xiejian.self_inspections import actions, keeping, queries, rules
from xiejian.self_inspections.forms import DUTIES
from xiejian.self_inspections.models import FocusListing, SelfInspection
from xiejian.web import clock
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.row_listing import RowListing, Rows
from xiejian.web.self_inspection_steps import STEPS, allowed
from xiejian.web.self_reports import STANDING_TONES, TONES, shown
from xiejian.web.steps import shown as steps_shown
from xiejian.web.steps import take
from xiejian.web.views.clocks import shown as clocks_shown
from xiejian.web.views.people import office_choices

STATES = actions.WORKFLOW.states
#: which standings the office reminds of and lists as a focus
OWING = ("missing", "late")
FOCUS_FACT = "self_inspection_focus"


def _years(on: dt.date) -> list[tuple[str, str]]:
    return [(str(year), f"{year} 年度") for year in range(on.year, on.year - rules.years_back() - 1, -1)]


def _year(request: HttpRequest) -> int:
    """The year asked for; without one the last that is over, which is what is being handed in now."""
    on, text = clock.today(request), request.POST.get("year") or request.GET.get("year", "")
    return int(text) if text in dict(_years(on)) else on.year - 1


def _page(link: Any) -> str:
    if link.report_id:
        return reverse("self_inspection", args=[link.report_id])
    return reverse("party", args=[link.party_id])


def _columns(year: int) -> list[Column]:
    return [
        Column("name", "单位", lambda k: k.party.name, ("party__name",), href=_page),
        Column("uscc", "统一社会信用代码", lambda k: k.party.uscc, ("party__uscc",), nullable=True),
        Column("link", "环节", lambda k: k.link, ("link",)),
        Column("mode", "经营方式", lambda k: k.mode, ("mode",), shown=False),
        Column("level", "级别", lambda k: k.level, ("level",), nullable=True, numeric=True),
        Column("status", "单位状态", lambda k: k.party.status, ("party__status",), shown=False),
        Column("new", "当年新办", lambda k: "当年新办" if queries.newly(k, year) else ""),
        Column(
            "standing", "报送", lambda k: queries.STANDINGS[k.standing], ("standing",),
            tone=lambda k: STANDING_TONES[k.standing],
        ),
        Column(
            "state", "报告状态", lambda k: STATES.get(k.report_state, ""), ("report_state",), nullable=True
        ),
        Column("on", "报送日期", lambda k: k.reported_on, ("reported_on",), nullable=True),
        Column(
            "nonconform", "不符合", lambda k: k.nonconform, ("nonconform",), nullable=True, numeric=True
        ),
        Column(
            "focus", "监管重点", lambda k: "自查重点" if k.party.self_inspection_focus else "",
            ("party__self_inspection_focus",), tone=lambda k: "orange",
        ),
        Column("office", "机构代码", lambda k: k.party.office_code, ("party__office_code",), shown=False),
    ]  # fmt: skip


@needs("self_inspections.view")
def self_inspection_list(request: HttpRequest) -> HttpResponse:
    """Who handed in the report of the year, who did not?"""
    asked, actor, on, year = request.GET, request.actor, clock.today(request), _year(request)
    narrowed = {name: asked.get(name, "") for name in ("link", "office")}
    rows = queries.standings(
        actor, year, on, state=asked.get("state", ""), search=asked.get("q", ""), **narrowed
    )
    reviews = bool(may(actor, "self_inspections.review"))
    ours = [
        ("提醒报送", "bell", reverse("self_inspection_remind") + f"?year={year}"),
        ("列入重点", "flag", reverse("self_inspection_focus") + f"?year={year}"),
    ]
    listing = Listing(
        request, "企业自查", _columns(year), rows, "standing" if asked.get("state") else "name",
        filters=[
            Filter("year", "年度", _years(on), str(year)),
            Filter("state", "报送", list(queries.STANDINGS.items()), asked.get("state", "")),
            Filter("link", "环节", [(k, k) for k in ("生产", "经营", "使用")], asked.get("link", "")),
            Filter("office", "机构", office_choices(actor), asked.get("office", "")),
        ],
        search_label="搜索单位、信用代码", empty="没有符合条件的单位",
        empty_next="应当自查的单位取自名录：生产、经营单位按期报送，使用单位留存备查。",
        selectable=reviews, bulk=ours if reviews else [], hidden=[],
    )  # fmt: skip
    counted = queries.counts(actor, year, on, **narrowed)
    tabs = [(key, label, counted[key]) for key, label in queries.STANDINGS.items()]
    more = {"year": year, "tabs": tabs, "state": asked.get("state", ""), "total": sum(counted.values())}
    return show(listing, "web/self_inspections/list.html", more)


def _report(request: HttpRequest, pk: int) -> SelfInspection:
    found = queries.report(request.actor, pk)
    if found is None:
        raise Http404
    return found


@needs("self_inspections.view")
@require_http_methods(["GET", "POST"])
def self_inspection(request: HttpRequest, pk: int) -> HttpResponse:
    """One report: what the firm says, what speaks against it, what the office does."""
    report, actor, on = _report(request, pk), request.actor, clock.today(request)
    if request.method == "POST":
        require(actor, "self_inspections.review", report.office_code)
    taken = take(request, STEPS, report)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("self_inspection", pk=pk)
    report = _report(request, pk) if taken.problems else report
    filings = list(report.filings.all())
    # while the firm amends, the office reads what was filed last
    answers = filings[-1].answers if filings else report.answers
    form = keeping.filed_form(report) or keeping.form_of(report)
    before = queries.reports(actor, year=report.year - 1, link=report.link, party=report.party).first()
    against = queries.against(report)
    context = {
        "report": report, "form_title": form.title, "duty": DUTIES[form.duty], "filings": filings,
        "sections": shown(
            form, answers if report.filed_on else {}, before=before, against=against,
            photos=report.photos.select_related("evidence") if report.filed_on else (),
        ),
        "against": against, "state": (STATES[report.state], TONES[report.state]),
        "clocks": clocks_shown(
            clocks_of(actions.SUBJECT, [pk]).get(pk, []), clock.now(request)
        ),
        "problems": taken.problems,
        "steps": steps_shown(STEPS, allowed(report, actor), taken, report, actor, {"planned_on": on}),
    }  # fmt: skip
    return render(request, "web/self_inspections/report.html", context, status=taken.status)


# --- contradictions ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Against:
    """One line of the list: a report and one thing that speaks against it."""

    report: SelfInspection
    mark: Any


@needs("self_inspections.view")
def self_inspection_contradictions(request: HttpRequest) -> HttpResponse:
    """Where do a report and our own records disagree?"""
    asked, actor, on, year = request.GET, request.actor, clock.today(request), _year(request)
    found = queries.contradicted(
        actor,
        year=year,
        link=asked.get("link", ""),
        office=asked.get("office", ""),
        search=asked.get("q", ""),
    )
    rows = Rows(Against(report, mark) for report, marks in found for mark in marks)
    columns = [
        Column(
            "name", "单位", lambda r: r.report.party.name, ("report.party.name",),
            href=lambda r: reverse("self_inspection", args=[r.report.pk]),
        ),
        Column("link", "环节", lambda r: r.report.link, ("report.link",)),
        Column("point", "自查点", lambda r: r.mark.text),
        Column("said", "单位填报", lambda r: r.mark.said),
        Column(
            "against", "系统记录", lambda r: r.mark.against,
            href=lambda r: reverse("visit", args=[r.mark.visit]) if r.mark.visit else "",
        ),
        Column("visited", "检查日期", lambda r: r.mark.visited_on, ("mark.visited_on",)),
        Column("filed", "报送日期", lambda r: r.report.filed_on, ("report.filed_on",)),
    ]  # fmt: skip
    listing = RowListing(
        request, "自查与记录的矛盾", columns, rows, "name",
        filters=[
            Filter("year", "年度", _years(on), str(year)),
            Filter("link", "环节", [(k, k) for k in ("生产", "经营", "使用")], asked.get("link", "")),
            Filter("office", "机构", office_choices(actor), asked.get("office", "")),
        ],
        search_label="搜索单位、信用代码", empty="没有发现矛盾",
        empty_next=f"比对与检查相隔 {rules.contradiction_days()} 日以内的同一条款，以及系统登记的件数。",
    )  # fmt: skip
    return show(listing, "web/self_inspections/contradictions.html", {"year": year, "firms": len(found)})


# --- reminders and focus -----------------------------------------------------------------------------------


def _picked(request: HttpRequest) -> list[int]:
    asked = request.POST if request.method == "POST" else request.GET
    return [int(i) for i in asked.getlist("ids") if i.isdecimal()]


def _confirm(
    request: HttpRequest, work: Callable[[list[int], int], str], context: dict[str, Any]
) -> HttpResponse:
    """Show the chosen links and what would follow; do it on POST."""
    year, picked, wrong = _year(request), _picked(request), list[Problem]()
    if request.method == "POST":
        try:
            messages.success(request, work(picked, year))
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            return redirect(f"{reverse('self_inspection_list')}?year={year}")
    rows = queries.standings(request.actor, year, clock.today(request)).filter(pk__in=picked)
    chosen = list(rows)
    more = {"rows": [(r, queries.STANDINGS[r.standing], STANDING_TONES[r.standing]) for r in chosen]}
    context |= more | {"year": year, "problems": wrong, "effect": _effect(request, chosen, year)}
    return render(request, "web/self_inspections/confirm.html", context, status=422 if wrong else 200)


def _effect(request: HttpRequest, chosen: list[PartyLink], year: int) -> dict[str, int]:
    """What listing the chosen as a focus would change, in numbers: two queries."""
    on, parties = clock.today(request), {row.party_id for row in chosen}
    listed = set(queries.focus(request.actor, year).filter(party__in=parties).values_list("party", flat=True))
    planned = set(
        Task.objects.filter(party__in=parties, due_on__year=on.year, plan__state="issued")
        .order_by().values_list("party", flat=True)
    )  # fmt: skip
    owing = {row.party_id for row in chosen if row.standing in OWING}
    return {
        "new": len(owing - listed), "listed": len(listed), "not_owing": len(parties - owing),
        "planned": len(owing & planned), "unplanned": len(owing - planned), "this_year": on.year,
    }  # fmt: skip


@needs("self_inspections.review")
@require_http_methods(["GET", "POST"])
def self_inspection_remind(request: HttpRequest) -> HttpResponse:
    """提醒报送: tell the chosen firms that their report is wanted."""

    def work(picked: list[int], year: int) -> str:
        count = actions.remind(links=picked, year=year, by=request.actor, at=clock.now(request))
        return f"已提醒 {count} 家，单位登录后在“自查”中看到。"

    return _confirm(request, work, {"title": "提醒报送", "focus": False})


@needs("self_inspections.review")
@require_http_methods(["GET", "POST"])
def self_inspection_focus(request: HttpRequest) -> HttpResponse:
    """列入重点: who did not hand in, or too late, becomes a focus of the next grading and plan."""

    def work(picked: list[int], year: int) -> str:
        by, at = request.actor, clock.now(request)
        parties = actions.list_focus(links=picked, year=year, by=by, at=at)
        runs = []
        if parties and may(by, "planning.grade"):
            reason = f"{year}年度自查未按期报送，列入重点"
            on = clock.today(request)
            runs = regrade_parties(
                parties=parties, fact=FOCUS_FACT, on=on, reason=reason, by=by, at=at
            )  # fmt: skip
        after = "，并已重新分级" if runs else "，下次分级和编制计划时按重点对待"
        return f"已把 {len(parties)} 家列入重点{after}。"

    return _confirm(request, work, {"title": "列入重点", "focus": True})


class EndForm(PageForm):
    reason = forms.CharField(label="移出理由", max_length=300)


@needs("self_inspections.view")
def self_inspection_focus_list(request: HttpRequest) -> HttpResponse:
    """自查重点单位: who is listed, since when, for which year?"""
    actor, asked = request.actor, request.GET
    rows = queries.focus(actor)
    if text := asked.get("q", "").strip():
        rows = rows.filter(party__name__icontains=text)
    reviews = bool(may(actor, "self_inspections.review"))
    columns = [
        Column(
            "name", "单位", lambda f: f.party.name, ("party__name",),
            href=lambda f: reverse("self_inspection_focus_end" if reviews else "party", args=[
                f.pk if reviews else f.party_id
            ]),
        ),
        Column("year", "年度", lambda f: f.year, ("year",), numeric=True),
        Column("why", "原因", lambda f: f.why, ("why",)),
        Column("on", "列入日期", lambda f: f.listed_on, ("listed_on",)),
        Column("by", "列入人", lambda f: f.by_name),
        Column("office", "机构代码", lambda f: f.office_code, ("office_code",), shown=False),
    ]  # fmt: skip
    listing = Listing(
        request, "自查重点单位", columns, rows, "-on", search_label="搜索单位",
        empty="没有因自查列入的重点单位",
        empty_next="在“企业自查”的“未报”“逾期报送”中勾选单位，点“列入重点”。",
    )  # fmt: skip
    return show(listing, "web/self_inspections/focus.html", {})


@needs("self_inspections.review")
@require_http_methods(["GET", "POST"])
def self_inspection_focus_end(request: HttpRequest, pk: int) -> HttpResponse:
    """移出重点: the reason is kept."""
    listing: FocusListing = get_object_or_404(queries.focus(request.actor), pk=pk)
    form, wrong = EndForm(request.POST or None), list[Problem]()
    if request.method == "POST" and form.is_valid():
        try:
            actions.end_focus(listing=listing, by=request.actor, at=clock.now(request), **form.cleaned_data)
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已把{listing.party.name}移出重点。")
            return redirect("self_inspection_focus_list")
    context = {"listing": listing, "form": form, "problems": wrong}
    return render(
        request, "web/self_inspections/focus_end.html", context, status=422 if form.is_bound else 200
    )
