"""监督抽检: which samples are due, which failed, what followed; one sample from its sheet to its closing."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import Any

from csp.constants import WASM_UNSAFE_EVAL
from csp.decorators import csp_update
from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.cases.proceeding_queries import of_source
from xiejian.clocks.queries import clocks_of
from xiejian.documents import pdf, sample_papers
from xiejian.documents.papers import write as write_paper
from xiejian.inspections import queries as inspections
from xiejian.inspections.places import Place
from xiejian.kernel.problems import Problem, Refused
from xiejian.numbers import udi
from xiejian.people.policy import Actor, may, require, visible
from xiejian.registry import queries as registry
from xiejian.registry.models import AREAS, LINKS, Party
from xiejian.sampling import actions, queries, rules
from xiejian.sampling.checks import KINDS, METHODS, RESULTS, Sheet
from xiejian.sampling.models import Sample
from xiejian.sampling.products import certificate_on
from xiejian.web import clock
from xiejian.web.export import attachment
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.number_field import UDI, NumberField
from xiejian.web.sample_steps import STEPS, TONES, allowed
from xiejian.web.steps import shown, take
from xiejian.web.templatetags.xiejian import tags
from xiejian.web.views.cases import year_choices
from xiejian.web.views.clocks import shown as clocks_shown
from xiejian.web.views.corrections import clock_words
from xiejian.web.views.evidence import EvidenceForm, attach, gallery
from xiejian.web.views.people import office_choices
from xiejian.web.views.tables import DOCX
from xiejian.web.views.visits import campaign_titles

STATES = actions.WORKFLOW.states
PARTIES_OFFERED = 12
PDF = "application/pdf"
FEN = 100  # 分 in a yuan
TABS = (("due", "待办"), ("failed", "不合格"), ("all", "全部"))


def state_of(row: Sample) -> str:
    return STATES[row.state]


def _columns(on: dt.date, campaigns: dict[str, str]) -> list[Column]:
    def due(row: Sample) -> tuple[str, str]:
        return clock_words(row.due, on) if row.state in queries.OPEN else ("", "")

    return [
        Column("number", "抽样单编号", lambda s: s.number, ("number",), href=_address),
        Column("product", "产品", lambda s: s.product_name, ("product_name",)),
        Column(
            "party", "被抽样单位", lambda s: s.party.name, ("party__name",),
            href=lambda s: reverse("party", args=[s.party_id]),
        ),
        Column("link", "环节", lambda s: s.link, ("link",)),
        Column("kind", "类型", lambda s: s.kind, ("kind",)),
        Column("on", "抽样日期", lambda s: s.sampled_on, ("sampled_on",), nullable=True),
        Column("lot", "批号", lambda s: s.lot, shown=False),
        Column("registration", "注册证编号", lambda s: s.registration_no, shown=False),
        Column("maker", "标示生产企业", lambda s: s.maker, ("maker",), shown=False),
        Column("laboratory", "检验机构", lambda s: s.laboratory, ("laboratory",), shown=False),
        Column("received", "到样日期", lambda s: s.received_on, ("received_on",), nullable=True, shown=False),
        Column("result", "结论", lambda s: s.outcome, tone=lambda s: "red" if s.failed else "green"),
        Column("items", "不符合规定项目", lambda s: s.failed_items, shown=False),
        Column("reported", "报告日期", lambda s: s.result_on, ("result_on",), nullable=True, shown=False),
        Column("due", "期限", lambda s: due(s)[0], ("due",), nullable=True, tone=lambda s: due(s)[1]),
        Column(
            "campaign", "专项", lambda s: campaigns.get(s.campaign, s.campaign), ("campaign",), shown=False
        ),
        Column("tags", "品种标签", lambda s: "、".join(tags(s.tags)), shown=False),
        Column("state", "状态", state_of, ("state",), tone=lambda s: TONES[s.state]),
    ]  # fmt: skip


def _address(row: Sample) -> str:
    return reverse("sample", args=[row.pk])


def _rows(request: HttpRequest, tab: str, on: dt.date) -> QuerySet[Sample]:
    asked = request.GET
    since, until = year_choices(on).get(asked.get("year", ""), ("", None, None))[1:]
    given = {key: asked.get(key, "") for key in ("state", "kind", "link", "result", "office")}
    plan = asked.get("plan", "")
    line = asked.get("line", "")
    rows = queries.samples(
        request.actor, search=asked.get("q", ""), since=since, until=until,
        plan=int(plan) if plan.isdecimal() else None, line=int(line) if line.isdecimal() else None, **given,
    )  # fmt: skip
    if tab == "failed":
        return rows.filter(queries.FAILING)
    return rows.filter(state__in=queries.OPEN) if tab == "due" else rows


@needs("sampling.view")
def sample_list(request: HttpRequest) -> HttpResponse:
    """监督抽检: which samples are due, which failed, what followed?"""
    asked, actor, on = request.GET, request.actor, clock.today(request)
    narrowed = any(asked.get(key) for key in ("q", "state", "kind", "link", "year", "plan", "line"))
    tab = asked.get("tab") or ("all" if narrowed else "due")
    years = year_choices(on)
    listing = Listing(
        request, "监督抽检", _columns(on, campaign_titles(actor)), _rows(request, tab, on),
        "due" if tab == "due" else "-on",
        filters=[
            Filter("state", "状态", [(s, w) for s, w in STATES.items() if tab != "due" or s in queries.OPEN],
                   asked.get("state", "")),
            Filter("kind", "类型", [(k, k) for k in KINDS], asked.get("kind", "")),
            Filter("link", "环节", [(v, v) for v in LINKS], asked.get("link", "")),
            Filter("result", "结论", [(r, r) for r in RESULTS], asked.get("result", "")),
            Filter("year", "抽样年度", [(k, v[0]) for k, v in years.items()], asked.get("year", "")),
            Filter("office", "抽样机构", office_choices(actor), asked.get("office", "")),
        ],
        search_label="搜索编号、产品、批号、企业", empty="没有待办的样品" if tab == "due" else "还没有样品",
        empty_next="点“抽样”填写抽样单；已有的抽检记录可在“名录”中导入。",
        hidden=[("tab", tab), *((k, asked[k]) for k in ("plan", "line") if asked.get(k))],
    )  # fmt: skip
    more = {
        "tab": tab, "tabs": TABS, "counts": queries.counts(actor, on),
        "may_sample": bool(may(actor, "sampling.sample")),
    }  # fmt: skip
    return show(listing, "web/sampling/list.html", more)


# --- the sheet -----------------------------------------------------------------------------------------


def _text(label: str, required: bool = False, length: int = 200, hint: str = "") -> forms.CharField:
    return forms.CharField(label=label, required=required, max_length=length, help_text=hint)


def _whole(label: str, required: bool = False) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=required, min_value=0, max_value=2_000_000_000)


def _day(label: str, required: bool = False) -> forms.DateField:
    return forms.DateField(label=label, required=required, widget=DateInput())


class SheetForm(PageForm):
    """The sheet on a phone: what the device code says is filled in where it was left empty."""

    line = forms.ModelChoiceField(
        label="抽检任务", queryset=None, required=False, empty_label="不按方案（应急、执法等）"
    )
    kind = forms.ChoiceField(
        label="抽检类型", required=False, choices=[("", "按方案"), *((k, k) for k in KINDS)]
    )
    link = forms.ChoiceField(label="环节")
    area = forms.ChoiceField(label="产品门类", choices=[(a, a) for a in AREAS])
    number = _text("抽样单编号", length=60, hint="用上级印制的抽样单时照填；不填则自动编号")
    udi = NumberField(kind=UDI, label="唯一标识（UDI）", required=False, max_length=200)
    product_name = _text("产品名称", True, 300)
    registration_no = NumberField(label="注册证或备案编号", required=False, max_length=120)
    model_spec = _text("规格型号")
    lot = _text("批号或序列号", length=120, hint="扫了唯一标识的可不填")
    made_on = _day("生产日期")
    expires_on = _day("有效期至")
    maker = _text("标示生产企业", length=300, hint="标签上的注册人、备案人或者生产企业")
    maker_address = _text("标示生产企业地址", length=300)
    sampled_on = _day("抽样日期", True)
    method = forms.ChoiceField(label="抽样方式", choices=[(m, m) for m in METHODS])
    place = _text("抽样地点")
    storage = _text("储存条件", length=120)
    unit = _text("单位", length=10)
    on_hand = _whole("库存数量")
    quantity = _whole("抽样数量", True)
    reserved = _whole("其中备样")
    price = forms.DecimalField(
        label="购样费用（元）", required=False, min_value=0, max_digits=12, decimal_places=2,
        help_text="抽样不得向单位收费；付了样品费的填实付金额",
    )  # fmt: skip
    seals = _text("封签编号", True, hint="几个用顿号分开")
    witness = _text("被抽样单位在场人员", length=60)
    visit_no = _text("随检查抽样的检查编号", length=60)
    campaign = forms.CharField(
        label="专项", required=False, max_length=120,
        widget=forms.TextInput(attrs={"list": "campaigns", "autocomplete": "off"}),
    )  # fmt: skip
    team = forms.ModelMultipleChoiceField(
        label="抽样人员", queryset=None,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )  # fmt: skip
    remark = _text("备注", length=2000)

    GROUPS = (
        ("抽检任务", ("line", "kind", "link", "area", "number", "visit_no", "campaign")),
        (
            "产品",
            (
                "udi", "product_name", "registration_no", "model_spec", "lot", "made_on", "expires_on",
                "maker", "maker_address",
            ),
        ),
        (
            "抽样与封样",
            (
                "sampled_on", "method", "place", "storage", "quantity", "reserved", "unit", "on_hand",
                "price", "seals", "witness", "remark", "team",
            ),
        ),
    )  # fmt: skip
    #: of a planned sample these are decided
    DECIDED = ("line", "kind", "link", "area", "number", "campaign")

    def __init__(self, *args: Any, party: Party, actor: Actor, planned: Sample | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on = kwargs.get("initial", {}).get("sampled_on")
        office = planned.office_code if planned else party.office_code
        self.fields["team"].queryset = queries.team_choices(actor, office)
        self.fields["team"].label_from_instance = lambda o: (
            f"{o.name}（{o.office.short_name or o.office.name}）"
        )
        self.fields["team"].help_text = f"至少 {rules.minimum_samplers()} 人"
        if planned:
            for name in self.DECIDED:
                del self.fields[name]
            return
        links = list(party.links.values_list("link", flat=True)) or list(LINKS)
        self.fields["link"].choices = [(v, v) for v in links]
        self.fields["line"].queryset = queries.lines(actor).filter(link__in=["", *links])
        self.fields["line"].label_from_instance = lambda n: (
            f"{n.product}（{n.plan.title}，已抽 {n.drawn}/{n.count} 批，{n.due_on} 前）"
        )

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        code = udi.read(given["udi"], on=self.on) if given.get("udi") and self.on else None
        if code and code.valid:
            known = {"lot": code.lot or code.serial, "made_on": code.made_on, "expires_on": code.expires_on}
            given |= {name: value for name, value in known.items() if value and not given.get(name)}
        if "kind" in self.fields and not given.get("line") and not given.get("kind"):
            self.add_error("kind", "不按方案抽样的，选抽检类型")
        return given

    def groups(self) -> list[tuple[str, list[Any]]]:
        """The fields by what they are about, for the template."""
        return [
            (title, found)
            for title, names in self.GROUPS
            if (found := [self[name] for name in names if name in self.fields])
        ]


SHEET_FIELDS = {field.name for field in fields(Sheet)}


def _drawn(party: Party, planned: Sample | None, given: dict[str, Any], request: HttpRequest) -> Sample:
    price = given.pop("price")
    given["price_fen"] = None if price is None else int(price * FEN)
    sheet = Sheet(**{name: value for name, value in given.items() if name in SHEET_FIELDS})
    rest = {name: value for name, value in given.items() if name not in SHEET_FIELDS and name != "team"}
    place: dict[str, Any] = {"sample": planned} if planned else {"party": party}
    line = rest.get("line")
    office = line.office_code if line else party.office_code
    if not planned:
        own = request.actor.office_code
        # a bureau that draws in a station's area draws for the line's office, else for the station's
        place["office_code"] = office if may(request.actor, "sampling.sample", office) else own
    return actions.draw_sample(
        sheet=sheet, team=list(given["team"]), by=request.actor, at=clock.now(request), **place, **rest
    )


@needs("sampling.sample")
@csp_update({"script-src": [WASM_UNSAFE_EVAL]})  # the camera's reader is WebAssembly
@require_http_methods(["GET", "POST"])
def sample_new(request: HttpRequest) -> HttpResponse:
    """抽样: the sheet, of a planned sample or of a new one at a party that was chosen."""
    asked, actor, on = request.GET, request.actor, clock.today(request)
    planned = _planned(request)
    given = str(planned.party_id) if planned else asked.get("party", "")
    if not given.isdecimal():
        return _choose_party(request)
    party = get_object_or_404(visible(Party.objects.all(), actor), pk=int(given))
    first = {
        "sampled_on": on, "team": [request.user.pk], "method": METHODS[0], "area": AREAS[0],
        "link": asked.get("link") or party.links.values_list("link", flat=True).first(),
        "line": asked.get("line"), "kind": asked.get("kind", ""), "visit_no": asked.get("visit", ""),
        "product_name": planned.product_name if planned else asked.get("product", ""),
    }  # fmt: skip
    form = SheetForm(request.POST or None, initial=first, party=party, actor=actor, planned=planned)
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = _drawn(party, planned, dict(form.cleaned_data), request)
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已填写抽样单：{made.number}。")
            return redirect("sample", pk=made.pk)
    context = {
        "form": form, "party": party, "planned": planned, "problems": wrong,
        "campaigns": campaign_titles(actor),
    }  # fmt: skip
    return render(request, "web/sampling/new.html", context, status=422 if form.is_bound else 200)


def _planned(request: HttpRequest) -> Sample | None:
    """The planned sample whose sheet is asked for."""
    asked = request.GET.get("sample", "")
    if not asked.isdecimal():
        return None
    rows = queries.samples(request.actor, state="planned")
    return get_object_or_404(rows, pk=int(asked))


def _choose_party(request: HttpRequest) -> HttpResponse:
    """Where the sample is taken: a search that answers as one types, and the lines that still need lots."""
    asked, actor = request.GET.get("q", "").strip(), request.actor
    found = registry.parties(actor, search=asked).exclude(status="注销") if asked else []
    line = request.GET.get("line", "")
    context = {
        "q": asked,
        "line": line if line.isdecimal() else "",
        "parties": found[:PARTIES_OFFERED].prefetch_related("links") if asked else [],
        "more": asked and registry.count(found) > PARTIES_OFFERED,
        "lines": [s for s in queries.line_states(actor, None, clock.today(request)) if s.left],
        "today": clock.today(request),
    }
    part = getattr(request, "htmx", None) and request.htmx.target == "party-choices"
    return render(request, f"web/sampling/{'party_choices' if part else 'choose_party'}.html", context)


class SampleEvidenceForm(EvidenceForm):
    """Photos of a sample say what they show: its package, its seal, the place."""

    shows = forms.ChoiceField(
        label="拍摄内容", choices=[(v, v) for v in ("包装标签", "封签", "抽样现场", "其他")]
    )
    field_order = ["files", "shows", "caption"]

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        said = [given.get("shows", ""), given.get("caption", "")]
        return given | {"caption": "：".join(filter(None, said))[:200]}


# --- one sample ------------------------------------------------------------------------------------------


def _sample(request: HttpRequest, pk: int) -> Sample:
    found = queries.sample(request.actor, pk)
    if found is None:
        raise Http404
    return found


@needs("sampling.view")
@require_http_methods(["GET", "POST"])
def sample(request: HttpRequest, pk: int) -> HttpResponse:
    """One sample: what was taken, what came out, which clocks run, what may be done now."""
    found, actor, on = _sample(request, pk), request.actor, clock.today(request)
    upload, unstored = SampleEvidenceForm(), list[Problem]()
    if request.method == "POST":
        require(actor, "sampling.sample", found.office_code)
        if request.POST.get("do") == "attach_evidence":
            upload = SampleEvidenceForm(request.POST, request.FILES)
            unstored = attach(request, upload, place=Place.of(found, "sampling.sample"))
            if not (unstored or upload.errors):
                return redirect(f"{reverse('sample', args=[pk])}#evidence")
    taken = take(request, STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("sample", pk=pk)
    if taken.problems:
        found = _sample(request, pk)  # an action may have moved the object that it was given
    first = {name: on for name in ("on", "result_on", "done_on", "filed_on", "planned_on")}
    first |= {"laboratory": found.laboratory, "items": found.items, "acceptance": "封签完好"}
    clocks = clocks_of("sample", [pk]).get(pk, [])
    context = {
        "found": found,
        "state": (STATES[found.state], TONES[found.state]),
        "clocks": clocks_shown(clocks, clock.now(request)),
        "limit": _limit(found),
        "certificate": certificate_on(found.registration, found.registration_no, found.sampled_on),
        "maker_seen": bool(found.maker_party and may(actor, "registry.view", found.maker_party.office_code)),
        "done": queries.done(found),
        "missing": queries.still_missing(found),
        "history": _history(found),
        "led_to": of_source(actor, "sample", pk) if may(actor, "cases.view") else [],
        "may_recall": found.failed and bool(may(actor, "vigilance.review", found.office_code)),
        "may_case": found.failed and bool(may(actor, "cases.investigate", found.office_code)),
        "papers": sample_papers.available(found),
        "pdf": pdf.program() is not None,
        "campaign": campaign_titles(actor).get(found.campaign, found.campaign),
        "problems": unstored or taken.problems,
        "evidence": gallery(inspections.evidence_of("sample", pk), found.sampled_on),
        "upload": upload,
        "editable": bool(may(actor, "sampling.sample", found.office_code)),
        "steps": shown(STEPS, allowed(found, actor), taken, found, actor, first, first_open=True),
    }
    status = 422 if unstored or upload.errors else taken.status
    return render(request, "web/sampling/sample.html", context, status=status)


def _limit(found: Sample) -> tuple[rules.Limit, dt.date | None] | None:
    """The office's own limit that runs in this state, with its last day where the office has set one."""
    limit = rules.limits().get(found.state)
    start = getattr(found, limit.field) if limit else None
    return (limit, limit.due(start)) if limit and start else None


