"""A sample from its sheet to its closing, and what refuses to happen on the way."""

from __future__ import annotations

import datetime as dt

import pytest

from sampled import TODAY
from visiting import enrol
from xiejian.clocks.models import Clock
from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor
from xiejian.registry.models import Registration
from xiejian.sampling import actions


def code(refused) -> str:
    return refused.value.first.code


def clock(sample, name):
    return Clock.objects.filter(subject="sample", record=sample.pk, name=name).first()


class TestTheSheet:
    def test_a_sheet_makes_a_drawn_sample_with_the_next_number(self, draw):
        assert [draw().number, draw().number] == ["奈曼旗抽样〔2024〕1号", "奈曼旗抽样〔2024〕2号"]

    def test_a_number_printed_on_the_sheet_is_kept(self, draw):
        assert draw(number="JG2024-0007").number == "JG2024-0007"

    def test_a_sheet_is_entered_once(self, draw):
        draw(number="JG2024-0007")
        with pytest.raises(Refused) as refused:
            draw(number="JG2024-0007")
        assert code(refused) == "S206"

    def test_one_person_alone_takes_no_sample(self, draw, team):
        with pytest.raises(Refused) as refused:
            draw(team=team[:1])
        assert code(refused) == "S203"

    def test_the_same_person_twice_is_one_person(self, draw, team):
        with pytest.raises(Refused) as refused:
            draw(team=[team[0], team[0]])
        assert code(refused) == "S203"

    @pytest.mark.parametrize(
        ("sheet", "problem"),
        [
            ({"seals": " "}, "S209"),
            ({"lot": ""}, "S201"),
            ({"product_name": ""}, "S201"),
            ({"quantity": 0}, "S207"),
            ({"reserved": 51}, "S208"),
            ({"price_fen": -1}, "S211"),
            ({"method": "索要"}, "S210"),
            ({"sampled_on": TODAY + dt.timedelta(days=1)}, "S202"),
            ({"made_on": TODAY + dt.timedelta(days=1)}, "S205"),
            ({"expires_on": dt.date(2024, 1, 4)}, "S205"),
        ],
    )
    def test_a_sheet_that_cannot_be_so_is_refused(self, draw, sheet, problem):
        with pytest.raises(Refused) as refused:
            draw(sheet=sheet)
        assert code(refused) == problem

    def test_the_kind_is_asked_for_without_a_plan(self, draw):
        with pytest.raises(Refused) as refused:
            draw(kind="")
        assert code(refused) == "S101"

    def test_the_product_tags_are_those_of_the_shop_in_that_link(self, drawn):
        assert drawn.tags == "|医用口罩|"

    def test_a_certificate_in_the_register_is_found(self, draw, shop):
        made = Registration.objects.create(
            number="苏械注准20202141234", number_key="苏械注准20202141234", number_kind="current",
            record_key="1", registrant="某医疗用品有限公司", product_name="口罩",
        )  # fmt: skip
        assert draw().registration == made

    def test_a_maker_in_the_register_is_found(self, draw, now):
        maker = enrol("某医疗用品有限公司", "150525", now, link="生产")
        assert draw().maker_party == maker

    def test_somebody_of_another_county_may_not_sample_here(self, draw):
        stranger = Actor("x", "外人", "522726", "section_officer")
        with pytest.raises(Refused) as refused:
            draw(by=stranger)
        assert code(refused) == "P101"


