"""公开承诺: what we promised to the public; signing one by name."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.credit import queries
from xiejian.credit.record_actions import record_commitment
from xiejian.firms import rules
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import may
from xiejian.web import clock
from xiejian.web.forms import PageForm
from xiejian.web.listing import Column, Listing, show
from xiejian.workspace.guard import needs_firm
from xiejian.workspace.views.status_reports import own_party

OWN_WORDS = "own"


@needs_firm("firm.view")
def commitment_list(request: HttpRequest) -> HttpResponse:
    """公开承诺: what did we promise, was it looked at?"""
    columns = [
        Column("text", "承诺内容", lambda c: c.text),
        Column("on", "承诺日期", lambda c: c.made_on, ("made_on",)),
        Column("place", "签署", lambda c: c.place),
        Column("looked", "核实日期", lambda c: c.looked_on, ("looked_on",), nullable=True),
        Column(
            "kept", "核实结果", lambda c: "" if c.kept is None else "已履行" if c.kept else "未履行",
            tone=lambda c: "" if c.kept is None else "green" if c.kept else "red",
        ),
    ]  # fmt: skip
    rows = queries.commitments(request.actor, search=request.GET.get("q", ""))
    listing = Listing(
        request, "公开承诺", columns, rows, "-on", search_label="搜索内容", empty="还没有公开承诺",
        empty_next="点“签署承诺”，选一段文字或者自己写，由您署名。",
    )  # fmt: skip
    context = {
        "new": reverse("firm_commitment_new"), "new_label": "签署承诺",
        "may_new": may(request.actor, "firm.answer"),
    }  # fmt: skip
    return show(listing, "workspace/firms/list.html", context)


class CommitmentForm(PageForm):
    which = forms.ChoiceField(label="承诺内容", widget=forms.RadioSelect(attrs={"class": "form-check-input"}))
    own = forms.CharField(
        label="自己写的承诺", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 4})
    )
    agreed = forms.BooleanField(label="我代表本单位作出以上承诺，同意向社会公开，接受监督")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        texts = [(text, f"{label}：{text}") for label, text in rules.commitments()]
        self.fields["which"].choices = [*texts, (OWN_WORDS, "自己写")]

    def said(self) -> str:
        """The words that are signed."""
        given = self.cleaned_data
        return str(given["own"] if given["which"] == OWN_WORDS else given["which"])


@needs_firm("firm.answer")
@require_http_methods(["GET", "POST"])
def commitment_new(request: HttpRequest) -> HttpResponse:
    """签署: our words to the public, under the name of who signs."""
    party, form, wrong = own_party(request), CommitmentForm(request.POST or None), list[Problem]()
    if form.is_bound and form.is_valid():
        try:
            record_commitment(
                party=party, text=form.said(), made_on=clock.today(request), by=request.actor,
                place=f"企业工作台签署（{request.actor.name}）", at=clock.now(request),
            )  # fmt: skip
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, "承诺已签署并公开。")
            return redirect("firm_commitments")
    context = {"form": form, "problems": wrong, "party": party}
    return render(request, "workspace/firms/commitment.html", context, status=422 if form.is_bound else 200)
