"""xiejian online and assistance: offers and letters from the command line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from moment import NOW
from offers import TODAY, find, send_list
from xiejian.assistance import actions
from xiejian.assistance.actions import Letter
from xiejian.cli.main import main
from xiejian.people.policy import SYSTEM


def run(*arguments):
    result = CliRunner().invoke(main, [*map(str, arguments), "--json"])
    return result.exit_code, json.loads(result.stdout)


@pytest.fixture
def offer(naiman):
    return find(send_list(SYSTEM), SYSTEM, claim="无效退款")


class TestOffers:
    @pytest.mark.parametrize(("tab", "count"), [("check", 1), ("due", 1), ("report", 0), ("all", 1)])
    def test_a_new_offer_is_on_its_tabs(self, offer, tab, count):
        code, answer = run("online", "list", "--tab", tab, "--on", "2024-03-19")
        assert (code, len(answer["listings"]), answer["counts"]["total"]) == (0, count, 1)

    def test_its_marks_are_in_the_answer(self, offer):
        marks = run("online", "list")[1]["listings"][0]["marks"]
        assert "OC-7" in {mark["rule"] for mark in marks}


class TestScreening:
    def test_a_text_is_screened_without_a_store(self):
        code, answer = run("online", "screen", "--text", "一个疗程根治鼻炎")
        assert (code, [m["rule"] for m in answer["texts"][0]["marks"]]) == (0, ["OC-1"])

    def test_a_file_is_screened_line_by_line(self, tmp_path):
        path = tmp_path / "宣传.txt"
        path.write_text("无效退款\n\n第一类医疗器械\n", "utf-8")
        texts = run("online", "screen", path)[1]["texts"]
        assert [bool(one["marks"]) for one in texts] == [True, False]

    def test_nothing_to_screen_is_refused(self):
        assert CliRunner().invoke(main, ["online", "screen", "--json"]).exit_code == 2


def test_letters_are_listed_with_their_day(naiman):
    letter = Letter("杭州市某区局", "网售线索", "核实经营单位", TODAY)
    actions.register_request(direction="收到", letter=letter, office_code=naiman.code, by=SYSTEM, at=NOW)
    code, answer = run("assistance", "list", "--on", "2024-03-27")
    assert (code, answer["requests"][0]["due"], answer["counts"]["overdue"]) == (0, "2024-03-26", 1)
