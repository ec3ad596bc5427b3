"""What every action of the desk does: next number, one step of its table, the audit entry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xiejian.kernel import workflow
from xiejian.kernel.workflow import Workflow
from xiejian.people.models import FirmUser
from xiejian.people.numbering import free_numbers
from xiejian.people.policy import Actor
from xiejian.quality import rules
from xiejian.quality.models import NumberedRow
from xiejian.registry.desks import Desk

_TABLES = ("watch", "version", "training", "finding", "feedback")
#: model name → its table
WORKFLOWS: Mapping[str, Workflow] = {
    flow.subject: flow
    for flow in (workflow.load(Path(__file__).with_name(f"{name}_workflow.toml")) for name in _TABLES)
}
EDIT, APPROVE, READ = "firm.quality", "firm.quality_approve", "firm.view"
_DESK = Desk("quality", WORKFLOWS, EDIT)
flow_of, state_label, firm_for = _DESK.flow_of, _DESK.state_label, _DESK.firm_for
step, note = _DESK.step, _DESK.note


def hold_desk(firm_uscc: str) -> None:
    """One at a time at the desk of a firm until the transaction ends: its first account is the lock."""
    FirmUser.objects.select_for_update().filter(uscc=firm_uscc).order_by("pk").first()


def next_numbers(rows: type[NumberedRow], firm_uscc: str, year: int, count: int = 1) -> list[str]:
    """So many next numbers of the firm's own series."""
    hold_desk(firm_uscc)
    pattern = rules.number_pattern(str(rows._meta.model_name))
    before, after = (part.format(year=year) for part in pattern.split("{n}"))
    return free_numbers(rows._default_manager.filter(firm_uscc=firm_uscc), before, after, count=count)


def begun(rows: type[NumberedRow], firm_uscc: str, by: Actor, at: dt.datetime) -> dict[str, Any]:
    """What a new record of any kind begins with, except its number."""
    return {"firm_uscc": firm_uscc, "state": _DESK.flow_of(rows).start, "made_at": at, "by_name": by.name}


def first(rows: type[NumberedRow], firm_uscc: str, by: Actor, at: dt.datetime, year: int) -> dict[str, Any]:
    """As ``begun``, with the next number of the year."""
    return {"number": next_numbers(rows, firm_uscc, year)[0], **begun(rows, firm_uscc, by, at)}
