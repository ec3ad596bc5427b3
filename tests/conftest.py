"""Shared by all tests: a clock that stands still, an office tree, people who act."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.test import Client

from moment import NOW
from xiejian.people import actions
from xiejian.people.models import FirmUser, Office
from xiejian.people.policy import SYSTEM, Actor


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database-only",
        action="store_true",
        help="only tests that touch the database: the rest ran already",
    )


#: Files that take longest: begun first, so that no worker is left with one of them at the end.
LONG = ("tests/cli/test_demo.py", "tests/web/test_every_page.py", "tests/planning/test_schedules.py")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest first; with --database-only what can differ on a second database, and nothing twice."""
    items.sort(key=lambda item: not (item.get_closest_marker("browser") or item.nodeid.startswith(LONG)))
    if not config.getoption("--database-only"):
        return
    stored = [i for i in items if i.get_closest_marker("django_db") or "db" in getattr(i, "fixturenames", ())]
    kept = set(stored)
    config.hook.pytest_deselected(items=[i for i in items if i not in kept])
    items[:] = stored


def shared_data() -> Path:
    """The public data beside the project, for tests only."""
    return Path(os.environ.get("XIEJIAN_SHARED", Path(__file__).parents[2] / "shared")) / "data"


@pytest.fixture
def shared() -> Path:
    folder = shared_data()
    if not folder.is_dir():
        pytest.skip(f"public data not found at {folder}: set XIEJIAN_SHARED to run this test")
    return folder


@pytest.fixture
def now() -> dt.datetime:
    return NOW


@pytest.fixture(scope="session", autouse=True)
def _static_folder() -> None:
    """The server of the browser tests warns when nobody has collected static files yet."""
    Path(configured.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture(autouse=True)
def _light(settings, tmp_path):
    """Files in the test's own folder; no static files and a quick password hash: no test is about these."""
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.MIDDLEWARE = [m for m in settings.MIDDLEWARE if "whitenoise" not in m]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def naiman(db) -> Office:
    """奈曼旗局 under 通辽市局, with the station of 大沁他拉镇."""
    for code, name in (
        ("150500", "通辽市市场监督管理局"),
        ("150525", "奈曼旗市场监督管理局"),
        ("150525100", "大沁他拉市场监督管理所"),
    ):
        actions.open_office(code=code, name=name, by=SYSTEM, at=NOW)
    return Office.objects.get(code="150525")


@pytest.fixture
def officer(naiman) -> Actor:
    """A section officer of the county bureau."""
    return Actor("li", "李科", naiman.code, "section_officer")


@pytest.fixture
def inspector(naiman) -> Actor:
    """An inspector of the station below it."""
    return Actor("wang", "王检", "150525100", "station_inspector")


FIRM_PASSWORD = "firm-people-2024"


@pytest.fixture
def firm_user(db):
    """firm_user(party, role="firm_admin"): an account of the party's people, made once per role."""

    def make(party, role: str = "firm_admin") -> FirmUser:
        user, made = FirmUser.objects.get_or_create(
            uscc=party.uscc, username=role.replace("_", "-"),
            defaults={"firm_name": party.name, "name": f"{role}某", "role": role, "created_at": NOW},
        )  # fmt: skip
        if made:
            user.set_password(FIRM_PASSWORD)
            user.save(update_fields=["password"])
        return user

    return make


@pytest.fixture
def firm_actor(firm_user):
    """firm_actor(party, role="firm_admin"): the actor of such an account."""
    return lambda party, role="firm_admin": Actor.of_firm(firm_user(party, role))


@pytest.fixture
def firm_client(firm_user):
    """firm_client(party, role="firm_admin"): a browser signed in at the firms' entrance."""

    def sign_in(party, role: str = "firm_admin") -> Client:
        user, client = firm_user(party, role), Client()
        told = {"uscc": user.uscc, "username": user.username, "password": FIRM_PASSWORD}
        answer = client.post("/firm/login/", told)
        assert answer.status_code == 302, answer.content.decode()
        return client

    return sign_in
