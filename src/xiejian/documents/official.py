"""Word documents in the official format of party and government bodies (GB/T 9704-2012).

Page, type and spacing follow clauses 5 to 7 of the standard: A4, type area 156 × 225 mm,
title in 小标宋 二号, body in 仿宋 三号 on lines of 28 pt, headings 一、黑体 （一）楷体 1. 仿宋,
page number 宋体 四号 below the type area, odd pages right and even pages left. Fonts are
named, not embedded: offices have them, and a machine without them substitutes its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from docx import Document
from docx.document import Document as DocxDocument
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_ROW_HEIGHT_RULE, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import Section as Page
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph as WordParagraph
from docx.text.run import Run as WordRun

from xiejian.documents.draft import Draft, Grid, Paragraph, Run, Source, chinese_date, numbered

SMALL_TITLE = "方正小标宋简体"
FANGSONG = "仿宋_GB2312"
HEITI = "黑体"
KAITI = "楷体_GB2312"
SONGTI = "宋体"
LATIN = "Times New Roman"

PAGE_WIDTH, PAGE_HEIGHT = Mm(210), Mm(297)
TOP, LEFT, BOTTOM, RIGHT = Mm(37), Mm(28), Mm(35), Mm(26)
#: the page number stands 7 mm below the type area; its own line is about 5 mm high
FOOTER = Mm(23)
TITLE_PT, BODY_PT, LINE_PT, PAGE_NUMBER_PT, TABLE_PT = 22, 16, 28, 14, 10.5
TITLE_LINE_PT = 36
#: width of the type area
LINE_MM = 156.0
ROW_MM = 6.5
#: line height in table cells, in parts of the type size: the same with every font that is substituted
CELL_LINE = 1.3
RED = RGBColor(0xFF, 0, 0)
HEADING_FONTS = {1: HEITI, 2: KAITI, 3: FANGSONG}
STYLES = {
    "title": "公文标题",
    "body": "公文正文",
    1: "公文一级标题",
    2: "公文二级标题",
    3: "公文三级标题",
    "table": "公文表格",
}


def set_font(run: WordRun, font: str, size: float, *, colour: RGBColor | None = None) -> None:
    """Name the font for both scripts: without w:eastAsia Word sets Chinese in its own default."""
    run.font.name = LATIN
    run.font.size = Pt(size)
    if colour is not None:
        run.font.color.rgb = colour
    fonts = run._element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), font)
    # quotation marks and dashes exist in both scripts: this makes them Chinese ones
    fonts.set(qn("w:hint"), "eastAsia")


def _style(document: DocxDocument, key: str | int, font: str, size: float, level: int | None) -> None:
    style = document.styles.add_style(STYLES[key], WD_STYLE_TYPE.PARAGRAPH)
    assert isinstance(style, ParagraphStyle)
    style.base_style = document.styles["Normal"]
    style.font.name, style.font.size = LATIN, Pt(size)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    if level is not None:
        outline = OxmlElement("w:outlineLvl")
        outline.set(qn("w:val"), str(level))
        style.element.get_or_add_pPr().append(outline)


def _indent_two(paragraph: WordParagraph, size: float = BODY_PT) -> None:
    """First line two characters in: in characters for Word, in points for everything else."""
    paragraph.paragraph_format.first_line_indent = Pt(size * 2)
    paragraph._element.get_or_add_pPr().get_or_add_ind().set(qn("w:firstLineChars"), "200")


def _lines(paragraph: WordParagraph, points: float) -> None:
    spacing = paragraph.paragraph_format
    spacing.line_spacing_rule, spacing.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(points)
    spacing.space_before = spacing.space_after = Pt(0)


def _field(run: WordRun, instruction: str) -> None:
    for kind, text in (("begin", ""), ("", instruction), ("separate", ""), ("text", "1"), ("end", "")):
        if kind == "text":
            element = OxmlElement("w:t")
            element.text = text
        elif kind:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        else:
            element = OxmlElement("w:instrText")
            element.set(qn("xml:space"), "preserve")
            element.text = f" {text} "
        run._element.append(element)


def _page_number(paragraph: WordParagraph, side: WD_ALIGN_PARAGRAPH) -> None:
    """— 1 —, one character in from the outer edge."""
    paragraph.alignment = side
    size = Pt(PAGE_NUMBER_PT)
    if side == WD_ALIGN_PARAGRAPH.RIGHT:
        paragraph.paragraph_format.right_indent = size
    else:
        paragraph.paragraph_format.left_indent = size
    for text in ("— ", "PAGE", " —"):
        run = paragraph.add_run("" if text == "PAGE" else text)
        run.font.name, run.font.size = SONGTI, size
        run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), SONGTI)
        if text == "PAGE":
            _field(run, "PAGE")


def _page(section: Page) -> None:
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = PAGE_WIDTH, PAGE_HEIGHT
    section.top_margin, section.left_margin = TOP, LEFT
    section.bottom_margin, section.right_margin = BOTTOM, RIGHT
    section.footer_distance, section.header_distance = FOOTER, Mm(15)


def new_document(title: str, author: str) -> DocxDocument:
    """An empty document with page, styles and page numbers as the standard has them."""
    document = Document()
    document.core_properties.title, document.core_properties.author = title, author
    document.core_properties.comments, document.core_properties.language = "", "zh-CN"
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = LATIN, Pt(BODY_PT)
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FANGSONG)
    _style(document, "title", SMALL_TITLE, TITLE_PT, None)
    _style(document, "body", FANGSONG, BODY_PT, None)
    for level, font in HEADING_FONTS.items():
        _style(document, level, font, BODY_PT, level - 1)
    _style(document, "table", FANGSONG, TABLE_PT, None)
    page = document.sections[0]
    _page(page)
    document.settings.odd_and_even_pages_header_footer = True
    _page_number(page.footer.paragraphs[0], WD_ALIGN_PARAGRAPH.RIGHT)
    _page_number(page.even_page_footer.paragraphs[0], WD_ALIGN_PARAGRAPH.LEFT)
    return document


def landscape(document: DocxDocument) -> Page:
    """Turn the only or next page on its side; with narrower margins, for wide tables."""
    fresh = len(document.paragraphs) == 0 and len(document.tables) == 0
    page = document.sections[0] if fresh else document.add_section(WD_SECTION.NEW_PAGE)
    page.orientation = WD_ORIENT.LANDSCAPE
    page.page_width, page.page_height = PAGE_HEIGHT, PAGE_WIDTH
    page.top_margin, page.bottom_margin = Mm(25), Mm(20)
    page.left_margin, page.right_margin = Mm(20), Mm(20)
    page.footer_distance = Mm(11)
    return page


def add_red_heading(document: DocxDocument, office_name: str, document_no: str) -> None:
    """发文机关标志 in red, the document number below it, and the red rule."""
    paragraph = document.add_paragraph(style=STYLES["title"])
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    # as large as the line allows, never larger than the issuing bodies above (about 62 pt high)
    size = min(48.0, LINE_MM / 0.3528 / max(len(office_name) + 2, 8))
    _lines(paragraph, size * 1.5)
    set_font(paragraph.add_run(office_name + "文件"), SMALL_TITLE, size, colour=RED)
    number = document.add_paragraph(style=STYLES["body"])
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _lines(number, LINE_PT)
    number.paragraph_format.space_before = Pt(LINE_PT)
    set_font(number.add_run(document_no), FANGSONG, BODY_PT)
    borders = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "18"), ("space", "11"), ("color", "FF0000")):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    number._element.get_or_add_pPr().append(borders)


#: a title may be broken after these: year, particles, and the last character of 工作, 整治
BREAK_AFTER = "年的和及、作治"


def title_lines(title: str, office_name: str) -> list[str]:
    """The title in lines of like length that break between words, the office's name on a line of its own."""
    if _fits(title):
        return [title]
    rest = title.removeprefix(office_name)
    if rest in (title, ""):
        return _halves(title)
    return [office_name, *_halves(rest)]


