"""Every judgement rule on both sides of its boundaries, as written down beside the rules."""

from __future__ import annotations

import pytest

from xiejian.inspections import judgement_examples as examples
from xiejian.kernel.problems import Refused

SHIPPED = examples.load_all()
GOOD = """
[[example]]
name = "一项不符合"
rule = "J-2"
on = 2024-03-05
general_failed = 1
row = "J-2b"
conclusion = "限期整改"
citation = "218号文"
"""


def load(tmp_path, text):
    path = tmp_path / "judgements.examples.toml"
    path.write_text(text, encoding="utf-8")
    return examples.load(path)


class TestShipped:
    @pytest.mark.parametrize("example", SHIPPED, ids=lambda e: e.name)
    def test_comes_out_as_written(self, example):
        assert examples.check(example) == []

    def test_come_by_every_row(self):
        assert examples.uncovered(SHIPPED) == []


class TestChecking:
    @pytest.mark.parametrize(
        ("was", "becomes", "why"),
        [
            ("general_failed = 1", "general_failed = 0", "J-2b"),
            ('row = "J-2b"', 'row = "J-2a"', "J-2a"),
            ('conclusion = "限期整改"', 'conclusion = "停产整改"', "停产整改"),
            ('citation = "218号文"', 'citation = "218号文"\ndue = 2024-04-04', "2024-04-04"),
            ("on = 2024-03-05", "on = 2026-11-01", "未核实"),
            ('rule = "J-2"', 'rule = "J-9"', "J-9"),
        ],
    )
    def test_says_what_differs(self, tmp_path, was, becomes, why):
        problems = examples.check(load(tmp_path, GOOD.replace(was, becomes))[0])
        assert [p.code for p in problems][:1] == ["I509"]
        assert any(why in p.message for p in problems)

    def test_misses_a_row_without_example(self, tmp_path):
        assert any("J-1a" in p.message for p in examples.uncovered(load(tmp_path, GOOD)))

    @pytest.mark.parametrize(
        ("was", "becomes"), [('citation = "218号文"', ""), ("on =", "day ="), ('rule = "J-2"', "")]
    )
    def test_refuses_an_example_that_cannot_be_read(self, tmp_path, was, becomes):
        with pytest.raises(Refused, match="示例"):
            load(tmp_path, GOOD.replace(was, becomes))
