"""停产整改到恢复生产; 核查结论 of licence, system and filing visits; which filings wait for a visit."""

from __future__ import annotations

import datetime as dt

import pytest

from visiting import enrol
from xiejian.inspections import site_checks, stopping
from xiejian.inspections.models import Correction, SiteCheck, Visit
from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor
from xiejian.registry.models import LicenceMatter, Party, PartyLink

TODAY = dt.date(2024, 3, 5)
DAY = dt.timedelta(days=1)
NEXT = TODAY + 10 * DAY


def codes(refused) -> list[str]:
    return [problem.code for problem in refused.value.problems]


@pytest.fixture
def maker(naiman, now) -> Party:
    return enrol("奈曼义齿厂", "150525100", now, link="生产")


@pytest.fixture
def visited(maker):
    """A visit made; a test names only what it is about."""

    def make(on=TODAY, **facts) -> Visit:
        given = {
            "number": f"V{Visit.objects.count() + 1}", "party": maker, "link": "生产", "kind": "日常检查",
            "office_code": "150525100", "state": "concluded", "visited_on": on, **facts,
        }  # fmt: skip
        return Visit.objects.create(**given)

    return make


class TestAStop:
    @pytest.fixture
    def stop(self, visited, inspector, now):
        return stopping.stop_production(
            visit=visited(), scope="全部", reason="关键项不符合", ordered_on=TODAY, by=inspector, at=now
        )

    @pytest.fixture
    def applied(self, stop, inspector, later):
        return stopping.apply_to_resume(
            stop=stop, applied_on=NEXT, application="已完成整改", by=inspector, at=later
        )

    @pytest.fixture
    def passed(self, applied, visited, inspector, later):
        return stopping.pass_stop_recheck(
            stop=applied, recheck_visit=visited(NEXT), decision="符合", by=inspector, at=later
        )

    def resume(self, stop, by, at, **facts):
        given = {"resumed_on": NEXT, "approved_by": "李局", **facts}
        return stopping.resume_production(stop=stop, by=by, at=at, **given)

    def test_has_a_number_and_stops_the_party(self, stop, maker):
        maker.refresh_from_db()
        assert (stop.number, maker.status) == ("奈曼旗市监停改〔2024〕1号", "停产")

    def test_ends_with_the_decision_and_the_party_runs_again(self, passed, maker, inspector, later):
        assert self.resume(passed, inspector, later).state == "resumed"
        maker.refresh_from_db()
        assert (maker.status, maker.status_on) == ("正常", NEXT)

    def test_leaves_a_trace_of_each_step(self, passed, inspector, later):
        self.resume(passed, inspector, later)
        found = AuditEntry.objects.filter(subject="production_stop").order_by("sequence")
        assert [entry.action for entry in found] == [
            "stop_production", "apply_to_resume", "pass_stop_recheck", "resume_production",
        ]  # fmt: skip

    def test_stands_still_after_a_failed_recheck(self, applied, visited, inspector, later):
        row = stopping.fail_stop_recheck(
            stop=applied, recheck_visit=visited(NEXT), decision="仍有两项", by=inspector, at=later
        )
        assert row.state == "ordered"

    def test_stands_still_when_the_office_does_not_agree(self, passed, maker, inspector, later):
        row = stopping.refuse_to_resume(
            stop=passed, approved_by="李局", decision="资料不全", by=inspector, at=later
        )
        maker.refresh_from_db()
        assert (row.state, maker.status) == ("ordered", "停产")

    def test_does_not_resume_without_a_recheck(self, applied, inspector, later):
        with pytest.raises(Refused) as refused:
            self.resume(applied, inspector, later)
        assert codes(refused) == ["K101"]

    def test_names_who_agreed(self, passed, inspector, later):
        with pytest.raises(Refused) as refused:
            self.resume(passed, inspector, later, approved_by=" ")
        assert codes(refused) == ["I106"]

    def test_is_one_at_a_time(self, stop, visited, inspector, now):
        with pytest.raises(Refused) as refused:
            stopping.stop_production(
                visit=visited(), scope="全部", reason="又一次", ordered_on=TODAY, by=inspector, at=now
            )
        assert codes(refused) == ["I321"]

    def test_is_for_makers(self, visited, inspector, now):
        with pytest.raises(Refused) as refused:
            stopping.stop_production(
                visit=visited(link="经营"), scope="全部", reason="x", ordered_on=TODAY, by=inspector, at=now
            )
        assert codes(refused) == ["I320"]

    def test_is_rechecked_by_a_visit_to_the_same_party(self, applied, visited, inspector, now, later):
        other = visited(NEXT, party=enrol("另一家", "150525100", now, link="生产"))
        with pytest.raises(Refused) as refused:
            stopping.pass_stop_recheck(
                stop=applied, recheck_visit=other, decision="符合", by=inspector, at=later
            )
        assert codes(refused) == ["I307"]

    def test_is_not_seen_from_elsewhere(self, stop):
        assert not stopping.stops(Actor("x", "x", "522726", "section_officer")).exists()


