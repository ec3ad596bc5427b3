"""xiejian plan and xiejian draw, as another program calls them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from small_register import COUNTY, STATION, dushan_register, party
from xiejian.cli.main import main
from xiejian.planning.models import Plan

HEADINGS = [
    "主体名称",
    "统一社会信用代码",
    "环节",
    "监管级别",
    "检查类型",
    "计划次数",
    "完成期限",
    "责任机构",
    "依据",
]


def run(*words: object, code: int = 0) -> dict[str, Any]:
    """The JSON answer of a command that must leave with ``code``."""
    result = CliRunner().invoke(main, [str(word) for word in words] + ["--json"])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


@pytest.fixture
def register(naiman):
    return dushan_register()


def make(out: Path, *more: str, code: int = 0) -> dict[str, Any]:
    words = ["plan", "make", "--year", "2024", "--pack", "dushan", "--out", out, *more]
    return run(*words, code=code)


@pytest.mark.django_db
class TestPlanMake:
    def test_answers_tasks_by_office_and_coverage(self, register, tmp_path):
        answer = make(tmp_path / "plan.xlsx", "--office", COUNTY)
        assert answer["tasks"] == sum(answer["by_office"].values()) > 0
        assert answer["by_office"][STATION] > 0
        level_2 = next(c for c in answer["coverage"] if c["level"] == 2)
        assert (level_2["link"], level_2["parties"], level_2["planned"], level_2["share"]) == (
            "经营",
            8,
            4,
            0.5,
        )

    def test_writes_the_columns_of_the_contract_one_row_a_task(self, register, tmp_path):
        answer = make(tmp_path / "plan.xlsx")
        sheet = openpyxl.load_workbook(tmp_path / "plan.xlsx").worksheets[0]
        rows = list(sheet.iter_rows(values_only=True))
        assert list(rows[0]) == HEADINGS
        assert len(rows) - 1 == answer["tasks"]
        first = dict(zip(HEADINGS, rows[1], strict=True))
        assert (first["检查类型"], first["计划次数"]) == ("日常检查", 1)
        assert first["完成期限"].date().isoformat() in {"2024-11-30", "2024-12-31"}
        assert sheet.freeze_panes == "B2"

    def test_writes_coverage_and_how_to_repeat_the_draws(self, register, tmp_path):
        answer = make(tmp_path / "plan.xlsx", "--seed", "公开的种子")
        book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
        assert book.sheetnames == ["检查计划", "覆盖率", "抽取说明"]
        texts = {cell for row in book["抽取说明"].iter_rows(values_only=True) for cell in row}
        assert {"公开的种子", answer["draws"][0]["digest"], answer["draws"][0]["seed"]} <= texts

    def test_without_an_office_plans_for_the_one_that_all_parties_belong_to(self, register, tmp_path):
        assert make(tmp_path / "plan.xlsx")["office"] == COUNTY
        party("外县", office_code="150526")
        assert make(tmp_path / "plan.xlsx")["office"] == "150500"

    def test_twice_is_the_same_plan(self, register, tmp_path):
        first, second = make(tmp_path / "a.xlsx"), make(tmp_path / "b.xlsx")
        assert first | {"out": ""} == second | {"out": ""}
        assert Plan.objects.count() == 1

    def test_repeats_every_draw_with_the_draw_command(self, register, tmp_path):
        answer = make(tmp_path / "plan.xlsx")
        drawn = next(d for d in answer["draws"] if d["rule"] == "DS-DF1")
        names = tmp_path / "list.txt"
        names.write_text("\n".join(f"一级{n}/经营" for n in range(10)), encoding="utf-8")
        again = run("draw", names, "--count", drawn["count"], "--seed", drawn["seed"])
        assert (again["drawn"], again["digest"]) == (drawn["drawn"], drawn["digest"])

    @pytest.mark.parametrize(
        ("more", "code"), [(["--office", "999999"], "L202"), (["--office", "330206"], "L203")]
    )
    def test_refuses_what_cannot_be_planned(self, register, tmp_path, more, code):
        assert make(tmp_path / "plan.xlsx", *more, code=2)["code"] == code
        assert not (tmp_path / "plan.xlsx").exists()

    def test_refuses_another_file_type_before_anything_is_stored(self, register, tmp_path):
        assert make(tmp_path / "plan.pdf", code=2)["code"] == "L105"
        assert not Plan.objects.exists()


@pytest.mark.django_db
class TestAPlanAfterwards:
    def test_is_handed_down_to_the_stations_and_shows_where_it_stands(self, register, tmp_path):
        plan = make(tmp_path / "plan.xlsx")["plan"]
        assert run("plan", "issue", plan, "--to-stations")["state"] == "issued"
        board = run("plan", "board", plan, "--on", "2024-12-05")
        assert board["total"]["overdue"] > 0
        assert {p["office_code"] for p in board["progress"]} >= {COUNTY, STATION}

    def test_is_made_again_with_a_reason(self, register, tmp_path):
        plan = make(tmp_path / "plan.xlsx")["plan"]
        run("plan", "issue", plan)
        assert make(tmp_path / "plan.xlsx", "--seed", "新", code=2)["code"] == "L204"
        assert run("plan", "remake", plan, "--reason", "新增企业")["version"] == 2

    def test_that_does_not_exist_is_a_problem(self, naiman):
        assert run("plan", "board", 99, code=2)["code"] == "L207"


class TestDraw:
    def test_answers_drawn_digest_seed_and_method(self, tmp_path):
        path = tmp_path / "list.txt"
        path.write_text("甲\n乙\n\n丙 \n甲\n", encoding="utf-8")
        answer = run("draw", path, "--count", 2, "--seed", "2024")
        assert len(answer["drawn"]) == 2
        assert set(answer["drawn"]) <= {"甲", "乙", "丙"}
        assert (answer["size"], answer["duplicates"], answer["seed"]) == (3, ["甲"], "2024")
        assert "SHA-256" in answer["method"]
        assert run("draw", path, "--count", 2, "--seed", "2024") == answer

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_reads_the_names_of_a_table(self, tmp_path, encoding):
        path = tmp_path / "list.csv"
        path.write_text("序号,主体名称,地址\n1,甲店,某路\n2,乙店,某街\n", encoding=encoding)
        answer = run("draw", path, "--count", 2, "--seed", "s")
        assert sorted(answer["drawn"]) == ["乙店", "甲店"]
        assert {row["地址"] for row in answer["rows"]} == {"某路", "某街"}

    def test_goes_by_the_credit_code_where_names_repeat(self, tmp_path):
        path = tmp_path / "list.csv"
        path.write_text("主体名称,统一社会信用代码\n甲店,A1\n甲店,A2\n", encoding="utf-8")
        assert sorted(run("draw", path, "--count", 2, "--seed", "s")["drawn"]) == ["A1", "A2"]

    def test_reads_a_workbook(self, tmp_path):
        book = openpyxl.Workbook()
        for cells in (["名称"], ["甲"], ["乙"]):
            book.active.append(cells)
        book.save(tmp_path / "list.xlsx")
        assert sorted(run("draw", tmp_path / "list.xlsx", "--count", 2, "--seed", "s")["drawn"]) == [
            "乙",
            "甲",
        ]

    def test_takes_a_single_column_without_a_heading_whole(self, tmp_path):
        path = tmp_path / "list.csv"
        path.write_text("甲店\n乙店\n", encoding="utf-8")
        assert run("draw", path, "--count", 1, "--seed", "s")["size"] == 2

    @pytest.mark.parametrize(
        ("name", "content", "count", "code"),
        [
            ("a.txt", "甲\n乙", 3, "L102"),
            ("a.txt", "甲\n乙", -1, "L103"),
            ("a.txt", "\n \n", 0, "L101"),
            ("a.csv", "", 0, "L101"),
            ("a.pdf", "甲", 1, "L105"),
            ("a.xlsx", "不是工作簿", 1, "L106"),
        ],
    )
    def test_refuses_what_cannot_be_drawn(self, tmp_path, name, content, count, code):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        assert run("draw", path, "--count", count, "--seed", "s", code=2)["code"] == code

    def test_refuses_a_file_that_is_not_there(self, tmp_path):
        assert run("draw", tmp_path / "none.txt", "--count", 1, "--seed", "s", code=2)["code"] == "L106"
