"""Files of samples: read, loaded once, moved on, never put back."""

from __future__ import annotations

import datetime as dt

import pytest

from visiting import enrol
from xiejian.clocks.models import Clock
from xiejian.kernel.tabular import write_xlsx
from xiejian.sampling.importing import import_samples
from xiejian.sampling.models import Sample

ROW = {
    "抽样单编号": "JG-1", "主体名称": "安康医疗器械店", "抽样日期": "2024-01-05", "环节": "经营",
    "产品名称": "医用口罩",
}  # fmt: skip
TESTED = {
    "到样日期": "2024-01-10",
    "检验结论": "不合格",
    "不符合规定项目": "通气阻力",
    "报告日期": "2024-01-25",
}


@pytest.fixture
def load(shop, officer, now, tmp_path):
    """Imports rows given as changes to an ordinary one; the answer."""

    def take(*rows):
        path = tmp_path / "样品.xlsx"
        full = [{**ROW, **row} for row in rows]
        headings = list(dict.fromkeys(h for row in full for h in row))
        write_xlsx(path, "样品", headings, ([row.get(h) for h in headings] for row in full))
        return import_samples(path=path, by=officer, at=now)

    return take


class TestReading:
    def test_a_row_becomes_a_drawn_sample_of_the_office_of_its_place(self, load):
        load({})
        sample = Sample.objects.get()
        assert (sample.state, sample.office_code, sample.kind, sample.tags) == (
            "drawn", "150525100", "县级抽检", "|医用口罩|",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("dates", "state"),
        [
            ({"送检日期": "2024-01-06"}, "handed_over"),
            ({"到样日期": "2024-01-10"}, "received"),
            (TESTED, "reported"),
            ({**TESTED, "送达日期": "2024-01-28"}, "notified"),
            ({**TESTED, "复检结论": "合格", "复检结论日期": "2024-02-20"}, "final"),
            ({**TESTED, "处置完成日期": "2024-02-20"}, "disposed"),
            ({**TESTED, "办结日期": "2024-02-20"}, "closed"),
        ],
    )
    def test_its_dates_say_how_far_it_has_come(self, load, dates, state):
        load(dates)
        assert Sample.objects.get().state == state

    @pytest.mark.parametrize(
        ("row", "problem"),
        [
            ({"抽样日期": ""}, "K501"),
            ({"抽样日期": "2024-03-06"}, "K506"),
            ({"检验结论": "合格"}, "K501"),
            ({**TESTED, "检验结论": ""}, "K501"),
            ({**TESTED, "报告日期": "2024-01-06"}, "S205"),
            ({"抽样人员": "张三"}, "S203"),
            ({"抽样数量": "若干"}, "K504"),
            ({"主体名称": "没有的店"}, "R208"),
            ({"检验结论": "待定", "报告日期": "2024-01-25"}, "K502"),
        ],
    )
    def test_a_row_that_cannot_be_so_comes_back(self, load, row, problem):
        outcome = load(row)
        assert (outcome.loaded, [p["code"] for p in outcome.problems][:1]) == (0, [problem])

    def test_a_name_of_two_people_in_one_cell_is_two_people(self, load):
        load({"抽样人员": "张三 李四"})
        assert Sample.objects.get().samplers == "张三、李四"

    def test_the_maker_is_found_in_the_register(self, load, now):
        maker = enrol("某医疗用品有限公司", "150525", now, link="生产")
        load({"标示生产企业": maker.name})
        assert Sample.objects.get().maker_party == maker

    def test_what_the_form_does_not_know_is_kept(self, load):
        load({"天气": "晴"})
        assert Sample.objects.get().extra == {"天气": "晴"}


class TestAgain:
    def test_the_same_file_changes_nothing(self, load):
        load(TESTED)
        outcome = load(TESTED)
        assert (outcome.unchanged, outcome.loaded, Sample.objects.count()) == (1, 0, 1)

    def test_later_dates_move_it_on(self, load):
        load({})
        load(TESTED)
        assert Sample.objects.get().state == "reported"

    def test_a_file_does_not_put_back_what_went_further_here(self, load):
        load({**TESTED, "送达日期": "2024-01-28"})
        Sample.objects.update(state="retesting")
        load({**TESTED, "送达日期": "2024-01-28", "备注": "补录"})
        assert Sample.objects.get().state == "retesting"


class TestClocks:
    def test_a_served_failure_runs_its_days_for_a_retest(self, load):
        load({**TESTED, "送达日期": "2024-01-28"})
        due = Clock.objects.get(subject="sample", name="retest").due_legal
        assert due == dt.date(2024, 2, 5)

    def test_a_closed_one_runs_none(self, load):
        load({**TESTED, "送达日期": "2024-01-28", "办结日期": "2024-02-20"})
        assert not Clock.objects.exists()

    def test_nor_does_one_that_conforms(self, load):
        load({**TESTED, "检验结论": "合格"})
        assert not Clock.objects.exists()
