"""整改事项: every defect answered and judged by itself; 催办, 批示; the firm's own link."""

from __future__ import annotations

import datetime as dt

import pytest

from visiting import photo
from xiejian.inspections import actions, answering, limits, queries, reminding
from xiejian.inspections.correction_items import ItemAnswer
from xiejian.inspections.models import AnswerLink, Correction, Visit
from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry
from xiejian.people.policy import RECEIPT_ROLE, Actor, may, visible

TODAY = dt.date(2024, 3, 5)
IN_TEN_DAYS = TODAY + dt.timedelta(days=10)


def codes(refused) -> list[str]:
    return [problem.code for problem in refused.value.problems]


@pytest.fixture
def ordered(started, answer_all, inspector, now):
    """An order for two defects."""
    answer_all(started, failing=["T-CZ-CL-3", "T-CZ-CL-4"])
    visit = actions.conclude_visit(visit=started, by=inspector, at=now)
    return actions.order_correction(
        visit=visit, content="补齐购销记录", ordered_on=TODAY, due_on=TODAY + dt.timedelta(days=15),
        by=inspector, at=now,
    )  # fmt: skip


@pytest.fixture
def items(ordered):
    return list(ordered.items.all())


def said(*items) -> list[ItemAnswer]:
    return [ItemAnswer(item.pk, "管理疏漏", "已补齐") for item in items]


class TestItems:
    def test_are_the_problems_of_the_visit(self, items):
        assert [(i.position, i.finding.point) for i in items] == [(1, "T-CZ-CL-3"), (2, "T-CZ-CL-4")]

    def test_of_a_second_order_are_not_those_of_the_first(self, ordered, inspector, now):
        again = actions.order_correction(
            visit=ordered.visit, content="另行整改", ordered_on=TODAY, due_on=TODAY, by=inspector, at=now
        )
        assert [(i.finding, i.defect) for i in again.items.all()] == [(None, "另行整改")]

    def test_may_be_answered_in_part(self, ordered, items, inspector, later):
        row = actions.answer_items(correction=ordered, answers=said(items[0]), by=inspector, at=later)
        assert (row.state, [i.measure for i in row.items.all()]) == ("ordered", ["已补齐", ""])

    def test_say_together_what_the_report_says(self, ordered, items, inspector, later):
        row = actions.submit_correction(
            correction=ordered, submitted_on=IN_TEN_DAYS, answer="", answers=said(*items), by=inspector,
            at=later,
        )  # fmt: skip
        assert (row.state, row.answer.count("措施：已补齐")) == ("submitted", 2)

    def test_carry_their_own_evidence(self, ordered, items, inspector, later):
        answer = ItemAnswer(items[1].pk, "", "已补齐", [photo()])
        actions.answer_items(correction=ordered, answers=[answer], by=inspector, at=later)
        assert items[1].evidence.get().correction == ordered

    def test_of_another_order_are_refused(self, ordered, inspector, later):
        with pytest.raises(Refused) as refused:
            actions.answer_items(
                correction=ordered, answers=[ItemAnswer(0, "", "已补齐")], by=inspector, at=later
            )
        assert codes(refused) == ["I308"]

    def test_without_a_word_are_refused(self, ordered, items, inspector, later):
        with pytest.raises(Refused) as refused:
            actions.answer_items(
                correction=ordered, answers=[ItemAnswer(items[0].pk, " ")], by=inspector, at=later
            )
        assert codes(refused) == ["I309"]

    def test_are_all_accepted_by_a_passed_recheck(self, ordered, inspector, later):
        row = actions.pass_recheck(correction=ordered, rechecked_on=IN_TEN_DAYS, by=inspector, at=later)
        assert [i.accepted for i in row.items.all()] == [True, True]

    def test_are_accepted_one_by_one_by_a_failed_recheck(self, ordered, items, inspector, later):
        row = actions.fail_recheck(
            correction=ordered, rechecked_on=IN_TEN_DAYS, rejected=[items[1].pk], by=inspector, at=later
        )
        assert [i.accepted for i in row.items.all()] == [True, False]

    def test_are_named_by_a_failed_recheck(self, ordered, inspector, later):
        with pytest.raises(Refused) as refused:
            actions.fail_recheck(
                correction=ordered, rechecked_on=IN_TEN_DAYS, rejected=[], by=inspector, at=later
            )
        assert codes(refused) == ["I316"]

    def test_that_were_accepted_stay_so_when_ordered_again(self, ordered, items, inspector, later):
        actions.fail_recheck(
            correction=ordered, rechecked_on=IN_TEN_DAYS, rejected=[items[1].pk], by=inspector, at=later
        )
        actions.order_again(
            correction=ordered, due_on=IN_TEN_DAYS, ordered_on=IN_TEN_DAYS, reason="未到位", by=inspector,
            at=later,
        )  # fmt: skip
        row = actions.answer_items(correction=ordered, answers=said(*items), by=inspector, at=later)
        assert [(i.accepted, i.measure) for i in row.items.all()] == [(True, ""), (None, "已补齐")]


