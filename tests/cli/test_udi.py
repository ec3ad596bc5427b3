"""xiejian udi: the answers that scripts rely on."""

from __future__ import annotations

import json
import subprocess
import sys
from io import BytesIO

import pytest
import segno
from click.testing import CliRunner

from xiejian.cli.udi import udi_command

KEYS = {"valid", "agency", "di", "lot", "serial", "made_on", "expires_on", "problem"}


@pytest.fixture
def ask():
    """Run the command; gives its JSON answer and the exit code."""

    def ask(*arguments):
        result = CliRunner().invoke(udi_command, [*map(str, arguments), "--json"])
        return json.loads(result.stdout), result.exit_code

    return ask


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "codes.json"

    def written(content):
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return written


class TestOneCode:
    def test_answers_with_the_keys_of_the_contract(self, ask):
        answer, exit_code = ask("(01)12345678901231(17)260900(10)12345")
        assert exit_code == 0
        assert answer.keys() >= KEYS
        assert (answer["valid"], answer["agency"], answer["di"]) == (True, "GS1", "12345678901231")
        assert (answer["expires_on"], answer["made_on"], answer["problem"]) == ("2026-09-30", None, None)

    def test_that_is_none_carries_a_problem_object(self, ask):
        answer, exit_code = ask("hello")
        assert (answer["valid"], answer["agency"], exit_code) == (False, None, 0)
        assert answer["problem"].keys() == {"code", "message", "where", "next"}

    def test_is_shown_to_people_with_its_source_and_status(self):
        shown = CliRunner().invoke(udi_command, ["MA.156.M0.100001.10000011.LA1"]).stdout
        assert "批号：A1" in shown
        assert "未核实" in shown

    def test_that_is_missing_is_refused(self, ask):
        answer, exit_code = ask()
        assert (answer["code"], exit_code) == ("X602", 2)


class TestAList:
    def test_is_answered_in_its_order_and_no_element_stops_the_rest(self, ask, file):
        answers, exit_code = ask(
            "--batch",
            file(["(01)12345678901231", 7, None, "\ud800", "]zB+A123BJC5D6E71G+2001510X3GG", "hello"]),
        )
        assert [a["valid"] for a in answers] == [True, False, False, False, True, False]
        assert [a["problem"] and a["problem"]["code"] for a in answers] == [
            None,
            "N264",
            "N264",
            "N203",
            None,
            "N204",
        ]
        assert exit_code == 0

    def test_that_is_no_list_is_refused(self, ask, file):
        answer, exit_code = ask("--batch", file("{}"))
        assert (answer["code"], exit_code) == ("X002", 2)

    def test_that_cannot_be_read_is_refused(self, ask, tmp_path):
        answer, exit_code = ask("--batch", tmp_path / "none.json")
        assert (answer["code"], exit_code) == ("X001", 2)


class TestAPhoto:
    def test_answers_for_every_code_on_it(self, ask, tmp_path):
        drawn = BytesIO()
        segno.make("https://id.gs1.org/01/06972253600013/10/A1", micro=False).save(drawn, kind="png", scale=6)
        path = tmp_path / "label.png"
        path.write_bytes(drawn.getvalue())
        answers, _ = ask("--photo", path)
        assert [(a["di"], a["lot"]) for a in answers] == [("06972253600013", "A1")]

    def test_that_is_no_picture_is_refused(self, ask, file):
        answer, exit_code = ask("--photo", file("[]"))
        assert (answer["code"], exit_code) == ("X601", 2)


def test_the_answer_needs_neither_the_store_nor_the_photo_reader():
    asked = (
        "import sys, xiejian.cli.udi; print([n for n in ('django', 'PIL', 'zxingcpp') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
