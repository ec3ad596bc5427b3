"""liaison: the sheets between offices, as a list; a paper of one is printed by ``document liaison``."""

from __future__ import annotations

from typing import Any

import click
from django.utils import timezone

from xiejian.cli.output import command, emit, json_option
from xiejian.inspections import liaising, liaisons
from xiejian.inspections.models import Liaison
from xiejian.kernel import dates
from xiejian.people.policy import SYSTEM


@click.group("liaison", help="工作联系单：清单")
def liaison_group() -> None:
    """Commands about liaison sheets."""


def _row(row: Liaison) -> dict[str, Any]:
    return {
        "number": row.number, "state": row.state, "state_label": liaising.LIAISON_WORKFLOW.states[row.state],
        "from": row.office_code, "addressee": row.addressee, "to": row.to_name, "to_office": row.to_office,
        "party": row.party.name, "visit": row.visit.number if row.visit else "",
        "correction": row.correction.number if row.correction else "", "title": row.title,
        "sent_on": row.sent_on, "wanted_by": row.wanted_by, "answered_on": row.answered_on,
        "overdue": getattr(row, "overdue", False),
    }  # fmt: skip


@liaison_group.command("list", help="联系单清单")
@click.option("--tab", type=click.Choice(["waiting", "late", "all"]), default="all", help="哪一部分")
@click.option("--search", default="", help="编号、单位、事由、内容")
@click.option("--on", "on_text", default="", help="截至日期，不写则为今天")
@json_option
@command(stored=True)
def list_liaisons(tab: str, search: str, on_text: str, as_json: bool) -> None:
    on = (dates.read(on_text) if on_text else None) or timezone.localdate()
    found = [_row(row) for row in liaisons.liaisons(SYSTEM, on=on, tab=tab, search=search)]
    shown = ("number", "to", "title", "state_label", "wanted_by")
    lines = ["\t".join([*(str(r[k]) for k in shown), "逾期" if r["overdue"] else ""]) for r in found]
    emit({"liaisons": found}, as_json, "\n".join(lines) or "没有工作联系单")


COMMANDS = [liaison_group]
