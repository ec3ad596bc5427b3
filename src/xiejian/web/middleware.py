"""Default deny: every page needs a signed-in officer unless it is named here."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from xiejian.kernel.problems import Refused
from xiejian.people.policy import Actor

OPEN_PATHS = ("/login/", "/static/", "/health/", "/setup/")
Next = Callable[[HttpRequest], HttpResponse]


class SignInRequired:
    """Puts ``request.actor`` on every request, or sends the visitor to the sign-in page."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        signed_in = request.user.is_authenticated
        request.actor = Actor.of(request.user) if signed_in else None
        if not signed_in and not request.path.startswith(OPEN_PATHS):
            return redirect_to_login(request.get_full_path())
        return self.get_response(request)


class RefusedPages:
    """Shows what was refused, where and what to do next, as a page or as an htmx fragment."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refused):
            return None
        status = 403 if exception.first.code == "P101" else 422
        template = "web/refused_part.html" if getattr(request, "htmx", False) else "web/refused.html"
        if getattr(request, "actor", None) is None:
            template = "web/refused_open.html"
        return render(request, template, {"problems": exception.problems}, status=status)