class TestThePlannedSample:
    def test_it_takes_kind_and_laboratory_from_the_plan(self, line, shop, inspector, now):
        sample = actions.plan_sample(
            line=line, party=shop, link="经营", planned_on=TODAY, by=inspector, at=now
        )
        assert (sample.state, sample.kind, sample.laboratory) == ("planned", "省级抽检", "省医疗器械检验所")

    def test_its_sheet_makes_it_drawn(self, line, shop, draw, inspector, now):
        sample = actions.plan_sample(
            line=line, party=shop, link="经营", planned_on=TODAY, by=inspector, at=now
        )
        drawn = draw(sample=sample, party=None, link="", kind="")
        assert (drawn.pk, drawn.state, drawn.line) == (sample.pk, "drawn", line)

    def test_a_draft_is_not_sampled_from(self, make_plan, draw):
        with pytest.raises(Refused) as refused:
            draw(line=make_plan().lines.get())
        assert code(refused) == "S108"

    def test_a_line_for_shops_is_not_met_in_a_hospital(self, line, draw):
        with pytest.raises(Refused) as refused:
            draw(line=line, link="使用")
        assert code(refused) == "S213"

    def test_a_refusal_needs_a_witness(self, line, shop, inspector, now):
        sample = actions.plan_sample(
            line=line, party=shop, link="经营", planned_on=TODAY, by=inspector, at=now
        )
        with pytest.raises(Refused) as refused:
            actions.record_refused_sampling(
                sample=sample, on=TODAY, reason="不让进店", witness="", by=inspector, at=now
            )
        assert code(refused) == "S201"

    def test_a_refusal_is_no_sample_taken(self, line, shop, inspector, now):
        sample = actions.plan_sample(
            line=line, party=shop, link="经营", planned_on=TODAY, by=inspector, at=now
        )
        refused = actions.record_refused_sampling(
            sample=sample, on=TODAY, reason="不让进店", witness="社区干部孙某", by=inspector, at=now
        )
        assert (refused.state, refused.sampled_on) == ("refused", None)


class TestOnTheWayToTheLaboratory:
    def test_steps_are_dated_in_their_order(self, drawn, walk):
        with pytest.raises(Refused) as refused:
            walk.hand_over(drawn, days=-1)
        assert code(refused) == "S205"

    def test_nothing_is_received_before_it_was_sent(self, drawn, walk):
        with pytest.raises(Refused) as refused:
            walk.receive(drawn)
        assert code(refused) == "K101"

    def test_a_broken_seal_ends_the_sample_with_its_reason(self, drawn, walk, inspector, now):
        sent = walk.hand_over(drawn)
        gone = actions.cancel_sample(sample=sent, reason="封签破损，检验机构退回", by=inspector, at=now)
        assert (gone.state, gone.remark) == ("cancelled", "封签破损，检验机构退回")

    def test_every_step_leaves_its_audit_entry(self, drawn, walk):
        walk.to_result(drawn, "符合规定")
        entries = AuditEntry.objects.filter(subject="sample").order_by("sequence")
        assert list(entries.values_list("action", flat=True)) == [
            "draw_sample", "hand_over_sample", "receive_sample", "record_result",
        ]  # fmt: skip


class TestAResultThatConforms:
    @pytest.fixture
    def passed(self, drawn, walk):
        return walk.notify(walk.to_result(drawn, "符合规定"))

    def test_it_is_closed_once_it_was_served(self, passed, walk):
        closed = walk.close(passed)
        assert (closed.state, closed.final_result) == ("closed", "符合规定")

    def test_it_starts_no_clock(self, passed):
        assert not Clock.objects.filter(subject="sample", record=passed.pk).exists()

    def test_nobody_asks_for_a_retest_of_it(self, passed, inspector, walk):
        with pytest.raises(Refused) as refused:
            actions.apply_retest(
                sample=passed, on=passed.notified_on, applicant="某店", laboratory="乙所", by=inspector,
                at=walk.at(passed.notified_on),
            )  # fmt: skip
        assert code(refused) == "S401"

    def test_there_is_nothing_to_handle(self, passed, walk):
        with pytest.raises(Refused) as refused:
            walk.measure(passed, "stop")
        assert code(refused) == "S503"


class TestAFailedResult:
    def test_it_names_the_items_that_failed(self, drawn, walk):
        tested = walk.receive(walk.hand_over(drawn))
        with pytest.raises(Refused) as refused:
            walk.report(tested, "不符合规定", failed_items="")
        assert code(refused) == "S302"

    def test_deciding_on_a_case_has_fifteen_working_days(self, failed):
        # the report of 25 March; Qingming lies between, 7 April is a make-up working day
        assert clock(failed, "clue").due_legal == dt.date(2024, 4, 16)

    def test_stopping_the_product_has_no_days_but_runs(self, failed):
        found = clock(failed, "stop")
        assert (found.state, found.due_legal) == ("running", None)

    def test_a_retest_may_be_asked_for_within_seven_working_days(self, served):
        # served on 26 March
        assert clock(served, "retest").due_legal == dt.date(2024, 4, 7)

    def test_of_a_cosmetic_by_its_own_regulation(self, draw, walk):
        sample = walk.notify(walk.to_result(draw(area="化妆品"), "不符合规定"))
        assert clock(sample, "retest").rule == "SM-2"

    def test_of_a_drug_no_rule_is_known_so_none_is_counted(self, draw, walk):
        sample = walk.notify(walk.to_result(draw(area="药品"), "不符合规定"))
        assert clock(sample, "retest") is None

    def test_the_maker_is_told_once(self, served, walk):
        told = walk.tell_maker(served)
        with pytest.raises(Refused) as refused:
            walk.tell_maker(told, days=22)
        assert code(refused) == "S407"


