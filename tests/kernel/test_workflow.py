"""A workflow table says what may follow what, and refuses the rest with the choices that exist."""

from __future__ import annotations

import pytest

from xiejian.kernel import workflow
from xiejian.kernel.problems import Refused

TABLE = """
subject = "correction"
start = "ordered"
[states]
ordered = "已责令"
submitted = "已提交整改"
closed = "已办结"
[[transition]]
action = "submit"
label = "提交整改报告"
from = ["ordered"]
to = "submitted"
permission = "inspections.visit"
[[transition]]
action = "close"
label = "办结"
from = ["submitted"]
to = "closed"
permission = "inspections.visit"
"""


def table(tmp_path, text=TABLE):
    path = tmp_path / "workflow.toml"
    path.write_text(text, encoding="utf-8")
    return workflow.load(path)


class TestStep:
    def test_a_line_of_the_table_leads_on(self, tmp_path):
        assert table(tmp_path).step("ordered", "submit") == "submitted"

    def test_a_missing_line_is_refused_with_the_choices(self, tmp_path):
        with pytest.raises(Refused) as refused:
            table(tmp_path).step("ordered", "close", where="奈改〔2023〕1号")
        problem = refused.value.first
        assert problem.code == "K101"
        assert "提交整改报告" in problem.next
        assert problem.where == "奈改〔2023〕1号"

    def test_an_unknown_action_is_refused(self, tmp_path):
        with pytest.raises(Refused) as refused:
            table(tmp_path).step("ordered", "burn")
        assert refused.value.first.code == "K102"

    def test_nothing_leads_out_of_a_final_state(self, tmp_path):
        assert table(tmp_path).finals == {"closed"}


class TestLoading:
    def test_a_transition_to_an_unknown_state_is_no_table(self, tmp_path):
        with pytest.raises(ValueError, match="unknown state"):
            table(tmp_path, TABLE.replace('to = "closed"', 'to = "lost"'))

    def test_the_same_action_twice_from_one_state_is_no_table(self, tmp_path):
        with pytest.raises(ValueError, match="leaves ordered twice"):
            table(
                tmp_path,
                TABLE.replace('from = ["submitted"]', 'from = ["ordered"]').replace('"close"', '"submit"'),
            )

    def test_a_state_that_nothing_leads_to_is_no_table(self, tmp_path):
        with pytest.raises(ValueError, match="nothing leads to"):
            table(tmp_path, TABLE.replace('closed = "已办结"', 'closed = "已办结"\nlost = "丢失"'))


def test_the_diagram_shows_every_state_and_line(tmp_path):
    drawing = table(tmp_path).mermaid()
    assert "ordered --> submitted: 提交整改报告" in drawing
    assert "closed --> [*]" in drawing
