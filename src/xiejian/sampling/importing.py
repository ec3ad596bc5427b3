"""The sampling room's door for whole files: samples taken, with what has become of them so far.

Each row is one sample by the number of its sheet. A row says how far the sample has come by the dates
that it gives; one that went further here is never put back.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from django.db import transaction
from django.db.models import F

from xiejian.clocks import actions as clocks
from xiejian.kernel import tabular
from xiejian.kernel.cells import Cells, tag_text
from xiejian.kernel.tabular import Column
from xiejian.people.policy import Actor, require
from xiejian.registry.batches import Batch, Outcome, Progress
from xiejian.registry.columns import read_link
from xiejian.registry.models import AREAS, LINKS, Party, Registration
from xiejian.registry.records import Reading, RecordLoad, Written, extra_of, given
from xiejian.registry.references import REFERENCE, REFERENCE_COLUMNS, PartyRef, office_code
from xiejian.sampling.checks import (
    FAILED,
    KINDS,
    METHODS,
    PASSED,
    RESULTS,
    check_order_of_dates,
    check_samplers,
)
from xiejian.sampling.models import Sample
from xiejian.sampling.products import registration_key
from xiejian.sampling.rules import clocks as clocks_known
from xiejian.sampling.rules import minimum_samplers

_KIND_WORDS = {
    "国抽": "国家抽检", "国家": "国家抽检", "国家监督抽检": "国家抽检", "省抽": "省级抽检",
    "省级": "省级抽检", "省级监督抽检": "省级抽检", "市级": "市级抽检", "市抽": "市级抽检",
    "县级": "县级抽检", "区级": "县级抽检",
    "应急": "应急抽检", "执法": "执法抽检", "跟踪": "跟踪抽检", "监督抽检": "县级抽检",
}  # fmt: skip
_RESULT_WORDS = {
    "合格": PASSED, "符合": PASSED, "不合格": FAILED, "不符合": FAILED, "不符合标准规定": FAILED,
    "符合标准规定": PASSED,
}  # fmt: skip
_METHOD_WORDS = {"现场": METHODS[0], "网络": METHODS[1], "网络抽样": METHODS[1], "网购": METHODS[1]}

SAMPLE_COLUMNS = (
    Column("抽样单编号", True, "一批样品一个编号", "奈曼抽样〔2023〕5号", ("样品编号", "抽样编号")),
    *REFERENCE_COLUMNS,
    Column("抽样日期", True, "", "2023-06-01"),
    Column("抽检类型", False, "、".join(KINDS) + "；空为县级抽检", "省级抽检", ("任务类别",)),
    Column("环节", True, "、".join(LINKS), "经营", ("抽样环节",)),
    Column("产品门类", False, "、".join(AREAS) + "；空为医疗器械", "医疗器械"),
    Column("产品名称", True, "标签上的名称", "一次性使用医用口罩", ("样品名称",)),
    Column("注册证编号", False, "注册证或者备案编号", "苏械注准20202141234", ("注册证号", "备案编号")),
    Column("规格型号", False, "", "17.5cm×9.5cm", ("型号规格",)),
    Column("批号", False, "批号或者序列号", "20230105", ("批号/序列号", "序列号", "生产批号")),
    Column("标示生产企业", False, "标签上的生产企业或者注册人", "某医疗用品有限公司", ("生产企业", "注册人")),
    Column("生产日期", False, "", "2023-01-05"),
    Column("有效期至", False, "", "2025-01-04"),
    Column("抽样方式", False, "、".join(METHODS), "现场抽样"),
    Column("抽样地点", False, "", "营业场所"),
    Column("储存条件", False, "", "常温"),
    Column("抽样数量", False, "整数，含备样", "50"),
    Column("备样数量", False, "整数", "20"),
    Column("单位", False, "抽样数量的单位", "只"),
    Column("购样费用", False, "元，至多两位小数", "100"),
    Column("封签编号", False, "几个以 、 连接", "F0012"),
    Column("抽样人员", False, "以 、 连接", "张三、李四", ("抽样人",)),
    Column("检验机构", False, "", "省医疗器械检验所"),
    Column("送检日期", False, "", "2023-06-03"),
    Column("到样日期", False, "检验机构收样的日期", "2023-06-05", ("收样日期",)),
    Column("检验结论", False, "、".join(RESULTS), "不符合规定", ("检验结果", "结论")),
    Column("不符合规定项目", False, "", "细菌过滤效率", ("不合格项目",)),
    Column("检验报告编号", False, "", "QX2023-0456", ("报告编号",)),
    Column("报告日期", False, "", "2023-06-25"),
    Column("送达日期", False, "结果送达被抽样单位的日期", "2023-06-28"),
    Column("复检结论", False, "、".join(RESULTS), ""),
    Column("复检结论日期", False, "", ""),
    Column("处置完成日期", False, "不合格产品核查处置完成的日期", "2023-08-10"),
    Column("办结日期", False, "", "2023-08-15"),
    Column("品种标签", False, "以 、 连接；空则取名录中该环节的标签", "医用口罩"),
    Column("专项", False, "专项整治的编号或名称", "naiman-2023"),
    Column("检查编号", False, "随检查抽样的，写检查编号", ""),
    Column("备注", False, "", ""),
    Column("抽样机构代码", False, "空则为监管对象所属机构", "150525"),
)

#: How far a sample has come by the last of its dates; the first that is there decides.
_REACHED = (
    ("closed_on", "closed"), ("disposed_on", "disposed"), ("final_on", "final"), ("notified_on", "notified"),
    ("result_on", "reported"), ("received_on", "received"), ("handed_over_on", "handed_over"),
)  # fmt: skip
_ORDER = (
    "planned", "drawn", "handed_over", "received", "reported", "notified", "objected", "retesting", "final",
    "disposed", "closed",
)  # fmt: skip
_DATES = (
    ("生产日期", "抽样日期"), ("抽样日期", "送检日期"), ("送检日期", "到样日期"), ("抽样日期", "到样日期"),
    ("到样日期", "报告日期"), ("抽样日期", "报告日期"), ("报告日期", "送达日期"),
    ("报告日期", "复检结论日期"), ("报告日期", "处置完成日期"), ("报告日期", "办结日期"),
)  # fmt: skip


@transaction.atomic
def import_samples(
    *,
    path: Path,
    by: Actor,
    at: dt.datetime,
    office_code: str = "",
    filename: str = "",
    progress: Progress | None = None,
) -> Outcome:
    """Load a file of samples (columns: ``SAMPLE_COLUMNS``); Refused like ``import_parties``."""
    require(by, "registry.import", office_code or None)
    table = tabular.read(path, SAMPLE_COLUMNS, either=REFERENCE)
    batch = Batch("samples", path, by, at, office_code, filename, progress)
    load = RecordLoad(
        batch, Sample, "number", "抽样单编号", _read, "抽样机构代码", partial(_connect, by=by, at=at)
    )
    load.run(table)
    return batch.finish(table, "samples", {"amended": load.amended})


def reached(facts: dict[str, object]) -> str:
    """The state that the dates of a row speak of; a sample that is not closed needs its own conclusion."""
    return next((state for field, state in _REACHED if facts.get(field)), "drawn")


def _days(cells: Cells, today: dt.date) -> dict[str, dt.date | None]:
    past = (
        "抽样日期", "生产日期", "送检日期", "到样日期", "报告日期", "送达日期", "复检结论日期",
        "处置完成日期", "办结日期",
    )  # fmt: skip
    days = {name: cells.day(name, required=name == "抽样日期", not_after=today) for name in past}
    for earlier, later in _DATES:
        cells.problems.extend(check_order_of_dates(earlier, days[earlier], later, days[later]))
    return days


def _results(cells: Cells, days: dict[str, dt.date | None]) -> dict[str, object]:
    """Conclusions with their days; the retest's is the final one, and a handled failure is final too."""
    result = cells.choice("检验结论", RESULTS, synonyms=_RESULT_WORDS)
    retest = cells.choice("复检结论", RESULTS, synonyms=_RESULT_WORDS)
    if result and not days["报告日期"]:
        cells.refuse("K501", "报告日期")
    if days["报告日期"] and not result:
        cells.refuse("K501", "检验结论")
    over = days["复检结论日期"] or days["处置完成日期"] or days["办结日期"]
    final = retest or (result if over else None)
    return {
        "result": result,
        "result_on": days["报告日期"],
        "retest_result": retest,
        "retest_on": days["复检结论日期"],
        "final_result": final,
        "final_on": over if final else None,
    }


