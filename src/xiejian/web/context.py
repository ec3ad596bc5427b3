"""What every page knows: who is signed in, the menu of the role, the day that counts as today."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from xiejian.people.policy import role_label
from xiejian.web import clock
from xiejian.web.navigation import menu


def navigation(request: HttpRequest) -> dict[str, Any]:
    actor = getattr(request, "actor", None)
    known: dict[str, Any] = {"actor": actor, "demo": clock.demo()}
    if actor is not None and not actor.firm:
        office = request.user.office
        known |= {
            "menu": menu(request, actor),
            "office": office,
            "place_name": office.name,
            "place_short": office.short_name or office.name,
            "home_url": reverse("home"),
            "password_url": reverse("password_change"),
            "sign_out_url": reverse("logout"),
            "role_label": role_label(actor.role),
            "today": clock.today(request),
        }
    return known
