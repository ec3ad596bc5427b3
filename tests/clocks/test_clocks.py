"""The clocks of records: one function sets them, a later calendar moves them, and every move is logged."""

from __future__ import annotations

import datetime as dt

import pytest

from moment import NOW
from xiejian.clocks import actions, counting, queries
from xiejian.clocks.models import Clock
from xiejian.kernel import workdays
from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry
from xiejian.people.policy import SYSTEM, Actor

D = dt.date.fromisoformat
STATION = "150525100"
# an invented year as the State Council would publish it: three days free, Saturday 9 January worked
LATER = """
[2027]
source = "为测试虚构"
make_up = [2027-01-09]
[2027.holidays]
"元旦" = [2027-01-01, 2027-01-02, 2027-01-03]
"春节" = [2027-01-11, 2027-01-12]
"""


def set_clock(record=1, rule="CS-1", start="2026-12-14", **more):
    facts = {"subject": "case", "name": "verify", "title": f"线索 {record}", "office_code": STATION} | more
    if isinstance(start, str):
        start = D(start)
    return actions.set_clock(record=record, rule=rule, start=start, by=SYSTEM, at=NOW, **facts)


def stored(record=1, name="verify"):
    return Clock.objects.get(record=record, name=name)


@pytest.fixture
def later(tmp_path, monkeypatch):
    """The calendar with the invented year 2027; call it to put it in force."""
    path = tmp_path / "workdays.toml"
    path.write_text(LATER, encoding="utf-8")
    calendar = workdays.build(path)
    return lambda: monkeypatch.setattr(workdays, "standing", lambda: calendar)


@pytest.mark.django_db
class TestSettingAClock:
    def test_gives_the_dates_of_the_rule(self):
        clock = set_clock(start="2024-02-05")
        assert (str(clock.due_strict), str(clock.due_legal)) == ("2024-03-01", "2024-03-01")

    def test_remembers_rule_start_and_calendar(self):
        set_clock(start="2024-02-05")
        clock = stored()
        assert (clock.rule, clock.applied, str(clock.starts_on)) == ("CS-1", "CS-1", "2024-02-05")
        assert clock.calendar == workdays.standing().version

    def test_in_a_year_not_published_is_provisional(self):
        assert set_clock().provisional

    def test_of_hours_keeps_the_moment(self):
        set_clock(rule="CS-4", start=dt.datetime(2024, 3, 5, 10, 30, tzinfo=counting.BEIJING))
        assert stored().due_at == dt.datetime(2024, 3, 6, 10, 30, tzinfo=counting.BEIJING)

    def test_of_an_old_order_names_the_rule_applied(self):
        clock = set_clock(rule="CP-1", start="2024-03-05")
        assert (clock.rule, clock.applied) == ("CP-1", "CP-O1")

    def test_where_the_law_gives_no_number_has_no_date(self):
        assert set_clock(rule="IN-7").due_legal is None

    def test_under_an_unknown_rule_is_refused(self):
        with pytest.raises(Refused) as refused:
            set_clock(rule="ZZ-1")
        assert refused.value.first.code == "K421"

    def test_twice_the_same_changes_nothing(self):
        set_clock()
        set_clock()
        assert (Clock.objects.count(), AuditEntry.objects.filter(action="set_clock").count()) == (1, 1)

    def test_that_ended_stays_ended_when_set_the_same(self):
        set_clock(start="2024-02-05")
        actions.finish_clock(subject="case", record=1, name="verify", on=D("2024-02-20"), by=SYSTEM, at=NOW)
        set_clock(start="2024-02-05")
        assert stored().state == Clock.DONE

    def test_again_from_another_day_begins_anew_and_is_logged(self):
        set_clock(start="2024-02-05")
        set_clock(start="2024-02-06")
        assert str(stored().due_legal) == "2024-03-04"
        assert AuditEntry.objects.first().detail["due"] == ["2024-03-01", "2024-03-04"]

    def test_many_take_a_few_queries(self, django_assert_max_num_queries):
        new = [
            actions.NewClock("case", n, "verify", "CS-1", D("2024-02-05"), f"线索 {n}", STATION)
            for n in range(300)
        ]
        with django_assert_max_num_queries(20):
            actions.set_clocks(new, by=SYSTEM, at=NOW)


