"""The Beilun office with its 2009 on record."""

from __future__ import annotations

import pytest

from beilun import CODE, YEAR_END, record_2009
from xiejian.people import actions
from xiejian.people.models import Office
from xiejian.people.policy import SYSTEM, Actor


@pytest.fixture
def beilun(db) -> Office:
    """北仑 2009: its office and every record that the printed summary of that year rests on."""
    office = actions.open_office(
        code=CODE, name="宁波市药品监督管理局北仑分局", packs=["beilun"], by=SYSTEM, at=YEAR_END
    )
    record_2009()
    return office


@pytest.fixture
def head(beilun) -> Actor:
    return Actor("chen", "陈局", beilun.code, "head")
