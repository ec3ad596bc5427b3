"""One hospital of an office: its devices with what was done to them, and what it implanted."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password

from xiejian.cli.demo.accounts import Staffed, moment, password
from xiejian.hospitals import actions, implanting
from xiejian.hospitals.actions import DeviceFacts, Upkeep
from xiejian.hospitals.checks import Part
from xiejian.hospitals.implanting import Implant
from xiejian.hospitals.models import MedicalDevice
from xiejian.kernel.divisions import stem
from xiejian.people.models import FirmUser
from xiejian.people.policy import Actor
from xiejian.registry.models import Party
from xiejian.supply import actions as supply

DATA = Path(__file__).with_name("data") / "hospitals.toml"
#: who signs in for the hospital: role → name
PEOPLE = {"firm_clinic": "丁设备", "firm_records": "卢病案"}
_FACTS = ("number", "name", "model_spec", "department", "life_years", "software", "registered_software")
_UPKEEP = ("kind", "finding", "certificate_no")


def equip_hospital(staffed: Staffed) -> int:
    """Write down the devices and implants of one hospital; how many. None without a hospital."""
    with DATA.open("rb") as file:
        data = tomllib.load(file)
    rows = Party.objects.filter(office_code__startswith=stem(staffed.code), links__link="使用", status="正常")
    hospital = rows.exclude(uscc=None).filter(name__contains="医院").order_by("pk").first()
    if hospital is None:
        return 0
    people = {role: _person(hospital, role, staffed) for role in PEOPLE}
    for entry in data["device"]:
        _device(entry, hospital, people["firm_clinic"], staffed.today)
    _implants(data, hospital, people, staffed.today)
    actions.name_reporter(
        party=hospital, name="高护士", qualification="主管护师", by=people["firm_clinic"],
        at=moment(staffed.today),
    )  # fmt: skip
    return len(data["device"]) + len(data["implant"])


def _person(hospital: Party, role: str, staffed: Staffed) -> Actor:
    """An account of the hospital, made once; its password is every demo account's."""
    user, _ = FirmUser.objects.get_or_create(
        uscc=hospital.uscc, username=role.removeprefix("firm_"),
        defaults={
            "firm_name": hospital.name, "name": PEOPLE[role], "role": role,
            "created_at": moment(staffed.today), "password": make_password(password()),
        },
    )  # fmt: skip
    return Actor.of_firm(user)


def _device(entry: dict[str, Any], hospital: Party, by: Actor, today: date) -> MedicalDevice:
    """One device, entered on the day on which it was accepted, with what was done to it since."""
    accepted = today - timedelta(days=entry["accepted_days_ago"])
    facts = DeviceFacts(
        **{name: entry[name] for name in _FACTS if name in entry}, focus=tuple(entry.get("focus", ())),
        bought_on=accepted - timedelta(days=20), accepted_on=accepted,
    )  # fmt: skip
    made = actions.open_device_file(party=hospital, facts=facts, by=by, at=moment(accepted))
    if "repair_days_ago" in entry:
        on = today - timedelta(days=entry["repair_days_ago"])
        actions.send_to_repair(device=made, on=on, reason="自检报警", by=by, at=moment(on))
    for done in sorted(entry["upkeep"], key=lambda one: -one["days_ago"]):
        on = today - timedelta(days=done["days_ago"])
        until = on + timedelta(days=done["valid_days"]) if "valid_days" in done else None
        upkeep = Upkeep(
            **{name: done[name] for name in _UPKEEP if name in done}, on=on, valid_until=until,
            passed=done.get("passed", True), done_by="医学装备科",
            parts=tuple(Part(**part) for part in done.get("parts", ())),
        )  # fmt: skip
        actions.record_upkeep(device=made, upkeep=upkeep, by=by, at=moment(on))
    return made


def _implants(data: dict[str, Any], hospital: Party, people: dict[str, Actor], today: date) -> None:
    """The key, what was bought, what was implanted; the patients' numbers are invented."""
    clinic, first = people["firm_clinic"], today - timedelta(days=60)
    implanting.open_vault(
        party=hospital, passphrase=password(), again=password(), by=people["firm_records"], at=moment(first)
    )
    supplier = data["supplier"]
    for place, entry in enumerate(data["implant"], 1):
        on = today - timedelta(days=entry["days_ago"])
        given = {name: value for name, value in entry.items() if name not in ("days_ago", "bought")}
        if entry["bought"]:
            bought = supply.Entry(
                hospital.uscc or "", "receive", entry["di"], 1, first, lot=entry["lot"],
                partner_uscc=supplier["uscc"], partner_name=supplier["name"],
                product_name=entry["product_name"], document_no=f"SH{place:03}", record_no=f"YS{place:03}",
                source="demo",
            )  # fmt: skip
            supply.record_movement(entry=bought, by=clinic, at=moment(first))
        one = Implant(**given, implanted_on=on, supplier=supplier["name"] if entry["bought"] else "")
        implanting.register_implant(
            party=hospital, implant=one, record_no=f"ZY{on:%Y%m%d}{place:03}", by=clinic, at=moment(on)
        )
