"""What every page knows: who is signed in, the menu of the role, the day that counts as today."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from xiejian.people.policy import role_label
from xiejian.web import clock
from xiejian.web.navigation import menu


def navigation(request: HttpRequest) -> dict[str, Any]:
    actor = getattr(request, "actor", None)
    known: dict[str, Any] = {"actor": actor, "demo": clock.demo()}
    if actor is not None:
        known |= {
            "menu": menu(request, actor),
            "office": request.user.office,
            "role_label": role_label(actor.role),
            "today": clock.today(request),
        }
    return known
