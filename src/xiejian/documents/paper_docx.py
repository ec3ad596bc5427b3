"""A paper of the field as a Word document: A4, ruled facts and tables, names as drawn, room for the seal.

An official letter (order, result) is set by GB/T 9704 like every other document, with its 版记 at the foot
of the last page; a form (record, talk) in smaller type, so that it is handy on the spot.
"""

from __future__ import annotations

from functools import singledispatchmethod
from pathlib import Path

from docx.document import Document as DocxDocument
from docx.enum.table import WD_ROW_HEIGHT_RULE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.image.exceptions import UnrecognizedImageError
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph as WordParagraph

from xiejian.documents import official
from xiejian.documents.draft import chinese_date
from xiejian.documents.official import FANGSONG, HEITI, LINE_MM, STYLES
from xiejian.documents.paper import Blank, Block, Facts, Heading, NewPage, Paper, Sign, Signs, Table, Text

FORM_PT, FORM_LINE_PT, SMALL_PT, DIGEST_PT = 12, 20, 10.5, 7
#: imprint: 四号 in the standard, one character in from both sides
IMPRINT_PT, IMPRINT_LINE_PT = 14, 20
#: label and value, twice
FACT_MM = (33.0, 45.0, 33.0, 45.0)
#: margins of a form above and below: one page more often holds it
FORM_TOP_MM, FORM_BOTTOM_MM, FORM_FOOTER_MM = 22, 24, 12
#: a drawn name, at most so large
SIGN_MM = (36, 12)


def write(paper: Paper, path: Path) -> None:
    """Write the paper to a .docx file."""
    document = official.new_document(paper.title, paper.office_name)
    _Setter(document, paper).set()
    document.save(str(path))


class _Setter:
    """Sets the blocks of one paper, one after the other."""

    def __init__(self, document: DocxDocument, paper: Paper) -> None:
        self.document, self.paper = document, paper
        self.size = official.BODY_PT if paper.official else FORM_PT
        self.line = official.LINE_PT if paper.official else FORM_LINE_PT

    def set(self) -> None:
        paper = self.paper
        if not paper.official:
            page = self.document.sections[0]
            page.top_margin, page.bottom_margin = Mm(FORM_TOP_MM), Mm(FORM_BOTTOM_MM)
            page.footer_distance = Mm(FORM_FOOTER_MM)
        official.add_title(self.document, [paper.office_name, paper.title])
        if not paper.official:
            self.document.paragraphs[-1].paragraph_format.space_after = Pt(FORM_LINE_PT / 2)
        if paper.numbered:
            self._number()
        if paper.addressee:
            self.block(Text(f"{paper.addressee}：", indent=False))
        for block in paper.body:
            self.block(block)
        if paper.sealed_on:
            self.document.paragraphs[-1].paragraph_format.keep_with_next = True
            official.add_signature(self.document, paper.office_name, chinese_date(paper.sealed_on))
            self._remark("（印章）")
        for block in paper.receipt:
            self.block(block)
        if paper.imprint:
            _add_imprint(self.document, *paper.imprint)

    def _number(self) -> None:
        paper = self.paper
        said = paper.number or "　　　　〔　　　〕　　号"
        word = self._paragraph("" if paper.official else "编号：", said)
        side = WD_ALIGN_PARAGRAPH.CENTER if paper.official else WD_ALIGN_PARAGRAPH.RIGHT
        word.alignment = side
        word.paragraph_format.space_after = Pt(self.line / 2)

    def _paragraph(self, *texts: str, font: str = FANGSONG, size: float | None = None) -> WordParagraph:
        word = self.document.add_paragraph(style=STYLES["body"])
        official._lines(word, self.line)
        for text in filter(None, texts):
            official.set_font(word.add_run(text), font, size or self.size)
        return word

    def _remark(self, text: str) -> None:
        word = self._paragraph(text, size=SMALL_PT)
        word.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        word.paragraph_format.right_indent = Pt(official.BODY_PT * 4)

    @singledispatchmethod
    def block(self, block: Block) -> None:
        raise TypeError(block)

    @block.register
    def _(self, block: Heading) -> None:
        word = self._paragraph(block.text, font=HEITI)
        word.paragraph_format.keep_with_next = True
        if self.paper.official:
            official._indent_two(word, self.size)
        else:
            word.paragraph_format.space_before = Pt(self.line / 2)

    @block.register
    def _(self, block: Text) -> None:
        size = SMALL_PT if block.small else self.size
        word = self._paragraph(block.text, size=size)
        word.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY if block.indent else WD_ALIGN_PARAGRAPH.LEFT
        if block.indent:
            official._indent_two(word, size)

    @block.register
    def _(self, block: NewPage) -> None:
        official.add_title(self.document, [self.paper.office_name, block.title], new_page=True)

    @block.register
    def _(self, block: Blank) -> None:
        """Lines to write on: a ruled table without sides."""
        table = official.new_table(self.document, block.lines, [LINE_MM])
        for number, cell in enumerate(table._cells):
            label = f"{block.label}：" if block.label and number == 0 else ""
            official.fill_cell(cell, label, size=SMALL_PT, align=WD_ALIGN_PARAGRAPH.LEFT)
        _rule_sides(table, insideH="4", bottom="4")
        for row in table.rows:
            row.height, row.height_rule = Mm(8), WD_ROW_HEIGHT_RULE.AT_LEAST
        self._gap()

    @block.register
    def _(self, block: Facts) -> None:
        widths = list(FACT_MM)
        table = official.new_table(self.document, len(block.rows), widths)
        for row, facts in zip(table.rows, block.rows, strict=True):
            cells = row.cells
            if len(facts) == 1:
                cells[1].merge(cells[3])
            for place, (label, value) in enumerate(facts):
                official.fill_cell(cells[2 * place], label, font=HEITI)
                official.fill_cell(cells[2 * place + 1], value, align=WD_ALIGN_PARAGRAPH.LEFT)
            row.height, row.height_rule = Mm(8), WD_ROW_HEIGHT_RULE.AT_LEAST
        official.repeat_heading(table, 0)
        self._gap()

    @block.register
    def _(self, block: Table) -> None:
        widths = [LINE_MM * width / sum(block.widths) for width in block.widths]
        table = official.new_table(self.document, len(block.rows) + 1, widths)
        cells = iter(table._cells)
        for label in block.columns:
            official.fill_cell(next(cells), label, font=HEITI)
        short = [
            max(map(official.text_width, column), default=0) <= 6 for column in zip(*block.rows, strict=True)
        ]
        for row in block.rows:
            for place, text in enumerate(row):
                side = WD_ALIGN_PARAGRAPH.CENTER if short[place] else WD_ALIGN_PARAGRAPH.LEFT
                size = DIGEST_PT if place in block.small else official.TABLE_PT
                official.fill_cell(next(cells), text, size=size, align=side)
        official.repeat_heading(table)
        for line in table.rows:
            line.height, line.height_rule = Mm(official.ROW_MM), WD_ROW_HEIGHT_RULE.AT_LEAST
        self._gap()

    @block.register
    def _(self, block: Signs) -> None:
        """One line a name: role, the name as drawn or a line for it, the day; what was said below it."""
        table = official.new_table(self.document, len(block.lines), [44.0, 68.0, 44.0])
        for row, sign in zip(table.rows, block.lines, strict=True):
            cells = row.cells
            official.fill_cell(cells[0], sign.role, font=HEITI)
            self._name(cells[1], sign)
            official.fill_cell(cells[2], sign.on or "　　　年　　月　　日")
            row.height, row.height_rule = Mm(13), WD_ROW_HEIGHT_RULE.AT_LEAST
        official.repeat_heading(table, 0)
        for cell in table._cells[: -len(table.columns)]:  # the names stand together, on one page
            for paragraph in cell.paragraphs:
                paragraph.paragraph_format.keep_with_next = True
        self._gap()

    def _name(self, cell: object, sign: Sign) -> None:
        said = f"{sign.name}：{sign.note}" if sign.name and sign.note else sign.note
        if sign.picture is None:
            official.fill_cell(cell, said or sign.name, align=WD_ALIGN_PARAGRAPH.LEFT)
            return
        paragraph = cell.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT
        run = paragraph.add_run()
        try:
            picture = run.add_picture(str(sign.picture), height=Mm(SIGN_MM[1]))
        except (UnrecognizedImageError, OSError):  # `verify` reports the file; the paper is still needed
            official.set_font(run, FANGSONG, SMALL_PT)
            run.add_text(f"{sign.name}（签名图样打不开）")
            return
        if picture.width > Mm(SIGN_MM[0]):
            picture.height = int(picture.height * Mm(SIGN_MM[0]) / picture.width)
            picture.width = Mm(SIGN_MM[0])
        official.set_font(paragraph.add_run(f"（{sign.name}）"), FANGSONG, SMALL_PT)
        if sign.note:
            below = cell.add_paragraph()
            official.set_font(below.add_run(sign.note), FANGSONG, SMALL_PT)

    def _gap(self) -> None:
        official._lines(self.document.add_paragraph(style=STYLES["table"]), 6)


