"""A workbook of an office's own points: loaded or returned row by row, and twice is once."""

from __future__ import annotations

import datetime as dt

import pytest
from openpyxl import Workbook, load_workbook

from xiejian.inspections.models import OwnPoint
from xiejian.inspections.own_point_files import OWN_POINT_COLUMNS, import_own_points
from xiejian.kernel.problems import Refused

GOOD = {"检查表": "contact-lens", "检查内容": "专柜有标识", "依据": "旗局工作提示"}


@pytest.fixture
def load(tmp_path, officer, now):
    def make(*rows, **changes):
        book = Workbook()
        headings = [c.heading for c in OWN_POINT_COLUMNS]
        book.active.append(headings)
        for row in rows:
            book.active.append([row.get(h) for h in headings])
        path = tmp_path / "points.xlsx"
        book.save(path)
        return import_own_points(**{"path": path, "by": officer, "at": now, **changes})

    return make


class TestAFile:
    def test_is_loaded_for_the_office_that_brings_it(self, load, naiman):
        assert load(GOOD).loaded == 1
        point = OwnPoint.objects.get()
        assert (point.number, point.office_code, point.from_on) == (
            "补150525-1",
            "150525",
            dt.date(2024, 3, 5),
        )

    def test_may_name_the_checklist_by_its_title(self, load):
        load({**GOOD, "检查表": "医疗器械使用质量管理检查表"})
        assert OwnPoint.objects.get().checklist == "use"

    def test_says_to_whom_a_point_applies(self, load):
        load({**GOOD, "管理类别": "Ⅲ类", "经营方式": "批发、零售", "品种标签": "冷链", "关键项": "是"})
        point = OwnPoint.objects.get()
        assert point.when == {"classes": ["3"], "mode": ["批发", "零售"], "tags": ["冷链"]}
        assert point.key

    def test_twice_is_once(self, load):
        load(GOOD, {**GOOD, "检查内容": "第二项"})
        again = load(GOOD, {**GOOD, "检查内容": "第二项"})
        assert (again.loaded, again.unchanged, OwnPoint.objects.count()) == (0, 2, 2)

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"检查表": "nothing"}, "I502"),
            ({"检查内容": ""}, "K501"),
            ({"依据": ""}, "K501"),
            ({"关键项": "也许"}, "K503"),
            ({"管理类别": "甲类"}, "K502"),
            ({"经营方式": "直销"}, "K502"),
            ({"机构代码": "999999"}, "I510"),
            ({"机构代码": "150522"}, "I511"),
            ({"启用日期": "某日"}, "K301"),
        ],
    )
    def test_returns_a_row_that_cannot_be_used_and_loads_the_rest(self, load, changes, code):
        done = load(GOOD, {**GOOD, "检查内容": "第二项", **changes})
        assert (done.loaded, done.rejected) == (1, 1)
        assert done.problems[0]["code"] == code

    def test_returned_can_be_mended_and_loaded_again(self, load):
        done = load({**GOOD, "检查表": "nothing"})
        headings = [cell.value for cell in load_workbook(done.rejects_file).active[1]]
        assert {c.heading for c in OWN_POINT_COLUMNS} <= set(headings)

    def test_is_not_for_every_inspector(self, load, inspector):
        with pytest.raises(Refused) as refused:
            load(GOOD, by=inspector)
        assert refused.value.first.code == "P101"

    def test_asks_the_same_queries_for_many_rows(self, load, django_assert_max_num_queries):
        load(*({**GOOD, "检查内容": f"第{n}项"} for n in range(2)))
        with django_assert_max_num_queries(12):  # PostgreSQL locks the audit chain besides
            load(*({**GOOD, "检查内容": f"新{n}项"} for n in range(40)))