def _history(found: Sample) -> list[tuple[dt.date, str, str]]:
    """What has happened so far, oldest first: day, what, detail."""
    steps = [
        (found.sampled_on, "抽样、封样", f"封签 {found.seals}" if found.seals else ""),
        (found.handed_over_on, "送检", "，".join(filter(None, [found.laboratory, found.carrier]))),
        (found.received_on, "到样", found.acceptance),
        (found.result_on, f"检验{found.result}", found.failed_items),
        (found.notified_on, "送达被抽样单位", ""),
        (found.maker_notified_on, "告知标示生产企业", found.maker),
        (found.objected_on, "标示生产企业提出异议", found.objection),
        (found.objection_answered_on, f"异议{found.objection_result}", ""),
        (found.retest_applied_on, "申请复检", f"{found.retest_applicant}，{found.retest_laboratory}"),
        (found.retest_on, f"复检{found.retest_result}", ""),
        (found.final_on, f"最终结论：{found.final_result}", ""),
        (found.disposed_on, "核查处置完成", ""),
        (found.closed_on, "办结", ""),
    ]
    told = [(on, what, detail) for on, what, detail in steps if on]
    return sorted(told, key=lambda step: step[0])


@needs("sampling.view")
def sample_paper(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """抽样单、结果告知书、协查函 as Word, or as PDF where the machine can set one."""
    found = _sample(request, pk)
    if kind not in sample_papers.available(found):
        raise Http404
    personal = bool(may(request.actor, "registry.personal", found.office_code))
    paper = sample_papers.make(kind, found, on=clock.today(request), personal=personal)
    suffix = ".pdf" if request.GET.get("format") == "pdf" else ".docx"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"paper{suffix}"
        write_paper(paper, path)
        answer = HttpResponse(path.read_bytes(), content_type=PDF if suffix == ".pdf" else DOCX)
    return attachment(answer, f"{paper.title} {found.number}{suffix}")
