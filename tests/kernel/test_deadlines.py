"""Time limits: the pack, the counting, what is not known yet, and what cannot be used."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from xiejian.kernel import deadline_facts, deadline_rules, deadlines, workdays
from xiejian.kernel.deadline_facts import Added, Stop
from xiejian.kernel.problems import Refused

D = dt.date.fromisoformat
RULES = deadline_rules.load().rules
FORWARD = [rule.id for rule in RULES.values() if rule.unit in ("WD", "ND", "CM", "CY") and not rule.before]
BY_DAY = [rule for rule in FORWARD if RULES[rule].unit in ("WD", "ND")]
DATED = [rule.id for rule in RULES.values() if rule.has_clock and rule.unit != "H"]
DAYS = st.dates(dt.date(1949, 1, 1), dt.date(2100, 12, 31))
HEAD = """
[pack]
title = "试验"
[[document]]
key = "甲"
title = "甲办法"
number = "第1号"
from = 2020-01-01
until = 2020-12-31
[[document]]
key = "乙"
title = "乙办法"
number = "第2号"
from = 2021-01-01
[[setting]]
id = "rollover_weekend"
value = true
meaning = "顺延"
citation = ["乙 第1条"]
checked = "原文"
design = "设置"
[[counting]]
id = "DC-1"
meaning = "次日起算"
citation = ["乙 第1条"]
checked = "原文"
"""
ROW = """
[[rule]]
id = "T-1"
meaning = "办结"
who = "机关"
starts = "收到之日"
n = 7
unit = "WD"
citation = ["乙 第2条"]
checked = "原文"
"""


def written(tmp_path, text):
    path = tmp_path / "deadlines.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return deadline_rules.read(path)


def both(due):
    return str(due.due_strict), str(due.due_legal)


class TestPack:
    def test_cites_title_number_and_article(self, tmp_path):
        assert written(tmp_path, ROW).rules["T-1"].citation == "《乙办法》（第2号）第2条"

    def test_cites_articles_of_one_document_together(self, tmp_path):
        two = ROW.replace('["乙 第2条"]', '["乙 第2条", "甲 第3条", "乙 第4条"]')
        citation = written(tmp_path, two).rules["T-1"].citation
        assert citation == "《乙办法》（第2号）第2条、第4条；《甲办法》（第1号）第3条"

    def test_row_is_in_force_with_the_document_it_cites(self, tmp_path):
        assert written(tmp_path, ROW).rules["T-1"].from_on == D("2021-01-01")

    @pytest.mark.parametrize(
        ("old", "new", "why"),
        [
            ('meaning = "办结"\nwho', "who", "meaning"),
            ('citation = ["乙 第2条"]', "", "citation"),
            ('citation = ["乙 第2条"]', 'citation = ["丙 第2条"]', "丙"),
            ('citation = ["乙 第2条"]', 'citation = ["乙"]', "article"),
            ('"乙 第2条"]\nchecked = "原文"', '"乙 第2条"]', "unverified = true or checked"),
            ('"乙 第2条"]\nchecked = "原文"', '"乙 第2条"]\nchecked = "原文"\nunverified = true', "either"),
            ('"乙 第2条"]\nchecked = "原文"', '"乙 第2条"]\nunverified = true', "source"),
            ('unit = "WD"', "", "unit"),
            ('unit = "WD"', 'unit = "周"', "unit"),
            ("n = 7\n", "", "whole number"),
            ("n = 7\n", "n = 0\n", "whole number"),
            ("n = 7\n", "n = 7\nopens = 9\n", "window"),
            ('n = 7\nunit = "WD"', 'unit = "FIX"', "dates"),
            ('n = 7\nunit = "WD"', 'unit = "FIX"\ndates = ["02-30"]', "MM-DD"),
            ('n = 7\nunit = "WD"', 'unit = "IMM"', "note"),
            ("n = 7\n", 'n = 7\nextension = { n = 3, unit = "FIX", approval = "批准" }\n', "extension"),
            ("n = 7\n", 'n = 7\nextension = { n = 3, unit = "WD" }\n', "approval"),
            ("n = 7\n", "n = 7\ndays = 3\n", "unknown days"),
            ("n = 7\n", 'n = 7\nreplaces = "T-0"\n', "T-0"),
            ("n = 7\n", 'n = 7\ndirection = "sideways"\n', "direction"),
        ],
    )
    def test_refuses_a_row(self, tmp_path, old, new, why):
        assert old in ROW
        with pytest.raises(Refused) as refused:
            written(tmp_path, ROW.replace(old, new))
        assert refused.value.first.code == "K202"
        assert why in refused.value.first.message

    def test_refuses_an_id_used_twice(self, tmp_path):
        with pytest.raises(Refused, match="used twice"):
            written(tmp_path, ROW + ROW)

    def test_refuses_a_gap_between_old_and_new_order(self, tmp_path):
        old = ROW.replace("T-1", "T-0").replace("乙", "甲") + 'replaced_by = "T-1"\nuntil = 2020-11-30\n'
        with pytest.raises(Refused, match="the day after"):
            written(tmp_path, old + ROW + 'replaces = "T-0"\n')

    def test_holds_every_row_of_the_catalogue(self):
        counts = {"CP": 13, "CS": 27, "HR": 6, "PB": 10, "CR": 5, "BL": 5, "TP": 8, "AE": 27, "AD": 9}
        counts |= {"RC": 11, "LC": 28, "SI": 8, "IN": 11, "SM": 7, "RK": 6, "SD": 12}
        counts |= {"FX": 6}  # the risk list's own, set by the office
        found = dict.fromkeys(counts, 0)
        for rule in RULES:
            found[rule.partition("-")[0]] += 1
        assert found == counts

    def test_marks_what_was_not_read_in_the_rule_itself(self):
        assert [r.id for r in RULES.values() if r.unverified] == [
            "PB-10", "IN-8", "SM-3", "SM-4", "SM-5", *(f"FX-{n}" for n in range(1, 7)),
        ]  # fmt: skip

    def test_is_where_the_counting_rules_stand(self):
        ids = [principle.id for principle in deadline_rules.load().counting]
        assert ids == [f"DC-{n}" for n in range(1, 16)]


class TestRollOver:
    def test_leaves_an_ordinary_weekend_where_the_office_says_so(self):
        due = deadlines.due("RC-1", "2024-03-15", rollover_weekend=False)
        assert both(due) == ("2024-03-16", "2024-03-16")

    def test_leaves_a_statutory_holiday_always(self):
        due = deadlines.due("RC-1", "2024-04-30", rollover_weekend=False)
        assert both(due) == ("2024-05-01", "2024-05-06")

    def test_without_weekends_may_end_on_a_saturday_after_the_holiday(self):
        calendar = workdays.Calendar({D("2024-03-15"): "节"}, frozenset(), frozenset({2024}))
        due = deadlines.due("RC-1", "2024-03-14", calendar=calendar, rollover_weekend=False)
        assert both(due) == ("2024-03-15", "2024-03-16")

    @given(st.sampled_from(DATED), DAYS)
    def test_ends_on_the_day_itself_or_on_the_next_working_day(self, rule, start):
        due = deadlines.due(rule, start)
        assume(not RULES[due.rule].before)
        assert due.due_legal == workdays.standing().next_working_day(due.due_strict)


class TestOrder:
    """The complaint rules changed on 2026-04-15; what counts is when the matter was received."""

    @pytest.mark.parametrize(
        ("start", "received", "applied"),
        [
            ("2026-04-14", None, "CP-O2"),
            ("2026-04-15", None, "CP-2"),
            ("2026-05-01", "2026-04-14", "CP-O2"),
            ("2026-05-01", "2026-04-15", "CP-2"),
        ],
    )
    def test_is_chosen_by_the_day_of_receipt(self, start, received, applied):
        due = deadlines.due("CP-2", start, received_on=received and D(received))
        assert due.applied.id == applied

    def test_the_answer_names_the_row_asked_and_the_row_applied(self):
        answer = deadlines.answer("CP-1", "2024-04-25")
        assert (answer["rule"], answer["applied"]) == ("CP-1", "CP-O1")

    def test_a_duty_that_the_new_order_dropped_has_no_date(self):
        due = deadlines.due("CP-O3", "2026-05-01", received_on=D("2026-04-20"))
        assert due.due_legal is None

    def test_says_when_the_document_was_not_yet_in_force(self):
        assert any("2019-01-01" in note for note in deadlines.due("AE-1", "2018-06-01").notes)


class TestExtension:
    def test_agreed_on_the_last_day_counts(self):
        due = deadlines.due("CS-11", "2024-01-31", extensions=[Added(30, "ND", D("2024-04-30"))])
        assert both(due) == ("2024-05-30", "2024-05-30")

    def test_agreed_a_day_late_does_not(self):
        due = deadlines.due("CS-11", "2024-01-31", extensions=[Added(30, "ND", D("2024-05-01"))])
        assert both(due) == ("2024-04-30", "2024-04-30")

    def test_agreed_late_is_said(self):
        due = deadlines.due("CS-11", "2024-01-31", extensions=[Added(30, "ND", D("2024-05-01"))])
        assert any("未计入" in note for note in due.notes)

    def test_longer_than_the_rule_allows_is_said(self):
        assert deadlines.due("CS-1", "2024-03-04", extensions=[Added(16, "WD")]).notes[-1].endswith("依据")

    def test_as_long_as_the_rule_allows_is_not(self):
        due = deadlines.due("CS-1", "2024-03-04", extensions=[Added(15, "WD")])
        assert not any("核对" in note for note in due.notes)

    def test_takes_the_unit_of_the_period_where_none_is_given(self):
        due = deadlines.due("CS-1", "2024-04-15", extensions=[Added(15)])
        assert both(due) == ("2024-05-28", "2024-05-28")

    def test_of_another_unit_follows_the_period(self):
        due = deadlines.due("CS-11", "2024-01-31", extensions=[Added(1, "CM")])
        assert both(due) == ("2024-05-30", "2024-05-30")

    def test_of_hours_is_refused_for_days(self):
        with pytest.raises(Refused) as refused:
            deadlines.due("CS-11", "2024-01-31", extensions=[Added(24, "H")])
        assert refused.value.first.code == "K426"

    def test_of_a_fixed_date_follows_it(self):
        due = deadlines.due("SI-1", "2024-05-10", extensions=[Added(5, "WD")])
        assert both(due) == ("2025-04-08", "2025-04-08")

    def test_changes_no_backward_window(self):
        due = deadlines.due("LC-2", "2024-06-28", extensions=[Added(10, "WD")])
        assert (due.due_legal, len(due.notes)) == (D("2024-05-16"), 2)


class TestStop:
    def test_that_still_runs_leaves_no_date(self):
        due = deadlines.due("CS-11", "2024-01-31", stops=[Stop(D("2024-03-01"), None)])
        assert due.due_legal is None

    def test_that_begins_after_the_end_changes_nothing(self):
        due = deadlines.due("CS-11", "2024-01-31", stops=[Stop(D("2024-05-01"), None)])
        assert due.due_strict == D("2024-04-30")

    def test_of_half_a_day_adds_hours_to_an_hour_rule(self):
        stop = Stop(dt.datetime(2024, 3, 5, 12), dt.datetime(2024, 3, 5, 18))
        due = deadlines.due("CS-4", "2024-03-05T10:00", stops=[stop])
        assert due.due_strict == dt.datetime(2024, 3, 6, 16)

    def test_after_an_hour_rule_is_over_changes_nothing(self):
        stop = Stop(dt.datetime(2024, 3, 6, 10), dt.datetime(2024, 3, 6, 12))
        assert deadlines.due("CS-4", "2024-03-05T10:00", stops=[stop]).due_strict == dt.datetime(
            2024, 3, 6, 10
        )

    def test_that_meets_another_on_one_day_counts_it_once(self):
        stops = [Stop(D("2024-03-01"), D("2024-03-10")), Stop(D("2024-03-10"), D("2024-03-12"))]
        assert deadlines.due("CS-11", "2024-01-31", stops=stops).due_strict == D("2024-05-12")

    def test_from_an_hour_to_the_end_of_its_day_is_read(self):
        known = deadline_facts.read({"stops": [{"from": "2024-03-05T12:00", "to": "2024-03-05"}]})
        due = deadlines.due("CS-4", "2024-03-05T10:00", stops=known.stops)
        assert due.due_strict == dt.datetime(2024, 3, 6, 22)

    def test_on_a_make_up_day_takes_it_out(self):
        stop = Stop(D("2024-04-28"), D("2024-04-28"))
        assert deadlines.due("CS-2", "2024-04-25", stops=[stop]).made_up == ()

    def test_shows_each_day_and_its_reason(self):
        due = deadlines.due("CS-11", "2024-01-31", stops=[Stop(D("2024-03-01"), D("2024-03-20"), "检验")])
        stopped = [skipped for skipped in due.trail if skipped.kind == "stop"]
        assert (len(stopped), stopped[0].why) == (20, "中止：检验")


class TestHours:
    def test_end_at_the_same_minute(self):
        assert deadlines.due("CS-6", "2024-04-30T10:15").due_legal == dt.datetime(2024, 5, 1, 10, 15)

    def test_of_another_zone_are_told_in_beijing_time(self):
        due = deadlines.due("CS-6", "2024-04-30T20:00Z")
        assert due.due_legal.isoformat() == "2024-05-02T04:00:00+08:00"

    def test_of_a_plain_day_start_at_midnight(self):
        assert deadlines.due("CS-6", "2024-04-30").due_legal == dt.datetime(2024, 5, 1)

    def test_a_moment_for_a_day_rule_is_the_day_in_beijing(self):
        assert deadlines.due("RC-5", "2024-03-05T20:00Z").start == D("2024-03-06")

    @pytest.mark.parametrize("text", ["2024年4月30日 10:15", "2024年4月30日10时15分", "2024/4/30 10:15:00"])
    def test_are_read_as_people_write_them(self, text):
        assert deadlines.due("CS-6", text).due_legal == dt.datetime(2024, 5, 1, 10, 15)


class TestWindow:
    def test_reminds_at_its_opening_and_before_it_closes(self):
        due = deadlines.due("LC-2", "2024-06-28")
        calendar = workdays.standing()
        assert due.reminders == (
            due.opens,
            calendar.add(due.due_strict, -20),
            calendar.add(due.due_strict, -5),
        )

    def test_that_is_only_a_last_day_does_not_open(self):
        assert deadlines.due("LC-27", "2024-06-28").opens is None


class TestAtOnce:
    def test_has_no_date(self):
        due = deadlines.due("RC-4", "2024-03-05")
        assert (due.due_strict, due.due_legal, due.day_kind) == (None, None, "calendar")

    def test_takes_no_extension_and_says_so(self):
        assert "未计入" in deadlines.due("RC-4", "2024-03-05", extensions=[Added(1, "WD")]).notes[-1]

    def test_says_why(self):
        assert deadlines.due("RC-4", "2024-03-05").notes

    def test_shows_the_office_setting_apart(self):
        assert deadlines.due("CP-10", "2026-04-30").target == D("2026-05-06")


class TestFurtherPeriods:
    def test_follow_the_one_before(self):
        due = deadlines.due("CS-16", "2024-04-30")
        assert (due.due_legal, due.legs[0].due_legal) == (D("2024-05-07"), D("2024-05-09"))

    def test_run_from_the_same_day_otherwise(self):
        assert deadlines.due("LC-23", "2024-03-04").legs[0].due_legal == D("2024-03-11")

    def test_roll_over_like_any_other(self):
        leg = deadlines.due("PB-7", "2021-05-01").legs[0]
        assert (leg.due_strict, leg.due_legal) == (D("2024-05-01"), D("2024-05-06"))


class TestTrail:
    def test_names_every_day_that_did_not_count(self):
        due = deadlines.due("RC-5", "2024-04-30")
        assert [str(s.day) for s in due.trail] == [f"2024-05-0{n}" for n in range(1, 6)]

    def test_gives_the_reason_of_each(self):
        due = deadlines.due("RC-5", "2024-03-08")
        assert [s.why for s in due.trail] == ["周六", "周日"]

    def test_lists_the_days_over_which_the_end_rolled(self):
        due = deadlines.due("RC-1", "2024-04-30")
        assert next((str(s.day), s.kind) for s in due.trail) == ("2024-05-01", "rollover")

    def test_of_the_nth_working_day_begins_with_its_month(self):
        due = deadlines.due("SD-1", "2024-04-10")
        assert [str(s.day) for s in due.trail] == [f"2024-05-0{n}" for n in range(1, 6)]

    def test_keeps_make_up_days_apart(self):
        assert deadlines.due("CP-1", "2024-04-25").made_up == (D("2024-04-28"),)

    @given(st.sampled_from(BY_DAY), DAYS)
    def test_and_the_period_together_fill_the_time(self, rule, start):
        due = deadlines.due(rule, start)
        assume(due.due_strict)
        skipped = sum(s.kind != "rollover" for s in due.trail)
        assert (due.due_strict - start).days == due.applied.n + skipped


class TestProvisional:
    @pytest.mark.parametrize(("start", "expected"), [("2026-12-10", False), ("2026-12-11", True)])
    def test_when_the_end_lies_in_a_year_not_published(self, start, expected):
        assert deadlines.due("CS-1", start).provisional is expected

    def test_when_only_its_beginning_lies_in_one(self):
        assert deadlines.due("CS-1", "2003-12-29").provisional

    def test_never_for_hours(self):
        assert not deadlines.due("CS-4", "2027-03-05T10:00").provisional

    def test_ends_when_the_year_is_entered(self, tmp_path):
        path = tmp_path / "workdays.toml"
        path.write_text('[2027]\nsource = "通知"\n[2027.holidays]\n"元旦" = [2027-01-01]\n', encoding="utf-8")
        assert not deadlines.due("CS-1", "2026-12-11", calendar=workdays.build(path)).provisional

    def test_clocks_that_a_new_year_moves_are_found(self, tmp_path):
        path = tmp_path / "workdays.toml"
        path.write_text('[2027]\nsource = "通知"\n[2027.holidays]\n"元旦" = [2027-01-01]\n', encoding="utf-8")
        clocks = []
        for key, start in (("早", "2026-12-07"), ("晚", "2026-12-14")):
            due = deadlines.due("CS-1", start, calendar=workdays.build())
            dates = deadlines.Dates(due.due_strict, due.due_legal)
            clocks.append(
                deadlines.Running(key, "CS-1", D(start), deadline_facts.Facts(), dates, due.provisional)
            )
        found = deadlines.moved(clocks, workdays.build(path))
        assert [(m.clock.key, str(m.after.due_legal)) for m in found] == [("晚", "2027-01-05")]

    def test_a_clock_that_a_new_year_only_confirms_is_found_too(self, tmp_path):
        path = tmp_path / "workdays.toml"
        path.write_text('[2027]\nsource = "通知"\n[2027.holidays]\n"元旦" = [2027-01-03]\n', encoding="utf-8")
        due = deadlines.due("CS-1", "2026-12-14", calendar=workdays.build())
        dates = deadlines.Dates(due.due_strict, due.due_legal)
        clock = deadlines.Running("晚", "CS-1", D("2026-12-14"), deadline_facts.Facts(), dates, True)
        (found,) = deadlines.moved([clock], workdays.build(path))
        assert (found.after.due_legal, found.after.provisional) == (dates.legal, False)


class TestMonotone:
    @given(st.sampled_from(DATED), DAYS, st.integers(0, 60))
    @settings(max_examples=300)
    def test_a_later_start_is_never_due_earlier(self, rule, start, days):
        later = min(start + dt.timedelta(days=days), dt.date(2100, 12, 31))
        first, second = deadlines.due(rule, start), deadlines.due(rule, later)
        assume(first.applied is second.applied)  # across a change of the law nothing of the kind holds
        assert (first.due_strict, first.due_legal) <= (second.due_strict, second.due_legal)

    @given(
        st.sampled_from(FORWARD), DAYS, st.integers(1, 90), st.integers(0, 90),
        st.sampled_from(["WD", "ND", "CM", "CY"]),
    )  # fmt: skip
    def test_a_longer_extension_is_never_due_earlier(self, rule, start, n, more, unit):
        first = deadlines.due(rule, start, extensions=[Added(n, unit)])
        second = deadlines.due(rule, start, extensions=[Added(n + more, unit)])
        assert first.due_strict <= second.due_strict
        assert first.due_legal <= second.due_legal

    @given(st.sampled_from(BY_DAY), DAYS, st.integers(-30, 200), st.integers(0, 60), st.integers(0, 30))
    def test_a_longer_stop_is_never_due_earlier(self, rule, start, offset, length, more):
        first = start + dt.timedelta(days=offset)
        last = first + dt.timedelta(days=length)
        short = deadlines.due(rule, start, stops=[Stop(first, last)])
        long = deadlines.due(rule, start, stops=[Stop(first, last + dt.timedelta(days=more))])
        assert short.due_strict <= long.due_strict

    @given(st.sampled_from(BY_DAY), DAYS, st.integers(-30, 200), st.integers(0, 60))
    def test_a_stop_pushes_by_the_days_of_the_unit_it_holds(self, rule, start, offset, length):
        first = start + dt.timedelta(days=offset)
        due = deadlines.due(rule, start, stops=[Stop(first, first + dt.timedelta(days=length))])
        days = [start + dt.timedelta(days=n) for n in range(1, (due.due_strict - start).days + 1)]
        counted = [d for d in days if not first <= d <= first + dt.timedelta(days=length)]
        if due.applied.unit == "WD":
            counted = [d for d in counted if workdays.standing().is_working_day(d)]
        assert len(counted) == due.applied.n


class TestManyAtOnce:
    @given(st.sampled_from(DATED), st.lists(DAYS, max_size=20))
    def test_answer_as_one_by_one(self, rule, starts):
        single = [deadlines.due(rule, start) for start in starts]
        assert deadlines.due_dates(rule, starts) == [(d.due_strict, d.due_legal) for d in single]


LEAVES = [st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30), st.just("2024-03-05")]
NAMES = st.sampled_from(["n", "unit", "from", "to", "reason", "approved_on"])
ANYTHING = st.recursive(
    st.one_of(LEAVES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)


class TestBadInput:
    @pytest.mark.parametrize(
        ("rule", "start", "facts", "code"),
        [
            ("CP-99", "2024-03-05", None, "K421"),
            (None, "2024-03-05", None, "K421"),
            (["CP-1"], "2024-03-05", None, "K421"),
            ("甲" * 10_000, "2024-03-05", None, "K421"),
            ("CP-1", "昨天", None, "K301"),
            ("CP-1", "2024-02-30", None, "K301"),
            ("CP-1", float("nan"), None, "K301"),
            ("CP-1", float("inf"), None, "K301"),
            ("CP-1", True, None, "K301"),
            ("CP-1", "1" * 10_000, None, "K301"),
            ("CP-1", "1948-12-31", None, "K422"),
            ("CP-1", "2101-01-01", None, "K422"),
            ("CP-1", None, None, "K429"),
            ("CP-1", "", None, "K429"),
            ("CS-4", "2024-03-05T25:00", None, "K423"),
            ("CS-4", "2024-03-05T10:00+99:00", None, "K423"),
            ("CS-4", "2100-12-31T23:00-05:00", None, "K422"),
            ("CS-1", "2024-03-05", [], "K424"),
            ("CS-1", "2024-03-05", {"extensions": {"n": 1}}, "K424"),
            ("CS-1", "2024-03-05", {"extensions": [{"n": 0, "unit": "WD"}]}, "K425"),
            ("CS-1", "2024-03-05", {"extensions": [{"n": -1, "unit": "WD"}]}, "K425"),
            ("CS-1", "2024-03-05", {"extensions": [{"n": "many", "unit": "WD"}]}, "K425"),
            ("CS-1", "2024-03-05", {"extensions": [{"n": float("nan")}]}, "K425"),
            ("CS-1", "2024-03-05", {"extensions": [{"n": True}]}, "K425"),
            ("CS-1", "2024-03-05", {"extensions": [{"n": 10**400}]}, "K428"),
            ("CS-1", "2024-03-05", {"extensions": [{"n": 1, "unit": "周"}]}, "K426"),
            ("CS-1", "2024-03-05", {"stops": [{"from": "2024-03-09", "to": "2024-03-08"}]}, "K427"),
            ("CS-1", "2024-03-05", {"stops": [{"to": "2024-03-08"}]}, "K429"),
            ("CS-1", "2024-03-05", {"received_on": "x"}, "K301"),
        ],
    )
    def test_is_a_problem_with_a_code(self, rule, start, facts, code):
        with pytest.raises(Refused) as refused:
            deadlines.answer(rule, start, facts)
        assert refused.value.first.code == code

    @given(st.text(max_size=60) | st.sampled_from(sorted(RULES)), st.text(max_size=60) | ANYTHING)
    def test_of_any_kind_is_answered_or_refused(self, rule, start):
        try:
            deadlines.answer(rule, start)
        except Refused as refused:
            assert str(refused.first).encode()  # printable, whatever was given

    @given(st.sampled_from(sorted(RULES)), DAYS, ANYTHING, ANYTHING, ANYTHING)
    def test_among_the_facts_is_answered_or_refused(self, rule, start, extensions, stops, received):
        given_facts = {"extensions": extensions, "stops": stops, "received_on": received}
        try:
            deadlines.answer(rule, start, given_facts)
        except Refused as refused:
            assert refused.first.code.startswith("K")

    def test_a_half_surrogate_is_shown_all_the_same(self):
        with pytest.raises(Refused) as refused:
            deadlines.answer("CP-\ud800", "2024-03-05")
        assert str(refused.value.first).encode()

    def test_a_fact_that_nothing_asks_for_is_said(self):
        assert "extension" in deadlines.answer("CS-1", "2024-03-05", {"extension": []})["notes"][-1]
