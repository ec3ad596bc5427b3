"""What worried an office: the consultation about the quarter before, its risks, and the next one prepared."""

from __future__ import annotations

from datetime import date, timedelta

from django.core.files.base import ContentFile

from xiejian.cli.demo.accounts import Staffed, moment
from xiejian.risks import actions, queries, signals
from xiejian.risks.checks import Planned
from xiejian.risks.models import RiskItem, RiskMeeting, SignalReading

#: days after the quarter's end on which the meeting is held, and from it to the strike-off of the first risk
HELD_AFTER, STRUCK_AFTER = 8, 25
#: so many of what stood out go on the list
LISTED = 3
#: what people saw where no signal stood out
SEEN = actions.Entry(
    "购进验收记录不完整", "日常检查中多家单位的购进验收记录缺项，属普遍性问题。", "使用", ("无菌", "植入")
)
PROOF = "现场复查：问题产品已下架封存，整改完成，附照片和进货查验记录。"


def consult(staffed: Staffed) -> int:
    """Hold the meeting about the quarter before, list what stood out, prepare the next; how many risks."""
    first = signals.quarter(*signals.quarter_of(staffed.today)).from_on
    year, number = signals.quarter_of(first - timedelta(days=1))
    held_on = min(first + timedelta(days=HELD_AFTER), staffed.today)
    meeting = actions.prepare_meeting(
        office_code=staffed.code, year=year, quarter=number, by=staffed.officer, at=moment(held_on)
    )
    readings = _standing_out(meeting)
    _hold(staffed, meeting, held_on, readings)
    act = {"on": held_on, "by": staffed.officer, "at": moment(held_on, hour=3)}
    risks = [actions.list_reading(reading=reading, **act) for reading in readings]
    if not risks:
        risks.append(actions.list_risk(entry=SEEN, office_code=staffed.code, meeting=meeting, **act))
    for place, risk in enumerate(risks[:2]):
        _control(staffed, risk, held_on)
        if place == 0:
            _strike_off(staffed, risk, min(held_on + timedelta(days=STRUCK_AFTER), staffed.today))
    now_year, now_number = signals.quarter_of(staffed.today)
    actions.prepare_meeting(
        office_code=staffed.code, year=now_year, quarter=now_number, by=staffed.officer,
        at=moment(staffed.today, hour=5),
    )  # fmt: skip
    return len(risks)


def _standing_out(meeting: RiskMeeting) -> list[SignalReading]:
    """One reading of each signal that has one, parties before the rest."""
    rows = meeting.readings.exclude(why="").order_by("pk")
    found = {row.signal: row for row in reversed(rows)}
    return sorted(found.values(), key=lambda row: (row.grouping != "party", row.pk))[:LISTED]


def _hold(staffed: Staffed, meeting: RiskMeeting, on: date, readings: list[SignalReading]) -> None:
    people = [officer.name for officer in staffed.visitors[staffed.code]]
    act = {"by": staffed.officer, "at": moment(on, hour=2)}
    actions.hold_meeting(
        meeting=meeting, held_on=on, place="局会议室", chair=staffed.head.name,
        participants="、".join([staffed.head.name, *people]), **act,
    )  # fmt: skip
    named = "；".join(f"{row.label}（{row.why}）" for row in readings) or "本季度没有信号达到起点"
    actions.conclude_meeting(
        meeting=meeting, minutes=f"逐项分析风险信号：{named}。",
        conclusions="达到起点的列入风险清单，明确责任人、措施和期限，下一季度会商通报销号情况。", **act,
    )  # fmt: skip


def _control(staffed: Staffed, risk: RiskItem, on: date) -> None:
    act = {"by": staffed.officer, "at": moment(on, hour=4)}
    owner = queries.owners(staffed.officer, risk.office_code).first()
    actions.assess_item(item=risk, level=actions.proposed_level(risk).level, owner=owner, on=on, **act)
    risk.refresh_from_db()
    planned = Planned("现场检查，督促整改并复查", owner.name if owner else "", on + timedelta(days=20))
    actions.add_measure(item=risk, planned=planned, **act)
    actions.put_under_control(item=risk, on=on, **act)


def _strike_off(staffed: Staffed, risk: RiskItem, on: date) -> None:
    act = {"by": staffed.officer, "at": moment(on, hour=2)}
    actions.complete_measure(item=risk, measure=risk.measures.get(), on=on, result="已复查", **act)
    proof = ContentFile(PROOF.encode(), name="复查记录.txt")
    actions.ask_strike_off(item=risk, on=on, reasons="问题已整改并复查通过", files=[proof], **act)
    actions.strike_off(item=risk, on=on, by=staffed.head, at=moment(on, hour=6))
