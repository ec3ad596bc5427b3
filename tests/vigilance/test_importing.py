"""Files of reports: twice is once, a bad row comes back with its reason, no patient is named."""

from __future__ import annotations

import pytest

from visiting import enrol
from xiejian.clocks.models import Clock
from xiejian.vigilance.importing import import_events
from xiejian.vigilance.models import AdverseEvent

HEAD = "报告编号,主体名称,报告日期,产品名称,批号,事件发生日期,伤害程度,伤害表现,器械故障表现,患者姓名,病区\n"
GOOD = "E1,奈曼旗人民医院,2024-03-04,输液器,A1,2024-03-01,严重,寒战,接头渗漏,某某,三病区\n"


@pytest.fixture
def load(naiman, officer, now, tmp_path):
    enrol("奈曼旗人民医院", "150525100", now, link="使用")

    def run(rows):
        path = tmp_path / "events.csv"
        path.write_text(HEAD + rows, encoding="utf-8")
        return import_events(path=path, by=officer, at=now)

    return run


def test_a_row_becomes_a_report_with_its_clocks(load):
    assert load(GOOD).loaded == 1
    row = AdverseEvent.objects.get()
    assert (row.harm, row.term, row.found_on, row.state) == ("严重伤害", "leak", row.event_on, "submitted")
    running = {c.name: c.state for c in Clock.objects.filter(subject="adverseevent")}
    assert running == {"report": Clock.DONE, "review": Clock.RUNNING}


def test_no_patient_is_named(load):
    load(GOOD)
    assert AdverseEvent.objects.get().extra == {"病区": "三病区"}


def test_twice_is_once(load):
    load(GOOD)
    assert load(GOOD).as_json()["unchanged"] == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [(("A1", ""), "J105"), (("2024-03-01", "2024-03-05"), "J103"), (("严重", "很重"), "K502"),
     (("寒战", ""), "K501"), (("奈曼旗人民医院", "某医院"), "R")],
)  # fmt: skip
def test_a_bad_row_comes_back_with_its_reason(load, change, code):
    outcome = load(GOOD.replace(*change))
    assert outcome.rejected == 1
    assert outcome.problems[0]["code"].startswith(code)


def test_one_event_of_two_hospitals_stays_two_reports(load, now):
    enrol("奈曼旗蒙医院", "150525100", now, link="使用")
    load(GOOD + GOOD.replace("E1", "E2").replace("人民医院", "蒙医院"))
    assert AdverseEvent.objects.count() == 2
