"""`xiejian number` as the contract has it: one answer, lists, and input that cannot be used."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from xiejian.cli.main import main


def ask(*words):
    result = CliRunner().invoke(main, ["number", *words, "--json"])
    return result.exit_code, json.loads(result.stdout)


class TestOneNumber:
    def test_of_a_credit_code_is_taken_apart(self):
        code, answer = ask("91340602MA2UJYD90G")
        assert (code, answer["kind"], answer["valid"], answer["problem"]) == (0, "uscc", True, None)
        assert answer["fields"]["division_name"] == "安徽省淮北市杜集区"

    def test_of_a_certificate_names_its_fields_as_the_reference_does(self):
        _, answer = ask("苏械注准20172560729")
        fields = {name: answer["fields"][name] for name in ("org", "form", "year", "cls", "code", "serial")}
        assert fields == {
            "org": "苏", "form": "准", "year": "2017", "cls": "2", "code": "56", "serial": "0729",
        }  # fmt: skip

    def test_that_is_wrong_is_answered_with_its_problem_and_exit_0(self):
        code, answer = ask("国械注准20232130001")
        assert (code, answer["valid"], answer["problem"]["code"]) == (0, False, "N141")
        assert set(answer["problem"]) == {"code", "message", "where", "next"}

    def test_of_a_kind_is_judged_as_that_kind(self):
        _, answer = ask("浙温械备20140027号", "--kind", "device_registration")
        assert (answer["kind"], answer["valid"], answer["problem"]["code"]) == (
            "device_registration", False, "N103",
        )  # fmt: skip

    def test_for_people_shows_what_was_changed_and_the_source(self):
        shown = CliRunner().invoke(main, ["number", "黒械注准20202140013"]).stdout
        assert "更正：黒械注准20202140013 → 黑械注准20202140013" in shown
        assert "依据：" in shown


class TestAList:
    def test_is_answered_in_its_order_and_one_bad_element_stops_nothing(self, tmp_path):
        values = ["91340602MA2UJYD90G", 20172410035, None, "苏械注准20172560729", "不是编号", ["x"], "\ud800"]
        (tmp_path / "in.json").write_text(json.dumps(values))
        code, answers = ask("--batch", str(tmp_path / "in.json"))
        assert code == 0
        assert [a["valid"] for a in answers] == [True, False, False, True, False, False, False]
        assert [a["problem"]["code"] for a in answers if a["problem"]] == [
            "N106", "N106", "N104", "N106", "N104",
        ]  # fmt: skip

    def test_of_one_kind_is_judged_as_that_kind(self, tmp_path):
        (tmp_path / "in.json").write_text(json.dumps(["苏械注准20172560729", "国药准字H20050012"]))
        _, answers = ask("--batch", str(tmp_path / "in.json"), "--kind", "drug_approval")
        assert [a["valid"] for a in answers] == [False, True]


class TestInputThatCannotBeUsed:
    @pytest.mark.parametrize(
        ("words", "problem"),
        [(["x", "--kind", "passport"], "X701"), ([], "X702"), (["--batch", "/nowhere.json"], "X001")],
    )
    def test_is_a_problem_and_exit_2(self, words, problem):
        code, answer = ask(*words)
        assert (code, answer["code"]) == (2, problem)

    def test_and_a_batch_that_is_no_list(self, tmp_path):
        (tmp_path / "in.json").write_text('{"a": 1}')
        code, answer = ask("--batch", str(tmp_path / "in.json"))
        assert (code, answer["code"]) == (2, "X002")


class TestTheStart:
    def test_loads_no_django(self):
        program = "import sys, xiejian.cli.number; print('django' in sys.modules)"
        shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert shown.stdout.strip() == "False"

    def test_to_the_answer_takes_under_half_a_second_of_work(self):
        program = "import sys; sys.argv = ['xiejian', 'number', '91340602MA2UJYD90G', '--json']\n"
        program += "import time; from xiejian.cli.main import main\n"
        program += "main(standalone_mode=False); print(time.process_time(), file=sys.stderr)"
        shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert float(shown.stderr) < 0.5  # processor time: other work on the machine does not count
