"""The door for reports that came on paper or in another system: one row is one report of a year.

What a firm filled in here itself is not overwritten by a file.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from django.db import transaction

from xiejian.kernel import tabular
from xiejian.kernel.cells import Cells
from xiejian.kernel.tabular import Column
from xiejian.people import audit
from xiejian.people.policy import Actor, require
from xiejian.registry.batches import Batch, Outcome, Progress
from xiejian.registry.models import LINKS, PartyLink
from xiejian.registry.records import Reading, RecordLoad, Written, extra_of, given
from xiejian.registry.references import REFERENCE, REFERENCE_COLUMNS, PartyRef, office_code
from xiejian.self_inspections import forms
from xiejian.self_inspections.actions import SUBJECT
from xiejian.self_inspections.checks import problems
from xiejian.self_inspections.models import SelfInspection

SELF_INSPECTION_COLUMNS = (
    *REFERENCE_COLUMNS,
    Column("年度", True, "报告所属的年度", "2023", ("报告年度", "自查年度")),
    Column("报告日期", True, "收到或者报送的日期", "2024-03-20", ("报送日期", "提交日期", "收到日期")),
    Column("环节", True, "、".join(LINKS), "经营", ("类别", "企业类型")),
    Column("结论", False, "自查结论", "基本符合", ("自查结论",)),
    Column("不符合项数", False, "", "2", ("问题数", "缺陷数")),
    Column("整改情况", False, "", "已整改", ("整改", "整改措施")),
    Column("填报人", False, "", "张某", ("报告人", "联系人")),
    Column("职务", False, "", "质量负责人"),
    Column("机构代码", False, "空则为主体所属机构", "150525", ("监管机构代码",)),
)


@transaction.atomic
def import_self_inspections(
    *,
    path: Path,
    by: Actor,
    at: dt.datetime,
    office_code: str = "",
    filename: str = "",
    progress: Progress | None = None,
) -> Outcome:
    """Load a file of reports (columns: ``SELF_INSPECTION_COLUMNS``); Refused like ``import_parties``."""
    require(by, "registry.import", office_code or None)
    table = tabular.read(path, SELF_INSPECTION_COLUMNS, either=REFERENCE)
    batch = Batch("self-inspections", path, by, at, office_code, filename, progress)
    rows = _Rows(by, at)
    load = RecordLoad(batch, SelfInspection, "number", "年度", rows.read, "机构代码", rows.after)
    load.run(table)
    return batch.finish(table, "self-inspections", {"amended": load.amended})


@dataclass
class _Rows:
    """Reads the rows of one file; remembers due dates."""

    by: Actor
    at: dt.datetime
    dues: dict[tuple[str, int], dt.date | None] = field(default_factory=dict)

    @cached_property
    def _own(self) -> set[str]:
        """Numbers of the reports that firms filled in here."""
        rows = SelfInspection.objects.filter(source="填报").order_by()
        return set(rows.values_list("number", flat=True))

    def read(self, cells: Cells, ref: PartyRef | None, today: dt.date) -> Reading:
        """One row of the form."""
        year, link = self._year(cells, today), cells.choice("环节", LINKS, required=True)
        if ref and link and link not in ref.tags:
            cells.problems.append(problems("SI401", "环节", name=ref.name, link=link))
        key = f"自查{year}-{(ref.uscc or ref.pk) if ref else ''}-{link}"
        if key in self._own:
            cells.problems.append(problems("SI403", "年度", year=year, link=link))
        stated = given(
            party_id=ref.pk if ref else None,
            year=year or None,
            link=link,
            filed_on=cells.day("报告日期", required=True, not_after=today),
            conclusion=cells.text("结论", 2000),
            nonconform=cells.whole("不符合项数", unit="项"),
            rectified=cells.text("整改情况", 2000),
            filler=cells.text("填报人", 60),
            post=cells.text("职务", 60),
            extra=extra_of(cells, SELF_INSPECTION_COLUMNS),
        )
        office = office_code(cells, "机构代码") or (ref.office_code if ref else "")
        return Reading(key, office, stated, {"state": "filed", "source": "导入", "made_at": self.at})

    @staticmethod
    def _year(cells: Cells, today: dt.date) -> int:
        text = cells.text("年度", 10, required=True).removesuffix("年度").removesuffix("年")
        if text.isascii() and text.isdecimal() and 2000 <= int(text) <= today.year:
            return int(text)
        if text:
            cells.problems.append(problems("SI402", "年度", given=text))
        return 0

    def after(self, written: Written[SelfInspection]) -> None:
        """Find the form of each and whether it came late; the new ones get their audit entries."""
        rows: list[SelfInspection] = written.all
        links = {
            (link.party_id, link.link): link
            for link in PartyLink.objects.filter(party__in={row.party_id for row in rows})
        }
        for row in rows:
            link = links.get((row.party_id, row.link))
            form = forms.for_link(link) if link else None
            row.form = form.id if form else ""
            row.due_on = self._due(form, row.year) if form else None
            row.late = bool(form and form.duty == "file" and row.due_on and row.filed_on > row.due_on)
        SelfInspection.objects.bulk_update(rows, ["form", "due_on", "late"], batch_size=500)
        entries: list[tuple[str, str, dict[str, Any]]] = [
            (row.number, row.office_code, {"year": row.year, "filed_on": row.filed_on, "late": row.late})
            for row in written.created
        ]
        audit.record_many(
            by=self.by, at=self.at, action="import_self_inspection", subject=SUBJECT, entries=entries
        )

    def _due(self, form: forms.Form, year: int) -> dt.date | None:
        if (form.id, year) not in self.dues:
            self.dues[form.id, year] = forms.due_on(form, year)
        return self.dues[form.id, year]
