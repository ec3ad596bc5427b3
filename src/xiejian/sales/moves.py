"""What every action of the desk does: whose record, next number, one step of its table, the audit entry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from xiejian.kernel import workflow
from xiejian.kernel.workflow import Workflow
from xiejian.people import audit
from xiejian.people.numbering import free_numbers
from xiejian.people.policy import Actor, require_for
from xiejian.registry.models import Party
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


def flow_of(row: NumberedRow) -> Workflow:
    return WORKFLOWS[str(row._meta.model_name)]


def state_label(row: NumberedRow) -> str:
    """The state in words."""
    return flow_of(row).states[row.state]


def firm_for(by: Actor, firm_uscc: str, permission: str = EDIT) -> str:
    """The firm that the record will belong to: the actor's own unless the system names one."""
    firm = firm_uscc or by.firm
    require_for(by, permission, firm)
    return firm


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


def locked(row: R) -> R:
    """The record as it is now, locked until the transaction ends."""
    type(row)._default_manager.select_for_update().only("pk").get(pk=row.pk)
    row.refresh_from_db()
    return row


def permission_for(flow: Workflow, action: str) -> str:
    return next((t.permission for t in flow.transitions if t.action == action), EDIT)


def step(row: R, action: str, by: Actor) -> tuple[R, list[str]]:
    """The record, locked and moved along its table; [state before, state after]."""
    row = locked(row)
    flow = flow_of(row)
    require_for(by, permission_for(flow, action), row.firm_uscc, where=row.number)
    before = row.state
    row.state = flow.step(before, action, where=row.number)
    return row, [before, row.state]


def note(action: str, row: FirmRow, by: Actor, at: dt.datetime, **detail: Any) -> None:
    """The audit entry: which record and which states, never a price or a customer."""
    office = Party.objects.filter(uscc=row.firm_uscc).values_list("office_code", flat=True).first()
    audit.record(
        by=by, at=at, action=action, subject=f"sales_{row._meta.model_name}",
        key=getattr(row, "number", "") or str(row.pk), office_code=office or "",
        detail={"firm": row.firm_uscc, **detail},
    )  # fmt: skip
