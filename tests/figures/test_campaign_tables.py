"""The two campaign tables of 2023: their printed shape, the worked example, an independent count."""

from __future__ import annotations

import datetime as dt
import random
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd
import pytest

from supervision_year import OFFICE
from xiejian.figures import tables
from xiejian.inspections.models import Visit

UNTIL = dt.date(2023, 6, 30)


def cells(table: tables.ComputedTable) -> dict[str, dict[str, object]]:
    """Row id → figure id → value."""
    ids = [h.id for h in table.headings]
    return {row.id: dict(zip(ids, row.cells, strict=True)) for row in table.rows}


@pytest.mark.django_db
class TestThePrintedForm:
    def test_the_first_table_prints_money_before_persons(self):
        table = tables.compute("naiman-2023-1", until=UNTIL)
        assert [h.id for h in table.headings] == (
            ["F01", "F02", "F03", "F04", "F05", "F06", "F07", "F08", "F09", "F10", "F12", "F13"]
        )

    def test_the_second_table_prints_persons_before_money(self):
        table = tables.compute("naiman-2023-2", until=UNTIL)
        assert [h.id for h in table.headings] == (
            [
                "F01",
                "F02",
                "F03",
                "F04",
                "F05",
                "F06",
                "F08",
                "F07",
                "F09",
                "F10",
                "F11",
                "F12",
                "F13",
                "F14",
                "F15",
            ]
        )

    def test_the_first_table_has_eight_rows(self):
        assert len(tables.compute("naiman-2023-1", until=UNTIL).rows) == 8

    def test_the_second_table_has_twenty_five_rows(self):
        assert len(tables.compute("naiman-2023-2", until=UNTIL).rows) == 25

    def test_the_campaign_start_is_the_first_day_unless_one_is_given(self):
        assert tables.compute("naiman-2023-1", until=UNTIL).from_on == dt.date(2023, 5, 16)

    def test_a_cell_without_facts_is_zero_not_blank(self):
        found = cells(tables.compute("naiman-2023-2", until=UNTIL))
        assert {value for row in found.values() for value in row.values()} == {0}

    def test_the_note_names_the_cut_off_date(self):
        assert "2023年6月30日" in tables.compute("naiman-2023-1", until=UNTIL).note


@pytest.fixture
def lens_shop(year):
    """A shop visited before the cut-off date and after it."""
    shop = year.party("乙眼镜店", "经营", "彩色隐形眼镜")
    year.visit(shop, "2023-06-12", number="J-before")
    year.visit(shop, "2023-07-02", number="J-after")
    return shop


LEAF = [
    "无菌",
    "植入",
    "医用口罩",
    "制氧机",
    "定制式义齿",
    "集采中选",
    "透明质酸钠",
    "射频治疗仪",
    "其他医美",
    "新冠核酸检测试剂",
    "新冠抗体检测试剂",
    "其他疫情防控",
    "近视防治",
    "彩色隐形眼镜",
    "辅助生殖",
    "助听器",
]
COVID = {"新冠核酸检测试剂", "新冠抗体检测试剂"}
AESTHETIC = {"透明质酸钠", "射频治疗仪", "其他医美"}
MYOPIA = {"近视防治", "彩色隐形眼镜"}
EPIDEMIC = COVID | {"其他疫情防控"}
P, D, U, N, F = "生产", "经营", "使用", "网络销售", "第三方平台"
#: The rows as a person would count them: link and tags, no tree.
ROWS = {
    "naiman-2023-1": [
        (P, {"医用口罩"}), (P, {"制氧机"}), (D, {"集采中选"}), (U, {"集采中选"}),
        (P, {"无菌"}), (D, {"无菌"}), (U, {"无菌"}), (P, {"定制式义齿"}),
    ],
    "naiman-2023-2": [
        (D, COVID), (U, COVID), (D, {"新冠核酸检测试剂"}), (U, {"新冠核酸检测试剂"}),
        (D, {"新冠抗体检测试剂"}), (U, {"新冠抗体检测试剂"}), (D, {"其他疫情防控"}),
        (D, AESTHETIC), (U, AESTHETIC), (D, {"透明质酸钠"}), (U, {"透明质酸钠"}),
        (D, {"射频治疗仪"}), (U, {"射频治疗仪"}), (D, {"其他医美"}), (U, {"其他医美"}),
        (D, MYOPIA), (D, {"彩色隐形眼镜"}), (D, {"辅助生殖"}), (U, {"辅助生殖"}),
        (N, None), (N, EPIDEMIC), (N, MYOPIA), (N, {"彩色隐形眼镜"}), (N, AESTHETIC), (F, None),
    ],
}  # fmt: skip


