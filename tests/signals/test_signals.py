"""Which pairs stand out: the measures against worked numbers and the reference tables of their packages."""

from __future__ import annotations

import csv
import gzip
import json
import math

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from xiejian.cli.signals import signals_command
from xiejian.kernel.problems import Refused
from xiejian.signals import detection, ratios, shrinkage, table
from xiejian.signals.counting import Cells, Counted, Reports, codes, count
from xiejian.signals.shrinkage import Prior


def counted(rows):
    """Rows of (report, product, event[, stratum]) counted."""
    report, names = codes([row[0] for row in rows])
    product, products = codes([row[1] for row in rows])
    event, events = codes([row[2] for row in rows])
    stratum, _ = codes([row[3] if len(row) > 3 else "" for row in rows])
    of_report = np.zeros(len(names), np.int64)
    of_report[report] = stratum
    return count(Reports(report, product, event, of_report, products, events))


def cells(rows):
    """{(product, event): (reports with both, with the product, with the event, expected)}."""
    found = counted(rows).cells
    return {
        (found.products[found.product[i]], found.events[found.event[i]]): (
            found.n[i], found.with_product[i], found.with_event[i], found.expected[i]
        )
        for i in range(len(found.n))
    }  # fmt: skip


class TestCounting:
    def test_a_report_that_names_a_pair_twice_counts_once(self):
        rows = [("1", "泵", "断裂"), ("1", "泵", "断裂"), ("2", "泵", "渗漏")]
        assert cells(rows)["泵", "断裂"] == (1, 2, 1, 1.0)

    def test_a_report_of_two_products_counts_for_both(self):
        rows = [("1", "泵", "断裂"), ("1", "管", "断裂"), ("2", "管", "渗漏")]
        assert cells(rows)["管", "断裂"] == (1, 2, 1, 1.0)

    def test_strata_are_expected_each_by_itself(self):
        # in each year the pump has half of the reports and the event half: 1 + 2; in one heap 6 × 6 / 12
        rows = [("a1", "泵", "断"), ("a2", "泵", "漏"), ("a3", "管", "断"), ("a4", "管", "漏")]
        old = [(f"{r}{i}", p, e, "旧") for i in range(1) for r, p, e in rows]
        new = [(f"n{r}{i}", p, e, "新") for i in range(2) for r, p, e in rows]
        assert cells(old + new)["泵", "断"][3] == pytest.approx(1.0 + 2.0)
        # all breaks and all pumps are of the new year: independent there, but not in one heap
        skewed = [
            ("1", "泵", "断", "新"),
            ("2", "泵", "断", "新"),
            ("3", "管", "漏", "旧"),
            ("4", "管", "漏", "旧"),
        ]
        assert cells(skewed)["泵", "断"][3] == pytest.approx(2.0)
        assert cells([row[:3] for row in skewed])["泵", "断"][3] == pytest.approx(1.0)

    @given(
        st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=80)
    )
    @settings(max_examples=40, deadline=None)
    def test_the_groups_hold_every_pair_of_product_and_event(self, rows):
        found = counted([(str(r), f"p{p}", f"e{e}", str(r % 3)) for r, p, e in rows])
        groups = found.groups()
        assert groups.times.sum() == len(found.by_product) * len(found.by_event)
        assert groups.times @ groups.n == pytest.approx(found.cells.n.sum())
        everywhere = (found.by_product.sum(axis=1)[:, None] @ found.by_event.sum(axis=1)[None, :]).sum()
        if len(found.by_stratum) == 1:
            assert groups.times @ groups.expected == pytest.approx(everywhere / found.cells.reports)


def one(*abcd):
    return [np.array([float(value)]) for value in abcd]


