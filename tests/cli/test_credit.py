"""xiejian credit: evaluate an office, show a party's credit, the published list."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from credit_day import TODAY
from moment import NOW
from visiting import enrol
from xiejian.cases.models import Case
from xiejian.cli.main import main


def run(*arguments):
    result = CliRunner().invoke(main, [*map(str, arguments), "--json"])
    return result.exit_code, json.loads(result.stdout)


@pytest.fixture
def shop(naiman):
    found = enrol("安康医疗器械店", "150525100", NOW)
    Case.objects.create(
        number="奈市监罚〔2024〕1号", party=found, link="经营", filed_on=TODAY, decided_on=TODAY,
        fine_fen=500_000, office_code="150525",
    )  # fmt: skip
    return found


def evaluated():
    return run("credit", "evaluate", "--from", "2024-01-01", "--until", TODAY, "--on", TODAY)


class TestCredit:
    def test_of_an_office_is_evaluated(self, shop):
        _, answer = evaluated()
        assert (answer["grades"], answer["proposed"]) == ({"A": 0, "B": 1, "C": 0, "D": 0}, 1)

    def test_of_a_party_is_shown_with_its_reasons(self, shop):
        evaluated()
        _, answer = run("credit", "show", shop.name)
        assert answer["proposed"]["facts"] == {"penalties": 1, "penalty_fen": 500_000}

    def test_of_an_unknown_party_is_a_problem(self, db):
        code, answer = run("credit", "show", "无此单位")
        assert (code == 0, answer["code"]) == (False, "Q111")

    def test_for_the_public_is_empty_without_publication(self, shop):
        assert run("credit", "public")[1] == {"entries": []}
