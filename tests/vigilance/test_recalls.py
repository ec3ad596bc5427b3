"""Recalls: their table, times, what refuses to happen, who holds the lots, the figures, who sees what."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from refusals import refused
from traced import CLINIC, DEALER, DI, HOSPITAL, LOT, MAKER, OTHER, TODAY, lot_on_its_way
from xiejian.clocks.models import Clock
from xiejian.kernel import deadlines
from xiejian.numbers import certificates
from xiejian.people.models import AuditEntry
from xiejian.people.policy import SYSTEM, Actor
from xiejian.registry.models import Registration
from xiejian.supply import actions as supply
from xiejian.supply.models import LotHold
from xiejian.vigilance import recall_checks as check
from xiejian.vigilance import recall_figures, recall_holders, recall_queries, recall_rules, recalls
from xiejian.vigilance.models import Recall, RecallHolder
from xiejian.vigilance.recall_checks import Answer, Plan, Progress, Source, Suspicion
from xiejian.vigilance.recalls import HOLDER_MOVES, OPEN, WORKFLOW

MOVES = {
    "suspected": {"evaluate_recall"},
    "evaluated": {"decide_recall", "drop_recall"},
    "not_needed": set(),
    "decided": {"notify_holders", "file_form"},
    "notified": {"notify_holders", "file_form"},
    "form_filed": {"notify_holders", "file_plan"},
    "plan_filed": {"notify_holders", "file_plan", "report_progress"},
    "in_progress": {"notify_holders", "file_plan", "report_progress", "complete_recall"},
    "completed": {"file_summary"},
    "summary_filed": {"pass_recall", "recall_again"},
    "effective": set(),
    "ordered_again": set(),
}
SUSPICION = Suspicion(
    product_name="试剂盒", reason="留样复检不合格", suspected_on=TODAY, holder_name="甲厂", holder_uscc=MAKER,
    di=DI, lots=(LOT,),
)  # fmt: skip
PLAN = Plan(
    planned=100, measures="收回", treatments=("收回", "销毁"), finish_by=TODAY + dt.timedelta(days=20),
    every_days=5, sold=100, made=100,
)  # fmt: skip
ANSWER = Answer(stopped=True, found=30, returned=30)
EVALUATION = dict.fromkeys(recall_rules.evaluation(), "无")


def codes(found):
    return [problem.code for problem in found]


class TestTheTable:
    @pytest.mark.parametrize("state", WORKFLOW.states)
    @pytest.mark.parametrize("action", sorted({t.action for t in WORKFLOW.transitions}))
    def test_every_state_and_move_is_decided(self, state, action):
        assert (action in {t.action for t in WORKFLOW.allowed(state)}) == (action in MOVES[state])

    def test_an_end_is_not_open(self):
        assert set(WORKFLOW.states) - set(OPEN) == {"not_needed", "effective", "ordered_again"}

    def test_the_authority_reviews_itself(self):
        assert not {"pass_recall", "recall_again"} & set(HOLDER_MOVES)

    def test_answers_are_taken_from_the_decision_to_the_review(self):
        assert set(recall_holders.TAKEN) == set(OPEN) - {"suspected", "evaluated"}


class TestWhatTheLawSays:
    @pytest.mark.parametrize(
        ("level", "rule", "days"), [("一级", "RC-1", 1), ("二级", "RC-2", 3), ("三级", "RC-3", 7)]
    )
    def test_the_units_are_told_by_the_level(self, level, rule, days):
        found = deadlines.rule(recall_rules.clock_rule("notify", level))
        assert (found.id, found.n, recall_rules.notify_within(level)) == (rule, days, f"{days}日内")

    @pytest.mark.parametrize(
        ("clock", "rule"),
        [("form", "RC-4"), ("plan", "RC-5"), ("national", "RC-6"), ("progress", "RC-7"), ("summary", "RC-8"),
         ("review", "RC-9"), ("records", "RC-10"), ("suspend", "RC-11")],
    )  # fmt: skip
    def test_every_other_time_has_its_rule(self, clock, rule):
        assert recall_rules.clock_rule(clock, "一级") == rule

    def test_only_the_gravest_is_announced_by_the_national_authority(self):
        announced = {name: "国家" in entry["announced"] for name, entry in recall_rules.levels().items()}
        assert announced == {"一级": True, "二级": False, "三级": False}

    def test_there_are_eight_items_and_nine_treatments(self):
        assert (len(recall_rules.evaluation()), len(recall_rules.values("treatments"))) == (8, 9)


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("given", "found"),
        [(EVALUATION, []), (EVALUATION | {"area": " "}, ["J402"]), (EVALUATION | {"other": ""}, []),
         (EVALUATION | {"mood": "好"}, ["J403"])],
    )  # fmt: skip
    def test_an_evaluation_speaks_of_every_item(self, given, found):
        assert codes(check.check_evaluation(given, recall_rules.evaluation())) == found

    @pytest.mark.parametrize(
        ("facts", "found"),
        [
            ({}, []),
            ({"sold": None}, []),
            ({"planned": 101}, ["J404"]),
            ({"sold": 101}, ["J404"]),
            ({"every_days": 0}, ["J405"]),
            ({"finish_by": TODAY - dt.timedelta(days=1)}, ["J406"]),
        ],
    )
    def test_quantities_of_a_plan_fit_into_each_other(self, facts, found):
        assert codes(check.check_plan(replace(PLAN, **facts), TODAY)) == found

    @pytest.mark.parametrize(
        ("now", "before", "found"),
        [
            (Progress(5, 5, 5), None, []),
            (Progress(5, 4, 5), None, ["J407"]),
            (Progress(5, 5), Progress(5, 5), []),
            (Progress(4, 5), Progress(5, 5), ["J408"]),
        ],
    )
    def test_progress_never_shrinks(self, now, before, found):
        assert codes(check.check_progress(now, before)) == found

    @pytest.mark.parametrize(
        ("facts", "found"),
        [({}, []), ({"treated": 1}, ["J410"]), ({"found": -1}, ["J409"]), ({"implanted": 99}, [])],
    )
    def test_no_more_is_handled_than_was_found(self, facts, found):
        assert codes(check.check_answer(replace(ANSWER, **facts))) == found

    @pytest.mark.parametrize(
        ("is_open", "said", "found"), [(False, "", []), (True, "", ["J417"]), (True, "失联", [])]
    )
    def test_what_is_not_accounted_for_is_said(self, is_open, said, found):
        assert codes(check.check_accounted(is_open, said, 1, 0, 0)) == found

    @pytest.mark.parametrize(
        ("level", "now", "found"),
        [("一级", "二级", []), ("三级", "二级", ["J418"]), ("二级", "二级", ["J418"])],
    )
    def test_a_demanded_level_is_a_higher_one(self, level, now, found):
        assert codes(check.check_level_raised(level, now, list(recall_rules.levels()))) == found

    @pytest.mark.parametrize(
        ("asked", "now", "found"), [(TODAY, None, []), (TODAY, TODAY, ["J419"]), (None, TODAY, ["J419"])]
    )
    def test_a_demanded_end_is_an_earlier_one(self, asked, now, found):
        assert codes(check.check_time_shortened(asked, now)) == found


def held(quantity, **facts):
    return RecallHolder(quantity=quantity, **facts)


class TestFigures:
    def test_an_answer_says_what_is_left_and_what_is_missing(self):
        row = held(30, found=26, returned=20, treated=1, destroyed=1, implanted=2)
        assert (row.remaining, row.missing) == (4, 2)

    def test_without_an_answer_nothing_is_known(self):
        assert (held(30).remaining, held(30).missing) == (None, 0)

    def test_they_add_up_over_the_units(self):
        rows = [
            held(30, notified_on=TODAY, found=28, returned=28, stopped=True),
            held(5, notified_on=TODAY),
            held(1),
        ]
        found = recall_figures.figures(50, rows, [])
        assert (found.units, found.notified, found.answered, found.unanswered) == (3, 2, 1, 2)
        assert (found.held, found.answered_returned, found.missing, found.open) == (36, 28, 2, True)

    def test_the_last_report_counts_and_treated_of_planned_is_the_completion(self):
        found = recall_figures.figures(50, [], [Progress(10, 5), Progress(40, 25, 5)])
        assert (found.returned, found.treated, found.completion) == (40, 25, 0.5)

    def test_without_a_plan_there_is_no_completion(self):
        assert recall_figures.figures(None, [], [Progress(1, 1)]).completion is None

    @pytest.mark.parametrize(("units", "asked"), [(0, 0), (3, 3), (12, 5), (26, 6), (100, 20)])
    def test_so_many_are_asked_whether_they_were_reached(self, units, asked):
        assert recall_figures.sample_size(units, 20, 5) == asked

    def test_the_seed_draws_the_same_units_whatever_their_order(self):
        keys = [f"单位{n}" for n in range(30)]
        first = recall_figures.drawn(keys, "2024-1", 6)
        assert first == recall_figures.drawn(reversed(keys), "2024-1", 6)
        assert first != recall_figures.drawn(keys, "2024-2", 6)


@pytest.fixture
def ours(naiman):
    lot_on_its_way()
    return naiman


@pytest.fixture
def act(officer, now):
    def take(name, recall, on=TODAY, **facts):
        room = recalls if hasattr(recalls, name) else recall_holders
        return getattr(room, name)(recall=recall, on=on, by=officer, at=now, **facts)

    return take


@pytest.fixture
def decided(ours, act, officer, now):
    def make(level="二级", **facts):
        found = recalls.open_recall(
            suspicion=replace(SUSPICION, **facts), office_code="150525", by=officer, at=now,
            source=Source("event", 7, "奈曼械不良7"),
        )  # fmt: skip
        return act("decide_recall", act("evaluate_recall", found, evaluation=EVALUATION), level=level)

    return make


@pytest.fixture
def told(decided, act):
    """Decided, its units traced and told."""
    found = decided()
    act("trace_holders", found)
    return act("notify_holders", found, how="系统")


@pytest.fixture
def running(told, act):
    """On its way, with a plan and a first report."""
    found = act("file_plan", act("file_form", told), plan=PLAN)
    act("report_progress", found, progress=Progress(10, 5))
    found.refresh_from_db()
    return found


def clock(recall, name):
    return Clock.objects.get(subject="recall", record=recall.pk, name=name)


def unit(recall, uscc):
    return RecallHolder.objects.get(recall=recall, uscc=uscc)


class TestClocks:
    def test_the_decision_starts_three(self, decided):
        found = decided("一级")
        rules = {name: clock(found, name).rule for name in ("notify", "form", "plan")}
        assert rules == {"notify": "RC-1", "form": "RC-4", "plan": "RC-5"}

    def test_an_order_starts_them_when_it_is_received(self, ours, officer, now):
        found = recalls.order_recall(
            suspicion=SUSPICION, level="一级", on=TODAY, office_code="150525", by=officer, at=now
        )
        assert (found.state, found.kind, Clock.objects.filter(subject="recall").count()) == (
            "decided",
            "责令",
            0,
        )
        recalls.receive_order(recall=found, on=TODAY, by=officer, at=now)
        assert clock(found, "notify").starts_on == TODAY
        with refused("J422"):
            recalls.receive_order(recall=found, on=TODAY, by=officer, at=now)

    def test_each_is_ended_by_its_step(self, running):
        assert {clock(running, name).state for name in ("notify", "form", "plan")} == {Clock.DONE}
        assert clock(running, "national").state == Clock.RUNNING

    def test_the_plan_says_when_the_next_report_is_due(self, running):
        found = clock(running, "progress")
        assert (found.rule, found.due_legal) == ("", TODAY + dt.timedelta(days=5))

    def test_a_higher_level_shortens_the_time_for_the_notices(self, decided, act):
        found = decided("三级")
        act("demand_of_recall", found, kind="提高召回级别", level="一级", text="已有伤害")
        found.refresh_from_db()
        assert (found.level, clock(found, "notify").rule) == ("一级", "RC-1")

    def test_a_distributor_that_finds_a_defect_acts_at_once(self, ours, officer, now):
        found = recalls.open_recall(
            suspicion=replace(SUSPICION, found_by="经营企业"), office_code="150525", by=officer, at=now
        )
        assert (clock(found, "suspend").rule, clock(found, "suspend").state) == ("RC-11", Clock.DONE)


class TestHolders:
    def test_the_trace_lists_who_has_how_much(self, decided, act):
        found = decided()
        act("trace_holders", found)
        held = {row.uscc: row.quantity for row in found.holders.all()}
        assert held == {DEALER: 30, OTHER: 25, HOSPITAL: 27, CLINIC: 15}

    def test_traced_again_nobody_is_listed_twice(self, told, act):
        with refused("J412"):
            act("trace_holders", told)

    def test_a_unit_that_no_movement_shows_is_added_by_hand(self, decided, officer, now):
        found = recall_holders.add_holder(recall=decided(), name="村卫生室", quantity=3, by=officer, at=now)
        assert (found.from_trace, found.quantity) == (False, 3)
        with refused("J412"):
            recall_holders.add_holder(recall=found.recall, name="村卫生室", by=officer, at=now)

    def test_whoever_is_told_may_not_hand_the_lot_on(self, told, now):
        sale = supply.Entry(
            firm_uscc=DEALER, kind="ship", di=DI, lot=LOT, quantity=1, on=TODAY, partner_uscc=HOSPITAL
        )
        with refused("SU201"):
            supply.record_movement(entry=sale, by=SYSTEM, at=now)

    def test_nobody_is_told_before_the_decision(self, ours, officer, now):
        found = recalls.open_recall(suspicion=SUSPICION, office_code="150525", by=officer, at=now)
        with refused("K101"):
            recalls.notify_holders(recall=found, how="系统", on=TODAY, by=officer, at=now)

    def test_an_answer_may_be_brought_up_to_date(self, told, officer, now):
        row = unit(told, DEALER)
        for returned in (0, 30):
            row = recall_holders.answer_recall(
                holder=row, answer=replace(ANSWER, returned=returned), on=TODAY, by=officer, at=now
            )
        assert (row.state, row.remaining) == ("answered", 0)
        assert AuditEntry.objects.filter(action="answer_recall").latest("sequence").detail["returned"] == [
            0,
            30,
        ]

    def test_a_firm_answers_for_itself_alone(self, told, now):
        dealer = Actor(f"{DEALER}:a", "甲", "firm", "firm_admin", DEALER)
        answer = {"answer": ANSWER, "on": TODAY, "by": dealer, "at": now}
        assert recall_holders.answer_recall(holder=unit(told, DEALER), **answer).found == 30
        with refused("P101"):
            recall_holders.answer_recall(holder=unit(told, HOSPITAL), **answer)

    def test_the_office_of_a_unit_writes_down_its_answer(self, told, now):
        there = Actor("x", "张", "522726", "section_officer")
        answer = {"answer": ANSWER, "on": TODAY, "by": there, "at": now}
        assert recall_holders.answer_recall(holder=unit(told, OTHER), **answer).answered_by == "张"
        with refused("P101"):
            recall_holders.answer_recall(holder=unit(told, DEALER), **answer)

    def test_a_few_are_drawn_and_asked(self, told, officer, now):
        chosen = recall_holders.draw_check(recall=told, seed="2024-03", by=officer, at=now)
        facts = {"how": "电话", "on": TODAY, "by": officer, "at": now}
        row = recall_holders.check_holder(holder=chosen[0], reached=True, acted=True, **facts)
        assert (len(chosen), row.drawn, recall_queries.progress(told).reached) == (4, True, 1)
        with refused("J424"):
            recall_holders.draw_check(recall=told, seed="2024-04", by=officer, at=now)
        with refused("J101"):
            recall_holders.check_holder(holder=chosen[1], reached=False, acted=False, **facts)


def answered(recall, by, now, **short):
    """Every unit answers; ``short``: credit code → how many it found."""
    for row in recall.holders.all():
        found = short.get(row.uscc, row.quantity)
        recall_holders.answer_recall(
            holder=row, answer=Answer(stopped=True, found=found, returned=found), on=TODAY, by=by, at=now
        )


class TestTheEnd:
    def test_silence_about_what_is_open_is_refused(self, running, act):
        with refused("J417"):
            act("complete_recall", running)
        done = act("complete_recall", running, unaccounted="四家单位未答复，已移交当地局核实。")
        assert (done.state, clock(done, "summary").rule) == ("completed", "RC-8")

    def test_a_unit_that_was_not_told_keeps_it_open(self, running, act, officer, now):
        recall_holders.add_holder(recall=running, name="村卫生室", by=officer, at=now)
        with refused("J416"):
            act("complete_recall", running, unaccounted="无")

    def test_effective_it_lets_go_of_lots_that_nobody_has_any_more(self, running, act, officer, now):
        answered(running, officer, now)
        done = act("file_summary", act("complete_recall", running), summary="全部收回销毁。")
        done = act("pass_recall", done, review="同意")
        assert (done.state, LotHold.objects.filter(released_at=None).count()) == ("effective", 0)
        assert clock(done, "review").state == Clock.DONE

    def test_its_records_are_kept_for_years_after_the_certificate(self, running, act, officer, now):
        number, ends = "国械注准20203010001", dt.date(2025, 5, 1)
        Registration.objects.create(
            number=number, number_key=certificates.read(number).key, number_kind="current", record_key="1",
            registrant="甲厂", product_name="试剂盒", expires_on=ends,
        )  # fmt: skip
        recalls.amend_recall(
            recall=running, changes={"registration_no": number}, reason="补充", by=officer, at=now
        )
        answered(running, officer, now)
        act("pass_recall", act("file_summary", act("complete_recall", running), summary="完"), review="好")
        found = clock(running, "records")
        assert (found.rule, found.starts_on, found.due_strict) == ("RC-10", ends, dt.date(2030, 5, 1))

    def test_ordered_again_it_goes_on_with_whoever_is_open(self, running, act, officer, now):
        answered(running, officer, now, **{DEALER: 20})
        done = act("complete_recall", running, unaccounted="奈曼经销少 10。")
        again = act("recall_again", act("file_summary", done, summary="有缺口。"), review="效果不好")
        assert (again.state, again.kind, again.follows_id) == ("decided", "责令", running.pk)
        assert {row.uscc: row.quantity for row in again.holders.all()} == {DEALER: 10}
        assert LotHold.objects.filter(released_at=None).exists()
        act("notify_holders", again, how="系统")
        assert {row.source_record for row in LotHold.objects.all()} == {running.number}

    def test_not_needed_it_ends_with_the_reason(self, ours, act, officer, now):
        found = recalls.open_recall(suspicion=SUSPICION, office_code="150525", by=officer, at=now)
        found = act("evaluate_recall", found, evaluation=EVALUATION)
        assert act("drop_recall", found, reason="操作问题").state == "not_needed"


class TestAmendments:
    def test_both_versions_are_kept(self, decided, officer, now):
        found = decided()
        recalls.amend_recall(
            recall=found, changes={"lots": [LOT, "A2"]}, reason="补充批号", by=officer, at=now
        )
        assert AuditEntry.objects.get(action="amend_recall").detail["lots"] == [[LOT], [LOT, "A2"]]

    @pytest.mark.parametrize(
        ("changes", "code"),
        [({"state": "effective"}, "J107"), ({"lots": [LOT]}, "J115"), ({"lots": []}, "J401")],
    )
    def test_what_may_not_be_amended(self, decided, officer, now, changes, code):
        found = decided()
        with refused(code):
            recalls.amend_recall(recall=found, changes=changes, reason="核对", by=officer, at=now)


def firm(uscc):
    return Actor(f"{uscc}:a", "甲", "firm", "firm_admin", uscc)


class TestWhoSeesWhat:
    def test_an_officer_of_another_county_sees_the_units_there(self, told):
        there = Actor("x", "张", "522726", "section_officer")
        assert [row.uscc for row in recall_queries.holders(there, recall=told)] == [OTHER, CLINIC]
        assert recall_queries.recalls(there).count() == 1
        assert not recall_queries.recalls(Actor("y", "王", "110101", "section_officer")).exists()

    def test_a_firm_sees_itself_and_that_only_once_it_was_told(self, decided, act):
        found = decided()
        act("trace_holders", found)
        assert not recall_queries.recalls(firm(DEALER)).exists()
        act("notify_holders", found, how="系统")
        assert [row.uscc for row in recall_queries.holders(firm(DEALER), recall=found)] == [DEALER]

    def test_whoever_recalls_sees_the_firms_it_delivered_to(self, told):
        assert {row.uscc for row in recall_queries.holders(firm(MAKER), recall=told)} == {DEALER, OTHER}

    def test_nobody_sees_nothing(self, told):
        assert not recall_queries.holders(None).exists() and not recall_queries.recalls(None).exists()

    def test_the_public_reads_of_it_once_it_is_decided(self, ours, decided, officer, now):
        recalls.open_recall(suspicion=SUSPICION, office_code="150525", by=officer, at=now)
        found = decided()
        assert [row.number for row in recall_queries.public(TODAY)] == [found.number]
        assert Recall.objects.count() == 2

    def test_a_list_asks_once_however_many_there_are(self, decided, officer, django_assert_num_queries):
        for _ in range(3):
            decided()
        with django_assert_num_queries(1):
            assert len(recall_queries.recalls(officer)) == 3


class TestAFirmRecallsByItself:
    def test_its_own_product_and_no_other(self, ours, now):
        dealer = replace(SUSPICION, holder_uscc=DEALER, holder_name="奈曼经销")
        made = recalls.open_recall(suspicion=dealer, by=firm(DEALER), at=now)
        assert (made.office_code, made.party.uscc) == ("150525100", DEALER)
        with refused("P101"):
            recalls.open_recall(suspicion=SUSPICION, by=firm(DEALER), at=now)

    def test_it_does_not_review_itself(self, running, act, now):
        done = act("file_summary", act("complete_recall", running, unaccounted="无答复"), summary="完")
        with refused("P101"):
            recalls.pass_recall(recall=done, review="好", on=TODAY, by=firm(MAKER), at=now)


def test_an_interval_beyond_every_calendar_ends_with_the_plan(told, act):
    found = act("file_plan", act("file_form", told), plan=replace(PLAN, every_days=32_000))
    assert clock(found, "progress").due_legal == PLAN.finish_by
