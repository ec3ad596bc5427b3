"""The year's plan as a workbook: tasks, coverage, and how to repeat every draw."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter
from django.db.models import QuerySet

from xiejian.kernel.kinds import label as kind_label
from xiejian.planning import queries
from xiejian.planning.draws import METHOD
from xiejian.planning.models import Plan, Task

HEADINGS = (
    ("主体名称", 34),
    ("统一社会信用代码", 21),
    ("环节", 10),
    ("监管级别", 9),
    ("检查类型", 12),
    ("计划次数", 9),
    ("完成期限", 12),
    ("责任机构", 26),
    ("依据", 70),
)
_LEVEL_ORDER = (
    ("环节", 12), ("监管级别", 10), ("对象数", 10), ("应查家数", 10), ("计划家数", 10), ("计划家次", 10),
    ("应达覆盖率", 12), ("计划覆盖率", 12),
)  # fmt: skip
_RULE_ORDER = (
    ("规则", 12), ("检查类型", 12), ("环节", 12), ("对象数", 9), ("比例", 9), ("应查", 9), ("到期必查", 10),
    ("计划", 9), ("说明", 34), ("依据", 60),
)  # fmt: skip


def write(plan: Plan, rows: QuerySet[Task], target: Path | BinaryIO) -> int:
    """Write the plan with the given tasks to a path or stream; returns how many tasks were written.

    The caller passes tasks that its actor may see (``queries.tasks``). Sheets: 检查计划, 覆盖率, 抽取说明;
    the last two speak of the whole plan and are there only when all of its tasks are.
    """
    names = queries.office_names(rows.values_list("office_code", flat=True).distinct().order_by())
    book = xlsxwriter.Workbook(target, {"default_date_format": "yyyy-mm-dd"})
    try:
        form = _Formats(book)
        count = _tasks(book, form, rows, names)
        if count == plan.tasks.count():
            _coverage(book, form, plan)
            _draws(book, form, plan)
    finally:
        book.close()
    return count


class _Formats:
    def __init__(self, book: xlsxwriter.Workbook) -> None:
        base = {"font_name": "宋体", "font_size": 10.5, "valign": "vcenter"}
        edge = {**base, "border": 1, "border_color": "#BFBFBF"}
        self.head = book.add_format(
            {**edge, "bold": True, "align": "center", "text_wrap": True, "bg_color": "#DCE6F1"}
        )
        self.text = book.add_format({**edge, "text_wrap": True})
        self.number = book.add_format({**edge, "align": "center"})
        self.date = book.add_format({**edge, "align": "center", "num_format": "yyyy-mm-dd"})
        self.share = book.add_format({**edge, "align": "center", "num_format": "0.0%"})
        self.plain = book.add_format({**base, "text_wrap": True})
        self.title = book.add_format({**base, "bold": True, "font_size": 12})


def _head(sheet: Any, form: _Formats, headings: Iterable[tuple[str, int]], row: int = 0) -> None:
    for column, (heading, width) in enumerate(headings):
        sheet.write_string(row, column, heading, form.head)
        sheet.set_column(column, column, width)


def _page(sheet: Any, row: int) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(row)
    sheet.set_footer("&C第 &P 页，共 &N 页")


def _tasks(book: Any, form: _Formats, rows: QuerySet[Task], names: dict[str, str]) -> int:
    sheet = book.add_worksheet("检查计划")
    _head(sheet, form, HEADINGS)
    sheet.freeze_panes(1, 1)
    _page(sheet, 0)
    columns = (
        "party__name", "party__uscc", "group", "link", "level", "kind", "times", "due_on", "office_code",
        "basis",
    )  # fmt: skip
    line = 0
    for name, uscc, group, link, level, kind, times, due_on, office, basis in rows.order_by(
        "office_code", "due_on", "id"
    ).values_list(*columns):
        line += 1
        sheet.write_string(line, 0, name or group, form.text)
        sheet.write_string(line, 1, uscc or "", form.text)
        sheet.write_string(line, 2, link, form.number)
        if level is None:
            sheet.write_blank(line, 3, None, form.number)
        else:
            sheet.write_number(line, 3, level, form.number)
        sheet.write_string(line, 4, kind, form.number)
        sheet.write_number(line, 5, times, form.number)
        sheet.write_datetime(line, 6, due_on, form.date)
        sheet.write_string(line, 7, names.get(office, office), form.text)
        sheet.write_string(line, 8, basis, form.text)
    sheet.autofilter(0, 0, max(line, 1), len(HEADINGS) - 1)
    return line


def _coverage(book: Any, form: _Formats, plan: Plan) -> None:
    sheet = book.add_worksheet("覆盖率")
    sheet.write_string(0, 0, "一、按环节和监管级别", form.title)
    _head(sheet, form, _LEVEL_ORDER, 1)
    line = 1
    for entry in plan.coverage:
        line += 1
        sheet.write_string(line, 0, entry["link"], form.number)
        sheet.write(line, 1, "未定级" if entry["level"] is None else entry["level"], form.number)
        for column, name in enumerate(("parties", "owed", "planned", "visits"), start=2):
            sheet.write_number(line, column, entry[name], form.number)
        sheet.write_number(line, 6, entry["required_share"], form.share)
        sheet.write_number(line, 7, entry["share"], form.share)
    line += 2
    sheet.write_string(line, 0, "二、按规则", form.title)
    line += 1
    for column, (heading, width) in enumerate(_RULE_ORDER):
        sheet.write_string(line, column, heading, form.head)
        if column >= len(_LEVEL_ORDER):
            sheet.set_column(column, column, width)
    for entry in plan.rules:
        line += 1
        basis = f"{entry['meaning']}（{entry['citation']}）" + ("〔未核实〕" if entry["unverified"] else "")
        texts = {
            0: entry["rule"], 1: kind_label(entry["kind"]), 2: "、".join(entry["links"]), 4: entry["share"],
            8: entry["note"], 9: basis,
        }  # fmt: skip
        for column, text in texts.items():
            sheet.write_string(line, column, text, form.text)
        for column, name in ((3, "parties"), (5, "required"), (6, "must"), (7, "planned")):
            sheet.write_number(line, column, entry[name], form.number)
    _page(sheet, 1)


def _draws(book: Any, form: _Formats, plan: Plan) -> None:
    sheet = book.add_worksheet("抽取说明")
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 70)
    facts = (
        ("年度", str(plan.year)), ("规则包", plan.pack), ("规则包版本", plan.pack_version),
        ("种子", plan.seed), ("方法", METHOD),
        ("重复验证", "把候选名单逐行存为文本文件，运行 xiejian draw 文件 --count 抽取数 --seed 种子"),
    )  # fmt: skip
    for line, (heading, text) in enumerate(facts):
        sheet.write_string(line, 0, heading, form.head)
        sheet.write_string(line, 1, text, form.plain)
    line = len(facts) + 1
    for draw in plan.draws:
        for heading, text in (
            ("分组", draw["group"]),
            ("种子", draw["seed"]),
            ("候选数", str(draw["candidates"])),
            ("抽取数", str(draw["count"])),
            ("名单摘要", draw["digest"]),
        ):
            sheet.write_string(line, 0, heading, form.head)
            sheet.write_string(line, 1, text, form.plain)
            line += 1
        for place, key in enumerate(draw["drawn"], start=1):
            sheet.write_string(line, 0, f"第{place}个", form.plain)
            sheet.write_string(line, 1, key, form.plain)
            line += 1
        line += 1