class TestASiteCheck:
    def conclude(self, visit, by, at, **facts):
        given = {"result": "通过", "decided_on": TODAY, **facts}
        return site_checks.conclude_site_check(visit=visit, by=by, at=at, **given)

    def test_passes_and_names_its_application(self, visited, maker, inspector, now):
        matter = LicenceMatter.objects.create(
            party=maker, applicant=maker.name, link="生产", matter="开办", result="通过", decided_on=TODAY,
            office_code="150525100",
        )  # fmt: skip
        row = self.conclude(visited(kind="许可核查"), inspector, now, matter=matter)
        assert (row.result, matter.site_checks.get()) == ("通过", row)

    def test_passes_after_a_correction_that_passed(self, visited, inspector, now):
        visit = visited(kind="体系核查")
        Correction.objects.create(
            visit=visit, number="C1", content="改正", ordered_on=TODAY, due_on=TODAY, state="passed",
            office_code="150525100",
        )  # fmt: skip
        assert self.conclude(visit, inspector, now, result="整改后通过").pk

    @pytest.mark.parametrize(
        ("kind", "facts", "code"),
        [
            ("许可核查", {"result": "未通过"}, "I106"),
            ("许可核查", {"result": "整改后通过"}, "I332"),
            ("许可核查", {"result": "相符"}, "I330"),
            ("日常检查", {}, "I330"),
            ("备案后检查", {"result": "不符", "follow_up": "立案"}, "I106"),
            ("备案后检查", {"result": "不符", "mismatches": "库房地址"}, "I331"),
            ("许可核查", {"decided_on": TODAY - DAY}, "I109"),
            ("许可核查", {"decided_on": TODAY + DAY}, "I102"),
        ],
    )
    def test_is_refused(self, visited, inspector, now, kind, facts, code):
        with pytest.raises(Refused) as refused:
            self.conclude(visited(kind=kind), inspector, now, **facts)
        assert codes(refused) == [code]

    def test_says_what_does_not_match_and_what_follows(self, visited, inspector, now):
        row = self.conclude(
            visited(kind="备案后检查"),
            inspector,
            now,
            result="不符",
            mismatches="库房地址",
            follow_up="变更备案",
        )
        assert (row.mismatches, row.follow_up) == ("库房地址", "变更备案")

    def test_is_told_once(self, visited, inspector, now):
        visit = visited(kind="许可核查")
        self.conclude(visit, inspector, now)
        with pytest.raises(Refused) as refused:
            self.conclude(visit, inspector, now)
        assert codes(refused) == ["I334"]
        assert SiteCheck.objects.count() == 1

    def test_waits_for_the_visit(self, visited, inspector, now):
        with pytest.raises(Refused) as refused:
            self.conclude(visited(kind="许可核查", state="started"), inspector, now)
        assert codes(refused) == ["I333"]

    def test_takes_no_application_of_another(self, visited, inspector, now):
        matter = LicenceMatter.objects.create(
            applicant="另一家", link="生产", matter="开办", result="通过", decided_on=TODAY,
            office_code="150525100",
        )  # fmt: skip
        with pytest.raises(Refused) as refused:
            self.conclude(visited(kind="许可核查"), inspector, now, matter=matter)
        assert codes(refused) == ["I335"]


class TestFilings:
    @pytest.fixture
    def filed(self, maker):
        def on(day, classes="1", **facts):
            PartyLink.objects.update(filed_on=day, classes=classes, **facts)

        return on

    def standing(self, inspector, on=TODAY, **filters) -> list[str]:
        return [row.standing for row in site_checks.filings(inspector, on=on, **filters)]

    @pytest.mark.parametrize(
        ("filed_on", "standing"),
        [
            (TODAY, "waiting"),
            (dt.date(2023, 12, 5), "waiting"),  # three months end today
            (dt.date(2023, 12, 4), "overdue"),
        ],
    )
    def test_are_due_within_the_months_of_the_rule(self, filed, inspector, filed_on, standing):
        filed(filed_on)
        assert self.standing(inspector) == [standing]

    def test_are_checked_by_a_visit_after_them(self, filed, visited, inspector):
        filed(TODAY - 20 * DAY)
        visit = visited(kind="备案后检查")
        (row,) = site_checks.filings(inspector, on=TODAY)
        assert (row.standing, row.checked_on, row.check_visit) == ("checked", TODAY, visit.pk)

    @pytest.mark.parametrize("facts", [{"kind": "日常检查"}, {"on": TODAY - 30 * DAY}, {"link": "经营"}])
    def test_are_not_checked_by_another_visit(self, filed, visited, inspector, facts):
        filed(TODAY - 20 * DAY)
        visited(**{"kind": "备案后检查", **facts})
        assert self.standing(inspector) == ["waiting"]

    def test_hold_no_licensed_makers(self, filed, inspector):
        filed(TODAY, classes="3")
        assert self.standing(inspector) == []

    def test_hold_no_cancelled_ones(self, filed, inspector):
        filed(TODAY)
        Party.objects.update(status="注销")
        assert self.standing(inspector) == []

    def test_are_asked_by_standing_and_link(self, filed, inspector):
        filed(TODAY)
        assert self.standing(inspector, state="overdue") == []
        assert self.standing(inspector, link="经营") == []
        assert self.standing(inspector, search="义齿") == ["waiting"]
