"""A firm's program fills in and files; the office's reads and accepts."""

from __future__ import annotations

from self_reports import filled
from xiejian.record_steps import records
from xiejian.self_inspections.models import SelfInspection


class TestPrograms:
    def test_of_a_firm_begin_fill_in_and_file(self, shop, clerk, now):
        records.create("self_inspection", {"link": "经营", "year": 2023}, by=clerk, at=now)
        row = SelfInspection.objects.get()
        records.take(
            "self_inspection", row.number, "save_answers", {"answers": filled(row)}, by=clerk, at=now
        )
        told = {"filler": "赵质量", "post": "质量负责人"}
        records.take("self_inspection", row.number, "file_self_inspection", told, by=clerk, at=now)
        assert SelfInspection.objects.get().state == "filed"

    def test_of_the_office_read_and_accept(self, filed, officer, now):
        kind, row = records.find("self_inspection", filed.number, actor=officer, on=now.date())
        steps = {step["step"] for step in records.shown(kind, row, actor=officer)["next"]}
        assert steps == {"accept_self_inspection", "return_self_inspection", "plan_visit"}
        records.take("self_inspection", filed.number, "accept_self_inspection", {}, by=officer, at=now)
        assert SelfInspection.objects.get().state == "accepted"

    def test_of_the_office_never_read_a_draft(self, complete, officer, now):
        kind, row = records.find("self_inspection", complete.number, actor=officer, on=now.date())
        assert "无重大问题" not in str(records.shown(kind, row, actor=officer))
