"""The year of a maker, a distributor and three hospitals beside their office, as the facts of each step.

The doors walk it alike: an order to correct answered, a self-inspection filed, a delivery received by its
scanned code, a gap in the cold chain that stops the sale until two people let it go, three hospitals that
report one event, the signal on the risk list, the recall ordered, traced, answered and closed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from moment import NOW
from visiting import enrol
from xiejian.coldchain import actions as coldchain
from xiejian.coldchain.checks import LoggerEntry
from xiejian.people.policy import SYSTEM
from xiejian.registry.models import Party
from xiejian.self_inspections.models import SelfInspection

MAKER, DEALER = "91110105MA01XXXX0Y", "91320594588468512N"
HOSPITALS = ("12150525MB0000001A", "12150525MB00000027", "12150525MB00000034")
DI, LOT, PRODUCT = "06901234567892", "A1", "血糖试剂盒"
STORE = "1号冷库"
MADE, SENT, SHARES = 100, 60, (20, 15, 10)

#: who (an officer's login, or a firm's code and the role there), kind, number ("" to make one), step, facts
#: → the record as it is then
Do = Callable[[Any, str, str, str, Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class Cast:
    """The firms, and the day on which all of it happens."""

    maker: Party
    dealer: Party
    hospitals: list[Party]
    on: dt.date

    @property
    def day(self) -> str:
        return self.on.isoformat()

    @property
    def scan(self) -> str:
        """What a scanner reads off a box of the lot."""
        return f"(01){DI}(17){self.on.year % 100 + 1}0630(10){LOT}"

    def past(self, days: int) -> str:
        return (self.on - dt.timedelta(days=days)).isoformat()


def enrol_all(on: dt.date) -> Cast:
    """The five firms in the register, and the distributor's logger in its cold store."""
    maker = enrol("奈曼旗康泰诊断试剂有限公司", "150525100", NOW, link="生产", uscc=MAKER)
    dealer = enrol("奈曼旗安康医疗器械有限公司", "150525100", NOW, uscc=DEALER)
    names = ("奈曼旗人民医院", "奈曼旗蒙医医院", "大沁他拉镇卫生院")
    hospitals = [
        enrol(name, "150525100", NOW, link="使用", uscc=uscc)
        for name, uscc in zip(names, HOSPITALS, strict=True)
    ]
    for party in (maker, dealer, *hospitals):
        party.links.update(classes="2", mode="批发", filed_on=dt.date(2020, 5, 1))
    entry = LoggerEntry(
        code="LK-01", place=STORE, kind="cold_store", interval_seconds=1800,
        used_from=on - dt.timedelta(days=60), low_centi=200, high_centi=800,
    )  # fmt: skip
    coldchain.register_logger(
        firm_uscc=dealer.uscc, firm_name=dealer.name, entry=entry, by=SYSTEM, at=timezone.now()
    )
    return Cast(maker, dealer, hospitals, on)


def readings(on: dt.date) -> list[dict[str, Any]]:
    """Two days of half-hourly readings, six hours of them missing."""
    first = dt.datetime.combine(on - dt.timedelta(days=2), dt.time(0), dt.timezone(dt.timedelta(hours=8)))
    moments = [first + n * dt.timedelta(minutes=30) for n in range(48)]
    gap = range(20, 32)
    return [
        {"logger": "LK-01", "at": at.isoformat(), "celsius": 5.0}
        for n, at in enumerate(moments)
        if n not in gap
    ]


def order_correction(cast: Cast, do: Do) -> str:
    """A visit that finds a defect, and the order to correct it; the number of the order."""
    dealer = cast.dealer
    visit = do("bing", "visit", "", "", {
        "party": dealer.uscc, "link": "经营", "kind": "日常检查", "planned_on": cast.day,
        "team": ["jia", "yi"],
        "office_code": "150525100", "checklist": "",
    })["number"]  # fmt: skip
    do("jia", "visit", visit, "start_visit", {"on": cast.day})
    defect = {
        "point": "extra-1", "state": "not_conform", "severe": False, "clause": "规范第五十四条",
        "fact": "冷库停电两小时没有记录",
    }  # fmt: skip
    do("jia", "visit", visit, "record_findings", {"entries": [defect]})
    return str(do("jia", "correction", "", "", {
        "visit": visit, "content": "补记停电情况，完善应急预案", "ordered_on": cast.day,
        "due_on": (cast.on + dt.timedelta(days=15)).isoformat(),
    })["number"])  # fmt: skip


def answer_correction(cast: Cast, do: Do) -> str:
    """The order answered defect by defect; its state then."""
    order, dealer = order_correction(cast, do), cast.dealer
    seen = do((dealer, "firm_quality"), "correction", order, "", {})
    told = [{"item": pk, "cause": "没有指定专人", "measure": "已指定专人并补记"} for pk in seen["items_pk"]]
    given = {"answers": told, "complete": True, "answer": "已全部整改"}
    return str(do((dealer, "firm_quality"), "correction", order, "answer", given)["state"])


def file_self_inspection(cast: Cast, do: Do, filled: Callable[[SelfInspection], dict[str, Any]]) -> str:
    """The distributor's report of the year before; its state then."""
    who = (cast.dealer, "firm_quality")
    number = do(who, "self_inspection", "", "", {"link": "经营", "year": cast.on.year - 1})["number"]
    answers = filled(SelfInspection.objects.get(number=number))
    do(who, "self_inspection", number, "save_answers", {"answers": answers})
    facts = {"filler": "赵质量", "post": "质量负责人"}
    return str(do(who, "self_inspection", number, "file_self_inspection", facts)["state"])