def _rule_sides(table: object, **sides: str) -> None:
    """Rule a table as told: side → width in eighths of a point, "" for none."""
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        border = OxmlElement(f"w:{side}")
        width = sides.get(side, "")
        border.set(qn("w:val"), "single" if width else "nil")
        if width:
            border.set(qn("w:sz"), width)
        borders.append(border)
    table._tbl.tblPr.append(borders)


def _add_imprint(document: DocxDocument, copies: str, printed: str) -> None:
    """版记: at the foot of the last page between rules: copies, then office and day."""
    # as wide as the text LibreOffice would not let it stand at the foot
    table = official.new_table(document, 2, [LINE_MM - 6])
    place = OxmlElement("w:tblpPr")
    for name, value in (
        ("leftFromText", "0"), ("rightFromText", "0"), ("vertAnchor", "margin"), ("horzAnchor", "margin"),
        ("tblpXSpec", "center"), ("tblpYSpec", "bottom"),
    ):  # fmt: skip
        place.set(qn(f"w:{name}"), value)
    table._tbl.tblPr.insert(1, place)
    _rule_sides(table, top="8", bottom="8", insideH="6")
    for cell, text in zip(table._cells, (copies, printed), strict=True):
        paragraph = cell.paragraphs[0]
        official._lines(paragraph, IMPRINT_LINE_PT)
        paragraph.paragraph_format.left_indent = Pt(IMPRINT_PT)
        paragraph.paragraph_format.tab_stops.add_tab_stop(
            Mm(LINE_MM - 8) - Pt(IMPRINT_PT), WD_TAB_ALIGNMENT.RIGHT
        )
        official.set_font(paragraph.add_run(text.replace("　", "\t", 1)), FANGSONG, IMPRINT_PT)
    official._lines(document.add_paragraph(style=STYLES["table"]), 1)
