"""抽检方案: what is to be sampled by whom, how far it has come; a plan written, handed down, changed."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.kernel import divisions
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.models import Office
from xiejian.people.policy import Actor, may
from xiejian.registry.models import AREAS, LINKS
from xiejian.sampling import actions, queries
from xiejian.sampling.checks import KINDS, LineEntry
from xiejian.sampling.models import SamplingPlan
from xiejian.sampling.plan_files import LINE_COLUMNS, read_lines
from xiejian.web import clock
from xiejian.web.export import download
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.guard import needs
from xiejian.web.steps import Step, StepForm, day, shown, take
from xiejian.web.views.people import office_choices

STATES = actions.PLAN_WORKFLOW.states
TONES = {"draft": "secondary", "issued": "green", "closed": "secondary"}
LINES_OFFERED = 4  # empty lines of a new plan; more come on its page or from a file


def _state(plan: SamplingPlan) -> tuple[str, str]:
    return STATES[plan.state], TONES[plan.state]


def _named(actor: Actor, states: list[queries.LineState]) -> list[tuple[queries.LineState, str]]:
    """Each line with the name of the office that takes its lots. One query."""
    codes = {state.line.office_code for state in states}
    names = {o.code: o.short_name or o.name for o in Office.objects.filter(code__in=codes)}
    return [(s, names.get(s.line.office_code) or divisions.name(s.line.office_code)) for s in states]


@needs("sampling.view")
def sampling_plan_list(request: HttpRequest) -> HttpResponse:
    """抽检方案看板: is every lot on its way?"""
    actor, on = request.actor, clock.today(request)
    states = queries.line_states(actor, None, on)
    plans = list(queries.plans(actor))
    context = {
        "on": on,
        "lines": _named(actor, states),
        "total": queries.total(states),
        "counts": queries.counts(actor, on),
        "plans": [(plan, *_state(plan)) for plan in plans],
        "may_plan": bool(may(actor, "sampling.plan")),
        "may_sample": bool(may(actor, "sampling.sample")),
    }
    return render(request, "web/sampling/plans.html", context)


# --- one plan --------------------------------------------------------------------------------------------


class LineForm(StepForm):
    product = forms.CharField(label="品种", max_length=200)
    count = forms.IntegerField(label="批次", min_value=1, max_value=9999)
    due_on = day("完成期限")
    office_code = forms.ChoiceField(label="承担机构")
    link = forms.ChoiceField(label="环节", required=False, choices=[("", "不限"), *((v, v) for v in LINKS)])
    area = forms.ChoiceField(label="产品门类", choices=[(a, a) for a in AREAS])
    items = forms.CharField(label="检验项目", required=False, max_length=300)
    standard = forms.CharField(label="检验依据", required=False, max_length=300)

    def fit(self, record: Any, actor: Actor) -> None:
        self.fields["office_code"].choices = office_choices(actor)


class FileForm(StepForm):
    file = forms.FileField(
        label="任务表", help_text="xlsx 或 csv：品种、批次、完成期限、承担机构代码、环节等列"
    )


class AmendForm(StepForm):
    line = forms.ModelChoiceField(label="任务", queryset=None)
    count = forms.IntegerField(label="批次改为", required=False, min_value=1, max_value=9999)
    due_on = day("期限改为", False)
    reason = forms.CharField(label="调整理由", max_length=200)

    def fit(self, record: SamplingPlan, actor: Actor) -> None:
        self.fields["line"].queryset = record.lines.all()
        self.fields["line"].label_from_instance = lambda n: f"{n.product}（{n.count} 批，{n.due_on} 前）"


class AssignForm(StepForm):
    line = forms.ModelChoiceField(label="任务", queryset=None)
    party = forms.CharField(
        label="被抽样单位", max_length=200, help_text="名录中的完整名称或者统一社会信用代码"
    )
    planned_on = day("计划抽样日期")

    def fit(self, record: SamplingPlan, actor: Actor) -> None:
        self.fields["line"].queryset = queries.lines(actor, record)
        self.fields["line"].label_from_instance = lambda n: f"{n.product}（已抽 {n.drawn}/{n.count} 批）"


class DayForm(StepForm):
    on = day("日期")


class CloseForm(StepForm):
    on = day("日期")
    reason = forms.CharField(label="结束的说明", max_length=200)


def _entry(given: dict[str, Any]) -> LineEntry:
    return LineEntry(**given)


def read_upload(file: UploadedFile, owner: str) -> list[LineEntry]:
    """The lines of an uploaded workbook; Refused with every row that cannot be used."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(file.name or "lines.xlsx").name
        path.write_bytes(file.read())
        return read_lines(path, owner)


