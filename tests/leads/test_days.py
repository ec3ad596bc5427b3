"""The report of a day as it was kept."""

from __future__ import annotations

import datetime as dt

import pytest

from told import CALLER, TODAY
from xiejian.kernel.problems import Refused
from xiejian.leads import days
from xiejian.leads.models import DayReport
from xiejian.people.policy import Actor


@pytest.fixture
def keep(naiman, officer, now):
    return lambda **facts: days.keep_day(
        **{"office_code": naiman.code, "on": TODAY, "by": officer, "at": now} | facts
    )


def test_it_counts_what_the_day_brought(receive, keep):
    receive()
    assert keep()[0].content["received"] == 1


def test_it_stays_as_it_was_kept(receive, keep):
    keep()
    receive()
    report, made = keep()
    assert (made, report.content["received"], DayReport.objects.count()) == (False, 0, 1)


def test_nothing_of_who_told_us_is_in_it(receive, keep):
    receive(f"我是{CALLER.name}", identity=CALLER)
    assert CALLER.name not in str(keep()[0].content)


def test_a_day_to_come_is_refused(keep):
    with pytest.raises(Refused) as refused:
        keep(on=TODAY + dt.timedelta(days=1))
    assert refused.value.first.code == "E102"


def test_another_county_does_not_see_it(keep):
    keep()
    assert not days.kept(Actor("x", "外人", "522726", "section_officer")).exists()


def test_who_opened_it_is_noted_once(keep, handler, officer, now):
    report, _ = keep()
    for _ in range(2):
        days.read_day(report=report, officer=handler, by=officer, at=now)
    assert [row.officer for row in report.readings.all()] == [handler]
