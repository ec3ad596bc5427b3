"""What an entry means, and what it is marked with: pure rules over what is known."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from moment import NOW
from xiejian.registry.permitting import Holder, Paper, Product
from xiejian.supply.checks import Entry, check_entry, check_new_numbers
from xiejian.supply.judging import Card, Dealing, Known, Package, marks_of, refusals, resolve
from xiejian.supply.models import KINDS
from xiejian.supply.rules import marks
from xiejian.supply.settling import Stated, disagreeing

DEALER, MAKER = "91330200000000002Y", "91330200000000001X"
DI, BOX, NUMBER = "06972253600013", "16972253600010", "国械注准20203160123"
TODAY = NOW.date()
DAY = dt.timedelta(days=1)
ENTRY = Entry(
    DEALER, "receive", DI, 10, TODAY, lot="A1", partner_uscc=MAKER, expires_on=TODAY + DAY,
    registration_no=NUMBER,
)  # fmt: skip
CARD = Card(DI, "支", (Package(BOX, "箱", 20), Package("", "盒", 5)), NUMBER, "晶体", "3")
PRODUCT = Product(NUMBER, True, "晶体", "3", approved_on=TODAY - 900 * DAY, expires_on=TODAY + 900 * DAY)
LICENCE = Paper("distribution_licence", "浙甬药监械经营许20200001号", expires_on=TODAY + 90 * DAY)
KNOWN = Known(
    cards={(DEALER, DI): CARD, (DEALER, BOX): CARD},
    dealings={(DEALER, MAKER): Dealing(TODAY + 90 * DAY, "23")},
    holders={DEALER: [Holder("经营", "23", "", (LICENCE,))]},
    products={NUMBER: PRODUCT},
)


def codes(**given: object) -> list[str]:
    return [problem.code for problem in check_entry(replace(ENTRY, **given), TODAY)]


def marked(known: Known = KNOWN, held: bool = False, **given: object) -> list[str]:
    return marks_of(replace(ENTRY, **given), known, held)


class TestWhatNoEntryMayBe:
    def test_a_complete_one_is_taken(self):
        assert codes() == []

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ({"kind": "gift"}, "SU101"),
            ({"quantity": 0}, "SU102"),
            ({"quantity": -1}, "SU102"),
            ({"on": TODAY + DAY}, "SU103"),
            ({"lot": ""}, "SU104"),
            ({"di": " "}, "SU104"),
            ({"partner_uscc": ""}, "SU104"),
            ({"partner_uscc": DEALER}, "SU105"),
        ],
    )
    def test_is_named(self, given, code):
        assert codes(**given) == [code]

    def test_a_count_may_be_less_than_nothing(self):
        assert codes(kind="adjust", quantity=-3, partner_uscc="") == []

    def test_a_partner_without_a_credit_code_is_named(self):
        assert codes(partner_uscc="", partner_name="Maker Inc.") == []

    def test_a_record_number_stands_for_one_record(self):
        twice = [replace(ENTRY, record_no="1")] * 2
        assert [problem.code for problem in check_new_numbers(twice, set())] == ["SU106"]


class TestUnits:
    @pytest.mark.parametrize(
        ("given", "quantity"),
        [({}, 10), ({"unit": "支"}, 10), ({"unit": "箱"}, 200), ({"unit": "盒"}, 50), ({"di": BOX}, 200)],
        ids=["none", "the least", "a package", "a package without a code", "a package's code"],
    )
    def test_become_least_units(self, given, quantity):
        entry, found = resolve(replace(ENTRY, **given), KNOWN.cards)
        assert (entry.quantity, entry.di, entry.unit, found) == (quantity, DI, "", [])

    def test_that_the_file_does_not_know_are_refused_with_the_factor_asked(self):
        _, found = resolve(replace(ENTRY, unit="桶"), KNOWN.cards)
        assert [(p.code, "每桶多少支" in p.next) for p in found] == [("SU113", True)]

    def test_without_a_file_are_left_in_doubt(self):
        entry, _ = resolve(replace(ENTRY, unit="桶", firm_uscc="x"), KNOWN.cards)
        assert "unit_unknown" in marks_of(entry, Known())

    def test_of_a_serial_number_are_one(self):
        _, found = resolve(replace(ENTRY, serial="S1"), KNOWN.cards)
        assert [problem.code for problem in found] == ["SU112"]

    def test_the_file_fills_in_what_the_label_does_not_say(self):
        entry, _ = resolve(replace(ENTRY, registration_no=""), KNOWN.cards)
        assert (entry.registration_no, entry.product_name) == (NUMBER, "晶体")


class TestMarks:
    def test_nothing_is_marked_where_all_is_well(self):
        assert marked() == []

    @pytest.mark.parametrize(
        ("kind", "until", "expected"),
        [
            ("receive", TODAY, []),
            ("receive", TODAY - DAY, ["expired"]),
            ("ship", TODAY - DAY, ["expired"]),
            ("return_out", TODAY - DAY, []),
            ("destroy", TODAY - DAY, []),
        ],
    )
    def test_what_has_expired_may_leave_only_backwards(self, kind, until, expected):
        assert marked(kind=kind, expires_on=until) == expected

    @pytest.mark.parametrize(
        ("product", "expected"),
        [
            (replace(PRODUCT, status="注销"), ["registration"]),
            (replace(PRODUCT, expires_on=TODAY - DAY), ["registration_unknown"]),
            (Product(NUMBER, management_class="3"), ["registration_unknown"]),
        ],
        ids=["cancelled", "run out, day of making unknown", "not in the register"],
    )
    def test_a_registration_is_held_against_the_register(self, product, expected):
        assert marked(replace(KNOWN, products={NUMBER: product})) == expected

    @pytest.mark.parametrize(
        ("dealing", "expected"),
        [
            (None, ["partner_unknown"]),
            (Dealing(TODAY), []),
            (Dealing(TODAY - DAY), ["partner_lapsed"]),
            (Dealing(None, "2"), ["partner_scope"]),
        ],
    )
    def test_the_other_side_is_held_against_the_firms_file(self, dealing, expected):
        dealings = {(DEALER, MAKER): dealing} if dealing else {}
        assert marked(replace(KNOWN, dealings=dealings)) == expected

    @pytest.mark.parametrize(
        ("holders", "expected"),
        [
            ([Holder("经营", "2")], ["own_licence"]),
            ([Holder("经营", "2"), Holder("使用")], []),
            ([], []),
        ],
        ids=["class not in its papers", "one of its links may", "outside the register"],
    )
    def test_the_firms_own_papers_allow_the_class(self, holders, expected):
        assert marked(replace(KNOWN, holders={DEALER: holders})) == expected

    def test_a_lot_on_hold_is_marked_where_it_is_handed_on(self):
        assert [kind for kind in KINDS if "held" in marked(kind=kind, held=True)] == [
            "ship",
            "use",
            "implant",
        ]


class TestWhatAnEntryRefuses:
    def refused(self, kind: str, *found: str) -> list[str]:
        return [p.code for p in refusals(replace(ENTRY, kind=kind), found, ["超温"], 3)]

    def test_a_sale_of_what_is_expired_held_or_not_there(self):
        assert self.refused("ship", "held", "expired", "oversold") == ["SU201", "SU110", "SU111"]

    def test_an_implant_of_what_is_held_and_nothing_else(self):
        assert self.refused("implant", "held", "expired", "oversold") == ["SU201"]

    def test_nothing_that_came_in(self):
        assert self.refused("receive", *marks()) == []


class TestOneLotWithTwoExpiries:
    def test_is_marked_on_both_sides_of_the_delivery_and_nowhere_else(self):
        rows = [
            Stated(1, "maker", "dealer", TODAY),
            Stated(2, "dealer", "maker", TODAY + DAY),
            Stated(3, "maker", "other", TODAY),
            Stated(4, "other", "maker", TODAY),
        ]
        assert disagreeing(rows) == {1, 2}

    def test_is_marked_on_all_rows_of_a_firm_that_writes_both(self):
        rows = [Stated(1, "a", "", TODAY), Stated(2, "a", "", TODAY + DAY), Stated(3, "b", "", TODAY)]
        assert disagreeing(rows) == {1, 2}
