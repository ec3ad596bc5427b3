"""企业账号 of one party: who of the firm may sign in, invited by the office; the link is shown once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from xiejian.kernel.problems import Problem, Refused
from xiejian.people import firm_accounts as accounts
from xiejian.people.models import FirmInvitation, FirmUser
from xiejian.people.policy import Actor, firm_roles, may, visible
from xiejian.registry.models import Party
from xiejian.web import clock
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs


class InviteForm(PageForm):
    """Whom the office invites: the firm's administrator invites the others."""

    person = forms.CharField(label="受邀人（姓名）", max_length=60, required=False)
    role = forms.ChoiceField(
        label="角色", choices=lambda: [(role, str(one["label"])) for role, one in firm_roles().items()]
    )


def _party(actor: Actor, pk: int) -> Party:
    return get_object_or_404(visible(Party.objects.all(), actor), pk=pk)


def _users(party: Party) -> QuerySet[FirmUser]:
    return FirmUser.objects.filter(uscc=party.uscc) if party.uscc else FirmUser.objects.none()


@needs("firms.view")
@never_cache
@sensitive_variables("token")
@require_http_methods(["GET", "POST"])
def party_accounts(request: HttpRequest, pk: int) -> HttpResponse:
    """Who of this firm may sign in, and who was invited?"""
    actor, at, party = request.actor, clock.now(request), _party(request.actor, pk)
    form, wrong, link = InviteForm(request.POST or None), list[Problem](), ""
    if request.method == "POST" and form.is_valid():
        try:
            _, token = accounts.invite(
                uscc=party.uscc or "", firm_name=party.name, office_code=party.office_code, by=actor, at=at,
                **form.cleaned_data,
            )  # fmt: skip
            link, form = request.build_absolute_uri(reverse("firm_join", args=[token])), InviteForm()
        except Refused as refused:
            wrong = refused.problems
    labels = {role: str(one["label"]) for role, one in firm_roles().items()}
    context: dict[str, Any] = {
        "party": party, "form": form, "problems": wrong, "link": link, "days": accounts.INVITATION_DAYS,
        "users": [(one, labels.get(one.role, one.role)) for one in _users(party)],
        "waiting": [
            (one, labels.get(one.role, one.role))
            for one in accounts.open_invitations(at).filter(uscc=party.uscc or "-")
        ],
        "may_invite": bool(may(actor, "firms.invite", party.office_code)),
    }  # fmt: skip
    status = 422 if wrong or form.errors else 200
    return render(request, "web/firms/accounts.html", context, status=status)


@needs("firms.invite")
@require_POST
def party_account_switch(request: HttpRequest, pk: int, user: int) -> HttpResponse:
    """Off, or on again; the role stays as it is."""
    party = _party(request.actor, pk)
    row = get_object_or_404(_users(party), pk=user)
    accounts.change_user(
        user=row, role=row.role, is_active=request.POST.get("active") == "1", office_code=party.office_code,
        by=request.actor, at=clock.now(request),
    )  # fmt: skip
    messages.success(
        request, f"{row.name}的账号已{'启用' if request.POST.get('active') == '1' else '停用'}。"
    )
    return redirect("party_accounts", pk)


@needs("firms.invite")
@require_POST
def party_invitation_revoke(request: HttpRequest, pk: int, invitation: int) -> HttpResponse:
    """The link opens nothing any more."""
    party = _party(request.actor, pk)
    row = get_object_or_404(FirmInvitation, uscc=party.uscc or "-", pk=invitation)
    accounts.revoke_invitation(invitation=row, by=request.actor, at=clock.now(request))
    messages.success(request, "邀请已撤回。")
    return redirect("party_accounts", pk)