class TestObjection:
    def object_on(self, sample, walk, day):
        return actions.raise_objection(
            sample=sample, on=day, reasons="不是本企业生产", by=walk.by, at=walk.at(day)
        )

    def test_the_maker_has_seven_working_days(self, served, walk):
        told = walk.tell_maker(served)
        with pytest.raises(Refused) as refused:
            self.object_on(told, walk, dt.date(2024, 4, 8))
        assert code(refused) == "S406"

    def test_entering_it_has_two_working_days_and_checking_it_fifteen(self, served, walk):
        raised = self.object_on(walk.tell_maker(served), walk, dt.date(2024, 4, 7))
        found = [(clock(raised, name).rule, clock(raised, name).due_legal) for name in ("enter", "verify")]
        assert found == [("SM-4", dt.date(2024, 4, 9)), ("SM-4.2", dt.date(2024, 4, 26))]

    def test_entered_the_first_time_ends_and_the_second_runs_on(self, served, walk):
        raised = self.object_on(walk.tell_maker(served), walk, dt.date(2024, 4, 7))
        day = dt.date(2024, 4, 8)
        entered = actions.enter_objection(sample=raised, on=day, by=walk.by, at=walk.at(day))
        assert [clock(entered, name).state for name in ("enter", "verify")] == ["done", "running"]

    def test_answered_the_sample_goes_on_where_it_was(self, served, walk):
        raised = self.object_on(walk.tell_maker(served), walk, dt.date(2024, 4, 7))
        day = dt.date(2024, 4, 12)
        answered = actions.answer_objection(sample=raised, on=day, result="成立", by=walk.by, at=walk.at(day))
        assert (answered.state, clock(answered, "verify").state) == ("notified", "done")


class TestRetest:
    def apply(self, sample, walk, day=dt.date(2024, 4, 7), **facts):
        given = {"applicant": "某医疗用品有限公司", "laboratory": "市检验中心", **facts}
        return actions.apply_retest(sample=sample, on=day, by=walk.by, at=walk.at(day), **given)

    def test_on_the_last_day_it_is_in_time(self, served, walk):
        applied = self.apply(served, walk)
        assert (applied.state, clock(applied, "retest").state) == ("retesting", "done")

    def test_a_day_later_it_is_not(self, served, walk):
        with pytest.raises(Refused) as refused:
            self.apply(served, walk, dt.date(2024, 4, 8))
        assert code(refused) == "S402"

    def test_the_first_laboratory_does_not_test_again(self, served, walk):
        with pytest.raises(Refused) as refused:
            self.apply(served, walk, laboratory="省医疗器械检验所")
        assert code(refused) == "S403"

    def test_unless_there_is_no_other(self, served, walk):
        applied = self.apply(served, walk, laboratory="省医疗器械检验所", only_laboratory=True)
        assert applied.state == "retesting"

    def test_its_conclusion_is_final(self, served, walk):
        day = dt.date(2024, 5, 10)
        sample = actions.record_retest(
            sample=self.apply(served, walk), on=day, result="符合规定", by=walk.by, at=walk.at(day)
        )
        assert (sample.state, sample.outcome, sample.failed) == ("final", "符合规定", False)

    def test_one_that_conforms_stops_every_clock(self, served, walk):
        day = dt.date(2024, 5, 10)
        sample = actions.record_retest(
            sample=self.apply(served, walk), on=day, result="符合规定", by=walk.by, at=walk.at(day)
        )
        assert not Clock.objects.filter(subject="sample", record=sample.pk, state="running").exists()

    def test_not_taken_on_the_first_result_stands(self, served, walk):
        day = dt.date(2024, 4, 9)
        sample = actions.reject_retest(
            sample=self.apply(served, walk), on=day, reason="备样已过有效期", by=walk.by, at=walk.at(day)
        )
        assert (sample.state, sample.outcome) == ("notified", "不符合规定")


