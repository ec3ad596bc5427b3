"""趋势: monthly series of products and lots, drawn and judged."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from moment import NOW
from xiejian.people.models import Officer
from xiejian.risks.models import RiskItem
from xiejian.vigilance.models import AdverseEvent, EventSignal

PUMP = "输液泵<b>"
COUNTS = [3, 4, 3, 4, 3, 4, 3, 4, 3, 4, 3, 12]  # the last whole months before the tests' day


@pytest.fixture
def officer(as_role):
    return as_role("section_officer")


def month(back: int) -> dt.date:
    """The fifth of the month so many months ago; the page takes the real day for today."""
    today = timezone.localdate()
    first = today.year * 12 + today.month - 1 - back
    return dt.date(first // 12, first % 12 + 1, 5)


@pytest.fixture
def reported(ours):
    """A year of reports of one product, most of them of two lots, and a jump in the last month."""
    days = [month(len(COUNTS) - i) for i, count in enumerate(COUNTS) for _ in range(count)]
    days += [month(12 + back) for back in range(1, 13) for _ in range(3)]
    AdverseEvent.objects.bulk_create(
        AdverseEvent(
            number=f"E{i}", party=ours, product_name=PUMP, lot=f"L{i % 2}", harm="其他", event_on=day,
            found_on=day, reported_on=day, office_code=ours.office_code, term="leak", injury="无",
            failure="渗漏", state="review_closed", reporter_kind="使用单位",
        )
        for i, day in enumerate(days)
    )  # fmt: skip
    return days


def text(answer) -> str:
    return answer.content.decode()


class TestThePage:
    def test_names_what_fires_and_draws_it_with_its_table(self, officer, reported):
        page = text(officer.get("/events/trends/"))
        assert (
            "单月突增" in page and "输液泵&lt;b&gt;" in page and "chart-trend" in page and "<b>" not in page
        )

    def test_a_lot_is_drawn_when_it_is_asked_for(self, officer, reported):
        assert "批号 L1" in text(officer.get("/events/trends/", {"product": PUMP, "lot": "L1"}))

    def test_says_what_belongs_here_while_there_is_nothing(self, officer):
        assert "还没有可以比较的曲线" in text(officer.get("/events/trends/"))

    def test_asks_as_often_for_many_lots_as_for_two(self, officer, reported, django_assert_max_num_queries):
        AdverseEvent.objects.filter(number__in=[f"E{i}" for i in range(20)]).update(lot="L9")
        with django_assert_max_num_queries(9):
            officer.get("/events/trends/")

    def test_an_officer_elsewhere_sees_none_of_it(self, reported, client, password, dushan):
        other = Officer.objects.create(
            username="elsewhere", name="外地", office=dushan, role="section_officer", created_at=NOW
        )
        client.force_login(other)
        assert "输液泵" not in text(client.get("/events/trends/"))


class TestTheRiskList:
    def test_a_trend_goes_to_it_like_any_signal(self, officer, reported):
        told = {
            "rule": "shewhart", "product": PUMP, "subject": "全部批号", "count": 41, "outcome": "列入清单",
            "reason": "最近一月报告突增",
        }  # fmt: skip
        officer.post("/events/signals/judge/", told)
        assert RiskItem.objects.get().number == EventSignal.objects.get().risk_no
        assert EventSignal.objects.get().risk_no in text(officer.get("/events/trends/"))
