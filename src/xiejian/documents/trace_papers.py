"""The report of a mock recall. Its layout is ours: no printed form was read."""

from __future__ import annotations

import datetime as dt

from xiejian.documents.draft import chinese_date
from xiejian.documents.paper import Block, Facts, Paper, Table, Text
from xiejian.supply.mock_recall import Drill

TITLE = "模拟召回报告"
COLUMNS = ("持有单位", "统一社会信用代码", "数量", "监管机构", "联系人、电话", "依据")
_WIDTHS = (0.26, 0.2, 0.09, 0.18, 0.15, 0.12)


def share(found: Drill) -> str:
    """The part whose place is known, for people."""
    return "—" if found.share is None else f"{found.share:.1%}"


def mock_recall(found: Drill, *, office_name: str, on: dt.date) -> Paper:
    """The report as of a day: what, how much, who holds it, what is missing."""
    trace, account = found.found, found.found.account
    named = " ".join(filter(None, (trace.asked.lot, trace.asked.serial)))
    facts = [
        ("产品", trace.product_name or "—"), ("注册证或备案编号", trace.registration_no or "—"),
        ("产品标识", trace.asked.di), ("批号、序列号", named),
        ("进入数量", str(account.entered)), ("查明去向", share(found)),
        ("单位自行登记持有", str(found.confirmed)), ("按发货方登记持有", str(found.unconfirmed)),
        ("已使用、植入", str(found.used)), ("涉及患者", f"{found.patients} 人（代号，仅医院能还原）"),
        ("已销毁、报损", str(found.gone)), ("无着落", str(account.unaccounted)),
        ("涉及单位", f"{len(account.nodes)} 家，其中持有 {len(found.holdings)} 家"),
        ("用时", f"{found.seconds:.1f} 秒（{trace.rows} 条记录）"),
    ]  # fmt: skip
    rows = tuple(
        (
            held.firm.name, held.firm.uscc, str(held.node.on_hand), held.firm.office, held.contact,
            "本单位登记" if held.node.recorded else "发货方登记",
        )
        for held in found.holdings
    )  # fmt: skip
    blocks: list[Block] = [
        Text(f"以{chinese_date(trace.on)}为截止日，对下列产品作模拟召回。"),
        Facts.of(facts),
        Table(COLUMNS, rows, _WIDTHS, small=tuple(range(len(COLUMNS)))),
    ]
    if trace.gaps:
        blocks += [Text("无着落的数量：", indent=False), *(Text(gap.text) for gap in trace.gaps)]
    return Paper("mock_recall", TITLE, office_name, "", tuple(blocks), sealed_on=on, numbered=False)
