"""Word documents read back: page, type, spacing, numbering and signature as GB/T 9704 asks."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from pathlib import Path

import pytest
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from pypdf import PdfReader

from xiejian.documents import official
from xiejian.documents.draft import (
    Draft,
    Grid,
    Paragraph,
    Run,
    Section,
    Source,
    chinese_date,
    chinese_number,
    numbered,
)

OFFICE = "奈曼旗市场监督管理局"
DAY = dt.date(2023, 11, 15)


def draft(**facts) -> Draft:
    body = Paragraph(
        (Run("全旗在册经营企业"), Run("46", "distributors"), Run("家，其中“网络销售”企业——31家。" * 30))
    )
    grid = Grid(("环节", "家数"), tuple((Run("经营"), Run(str(n), "distributors")) for n in range(40)))
    given = {
        "kind": "summary", "title": f"{OFFICE}2023年医疗器械监管工作总结", "office_code": "150525",
        "office_name": OFFICE, "year": 2023, "from_on": dt.date(2023, 1, 1), "until_on": DAY,
        "signed_on": DAY,
        "sections": (
            Section("", 0, (body,)), Section("监督检查", 1, (body,)), Section("经营环节", 2, (body,)),
            Section("眼镜店", 3, (grid,)), Section("案件查办", 1, (body,)),
        ),
        "figures": {"distributors": Source("distributors", "经营企业", "46", "家", "在册经营企业数", "", 46)},
        "attachments": ("统计表一", "统计表二"), "addressee": "各市场监督管理所",
    }  # fmt: skip
    return Draft(**{**given, **facts})


def written(tmp_path: Path, **facts):
    path = tmp_path / "draft.docx"
    official.write(draft(**facts), path)
    return Document(str(path))


@pytest.fixture
def document(tmp_path):
    return written(tmp_path)


def find(document, text: str):
    return next(p for p in document.paragraphs if text in p.text)


def east_asian(run) -> str:
    return run._element.rPr.rFonts.get(qn("w:eastAsia"))


class TestPage:
    def test_is_a4_with_margins_of_37_35_28_and_26_millimetres(self, document):
        page = document.sections[0]
        sizes = (page.page_width, page.page_height, page.top_margin, page.bottom_margin, page.left_margin)
        wanted = (Mm(210), Mm(297), Mm(37), Mm(35), Mm(28))
        assert [round(s / Mm(1)) for s in (*sizes, page.right_margin)] == [
            round(s / Mm(1)) for s in (*wanted, Mm(26))
        ]

    def test_carries_the_page_number_between_dashes_in_four_point_size(self, document):
        footer = document.sections[0].footer.paragraphs[0]
        fields = [e.text.strip() for e in footer._element.iter(qn("w:instrText"))]
        shown = "".join(run.text for run in footer.runs)
        assert (fields, shown[:2], shown[-2:], footer.runs[0].font.size) == (["PAGE"], "— ", " —", Pt(14))

    def test_puts_the_number_right_on_odd_pages_and_left_on_even_ones(self, document):
        page = document.sections[0]
        sides = (page.footer.paragraphs[0].alignment, page.even_page_footer.paragraphs[0].alignment)
        assert sides == (WD_ALIGN_PARAGRAPH.RIGHT, WD_ALIGN_PARAGRAPH.LEFT)
        assert document.settings.odd_and_even_pages_header_footer


class TestType:
    def test_names_a_chinese_font_for_every_run(self, document):
        paragraphs = [
            *document.paragraphs,
            *(p for t in document.tables for c in t._cells for p in c.paragraphs),
        ]
        assert all(east_asian(run) for p in paragraphs for run in p.runs)

    def test_sets_the_title_in_small_title_song_at_22_points_centred(self, document):
        title = find(document, "工作总结")
        found = (east_asian(title.runs[0]), title.runs[0].font.size, title.alignment)
        assert found == ("方正小标宋简体", Pt(22), WD_ALIGN_PARAGRAPH.CENTER)

    def test_breaks_a_long_title_after_the_office_and_not_inside_a_word(self, document):
        assert find(document, "工作总结").text == f"{OFFICE}\n2023年医疗器械监管工作总结"

    def test_sets_body_text_in_fangsong_at_16_points_on_lines_of_28(self, document):
        body = find(document, "全旗在册")
        spacing = body.paragraph_format
        assert (east_asian(body.runs[0]), body.runs[0].font.size) == ("仿宋_GB2312", Pt(16))
        assert (spacing.line_spacing_rule, spacing.line_spacing) == (WD_LINE_SPACING.EXACTLY, Pt(28))

    def test_begins_a_paragraph_two_characters_in(self, document):
        indent = find(document, "全旗在册")._element.pPr.ind
        assert (indent.get(qn("w:firstLineChars")), indent.get(qn("w:firstLine"))) == ("200", "640")

    @pytest.mark.parametrize(
        "text, font",
        [("一、监督检查", "黑体"), ("（一）经营环节", "楷体_GB2312"), ("1. 眼镜店", "仿宋_GB2312")],
    )
    def test_sets_each_level_of_heading_in_its_font(self, document, text, font):
        heading = find(document, text)
        assert (heading.text, east_asian(heading.runs[0])) == (text, font)

    def test_makes_headings_an_outline_that_word_can_navigate(self, document):
        levels = [s.element.find(".//" + qn("w:outlineLvl")) for s in document.styles if "级标题" in s.name]
        assert [e.get(qn("w:val")) for e in levels] == ["0", "1", "2"]


class TestParts:
    def test_repeats_the_heading_of_a_table_on_every_page(self, document):
        assert document.tables[0].rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None

    def test_lists_attachments_under_one_word(self, document):
        assert find(document, "附件：").text == "附件：1. 统计表一"
        assert find(document, "2. 统计表二").text == "2. 统计表二"

    def test_signs_with_office_over_date(self, document):
        texts = [p.text for p in document.paragraphs]
        at = texts.index("2023年11月15日")
        assert texts[at - 1] == OFFICE

    def test_never_leaves_the_signature_alone_on_a_page(self, document):
        texts = [p.text for p in document.paragraphs]
        at = texts.index("2023年11月15日")
        assert all(p.paragraph_format.keep_with_next for p in document.paragraphs[at - 2 : at])

    def test_ends_with_the_source_of_every_number(self, document):
        last = [[c.text for c in row.cells] for row in document.tables[-1].rows]
        assert last[0] == ["序号", "指标", "数值", "口径", "期间", "记录数"]
        assert last[1] == ["1", "经营企业", "46家", "在册经营企业数", "—", "46"]

    def test_leaves_the_sources_out_when_asked(self, tmp_path):
        path = tmp_path / "plain.docx"
        official.write(draft(), path, sources=False)
        assert "数据来源" not in [p.text for p in Document(str(path)).paragraphs]

    def test_has_a_red_heading_with_number_and_rule_when_asked(self, tmp_path):
        document = written(tmp_path, red_heading=True, document_no="奈市监〔2023〕12号")
        heading, number = document.paragraphs[:2]
        assert (heading.text, str(heading.runs[0].font.color.rgb)) == (f"{OFFICE}文件", "FF0000")
        assert number._element.pPr.find(qn("w:pBdr")) is not None


class TestSignaturePlace:
    @pytest.mark.parametrize("office", ["独山县局", "宁波市食品药品监督管理局北仑分局"])
    def test_centres_office_and_date_on_each_other(self, tmp_path, office):
        document = written(tmp_path, office_name=office)
        texts = [p.text for p in document.paragraphs]
        at = texts.index("2023年11月15日")
        centres = [
            p.paragraph_format.right_indent.pt / 16 + official.text_width(p.text) / 2
            for p in document.paragraphs[at - 1 : at + 1]
        ]
        assert centres[0] == pytest.approx(centres[1], abs=0.1)


class TestChineseNumbers:
    @pytest.mark.parametrize(
        "number, text", [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (99, "九十九")]
    )
    def test_count_headings(self, number, text):
        assert chinese_number(number) == text

    def test_begin_anew_under_each_heading(self):
        levels = (1, 2, 3, 2, 1, 2)
        found = numbered([Section("题", level) for level in levels])
        assert found == ["一、题", "（一）题", "1. 题", "（二）题", "二、题", "（一）题"]

    def test_write_dates_without_leading_zeros(self):
        assert chinese_date(dt.date(2009, 5, 6)) == "2009年5月6日"


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice Writer is not installed")
def test_a_document_prints_with_its_text_and_page_numbers(tmp_path):
    official.write(draft(), tmp_path / "draft.docx")
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf",
         "--outdir", str(tmp_path), str(tmp_path / "draft.docx")],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    pages = [page.extract_text().replace(" ", "") for page in PdfReader(tmp_path / "draft.pdf").pages]
    assert all(f"—{number}—" in text for number, text in enumerate(pages, 1))
    assert ("二、案件查办" in "".join(pages), "数据来源" in pages[-1]) == (True, True)
