"""For the answers over HTTP: a signed-in officer, a stranger, and the commands they are compared with."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner
from django.core.cache import cache
from django.test import Client

from moment import NOW
from xiejian.cli.main import main
from xiejian.people import actions
from xiejian.people.policy import SYSTEM


@pytest.fixture(autouse=True)
def _closed(settings):
    """The office has not opened its answers, and nobody has asked anything yet."""
    settings.OPEN_ANSWERS = False
    cache.clear()


@pytest.fixture
def account(naiman):
    return actions.appoint_officer(
        username="t.api", name="测试", office=naiman, role="station_inspector",
        password="a-long-enough-password", by=SYSTEM, at=NOW,
    )  # fmt: skip


@pytest.fixture
def signed_in(account) -> Client:
    client = Client()
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def stranger(db, settings) -> Client:
    """Somebody who is not signed in, where the office has opened the answers."""
    settings.OPEN_ANSWERS = True
    return Client()


@pytest.fixture
def command() -> Callable[..., Any]:
    """What the command of that name answers as JSON."""

    def run(*arguments: str) -> Any:
        result = CliRunner().invoke(main, [*arguments, "--json"])
        return json.loads(result.stdout)

    return run


@pytest.fixture
def facts_file(tmp_path) -> Callable[[Any], str]:
    def write(content: Any) -> str:
        path = tmp_path / "facts.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)

    return write
