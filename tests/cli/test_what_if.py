"""xiejian what-if, as another program calls it."""

from __future__ import annotations

import json
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from small_register import COUNTY, dushan_register
from xiejian.cli.main import main

pytestmark = pytest.mark.django_db


def run(*words: object, code: int = 0) -> dict[str, Any]:
    """The JSON answer of a command that must leave with ``code``."""
    given = ["what-if", "--pack", "dushan", "--year", "2024", *words, "--json"]
    result = CliRunner().invoke(main, [str(word) for word in given])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


@pytest.fixture(autouse=True)
def _register(naiman):
    dushan_register()


def test_answers_both_sides_for_a_changed_value():
    answer = run("--set", "DS-DF1.share=50%")
    assert (answer["visits"], answer["office"], answer["changed_levels"]) == ([13, 15], COUNTY, 0)


def test_answers_another_pack_with_the_parties_that_move():
    answer = run("--against", "national-2022-78")
    assert [pack["id"] for pack in answer["packs"]] == ["dushan", "national-2022-78"]
    assert answer["changed_levels"] == len(answer["changed"]) > 0


def test_says_that_inspector_days_are_an_estimate():
    assert run("--set", "DS-DF1.share=50%")["inspector_days"]["estimate"] is True


def test_writes_every_party_that_moves(tmp_path):
    answer = run("--set", "DS-D2.level=3", "--out", tmp_path / "moved.xlsx")
    rows = list(openpyxl.load_workbook(answer["out"]).worksheets[0].iter_rows(values_only=True))
    assert rows[0] == ("主体名称", "环节", "监管机构", "现级别", "推演级别")
    assert sorted(row[0] for row in rows[1:]) == [f"二级{n}" for n in range(8)]


def test_tells_people_that_nothing_was_changed():
    words = ["what-if", "--pack", "dushan", "--year", "2024", "--set", "DS-DF1.share=50%"]
    assert "没有改动任何数据" in CliRunner().invoke(main, words).output


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--set", "DS-DF1.share=0"], "L503"),
        (["--set", "nonsense"], "L504"),
        ([], "L505"),
        (["--set", "DS-DF1.share=50%", "--year", "1"], "L201"),
        (["--set", "DS-DF1.share=50%", "--out", "a.csv"], "L105"),
    ],
)
def test_refuses_with_a_code(words, code):
    assert run(*words, code=2)["code"] == code
