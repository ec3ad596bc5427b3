"""Status reports: what a firm must say, what follows for the register, which time limits run."""

from __future__ import annotations

import datetime as dt

import pytest

from moment import NOW
from refusals import refused
from xiejian.clocks.models import Clock
from xiejian.firms import checks, queries, reports, rules
from xiejian.firms.models import StatusReport
from xiejian.firms.reports import Told

TODAY = dt.date(2024, 3, 5)
SAID = {
    "text": "说明", "position": "负责人", "person_before": "王某", "person_after": "李某",
    "address_kind": "库房地址", "address": "新街2号",
}  # fmt: skip


def days(count: int) -> dt.timedelta:
    return dt.timedelta(days=count)


def tell(party, by, kind="staff", at=NOW, **facts) -> StatusReport:
    told = {"position": "负责人", "person_before": "王某", "person_after": "李某"} if kind == "staff" else {}
    told = Told(**({"kind": kind, "happened_on": TODAY} | told | facts))
    return reports.submit_report(party=party, told=told, by=by, at=at)


class TestWhatAKindAsks:
    @pytest.mark.parametrize(
        ("kind", "missing", "code"),
        [
            ("status", "text", "FI101"),
            ("stop", "text", "FI101"),
            ("resume", "text", "FI101"),
            ("staff", "position", "FI105"),
            ("address", "address", "FI101"),
            ("address", "address_kind", "FI105"),
        ],
    )
    def test_what_it_asks_for_must_be_said(self, kind, missing, code):
        found = checks.check_report(
            rules.report_kinds()[kind], **(SAID | {missing: ""}), positions=["负责人"]
        )
        assert [problem.code for problem in found] == [code]

    @pytest.mark.parametrize("kind", list(rules.report_kinds()))
    def test_nothing_more_than_that_is_needed(self, kind):
        assert checks.check_report(rules.report_kinds()[kind], **SAID, positions=["负责人"]) == []

    def test_nobody_takes_over_from_himself(self):
        said = SAID | {"person_after": "王某"}
        found = checks.check_report(rules.report_kinds()["staff"], **said, positions=["负责人"])
        assert [problem.code for problem in found] == ["FI302"]

    @pytest.mark.parametrize(
        ("links", "asked"),
        [
            (["经营"], {"质量负责人"}),
            (["生产"], {"管理者代表"}),
            (["使用"], {"医疗器械管理负责人"}),
            ([], set()),
        ],
    )
    def test_key_positions_are_those_of_the_firms_links(self, links, asked):
        special = {"质量负责人", "管理者代表", "医疗器械管理负责人"}
        assert {one.id for one in rules.positions_of(links)} & special == asked

    @pytest.mark.parametrize(
        ("turns_on", "verified", "refusals"),
        [(None, "", 0), (TODAY, "", 1), (TODAY, "已核查", 0)],
    )
    def test_after_a_long_stop_somebody_looks_first(self, turns_on, verified, refusals):
        assert len(checks.check_verified(verified, TODAY, turns_on)) == refusals


class TestAcceptance:
    @pytest.mark.parametrize(
        ("facts", "field", "value"),
        [
            ({}, "head", "李某"),
            ({"position": "法定代表人"}, "legal_representative", "李某"),
            (
                {"kind": "address", "address_kind": "库房地址", "address": "新街2号"},
                "warehouse_address",
                "新街2号",
            ),
            ({"kind": "stop", "text": "检修"}, "status", "停产"),
            ({"position": "质量负责人"}, "head", "王某"),  # the register holds no such column
        ],
    )
    def test_the_register_follows(self, officer, shop, firm_actor, facts, field, value):
        report = tell(shop, firm_actor(shop), **facts)
        reports.accept_report(report=report, by=officer, at=NOW)
        shop.refresh_from_db()
        assert getattr(shop, field) == value

    def test_taken_note_of_only_it_changes_nothing(self, officer, shop, firm_actor):
        report = tell(shop, firm_actor(shop))
        reports.accept_report(report=report, apply=False, by=officer, at=NOW)
        shop.refresh_from_db()
        assert (shop.head, report.applied) == ("王某", {})

    def test_what_the_register_says_already_is_no_change(self, officer, shop, firm_actor):
        report = tell(shop, firm_actor(shop), person_before="张某", person_after="王某")
        assert reports.accept_report(report=report, by=officer, at=NOW).applied == {}

    def test_a_returned_report_is_completed_and_accepted(self, officer, shop, firm_actor):
        by = firm_actor(shop)
        report = tell(shop, by)
        reports.return_report(report=report, opinion="缺任命文件", by=officer, at=NOW)
        told = Told("staff", TODAY, position="负责人", person_before="王某", person_after="周某")
        reports.amend_report(report=report, told=told, by=by, at=NOW)
        assert reports.accept_report(report=report, by=officer, at=NOW).applied == {"负责人": "周某"}

    def test_an_inspector_of_elsewhere_cannot_accept(self, inspector, naiman, maker, firm_actor):
        maker.office_code = "150525101"
        maker.save()
        report = tell(maker, firm_actor(maker))
        with refused("P101"):
            reports.accept_report(report=report, by=inspector, at=NOW)

    def test_a_firm_tells_nothing_of_another(self, shop, maker, firm_actor):
        with refused("P101"):
            tell(shop, firm_actor(maker))


