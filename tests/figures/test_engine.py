"""The engine: one reading on both engines, and both ways of reading the database."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from drawn_facts import drawn
from supervision_year import OFFICE, Year
from xiejian.figures import definitions, engine, measures, tables
from xiejian.figures.conditions import Compiler, Tags
from xiejian.figures.engine import Count
from xiejian.kernel.facts import published
from xiejian.kernel.problems import Refused
from xiejian.registry.models import Party

PERIOD = {"@from": dt.date(2024, 1, 1), "@until": dt.date(2024, 6, 30)}
FACTS = [
    {"id": 1, "party_id": 1, "link": "经营", "tags": "|彩色隐形眼镜|", "classes": "23", "level": 3,
     "expires_on": dt.date(2024, 6, 30), "stores_for_others": True},
    {"id": 2, "party_id": 2, "link": "使用", "tags": "|无菌|植入|", "classes": "", "unit_kind": None,
     "expires_on": dt.date(2024, 7, 1)},
    {"id": 3, "party_id": 2, "link": "生产", "tags": "|", "classes": "1", "level": 1, "unit_kind": "诊所"},
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("where", ["duckdb", "database"])
@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, [1, 2, 3]),
        ({"link": "经营"}, [1]),
        ({"link": ["经营", "使用"]}, [1, 2]),
        ({"link": {"not": "经营"}}, [2, 3]),
        ({"link": {"not": ["经营", "使用"]}}, [3]),
        ({"tags": {"has": "近视防治"}}, [1]),
        ({"tags": {"has": "植入"}}, [2]),
        ({"tags": {"has": "隐形"}}, []),
        ({"tags": {"has_any": ["植入", "彩色隐形眼镜"]}}, [1, 2]),
        ({"classes": {"contains": "3"}}, [1]),
        ({"unit_kind": {"starts": "诊"}}, [3]),
        ({"unit_kind": {"empty": True}}, [1, 2]),
        ({"unit_kind": {"empty": False}}, [3]),
        ({"level": 3}, [1]),
        ({"level": {"not": 3}}, [2, 3]),
        ({"level": {"min": 1, "max": 2}}, [3]),
        ({"level": {"empty": True}}, [2]),
        ({"expires_on": {"max": "@until"}}, [1]),
        ({"expires_on": {"after": "@until"}}, [2]),
        ({"expires_on": {"before": dt.date(2024, 7, 1)}}, [1]),
        ({"expires_on": {"empty": True}}, [3]),
        ({"stores_for_others": True}, [1]),
        ({"stores_for_others": False}, [2, 3]),
        ({"any": [{"link": "经营"}, {"level": 1}]}, [1, 3]),
        ({"none": [{"link": "经营"}, {"level": 1}]}, [2]),
        ({"none": [{"expires_on": {"max": "@until"}}]}, [2, 3]),
    ],
)
def test_a_condition_finds_the_same_facts_on_both_engines(when, expected, where):
    table = drawn(published()["party_links"], FACTS)
    conditions = Compiler(table, definitions.tags(), PERIOD).all_of(when)
    (found,) = engine.records(table, [Count("count", "", tuple(conditions))], where=where)
    assert [record.key for record in found] == expected


class TestConditionsThatCannotBeRead:
    @pytest.mark.parametrize(
        "when", [{"colour": "red"}, {"link": {"like": "x"}}, {"expires_on": {"max": "@from"}}]
    )
    def test_are_refused_by_name(self, when):
        compiler = Compiler(published()["party_links"], definitions.tags(), {"@from": None})
        with pytest.raises(ValueError, match="party_links"):
            compiler.all_of(when)


class TestTheTagTree:
    def test_a_tag_takes_in_everything_below_it(self):
        assert {"新冠核酸检测试剂", "其他疫情防控", "疫情防控"} <= set(definitions.tags().under("疫情防控"))

    def test_a_tag_does_not_take_in_what_is_beside_it(self):
        assert "植入" not in definitions.tags().under("无菌")

    def test_an_unknown_tag_is_itself(self):
        assert definitions.tags().under("某标签") == ["某标签"]

    def test_unknown_parts_are_refused(self):
        with pytest.raises(ValueError, match="unknown parts"):
            Tags({"上": {"parts": ["下"]}})


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(published()))
def test_a_published_fact_table_can_be_read_as_declared(name):
    table = published()[name]
    found = engine.read_arrow(table, [c.name for c in table.columns], None)
    assert found.column_names == [c.name for c in table.columns]


@pytest.mark.django_db(transaction=True)
class TestReadingOutsideATransaction:
    """There, PostgreSQL's columns come through a second connection; SQLite's never do."""

    def test_both_ways_read_the_same(self, now, monkeypatch):
        from_year = Year(now)
        from_year.visit(from_year.party("店", "经营", "无菌", level=2), "2023-06-01", 3, order_issued=True)
        from_year.party("别店", "使用", "无菌", status_on=dt.date(2023, 1, 1))
        tables = {name: published()[name] for name in ("party_links", "visits", "corrections", "cases")}

        def read():
            return {
                name: engine.read_arrow(table, [c.name for c in table.columns], None).sort_by("id")
                for name, table in tables.items()
            }

        assert not connection.in_atomic_block
        chosen = read()
        assert [table.num_rows for table in chosen.values()] == [2, 1, 1, 0]
        monkeypatch.setattr(engine, "_columns_directly", lambda: False)
        assert chosen == read()

    def test_what_was_written_before_and_after_is_there_for_every_connection(self, now):
        """A second copy of the SQLite library in this process would take the log away under the first."""
        from_year = Year(now)
        from_year.party("店", "经营")
        engine.read_arrow(published()["party_links"], ["party_id"], None)
        from_year.party("别店", "使用")
        with ThreadPoolExecutor(1) as other:
            assert other.submit(_count_parties_and_close).result() == 2
        assert Party.objects.count() == 2

    def test_empty_dates_before_a_full_one_do_not_spoil_it(self, now):
        from_year = Year(now)
        for i in range(1100):
            from_year.party(f"店{i}", "经营")
        from_year.party("后来的店", "经营", status_on=dt.date(2023, 1, 1))
        table = published()["party_links"]
        found = engine.read_arrow(table, ["status_on"], None).column("status_on").to_pylist()
        assert [d for d in found if d] == ["2023-01-01"]


def _count_parties_and_close() -> int:
    try:
        return Party.objects.count()
    finally:
        connection.close()


class TestOneFigure:
    ASK = {"from_on": dt.date(2023, 1, 1), "until": dt.date(2023, 12, 31), "office_code": OFFICE}

    def test_has_its_value_unit_and_meaning(self, year):
        year.visit(year.party("店", "经营"), "2023-06-01", 3)
        figure = measures.compute(["f02_person_trips"], **self.ASK)["f02_person_trips"]
        assert (figure.value, figure.unit, figure.count) == (3, "人次", 1)

    def test_a_ratio_is_rounded_once(self, year):
        for i in range(3):
            party = year.party(f"店{i}", "经营")
        year.visit(party, "2023-06-01")
        figure = measures.compute(["routine_coverage"], **self.ASK)["routine_coverage"]
        assert figure.text == "33.3"

    def test_a_ratio_without_denominator_is_no_figure(self, db):
        figure = measures.compute(["routine_coverage"], **self.ASK)["routine_coverage"]
        assert (figure.value, figure.text) == (None, "—")

    def test_its_records_are_as_many_as_it_says(self, year):
        shop = year.party("店", "经营")
        for day in ("2023-06-01", "2023-07-01"):
            year.visit(shop, day)
        found = measures.records("f03_visited_parties", **self.ASK)
        assert (
            len(found)
            == measures.compute(["f03_visited_parties"], **self.ASK)["f03_visited_parties"].count
            == 2
        )

    def test_all_figures_of_a_fact_table_take_one_query(self, year, django_assert_num_queries):
        with django_assert_num_queries(1):
            measures.compute(["f02_person_trips", "f03_visits", "f03_visited_parties"], **self.ASK)

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"ids": ["nothing"]}, "F102"),
            ({"until": dt.date(2022, 12, 31)}, "F103"),
            ({"office_code": "奈曼"}, "F107"),
        ],
    )
    def test_a_question_that_cannot_be_answered_is_refused(self, db, changes, code):
        asked = {"ids": ["f03_visits"], **self.ASK, **changes}
        with pytest.raises(Refused) as refused:
            measures.compute(asked.pop("ids"), **asked)
        assert refused.value.first.code == code


class TestOneTable:
    def test_takes_one_query_per_fact_table_and_one_per_offer(self, year, django_assert_max_num_queries):
        with django_assert_max_num_queries(10):
            tables.compute("naiman-2023-2", until=dt.date(2023, 6, 30), office_code=OFFICE)

    @pytest.mark.parametrize(
        ("row", "column"), [(99, 0), ("T2-99", "F01"), ("T2-01", "F99"), ("T2-01", "visited")]
    )
    def test_a_cell_that_is_not_there_is_refused(self, db, row, column):
        with pytest.raises(Refused) as refused:
            tables.records("naiman-2023-2", row, column, until=dt.date(2023, 6, 30))
        assert refused.value.first.code == "F104"

    def test_an_unknown_table_is_refused(self, db):
        with pytest.raises(Refused) as refused:
            tables.compute("nothing", until=dt.date(2023, 6, 30))
        assert refused.value.first.code == "F101"

    def test_an_unknown_setting_is_refused(self, db):
        with pytest.raises(Refused) as refused:
            tables.compute("naiman-2023-2", until=dt.date(2023, 6, 30), settings={"case_basis": "guessed"})
        assert refused.value.first.code == "F105"

    def test_a_setting_puts_another_count_in_the_place_of_a_figure(self, year):
        shop = year.party("店", "经营", "无菌")
        year.case(shop, "2023-06-01")
        year.case(shop, "2023-06-01", "2023-06-20")
        ask = {"until": dt.date(2023, 6, 30), "office_code": OFFICE}
        filed = tables.compute("naiman-2023-1", **ask).rows[5].cells[5]
        decided = tables.compute("naiman-2023-1", settings={"case_basis": "decided"}, **ask).rows[5].cells[5]
        assert (filed, decided) == (2, 1)

    def test_a_drug_only_party_is_no_device_party(self, year):
        year.party("药房", "网络销售", area="药品")
        year.party("药械房", "网络销售", area="药品、医疗器械")
        found = tables.compute("naiman-2023-2", until=dt.date(2023, 6, 30), office_code=OFFICE)
        assert found.rows[19].cells[0] == 1
