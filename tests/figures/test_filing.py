"""Handing up: frozen with its records, compared with today, returned with a reason, due on time."""

from __future__ import annotations

import datetime as dt

import pytest

from supervision_year import OFFICE
from xiejian.figures import filing
from xiejian.figures.checks import Result
from xiejian.figures.models import FiledTable
from xiejian.kernel import workdays
from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor, require

UNTIL = dt.date(2023, 6, 30)
HEAD = Actor("zhao", "赵局", OFFICE, "head")


@pytest.fixture
def hand_up(year, now):
    def file(**changes):
        return filing.file_table(
            **{
                "table_id": "naiman-2023-1",
                "until": UNTIL,
                "office_code": OFFICE,
                "by": HEAD,
                "at": now,
                "permit": require,
                "record": audit.record,
                **changes,
            }
        )

    return file


@pytest.fixture
def shop(year):
    return year.party("店", "经营", "无菌")


class TestASubmission:
    def test_freezes_the_cells(self, year, shop, hand_up):
        year.visit(shop, "2023-06-01", 3)
        assert hand_up().cells[5][:3] == [1, 3, 1]

    def test_freezes_the_records_behind_every_cell(self, year, shop, hand_up):
        visit = year.visit(shop, "2023-06-01")
        assert hand_up().records["5,2"] == [["visits", visit.pk]]

    def test_leaves_an_audit_entry(self, hand_up):
        filed = hand_up()
        assert AuditEntry.objects.get(action="file_table").subject_key == str(filed.pk)

    def test_is_the_heads_to_sign(self, hand_up):
        with pytest.raises(Refused) as refused:
            hand_up(by=Actor("li", "李科", OFFICE, "section_officer"))
        assert refused.value.first.code == "P101"

    def test_with_an_error_needs_an_explanation(self, year, shop, hand_up):
        year.visit(shop, "2023-06-01", 1)
        with pytest.raises(Refused) as refused:
            hand_up()
        assert refused.value.first.code == "F201"

    def test_with_an_explained_error_is_accepted(self, year, shop, hand_up):
        year.visit(shop, "2023-06-01", 1)
        assert hand_up(explanation="另一名检查员由上级派出").state == "已报"

    def test_refused_leaves_nothing_behind(self, year, shop, hand_up):
        year.visit(shop, "2023-06-01", 1)
        with pytest.raises(Refused):
            hand_up()
        assert not FiledTable.objects.exists()

    def test_below_the_last_submission_needs_an_explanation(self, year, shop, hand_up):
        visit = year.visit(shop, "2023-06-01")
        hand_up()
        visit.delete()
        with pytest.raises(Refused) as refused:
            hand_up(until=dt.date(2023, 7, 31))
        assert refused.value.first.code == "F201"


class TestWhatStandsInTheWay:
    def left(self, explanation="", level="error", explainable=True):
        result = Result("CK", level, "T1-01", "F01", "不对", explainable)
        return filing.open_problems([result], explanation)

    def test_an_error_does(self):
        assert len(self.left()) == 1

    def test_an_explained_error_does_not(self):
        assert self.left("说明") == []

    def test_a_blank_explanation_explains_nothing(self):
        assert len(self.left("  ")) == 1

    def test_a_contradiction_cannot_be_explained(self):
        assert len(self.left("说明", explainable=False)) == 1

    def test_a_warning_does_not(self):
        assert self.left(level="warning") == []


class TestDifferences:
    def test_there_are_none_while_nothing_changes(self, year, shop, hand_up):
        year.visit(shop, "2023-06-01")
        assert filing.differences(hand_up()) == []

    def test_a_fact_added_later_shows_with_its_sign(self, year, shop, hand_up):
        filed = hand_up()
        year.visit(shop, "2023-06-01", 3)
        found = [(d.row, d.column, int(d.change)) for d in filing.differences(filed)]
        assert found == [("T1-06", "F02", 3), ("T1-06", "F03", 1)]

    def test_a_fact_taken_back_shows_with_its_sign(self, year, shop, hand_up):
        visit = year.visit(shop, "2023-06-01", 3)
        filed = hand_up()
        visit.delete()
        found = [(d.row, d.column, int(d.change)) for d in filing.differences(filed)]
        assert found == [("T1-06", "F02", -3), ("T1-06", "F03", -1)]


class TestSendingBack:
    def send_back(self, filed, now, reason="数据有误"):
        return filing.return_table(
            filed=filed, reason=reason, by=HEAD, at=now, permit=require, record=audit.record
        )

    def test_a_submission_is_returned(self, hand_up, now):
        assert self.send_back(hand_up(), now).state == "退回"

    def test_a_reason_is_needed(self, hand_up, now):
        with pytest.raises(Refused) as refused:
            self.send_back(hand_up(), now, " ")
        assert refused.value.first.code == "F203"

    def test_it_is_returned_once(self, hand_up, now):
        filed = self.send_back(hand_up(), now)
        with pytest.raises(Refused) as refused:
            self.send_back(filed, now)
        assert refused.value.first.code == "F204"

    def test_a_returned_submission_is_no_longer_the_last_one(self, hand_up, now):
        self.send_back(hand_up(), now)
        assert filing.last_filed("naiman-2023-1", OFFICE, UNTIL) is None


class TestDueDates:
    @pytest.mark.parametrize(
        ("year", "month", "expected"),
        [(2024, 5, "2024-05-09"), (2024, 10, "2024-10-11"), (2023, 3, "2023-03-06")],
    )
    def test_the_fourth_working_day_looks_at_the_holidays(self, year, month, expected):
        assert workdays.standing().nth_of_month(year, month, 4) == dt.date.fromisoformat(expected)

    def test_a_year_without_published_holidays_takes_monday_to_friday(self):
        assert workdays.standing().nth_of_month(2040, 2, 4) == dt.date(2040, 2, 6)

    def monthly(self, on, office="341702"):
        return {
            o.until: (o.due_on, o.state)
            for o in filing.obligations(office, on)
            if o.table == "monthly-inspection"
        }

    @pytest.mark.django_db
    def test_a_month_not_handed_up_is_open_until_its_due_date(self):
        found = self.monthly(dt.date(2024, 5, 9))
        assert found[dt.date(2024, 4, 30)] == (dt.date(2024, 5, 9), "未报")

    @pytest.mark.django_db
    def test_a_month_not_handed_up_is_overdue_after_its_due_date(self):
        found = self.monthly(dt.date(2024, 5, 10))
        assert found[dt.date(2024, 4, 30)] == (dt.date(2024, 5, 9), "逾期")

    def test_a_month_handed_up_is_done(self, hand_up):
        hand_up(
            table_id="monthly-inspection",
            until=dt.date(2024, 4, 30),
            office_code="341702",
            by=Actor("h", "池", "341702", "head"),
        )
        assert self.monthly(dt.date(2024, 5, 10))[dt.date(2024, 4, 30)][1] == "已报"

    @pytest.mark.django_db
    def test_a_station_of_dushan_hands_up_five_days_before_its_county(self):
        due = {
            office: [o.due_on for o in filing.obligations(office, dt.date(2022, 3, 1))]
            for office in ("522726100", "522726")
        }
        assert due == {
            "522726100": [dt.date(2022, 6, 15), dt.date(2022, 11, 15)],
            "522726": [dt.date(2022, 6, 20), dt.date(2022, 11, 20)],
        }

    @pytest.mark.django_db
    def test_an_office_without_a_reporting_rule_owes_nothing(self):
        assert filing.obligations("330206", dt.date(2024, 1, 1)) == []
