"""Control charts over monthly counts: what fires, what is refused and why, and what the packages print."""

from __future__ import annotations

import csv
import datetime as dt
import json

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from xiejian.cli.signals import trend_command
from xiejian.signals import monthly, trends

EACH: dict[str, dict[str, float]] = {name: {} for name in trends.METHODS}
STEADY = [5, 6, 4, 5, 7, 5, 4, 6, 5, 6, 5, 6]
JUMP = [*STEADY[:-1], 15]
STEP = [2, 3, 2, 4, 3, 2, 8, 9, 7, 9, 8, 9]
CREEP = [3, 4, 3, 4, 3, 4, 5, 6, 6, 7, 7, 8]


def of(method: str, counts: list[int], **settings: float) -> trends.Trend:
    return trends.METHODS[method](np.array(counts, dtype=float), **settings)


class TestWhatFires:
    def test_one_month_far_above_the_others_is_seen_by_the_shewhart_chart(self):
        assert of("shewhart", JUMP).signal and not of("shewhart", STEADY).signal

    def test_a_lasting_rise_adds_up(self):
        assert of("cusum", CREEP).signal and not of("cusum", STEADY).signal

    def test_a_slow_rise_moves_the_average(self):
        assert of("ewma", CREEP).signal and not of("ewma", STEADY).signal

    def test_a_step_is_found_where_it_begins(self):
        found = of("shift", STEP)
        assert (found.signal, found.at) == (True, 6)

    def test_a_fall_is_no_signal(self):
        assert not of("shift", STEP[::-1]).signal

    def test_a_handful_of_reports_of_a_rare_event(self):
        assert of("rare", [0] * 8 + [3, 2, 2, 0]).signal and not of("rare", [0] * 11 + [1]).signal

    @given(st.lists(st.integers(0, 30), min_size=12, max_size=30))
    def test_the_same_counts_give_the_same_answer(self, counts):
        first, second = ([t.as_json() for t in trends.examine(counts, EACH)] for _ in range(2))
        assert first == second


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("method", "counts", "reason"),
        [
            ("shewhart", [1, 2, 3], "short"), ("shewhart", [0] * 6 + [1, 2, 1, 2, 1, 2], "sparse"),
            ("cusum", [5] * 11 + [9], "flat"), ("ewma", [0, 0, 0, 4], "sparse"),
            ("shift", [3, 4, 3, 4, 3, 4, 5, 6], "segment"), ("rare", STEADY, "dense"),
        ],
    )  # fmt: skip
    def test_too_few_or_too_empty_counts_are_no_chart(self, method, counts, reason):
        found = of(method, counts)
        assert (found.refused, found.signal, found.value) == (reason, None, None)

    def test_every_refusal_has_its_words(self):
        assert of("shewhart", [1]).as_json()["refused"] == trends.REFUSED["short"]


class TestTheComparison:
    def test_of_one_cell_alone_in_its_corner_is_refused(self):
        assert trends.likelihood_ratio(1, 2, 3, 0).refused == "zero_d"

    def test_a_product_with_all_the_reports_of_an_event_stands_out(self):
        assert trends.likelihood_ratio(20, 80, 100, 9800).signal
        assert not trends.likelihood_ratio(10, 990, 100, 8900).signal


class TestTheFile:
    def test_lots_are_counted_beside_their_product(self, tmp_path):
        rows = ["product,on,lot"] + [f"泵,2023-{m:02d}-05,L{m % 2}" for m in range(1, 13)]
        (tmp_path / "r.csv").write_text("\n".join(rows), encoding="utf-8")
        done = CliRunner().invoke(trend_command, [str(tmp_path / "r.csv"), "--months", "12", "--json"])
        answer = json.loads(done.stdout)
        assert [(s["lot"], sum(s["counts"])) for s in answer["series"]] == [("", 12), ("L0", 6), ("L1", 6)]
        assert answer["series"][0]["months"] == [f"2023-{m:02d}" for m in range(1, 13)]

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("product,on\n,2023-01-05\n", "V101"),
            ("product,on\n泵,昨天\n", "V105"),
            ("product,on\n", "V103"),
        ],
    )  # fmt: skip
    def test_bad_rows_are_named(self, tmp_path, text, code):
        (tmp_path / "r.csv").write_text(text, encoding="utf-8")
        done = CliRunner().invoke(trend_command, [str(tmp_path / "r.csv"), "--json"])
        assert (done.exit_code, json.loads(done.stdout)["code"]) == (2, code)

    def test_a_month_that_has_begun_is_not_compared(self):
        assert monthly.last_months(dt.date(2024, 3, 31), 2) == ["2024-01", "2024-02"]