def _add(plan: SamplingPlan, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    return actions.add_lines(plan=plan, lines=[_entry(given)], by=by, at=at)


def _add_file(plan: SamplingPlan, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    return actions.add_lines(plan=plan, lines=read_upload(given["file"], plan.office_code), by=by, at=at)


def _assign(plan: SamplingPlan, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    line, party = given["line"], queries.party_named(by, given["party"])
    link = line.link or party.links.values_list("link", flat=True).first() or ""
    return actions.plan_sample(
        line=line, party=party, link=link, planned_on=given["planned_on"], by=by, at=at
    )  # fmt: skip


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step(
            "issue_sampling_plan", "下达", DayForm,
            lambda p, given, by, at: actions.issue_sampling_plan(plan=p, by=by, at=at, **given),
            "下达后各承担机构即可看到自己的任务并抽样。",
        ),
        Step(
            "plan_sample", "安排到单位", AssignForm, _assign,
            "指定某一批在哪个单位抽、何时抽；到期前列在“今日”和“待办”中。",
        ),
        Step("add_lines", "添加任务", LineForm, _add),
        Step("add_file", "从文件添加任务", FileForm, _add_file),
        Step(
            "amend_line", "调整任务", AmendForm,
            lambda p, given, by, at: actions.amend_line(by=by, at=at, **given),
        ),
        Step(
            "close_sampling_plan", "结束方案", CloseForm,
            lambda p, given, by, at: actions.close_sampling_plan(plan=p, by=by, at=at, **given),
            "结束后不能再按它抽样，没有抽到的批次留在统计中。",
        ),
    )
}  # fmt: skip


@needs("sampling.view")
@require_http_methods(["GET", "POST"])
def sampling_plan(request: HttpRequest, pk: int) -> HttpResponse:
    """One plan: its lines, how far each has come, what may be done."""
    actor, on = request.actor, clock.today(request)
    found = queries.plan(actor, pk)
    if found is None:
        raise Http404
    taken = take(request, STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("sampling_plan", pk=pk)
    if taken.problems:
        found = queries.plan(actor, pk)
    states = queries.line_states(actor, found, on)
    names = {t.action for t in actions.PLAN_WORKFLOW.allowed(found.state)}
    names |= {"add_file"} if "add_lines" in names else set()
    names = names if may(actor, "sampling.plan", found.office_code) else set()
    names |= {"plan_sample"} if found.state == "issued" and may(actor, "sampling.sample") else set()
    first = {"on": on, "planned_on": on, "office_code": found.office_code, "area": AREAS[0]}
    context = {
        "plan": found,
        "state": _state(found),
        "on": on,
        "lines": _named(actor, states),
        "total": queries.total(states),
        "may_sample": bool(may(actor, "sampling.sample")) and found.state == "issued",
        "problems": taken.problems,
        "steps": shown(
            STEPS, [n for n in STEPS if n in names], taken, found, actor, first,
            first_open=found.state == "draft",
        ),
    }  # fmt: skip
    return render(request, "web/sampling/plan.html", context, status=taken.status)


# --- a plan written --------------------------------------------------------------------------------------


class PlanForm(PageForm):
    title = forms.CharField(label="名称", max_length=200, help_text="如：2024年省级医疗器械监督抽检")
    year = forms.IntegerField(label="年度", min_value=2000, max_value=2100)
    kind = forms.ChoiceField(label="抽检类型", choices=[(k, k) for k in KINDS])
    basis = forms.CharField(label="依据", required=False, max_length=200, help_text="下达任务的文件及文号")
    laboratory = forms.CharField(label="检验机构", required=False, max_length=120)
    file = forms.FileField(
        label="任务表", required=False, help_text="xlsx 或 csv；也可在下面逐行填写，或建立后再添加"
    )


class NewLineForm(PageForm):
    product = forms.CharField(label="品种", max_length=200)
    count = forms.IntegerField(label="批次", min_value=1, max_value=9999)
    due_on = forms.DateField(label="完成期限", widget=DateInput())
    link = forms.ChoiceField(label="环节", required=False, choices=[("", "不限"), *((v, v) for v in LINKS)])
    office_code = forms.ChoiceField(label="承担机构")


def _line_forms(request: HttpRequest) -> Any:
    choices = office_choices(request.actor)

    class Offered(NewLineForm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.fields["office_code"].choices = choices
            # a line left as it was offered is no line
            self.empty_permitted, self.use_required_attribute = True, False

    return forms.formset_factory(Offered, extra=LINES_OFFERED)(
        request.POST or None, initial=[{"office_code": request.actor.office_code}] * LINES_OFFERED,
        prefix="line",
    )  # fmt: skip


@needs("sampling.plan")
@require_http_methods(["GET", "POST"])
def sampling_plan_new(request: HttpRequest) -> HttpResponse:
    """编制抽检方案: title, kind, lines typed or from a file."""
    actor, on = request.actor, clock.today(request)
    form = PlanForm(request.POST or None, request.FILES or None, initial={"year": on.year})
    lines = _line_forms(request)
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid() and lines.is_valid():
        given = dict(form.cleaned_data)
        file = given.pop("file")
        try:
            entries = [_entry(line.cleaned_data) for line in lines if line.cleaned_data.get("product")]
            entries += read_upload(file, actor.office_code) if file else []
            made = actions.make_sampling_plan(
                office_code=actor.office_code, lines=entries, by=actor, at=clock.now(request), **given
            )
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已编制：{made.title}。")
            return redirect("sampling_plan", pk=made.pk)
    context = {
        "form": form, "lines": lines, "problems": wrong, "form_file": reverse("sampling_plan_form"),
    }  # fmt: skip
    return render(request, "web/sampling/plan_new.html", context, status=422 if form.is_bound else 200)


@needs("sampling.plan")
def sampling_plan_form(request: HttpRequest) -> HttpResponse:
    """An empty workbook for the lines of a plan, with one line of examples."""
    headings = [f"{c.heading}*" if c.required else c.heading for c in LINE_COLUMNS]
    return download("抽检任务样表", headings, [[c.example for c in LINE_COLUMNS]])
