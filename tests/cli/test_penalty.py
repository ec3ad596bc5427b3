"""xiejian penalty: the answers that scripts rely on."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from xiejian.cli.penalty import penalty

ON = "2024-05-01"


@pytest.fixture
def ask(tmp_path):
    """Run the command on one case; gives the answer and the exit code."""

    def ask(key, facts, on=ON):
        file = tmp_path / "facts.json"
        text = facts if isinstance(facts, str) else json.dumps(facts, ensure_ascii=False)
        file.write_text(text, encoding="utf-8")
        result = CliRunner().invoke(penalty, [key, "--facts", str(file), "--on", on, "--json"])
        return json.loads(result.stdout), result.exit_code

    return ask


@pytest.fixture
def batch(tmp_path):
    """Run the command on a list; gives the list of answers and the exit code."""

    def batch(items):
        file = tmp_path / "in.json"
        file.write_text(json.dumps(items), encoding="utf-8")
        result = CliRunner().invoke(penalty, ["--batch", str(file), "--json"])
        return json.loads(result.stdout), result.exit_code

    return batch


class TestOneCase:
    def test_gives_range_bands_measures_persons_and_citation(self, ask):
        answer, code = ask("P81-3", {"goods_value": "20000", "serious": True, "income": 60000})
        assert code == 0
        assert answer["fine"] == [300000, 600000]
        assert answer["bands"] == {
            "lighter": [300000, 390000],
            "ordinary": [390000, 510000],
            "heavier": [510000, 600000],
        }
        assert "没收违法所得" in answer["also"]
        assert answer["persons"]["fine"] == [18000, 180000]
        assert "国务院令第739号" in answer["citation"]

    def test_gives_whole_yuan_as_integers_and_fen_as_decimals(self, ask):
        answer, _ = ask("P81-3", {"goods_value": 10000.01})
        assert [type(amount) for amount in answer["bands"]["ordinary"]] == [float, float]
        assert [type(amount) for amount in ask("P81-3", {"goods_value": 10000})[0]["fine"]] == [int, int]

    def test_gives_an_empty_range_and_the_first_step_where_no_fine_is_due(self, ask):
        answer, code = ask("P84-3", {"goods_value": "3000", "not_corrected": False})
        assert (code, answer["fine"], answer["bands"]["lighter"], answer["persons"]) == (0, [], [], {})
        assert "先责令限期改正" in answer["first_step"]

    def test_marks_what_is_not_verified(self, ask):
        answer, _ = ask("U27-2", {"goods_value": "20000"})
        assert (answer["unverified"], answer["bands_unverified"]) == (True, True)

    def test_is_a_problem_with_code_where_it_cannot_be_answered(self, ask):
        answer, code = ask("P81-3", {})
        assert (code, answer["code"], answer["where"]) == (2, "K522", "goods_value")

    @pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, '{"goods_value": NaN}', "\x00"])
    def test_never_ends_in_a_trace(self, ask, text):
        answer, code = ask("P81-3", text)
        assert code == 2 and answer["code"] and answer["next"]

    def test_needs_the_day(self):
        result = CliRunner().invoke(penalty, ["P89-1", "--json"])
        assert (result.exit_code, json.loads(result.stdout)["code"]) == (2, "K530")

    def test_reads_well_for_people(self):
        text = CliRunner().invoke(penalty, ["P89-1", "--on", ON]).output
        assert "暂不处罚款（先责令改正并给予警告" in text


class TestBatch:
    def test_keeps_the_order_and_does_not_stop_at_a_bad_element(self, batch):
        good = {"key": "P89-1", "facts": {"refused": True}, "on": ON}
        bad = [
            *[{"key": "P0", "facts": {}, "on": ON}, {"key": "\ud800", "on": ON}, {}, None, 5, "x", []],
            *[{"key": []}, {"key": "P81-3", "facts": {"goods_value": "x" * 10_000}, "on": ON}],
            *[{"key": "P81-3", "facts": facts, "on": ON} for facts in (3, {"goods_value": float("nan")})],
        ]
        answers, code = batch([good, *bad, good])
        assert code == 1
        assert [answers[0]["fine"], answers[-1]["fine"]] == [[10000, 100000]] * 2
        assert all(one["problem"]["code"].startswith("K5") for one in answers[1:-1])

    def test_ends_well_when_all_are_answered(self, batch):
        assert batch([{"key": "P89-1", "on": ON}])[1] == 0

    def test_takes_facts_that_are_left_out_as_none(self, batch):
        assert batch([{"key": "P89-1", "on": ON}])[0][0]["fine"] == []


class TestList:
    def test_names_every_rule_with_its_facts(self):
        rules = {r["rule"]: r for r in json.loads(CliRunner().invoke(penalty, ["--list", "--json"]).stdout)}
        assert rules["P84-3"]["facts"] == ["goods_value", "income", "serious", "not_corrected"]
        assert {"P81-1", "D66-1", "M79-2", "U30-8", "W45", "R32", "A73-12", "F29", "BLC-10", "CS62"} <= set(
            rules
        )


def test_circumstances_are_listed_with_their_steps():
    found = json.loads(CliRunner().invoke(penalty, ["--circumstances", "--json"]).stdout)
    assert {c["id"]: c["steps"] for c in found}["S4-2"] == ["heavier"]
    assert all(c["citation"] for c in found)


def test_the_command_loads_neither_django_nor_the_rule_reader_of_grades():
    code = (
        "import sys; import xiejian.cli.penalty; "
        "print([m for m in ('django', 'sqlglot', 'pyarrow') if m in sys.modules])"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True
    )
    assert out.stdout.strip() == "[]"