@pytest.mark.shared
class TestTheReferenceOfBoneCement:
    """Monthly reports of bone cement, and what mdsstat 0.3.2 says of them (three series, ten methods).

    Three of its figures are not the method's: it prints the first period's CUSUM (always 0) and EWMA
    (weight times the first count, begun at 0), and multiplies by 2t where the limit of an EWMA has a power
    of 2t. Here stand the decision of the former and the limit that its misprint makes of the latter.
    """

    @pytest.fixture
    def series(self, shared):
        folder = shared / "maude-bone-cement-2017"

        def read(number: int) -> tuple[list[float], list[float]]:
            with open(folder / f"series_{number}.csv", encoding="utf-8") as lines:
                rows = list(csv.DictReader(lines))
            counts = [float(row["nA"] or 0) for row in rows]
            return counts, [float(rows[-1][cell] or 0) for cell in ("nA", "nB", "nC", "nD")]

        return read

    @pytest.fixture
    def stated(self, shared):
        with open(shared / "maude-bone-cement-2017" / "reference_mdsstat.csv", encoding="utf-8") as lines:
            return {(int(row["series"]), row["algo"]): row for row in csv.DictReader(lines)}

    @pytest.mark.parametrize("number", [1, 2])
    def test_the_shewhart_chart_to_every_digit(self, series, stated, number):
        found, row = of("shewhart", series(number)[0]), stated[number, "xbar"]
        printed = [float(row[name]) for name in ("statistic", "lcl", "ucl", "threshold")]
        assert [found.value, found.low, found.high, found.threshold] == pytest.approx(printed, rel=1e-12)
        assert found.signal == (row["signal"] == "TRUE")

    @pytest.mark.parametrize("number", [1, 2])
    def test_the_cusum_by_its_interval_and_decision(self, series, stated, number):
        found, row = of("cusum", series(number)[0]), stated[number, "cusum"]
        assert found.threshold == pytest.approx(float(row["threshold"]), rel=1e-12)
        assert (found.path[0], found.signal) == (float(row["statistic"]), row["signal"] == "TRUE")

    @pytest.mark.parametrize("number", [1, 2])
    def test_the_ewma_by_its_limit_once_the_power_is_a_power(self, series, stated, number):
        counts, weight = series(number)[0], 0.85
        found, row = of("ewma", counts, weight=weight), stated[number, "ewma"]
        mean, misprint = (found.low + found.high) / 2, weight * 2 * len(counts)
        power = 1 - (1 - weight) ** (2 * len(counts))
        theirs = (found.high - mean) * np.sqrt(misprint / power)
        assert mean + theirs == pytest.approx(float(row["ucl"]), rel=1e-12)

    def test_december_is_a_signal_of_the_ewma_too_which_the_misprint_hides(self, series, stated):
        assert of("ewma", series(1)[0], weight=0.85).signal
        assert stated[1, "ewma"]["signal"] == "FALSE"

    @pytest.mark.parametrize("number", [1, 2])
    def test_no_change_of_the_mean(self, series, stated, number):
        assert not of("shift", series(number)[0]).signal
        assert stated[number, "cp_mean"]["signal"] == "FALSE"

    def test_the_likelihood_ratio_to_every_digit_and_its_chance_within_that_of_the_dice(self, series, stated):
        found, row = trends.likelihood_ratio(*series(1)[1]), stated[1, "lrt"]
        assert found.value == pytest.approx(float(row["statistic"]), rel=1e-12)
        assert found.p == pytest.approx(float(row["p"]), abs=0.01)  # theirs of 10,000 draws, ours of all

    def test_the_test_of_rare_events_to_every_digit(self, series, stated):
        found, row = of("rare", series(3)[0]), stated[3, "poisson_rare"]
        printed = [float(row[name]) for name in ("statistic", "lcl", "ucl", "p")]
        assert [found.value, found.low, found.high, found.p] == pytest.approx(printed, rel=1e-12)

    @pytest.mark.parametrize(
        ("number", "algo", "method", "reason"),
        [
            (3, "xbar", "shewhart", "sparse"), (3, "cusum", "cusum", "sparse"), (3, "ewma", "ewma", "sparse"),
            (3, "cp_mean", "shift", "sparse"), (1, "poisson_rare", "rare", "dense"),
            (2, "poisson_rare", "rare", "dense"),
        ],
    )  # fmt: skip
    def test_sparse_data_are_refused_as_the_package_refuses_them(
        self, series, stated, number, algo, method, reason
    ):
        assert stated[number, algo]["ran"] == "False"
        assert of(method, series(number)[0]).refused == reason

    def test_an_empty_corner_is_refused_as_the_package_refuses_it(self, series, stated):
        assert stated[3, "lrt"]["ran"] == "False"
        assert trends.likelihood_ratio(*series(3)[1]).refused == "zero_d"
