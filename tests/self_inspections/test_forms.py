"""The forms of self-inspection as data."""

from __future__ import annotations

import datetime as dt

import pytest

from refusals import refused
from xiejian.inspections import checklists
from xiejian.registry.models import PartyLink
from xiejian.self_inspections import forms

MINIMAL = """
id = "sale"
title = "自查"
link = "经营"
duty = "file"
deadline = "SI-3"
start = "12-31"
order = ["one"]
[[section]]
id = "one"
title = "一"
[[section.point]]
id = "A-1"
text = "有制度"
answer = "conform"
citation = "本系统设置"
design = "示例"
"""


@pytest.fixture
def folder(tmp_path):
    """Writes one form into an empty folder and reads the folder."""

    def read(text: str):
        (tmp_path / "sale.toml").write_text(text, encoding="utf-8")
        return forms.load(tmp_path)

    return read


class TestShippedForms:
    def test_hold_together(self):
        assert forms.wrong() == []

    @pytest.mark.parametrize(
        ("link", "mode", "form"),
        [
            ("生产", "", "production"), ("经营", "批发", "wholesale"), ("经营", "批零兼营", "wholesale"),
            ("经营", "", "wholesale"), ("经营", "零售", "retail"), ("使用", "", "use"),
            ("网络销售", "", "online"),
            ("第三方平台", "", "platform"),
        ],
    )  # fmt: skip
    def test_fit_one_link_and_mode_each(self, link, mode, form):
        assert forms.for_link(PartyLink(link=link, mode=mode)).id == form

    def test_ask_what_the_checklist_of_a_visit_asks(self):
        taken = [point for point in forms.get("retail").points if point.checklist]
        asked = [checklists.get(point.checklist).point(point.id) for point in taken]
        assert [(p.text, p.citation) for p in taken] == [(p.text, p.citation) for p in asked]

    @pytest.mark.parametrize(
        ("form", "year", "due"),
        [
            ("production", 2024, dt.date(2025, 3, 31)),
            ("retail", 2024, dt.date(2025, 3, 31)),
            ("retail", 2023, dt.date(2024, 4, 1)),  # 31 March 2024 is a Sunday
            ("use", 2024, dt.date(2024, 12, 31)),
            ("online", 2024, None),
        ],
    )
    def test_are_due_by_the_rule_of_time_limits(self, form, year, due):
        assert forms.due_on(forms.get(form), year) == due


class TestAskedPoints:
    FACTS = {"link": "经营", "area": "医疗器械", "mode": "零售", "unit_kind": "", "stores_for_others": False}

    def ids(self, **facts):
        return {p.id for p in forms.get("retail").asked(self.FACTS | facts).points}

    def test_of_class_three_are_spared_a_seller_of_class_two(self):
        assert "G3-3" not in self.ids(classes="2", tags=["无菌"])

    def test_of_class_three_are_put_to_a_seller_of_class_three(self):
        assert "G3-3" in self.ids(classes="3", tags=["无菌"])

    def test_make_a_version_of_their_own(self):
        form = forms.get("retail")
        assert form.asked(self.FACTS | {"classes": "2", "tags": ["无菌"]}).version != form.version

    def test_read_back_from_what_was_kept(self):
        form = forms.get("retail").asked(self.FACTS | {"classes": "2", "tags": ["无菌"]})
        assert forms.from_json(forms.as_json(form)) == form


class TestFormFiles:
    def test_one_section_and_one_point_are_a_form(self, folder):
        assert [point.id for point in folder(MINIMAL)["sale"].points] == ["A-1"]

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ('answer = "conform"', 'answer = "maybe"'),
            ('design = "示例"', ""),
            ('design = "示例"', 'design = "示例"\nchecked = "原文"'),
            ('design = "示例"', 'design = "示例"\nstored = "weather"'),
            ('citation = "本系统设置"', ""),
            ('order = ["one"]', 'order = ["two"]'),
            ('order = ["one"]', "order = []"),
            ('title = "一"', 'title = "一"\ntake = { distribution = ["G99"] }'),
            ('link = "经营"', 'link = "运输"'),
            ('duty = "file"', 'duty = "voluntary"'),
            ('deadline = "SI-3"', 'deadline = ""'),
            ('id = "sale"', 'id = "sell"'),
        ],
    )
    def test_with_a_fault_are_refused(self, folder, before, after):
        with refused("I501"):
            folder(MINIMAL.replace(before, after, 1))

    def test_with_an_unknown_time_limit_are_refused(self, folder):
        with refused("K421"):
            folder(MINIMAL.replace("SI-3", "SI-99"))
