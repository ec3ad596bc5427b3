"""What every page knows: who is signed in and the navigation that this role may use."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def navigation(request: HttpRequest) -> dict[str, Any]:
    return {"actor": getattr(request, "actor", None)}
