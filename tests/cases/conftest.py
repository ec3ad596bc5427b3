"""A shop that sold without a licence, and the case against it in each of its states."""

from __future__ import annotations

import datetime as dt

import pytest

from visiting import enrol
from xiejian.cases import actions

TODAY = dt.date(2024, 3, 5)


@pytest.fixture
def shop(naiman, now):
    return enrol("某隐形眼镜店", "150525100", now, tags="|角膜接触镜|")


@pytest.fixture
def file_case(shop, officer, now):
    """Files a case; a test names only what it is about."""

    def make(**facts):
        given = {
            "number": "奈市监处罚〔2024〕1号", "party": shop, "link": "经营", "filed_on": TODAY,
            "conduct": "未经许可经营第三类医疗器械", "tags": ["角膜接触镜"], "by": officer, "at": now,
        }  # fmt: skip
        return actions.file_case(**{**given, **facts})

    return make


@pytest.fixture
def filed(file_case):
    return file_case()


@pytest.fixture
def later(now):
    return now + dt.timedelta(days=30)


@pytest.fixture
def decide(filed, officer, later):
    """Decides the case ten days after it was filed."""

    def make(**facts):
        given = {
            "case": filed, "decided_on": TODAY + dt.timedelta(days=10), "fine_fen": 5_000_000, "by": officer,
            "at": later,
        }  # fmt: skip
        return actions.decide_case(**{**given, **facts})

    return make