@pytest.mark.django_db
class TestEndingAClock:
    def end(self, on):
        return actions.finish_clock(subject="case", record=1, name="verify", on=D(on), by=SYSTEM, at=NOW)

    def test_on_the_day_it_is_due_is_in_time(self):
        set_clock(start="2024-02-05")
        assert not queries.standing(self.end("2024-03-01"), NOW).late

    def test_the_day_after_is_late(self):
        set_clock(start="2024-02-05")
        assert queries.standing(self.end("2024-03-02"), NOW).late

    def test_that_a_record_never_had_is_nothing(self):
        assert self.end("2024-03-04") is None

    def test_for_good_needs_a_reason(self):
        set_clock()
        with pytest.raises(Refused) as refused:
            actions.drop_clocks(subject="case", record=1, reason=" ", by=SYSTEM, at=NOW)
        assert refused.value.first.code == "T104"

    def test_for_good_ends_every_clock_of_the_record(self):
        set_clock()
        set_clock(name="decide", rule="CS-11")
        actions.drop_clocks(subject="case", record=1, reason="并案", by=SYSTEM, at=NOW)
        assert not queries.running(SYSTEM).exists()


@pytest.mark.django_db
class TestExtendingAndStopping:
    WHO = {"subject": "case", "record": 1, "name": "verify", "by": SYSTEM, "at": NOW}

    def test_an_extension_agreed_in_time_lengthens_it(self):
        set_clock(start="2024-02-05")
        actions.extend_clock(n=15, unit="WD", approved_on=D("2024-03-01"), reason="情况复杂", **self.WHO)
        assert str(stored().due_legal) == "2024-03-22"

    def test_an_extension_agreed_too_late_changes_nothing(self):
        set_clock(start="2024-02-05")
        actions.extend_clock(n=15, unit="WD", approved_on=D("2024-03-02"), reason="情况复杂", **self.WHO)
        assert str(stored().due_legal) == "2024-03-01"

    def test_while_it_is_stopped_there_is_no_date(self):
        set_clock(start="2024-02-05")
        actions.suspend_clock(first=D("2024-02-20"), reason="检验", **self.WHO)
        clock = stored()
        assert (clock.due_legal, queries.standing(clock, NOW).text) == (None, "中止中")

    def test_resumed_it_is_longer_by_the_days_that_did_not_count(self):
        set_clock(start="2024-02-05")
        actions.suspend_clock(first=D("2024-02-20"), reason="检验", **self.WHO)
        actions.resume_clock(last=D("2024-02-22"), **self.WHO)
        assert str(stored().due_legal) == "2024-03-06"

    def test_only_what_is_stopped_can_be_resumed(self):
        set_clock(start="2024-02-05")
        with pytest.raises(Refused) as refused:
            actions.resume_clock(last=D("2024-02-22"), **self.WHO)
        assert refused.value.first.code == "T103"

    def test_stopped_twice_is_refused(self):
        set_clock(start="2024-02-05")
        actions.suspend_clock(first=D("2024-02-20"), reason="检验", **self.WHO)
        with pytest.raises(Refused) as refused:
            actions.suspend_clock(first=D("2024-02-21"), reason="检验", **self.WHO)
        assert refused.value.first.code == "T102"