class TestStopAndResume:
    @pytest.mark.parametrize(("stopped", "code"), [(300, ""), (400, "FI303")])
    def test_a_year_of_standing_still_asks_for_a_look(self, maker, firm_actor, stopped, code):
        maker.status, maker.status_on = "停产", TODAY - days(stopped)
        maker.save()
        if code:
            with refused(code):
                tell(maker, firm_actor(maker), "resume", text="恢复")
        assert tell(maker, firm_actor(maker), "resume", text="恢复", verified="体系已核查").pk

    def test_who_works_cannot_resume(self, maker, firm_actor):
        with refused("FI304"):
            tell(maker, firm_actor(maker), "resume", text="恢复")


class TestTimeLimits:
    def clock(self, report, name) -> Clock:
        return Clock.objects.get(subject="statusreport", record=report.pk, name=name)

    def test_a_makers_new_representative_is_reported_within_the_rule(self, maker, firm_actor):
        report = tell(maker, firm_actor(maker), position="管理者代表", happened_on=TODAY - days(60))
        clock = self.clock(report, "report")
        assert (clock.rule, clock.state, clock.ended_on > clock.due_legal) == ("SI-5", Clock.DONE, True)

    def test_a_vacant_post_runs_until_somebody_holds_it(self, maker, firm_actor):
        by = firm_actor(maker)
        vacant = tell(maker, by, position="管理者代表", person_after="", happened_on=TODAY - days(10))
        running = self.clock(vacant, "replace").state
        tell(maker, by, position="管理者代表", person_before="", person_after="周某")
        ended = self.clock(vacant, "replace")
        assert (running, ended.state, ended.ended_on) == (Clock.RUNNING, Clock.DONE, TODAY)

    def test_a_shop_has_no_such_limits(self, shop, firm_actor):
        report = tell(shop, firm_actor(shop), position="质量负责人")
        assert not Clock.objects.filter(record=report.pk, subject="statusreport").exists()

    def test_a_withdrawn_report_counts_no_longer(self, maker, firm_actor):
        by = firm_actor(maker)
        report = tell(maker, by, position="管理者代表", person_after="")
        reports.withdraw_report(report=report, reason="误报", by=by, at=NOW)
        assert self.clock(report, "replace").state == Clock.DROPPED


class TestKeyStaff:
    def test_the_newest_report_of_a_post_says_who_holds_it(self, shop, firm_actor):
        by = firm_actor(shop)
        tell(shop, by, happened_on=TODAY - days(9), person_after="一某")
        tell(shop, by, happened_on=TODAY - days(2), person_before="一某", person_after="二某")
        assert [row.person_after for row in queries.key_staff(shop)] == ["二某"]

    @pytest.mark.parametrize(("ages", "often"), [((1, 2), False), ((1, 2, 3), True), ((1, 2, 400), False)])
    def test_three_changes_within_twelve_months_are_often(self, officer, shop, firm_actor, ages, often):
        for n, age in enumerate(ages):
            tell(shop, firm_actor(shop), happened_on=TODAY - days(age), person_after=f"{n}某")
        found = queries.connected(officer, on=TODAY, tab="changing").filter(pk=shop.pk)
        assert (found.exists(), queries.changes_often(queries.staff_changes(shop, TODAY))) == (often, often)
