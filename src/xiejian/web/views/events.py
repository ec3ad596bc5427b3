"""不良事件: which reports wait for a review, one report with its steps, who is behind, what they point to."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from typing import Any

from csp.constants import WASM_UNSAFE_EVAL
from csp.decorators import csp_update
from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from xiejian.clocks.queries import clocks_of
from xiejian.inspections import queries as inspections
from xiejian.inspections.places import Place
from xiejian.kernel.problems import Problem, Refused
from xiejian.numbers import udi
from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor, may, require
from xiejian.risks import actions as risks
from xiejian.vigilance import actions, checks, queries, recall_queries, rules
from xiejian.vigilance.checks import Report
from xiejian.vigilance.models import AdverseEvent, ReportQuota
from xiejian.vigilance.recalls import SUPERVISING
from xiejian.web import clock
from xiejian.web.event_steps import HARM_TONES, STEPS, TONES, allowed, initial, options
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.number_field import UDI, NumberField
from xiejian.web.steps import shown, take
from xiejian.web.views.cases import year_choices
from xiejian.web.views.clocks import shown as clocks_shown
from xiejian.web.views.corrections import clock_words
from xiejian.web.views.evidence import EvidenceForm, attach, gallery
from xiejian.web.views.people import office_choices

STATES = actions.WORKFLOW.states
TABS = (("open", "待审核"), ("serious", "死亡和严重伤害"), ("alike", "疑似重复"), ("all", "全部"))
LOOK_BACK = 365  # days of which the page of signals shows alerts
YEARS = 4  # of which the page of quotas offers the lists
FIRST_PROFILE = "prr_default"


# --- the list --------------------------------------------------------------------------------------------


def _mark(row: AdverseEvent) -> str:
    if row.duplicate_of:
        return f"与 {row.duplicate_of.number} 重复"
    return "疑似重复" if row.alike else ""  # type: ignore[attr-defined]


def _columns(on: dt.date) -> list[Column]:
    terms = rules.terms()

    def due(row: Any) -> tuple[str, str]:
        return clock_words(row.due, on) if row.due and row.state in queries.OPEN else ("", "")

    return [
        Column(
            "number", "编号", lambda e: e.number, ("number",), href=lambda e: reverse("event", args=[e.pk])
        ),
        Column("product", "产品", lambda e: e.product_name, ("product_name",)),
        Column("lot", "批号", lambda e: e.lot or e.serial, ("lot",)),
        Column(
            "party", "报告单位", lambda e: e.party.name, ("party__name",),
            href=lambda e: reverse("party", args=[e.party_id]),
        ),
        Column("harm", "伤害程度", lambda e: e.harm, tone=lambda e: HARM_TONES.get(e.harm, "secondary")),
        Column("term", "故障表现", lambda e: terms.get(e.term, "未归类"), ("term",)),
        Column("event_on", "发生日期", lambda e: e.event_on, ("event_on",), shown=False),
        Column("on", "报告日期", lambda e: e.reported_on, ("reported_on",)),
        Column("maker", "注册人或备案人", lambda e: e.maker, ("maker",), shown=False),
        Column("registration", "注册证编号", lambda e: e.registration_no, shown=False),
        Column("kind", "报告单位类别", lambda e: e.reporter_kind, ("reporter_kind",), shown=False),
        Column("mark", "标记", _mark, tone=lambda e: "orange" if _mark(e) else ""),
        Column("group", "群体事件", lambda e: e.group_no, ("group_no",), shown=False),
        Column("due", "期限", lambda e: due(e)[0], ("due",), nullable=True, tone=lambda e: due(e)[1]),
        Column("state", "状态", lambda e: STATES[e.state], ("state",), tone=lambda e: TONES[e.state]),
    ]  # fmt: skip


def _rows(request: HttpRequest, tab: str, on: dt.date) -> QuerySet[AdverseEvent]:
    asked = request.GET
    since, until = year_choices(on).get(asked.get("year", ""), ("", None, None))[1:]
    given = {key: asked.get(key, "") for key in ("state", "harm", "office", "product", "term", "lot")}
    rows = queries.events(request.actor, search=asked.get("q", ""), since=since, until=until, **given)
    if tab == "open":
        return rows.filter(state__in=queries.OPEN, duplicate_of=None)
    if tab == "alike":
        return rows.filter(alike=True, duplicate_of=None)
    return rows.filter(harm__in=(checks.DEATH, checks.SERIOUS)) if tab == "serious" else rows


@needs("vigilance.view")
def event_list(request: HttpRequest) -> HttpResponse:
    """不良事件: which reports wait for a review, which are serious, which tell one event twice?"""
    asked, actor, on = request.GET, request.actor, clock.today(request)
    narrowed = any(asked.get(key) for key in ("q", "state", "product", "term", "lot", "year"))
    tab = asked.get("tab") or ("all" if narrowed else "open")
    years = year_choices(on)
    listing = Listing(
        request, "不良事件", _columns(on), _rows(request, tab, on), "due" if tab == "open" else "-on",
        filters=[
            Filter("state", "状态", list(STATES.items()), asked.get("state", "")),
            Filter("harm", "伤害程度", [(h, h) for h in checks.HARMS], asked.get("harm", "")),
            Filter("term", "故障表现", list(rules.terms().items()), asked.get("term", "")),
            Filter("year", "报告年度", [(k, v[0]) for k, v in years.items()], asked.get("year", "")),
            Filter("office", "办理机构", office_choices(actor), asked.get("office", "")),
        ],
        search_label="搜索编号、产品、批号、单位", empty="没有待审核的报告" if tab == "open" else "没有报告",
        empty_next="点“登记报告”录入一份，监测系统导出的可在“名录”中导入。",
        hidden=[("tab", tab), *((k, asked[k]) for k in ("product", "lot") if asked.get(k))],
    )  # fmt: skip
    more = {
        "tab": tab, "tabs": TABS, "counts": queries.counts(actor, on),
        "may_report": bool(may(actor, actions.REPORTING)),
    }  # fmt: skip
    return show(listing, "web/events/list.html", more)


# --- a new report ----------------------------------------------------------------------------------------


def _text(label: str, required: bool = False, length: int = 200, hint: str = "") -> forms.CharField:
    return forms.CharField(label=label, required=required, max_length=length, help_text=hint)


def _words(label: str, required: bool = False) -> forms.CharField:
    return forms.CharField(label=label, required=required, widget=forms.Textarea(attrs={"rows": 3}))


def _day(label: str, required: bool = False) -> forms.DateField:
    return forms.DateField(label=label, required=required, widget=DateInput())


class EventForm(PageForm):
    """The report's sections; the patient is a band of age and a sex."""

    party = _text("报告单位", True, 200, "统一社会信用代码或者名录中的完整名称")
    reporter_kind = forms.ChoiceField(label="报告单位类别", choices=[(k, k) for k in checks.REPORTERS])
    number = _text("报告编号", length=60, hint="监测系统已给编号的照填；不填则自动编号")
    reported_on = _day("报告日期", True)
    udi = NumberField(kind=UDI, label="唯一标识（UDI）", required=False, max_length=200)
    product_name = _text("产品名称", True, 300)
    registration_no = NumberField(label="注册证或备案编号", required=False, max_length=120)
    model_spec = _text("规格型号")
    lot = _text("批号", length=120, hint="批号与序列号至少填一个；扫了唯一标识的可不填")
    serial = _text("序列号", length=120)
    made_on = _day("生产日期")
    expires_on = _day("有效期至")
    structure = forms.ChoiceField(label="结构特征", required=False, choices=options(checks.STRUCTURES))
    origin = forms.ChoiceField(label="产地", required=False, choices=options(checks.ORIGINS))
    device_class = forms.ChoiceField(
        label="管理类别", required=False, choices=[("", "未填"), ("1", "Ⅰ类"), ("2", "Ⅱ类"), ("3", "Ⅲ类")]
    )
    maker = _text("注册人或备案人", length=300)
    event_on = _day("事件发生日期", True)
    found_on = _day("发现或者获知日期", True)
    harm = forms.ChoiceField(label="伤害程度", choices=options(checks.HARMS, "请选择"))
    term = forms.ChoiceField(label="故障表现用语", required=False)
    injury = _words("伤害表现", True)
    failure = _words("器械故障表现", True)
    age_band = forms.ChoiceField(
        label="患者年龄段", required=False, choices=lambda: options(rules.values("age_bands"))
    )
    sex = forms.ChoiceField(label="患者性别", required=False, choices=options(checks.SEXES))
    use_place = forms.ChoiceField(label="使用场所", required=False, choices=options(checks.PLACES))
    use_process = _words("使用过程")
    first_measures = _words("现场处置")

    GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("报告单位", ("party", "reporter_kind", "number", "reported_on")),
        (
            "产品",
            (
                "udi", "product_name", "registration_no", "model_spec", "lot", "serial", "made_on",
                "expires_on", "structure", "origin", "device_class", "maker",
            ),
        ),
        ("事件", ("event_on", "found_on", "harm", "term", "injury", "failure")),
        ("患者与使用", ("age_band", "sex", "use_place", "use_process", "first_measures")),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["term"].choices = [("", "按故障表现归类"), *rules.terms().items()]

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        on = given.get("reported_on")
        code = udi.read(given["udi"], on=on) if given.get("udi") and on else None
        if code and code.valid:
            known = {
                "lot": code.lot, "serial": code.serial, "made_on": code.made_on, "expires_on": code.expires_on
            }  # fmt: skip
            given |= {name: value for name, value in known.items() if value and not given.get(name)}
        return given

    def groups(self) -> list[tuple[str, list[Any]]]:
        """The fields by what they are about, for the template."""
        return [(title, [self[name] for name in names]) for title, names in self.GROUPS]