@pytest.mark.django_db
class TestStanding:
    @pytest.mark.parametrize(
        ("day", "text", "tone"),
        [
            ("2024-02-23", "剩 5 个工作日（3月1日）", "secondary"),
            ("2024-02-28", "剩 2 个工作日（3月1日）", "orange"),
            ("2024-03-01", "今日到期（3月1日）", "orange"),
            ("2024-03-04", "超期 1 个工作日（3月1日）", "red"),
        ],
    )
    def test_counts_working_days_where_the_rule_does(self, day, text, tone):
        set_clock(start="2024-02-05")
        found = queries.standing(stored(), dt.datetime.fromisoformat(f"{day}T09:00+08:00"))
        assert (found.text, found.tone) == (text, tone)

    def test_counts_days_where_the_rule_does(self):
        set_clock(rule="CS-11", start="2024-03-01")
        assert queries.standing(stored(), NOW).text == "剩 86 天（5月30日）"

    def test_counts_hours_where_the_rule_does(self):
        set_clock(rule="CS-4", start=dt.datetime(2024, 3, 5, 10, 30, tzinfo=counting.BEIJING))
        assert queries.standing(stored(), NOW).text == "剩 17 小时（3月6日 10:30）"

    def test_marks_what_is_provisional(self):
        set_clock()
        assert "暂定" in queries.standing(stored(), NOW).text


@pytest.mark.django_db
class TestALaterCalendar:
    def test_moves_nothing_before_someone_asks(self, later):
        set_clock()
        later()
        assert str(stored().due_legal) == "2027-01-04"

    def test_shows_each_move_with_its_reason(self, later):
        set_clock()
        later()
        (move,) = queries.moves(queries.stale(SYSTEM))
        assert (move.before[1], move.dates[1]) == ("2027-01-04", "2027-01-05")
        assert move.why == "放假安排已公布；元旦放假 1月1日"

    def test_moves_the_stored_clock(self, later):
        set_clock()
        later()
        actions.recompute_clocks(by=SYSTEM, at=NOW)
        clock = stored()
        assert (str(clock.due_legal), clock.provisional) == ("2027-01-05", False)

    def test_leaves_the_move_in_the_audit(self, later):
        set_clock()
        later()
        actions.recompute_clocks(by=SYSTEM, at=NOW)
        entry = AuditEntry.objects.get(action="recompute_clock")
        assert entry.detail["due_legal"] == ["2027-01-04", "2027-01-05"]
        assert entry.detail["provisional"] == [True, False]

    def test_may_shorten_a_clock_by_a_worked_weekend(self, later):
        set_clock(start="2026-12-16", rule="CS-1")
        set_clock(2, start="2026-12-18", rule="CS-1")
        later()
        moved = actions.recompute_clocks(by=SYSTEM, at=NOW)
        assert [m.dates[1] for m in moved] == ["2027-01-07", "2027-01-09"]

    def test_run_twice_moves_nothing_more(self, later):
        set_clock()
        later()
        actions.recompute_clocks(by=SYSTEM, at=NOW)
        assert actions.recompute_clocks(by=SYSTEM, at=NOW) == []

    def test_leaves_alone_what_it_does_not_touch(self, later):
        set_clock(start="2024-02-05")
        later()
        assert actions.recompute_clocks(by=SYSTEM, at=NOW) == []
        assert not queries.stale(SYSTEM).exists()

    def test_leaves_alone_what_has_ended(self, later):
        set_clock()
        actions.finish_clock(subject="case", record=1, name="verify", on=D("2026-12-20"), by=SYSTEM, at=NOW)
        later()
        assert actions.recompute_clocks(by=SYSTEM, at=NOW) == []

    def test_moves_only_the_clocks_of_the_own_offices(self, later, naiman):
        set_clock(1)
        set_clock(2, office_code="330206")
        later()
        officer = Actor("li", "李科", naiman.code, "section_officer")
        assert [m.clock.record for m in actions.recompute_clocks(by=officer, at=NOW)] == [1]

    def test_is_not_for_those_who_only_read(self, naiman):
        with pytest.raises(Refused) as refused:
            actions.recompute_clocks(by=Actor("u", "上级", "150500", "upper_viewer"), at=NOW)
        assert refused.value.first.code == "P101"

    def test_takes_a_few_queries_for_many(self, later, django_assert_max_num_queries):
        new = [
            actions.NewClock("case", n, "verify", "CS-1", D("2026-12-14"), f"线索 {n}", STATION)
            for n in range(300)
        ]
        actions.set_clocks(new, by=SYSTEM, at=NOW)
        later()
        with django_assert_max_num_queries(20):
            assert len(actions.recompute_clocks(by=SYSTEM, at=NOW)) == 300
