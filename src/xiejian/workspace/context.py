"""What every page of a firm knows: the firm, who is signed in, the menu of the role, today."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from xiejian.people.policy import role_label
from xiejian.web import clock
from xiejian.web.navigation import menu
from xiejian.workspace.menu import groups_for
from xiejian.workspace.middleware import LINKS


def navigation(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "firm_user", None)
    if user is None:
        return {}
    return {
        "menu": menu(request, request.actor, groups_for(request.session.get(LINKS, ()))),
        "place_name": user.firm_name,
        "place_short": user.firm_name,
        "home_url": reverse("firm_home"),
        "password_url": reverse("firm_password"),
        "sign_out_url": reverse("firm_logout"),
        "role_label": role_label(user.role),
        "today": clock.today(request),
    }
