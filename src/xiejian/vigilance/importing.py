"""The door for whole files of adverse event reports: one row is one report, by its number.

Two reports of one event stay two; a row read again changes nothing. What is new stands as reported, with
its time for the review running.
"""

from __future__ import annotations

import datetime as dt
from functools import partial
from itertools import pairwise
from pathlib import Path

from django.db import transaction

from xiejian.clocks import actions as clocks
from xiejian.kernel import tabular
from xiejian.kernel.cells import Cells
from xiejian.kernel.tabular import Column
from xiejian.people.policy import Actor, require
from xiejian.registry.batches import Batch, Outcome, Progress
from xiejian.registry.models import Party
from xiejian.registry.records import Reading, RecordLoad, Written, extra_of, given
from xiejian.registry.references import REFERENCE, REFERENCE_COLUMNS, PartyRef, office_code
from xiejian.vigilance import rules
from xiejian.vigilance.actions import SUBJECT, WORKFLOW, new_clock
from xiejian.vigilance.checks import (
    CLASSES,
    HARMS,
    ORIGINS,
    PLACES,
    REPORTERS,
    SEXES,
    STRUCTURES,
    check_order_of_dates,
    problems,
)
from xiejian.vigilance.models import AdverseEvent

_HARM_WORDS = {"严重": "严重伤害", "严重伤害事件": "严重伤害", "死亡事件": "死亡", "一般": "其他"}
_REPORTER_WORDS = {
    "上市许可持有人": "持有人", "注册人": "持有人", "生产企业": "持有人", "经营单位": "经营企业",
    "医疗机构": "使用单位", "医院": "使用单位",
}  # fmt: skip
_CLASS_WORDS = {
    "Ⅰ": "1", "Ⅱ": "2", "Ⅲ": "3", "I": "1", "II": "2", "III": "3", "第一类": "1", "第二类": "2",
    "第三类": "3", "一类": "1", "二类": "2", "三类": "3", "Ⅰ类": "1", "Ⅱ类": "2", "Ⅲ类": "3",
}  # fmt: skip

EVENT_COLUMNS = (
    Column("报告编号", True, "监测系统给的编号", "1505002023000012", ("报告表编号",)),
    *REFERENCE_COLUMNS,
    Column("报告单位类别", False, "、".join(REPORTERS) + "；空为使用单位", "使用单位", ("单位类别",)),
    Column("报告日期", True, "", "2023-06-20", ("上报日期",)),
    Column("产品名称", True, "", "一次性使用输液器", ("器械名称", "医疗器械名称")),
    Column("注册证编号", False, "注册证或者备案编号", "国械注准20153141234", ("注册证号", "备案编号")),
    Column("规格型号", False, "", "0.7mm", ("型号规格", "型号", "规格")),
    Column("结构特征", False, "、".join(STRUCTURES), "无源", ("结构类型",)),
    Column("产地", False, "、".join(ORIGINS), "境内", ("产品来源",)),
    Column("管理类别", False, "1、2、3", "3", ("器械类别",)),
    Column("批号", False, "批号与序列号至少填一个", "20230105", ("产品批号", "生产批号")),
    Column("序列号", False, "批号与序列号至少填一个", "", ("产品编号",)),
    Column("唯一标识", False, "", "", ("UDI",)),
    Column("生产日期", False, "", ""),
    Column("有效期至", False, "", ""),
    Column("注册人或备案人", False, "", "某医疗器械有限公司", ("持有人", "持有人名称", "生产企业")),
    Column("事件发生日期", True, "", "2023-06-10", ("发生日期",)),
    Column("发现或者获知日期", False, "空为事件发生日期", "2023-06-11", ("发现日期", "获知日期")),
    Column("伤害程度", True, "、".join(HARMS), "严重伤害", ("伤害", "事件后果")),
    Column("伤害表现", True, "", "寒战、发热", ("伤害描述",)),
    Column("器械故障表现", True, "", "接头处渗漏", ("故障表现", "故障描述")),
    Column("故障表现用语", False, "用语表中的名称；空则按故障表现归类", "渗漏", ("故障术语",)),
    Column("患者年龄段", False, "、".join(rules.values("age_bands")), "60至74岁", ("年龄段",)),
    Column("患者性别", False, "、".join(SEXES), "女", ("性别",)),
    Column("使用场所", False, "、".join(PLACES), "医疗机构"),
    Column("使用过程", False, "", ""),
    Column("现场处置", False, "", "更换输液器", ("初步处置",)),
    Column("办理机构代码", False, "空则为报告单位所属机构", "150525"),
)  # fmt: skip
#: Headings that would tell who the patient is: never kept.
PRIVATE = ("患者姓名", "姓名", "病历号", "住院号", "身份证号", "联系电话", "患者电话", "出生日期", "联系地址")


