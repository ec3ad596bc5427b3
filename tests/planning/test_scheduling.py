"""Who goes when, as a pure question: the hard rules on drawn offices, and who is moved by illness."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ortools.math_opt.python import mathopt

from xiejian.planning.scheduling import check, solver
from xiejian.planning.scheduling.arrange import arrange, join
from xiejian.planning.scheduling.instance import Inspector, Instance, Need, Outing, Travel
from xiejian.planning.scheduling.mend import mend
from xiejian.planning.scheduling.order import in_order

COUNTY, TOWNS = "150525", ("150525100", "150525101", "150525102")
MONDAY = dt.date(2024, 3, 4)
DAYS = tuple(
    MONDAY + dt.timedelta(days=n) for n in range(28) if (MONDAY + dt.timedelta(days=n)).weekday() < 5
)
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def need(key: str, town: str = TOWNS[0], **facts) -> Need:
    given = {"party": int(key.strip("abcdefg") or 0), "office": COUNTY, "minutes": 90, "from_on": DAYS[0]}
    return Need(key, town=town, **{"due_on": DAYS[-1], **given, **facts})


def people(count: int, *offices: str) -> tuple[Inspector, ...]:
    where = offices or (COUNTY,)
    return tuple(Inspector(n, f"检查员{n}", where[n % len(where)]) for n in range(count))


def office(needs, inspectors=None, **facts) -> Instance:
    return Instance(tuple(needs), inspectors or people(4), DAYS, **facts)


def reasons(found) -> dict[str, str]:
    return {unmet.need.key: unmet.reason for unmet in found.unmet}


@st.composite
def offices(draw) -> Instance:
    inspectors = tuple(
        Inspector(
            n,
            f"检查员{n}",
            draw(st.sampled_from((COUNTY, *TOWNS))),
            frozenset(draw(st.sets(st.sampled_from(["体系", "冷链"]), max_size=2))),
            frozenset(draw(st.sets(st.sampled_from(DAYS), max_size=6))),
        )
        for n in range(draw(st.integers(2, 7)))
    )
    spans = st.tuples(st.sampled_from(DAYS), st.integers(0, 20))
    needs = []
    for n in range(draw(st.integers(1, 25))):
        start, length = draw(spans)
        needs.append(
            Need(
                f"v{n}",
                draw(st.integers(0, 8)),
                draw(st.sampled_from((COUNTY, *TOWNS))),
                draw(st.sampled_from(TOWNS)),
                draw(st.sampled_from([60, 90, 180, 200, 360])),
                start,
                start + dt.timedelta(days=length),
                draw(st.sampled_from(["", "", "", "体系", "冷链"])),
                draw(st.booleans()),
                draw(st.none() | st.integers(1, 30)),
            )
        )
    pairs = st.tuples(st.integers(0, len(inspectors) - 1), st.integers(0, 8))
    return Instance(tuple(needs), inspectors, DAYS, exclusions=frozenset(draw(st.sets(pairs, max_size=6))))


class TestAnySchedule:
    @SLOW
    @given(offices())
    def test_breaks_no_hard_rule(self, instance):
        assert check.faults(instance, arrange(instance, seconds=4).outings) == []

    @SLOW
    @given(offices())
    def test_makes_every_visit_once_or_says_why_not(self, instance):
        found = arrange(instance, seconds=4)
        made = [n.key for outing in found.outings for n in outing.needs]
        missing = [unmet.need.key for unmet in found.unmet]
        assert sorted([*made, *missing]) == sorted(n.key for n in instance.needs)

    @SLOW
    @given(offices(), st.data())
    def test_mended_for_somebody_ill_breaks_no_hard_rule(self, instance, data):
        made = arrange(instance, seconds=4).outings
        ill = data.draw(st.sampled_from(instance.inspectors))
        absent = replace(ill, away=ill.away | frozenset(DAYS[:10]))
        now = replace(instance, inspectors=tuple(absent if p == ill else p for p in instance.inspectors))
        found = mend(now, made, ill.key)
        lost = {unmet.need.key for unmet in found.unmet}
        place = {n: o for o in made for n in o.needs}
        place |= {n: change.after for change in found.changes for n in change.before.needs}
        after: dict[tuple, list[Need]] = {}
        for n, o in place.items():
            if n.key not in lost:
                after.setdefault((o.day, o.town, o.team), []).append(n)
        outings = [Outing(day, town, tuple(ns), team) for (day, town, team), ns in after.items()]
        assert check.faults(now, outings) == []


class TestASchedule:
    def test_brings_the_visits_of_a_town_together(self):
        found = arrange(office([need(f"a{n}", TOWNS[n % 2]) for n in range(8)]))
        assert sorted((o.town, len(o.needs)) for o in found.outings) == [(TOWNS[0], 4), (TOWNS[1], 4)]

    def test_sends_those_who_have_the_shorter_way(self):
        inspectors = people(4, TOWNS[0], TOWNS[1])
        found = arrange(office([need("a1", TOWNS[0]), need("a2", TOWNS[1])], inspectors))
        assert {o.town: o.team for o in found.outings} == {TOWNS[0]: (0, 2), TOWNS[1]: (1, 3)}

    def test_shares_the_work_equally_within_a_tenth(self):
        found = arrange(office([need(f"a{n}", TOWNS[n % 3]) for n in range(80)], people(5)))
        mean = sum(found.loads.values()) / 5
        assert (found.widened, max(abs(load / mean - 1) for load in found.loads.values()) <= 0.1) == (
            False,
            True,
        )

    def test_says_when_equal_work_was_out_of_reach(self):
        found = arrange(office([need("a1", minutes=360), need("a2", minutes=360)], people(3)))
        assert (found.widened, len(found.outings)) == (True, 2)

    def test_takes_a_holder_of_the_qualification_along(self):
        inspectors = (*people(3), Inspector(9, "有资格", TOWNS[2], frozenset({"体系"})))
        found = arrange(office([need("a1", qualification="体系")], inspectors))
        assert 9 in found.outings[0].team

    def test_sends_nobody_to_a_party_that_he_must_avoid(self):
        found = arrange(office([need("a1")], people(3), exclusions=frozenset({(0, 1)})))
        assert found.outings[0].team == (1, 2)

    def test_joins_an_outing_that_goes_there_anyway(self):
        kept = Outing(DAYS[3], TOWNS[0], (need("b7"),), (0, 1))
        found = arrange(office([need("a1")], kept=(kept,)))
        assert [(o.day, o.team) for o in found.outings] == [(DAYS[3], (0, 1))]

    def test_leaves_a_locked_outing_alone(self):
        kept = Outing(DAYS[3], TOWNS[0], (need("b7"),), (0, 1), locked=True)
        assert join(office([need("a1")], kept=(kept,)), [need("a1")])[0] == [kept]


class TestTheOrderOfVisits:
    """Places that an officer applied: earlier days, behind everything else."""

    def weeks(self, *needs: Need, **facts) -> dict[str, int]:
        """The ISO week of each visit, with one team for two towns and one outing a day."""
        made = arrange(office(needs, people(2), day_visits=1, **facts)).outings
        return {n.key: outing.day.isocalendar().week for outing in made for n in outing.needs}

    def full(self, **places: int) -> list[Need]:
        """As many visits as two weeks and a half hold, those named with a place."""
        due = DAYS[12]
        keys = [f"a{n}" for n in range(11)]
        return [
            need(k, TOWNS[n % 2], minutes=180, due_on=due, place=places.get(k)) for n, k in enumerate(keys)
        ]

    def test_swapping_two_places_swaps_the_weeks(self):
        one = self.weeks(*self.full(a2=1, a3=90, **{f"a{n}": n + 2 for n in (0, 1, 4, 5, 6, 7, 8, 9, 10)}))
        other = self.weeks(*self.full(a2=90, a3=1, **{f"a{n}": n + 2 for n in (0, 1, 4, 5, 6, 7, 8, 9, 10)}))
        assert (one["a2"], one["a3"]) == (other["a3"], other["a2"]) and one["a2"] < one["a3"]

    def test_a_due_date_wins_over_a_place(self):
        urgent = need("b90", TOWNS[1], due_on=DAYS[1], place=999)
        found = self.weeks(urgent, *self.full(**{f"a{n}": n + 1 for n in range(11)}))
        assert found["b90"] == DAYS[0].isocalendar().week

    def test_changes_neither_work_nor_travel(self):
        wished = [replace(n, place=100 - number) for number, n in enumerate(self.full())]
        plain, ordered = arrange(office(self.full(), people(4))), arrange(office(wished, people(4)))
        assert (plain.loads, plain.travel) == (ordered.loads, ordered.travel)

    def test_leaves_visits_without_a_place_where_they_were(self):
        outings = [Outing(day, TOWNS[0], (need(f"a{n}"),), (0, 1)) for n, day in enumerate(DAYS[:3])]
        assert in_order(office([n for o in outings for n in o.needs]), outings) == outings

    def test_visits_change_outings_before_outings_change_days(self):
        first = Outing(DAYS[0], TOWNS[0], (need("a1"), need("a2", place=7)), (0, 1))
        later = Outing(DAYS[5], TOWNS[0], (need("a3", place=1), need("a4")), (0, 1))
        instance = office([*first.needs, *later.needs])
        found = {n.key: o.day for o in in_order(instance, [first, later]) for n in o.needs}
        assert found == {"a3": DAYS[0], "a2": DAYS[0], "a1": DAYS[5], "a4": DAYS[5]}

    def test_nobody_is_sent_where_he_must_not_go(self):
        first = Outing(DAYS[0], TOWNS[0], (need("a1"),), (0, 1))
        later = Outing(DAYS[5], TOWNS[0], (need("a3", place=1),), (2, 3))
        instance = office([*first.needs, *later.needs], exclusions=frozenset({(0, 3)}))
        (early, _) = in_order(instance, [first, later])
        assert (early.needs[0].key, early.team) == ("a3", (2, 3))


@pytest.mark.parametrize(
    ("facts", "more", "reason"),
    [
        ({"due_on": DAYS[0] - dt.timedelta(days=1)}, {}, "overdue"),
        ({"from_on": DAYS[4] + dt.timedelta(days=1), "due_on": DAYS[5] - dt.timedelta(days=1)}, {}, "no_day"),
        ({"minutes": 400}, {}, "too_long"),
        ({"qualification": "体系"}, {}, "no_qualified"),
        ({}, {"exclusions": frozenset({(0, 1), (1, 1), (2, 1)})}, "no_team"),
        ({"office": "150525999"}, {"inspectors": people(4, *TOWNS)}, "no_team"),
    ],
)
def test_a_visit_that_cannot_be_made_says_why(facts, more, reason):
    assert reasons(arrange(office([need("a1", **facts)], **more))) == {"a1": reason}


def test_visits_beyond_the_working_days_are_named():
    needs = [need(f"a{n}", minutes=360, due_on=DAYS[1]) for n in range(3)]
    found = arrange(office(needs, people(2)))
    assert (len(found.outings), set(reasons(found).values())) == (2, {"no_room"})


class TestSomebodyIll:
    def ill(self, instance: Instance, key: int, *days: dt.date) -> Instance:
        return replace(
            instance,
            inspectors=tuple(
                replace(p, away=p.away | frozenset(days)) if p.key == key else p for p in instance.inspectors
            ),
        )

    def test_gets_a_colleague_on_the_same_day(self):
        outing = Outing(DAYS[0], TOWNS[0], (need("a1"),), (0, 1))
        found = mend(self.ill(office([], people(3)), 0, DAYS[0]), [outing], 0)
        assert [(c.after.day, c.after.team) for c in found.changes] == [(DAYS[0], (1, 2))]

    def test_goes_on_another_day_where_there_is_no_colleague(self):
        outing = Outing(DAYS[0], TOWNS[0], (need("a1"),), (0, 1))
        found = mend(self.ill(office([], people(2)), 0, DAYS[0]), [outing], 0)
        assert [(c.after.day, c.after.team) for c in found.changes] == [(DAYS[1], (0, 1))]

    def test_moves_nobody_else(self):
        outings = [Outing(day, TOWNS[0], (need(f"a{n}"),), (0, 1)) for n, day in enumerate(DAYS[:6])]
        found = mend(self.ill(office([], people(4)), 0, *DAYS[:2]), outings, 0)
        assert ({c.before.day for c in found.changes}, found.others) == (set(DAYS[:2]), 0)

    def test_leaves_what_is_locked_and_names_it(self):
        outing = Outing(DAYS[0], TOWNS[0], (need("a1"),), (0, 1), locked=True)
        found = mend(self.ill(office([], people(3)), 0, DAYS[0]), [outing], 0)
        assert (found.changes, found.conflicts) == ([], [outing])

    def test_borrows_from_one_other_outing_when_only_that_helps(self):
        day = DAYS[0]
        ours = Outing(day, TOWNS[0], (need("a1", due_on=day),), (0, 1))
        theirs = Outing(day, TOWNS[1], (need("a2", due_on=day),), (2, 3))
        instance = office([], people(5), exclusions=frozenset({(4, 1)}))
        found = mend(self.ill(instance, 0, day), [ours, theirs], 0)
        assert ({c.after.town: c.after.team for c in found.changes}, found.others) == (
            {TOWNS[0]: (1, 2), TOWNS[1]: (3, 4)},
            1,
        )

    def test_names_the_visit_that_finds_no_place(self):
        outing = Outing(DAYS[0], TOWNS[0], (need("a1", due_on=DAYS[0]),), (0, 1))
        found = mend(self.ill(office([], people(2)), 0, DAYS[0]), [outing], 0)
        assert [unmet.need.key for unmet in found.unmet] == ["a1"]


class TestTheWay:
    @pytest.mark.parametrize(
        ("start", "end", "minutes"),
        [
            ("150525100", "150525100", 10),
            ("150525100", "150525101", 40),
            ("150525", "150525101", 40),
            ("150525100", "150524100", 90),
            ("150525", "522726", 180),
        ],
    )
    def test_follows_the_tree_of_divisions(self, start, end, minutes):
        assert Travel().minutes(start, end) == minutes

    def test_follows_coordinates_where_both_ends_have_them(self):
        # a degree of latitude is 111.2 km: times 1.3 at 40 km/h are 216.8 minutes
        places = {"150525100": (120.0, 42.0), "150525101": (120.0, 43.0)}
        assert Travel(places).minutes("150525100", "150525101") == 217


class TestASolverThatBreaksOff:
    """HiGHS ends some small models with an error of its own; then SCIP solves them."""

    def broken(self, monkeypatch, solvers):
        solve = mathopt.solve

        def sometimes(model, solver_type, params):
            if solver_type in solvers:
                raise AttributeError("'StatusNotOk' object has no attribute 'canonical_code'")
            return solve(model, solver_type, params=params)

        monkeypatch.setattr(solver.mathopt, "solve", sometimes)
        model = solver.new()
        x = model.add_binary_variable()
        model.maximize(x)
        return model, x

    def test_gives_way_to_another(self, monkeypatch):
        model, x = self.broken(monkeypatch, {mathopt.SolverType.HIGHS})
        assert solver.solve(model, seconds=1, gap=0.01).is_on(x)

    def test_is_an_error_when_there_is_no_other(self, monkeypatch):
        model, _ = self.broken(monkeypatch, set(solver.SOLVERS))
        with pytest.raises(RuntimeError, match="every solver"):
            solver.solve(model, seconds=1, gap=0.01)
