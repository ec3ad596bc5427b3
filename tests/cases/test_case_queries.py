"""What officers see of cases and interviews: their own area, found by what they type, in few queries."""

from __future__ import annotations

import datetime as dt

import pytest

from xiejian.cases import actions, queries
from xiejian.people.policy import Actor

TODAY = dt.date(2024, 3, 5)
TOMORROW = TODAY + dt.timedelta(days=1)
NEIGHBOUR = Actor("n", "邻县", "150526", "section_officer")


@pytest.fixture
def interview(shop, officer, now):
    return actions.record_interview(
        party=shop, held_on=TODAY, reason="屡次未整改", campaign="naiman-2023", by=officer, at=now
    )


class TestCases:
    def test_the_county_sees_its_station(self, filed, officer):
        assert list(queries.cases(officer)) == [filed]
        assert queries.case(officer, filed.pk) == filed

    @pytest.mark.parametrize("actor", [NEIGHBOUR, None], ids=["a neighbour", "nobody"])
    def test_others_see_nothing(self, filed, actor):
        assert not queries.cases(actor).exists()
        assert queries.case(actor, filed.pk) is None

    @pytest.mark.parametrize("text", ["隐形眼镜店", "〔2024〕1号", "未经许可"])
    def test_found_by_party_number_or_conduct(self, filed, officer, text):
        assert queries.cases(officer, search=text).count() == 1

    @pytest.mark.parametrize(
        "filters",
        [
            {"state": "decided"}, {"link": "使用"}, {"procedure": "简易"}, {"campaign": "x"},
            {"office": "150525101"}, {"since": TOMORROW}, {"until": TODAY - dt.timedelta(days=1)},
            {"search": "没有"},
        ],
        ids=str,
    )  # fmt: skip
    def test_each_filter_leaves_out_what_does_not_fit(self, filed, officer, filters):
        assert not queries.cases(officer, **filters).exists()

    def test_the_state_follows_the_dates(self, decide, officer):
        case = decide()
        assert [state for state in queries.STATES if queries.cases(officer, state=state).exists()] == [
            "decided"
        ]
        assert queries.state_label(case) == "已决定"

    def test_a_list_with_parties_is_one_query(self, file_case, officer, django_assert_num_queries):
        for n in range(3):
            file_case(number=f"奈市监处罚〔2024〕{n}号")
        with django_assert_num_queries(1):
            assert len([c.party.name for c in queries.cases(officer)]) == 3

    def test_undecided_cases_come_last_by_decision(self, decide, file_case, officer):
        decided = decide()
        file_case(number="奈市监处罚〔2024〕2号")
        for sort in ("decided", "-decided"):
            assert queries.cases(officer, sort=sort).first() == decided


class TestInterviews:
    def test_found_by_party_reason_and_campaign(self, interview, officer):
        assert queries.interviews(officer, search="屡次").get() == interview
        assert queries.interviews(officer, campaign="naiman-2023").get() == interview
        assert queries.interview(officer, interview.pk) == interview

    @pytest.mark.parametrize(
        "filters",
        [
            {"campaign": "x"}, {"office": "150525101"}, {"since": TOMORROW},
            {"until": TODAY - dt.timedelta(days=1)}, {"search": "没有"},
        ],
        ids=str,
    )  # fmt: skip
    def test_each_filter_leaves_out_what_does_not_fit(self, interview, officer, filters):
        assert not queries.interviews(officer, **filters).exists()

    def test_a_neighbour_sees_nothing(self, interview):
        assert not queries.interviews(NEIGHBOUR).exists()


class TestTimeline:
    def test_each_step_of_a_case_and_each_interview_is_an_event(self, decide, interview, shop, officer):
        decide(confiscated_fen=5)
        events = queries.timeline(officer, shop)
        assert [(e.kind, e.title) for e in events] == [
            ("案件", "作出处罚决定"),
            ("案件", "立案：未经许可经营第三类医疗器械"),
            ("约谈", "责任约谈：屡次未整改"),
        ]
        assert events[0].detail == "奈市监处罚〔2024〕1号；罚款50000元、没收违法所得0.05元"

    def test_it_is_bounded_like_every_list(self, filed, shop):
        assert queries.timeline(NEIGHBOUR, shop) == []


@pytest.mark.parametrize(("fen", "text"), [(0, "0"), (5, "0.05"), (100, "1"), (123456, "1234.56")])
def test_fen_are_written_as_yuan(fen, text):
    assert queries.yuan(fen) == text


class TestSums:
    def test_fines_of_units_and_persons_are_added(self, decide, officer):
        decide(personal_fine_fen=100, persons_punished=1, confiscated_fen=7)
        found = queries.sums(officer, from_on=TODAY, until=TODAY + dt.timedelta(days=10))
        assert found == queries.Sums(filed=1, decided=1, fines_fen=5_000_100, confiscated_fen=7)

    def test_a_decision_after_the_period_is_not_in_it(self, decide, officer):
        decide()
        assert queries.sums(officer, from_on=TODAY, until=TODAY) == queries.Sums(1, 0, 0, 0)

    def test_a_neighbour_adds_nothing(self, decide):
        decide()
        found = queries.sums(NEIGHBOUR, from_on=TODAY, until=TODAY + dt.timedelta(days=10))
        assert found == queries.Sums(0, 0, 0, 0)
