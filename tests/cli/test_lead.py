"""xiejian lead and daily-report: the inbox and triage from the command line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from moment import NOW
from told import TODAY
from xiejian.cli.main import main
from xiejian.leads import actions
from xiejian.leads.actions import Entry
from xiejian.people.policy import SYSTEM


def run(*arguments):
    result = CliRunner().invoke(main, [*map(str, arguments), "--json"])
    return result.exit_code, json.loads(result.stdout)


@pytest.fixture
def lead(naiman):
    return actions.register_lead(
        entry=Entry("举报有人无证经营", TODAY, "热线"), office_code=naiman.code, by=SYSTEM, at=NOW
    )


class TestLeads:
    @pytest.mark.parametrize(("tab", "count"), [("all", 1), ("open", 1), ("new", 1), ("late", 0)])
    def test_they_are_listed_by_part(self, lead, tab, count):
        _, answer = run("lead", "list", "--tab", tab, "--on", TODAY)
        assert len(answer["leads"]) == count

    def test_a_text_is_triaged_without_being_stored(self, db):
        _, answer = run("lead", "triage", "--text", "买的血糖仪不准，要求退款")
        assert answer["kind"] == "投诉"

    def test_a_stored_lead_is_triaged_by_its_number(self, lead):
        _, answer = run("lead", "triage", lead.number)
        assert (answer["kind"], answer["topic"]) == ("举报", "unlicensed")

    @pytest.mark.parametrize(("asked", "problem"), [(["无此号"], "E108"), ([], "E101")])
    def test_what_cannot_be_triaged_is_a_problem(self, db, asked, problem):
        code, answer = run("lead", "triage", *asked)
        assert (code == 0, answer["code"]) == (False, problem)

    def test_the_day_is_told(self, lead, tmp_path):
        out = tmp_path / "日报.docx"
        _, answer = run("daily-report", "--on", TODAY, "--office", "150525", "--out", out)
        assert (answer["received"], answer["by_kind"], out.exists()) == (1, {"举报": 1}, True)


def test_the_timer_keeps_each_bureaus_day_once(naiman):
    answers = [
        CliRunner().invoke(main, ["daily-report", "--save", "--on", "2024-03-04", "--json"]) for _ in "12"
    ]
    assert [json.loads(answer.output)["kept"] for answer in answers] == [["150525"], []]
