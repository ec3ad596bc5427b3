"""`xiejian due`: the contract's keys, lists in order, and problems as objects."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from xiejian.cli.main import main

KEYS = {"rule", "from", "due_strict", "due_legal", "day_kind", "provisional", "citation", "trail"}


@pytest.fixture
def run():
    def ask(*args: object):
        return CliRunner().invoke(main, ["due", *map(str, args), "--json"])

    return ask


@pytest.fixture
def batch(run, tmp_path):
    def ask(items: object):
        path = tmp_path / "batch.json"
        path.write_text(json.dumps(items), encoding="utf-8")
        found = run("--batch", path)
        return found.exit_code, json.loads(found.stdout)

    return ask


class TestOne:
    def test_has_the_keys_of_the_contract(self, run):
        assert set(json.loads(run("RC-1", "--from", "2024-04-30").stdout)) >= KEYS

    def test_gives_both_dates(self, run):
        answer = json.loads(run("RC-1", "--from", "2024-04-30").stdout)
        assert (answer["due_strict"], answer["due_legal"]) == ("2024-05-01", "2024-05-06")

    def test_gives_a_moment_for_hours(self, run):
        answer = json.loads(run("CS-4", "--from", "2024-04-30T10:15").stdout)
        assert answer["due_legal"] == "2024-05-01T10:15:00"

    def test_takes_facts_from_a_file(self, run, tmp_path):
        path = tmp_path / "facts.json"
        path.write_text('{"extensions": [{"n": 15, "unit": "WD"}]}', encoding="utf-8")
        answer = json.loads(run("CS-1", "--from", "2024-04-15", "--facts", path).stdout)
        assert answer["due_legal"] == "2024-05-28"

    def test_reads_for_people_too(self):
        text = CliRunner().invoke(main, ["due", "RC-1", "--from", "2024-04-30"]).stdout
        assert "到期：2024-05-06" in text and "第15条" in text

    @pytest.mark.parametrize(
        ("args", "code"),
        [
            (("CP-99", "--from", "2024-04-30"), "K421"),
            (("CP-1", "--from", "明天"), "K301"),
            (("CP-1",), "X202"),
            ((), "X202"),
            (("CP-1", "--from", "2024-04-30", "--facts", "没有这个文件.json"), "X001"),
        ],
    )
    def test_that_cannot_be_answered_is_a_problem_object_and_exit_2(self, run, args, code):
        found = run(*args)
        assert (found.exit_code, json.loads(found.stdout)["code"]) == (2, code)


class TestBatch:
    def test_answers_in_order(self, batch):
        code, found = batch([{"rule": "AE-1", "from": "2024-04-26"}, {"rule": "CS-11", "from": "2024-01-31"}])
        assert (code, [answer["due_legal"] for answer in found]) == (0, ["2024-05-06", "2024-04-30"])

    def test_a_bad_element_stops_nothing(self, batch):
        code, found = batch(
            [{"rule": "ZZ-1", "from": "2024-04-26"}, 7, {"rule": "RC-1", "from": "2024-04-30"}]
        )
        assert code == 1
        assert [answer.get("problem", {}).get("code") for answer in found] == ["K421", "X002", None]

    def test_takes_facts_in_the_element(self, batch):
        facts = {"stops": [{"from": "2024-03-01", "to": "2024-03-20"}]}
        _, found = batch([{"rule": "CS-11", "from": "2024-01-31", "facts": facts}])
        assert found[0]["due_legal"] == "2024-05-20"

    def test_takes_facts_beside_the_rule(self, batch):
        _, found = batch([{"rule": "CP-2", "from": "2026-05-06", "received_on": "2026-04-14"}])
        assert found[0]["applied"] == "CP-O2"

    def test_that_is_no_list_cannot_be_used(self, batch):
        code, found = batch({"rule": "CP-1"})
        assert (code, found["code"]) == (2, "X002")


class TestList:
    def test_names_every_rule_with_meaning_citation_and_status(self, run):
        found = json.loads(run("--list").stdout)
        assert len(found) == 199
        assert all(r["meaning"] and r["citation"] and (r["unverified"] or r["checked"]) for r in found)


class TestStart:
    def test_needs_neither_the_web_framework_nor_the_sql_builder(self):
        code = "import sys, xiejian.cli.due; print({'django', 'sqlglot'} & set(sys.modules))"
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert found.stdout.strip() == "set()"
