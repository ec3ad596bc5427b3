"""线索: what came in and is due, one lead with its proposal, clocks and steps, the report of a day."""

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
from django.views.decorators.http import require_http_methods

from xiejian.assistance import queries as assistance
from xiejian.cases import queries as cases
from xiejian.clocks.queries import clocks_of
from xiejian.documents import lead_papers
from xiejian.documents.papers import write as write_paper
from xiejian.inspections import queries as inspections
from xiejian.kernel import dates
from xiejian.kernel.problems import Problem, Refused
from xiejian.leads import actions, checks, days, matching, queries, rules
from xiejian.leads.actions import Entry
from xiejian.leads.identity import Identity
from xiejian.leads.models import Informant, Lead, LeadPhoto
from xiejian.people.models import AuditEntry
from xiejian.people.policy import may, require
from xiejian.registry.models import AREAS, LINKS
from xiejian.web import clock, lead_results
from xiejian.web.export import attachment
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.guard import needs
from xiejian.web.lead_steps import PRIORITY_TONES, STEPS, TONES, allowed
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.steps import shown, take
from xiejian.web.views.clocks import shown as clocks_shown
from xiejian.web.views.corrections import clock_words
from xiejian.web.views.people import office_choices
from xiejian.web.views.tables import DOCX

STATES = actions.WORKFLOW.states
TABS = (("due", "待办"), ("new", "新到"), ("mine", "我办理的"), ("all", "全部"))


def _address(row: Lead) -> str:
    return reverse("lead", args=[row.pk])


def _columns(on: dt.date) -> list[Column]:
    topics = rules.topics()

    def due(row: Lead) -> tuple[str, str]:
        return clock_words(row.due, on) if row.state in queries.OPEN else ("", "")

    return [
        Column("number", "线索编号", lambda d: d.number, ("number",), href=_address),
        Column("kind", "类型", lambda d: d.kind, ("kind",)),
        Column("topic", "事由", lambda d: topics.get(d.topic, "")),
        Column("party", "被反映单位", lambda d: d.party.name if d.party else d.party_named, ("party_named",)),
        Column("text", "内容", lambda d: d.text[:40]),
        Column("source", "来源", lambda d: d.source, ("source",)),
        Column("on", "收到日期", lambda d: d.received_on, ("received_on",)),
        Column("priority", "紧急程度", lambda d: d.priority, tone=lambda d: PRIORITY_TONES[d.priority]),
        Column("handler", "办理人", lambda d: d.handler.name if d.handler else "", shown=False),
        Column("product", "产品", lambda d: d.product, shown=False),
        Column("external", "来源编号", lambda d: d.external_no, shown=False),
        Column("due", "期限", lambda d: due(d)[0], ("due",), nullable=True, tone=lambda d: due(d)[1]),
        Column("outcome", "结果", lambda d: d.outcome, shown=False),
        Column("state", "状态", lambda d: STATES[d.state], ("state",), tone=lambda d: TONES[d.state]),
    ]  # fmt: skip


def _rows(request: HttpRequest, tab: str) -> QuerySet[Lead]:
    asked = request.GET
    names = ("state", "kind", "topic", "source", "priority", "office")
    rows = queries.leads(
        request.actor, search=asked.get("q", ""), **{name: asked.get(name, "") for name in names}
    )
    if tab == "mine":
        rows = rows.filter(handler__username=request.actor.username)
    if tab == "new":
        return rows.filter(state__in=queries.NEW)
    return rows if tab == "all" else rows.filter(state__in=queries.OPEN)