def _read(cells: Cells, ref: PartyRef | None, today: dt.date) -> Reading:
    """One row of the samples form."""
    link = read_link(cells)
    office = office_code(cells, "抽样机构代码")
    days = _days(cells, today)
    names = [n for n in re.split(r"[、,，;；/\s]+", "、".join(cells.many("抽样人员", 200))) if n]
    tags = cells.many("品种标签")
    stated = given(
        party_id=ref.pk if ref else None,
        link=link,
        kind=cells.choice("抽检类型", KINDS, synonyms=_KIND_WORDS),
        area=cells.choice("产品门类", AREAS),
        tags=tag_text(tags) if tags else None,
        campaign=cells.text("专项", 120),
        product_name=cells.text("产品名称", 300, required=True),
        registration_no=cells.text("注册证编号", 120),
        model_spec=cells.text("规格型号", 200),
        lot=cells.text("批号", 120),
        maker=cells.text("标示生产企业", 300),
        sampled_on=days["抽样日期"],
        made_on=days["生产日期"],
        expires_on=cells.day("有效期至"),
        method=cells.choice("抽样方式", METHODS, synonyms=_METHOD_WORDS),
        place=cells.text("抽样地点", 200),
        storage=cells.text("储存条件", 120),
        quantity=cells.whole("抽样数量"),
        reserved=cells.whole("备样数量"),
        unit=cells.text("单位", 10),
        price_fen=cells.fen("购样费用"),
        seals=cells.text("封签编号", 200),
        samplers="、".join(names),
        laboratory=cells.text("检验机构", 120),
        handed_over_on=days["送检日期"],
        received_on=days["到样日期"],
        failed_items=cells.text("不符合规定项目", 300),
        report_no=cells.text("检验报告编号", 80),
        notified_on=days["送达日期"],
        disposed_on=days["处置完成日期"],
        closed_on=days["办结日期"],
        visit_no=cells.text("检查编号", 60),
        remark=cells.text("备注", 2000),
        extra=extra_of(cells, SAMPLE_COLUMNS),
        **_results(cells, days),
    )
    if names:
        cells.problems.extend(check_samplers(len(names), minimum_samplers()))
    defaults = {
        "tags": ref.tags.get(link, "|") if ref else "|", "kind": KINDS[3], "state": reached(stated),
    }  # fmt: skip
    key = cells.text("抽样单编号", 60, required=True)
    return Reading(key, office or (ref.office_code if ref else ""), stated, defaults)


