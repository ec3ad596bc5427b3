"""Two firms of one county: whatever one of them has, the other must not see."""

from __future__ import annotations

import pytest

from moment import NOW
from xiejian.registry.models import Party, PartyLink

OURS, THEIRS = "91110105MA01XXXX0Y", "91320594588468512N"


def firm(name: str, uscc: str, office_code: str, link: str = "经营") -> Party:
    party = Party.objects.create(
        name=name, uscc=uscc, division_code=office_code, office_code=office_code, created_at=NOW,
        updated_at=NOW,
    )  # fmt: skip
    PartyLink.objects.create(party=party, link=link, classes="23")
    return party


@pytest.fixture
def ours(naiman) -> Party:
    return firm("奈曼旗安康医疗器械有限公司", OURS, "150525100")


@pytest.fixture
def theirs(naiman) -> Party:
    return firm("奈曼旗隔壁医疗器械有限公司", THEIRS, "150525100")
