"""风险会商: prepared from the records, held, concluded; what is counted and what it opens."""

from __future__ import annotations

import datetime as dt

import pytest

from moment import NOW
from refusals import refused
from visiting import enrol
from xiejian.risks import actions, counting, queries, signals
from xiejian.risks.signals import Counted

TODAY = NOW.date()
OF = {"place": "二楼会议室", "chair": "张局", "participants": "李科、王检"}


def reading(meeting, grouping, signal="failed_samples"):
    return meeting.readings.get(signal=signal, grouping=grouping)


class TestPreparing:
    def test_counts_the_quarter_beside_the_others(self, meeting, fail_sample, officer, naiman, now):
        fail_sample(dt.date(2023, 10, 5))
        fail_sample(dt.date(2023, 1, 5))
        fail_sample(dt.date(2023, 7, 5))  # in none of the three
        again = actions.prepare_meeting(office_code=naiman.code, year=2024, quarter=1, by=officer, at=now)
        whole = reading(again, "")
        assert (whole.count, whole.before, whole.last_year) == (1, 1, 1)

    def test_names_the_party_that_stands_out(self, meeting, shop):
        found = reading(meeting, "party")
        assert (found.key, found.label, found.count) == (str(shop.pk), shop.name, 1)

    def test_leaves_out_groups_below_the_least_number(self, meeting):
        assert not meeting.readings.filter(signal="failed_samples", grouping="tag").exists()

    def test_counts_a_sample_for_each_of_its_tags(self, meeting, fail_sample, officer, naiman, now):
        fail_sample(dt.date(2024, 2, 2), tags="|无菌|植入|")
        again = actions.prepare_meeting(office_code=naiman.code, year=2024, quarter=1, by=officer, at=now)
        assert reading(again, "tag").key == "无菌"

    def test_does_not_count_other_offices(self, meeting, fail_sample, officer, naiman, now):
        fail_sample(dt.date(2024, 2, 2), party=enrol("外地店", "522726", now))
        again = actions.prepare_meeting(office_code=naiman.code, year=2024, quarter=1, by=officer, at=now)
        assert reading(again, "").count == 1

    def test_twice_makes_one_meeting(self, meeting, officer, naiman, now):
        again = actions.prepare_meeting(office_code=naiman.code, year=2024, quarter=1, by=officer, at=now)
        assert again.pk == meeting.pk

    def test_takes_as_many_queries_for_many_groups(
        self, naiman, now, fail_sample, django_assert_max_num_queries
    ):
        spans = signals.spans(2024, 1, TODAY)
        for number in range(5):
            fail_sample(dt.date(2024, 2, 2), party=enrol(f"店{number}", "150525100", now))
        with django_assert_max_num_queries(12):  # nine signals as a whole, three groupings of one
            found = counting.readings(naiman.code, spans)
        assert len([one for one in found if one.by == "party"]) == 5

    @pytest.mark.parametrize(("quarter", "code"), [(5, "H104"), (2, "H105")])
    def test_is_refused_for_a_quarter_that_is_none_yet(self, quarter, code, naiman, officer, now):
        with refused(code):
            actions.prepare_meeting(office_code=naiman.code, year=2024, quarter=quarter, by=officer, at=now)

    def test_is_not_an_inspectors_to_do(self, naiman, inspector, now):
        with refused("P101"):
            actions.prepare_meeting(office_code=naiman.code, year=2024, quarter=1, by=inspector, at=now)


