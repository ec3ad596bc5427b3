"""xiejian sales: the daily sheet and ERPNext's files of one firm, on the machine itself."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import sold
from moment import NOW
from xiejian.cli.main import main
from xiejian.registry.models import Party

OURS = "91110105MA01XXXX0Y"


@pytest.fixture
def seller(naiman, firm_user) -> Party:
    party = Party.objects.create(
        name="安康公司", uscc=OURS, division_code="150525", office_code="150525100", created_at=NOW,
        updated_at=NOW,
    )  # fmt: skip
    firm_user(party)
    sold.invoice(party)
    return party


def run(*words: str) -> tuple[int, str]:
    found = CliRunner().invoke(main, ["sales", *words])
    return found.exit_code, found.output


def test_the_daily_sheet_of_a_firm(seller):
    code, said = run("daily", "--firm", OURS, "--on", "2024-03-05", "--json")
    assert (code, json.loads(said)["total"]["shipments"]["day"]) == (0, 300)


def test_files_out_and_in_again_change_nothing(seller, tmp_path):
    path = tmp_path / "Item.csv"
    assert run("export", "item", "--firm", OURS, "--out", str(path))[0] == 0
    code, said = run("import", "item", str(path), "--firm", OURS, "--json")
    assert (code, json.loads(said)["same"]) == (0, 1)


def test_a_firm_that_has_no_account_is_refused(seller):
    code, said = run("daily", "--firm", "91320594588468512N")
    assert code == 2 and "没有登记企业账号" in said