def _connect(written: Written[Sample], *, by: Actor, at: dt.datetime) -> None:
    """Find the certificates and makers of what was written, move on what now has later dates, set clocks."""
    rows = written.all
    if not rows:
        return
    keys = {row.registration_no: registration_key(row.registration_no) for row in rows if row.registration_no}
    published = Registration.objects.filter(number_key__in=set(keys.values()))
    published = published.order_by(F("approved_on").asc(nulls_first=True), "pk")
    by_key = {key: pk for key, pk in published.values_list("number_key", "pk")}
    makers: dict[str, set[int]] = {}
    named = Party.objects.filter(name__in={row.maker for row in rows if row.maker}, links__link=LINKS[0])
    for name, pk in named.order_by().values_list("name", "pk"):
        makers.setdefault(name, set()).add(pk)
    for row in rows:
        row.registration_id = by_key.get(keys.get(row.registration_no, ""))
        found = makers.get(row.maker, set())
        row.maker_party_id = next(iter(found)) if len(found) == 1 else None
        said = reached({field: getattr(row, field) for field, _ in _REACHED})
        if row.state in _ORDER and _ORDER.index(said) > _ORDER.index(row.state):
            row.state = said
    Sample.objects.bulk_update(rows, ["registration", "maker_party", "state"], batch_size=500)
    clocks.set_clocks((clock for row in rows for clock in _clocks(row)), by=by, at=at)


def _clocks(row: Sample) -> Iterator[clocks.NewClock]:
    """The time limits that run for a failed sample as far as it has come."""
    if not row.failed:
        return
    running = {"clue": row.result_on} if row.state in ("reported", "notified", "final") else {}
    if row.state == "notified":
        running["retest"] = row.notified_on
    for name, start in running.items():
        clock = clocks_known()[name]
        if start and (rule := clock.rules.get(row.area)):
            yield clocks.NewClock(
                "sample", row.pk, name, rule, start, f"{row.number} {row.product_name}", row.office_code,
                clock.meaning,
            )  # fmt: skip
