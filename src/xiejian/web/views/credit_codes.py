"""信用代码核对认定: codes whose check character fails, confirmed against their original, and their list."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from xiejian.kernel.problems import Problem, Refused
from xiejian.numbers import credit_code, judging
from xiejian.people.policy import Actor, may, require, visible
from xiejian.registry import actions, queries
from xiejian.registry.models import CreditCodeOverride, Party
from xiejian.web import clock
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.views.people import office_choices
from xiejian.web.views.registry import product_tabs

#: the problem that a form answers by offering to confirm the code
DOUBTED = "R309"


def offered(request: HttpRequest, wrong: list[Problem], office_code: str | None = None) -> dict[str, Any]:
    """What a form that stores a credit code shows when the code was doubted: the confirmation."""
    doubted = any(problem.code == DOUBTED for problem in wrong)
    asked = doubted or "override" in request.POST
    return {
        "doubted": asked,
        "may_override": asked and bool(may(request.actor, "registry.override", office_code)),
        "override_reason": request.POST.get("override_reason", ""),
    }


def reason_given(request: HttpRequest) -> str:
    """The reason, where the box 核对原件无误 was ticked."""
    return request.POST.get("override_reason", "") if request.POST.get("override") else ""


def mark(actor: Actor, party: Party) -> dict[str, Any]:
    """For the party's page: whether its code is doubted, and who confirmed it why."""
    if not party.uscc or credit_code.holds(party.uscc):
        return {}
    return {
        "doubted_code": True,
        "override": CreditCodeOverride.objects.filter(uscc=party.uscc).first(),
        "may_override": bool(may(actor, "registry.override", party.office_code)),
    }


@needs("registry.override")
@require_http_methods(["GET", "POST"])
def party_code(request: HttpRequest, pk: int) -> HttpResponse:
    """核对认定: is the code of this party right although its check fails? Confirm, or take it back."""
    party = get_object_or_404(visible(Party.objects.all(), request.actor), pk=pk)
    require(request.actor, "registry.override", party.office_code)
    found = CreditCodeOverride.objects.filter(uscc=party.uscc or "").first()
    wrong: list[Problem] = []
    if request.method == "POST":
        common = {
            "reason": request.POST.get("reason", ""), "by": request.actor, "at": clock.now(request)
        }  # fmt: skip
        try:
            if found is None:
                actions.override_credit_code(
                    uscc=party.uscc or "", party_name=party.name, office_code=party.office_code, **common
                )
                messages.success(request, "已认定，理由写入审计记录。")
            else:
                actions.withdraw_override(override=found, **common)
                messages.success(request, "已撤回认定。")
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            return redirect("party", pk=pk)
    judged = judging.judge(party.uscc, on=clock.today(request), kind=judging.USCC) if party.uscc else None
    context = {"party": party, "override": found, "problems": wrong, "fault": judged and judged.problem}
    return render(request, "web/party_code.html", context, status=422 if wrong else 200)


@needs("registry.view")
def override_list(request: HttpRequest) -> HttpResponse:
    """信用代码认定: which codes were confirmed against their original, by whom and why?"""
    asked = request.GET
    rows = queries.overrides(request.actor, search=asked.get("q", ""), office=asked.get("office", ""))
    columns = [
        Column("uscc", "统一社会信用代码", lambda o: o.uscc, ("uscc",)),
        Column(
            "party", "主体名称", lambda o: o.party_name, ("party_name",),
            href=lambda o: f"{reverse('party_list')}?q={o.uscc}",
        ),
        Column("reason", "认定理由", lambda o: o.reason),
        Column("by", "认定人", lambda o: o.by_name, ("by_name",)),
        Column("at", "认定时间", lambda o: timezone.localtime(o.at), ("at",)),
    ]  # fmt: skip
    listing = Listing(
        request, "信用代码认定", columns, rows, "-at",
        filters=[Filter("office", "机构", office_choices(request.actor), asked.get("office", ""))],
        search_label="搜索代码、名称、理由", empty="没有经核对认定的信用代码",
        empty_next="登记时校验位不符的代码，核对原件无误后可写明理由认定。",
    )  # fmt: skip
    return show(listing, "web/licence_list.html", {"tabs": product_tabs("codes")})
