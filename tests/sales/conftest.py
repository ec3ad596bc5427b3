"""One firm with its desk and its people."""

from __future__ import annotations

import pytest

from moment import NOW
from selling import Desk, open_desk
from xiejian.people.models import FirmUser
from xiejian.people.policy import Actor
from xiejian.registry.models import Party

OURS = "91110105MA01XXXX0Y"


@pytest.fixture
def seller(naiman) -> Party:
    return Party.objects.create(
        name="奈曼旗安康医疗器械有限公司", uscc=OURS, division_code="150525", office_code="150525100",
        created_at=NOW, updated_at=NOW,
    )  # fmt: skip


@pytest.fixture
def person(seller):
    """person("firm_sales", "b"): the actor of an account of the seller, made once per name."""

    def make(role: str, name: str = "") -> Actor:
        user, _ = FirmUser.objects.get_or_create(
            uscc=seller.uscc, username=name or role.replace("_", "-"),
            defaults={"firm_name": seller.name, "name": f"{name or role}某", "role": role, "created_at": NOW},
        )  # fmt: skip
        return Actor.of_firm(user)

    return make


@pytest.fixture
def desk(seller, person) -> Desk:
    person("firm_head")
    return open_desk(seller, NOW, deciding=(FirmUser.objects.get(uscc=OURS, role="firm_head"),))
