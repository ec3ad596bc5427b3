"""The numbers of the duties, written out once more from the reference: a changed pack must be meant."""

from __future__ import annotations

import pytest

from xiejian.kernel import packs

# rule: (kind, times, years, share, within months, by, responsible)
FREQUENCIES = {
    "national-2022-78": {
        "N-PF4": ("full_item", 1, 1, None, None, None, "province"),
        "N-PF3a": ("any", 1, 1, None, None, None, "province"),
        "N-PF3b": ("full_item", 1, 2, None, None, None, "province"),
        "N-PF2": ("any", 1, 2, None, None, None, "province"),
        "N-PF1": ("any", None, None, 0.25, None, None, "city"),
        "N-PF1n": ("filing_check", 1, 1, None, 3, None, "city"),
        "N-DF4": ("full_item", 1, 1, None, None, None, "city"),
        "N-DF3a": ("any", 1, 1, None, None, None, "city"),
        "N-DF3b": ("full_item", 1, 2, None, None, None, "city"),
        "N-DF2": ("any", 1, 2, None, None, None, "county"),
        "N-DF1": ("any", 1, 4, 0.25, None, None, "county"),
        "K-P1": ("any", 1, 1, None, None, None, "province"),
        "K-B1": ("filing_check", 1, 1, None, 3, None, "city"),
        "K-T1": ("platform_check", 1, 1, None, 3, None, "province"),
        "DR-D1": ("any", 2, 1, None, None, None, "county"),
        "DR-D2": ("any", 1, 1, None, None, None, "county"),
        "DR-D3": ("any", 1, 3, None, None, None, "county"),
        "DR-D4": ("any", 1, 1, None, None, None, "county"),
        "DR-D5": ("any", 1, 3, None, None, None, "county"),
        "DR-D6": ("any", 1, 1, None, None, None, "county"),
        "DR-P1": ("any", 4, 1, None, None, None, "province"),
        "DR-P2": ("any", 1, 1, None, None, None, "province"),
        "DR-P3": ("any", 1, 3, None, None, None, "province"),
        "DR-P4": ("any", 1, 5, None, None, None, "province"),
    },
    "national-2015-158": {
        "C15-DF3": ("any", 1, 1, None, None, None, "county"),
        "C15-DF2": ("any", 1, 2, None, None, None, "county"),
        "C15-DF1": ("any", 1, 3, None, None, None, "county"),
    },
    "dushan": {
        "DS-DF3": ("daily", 1, 1, 1.0, None, "11-30", "station"),
        "DS-DF2": ("daily", 1, 2, 0.5, None, "11-30", "station"),
        "DS-DF1": ("daily", 1, 3, 0.3, None, "11-30", "station"),
        "DS-P": ("joint", None, None, None, None, "11-30", "county"),
        "DS-U1": ("daily", 1, 1, 1.0, None, None, "station"),
        "DS-U2": ("daily", 1, 2, 0.5, None, None, "station"),
        "DS-FU": ("follow_up", None, None, 1.0, None, None, "station"),
        "DS-ON": ("special", None, None, None, None, None, "station"),
    },
    "chizhou": {
        "CZ-P3": ("daily", 1, 1, None, None, None, "county"),
        "CZ-P3f": ("full_item", 1, 2, None, None, None, "city"),
        "CZ-P2": ("daily", 1, 1, None, None, None, "county"),
        "CZ-P2f": ("full_item", 1, 4, None, None, None, "city"),
        "CZ-P1n": ("full_item", 1, 1, 1.0, 3, None, "city"),
        "CZ-P1": ("daily", None, None, 0.5, None, None, "city"),
        "CZ-Pc": ("daily", 1, 1, 1.0, None, None, "county"),
        "CZ-Px": ("full_item", 1, 1, 1.0, None, None, "city"),
        "CZ-D0": ("filing_check", 1, 1, 1.0, None, None, "county"),
        "CZ-D1": ("daily", 1, 1, 1.0, None, None, "county"),
        "CZ-D1r": ("follow_up", None, None, 0.2, None, None, "county"),
        "CZ-D2": ("daily", 1, 1, 1.0, None, None, "county"),
        "CZ-D3": ("daily", 1, 1, 1.0, None, None, "county"),
        "CZ-D4": ("flying", None, None, None, None, None, "city"),
        "CZ-D5": ("daily", None, None, None, None, None, "county"),
        "CZ-U1": ("daily", None, None, None, None, None, "county"),
        "CZ-U2": ("daily", None, None, None, None, None, "county"),
        "CZ-U3": ("special", None, None, None, None, None, "county"),
    },
    "naiman-2023": {
        "NM-2": ("any", 1, 1, 1.0, None, None, "station"),
        "NM-3": ("full_item", 1, 1, None, None, None, "county"),
        "NM-4": ("platform_check", 1, 1, None, None, None, "county"),
        "NM-5": ("special", 1, 1, 1.0, None, None, "station"),
        "NM-6": ("special", None, None, None, None, None, "station"),
        "NM-8": ("follow_up", None, None, None, None, None, "station"),
        "NM-11": ("special", None, None, None, None, None, "station"),
    },
    "beilun": {
        "S0-P1": ("any", 2, 1, 1.0, None, None, "county"),
        "S0-U1": ("any", 1, 1, 1.0, None, None, "county"),
        "BL-U1": ("any", None, None, 1.5, None, None, "station"),
        "BL-U2": ("any", None, None, 2.0, None, None, "station"),
        "BL-U3": ("any", 2, 1, None, None, None, "county"),
    },
    # a sample: the numbers of the how-to, not of a rule
    "liaoning-2015": {
        "C15-DF2": ("any", 1, 1, None, None, None, "county"),
        "C15-DF1": ("any", 1, 2, 0.5, None, None, "county"),
    },
}


@pytest.mark.parametrize(("pack_id", "rule"), [(p, r) for p, rules in FREQUENCIES.items() for r in rules])
def test_the_duty_has_the_numbers_of_the_reference(pack_id, rule):
    duty = packs.load(pack_id).rule(rule).duty
    found = (duty.kind, duty.times, duty.years, duty.share, duty.within_months, duty.by, duty.responsible)
    assert found == FREQUENCIES[pack_id][rule]


@pytest.mark.parametrize("pack_id", packs.known())
def test_no_duty_is_missing_from_this_list(pack_id):
    pack = packs.load(pack_id)
    inherited = [row for base in pack.extends for row in packs.load(base).rows]
    own = {row.id for row in pack.rows if row.decides == "duty" and row not in inherited}
    assert own == set(FREQUENCIES.get(pack_id, {}))


def test_the_follow_up_share_of_chizhou_counts_on_those_inspected():
    assert packs.load("chizhou").rule("CZ-D1r").duty.of == "inspected"


def test_the_follow_up_of_dushan_counts_on_those_with_problems():
    assert packs.load("dushan").rule("DS-FU").duty.of == "problems"


def test_a_visit_where_necessary_is_marked_so():
    assert packs.load("national-2022-78").rule("K-B1").duty.discretionary