@transaction.atomic
def import_events(
    *,
    path: Path,
    by: Actor,
    at: dt.datetime,
    office_code: str = "",
    filename: str = "",
    progress: Progress | None = None,
) -> Outcome:
    """Load a file of reports (columns: ``EVENT_COLUMNS``); Refused like ``import_parties``.

    Columns that would name a patient are not stored.
    """
    require(by, "registry.import", office_code or None)
    table = tabular.read(path, EVENT_COLUMNS, either=REFERENCE)
    batch = Batch("events", path, by, at, office_code, filename, progress)
    load = RecordLoad(
        batch, AdverseEvent, "number", "报告编号", _read, "办理机构代码", partial(_connect, by=by, at=at)
    )
    load.run(table)
    return batch.finish(table, "events", {"amended": load.amended})


def _days(cells: Cells, today: dt.date) -> dict[str, dt.date | None]:
    names = ("生产日期", "事件发生日期", "发现或者获知日期", "报告日期")
    required = ("事件发生日期", "报告日期")
    days = {name: cells.day(name, required=name in required, not_after=today) for name in names}
    days["发现或者获知日期"] = days["发现或者获知日期"] or days["事件发生日期"]
    for earlier, later in pairwise(names):
        cells.problems.extend(check_order_of_dates(earlier, days[earlier], later, days[later]))
    return days


def _term(cells: Cells, failure: str) -> str:
    """The id of the term that the row names, else that its own words propose."""
    by_label = {label: name for name, label in rules.terms().items()}
    return by_label.get(cells.choice("故障表现用语", by_label), "") or rules.term_of(failure)


def _read(cells: Cells, ref: PartyRef | None, today: dt.date) -> Reading:
    """One row of the form."""
    days = _days(cells, today)
    lot, serial = cells.text("批号", 120), cells.text("序列号", 120)
    if not lot and not serial:
        cells.problems.append(problems("J105", "批号"))
    failure = cells.text("器械故障表现", 2000, required=True)
    stated = given(
        party_id=ref.pk if ref else None,
        reporter_kind=cells.choice("报告单位类别", REPORTERS, REPORTERS[2], _REPORTER_WORDS),
        reported_on=days["报告日期"],
        product_name=cells.text("产品名称", 300, required=True),
        registration_no=cells.text("注册证编号", 120),
        model_spec=cells.text("规格型号", 200),
        structure=cells.choice("结构特征", STRUCTURES),
        origin=cells.choice("产地", ORIGINS, synonyms={"国产": ORIGINS[0]}),
        device_class=cells.choice("管理类别", CLASSES, synonyms=_CLASS_WORDS),
        lot=lot,
        serial=serial,
        udi=cells.text("唯一标识", 200),
        made_on=days["生产日期"],
        expires_on=cells.day("有效期至"),
        maker=cells.text("注册人或备案人", 300),
        event_on=days["事件发生日期"],
        found_on=days["发现或者获知日期"],
        harm=cells.choice("伤害程度", HARMS, synonyms=_HARM_WORDS, required=True),
        injury=cells.text("伤害表现", 2000, required=True),
        failure=failure,
        term=_term(cells, failure),
        age_band=cells.choice("患者年龄段", rules.values("age_bands")),
        sex=cells.choice("患者性别", SEXES),
        use_place=cells.choice("使用场所", PLACES),
        use_process=cells.text("使用过程", 2000),
        first_measures=cells.text("现场处置", 2000),
        extra={k: v for k, v in extra_of(cells, EVENT_COLUMNS).items() if k not in PRIVATE},
    )
    office = office_code(cells, "办理机构代码") or (ref.office_code if ref else "")
    return Reading(cells.text("报告编号", 60, required=True), office, stated, {"state": WORKFLOW.start})


def _connect(written: Written[AdverseEvent], *, by: Actor, at: dt.datetime) -> None:
    """Find the makers of what was written and set the clocks of what is new."""
    rows = written.all
    makers: dict[str, set[int]] = {}
    named = Party.objects.filter(name__in={row.maker for row in rows if row.maker}, links__link="生产")
    for name, pk in named.order_by().values_list("name", "pk"):
        makers.setdefault(name, set()).add(pk)
    for row in rows:
        found = makers.get(row.maker, set())
        row.maker_party_id = next(iter(found)) if len(found) == 1 else None
    AdverseEvent.objects.bulk_update(rows, ["maker_party"], batch_size=500)
    new = written.created
    reporting = [
        c for row in new for c in new_clock(row, "report", row.found_on, row.reporter_kind, row.harm)
    ]
    clocks.set_clocks(reporting, by=by, at=at)
    ended = {row.pk: row.reported_on for row in new}
    clocks.finish_clocks(subject=SUBJECT, name="report", ended=ended, by=by, at=at)
    clocks.set_clocks((c for row in new for c in new_clock(row, "review", row.reported_on)), by=by, at=at)
