"""Decisions: one party with its trail, and all parties at once, must agree for every pack."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlglot
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from party_facts import as_table
from xiejian.kernel import conditions, decisions, packs
from xiejian.planning.grading import grade_table

ON = dt.date(2024, 3, 5)
#: No shrinking: a failure names the one party that differs, and shrinking lists of them takes minutes.
QUICK = {
    "deadline": None,
    "database": None,
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}
WORDS = {
    "link": [*packs.LINKS, "", None],
    "area": ["医疗器械", "药品", "化妆品", "医疗器械、药品", "", None],
    "classes": ["", "1", "2", "3", "12", "23", "123", None],
    "mode": ["批发", "零售", "批零兼营", "", None],
    "unit_kind": [
        "二级医院",
        "民营医院",
        "口腔诊所",
        "乡镇卫生院",
        "农村规范药房",
        "接种单位",
        "诊所",
        "",
        None,
    ],
    "qms_state": ["好", "较差", "差", "", None],
    "credit_grade": ["A", "B", "C", "D", "", None],
    "bad_credit": ["无", "不良", "严重", "", None],
    "status": ["正常", "停产", "注销", "失联"],
}


def tags_of(pack: packs.Pack) -> list[str]:
    """Every tag that some row asks for, and two that none does."""
    found: set[str] = set()

    def walk(condition):
        if isinstance(condition, conditions.Holds) and condition.fact == "tags":
            found.update(condition.values)
        for part in getattr(condition, "parts", ()) or ():
            walk(part)
        if hasattr(condition, "part"):
            walk(condition.part)

    for row in pack.rows:
        walk(row.when)
    return [*sorted(found), "无", "无菌类"]


def of_type(wanted: str) -> list[str]:
    return [name for name, (kind, _) in conditions.FACTS.items() if kind == wanted]


def party(pack: packs.Pack) -> st.SearchStrategy[dict]:
    """Facts of one party in one link, missing values included, dates close to the boundaries."""
    near = [dt.timedelta(days=d) for d in (0, 1, -1, 60, 89, 90, 91, 92, 93, 364, 365, 366, 367, 430, 800)]
    dates = st.one_of(st.none(), st.sampled_from([ON - d for d in near]))
    return st.fixed_dictionaries(
        {name: st.sampled_from(values) for name, values in WORDS.items()}
        | {
            "tags": st.lists(st.sampled_from(tags_of(pack)), max_size=3, unique=True),
            "complaints": st.sampled_from([0, 1, 2, None]),
            **{name: st.sampled_from([True, False, None]) for name in of_type("boolean")},
            **{name: dates for name in of_type("date")},
        }
    )  # fmt: skip


@pytest.mark.parametrize("pack_id", packs.known())
class TestOneByOneAndAllAtOnce:
    def test_give_the_same_level_and_rules(self, pack_id):
        pack = packs.load(pack_id)

        @settings(max_examples=8, **QUICK)
        @given(st.lists(party(pack), min_size=40, max_size=60), st.sampled_from([ON, dt.date(2019, 2, 28)]))
        def check(parties, on):
            answers = grade_table(pack, as_table(parties), on).sort_by("key").to_pylist()
            for facts, answer in zip(parties, answers, strict=True):
                single = decisions.grade(pack, facts, on)
                assert (answer["level"], answer["rules"]) == (single.level, "、".join(single.rules)), facts

        check()

    def test_never_leave_a_party_without_a_reason_and_its_citation(self, pack_id):
        pack = packs.load(pack_id)

        @settings(max_examples=50, **QUICK)
        @given(party(pack))
        def check(facts):
            graded = decisions.grade(pack, facts, ON)
            assert graded.reasons and all(r.citation and r.meaning for r in graded.reasons)

        check()


class TestTheQuery:
    @pytest.mark.parametrize("dialect", ["duckdb", "postgres", "spark"])
    @pytest.mark.parametrize("pack_id", packs.known())
    def test_is_plain_enough_for_every_engine(self, pack_id, dialect):
        text = decisions.level_sql(packs.load(pack_id), ON).sql(dialect=dialect)
        assert sqlglot.parse_one(text, dialect=dialect)

    def test_has_room_for_more_rules_than_one_number_holds(self, monkeypatch):
        monkeypatch.setattr(decisions, "BITS", 5)
        pack = packs.load("dushan")
        facts = {name: None for name in conditions.FACTS} | {
            "link": "经营",
            "mode": "批发",
            "classes": "2",
            "tags": [],
        }
        (answer,) = grade_table(pack, as_table([facts]), ON).to_pylist()
        assert answer["rules"] == "、".join(decisions.grade(pack, facts, ON).rules)


class TestAGrade:
    def test_puts_the_highest_level_first_among_its_reasons(self):
        graded = decisions.grade(packs.load("national-2022-78"), {"link": "生产", "classes": "123"}, ON)
        assert [(r.rule, r.level) for r in graded.reasons] == [("N-P3", 3), ("N-P2", 2), ("N-P1", 1)]

    def test_keeps_the_facts_that_the_pack_asks_for(self):
        graded = decisions.grade(packs.load("dushan"), {"link": "经营", "mode": "批发", "phone": "1"}, ON)
        assert graded.facts["mode"] == "批发" and "phone" not in graded.facts

    def test_reads_tags_as_a_list_or_as_stored(self):
        pack = packs.load("dushan")
        listed = decisions.grade(pack, {"link": "经营", "tags": ["重点监管目录"]}, ON)
        stored = decisions.grade(pack, {"link": "经营", "tags": "|无菌|重点监管目录|"}, ON)
        assert listed.level == stored.level == 3

    def test_takes_devices_where_no_area_is_stated(self):
        assert decisions.grade(packs.load("dushan"), {"link": "经营"}, ON).level == 1

    def test_of_an_unknown_link_cites_the_pack(self):
        (reason,) = decisions.grade(packs.load("dushan"), {"link": "研制"}, ON).reasons
        assert reason.rule == "dushan" and reason.citation


class TestMonths:
    @pytest.mark.parametrize(
        ("day", "months", "end"),
        [
            ("2024-01-31", 1, "2024-02-29"),
            ("2023-01-31", 1, "2023-02-28"),
            ("2023-11-30", 3, "2024-02-29"),
            ("2023-12-05", 3, "2024-03-05"),
            ("2023-12-31", 12, "2024-12-31"),
            ("2024-02-29", 12, "2025-02-28"),
        ],
    )
    def test_end_on_the_same_day_or_the_last_of_the_month(self, day, months, end):
        assert conditions.add_months(dt.date.fromisoformat(day), months) == dt.date.fromisoformat(end)

    @settings(max_examples=300, **QUICK)
    @given(st.dates(dt.date(2000, 1, 1), dt.date(2040, 1, 1)), st.integers(0, 24))
    def test_the_first_day_of_a_running_period_is_exact(self, on, months):
        day = conditions.earliest(on, months)
        assert conditions.add_months(day, months) >= on
        assert conditions.add_months(day - dt.timedelta(days=1), months) < on