class TestTheRatios:
    #: a, b, c, d → ROR with interval, PRR, χ², χ² after Yates, IC of the propagation network and its low end
    WORKED = (
        ((20, 80, 100, 9800), (24.5, 14.448, 41.546), 19.8, 301.122, 285.318, 3.241, 2.502),
        ((3, 97, 30, 9870), (10.175, 3.054, 33.904), 9.9, 21.893, 14.461, 1.574, 0.023),
        ((2, 98, 2, 9898), (101.0, 14.084, 724.291), 99.0, 97.049, 53.85, 1.514, -0.612),
        ((10, 990, 100, 8900), (0.899, 0.468, 1.728), 0.9, 0.102, 0.026, -0.138, -1.054),
    )

    @pytest.mark.parametrize(("abcd", "odds", "prr", "chi", "yates", "ic", "low"), WORKED)
    def test_are_those_worked_by_hand(self, abcd, odds, prr, chi, yates, ic, low):
        found = ratios.ror(*one(*abcd))
        assert (found.value[0], found.low[0], found.high[0]) == pytest.approx(
            odds, rel=1e-3
        )  # worked with 1.96, to three digits
        assert ratios.prr(*one(*abcd)).value[0] == pytest.approx(prr, abs=1e-3)
        assert ratios.chi_squared(*one(*abcd))[0] == pytest.approx(chi, abs=1e-3)
        assert ratios.chi_squared(*one(*abcd), yates=True)[0] == pytest.approx(yates, abs=1e-3)
        network = ratios.confidence_propagation(*one(*abcd))
        assert (network.value[0], network.low[0]) == pytest.approx((ic, low), abs=1e-3)

    def test_the_shrunk_information_component(self):
        found = ratios.information_component(np.array([10.0]), np.array([5.0]))
        assert (found.value[0], found.low[0], found.high[0]) == pytest.approx(
            (0.933, -0.0973, 1.69), abs=5e-3
        )

    def test_an_event_of_one_product_alone_has_no_finite_ratio(self):
        assert math.isinf(ratios.ror(*one(3, 7, 0, 90)).value[0])


class TestShrinkage:
    PRIOR = Prior(0.2, 0.06, 1.4, 1.8, 0.1)

    @given(st.integers(0, 2000), st.floats(1e-3, 2000))
    @settings(max_examples=60, deadline=None)
    def test_the_quantiles_hold_their_shares(self, n, expected):
        """Proof by summing the density, not by the function that found them."""
        found = shrinkage.shrink(self.PRIOR, np.array([float(n)]), np.array([expected]))
        assert found.eb05[0] < found.eb95[0]
        draws = posterior_draws(self.PRIOR, n, expected)
        assert np.mean(draws < found.eb05[0]) == pytest.approx(0.05, abs=0.006)
        assert np.mean(draws < found.eb95[0]) == pytest.approx(0.95, abs=0.006)

    def test_few_reports_are_drawn_in_more_than_many(self):
        found = shrinkage.shrink(self.PRIOR, np.array([2.0, 200.0]), np.array([0.2, 20.0]))
        assert found.ebgm[0] < found.ebgm[1] < 10

    def test_too_few_counts_determine_no_prior(self):
        assert shrinkage.fit(counted([("1", "泵", "断"), ("2", "管", "漏")]).groups()) is None


def posterior_draws(prior, n, expected):
    """40,000 draws of the true ratio by Bayes' rule, each part by its own likelihood of the count."""
    dice = np.random.default_rng(5)
    parts = ((prior.alpha1, prior.beta1, prior.w), (prior.alpha2, prior.beta2, 1 - prior.w))
    logs = [
        math.lgamma(n + a) - math.lgamma(a) + a * math.log(b / (b + expected))
        + n * math.log(expected / (b + expected)) + math.log(w)
        for a, b, w in parts
    ]  # fmt: skip
    share = 1 / (1 + math.exp(min(700, logs[1] - logs[0])))
    first = dice.random(40_000) < share
    (a1, b1, _), (a2, b2, _) = parts
    shape = np.where(first, a1 + n, a2 + n)
    return dice.gamma(shape) / np.where(first, b1 + expected, b2 + expected)


