"""A report table as a Word document: landscape, the form's own merged headings, header fields and note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from docx.document import Document as DocxDocument
from docx.enum.table import WD_ROW_HEIGHT_RULE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm, Pt
from docx.table import _Cell

from xiejian.documents import official
from xiejian.figures.tables import Block, ComputedTable, Heading, head_blocks, side_blocks

#: the line of a landscape page between its margins
LINE_MM = 257.0
LABEL_MM = 16.0
WIDEST_CELL_MM = 24.0
#: characters of a row heading that are kept on one line
ONE_LINE = 9
ROW_MM, LOWEST_ROW_MM = 7.5, 6.0
#: what title, header fields and note take of a page's 165 mm
AROUND_MM, PAGE_MM = 38.0, 165.0
#: characters of a column heading that fit one line of one millimetre, and the height of such a line
HEADING_PT = 9.0
CHAR_MM, LINE_HEIGHT_MM = HEADING_PT * 0.3528 * 1.05, HEADING_PT * 0.3528 * official.CELL_LINE


def printed(value: int | Decimal | None, heading: Heading) -> str:
    """A cell as printed: its decimals kept, — where there is no figure."""
    return "—" if value is None else f"{value:.{heading.decimals}f}"


def column_widths(computed: ComputedTable) -> list[float]:
    """Widths in millimetres: label columns by their longest heading, figure columns share what is left."""
    labels = [LABEL_MM] * computed.label_width
    figures = len(computed.headings)
    for row in computed.rows:
        start = 0
        for text, width in zip(row.label, row.span, strict=True):
            # a short heading on one line, a long one on two, never more than a fifth of the page
            lines = 1 if official.text_width(text) <= ONE_LINE else 2
            needed = min(LINE_MM / 5, official.text_width(text) / lines * 3.9 + 3) / width
            for place in range(start, start + width):
                labels[place] = max(labels[place], needed)
            start += width
    each = min(WIDEST_CELL_MM, (LINE_MM - sum(labels)) / max(figures, 1))
    return [*labels, *[each] * figures]


def heading_height(computed: ComputedTable, width_mm: float) -> float:
    """The height that the longest column heading needs in a column of this width."""
    per_line = max(1, int((width_mm - 2) / CHAR_MM))
    lines = max((-(-len(label) // per_line) for label in computed.columns), default=1)
    return max(ROW_MM, lines * LINE_HEIGHT_MM + 2)


def row_height(computed: ComputedTable, heading_mm: float) -> float:
    """Rows a little lower where that keeps the whole table on one page."""
    room = (PAGE_MM - AROUND_MM - heading_mm) / max(len(computed.rows), 1)
    return min(ROW_MM, room) if room >= LOWEST_ROW_MM else ROW_MM


def write(computed: ComputedTable, path: Path, header: Mapping[str, str]) -> None:
    """Write the table to ``path``. ``header`` gives the values of the form's header fields, e.g. 填报单位."""
    document = official.new_document(computed.title, header.get("填报单位", ""))
    official.landscape(document)
    title = document.add_paragraph(style=official.STYLES["title"])
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.space_after = Pt(6)
    official.set_font(title.add_run(computed.title), official.SMALL_TITLE, 18)
    _add_header_fields(document, computed.header, header)
    _add_table(document, computed)
    for text in (computed.note, *_check_lines(computed)):
        if text:
            line = document.add_paragraph(style=official.STYLES["table"])
            line.paragraph_format.space_before = Pt(4)
            official.set_font(line.add_run(text), official.FANGSONG, official.TABLE_PT)
    path.parent.mkdir(parents=True, exist_ok=True)
    document.save(str(path))


def _check_lines(computed: ComputedTable) -> list[str]:
    errors = [check for check in computed.checks if check.level == "error"]
    return [f"校验提示：{check.message}" for check in errors[:5]]


def field_line(label: str, header: Mapping[str, str]) -> str:
    """One header field with its value, or room to write it by hand."""
    return f"{label}：{header.get(label, '')}"


def _add_header_fields(document: DocxDocument, labels: Sequence[str], header: Mapping[str, str]) -> None:
    """Two fields a line, the second from the middle of the page, as on the printed form."""
    for start in range(0, len(labels), 2):
        line = document.add_paragraph(style=official.STYLES["body"])
        line.paragraph_format.tab_stops.add_tab_stop(Mm(LINE_MM * 0.6))
        line.paragraph_format.space_after = Pt(2)
        text = "\t".join(field_line(label, header) for label in labels[start : start + 2])
        official.set_font(line.add_run(text), official.FANGSONG, 12)


def _add_table(document: DocxDocument, computed: ComputedTable) -> None:
    heads = head_blocks(computed.headings, computed.label_heading, computed.label_width)
    depth = max(block.row + block.height for block in heads)
    widths = column_widths(computed)
    table = official.new_table(document, depth + len(computed.rows), widths)
    grid = list(table._cells)
    across = len(widths)

    def place(block: Block, offset: int, size: float, font: str) -> None:
        top = offset + block.row
        first = grid[top * across + block.column]
        last = grid[(top + block.height - 1) * across + block.column + block.width - 1]
        cell: _Cell = first if first is last else first.merge(last)
        official.fill_cell(cell, block.text, font=font, size=size)

    for block in heads:
        place(block, 0, HEADING_PT, official.HEITI)
    breaks = [computed.repeat_heading_after] if computed.repeat_heading_after else []
    for block in side_blocks(computed.rows, computed.label_width, breaks):
        place(block, depth, official.TABLE_PT, official.FANGSONG)
    for row_number in breaks:
        grid[(depth + row_number) * across].paragraphs[0].paragraph_format.page_break_before = True
    for r, row in enumerate(computed.rows):
        for c, (value, heading) in enumerate(zip(row.cells, computed.headings, strict=True)):
            cell = grid[(depth + r) * across + computed.label_width + c]
            official.fill_cell(cell, printed(value, heading))
    heading_mm = heading_height(computed, widths[-1])
    row_mm = row_height(computed, heading_mm + ROW_MM * (depth - 1))
    for index, line in enumerate(table.rows):
        line.height_rule = WD_ROW_HEIGHT_RULE.AT_LEAST
        line.height = Mm(row_mm if index >= depth else heading_mm if index == depth - 1 else ROW_MM)
    official.repeat_heading(table, depth)
