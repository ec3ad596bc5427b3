"""By programs: three hospitals report, a signal becomes a risk, a recall is ordered, answered, closed."""

from __future__ import annotations

import pytest

from moment import NOW
from refusals import refused
from traced import DEALER, DI, HOSPITAL, LOT, MAKER, NAMES, OFFICES, TODAY, deliver, move, party
from xiejian.people.policy import Actor
from xiejian.record_steps import records
from xiejian.supply.models import LotHold
from xiejian.vigilance import queries

ON = {"on": TODAY.isoformat()}
OTHERS = {"12150525000000006K": "奈曼中医院", "12150525000000007K": "奈曼二院"}


@pytest.fixture
def door(naiman, monkeypatch):
    """door(who, kind, step, facts, key): by an officer, or by the program of a firm of a credit code."""
    for uscc, name in OTHERS.items():
        monkeypatch.setitem(NAMES, uscc, name)
    for uscc in (MAKER, *OTHERS):
        monkeypatch.setitem(OFFICES, uscc, "150525")
    for uscc in (MAKER, DEALER, HOSPITAL, *OTHERS):
        party(uscc).links.create(link="生产" if uscc == MAKER else "使用")
    move(MAKER, "make", 100)
    deliver(MAKER, DEALER, 60)
    for uscc in (HOSPITAL, *OTHERS):
        deliver(DEALER, uscc, 10)

    def open_(who, kind, step, facts, key=""):
        officer = Actor("li", "李科", "150525", "section_officer")
        by = Actor(f"{who}:x", "甲", "firm", "firm_quality", who) if who else officer
        if step == "create":
            return records.create(kind, facts, by=by, at=NOW)
        return records.take(kind, str(key), step, facts, by=by, at=NOW)

    return open_


def test_from_three_reports_to_a_closed_recall(door):
    report = {
        "product_name": "试剂盒", "lot": LOT, "harm": "严重伤害", "injury": "误诊", "failure": "假阴性",
        "event_on": ON["on"], "found_on": ON["on"], "reported_on": ON["on"], "maker": NAMES[MAKER],
        "reporter_kind": "使用单位",
    }  # fmt: skip
    told = [door(uscc, "event", "create", report) for uscc in (HOSPITAL, *OTHERS)]
    officer = Actor("li", "李科", "150525", "section_officer")
    alerts = [alert for alert, _ in queries.look(officer, "prr_default", TODAY, TODAY).alerts]
    (alert,) = [one for one in alerts if one.rule == "serious_lot"]
    assert len(alert.reports) == len(told)
    risk = door("", "risk", "create", {
        "title": "试剂盒假阴性", "content": "三家医院报告", "office_code": "150525", **ON})  # fmt: skip
    judged = door("", "event_signal", "create", {
        "rule": alert.rule, "product_name": alert.product, "subject": alert.subject, "outcome": "列入清单",
        "reason": "同批三例", "value": {"reports": 3}, "office_code": "150525", **ON,
        "risk_no": risk["number"],
    })  # fmt: skip
    assert judged["risk_no"] == risk["number"]

    recall = door("", "recall", "create", {
        "product_name": "试剂盒", "reason": "假阴性", "suspected_on": ON["on"], "holder_name": NAMES[MAKER],
        "holder_uscc": MAKER, "di": DI, "lots": [LOT], "level": "一级", **ON,
        "source": {"kind": "signal", "record": judged["id"], "number": "同批次严重伤害"},
    })  # fmt: skip
    number = recall["number"]
    door(MAKER, "recall", "receive_order", ON, number)
    door("", "recall", "trace_holders", ON, number)
    door(MAKER, "recall", "notify_holders", {"how": "系统", **ON}, number)
    assert LotHold.objects.filter(released_at=None).count() == 5  # the maker, the dealer, three hospitals
    for uscc, found in ((MAKER, 40), (DEALER, 30), (HOSPITAL, 10), *((one, 10) for one in OTHERS)):
        answer = {"stopped": True, "found": found, "returned": found, **ON}
        assert door(uscc, "recall_answer", "answer_recall", answer, number)["remaining"] == 0
    door(MAKER, "recall", "file_form", ON, number)
    door(MAKER, "recall", "file_plan", {
        "planned": 100, "measures": "收回销毁", "treatments": ["收回", "销毁"], "finish_by": ON["on"],
        "every_days": 1, **ON,
    }, number)  # fmt: skip
    door(
        MAKER, "recall", "report_progress", {"returned": 100, "treated": 100, "destroyed": 100, **ON}, number
    )
    door(MAKER, "recall", "complete_recall", ON, number)
    door(MAKER, "recall", "file_summary", {"summary": "全部收回销毁", **ON}, number)
    closed = door("", "recall", "pass_recall", {"review": "有效", **ON}, number)
    assert (closed["state"], closed["answered"]) == ("effective", 5)
    assert not LotHold.objects.filter(released_at=None).exists()


def test_a_firms_program_reaches_its_own_records_alone(door):
    report = {
        "product_name": "试剂盒", "lot": LOT, "harm": "其他", "injury": "无", "failure": "渗漏",
        "event_on": ON["on"], "found_on": ON["on"], "reported_on": ON["on"], "reporter_kind": "使用单位",
    }  # fmt: skip
    told = door(HOSPITAL, "event", "create", report)
    dealer = Actor(f"{DEALER}:x", "乙", "firm", "firm_quality", DEALER)
    for kind in ("event", "event_of_product", "recall", "recall_answer"):
        assert records.listed(kind, actor=dealer, on=TODAY)["total"] == 0
    with refused("Y102"):
        records.find("event", told["number"], actor=dealer, on=TODAY)


def test_it_does_not_review_its_own_recall(door):
    recall = door(MAKER, "recall", "create", {
        "product_name": "试剂盒", "reason": "假阴性", "suspected_on": ON["on"], "lots": [LOT]})  # fmt: skip
    with refused("Y103"):
        door(MAKER, "recall", "pass_recall", {"review": "好", **ON}, recall["number"])
