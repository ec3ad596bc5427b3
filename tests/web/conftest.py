"""For page tests: one signed-in client per role, one party of the own county and one of another."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from moment import NOW
from xiejian.people import actions
from xiejian.people.models import Office, Officer
from xiejian.people.policy import SYSTEM, roles
from xiejian.registry.models import Party, PartyLink
from xiejian.registry.search import grams


@pytest.fixture
def dushan(naiman) -> Office:
    """A county in another province."""
    return actions.open_office(code="522726", name="独山县市场监督管理局", by=SYSTEM, at=NOW)


@pytest.fixture
def make_party(db) -> Callable[..., Party]:
    """One party with one link, written straight to the tables."""

    def make(name: str, office_code: str, link: str = "经营", **facts: object) -> Party:
        of_link = {key: facts.pop(key) for key in ("level", "classes", "tags", "expires_on") if key in facts}
        made = Party.objects.create(
            name=name, division_code=office_code, office_code=office_code, created_at=NOW, updated_at=NOW,
            search_grams=grams([name]), **facts,
        )  # fmt: skip
        PartyLink.objects.create(party=made, link=link, **of_link)
        return made

    return make


@pytest.fixture
def ours(naiman, make_party) -> Party:
    return make_party(
        "奈曼旗安康大药房", "150525100", level=2, classes="23", phone="0475-4210000", head="白某"
    )


@pytest.fixture
def theirs(dushan, make_party) -> Party:
    return make_party("独山县外地医疗器械公司", "522726", level=3)


@pytest.fixture
def password() -> str:
    """The password of every officer of these tests."""
    return "a-long-enough-password"


@pytest.fixture
def officers(naiman, password) -> dict[str, Officer]:
    """One officer per role at the county bureau, the inspector at the station below it."""
    station = Office.objects.get(code="150525100")
    return {
        role: actions.appoint_officer(
            username=f"t.{role}",
            name=f"测试{role}",
            office=station if role == "station_inspector" else naiman,
            role=role,
            password=password,
            by=SYSTEM,
            at=NOW,
        )
        for role in roles()
    }


@pytest.fixture
def as_role(officers) -> Callable[[str], Client]:
    """A client signed in with a role; the same one each time it is asked for."""
    clients: dict[str, Client] = {}

    def sign_in(role: str) -> Client:
        if role not in clients:
            clients[role] = Client()
            clients[role].force_login(officers[role], backend="django.contrib.auth.backends.ModelBackend")
        return clients[role]

    return sign_in
