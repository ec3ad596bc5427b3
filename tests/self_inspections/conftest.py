"""A distributor with a report to hand in, somebody there who fills it in, officers who read it."""

from __future__ import annotations

import datetime as dt

import pytest

from self_reports import RETAILER, filled
from visiting import enrol
from xiejian.people.policy import NO_OFFICE, Actor
from xiejian.self_inspections import actions


@pytest.fixture
def shop(naiman, now):
    """A retailer of class II devices."""
    party = enrol("安康医疗器械店", "150525100", now, uscc=RETAILER)
    party.links.update(classes="2", mode="零售", filed_on=dt.date(2020, 5, 1))
    return party


@pytest.fixture
def clerk(shop):
    """The quality manager of the shop."""
    return Actor(f"{RETAILER}:zhao", "赵质量", NO_OFFICE, "firm_quality", RETAILER)


@pytest.fixture
def draft(shop, clerk, now):
    """The shop's report for 2023, begun on 2024-03-05, 27 days before its date."""
    return actions.open_self_inspection(party=shop, link="经营", year=2023, by=clerk, at=now)


@pytest.fixture
def complete(draft, clerk, now):
    return actions.save_answers(report=draft, answers=filled(draft), by=clerk, at=now)


@pytest.fixture
def filed(complete, clerk, now):
    return actions.file_self_inspection(report=complete, filler="赵质量", post="质量负责人", by=clerk, at=now)