@needs("leads.view")
def lead_list(request: HttpRequest) -> HttpResponse:
    """线索: what came in, what is due?"""
    asked, actor, on = request.GET, request.actor, clock.today(request)
    narrowed = any(asked.get(key) for key in ("q", "state", "kind", "topic", "source"))
    tab = asked.get("tab") or ("all" if narrowed else "due")
    listing = Listing(
        request, "投诉举报与线索", _columns(on), _rows(request, tab), "-on" if tab == "all" else "due",
        filters=[
            Filter("kind", "类型", [(k, k) for k in checks.KINDS], asked.get("kind", "")),
            Filter("topic", "事由", list(rules.topics().items()), asked.get("topic", "")),
            Filter("source", "来源", [(s, s) for s in checks.SOURCES], asked.get("source", "")),
            Filter("priority", "紧急程度", [(p, p) for p in checks.PRIORITIES], asked.get("priority", "")),
            Filter("state", "状态", list(STATES.items()), asked.get("state", "")),
            Filter("office", "办理机构", office_choices(actor), asked.get("office", "")),
        ],
        search_label="搜索编号、单位、产品、内容", empty="没有线索",
        empty_next="点“登记线索”录入；热线工单可在“导入”中整批导入。", hidden=[("tab", tab)],
    )  # fmt: skip
    more = {
        "tab": tab, "tabs": TABS, "counts": queries.counts(actor, on),
        "may_handle": bool(may(actor, "leads.handle")), "on": on,
    }  # fmt: skip
    return show(listing, "web/leads/list.html", more)


# --- one lead ----------------------------------------------------------------------------------------------


class LeadForm(PageForm):
    """What came in; who told us goes into fields of its own, which are sealed."""

    received_on = forms.DateField(label="收到日期", widget=DateInput())
    source = forms.ChoiceField(label="来源", choices=[(s, s) for s in checks.SOURCES])
    kind = forms.ChoiceField(
        label="类型", required=False, choices=[("", "按内容判断"), *((k, k) for k in checks.KINDS)]
    )
    area = forms.ChoiceField(label="产品门类", choices=[(a, a) for a in AREAS])
    link = forms.ChoiceField(
        label="环节", required=False, choices=[("", "按内容判断"), *((v, v) for v in LINKS)]
    )
    external_no = forms.CharField(label="来源编号", required=False, max_length=80)
    known_on = forms.DateField(
        label="知道权益受损之日", required=False, widget=DateInput(), help_text="投诉：超过规定期间的不予受理"
    )
    disclosed = forms.BooleanField(label="同意调解时向对方说明身份（不勾选即保密）", required=False)
    office_code = forms.ChoiceField(label="登记机构")
    party_named = forms.CharField(label="被反映单位", required=False, max_length=200)
    product = forms.CharField(label="产品", required=False, max_length=200)
    place = forms.CharField(label="地点", required=False, max_length=200)
    text = forms.CharField(label="反映内容", widget=forms.Textarea(attrs={"rows": 5}))
    wish = forms.CharField(label="诉求", required=False, max_length=300)
    name = forms.CharField(label="姓名", required=False, max_length=60)
    phone = forms.CharField(label="电话", required=False, max_length=60)
    id_no = forms.CharField(label="证件号码", required=False, max_length=40)
    address = forms.CharField(label="联系地址", required=False, max_length=200)

    GROUPS = (
        ("来源", ("received_on", "source", "external_no", "kind", "area", "link", "office_code", "known_on")),
        ("反映的事", ("party_named", "product", "place", "text", "wish")),
        ("反映人（密封保存，可不填）", ("name", "phone", "id_no", "address", "disclosed")),
    )

    def groups(self) -> list[tuple[str, list[Any]]]:
        """The fields by what they are about, for the template."""
        return [(title, [self[name] for name in names]) for title, names in self.GROUPS]


@needs("leads.handle")
@require_http_methods(["GET", "POST"])
def lead_new(request: HttpRequest) -> HttpResponse:
    """登记线索: what came in by telephone, letter or over the counter."""
    actor = request.actor
    first = {"received_on": clock.today(request), "office_code": actor.office_code}
    form = LeadForm(request.POST or None, initial=first)
    form.fields["office_code"].choices = office_choices(actor)
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        office = given.pop("office_code")
        disclosed = given.pop("disclosed")
        told = Identity(**{name: given.pop(name) for name in ("name", "phone", "id_no", "address")})
        try:
            made = actions.register_lead(
                entry=Entry(**given), identity=told, confidential=not disclosed, office_code=office, by=actor,
                at=clock.now(request),
            )  # fmt: skip
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已登记：{made.number}。")
            return redirect("lead", pk=made.pk)
    context = {"form": form, "problems": wrong}
    return render(request, "web/leads/new.html", context, status=422 if form.is_bound else 200)


def _lead(request: HttpRequest, pk: int) -> Lead:
    found = queries.lead(request.actor, pk)
    if found is None:
        raise Http404
    return found


