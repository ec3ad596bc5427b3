"""The monthly, half-year and annual tables."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from supervision_year import OFFICE
from xiejian.figures import tables
from xiejian.registry.models import LicenceMatter


def cell(name: str, row: str, column: str, until: dt.date) -> object:
    table = tables.compute(name, until=until, office_code=OFFICE)
    found = next(r for r in table.rows if r.id == row)
    return found.cells[[h.id for h in table.headings].index(column)]


class TestTheMonthlyTable:
    MAY = dt.date(2024, 5, 31)

    def monthly(self, row: str, column: str) -> object:
        return cell("monthly-inspection", row, column, self.MAY)

    @pytest.mark.parametrize(("classes", "row"), [("3", "P3"), ("23", "P3"), ("12", "P2"), ("1", "P1")])
    def test_a_maker_stands_in_the_row_of_its_highest_class(self, year, classes, row):
        year.party("厂", "生产", classes=classes)
        assert [self.monthly(r, "parties") for r in ("P", "P3", "P2", "P1")] == [
            1, *(int(r == row) for r in ("P3", "P2", "P1"))
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("unit_kind", "row"),
        [("三级医院", "U2"), ("二级医院", "U2"), ("一级医院", "Uo"), ("诊所", "Uo"), ("", "Uo")],
    )
    def test_a_use_unit_is_of_level_two_and_above_or_other(self, year, unit_kind, row):
        year.party("院", "使用", unit_kind=unit_kind)
        assert [self.monthly(r, "parties") for r in ("U2", "Uo")] == [int(row == "U2"), int(row == "Uo")]

    def test_a_visit_counts_in_the_row_of_its_party(self, year):
        year.visit(year.party("店", "经营", mode="零售", classes="3"), "2024-05-31", campaign="")
        assert [self.monthly(r, "visits") for r in ("D", "D3", "D2", "Dr", "Dw", "ALL")] == [1, 1, 0, 1, 0, 1]

    @pytest.mark.parametrize(("day", "counted"), [("2024-04-30", 0), ("2024-05-01", 1), ("2024-06-01", 0)])
    def test_a_visit_counts_in_its_own_month(self, year, day, counted):
        year.visit(year.party("店", "经营"), day)
        assert self.monthly("D", "visits") == counted

    @pytest.mark.parametrize(
        ("kind", "column"),
        [
            ("全项目检查", "full_item"),
            ("飞行检查", "flying"),
            ("有因检查", "for_cause"),
            ("跟踪检查", "follow_up"),
        ],
    )
    def test_a_visit_counts_under_its_kind(self, year, kind, column):
        year.visit(year.party("店", "经营"), "2024-05-31", kind=kind)
        kinds = ("full_item", "flying", "for_cause", "follow_up")
        assert [self.monthly("D", c) for c in kinds] == [int(c == column) for c in kinds]

    def test_a_new_enterprise_counts_in_the_month_it_was_let_in(self, year):
        party = year.party("店", "经营")
        for result in ("通过", "驳回"):
            LicenceMatter.objects.create(
                party=party, applicant="店", link="经营", matter="开办", result=result,
                decided_on=self.MAY, office_code=OFFICE,
            )  # fmt: skip
        assert self.monthly("D", "opened") == 1

    def test_a_drug_only_party_is_not_in_a_device_table(self, year):
        year.visit(year.party("药房", "经营", area="药品"), "2024-05-31")
        assert [self.monthly("D", c) for c in ("parties", "visits")] == [0, 0]

    def test_a_sample_counts_in_its_month_in_the_row_of_the_party_where_it_was_taken(self, year):
        shop = year.party("店", "经营", classes="3")
        year.sample(shop, "2024-05-02", result="不符合规定", result_on=dt.date(2024, 5, 30))
        year.sample(shop, "2024-04-30")
        assert [self.monthly(r, c) for r in ("D3", "P") for c in ("samples", "failed")] == [1, 1, 0, 0]

    def test_a_drug_taken_in_a_pharmacy_is_not_in_a_device_table(self, year):
        year.sample(year.party("药房", "经营", area="医疗器械、药品"), "2024-05-02", area="药品")
        assert self.monthly("D", "samples") == 0

    def test_work_without_a_register_of_its_own_is_left_open_not_zero(self, db):
        assert self.monthly("D", "events") is None


class TestTheHalfYearAndAnnualTables:
    def test_coverage_counts_a_party_once(self, year):
        shop = year.party("店", "经营", level=3)
        for name in ("乙店", "丙店"):
            year.party(name, "经营", level=3)
        for day in ("2022-02-01", "2022-03-01"):
            year.visit(shop, day)
        until = dt.date(2022, 6, 15)
        assert [cell("half-year", "D3", c, until) for c in ("parties", "visits", "coverage")] == [
            3, 2, Decimal("33.3")
        ]  # fmt: skip

    def test_coverage_of_nobody_is_left_open(self, db):
        assert cell("half-year", "D3", "coverage", dt.date(2022, 6, 15)) is None

    def test_a_party_without_level_has_its_own_row(self, year):
        year.party("店", "经营")
        until = dt.date(2022, 6, 15)
        assert [cell("half-year", r, "parties", until) for r in ("D", "D1", "D0")] == [1, 0, 1]

    def test_the_share_of_follow_up_visits(self, year):
        shop = year.party("店", "经营")
        for kind in ("日常检查", "日常检查", "日常检查", "跟踪检查"):
            year.visit(shop, "2022-02-01", kind=kind)
        assert cell("annual", "D", "follow_up_share", dt.date(2022, 11, 15)) == Decimal("25.0")

    def test_the_annual_table_counts_from_january(self, year):
        shop = year.party("店", "经营")
        year.visit(shop, "2022-01-01")
        year.visit(shop, "2021-12-31")
        assert cell("annual", "D", "visits", dt.date(2022, 11, 15)) == 1

    def test_a_private_hospital_stands_with_level_two(self, year):
        year.party("民营", "使用", unit_kind="民营医院")
        assert cell("annual", "U2", "parties", dt.date(2022, 11, 15)) == 1
