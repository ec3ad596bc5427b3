"""Default deny: every page needs a signed-in officer unless it is named here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from xiejian.kernel.problems import MEDIA_TYPE, Catalogue, Refused
from xiejian.people.policy import Actor

problems = Catalogue(Path(__file__).with_name("problems.toml"))

#: a calendar feed and a firm's answer are opened by their secret addresses: neither can sign in
OPEN_PATHS = ("/login/", "/static/", "/health/", "/setup/", "/calendar/", "/answer/", "/public/")
#: the firms' entrance and their programs: nobody is an officer there, and each has a lock of its own
#: (workspace.middleware, api.firm)
FIRM_PATHS = ("/firm/", "/api/firm/")
#: the shell of the inspectors' page: no data in it, and a phone must reach it after its session has ended
OPEN_PAGES = ("/field/", "/field/worker.js", "/field/manifest.webmanifest", "/field/state/")
#: the one-off answers for programs; open where the office switched that on (XIEJIAN_OPEN_ANSWERS)
ANSWERS = "/api/"
#: judgements beside form fields
CHECKS = "/check/"
#: asked by programs: whoever is not signed in gets a problem, not the sign-in page
PROGRAMS = (ANSWERS, "/field/")
Next = Callable[[HttpRequest], HttpResponse]


def is_open(path: str) -> bool:
    """Whether an address may be opened by someone who is not signed in."""
    if path.startswith((*OPEN_PATHS, *FIRM_PATHS)) or path in OPEN_PAGES:
        return True
    return settings.OPEN_ANSWERS and path.startswith(ANSWERS)


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    """The sign-in page for people, a problem for programs, nothing to see for parts of a page."""
    if request.path.startswith(PROGRAMS):
        details = problems("W101", request.path).as_details(401)
        return JsonResponse(details, status=401, content_type=MEDIA_TYPE)
    if request.headers.get("HX-Request"):
        return _without_part(request)
    return redirect_to_login(request.get_full_path())


def _without_part(request: HttpRequest) -> HttpResponse:
    """For a part of a page whose session has ended: the sign-in page must not appear inside it.

    A judgement beside a field is left out, so that what was typed stays; anything else leads to signing in.
    """
    if request.path.startswith(CHECKS):
        return HttpResponse(status=204)
    page = urlsplit(request.headers.get("HX-Current-URL", "")).path or "/"
    return HttpResponse(status=204, headers={"HX-Redirect": redirect_to_login(page).url})


class SignInRequired:
    """Puts ``request.actor`` on every request, or sends the visitor to the sign-in page."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        signed_in = request.user.is_authenticated and not request.path.startswith(FIRM_PATHS)
        request.actor = Actor.of(request.user) if signed_in else None
        if not signed_in and not is_open(request.path):
            return _sign_in_first(request)
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