class TestTheFinalResult:
    def test_it_waits_for_the_last_day_of_asking_for_a_retest(self, served, walk):
        with pytest.raises(Refused) as refused:
            walk.confirm(served, days=33)
        assert code(refused) == "S404"

    def test_or_for_the_party_to_give_it_up(self, served, walk):
        assert walk.confirm(served, days=25, waiver="书面放弃复检").state == "final"

    def test_after_the_last_day_it_is_final(self, served, walk):
        sample = walk.confirm(served, days=34)
        assert (sample.final_result, clock(sample, "retest").state) == ("不符合规定", "dropped")


class TestHandling:
    REQUIRED = ("stop", "trace", "no_case", "follow_up")

    def test_stopping_does_not_wait_for_the_final_result(self, failed, walk):
        walk.measure(failed, "stop", days=20)
        assert clock(failed, "stop").state == "done"

    @pytest.mark.parametrize("left_out", REQUIRED)
    def test_it_is_complete_only_with_everything_that_is_required(self, final, walk, left_out):
        walk.measures(final, *(m for m in self.REQUIRED if m != left_out))
        with pytest.raises(Refused) as refused:
            walk.complete(final)
        assert code(refused) == "S504"

    def test_with_all_of_it_the_sample_is_handled_and_closed(self, final, walk):
        walk.measures(final, *self.REQUIRED)
        assert walk.close(walk.complete(final)).state == "closed"

    def test_a_case_settles_what_a_reason_against_one_settles(self, final, walk):
        walk.measures(final, "stop", "trace", "follow_up")
        walk.measure(final, "case", reference="奈市监处罚〔2024〕9号")
        assert walk.complete(final).state == "disposed"

    def test_a_failed_sample_is_not_closed_unhandled(self, final, walk):
        with pytest.raises(Refused) as refused:
            walk.close(final)
        assert code(refused) == "S505"

    def test_the_same_paper_is_recorded_once(self, final, walk):
        walk.measure(final, "recall", reference="奈市监函〔2024〕3号")
        with pytest.raises(Refused) as refused:
            walk.measure(final, "recall", reference="奈市监函〔2024〕3号")
        assert code(refused) == "S502"

    def test_an_unknown_measure_is_refused(self, final, walk):
        with pytest.raises(Refused) as refused:
            walk.measure(final, "forget")
        assert code(refused) == "S501"

    def test_deciding_on_a_case_ends_its_clock(self, final, walk):
        walk.measure(final, "no_case")
        assert clock(final, "clue").state == "done"


class TestAmendment:
    def amend(self, sample, inspector, now, reason="录入笔误", **changes):
        return actions.amend_sample(sample=sample, changes=changes, reason=reason, by=inspector, at=now)

    def test_it_corrects_the_label_and_keeps_both_versions(self, drawn, inspector, now):
        self.amend(drawn, inspector, now, lot="20240106")
        entry = AuditEntry.objects.get(action="amend_sample")
        assert (drawn.lot, entry.detail["lot"]) == ("20240106", ["20240105", "20240106"])

    def test_not_without_a_reason(self, drawn, inspector, now):
        with pytest.raises(Refused) as refused:
            self.amend(drawn, inspector, now, reason="", lot="20240106")
        assert code(refused) == "S201"

    def test_a_result_is_not_corrected_by_hand(self, drawn, inspector, now):
        with pytest.raises(Refused) as refused:
            self.amend(drawn, inspector, now, result="符合规定")
        assert code(refused) == "S214"

    def test_nor_into_something_that_cannot_be(self, drawn, inspector, now):
        with pytest.raises(Refused) as refused:
            self.amend(drawn, inspector, now, made_on=dt.date(2024, 3, 6))
        assert code(refused) == "S205"

    def test_another_maker_is_looked_up_again(self, drawn, inspector, now):
        maker = enrol("乙厂", "150525", now, link="生产")
        assert self.amend(drawn, inspector, now, maker="乙厂").maker_party == maker