def receive_by_scan(cast: Cast, do: Do) -> Mapping[str, Any]:
    """The maker makes and sends a lot; the distributor receives it by the code on the box."""
    lot = {"udi": cast.scan, "product_name": PRODUCT}
    do((cast.maker, "firm_store"), "movement", "", "", {
        "kind": "make", "quantity": MADE, "on": cast.past(20), "made_on": cast.past(20), **lot})  # fmt: skip
    do((cast.maker, "firm_store"), "movement", "", "", {
        "kind": "ship", "quantity": SENT, "on": cast.past(12), "partner_uscc": DEALER,
        "partner_name": cast.dealer.name, "document_no": "FH-1", **lot})  # fmt: skip
    return do((cast.dealer, "firm_store"), "movement", "", "", {
        "kind": "receive", "quantity": SENT, "on": cast.past(11), "partner_uscc": MAKER,
        "partner_name": cast.maker.name, "document_no": "FH-1", "place": STORE, **lot})  # fmt: skip


def shipment(cast: Cast, place: int) -> dict[str, Any]:
    """What the distributor sends to one of the hospitals."""
    to = cast.hospitals[place]
    return {
        "kind": "ship", "quantity": SHARES[place], "on": cast.day, "partner_uscc": to.uscc,
        "partner_name": to.name, "document_no": f"XS-{place + 1}", "udi": cast.scan, "product_name": PRODUCT,
    }  # fmt: skip


def let_go(cast: Cast, do: Do, number: str) -> str:
    """The gap explained, judged by one person and released by another; its state then."""
    dealer = cast.dealer
    do((dealer, "firm_store"), "excursion", number, "explain_excursion", {"explanation": "记录仪换电池"})
    do((dealer, "firm_quality"), "excursion", number, "assess_excursion", {
        "outcome": "usable", "reason": "稳定性数据支持", "evidence": "稳定性报告 W-7"})  # fmt: skip
    given = {"reason": "同意放行"}
    return str(do((dealer, "firm_head"), "excursion", number, "release_excursion", given)["state"])


def sell_on(cast: Cast, do: Do) -> None:
    """Each hospital is sent its share and receives it."""
    for place, to in enumerate(cast.hospitals):
        do((cast.dealer, "firm_store"), "movement", "", "", shipment(cast, place))
        sent = shipment(cast, place) | {"kind": "receive", "partner_uscc": DEALER}
        do((to, "firm_clinic"), "movement", "", "", sent | {"partner_name": cast.dealer.name})


def report_events(cast: Cast, do: Do) -> list[str]:
    """Three hospitals report the same failure of the same lot; the numbers of the reports."""
    return [
        str(do((one, "firm_clinic"), "event", "", "", {
            "product_name": PRODUCT, "lot": LOT, "udi": cast.scan, "event_on": cast.day, "found_on": cast.day,
            "reported_on": cast.day, "harm": "严重伤害", "injury": "低血糖昏迷", "failure": "结果偏高",
            "age_band": "", "use_place": "", "maker": cast.maker.name, "reporter_kind": "使用单位",
        })["number"])
        for one in cast.hospitals
    ]  # fmt: skip


def list_risk(cast: Cast, do: Do, rule: str, subject: str) -> str:
    """The signal goes to the risk list; the number of the risk."""
    risk = str(do("bing", "risk", "", "", {
        "title": f"{PRODUCT}：{subject}", "content": "三家医院报告同批次严重伤害", "office_code": "150525",
        "on": cast.day,
    })["number"])  # fmt: skip
    do("bing", "event_signal", "", "", {
        "rule": rule, "product_name": PRODUCT, "subject": subject, "outcome": "列入清单",
        "reason": "三家医院同批次", "value": {"reports": 3}, "on": cast.day, "office_code": "150525",
        "risk_no": risk})  # fmt: skip
    return risk


def recall(cast: Cast, do: Do) -> Mapping[str, Any]:
    """The office orders a recall; the maker traces and tells the holders, they answer, it is closed."""
    on, maker = {"on": cast.day}, (cast.maker, "firm_quality")
    number = str(do("bing", "recall", "", "", {
        "product_name": PRODUCT, "reason": "三起同批次严重伤害报告", "suspected_on": cast.day,
        "holder_name": cast.maker.name, "holder_uscc": MAKER, "di": DI, "lots": [LOT], "level": "一级",
        "range_text": "批号A1全部产品", "office_code": "150525", "received_on": cast.day, **on,
    })["number"])  # fmt: skip
    do(maker, "recall", number, "trace_holders", on)
    do(maker, "recall", number, "notify_holders", {"how": "电话", **on})
    do(maker, "recall", number, "file_form", {"contact": "赵质量", **on})
    do(maker, "recall", number, "file_plan", {
        "planned": SENT, "measures": "停止销售和使用，全部收回", "treatments": ["收回", "销毁"],
        "finish_by": (cast.on + dt.timedelta(days=20)).isoformat(), "every_days": 5, "made": MADE,
        "sold": SENT, **on})  # fmt: skip
    held = {cast.maker: MADE - SENT, cast.dealer: SENT - sum(SHARES)}
    held |= dict(zip(cast.hospitals, SHARES, strict=True))
    for one, quantity in held.items():
        role = "firm_clinic" if one in cast.hospitals else "firm_quality"
        do((one, role), "recall_answer", number, "answer_recall", {
            "stopped": True, "found": quantity, "returned": quantity, "note": "已封存", **on})  # fmt: skip
    do(maker, "recall", number, "report_progress", {
        "returned": SENT, "treated": SENT, "destroyed": SENT, **on})  # fmt: skip
    do(maker, "recall", number, "complete_recall", on)
    do(maker, "recall", number, "file_summary", {"summary": "全部收回并在监督下销毁", **on})
    return do("bing", "recall", number, "pass_recall", {"review": "召回有效", **on})
