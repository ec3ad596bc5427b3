"""xiejian import: the answer, the exit codes, the messages."""

import json

import pytest
from click.testing import CliRunner

from xiejian.cli.main import main
from xiejian.registry.models import Party

HEAD = "主体名称,环节,行政区划代码,状态\n"
GOOD = HEAD + "甲,经营,150525,\n"
MIXED = GOOD + "乙,经营,150525,疯\n"


@pytest.fixture
def run(db):
    def call(*args):
        result = CliRunner().invoke(main, ["import", *map(str, args)])
        assert not isinstance(result.exception, Exception) or isinstance(result.exception, SystemExit)
        return result

    return call


@pytest.fixture
def csv(tmp_path):
    def write(text, name="a.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


class TestTheAnswer:
    def test_is_one_json_document(self, run, csv):
        result = run("parties", csv(GOOD), "--json")
        answer = json.loads(result.stdout)
        assert result.exit_code == 0
        assert {k: answer[k] for k in ("read", "loaded", "unchanged", "rejected", "rejects_file")} == {
            "read": 1, "loaded": 1, "unchanged": 0, "rejected": 0, "rejects_file": None
        }  # fmt: skip

    def test_exits_1_when_rows_come_back_and_names_the_workbook(self, run, csv):
        result = run("parties", csv(MIXED), "--json")
        answer = json.loads(result.stdout)
        assert (result.exit_code, answer["rejected"]) == (1, 1)
        assert answer["rejects_file"].endswith(".xlsx")

    def test_for_people_lists_the_reasons(self, run, csv):
        result = run("parties", csv(MIXED))
        assert "读取 2 行：载入 1，无变化 0，退回 1" in result.stdout
        assert "第3行，状态" in result.stdout


class TestAFileThatCannotBeUsed:
    @pytest.mark.parametrize(
        ("args", "code"),
        [
            (("parties", "没有.csv"), "K402"),
            (("animals", "a.csv"), "X101"),
            (("parties",), "X102"),
        ],
    )
    def test_exits_2_with_a_problem_object(self, run, args, code):
        result = run(*args, "--json")
        answer = json.loads(result.stdout)
        assert (result.exit_code, answer["code"]) == (2, code)
        assert set(answer) == {"code", "message", "where", "next"}

    def test_loads_nothing(self, run, csv):
        assert run("parties", csv("主体名称,环节\n甲,经营\n")).exit_code == 2
        assert Party.objects.count() == 0


class TestTheOffice:
    def test_bounds_what_is_taken(self, run, csv):
        answer = json.loads(run("parties", csv(GOOD), "--office", "522726", "--json").stdout)
        assert answer["problems"][0]["code"] == "R205"


class TestTheColumns:
    @pytest.mark.parametrize("kind", ["parties", "visits", "cases", "interviews", "registrations"])
    def test_of_every_kind_are_documented(self, run, kind):
        columns = json.loads(run(kind, "--columns", "--json").stdout)["columns"]
        assert any(c["required"] for c in columns)
        assert len(columns) > 5
