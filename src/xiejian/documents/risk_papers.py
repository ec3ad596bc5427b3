"""Papers of the risk consultation: the analysis report of a meeting, and the risk list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from xiejian.documents.draft import chinese_date
from xiejian.documents.paper import Block, Heading, Paper, Table, Text
from xiejian.documents.papers import signing_office
from xiejian.risks import rules
from xiejian.risks.actions import WORKFLOW
from xiejian.risks.models import RiskItem, RiskMeeting
from xiejian.risks.queries import Told

#: columns of the two tables of signals, and of the list, as parts of the line
_SIGNALS = (0.34, 0.16, 0.16, 0.16, 0.18)
_RAISED = (0.17, 0.25, 0.09, 0.09, 0.1, 0.3)
_LIST = (0.16, 0.3, 0.08, 0.14, 0.16, 0.16)


def _change(now: int, before: int) -> str:
    """How a count moved, in words."""
    if now == before:
        return "持平"
    if not before:
        return "新出现"
    return f"{'上升' if now > before else '下降'}{abs(now - before) * 100 // before}%"


def _signals(told: Sequence[Told]) -> list[Block]:
    wholes = [one for one in told if not one.reading.grouping]
    rows = tuple(
        (one.signal.label, *_counts(one), _change(one.reading.count, one.reading.before)) for one in wholes
    )
    return [Table(("信号", "本季度", "上季度", "去年同季", "与上季度比"), rows, _SIGNALS)]


def _counts(one: Told) -> tuple[str, str, str]:
    return str(one.reading.count), str(one.reading.before), str(one.reading.last_year)


def _raised(told: Sequence[Told]) -> list[Block]:
    rows = tuple(
        (one.signal.label, one.reading.label, *_counts(one), one.reading.why)
        for one in told
        if one.reading.why
    )
    if not rows:
        return [Text("各项信号均未达到起点，没有需要单独研判的对象。")]
    return [Table(("信号", "对象", "本季度", "上季度", "去年同季", "依据"), rows, _RAISED)]


def _level(item: RiskItem) -> str:
    found = rules.levels().get(item.level)
    return found.label if found else "未定"


def _list(items: Iterable[RiskItem]) -> Table:
    rows = tuple(
        (
            item.number, item.title, _level(item), item.owner.name if item.owner else "未定",
            item.due_on.isoformat() if item.due_on else "未定", WORKFLOW.states[item.state],
        )
        for item in items
    )  # fmt: skip
    return Table(("风险编号", "风险", "等级", "责任人", "管控期限", "状态"), rows, _LIST)


def _paragraphs(text: str) -> list[Block]:
    return [Text(line.strip()) for line in text.splitlines() if line.strip()]


def _measures(items: Sequence[RiskItem]) -> list[Block]:
    found = [
        Text(f"{item.title}：{measure.content}（{measure.who}，{chinese_date(measure.due_on)}前完成）。")
        for item in items
        for measure in item.measures.all()
        if measure.round == item.round
    ]
    return list(found) or [Text("尚未确定防控措施。")]


def report(meeting: RiskMeeting, told: Sequence[Told], items: Sequence[RiskItem], *, on: dt.date) -> Paper:
    """分析报告: what moved, what stands out, what is on the list, what was concluded.

    ``items``: the open risks of the office, their measures prefetched. A draft until the meeting concluded.
    """
    period = f"{chinese_date(meeting.from_on)}至{chinese_date(meeting.until_on)}"
    first = f"本次会商分析{period}的监督检查、监督抽检、投诉举报、网络监测、案件等记录。"
    if meeting.held_on:
        where = f"在{meeting.place}" if meeting.place else ""
        first = (
            f"{chinese_date(meeting.held_on)}{where}召开{meeting.title}会议，{meeting.chair}主持，"
            f"{meeting.participants}参加。{first}"
        )
    listed = [_list(items)] if items else [Text("清单中没有未销号的风险。")]
    blocks: tuple[Block, ...] = (
        Heading("一、会商情况"), Text(first),
        Heading("二、风险信号变化"), *_signals(told),
        Heading("三、需要关注的对象"), *_raised(told),
        Heading("四、风险清单"), *listed,
        Heading("五、防控措施"), *_measures(items),
        Heading("六、会商结论"), *(_paragraphs(meeting.conclusions) or [Text("会商后填写。")]),
    )  # fmt: skip
    draft = "" if meeting.state == "concluded" else "会商尚未形成结论"
    return Paper(
        "risk_report", f"{meeting.title}分析报告", signing_office(meeting.office_code), "", blocks,
        official=True, sealed_on=meeting.held_on or on, draft=draft,
    )  # fmt: skip


def risk_list(items: Sequence[RiskItem], office_code: str, *, on: dt.date) -> Paper:
    """风险清单 as of a day, as the page shows it."""
    blocks: list[Block] = [Text(f"截至{chinese_date(on)}，共 {len(items)} 项。")]
    blocks += [_list(items)] if items else []
    return Paper(
        "risk_list", "医疗器械质量安全风险清单", signing_office(office_code), on.isoformat(), tuple(blocks)
    )
