"""From a complaint to a lower credit grade, and a risk that closes and opens again, by steps of records.

The same list for every door of programs. A line is who, the kind, the step (``create`` makes one) and its
facts. A step is taken on the record of that kind made last; ``$lead`` in a fact is the number of the lead
made last, ``$measure`` the measure of the risk.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable
from typing import Any

from visiting import PHOTO

SHOP = "明眸眼镜店"
#: The plan whose tables count the visit and the case.
CAMPAIGN = "naiman-2023"
#: Sealed: no answer may hold it.
SECRET = "13800001111"
Line = tuple[str, str, str, dict[str, Any]]
#: Makes a record or takes a step in somebody's name: (by, kind, key, step, facts) → the record's answer.
Door = Callable[[str, str, str, str, dict[str, Any]], dict[str, Any]]


def lines(today: dt.date) -> list[Line]:
    """All of it on one day: the party gives up its time for a defence and for an objection."""
    on = {"on": today.isoformat()}
    problem = {
        "point": "extra-1", "state": "not_conform", "severe": True, "clause": "条例第四十二条",
        "fact": "柜内有第三类产品20盒，未取得经营许可",
    }  # fmt: skip
    penalty = {
        "provision": "P81-3", "facts": {"goods_value": "3000", "circumstances": []}, "step": "ordinary",
        "conduct_on": on["on"], "proposal": {"fine_fen": 9_000_000}, "opinion": "按一般档次",
    }  # fmt: skip
    return [
        ("bing", "lead", "create", {
            "text": "没有三类许可，柜台里有角膜接触镜在卖", "received_on": on["on"], "source": "热线",
            "kind": "举报", "party_named": SHOP, "office_code": "150525", "identity": {"phone": SECRET}}),
        ("bing", "lead", "triage_lead", {
            "kind": "举报", "topic": "unlicensed", "priority": "优先", "party": SHOP, "link": "经营",
            "area": "医疗器械", "office_code": "150525"}),
        ("bing", "lead", "accept_lead", on),
        ("bing", "lead", "assign_lead", {"handler": "bing", **on}),
        ("bing", "visit", "create", {
            "party": SHOP, "link": "经营", "kind": "有因检查", "campaign": CAMPAIGN,
            "tags": ["角膜接触镜"], "planned_on": on["on"], "team": ["jia", "yi"],
            "office_code": "150525100", "checklist": "", "origin": {"kind": "lead", "number": "$lead"}}),
        ("jia", "visit", "start_visit", on),
        ("jia", "visit", "record_findings", {"entries": [problem]}),
        ("jia", "visit", "conclude_visit", {}),
        ("jia", "proceeding", "create", {
            "party": SHOP, "conduct": "未经许可经营第三类医疗器械", "conduct_on": on["on"], "link": "经营",
            "campaign": CAMPAIGN, "tags": ["角膜接触镜"],
            "source": "监督检查", "source_on": on["on"], "origin": {"kind": "visit", "number": "$visit"}}),
        ("jia", "proceeding", "assign_investigators", {"officers": ["jia", "yi"], **on}),
        ("ding", "proceeding", "file_proceeding", on),
        ("jia", "proceeding", "assess_penalty", {**penalty, **on}),
        ("jia", "proceeding", "report_investigation", {
            "facts_found": "未取得许可经营第三类产品", "evidence": "现场笔录", **on}),
        ("bing", "proceeding", "pass_review", {"opinion": "事实清楚，证据充分", **on}),
        ("jia", "proceeding", "serve_notice", {"how": "直接送达", **on}),
        ("jia", "proceeding", "waive_defence", on),
        ("ding", "proceeding", "decide_proceeding", on),
        ("jia", "proceeding", "issue_paper", {
            "kind": "penalty_decision", "issued_on": on["on"], "values": {"bank": "指定银行"}}),
        ("bing", "publication", "create", {"case": "$proceeding"}),
        ("ding", "publication", "approve_publication", on),
        ("bing", "credit_grade", "create", {"party": SHOP, "reason": "行政处罚", **on}),
        ("bing", "credit_grade", "notify_grades", {"how": "直接送达", **on}),
        ("ding", "credit_grade", "decide_grades", {"waived": True, **on}),
        ("bing", "lead", "decide_filing", {"filing": "立案", "reason": "违法事实成立", **on}),
        ("bing", "lead", "answer_lead", {"outcome": "属实", "answer": "已作出处罚决定", **on}),
        ("bing", "risk", "create", {
            "title": "无证经营角膜接触镜", "content": "同类店铺多", "party": SHOP,
            "office_code": "150525", **on}),
        ("bing", "risk", "assess_item", {"level": "medium", "owner": "jia", "reason": "已受处罚", **on}),
        ("bing", "risk", "add_measure", {"content": "逐店核查", "who": "甲检", "due_on": on["on"]}),
        ("bing", "risk", "put_under_control", on),
        ("bing", "risk", "complete_measure", {"measure": "$measure", "result": "已核查", **on}),
        ("bing", "risk", "ask_strike_off", {"reasons": "已停业", "files": [
            {"name": "复查.jpg", "base64": base64.b64encode(PHOTO).decode()}], **on}),
        ("ding", "risk", "strike_off", on),
        ("bing", "risk", "return_item", {"reason": "换店名再营业", **on}),
    ]  # fmt: skip


def walk(door: Door, today: dt.date) -> dict[str, dict[str, Any]]:
    """Every line through one door; the last answer about each kind."""
    last: dict[str, dict[str, Any]] = {}
    for by, kind, step, facts in lines(today):
        key = "" if step == "create" else str(last[kind].get("number") or last[kind]["id"])
        last[kind] = door(by, kind, key, step, _filled(facts, last))
    return last


def _filled(given: Any, last: dict[str, dict[str, Any]]) -> Any:
    if isinstance(given, dict):
        return {name: _filled(one, last) for name, one in given.items()}
    if given == "$measure":
        return str(last["risk"]["measures_pk"][-1])
    if isinstance(given, str) and given.startswith("$"):
        found = last[given[1:]]
        return found["case"] if given == "$proceeding" else found["number"]
    return given