class RandomCampaign:
    """A random campaign, written to the database and kept as pandas frames."""

    def __init__(self, year, seed: int) -> None:
        r = random.Random(seed)

        def day() -> dt.date:
            return dt.date(2023, 4, 20) + dt.timedelta(r.randrange(150))

        def tags() -> list[str]:
            return r.sample(LEAF, r.choice([1, 1, 2]))

        def office() -> str:
            return r.choice([OFFICE, "150525100", "150526"])

        parties = []
        for i in range(60):
            link = r.choices([P, D, U, N, F], [2, 5, 4, 2, 1])[0]
            row = {
                "i": i,
                "link": link,
                "tags": tags(),
                "office": office(),
                "status": r.choice(["正常"] * 9 + ["注销"]),
            }
            row["party"] = year.party(
                f"单位{i}", link, "、".join(row["tags"]), row["office"], status=row["status"]
            )
            parties.append(row)

        def fact(on: dt.date) -> tuple[dict, dict]:
            p = r.choice(parties)
            row = {
                "i": p["i"], "link": p["link"], "tags": r.choice([p["tags"], p["tags"], tags()]), "on": on,
                "office": office(), "campaign": r.choice(["naiman-2023"] * 4 + ["别的专项", ""]),
            }  # fmt: skip
            stored = {"party": p["party"], "tags": "、".join(row["tags"]), "office_code": row["office"]}
            return row, {**stored, "campaign": row["campaign"]}

        self.frames: dict[str, pd.DataFrame] = {"parties": pd.DataFrame(parties)}
        self.year, self.random, self.fact, self.day = year, r, fact, day
        self.frames |= {
            "talks": pd.DataFrame(self._talk() for _ in range(30)),
            "cases": pd.DataFrame(self._case() for _ in range(40)),
            "moves": pd.DataFrame(self._move() for _ in range(40)),
        }
        self._visits()

    def _visits(self) -> None:
        r, visits, orders = self.random, [], []
        for _ in range(80):
            row, stored = self.fact(self.day())
            row["persons"], row["order"] = r.randrange(2, 6), r.random() < 0.3
            visit = self.year.visit(
                on=row["on"].isoformat(), persons=row["persons"], order_issued=row["order"], **stored
            )
            visits.append(row)
            if row["order"]:
                late = row["on"] + dt.timedelta(r.randrange(3))
                if own := r.random() < 0.5:
                    self.year.order(visit, late.isoformat())
                orders.append({**row, "on": late if own else row["on"]})
        self.frames |= {"visits": pd.DataFrame(visits), "orders": pd.DataFrame(orders)}

    def _talk(self) -> dict:
        row, stored = self.fact(self.day())
        self.year.interview(on=row["on"].isoformat(), **stored)
        return row

    def _case(self) -> dict:
        r = self.random
        row, stored = self.fact(self.day())
        row["decided"] = row["on"] + dt.timedelta(r.randrange(1, 40)) if r.random() < 0.8 else None
        facts = {
            "fine_fen": r.randrange(9_000_000), "confiscated_fen": r.randrange(900_000),
            "persons_punished": r.choice([0, 0, 1, 2]), "business_stopped": r.random() < 0.2,
            "licence_revoked": r.random() < 0.2, "blacklisted": r.random() < 0.3,
        }  # fmt: skip
        decided = row["decided"].isoformat() if row["decided"] else ""
        self.year.case(filed=row["on"].isoformat(), decided=decided, **stored, **facts)
        return {**row, **facts}

    def _move(self) -> dict:
        row, stored = self.fact(self.day())
        row["to"] = self.random.choice(["公安", "卫健", "海关", "纪检"])
        row["source"] = self.random.choice(["visit", "case"])
        self.year.transfer(on=row["on"].isoformat(), addressee=row["to"], source=row["source"], **stored)
        return row

    def counted(self, link: str, wanted: set[str] | None, first: dt.date, last: dt.date) -> dict[str, object]:
        """The figures of one row, counted with pandas from the rows that were written."""

        def mine(name: str, date: str = "on") -> pd.DataFrame:
            frame = self.frames[name]
            keep = (frame.link == link) & frame.office.str.startswith(OFFICE)
            keep &= frame.tags.map(lambda tags: wanted is None or bool(set(tags) & wanted))
            if name == "parties":
                return frame[keep & (frame.status == "正常")]
            inside = frame[date].map(
                lambda d: isinstance(d, dt.date) and not pd.isna(d) and first <= d <= last
            )
            return frame[keep & (frame.campaign == "naiman-2023") & inside]

        visits, cases, decided, moves = mine("visits"), mine("cases"), mine("cases", "decided"), mine("moves")
        money = Decimal(int(decided.fine_fen.sum() + decided.confiscated_fen.sum())) / 1_000_000
        return {
            "F01": mine("parties").i.nunique(),
            "F02": int(visits.persons.sum()),
            "F03": len(visits),
            "F04": len(mine("orders")),
            "F05": mine("talks").i.nunique(),
            "F06": len(cases),
            "F07": money.quantize(Decimal("0.01"), ROUND_HALF_UP),
            "F08": int(decided.persons_punished.sum()),
            "F09": int(decided.business_stopped.sum()),
            "F10": int(decided.licence_revoked.sum()),
            "F11": decided[decided.blacklisted].i.nunique() if len(decided) else 0,
            "F12": int(((moves.to == "公安") & (moves.source == "case")).sum()),
            "F13": int((moves.to == "卫健").sum()),
            "F14": int((moves.to == "海关").sum()),
            "F15": int((moves.to == "纪检").sum()),
        }


