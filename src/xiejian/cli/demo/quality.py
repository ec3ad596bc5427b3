"""The quality desk of one firm of the demo: a document, a finding, a training, a complaint, watched laws."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from xiejian.cli.demo.accounts import Staffed, moment
from xiejian.cli.demo.firm_people import people_of
from xiejian.quality import documents, improving, watching
from xiejian.registry.models import Party

LOGINS = {"quality": "firm_quality", "head": "firm_head", "store": "firm_store"}
TEXT = (
    "一、目的：冷藏、冷冻医疗器械在收货、贮存、运输中不超出标示的温度。\n"
    "二、收货：核实运输方式和途中温度，记录缺失的拒收或者隔离待处理。\n"
    "三、贮存：每日上午、下午各核对一次温度记录。"
)
SECOND = TEXT.replace("每日上午、下午各核对一次温度记录", "温度自动记录，报警后先查明影响的批次")


def open_quality(staffed: Staffed) -> int:
    """The desk of the office's first distributor, as it stands today; how many records."""
    sellers = Party.objects.filter(office_code__startswith=staffed.code, links__link="经营", status="正常")
    party = sellers.exclude(uscc=None).order_by("uscc").first()
    if party is None:
        return 0
    actors = people_of(party, LOGINS, staffed)

    def act(login: str, before: int) -> dict[str, Any]:
        return {"by": actors[login], "at": moment(staffed.today - timedelta(days=before), hour=2)}

    def day(before: int) -> date:
        return staffed.today - timedelta(days=before)

    first = documents.draft_document(
        number="QP-07", title="冷链管理程序", kind="procedure", text=TEXT, **act("quality", 200)
    )
    documents.hand_in_version(version=first, **act("quality", 200))
    first = documents.approve_version(version=first, effective_on=day(190), **act("head", 198))
    documents.read_version(version=first, **act("store", 189))
    second = documents.draft_version(version=first, text=SECOND, change="改用自动记录仪", **act("quality", 6))
    documents.hand_in_version(version=second, **act("quality", 5))
    finding = improving.register_finding(
        source="内部审核", title="二号冷库缺两日温度记录", content="换电池后没有重新开启记录。",
        found_on=day(30), clause="贮存", **act("quality", 30),
    )  # fmt: skip
    improving.plan_action(
        finding=finding, cause="换电池后没有人核对", correction="补查两日的报警记录",
        action="换电池登记并由另一人核对", owner="仓储组", due_on=day(10), **act("quality", 29),
    )  # fmt: skip
    improving.carry_out_action(finding=finding, on=day(12), evidence="登记表三份", **act("quality", 12))
    improving.plan_training(
        topic="冷链收货与报警处理",
        audience="仓储、质量人员",
        planned_on=day(-10),
        hours=2,
        **act("quality", 20),
    )
    told = improving.record_feedback(
        kind="包装破损", customer="某卫生院", content="外箱压坏，内包装完好。", received_on=day(8),
        product_name="一次性使用输液器", **act("quality", 8),
    )  # fmt: skip
    improving.investigate_feedback(feedback=told, finding="运输中重压", is_event=False, **act("quality", 7))
    watched = watching.refresh_watch(**act("quality", 0))
    return 4 + len(watched)
