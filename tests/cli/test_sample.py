"""xiejian sample: plans, sheets and every step from the command line, on the store."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from click.testing import CliRunner

from visiting import appoint, enrol
from xiejian.cli.main import main
from xiejian.kernel.tabular import write_xlsx
from xiejian.sampling.models import Sample, SamplingPlan


def run(*arguments):
    """Exit code and the JSON answer."""
    result = CliRunner().invoke(main, ["sample", *map(str, arguments), "--json"])
    return result.exit_code, json.loads(result.stdout)


@pytest.fixture
def shop(naiman, now):
    for username, name in (("wang", "王检"), ("zhao", "赵检")):
        appoint(username, name, "150525100", now)
    return enrol("安康医疗器械店", "150525100", now, tags="|医用口罩|", uscc="91150525MA0000001X")


@pytest.fixture
def workbook(tmp_path):
    path = tmp_path / "任务.xlsx"
    rows = [["医用口罩", 3, "2024-06-30", "150525100", "经营"], ["血糖试纸", 2, "2024年9月30日", "", ""]]
    write_xlsx(path, "任务", ["品种", "批次", "完成期限", "承担机构代码", "环节"], rows)
    return path


@pytest.fixture
def make(naiman, workbook):
    def asked(*more, lines=workbook):
        return run(
            "plan", "make", "--title", "2024年监督抽检", "--kind", "县级抽检", "--year", 2024, "--office",
            naiman.code, "--lines", lines, *more,
        )  # fmt: skip

    return asked


@pytest.fixture
def facts(tmp_path):
    def write(**given):
        path = tmp_path / "facts.json"
        path.write_text(json.dumps(given, ensure_ascii=False), encoding="utf-8")
        return path

    return write


@pytest.fixture
def drawn(shop, facts):
    given = {
        "party": shop.uscc, "link": "经营", "kind": "县级抽检", "team": ["wang", "zhao"],
        "product_name": "医用口罩", "sampled_on": "2024-03-05", "quantity": 50, "seals": "F1", "lot": "A1",
        "maker": "某医疗用品有限公司",
    }  # fmt: skip
    code, answer = run("draw", "--facts", facts(**given))
    assert code == 0, answer
    return answer["number"]


class TestPlan:
    def test_it_is_made_from_a_workbook(self, make):
        code, answer = make()
        assert (code, [(n["product"], n["planned"], n["office"]) for n in answer["lines"]]) == (
            0, [("医用口罩", 3, "150525100"), ("血糖试纸", 2, "150525")],
        )  # fmt: skip

    def test_it_may_be_handed_down_at_once(self, make):
        _, answer = make("--issue")
        assert answer["state"] == "issued"

    def test_a_row_that_cannot_be_read_takes_no_plan(self, make, tmp_path):
        path = tmp_path / "错.xlsx"
        write_xlsx(path, "任务", ["品种", "批次", "完成期限"], [["口罩", "若干", "2024-06-30"]])
        code, answer = make(lines=path)
        assert (code, answer["code"], SamplingPlan.objects.count()) == (2, "K504", 0)

    def test_its_board_counts_what_was_drawn(self, make, drawn):
        _, made = make("--issue")
        Sample.objects.update(line=made["lines"][0]["line"])
        _, answer = run("plan", "board", made["plan"])
        assert (answer["total"]["planned"], answer["total"]["drawn"]) == (5, 1)

    def test_an_unknown_one_is_a_problem(self, db):
        code, answer = run("plan", "board", 999)
        assert (code, answer["code"]) == (2, "S110")

    def test_a_lot_is_arranged_at_a_party(self, make, shop):
        _, made = make("--issue")
        code, answer = run(
            "plan", "assign", made["lines"][0]["line"], "--party", shop.name, "--on", "2024-05-20"
        )
        assert (code, answer["state"], answer["party"]) == (0, "planned", shop.name)


class TestDraw:
    def test_the_sheet_of_an_arranged_lot_is_filled_in(self, make, shop, facts):
        _, made = make("--issue")
        _, planned = run(
            "plan", "assign", made["lines"][0]["line"], "--party", shop.name, "--on", "2024-05-20"
        )
        given = {
            "sample": planned["number"], "team": ["wang", "zhao"], "product_name": "口罩", "lot": "A",
            "sampled_on": "2024-03-05", "quantity": 5, "seals": "F2",
        }  # fmt: skip
        code, answer = run("draw", "--facts", facts(**given))
        assert (code, answer["number"], answer["state"]) == (0, planned["number"], "drawn")

    def test_a_party_that_is_not_on_the_register_is_a_problem(self, shop, facts):
        given = {
            "party": "没有的店", "team": ["wang", "zhao"], "product_name": "口罩", "lot": "A", "link": "经营",
            "kind": "县级抽检", "sampled_on": "2024-03-05", "quantity": 5, "seals": "F2",
        }  # fmt: skip
        code, answer = run("draw", "--facts", facts(**given))
        assert (code, answer["code"]) == (2, "S215")

    def test_a_sheet_is_filled_in(self, drawn):
        sample = Sample.objects.get(number=drawn)
        assert (sample.state, sample.samplers, sample.sampled_on) == (
            "drawn", "王检、赵检", dt.date(2024, 3, 5),
        )  # fmt: skip

    def test_what_is_missing_is_named(self, shop, facts):
        code, answer = run("draw", "--facts", facts(party=shop.uscc, product_name="口罩"))
        assert (code, answer["code"], "seals" in answer["message"]) == (2, "S508", True)

    def test_a_field_that_it_does_not_know_is_named(self, shop, facts):
        given = {
            "product_name": "口罩",
            "sampled_on": "2024-03-05",
            "quantity": 1,
            "seals": "F",
            "team": ["wang"],
        }
        code, answer = run("draw", "--facts", facts(**given, weather="晴"))
        assert (code, "weather" in answer["message"]) == (2, True)


class TestSteps:
    def test_a_sample_is_taken_to_its_result(self, drawn, facts):
        run("step", drawn, "hand_over_sample", "--facts", facts(on="2024-03-06", laboratory="省所"))
        run("step", drawn, "receive_sample", "--facts", facts(on="2024-03-08"))
        code, answer = run(
            "record-result", drawn, "--result", "不符合规定", "--on", "2024-03-25", "--report-no", "QX1",
            "--failed-items", "通气阻力",
        )  # fmt: skip
        assert (code, answer["state"], answer["outcome"]) == (0, "reported", "不符合规定")

    def test_a_step_out_of_turn_is_refused(self, drawn, facts):
        code, answer = run("step", drawn, "receive_sample", "--facts", facts(on="2024-03-08"))
        assert (code, answer["code"]) == (2, "K101")

    def test_what_a_step_needs_is_named(self, drawn):
        code, answer = run("step", drawn, "hand_over_sample")
        assert (code, "laboratory" in answer["message"]) == (2, True)

    def test_an_unknown_step_is_a_problem(self, drawn):
        code, answer = run("step", drawn, "forget")
        assert (code, answer["code"]) == (2, "S507")

    def test_an_unknown_sample_is_a_problem(self, db):
        code, answer = run("step", "无此号", "close_sample")
        assert (code, answer["code"]) == (2, "S506")

    def test_somebody_without_the_right_is_refused(self, drawn, facts, now):
        code, answer = run(
            "step", drawn, "hand_over_sample", "--facts", facts(on="2024-03-06", laboratory="省所"),
            "--by", "nobody",
        )  # fmt: skip
        assert (code, answer["code"]) == (2, "S508")


class TestList:
    def test_open_samples_are_listed(self, drawn):
        _, answer = run("list", "--tab", "open")
        assert [row["number"] for row in answer["samples"]] == [drawn]

    def test_failed_ones_apart(self, drawn):
        _, answer = run("list", "--tab", "failed")
        assert (answer["samples"], answer["counts"]["total"]) == ([], 1)


class TestPaper:
    def test_the_sheet_is_a_word_document(self, drawn, tmp_path):
        out = tmp_path / "抽样单.docx"
        code, _ = run("paper", drawn, "sheet", "--out", out)
        assert (code, out.read_bytes()[:2]) == (0, b"PK")

    def test_there_is_no_letter_before_a_failure(self, drawn, tmp_path):
        code, answer = run("paper", drawn, "letter", "--out", tmp_path / "函.docx")
        assert (code, answer["code"]) == (2, "S508")
