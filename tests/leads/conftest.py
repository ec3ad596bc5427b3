"""A shop, an officer who takes leads in, a lead in each of its states."""

from __future__ import annotations

import pytest

from told import TODAY
from visiting import appoint, enrol
from xiejian.leads import actions
from xiejian.leads.actions import Entry
from xiejian.leads.identity import VARIABLE


@pytest.fixture(autouse=True)
def _own_key(settings, tmp_path, monkeypatch):
    """Each test has its own key file."""
    monkeypatch.delenv(VARIABLE, raising=False)
    settings.DATA = tmp_path


@pytest.fixture
def shop(naiman, now):
    return enrol("安康医疗器械店", "150525100", now, address="大沁他拉镇团结路8号", uscc="91150525MA0N000000")


@pytest.fixture
def handler(naiman, now):
    return appoint("wang", "王检", "150525100", now)


@pytest.fixture
def receive(naiman, officer, now):
    """Takes a lead in; a test names only what it is about."""

    def take(text="在安康医疗器械店买的血压计不准，商家不退款", identity=None, by=None, **facts):
        given = {"received_on": TODAY, "source": "热线"} | facts
        number = given.pop("number", "")
        return actions.register_lead(
            entry=Entry(text=text, **given), office_code=naiman.code, by=by or officer, at=now,
            identity=identity, number=number,
        )  # fmt: skip

    return take


@pytest.fixture
def walk(officer, now, handler):
    """Takes a lead on, step by step, on one day."""

    class Walk:
        def triage(self, lead, kind="", **facts):
            given = {"kind": kind or lead.kind, "topic": "", "priority": "一般"} | facts
            return actions.triage_lead(lead=lead, by=officer, at=now, **given)

        def accept(self, lead, **facts):
            return actions.accept_lead(lead=self.triage(lead, **facts), on=TODAY, by=officer, at=now)

        def assign(self, lead, **facts):
            lead = self.accept(lead, **facts)
            return actions.assign_lead(lead=lead, handler=handler, on=TODAY, by=officer, at=now)

        def answer(self, lead, outcome="达成调解", **facts):
            lead = self.assign(lead, **facts)
            if lead.kind == "举报":
                lead = actions.decide_filing(
                    lead=lead, on=TODAY, filing="立案", reason="查实", by=officer, at=now
                )
            return actions.answer_lead(
                lead=lead, on=TODAY, outcome=outcome, answer="已办理", by=officer, at=now
            )

        def close(self, lead, **facts):
            return actions.close_lead(lead=self.answer(lead, **facts), on=TODAY, by=officer, at=now)

    return Walk()
