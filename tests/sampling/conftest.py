"""A shop whose masks are sampled, two inspectors who take the sample, a sample in each of its states."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from sampled import SHEET, TODAY, Walk
from visiting import appoint, enrol
from xiejian.sampling import actions
from xiejian.sampling.checks import LineEntry


@pytest.fixture
def shop(naiman, now):
    return enrol("安康医疗器械店", "150525100", now, tags="|医用口罩|")


@pytest.fixture
def team(naiman, now):
    return [appoint("wang", "王检", "150525100", now), appoint("zhao", "赵检", "150525100", now)]


@pytest.fixture
def make_plan(naiman, officer, now):
    """Writes a plan of one line; a test names only what it is about."""

    def make(lines=None, **facts):
        entry = LineEntry("一次性使用医用口罩", 3, dt.date(2024, 6, 30), "150525100", link="经营")
        given = {
            "title": "2024年度医疗器械监督抽检", "year": 2024, "kind": "省级抽检", "office_code": naiman.code,
            "laboratory": "省医疗器械检验所", "by": officer, "at": now,
        }  # fmt: skip
        return actions.make_sampling_plan(lines=lines or [entry], **{**given, **facts})

    return make


@pytest.fixture
def plan(make_plan, officer, now):
    """A plan that was handed down."""
    return actions.issue_sampling_plan(plan=make_plan(), on=TODAY, by=officer, at=now)


@pytest.fixture
def line(plan):
    return plan.lines.get()


@pytest.fixture
def draw(shop, team, inspector, now):
    """Draws a sample without a plan; ``sheet`` facts change the sheet."""

    def make(sheet=None, **facts):
        given = {"party": shop, "link": "经营", "kind": "县级抽检", "team": team, "by": inspector, "at": now}
        return actions.draw_sample(sheet=replace(SHEET, **(sheet or {})), **{**given, **facts})

    return make


@pytest.fixture
def drawn(draw):
    return draw()


@pytest.fixture
def walk(inspector, now):
    """Takes a sample on, step by step, a day each."""
    return Walk(inspector, now)


@pytest.fixture
def failed(drawn, walk):
    """A failed sample whose result is known."""
    return walk.to_result(drawn, "不符合规定")


@pytest.fixture
def served(failed, walk):
    return walk.notify(failed)


@pytest.fixture
def final(served, walk):
    return walk.confirm(served)
