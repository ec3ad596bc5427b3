"""A seller, officers, an offer and how it goes on."""

from __future__ import annotations

import pytest

from offers import TODAY, find, send_list
from visiting import appoint, enrol
from xiejian.online import actions


@pytest.fixture
def seller(naiman, now):
    return enrol("安康医疗器械店", "150525100", now, link="网络销售", uscc="91150525MA0N000000")


@pytest.fixture
def team(naiman, now):
    return [appoint("wang", "王检", "150525100", now), appoint("bai", "白检", "150525100", now)]


@pytest.fixture
def monitoring_list(naiman, officer):
    return send_list(officer)


@pytest.fixture
def offer(monitoring_list, officer):
    """Makes an offer of the list."""
    return lambda **facts: find(monitoring_list, officer, **facts)


@pytest.fixture
def checked(officer, now):
    """Takes an offer through its check."""

    def take(listing):
        return actions.check_listing(listing=listing, on=TODAY, finding="页面仍在销售", by=officer, at=now)

    return take


@pytest.fixture
def settle(officer, now):
    def take(listing, outcome="未发现问题", **facts):
        return actions.settle_listing(
            listing=listing, on=facts.pop("on", TODAY), outcome=outcome, by=officer, at=now, **facts
        )

    return take