def _fits(line: str) -> bool:
    return text_width(line) * TITLE_PT * 0.3528 <= LINE_MM


def _halves(line: str) -> list[str]:
    """The line whole where it fits, else cut as near to its middle as a word allows."""
    if _fits(line):
        return [line]
    middle = len(line) // 2
    places = [place for place in range(1, len(line)) if line[place - 1] in BREAK_AFTER] or [middle]
    place = min(places, key=lambda place: abs(place - middle))
    return [line[:place], line[place:]]


def add_title(
    document: DocxDocument, lines: list[str], *, blank_lines: int = 0, new_page: bool = False
) -> None:
    """The title, centred; ``blank_lines`` above it (two below a red heading)."""
    for _ in range(blank_lines):
        _lines(document.add_paragraph(style=STYLES["body"]), LINE_PT)
    paragraph = document.add_paragraph(style=STYLES["title"])
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _lines(paragraph, TITLE_LINE_PT)
    paragraph.paragraph_format.space_after = Pt(LINE_PT)
    paragraph.paragraph_format.keep_with_next = True
    paragraph.paragraph_format.page_break_before = new_page
    for number, line in enumerate(lines):
        run = paragraph.add_run()
        if number:
            run.add_break()
        run.add_text(line)
        set_font(run, SMALL_TITLE, TITLE_PT)


