"""A report from its opening to its reading, and who owes one."""

from __future__ import annotations

import datetime as dt

import pytest

from refusals import refused
from self_reports import filled
from small_register import party as enrolled
from visiting import PHOTO, appoint, photo
from xiejian.clocks.models import Clock
from xiejian.inspections.models import Finding, Visit
from xiejian.people.models import AuditEntry
from xiejian.people.policy import NO_OFFICE, Actor
from xiejian.self_inspections import actions, keeping, queries
from xiejian.self_inspections.actions import WORKFLOW
from xiejian.self_inspections.models import Filing, FocusListing, FormVersion, Reminder, SelfInspection

APRIL = dt.datetime(2024, 4, 2, 2, 0, tzinfo=dt.UTC)
AFTER = dt.date(2024, 4, 2)
STATES = ("draft", "filed", "returned", "amending", "accepted")
MOVES = {
    "save_answers": {"draft", "returned", "amending"},
    "file_self_inspection": {"draft", "returned", "amending"},
    "amend_self_inspection": {"filed", "accepted"},
    "return_self_inspection": {"filed"},
    "accept_self_inspection": {"filed"},
    "plan_visit": {"filed", "accepted"},
}


class TestWorkflow:
    @pytest.mark.parametrize("move", MOVES)
    @pytest.mark.parametrize("state", STATES)
    def test_takes_each_step_from_its_states_alone(self, state, move):
        if state in MOVES[move]:
            assert WORKFLOW.step(state, move)
        else:
            with refused("K101"):
                WORKFLOW.step(state, move)


class TestOpening:
    def test_fills_in_what_the_register_knows(self, draft):
        assert draft.facts["单位名称"] == "安康医疗器械店"
        assert draft.facts["管理类别"] == "第二类"

    def test_sets_the_clock_of_the_time_limit(self, draft):
        clock = Clock.objects.get(subject="selfinspection", record=draft.pk)
        assert (clock.rule, clock.due_legal) == ("SI-3", dt.date(2024, 4, 1))

    def test_again_is_the_same_report(self, draft, shop, clerk, now):
        assert actions.open_self_inspection(party=shop, link="经营", year=2023, by=clerk, at=now) == draft

    @pytest.mark.parametrize(("link", "year", "code"), [("使用", 2023, "SI104"), ("经营", 2025, "SI103")])
    def test_refuses_another_link_and_a_year_to_come(self, shop, clerk, now, link, year, code):
        with refused(code):
            actions.open_self_inspection(party=shop, link=link, year=year, by=clerk, at=now)

    def test_is_for_the_own_firm_alone(self, shop, now):
        stranger = Actor("other:qian", "钱某", NO_OFFICE, "firm_quality", "91150525MA0N000001")
        with refused("P101"):
            actions.open_self_inspection(party=shop, link="经营", year=2023, by=stranger, at=now)

    def test_is_not_for_officers(self, shop, officer, now):
        with refused("P101"):
            actions.open_self_inspection(party=shop, link="经营", year=2023, by=officer, at=now)


class TestSaving:
    def test_leaves_points_alone_that_are_not_named(self, draft, clerk, now):
        actions.save_answers(report=draft, answers={"ZC-1": {"answer": "3"}}, by=clerk, at=now)
        saved = actions.save_answers(report=draft, answers={"ZC-2": {"answer": "12"}}, by=clerk, at=now)
        assert saved.answers == {"ZC-1": {"answer": 3}, "ZC-2": {"answer": 12}}

    def test_refuses_a_point_that_is_not_asked(self, draft, clerk, now):
        with refused("SI201"):
            actions.save_answers(report=draft, answers={"U-1": {"answer": "conform"}}, by=clerk, at=now)

    def test_keeps_a_photo_at_its_point_once(self, draft, clerk, now):
        for _ in range(2):
            actions.attach_photo(report=draft, point="G5-3", file=photo("库房.jpg", PHOTO), by=clerk, at=now)
        assert [(one.point, one.evidence.kind) for one in draft.photos.all()] == [("G5-3", "photo")]


class TestFiling:
    def test_in_time_is_not_late(self, filed):
        assert (filed.state, filed.filed_on, filed.late) == ("filed", dt.date(2024, 3, 5), False)

    def test_after_the_date_is_late(self, complete, clerk):
        done = actions.file_self_inspection(
            report=complete, filler="赵质量", post="质量负责人", by=clerk, at=APRIL
        )
        assert done.late

    def test_ends_the_clock(self, filed):
        assert Clock.objects.get(subject="selfinspection", record=filed.pk).state != Clock.RUNNING

    def test_keeps_the_form_as_it_was_asked(self, filed):
        assert FormVersion.objects.get().version == filed.form_version
        assert keeping.form_of(filed).points

    def test_refuses_what_is_not_complete(self, draft, clerk, now):
        with refused("SI203"):
            actions.file_self_inspection(report=draft, filler="赵", post="质量负责人", by=clerk, at=now)

    def test_refuses_without_a_signature(self, complete, clerk, now):
        with refused("SI101"):
            actions.file_self_inspection(report=complete, filler=" ", post="质量负责人", by=clerk, at=now)

    def test_names_no_answers_in_the_audit_log(self, filed):
        assert "无重大问题" not in str(list(AuditEntry.objects.values_list("detail", flat=True)))