@pytest.mark.parametrize("seed", range(3))
class TestAgainstAnIndependentCount:
    def test_every_cell_of_both_tables_equals_the_count_made_with_pandas(self, year, seed):
        campaign = RandomCampaign(year, seed)
        until = dt.date(2023, 8, 10)
        wrong = []
        for name, rows in ROWS.items():
            found = tables.compute(name, until=until, office_code=OFFICE)
            for (link, wanted), row in zip(rows, found.rows, strict=True):
                expected = campaign.counted(link, wanted, found.from_on, until)
                for heading, cell in zip(found.headings, row.cells, strict=True):
                    if cell != expected[heading.id]:
                        wrong.append((row.id, heading.id, cell, expected[heading.id]))
        assert wrong == []

    def test_the_records_behind_every_cell_give_the_cell_again(self, year, seed):
        RandomCampaign(year, seed)
        until = dt.date(2023, 8, 10)
        found = tables.compute("naiman-2023-2", until=until, office_code=OFFICE)
        behind = tables.all_records("naiman-2023-2", until=until, office_code=OFFICE)
        persons = dict(Visit.objects.values_list("pk", "persons"))
        wrong = []
        for r, row in enumerate(found.rows):
            for c, heading in enumerate(found.headings):
                keys = [record.key for record in behind.get((r, c), [])]
                if heading.id in {"F03", "F04", "F06", "F09", "F10", "F12", "F13", "F14", "F15"}:
                    again = len(keys)
                elif heading.id == "F02":
                    again = sum(persons[key] for key in keys)
                else:
                    continue
                if row.cells[c] != again:
                    wrong.append((row.id, heading.id, row.cells[c], again))
        assert wrong == []


