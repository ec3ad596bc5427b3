"""Merged headings: what page, workbook and Word document draw is the printed form's."""

from __future__ import annotations

import datetime as dt

import pytest

from xiejian.figures import tables
from xiejian.figures.tables import Block, head_blocks, side_blocks


def computed(name: str) -> tables.ComputedTable:
    return tables.compute(name, until=dt.date(2023, 6, 30))


def side(name: str, breaks: tuple[int, ...] = ()) -> list[Block]:
    table = computed(name)
    return side_blocks(table.rows, table.label_width, breaks)


@pytest.mark.django_db
class TestTheHeadingsOfTheRows:
    def test_a_heading_over_several_rows_is_merged_downwards(self):
        assert Block(4, 0, 3, 1, "无菌医疗器械") in side("naiman-2023-1")

    def test_a_heading_without_stage_spans_the_width(self):
        assert Block(0, 0, 1, 2, "医用口罩生产企业") in side("naiman-2023-1")

    def test_one_of_which_covers_all_its_parts(self):
        assert Block(2, 0, 4, 1, "其中") in side("naiman-2023-2")

    def test_a_product_covers_its_stages(self):
        assert Block(2, 1, 2, 1, "新冠病毒核酸检测试剂") in side("naiman-2023-2")

    def test_a_product_without_stage_spans_to_the_edge(self):
        assert Block(20, 1, 1, 2, "疫情防控医疗器械") in side("naiman-2023-2")

    def test_nothing_is_merged_over_a_page_break(self):
        broken = side("naiman-2023-2", breaks=(3,))
        assert [b for b in broken if b.text == "其中"][:2] == [
            Block(2, 0, 1, 1, "其中"),
            Block(3, 0, 3, 1, "其中"),
        ]

    @pytest.mark.parametrize(
        "name", ["naiman-2023-1", "naiman-2023-2", "monthly-inspection", "half-year", "annual"]
    )
    def test_every_place_is_covered_once(self, name):
        table = computed(name)
        covered = [
            (b.row + r, b.column + c)
            for b in side_blocks(table.rows, table.label_width)
            for r in range(b.height)
            for c in range(b.width)
        ]
        expected = [(r, c) for r in range(len(table.rows)) for c in range(table.label_width)]
        assert sorted(covered) == expected


@pytest.mark.django_db
class TestTheHeadingsOfTheColumns:
    def test_one_line_where_nothing_is_grouped(self):
        table = computed("naiman-2023-1")
        assert head_blocks(table.headings, table.label_heading, table.label_width)[:2] == [
            Block(0, 0, 1, 2, "整治项目"),
            Block(0, 2, 1, 1, "企业总数"),
        ]

    def test_two_lines_with_the_group_merged_over_its_columns(self):
        table = computed("monthly-inspection")
        blocks = head_blocks(table.headings, table.label_heading, table.label_width)
        assert Block(0, 4, 1, 5, "检查家次") in blocks

    def test_a_column_without_group_stands_two_lines_high(self):
        table = computed("monthly-inspection")
        blocks = head_blocks(table.headings, table.label_heading, table.label_width)
        assert Block(0, 2, 2, 1, "期末家数") in blocks
