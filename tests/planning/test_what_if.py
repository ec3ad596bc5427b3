"""The register graded and planned under other rules, side by side, with nothing stored."""

from __future__ import annotations

import datetime as dt

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from moment import NOW
from small_register import COUNTY, OTHER_STATION, STATION, dushan_register, party
from xiejian.kernel import packs
from xiejian.kernel.problems import Refused
from xiejian.people.models import Office
from xiejian.people.policy import SYSTEM, Actor
from xiejian.planning import actions, what_if

ON = dt.date(2024, 1, 1)


def change(*texts: str) -> packs.Pack:
    return what_if.changed(packs.load("dushan"), [what_if.read_change(text) for text in texts], ON)


def code_of(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.first.code


class TestReadingAChange:
    @pytest.mark.parametrize(
        ("text", "field", "value"),
        [
            ("DS-DF1.share=25%", "share", 0.25),
            ("DS-DF1.share=0.25", "share", 0.25),
            ("DS-DF1.share＝２５％", "share", 0.25),
            ("DS-DF1.share=150%", "share", 1.5),
            (" DS-DF1.times = 2 ", "times", 2),
            ("DS-DF1.by=10-31", "by", "10-31"),
            ("DS-DF1.by=", "by", None),
            ("DS-DF1.kind=飞行检查", "kind", "flying"),
            ("DS-DF1.responsible=county", "responsible", "county"),
            ("DS-D2.level=0", "level", 0),
        ],
    )
    def test_takes_values_as_people_write_them(self, text, field, value):
        assert what_if.read_change(text) == what_if.Change(text.strip().split(".")[0], field, value)

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("", "L504"),
            ("DS-DF1", "L504"),
            ("DS-DF1=3", "L504"),
            (".share=1", "L504"),
            ("DS-DF1.colour=red", "L502"),
            ("DS-DF1.share=0", "L503"),
            ("DS-DF1.share=-1", "L503"),
            ("DS-DF1.share=NaN", "L503"),
            ("DS-DF1.share=1001%", "L503"),
            ("DS-DF1.times=1.5", "L503"),
            ("DS-DF1.times=0", "L503"),
            ("DS-DF1.times=1000", "L503"),
            ("DS-DF1.every_months=5", "L503"),
            ("DS-DF1.by=02-30", "L503"),
            ("DS-DF1.by=W01-1", "L503"),
            ("DS-DF1.kind=", "L503"),
            ("DS-DF1.kind=抽烟", "L503"),
            ("DS-D2.level=5", "L503"),
        ],
    )
    def test_refuses_what_no_rule_can_say(self, text, code):
        with pytest.raises(Refused) as refused:
            what_if.read_change(text)
        assert code_of(refused) == code

    @given(st.text(max_size=60))
    def test_answers_any_text_with_a_change_or_a_problem(self, text):
        for whole in (text, f"DS-DF1.share={text}", f"DS-DF1.by={text}", f"DS-DF1.years={text}"):
            try:
                what_if.read_change(whole)
            except Refused as refused:
                assert refused.first.code in {"L502", "L503", "L504"}


class TestAChangedPack:
    def test_holds_the_new_value_and_leaves_the_rest(self):
        base, copy = packs.load("dushan"), change("DS-DF1.share=25%")
        others = [(a, b) for a, b in zip(base.rows, copy.rows, strict=True) if a != b]
        assert [(a.id, a.duty.share, b.duty.share) for a, b in others] == [("DS-DF1", 0.3, 0.25)]

    def test_leaves_the_pack_itself_as_it_is(self):
        change("DS-DF1.share=25%")
        assert packs.load("dushan").rule("DS-DF1").duty.share == 0.3

    def test_is_not_verified_where_it_was_changed(self):
        assert change("DS-DF1.share=25%").rule("DS-DF1").duty.unverified

    def test_says_the_change_in_its_title(self):
        assert "DS-DF1 比例 25%" in change("DS-DF1.share=25%").title

    def test_has_a_version_of_its_own(self):
        versions = {
            p.version for p in (packs.load("dushan"), change("DS-DF1.times=2"), change("DS-D2.level=3"))
        }
        assert len(versions) == 3

    @pytest.mark.parametrize(
        ("texts", "code"),
        [
            (["DS-NO.share=1"], "L501"),
            (["DS-D2.share=1"], "L502"),
            (["DS-U3.share=1"], "L502"),
            (["DS-DF1.level=1"], "L502"),
            (["DS-DF1.times="], "L503"),
            (["DS-D3.level=4"], "L506"),
            (["DS-D1.level=3"], "L506"),
        ],
    )
    def test_is_refused_where_it_would_not_hold_together(self, texts, code):
        with pytest.raises(Refused) as refused:
            change(*texts)
        assert code_of(refused) == code

    def test_takes_times_and_years_away_together(self):
        duty = change("DS-DF1.times=", "DS-DF1.years=").rule("DS-DF1").duty
        assert (duty.times, duty.years, duty.share) == (None, None, 0.3)


@pytest.fixture
def register(naiman):
    return dushan_register()


def compare(*texts: str, by: Actor = SYSTEM, **more) -> what_if.Comparison:
    facts = {"year": 2024, "pack_id": "dushan", "office_code": COUNTY}
    changes = [what_if.read_change(text) for text in texts]
    return what_if.compare(**{**facts, **more}, changes=changes, by=by)


def rows_stored() -> dict[str, int]:
    return {model._meta.label: model.objects.count() for model in apps.get_models()}


