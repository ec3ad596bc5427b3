"""Alerts and signals over reports: pure arithmetic on facts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from xiejian.vigilance import rules
from xiejian.vigilance.alerting import Fact, alerts, fires, signals

DAY = dt.date(2024, 3, 1)
ONE = Fact(1, "甲", "人民医院", "输液器", "A1", "渗漏", "其他", DAY)
YEAR_AGO = DAY - dt.timedelta(days=366)


def fact(pk, days=0, **facts):
    return replace(ONE, pk=pk, number=str(pk), on=DAY + dt.timedelta(days=days), **facts)


def found(facts, rule, since=YEAR_AGO):
    until = DAY + dt.timedelta(days=400)
    return alerts(facts, {rule: rules.alerts()[rule]}, since, until)


class TestAlerts:
    def test_one_death_is_enough(self):
        assert [a.subject for a in found([fact(1), fact(2, harm="死亡")], "death")] == ["2"]

    @pytest.mark.parametrize(("apart", "expected"), [(0, 1), (30, 1), (31, 0)])
    def test_two_serious_ones_of_a_lot_within_thirty_days(self, apart, expected):
        rows = [fact(1, harm="严重伤害"), fact(2, apart, harm="死亡")]
        assert len(found(rows, "serious_lot")) == expected

    def test_other_lots_do_not_add_up(self):
        assert not found([fact(1, harm="死亡"), fact(2, harm="死亡", lot="B2")], "serious_lot")

    def test_reports_without_a_lot_are_no_group(self):
        assert not found([fact(n, harm="死亡", lot="") for n in (1, 2)], "serious_lot")

    @pytest.mark.parametrize(("count", "expected"), [(2, 0), (3, 1)])
    def test_three_alike_in_one_institution(self, count, expected):
        assert len(found([fact(n) for n in range(count)], "same_failure")) == expected

    def test_the_last_run_is_told(self):
        rows = [fact(n, n) for n in range(3)] + [fact(9, 200)]
        assert [f.pk for f in found(rows, "same_failure")[0].reports] == [0, 1, 2]

    def test_a_failure_never_seen_of_a_known_product(self):
        rows = [fact(1), fact(2, 5, term="断裂破损"), fact(3, 9, term="断裂破损")]
        assert [(a.subject, a.on) for a in found(rows, "new_term")] == [("断裂破损", rows[1].on)]

    def test_old_ones_are_not_told_again(self):
        assert not found([fact(1, harm="死亡")], "death", since=DAY + dt.timedelta(days=1))

    @pytest.mark.parametrize(("count", "expected"), [(4, 0), (5, 1)])
    def test_a_month_with_more_than_the_mean_and_two_deviations(self, count, expected):
        """Twelve months of 2, but two of 4 and one of none: the limit is 2.17 + 2 × 1.03 = 4.2."""
        year = [fact(30 * n + k, 30 * n, term=str(k)) for n in range(12) for k in range(4 if n == 4 else 2)]
        assert len(found([*year, *(fact(900 + n, 370) for n in range(count))], "month")) == expected

    def test_young_records_are_not_compared(self):
        assert not found([fact(n, 200) for n in range(9)], "month")


class TestProfiles:
    #: the test vectors of the reference: which measures fire
    STRONG = {"n": 20, "ror_low": 14.4, "prr": 19.8, "prr_chi2": 301.1, "ic_low": 2.5, "eb05": 10.7}
    NONE = {"n": 10, "ror_low": 0.47, "prr": 0.9, "prr_chi2": 0.1, "ic_low": -1.05, "eb05": 0.5}

    @pytest.mark.parametrize("profile", rules.profiles())
    def test_a_strong_pair_fires_and_a_common_one_does_not(self, profile):
        assert fires(profile, self.STRONG, rules.profiles())
        assert not fires(profile, self.NONE, rules.profiles())

    @pytest.mark.parametrize("profile", ["ror_default", "prr_default", "ebgm_default", "combined_all"])
    def test_two_reports_are_too_few(self, profile):
        assert not fires(profile, self.STRONG | {"n": 2}, rules.profiles())

    def test_what_the_counts_leave_open_is_no_signal(self):
        assert not fires("ebgm_default", self.STRONG | {"eb05": None}, rules.profiles())


class TestSignals:
    def test_three_hospitals_make_a_signal(self):
        common = [fact(n, product=f"产品{n % 5}", term="其他故障") for n in range(60)]
        rows = [*common, *(fact(100 + n, product="输液器", term="渗漏") for n in range(6))]
        first = signals(rows, rules.profiles())[0]
        assert (first.product, first.term, first.n, "prr_default" in first.fires) == (
            "输液器",
            "渗漏",
            6,
            True,
        )

    def test_a_failure_that_no_other_product_has_is_read_with_one_half_added(self):
        rows = [
            *(fact(n, product="甲", term="渗漏") for n in range(4)),
            fact(9, product="乙", term="堵塞不畅"),
        ]
        first = next(s for s in signals(rows, rules.profiles()) if s.product == "甲")
        assert first.values["corrected"] and first.values["ror"] == pytest.approx(4.5 * 1.5 / 0.25)

    def test_no_reports_no_signals(self):
        assert signals([], rules.profiles()) == []
        assert signals([fact(1, term="")], rules.profiles()) == []
