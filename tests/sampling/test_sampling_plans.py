"""A sampling plan: written, handed down, changed, ended; who sees it and how far it has come."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest

from sampled import TODAY
from visiting import enrol
from xiejian.kernel.problems import Refused
from xiejian.people.policy import Actor
from xiejian.sampling import actions, queries
from xiejian.sampling.checks import LineEntry

JUNE = dt.date(2024, 6, 30)


def code(refused) -> str:
    return refused.value.first.code


class TestWriting:
    @pytest.mark.parametrize(
        ("line", "problem"),
        [
            (LineEntry("口罩", 0, JUNE, "150525100"), "S103"),
            (LineEntry("口罩", 3, dt.date(2025, 1, 1), "150525100"), "S106"),
            (LineEntry("口罩", 3, JUNE, "522726"), "S104"),
            (LineEntry(" ", 3, JUNE, "150525100"), "S201"),
            (LineEntry("口罩", 3, JUNE, "150525100", link="种植"), "S204"),
            (LineEntry("口罩", 3, JUNE, "150525100", area="食品"), "S111"),
        ],
    )
    def test_a_line_that_cannot_be_done_is_refused(self, make_plan, line, problem):
        with pytest.raises(Refused) as refused:
            make_plan(lines=[line])
        assert code(refused) == problem

    def test_a_plan_without_lines_is_none(self, naiman, officer, now):
        with pytest.raises(Refused) as refused:
            actions.make_sampling_plan(
                title="空", year=2024, kind="省级抽检", office_code=naiman.code, lines=[], by=officer, at=now
            )
        assert code(refused) == "S102"

    def test_one_title_a_year(self, make_plan):
        make_plan()
        with pytest.raises(Refused) as refused:
            make_plan()
        assert code(refused) == "S105"

    def test_an_inspector_does_not_write_plans(self, make_plan, inspector):
        with pytest.raises(Refused) as refused:
            make_plan(by=inspector)
        assert code(refused) == "P101"


class TestChanging:
    def test_a_line_is_changed_with_its_reason(self, plan, line, officer, now):
        changed = actions.amend_line(line=line, count=5, reason="省局追加任务", by=officer, at=now)
        assert changed.count == 5

    def test_never_below_what_was_drawn(self, line, draw, officer, now):
        for _ in range(2):
            draw(line=line, kind="")
        with pytest.raises(Refused) as refused:
            actions.amend_line(line=line, count=1, reason="减少", by=officer, at=now)
        assert code(refused) == "S107"

    def test_not_without_a_reason(self, line, officer, now):
        with pytest.raises(Refused) as refused:
            actions.amend_line(line=line, count=5, reason=" ", by=officer, at=now)
        assert code(refused) == "S201"

    def test_an_ended_plan_is_not_sampled_from(self, plan, line, draw, officer, now):
        actions.close_sampling_plan(plan=plan, on=TODAY, reason="任务调整", by=officer, at=now)
        line.refresh_from_db()
        with pytest.raises(Refused) as refused:
            draw(line=line)
        assert code(refused) == "S108"


class TestProgress:
    def test_a_line_counts_its_samples_by_how_far_they_are(self, line, draw, walk, officer):
        walk.notify(walk.to_result(draw(line=line), "不符合规定"))
        walk.receive(walk.hand_over(draw(line=line)))
        (state,) = queries.line_states(officer, None, TODAY)
        assert (state.planned, state.drawn, state.received, state.tested, state.failed) == (3, 2, 2, 1, 1)

    def test_the_arrival_rate_is_received_over_planned(self, line, draw, walk, officer):
        walk.receive(walk.hand_over(draw(line=line)))
        assert queries.total(queries.line_states(officer, None, TODAY)).arrival == Fraction(1, 3)

    def test_a_cancelled_lot_has_to_be_drawn_again(self, line, draw, officer, inspector, now):
        actions.cancel_sample(sample=draw(line=line), reason="封签破损", by=inspector, at=now)
        (state,) = queries.line_states(officer, None, TODAY)
        assert (state.drawn, state.left) == (0, 3)

    @pytest.mark.parametrize(("on", "late"), [(JUNE, False), (dt.date(2024, 7, 1), True)])
    def test_a_line_is_late_after_its_last_day(self, line, officer, on, late):
        (state,) = queries.line_states(officer, None, on)
        assert state.late is late

    def test_lines_that_end_soon_with_lots_missing_are_named(self, line, officer):
        assert [s.line for s in queries.lines_behind(officer, JUNE - dt.timedelta(days=7), 7)] == [line]

    def test_counting_takes_one_query(self, line, draw, officer, django_assert_num_queries):
        draw(line=line)
        with django_assert_num_queries(1):
            queries.line_states(officer, None, TODAY)


class TestWhoSeesIt:
    def test_the_station_sees_the_plan_that_holds_its_lines(self, plan, inspector):
        assert list(queries.plans(inspector)) == [plan]

    def test_but_not_while_it_is_a_draft(self, make_plan, inspector):
        make_plan()
        assert list(queries.plans(inspector)) == []

    def test_and_only_its_own_lots(self, make_plan, naiman, officer, inspector, now):
        mine = LineEntry("口罩", 3, JUNE, "150525100")
        plan = make_plan(lines=[mine, LineEntry("口罩", 9, JUNE, "150525")])
        actions.issue_sampling_plan(plan=plan, on=TODAY, by=officer, at=now)
        assert queries.plan(inspector, plan.pk).lots == 3

    def test_another_county_sees_nothing(self, plan):
        stranger = Actor("x", "外人", "522726", "section_officer")
        assert list(queries.plans(stranger)) == []


class TestTheListOfSamples:
    def test_another_county_sees_nothing(self, drawn):
        assert not queries.samples(Actor("x", "外人", "522726", "section_officer")).exists()

    def test_it_is_searched_by_product_lot_maker_and_place(self, drawn, officer):
        words = ("医用口罩", "20240105", "某医疗用品", "安康", "抽样〔2024〕", "20202141234")
        assert all(queries.samples(officer, search=word).count() == 1 for word in words)

    def test_what_is_due_first_stands_first(self, draw, walk, officer):
        later = walk.notify(walk.to_result(draw(), "不符合规定"), days=25)
        sooner = walk.notify(walk.to_result(draw(), "不符合规定"), days=21)
        assert list(queries.open_samples(officer)) == [sooner, later]

    def test_a_planned_sample_is_due_on_its_day(self, line, shop, inspector, now, officer):
        actions.plan_sample(line=line, party=shop, link="经营", planned_on=JUNE, by=inspector, at=now)
        assert queries.samples(officer).get().due == JUNE

    def test_the_counts_take_one_query(self, final, officer, django_assert_num_queries):
        with django_assert_num_queries(1):
            found = queries.counts(officer, TODAY + dt.timedelta(days=60))
        assert (found.open, found.failed, found.unhandled, found.overdue) == (1, 1, 1, 1)


class TestWhatOthersAsk:
    YEAR = dt.date(2024, 1, 1), dt.date(2024, 12, 31)

    def test_a_failure_is_of_the_place_and_of_its_maker(self, draw, walk, shop, now):
        maker = enrol("某医疗用品有限公司", "150525", now, link="生产")
        walk.to_result(draw(), "不符合规定")
        assert queries.failed_parties(*self.YEAR) == {shop.pk, maker.pk}

    def test_not_of_a_maker_whose_name_was_stolen(self, draw, walk, shop, now):
        enrol("某医疗用品有限公司", "150525", now, link="生产")
        told = walk.tell_maker(walk.notify(walk.to_result(draw(), "不符合规定")))
        day = dt.date(2024, 4, 2)
        given = {"by": walk.by, "at": walk.at(day)}
        raised = actions.raise_objection(sample=told, on=day, reasons="假冒", **given)
        actions.answer_objection(sample=raised, on=day, result="成立", **given)
        assert queries.failed_parties(*self.YEAR) == {shop.pk}

    def test_not_of_another_year(self, failed):
        assert queries.failed_parties(dt.date(2023, 1, 1), dt.date(2023, 12, 31)) == set()

    def test_the_timeline_of_the_place_tells_each_step(self, final, walk, shop, officer):
        titles = [event.title for event in queries.timeline(officer, shop)]
        assert titles == [
            "检验不符合规定：一次性使用医用口罩（批号 20240105）",
            "抽样：一次性使用医用口罩（批号 20240105）",
        ]

    def test_the_timeline_of_the_maker_tells_only_what_came_out(self, draw, walk, officer, now):
        maker = enrol("某医疗用品有限公司", "150525", now, link="生产")
        walk.to_result(draw(), "不符合规定")
        (event,) = queries.timeline(officer, maker)
        assert "抽自安康医疗器械店" in event.detail


class TestWhatALinkNames:
    def test_samples_of_a_visit_are_found_by_its_number(self, draw, officer):
        sample = draw(visit_no="奈械检〔2024〕1号")
        assert queries.linked(officer, "visit", 0, "奈械检〔2024〕1号") == [sample]

    def test_a_visit_without_samples_has_none(self, drawn, officer):
        assert queries.linked(officer, "visit", 0, "") == []

    def test_a_party_is_named_by_its_full_name(self, shop, officer):
        assert queries.party_named(officer, f" {shop.name} ") == shop

    def test_half_a_name_names_nobody(self, shop, officer):
        with pytest.raises(Refused) as refused:
            queries.party_named(officer, "安康")
        assert code(refused) == "S215"
