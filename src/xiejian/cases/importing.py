"""The cases room's door for whole files: penalty cases by their number, interviews by their content."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

from django.db import transaction

from xiejian.cases.checks import PROCEDURES, check_order_of_dates
from xiejian.cases.models import Case, Interview
from xiejian.inspections.importing import addressees, replace_transfers
from xiejian.kernel import tabular
from xiejian.kernel.cells import Cells, tag_text
from xiejian.kernel.tabular import Column
from xiejian.people.policy import Actor, require
from xiejian.registry.batches import Batch, Outcome, Progress
from xiejian.registry.columns import read_link
from xiejian.registry.models import LINKS
from xiejian.registry.records import Reading, RecordLoad, Written, extra_of, given
from xiejian.registry.references import REFERENCE, REFERENCE_COLUMNS, PartyRef, office_code

_PROCEDURE_WORDS = {"简易程序": "简易", "一般": "普通", "一般程序": "普通", "普通程序": "普通"}

CASE_COLUMNS = (
    Column("案号", True, "行政处罚决定书或立案的文号", "奈市监处罚〔2023〕12号", ("文号", "案件编号")),
    *REFERENCE_COLUMNS,
    Column("立案日期", True, "", "2023-06-01"),
    Column("决定日期", False, "处罚决定日期", "2023-07-20"),
    Column("结案日期", False, "", "2023-08-01"),
    Column("程序", False, "、".join(PROCEDURES) + "；空为普通", "普通"),
    Column("环节", True, "、".join(LINKS), "经营"),
    Column("品种标签", False, "以 、 连接；空则取名录中该环节的标签", "无菌"),
    Column("专项", False, "专项整治的编号或名称", "naiman-2023"),
    Column("违法行为", False, "", "经营未经注册的医疗器械"),
    Column("罚款", False, "元，至多两位小数", "20000"),
    Column("个人罚款", False, "元", "0"),
    Column("没收违法所得", False, "元", "350.50"),
    Column("货值金额", False, "元", "1200"),
    Column("处罚到人数", False, "整数", "0"),
    Column("责令停产停业", False, "是、否", "否"),
    Column("吊销许可证", False, "是、否", "否"),
    Column("列入严重违法失信名单", False, "是、否", "否"),
    Column("申请法院强制执行", False, "是、否", "否"),
    Column("移送", False, "公安、卫健、海关、纪检，以 、 连接", "公安"),
    Column("移送日期", False, "空则为决定日期，未决定的为立案日期", ""),
    Column("承办机构代码", False, "空则为监管对象所属机构", "150525"),
)
INTERVIEW_COLUMNS = (
    *REFERENCE_COLUMNS,
    Column("约谈日期", True, "", "2023-06-01"),
    Column("环节", False, "、".join(LINKS), "经营"),
    Column("品种标签", False, "以 、 连接；空则取名录中该环节的标签", "无菌"),
    Column("专项", False, "专项整治的编号或名称", "naiman-2023"),
    Column("事由", False, "", "未按时提交自查报告"),
    Column("机构代码", False, "空则为监管对象所属机构", "150525"),
)


@transaction.atomic
def import_cases(
    *,
    path: Path,
    by: Actor,
    at: dt.datetime,
    office_code: str = "",
    filename: str = "",
    progress: Progress | None = None,
) -> Outcome:
    """Load a file of cases (columns: ``CASE_COLUMNS``); Refused like ``import_parties``."""
    require(by, "registry.import", office_code or None)
    table = tabular.read(path, CASE_COLUMNS, either=REFERENCE)
    batch = Batch("cases", path, by, at, office_code, filename, progress)
    load = RecordLoad(batch, Case, "number", "案号", _read_case, "承办机构代码", _hand_over)
    load.run(table)
    return batch.finish(table, "cases", {"amended": load.amended})


@transaction.atomic
def import_interviews(
    *,
    path: Path,
    by: Actor,
    at: dt.datetime,
    office_code: str = "",
    filename: str = "",
    progress: Progress | None = None,
) -> Outcome:
    """Load a file of interviews (columns: ``INTERVIEW_COLUMNS``); the same talk loads once."""
    require(by, "registry.import", office_code or None)
    table = tabular.read(path, INTERVIEW_COLUMNS, either=REFERENCE)
    batch = Batch("interviews", path, by, at, office_code, filename, progress)
    load = RecordLoad(batch, Interview, "record_key", "约谈日期", _read_interview, "机构代码")
    load.run(table)
    return batch.finish(table, "interviews", {"amended": load.amended})


def _read_case(cells: Cells, ref: PartyRef | None, today: dt.date) -> Reading:
    """One row of the cases form; amounts become whole 分."""
    link = read_link(cells)
    office = office_code(cells, "承办机构代码")
    filed_on = cells.day("立案日期", required=True, not_after=today)
    decided_on = cells.day("决定日期", not_after=today)
    closed_on = cells.day("结案日期", not_after=today)
    tags = cells.many("品种标签")
    stated = given(
        party_id=ref.pk if ref else None,
        link=link,
        tags=tag_text(tags) if tags else None,
        campaign=cells.text("专项", 120),
        procedure=cells.choice("程序", PROCEDURES, synonyms=_PROCEDURE_WORDS),
        conduct=cells.text("违法行为", 300),
        filed_on=filed_on,
        decided_on=decided_on,
        closed_on=closed_on,
        fine_fen=cells.fen("罚款"),
        personal_fine_fen=cells.fen("个人罚款"),
        confiscated_fen=cells.fen("没收违法所得"),
        goods_value_fen=cells.fen("货值金额"),
        persons_punished=cells.whole("处罚到人数", unit="人"),
        business_stopped=cells.yes_no("责令停产停业"),
        licence_revoked=cells.yes_no("吊销许可证"),
        blacklisted=cells.yes_no("列入严重违法失信名单"),
        court_enforcement=cells.yes_no("申请法院强制执行"),
        transfers="、".join(addressees(cells)),
        transferred_on=cells.day("移送日期", not_after=today),
        extra=extra_of(cells, CASE_COLUMNS),
    )
    cells.problems.extend(check_order_of_dates("立案日期", filed_on, "决定日期", decided_on))
    cells.problems.extend(check_order_of_dates("立案日期", filed_on, "结案日期", closed_on))
    defaults = {"tags": ref.tags.get(link, "|") if ref else "|"}
    key = cells.text("案号", 80, required=True)
    return Reading(key, office or (ref.office_code if ref else ""), stated, defaults)


def _hand_over(written: Written[Case]) -> None:
    """One transfer per case and body: on its own day, else the decision's, else the filing's."""
    days = {c.number: c.transferred_on or c.decided_on or c.filed_on for c in written.all}
    replace_transfers("case", written, days)


def _read_interview(cells: Cells, ref: PartyRef | None, today: dt.date) -> Reading:
    """One row of the interviews form; its key is the digest of what it says."""
    link = read_link(cells, required=False)
    office = office_code(cells, "机构代码") or (ref.office_code if ref else "")
    tags = cells.many("品种标签")
    stored_tags = tag_text(tags) if tags else (ref.tags.get(link, "|") if ref else "|")
    facts = given(
        party_id=ref.pk if ref else None,
        held_on=cells.day("约谈日期", required=True, not_after=today),
        link=link,
        tags=stored_tags,
        campaign=cells.text("专项", 120),
        reason=cells.text("事由", 300),
        extra=extra_of(cells, INTERVIEW_COLUMNS),
    )
    stated_tags = {**facts, "tags": tag_text(tags)}  # the register's tags may change between two imports
    parts = [
        str(stated_tags.get(name, ""))
        for name in ("party_id", "held_on", "link", "tags", "campaign", "reason")
    ]
    digest = hashlib.sha256("\0".join([*parts, office]).encode()).hexdigest()
    return Reading(digest, office, {}, facts)
