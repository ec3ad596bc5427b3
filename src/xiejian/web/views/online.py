"""网络监测: which offers are to be checked, what becomes of one, lists and their feedback, platforms."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.assistance import queries as assistance
from xiejian.clocks.queries import clocks_of
from xiejian.documents import online_papers
from xiejian.documents.papers import write as write_paper
from xiejian.kernel.problems import Problem, Refused
from xiejian.online import actions, checks, queries, rules
from xiejian.online.actions import Offer
from xiejian.online.models import Listing as Found
from xiejian.online.models import MonitoringList
from xiejian.people.policy import may, require
from xiejian.web import clock
from xiejian.web.export import attachment, download
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.listing_steps import GRADE_TONES, LIST_STEPS, STEPS, TONES, allowed, named_with_office
from xiejian.web.number_field import NumberField
from xiejian.web.steps import shown, take
from xiejian.web.views.clocks import shown as clocks_shown
from xiejian.web.views.corrections import clock_words
from xiejian.web.views.evidence import gallery
from xiejian.web.views.people import office_choices
from xiejian.web.views.tables import DOCX

STATES = actions.WORKFLOW.states
TABS = (("check", "待核查"), ("due", "到期"), ("report", "待反馈"), ("all", "全部"))
FEN = 100  # 分 in a yuan
OTHERS_SHOWN = 10
MARKS_NAMED = 2


def _address(row: Found) -> str:
    return reverse("listing", args=[row.pk])


def _due(row: Found, on: dt.date) -> tuple[str, str]:
    waiting = row.state in queries.OPEN or (row.state in ("disposed", "returned") and not row.reported_on)
    return clock_words(row.source_list.due_on, on) if waiting else ("", "")


def _marks(row: Found) -> str:
    """The first marks in words, the others counted."""
    labels = [mark["label"] for mark in row.marks]
    more = f" 等 {len(labels)} 项" if len(labels) > MARKS_NAMED else ""
    return "、".join(labels[:MARKS_NAMED]) + more


def _grade(row: Found) -> str:
    return rules.GRADES["suspect" if row.suspect else "check"] if row.marks else ""


def _seller(row: Found) -> str:
    return row.seller.name if row.seller else row.seller_named


def _columns(on: dt.date) -> list[Column]:
    return [
        Column("number", "编号", lambda d: d.number, ("number",), href=_address),
        Column("shop", "店铺", lambda d: d.shop, ("shop",)),
        Column("platform", "平台", lambda d: d.platform, ("platform",)),
        Column("product", "产品", lambda d: d.product, ("product",)),
        Column("grade", "筛查", _grade, ("suspect",), tone=lambda d: "red" if d.suspect else "orange"),
        Column("marks", "筛查提示", _marks),
        Column("seller", "经营单位", _seller, ("seller_named",)),
        Column("list", "清单", lambda d: d.source_list.number, ("source_list__number",), shown=False),
        Column("source", "来源", lambda d: d.source_list.source, ("source_list__source",), shown=False),
        Column("handler", "办理人", lambda d: d.handler.name if d.handler else "", shown=False),
        Column("registration", "展示的编号", lambda d: d.registration_no, shown=False),
        Column("url", "网址", lambda d: d.url, shown=False),
        Column("on", "发现日期", lambda d: d.found_on, ("found_on",), shown=False),
        Column(
            "due", "反馈期限", lambda d: _due(d, on)[0], ("source_list__due_on",), nullable=True,
            tone=lambda d: _due(d, on)[1],
        ),
        Column("outcome", "处置结果", lambda d: d.outcome, ("outcome",)),
        Column("disposed", "处置日期", lambda d: d.disposed_on, ("disposed_on",), nullable=True, shown=False),
        Column("state", "状态", lambda d: STATES[d.state], ("state",), tone=lambda d: TONES[d.state]),
    ]  # fmt: skip


def _rows(request: HttpRequest, tab: str, on: dt.date) -> QuerySet[Found]:
    asked = request.GET
    names = ("state", "platform", "outcome", "source", "rule", "office")
    of = asked.get("of", "")
    rows = queries.listings(
        request.actor, search=asked.get("q", ""), of=int(of) if of.isdecimal() else None,
        **{name: asked.get(name, "") for name in names},
    )  # fmt: skip
    if tab == "check":
        return rows.filter(state__in=queries.OPEN)
    if tab == "due":
        return rows.filter(pk__in=queries.due_listings(request.actor, on, rules.due_soon_days()).values("pk"))
    return rows.filter(queries.TO_REPORT) if tab == "report" else rows


@needs("online.view")
def listing_list(request: HttpRequest) -> HttpResponse:
    """网络监测: which offers are to be checked, disposed of, reported?"""
    asked, actor, on = request.GET, request.actor, clock.today(request)
    narrowed = any(asked.get(key) for key in ("q", "state", "platform", "outcome", "rule", "of"))
    tab = asked.get("tab") or ("all" if narrowed else "check")
    handles = bool(may(actor, "online.handle"))
    named = [(share.name, share.name) for share in queries.platforms(actor)]
    listing = Listing(
        request, "网络监测", _columns(on), _rows(request, tab, on), "-on" if tab == "all" else "due",
        filters=[
            Filter("platform", "平台", named, asked.get("platform", "")),
            Filter("rule", "筛查提示", list(rules.labels().items()), asked.get("rule", "")),
            Filter("outcome", "处置结果", [(o, o) for o in checks.OUTCOMES], asked.get("outcome", "")),
            Filter("source", "来源", [(s, s) for s in checks.SOURCES], asked.get("source", "")),
            Filter("state", "状态", list(STATES.items()), asked.get("state", "")),
            Filter("office", "办理机构", office_choices(actor), asked.get("office", "")),
        ],
        search_label="搜索编号、店铺、单位、产品、网址、宣传内容", empty="没有网络监测信息",
        empty_next="上级下发的清单在“导入”中整批导入；自行巡查的点“登记巡查发现”。",
        selectable=handles,
        bulk=[("分派所选", "users", reverse("listing_assign"))] if handles else [],
        hidden=[("tab", tab), *([("of", asked["of"])] if asked.get("of") else [])],
    )  # fmt: skip
    more = {"tab": tab, "tabs": TABS, "counts": queries.counts(actor, on), "may_handle": handles}
    return show(listing, "web/online/list.html", more)


# --- entering ----------------------------------------------------------------------------------------------


class OfferForm(PageForm):
    """An offer that a patrol of our own found; its list is named, and entered when it is new."""

    list_number = forms.CharField(label="清单（巡查）编号", max_length=80, help_text="同一次巡查用同一个编号")
    source = forms.ChoiceField(label="来源", choices=[(s, s) for s in checks.SOURCES], initial="自行巡查")
    received_on = forms.DateField(label="收到（巡查）日期", widget=DateInput())
    due_on = forms.DateField(label="反馈期限", widget=DateInput(), required=False)
    office_code = forms.ChoiceField(label="办理机构")
    platform = forms.CharField(label="平台", max_length=120)
    shop = forms.CharField(label="店铺", max_length=200)
    seller_named = forms.CharField(label="店铺所示单位", max_length=200, required=False)
    url = forms.CharField(label="网址", max_length=500, required=False)
    product = forms.CharField(label="产品名称", max_length=300)
    registration_no = NumberField(label="展示的注册证或备案编号", max_length=120, required=False)
    price = forms.DecimalField(
        label="价格（元）", required=False, min_value=0, max_digits=12, decimal_places=2
    )
    found_on = forms.DateField(label="发现日期", widget=DateInput())
    claim = forms.CharField(label="宣传内容", widget=forms.Textarea(attrs={"rows": 5}), required=False)

    GROUPS = (
        ("清单", ("list_number", "source", "received_on", "due_on", "office_code")),
        ("店铺", ("platform", "shop", "seller_named", "url", "found_on")),
        ("产品和宣传", ("product", "registration_no", "price", "claim")),
    )

    def groups(self) -> list[tuple[str, list[Any]]]:
        """The fields by what they are about, for the template."""
        return [(title, [self[name] for name in names]) for title, names in self.GROUPS]


def _enter(request: HttpRequest, given: dict[str, Any]) -> Found:
    """The offer, on its list: the one of that number at the office, else a new one."""
    who: dict[str, Any] = {"by": request.actor, "at": clock.now(request)}
    office, number = given.pop("office_code"), given.pop("list_number")
    of_list = {name: given.pop(name) for name in ("source", "received_on", "due_on")}
    price = given.pop("price")
    offer = Offer(**given, price_fen=None if price is None else int(price * FEN))
    return actions.find_offer(number=number, office_code=office, offer=offer, **of_list, **who)


@needs("online.handle")
@require_http_methods(["GET", "POST"])
def listing_new(request: HttpRequest) -> HttpResponse:
    """登记巡查发现: one offer that we found ourselves; it is screened at once."""
    on = clock.today(request)
    first = {
        "received_on": on, "found_on": on, "office_code": request.actor.office_code,
        "list_number": f"巡查{on:%Y%m%d}",
    }  # fmt: skip
    form = OfferForm(request.POST or None, initial=first)
    form.fields["office_code"].choices = office_choices(request.actor)
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = _enter(request, dict(form.cleaned_data))
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已登记：{made.number}，筛查提示 {len(made.marks)} 项。")
            return redirect("listing", pk=made.pk)
    context = {"form": form, "problems": wrong}
    return render(request, "web/online/new.html", context, status=422 if form.is_bound else 200)


class HandOutForm(PageForm):
    handler = forms.ModelChoiceField(label="办理人", queryset=None)


@needs("online.handle")
@require_http_methods(["GET", "POST"])
def listing_assign(request: HttpRequest) -> HttpResponse:
    """分派: give the chosen offers to one officer; shown first, done on POST."""
    asked = request.POST if request.method == "POST" else request.GET
    picked = [int(i) for i in asked.getlist("ids") if i.isdecimal()]
    rows = list(queries.listings(request.actor).filter(pk__in=picked, state__in=("listed", "checked")))
    form = HandOutForm(request.POST or None)
    form.fields["handler"].queryset = queries.handlers(request.actor, request.actor.office_code)
    form.fields["handler"].label_from_instance = named_with_office
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        handler = form.cleaned_data["handler"]
        try:
            done = actions.assign_listings(
                listings=rows, handler=handler, by=request.actor, at=clock.now(request)
            )
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已把 {done} 条分派给{handler.name}。")
            return redirect("listing_list")
    context = {"rows": rows, "left_out": len(set(picked)) - len(rows), "form": form, "problems": wrong}
    return render(request, "web/online/assign.html", context, status=422 if wrong or form.errors else 200)


# --- one offer ---------------------------------------------------------------------------------------------


def _listing(request: HttpRequest, pk: int) -> Found:
    found = queries.listing(request.actor, pk)
    if found is None:
        raise Http404
    return found


@needs("online.view")
@require_http_methods(["GET", "POST"])
def listing(request: HttpRequest, pk: int) -> HttpResponse:
    """One offer: what it says, what speaks against it and why, what may be done now."""
    found, actor, on = _listing(request, pk), request.actor, clock.today(request)
    if request.method == "POST":
        require(actor, "online.handle", found.office_code)
    taken = take(request, STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("listing", pk=pk)
    if taken.problems:
        found = _listing(request, pk)  # an action may have moved the object that it was given
    assists = may(actor, "assistance.view")
    others = list(queries.of_shop(actor, found)[: OTHERS_SHOWN + 1])
    context = {
        "found": found,
        "state": (STATES[found.state], TONES[found.state]),
        "due": _due(found, on),
        "marks": [(m, rules.GRADES[m["grade"]], GRADE_TONES[m["grade"]]) for m in found.marks],
        "snapshots": gallery(queries.snapshots(found)),
        "assistance": assistance.of_source(actor, "listing", pk) if assists else [],
        "list_in_reach": bool(may(actor, "online.view", found.source_list.office_code)),
        "others": others[:OTHERS_SHOWN],
        "more_others": len(others) > OTHERS_SHOWN,
        "outcome_states": STATES,
        "problems": taken.problems,
        "may_assist": bool(may(actor, "assistance.handle", found.office_code)),
        "may_register": bool(may(actor, "registry.edit", found.office_code)),
        "steps": shown(STEPS, allowed(found, actor), taken, found, actor, {"on": on}, first_open=True),
    }
    return render(request, "web/online/listing.html", context, status=taken.status)


# --- lists and feedback ------------------------------------------------------------------------------------


@needs("online.view")
def monitoring_lists(request: HttpRequest) -> HttpResponse:
    """监测清单: what came, from whom, until when they want to hear."""
    on = clock.today(request)

    def due(row: MonitoringList) -> tuple[str, str]:
        return ("已反馈", "green") if row.reported_on else clock_words(row.due_on, on)

    columns = [
        Column(
            "number", "清单", lambda m: m.number, ("number",),
            href=lambda m: reverse("monitoring_list", args=[m.pk]),
        ),
        Column("source", "来源", lambda m: m.source, ("source",)),
        Column("sender", "下发单位", lambda m: m.sender, ("sender",)),
        Column("on", "收到日期", lambda m: m.received_on, ("received_on",)),
        Column("total", "信息", lambda m: m.total, ("total",), numeric=True),
        Column("open", "未处置", lambda m: m.open, ("open",), numeric=True),
        Column(
            "due", "反馈期限", lambda m: due(m)[0], ("due_on",), nullable=True, tone=lambda m: due(m)[1]
        ),
        Column("reported", "反馈日期", lambda m: m.reported_on, ("reported_on",), nullable=True, shown=False),
    ]  # fmt: skip
    listing = Listing(
        request, "监测清单", columns, queries.lists(request.actor, request.GET.get("q", "")), "-on",
        search_label="搜索清单编号、下发单位", empty="没有监测清单",
        empty_next="上级下发的清单在“导入”中整批导入。",
    )  # fmt: skip
    return show(listing, "web/online/lists.html", {})


def _monitoring_list(request: HttpRequest, pk: int) -> MonitoringList:
    found = queries.monitoring_list(request.actor, pk)
    if found is None:
        raise Http404
    return found


@needs("online.view")
@require_http_methods(["GET", "POST"])
def monitoring_list(request: HttpRequest, pk: int) -> HttpResponse:
    """One list: what became of its offers, the feedback to its sender."""
    found, actor, on = _monitoring_list(request, pk), request.actor, clock.today(request)
    taken = take(request, LIST_STEPS, found)
    if taken.done:
        messages.success(request, "已登记反馈。")
        return redirect("monitoring_list", pk=pk)
    rows = list(queries.listings(actor, of=found.pk, sort="entered"))
    may_report = may(actor, "online.handle", found.office_code)
    names = [name for name in LIST_STEPS if may_report and rows]
    clocks = clocks_of("monitoringlist", [pk]).get(pk, [])
    context = {
        "found": found,
        "clocks": clocks_shown(clocks, clock.now(request)),
        "rows": [(row, STATES[row.state], TONES[row.state]) for row in rows],
        "problems": taken.problems,
        "steps": shown(LIST_STEPS, names, taken, found, actor, {"on": on}),
    }
    return render(request, "web/online/monitoring_list.html", context, status=taken.status)


@needs("online.view")
def monitoring_feedback(request: HttpRequest, pk: int) -> HttpResponse:
    """反馈表: the list back to its sender with what became of every offer, as workbook or letter."""
    found = _monitoring_list(request, pk)
    rows = list(queries.listings(request.actor, of=found.pk, sort="entered"))
    if request.GET.get("format") == "docx":
        paper = online_papers.feedback(found, rows, on=clock.today(request))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "paper.docx"
            write_paper(paper, path)
            content = path.read_bytes()
        return attachment(HttpResponse(content, content_type=DOCX), f"{found.number} {paper.title}.docx")
    return download(
        f"{found.number} 处置反馈表",
        online_papers.HEADINGS,
        (online_papers.feedback_row(row) for row in rows),
    )


# --- platforms ---------------------------------------------------------------------------------------------


@needs("online.view")
def online_platforms(request: HttpRequest) -> HttpResponse:
    """平台: where offers were found, how many of them are disposed of."""
    return render(request, "web/online/platforms.html", {"shares": queries.platforms(request.actor)})


@needs("online.view")
def online_platform(request: HttpRequest, name: str) -> HttpResponse:
    """One platform: its shops, what became of its offers, what was found most."""
    actor = request.actor
    shops = queries.shops(actor, name)
    if not shops:
        raise Http404
    counts = queries.counts(actor, clock.today(request), platform=name)
    context = {
        "name": name, "shops": shops, "counts": counts, "outcomes": queries.outcomes(actor, name),
        "settled": counts.total - counts.open, "party": queries.platform_party(actor, name),
        "may_register": bool(may(actor, "registry.edit")),
    }  # fmt: skip
    return render(request, "web/online/platform.html", context)
