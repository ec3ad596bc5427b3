"""案件与约谈: where does each case stand, whom did we call in, and the steps of a case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.cases import actions, minutes, proceedings, queries, transferring, typical
from xiejian.cases.models import Case, Interview, Proceeding, Publication
from xiejian.clocks.models import Clock
from xiejian.clocks.queries import clocks_of
from xiejian.inspections.checks import ADDRESSEES
from xiejian.inspections.models import Transfer
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import Actor, may, require, visible
from xiejian.registry.models import LINKS, Party
from xiejian.sampling import queries as sampling
from xiejian.web import clock
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.proceeding_steps import TERM_STEPS, OfficersForm, term_steps
from xiejian.web.steps import Step, StepForm, day, shown, take
from xiejian.web.templatetags.xiejian import tags
from xiejian.web.views import case_papers, clocks
from xiejian.web.views.people import office_choices
from xiejian.web.views.visits import campaign_titles

LINK_CHOICES = [(v, v) for v in LINKS]
STATE_TONES = {"filed": "orange", "decided": "azure", "closed": "green"}
FEN = 100  # 分 in a yuan


def _yuan(fen: int | None) -> float | None:
    return None if fen is None else fen / FEN


def _fen(yuan: Decimal | None) -> int | None:
    return None if yuan is None else int(yuan * FEN)


def year_choices(on: dt.date) -> dict[str, tuple[str, dt.date, dt.date]]:
    """This year and the two before, each with its first and last day."""
    return {
        str(year): (f"{year}年", dt.date(year, 1, 1), dt.date(year, 12, 31))
        for year in range(on.year, on.year - 3, -1)
    }


def _campaign_filter(actor: Actor, titles: dict[str, str], asked: str) -> list[Filter]:
    named = [(name, titles.get(name, name)) for name in queries.campaigns_named(actor)]
    return [Filter("campaign", "专项", named, asked)] if named else []


def _party_link(row: Case | Interview) -> str:
    return reverse("party", args=[row.party_id])


def _case_columns(titles: dict[str, str]) -> list[Column]:
    return [
        Column(
            "number", "案号", lambda c: c.number, ("number",), href=lambda c: reverse("case", args=[c.pk])
        ),
        Column("party", "当事人", lambda c: c.party.name, ("party__name",), href=_party_link),
        Column("conduct", "违法行为", lambda c: c.conduct),
        Column("link", "环节", lambda c: c.link, ("link",)),
        Column("procedure", "程序", lambda c: c.procedure, ("procedure",)),
        Column("filed", "立案日期", lambda c: c.filed_on, ("filed_on",)),
        Column("decided", "决定日期", lambda c: c.decided_on, ("decided_on",), nullable=True),
        Column("fine", "罚款（元）", lambda c: _yuan(c.fine_fen), ("fine_fen",), numeric=True),
        Column(
            "confiscated",
            "没收违法所得（元）",
            lambda c: _yuan(c.confiscated_fen),
            ("confiscated_fen",),
            numeric=True,
            shown=False,
        ),
        Column("closed", "结案日期", lambda c: c.closed_on, ("closed_on",), nullable=True, shown=False),
        Column("campaign", "专项", lambda c: titles.get(c.campaign, c.campaign), ("campaign",), shown=False),
        Column("tags", "品种标签", lambda c: "、".join(tags(c.tags)), shown=False),
        Column("transfers", "移送", lambda c: c.transfers, shown=False),
        Column("state", "状态", queries.state_label, tone=lambda c: STATE_TONES[actions.state_of(c)]),
    ]


@needs("cases.view")
def case_list(request: HttpRequest) -> HttpResponse:
    """案件: where does each case stand?"""
    asked, actor = request.GET, request.actor
    years, titles = year_choices(clock.today(request)), campaign_titles(actor)
    since, until = years.get(asked.get("year", ""), ("", None, None))[1:]
    rows = queries.cases(
        actor, search=asked.get("q", ""), state=asked.get("state", ""), link=asked.get("link", ""),
        procedure=asked.get("procedure", ""), campaign=asked.get("campaign", ""),
        office=asked.get("office", ""), since=since, until=until,
    )  # fmt: skip
    listing = Listing(
        request, "案件", _case_columns(titles), rows, "-filed",
        filters=[
            Filter("state", "状态", list(actions.CASE_WORKFLOW.states.items()), asked.get("state", "")),
            Filter("link", "环节", LINK_CHOICES, asked.get("link", "")),
            Filter("procedure", "程序", [("简易", "简易"), ("普通", "普通")], asked.get("procedure", "")),
            Filter("year", "立案年度", [(k, v[0]) for k, v in years.items()], asked.get("year", "")),
            *_campaign_filter(actor, titles, asked.get("campaign", "")),
            Filter("office", "承办机构", office_choices(actor), asked.get("office", "")),
        ],
        search_label="搜索案号、当事人、违法行为", empty="还没有案件",
        empty_next="在当事人的“一企一档”中立案，或导入已有案件。",
    )  # fmt: skip
    return show(listing, "web/cases/list.html", {"tab": "cases"})


def _interview_columns(titles: dict[str, str]) -> list[Column]:
    return [
        Column(
            "held",
            "约谈日期",
            lambda i: i.held_on,
            ("held_on",),
            href=lambda i: reverse("interview", args=[i.pk]),
        ),
        Column("party", "被约谈单位", lambda i: i.party.name, ("party__name",), href=_party_link),
        Column("reason", "事由", lambda i: i.reason),
        Column("link", "环节", lambda i: i.link, ("link",)),
        Column("campaign", "专项", lambda i: titles.get(i.campaign, i.campaign), ("campaign",)),
        Column("tags", "品种标签", lambda i: "、".join(tags(i.tags)), shown=False),
    ]


@needs("cases.view")
def interview_list(request: HttpRequest) -> HttpResponse:
    """约谈: whom did we call in, and why?"""
    asked, actor, titles = request.GET, request.actor, campaign_titles(request.actor)
    years = year_choices(clock.today(request))
    since, until = years.get(asked.get("year", ""), ("", None, None))[1:]
    rows = queries.interviews(
        actor, search=asked.get("q", ""), campaign=asked.get("campaign", ""), office=asked.get("office", ""),
        since=since, until=until,
    )  # fmt: skip
    listing = Listing(
        request, "责任约谈", _interview_columns(titles), rows, "-held",
        filters=[
            Filter("year", "年度", [(k, v[0]) for k, v in years.items()], asked.get("year", "")),
            *_campaign_filter(actor, titles, asked.get("campaign", "")),
            Filter("office", "机构", office_choices(actor), asked.get("office", "")),
        ],
        search_label="搜索单位、事由", empty="还没有约谈",
        empty_next="在被约谈单位的“一企一档”中记录，或导入已有约谈。",
    )  # fmt: skip
    return show(listing, "web/cases/list.html", {"tab": "interviews"})


@needs("cases.view")
def interview(request: HttpRequest, pk: int) -> HttpResponse:
    """One interview."""
    found = queries.interview(request.actor, pk)
    if found is None:
        raise Http404
    campaign = campaign_titles(request.actor).get(found.campaign, found.campaign)
    context = {
        "found": found, "campaign": campaign, "promised": list(found.commitments.all()),
        "on": clock.today(request), "may_edit": bool(may(request.actor, "cases.edit", found.office_code)),
        "contacts": [] if may(request.actor, "registry.personal", found.office_code) else [minutes.GUESTS],
    }  # fmt: skip
    return render(request, "web/cases/interview.html", context)


# --- a case and its steps ------------------------------------------------------------------------------


def _money(label: str) -> forms.DecimalField:
    return forms.DecimalField(label=label, required=False, min_value=0, max_digits=14, decimal_places=2)


def _campaign() -> forms.CharField:
    return forms.CharField(
        label="专项", required=False, max_length=120, help_text="属于某个专项时填写；可从已开展的专项中选",
        widget=forms.TextInput(attrs={"list": "campaigns", "autocomplete": "off"}),
    )  # fmt: skip


def _tags() -> forms.CharField:
    return forms.CharField(
        label="品种标签",
        required=False,
        max_length=300,
        help_text="几个标签用顿号分开，如：角膜接触镜、近视防治",
    )


def split_tags(given: str) -> list[str]:
    """Tags as somebody types them, by 、 or a comma."""
    return [tag.strip() for tag in given.replace("，", "、").replace(",", "、").split("、") if tag.strip()]


class CaseForm(PageForm):
    number = forms.CharField(label="案号", max_length=80)
    filed_on = day("立案日期")
    link = forms.ChoiceField(label="环节", choices=LINK_CHOICES)
    procedure = forms.ChoiceField(label="程序", choices=[("普通", "普通"), ("简易", "简易")])
    conduct = forms.CharField(label="违法行为", max_length=300)
    goods_value = _money("货值金额（元）")
    campaign = _campaign()
    tags = _tags()


class DecisionForm(StepForm):
    noticed_on = day("告知书送达日期", hint="没有告知的不能决定")
    decided_on = day("决定日期")
    fine = _money("罚款（元）")
    confiscated = _money("没收违法所得（元）")
    personal_fine = _money("个人罚款（元）")
    persons_punished = forms.IntegerField(label="处罚到人数", required=False, min_value=0)
    business_stopped = forms.BooleanField(label="责令停产停业", required=False)
    licence_revoked = forms.BooleanField(label="吊销许可证", required=False)
    blacklisted = forms.BooleanField(label="列入严重违法失信名单", required=False)


class CloseForm(StepForm):
    closed_on = day("结案日期")
    reason = forms.CharField(label="理由", required=False, max_length=200, help_text="未作决定而结案时必填")


class CourtForm(StepForm):
    on = day("申请日期")


class TransferForm(StepForm):
    addressee = forms.ChoiceField(label="移送对象", choices=[(v, v) for v in ADDRESSEES])
    moved_on = day("移送日期")


class AmendForm(StepForm):
    conduct = forms.CharField(label="违法行为", max_length=300)
    link = forms.ChoiceField(label="环节", choices=LINK_CHOICES)
    campaign = _campaign()
    tags = _tags()
    reason = forms.CharField(label="更正理由", max_length=200)


class ContinueForm(OfficersForm):
    """Who investigates the case from now on."""

    on = day("日期")


class InterviewForm(PageForm):
    held_on = day("约谈日期")
    link = forms.ChoiceField(label="环节", choices=[("", "—"), *LINK_CHOICES], required=False)
    reason = forms.CharField(label="事由", max_length=300)
    commitments = forms.CharField(label="承诺", max_length=500, required=False)
    campaign = _campaign()
    tags = _tags()


def _decide(found: Case, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    money = {f"{k}_fen": _fen(given.pop(k)) or 0 for k in ("fine", "confiscated", "personal_fine")}
    given["persons_punished"] = given["persons_punished"] or 0
    return actions.decide_case(case=found, by=by, at=at, **money, **given)


def _amend(found: Case, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    reason = given.pop("reason")
    given["tags"] = split_tags(given["tags"])
    stored = {k: tags(found.tags) if k == "tags" else getattr(found, k) for k in given}
    changes = {k: v for k, v in given.items() if v != stored[k]}
    return actions.amend_cases(cases=[found], changes=changes, reason=reason, by=by, at=at)


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step(
            "decide_case", "作出处罚决定", DecisionForm, _decide,
            "补登已经告知并作出的决定；正在办理的请“接续办理”，按告知、决定、送达的步骤进行。",
        ),
        Step(
            "close_case", "结案", CloseForm,
            lambda c, given, by, at: actions.close_case(case=c, by=by, at=at, **given),
        ),
        Step(
            "request_court_enforcement", "申请法院强制执行", CourtForm,
            lambda c, given, by, at: actions.request_court_enforcement(case=c, by=by, at=at, **given),
            "当事人逾期不履行处罚决定的。",
        ),
        Step(
            "transfer_case", "移送", TransferForm,
            lambda c, given, by, at: actions.transfer_case(case=c, by=by, at=at, **given),
        ),
        Step("amend_cases", "更正登记", AmendForm, _amend, "更正前后的内容都留在审计记录中。"),
        *TERM_STEPS.values(),
        Step(
            "continue_case", "接续办理", ContinueForm,
            lambda c, given, by, at: proceedings.continue_case(case=c, by=by, at=at, **given),
            "在“案件办理”中从调查起按步骤继续：告知、决定、送达、执行都在那里。",
        ),
    )
}  # fmt: skip


def _allowed(found: Case, led: bool, running: Iterable[Clock]) -> list[str]:
    """What may be done now: the workflow's transitions, and what a decided or open case allows besides.

    ``led``: it is handled step by step on another page; ``running``: its time limits.
    """
    names = set() if led else {t.action for t in actions.CASE_WORKFLOW.allowed(actions.state_of(found))}
    if found.decided_on and not found.court_enforcement and not led:
        names.add("request_court_enforcement")
    names |= term_steps(running)
    return [name for name in STEPS if name in names | {"transfer_case", "amend_cases"}]


@needs("cases.view")
@require_http_methods(["GET", "POST"])
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """One case: what was decided, what may be done next."""
    found, actor, on = queries.case(request.actor, pk), request.actor, clock.today(request)
    if found is None:
        raise Http404
    if request.method == "POST":
        require(actor, "cases.edit", found.office_code)
    taken = take(request, STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已记录：{taken.step.label}。")
        return redirect("case", pk=pk)
    first: dict[str, Any] = dict.fromkeys(("decided_on", "closed_on", "on", "moved_on", "first", "last"), on)
    first |= {"conduct": found.conduct, "link": found.link, "campaign": found.campaign}
    first["tags"] = "、".join(tags(found.tags))
    titles = campaign_titles(actor)
    led = Proceeding.objects.filter(case=found).only("number").first()
    clocks_held = clocks_of("case", [pk]).get(pk, [])
    running = [row for row in clocks_held if row.state == Clock.RUNNING]
    names = _allowed(found, led is not None, running) if may(actor, "cases.edit", found.office_code) else []
    if led is None and actions.state_of(found) == "filed" and names:
        names = ["continue_case", *names]
    context = {
        "found": found,
        "state": (queries.state_label(found), STATE_TONES[actions.state_of(found)]),
        "campaign": titles.get(found.campaign, found.campaign),
        "campaigns": titles,
        "led": led,
        "clocks": clocks.shown(clocks_held, clock.now(request)),
        "moved": Transfer.objects.filter(source="case", source_no=found.number),
        "samples": sampling.linked(actor, "case", found.pk) if may(actor, "sampling.view") else [],
        "problems": taken.problems,
        **case_papers.block(request, found),
        "publication": Publication.objects.filter(case=found).first(),
        "handed_over": transferring.handovers(actor, case=found),
        "told": typical.typical_cases(actor).filter(case=found),
        "may_edit": bool(may(actor, "cases.edit", found.office_code)),
        "steps": shown(
            STEPS, names, taken, found, actor, first, first_open=actions.state_of(found) == "filed"
        ),
    }
    return render(request, "web/cases/case.html", context, status=taken.status)


# --- opening a case, recording an interview ------------------------------------------------------------


def _file(party: Party, given: dict[str, Any], by: Actor, at: dt.datetime) -> Case:
    value = _fen(given.pop("goods_value"))
    return actions.file_case(party=party, goods_value_fen=value, by=by, at=at, **given)


def _record(party: Party, given: dict[str, Any], by: Actor, at: dt.datetime) -> Interview:
    return actions.record_interview(party=party, by=by, at=at, **given)


def _new(
    request: HttpRequest, pk: int, heading: str, form_class: type[PageForm], work: Callable[..., Any],
    first: dict[str, Any], leads_to: str,
) -> HttpResponse:  # fmt: skip
    """A form about the party ``pk`` that makes one record and leads to it."""
    party = get_object_or_404(visible(Party.objects.all(), request.actor), pk=pk)
    form = form_class(
        request.POST or None, initial={"link": request.GET.get("link") or _link_of(party), **first}
    )
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        given = {**form.cleaned_data, "tags": split_tags(form.cleaned_data["tags"])}
        try:
            made = work(party, given, request.actor, clock.now(request))
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已保存：{heading}。")
            return redirect(leads_to, pk=made.pk)
    context = {
        "form": form, "party": party, "heading": heading, "problems": wrong,
        "campaigns": campaign_titles(request.actor),
    }  # fmt: skip
    return render(request, "web/cases/new.html", context, status=422 if form.is_bound else 200)


def _link_of(party: Party) -> str:
    return party.links.values_list("link", flat=True).first() or ""


@needs("cases.edit")
@require_http_methods(["GET", "POST"])
def case_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a case against the party ``pk``."""
    first = {"filed_on": clock.today(request), "campaign": request.GET.get("campaign", "")}
    return _new(request, pk, "登记案件", CaseForm, _file, first, "case")


@needs("cases.edit")
@require_http_methods(["GET", "POST"])
def interview_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Record an interview with the party ``pk``."""
    first = {"held_on": clock.today(request), "campaign": request.GET.get("campaign", "")}
    return _new(request, pk, "责任约谈", InterviewForm, _record, first, "interview")
