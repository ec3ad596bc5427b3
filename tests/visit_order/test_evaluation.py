"""The back-test of the visit order: the arithmetic of days earlier, and that nothing looks ahead."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from xiejian.cli.risk import risk_group
from xiejian.kernel.problems import Refused
from xiejian.visit_order import evaluation
from xiejian.visit_order.evaluation import earlier, evaluate, gain, ranking
from xiejian.visit_order.features import Past, Subjects, build
from xiejian.visit_order.ordering import order
from xiejian.visit_order.table import VisitTable, read

DAY_ONE = dt.date(2020, 1, 1).toordinal()
SPLIT = dt.date(2020, 10, 1)


def drawn(seed: int = 1, visits: int = 2500, columns: bool = True) -> list[dict[str, str]]:
    """A year of visits by a strict and a mild inspector; 600 parties, every fifth of them bad."""
    random = np.random.default_rng(seed)
    rows = []
    for number, day in enumerate(np.sort(random.integers(0, 366, visits))):
        party = int(random.integers(0, 600))
        strict = random.random() < 0.5
        chance = 0.02 + 0.45 * (party % 5 == 0) + 0.20 * strict
        row = {
            "visit_id": f"V{number}",
            "party_id": f"P{party}",
            "visited_on": dt.date.fromordinal(DAY_ONE + int(day)).isoformat(),
            "inspector": "strict" if strict else "mild",
            "found": str(int(random.random() < chance)),
        }
        if columns:
            row |= {
                "size": "" if party % 7 == 0 else str((party % 5 == 0 and 3) or 1),
                "trade": ("wholesale", "retail", "hospital")[party % 3],
                "licensed_on": dt.date.fromordinal(DAY_ONE - 40 * (party % 50) - 1).isoformat(),
                "temperature": str(int(day) // 3),
                "team": "A" if strict else "B",
            }
        rows.append(row)
    return rows


def write(folder: Path, rows: list[dict[str, str]]) -> Path:
    path = folder / "visits.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> VisitTable:
    return read(write(tmp_path_factory.mktemp("visits"), drawn()))


class TestDaysEarlier:
    def test_the_highest_score_gets_the_first_date(self) -> None:
        days = np.array([10, 10, 12, 20])
        rank = ranking(np.array([0.1, 0.2, 0.3, 0.9]), ["a", "b", "c", "d"])
        assert earlier(days, rank).tolist() == [-10, -2, 2, 10]

    def test_every_day_keeps_its_number_of_visits(self) -> None:
        random = np.random.default_rng(3)
        days = random.integers(0, 30, 200)
        rank = ranking(random.random(200), [str(i) for i in range(200)])
        assert sorted(days - earlier(days, rank)) == sorted(days)

    def test_the_mean_is_over_visits_that_found_something(self) -> None:
        days, found = np.array([1, 3, 5]), np.array([0.0, 0.0, 1.0])
        rank = ranking(np.array([1.0, 2.0, 3.0]), ["a", "b", "c"])
        assert gain(days, rank, found, np.zeros(3, np.int64), 50).mean == 4

    def test_within_inspector_dates_stay_with_the_inspector(self) -> None:
        days, found = np.array([1, 9, 2, 4]), np.array([0.0, 1.0, 0.0, 1.0])
        rank = ranking(np.array([1.0, 2.0, 3.0, 4.0]), ["a", "b", "c", "d"])
        assert gain(days, rank, found, np.array([0, 0, 1, 1]), 50).mean == (8 + 2) / 2

    def test_the_gain_of_a_random_order_is_what_random_orders_give_on_average(self) -> None:
        random = np.random.default_rng(5)
        days, found = np.sort(random.integers(0, 60, 300)), (random.random(300) < 0.2).astype(float)
        groups = np.zeros(300, np.int64)
        tried = [gain(days, random.permutation(300), found, groups, 1) for _ in range(400)]
        assert np.mean([t.mean for t in tried]) == pytest.approx(tried[0].random, abs=0.4)

    def test_equal_scores_are_not_ordered_as_the_file_is(self) -> None:
        place = ranking(np.zeros(50), [f"V{i}" for i in range(50)])
        assert place.tolist() != list(range(50))

    def test_nothing_found_gives_no_figure(self) -> None:
        days, rank = np.array([1, 2]), np.array([0, 1])
        assert gain(days, rank, np.zeros(2), np.zeros(2, np.int64), 5).mean is None


class TestNoLookAhead:
    def test_outcomes_of_the_test_visits_do_not_change_the_order(self, table: VisitTable) -> None:
        past = table.past
        turned = np.where(past.days >= SPLIT.toordinal(), 1 - past.found, past.found)
        other = VisitTable(table.visits, Past(past.subjects, past.days, past.inspectors, turned))
        first, second = (evaluate(t, SPLIT, resamples=5).score for t in (table, other))
        assert first.tolist() == second.tolist()

    def test_dates_and_inspectors_of_the_test_visits_do_not_change_the_order(self, table: VisitTable) -> None:
        past = table.past
        after = past.days >= SPLIT.toordinal()
        days = past.days.copy()
        # the first and the last day stay, so that the order is made for as many days
        inner = np.flatnonzero(after & (days > days[after].min()) & (days < days.max()))
        days[inner] = np.random.default_rng(2).permutation(days[inner])
        who = ["mild" if a else name for a, name in zip(after, past.inspectors, strict=True)]
        other = VisitTable(table.visits, Past(past.subjects, days, who, past.found))
        first, second = (evaluate(t, SPLIT, resamples=5).score for t in (table, other))
        assert first.tolist() == second.tolist()

    def test_shuffled_outcomes_of_the_test_visits_bring_the_gain_to_chance(self, table: VisitTable) -> None:
        past, random = table.past, np.random.default_rng(4)
        after = np.flatnonzero(past.days >= SPLIT.toordinal())
        beyond = []
        score = evaluate(table, SPLIT, resamples=1).score
        rank = ranking(score, [table.visits[i] for i in after])
        for _ in range(200):
            found = random.permutation(past.found[after])
            done = gain(past.days[after], rank, found, np.zeros(len(after), np.int64), 1)
            beyond.append((done.mean or 0) - (done.random or 0))
        assert abs(np.mean(beyond)) < 0.5

    def test_a_visit_is_seen_from_the_start_of_its_period(self) -> None:
        """A finding of the same period teaches nothing about a later visit of that period."""
        days = np.array([1, 100, 101])
        past = Past(Subjects(["P", "P", "P"], {}), days, ["A"] * 3, np.array([0.0, 1.0, 0.0]))
        matrix = build(past, Subjects(["P"], {}), on=120, period=60)
        found = [f.name for f in matrix.features].index("history_found")
        assert matrix.past[:, found].tolist() == [0, 0, 0]
        assert matrix.ahead[0, found] == 1

    def test_a_visit_on_the_day_of_the_order_cannot_teach_it(self) -> None:
        past = Past(Subjects(["P"], {}), np.array([5]), ["A"], np.array([1.0]))
        with pytest.raises(ValueError, match="cannot teach"):
            order(past, Subjects(["P"], {}), on=5, period=30)


class TestWhatIsLearnt:
    def test_bad_parties_come_earlier_also_within_inspector(self, table: VisitTable) -> None:
        done = evaluate(table, SPLIT, resamples=200)
        assert (done.pooled.low or 0) > 5
        assert (done.within.low or 0) > 5

    def test_the_five_columns_are_enough(self, tmp_path: Path) -> None:
        done = evaluate(read(write(tmp_path, drawn(columns=False))), SPLIT, resamples=100)
        assert (done.pooled.low or 0) > 0

    def test_the_strict_inspector_is_told_from_the_mild(self, table: VisitTable) -> None:
        rows = {row["inspector"]: row for row in evaluate(table, SPLIT, resamples=5).inspectors}
        assert rows["strict"]["odds_interval"][0] > 1 > rows["mild"]["odds_interval"][1]

    def test_a_column_that_names_the_inspector_is_left_out(self, table: VisitTable) -> None:
        assert "team" in evaluate(table, SPLIT, resamples=5).left_out

    def test_the_weather_of_the_day_is_left_out(self, table: VisitTable) -> None:
        assert "temperature" in evaluate(table, SPLIT, resamples=5).left_out

    def test_a_score_is_the_sum_of_its_contributions(self, table: VisitTable) -> None:
        done = evaluate(table, SPLIT, resamples=5).order
        assert done.score == pytest.approx(done.contributions.sum(axis=1))
        assert done.contributions.shape[1] == len(done.features)

    def test_a_column_written_after_the_visit_is_pointed_out(self, tmp_path: Path) -> None:
        rows = [row | {"result": "ok" if row["found"] == "0" else "bad"} for row in drawn()]
        assert evaluate(read(write(tmp_path, rows)), SPLIT, resamples=5).suspect == ["result"]

    def test_the_same_file_gives_the_same_answer(self, table: VisitTable) -> None:
        first, second = (evaluation.as_json(evaluate(table, SPLIT, resamples=20)) for _ in range(2))
        assert first == second


class TestBadInput:
    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"found": "2"}, "L701"),
            ({"found": ""}, "L701"),
            ({"visited_on": "2020-02-30"}, "L701"),
            ({"party_id": ""}, "L701"),
            ({"visit_id": "V1"}, "L702"),
        ],
    )
    def test_a_wrong_value_names_its_row(self, tmp_path: Path, change: dict[str, str], code: str) -> None:
        rows = drawn(visits=20)
        rows[10] |= change
        with pytest.raises(Refused) as caught:
            read(write(tmp_path, rows))
        assert (caught.value.first.code, caught.value.first.where) == (code, "第12行")

    def test_many_wrong_values_are_counted(self, tmp_path: Path) -> None:
        rows = [row | {"found": "x"} for row in drawn(visits=50)]
        with pytest.raises(Refused) as caught:
            read(write(tmp_path, rows))
        assert [p.code for p in caught.value.problems][-1] == "L707"

    @pytest.mark.parametrize(("day", "code"), [("2019-01-01", "L703"), ("2022-01-01", "L704")])
    def test_a_split_outside_the_record_is_refused(self, table: VisitTable, day: str, code: str) -> None:
        with pytest.raises(Refused) as caught:
            evaluate(table, dt.date.fromisoformat(day))
        assert caught.value.first.code == code

    def test_a_past_without_any_finding_is_refused(self, tmp_path: Path) -> None:
        rows = [row | {"found": "0"} if row["visited_on"] < "2020-10-01" else row for row in drawn()]
        with pytest.raises(Refused) as caught:
            evaluate(read(write(tmp_path, rows)), SPLIT)
        assert caught.value.first.code == "L705"

    def test_a_missing_inspector_counts_only_pooled(self, tmp_path: Path) -> None:
        rows = [row | {"inspector": ""} if row["visited_on"] >= "2020-10-01" else row for row in drawn()]
        done = evaluate(read(write(tmp_path, rows)), SPLIT, resamples=20)
        assert done.pooled.found > 0 and done.within.found == 0

    def test_an_empty_column_and_a_column_of_one_value_do_no_harm(self, tmp_path: Path) -> None:
        rows = [row | {"none": "", "same": "x"} for row in drawn()]
        assert "same" in evaluate(read(write(tmp_path, rows)), SPLIT, resamples=5).left_out


class TestTheCommand:
    def test_answers_as_the_contract_says(self, tmp_path: Path) -> None:
        path = write(tmp_path, drawn())
        done = CliRunner().invoke(risk_group, ["evaluate", str(path), "--test-from", "2020-10-01", "--json"])
        answer = json.loads(done.stdout)
        assert set(answer) >= {"days_earlier", "first_half_share", "auc", "features", "by_inspector"}
        low, high = answer["days_earlier"]["within_inspector"]["interval"]
        assert low < answer["days_earlier"]["within_inspector"]["mean"] < high

    @pytest.mark.parametrize(
        ("name", "content", "code"),
        [("visits.csv", "a,b\n1,2\n", "K404"), ("visits.txt", "x", "K401"), ("missing.csv", None, "K402")],
    )
    def test_an_unusable_file_leaves_with_2(
        self, tmp_path: Path, name: str, content: str | None, code: str
    ) -> None:
        path = tmp_path / name
        if content is not None:
            path.write_text(content, encoding="utf-8")
        done = CliRunner().invoke(risk_group, ["evaluate", str(path), "--test-from", "2020-10-01", "--json"])
        assert (done.exit_code, json.loads(done.stdout)["code"]) == (2, code)

    def test_a_day_that_is_none_leaves_with_2(self, tmp_path: Path) -> None:
        path = write(tmp_path, drawn(visits=50))
        done = CliRunner().invoke(risk_group, ["evaluate", str(path), "--test-from", "soon", "--json"])
        assert (done.exit_code, json.loads(done.stdout)["code"]) == (2, "L706")


@pytest.mark.shared
class TestOnTheCityOfChicago:
    """The published arithmetic: real inspections with the authors' own scores."""

    @pytest.fixture
    def rows(self, shared: Path) -> list[dict[str, str]]:
        packed = shared / "chicago-food-inspections" / "model_table_train.csv.gz"
        return list(csv.DictReader(io.StringIO(gzip.decompress(packed.read_bytes()).decode())))

    def test_days_earlier_agree_with_the_reference_windows(
        self, shared: Path, rows: list[dict[str, str]]
    ) -> None:
        folder = shared / "chicago-food-inspections"
        for window in json.loads((folder / "reference_windows.json").read_text()):
            first, last = window["first_day"], window["last_day"]
            inside = sorted(
                (r for r in rows if first <= r["Inspection_Date"] <= last),
                key=lambda r: int(r["Inspection_ID"]),
            )
            days = np.array([dt.date.fromisoformat(r["Inspection_Date"]).toordinal() for r in inside])
            found = np.array([float(r["criticalFound"]) for r in inside])
            rank = np.empty(len(days), np.int64)
            score = np.array([float(r["author_score"]) for r in inside])
            rank[np.argsort(-score, kind="stable")] = np.arange(len(days))
            gained = gain(days, rank, found, np.zeros(len(days), np.int64), 1).mean
            share, real = evaluation._first_half(days, rank, found)
            assert (gained, share, real) == pytest.approx(
                (window["mean_days_earlier"], window["period_A_share_model"], window["period_A_share_actual"])
            )
