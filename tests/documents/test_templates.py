"""Templates: sentences with figures, clauses that fall away, and what a template may not say."""

from __future__ import annotations

import pytest

from xiejian.documents import templates
from xiejian.documents.templates import SetValue, Shown

SHOWN = {"visits": Shown("13", False), "system": Shown("6", False), "daily": Shown("7", False),
         "flying": Shown("0", True), "cases": Shown("0", True)}  # fmt: skip
VALUES = {"most": SetValue("上限", "3", "家", "工作安排")}


def template(tmp_path, body: str, **more: str):
    head = "".join(f"{key} = {value}\n" for key, value in more.items())
    path = tmp_path / "t.toml"
    path.write_text(
        f'id = "t"\nkind = "summary"\ntitle = "总结"\n{head}'
        '[value.most]\nlabel = "上限"\nvalue = 3\nunit = "家"\nsource = "工作安排"\n'
        f'[[section]]\nheading = "题"\nparagraphs = {body}\n',
        encoding="utf-8",
    )
    return templates.read(path)


def text(tmp_path, body: str) -> str:
    section = template(tmp_path, body).sections[0]
    found = templates.render(section, SHOWN, VALUES, {"year": "2009"})
    return "\n".join(paragraph.text for paragraph in found.blocks)


class TestSentence:
    def test_puts_figures_words_and_set_values_in(self, tmp_path):
        body = '[["{@year}年检查{visits}家次，每镇不超过{=most}家。"]]'
        assert text(tmp_path, body) == "2009年检查13家次，每镇不超过3家。"

    def test_falls_away_when_all_its_figures_are_zero(self, tmp_path):
        assert text(tmp_path, '[["立案{cases}件。", "检查{visits}家次。"]]') == "检查13家次。"

    def test_says_its_other_wording_instead_where_it_has_one(self, tmp_path):
        assert text(tmp_path, '[[{ text = "立案{cases}件。", zero = "没有立案。" }]]') == "没有立案。"

    def test_stays_when_it_must(self, tmp_path):
        assert text(tmp_path, '[[{ text = "立案{cases}件。", keep = true }]]') == "立案0件。"

    def test_without_figures_always_stays(self, tmp_path):
        assert text(tmp_path, '[["坚持从严。"]]') == "坚持从严。"

    def test_marks_which_text_is_a_figure(self, tmp_path):
        section = template(tmp_path, '[["检查{visits}家次。"]]').sections[0]
        runs = templates.render(section, SHOWN, VALUES, {}).blocks[0].runs
        assert [(run.text, run.figure) for run in runs] == [("检查", ""), ("13", "visits"), ("家次。", "")]


class TestClause:
    def test_falls_away_when_its_figures_are_zero(self, tmp_path):
        assert text(tmp_path, '[["检查{visits}家次[，立案{cases}件]。"]]') == "检查13家次。"

    def test_lists_only_the_items_that_stay(self, tmp_path):
        body = '[["检查{visits}家次[，其中|飞行{flying}家次|系统{system}家次|日常{daily}家次]。"]]'
        assert text(tmp_path, body) == "检查13家次，其中系统6家次、日常7家次。"

    def test_falls_away_whole_when_no_item_stays(self, tmp_path):
        body = '[["检查{visits}家次[，其中|飞行{flying}家次|立案{cases}件]。"]]'
        assert text(tmp_path, body) == "检查13家次。"


class TestReading:
    def test_refuses_a_word_that_documents_do_not_have(self, tmp_path):
        with pytest.raises(ValueError, match="@mayor"):
            template(tmp_path, '[["{@mayor}讲话。"]]')

    def test_refuses_a_set_value_without_an_entry(self, tmp_path):
        with pytest.raises(ValueError, match="=least"):
            template(tmp_path, '[["不少于{=least}家。"]]')

    def test_names_the_figures_in_the_order_of_their_use(self, tmp_path):
        assert template(tmp_path, '[["{visits}[，{cases}]，{visits}"]]').figures == ["visits", "cases"]

    def test_refuses_an_unknown_way_of_deriving(self, tmp_path):
        path = tmp_path / "t.toml"
        path.write_text(
            'id = "t"\nkind = "k"\ntitle = "t"\n[derived.x]\nlabel = "l"\nmeaning = "m"\nhow = "guess"\n'
            'of = ["a", "b"]\nunit = "例"\n[[section]]\n',
            encoding="utf-8",
        )
        with pytest.raises(ValueError, match="guess"):
            templates.read(path)


class TestChoosing:
    def test_takes_the_template_of_the_offices_own_pack_first(self):
        assert templates.choose("summary", ["national-2022-78", "beilun"]).id == "beilun-summary"

    def test_takes_the_common_one_for_everybody_else(self):
        assert templates.choose("summary", ["dushan"]).id == "summary"

    def test_finds_nothing_for_an_unknown_kind(self):
        assert templates.choose("poem", []) is None