class TestAmending:
    def test_makes_a_version_beside_the_first(self, filed, clerk, now):
        row = actions.amend_self_inspection(report=filed, reason="投诉数漏报", by=clerk, at=now)
        row = actions.save_answers(report=row, answers={"ZC-5": {"answer": 2}}, by=clerk, at=now)
        actions.file_self_inspection(report=row, filler="赵质量", post="质量负责人", by=clerk, at=APRIL)
        rows = Filing.objects.values_list("version", "answers__ZC-5__answer", "reason")
        assert list(rows) == [(1, 0, ""), (2, 2, "投诉数漏报")]

    def test_after_the_date_does_not_make_it_late(self, filed, clerk, now):
        row = actions.amend_self_inspection(report=filed, reason="投诉数漏报", by=clerk, at=now)
        row = actions.file_self_inspection(report=row, filler="赵", post="负责人", by=clerk, at=APRIL)
        assert (row.filed_on, row.late) == (dt.date(2024, 3, 5), False)

    def test_wants_a_reason(self, filed, clerk, now):
        with refused("SI205"):
            actions.amend_self_inspection(report=filed, reason=" ", by=clerk, at=now)


class TestReading:
    def test_returns_to_the_firm_with_a_reason(self, filed, officer, now):
        row = actions.return_self_inspection(report=filed, reason="培训情况过简", by=officer, at=now)
        assert (row.state, row.returned_why) == ("returned", "培训情况过简")

    def test_accepts(self, filed, officer, now):
        assert actions.accept_self_inspection(report=filed, by=officer, at=now).reviewer == "李科"

    def test_is_not_for_the_firm(self, filed, clerk, now):
        with refused("P101"):
            actions.accept_self_inspection(report=filed, by=clerk, at=now)

    def test_leads_to_a_visit_that_names_it(self, filed, officer, naiman, now):
        team = [appoint("wang", "王检", "150525100", now), appoint("bai", "白检", "150525100", now)]
        visit = actions.plan_visit(
            report=filed, planned_on=dt.date(2024, 3, 20), team=team, by=officer, at=now
        )
        assert (visit.kind, visit.source_kind, visit.source_no) == (
            "有因检查",
            "selfinspection",
            filed.number,
        )


class TestAgainstTheRecords:
    def test_shows_a_visit_that_found_otherwise(self, filed, shop):
        visit = Visit.objects.create(
            number="检9号", party=shop, link="经营", kind="日常检查", office_code="150525100",
            state="concluded", visited_on=dt.date(2024, 3, 20),
        )  # fmt: skip
        Finding.objects.create(visit=visit, point="G5-3", clause="x", state="not_conform", fact="没有记录")
        (mark,) = [m for m in queries.against(filed) if m.visit]
        assert (mark.point, mark.against, mark.visit_no) == ("G5-3", "没有记录", "检9号")

    def test_shows_a_figure_below_what_is_stored(self, filed, shop):
        Visit.objects.create(
            number="检8号", party=shop, link="经营", kind="日常检查", office_code="150525100",
            state="concluded", visited_on=dt.date(2023, 6, 1),
        )  # fmt: skip
        assert [m.point for m in queries.against(filed)] == ["ZC-8"]

    def test_takes_as_many_queries_for_many_reports_as_for_one(
        self, filed, clerk, officer, now, django_assert_num_queries
    ):
        with django_assert_num_queries(9):
            assert queries.contradicted(officer, year=2023) == []


def standing(officer, on, year=2023):
    return {row.party.name: row.standing for row in queries.standings(officer, year, on)}


@pytest.fixture
def register(naiman, shop):
    """One of each beside the shop: who owes a report, who keeps one, who owes none."""
    enrolled("医院", "使用")
    enrolled("网店", "网络销售")
    enrolled("后来的", mode="零售", filed_on=dt.date(2024, 1, 3))
    enrolled("年中开的", mode="零售", filed_on=dt.date(2023, 7, 1))
    enrolled("换证的", mode="批发", filed_on=dt.date(2019, 1, 1), issued_on=dt.date(2024, 2, 1))
    enrolled("注销的", mode="零售", status="注销", status_on=dt.date(2023, 11, 1))
    enrolled("药店", mode="零售", area="药品")
    enrolled("别县的", mode="零售", office_code="150526100")


