"""A shop with failed samples in two quarters, a meeting about it, a risk at any step of its way."""

from __future__ import annotations

import datetime as dt

import pytest

from moment import NOW
from visiting import appoint, enrol, photo
from xiejian.people.models import Officer
from xiejian.people.policy import Actor
from xiejian.risks import actions
from xiejian.risks.checks import Planned
from xiejian.sampling.models import Sample

TODAY = NOW.date()


@pytest.fixture
def shop(naiman, now):
    return enrol("安康医疗器械店", "150525100", now, tags="|无菌|")


@pytest.fixture
def owner(naiman, now) -> Officer:
    return appoint("wang", "王检", "150525100", now)


@pytest.fixture
def head(naiman) -> Actor:
    return Actor("zhang", "张局", naiman.code, "head")


@pytest.fixture
def fail_sample(shop):
    """A sample of the shop that failed on a day."""

    def make(on: dt.date, party=None, **facts) -> Sample:
        party = party or shop
        given = {
            "number": f"S{Sample.objects.count()}", "kind": "县级抽检", "party": party, "link": "经营",
            "state": "reported", "product_name": "口罩", "result": "不符合规定", "result_on": on,
            "sampled_on": on, "office_code": party.office_code, "tags": "|无菌|",
        }  # fmt: skip
        return Sample.objects.create(**{**given, **facts})

    return make


@pytest.fixture
def meeting(naiman, officer, now, fail_sample):
    """The meeting about the first quarter, in which one sample of the shop failed."""
    fail_sample(dt.date(2024, 2, 1))
    return actions.prepare_meeting(office_code=naiman.code, year=2024, quarter=1, by=officer, at=now)


class Way:
    """Takes a risk along its way, all on one day; a test names only what it is about."""

    def __init__(self, officer: Actor, owner: Officer, second: Actor) -> None:
        self.officer, self.owner, self.second = officer, owner, second
        self.act = {"by": officer, "at": NOW}

    def list(self, meeting, grouping: str = "party"):
        reading = meeting.readings.get(signal="failed_samples", grouping=grouping)
        return actions.list_reading(reading=reading, on=TODAY, **self.act)

    def assess(self, item, **facts):
        given = {"level": "high", "owner": self.owner, "on": TODAY, **self.act}
        return actions.assess_item(item=item, **{**given, **facts})

    def measure(self, item, due_on=TODAY + dt.timedelta(days=10), content="全面检查"):
        return actions.add_measure(item=item, planned=Planned(content, "王检", due_on), **self.act)

    def control(self, item):
        self.measure(item)
        return actions.put_under_control(item=item, on=TODAY, **self.act)

    def finish(self, item):
        for measure in item.measures.filter(done_on=None):
            actions.complete_measure(item=item, measure=measure, on=TODAY, result="已查", **self.act)

    def ask(self, item, files=None, **facts):
        given = {"on": TODAY, "reasons": "已整改", "files": [photo()] if files is None else files, **self.act}
        return actions.ask_strike_off(item=item, **{**given, **facts})

    def strike(self, item, **facts):
        return actions.strike_off(item=item, **{"on": TODAY, "by": self.second, "at": NOW, **facts})

    def to_asked(self, item):
        item = self.control(self.assess(item))
        self.finish(item)
        return self.ask(item)

    def to_struck_off(self, item):
        return self.strike(self.to_asked(item))


@pytest.fixture
def way(officer, owner, head) -> Way:
    return Way(officer, owner, head)


@pytest.fixture
def item(way, meeting):
    """The shop's risk, just listed."""
    return way.list(meeting)
