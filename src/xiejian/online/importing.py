"""The door for whole monitoring lists: of an upper level, of a platform, of one's own patrol.

Every row is one offer and names its list; the list is entered with the first row that is loaded. Shops and
platforms are looked up in the register, every new or changed offer is screened.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from xiejian.kernel import tabular
from xiejian.kernel.cells import Cells
from xiejian.kernel.tabular import Column
from xiejian.online import rules
from xiejian.online.actions import WORKFLOW, fill_in, start_feedback
from xiejian.online.checks import SOURCES, check_order_of_dates, check_url, problems
from xiejian.online.models import Listing, MonitoringList
from xiejian.people import audit
from xiejian.people.policy import Actor, require
from xiejian.registry.batches import Batch, Outcome, Progress
from xiejian.registry.records import Reading, RecordLoad, Written, extra_of, given
from xiejian.registry.references import REFERENCE, PartyRef, office_code

MONITORING_COLUMNS = (
    Column("清单编号", True, "同一清单各行相同", "通市监网监〔2024〕3号", ("清单文号", "文号", "批次")),
    Column("清单来源", False, "、".join(SOURCES) + "；空为上级交办", "上级交办", ("来源",)),
    Column("下发单位", False, "", "通辽市市场监督管理局", ("交办单位", "移送单位")),
    Column("收到日期", True, "", "2024-03-01", ("下发日期", "交办日期")),
    Column("反馈期限", False, "清单要求的日期", "2024-03-20", ("办理期限", "反馈截止日期", "截止日期")),
    Column("信息编号", False, "一条一个编号；空则按网址、店铺、产品识别", "W-001", ("编号", "线索编号")),
    Column("平台", True, "平台名称", "某某商城", ("平台名称", "网站", "网站名称")),
    Column("店铺", True, "", "安康医疗旗舰店", ("店铺名称", "网店名称")),
    Column("统一社会信用代码", False, "店铺经营单位的", "", ("社会信用代码", "信用代码")),
    Column("主体名称", False, "店铺所示的经营单位", "", ("企业名称", "单位名称", "经营单位", "店铺主体")),
    Column("网址", False, "以 http 开头", "https://example.com/1", ("链接", "商品链接", "产品链接", "URL")),
    Column("产品名称", True, "", "医用冷敷贴", ("产品", "商品名称")),
    Column("注册证编号", False, "页面展示的", "", ("注册证号", "备案编号", "注册证或备案编号")),
    Column("宣传内容", False, "页面原文", "", ("违规内容", "宣传用语", "涉嫌违规内容", "问题描述")),
    Column("价格", False, "元", "39.90", ("售价", "单价")),
    Column("发现日期", False, "空为收到日期", "2024-02-27", ("监测日期", "监测时间")),
    Column("办理机构代码", False, "空则为经营单位所属机构，都没有的为导入的机构", "150525"),
)  # fmt: skip
_OF_LIST = {"source": "清单来源", "sender": "下发单位", "received_on": "收到日期", "due_on": "反馈期限"}


@transaction.atomic
def import_monitoring(
    *,
    path: Path,
    by: Actor,
    at: dt.datetime,
    office_code: str = "",
    filename: str = "",
    progress: Progress | None = None,
) -> Outcome:
    """Load a file of monitoring lists (columns: ``MONITORING_COLUMNS``); Refused like ``import_parties``."""
    require(by, "registry.import", office_code or None)
    table = tabular.read(path, MONITORING_COLUMNS)
    batch = Batch("monitoring", path, by, at, office_code, filename, progress)
    rows = _Rows(by, at, office_code or by.office_code)
    load = RecordLoad(batch, Listing, "number", "信息编号", rows.read, "办理机构代码", rows.after)
    load.run(table)
    rows.finish()
    return batch.finish(table, "monitoring", {"amended": load.amended})


@dataclass
class _Rows:
    """Reads the rows of one file; keeps the lists that they name."""

    by: Actor
    at: dt.datetime
    office_code: str
    lists: dict[str, MonitoringList] = field(default_factory=dict)
    made: list[MonitoringList] = field(default_factory=list)

    def read(self, cells: Cells, ref: PartyRef | None, today: dt.date) -> Reading:
        """One row of the form."""
        # a shop may name nobody whom the register knows: what the look-up found wrong is no fault here
        cells.problems[:] = [p for p in cells.problems if p.where not in REFERENCE]
        of = self._list(cells, today)
        url = cells.text("网址", 500)
        cells.problems.extend(check_url(url))
        found_on = cells.day("发现日期", not_after=today) or (of.received_on if of else None)
        stated = given(
            source_list_id=of.pk if of else None,
            platform=cells.text("平台", 120, required=True),
            shop=cells.text("店铺", 200, required=True),
            seller_id=ref.pk if ref else None,
            seller_named=cells.text("主体名称", 200),
            url=url,
            product=cells.text("产品名称", 300, required=True),
            registration_no=cells.text("注册证编号", 120),
            claim=cells.text("宣传内容", rules.longest_claim()),
            price_fen=cells.fen("价格"),
            found_on=found_on,
            extra=extra_of(cells, MONITORING_COLUMNS),
        )
        office = office_code(cells, "办理机构代码") or (ref.office_code if ref else self.office_code)
        return Reading(self._key(cells, stated), office, stated, {"state": WORKFLOW.start})

    @staticmethod
    def _key(cells: Cells, stated: dict[str, Any]) -> str:
        """The row's own number within its list, else a digest of what tells it from the others."""
        listed, number = cells.text("清单编号", 80), cells.text("信息编号", 60)
        if number:
            return f"{listed} {number}"[:80]
        own = [listed, *(stated.get(name, "") for name in ("url", "platform", "shop", "product"))]
        return f"网监-{hashlib.sha256('|'.join(own).encode()).hexdigest()[:12]}"

    def _list(self, cells: Cells, today: dt.date) -> MonitoringList | None:
        """The list that a row names: as the file said it first, as it is stored, or new."""
        number = cells.text("清单编号", 80, required=True)
        said: dict[str, Any] = {
            "source": cells.choice("清单来源", SOURCES, SOURCES[0]), "sender": cells.text("下发单位", 120),
            "received_on": cells.day("收到日期", required=True, not_after=today),
            "due_on": cells.day("反馈期限"),
        }  # fmt: skip
        cells.problems.extend(
            check_order_of_dates("收到日期", said["received_on"], "反馈期限", said["due_on"])
        )
        if cells.problems:
            return self.lists.get(number)
        known = self.lists.get(number)
        if known is None:
            known, new = MonitoringList.objects.get_or_create(
                office_code=self.office_code, number=number,
                defaults={**said, "made_at": self.at, "by_name": self.by.name},
            )  # fmt: skip
            self.lists[number] = known
            self.made += [known] if new else []
            return known
        for name, heading in _OF_LIST.items():
            if said[name] and getattr(known, name) and getattr(known, name) != said[name]:
                facts = {
                    "number": number,
                    "what": heading,
                    "first": getattr(known, name),
                    "second": said[name],
                }
                cells.problems.append(problems("M109", heading, **facts))
        return known

    def after(self, written: Written[Listing]) -> None:
        """Look up shops and platforms of what was written, and screen it."""
        rows = written.all
        fill_in(rows, self.by, timezone.localdate(self.at))
        fields = ["seller", "platform_party", "marks", "suspect"]
        Listing.objects.bulk_update(rows, fields, batch_size=500)

    def finish(self) -> None:
        """A list of which no row was loaded was not received; the others get their audit entries."""
        kept = set(
            Listing.objects.filter(source_list__in=self.made).values_list("source_list", flat=True).order_by()
        )
        MonitoringList.objects.filter(pk__in=[of.pk for of in self.made if of.pk not in kept]).delete()
        entries = []
        for of in self.made:
            if of.pk in kept:
                start_feedback(of, self.by, self.at)
                detail = {"source": of.source, "sender": of.sender, "due_on": str(of.due_on or "")}
                entries.append((of.number, of.office_code, detail))
        audit.record_many(
            by=self.by, at=self.at, action="register_list", subject="monitoringlist", entries=entries
        )
