"""recall: the recalls with their limits, one recall with the units that hold its lots."""

from __future__ import annotations

from typing import Any

import click
from django.utils import timezone

from xiejian.cli.output import command, emit, json_option
from xiejian.people.policy import SYSTEM
from xiejian.vigilance import recall_queries
from xiejian.vigilance.models import Recall, RecallHolder
from xiejian.vigilance.recall_holders import HOLDER_WORKFLOW
from xiejian.vigilance.recalls import OPEN, WORKFLOW

_TABS = ("open", "all")


@click.group("recall", help="召回：清单、一个召回及其持有单位")
def recall_group() -> None:
    """Commands about recalls."""


def _row(row: Any) -> dict[str, Any]:
    return {
        "number": row.number, "kind": row.kind, "level": row.level, "state": row.state,
        "state_label": WORKFLOW.states[row.state], "product": row.product_name,
        "registration_no": row.registration_no, "di": row.di, "lots": row.lots, "holder": row.holder_name,
        "holder_uscc": row.holder_uscc, "source": row.source_kind, "source_no": row.source_no,
        "suspected_on": row.suspected_on, "decided_on": row.decided_on, "completed_on": row.completed_on,
        "due": row.due, "units": row.units, "answered": row.answered, "held": row.held,
        "office": row.office_code,
    }  # fmt: skip


def _unit(row: RecallHolder) -> dict[str, Any]:
    return {
        "uscc": row.uscc, "name": row.name, "office": row.office_code, "state": row.state,
        "state_label": HOLDER_WORKFLOW.states[row.state], "quantity": row.quantity, "lots": row.lots,
        "notified_on": row.notified_on, "answered_on": row.answered_on, "stopped": row.stopped,
        "found": row.found, "returned": row.returned, "treated": row.treated, "destroyed": row.destroyed,
        "implanted": row.implanted, "remaining": row.remaining, "missing": row.missing,
        "checked_on": row.checked_on, "reached": row.reached, "acted": row.acted,
    }  # fmt: skip


@recall_group.command("list", help="召回清单")
@click.option("--tab", type=click.Choice(_TABS), default="all", help="open：进行中；all：全部")
@click.option("--office", "office_code", default="", help="机构代码：该机构及下级")
@click.option("--search", default="", help="编号、产品、批号、单位")
@json_option
@command(stored=True)
def list_recalls(tab: str, office_code: str, search: str, as_json: bool) -> None:
    rows = recall_queries.recalls(SYSTEM, office=office_code, search=search).order_by("-suspected_on", "-pk")
    if tab == "open":
        rows = rows.filter(state__in=OPEN)
    found = [_row(row) for row in rows]
    lines = [
        "\t".join(
            [r["number"], r["product"], r["level"], r["state_label"], f"{r['answered']}/{r['units']} 家"]
        )
        for r in found
    ]
    counts = vars(recall_queries.counts(SYSTEM, timezone.localdate(), office_code))
    emit({"recalls": found, "counts": counts}, as_json, "\n".join(lines) or "没有召回")


def _progress(row: Recall) -> dict[str, Any]:
    found = recall_queries.progress(row)
    return {**vars(found), "completion": found.completion, "unanswered": found.unanswered}


@recall_group.command("show", help="一个召回：进度、持有单位、谁没有答复")
@click.argument("number")
@json_option
@command(stored=True)
def show_recall(number: str, as_json: bool) -> None:
    row = recall_queries.recall_by_number(SYSTEM, number)
    units = [_unit(one) for one in recall_queries.holders(SYSTEM, recall=row)]
    demands = [{"on": one.on, "kind": one.kind, "text": one.text} for one in row.demands.all()]
    answer = {
        **_row(row), "reason": row.reason, "unaccounted": row.unaccounted, "review": row.review,
        "demands": demands, "figures": _progress(row), "holders": units,
    }  # fmt: skip
    lines = [f"{row.number}\t{row.product_name}\t{row.level}\t{WORKFLOW.states[row.state]}"]
    lines += [f"{u['name']}\t{u['state_label']}\t应有 {u['quantity']}" for u in units]
    emit(answer, as_json, "\n".join(lines))


COMMANDS = [recall_group]