@pytest.mark.django_db
class TestComparing:
    def test_stores_nothing(self, register):
        before = rows_stored()
        compare("N-D3.level=4", against="national-2022-78")
        assert rows_stored() == before

    def test_writes_nothing(self, register):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            compare("DS-DF1.share=50%")
        assert {query["sql"].split()[0].upper() for query in asked.captured_queries} <= {
            "SELECT",
            "DECLARE",
            "CLOSE",
            "FETCH",
        }

    def test_half_of_ten_is_five_instead_of_three(self, register):
        found = compare("DS-DF1.share=50%")
        assert found.visits == (13, 15)

    def test_a_changed_frequency_leaves_levels_as_they_are(self, register):
        found = compare("DS-DF1.share=50%")
        assert found.moved == [] and all(row.parties[0] == row.parties[1] for row in found.levels)

    def test_a_changed_level_names_the_parties_that_move(self, register):
        found = compare("DS-D2.level=3")
        assert {(row.name, row.level) for row in found.moved} == {(f"二级{n}", (2, 3)) for n in range(8)}

    def test_counts_parties_per_link_and_level_on_either_side(self, register):
        levels = {(r.link, r.level): r.parties for r in compare("DS-D2.level=3").levels}
        assert levels == {
            ("经营", 3): (2, 10), ("经营", 2): (8, 0), ("经营", 1): (10, 10), ("使用", None): (6, 6),
        }  # fmt: skip

    def test_either_side_is_the_plan_that_would_be_made(self, register):
        found = compare(against="national-2022-78")
        made = [
            actions.make_plan(year=2024, pack_id=p, office_code=COUNTY, by=SYSTEM, at=NOW).tasks.count()
            for p in ("dushan", "national-2022-78")
        ]
        assert list(found.tasks) == made

    def test_shows_the_load_of_each_station_and_kind(self, register):
        found = compare("DS-DF2.times=2", "DS-DF2.years=1", "DS-DF2.share=")
        load = {(r.office_code, r.kind): r.visits for r in found.load}
        assert load[OTHER_STATION, "日常检查"][1] == 8

    def test_counts_the_countys_tasks_where_the_party_is(self, register):
        found = compare("DS-DF1.responsible=county", "DS-DF2.responsible=county", "DS-DF3.responsible=county")
        assert {row.office_code for row in found.load} == {STATION, OTHER_STATION}

    def test_leaves_the_tasks_of_higher_offices_with_them(self, register):
        found = compare("DS-DF3.responsible=city")
        assert {r.office_code: r.visits for r in found.load if r.office_code == "150500"} == {
            "150500": (0, 2)
        }

    def test_names_higher_levels_first(self, register):
        party("贮存", stores_for_others=True, mode="批发", classes="2")
        found = compare(against="national-2022-78")
        rises = [(row.level[1] or 0) - (row.level[0] or 0) for row in found.moved]
        assert found.moved[0].name == "贮存" and rises == sorted(rises, reverse=True)

    def test_reads_the_register_once_for_both_sides(self, register):
        with CaptureQueriesContext(connection) as asked:
            compare("DS-DF1.share=25%")
        assert sum('."classes"' in query["sql"] for query in asked.captured_queries) == 1

    def test_asks_the_same_number_of_queries_however_many_parties(self, register):
        def asked() -> int:
            with CaptureQueriesContext(connection) as queries:
                compare("DS-D2.level=3")
            return len(queries)

        first = asked()
        for n in range(20):
            party(f"再来{n}", mode="批发", classes="23")
        assert asked() == first


@pytest.mark.django_db
class TestInspectorDays:
    def test_are_visits_times_persons_over_visits_of_a_pair_a_day(self, register):
        Office.objects.filter(code=STATION).update(settings={"inspectors": 4, "visits_per_pair_per_day": 4})
        found = compare("DS-DF1.share=50%")
        row = next(r for r in found.days if r.office_code == STATION)
        assert row.days == (row.visits[0] * 2 / 4, row.visits[1] * 2 / 4)

    def test_come_with_those_that_the_office_has(self, register):
        Office.objects.filter(code=STATION).update(settings={"inspectors": 5, "visits_per_pair_per_day": 2})
        found = compare("DS-DF1.share=50%")
        row = next(r for r in found.days if r.office_code == STATION)
        assert row.available == found.working_days * 4  # the fifth inspector waits for a second

    def test_are_not_guessed_where_the_settings_do_not_say(self, register):
        found = compare("DS-DF1.share=50%")
        assert [row.days for row in found.days] == [None, None] and len(found.unknown_days) == 2


@pytest.mark.django_db
class TestRefusals:
    def test_both_sides_the_same(self, register):
        with pytest.raises(Refused) as refused:
            compare(against="dushan")
        assert code_of(refused) == "L505"

    def test_an_unknown_pack(self, register):
        with pytest.raises(Refused) as refused:
            compare(against="nowhere")
        assert code_of(refused) == "K201"

    def test_an_office_that_is_not_ones_own(self, register):
        with pytest.raises(Refused) as refused:
            compare("DS-DF1.share=50%", by=Actor("x", "某", "522726", "section_officer"))
        assert code_of(refused) == "P101"

    def test_a_role_that_makes_no_plans(self, register, inspector):
        with pytest.raises(Refused) as refused:
            compare("DS-DF1.share=50%", by=inspector, office_code=STATION)
        assert code_of(refused) == "P101"
