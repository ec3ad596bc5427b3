"""The files of partners and products: what they refuse, what they keep."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from moment import NOW
from small_register import party
from xiejian.people.models import AuditEntry
from xiejian.people.policy import SYSTEM
from xiejian.registry.models import Licence
from xiejian.supply import checks, files

DEALER, MAKER, DI = "91330200000000002Y", "91330200000000001X", "06972253600013"


def codes(found) -> list[str]:
    return [problem.code for problem in found]


class TestAPackage:
    @pytest.mark.parametrize(
        ("package", "expected"),
        [
            ({"unit": "箱", "factor": 20}, []),
            ({"di": "1", "factor": 2}, []),
            ({"unit": "箱", "factor": 1}, ["SU303"]),
            ({"unit": "箱"}, ["SU303"]),
            ({"unit": "支", "factor": 20}, ["SU304"]),
            ({"di": DI, "factor": 20}, ["SU304"]),
            ({"factor": 20}, ["SU304"]),
        ],
    )
    def test_holds_several_and_is_known_apart(self, package, expected):
        assert codes(checks.check_packages(DI, "支", [package])) == expected


class TestStorage:
    @pytest.mark.parametrize(
        ("low", "high", "expected"),
        [(2, 8, []), (8, 2, ["SU302"]), (2, 2, ["SU302"]), (None, 8, []), (2, None, [])],
    )
    def test_is_colder_at_least_than_at_most(self, low, high, expected):
        bounds = [None if t is None else Decimal(t) for t in (low, high)]
        assert codes(checks.check_temperatures(*bounds)) == expected


class TestAPartner:
    @pytest.mark.parametrize(
        ("uscc", "kind", "expected"),
        [(MAKER, "supplier", []), (DEALER, "supplier", ["SU105"]), (MAKER, "friend", ["SU301"])],
    )
    def test_is_another_firm_of_a_known_kind(self, uscc, kind, expected):
        assert codes(checks.check_partner(uscc, DEALER, kind)) == expected

    def test_is_written_once_and_its_changes_are_kept(self, db):
        entry = files.PartnerEntry(MAKER, "甲厂", valid_until=NOW.date())
        for name in ("甲厂", "甲厂", "乙厂"):
            files.write_partner(firm_uscc=DEALER, entry=replace(entry, name=name), by=SYSTEM, at=NOW)
        details = [one.detail for one in AuditEntry.objects.order_by("sequence")]
        assert [one.get("name") for one in details] == [["", "甲厂"], ["甲厂", "乙厂"]]

    def test_is_filled_in_with_its_papers_in_force(self, db):
        link = party("甲厂", "生产", uscc=MAKER, classes="23")
        for number, until, status in (
            ("A", dt.date(2026, 1, 1), "有效"), ("B", dt.date(2025, 1, 1), "有效"), ("C", None, "注销"),
        ):  # fmt: skip
            Licence.objects.create(
                party=link.party, kind="x", number=number, number_key=number, expires_on=until, status=status
            )
        found = files.from_register(MAKER)
        assert found
        assert (set(found.licence_no.split("、")), found.valid_until, found.classes) == (
            {"A", "B"}, dt.date(2025, 1, 1), "23",
        )  # fmt: skip
