"""The feedback on a monitoring list: one row an offer, as the sender's table and as a letter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from xiejian.documents.draft import chinese_date
from xiejian.documents.paper import Paper, Table, Text
from xiejian.online.checks import HANDED_ON, REMOVED
from xiejian.online.models import Listing, MonitoringList
from xiejian.people.numbering import signing_office

HEADINGS = (
    "信息编号", "平台", "店铺", "经营单位", "产品名称", "网址", "核查日期", "核查情况", "处置结果",
    "处置日期", "说明",
)  # fmt: skip
TITLE = "网络销售监测线索处置情况的反馈"


def _remark(row: Listing) -> str:
    """What proves the outcome, or why the offer goes back."""
    said = {
        "退回": row.returned_why if row.state == "returned" else "",
        "已确认下架": str(row.removed_on or "") if row.outcome == REMOVED else "",
        "移交": row.handed_to if row.outcome == HANDED_ON else "",
        "检查编号": row.visit.number if row.visit else "",
        "案件编号": row.case_no,
    }
    return "；".join(f"{label} {text}" for label, text in said.items() if text)


def feedback_row(row: Listing) -> list[object]:
    """One offer in the order of ``HEADINGS``."""
    seller = row.seller.name if row.seller else row.seller_named
    outcome = "退回" if row.state == "returned" else row.outcome
    return [
        row.number, row.platform, row.shop, seller, row.product, row.url, row.checked_on, row.finding,
        outcome, row.disposed_on, _remark(row),
    ]  # fmt: skip


def feedback(of: MonitoringList, rows: Sequence[Listing], *, on: dt.date) -> Paper:
    """The letter to who sent the list: how many offers, what became of them, the table."""
    done = sum(row.state in ("disposed", "reported") for row in rows)
    returned = sum(row.state == "returned" for row in rows)
    columns = ("信息编号", "店铺", "产品名称", "处置结果", "处置日期", "说明")
    shown = [dict(zip(HEADINGS, feedback_row(row), strict=True)) for row in rows]
    table = tuple(tuple(str(row[name] or "") for name in columns) for row in shown)
    blocks = (
        Text(
            f"{chinese_date(of.received_on)}收到你单位下发的网络销售监测线索清单（{of.number}），"
            f"共 {len(rows)} 条。"
            f"截至{chinese_date(on)}，已处置 {done} 条，退回 {returned} 条，"
            f"正在办理 {len(rows) - done - returned} 条。具体情况如下："
        ),
        Table(columns, table, (0.18, 0.18, 0.2, 0.13, 0.14, 0.17), small=tuple(range(len(columns)))),
    )
    return Paper(
        "feedback", TITLE, signing_office(of.office_code), of.report_no, blocks, addressee=of.sender,
        official=True, sealed_on=of.reported_on or on,
    )  # fmt: skip
