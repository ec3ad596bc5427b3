"""培训: the courses that were given to us; reading one, its examination, the certificate."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from xiejian.firms import exams, queries, training
from xiejian.firms.exams import Question
from xiejian.firms.models import Attendance, Course, Sitting
from xiejian.inspections.queries import evidence_of
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import Actor
from xiejian.web import clock
from xiejian.web.firm_words import COURSE_STATES, COURSE_TONES
from xiejian.web.forms import PageForm
from xiejian.web.listing import Column, Listing, show
from xiejian.workspace.guard import needs_firm

TABS = (("", "课程"), ("people", "培训记录"))


def _with_mine(actor: Actor) -> Any:
    """The courses given to the firm, with what whoever signed in has reached."""
    mine = Attendance.objects.filter(
        course=OuterRef("pk"), party__uscc=actor.firm, user__username=actor.username.partition(":")[2]
    )
    return queries.courses_given(actor).annotate(
        studied=Subquery(mine.values("studied_at")[:1]), passed_on=Subquery(mine.values("passed_on")[:1])
    )


def _standing(row: Any) -> tuple[str, str]:
    """What I have reached in a course, in a word."""
    if row.passed_on or (row.studied and not row.questions):
        return "已完成", "green"
    return ("待考试", "azure") if row.studied else ("待学习", "orange")


@needs_firm("firm.view")
def course_list(request: HttpRequest) -> HttpResponse:
    """培训: what shall we learn, who of us has passed?"""
    asked, actor = request.GET, request.actor
    tab = asked.get("tab", "")
    if tab == "people":
        columns = [
            Column("name", "姓名", lambda a: a.user.name, ("user__name",)),
            Column("course", "课程", lambda a: a.course.title, ("course__title",)),
            Column("studied", "学习时间", lambda a: a.studied_at, ("studied_at",)),
            Column("best", "最好成绩", lambda a: a.best, ("best",), nullable=True),
            Column("passed", "合格日期", lambda a: a.passed_on, ("passed_on",), nullable=True),
            Column("certificate", "证明编号", lambda a: a.certificate_no),
        ]
        rows, sort = queries.attendances(actor, search=asked.get("q", "")), "-studied"
    else:
        columns = [
            Column(
                "title", "课程", lambda c: c.title, ("title",),
                href=lambda c: reverse("firm_course", args=[c.pk]),
            ),
            Column("closes", "截止", lambda c: c.closes_on, ("closes_on",), nullable=True),
            Column("questions", "考试题数", lambda c: c.questions or "不考试", ("questions",)),
            Column(
                "state", "课程状态", lambda c: COURSE_STATES[c.state], ("state",),
                tone=lambda c: COURSE_TONES[c.state],
            ),
            Column("mine", "我的进度", lambda c: _standing(c)[0], tone=lambda c: _standing(c)[1]),
        ]  # fmt: skip
        rows, sort = _with_mine(actor), "closes"
    listing = Listing(
        request, "培训", columns, rows, sort, search_label="搜索姓名、证明编号" if tab else "",
        empty="还没有培训记录" if tab else "没有布置的课程",
        empty_next="监管部门布置课程后，本单位人员在这里学习和考试。", hidden=[("tab", tab)],
    )  # fmt: skip
    context = {"tab": tab, "tabs": TABS, "here": reverse("firm_courses")}
    return show(listing, "workspace/firms/list.html", context)


def _course(request: HttpRequest, pk: int) -> Course:
    return get_object_or_404(queries.courses_given(request.actor), pk=pk)


@needs_firm("firm.view")
@require_http_methods(["GET", "POST"])
def course(request: HttpRequest, pk: int) -> HttpResponse:
    """One course: its text and files, and how far I am."""
    row = _course(request, pk)
    if request.method == "POST":
        training.study_course(course=row, by=request.actor, at=clock.now(request))
        messages.success(request, "已记录学习。")
        return redirect("firm_course", pk=pk)
    mine = queries.attendance_of(request.actor, row)
    sittings = list(mine.sittings.all()) if mine else []
    context = {
        "row": row, "mine": mine, "sittings": sittings, "files": evidence_of("course", row.pk),
        "open": row.state == "open", "left": row.attempts - len([s for s in sittings if s.finished_at]),
    }  # fmt: skip
    return render(request, "workspace/firms/course.html", context)


@needs_firm("firm.view")
@require_POST
def exam_begin(request: HttpRequest, pk: int) -> HttpResponse:
    """Draw a paper for me, or give me the one that I began."""
    training.begin_exam(course=_course(request, pk), by=request.actor, at=clock.now(request))
    return redirect("firm_exam", pk=pk)


class PaperForm(PageForm):
    """A paper: one field per question, its choices in the order of the seed."""

    def __init__(self, *args: Any, paper: list[Question], seed: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number, question in enumerate(paper, 1):
            order = exams.order_of_choices(question, seed)
            choices = [(str(position), question.choices[position]) for position in order]
            label = f"{number}. {question.text}{'（多选）' if question.several else ''}"
            self.fields[question.id] = _field(question, label, choices)

    def answers(self) -> dict[str, list[int]]:
        given = self.cleaned_data
        return {
            name: [int(one) for one in (value if isinstance(value, list) else [value]) if one != ""]
            for name, value in given.items()
        }


def _field(question: Question, label: str, choices: list[tuple[str, str]]) -> forms.Field:
    look = {"class": "form-check-input"}
    if question.several:
        return forms.MultipleChoiceField(
            label=label, required=False, choices=choices, widget=forms.CheckboxSelectMultiple(attrs=look)
        )
    return forms.ChoiceField(
        label=label, required=False, choices=choices, widget=forms.RadioSelect(attrs=look)
    )


def _sitting(request: HttpRequest, row: Course) -> Sitting | None:
    """The paper that I have begun and not handed in, else the last one."""
    mine = queries.attendance_of(request.actor, row)
    return mine.sittings.order_by("-attempt").first() if mine else None


@needs_firm("firm.view")
@require_http_methods(["GET", "POST"])
def exam(request: HttpRequest, pk: int) -> HttpResponse:
    """The paper to be filled in; after it is handed in, what was right and why."""
    row = _course(request, pk)
    sitting = _sitting(request, row)
    if sitting is None:
        return redirect("firm_course", pk=pk)
    paper = training.paper_of(sitting)
    if sitting.finished_at:
        context = {"row": row, "sitting": sitting, "results": _results(sitting, paper)}
        return render(request, "workspace/firms/exam_result.html", context)
    form, wrong = PaperForm(request.POST or None, paper=paper, seed=sitting.seed), list[Problem]()
    if form.is_bound and form.is_valid():
        try:
            training.hand_in(sitting=sitting, answers=form.answers(), by=request.actor, at=clock.now(request))
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            return redirect("firm_exam", pk=pk)
    context = {"row": row, "sitting": sitting, "form": form, "problems": wrong}
    return render(request, "workspace/firms/exam.html", context, status=422 if form.is_bound else 200)


def _results(sitting: Sitting, paper: list[Question]) -> list[tuple[Question, bool, list[str], list[str]]]:
    """Each question: was it right, what was chosen, what would have been right."""
    rows = []
    for question in paper:
        chosen = sitting.answers.get(question.id, [])
        picked = [question.choices[n] for n in chosen if n < len(question.choices)]
        rows.append(
            (question, frozenset(chosen) == question.answer, picked,
             [question.choices[n] for n in sorted(question.answer)])
        )  # fmt: skip
    return rows