def add_heading(document: DocxDocument, text: str, level: int) -> None:
    """One heading; the number is part of ``text``."""
    paragraph = document.add_paragraph(style=STYLES[level])
    _lines(paragraph, LINE_PT)
    _indent_two(paragraph)
    paragraph.paragraph_format.keep_with_next = True
    set_font(paragraph.add_run(text), HEADING_FONTS[level], BODY_PT)


def add_body(document: DocxDocument, paragraph: Paragraph, *, indent: bool = True) -> None:
    """One paragraph of body text, its first line two characters in."""
    word = document.add_paragraph(style=STYLES["body"])
    word.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    _lines(word, LINE_PT)
    if indent:
        _indent_two(word)
    for run in paragraph.runs:
        set_font(word.add_run(run.text), FANGSONG, BODY_PT)


def add_attachments(document: DocxDocument, attachments: tuple[str, ...]) -> None:
    """附件： one line below the text, further ones in line with the first."""
    for index, name in enumerate(attachments):
        number = f"{index + 1}. " if len(attachments) > 1 else ""
        word = document.add_paragraph(style=STYLES["body"])
        _lines(word, LINE_PT)
        if index == 0:
            word.paragraph_format.space_before = Pt(LINE_PT)
            _indent_two(word)
            set_font(word.add_run(f"附件：{number}{name}"), FANGSONG, BODY_PT)
        else:
            word.paragraph_format.left_indent = Pt(BODY_PT * 5)
            set_font(word.add_run(f"{number}{name}"), FANGSONG, BODY_PT)


def text_width(text: str) -> float:
    """Width in characters: a digit or Latin letter takes half of a Chinese one."""
    return sum(0.5 if char.isascii() else 1 for char in text)


def add_signature(document: DocxDocument, office_name: str, date_text: str) -> None:
    """Office over date, centred on each other, the date four characters in, room above for the seal."""
    office_width, date_width = text_width(office_name), text_width(date_text)
    if office_width <= date_width:
        date_in = 4.0
        office_in = date_in + (date_width - office_width) / 2
    else:
        office_in = 2.0
        date_in = max(4.0, office_in + (office_width - date_width) / 2)
    for text, inset, before in ((office_name, office_in, LINE_PT * 2), (date_text, date_in, 0)):
        word = document.add_paragraph(style=STYLES["body"])
        word.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        _lines(word, LINE_PT)
        word.paragraph_format.space_before = Pt(before)
        word.paragraph_format.right_indent = Pt(BODY_PT * inset)
        word.paragraph_format.keep_with_next = before > 0
        word.paragraph_format.keep_together = True
        set_font(word.add_run(text), FANGSONG, BODY_PT)


def repeat_heading(table: Table, rows: int = 1) -> None:
    """Repeat the first ``rows`` rows on every page, and never split a row across pages."""
    for index, row in enumerate(table.rows):
        properties = row._tr.get_or_add_trPr()
        whole = OxmlElement("w:cantSplit")
        properties.append(whole)
        if index < rows:
            properties.append(OxmlElement("w:tblHeader"))


def fill_cell(
    cell: _Cell,
    text: str,
    *,
    font: str = FANGSONG,
    size: float = TABLE_PT,
    align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.CENTER,
) -> None:
    """Put one text into a cell, in table type, in the middle of its height."""
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    paragraph = cell.paragraphs[0]
    paragraph.alignment = align
    _lines(paragraph, size * CELL_LINE)
    set_font(paragraph.add_run(text), font, size)


def set_widths(table: Table, widths: list[float]) -> None:
    """Fixed column widths in millimetres: Word, LibreOffice and WPS then agree on the layout."""
    table.autofit = False
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    for place, cell in enumerate(table._cells):  # read once: column.cells walks the table each time
        cell.width = Mm(widths[place % len(widths)])


def new_table(document: DocxDocument, rows: int, widths: list[float]) -> Table:
    """A ruled table of fixed widths (mm) with narrow cell margins."""
    table = document.add_table(rows=rows, cols=len(widths))
    table.style = "Table Grid"
    margins = OxmlElement("w:tblCellMar")
    for side, twips in (("top", "28"), ("left", "57"), ("bottom", "28"), ("right", "57")):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), twips)  # 57 twips are 1 mm
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    table._tbl.tblPr.append(margins)
    set_widths(table, widths)
    return table


