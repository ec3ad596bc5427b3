"""Which permission a page needs: said once beside the view, and read by the page, the menu and the tests."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from xiejian.people.policy import require

View = Callable[..., HttpResponse]

#: Signed in, whatever the role.
SIGNED_IN = ""
#: Open to visitors who have not signed in; the middleware's list of open paths must agree.
OPEN = "open"


def needs(permission: str) -> Callable[[View], View]:
    """Refuse (P101) whoever does not hold ``permission``; rows are bounded by ``policy.visible`` besides."""

    def wrap(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if permission not in (SIGNED_IN, OPEN):
                require(request.actor, permission)
            return view(request, *args, **kwargs)

        guarded.permission = permission
        return guarded

    return wrap