class TestANumber:
    def test_opens_as_many_records_as_it_counts(self, meeting, naiman, shop, fail_sample):
        fail_sample(dt.date(2024, 3, 1))
        span = signals.Span(meeting.from_on, meeting.until_on)
        signal = signals.load()["failed_samples"]
        found = counting.records(signal, "party", str(shop.pk), span, naiman.code)
        assert [record.title for record in found] == ["S0", "S1"]

    @pytest.mark.parametrize(("by", "key"), [("", ""), ("tag", "无菌"), ("station", "150525100")])
    def test_of_any_grouping_opens_its_records(self, by, key, meeting, naiman):
        span = signals.Span(meeting.from_on, meeting.until_on)
        assert len(counting.records(signals.load()["failed_samples"], by, key, span, naiman.code)) == 1

    @pytest.mark.parametrize("signal", signals.load().values(), ids=lambda s: s.id)
    def test_can_be_counted_for_every_signal_and_grouping(self, signal, naiman):
        spans = signals.spans(2024, 1, TODAY)
        table = counting.definitions.fact_table(signal.facts)
        wanted = [counting._count(signal, span) for span in (spans.now, spans.before, spans.last_year)]
        for by in signal.by:
            assert counting.engine.counts_by(table, signals.GROUPINGS[by][0], wanted) == {}

    def test_is_the_same_on_the_database_itself(self, meeting, fail_sample):
        fail_sample(dt.date(2024, 3, 1))
        signal, spans = signals.load()["failed_samples"], signals.spans(2024, 1, TODAY)
        table = counting.definitions.fact_table("samples")
        wanted = [counting._count(signal, spans.now)]
        answers = [
            counting.engine.counts_by(table, "tags", wanted, where=where) for where in ("duckdb", "database")
        ]
        assert answers == [{"|无菌|": [2]}] * 2


class TestHolding:
    def test_keeps_who_met_and_fixes_the_figures(self, meeting, naiman, officer, now):
        actions.hold_meeting(meeting=meeting, held_on=TODAY, by=officer, at=now, **OF)
        with refused("H106"):
            actions.prepare_meeting(office_code=naiman.code, year=2024, quarter=1, by=officer, at=now)

    def test_needs_people(self, meeting, officer, now):
        with refused("H101"):
            given = {**OF, "participants": " "}
            actions.hold_meeting(meeting=meeting, held_on=TODAY, by=officer, at=now, **given)

    def test_is_not_recorded_before_it_happens(self, meeting, officer, now):
        with refused("H102"):
            tomorrow = TODAY + dt.timedelta(days=1)
            actions.hold_meeting(meeting=meeting, held_on=tomorrow, by=officer, at=now, **OF)

    def test_ends_with_minutes_and_conclusions(self, meeting, officer, now):
        actions.hold_meeting(meeting=meeting, held_on=TODAY, by=officer, at=now, **OF)
        done = actions.conclude_meeting(
            meeting=meeting, minutes="讨论", conclusions="列管", by=officer, at=now
        )
        assert done.state == "concluded"


class TestListing:
    def test_keeps_the_value_of_that_time(self, item):
        assert (item.value["count"], item.value["before"], item.found_on) == (1, 0, TODAY)

    def test_gives_the_risk_to_the_office_in_charge_of_the_party(self, item, shop):
        assert (item.office_code, item.party) == (shop.office_code, shop)

    def test_happens_once(self, item, way, meeting):
        with refused("H203"):
            way.list(meeting)

    def test_of_what_does_not_stand_out_is_refused(self, meeting, officer, now):
        with refused("H207"):
            actions.list_reading(reading=reading(meeting, ""), on=TODAY, by=officer, at=now)

    def test_shows_on_the_page_of_the_meeting(self, item, meeting):
        shown = {(t.reading.grouping, t.item) for t in queries.told(meeting) if t.item}
        assert shown == {("party", item)}

    def test_by_hand_needs_a_party_of_the_office(self, naiman, officer, now):
        elsewhere = enrol("外地店", "522726", now)
        with refused("H206"):
            actions.list_risk(
                entry=actions.Entry("冷链", "断链"), office_code=naiman.code, on=TODAY, by=officer, at=now,
                party=elsewhere,
            )  # fmt: skip


def test_nothing_counted_is_nothing_raised():
    assert not signals.why_raised(signals.load()["complaints"], "party", Counted(0, 0, 0))