_REPORT = {field.name for field in fields(Report)}


def report_of(given: dict[str, Any]) -> Report:
    """The report that a form holds."""
    return Report(**{name: value for name, value in given.items() if name in _REPORT})


def _register(given: dict[str, Any], actor: Actor, at: dt.datetime) -> AdverseEvent:
    (party,) = queries.parties_named(actor, [given["party"]])
    return actions.register_event(
        report=report_of(given), party=party, reporter_kind=given["reporter_kind"], number=given["number"],
        by=actor, at=at,
    )  # fmt: skip


@needs("vigilance.report")
@csp_update({"script-src": [WASM_UNSAFE_EVAL]})  # the camera's reader is WebAssembly
@require_http_methods(["GET", "POST"])
def event_new(request: HttpRequest) -> HttpResponse:
    """登记不良事件报告."""
    on = clock.today(request)
    first = {
        "reported_on": on, "found_on": on, "reporter_kind": checks.REPORTERS[2],
        "party": request.GET.get("party", ""),
    }  # fmt: skip
    form = EventForm(request.POST or None, initial=first)
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = _register(dict(form.cleaned_data), request.actor, clock.now(request))
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已登记报告：{made.number}。")
            return redirect("event", pk=made.pk)
    context = {"form": form, "problems": wrong, "back": reverse("event_list"), "go": "登记"}
    return render(request, "web/events/new.html", context, status=422 if form.is_bound else 200)


