"""firm: which firms are connected, and how far each notice to them has come."""

from __future__ import annotations

from typing import Any

import click
from django.utils import timezone

from xiejian.cli.output import command, emit, json_option
from xiejian.firms import notices, queries
from xiejian.firms.audience import Audience
from xiejian.firms.checks import problems
from xiejian.firms.models import Delivery, FirmNotice
from xiejian.kernel import dates
from xiejian.kernel.problems import Refused
from xiejian.people.policy import SYSTEM
from xiejian.registry.models import Party

TABS = {"on": "已开户", "invited": "已邀请", "off": "未开户", "changing": "人员变动频繁", "all": "全部"}


@click.group("firm", help="企业协同：已开户的单位、通知和回执")
def firm_group() -> None:
    """Commands about the bureau and its firms."""


def _firm(row: Party) -> dict[str, Any]:
    found: Any = row
    return {
        "uscc": row.uscc, "name": row.name, "office_code": row.office_code, "accounts": found.accounts,
        "invited": found.invited, "last_login": found.last_in, "owed": found.owed,
        "staff_changes": found.staff_changes,
    }  # fmt: skip


@firm_group.command("list", help="单位和账号、待办通知、人员变动次数")
@click.option("--tab", type=click.Choice(list(TABS)), default="on", help="哪一部分")
@click.option("--search", default="", help="单位名称、信用代码")
@click.option("--on", "on_text", default="", help="截至日期，不写则为今天")
@json_option
@command(stored=True)
def list_firms(tab: str, search: str, on_text: str, as_json: bool) -> None:
    on = (dates.read(on_text) if on_text else None) or timezone.localdate()
    found = [_firm(row) for row in queries.connected(SYSTEM, on=on, tab=tab, search=search).order_by("name")]
    lines = [f"{r['uscc']}\t{r['name']}\t账号 {r['accounts']}\t待办 {r['owed']}" for r in found]
    emit({"firms": found}, as_json, "\n".join(lines) or "没有符合条件的单位")


def _notice(row: FirmNotice) -> dict[str, Any]:
    counted: Any = row
    return {
        "number": row.number, "kind": row.kind, "title": row.title, "state": row.state,
        "state_label": notices.NOTICE_WORKFLOW.states[row.state], "wanted_by": row.wanted_by,
        "sent_at": row.sent_at, "audience": Audience.read(row.audience).words, "firms": counted.firms,
        "read": counted.read, "confirmed": counted.confirmed, "answered": counted.answered,
    }  # fmt: skip


def _delivery(row: Delivery) -> dict[str, Any]:
    return {
        "uscc": row.party.uscc, "name": row.party.name, "state": row.state,
        "state_label": notices.DELIVERY_WORKFLOW.states[row.state], "opened_at": row.opened_at,
        "confirmed_at": row.confirmed_at, "confirmed_by": row.confirmed_by, "answered_at": row.answered_at,
        "reminders": row.reminders,
    }  # fmt: skip


@firm_group.command("notice", help="企业通知清单；给出编号则列出各单位的回执")
@click.argument("number", required=False, default="")
@click.option("--owing", is_flag=True, help="只列还没有办理的单位")
@json_option
@command(stored=True)
def list_notices(number: str, owing: bool, as_json: bool) -> None:
    rows = queries.notices(SYSTEM)
    if not number:
        found = [_notice(row) for row in rows]
        lines = [
            "\t".join(
                [
                    r["number"],
                    r["title"],
                    r["state_label"],
                    f"单位 {r['firms']}",
                    f"已读 {r['read']}",
                    f"已答复 {r['answered']}",
                ]
            )
            for r in found
        ]
        emit({"notices": found}, as_json, "\n".join(lines) or "还没有企业通知")
        return
    notice = rows.filter(number=number).first()
    if notice is None:
        raise Refused(problems("FI108", "编号", number=number, what="通知"))
    state = "owing" if owing else ""
    sent = queries.deliveries(SYSTEM, notice=notice, state=state).order_by("party__name")
    receipts = [_delivery(row) for row in sent]
    lines = [f"{r['uscc']}\t{r['name']}\t{r['state_label']}\t{r['confirmed_by']}" for r in receipts]
    emit({**_notice(notice), "receipts": receipts}, as_json, "\n".join(lines) or "没有符合条件的单位")


COMMANDS = [firm_group]
