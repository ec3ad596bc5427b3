"""风险会商与清单: meetings with what rose and why, the risk list, one risk from finding to strike-off."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from xiejian.clocks.queries import clocks_of
from xiejian.documents import risk_papers
from xiejian.documents.paper import Paper
from xiejian.documents.papers import write as write_paper
from xiejian.kernel.facts import published
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.models import Office
from xiejian.people.policy import may, require, visible
from xiejian.registry.models import LINKS, Party
from xiejian.risks import actions, counting, queries, rules, signals
from xiejian.risks.checks import OPEN, QUARTERS
from xiejian.risks.models import RiskItem, RiskMeeting
from xiejian.web import clock
from xiejian.web.export import attachment
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.risk_steps import MEETING_STEPS, MEETING_TONES, STEPS, TONES, allowed, meeting_allowed
from xiejian.web.steps import day, shown, take, text
from xiejian.web.views.clocks import shown as clocks_shown
from xiejian.web.views.corrections import clock_words
from xiejian.web.views.people import office_choices
from xiejian.web.views.tables import DOCX

STATES, MEETING_STATES = actions.WORKFLOW.states, actions.MEETING_WORKFLOW.states
TABS = (("open", "未销号"), ("due", "到期"), ("asked", "待销号"), ("all", "全部"))
LEVEL_TONES = {"high": "red", "medium": "orange", "low": "azure"}
SPANS = {"now": "本季度", "before": "上季度", "last_year": "去年同季"}
PDF = "application/pdf"
#: what narrows the list
GIVEN = ("level", "state", "signal", "office")


def level_label(row: RiskItem) -> str:
    level = rules.levels().get(row.level)
    return level.label if level else ""


def _level_tone(row: RiskItem) -> str:
    return LEVEL_TONES.get(row.level, "secondary") if row.state in OPEN else "secondary"


def _paper(request: HttpRequest, paper: Paper, name: str) -> HttpResponse:
    """The paper as Word, or with ``format=pdf`` as PDF where the machine can set one."""
    suffix = ".pdf" if request.GET.get("format") == "pdf" else ".docx"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"paper{suffix}"
        write_paper(paper, path)
        answer = HttpResponse(path.read_bytes(), content_type=PDF if suffix == ".pdf" else DOCX)
    return attachment(answer, f"{name}{suffix}")


# --- meetings --------------------------------------------------------------------------------------------


def _office_names(request: HttpRequest) -> dict[str, str]:
    return dict(visible(Office.objects.all(), request.actor, "code").values_list("code", "name"))


@needs("risks.view")
def risk_meetings(request: HttpRequest) -> HttpResponse:
    """风险会商: which quarters were talked about, and what came of each?"""
    asked, names = request.GET, _office_names(request)
    columns = [
        Column("title", "会商", lambda m: m.title, ("year", "quarter"), href=_meeting_address),
        Column("office", "机构", lambda m: names.get(m.office_code, m.office_code), ("office_code",)),
        Column("held", "会商日期", lambda m: m.held_on, ("held_on",), nullable=True),
        Column("raised", "需关注", lambda m: m.raised, ("raised",), numeric=True),
        Column("listed", "列入清单", lambda m: m.listed, ("listed",), numeric=True),
        Column("open", "未销号", lambda m: m.still_open, ("still_open",), numeric=True),
        Column("chair", "主持人", lambda m: m.chair, shown=False),
        Column("state", "状态", _meeting_state, ("state",), tone=lambda m: MEETING_TONES[m.state]),
    ]  # fmt: skip
    year = asked.get("year", "")
    rows = queries.meetings(request.actor, asked.get("q", ""), int(year) if year.isdecimal() else None)
    this_year = clock.today(request).year
    years = [(str(y), f"{y}年") for y in range(this_year, this_year - 4, -1)]
    listing = Listing(
        request, "风险会商", columns, rows, "-title", filters=[Filter("year", "年度", years, year)],
        search_label="搜索会议记录、结论", empty="还没有风险会商",
        empty_next="点“准备会商”，系统按记录统计各项风险信号。",
    )  # fmt: skip
    return show(listing, "web/risks/meetings.html", {"may_meet": bool(may(request.actor, "risks.meet"))})


def _meeting_state(row: RiskMeeting) -> str:
    return MEETING_STATES[row.state]


def _meeting_address(row: RiskMeeting) -> str:
    return reverse("risk_meeting", args=[row.pk])


class PrepareForm(PageForm):
    year = forms.IntegerField(label="年度", min_value=2000, max_value=2100)
    quarter = forms.TypedChoiceField(label="季度", coerce=int, choices=[(q, f"第{q}季度") for q in QUARTERS])


@needs("risks.meet")
@require_http_methods(["GET", "POST"])
def risk_meeting_new(request: HttpRequest) -> HttpResponse:
    """准备会商: choose the quarter; the system counts."""
    year, quarter = signals.quarter_of(clock.today(request))
    form = PrepareForm(request.POST or None, initial={"year": year, "quarter": quarter})
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.prepare_meeting(
                office_code=request.actor.office_code, by=request.actor, at=clock.now(request),
                **form.cleaned_data,
            )  # fmt: skip
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已统计：{made.title}。")
            return redirect("risk_meeting", pk=made.pk)
    context = {"form": form, "problems": wrong}
    return render(request, "web/risks/meeting_new.html", context, status=422 if form.is_bound else 200)


def _meeting(request: HttpRequest, pk: int) -> RiskMeeting:
    return get_object_or_404(queries.meetings(request.actor).prefetch_related("readings"), pk=pk)


@needs("risks.view")
@require_http_methods(["GET", "POST"])
def risk_meeting(request: HttpRequest, pk: int) -> HttpResponse:
    """One meeting: what rose, where, by how much; what goes on the list; minutes."""
    found, actor, on = _meeting(request, pk), request.actor, clock.today(request)
    wrong: list[Problem] = []
    if request.method == "POST" and request.POST.get("do") == "list_reading":
        try:
            made = _list_reading(request, found)
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已列入风险清单：{made.number}。")
            return redirect("risk_item", pk=made.pk)
    taken = take(request, MEETING_STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("risk_meeting", pk=pk)
    if taken.problems:
        found = _meeting(request, pk)
    told = queries.told(found)
    context = {
        "found": found,
        "state": (MEETING_STATES[found.state], MEETING_TONES[found.state]),
        "office_name": _office_names(request).get(found.office_code, found.office_code),
        "wholes": [one for one in told if not one.reading.grouping],
        "raised": [one for one in told if one.reading.why],
        "items": [(item, level_label(item), _level_tone(item), STATES[item.state], TONES[item.state])
                  for item in queries.items(actor, meeting=pk).exclude(state="withdrawn")],
        "problems": wrong or taken.problems,
        "may_list": bool(may(actor, "risks.edit", found.office_code)),
        "steps": shown(
            MEETING_STEPS, meeting_allowed(found, actor), taken, found, actor, {"held_on": on}
        ),
        "spans": SPANS,
    }  # fmt: skip
    return render(request, "web/risks/meeting.html", context, status=422 if wrong else taken.status)


def _list_reading(request: HttpRequest, meeting: RiskMeeting) -> RiskItem:
    given = request.POST.get("reading", "")
    reading = get_object_or_404(meeting.readings, pk=int(given) if given.isdecimal() else 0)
    return actions.list_reading(
        reading=reading, on=clock.today(request), by=request.actor, at=clock.now(request)
    )


@needs("risks.view")
def risk_report(request: HttpRequest, pk: int) -> HttpResponse:
    """分析报告 of a meeting as Word or PDF."""
    found = _meeting(request, pk)
    items = queries.items(request.actor, office=found.office_code).filter(state__in=OPEN)
    paper = risk_papers.report(
        found, queries.told(found), list(items.order_by("found_on", "pk").prefetch_related("measures")),
        on=clock.today(request),
    )  # fmt: skip
    return _paper(request, paper, paper.title)


# --- a signal --------------------------------------------------------------------------------------------


def _quarter(request: HttpRequest) -> tuple[int, int]:
    """The quarter that the address asks about, else the one of today."""
    year, number = request.GET.get("year", ""), request.GET.get("quarter", "")
    if year.isdecimal() and 2000 <= int(year) <= 2100 and number in [str(q) for q in QUARTERS]:
        return int(year), int(number)
    return signals.quarter_of(clock.today(request))


@needs("risks.view")
def risk_signal(request: HttpRequest, signal_id: str) -> HttpResponse:
    """One signal of one group: what was counted, from which records, how it stands to other quarters."""
    signal = signals.load().get(signal_id)
    asked = request.GET
    by, key = asked.get("by", ""), asked.get("key", "")
    is_number = key.isdecimal() and len(key) < 19  # what a key of the database can be
    if signal is None or (by and by not in signal.by) or (by == "party" and not is_number):
        raise Http404
    office = asked.get("office") or request.actor.office_code
    require(request.actor, "risks.view", office, where=signal.label)
    year, number = _quarter(request)
    spans = signals.spans(year, number, clock.today(request))
    which = asked.get("which", "now") if asked.get("which") in SPANS else "now"
    counted = counting.counted(signal, by, key, spans, office)
    facts = published()
    context = {
        "signal": signal,
        "facts": facts[signal.facts].meaning,
        "label": queries.labels(request.actor, [(by, key)]).get((by, key), key) if by else "",
        "grouping": signals.GROUPINGS[by][1] if by else "",
        "least": signal.by.get(by),
        "records": counting.records(signal, by, key, getattr(spans, which), office),
        "period": getattr(spans, which),
        "title": f"{year}年第{number}季度",
        "numbers": [
            (label, getattr(counted, name), getattr(spans, name), name == which, "?" + urlencode(
                {"by": by, "key": key, "office": office, "year": year, "quarter": number, "which": name}))
            for name, label in SPANS.items()
        ],
        "why": signals.why_raised(signal, by, counted) if by else "",
    }  # fmt: skip
    return render(request, "web/risks/signal.html", context)


# --- the list --------------------------------------------------------------------------------------------


def _columns(on: dt.date, names: dict[str, str]) -> list[Column]:
    labels = {signal.id: signal.label for signal in signals.load().values()}

    def due(row: RiskItem) -> tuple[str, str]:
        return clock_words(row.due, on) if row.state in OPEN and row.due else ("", "")

    return [
        Column("number", "风险编号", lambda r: r.number, ("number",), href=_address),
        Column("title", "风险", lambda r: r.title, ("title",)),
        Column(
            "party", "监管对象", lambda r: r.party.name if r.party else "", ("party__name",), nullable=True,
            href=lambda r: reverse("party", args=[r.party_id]) if r.party_id else "",
        ),
        Column("level", "等级", level_label, ("level",), tone=_level_tone),
        Column("owner", "责任人", lambda r: r.owner.name if r.owner else "", ("owner__name",), nullable=True),
        Column("due", "期限", lambda r: due(r)[0], ("due",), nullable=True, tone=lambda r: due(r)[1]),
        Column("control", "管控期限", lambda r: r.due_on, ("due_on",), nullable=True, shown=False),
        Column("signal", "来源信号", lambda r: labels.get(r.signal, "人工列入"), ("signal",), shown=False),
        Column("office", "责任机构", lambda r: names.get(r.office_code, r.office_code), ("office_code",)),
        Column("on", "列入日期", lambda r: r.found_on, ("found_on",)),
        Column("round", "复发次数", lambda r: r.round or "", ("round",), numeric=True, shown=False),
        Column(
            "struck", "销号日期", lambda r: r.struck_off_on, ("struck_off_on",), nullable=True, shown=False
        ),
        Column("state", "状态", lambda r: STATES[r.state], ("state",), tone=lambda r: TONES[r.state]),
    ]  # fmt: skip


def _address(row: RiskItem) -> str:
    return reverse("risk_item", args=[row.pk])


def _rows(request: HttpRequest, tab: str) -> QuerySet[RiskItem]:
    asked = request.GET
    given = {key: asked.get(key, "") for key in GIVEN}
    meeting = asked.get("meeting", "")
    rows = queries.items(
        request.actor,
        search=asked.get("q", ""),
        meeting=int(meeting) if meeting.isdecimal() else None,
        **given,
    )
    return queries.of_tab(rows, tab, clock.today(request))


def _tab(request: HttpRequest) -> str:
    """The tab asked for; what is searched for or narrowed is looked for in all of the list."""
    asked = request.GET
    if asked.get("tab") in dict(TABS):
        return asked["tab"]
    return "all" if any(asked.get(key) for key in ("q", *GIVEN, "meeting")) else "open"


@needs("risks.view")
def risk_list(request: HttpRequest) -> HttpResponse:
    """风险清单: what worries us, who owns it, what is due?"""
    asked, actor, on = request.GET, request.actor, clock.today(request)
    tab = _tab(request)
    levels = [(level.id, level.label) for level in rules.levels().values()]
    sources = [(signal.id, signal.label) for signal in signals.load().values()]
    listing = Listing(
        request, "风险清单", _columns(on, _office_names(request)), _rows(request, tab), "due",
        filters=[
            Filter("level", "等级", levels, asked.get("level", "")),
            Filter("state", "状态", list(STATES.items()), asked.get("state", "")),
            Filter("signal", "来源信号", sources, asked.get("signal", "")),
            Filter("office", "责任机构", office_choices(actor), asked.get("office", "")),
        ],
        search_label="搜索编号、风险、监管对象",
        empty="没有未销号的风险" if tab == "open" else "没有符合条件的风险",
        empty_next="在“风险会商”中从信号列入，或者点“列入风险”。",
        hidden=[("tab", tab), *((k, asked[k]) for k in ("meeting",) if asked.get(k))],
    )  # fmt: skip
    kept = [(key, asked[key]) for key in ("q", *GIVEN, "meeting") if asked.get(key)]
    more = {
        "tab": tab,
        "tabs": TABS,
        "counts": queries.counts(actor, on),
        "may_edit": bool(may(actor, "risks.edit")),
        "query": urlencode([("tab", tab), *kept]),
    }
    return show(listing, "web/risks/list.html", more)


@needs("risks.view")
def risk_list_paper(request: HttpRequest) -> HttpResponse:
    """风险清单 as Word or PDF: what the page shows, the nearest date first."""
    rows = list(_rows(request, _tab(request)).order_by("due_on", "pk"))
    office = request.GET.get("office") or request.actor.office_code
    paper = risk_papers.risk_list(rows, office, on=clock.today(request))
    return _paper(request, paper, "风险清单")


class RiskForm(PageForm):
    title = forms.CharField(label="风险", max_length=200, help_text="什么风险，一句话")
    content = text("情况说明", hint="从哪里发现，涉及哪些产品和单位")
    office_code = forms.ChoiceField(label="责任机构")
    link = forms.ChoiceField(label="环节", required=False, choices=[("", "不限"), *((v, v) for v in LINKS)])
    tags = forms.CharField(label="品种标签", required=False, max_length=200, help_text="几个用顿号分开")
    on = day("列入日期")

    def __init__(self, *args: Any, offices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["office_code"].choices = offices


@needs("risks.edit")
@require_http_methods(["GET", "POST"])
def risk_new(request: HttpRequest) -> HttpResponse:
    """列入风险: what somebody saw, without a signal; of a party when the address names one."""
    actor, given = request.actor, request.GET.get("party", "")
    party = (
        get_object_or_404(visible(Party.objects.all(), actor), pk=int(given)) if given.isdecimal() else None
    )
    first = {"on": clock.today(request), "office_code": party.office_code if party else actor.office_code}
    form = RiskForm(request.POST or None, initial=first, offices=office_choices(actor))
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = _listed(request, party, dict(form.cleaned_data))
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已列入风险清单：{made.number}。")
            return redirect("risk_item", pk=made.pk)
    context = {"form": form, "party": party, "problems": wrong}
    return render(request, "web/risks/new.html", context, status=422 if form.is_bound else 200)


def _listed(request: HttpRequest, party: Party | None, given: dict[str, Any]) -> RiskItem:
    tags = tuple(tag.strip() for tag in given["tags"].split("、") if tag.strip())
    return actions.list_risk(
        entry=actions.Entry(given["title"], given["content"], given["link"], tags), party=party,
        office_code=given["office_code"], on=given["on"], by=request.actor, at=clock.now(request),
    )  # fmt: skip


# --- one risk --------------------------------------------------------------------------------------------


def _item(request: HttpRequest, pk: int) -> RiskItem:
    found = queries.item(request.actor, pk)
    if found is None:
        raise Http404
    return found


@needs("risks.view")
@require_http_methods(["GET", "POST"])
def risk_item(request: HttpRequest, pk: int) -> HttpResponse:
    """One risk: where it came from, what is done about it, may it be struck off?"""
    found, actor, on = _item(request, pk), request.actor, clock.today(request)
    taken = take(request, STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("risk_item", pk=pk)
    if taken.problems:
        found = _item(request, pk)
    level = rules.levels().get(found.level)
    context = {
        "found": found,
        "state": (STATES[found.state], TONES[found.state]),
        "level": (level, _level_tone(found)) if level else None,
        "signal": signals.load().get(found.signal),
        "signal_page": _signal_page(found),
        "measures": [m for m in found.measures.all() if m.round == found.round],
        "earlier": [m for m in found.measures.all() if m.round < found.round],
        "evidence": list(found.evidence.all()),
        "handings": _handings(request, found),
        "clocks": clocks_shown(clocks_of("risk_item", [pk]).get(pk, []), clock.now(request)),
        "history": _history(found),
        "meeting_seen": bool(found.meeting and may(actor, "risks.view", found.meeting.office_code)),
        "party_seen": bool(found.party and may(actor, "registry.view", found.party.office_code)),
        "problems": taken.problems,
        "steps": shown(STEPS, allowed(found, actor), taken, found, actor, {"on": on}, first_open=True),
    }
    return render(request, "web/risks/item.html", context, status=taken.status)


def _signal_page(found: RiskItem) -> str:
    """The records behind the value that put the risk on the list."""
    if not found.signal or not found.value.get("from"):
        return ""
    year, quarter = signals.quarter_of(dt.date.fromisoformat(found.value["from"]))
    asked = {
        "by": found.grouping, "key": found.key, "office": found.value["office"], "year": year,
        "quarter": quarter,
    }  # fmt: skip
    return f"{reverse('risk_signal', args=[found.signal])}?{urlencode(asked)}"


def _handings(request: HttpRequest, found: RiskItem) -> list[tuple[Any, str]]:
    rows = list(found.handings.all())
    codes = {row.to_office for row in rows}
    names = dict(Office.objects.filter(code__in=codes).values_list("code", "name")) if codes else {}
    return [(row, names.get(row.to_office, row.to_office)) for row in rows]


def _history(found: RiskItem) -> list[tuple[dt.date, str, str]]:
    """What has happened so far, oldest first: day, what, detail."""
    asked = f"申请销号（{found.asked_by_name}）"
    steps = [
        (found.found_on, f"列入清单（{found.by_name}）", found.content),
        (found.assessed_on, "研判", found.level_why),
        (found.controlled_on, "开始管控", ""),
        (found.asked_on, asked, found.reasons),
        (found.struck_off_on, f"销号（{found.struck_off_by}）", ""),
        (found.returned_on, f"复发，第 {found.round} 次重新列入", str(found.value.get("why", ""))),
    ]
    told = [(on, what, detail) for on, what, detail in steps if on]
    return sorted(told, key=lambda step: step[0])


@needs("risks.view")
def risk_evidence(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """One file of evidence, handed over as a download."""
    found = queries.evidence(request.actor, pk)
    if found is None or not found.file.storage.exists(found.file.name):
        raise Http404
    answer = FileResponse(found.file.open("rb"), as_attachment=True, filename=found.name)
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