def add_grid(document: DocxDocument, grid: Grid, *, last: bool = False) -> None:
    """A table in the text: caption above, heading repeated on every page.

    ``last``: nothing follows, so the line that Word wants after a table is made too low to see.
    """
    if grid.caption:
        caption = document.add_paragraph(style=STYLES["body"])
        caption.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _lines(caption, LINE_PT)
        caption.paragraph_format.keep_with_next = True
        set_font(caption.add_run(grid.caption), HEITI, 12)
    parts = grid.widths or (1.0,) * len(grid.columns)
    widths = [LINE_MM * part / sum(parts) for part in parts]
    table = new_table(document, len(grid.rows) + 1, widths)
    cells = list(table._cells)  # one pass: table.cell() walks the table each time
    for cell, label in zip(cells, grid.columns, strict=False):
        fill_cell(cell, label, font=HEITI)
    rest = iter(cells[len(grid.columns) :])
    sides = [_alignment(column) for column in zip(*grid.rows, strict=True)]
    for row in grid.rows:
        for run, side in zip(row, sides, strict=True):
            fill_cell(next(rest), run.text, align=side)
    repeat_heading(table)
    for line in table.rows:
        line.height, line.height_rule = Mm(ROW_MM), WD_ROW_HEIGHT_RULE.AT_LEAST
    after = document.add_paragraph(style=STYLES["table"])
    _lines(after, 1 if last else 12)


def _alignment(column: Iterable[Run]) -> WD_ALIGN_PARAGRAPH:
    """A column of short entries stands in the middle, one with longer text to the left."""
    long = any(not run.figure and text_width(run.text) > 6 for run in column)
    return WD_ALIGN_PARAGRAPH.LEFT if long else WD_ALIGN_PARAGRAPH.CENTER


def add_sources(document: DocxDocument, draft: Draft) -> None:
    """The appendix 数据来源: every number with its definition, period and count of records."""
    add_title(document, ["数据来源"], new_page=True)
    period = f"{chinese_date(draft.from_on)}至{chinese_date(draft.until_on)}"
    end = f"截至{chinese_date(draft.until_on)}"
    said = Run(f"期内：{period}；期末：{end}。每个数字可在系统中逐条打开所依据的记录。")
    add_body(document, Paragraph((said,)))
    listed = (source for source in draft.figures.values() if source.listed)
    rows = [_source_row(number, source, period, end) for number, source in enumerate(listed, 1)]
    columns = ("序号", "指标", "数值", "口径", "期间", "记录数")
    add_grid(document, Grid(columns, tuple(rows), (11, 38, 20, 57, 14, 16)), last=True)


def _source_row(number: int, source: Source, period: str, end: str) -> tuple[Run, ...]:
    when = {period: "期内", end: "期末", "": "—"}.get(source.period, "")
    definition = source.definition if when else f"{source.definition}（{source.period}）"
    return (
        Run(str(number)),
        Run(source.meaning),
        Run(f"{source.value}{source.unit}", source.id),
        Run(definition),
        Run(when or "另注"),
        Run("规则值" if source.records is None else str(source.records)),
    )


def write(draft: Draft, path: Path, *, sources: bool = True) -> None:
    """Write the draft as a Word document in official format.

    With ``sources`` the appendix 数据来源 follows on a page of its own.
    """
    document = new_document(draft.title, draft.office_name)
    if draft.red_heading:
        add_red_heading(document, draft.office_name, draft.document_no)
    lines = title_lines(draft.title, draft.office_name)
    add_title(document, lines, blank_lines=2 if draft.red_heading else 0)
    if draft.addressee:
        add_body(document, Paragraph((Run(draft.addressee + "："),)), indent=False)
    for heading, section in zip(numbered(draft.sections), draft.sections, strict=True):
        if heading:
            add_heading(document, heading, section.level)
        for block in section.blocks:
            if isinstance(block, Grid):
                add_grid(document, block)
            else:
                add_body(document, block)
    add_attachments(document, draft.attachments)
    if document.paragraphs:  # a signature alone on a page is not allowed
        document.paragraphs[-1].paragraph_format.keep_with_next = True
    add_signature(document, draft.office_name, chinese_date(draft.signed_on))
    if sources and draft.figures:
        add_sources(document, draft)
    path.parent.mkdir(parents=True, exist_ok=True)
    document.save(str(path))
