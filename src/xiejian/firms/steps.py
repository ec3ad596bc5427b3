"""How every action of this room begins and ends: who may, does the table allow it, who did it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, TypeVar

from django.core.files.base import File
from django.db.models import Model

from xiejian.inspections.actions import attach_evidence
from xiejian.inspections.places import Place
from xiejian.kernel.workflow import Workflow
from xiejian.people import audit
from xiejian.people.policy import Actor, require, require_for
from xiejian.registry.models import Party

R = TypeVar("R", bound=Model)
OFFICE, FIRM = "firms.edit", "firm.answer"


def allow(by: Actor, permission: str, *, office_code: str, uscc: str | None, where: str = "") -> None:
    """A permission of the firm's people for their own firm, one of officers within their area; P101."""
    if permission.startswith("firm."):
        require_for(by, permission, uscc or "", where=where)
    else:
        require(by, permission, office_code, where=where)


def either(by: Actor, party: Party, where: str = "") -> None:
    """The firm itself, or an officer of its area on its behalf; P101."""
    allow(by, FIRM if by.firm else OFFICE, office_code=party.office_code, uscc=party.uscc, where=where)


def moved(
    row: R, flow: Workflow, action: str, by: Actor, *, uscc: str | None = None, number: str = ""
) -> list[str]:
    """The record as it is now, locked and moved along its table; [state before, state after]. P101, K101."""
    type(row)._default_manager.select_for_update().only("pk").get(pk=row.pk)
    row.refresh_from_db()
    number = number or row.number  # type: ignore[attr-defined]
    permission = next(t.permission for t in flow.transitions if t.action == action)
    allow(by, permission, office_code=row.office_code, uscc=uscc, where=number)  # type: ignore[attr-defined]
    before = row.state  # type: ignore[attr-defined]
    row.state = flow.step(before, action, where=number)  # type: ignore[attr-defined]
    return [before, row.state]  # type: ignore[attr-defined]


def note(action: str, row: Model, by: Actor, at: dt.datetime, *, number: str = "", **detail: Any) -> None:
    """The audit entry of a write."""
    audit.record(
        by=by, at=at, action=action, subject=row._meta.model_name or "",
        key=number or row.number, office_code=row.office_code, detail=detail,  # type: ignore[attr-defined]
    )  # fmt: skip


def attach(place: Place, files: Sequence[File], by: Actor, at: dt.datetime) -> None:
    """The files of an answer or a report, at their record; refused as ``attach_evidence`` refuses them."""
    for file in files:
        attach_evidence(place=place, file=file, by=by, at=at)