class TestReminding:
    def remind(self, order, by, at, **facts):
        given = {"done_on": IN_TEN_DAYS, "how": "电话", "whom": "店长", "text": "请按期提交", **facts}
        return reminding.remind_party(correction=order, by=by, at=at, **given)

    def test_says_who_when_how(self, ordered, inspector, later):
        row = self.remind(ordered, inspector, later)
        assert (row.kind, row.how, row.by_name) == ("催办", "电话", inspector.name)
        assert AuditEntry.objects.filter(action="remind_party").count() == 1

    @pytest.mark.parametrize(
        ("facts", "code"),
        [
            ({"how": "托梦"}, "I310"),
            ({"text": " "}, "I106"),
            ({"done_on": TODAY - dt.timedelta(days=1)}, "I109"),
            ({"done_on": dt.date(2025, 1, 1)}, "I102"),
        ],
    )
    def test_is_refused(self, ordered, inspector, later, facts, code):
        with pytest.raises(Refused) as refused:
            self.remind(ordered, inspector, later, **facts)
        assert codes(refused) == [code]

    def test_is_refused_where_nothing_is_owed(self, ordered, inspector, later):
        actions.pass_recheck(correction=ordered, rechecked_on=IN_TEN_DAYS, by=inspector, at=later)
        with pytest.raises(Refused) as refused:
            self.remind(ordered, inspector, later)
        assert codes(refused) == ["I311"]

    @pytest.mark.parametrize(("past", "found"), [(0, 0), (1, 1)])
    def test_long_overdue_goes_to_the_head(self, ordered, inspector, past, found):
        day = ordered.due_on + dt.timedelta(days=limits.days_to_head() - 1 + past)
        assert queries.to_the_head(inspector, day).count() == found

    def test_the_head_directs(self, ordered, later):
        head = Actor("head", "李局", "150525", "head")
        assert reminding.direct_correction(correction=ordered, text="立案", by=head, at=later).kind == "批示"

    def test_an_inspector_does_not_direct(self, ordered, inspector, later):
        with pytest.raises(Refused) as refused:
            reminding.direct_correction(correction=ordered, text="立案", by=inspector, at=later)
        assert codes(refused) == ["P101"]


class TestTheLinkOfAFirm:
    @pytest.fixture
    def token(self, ordered, inspector, now):
        return answering.open_answer_link(correction=ordered, by=inspector, at=now)[1]

    def send(self, token, at, items=(), **facts):
        given = {"person": "张店长", "answers": said(*items), "complete": True, **facts}
        return answering.answer_by_link(token=token, at=at, **given)

    def test_is_kept_only_as_its_digest(self, token):
        assert AnswerLink.objects.get().token_digest == answering.digest(token) != token

    def test_hands_in_the_report_in_the_firms_name(self, token, items, later):
        row = self.send(token, later, items)
        entry = AuditEntry.objects.get(action="submit_correction")
        assert (row.state, entry.by_name) == ("submitted", "明眸眼镜店（张店长）")

    def test_answers_in_part(self, token, items, later):
        assert self.send(token, later, items[:1], complete=False).state == "ordered"

    @pytest.mark.parametrize("how", ["revoked", "expired", "another", "replaced"])
    def test_no_longer_works_once(self, token, ordered, items, inspector, now, later, how):
        at = later
        if how == "revoked":
            answering.revoke_answer_link(correction=ordered, by=inspector, at=now)
        elif how == "expired":
            at = now + dt.timedelta(days=15 + limits.link_days() + 1)
        elif how == "another":
            token += "x"
        else:
            answering.open_answer_link(correction=ordered, by=inspector, at=now)
        with pytest.raises(Refused) as refused:
            self.send(token, at, items)
        assert codes(refused) == ["I313"]

    def test_works_on_its_last_day(self, token, items, now):
        at = now + dt.timedelta(days=15 + limits.link_days())
        assert self.send(token, at, items).state == "submitted"

    def test_is_sent_so_often_within_an_hour(self, token, items, later):
        for _ in range(limits.answers_in_hour()):
            self.send(token, later, items, complete=False)
        with pytest.raises(Refused) as refused:
            self.send(token, later, items, complete=False)
        assert codes(refused) == ["I314"]
        self.send(token, later + dt.timedelta(hours=1), items, complete=False)

    def test_takes_so_many_files(self, token, items, later):
        files = [photo()] * (limits.files_in_answer() + 1)
        with pytest.raises(Refused) as refused:
            self.send(token, later, answers=[ItemAnswer(items[0].pk, "", "已补齐", files)])
        assert codes(refused) == ["I315"]

    def test_names_who_answers(self, token, items, later):
        with pytest.raises(Refused) as refused:
            self.send(token, later, items, person=" ")
        assert codes(refused) == ["I106"]

    def test_does_not_answer_twice(self, token, items, later):
        self.send(token, later, items)
        with pytest.raises(Refused) as refused:
            self.send(token, later, items)
        assert codes(refused) == ["K101"]

    def test_is_opened_by_who_may_visit(self, ordered, naiman, now):
        with pytest.raises(Refused) as refused:
            answering.open_answer_link(correction=ordered, by=Actor("head", "李局", "150525", "head"), at=now)
        assert codes(refused) == ["P101"]


class TestAFirmAsActor:
    FIRM = Actor("receipt-1", "店", "150525100", RECEIPT_ROLE)

    def test_may_answer(self):
        assert may(self.FIRM, "inspections.answer", "150525100")

    @pytest.mark.parametrize("permission", ["inspections.view", "inspections.visit", "registry.view"])
    def test_may_nothing_else(self, permission):
        assert not may(self.FIRM, permission, "150525100")

    def test_sees_no_rows(self, ordered):
        assert not visible(Correction.objects.all(), self.FIRM).exists()
        assert not visible(Visit.objects.all(), self.FIRM).exists()
