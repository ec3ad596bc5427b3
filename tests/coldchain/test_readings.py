"""读数: each once, by whichever way; a wrong clock is marked; what is missing or too warm is found."""

from __future__ import annotations

import datetime as dt

import pytest

from chilled import DAY, HALF_HOUR, OTHER_FIRM, a_firm, a_logger, refused_with, samples, send
from xiejian.coldchain import actions
from xiejian.coldchain.checks import LoggerEntry
from xiejian.coldchain.models import Excursion, Logger, Reading
from xiejian.people.models import AuditEntry
from xiejian.people.policy import SYSTEM

WARM = (5, 5, 9.5, 10, 5)
GAP = (5, 5, None, None, None, None, 5)


class TestReadings:
    def test_are_stored_once(self, firm, logger):
        first, again = send(firm, samples(*WARM)), send(firm, samples(*WARM))
        assert (first.stored, again.stored, again.unchanged) == (5, 0, 5)
        assert Reading.objects.count() == 5

    def test_move_the_newest_one_of_the_logger_on(self, firm, logger):
        send(firm, samples(5, 6.5))
        logger.refresh_from_db()
        assert (logger.last_at, logger.last_centi) == (DAY + HALF_HOUR, 650)

    def test_another_temperature_at_the_same_moment_is_refused(self, firm, logger):
        send(firm, samples(5))
        received = send(firm, samples(6))
        assert [p.code for _, p in received.refused] == ["CC204"]
        assert Reading.objects.get().centi == 500

    def test_of_a_logger_that_nobody_knows_are_refused(self, firm, logger):
        received = send(firm, samples(5, code="LK-99"))
        assert (received.stored, [p.code for _, p in received.refused]) == (0, ["CC102"])

    def test_after_its_last_day_are_refused(self, firm, logger):
        day = DAY.date() - dt.timedelta(days=1)
        actions.retire_logger(logger=logger, on=day, reason="损坏", by=SYSTEM, at=DAY)
        assert [p.code for _, p in send(firm, samples(5)).refused] == ["CC111"]

    def test_none_or_too_many_are_refused_as_a_whole(self, firm, logger):
        assert refused_with(send, firm, []) == "CC206"
        entries = [(firm.uscc, one) for one in samples(5, 5)]
        assert refused_with(actions.record_readings, entries=entries, by=SYSTEM, at=DAY, most=1) == "CC207"

    def test_are_written_into_the_audit_log_in_numbers_only(self, firm, logger):
        send(firm, samples(5, 5))
        entry = AuditEntry.objects.get(action="record_readings")
        assert entry.detail == {"stored": 2, "unchanged": 0, "refused": 0}

    def test_a_firm_sends_none_for_another(self, firm, logger, firm_actor):
        stranger = firm_actor(a_firm("别家", OTHER_FIRM))
        assert refused_with(send, firm, samples(5), by=stranger) == "P101"

    def test_ask_as_often_for_many_loggers_as_for_two(self, firm, django_assert_max_num_queries):
        codes = [a_logger(firm, code=f"K{n}").code for n in range(6)]
        rows = [one for code in codes for one in samples(*WARM, code=code)]
        with django_assert_max_num_queries(32):
            received = send(firm, rows)
        assert len(received.excursions) == 6


class TestAWrongClock:
    @pytest.mark.parametrize(("days", "mark"), [(9, "future"), (-400, "early"), (0, "")])
    def test_is_marked_and_kept(self, firm, logger, days, mark):
        send(firm, samples(20, first=DAY + dt.timedelta(days=days)))
        assert Reading.objects.get().mark == mark

    def test_is_one_excursion_that_holds_nothing_and_uses_nothing(self, firm, logger, stock):
        late = DAY + dt.timedelta(days=9)
        send(firm, samples(20, 20, first=late))
        send(firm, samples(20, first=late + dt.timedelta(days=1)))
        found = Excursion.objects.get()
        assert (found.kind, found.readings, found.lots.count()) == ("clock", 3, 0)
        logger.refresh_from_db()
        assert logger.last_at is None


