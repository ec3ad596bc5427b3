"""What speaks against a report. The rule itself needs no database."""

from __future__ import annotations

import datetime as dt

import pytest

from xiejian.self_inspections.contradictions import Found, of
from xiejian.self_inspections.forms import Form, FormPoint, Section

STORES = FormPoint("G5-3", "温湿度有记录", "conform", "54号令第三十三条", checklist="distribution")
OWN = FormPoint("ZC-11", "整改到位", "conform", "条例第七十二条")
EVENTS = FormPoint("ZC-4", "不良事件数", "number", "办法", unit="件", stored="adverse_events")
FORM = Form(
    "f", "自查", "经营", (), "file", "SI-3", "12-31", "医疗器械", (Section("s", "一", (STORES, OWN, EVENTS)),)
)
FILED = dt.date(2024, 3, 5)
SAID = {"G5-3": {"answer": "conform"}, "ZC-11": {"answer": "conform"}, "ZC-4": {"answer": 2}}


def found(days: int = 10, point: str = "G5-3", clause: str = "", mended: int | None = None) -> Found:
    day = FILED + dt.timedelta(days=days)
    return Found(
        1,
        "检1号",
        day,
        point,
        clause,
        "没有记录",
        None if mended is None else FILED + dt.timedelta(days=mended),
    )


def marks(*findings: Found, held: dict[str, int] | None = None, answers=SAID) -> list[str]:
    return [mark.point for mark in of(FORM, answers, FILED, findings, held or {}, 180)]


class TestAFindingOfAVisit:
    @pytest.mark.parametrize("days", [-180, 0, 180])
    def test_near_the_report_speaks_against_it(self, days):
        assert marks(found(days)) == ["G5-3"]

    @pytest.mark.parametrize("days", [-181, 181])
    def test_far_from_it_does_not(self, days):
        assert marks(found(days)) == []

    def test_on_the_same_clause_speaks_against_it(self):
        assert marks(found(point="T-1", clause="54号令第三十三条")) == ["G5-3"]

    def test_on_the_clause_of_a_point_of_the_form_alone_does_not(self):
        assert marks(found(point="T-1", clause="条例第七十二条")) == []

    def test_mended_before_the_report_does_not(self):
        assert marks(found(-30, mended=-1)) == []

    def test_mended_after_the_report_does(self):
        assert marks(found(-30, mended=1)) == ["G5-3"]

    def test_that_the_firm_admits_does_not(self):
        assert marks(found(), answers={"G5-3": {"answer": "not_conform"}}) == []


class TestAFigure:
    @pytest.mark.parametrize(("held", "said"), [(3, ["ZC-4"]), (2, []), (1, []), (0, [])])
    def test_below_what_is_stored_speaks_against_the_report(self, held, said):
        assert marks(held={"adverse_events": held}) == said

    def test_names_both_sides(self):
        (mark,) = of(FORM, SAID, FILED, [], {"adverse_events": 3}, 180)
        assert (mark.said, mark.against) == ("2 件", "本系统收到该单位报告的不良事件 3 件")
