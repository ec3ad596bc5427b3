"""What was answered: read, counted, complete. No database."""

from __future__ import annotations

import pytest

from xiejian.self_inspections import answers
from xiejian.self_inspections.forms import Form, FormPoint, Section

JUDGED = FormPoint("A", "有制度", "conform", "条例")
COUNTED = FormPoint("B", "投诉数", "number", "条例", unit="件")
TOLD = FormPoint("C", "变更", "text", "条例", optional=True)
ASKED = FormPoint("D", "有委托", "yes_no", "条例")
FORM = Form(
    "f", "自查", "经营", (), "file", "SI-3", "12-31", "医疗器械",
    (Section("s", "一", (JUDGED, COUNTED)), Section("t", "二", (TOLD, ASKED))),
)  # fmt: skip
WHOLE = {"A": {"answer": "conform"}, "B": {"answer": 0}, "D": {"answer": "no"}}


def codes(problems):
    return [problem.code for problem in problems]


class TestReading:
    @pytest.mark.parametrize(
        ("point", "given", "stored"),
        [
            (JUDGED, {"answer": "not_conform", "note": " 已改 "}, {"answer": "not_conform", "note": "已改"}),
            (COUNTED, {"answer": "12"}, {"answer": 12}),
            (COUNTED, {"answer": 0}, {"answer": 0}),
            (TOLD, {"answer": " 无 "}, {"answer": "无"}),
            (ASKED, {"answer": "yes"}, {"answer": "yes"}),
            (ASKED, {"answer": ""}, {}),
            (JUDGED, {}, {}),
        ],
    )
    def test_keeps_what_fits(self, point, given, stored):
        assert answers.read(point, given, 50) == (stored, [])

    @pytest.mark.parametrize(
        ("point", "given", "code"),
        [
            (JUDGED, {"answer": "yes"}, "SI202"),
            (ASKED, {"answer": "conform"}, "SI202"),
            (COUNTED, {"answer": "-1"}, "SI202"),
            (COUNTED, {"answer": "1.5"}, "SI202"),
            (COUNTED, {"answer": "²"}, "SI202"),
            (COUNTED, {"answer": "99999999999"}, "SI202"),
            (TOLD, {"answer": "长" * 51}, "SI102"),
            (JUDGED, {"answer": "conform", "note": "长" * 51}, "SI102"),
        ],
    )
    def test_refuses_what_does_not(self, point, given, code):
        assert codes(answers.read(point, given, 50)[1]) == [code]


class TestProgress:
    def test_counts_the_points_that_must_be_answered(self):
        assert answers.progress(FORM, {"A": {"answer": "conform"}, "C": {"answer": "无"}}).answered == 1

    def test_zero_is_an_answer(self):
        assert answers.progress(FORM, WHOLE).complete

    def test_of_a_section_without_duties_is_complete(self):
        assert answers.progress(Section("u", "三", (TOLD,)), {}).percent == 100


class TestCompleteness:
    def test_holds_when_every_duty_is_answered(self):
        assert answers.check_complete(FORM, WHOLE) == []

    def test_names_what_is_missing(self):
        (problem,) = answers.check_complete(FORM, {"A": {"answer": "conform"}})
        assert problem.code == "SI203"
        assert "投诉数、有委托" in problem.message

    def test_wants_a_word_on_what_does_not_conform(self):
        assert codes(answers.check_complete(FORM, WHOLE | {"A": {"answer": "not_conform"}})) == ["SI204"]

    def test_is_content_once_that_is_explained(self):
        explained = {"A": {"answer": "not_conform", "note": "已订制度，5月底前施行"}}
        assert answers.check_complete(FORM, WHOLE | explained) == []


class TestWords:
    @pytest.mark.parametrize(
        ("point", "value", "words"),
        [
            (JUDGED, "not_conform", "不符合"), (COUNTED, 0, "0 件"), (ASKED, "no", "否"),
            (TOLD, "conform", "conform"),
        ],
    )  # fmt: skip
    def test_of_an_answer(self, point, value, words):
        assert answers.shown(point, {point.id: {"answer": value}}) == words