class TestWhatIsFound:
    @pytest.mark.parametrize(
        ("celsius", "kind", "minutes"), [(WARM, "high", 60), (GAP, "gap", 150), ((5, 1.9, 5), "low", 30)]
    )
    def test_is_stored_with_its_length(self, firm, logger, celsius, kind, minutes):
        send(firm, samples(*celsius))
        found = Excursion.objects.get()
        assert (found.kind, found.end - found.start) == (kind, dt.timedelta(minutes=minutes))

    def test_is_the_same_however_the_readings_come_in(self, firm, logger):
        rows = samples(5, 9, 9, None, None, None, None, 1, 5, 9)
        for part in (rows[4:], rows[1:2], rows[2:4], rows[:1]):
            send(firm, part)
        pieces = set(Excursion.objects.values_list("kind", "start", "end", "readings", "highest_centi"))
        Excursion.objects.all().delete()
        Reading.objects.all().delete()
        send(firm, rows)
        whole = set(Excursion.objects.values_list("kind", "start", "end", "readings", "highest_centi"))
        assert pieces == whole and len(whole) == 4

    def test_a_gap_that_is_filled_in_later_is_settled(self, firm, logger):
        send(firm, samples(*GAP))
        send(firm, samples(5, 5, 5, 5, first=DAY + 2 * HALF_HOUR))
        found = Excursion.objects.get()
        assert (found.state, found.settled) == ("settled", True)

    def test_a_settled_one_leaves_its_entry_in_the_audit_log(self, firm, logger):
        send(firm, samples(*GAP))
        send(firm, samples(5, 5, 5, 5, first=DAY + 2 * HALF_HOUR))
        assert AuditEntry.objects.filter(action="settle_excursion").count() == 1

    def test_a_filled_gap_that_holds_a_lot_waits_for_people(self, firm, logger, stock):
        send(firm, samples(*GAP))
        send(firm, samples(5, 5, 5, 5, first=DAY + 2 * HALF_HOUR))
        found = Excursion.objects.get()
        assert (found.state, found.settled) == ("found", True)

    def test_tighter_limits_find_more(self, firm, logger):
        send(firm, samples(5, 7, 5))
        actions.amend_logger(logger=logger, changes={"high_centi": 600}, reason="说明书", by=SYSTEM, at=DAY)
        assert Excursion.objects.get().limit_centi == 600


class TestSilence:
    def test_of_a_logger_that_sends_by_itself_is_a_gap_until_it_sends_again(self, firm):
        a_logger(firm, live=True)
        send(firm, samples(5), at=DAY)
        actions.note_silence(by=SYSTEM, at=DAY + 5 * HALF_HOUR)
        assert Excursion.objects.get().end is None
        send(firm, samples(5, first=DAY + 6 * HALF_HOUR), at=DAY + 6 * HALF_HOUR)
        assert Excursion.objects.get().end == DAY + 6 * HALF_HOUR

    def test_is_noted_once(self, firm):
        a_logger(firm, live=True)
        send(firm, samples(5), at=DAY)
        for later in (5, 6):
            actions.note_silence(by=SYSTEM, at=DAY + later * HALF_HOUR)
        assert Excursion.objects.count() == 1

    def test_of_one_that_is_read_out_by_hand_is_none(self, firm, logger):
        send(firm, samples(5), at=DAY)
        assert actions.note_silence(by=SYSTEM, at=DAY + 50 * HALF_HOUR) == []

    def test_ends_when_the_logger_is_taken_out_of_use(self, firm):
        row = a_logger(firm, live=True)
        send(firm, samples(5), at=DAY)
        actions.note_silence(by=SYSTEM, at=DAY + 5 * HALF_HOUR)
        actions.retire_logger(
            logger=row, on=DAY.date(), reason="损坏", by=SYSTEM, at=DAY + dt.timedelta(days=1)
        )
        assert Excursion.objects.get().end is not None


class TestALogger:
    FACTS = {
        "code": "LK-01", "place": "库", "kind": "cold_store", "interval_seconds": 60, "used_from": DAY.date(),
        "low_centi": 200, "high_centi": 800,
    }  # fmt: skip

    @pytest.mark.parametrize(
        ("facts", "code"),
        [
            ({"code": " "}, "CC101"),
            ({"kind": "cellar"}, "CC104"),
            ({"low_centi": 900}, "CC105"),
            ({"low_centi": None, "high_centi": None}, "CC106"),
            ({"interval_seconds": 0}, "CC107"),
            ({"calibrated_on": DAY.date(), "calibrated_until": dt.date(2020, 1, 1)}, "CC108"),
            ({"used_from": dt.date(2999, 1, 1)}, "CC110"),
        ],
    )
    def test_that_makes_no_sense_is_refused(self, firm, facts, code):
        assert refused_with(a_logger, firm, **(self.FACTS | facts)) == code

    def test_has_a_code_of_its_own_within_the_firm(self, firm, logger):
        assert refused_with(a_logger, firm) == "CC103"
        assert a_logger(a_firm("别家", OTHER_FIRM)).code == logger.code

    def test_is_amended_with_a_reason(self, firm, logger):
        assert refused_with(_amend, logger, "", place="2号冷库") == "CC101"
        assert refused_with(_amend, logger, "无") == "CC112"
        assert _amend(logger, "搬迁", place="2号冷库").place == "2号冷库"

    def test_entries_hold_what_the_model_holds(self):
        names = {field.name for field in Logger._meta.get_fields()}
        assert set(LoggerEntry.__dataclass_fields__) <= names


def _amend(logger, reason, **changes):
    return actions.amend_logger(logger=logger, changes=changes, reason=reason, by=SYSTEM, at=DAY)
