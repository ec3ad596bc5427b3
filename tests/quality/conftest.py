"""One firm and its people."""

from __future__ import annotations

import pytest

from moment import NOW
from xiejian.people.models import FirmUser
from xiejian.people.policy import Actor
from xiejian.registry.models import Party, PartyLink

OURS = "91110105MA01XXXX0Y"


@pytest.fixture
def party(naiman) -> Party:
    made = Party.objects.create(
        name="奈曼旗安康医疗器械有限公司", uscc=OURS, division_code="150525", office_code="150525100",
        created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    PartyLink.objects.create(party=made, link="经营", classes="23")
    return made


@pytest.fixture
def person(party):
    """person("firm_quality", "b"): the actor of an account of the firm, made once per name."""

    def make(role: str = "firm_quality", name: str = "") -> Actor:
        user, _ = FirmUser.objects.get_or_create(
            uscc=party.uscc, username=name or role.replace("_", "-"),
            defaults={"firm_name": party.name, "name": f"{name or role}某", "role": role, "created_at": NOW},
        )  # fmt: skip
        return Actor.of_firm(user)

    return make


@pytest.fixture
def acts(person):
    """acts("firm_head"): by whom and when."""
    return lambda role="firm_quality", name="": {"by": person(role, name), "at": NOW}
