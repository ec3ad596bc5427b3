"""Papers and marks: drawn by a seed, marked by exact answers. No database."""

from __future__ import annotations

import pytest

from xiejian.firms import exams


class TestBank:
    def test_every_question_has_a_clause_and_at_least_two_choices(self):
        assert [q.id for q in exams.bank().values() if not q.citation or len(q.choices) < 2] == []

    @pytest.mark.parametrize("topic", exams.topics())
    def test_a_topic_gives_its_own_questions_only(self, topic):
        assert {question.topic for question in exams.pool([topic])} == {topic}

    def test_no_topic_means_all_of_them(self):
        assert len(exams.pool([])) == len(exams.bank())


class TestDraw:
    def test_the_same_seed_draws_the_same_paper(self):
        assert exams.draw(exams.pool([]), "a:1", 10) == exams.draw(exams.pool([]), "a:1", 10)

    def test_another_attempt_draws_another_paper(self):
        assert exams.draw(exams.pool([]), "a:1", 10) != exams.draw(exams.pool([]), "a:2", 10)

    def test_a_paper_does_not_depend_on_the_order_of_the_bank(self):
        pool = exams.pool([])
        assert exams.draw(pool, "a", 10) == exams.draw(pool[::-1], "a", 10)

    def test_no_question_is_asked_twice(self):
        drawn = exams.draw(exams.pool([]), "b", 20)
        assert len({question.id for question in drawn}) == 20

    def test_a_small_bank_gives_what_it_has(self):
        pool = exams.pool([])[:3]
        assert len(exams.draw(pool, "c", 10)) == 3

    def test_every_choice_stands_on_the_paper_once_in_an_order_of_the_seed(self):
        question = exams.pool([])[0]
        assert sorted(exams.order_of_choices(question, "s")) == list(range(len(question.choices)))


class TestMark:
    ONE = next(q for q in exams.bank().values() if not q.several)
    TWO = next(q for q in exams.bank().values() if q.several)

    @pytest.mark.parametrize(
        ("answers", "right"),
        [
            ({ONE.id: ONE.answer, TWO.id: TWO.answer}, 2),
            ({ONE.id: ONE.answer}, 1),
            ({ONE.id: [9], TWO.id: TWO.answer}, 1),
            ({TWO.id: list(TWO.answer)[:1]}, 0),  # half of an answer is none
            ({TWO.id: range(len(TWO.choices))}, 0),  # neither is everything
            ({}, 0),
        ],
    )
    def test_only_exactly_the_right_choices_count(self, answers, right):
        assert exams.mark([self.ONE, self.TWO], answers).right == right

    def test_percent_is_rounded_down_so_that_nobody_passes_by_rounding(self):
        assert exams.Mark(2, 3).percent == 66

    def test_an_empty_paper_comes_to_nothing(self):
        assert exams.Mark(0, 0).percent == 0
