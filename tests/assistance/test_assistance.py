"""Letters between offices: their tables, their time, what refuses to happen."""

from __future__ import annotations

import datetime as dt

import pytest

from visiting import appoint
from xiejian.assistance import actions, queries
from xiejian.assistance.actions import IN, OUT, WORKFLOWS, Letter
from xiejian.clocks.models import Clock
from xiejian.kernel.problems import Refused
from xiejian.people.policy import Actor

TODAY = dt.date(2024, 3, 5)
MOVES = {
    OUT: {
        "drafted": {"send_request", "cancel_request"},
        "sent": {"record_arrival", "urge_request", "record_reply", "cancel_request"},
        "arrived": {"urge_request", "record_reply", "cancel_request"},
        "replied": {"close_request"},
        "closed": set(),
        "cancelled": set(),
    },
    IN: {
        "received": {"assign_request", "return_request"},
        "handling": {"assign_request", "tell_delay", "answer_request", "return_request"},
        "answered": {"close_request", "reopen_request"},
        "returned": {"close_request"},
        "closed": {"reopen_request"},
    },
}
PAIRS = [
    (direction, state, action)
    for direction, table in WORKFLOWS.items()
    for state in table.states
    for action in sorted({t.action for t in table.transitions})
]


def code(refused):
    return refused.value.first.code


def clock(row, name="answer"):
    return Clock.objects.filter(subject="assistancerequest", record=row.pk, name=name).first()


@pytest.fixture
def write(naiman, officer, now):
    def make(direction=IN, **facts):
        given = {
            "other_office": "杭州市某区市场监督管理局", "subject": "网络销售线索", "asked": "核实经营单位",
            "dated_on": TODAY,
        } | facts  # fmt: skip
        return actions.register_request(
            direction=direction, letter=Letter(**given), office_code=naiman.code, by=officer, at=now
        )

    return make


@pytest.fixture
def act(officer, now):
    """Takes one step."""

    def take(name, row, **facts):
        return getattr(actions, name)(request=row, by=officer, at=now, **facts)

    return take


@pytest.fixture
def handling(write, act, now):
    return act("assign_request", write(), handler=appoint("wang", "王检", "150525100", now))


@pytest.mark.parametrize(("direction", "state", "action"), PAIRS)
def test_every_state_and_move_is_decided(direction, state, action):
    allowed = {t.action for t in WORKFLOWS[direction].allowed(state)}
    assert (action in allowed) == (action in MOVES[direction][state])


class TestLettersThatCame:
    def test_the_time_runs_from_the_day_of_the_letter(self, write):
        found = clock(write())
        assert (found.rule, found.starts_on, found.due_legal) == ("CS-8", TODAY, dt.date(2024, 3, 26))

    def test_an_answer_ends_it(self, handling, act):
        act("answer_request", handling, on=TODAY, reply="已核实")
        assert clock(handling).state == Clock.DONE

    def test_an_answer_says_something(self, handling, act):
        with pytest.raises(Refused) as refused:
            act("answer_request", handling, on=TODAY, reply=" ")
        assert code(refused) == "U101"

    def test_a_delay_is_told_in_time(self, handling, act):
        row = act("tell_delay", handling, on=TODAY, until=dt.date(2024, 4, 10), reason="取证困难")
        assert (row.state, row.delayed_until) == ("handling", dt.date(2024, 4, 10))

    def test_told_too_late_it_is_refused(self, write, act, now):
        row = write(dated_on=dt.date(2024, 1, 2))
        row = act("assign_request", row, handler=appoint("wang", "王检", "150525100", now))
        with pytest.raises(Refused) as refused:
            act("tell_delay", row, on=TODAY, until=dt.date(2024, 4, 10), reason="取证困难")
        assert code(refused) == "U201"

    def test_returned_nothing_runs(self, write, act):
        row = act("return_request", write(), on=TODAY, reason="不在我旗")
        assert (row.state, clock(row).state) == ("returned", Clock.DROPPED)

    def test_a_further_letter_starts_the_time_anew(self, handling, act):
        act("answer_request", handling, on=TODAY, reply="已核实")
        row = act("reopen_request", handling, on=TODAY, reason="补充销售数量")
        assert (row.state, row.reply, clock(row, "further").state) == ("handling", "", Clock.RUNNING)


class TestLettersOfOurs:
    def test_they_are_numbered_as_the_forms_say(self, write):
        assert write(OUT).number == "奈曼旗市监协查〔2024〕1号"

    def test_the_other_authoritys_time_runs_from_the_day_it_has_the_letter(self, write, act):
        row = act("send_request", write(OUT), on=TODAY)
        assert clock(row) is None
        assert clock(act("record_arrival", row, on=TODAY)).starts_on == TODAY

    def test_a_reply_ends_it(self, write, act):
        row = act("record_arrival", act("send_request", write(OUT), on=TODAY), on=TODAY)
        act("record_reply", row, on=TODAY, reply="经营单位为某公司")
        assert clock(row).state == Clock.DONE

    def test_a_draft_may_be_withdrawn(self, write, act):
        assert act("cancel_request", write(OUT), reason="已查明").state == "cancelled"


class TestRefusals:
    @pytest.mark.parametrize(
        ("facts", "problem"),
        [
            ({"other_office": " "}, "U101"),
            ({"subject": ""}, "U101"),
            ({"asked": ""}, "U101"),
            ({"dated_on": TODAY + dt.timedelta(days=1)}, "U102"),
            ({"direction": "来"}, "U104"),
        ],
    )
    def test_what_cannot_be_so_is_refused(self, write, facts, problem):
        with pytest.raises(Refused) as refused:
            write(**facts)
        assert code(refused) == problem

    def test_another_county_sees_nothing(self, write):
        write()
        assert not queries.requests(Actor("x", "外人", "522726", "section_officer")).exists()
