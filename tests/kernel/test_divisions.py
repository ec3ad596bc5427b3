"""Division codes as a tree of prefixes."""

from __future__ import annotations

import pytest

from xiejian.kernel import divisions


@pytest.mark.parametrize(
    ("code", "stem", "tier"),
    [
        ("000000", "", "nation"),
        ("150000", "15", "province"),
        ("150500", "1505", "city"),
        ("150525", "150525", "county"),
        ("150525000", "150525", "county"),
        ("150525100", "150525100", "station"),
        ("150525100000", "150525100", "station"),
        ("150525100201", "150525100201", "station"),
    ],
)
def test_a_code_has_a_stem_and_a_tier(code, stem, tier):
    assert divisions.stem(code) == stem
    assert divisions.tier(code) == tier


@pytest.mark.parametrize(
    ("wanted", "code"),
    [("province", "150000"), ("city", "150500"), ("county", "150525"), ("station", "150525100")],
)
def test_the_office_above_at_a_tier(wanted, code):
    assert divisions.at_tier("150525100", wanted) == code


def test_names_go_from_province_to_town():
    assert divisions.full_name("522726100").startswith("贵州省黔南布依族苗族自治州独山县")


@pytest.mark.parametrize("code", ["150525", "330299", "522726100", "110000"])
def test_a_code_in_a_known_city_is_known_even_for_a_development_zone(code):
    assert divisions.is_known(code)


@pytest.mark.parametrize("code", ["999999", "15052", "15052A", "", "1505251000001"])
def test_other_codes_are_not_known(code):
    assert not divisions.is_known(code)


def test_below_a_county_are_its_towns():
    assert "大沁他拉镇" in dict(divisions.below("150525")).values()
