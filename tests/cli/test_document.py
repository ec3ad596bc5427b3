"""xiejian document: the Word file, the JSON answer, and problems with exit code 2."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from docx import Document

from beilun import CODE, YEAR_END, record_2009
from moment import NOW
from visiting import enrol
from xiejian.cli.main import main
from xiejian.inspections.models import Visit
from xiejian.people import actions
from xiejian.people.policy import SYSTEM


@pytest.fixture
def office(db):
    office = actions.open_office(code=CODE, name="北仑分局", packs=["beilun"], by=SYSTEM, at=YEAR_END)
    record_2009()
    return office


def run(*words: str):
    result = CliRunner().invoke(main, ["document", *words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


class TestSummary:
    def test_is_written_with_its_figures(self, office, tmp_path):
        out = tmp_path / "summary.docx"
        answer = json.loads(
            run("summary", "--year", "2009", "--office", CODE, "--out", str(out), "--json").stdout
        )
        assert answer["figures"]["distributors_contact_lens"]["value"] == "18"
        assert "隐形眼镜及护理液经营企业18家" in "".join(p.text for p in Document(str(out)).paragraphs)

    def test_takes_the_only_office_when_none_is_named(self, office, tmp_path):
        result = run("summary", "--year", "2009", "--out", str(tmp_path / "s.docx"), "--json")
        assert json.loads(result.stdout)["title"].startswith("北仑分局2009年")

    def test_works_before_any_office_is_set_up(self, db, tmp_path):
        record_2009()
        result = run("summary", "--year", "2009", "--out", str(tmp_path / "s.docx"), "--json")
        assert json.loads(result.stdout)["title"].startswith("北仑区市场监督管理局2009年")


def test_the_next_plan_is_dated_a_year_on(office, tmp_path):
    result = run("next-plan", "--year", "2009", "--out", str(tmp_path / "p.docx"), "--json")
    assert json.loads(result.stdout)["title"] == "北仑分局2010年医疗器械监管工作计划"


class TestUnusableInput:
    @pytest.mark.parametrize(
        "words, code",
        [
            (("poem", "--year", "2009"), "D101"),
            (("campaign-order", "--year", "2009"), "D104"),
            (("summary", "--year", "2999"), "D103"),
            (("summary", "--year", "2009", "--office", "999999"), "D102"),
        ],
    )
    def test_is_a_problem_with_exit_code_2(self, office, tmp_path, words, code):
        result = run(*words, "--out", str(tmp_path / "x.docx"), "--json")
        assert (result.exit_code, json.loads(result.stdout)["code"]) == (2, code)

    def test_leaves_no_file_behind(self, office, tmp_path):
        run("poem", "--year", "2009", "--out", str(tmp_path / "x.docx"), "--json")
        assert list(tmp_path.iterdir()) == []

    def test_refuses_a_file_that_is_not_a_word_document(self, office, tmp_path):
        result = run("summary", "--year", "2009", "--out", str(tmp_path / "x.pdf"), "--json")
        assert (result.exit_code, json.loads(result.stdout)["code"]) == (2, "D105")


class TestPapersOfAVisit:
    @pytest.fixture
    def visit(self, naiman):
        shop = enrol("明眸眼镜店", "150525100", NOW)
        return Visit.objects.create(
            number="奈械检〔2024〕1号", party=shop, link="经营", kind="日常检查", office_code="150525100",
            state="concluded", visited_on=NOW.date(), conclusion="符合", inspectors="王检、赵检",
        )  # fmt: skip

    def test_the_record_is_found_by_its_number(self, visit, tmp_path):
        out = tmp_path / "record.docx"
        answer = json.loads(run("record", "--visit", visit.number, "--out", str(out), "--json").stdout)
        assert (answer["number"], out.exists()) == (visit.number, True)

    def test_a_result_gets_its_number_when_asked_to(self, visit, tmp_path):
        words = ("result", "--visit", visit.number, "--out", str(tmp_path / "a.docx"), "--json")
        before, after = (json.loads(run(*words, *more).stdout)["number"] for more in ((), ("--issue",)))
        assert (before, after.endswith("号")) == ("", True)

    def test_an_unknown_number_is_refused(self, visit, tmp_path):
        result = run("notice", "--correction", "无此文号", "--out", str(tmp_path / "a.docx"), "--json")
        assert (result.exit_code, json.loads(result.stdout)["code"]) == (2, "D106")
