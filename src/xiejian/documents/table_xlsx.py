"""A report table as a workbook: the form's merged headings, numbers as numbers, ready to print on A4."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from xiejian.documents.official import text_width
from xiejian.documents.table_docx import field_line
from xiejian.figures.tables import Block, ComputedTable, head_blocks, side_blocks

A4 = 9
BASE = {"font_name": "仿宋", "font_size": 11, "align": "center", "valign": "vcenter", "text_wrap": True}
FIGURE_WIDTH, ROW_HEIGHT, LABEL_WIDTH = 9.5, 28.0, 10.0
#: row headings up to so many characters stay on one line, longer ones take two; a column unit is half of one
ONE_LINE = 10


def _formats(book: Workbook) -> dict[str, Format]:
    boxed = {**BASE, "border": 1}
    return {
        "title": book.add_format({**BASE, "font_name": "方正小标宋简体", "font_size": 18}),
        "field": book.add_format({**BASE, "align": "left", "text_wrap": False}),
        "note": book.add_format({**BASE, "align": "left", "valign": "top", "font_size": 10}),
        "head": book.add_format({**boxed, "font_name": "黑体", "font_size": 10}),
        "label": book.add_format(boxed),
        "0": book.add_format({**boxed, "num_format": "0"}),
        "1": book.add_format({**boxed, "num_format": "0.0"}),
        "2": book.add_format({**boxed, "num_format": "0.00"}),
    }


def _place(sheet: Worksheet, block: Block, top: int, style: Format) -> None:
    first, last = top + block.row, top + block.row + block.height - 1
    if block.height * block.width == 1:
        sheet.write_string(first, block.column, block.text, style)
    else:
        right = block.column + block.width - 1
        sheet.merge_range(first, block.column, last, right, block.text, style)


def _label_widths(computed: ComputedTable) -> list[float]:
    widths = [LABEL_WIDTH] * computed.label_width
    for row in computed.rows:
        start = 0
        for text, span in zip(row.label, row.span, strict=True):
            lines = 1 if text_width(text) <= ONE_LINE else 2
            needed = min(30.0, (text_width(text) * 2 / lines + 3) / span)
            for place in range(start, start + span):
                widths[place] = max(widths[place], needed)
            start += span
    return widths


def write(computed: ComputedTable, path: Path, header: Mapping[str, str]) -> None:
    """Write the table to ``path``; a second sheet says what every figure counts.

    ``header`` gives the values of the form's header fields, e.g. 填报单位.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as book:
        formats = _formats(book)
        # the sheet's name may hold 31 characters and none of []:*?/\
        sheet = book.add_worksheet(computed.title[-31:].translate(str.maketrans("[]:*?/\\", "       ")))
        _fill(sheet, computed, header, formats)
        _explain(book.add_worksheet("口径说明"), computed, formats)


def _fill(
    sheet: Worksheet, computed: ComputedTable, header: Mapping[str, str], formats: dict[str, Format]
) -> None:
    across = computed.label_width + len(computed.headings)
    sheet.merge_range(0, 0, 0, across - 1, computed.title, formats["title"])
    sheet.set_row(0, 32)
    top = 1
    for start in range(0, len(computed.header), 2):
        for label, column in zip(computed.header[start : start + 2], (0, across * 6 // 10), strict=False):
            sheet.write_string(top, column, field_line(label, header), formats["field"])
        top += 1
    heads = head_blocks(computed.headings, computed.label_heading, computed.label_width)
    depth = max(block.row + block.height for block in heads)
    for block in heads:
        _place(sheet, block, top, formats["head"])
    # the longest heading decides: about five characters a line at this width
    lines = max((-(-len(label) // 5) for label in computed.columns), default=1)
    sheet.set_row(top + depth - 1, max(ROW_HEIGHT, lines * 13.5 + 6))
    first = top + depth
    breaks = [computed.repeat_heading_after] if computed.repeat_heading_after else []
    for block in side_blocks(computed.rows, computed.label_width, breaks):
        _place(sheet, block, first, formats["label"])
    for r, row in enumerate(computed.rows):
        sheet.set_row(first + r, ROW_HEIGHT)
        for c, (value, heading) in enumerate(zip(row.cells, computed.headings, strict=True)):
            _number(sheet, first + r, computed.label_width + c, value, formats[str(min(heading.decimals, 2))])
    last = first + len(computed.rows)
    if computed.note:
        sheet.merge_range(last, 0, last, across - 1, computed.note, formats["note"])
        sheet.set_row(last, 20)
    for column, width in enumerate(_label_widths(computed)):
        sheet.set_column(column, column, width)
    sheet.set_column(computed.label_width, across - 1, FIGURE_WIDTH)
    sheet.freeze_panes(first, computed.label_width)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(top, first - 1)
    sheet.set_h_pagebreaks([first + row for row in breaks])
    sheet.center_horizontally()
    sheet.print_area(0, 0, last, across - 1)
    sheet.set_footer("&C第 &P 页，共 &N 页")


def _number(sheet: Worksheet, row: int, column: int, value: Any, style: Format) -> None:
    if value is None:
        sheet.write_string(row, column, "—", style)
    else:
        sheet.write_number(row, column, float(value) if value % 1 else int(value), style)


def _explain(sheet: Worksheet, computed: ComputedTable, formats: dict[str, Format]) -> None:
    """What the figures count, and what did not add up."""
    sheet.set_column(0, 0, 120)
    lines = [*computed.notes]
    lines += [f"校验（{check.id}）：{check.message}" for check in computed.checks]
    for row, line in enumerate(lines):
        sheet.write_string(row, 0, line, formats["note"])
