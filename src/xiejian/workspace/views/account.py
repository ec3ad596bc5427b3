"""A firm's people: joining by invitation, signing in and out, the own password, accounts, keys."""

from __future__ import annotations

import os
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from xiejian.kernel.problems import Problem, Refused
from xiejian.people import firm_accounts as accounts
from xiejian.people.models import FirmInvitation, FirmKey, FirmUser
from xiejian.people.policy import firm_roles, visible
from xiejian.registry.models import Party
from xiejian.web import clock
from xiejian.web.forms import PageForm
from xiejian.workspace.guard import OPEN, needs_firm
from xiejian.workspace.middleware import ENTRANCE, remember

WRONG = "信用代码、登录名或密码不正确。连续多次失败后账号将暂时锁定。"


def role_choices() -> list[tuple[str, str]]:
    return [(role, str(entry["label"])) for role, entry in firm_roles().items()]


class SignInForm(PageForm):
    uscc = forms.CharField(label="统一社会信用代码", max_length=18, min_length=18)
    username = forms.CharField(label="登录名", max_length=30)
    password = forms.CharField(
        label="密码", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def clean_uscc(self) -> str:
        return str(self.cleaned_data["uscc"]).strip().upper()

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).strip().lower()


class JoinForm(PageForm):
    name = forms.CharField(label="姓名", max_length=60)
    username = forms.CharField(label="登录名", max_length=30, help_text="字母、数字、点、横线，登录时使用")
    phone = forms.CharField(label="电话", max_length=30, required=False)
    password = forms.CharField(
        label="密码", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="至少 8 个字符，不用常见密码",
    )  # fmt: skip


class InviteForm(PageForm):
    person = forms.CharField(label="给谁（姓名）", max_length=60, required=False)
    role = forms.ChoiceField(label="角色", choices=role_choices)


class KeyForm(PageForm):
    user = forms.ModelChoiceField(label="以谁的身份", queryset=FirmUser.objects.none())
    name = forms.CharField(label="用途", max_length=60, help_text="如：进销存软件、温度记录仪网关")


