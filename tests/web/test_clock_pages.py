"""时限: what runs, what a new holiday calendar moves, and why a date is what it is."""

from __future__ import annotations

import datetime as dt

import pytest

from moment import NOW
from xiejian.clocks import actions
from xiejian.clocks.models import Clock
from xiejian.kernel import workdays
from xiejian.people.policy import SYSTEM

LATER = '[2027]\nsource = "为测试虚构"\n[2027.holidays]\n"元旦" = [2027-01-01]\n'


@pytest.fixture
def running(naiman):
    """A clock that runs into a year not published, and one of another county."""
    for record, code, title in ((1, "150525100", "线索甲"), (2, "522726", "线索乙")):
        actions.set_clock(
            subject="case", record=record, name="verify", rule="CS-1", start=dt.date(2026, 12, 14),
            title=title, office_code=code, by=SYSTEM, at=NOW,
        )  # fmt: skip
    return Clock.objects.get(record=1)


@pytest.fixture
def later(tmp_path, monkeypatch):
    path = tmp_path / "workdays.toml"
    path.write_text(LATER, encoding="utf-8")
    calendar = workdays.build(path)
    monkeypatch.setattr(workdays, "standing", lambda: calendar)


class TestRecompute:
    def test_without_a_new_calendar_there_is_nothing_to_do(self, as_role, running):
        assert "没有要改变的时限" in as_role("section_officer").get("/clocks/recompute/").content.decode()

    def test_shows_old_and_new_date_with_the_reason_before_anything_changes(self, as_role, running, later):
        page = as_role("section_officer").get("/clocks/recompute/").content.decode()
        assert all(text in page for text in ("2027-01-04", "2027-01-05", "元旦放假 1月1日", "线索甲"))
        assert str(Clock.objects.get(pk=running.pk).due_legal) == "2027-01-04"

    def test_shows_nothing_of_another_county(self, as_role, running, later):
        assert "线索乙" not in as_role("section_officer").get("/clocks/recompute/").content.decode()

    def test_applies_what_it_showed(self, as_role, running, later):
        as_role("section_officer").post("/clocks/recompute/")
        assert str(Clock.objects.get(pk=running.pk).due_legal) == "2027-01-05"

    def test_is_refused_to_those_who_only_visit(self, as_role, running):
        assert as_role("station_inspector").post("/clocks/recompute/").status_code == 403

    def test_takes_a_few_queries(self, as_role, running, later, django_assert_max_num_queries):
        client = as_role("section_officer")
        with django_assert_max_num_queries(8):
            client.get("/clocks/recompute/")


class TestList:
    def test_marks_what_is_provisional(self, as_role, running):
        page = as_role("section_officer").get("/clocks/?kind=provisional").content.decode()
        assert "线索甲" in page and "暂定" in page

    def test_finds_by_words(self, as_role, running):
        assert "线索甲" not in as_role("section_officer").get("/clocks/?q=无此事项").content.decode()

    def test_what_is_late_can_be_asked_for(self, as_role, running):
        assert "线索甲" not in as_role("section_officer").get("/clocks/?kind=late").content.decode()

    def test_the_queries_do_not_grow_with_the_rows(self, as_role, running, django_assert_max_num_queries):
        new = [
            actions.NewClock("case", n, "verify", "CS-1", dt.date(2024, 2, 5), f"线索 {n}", "150525100")
            for n in range(10, 40)
        ]
        actions.set_clocks(new, by=SYSTEM, at=NOW)
        client = as_role("section_officer")
        with django_assert_max_num_queries(8):
            client.get("/clocks/")


class TestWhy:
    def test_says_rule_start_and_the_days_that_did_not_count(self, as_role, running):
        page = as_role("station_inspector").get(f"/clocks/{running.pk}/why/").content.decode()
        assert all(text in page for text in ("CS-1", "2026-12-14", "周六", "当日不计"))
