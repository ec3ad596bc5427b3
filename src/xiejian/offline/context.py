"""What pages below this room may ask in their templates: it knows the phones, they do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from xiejian.offline import queries
from xiejian.people.policy import may


def conflicts(request: HttpRequest) -> dict[str, Any]:
    """``open_conflicts``: visit id → how many fields wait for a decision; counted where it is used."""
    return {"open_conflicts": _by_visit(request)}


def _by_visit(request: HttpRequest) -> Callable[[], dict[int, int]]:
    actor = getattr(request, "actor", None)

    def counted() -> dict[int, int]:
        return queries.open_conflicts(actor) if actor and may(actor, "inspections.view") else {}

    return counted
