"""常用视图: the lists that an officer keeps under a name."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import Resolver404, resolve
from django.utils.datastructures import MultiValueDict
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from xiejian.kernel.problems import Refused
from xiejian.people import actions, queries
from xiejian.people.models import SavedView
from xiejian.web import clock
from xiejian.web.guard import SIGNED_IN, needs

#: what belongs to one moment or to the form, not to the view
_NOT_KEPT = frozenset({"page", "ids", "format", "view_page", "view_name", "csrfmiddlewaretoken"})


def _asked(sent: MultiValueDict[str, str]) -> str:
    kept = {key: [v for v in sent.getlist(key) if v] for key in sent if key not in _NOT_KEPT}
    return urlencode({key: values for key, values in kept.items() if values}, doseq=True)


def _page(path: str) -> str:
    """The path where it is one of our own addresses, else nothing."""
    try:
        resolve(path)
    except Resolver404:
        return ""
    return path


def _shown(request: HttpRequest, page: str, wrong: Refused | None = None) -> HttpResponse:
    context = {
        "views": queries.saved_views(request.actor, page),
        "page": page,
        "problems": wrong.problems if wrong else (),
    }
    answer = render(request, "web/parts/saved_views.html", context)
    answer.status_code = 422 if wrong else 200
    return answer


@needs(SIGNED_IN)
@require_http_methods(["GET", "POST"])
def saved_views(request: HttpRequest) -> HttpResponse:
    """The officer's views of one list; POST keeps the list as its form stands under a name."""
    sent = request.POST if request.method == "POST" else request.GET
    page = _page(sent.get("view_page", ""))
    if request.method == "POST" and page:
        try:
            actions.save_view(
                page=page,
                name=sent.get("view_name", ""),
                query=_asked(sent),
                by=request.actor,
                at=clock.now(request),
            )
        except Refused as wrong:
            return _shown(request, page, wrong)
    return _shown(request, page)


@needs(SIGNED_IN)
@require_POST
def forget_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one of the officer's own views away and show the rest."""
    view = get_object_or_404(SavedView, pk=pk, officer__username=request.actor.username)
    actions.forget_view(view=view, by=request.actor, at=clock.now(request))
    return _shown(request, view.page)
