"""Cases handed over: who agrees, what runs, what comes back, what the tables count."""

from __future__ import annotations

import datetime as dt

import pytest

from xiejian.cases import transferring
from xiejian.clocks.queries import clocks_of
from xiejian.inspections.models import Transfer
from xiejian.kernel.problems import Refused
from xiejian.people.policy import Actor

ANSWERS = {"accept_handover", "decline_handover", "return_handover"}
ALLOWED = {
    "proposed": {"approve_handover", "refuse_handover"},
    "approved": {"send_handover"},
    "refused": set(),
    "sent": {"receive_handover", *ANSWERS},
    "received": ANSWERS,
    "accepted": {"close_handover"},
    "not_accepted": {"appeal_handover", "close_handover"},
    "returned": {"close_handover"},
    "appealed": {"accept_handover", "decline_handover"},
    "upheld": {"close_handover"},
    "closed": set(),
}


def refused_codes(work) -> list[str]:
    with pytest.raises(Refused) as refused:
        work()
    return [problem.code for problem in refused.value.problems]


def test_every_move_from_every_state_is_decided():
    flow = transferring.WORKFLOW
    assert {s: {t.action for t in flow.allowed(s)} for s in flow.states} == ALLOWED
    for state, may in ALLOWED.items():
        for move in {t.action for t in flow.transitions} - may:
            with pytest.raises(Refused):
                flow.step(state, move)


@pytest.fixture
def head(naiman) -> Actor:
    return Actor("zhang", "张局", naiman.code, "head")


@pytest.fixture
def propose(filed, officer, now):
    def make(addressee="公安", unit="奈曼旗公安局"):
        return transferring.propose_handover(
            case=filed, addressee=addressee, unit=unit, reason="涉嫌犯罪", on=now.date(), by=officer, at=now
        )

    return make


@pytest.fixture
def sent(propose, officer, head, now):
    def make(*given):
        row = transferring.approve_handover(handover=propose(*given), by=head, at=now)
        return transferring.send_handover(
            handover=row, on=now.date(), reference="奈曼旗市监涉罪移〔2024〕1号", by=officer, at=now
        )

    return make


def running(row) -> list[str]:
    return [c.rule for c in clocks_of("handover", [row.pk]).get(row.pk, []) if c.state == "running"]


class TestToThePolice:
    def test_the_head_has_three_days_and_the_office_then_a_day_and_a_night(self, propose, head, now):
        row = propose()
        assert running(row) == ["TP-1"]
        assert running(transferring.approve_handover(handover=row, by=head, at=now)) == ["TP-2"]

    def test_it_counts_in_the_tables_once_sent(self, sent):
        row = sent()
        assert list(Transfer.objects.values_list("addressee", flat=True)) == ["公安"]
        assert row.transfer.moved_on == row.sent_on

    def test_a_refusal_may_be_reviewed_and_upheld(self, sent, officer, now):
        given = {"by": officer, "at": now, "on": now.date()}
        row = transferring.receive_handover(handover=sent(), **given)
        assert running(row) == ["TP-4"]
        no = {"action": "decline_handover", "answer": "不立案", **given}
        row = transferring.answer_handover(handover=row, **no)
        assert running(row) == ["TP-5"]
        row = transferring.appeal_handover(handover=row, **given)
        assert running(row) == ["TP-6"]
        row = transferring.answer_handover(handover=row, **no)
        assert (row.state, running(row)) == ("upheld", ["TP-7"])

    def test_nobody_approves_what_he_proposed(self, propose, head, now):
        row = propose()
        row.proposed_by = head.username
        row.save()
        assert refused_codes(lambda: transferring.approve_handover(handover=row, by=head, at=now)) == ["C701"]

    def test_the_same_body_is_asked_once(self, propose):
        propose()
        assert refused_codes(propose) == ["C902"]


class TestToAnotherBureau:
    def test_no_transfer_is_counted_and_no_clock_runs(self, sent):
        row = sent("市场监管", "开鲁县市场监督管理局")
        assert row.transfer is None and not Transfer.objects.exists() and running(row) == []

    def test_there_is_no_review(self, sent, officer, now):
        given = {"by": officer, "at": now, "on": now.date()}
        row = transferring.answer_handover(
            handover=sent("市场监管", "开鲁县局"), action="decline_handover", answer="无管辖权", **given
        )
        assert "appeal_handover" not in transferring.allowed(row)
        assert refused_codes(lambda: transferring.appeal_handover(handover=row, **given)) == ["C903"]


def test_an_answer_before_the_letter_is_refused(sent, officer, now):
    row = sent()
    day = now.date() - dt.timedelta(days=1)
    work = lambda: transferring.receive_handover(handover=row, on=day, by=officer, at=now)  # noqa: E731
    assert refused_codes(work) == ["C103"]


def test_what_waits_for_an_answer_is_listed(sent, officer):
    row = sent()
    assert list(transferring.handovers(officer, state="waiting")) == [row]
