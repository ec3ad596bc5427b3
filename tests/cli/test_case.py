"""xiejian case: the same path as on the pages, from JSON facts and in somebody's name."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from proceeding_walk import Team
from visiting import enrol
from xiejian.cases.models import Case, Proceeding
from xiejian.cli.main import main

CLUE = {
    "party": "某隐形眼镜店", "conduct": "未经许可经营第三类医疗器械", "source": "监督检查",
    "source_on": "2024-03-05", "link": "经营",
}  # fmt: skip


@pytest.fixture
def run(tmp_path, naiman, now):
    """Runs a command in somebody's name; facts go into a file."""
    team = Team(now)
    enrol("某隐形眼镜店", "150525100", now)

    def go(*words: str, facts: dict | None = None, by: str = team.first.username):
        file = tmp_path / "facts.json"
        file.write_text(json.dumps(facts or {}))
        more = ["--facts", str(file), "--by", by] if facts is not None else []
        answer = CliRunner().invoke(main, ["case", *words, *more, "--json"])
        return answer.exit_code, json.loads(answer.stdout)

    return go


@pytest.fixture
def number(run) -> str:
    return run("register", facts=CLUE)[1]["number"]


class TestCase:
    def test_is_filed_with_its_investigators_by_the_head(self, run, number):
        run("step", number, "assign_investigators", facts={"officers": ["jia", "yi"], "on": "2024-03-05"})
        code, answer = run("step", number, "file_proceeding", facts={"on": "2024-03-06"}, by="ding")
        assert (code, answer["state"], Case.objects.get().number) == (0, "investigating", answer["case"])

    def test_takes_goods_as_a_list(self, run, number):
        item = {"name": "软性角膜接触镜", "quantity": "20", "unit": "盒"}
        facts = {"kind": "seizure", "taken_at": "2024-03-05T09:00", "content": "防止转移", "items": [item]}
        code, _ = run("step", number, "take_measure", facts=facts)
        assert (code, Proceeding.objects.get().measures.get().items.get().name) == (0, "软性角膜接触镜")

    def test_refuses_a_step_that_the_state_does_not_allow(self, run, number):
        code, answer = run("step", number, "decide_proceeding", facts={"on": "2024-03-06"}, by="ding")
        assert (code, answer["code"]) == (2, "K101")

    @pytest.mark.parametrize(
        ("action", "facts", "by"),
        [("fly", {}, "jia"), ("file_proceeding", {"wings": 2}, "jia"), ("file_proceeding", {}, "nobody")],
    )
    def test_says_what_it_cannot_use(self, run, number, action, facts, by):
        assert run("step", number, action, facts=facts, by=by)[1]["code"] == "C426"

    def test_shows_what_may_be_done_and_what_runs(self, run, number):
        answer = run("show", number)[1]
        assert [c["rule"] for c in answer["clocks"]] == ["CS-1"]
        assert "take_measure" in [step["step"] for step in answer["next"]]

    def test_is_on_the_list_while_open(self, run, number):
        assert [row["number"] for row in run("list")[1]["cases"]] == [number]

    def test_that_is_not_there_says_so(self, run, number):
        assert run("show", "无此案")[1]["code"] == "C425"