@pytest.fixture
def file(tmp_path):
    def written(*rows, headings="report_id,product,event"):
        path = tmp_path / "reports.csv"
        path.write_text("\n".join([headings, *rows]) + "\n", encoding="utf-8")
        return path

    return written


class TestTheFile:
    @pytest.mark.parametrize(
        ("rows", "headings", "code"),
        [
            (["1,,断裂"], "report_id,product,event", "V101"),
            (["1,泵,断,旧", "1,泵,漏,新"], "report_id,product,event,stratum", "V102"),
            ([], "report_id,product,event", "V103"),
        ],
    )
    def test_bad_input_is_named(self, file, rows, headings, code):
        with pytest.raises(Refused) as refused:
            table.read(file(*rows, headings=headings))
        assert refused.value.first.code == code

    def test_the_command_answers_every_measure(self, file):
        rows = [f"{i},{'泵' if i % 2 else '管'},{'断' if i % 3 else '漏'}" for i in range(12)]
        result = CliRunner().invoke(signals_command, [str(file(*rows)), "--json"])
        answer = json.loads(result.stdout)
        assert set(answer["pairs"][0]) == {
            "product", "event", "n", "expected", "rr", "prr", "prr_low", "prr_chi2", "ror", "ror_low",
            "ic", "ic_low", "ebgm", "eb05", "eb95", "corrected",
        }  # fmt: skip
        assert (answer["reports"], answer["prior"]) == (12, None)

    def test_what_the_counts_leave_undefined_is_null_beside_a_corrected_value(self, file):
        rows = ["1,泵,断", "2,泵,漏", "3,管,漏", "4,管,漏"]
        result = CliRunner().invoke(signals_command, [str(file(*rows)), "--json"])
        pair = next(
            p for p in json.loads(result.stdout)["pairs"] if (p["product"], p["event"]) == ("泵", "断")
        )
        assert pair["ror"] is None
        assert pair["corrected"]["ror"] == pytest.approx(1.5 * 2.5 / (1.5 * 0.5))


def close(value, stated):
    """Equal to the six digits printed, or undefined alike (the packages write Inf, NaN or NA)."""
    if stated in ("NA", "NaN", "") or math.isinf(float(stated)):
        return not math.isfinite(value)
    return value == pytest.approx(float(stated), rel=5e-6)


