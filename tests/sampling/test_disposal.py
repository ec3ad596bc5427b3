"""What a failed sample leads to in other rooms: a case, a follow-up visit, a higher level next year."""

from __future__ import annotations

import datetime as dt

import pytest

from xiejian.cases import actions as cases
from xiejian.cases.models import Case
from xiejian.inspections.models import Visit
from xiejian.kernel.problems import Refused
from xiejian.planning import grading
from xiejian.registry.models import PartyLink
from xiejian.sampling import queries

DAY = dt.date(2024, 4, 16)


@pytest.fixture
def file_case(final, officer, walk):
    def make(**facts):
        given = {
            "number": "奈市监处罚〔2024〕9号",
            "filed_on": DAY,
            "conduct": "经营不符合强制性标准的医疗器械",
        }
        return cases.file_case_of_sample(
            sample=final, by=officer, at=walk.at(DAY), **{**given, **facts}
        )  # fmt: skip

    return make


class TestACaseOnASample:
    def test_it_is_against_the_place_with_the_products_tags(self, file_case, shop):
        case = file_case()
        assert (case.party, case.link, case.tags) == (shop, "经营", "|医用口罩|")

    def test_the_sample_names_it_among_its_measures(self, file_case, final):
        case = file_case()
        (done,) = queries.done(final)
        assert (done.disposal.reference, done.page) == (case.number, f"/cases/{case.pk}/")

    def test_what_one_room_refuses_the_other_does_not_keep(self, file_case):
        file_case()
        with pytest.raises(Refused):
            file_case(number="奈市监处罚〔2024〕10号", filed_on=dt.date(2024, 3, 1))
        assert Case.objects.count() == 1


class TestAFollowUpVisit:
    def test_it_is_scheduled_and_named(self, final, team, inspector, walk):
        visit = cases.schedule_follow_up_of_sample(
            sample=final, planned_on=dt.date(2024, 5, 10), on=DAY, team=team, by=inspector, at=walk.at(DAY)
        )
        (done,) = queries.done(final)
        assert (visit.kind, visit.state, done.page) == ("跟踪检查", "planned", f"/visits/{visit.pk}/")

    def test_by_one_person_alone_it_is_not(self, final, team, inspector, walk):
        with pytest.raises(Refused):
            cases.schedule_follow_up_of_sample(
                sample=final, planned_on=DAY, on=DAY, team=team[:1], by=inspector, at=walk.at(DAY)
            )
        assert not Visit.objects.exists() and queries.done(final) == []


class TestNextYearsLevel:
    @pytest.mark.parametrize(("year", "failed_then"), [(2024, False), (2025, True), (2026, False)])
    def test_last_years_failure_is_a_fact_of_grading(self, final, shop, year, failed_then):
        facts = grading.link_facts(PartyLink.objects.filter(party=shop), dt.date(year, 1, 1)).to_pylist()
        assert [row["failed_sampling_last_year"] for row in facts] == [failed_then]
