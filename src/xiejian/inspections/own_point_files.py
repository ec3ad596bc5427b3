"""A file of an office's own check points: each row is loaded, or returned with its reason."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from django.db import transaction

from xiejian.inspections import checklists, own_points
from xiejian.inspections.own_points import CHAPTER, PERMISSION, Draft
from xiejian.kernel import divisions, tabular
from xiejian.kernel.cells import Cells, read_classes
from xiejian.kernel.tabular import Column, Row
from xiejian.people.policy import Actor, may, require
from xiejian.registry.batches import Batch, Outcome, Progress

MODES = ("批发", "零售", "批零兼营")
OWN_POINT_COLUMNS = (
    Column("检查表", True, "检查表的标识或名称，见“检查表”页面", "contact-lens", ("检查表名称",)),
    Column("检查内容", True, "要看什么、怎样算符合", "近视防治产品专柜有标识", ("检查点",)),
    Column("依据", True, "法规条款或者本单位的文件", "奈曼旗局工作提示〔2024〕3号", ("条款",)),
    Column("关键项", False, "是、否；空为否", "否"),
    Column("章节", False, f"空为“{CHAPTER}”", ""),
    Column("管理类别", False, "只适用于这些类别；空为不限", "第三类"),
    Column("经营方式", False, "、".join(MODES) + "，以 、 连接；空为不限", "批发"),
    Column("机构类型", False, "只适用于这些机构类型；空为不限", ""),
    Column("品种标签", False, "有其中之一即适用；空为不限", "角膜接触镜"),
    Column("启用日期", False, "空为导入当天", "2024-03-05"),
    Column("机构代码", False, "空为导入人所在机构；对该机构及下级机构适用", "150525"),
)


@transaction.atomic
def import_own_points(
    *,
    path: Path,
    by: Actor,
    at: dt.datetime,
    office_code: str = "",
    filename: str = "",
    progress: Progress | None = None,
) -> Outcome:
    """Load a file of own check points (columns: ``OWN_POINT_COLUMNS``); the same row again changes nothing.

    A row is returned when its checklist is unknown (I502), text or clause is missing or too long, or its
    office is out of reach (P101). Refused like ``import_parties``.
    """
    require(by, PERMISSION, office_code or None)
    table = tabular.read(path, OWN_POINT_COLUMNS)
    batch = Batch("own-points", path, by, at, office_code, filename, progress)
    rows = list(table.rows())
    batch.read = len(rows)
    ready = [found for row in rows if (found := _read(batch, row))]
    asked = own_points.still_asked({office for _, office, _ in ready}, batch.today)
    new: dict[tuple[str, str, str], tuple[Draft, str, dt.date]] = {}
    for draft, office, from_on in ready:
        bound = asked.get((draft.checklist, draft.text), set()) & own_points.chain(office)
        if not bound:
            new.setdefault((draft.checklist, draft.text, office), (draft, office, from_on))
    batch.loaded, batch.unchanged = len(new), len(ready) - len(new)
    own_points.store(list(new.values()), by, at)
    batch.step()
    return batch.finish(table, "own_points")


def _checklist(cells: Cells) -> str:
    """The id that the cell gives, as id or as title."""
    given = cells.text("检查表", 60, required=True)
    titles = {c.title: c.id for c in checklists.checklists().values()}
    return titles.get(given, given)


def _read(batch: Batch, row: Row) -> tuple[Draft, str, dt.date] | None:
    """One row as (draft, office, first day), or None with the row returned."""
    cells = Cells(row.values)
    classes = cells.text("管理类别", 20)
    digits = read_classes(classes)
    if digits is None:
        cells.refuse("K502", "管理类别", value=classes, allowed="第一类、第二类、第三类")
    draft = Draft(
        checklist=_checklist(cells),
        text=cells.text("检查内容", 500, required=True),
        citation=cells.text("依据", 200, required=True),
        key=bool(cells.yes_no("关键项")),
        chapter=cells.text("章节", 60) or CHAPTER,
        when=own_points.condition(
            classes=list(digits or ""),
            modes=cells.choices("经营方式", MODES),
            unit_kinds=cells.many("机构类型"),
            tags=cells.many("品种标签"),
        ),
    )
    from_on = cells.day("启用日期") or batch.today
    office = cells.text("机构代码", 12) or batch.office_code or batch.by.office_code
    found = [*row.faults, *cells.problems]
    if not divisions.is_known(office):
        found.append(own_points.problems("I510", "机构代码", code=office))
    elif not may(batch.by, PERMISSION, office):
        found.append(own_points.problems("I511", "机构代码", office=divisions.name(office)))
    found = found or own_points.check_draft(draft)
    if found:
        batch.refuse(row, found)
        return None
    batch.note(row, cells.changes)
    return draft, office, from_on
