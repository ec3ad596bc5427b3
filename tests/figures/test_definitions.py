"""Definitions that do not hold together are refused when they are read, by name."""

from __future__ import annotations

import re

import pytest

from xiejian.figures import definitions, forms

MEASURE = """
[shops]
label = "经营企业"
meaning = "在册经营企业数"
facts = "party_links"
aggregate = "count"
unit = "家"
when = { link = "经营" }
[[shops.example]]
from = 2023-01-01
until = 2023-12-31
facts = []
answer = 0
"""
TABLE = """
title = "表"
citation = "文件"
period = "month"
label_heading = "对象"
label_width = 2
[[column]]
id = "visits"
label = "检查家次"
measure = "f03_visits"
[[row]]
id = "D"
label = ["经营", "合计"]
span = [1, 1]
when = { link = "经营" }
[[check]]
id = "CK-8"
kind = "plain"
level = "error"
message = "不对"
"""


@pytest.fixture
def written(tmp_path):
    def write(text: str, *changes: tuple[str, str]):
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        path = tmp_path / "own.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


class TestAMeasure:
    def test_that_is_complete_is_read(self, written):
        assert list(definitions.read_measures(written(MEASURE))) == ["shops"]

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            (('meaning = "在册经营企业数"', ""), "meaning"),
            (('unit = "家"', ""), "meaning and unit"),
            (('facts = "party_links"', 'facts = "cars"'), "no fact table cars"),
            (('aggregate = "count"', 'aggregate = "average"'), "aggregate is one of"),
            (('aggregate = "count"', 'aggregate = "sum"'), "name a column in 'of'"),
            (('aggregate = "count"', 'aggregate = "sum"\nof = "colour"'), "no column colour"),
            (('unit = "家"', 'unit = "家"\nperiod = "link"'), "period is a date column"),
            (('unit = "家"', 'unit = "家"\ncolour = "red"'), "colour"),
            (("[[shops.example]]", "[[shops.story]]"), "story"),
        ],
    )
    def test_that_does_not_hold_together_is_refused(self, written, change, why):
        with pytest.raises(ValueError, match=re.escape(why)):
            definitions.read_measures(written(MEASURE, change))

    def test_without_an_example_is_refused(self, written):
        path = written(MEASURE[: MEASURE.index("[[shops.example]]")])
        with pytest.raises(ValueError, match="drawn example"):
            definitions.read_measures(path)


class TestATable:
    def test_that_is_complete_is_read(self, written):
        assert forms.read(written(TABLE)).rows[0].label == ("经营", "合计")

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            (("f03_visits", "f99"), "names no measure"),
            (("span = [1, 1]", "span = [1, 2]"), "do not fill the width"),
            (("span = [1, 1]", 'span = [1, 1]\nparent = "X"'), "unknown parent X"),
            (('period = "month"', 'period = "moon"'), "period is one of"),
            (('kind = "plain"', 'kind = "fancy"'), "unknown kind or level"),
            (('kind = "plain"', 'kind = "plain"\nleft = "F99"'), "unknown columns ['F99']"),
            (('title = "表"', 'title = "表"\ncolour = "red"'), "colour"),
            (
                ("[[check]]", '[settings.x]\nlabel = "口径"\ndefault = "a"\nchoices = {}\n[[check]]'),
                "no choice a",
            ),
        ],
    )
    def test_that_does_not_hold_together_is_refused(self, written, change, why):
        with pytest.raises(ValueError, match=re.escape(why)):
            forms.read(written(TABLE, change))

    def test_every_row_of_every_table_can_be_asked_of_every_column(self):
        broken = []
        for form in forms.forms().values():
            for column in form.columns:
                measure = definitions.measures().get(column.measure)
                for part in (measure.ratio or (measure.id,)) if measure else ():
                    facts = definitions.measure(part).facts
                    names = {c.name for c in definitions.fact_table(facts).columns}
                    wanted = {*column.when, *(name for row in form.rows for name in row.when)}
                    broken += [(form.id, column.id, name) for name in wanted - names]
        assert broken == []