class PasswordForm(PageForm):
    old = forms.CharField(
        label="原密码", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    new = forms.CharField(
        label="新密码", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="至少 8 个字符，不用常见密码",
    )  # fmt: skip


def _page(
    request: HttpRequest, name: str, context: dict[str, Any], form: forms.Form, wrong: list[Problem]
) -> HttpResponse:
    status = 422 if wrong or form.errors else 200
    return render(
        request, f"workspace/account/{name}.html", {"form": form, "problems": wrong, **context}, status=status
    )


def demo_accounts() -> list[tuple[str, str, str, str]]:
    """(credit code, login name, firm, role) of the demo's firms."""
    rows = FirmUser.objects.filter(is_active=True).order_by("firm_name", "pk")[:60]
    labels = dict(role_choices())
    return [(row.uscc, row.username, row.firm_name, labels.get(row.role, row.role)) for row in rows]


@needs_firm(OPEN)
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Who are you, and of which firm?"""
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        login = f"{told['uscc']}:{told['username']}"
        user = authenticate(request, username=login, password=told["password"], firm=True)
        if isinstance(user, FirmUser):
            remember(request, user)
            user_logged_in.send(sender=FirmUser, request=request, user=user)
            return HttpResponseRedirect(_wanted(request))
        form.add_error(None, WRONG)
    context = {
        "next": request.POST.get("next") or request.GET.get("next", ""),
        "demo_accounts": demo_accounts() if clock.demo() else [],
        "demo_password": os.environ.get("XIEJIAN_DEMO_PASSWORD", "xiejian-demo-2026"),
    }
    return _page(request, "sign_in", context, form, [])


def _wanted(request: HttpRequest) -> str:
    """The page that was asked for before, if it is one of a firm's."""
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe and wanted.startswith(ENTRANCE) else reverse("firm_home")


@needs_firm("firm.view")
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    request.session.flush()
    return redirect("firm_login")


@needs_firm(OPEN)
@never_cache
@sensitive_variables("token")
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever holds the link chooses the own name and password."""
    at = clock.now(request)
    invitation = accounts.invitation_of(token, at)
    form, wrong = JoinForm(request.POST or None), list[Problem]()
    if invitation is None:
        return render(request, "workspace/account/join_closed.html", status=404)
    if request.method == "POST" and form.is_valid():
        try:
            user = accounts.open_account(token=token, at=at, **form.cleaned_data)
        except Refused as refused:
            wrong = refused.problems
        else:
            remember(request, user)
            messages.success(request, "账号已开通。")
            return redirect("firm_home")
    if not form.is_bound:
        form.fields["name"].initial = invitation.person
    context = {"invitation": invitation, "role": dict(role_choices()).get(invitation.role, "")}
    return _page(request, "join", context, form, wrong)


@needs_firm("firm.view")
@sensitive_post_parameters("old", "new")
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """The own password."""
    form, wrong = PasswordForm(request.POST or None), list[Problem]()
    if request.method == "POST" and form.is_valid():
        user = request.firm_user
        if not user.check_password(form.cleaned_data["old"]):
            form.add_error("old", "原密码不正确")
        else:
            try:
                accounts.change_password(
                    user=user, password=form.cleaned_data["new"], by=request.actor, at=clock.now(request)
                )
            except Refused as refused:
                wrong = refused.problems
            else:
                remember(request, user)
                messages.success(request, "密码已修改。")
                return redirect("firm_home")
    return _page(request, "password", {}, form, wrong)


# --- accounts ----------------------------------------------------------------------------------------------


def own_users(request: HttpRequest) -> Any:
    return visible(FirmUser.objects.all(), request.actor, (), firm="uscc")


def _office_of(uscc: str) -> str:
    return Party.objects.filter(uscc=uscc).values_list("office_code", flat=True).first() or ""


@needs_firm("firm.manage")
@never_cache
@require_http_methods(["GET", "POST"])
def account_list(request: HttpRequest) -> HttpResponse:
    """Who of us may sign in, and as what? An invitation's link is shown once."""
    actor, at = request.actor, clock.now(request)
    form, wrong, link = InviteForm(request.POST or None), list[Problem](), ""
    if request.method == "POST" and form.is_valid():
        try:
            _, token = accounts.invite(
                uscc=actor.firm, firm_name=request.firm_user.firm_name, office_code=_office_of(actor.firm),
                by=actor, at=at, **form.cleaned_data,
            )  # fmt: skip
            link, form = request.build_absolute_uri(reverse("firm_join", args=[token])), InviteForm()
        except Refused as refused:
            wrong = refused.problems
    waiting = visible(accounts.open_invitations(at), actor, (), firm="uscc")
    context = {
        "users": own_users(request), "waiting": waiting, "roles": role_choices(), "link": link,
        "days": accounts.INVITATION_DAYS, "role_labels": dict(role_choices()),
    }  # fmt: skip
    return _page(request, "accounts", context, form, wrong)


@needs_firm("firm.manage")
@require_POST
def account_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Another role, off, or on again."""
    user = get_object_or_404(own_users(request), pk=pk)
    accounts.change_user(
        user=user, role=request.POST.get("role", user.role), is_active=request.POST.get("active") == "1",
        office_code=_office_of(user.uscc), by=request.actor, at=clock.now(request),
    )  # fmt: skip
    messages.success(request, f"{user.name}的账号已更新。")
    return redirect("firm_accounts")


@needs_firm("firm.manage")
@require_POST
def invitation_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    rows = visible(FirmInvitation.objects.all(), request.actor, (), firm="uscc")
    accounts.revoke_invitation(
        invitation=get_object_or_404(rows, pk=pk), by=request.actor, at=clock.now(request)
    )
    messages.success(request, "邀请已撤回。")
    return redirect("firm_accounts")


# --- keys --------------------------------------------------------------------------------------------------


@needs_firm("firm.manage")
@never_cache
@sensitive_variables("secret")
@require_http_methods(["GET", "POST"])
def key_list(request: HttpRequest) -> HttpResponse:
    """Which programs speak for us? A key is shown once."""
    actor = request.actor
    form, wrong, secret = KeyForm(request.POST or None), list[Problem](), ""
    form.fields["user"].queryset = own_users(request).filter(is_active=True)
    if request.method == "POST" and form.is_valid():
        try:
            _, secret = accounts.make_key(by=actor, at=clock.now(request), **form.cleaned_data)
        except Refused as refused:
            wrong = refused.problems
    rows = visible(FirmKey.objects.select_related("user"), actor, (), firm="user__uscc")
    context = {"keys": rows, "secret": secret, "days": accounts.KEY_DAYS, "on": clock.today(request)}
    return _page(request, "keys", context, form, wrong)


@needs_firm("firm.manage")
@require_POST
def key_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    rows = visible(FirmKey.objects.select_related("user"), request.actor, (), firm="user__uscc")
    accounts.revoke_key(key=get_object_or_404(rows, pk=pk), by=request.actor, at=clock.now(request))
    messages.success(request, "密钥已停用。")
    return redirect("firm_keys")
