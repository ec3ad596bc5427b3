"""A shop with a credit record, an officer who proposes, a head who decides."""

from __future__ import annotations

import datetime as dt

import pytest

from visiting import enrol
from xiejian.cases.models import Case
from xiejian.people.policy import Actor


@pytest.fixture
def shop(naiman, now):
    return enrol("安康医疗器械店", "150525100", now, uscc="91150525MA0N000000")


@pytest.fixture
def head(naiman) -> Actor:
    return Actor("zhang", "张局", naiman.code, "head")


@pytest.fixture
def fine(shop):
    """Records a penalty case of the shop; a test names only what it is about."""

    def make(number="奈市监罚〔2024〕1号", on=dt.date(2024, 2, 1), party=None, **facts):
        given = {"fine_fen": 500_000} | facts
        return Case.objects.create(
            number=number, party=party or shop, link="经营", conduct="未验收", filed_on=on, decided_on=on,
            office_code="150525", **given,
        )  # fmt: skip

    return make
