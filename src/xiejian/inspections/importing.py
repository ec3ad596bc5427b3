"""The inspections room's door for whole files: visits already made, with what was handed over from them.

Each row is one visit by its number. A visit of the file is concluded; what is missing in a row
is taken from the register (tags of the party's link, the party's office).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from django.db import transaction

from xiejian.clocks import actions as clocks
from xiejian.clocks.actions import NewClock
from xiejian.inspections.actions import RECHECK, RECHECK_RULE
from xiejian.inspections.checklists import minimum_inspectors
from xiejian.inspections.checks import VISIT_KINDS, check_order_of_dates, check_team_size
from xiejian.inspections.judgements import CONCLUSIONS
from xiejian.inspections.models import Correction, Transfer, Visit
from xiejian.kernel import tabular
from xiejian.kernel.cells import Cells, split, tag_text
from xiejian.kernel.kinds import KIND_LABELS
from xiejian.kernel.tabular import Column
from xiejian.people.policy import Actor, require
from xiejian.registry.batches import Batch, Outcome, Progress
from xiejian.registry.columns import read_link
from xiejian.registry.models import LINKS
from xiejian.registry.records import Reading, RecordLoad, Written, extra_of, given
from xiejian.registry.references import REFERENCE, REFERENCE_COLUMNS, PartyRef, office_code

KINDS = (*VISIT_KINDS, KIND_LABELS["any"])
CONCLUDED = "concluded"
CORRECTION_START = "ordered"  # as in correction_workflow.toml
RECHECK_RESULTS = ("通过", "未通过")
_ORDER_FIELDS = ["ordered_on", "due_on", "rechecked_on", "closed_on", "state", "content", "office_code"]
_KIND_WORDS = {"监督检查（日常）": "日常检查", "注册核查": "体系核查", "质量管理体系核查": "体系核查"}
_CONCLUSION_WORDS = {
    "合格": "符合",
    "通过": "符合",
    "整改": "限期整改",
    "责令整改": "限期整改",
    "移交": "移送",
}
_RESULT_WORDS = {"合格": "通过", "不通过": "未通过", "不合格": "未通过"}
#: bodies that receive leads, by the words that files use for them
ADDRESSEE_WORDS = {
    "公安机关": "公安",
    "公安局": "公安",
    "卫生健康": "卫健",
    "卫健委": "卫健",
    "卫生健康委": "卫健",
    "卫健部门": "卫健",
    "海关部门": "海关",
    "纪检监察": "纪检",
    "纪委监委": "纪检",
    "纪委": "纪检",
}

VISIT_COLUMNS = (
    Column("检查编号", True, "一次检查一个编号", "奈市监检〔2023〕15号", ("编号",)),
    *REFERENCE_COLUMNS,
    Column("检查日期", True, "实际检查的日期", "2023-06-01"),
    Column("检查类型", True, "、".join(KINDS), "日常检查"),
    Column("环节", True, "、".join(LINKS), "经营"),
    Column("品种标签", False, "以 、 连接；空则取名录中该环节的标签", "无菌"),
    Column("专项", False, "专项整治的编号或名称", "naiman-2023"),
    Column("出动人数", False, "参加检查的执法人员数", "2"),
    Column("检查员", False, "姓名以 、 连接", "张三、李四", ("检查人员",)),
    Column("缺陷数", False, "整数", "3"),
    Column("严重缺陷数", False, "整数", "0"),
    Column("结论", False, "、".join(CONCLUSIONS), "限期整改", ("检查结论",)),
    Column("责令改正", False, "是、否", "是"),
    Column("移送", False, "卫健、海关、纪检等，以 、 连接", "卫健"),
    Column("整改期限", False, "责令改正的期限", "2023-06-15"),
    Column("复查日期", False, "", "2023-06-20"),
    Column("复查结论", False, "、".join(RECHECK_RESULTS), "通过"),
    Column("备注", False, "", ""),
    Column("检查机构代码", False, "空则为监管对象所属机构", "150525"),
)


@transaction.atomic
def import_visits(
    *,
    path: Path,
    by: Actor,
    at: dt.datetime,
    office_code: str = "",
    filename: str = "",
    progress: Progress | None = None,
) -> Outcome:
    """Load a file of visits (columns: ``VISIT_COLUMNS``); Refused like ``import_parties``."""
    require(by, "registry.import", office_code or None)
    table = tabular.read(path, VISIT_COLUMNS, either=REFERENCE)
    batch = Batch("visits", path, by, at, office_code, filename, progress)
    load = RecordLoad(
        batch, Visit, "number", "检查编号", _read, "检查机构代码",
        lambda written: _hand_over(written, by, at),
    )  # fmt: skip
    load.run(table)
    return batch.finish(table, "visits", {"amended": load.amended})


def addressees(cells: Cells, heading: str = "移送") -> list[str]:
    """The bodies that a row hands something to, by their short names; K502 for one too long to be one."""
    found = []
    for word in cells.many(heading):
        short = ADDRESSEE_WORDS.get(word, word)
        if len(short) > 4:
            cells.refuse("K502", heading, value=word, allowed="公安、卫健、海关、纪检")
        elif short not in {"无", "否", "/"}:
            found.append(short)
    return list(dict.fromkeys(found))


def _read(cells: Cells, ref: PartyRef | None, today: dt.date) -> Reading:
    """One row of the visits form."""
    link = read_link(cells)
    office = office_code(cells, "检查机构代码")
    visited_on = cells.day("检查日期", required=True, not_after=today)
    correct_by = cells.day("整改期限")
    recheck_on = cells.day("复查日期", not_after=today)
    names = [n for n in re.split(r"[、,，;；/\s]+", "、".join(cells.many("检查员", 200))) if n]
    persons = cells.whole("出动人数", unit="人")
    if persons is None and names:
        persons = len(names)
    tags = cells.many("品种标签")
    stated = given(
        party_id=ref.pk if ref else None,
        link=link,
        kind=cells.choice("检查类型", KINDS, synonyms=_KIND_WORDS, required=True),
        tags=tag_text(tags) if tags else None,
        campaign=cells.text("专项", 120),
        state=CONCLUDED,
        visited_on=visited_on,
        persons=persons,
        inspectors="、".join(names),
        defects=cells.whole("缺陷数", unit="项"),
        severe_defects=cells.whole("严重缺陷数", unit="项"),
        conclusion=cells.choice("结论", CONCLUSIONS, synonyms=_CONCLUSION_WORDS),
        order_issued=cells.yes_no("责令改正"),
        transfers="、".join(addressees(cells)),
        correct_by=correct_by,
        recheck_on=recheck_on,
        recheck_result=cells.choice("复查结论", RECHECK_RESULTS, synonyms=_RESULT_WORDS),
        remark=cells.text("备注", 2000),
        extra=extra_of(cells, VISIT_COLUMNS),
    )
    if persons is not None:
        cells.problems.extend(check_team_size(persons, minimum_inspectors()))
    if correct_by:
        cells.problems.extend(check_order_of_dates("检查日期", visited_on, "整改期限", correct_by))
    if recheck_on:
        cells.problems.extend(check_order_of_dates("检查日期", visited_on, "复查日期", recheck_on))
    defaults = {"tags": ref.tags.get(link, "|") if ref else "|"}
    key = cells.text("检查编号", 60, required=True)
    return Reading(key, office or (ref.office_code if ref else ""), stated, defaults)


def _hand_over(written: Written[Visit], by: Actor, at: dt.datetime) -> None:
    """What follows from the visits: a transfer per body on the day of the visit, an order per 责令改正."""
    replace_transfers("visit", written, {v.number: v.visited_on for v in written.all if v.visited_on})
    replace_orders(written.all, by, at)


def order_of(visit: Visit) -> dict[str, Any]:
    """What the row of a visit says about its order, as the fields of a correction.

    A passed re-check with its day closes the order: the book says so, and older books keep no evidence.
    """
    state = {"通过": "passed", "未通过": "failed"}.get(visit.recheck_result, CORRECTION_START)
    if state == "passed" and visit.recheck_on:
        state = "closed"
    return {
        "ordered_on": visit.visited_on,
        "due_on": visit.correct_by,
        "rechecked_on": visit.recheck_on if visit.recheck_result else None,
        "closed_on": visit.recheck_on if state == "closed" else None,
        "state": state,
        "content": f"按检查记录责令改正，缺陷{visit.defects}项" if visit.defects else "按检查记录责令改正",
        "office_code": visit.office_code,
    }


def replace_orders(visits: Sequence[Visit], by: Actor, at: dt.datetime) -> None:
    """Bring the orders of imported visits to what their rows say: one per visit that ordered a correction.

    An order that was written or worked on here is left as it is; one that a row takes back goes,
    unless evidence hangs on it. The audit entries of the import and of the amended visits tell of it.
    """
    numbered = {visit.pk: visit for visit in visits}
    stored: dict[int, list[Correction]] = {}
    for order in Correction.objects.filter(visit__in=numbered).prefetch_related("evidence"):
        stored.setdefault(order.visit_id, []).append(order)
    new, kept, gone = [], [], []
    for pk, visit in numbered.items():
        following = [order for order in stored.get(pk, []) if order.follows_visit]
        if not visit.order_issued:
            gone += [order.pk for order in following if not order.evidence.all()]
        elif pk not in stored:
            number = f"{visit.number}（随检查）"
            new.append(Correction(visit=visit, number=number, follows_visit=True, **order_of(visit)))
        for order in following if visit.order_issued else ():
            for name, value in order_of(visit).items():
                setattr(order, name, value)
            kept.append(order)
    Correction.objects.bulk_create(new, batch_size=1000)
    if kept:
        Correction.objects.bulk_update(kept, _ORDER_FIELDS, batch_size=500)
    Correction.objects.filter(pk__in=gone).delete()
    _time_rechecks(new, kept, gone, by, at)


def _time_rechecks(
    new: Sequence[Correction], kept: Sequence[Correction], gone: Sequence[int], by: Actor, at: dt.datetime
) -> None:
    """跟踪复查: the clock of each order as its row says it: it runs, or it ended with the re-check."""
    waiting = [o for o in (*new, *kept) if o.state == CORRECTION_START and o.due_on]
    if waiting:
        visits = Visit.objects.filter(pk__in=[order.visit_id for order in waiting])
        names = dict(visits.values_list("pk", "party__name"))
        limits = [
            NewClock(
                "correction", o.pk, RECHECK, RECHECK_RULE, o.due_on, f"{o.number} {names[o.visit_id]}",
                o.office_code,
            )
            for o in waiting
        ]  # fmt: skip
        clocks.set_clocks(limits, by=by, at=at)
    if done := {o.pk: o.rechecked_on for o in kept if o.rechecked_on}:
        clocks.finish_clocks(subject="correction", name=RECHECK, ended=done, by=by, at=at)
    for order in gone:
        clocks.drop_clocks(subject="correction", record=order, reason="导入的检查不再责令改正", by=by, at=at)


class Source(Protocol):
    """What transfers copy from the visit or case that they come from."""

    number: str
    party_id: int
    transfers: str
    link: str
    tags: str
    campaign: str
    office_code: str


def replace_transfers(source: str, written: Written[Any], days: Mapping[str, dt.date]) -> None:
    """Bring the transfers of written visits or cases to what these say, ``days`` by number.

    The audit entry of an amended record has what it said before.
    """
    records: dict[str, Source] = {record.number: record for record in written.all}
    redated = {record.number for record, found in written.changed if any(n.endswith("_on") for n in found)}
    stored: dict[tuple[str, str], Transfer] = {}
    if written.changed:
        numbers = [record.number for record, _ in written.changed]
        found = Transfer.objects.filter(source=source, source_no__in=numbers)
        stored = {(t.source_no, t.addressee): t for t in found}
    new, kept = [], []
    for number, record in records.items():
        for addressee in split(record.transfers):
            transfer = stored.pop((number, addressee), None)
            (new if transfer is None else kept).append(
                transfer := transfer or Transfer(source=source, source_no=number, addressee=addressee)
            )
            if transfer.pk is None or number in redated:
                transfer.moved_on = days[number]
            transfer.party_id, transfer.link, transfer.tags = record.party_id, record.link, record.tags
            transfer.campaign, transfer.office_code = record.campaign, record.office_code
    Transfer.objects.bulk_create(new, batch_size=1000)
    if kept:
        fields = ["moved_on", "party", "link", "tags", "campaign", "office_code"]
        Transfer.objects.bulk_update(kept, fields, batch_size=500)
    Transfer.objects.filter(pk__in=[t.pk for t in stored.values()]).delete()