class TestWhoOwesAReport:
    def test_before_the_date(self, register, officer):
        assert standing(officer, dt.date(2024, 4, 1)) == {
            "安康医疗器械店": "open", "医院": "not_kept", "年中开的": "open", "换证的": "open",
        }  # fmt: skip

    def test_after_the_date(self, register, officer):
        assert standing(officer, AFTER)["安康医疗器械店"] == "missing"

    def test_who_filed_in_time(self, filed, officer):
        assert standing(officer, AFTER)["安康医疗器械店"] == "filed"

    def test_who_has_only_begun_has_not_filed(self, complete, officer):
        assert standing(officer, AFTER)["安康医疗器械店"] == "missing"

    def test_a_report_of_another_year_does_not_count(self, filed, officer):
        assert standing(officer, AFTER, 2022)["安康医疗器械店"] == "missing"

    def test_who_began_within_the_year_is_marked(self, register, officer):
        rows = queries.standings(officer, 2023, AFTER)
        assert [row.party.name for row in rows if queries.newly(row, 2023)] == ["年中开的"]

    def test_is_counted_in_one_query(self, register, officer, django_assert_num_queries):
        with django_assert_num_queries(1):
            assert queries.counts(officer, 2023, AFTER) == {
                "missing": 3, "late": 0, "open": 0, "filed": 0, "kept": 0, "not_kept": 1,
            }  # fmt: skip

    def test_a_firm_sees_its_own(self, register, clerk):
        assert standing(clerk, AFTER) == {"安康医疗器械店": "missing"}


class TestReminding:
    def test_tells_who_has_not_filed(self, register, shop, officer, clerk):
        link = shop.links.get()
        assert actions.remind(links=[link.pk], year=2023, by=officer, at=APRIL) == 1
        assert [(r.year, r.link) for r in queries.reminders(clerk)] == [(2023, "经营")]

    def test_refuses_who_has(self, filed, shop, officer):
        with refused("SI303"):
            actions.remind(links=[shop.links.get().pk], year=2023, by=officer, at=APRIL)
        assert not Reminder.objects.exists()


class TestFocus:
    def listed(self, shop, officer):
        return actions.list_focus(links=[shop.links.get().pk], year=2023, by=officer, at=APRIL)

    def test_makes_a_party_that_did_not_file_a_focus_of_grading(self, shop, officer):
        assert self.listed(shop, officer) == [shop.pk]
        shop.refresh_from_db()
        assert shop.self_inspection_focus

    def test_twice_is_once(self, shop, officer):
        self.listed(shop, officer)
        assert self.listed(shop, officer) == []

    def test_refuses_who_filed_in_time(self, filed, shop, officer):
        with refused("SI301"):
            self.listed(shop, officer)

    def test_refuses_who_only_keeps_a_report(self, register, officer):
        hospital = next(r for r in queries.standings(officer, 2023, AFTER) if r.link == "使用")
        with refused("SI301"):
            actions.list_focus(links=[hospital.pk], year=2023, by=officer, at=APRIL)

    def test_ends_with_its_last_listing(self, shop, officer):
        self.listed(shop, officer)
        actions.end_focus(listing=FocusListing.objects.get(), reason="已补报", by=officer, at=APRIL)
        shop.refresh_from_db()
        assert not shop.self_inspection_focus

    def test_stays_while_another_year_is_listed(self, shop, officer):
        self.listed(shop, officer)
        actions.list_focus(links=[shop.links.get().pk], year=2022, by=officer, at=APRIL)
        first = FocusListing.objects.get(year=2022)
        actions.end_focus(listing=first, reason="已补报", by=officer, at=APRIL)
        shop.refresh_from_db()
        assert shop.self_inspection_focus


class TestReach:
    def test_another_firm_sees_nothing(self, filed):
        stranger = Actor("other:qian", "钱某", NO_OFFICE, "firm_quality", "91150525MA0N000001")
        assert not queries.reports(stranger).exists()

    def test_another_county_sees_nothing(self, filed):
        assert not queries.reports(Actor("hu", "胡科", "150526", "section_officer")).exists()

    def test_an_answer_saved_by_a_stranger_is_refused(self, draft, now):
        stranger = Actor("other:qian", "钱某", NO_OFFICE, "firm_quality", "91150525MA0N000001")
        with refused("P101"):
            actions.save_answers(report=draft, answers=filled(draft), by=stranger, at=now)
        assert SelfInspection.objects.get().answers == {}