@pytest.mark.shared
class TestTheReferences:
    """Tables that the methods' own R packages computed."""

    def test_pvda_of_simulated_reports(self, shared):
        folder = shared / "signal-reference"
        with open(folder / "pvda_reports_simulated.csv", encoding="utf-8") as lines:
            found = detection.measure(
                counted([(r["report_id"], r["drug"], r["event"]) for r in csv.DictReader(lines)])
            )
        with gzip.open(folder / "pvda_reference.csv.gz", "rt") as lines:
            stated = {(r["drug"], r["event"]): r for r in csv.DictReader(lines)}
        assert len(stated) == len(found.cells.n)
        self.compare(found, stated)

    def test_pvda_of_mesh_reports(self, shared):
        folder = shared / "maude-mesh-2003-2017"
        with open(folder / "events.csv", encoding="utf-8") as lines:
            rows = [(str(i), r["name"], r["AE"]) for i, r in enumerate(csv.DictReader(lines))]
        found = detection.measure(counted(rows))
        names = {"prr_lo": "prr2.5", "prr_hi": "prr97.5", "ror_lo": "ror2.5", "ror_hi": "ror97.5"}
        names |= {"ic_lo": "ic2.5", "ic_hi": "ic97.5"}
        with open(folder / "reference_prr_ror_ic.csv", encoding="utf-8") as lines:
            stated = {
                (r["device"], r["event"]): {names.get(k, k): v for k, v in r.items()}
                for r in csv.DictReader(lines)
            }
        self.compare(found, stated)
        assert found.prior is None  # ten products do not determine one: two priors are as likely

    def compare(self, found, stated):
        columns = {
            "ic2.5": found.ic.low, "ic": found.ic.value, "ic97.5": found.ic.high,
            "prr2.5": found.prr.low, "prr": found.prr.value, "prr97.5": found.prr.high,
            "ror2.5": found.ror.low, "ror": found.ror.value, "ror97.5": found.ror.high,
        }  # fmt: skip
        cells = found.cells
        wrong = [
            (cells.products[cells.product[i]], cells.events[cells.event[i]], name, values[i])
            for i in range(len(cells.n))
            for name, values in columns.items()
            if not close(
                values[i], stated[cells.products[cells.product[i]], cells.events[cells.event[i]]][name]
            )
        ]
        assert wrong == []

    def test_phvid_prior_and_lower_ends(self, shared):
        folder = shared / "signal-reference"
        with gzip.open(folder / "phvid_cells_simulated.csv.gz", "rt") as lines:
            rows = [(r["drug"], r["event"], float(r["n"])) for r in csv.DictReader(lines)]
        product, products = codes([row[0] for row in rows])
        event, events = codes([row[1] for row in rows])
        n = np.array([row[2] for row in rows])
        total = n.sum()
        by_product, by_event = np.bincount(product, n), np.bincount(event, n)
        expected = by_product[product] * by_event[event] / total
        found = Cells(
            products, events, product, event, n, by_product[product], by_event[event], int(total), expected
        )
        prior = shrinkage.fit(
            Counted(found, by_product[:, None], by_event[:, None], np.array([total])).groups()
        )
        assert prior.as_list() == pytest.approx(
            [0.73239993, 0.22897168, 1.74112763, 2.21246323, 0.09764747], rel=1e-5
        )
        place = {(row[0], row[1]): i for i, row in enumerate(rows)}
        with gzip.open(folder / "phvid_reference.csv.gz", "rt") as lines:
            stated = list(csv.DictReader(lines))
        chosen = np.array([place[r["drug"], r["event"]] for r in stated])
        low = shrinkage.shrink(prior, n[chosen], expected[chosen]).eb05
        assert low == pytest.approx([float(r["gps_eb05"]) for r in stated], rel=2e-4)

    def test_statins_of_the_faers_counts(self, shared):
        """Real counts of the FDA, 2014 to 2020: every cell that is not empty, from its 2×2 table."""
        with open(shared / "signal-reference" / "faers_statin46_reference.csv", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        a, b, c, d, expected = (
            np.array([float(row[name]) for row in rows]) for name in ("a", "b", "c", "d", "expected")
        )
        columns = {"prr": ratios.prr(a, b, c, d), "ror": ratios.ror(a, b, c, d)}
        columns["ic"] = ratios.information_component(a, (a + b) * (a + c) / (a + b + c + d))
        for name, found in columns.items():
            for end, values in (("2.5", found.low), ("", found.value), ("97.5", found.high)):
                printed = [float(row[name + end]) for row in rows]
                assert values == pytest.approx(printed, rel=5e-6, abs=5e-8), name + end
        assert expected == pytest.approx((a + b) * (a + c) / (a + b + c + d), rel=5e-6)

    @pytest.mark.parametrize(("algo", "ratio"), [("prr", ratios.prr), ("ror", ratios.ror)])
    def test_the_ratios_of_bone_cement(self, shared, algo, ratio):
        """The last month of the first series of mdsstat; the others have an empty cell and are refused."""
        with open(shared / "maude-bone-cement-2017" / "reference_mdsstat.csv", encoding="utf-8") as lines:
            rows = [row for row in csv.DictReader(lines) if row["algo"] == algo]
        found = ratio(*(np.array([n], float) for n in (15, 10, 35, 27)))
        first = {name: float(rows[0][name]) for name in ("statistic", "lcl", "ucl")}
        assert [found.value[0], found.low[0], found.high[0]] == pytest.approx(
            [first["statistic"], first["lcl"], first["ucl"]], rel=1e-6
        )
        undefined = ratio(*(np.array([n], float) for n in (1, 24, 0, 62)))
        assert [row["ran"] for row in rows[1:]] == ["False", "False"]
        assert not np.isfinite(undefined.high[0])
