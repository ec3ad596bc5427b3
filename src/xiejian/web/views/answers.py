"""单位网上答复: the one page that a firm opens by its link, without an account; it shows its own order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from xiejian.inspections import answering, limits
from xiejian.inspections.models import AnswerLink, CorrectionItem
from xiejian.inspections.rule_files import problems
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.numbering import signing_office
from xiejian.web import clock
from xiejian.web.forms import PageForm, dress
from xiejian.web.guard import OPEN, needs
from xiejian.web.views.corrections import answer_fields, answers_of

#: how many pages one address may open within a minute, links that work or not
LOOKS, MINUTE = 60, 60


class AnswerForm(PageForm):
    """Who answers, and what to each defect; an order without single defects is answered as a whole."""

    person = forms.CharField(label="答复人（姓名、职务）", max_length=30)
    answer = forms.CharField(
        label="整改情况", required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, *args: Any, items: Iterable[CorrectionItem], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        items = list(items)
        self.fields.update(answer_fields(items))
        for item in items:
            self.fields[f"cause_{item.pk}"].initial = item.cause
            self.fields[f"measure_{item.pk}"].initial = item.measure
        if items:
            del self.fields["answer"]
        dress(self.fields.values())


def _too_often(request: HttpRequest) -> bool:
    key = f"answer-{request.META.get('REMOTE_ADDR', '')}"
    cache.add(key, 0, MINUTE)
    try:
        return cache.incr(key) > LOOKS
    except ValueError:  # the minute ended between the two lines
        return False


def _closed(request: HttpRequest, found: Problem, status: int) -> HttpResponse:
    return render(request, "web/corrections/answer_closed.html", {"problems": [found]}, status=status)


@needs(OPEN)
@never_cache
@sensitive_variables("token")
@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """What must we correct, until when, and what do we say to it?"""
    if _too_often(request):
        return _closed(request, problems("I314", most=LOOKS), 429)
    at = clock.now(request)
    link = answering.link_of(token, at)
    if link is None:
        return _closed(request, problems("I313"), 404)
    items = answering.open_items(link.correction)
    answerable = link.correction.state in answering.ANSWERABLE
    form, wrong = AnswerForm(items=items), list[Problem]()
    if request.method == "POST" and answerable:
        form = AnswerForm(request.POST, request.FILES, items=items)
        wrong = _send(request, token, form, items) if form.is_valid() else []
        if form.is_valid() and not wrong:
            return redirect("answer", token=token)
    refused = 422 if wrong or form.errors else 200
    return render(
        request, "web/corrections/answer.html", _page(link, form, wrong, answerable), status=refused
    )


@sensitive_variables("token")
def _send(request: HttpRequest, token: str, form: AnswerForm, items: list[CorrectionItem]) -> list[Problem]:
    """Hand the answer in; what was refused."""
    given = form.cleaned_data
    try:
        answering.answer_by_link(
            token=token, person=given["person"], answers=answers_of(given, items),
            answer=given.get("answer", ""), complete="complete" in request.POST, at=clock.now(request),
        )  # fmt: skip
    except Refused as refused:
        return list(refused.problems)
    return []


def _page(link: AnswerLink, form: AnswerForm, wrong: list[Problem], answerable: bool) -> dict[str, Any]:
    order = link.correction
    return {
        "order": order, "party": order.visit.party.name, "office": signing_office(order.office_code),
        "items": list(order.items.all()), "form": form, "problems": wrong, "answerable": answerable,
        "most_files": limits.files_in_answer(), "link": link,
    }  # fmt: skip
