"""Courses: who may study, who passes, when one may try again; and exemplary firms."""

from __future__ import annotations

import datetime as dt

import pytest

from moment import NOW
from refusals import refused
from xiejian.firms import checks, exemplary, notices, queries, training
from xiejian.firms.audience import Audience
from xiejian.firms.models import Course

TODAY = dt.date(2024, 3, 5)


@pytest.fixture
def course(officer, shop) -> Course:
    """An open course that was given to the shop."""
    made = training.draft_course(title="冷链", text="读本", questions=5, attempts=2, by=officer, at=NOW)
    training.open_course(course=made, by=officer, at=NOW)
    told = {"kind": "任务", "title": "培训", "text": "请学习", "audience": Audience(usccs=(shop.uscc,))}
    notice = notices.draft_notice(course=made, by=officer, at=NOW, **told)
    notices.send_notice(notice=notice, by=officer, at=NOW)
    return made


def answers(sitting, right: bool) -> dict[str, list[int]]:
    return {q.id: sorted(q.answer) if right else [] for q in training.paper_of(sitting)}


def sit(course, by, right=True, at=NOW):
    sitting = training.begin_exam(course=course, by=by, at=at)
    return training.hand_in(sitting=sitting, answers=answers(sitting, right), by=by, at=at)


class TestStudy:
    def test_only_the_firms_that_a_notice_names_may_study(self, course, maker, firm_actor):
        with refused("FI412"):
            training.study_course(course=course, by=firm_actor(maker), at=NOW)

    def test_an_officer_is_nobodys_pupil(self, course, officer):
        with refused("FI413"):
            training.study_course(course=course, by=officer, at=NOW)

    def test_read_twice_the_first_time_stands(self, course, shop, firm_actor):
        first = training.study_course(course=course, by=firm_actor(shop), at=NOW)
        again = training.study_course(course=course, by=firm_actor(shop), at=NOW + dt.timedelta(days=1))
        assert (first.pk, again.studied_at) == (again.pk, NOW)

    def test_no_examination_before_reading(self, course, shop, firm_actor):
        with refused("FI409"):
            training.begin_exam(course=course, by=firm_actor(shop), at=NOW)


class TestExamination:
    @pytest.fixture
    def by(self, course, shop, firm_actor):
        training.study_course(course=course, by=firm_actor(shop), at=NOW)
        return firm_actor(shop)

    def test_a_pass_gives_a_certificate_with_a_number(self, course, by):
        sitting = sit(course, by)
        reached = sitting.attendance
        assert (sitting.percent, reached.passed_on) == (100, TODAY)
        assert "培证" in reached.certificate_no

    @pytest.mark.parametrize(("wrong", "passed"), [(1, True), (2, False)])
    def test_exactly_the_pass_mark_passes(self, course, by, wrong, passed):
        sitting = training.begin_exam(course=course, by=by, at=NOW)
        empty = dict(list(answers(sitting, right=False).items())[:wrong])
        given = answers(sitting, right=True) | empty
        assert training.hand_in(sitting=sitting, answers=given, by=by, at=NOW).passed is passed

    def test_a_paper_that_was_begun_is_given_again(self, course, by):
        first = training.begin_exam(course=course, by=by, at=NOW)
        assert training.begin_exam(course=course, by=by, at=NOW).pk == first.pk

    def test_a_paper_is_handed_in_once(self, course, by):
        sitting = sit(course, by, right=False)
        with refused("FI410"):
            training.hand_in(sitting=sitting, answers={}, by=by, at=NOW)

    def test_who_failed_waits_and_then_gets_another_paper(self, course, by):
        first = sit(course, by, right=False)
        with refused("FI406"):
            training.begin_exam(course=course, by=by, at=NOW + dt.timedelta(minutes=59))
        second = training.begin_exam(course=course, by=by, at=NOW + dt.timedelta(minutes=60))
        assert (second.attempt, second.questions != first.questions) == (2, True)

    def test_no_attempt_is_left_after_the_last(self, course, by):
        for hours in (0, 2):
            sit(course, by, right=False, at=NOW + dt.timedelta(hours=hours))
        with refused("FI404"):
            training.begin_exam(course=course, by=by, at=NOW + dt.timedelta(hours=4))

    def test_an_answer_to_a_question_that_was_not_asked_is_refused(self, course, by):
        sitting = training.begin_exam(course=course, by=by, at=NOW)
        with refused("FI408"):
            training.hand_in(sitting=sitting, answers={"XX": [0]}, by=by, at=NOW)

    def test_a_colleague_cannot_hand_in_for_somebody_else(self, course, by, shop, firm_actor):
        sitting = training.begin_exam(course=course, by=by, at=NOW)
        with refused("FI413"):
            training.hand_in(sitting=sitting, answers={}, by=firm_actor(shop, "firm_store"), at=NOW)

    def test_the_office_sees_who_came_and_who_did_not(self, course, by, officer, shop, maker):
        row = queries.courses(officer).get(pk=course.pk)
        assert (row.people, row.passed, list(queries.absent(officer, course))) == (1, 0, [])


class TestExaminationAsMade:
    @pytest.mark.parametrize(
        ("questions", "percent", "attempts", "found"),
        [
            (0, 0, 0, []),
            (5, 80, 1, []),
            (11, 80, 1, ["FI401"]),
            (5, 0, 1, ["FI402"]),
            (5, 101, 1, ["FI402"]),
            (5, 80, 0, ["FI403"]),
        ],
    )
    def test_it_can_be_asked_and_passed(self, questions, percent, attempts, found):
        told = checks.check_examination(questions, 10, percent, attempts)
        assert [problem.code for problem in told] == found


class TestExemplaryFirm:
    def test_from_the_application_to_the_name(self, officer, shop, firm_actor):
        row = exemplary.apply_as_example(party=shop, year=2024, text="材料", by=firm_actor(shop), at=NOW)
        exemplary.record_review(
            application=row, reviewed_on=TODAY, reviewers="李科", review="符合", by=officer, at=NOW
        )
        exemplary.name_firm(application=row, decided_on=TODAY, by=officer, at=NOW)
        assert (row.state, row.decided_by) == ("named", "李科")

    def test_one_application_a_year(self, officer, shop, firm_actor):
        exemplary.apply_as_example(party=shop, year=2024, text="材料", by=firm_actor(shop), at=NOW)
        with refused("FI501"):
            exemplary.apply_as_example(party=shop, year=2024, text="再来", by=officer, at=NOW)

    def test_a_firm_does_not_name_itself(self, shop, firm_actor):
        row = exemplary.apply_as_example(party=shop, year=2024, text="材料", by=firm_actor(shop), at=NOW)
        with refused("P101"):
            exemplary.record_review(
                application=row, reviewed_on=TODAY, reviewers="我", review="好", by=firm_actor(shop), at=NOW
            )
