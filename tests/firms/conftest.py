"""Two firms of one county, a maker among them, and the office in charge."""

from __future__ import annotations

import pytest

from moment import NOW
from visiting import enrol
from xiejian.registry.models import Party

SHOP, MAKER = "91110105MA01XXXX0Y", "91320594588468512N"


@pytest.fixture
def shop(naiman) -> Party:
    return enrol("奈曼旗安康医疗器械有限公司", "150525100", NOW, uscc=SHOP, head="王某", address="老街1号")


@pytest.fixture
def maker(naiman) -> Party:
    return enrol("奈曼旗康泰器械厂", "150525100", NOW, link="生产", tags="|无菌|", uscc=MAKER, head="赵某")
