"""The papers of a sample: what each says, and when it is there."""

from __future__ import annotations

import datetime as dt

import pytest
from docx import Document

from sampled import SHEET, Walk
from visiting import appoint, enrol
from xiejian.documents import papers, sample_papers
from xiejian.people.policy import SYSTEM
from xiejian.sampling import actions, queries

DAY = dt.date(2024, 5, 1)


@pytest.fixture
def walk(now):
    return Walk(SYSTEM, now)


@pytest.fixture
def draw(naiman, now):
    shop = enrol("安康医疗器械店", "150525100", now)
    team = [appoint("wang", "王检", "150525100", now), appoint("zhao", "赵检", "150525100", now)]

    def make(**facts):
        given = {"sheet": SHEET, "party": shop, "link": "经营", "kind": "县级抽检", "team": team}
        return actions.draw_sample(by=SYSTEM, at=now, **{**given, **facts})

    return make


def written(kind, sample, folder) -> str:
    """Everything that the Word file says."""
    path = folder / f"{kind}.docx"
    papers.write(sample_papers.make(kind, queries.sample(SYSTEM, sample.pk), on=DAY), path)
    document = Document(str(path))
    cells = [cell.text for table in document.tables for cell in table._cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


class TestTheSheet:
    def test_it_names_product_seal_and_both_samplers(self, draw, tmp_path):
        text = written("sheet", draw(), tmp_path)
        assert all(
            word in text for word in ("一次性使用医用口罩", "F0012", "王检", "赵检", "苏械注准20202141234")
        )

    def test_its_bureau_signs_for_the_station(self, draw, tmp_path):
        assert "奈曼旗市场监督管理局" in written("sheet", draw(), tmp_path)

    def test_what_was_paid_is_on_it_to_the_cent(self, draw, tmp_path):
        assert "100.00元" in written("sheet", draw(), tmp_path)


class TestTheResult:
    def test_of_a_failure_it_tells_of_the_right_to_a_retest_with_its_days(self, draw, walk, tmp_path):
        text = written("result", walk.to_result(draw(), "不符合规定"), tmp_path)
        assert "7个工作日内" in text and "细菌过滤效率" in text

    def test_of_a_drug_it_names_no_days_that_nobody_has_read(self, draw, walk, tmp_path):
        text = written("result", walk.to_result(draw(area="药品"), "不符合规定"), tmp_path)
        assert "复检申请" not in text

    def test_of_one_that_conforms_it_asks_for_nothing(self, draw, walk, tmp_path):
        text = written("result", walk.to_result(draw(), "符合规定"), tmp_path)
        assert "停止销售" not in text and "符合规定" in text


class TestWhichThereAre:
    def test_before_a_result_only_the_sheet(self, draw):
        assert list(sample_papers.available(draw())) == ["sheet"]

    def test_a_letter_only_about_a_failure(self, draw, walk):
        assert "letter" not in sample_papers.available(walk.to_result(draw(), "符合规定"))

    def test_a_letter_asks_the_makers_region(self, draw, walk, tmp_path):
        text = written("letter", walk.to_result(draw(), "不符合规定"), tmp_path)
        assert "某医疗用品有限公司所在地药品监督管理部门" in text
