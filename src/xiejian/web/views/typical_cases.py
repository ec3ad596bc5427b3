"""典型案例: cases told without names: drafted, approved, published, as a Word file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.cases import queries, typical
from xiejian.cases.models import Case, TypicalCase
from xiejian.documents import case_papers
from xiejian.documents.papers import write
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import require
from xiejian.web import clock
from xiejian.web.export import attachment
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.steps import Step, StepForm, day, moves, shown, take, text
from xiejian.web.views.papers import FORMS

STATES = typical.WORKFLOW.states
TONES = {"drafted": "orange", "returned": "orange", "published": "green", "withdrawn": "secondary"}


@needs("cases.view")
def typical_list(request: HttpRequest) -> HttpResponse:
    """典型案例: what do we tell, what waits for a second person?"""
    asked = request.GET
    rows = typical.typical_cases(request.actor, state=asked.get("state", ""), search=asked.get("q", ""))
    columns = [
        Column("title", "标题", lambda t: t.title, ("title",),
               href=lambda t: reverse("typical", args=[t.pk])),
        Column("case", "案件", lambda t: t.case.number, ("case__number",),
               href=lambda t: reverse("case", args=[t.case_id])),
        Column("on", "发布日期", lambda t: t.published_on, ("published_on",), nullable=True),
        Column("state", "状态", lambda t: STATES[t.state], ("state",), tone=lambda t: TONES[t.state]),
    ]  # fmt: skip
    listing = Listing(
        request, "典型案例", columns, rows, "-on",
        filters=[Filter("state", "状态", list(STATES.items()), asked.get("state", ""))],
        search_label="搜索标题、案情", empty="还没有典型案例",
        empty_next="在已作出决定的案件页面点“编写典型案例”，系统隐去可以识别当事人的内容。",
    )  # fmt: skip
    return show(listing, "web/cases/publication_list.html", {"tab": "typical"})


class TextsForm(PageForm):
    title = forms.CharField(label="标题", max_length=120)
    story = text("案情", rows=6)
    outcome = text("查处情况", rows=4)
    lesson = text("典型意义", required=False, rows=4)


def _texts(request: HttpRequest, case: Case, row: TypicalCase | None) -> HttpResponse:
    """The form of a new story, or of one that is written anew."""
    require(request.actor, "cases.edit", case.office_code)
    again = request.POST.get("do") == "propose"
    stored = {name: getattr(row, name) for name in typical.TEXTS} if row else typical.proposed_texts(case)
    first = typical.proposed_texts(case) if again else stored
    posted = request.POST if request.method == "POST" and not again else None
    form = TextsForm(posted, initial=first)
    wrong: list[Problem] = []
    if posted and form.is_valid():
        given: dict[str, Any] = {"texts": form.cleaned_data, "by": request.actor, "at": clock.now(request)}
        try:
            made = (
                typical.redraft_typical(typical=row, **given)
                if row
                else typical.draft_typical(case=case, **given)
            )
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, "已保存，请另一位有审核权限的人员审核。")
            return redirect("typical", pk=made.pk)
    context = {"case": case, "form": form, "problems": wrong, "row": row}
    return render(request, "web/cases/typical_form.html", context, status=422 if posted else 200)


@needs("cases.edit")
@require_http_methods(["GET", "POST"])
def typical_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell the case ``pk`` without names."""
    return _texts(request, get_object_or_404(queries.cases(request.actor), pk=pk), None)


@needs("cases.edit")
@require_http_methods(["GET", "POST"])
def typical_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a story anew."""
    row = get_object_or_404(typical.typical_cases(request.actor), pk=pk)
    return _texts(request, row.case, row)


class NoteForm(StepForm):
    note = forms.CharField(label="理由", max_length=300)


class OnForm(StepForm):
    on = day("发布日期")


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step(
            "publish_typical", "审核发布", OnForm,
            lambda t, given, by, at: typical.publish_typical(typical=t, by=by, at=at, **given),
            "发布前再次核对是否含有当事人的名称、编号、地址和个人姓名。",
        ),
        Step(
            "return_typical", "退回修改", NoteForm,
            lambda t, given, by, at: typical.return_typical(typical=t, by=by, at=at, **given),
        ),
        Step(
            "withdraw_typical", "撤下", NoteForm,
            lambda t, given, by, at: typical.withdraw_typical(typical=t, by=by, at=at, **given),
        ),
    )
}  # fmt: skip


@needs("cases.view")
@require_http_methods(["GET", "POST"])
def typical_case(request: HttpRequest, pk: int) -> HttpResponse:
    """One story: can it be published?"""
    actor = request.actor
    found = get_object_or_404(typical.typical_cases(actor), pk=pk)
    taken = take(request, STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("typical", pk=pk)
    names = moves(typical.WORKFLOW, found.state, actor, found.office_code)
    context = {
        "found": found, "state": (STATES[found.state], TONES[found.state]), "problems": taken.problems,
        "may_edit": "redraft_typical" in names,
        "steps": shown(
            STEPS, [n for n in names if n in STEPS], taken, found, actor, {"on": clock.today(request)},
            first_open=found.state == "drafted",
        ),
    }  # fmt: skip
    return render(request, "web/cases/typical.html", context, status=taken.status)


@needs("cases.view")
def typical_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The story as a Word file."""
    found = get_object_or_404(typical.typical_cases(request.actor), pk=pk)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "typical.docx")
        write(case_papers.typical(found), path)
        answer = HttpResponse(path.read_bytes(), content_type=FORMS["docx"])
    return attachment(answer, f"典型案例 {found.title}.docx")
