"""Which permission a firm's page needs: said once beside the view, read by page, menu and tests."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from xiejian.people.policy import require_for

View = Callable[..., HttpResponse]

#: Open to visitors who have not signed in; the middleware's list of open paths must agree.
OPEN = "open"


def needs_firm(permission: str) -> Callable[[View], View]:
    """Refuse (P101) whoever is not of a firm or does not hold ``permission`` there.

    Rows are bounded by ``policy.visible(..., firm=path)`` besides.
    """

    def wrap(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if permission != OPEN:
                require_for(request.actor, permission, request.actor.firm if request.actor else "")
            return view(request, *args, **kwargs)

        guarded.permission = permission
        return guarded

    return wrap
