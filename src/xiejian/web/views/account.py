"""Sign in, sign out, change the password, and the page that says whether the system is up."""

from __future__ import annotations

import os

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.views import LoginView
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xiejian.people import actions
from xiejian.people.models import Officer
from xiejian.people.policy import role_label
from xiejian.web import clock
from xiejian.web.guard import OPEN, SIGNED_IN, needs


class SignInForm(AuthenticationForm):
    """Says the same for a wrong name and a wrong password, so that names cannot be found out."""

    error_messages = {
        "invalid_login": "登录名或密码不正确。连续多次失败后账号将暂时锁定。",
        "inactive": "该账号已停用，请联系系统管理员。",
    }

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs |= {"class": "form-control", "autocomplete": "username"}
        self.fields["password"].widget.attrs |= {"class": "form-control"}


class SignIn(LoginView):
    """The sign-in page; in the demo it lists the demo accounts, on an empty system it offers 新建单位."""

    template_name = "web/sign_in.html"
    form_class = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **more: object) -> dict[str, object]:
        context = super().get_context_data(**more)
        context["demo_accounts"] = demo_accounts() if clock.demo() else []
        context["demo_password"] = os.environ.get("XIEJIAN_DEMO_PASSWORD", "xiejian-demo-2026")
        context["may_set_up"] = clock.demo() or not Officer.objects.exists()
        return context


def demo_accounts() -> list[tuple[str, str, str, str]]:
    """(login name, name, office, role) of the demo's officers, those of the sections first."""
    rows = Officer.objects.filter(is_active=True, username__contains=".").select_related("office")
    order = ["section_officer", "head", "station_inspector", "upper_viewer", "administrator"]
    found = [o for o in rows if not o.username.rsplit("_", 1)[-1].isdecimal()]
    found.sort(key=lambda o: (order.index(o.role) if o.role in order else len(order), o.username))
    return [(o.username, o.name, o.office.name, role_label(o.role)) for o in found[:12]]


sign_in = needs(OPEN)(SignIn.as_view())


@needs(SIGNED_IN)
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("login")


@needs(SIGNED_IN)
@require_http_methods(["GET", "POST"])
def password_change(request: HttpRequest) -> HttpResponse:
    form = PasswordChangeForm(request.user, request.POST or None)
    for field in form.fields.values():
        field.widget.attrs |= {"class": "form-control"}
    if request.method == "POST" and form.is_valid():
        actions.change_password(
            officer=request.user,
            password=form.cleaned_data["new_password1"],
            by=request.actor,
            at=clock.now(request),
        )
        update_session_auth_hash(request, request.user)
        messages.success(request, "密码已修改。")
        return redirect("home")
    return render(request, "web/password_change.html", {"form": form}, status=422 if form.errors else 200)


@needs(OPEN)
@require_GET
def health(request: HttpRequest) -> JsonResponse:
    """For the watchman: 200 when the database answers. Says nothing about the data."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})