class TestTheOffice:
    def test_a_station_below_counts_and_a_neighbour_does_not(self, year):
        shop = year.party("店", "经营", "无菌", office="150525100")
        year.visit(shop, "2023-06-01", office_code="150525100")
        year.visit(shop, "2023-06-01", office_code="150526")
        found = cells(tables.compute("naiman-2023-1", until=UNTIL, office_code="150525"))
        assert found["T1-06"]["F03"] == 1

    def test_the_city_counts_every_county_below_it(self, year):
        shop = year.party("店", "经营", "无菌")
        year.visit(shop, "2023-06-01", office_code="150525")
        year.visit(shop, "2023-06-01", office_code="150526")
        found = cells(tables.compute("naiman-2023-1", until=UNTIL, office_code="150500"))
        assert found["T1-06"]["F03"] == 2


class TestTheCampaign:
    @pytest.mark.parametrize("name", ["naiman-2023", "2023年医疗器械质量安全专项整治"])
    def test_it_may_be_named_by_its_id_or_its_title(self, year, name):
        year.visit(year.party("店", "经营", "无菌"), "2023-06-01", campaign=name)
        found = cells(tables.compute("naiman-2023-1", until=UNTIL, office_code=OFFICE))
        assert found["T1-06"]["F03"] == 1

    def test_a_fitting_visit_without_campaign_is_offered_and_not_counted(self, year):
        visit = year.visit(year.party("店", "经营", "无菌"), "2023-06-01", campaign="")
        table = tables.compute("naiman-2023-1", until=UNTIL, office_code=OFFICE)
        offered = [(o.fact_table, [r.key for r in o.records]) for o in table.untagged]
        assert (cells(table)["T1-06"]["F03"], offered) == (0, [("visits", [visit.pk])])

    def test_a_visit_of_another_campaign_is_neither_counted_nor_offered(self, year):
        year.visit(year.party("店", "经营", "无菌"), "2023-06-01", campaign="别的专项")
        table = tables.compute("naiman-2023-1", until=UNTIL, office_code=OFFICE)
        assert (cells(table)["T1-06"]["F03"], table.untagged) == (0, [])

    def test_a_visit_that_fits_no_row_is_not_offered(self, year):
        year.visit(year.party("店", "经营", "助听器"), "2023-06-01", campaign="")
        assert tables.compute("naiman-2023-1", until=UNTIL, office_code=OFFICE).untagged == []


class TestTheRecordsBehindACell:
    ASK = {"until": UNTIL, "office_code": OFFICE}

    def test_they_are_frozen_at_the_cut_off_date(self, lens_shop):
        found = tables.records("naiman-2023-2", "T2-16", "F03", **self.ASK)
        assert [r.title for r in found] == ["J-before"]

    def test_a_cell_may_be_named_by_its_numbers(self, lens_shop):
        found = tables.records("naiman-2023-2", 15, 2, **self.ASK)
        assert [r.title for r in found] == ["J-before"]

    def test_a_record_opens_its_page(self, lens_shop):
        (found,) = tables.records("naiman-2023-2", "T2-16", "F03", **self.ASK)
        assert found.page == f"/visits/{found.key}/"

    def test_a_party_is_opened_by_its_own_number(self, year):
        year.party("别家", "使用", "")
        party = year.party("店", "经营", "无菌")
        (found,) = tables.records("naiman-2023-1", "T1-06", "F01", **self.ASK)
        assert (found.page, found.title) == (f"/parties/{party.pk}/", "店")

    def test_an_order_opens_its_visit(self, year):
        visit = year.visit(year.party("店", "经营", "无菌"), "2023-06-01")
        year.order(visit, "2023-06-02")
        (found,) = tables.records("naiman-2023-1", "T1-06", "F04", **self.ASK)
        assert found.page == f"/visits/{visit.pk}/"
