"""Work records: countable work that has no room of its own yet."""

from __future__ import annotations

import datetime as dt

import pytest

from moment import NOW
from xiejian.inspections.models import WorkRecord
from xiejian.inspections.work import record_work
from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor

DAY = dt.date(2024, 3, 1)


def report(inspector, **facts):
    given = {"kind": "不良事件报告", "title": "可疑不良事件", "done_on": DAY, "office_code": "150525100"}
    return record_work(**{**given, "by": inspector, "at": NOW, **facts})


class TestRecordingWork:
    def test_keeps_what_was_done_and_how_much(self, inspector):
        record = report(inspector, quantity=5, unit_name="中心医院")
        assert (record.kind, record.quantity, record.unit_name) == ("不良事件报告", 5, "中心医院")

    def test_of_the_same_key_twice_is_one_record(self, inspector):
        assert report(inspector, record_key="AE-1").pk == report(inspector, record_key="AE-1").pk

    def test_of_another_unit_on_the_same_day_is_another_record(self, inspector):
        report(inspector, unit_name="中心医院")
        report(inspector, unit_name="第二医院")
        assert WorkRecord.objects.count() == 2

    def test_leaves_one_audit_entry(self, inspector):
        report(inspector)
        report(inspector)
        assert AuditEntry.objects.filter(action="record_work").count() == 1

    def test_is_refused_for_another_office(self, naiman):
        with pytest.raises(Refused) as refused:
            report(Actor("x", "外人", "522726", "station_inspector"))
        assert (refused.value.first.code, WorkRecord.objects.count()) == ("P101", 0)
