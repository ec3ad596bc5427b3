"""企业培训: the courses, who came, who passed, which firms sent nobody."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.firms import exams, queries, rules, training
from xiejian.firms.models import Course
from xiejian.inspections.queries import evidence_of
from xiejian.kernel.cells import tag_list
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import Actor, may
from xiejian.web import clock
from xiejian.web.firm_words import COURSE_STATES, COURSE_TONES
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.steps import Step, StepForm, moves, shown, take, text
from xiejian.web.views.evidence import FilesField, gallery

TABS = (("", "参训人员"), ("absent", "未参训单位"))


@needs("firms.view")
def course_list(request: HttpRequest) -> HttpResponse:
    """企业培训: what do we teach, how many have passed?"""
    asked, actor = request.GET, request.actor
    columns = [
        Column("number", "编号", lambda c: c.number, ("number",), shown=False),
        Column("title", "课程", lambda c: c.title, ("title",), href=lambda c: reverse("course", args=[c.pk])),
        Column("closes", "截止", lambda c: c.closes_on, ("closes_on",), nullable=True),
        Column("questions", "题数", lambda c: c.questions, ("questions",), numeric=True),
        Column("firms", "参训单位", lambda c: c.firms, ("firms",), numeric=True),
        Column("people", "参训人员", lambda c: c.people, ("people",), numeric=True),
        Column("passed", "合格", lambda c: c.passed, ("passed",), numeric=True),
        Column("made", "建立时间", lambda c: c.made_at, ("made_at",), shown=False),
        Column(
            "state", "状态", lambda c: COURSE_STATES[c.state], ("state",),
            tone=lambda c: COURSE_TONES[c.state],
        ),
    ]  # fmt: skip
    rows = queries.courses(actor, search=asked.get("q", ""), state=asked.get("state", ""))
    listing = Listing(
        request, "企业培训", columns, rows, "-made",
        filters=[Filter("state", "状态", list(COURSE_STATES.items()), asked.get("state", ""))],
        search_label="搜索编号、课程", empty="还没有课程",
        empty_next="点“新建课程”，写内容、选考试范围；开放后用通知布置给单位。",
    )  # fmt: skip
    return show(listing, "web/firms/course_list.html", {"may_edit": may(actor, "firms.edit")})


class CourseForm(PageForm):
    title = forms.CharField(label="课程名称", max_length=120)
    text = text("内容", required=False, rows=8)
    topics = forms.MultipleChoiceField(
        label="考试范围",
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )
    questions = forms.IntegerField(label="题数", min_value=0, max_value=100, help_text="0 为不考试")
    pass_percent = forms.IntegerField(label="合格分数", min_value=0, max_value=100)
    attempts = forms.IntegerField(label="每人考试次数", min_value=1, max_value=20)
    closes_on = forms.DateField(label="截止日期", required=False, widget=DateInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["topics"].choices = [(topic, topic) for topic in exams.topics()]


class NewForm(CourseForm):
    files = FilesField("附件", required=False)


@needs("firms.edit")
@require_http_methods(["GET", "POST"])
def course_new(request: HttpRequest) -> HttpResponse:
    """新建课程: what shall people of firms know?"""
    first = {
        "questions": rules.value("FI-6"), "pass_percent": rules.value("FI-5"), "attempts": rules.value("FI-7")
    }  # fmt: skip
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form, wrong = NewForm(*sent, initial=first), list[Problem]()
    if form.is_bound and form.is_valid():
        try:
            made = training.draft_course(by=request.actor, at=clock.now(request), **form.cleaned_data)
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已建立：{made.title}。")
            return redirect("course", pk=made.pk)
    context = {"form": form, "problems": wrong}
    return render(request, "web/firms/course_new.html", context, status=422 if form.is_bound else 200)


class AmendForm(StepForm, CourseForm):
    def fit(self, record: Course, actor: Actor) -> None:
        names = ("title", "text", "questions", "pass_percent", "attempts", "closes_on")
        said = {name: getattr(record, name) for name in names}
        for name, value in (said | {"topics": tag_list(record.topics)}).items():
            self.fields[name].initial = value


class NoFields(StepForm):
    pass


def _step(name: str, label: str, form: type[StepForm], hint: str = "") -> Step:
    action = getattr(training, name)
    return Step(name, label, form, lambda r, given, by, at: action(course=r, by=by, at=at, **given), hint)


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        _step("open_course", "开放", NoFields, "开放后用通知布置给单位；开放期间不能修改。"),
        _step("amend_course", "修改", AmendForm),
        _step("close_course", "结束", NoFields, "结束后不能再学习、考试，成绩和证明保留。"),
    )
}


def _people(request: HttpRequest, row: Course) -> Listing:
    personal = may(request.actor, "registry.personal")
    columns = [
        Column(
            "party", "单位", lambda a: a.party.name, ("party__name",),
            href=lambda a: reverse("connected_firm", args=[a.party_id]),
        ),
        *([Column("name", "姓名", lambda a: a.user.name, ("user__name",))] if personal else []),
        Column("studied", "学习时间", lambda a: a.studied_at, ("studied_at",)),
        Column("best", "最好成绩", lambda a: a.best, ("best",), nullable=True, numeric=True),
        Column("passed", "合格日期", lambda a: a.passed_on, ("passed_on",), nullable=True),
        Column("certificate", "证明编号", lambda a: a.certificate_no),
    ]  # fmt: skip
    rows = queries.attendances(request.actor, course=row, search=request.GET.get("q", ""))
    return Listing(
        request, f"{row.title} 参训人员", columns, rows, "party", search_label="搜索单位、姓名、证明编号",
        empty="还没有人学习", empty_next="课程开放后，用通知布置给单位。",
    )  # fmt: skip


def _absent(request: HttpRequest, row: Course) -> Listing:
    columns = [
        Column(
            "name", "单位", lambda p: p.name, ("name",), href=lambda p: reverse("connected_firm", args=[p.pk])
        ),
        Column("uscc", "统一社会信用代码", lambda p: p.uscc, ("uscc",)),
        Column("office", "监管机构", lambda p: p.office_code, ("office_code",)),
    ]
    return Listing(
        request, f"{row.title} 未参训单位", columns, queries.absent(request.actor, row), "name",
        empty="收到课程的单位都有人学习了", hidden=[("tab", "absent")],
    )  # fmt: skip


@needs("firms.view")
@require_http_methods(["GET", "POST"])
def course(request: HttpRequest, pk: int) -> HttpResponse:
    """One course: who came from which firm, who passed, which firms sent nobody?"""
    actor, tab = request.actor, request.GET.get("tab", "")
    row = get_object_or_404(queries.courses(actor), pk=pk)
    taken = take(request, STEPS, row)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("course", pk=pk)
    if taken.problems:
        row = get_object_or_404(queries.courses(actor), pk=pk)
    names = moves(training.WORKFLOW, row.state, actor, row.office_code)
    context = {
        "row": row, "state": (COURSE_STATES[row.state], COURSE_TONES[row.state]), "tab": tab, "tabs": TABS,
        "topics": "、".join(tag_list(row.topics)) or "全部", "problems": taken.problems,
        "files": gallery(evidence_of("course", row.pk)),
        "may_edit": may(actor, "firms.edit", row.office_code),
        "steps": shown(STEPS, [n for n in STEPS if n in names], taken, row, actor, {}),
    }  # fmt: skip
    listing = _absent(request, row) if tab == "absent" else _people(request, row)
    answer = show(listing, "web/firms/course.html", context)
    if taken.status != 200:
        answer.status_code = taken.status
    return answer
