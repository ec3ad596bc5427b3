"""The lock of the firms' entrance: every page below /firm/ needs a signed-in account of a firm."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import constant_time_compare

from xiejian.kernel.divisions import stem
from xiejian.kernel.problems import Refused
from xiejian.people.models import FirmUser, Office
from xiejian.people.policy import Actor
from xiejian.registry.models import Party
from xiejian.web import clock

ENTRANCE = "/firm/"
SIGN_IN = "/firm/login/"
#: opened by people who have no account yet, or are not signed in
OPEN_PATHS = (SIGN_IN, "/firm/join/")
USER, HASH, LINKS = "firm_user", "firm_hash", "firm_links"
Next = Callable[[HttpRequest], HttpResponse]


def remember(request: HttpRequest, user: FirmUser) -> None:
    """Begin a session of this account and of nobody else; it keeps which links the firm works in."""
    request.session.flush()
    request.session[USER], request.session[HASH] = user.pk, user.get_session_auth_hash()
    names = Party.objects.filter(uscc=user.uscc).values_list("link_names", flat=True).first() or ""
    request.session[LINKS] = [name for name in names.split("|") if name]


def user_of(request: HttpRequest) -> FirmUser | None:
    """The account of this session, while it is in use and its password is the same."""
    key = request.session.get(USER)
    user = FirmUser.objects.filter(pk=key, is_active=True).first() if key else None
    same = user and constant_time_compare(request.session.get(HASH, ""), user.get_session_auth_hash())
    return user if same else None


def _demo_day(uscc: str) -> dt.date | None:
    """The day that the demo's office takes for today."""
    code = Party.objects.filter(uscc=uscc).values_list("office_code", flat=True).first()
    base = stem(code or "none")
    codes = [base[:length] for length in range(len(base), 0, -1)]
    offices = {one.stem: one.settings.get("today") for one in Office.objects.filter(stem__in=codes)}
    day = next((offices[one] for one in codes if offices.get(one)), None)
    return dt.date.fromisoformat(day) if day else None


class FirmSignIn:
    """Puts the firm's own actor on every request below /firm/, or leads to the firms' sign-in page."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(ENTRANCE):
            return self.get_response(request)
        user = user_of(request)
        request.firm_user, request.actor = user, Actor.of_firm(user) if user else None
        if user and clock.demo():
            request.demo_day = _demo_day(user.uscc)
        if user is None and not request.path.startswith(OPEN_PATHS):
            if request.headers.get("HX-Request"):
                return HttpResponse(status=204, headers={"HX-Redirect": SIGN_IN})
            return redirect_to_login(request.get_full_path(), SIGN_IN)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What was refused, in the frame of the firm's pages; officers' pages are web.middleware's."""
        if not isinstance(exception, Refused) or getattr(request, "firm_user", None) is None:
            return None
        status = 403 if exception.first.code == "P101" else 422
        template = "web/refused_part.html" if getattr(request, "htmx", False) else "web/refused.html"
        return render(request, template, {"problems": exception.problems}, status=status)
