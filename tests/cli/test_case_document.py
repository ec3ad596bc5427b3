"""xiejian document case: a draft, an issued paper, and what is missing with exit code 2."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from docx import Document

from moment import NOW
from visiting import enrol
from xiejian.cases.models import Case, CasePaper
from xiejian.cli.main import main

NUMBER = "奈市监械罚〔2024〕3号"


@pytest.fixture
def case(naiman) -> Case:
    party = enrol("某眼镜店", "150525100", NOW)
    return Case.objects.create(
        number=NUMBER, party=party, link="经营", filed_on=NOW.date(), conduct="未查验供货者资质",
        office_code="150525",
    )  # fmt: skip


def run(*words: str):
    return CliRunner().invoke(main, ["document", "case", "--case", NUMBER, *words])


def test_a_draft_says_what_the_case_knows(case, tmp_path):
    out = tmp_path / "draft.docx"
    answer = json.loads(run("--paper", "inquiry_notice", "--out", str(out), "--json").stdout)
    assert (answer["version"], answer["draft"]) == (0, "草稿，尚未出具")
    assert "涉嫌未查验供货者资质一案" in "".join(p.text for p in Document(str(out)).paragraphs)


def test_a_paper_is_issued_with_what_is_given(case, tmp_path):
    given = ["--value", "began=2024-03-06T09:00", "--value", "place=执法大队", "--issue"]
    answer = json.loads(
        run("--paper", "inquiry_notice", *given, "--out", str(tmp_path / "n.docx"), "--json").stdout
    )
    assert answer["number"] == CasePaper.objects.get().number


@pytest.mark.parametrize(
    ("words", "code"), [(["--paper", "inquiry_notice", "--issue"], "C602"), (["--paper", "none"], "C601")]
)
def test_what_is_wrong_is_said_with_exit_code_2(case, tmp_path, words, code):
    result = run(*words, "--out", str(tmp_path / "n.docx"), "--json")
    assert (result.exit_code, code in result.output) == (2, True)
