"""The lines of a plan from a workbook: so many lots of a product for a station by a day."""

from __future__ import annotations

from pathlib import Path

from xiejian.kernel import divisions, tabular
from xiejian.kernel.cells import Cells
from xiejian.kernel.problems import Problem, Refused
from xiejian.kernel.tabular import Column
from xiejian.registry.columns import office_of
from xiejian.registry.models import AREAS, LINKS
from xiejian.sampling.checks import LineEntry, problems

LINE_COLUMNS = (
    Column("品种", True, "要抽的产品", "一次性使用医用口罩", ("产品名称", "样品名称", "抽检品种")),
    Column("批次", True, "整数", "3", ("批次数", "抽样批次", "数量")),
    Column("完成期限", True, "这一年内的日期", "2024-06-30", ("完成时限", "抽样完成时间")),
    Column("承担机构代码", False, "空则为组织机构", "150525100", ("机构代码", "承担机构")),
    Column("环节", False, "、".join(LINKS) + "；空则不限", "经营", ("抽样环节",)),
    Column("产品门类", False, "、".join(AREAS) + "；空为医疗器械", "医疗器械"),
    Column("品种标签", False, "以 、 连接", "医用口罩"),
    Column("检验项目", False, "", "细菌过滤效率、通气阻力"),
    Column("检验依据", False, "标准或者技术要求", "YY/T 0969-2013", ("检验标准",)),
)


def read_lines(path: Path, owner: str) -> list[LineEntry]:
    """The lines of the file; Refused with every problem of every row: a plan is taken whole or not at all."""
    found: list[Problem] = []
    lines: list[LineEntry] = []
    for row in tabular.read(path, LINE_COLUMNS).rows():
        cells = Cells(row.values)
        line = _line(cells, owner)
        wrong = [*row.faults, *cells.problems]
        found += [Problem(p.code, p.message, f"{row.where}，{p.where}", p.next, p.clause) for p in wrong]
        if line and not wrong:
            lines.append(line)
    if found:
        raise Refused(found)
    return lines


def _line(cells: Cells, owner: str) -> LineEntry | None:
    code = cells.text("承担机构代码", 40).replace(" ", "")
    if code and not divisions.is_known(code):
        cells.problems.append(problems("S112", "承担机构代码", heading="承担机构代码", value=code))
    due_on = cells.day("完成期限", required=True)
    product = cells.text("品种", 200, required=True)
    if not cells.text("批次", 20, required=True) or due_on is None:
        return None
    return LineEntry(
        product=product,
        count=cells.whole("批次", 0, "批") or 0,
        due_on=due_on,
        office_code=office_of(code) if code else owner,
        area=cells.choice("产品门类", AREAS, AREAS[0]),
        link=cells.choice("环节", LINKS),
        tags=tuple(cells.many("品种标签")),
        items=cells.text("检验项目", 300),
        standard=cells.text("检验依据", 300),
    )
