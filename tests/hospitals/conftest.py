"""A hospital with somebody for its devices and somebody for its patients' records."""

from __future__ import annotations

import datetime as dt

import pytest

from visiting import enrol
from xiejian.hospitals import actions, implanting, vault
from xiejian.hospitals.actions import DeviceFacts, Upkeep
from xiejian.hospitals.implanting import Implant

TODAY = dt.date(2024, 3, 5)
PASSPHRASE = "西拉木伦 河边 七棵榆树 晨雾"


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """A cheap derivation: what it costs to guess is not what these tests are about."""
    monkeypatch.setattr(vault, "COST", 2**4)


@pytest.fixture
def hospital(naiman, now):
    return enrol("奈曼旗人民医院", "150525100", now, link="使用", uscc="12150525MA0H000018")


@pytest.fixture
def elsewhere(naiman, now):
    return enrol("奈曼旗蒙医医院", "150525100", now, link="使用", uscc="12150525MA0H000026")


@pytest.fixture
def clinic(hospital, firm_actor):
    return firm_actor(hospital, "firm_clinic")


@pytest.fixture
def archivist(hospital, firm_actor):
    return firm_actor(hospital, "firm_records")


@pytest.fixture
def add(hospital, clinic, now):
    """Opens the file of a device; a test names only what it is about."""

    def make(number="SB-1", party=hospital, by=clinic, **facts):
        given = DeviceFacts(number=number, name=facts.pop("name", "多参数监护仪"), **facts)
        return actions.open_device_file(party=party, facts=given, by=by, at=now)

    return make


@pytest.fixture
def upkeep(clinic, now):
    def write(device, kind="保养", on=TODAY, passed=True, **facts):
        given = Upkeep(kind=kind, on=on, passed=passed, done_by="设备科", **facts)
        return actions.record_upkeep(device=device, upkeep=given, by=clinic, at=now)

    return write


@pytest.fixture
def keys(hospital, archivist, now):
    return implanting.open_vault(
        party=hospital, passphrase=PASSPHRASE, again=PASSPHRASE, by=archivist, at=now
    )


@pytest.fixture
def implanted(hospital, clinic, keys, now):
    def enter(record_no="ZY20240305001", **facts):
        given = {
            "product_name": "人工髋关节", "implanted_on": TODAY, "department": "骨科", "di": "06901234567892",
            "lot": "L1",
        } | facts  # fmt: skip
        return implanting.register_implant(
            party=hospital, implant=Implant(**given), record_no=record_no, by=clinic, at=now
        )

    return enter