# --- one report ------------------------------------------------------------------------------------------


def _event(request: HttpRequest, pk: int) -> AdverseEvent:
    found = queries.event(request.actor, pk)
    if found is None:
        raise Http404
    return found


@needs("vigilance.view")
@require_http_methods(["GET", "POST"])
def event(request: HttpRequest, pk: int) -> HttpResponse:
    """One report: what happened with which product, how far its review is, what else tells of it."""
    found, actor, on = _event(request, pk), request.actor, clock.today(request)
    upload, unstored, attaching = EvidenceForm(), [], request.POST.get("do") == "attach_evidence"
    if request.method == "POST" and attaching:
        upload = EvidenceForm(request.POST, request.FILES)
        unstored = attach(request, upload, place=Place.of(found, actions.REPORTING))
        if not unstored and upload.is_valid():
            return redirect(f"{reverse('event', args=[pk])}#evidence")
    elif request.method == "POST" and request.POST.get("do") not in allowed(found, actor):
        require(actor, actions.REVIEWING, found.office_code)
    taken = take(request, STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("event", pk=pk)
    if taken.problems:
        found = _event(request, pk)  # an action may have moved the object that it was given
    clocks = clocks_of(actions.SUBJECT, [pk]).get(pk, [])
    context = {
        "found": found,
        "state": (STATES[found.state], TONES[found.state]),
        "harm": (found.harm, HARM_TONES.get(found.harm, "secondary")),
        "term": rules.terms().get(found.term, "未归类"),
        "alike": queries.alike(actor, found) if found.alike else [],  # type: ignore[attr-defined]
        "group": queries.group(actor, found.group_no),
        "clocks": clocks_shown(clocks, clock.now(request)),
        "history": _history(found),
        "recalls": recall_queries.of_source(actor, "event", pk),
        "may_recall": bool(may(actor, SUPERVISING, found.office_code)),
        "evidence": gallery(inspections.evidence_of("adverseevent", pk)),
        "upload": upload,
        "editable": bool(may(actor, actions.REPORTING, found.office_code)),
        "problems": unstored or taken.problems,
        "steps": shown(
            STEPS, allowed(found, actor), taken, found, actor, initial(on, clock.now(request)),
            first_open=True,
        ),
    }  # fmt: skip
    status = 422 if attaching else taken.status
    return render(request, "web/events/event.html", context, status=status)


def _history(found: AdverseEvent) -> list[tuple[dt.date, str, str]]:
    """What was done with it so far, from the audit log: day, what, by whom."""
    labels = {name: step.label for name, step in STEPS.items()} | {"register_event": "登记报告"}
    rows = AuditEntry.objects.filter(subject=actions.SUBJECT, subject_key=found.number).order_by("sequence")
    return [(row.at.date(), labels.get(row.action, row.action), row.by_name) for row in rows]


# --- quotas ----------------------------------------------------------------------------------------------


class QuotaForm(PageForm):
    parties = forms.CharField(
        label="单位", widget=forms.Textarea(attrs={"rows": 3}),
        help_text="一行一个：统一社会信用代码或者名录中的完整名称",
    )  # fmt: skip
    count = forms.IntegerField(label="每家任务数", min_value=0, help_text="0 为取消任务")


def _quota_columns() -> list[Column]:
    def standing(row: ReportQuota) -> tuple[str, str]:
        left = row.left  # type: ignore[attr-defined]
        return (f"差 {left} 份", "orange") if left > 0 else ("已完成", "green")

    return [
        Column(
            "party", "单位", lambda q: q.party.name, ("party__name",),
            href=lambda q: reverse("party", args=[q.party_id]),
        ),
        Column("count", "任务数", lambda q: q.count, ("count",), numeric=True),
        Column("reported", "已报告", lambda q: q.reported, ("reported",), numeric=True),
        Column("left", "完成情况", lambda q: standing(q)[0], ("left",), tone=lambda q: standing(q)[1]),
        Column("office", "监管机构代码", lambda q: q.party.office_code, shown=False),
    ]  # fmt: skip


def _set_quotas(request: HttpRequest, form: QuotaForm, year: int) -> list[Problem]:
    given, actor = form.cleaned_data, request.actor
    names = [line.strip() for line in given["parties"].splitlines() if line.strip()]
    try:
        counts = dict.fromkeys(queries.parties_named(actor, names), given["count"])
        actions.set_quotas(
            year=year, counts=counts, office_code=actor.office_code, by=actor, at=clock.now(request)
        )
    except Refused as refused:
        return list(refused.problems)
    messages.success(request, f"已下达 {len(counts)} 家单位 {year} 年的报告任务。")
    return []


@needs("vigilance.view")
@require_http_methods(["GET", "POST"])
def event_quotas(request: HttpRequest) -> HttpResponse:
    """报告任务: how many reports was each unit asked for this year, who is behind?"""
    asked, actor, today = request.GET, request.actor, clock.today(request)
    years = range(today.year, today.year - YEARS, -1)
    year = int(asked["year"]) if asked.get("year", "").isdecimal() else today.year
    form = QuotaForm(request.POST or None, initial={"count": rules.quota_proposed()})
    wrong: list[Problem] = []
    if request.method == "POST":
        require(actor, actions.REVIEWING)
        if form.is_valid():
            wrong = _set_quotas(request, form, year)
            if not wrong:
                return redirect(f"{reverse('event_quotas')}?year={year}")
    listing = Listing(
        request, f"{year}年不良事件报告任务", _quota_columns(),
        queries.quotas(actor, year, asked.get("office", ""), asked.get("q", "")), "-left",
        filters=[
            Filter("year", "年度", [(str(y), f"{y}年") for y in years], str(year)),
            Filter("office", "监管机构", office_choices(actor), asked.get("office", "")),
        ],
        search_label="搜索单位", empty="还没有下达报告任务",
        empty_next="在下面填写单位和任务数下达。",
    )  # fmt: skip
    more = {"form": form, "problems": wrong, "year": year, "may_set": bool(may(actor, actions.REVIEWING))}
    answer = show(listing, "web/events/quotas.html", more)
    answer.status_code = 422 if form.is_bound else answer.status_code
    return answer


# --- alerts and signals ----------------------------------------------------------------------------------


def _reports(product: str, term: str) -> str:
    """The address of the reports behind a pair."""
    ids = {label: name for name, label in rules.terms().items()}
    asked = {"tab": "all", "product": product, "term": ids.get(term, "")}
    return f"{reverse('event_list')}?{urlencode(asked)}"


@needs("vigilance.view")
def event_signals(request: HttpRequest) -> HttpResponse:
    """信号: which reports are urgent, which products come with which failure more often than expected?"""
    asked, actor, on = request.GET, request.actor, clock.today(request)
    profiles = rules.profiles()
    profile = asked.get("profile", "")
    profile = profile if profile in profiles else FIRST_PROFILE
    found = queries.look(actor, profile, on - dt.timedelta(days=LOOK_BACK), on, asked.get("office", ""))
    context = {
        "alerts": [(a, rules.alerts()[a.rule], judged) for a, judged in found.alerts],
        "signals": [(s, _reports(s.product, s.term), judged) for s, judged in found.signals],
        "reports": found.reports, "profile": profile, "profiles": profiles.values(),
        "chosen": profiles[profile], "outcomes": actions.OUTCOMES, "back": LOOK_BACK,
        "may_judge": bool(may(actor, actions.REVIEWING)),
    }  # fmt: skip
    return render(request, "web/events/signals.html", context)


class JudgeForm(PageForm):
    rule = forms.CharField(max_length=20)
    product = forms.CharField(max_length=300)
    subject = forms.CharField(max_length=300, required=False)
    count = forms.IntegerField(min_value=1)
    outcome = forms.ChoiceField(choices=[(o, o) for o in actions.OUTCOMES])
    reason = forms.CharField(max_length=300)


@transaction.atomic
def _judge(given: dict[str, Any], actor: Actor, on: dt.date, at: dt.datetime) -> str:
    """Keep the judgement and, where it says so, the risk: both or neither. The number of the risk, or ''."""
    known = rules.signal_rules().get(given["rule"], {})
    risk_no = ""
    if given["outcome"] == actions.OUTCOMES[0]:
        title = f"{given['product']}：{given['subject']}".strip("：")[:200]
        content = f"不良事件{known.get('label', '')}，{given['count']} 份报告。{given['reason']}"
        entry = risks.Entry(title=title, content=content)
        risk_no = risks.list_risk(entry=entry, office_code=actor.office_code, on=on, by=actor, at=at).number
    actions.judge_signal(
        rule=given["rule"], product_name=given["product"], subject=given["subject"],
        outcome=given["outcome"], reason=given["reason"], value={"reports": given["count"]}, on=on,
        office_code=actor.office_code, risk_no=risk_no, by=actor, at=at,
    )  # fmt: skip
    return risk_no


@needs("vigilance.review")
@require_POST
def event_signal_judge(request: HttpRequest) -> HttpResponse:
    """研判: put one signal on the risk list, watch it, or rule it out."""
    form = JudgeForm(request.POST)
    if not form.is_valid():
        messages.error(request, "没有填写说明：写明研判的理由后再提交。")
        return redirect("event_signals")
    try:
        risk_no = _judge(dict(form.cleaned_data), request.actor, clock.today(request), clock.now(request))
    except Refused as refused:
        messages.error(request, "；".join(str(problem) for problem in refused.problems))
    else:
        messages.success(request, f"已列入风险清单：{risk_no}。" if risk_no else "已记下研判结果。")
    return redirect("event_signals")
