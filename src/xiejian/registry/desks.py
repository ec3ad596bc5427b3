"""A desk of a firm: whose record, one step of its table, the audit entry without what the firm keeps.

Every record of a desk names its firm (``firm_uscc``), its number and the state of its workflow table.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model

from xiejian.kernel.workflow import Workflow
from xiejian.people import audit
from xiejian.people.policy import Actor, require_for
from xiejian.registry.models import Party

R = TypeVar("R", bound=Model)


def locked(row: R) -> R:
    """The record as it is now, locked until the transaction ends."""
    type(row)._default_manager.select_for_update().only("pk").get(pk=row.pk)
    row.refresh_from_db()
    return row


@dataclass(frozen=True)
class Desk:
    """``subject``: how audit entries begin to name its records; ``flows``: model name → table;
    ``edit``: the permission of what no table names.
    """

    subject: str
    flows: Mapping[str, Workflow]
    edit: str

    def flow_of(self, row: Any) -> Workflow:
        """The table of a record, or of a kind of records."""
        return self.flows[str(row._meta.model_name)]

    def state_label(self, row: Any) -> str:
        """The state in words."""
        return self.flow_of(row).states[row.state]

    def firm_for(self, by: Actor, firm_uscc: str = "", permission: str = "") -> str:
        """The firm that a record will belong to: the actor's own unless the system names one."""
        firm = firm_uscc or by.firm
        require_for(by, permission or self.edit, firm)
        return firm

    def permission_for(self, flow: Workflow, action: str) -> str:
        return next((t.permission for t in flow.transitions if t.action == action), self.edit)

    def step(self, row: R, action: str, by: Actor) -> tuple[R, list[str]]:
        """The record, locked and moved along its table; [state before, state after]."""
        now: Any = locked(row)
        flow = self.flow_of(now)
        require_for(by, self.permission_for(flow, action), now.firm_uscc, where=now.number)
        before = now.state
        now.state = flow.step(before, action, where=now.number)
        return now, [before, now.state]

    def note(self, action: str, row: Any, by: Actor, at: dt.datetime, **detail: Any) -> None:
        """The audit entry: which record and which states, never what the firm keeps to itself."""
        office = Party.objects.filter(uscc=row.firm_uscc).values_list("office_code", flat=True).first()
        audit.record(
            by=by, at=at, action=action, subject=f"{self.subject}_{row._meta.model_name}",
            key=getattr(row, "number", "") or str(row.pk), office_code=office or "",
            detail={"firm": row.firm_uscc, **detail},
        )  # fmt: skip