@needs("leads.view")
@require_http_methods(["GET", "POST"])
def lead(request: HttpRequest, pk: int) -> HttpResponse:
    """One lead: what it says, what triage proposes and why, which clocks run, what may be done now."""
    found, actor, on = _lead(request, pk), request.actor, clock.today(request)
    if request.method == "POST":
        require(actor, "leads.handle", found.office_code)
    taken = take(request, STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("lead", pk=pk)
    if taken.problems:
        found = _lead(request, pk)  # an action may have moved the object that it was given
    first = {name: on for name in ("on", "approved_on", "first", "last")}
    clocks = clocks_of("lead", [pk]).get(pk, [])
    context = {
        "found": found,
        "state": (STATES[found.state], TONES[found.state]),
        "priority_tone": PRIORITY_TONES[found.priority],
        "topic": rules.topics().get(found.topic, ""),
        "clocks": clocks_shown(clocks, clock.now(request)),
        "reasons": matching.grouped(found.proposal),
        "duplicates": matching.duplicates(found, actor),
        "informant": Informant.objects.filter(lead=found).defer("sealed", "person_key").first(),
        "may_assist": bool(may(actor, "assistance.handle", found.office_code)),
        "assistance": assistance.of_source(actor, "lead", pk) if may(actor, "assistance.view") else [],
        "may_identify": bool(may(actor, "leads.identity", found.office_code)),
        "history": _history(request, found),
        "photos": list(found.photos.all()),
        "clues": list(found.clues.only("pk", "number")),
        "papers": lead_papers.available(found),
        "results": lead_results.results(actor, found),
        "next_steps": lead_results.next_steps(actor, found),
        "problems": taken.problems,
        "steps": shown(STEPS, allowed(found, actor), taken, found, actor, first, first_open=True),
        **_open_matters(request, found, on),
    }
    return render(request, "web/leads/lead.html", context, status=taken.status)


def _history(request: HttpRequest, found: Lead) -> list[tuple[dt.date, str, str]]:
    """What was done with it so far, from the audit log: day, what, by whom."""
    labels = {t.action: t.label for t in actions.WORKFLOW.transitions} | {
        "register_lead": "登记", "read_identity": "查看反映人信息", "erase_identity": "删除反映人信息",
    }  # fmt: skip
    rows = AuditEntry.objects.filter(subject="lead", subject_key=found.number).order_by("sequence")
    return [
        (row.at.date(), labels.get(row.action, row.action), row.by_name) for row in rows.only(
            "at", "action", "by_name"
        )
    ]  # fmt: skip


def _open_matters(request: HttpRequest, found: Lead, on: dt.date) -> dict[str, Any]:
    """What is not finished with the party meant: corrections, cases, other leads."""
    actor, party = request.actor, found.party
    if party is None:
        return {}
    matters: dict[str, Any] = {
        "others": list(queries.leads(actor, party=party).filter(state__in=queries.OPEN).exclude(pk=found.pk))
    }
    if may(actor, "inspections.view"):
        matters["corrections"] = list(inspections.open_corrections(actor, on).filter(visit__party=party))
    if may(actor, "cases.view"):
        matters["cases"] = list(cases.cases(actor, party=party).filter(closed_on=None))
    return matters | {"has_open": any(matters.values())}


class ReasonForm(PageForm):
    reason = forms.CharField(label="理由", max_length=200, help_text="写入审计记录")


@needs("leads.identity")
@require_http_methods(["GET", "POST"])
def lead_informant(request: HttpRequest, pk: int) -> HttpResponse:
    """反映人: read once for a reason, or deleted at their request; both leave a trace."""
    found = _lead(request, pk)
    kept = Informant.objects.filter(lead=found).defer("sealed", "person_key").first()
    form = ReasonForm(request.POST or None)
    wrong: list[Problem] = []
    told: Identity | None = None
    if request.method == "POST" and form.is_valid():
        given = {"reason": form.cleaned_data["reason"], "by": request.actor, "at": clock.now(request)}
        try:
            if request.POST.get("do") == "erase":
                actions.erase_identity(lead=found, **given)
                messages.success(request, "已删除反映人信息。")
                return redirect("lead", pk=pk)
            told = actions.read_identity(lead=found, **given)
        except Refused as refused:
            wrong = list(refused.problems)
    context = {"found": found, "kept": kept, "form": form, "told": told, "problems": wrong}
    answer = render(request, "web/leads/informant.html", context, status=422 if wrong else 200)
    answer["Cache-Control"] = "no-store"
    return answer


@needs("leads.view")
def lead_photo(request: HttpRequest, pk: int) -> HttpResponse:
    """A photograph of a lead; a new JPEG that holds nothing but the picture."""
    seen = queries.leads(request.actor).order_by()
    found = get_object_or_404(LeadPhoto.objects.filter(lead__in=seen.values("pk")), pk=pk)
    return FileResponse(found.file.open("rb"), content_type="image/jpeg")


@needs("leads.view")
def lead_paper(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """受理、不予受理告知书，答复书，转办函 as Word; the addressee's name is written in by hand."""
    found = _lead(request, pk)
    if kind not in lead_papers.available(found):
        raise Http404
    return _file(lead_papers.make(kind, found, on=clock.today(request)), found.number)


def _file(paper: Any, name: str) -> HttpResponse:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paper.docx"
        write_paper(paper, path)
        content = path.read_bytes()
    return attachment(HttpResponse(content, content_type=DOCX), f"{name} {paper.title}.docx")


@needs("leads.view")
def lead_day(request: HttpRequest) -> HttpResponse:
    """日报: what a day brought, what is urgent, what is late; as a page or as Word."""
    actor, on = request.actor, clock.today(request)
    try:
        on = dates.read(request.GET.get("on", "")) or on
    except Refused:
        messages.warning(request, "日期没有看懂，显示今天。")
    found = queries.day(actor, on)
    if request.GET.get("format") == "docx":
        return _file(lead_papers.day_report(found, actor.office_code), f"{on:%Y-%m-%d}")
    return render(request, "web/leads/day.html", {"day": found})


@needs("leads.view")
@require_http_methods(["GET", "POST"])
def lead_days(request: HttpRequest) -> HttpResponse:
    """日报存档: which days were kept, and who has opened them?"""
    actor = request.actor
    if request.method == "POST":
        report, made = days.keep_day(
            office_code=actor.office_code, on=clock.today(request), by=actor, at=clock.now(request)
        )
        messages.success(request, "已存档。" if made else "今天的日报已经存档，内容不再改变。")
        return redirect("lead_kept_day", pk=report.pk)
    names = dict(office_choices(actor))
    columns = [
        Column("on", "日期", lambda r: r.on, ("on",), href=lambda r: reverse("lead_kept_day", args=[r.pk])),
        Column("office", "机构", lambda r: names.get(r.office_code, r.office_code), ("office_code",)),
        Column("received", "收到", lambda r: r.content["received"], numeric=True),
        Column("closed", "办结", lambda r: r.content["closed"], numeric=True),
        Column("overdue", "逾期", lambda r: len(r.content["overdue"]), numeric=True),
        Column("by", "生成人", lambda r: r.by_name),
        Column("readers", "已查阅", lambda r: "、".join(x.officer.name for x in r.readings.all())),
    ]
    listing = Listing(
        request, "日报存档", columns, days.kept(actor), "-on", empty="还没有存档的日报",
        empty_next="点“存档今天的日报”，或者让系统每天定时运行 xiejian daily-report --save。",
    )  # fmt: skip
    return show(listing, "web/leads/days.html", {})


@needs("leads.view")
def lead_kept_day(request: HttpRequest, pk: int) -> HttpResponse:
    """One kept report; opening it is noted."""
    found = get_object_or_404(days.kept(request.actor), pk=pk)
    days.read_day(report=found, officer=request.user, by=request.actor, at=clock.now(request))
    readers = found.readings.select_related("officer").all()
    context = {"found": found, "readers": readers, "numbers": _linked(request, found.content)}
    return render(request, "web/leads/kept_day.html", context)


def _linked(request: HttpRequest, content: dict[str, Any]) -> list[tuple[str, list[Lead]]]:
    """The urgent and the late leads that a kept report names."""
    named = [*content["urgent"], *content["overdue"]]
    rows = {row.number: row for row in queries.leads(request.actor).filter(number__in=named)}
    parts = (("紧急线索", "urgent"), ("逾期线索", "overdue"))
    return [(label, [rows[number] for number in content[key] if number in rows]) for label, key in parts]
