"""What every action of the desk does: whose record, next number, one step of its table, the audit entry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from xiejian.kernel import workflow
from xiejian.kernel.workflow import Workflow
from xiejian.people.numbering import free_numbers
from xiejian.people.policy import Actor
from xiejian.registry.desks import Desk
from xiejian.sales import rules
from xiejian.sales.checks import check_firm, refuse
from xiejian.sales.models import FirmRow, NumberedRow, SalesSettings

R = TypeVar("R", bound=NumberedRow)
_TABLES = (
    "contract", "order", "shipment", "invoice", "payment", "ticket", "return", "price_list",
    "price_exception",
)  # fmt: skip
#: model name → its table
WORKFLOWS: Mapping[str, Workflow] = {
    flow.subject: flow
    for flow in (workflow.load(Path(__file__).with_name(f"{name}_workflow.toml")) for name in _TABLES)
}
EDIT, APPROVE, STORE = "firm.sales", "firm.sales_approve", "firm.supply"
_DESK = Desk("sales", WORKFLOWS, EDIT)
flow_of, state_label, firm_for = _DESK.flow_of, _DESK.state_label, _DESK.firm_for
step, note = _DESK.step, _DESK.note


def same_firm(firm_uscc: str, *rows: FirmRow | None) -> None:
    """Refused SA109 where a record is another firm's."""
    refuse(check_firm(firm_uscc, {str(row): row.firm_uscc for row in rows if row is not None}))


def settings_of(firm_uscc: str) -> SalesSettings:
    """The firm's settings, those of the pack where it has none yet; locked until the transaction ends."""
    found, _ = SalesSettings.objects.select_for_update().get_or_create(
        firm_uscc=firm_uscc, defaults=rules.first_limits()
    )
    return found


def next_numbers(rows: type[FirmRow], firm_uscc: str, year: int, count: int = 1) -> list[str]:
    """The next numbers of the firm's own series; the firm's settings are the lock."""
    settings_of(firm_uscc)
    pattern = rules.number_pattern(str(rows._meta.model_name))
    before, after = (part.format(year=year) for part in pattern.split("{n}"))
    return free_numbers(rows._default_manager.filter(firm_uscc=firm_uscc), before, after, count=count)


def first(rows: type[R], firm_uscc: str, by: Actor, at: dt.datetime, on: dt.date) -> dict[str, Any]:
    """What a new record of any kind begins with."""
    return {
        "firm_uscc": firm_uscc, "number": next_numbers(rows, firm_uscc, on.year)[0], "made_at": at,
        "by_name": by.name, "state": WORKFLOWS[str(rows._meta.model_name)].start,
    }  # fmt: skip
