"""The demo's offices, the people who sign in, the stations' inspectors, the network and its training."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.contrib.auth.hashers import make_password

from xiejian.cli.demo.invention import Inventor, read, years_later
from xiejian.cli.demo.registers import place_name
from xiejian.people import actions
from xiejian.people.models import NetworkPerson, Office, Officer
from xiejian.people.policy import SYSTEM, Actor

PASSWORD_VARIABLE = "XIEJIAN_DEMO_PASSWORD"
#: where the people of the network work
UNIT_OF = {"assistant": "村（居）民委员会", "informant": "商户联络点", "reporter": "卫生院药械科"}


def password() -> str:
    """The password of every demo account: from the environment, else the one the README prints."""
    return os.environ.get(PASSWORD_VARIABLE) or "xiejian-demo-2026"


def moment(day: date, hour: int = 1) -> datetime:
    """A moment of ``day``; ``hour`` is in UTC, so 1 is nine in the morning at the office."""
    return datetime.combine(day, time(hour, 0), UTC)


@dataclass
class Staffed:
    """One demo office as built: its data, its rows in the database and the people who act in it."""

    data: dict[str, Any]
    office: Office
    upper: Office
    stations: dict[str, Office]
    visitors: dict[str, list[Officer]]  # by office code: the officers who visit for it
    officer: Actor
    head: Actor

    @property
    def key(self) -> str:
        return str(self.data["key"])

    @property
    def code(self) -> str:
        return self.office.code

    @property
    def year(self) -> int:
        return int(self.data["year"])

    @property
    def today(self) -> date:
        return date.fromisoformat(self.data["today"].isoformat())

    def team(self, code: str, index: int = 0) -> list[Officer]:
        """Two officers who visit for the office ``code``, changing with ``index``."""
        people = self.visitors.get(code) or self.visitors[self.code]
        return [people[(index + n) % len(people)] for n in range(2)]


def staffed_offices(only: set[str] | None = None) -> list[Staffed]:
    """Open the offices of the demo, appoint their people, enrol and train their network.

    ``only``: keys of the offices to build; all by default.
    """
    hashed = make_password(password())
    return [_staff(data, hashed) for data in read("offices")["office"] if only is None or data["key"] in only]


def _staff(data: dict[str, Any], hashed: str) -> Staffed:
    invent = Inventor(f"people {data['key']}", data["code"])
    at = moment(date(data["year"], 1, 4))
    settings = {"today": data["today"].isoformat(), "inspectors": 2, "visits_per_pair_per_day": 2}
    upper = _open(data["upper"], settings, data["packs"], at)
    county = _open(data, settings, data["packs"], at)
    stations = [_open(station, settings, data["packs"], at) for station in data["stations"]]
    key = data["key"]

    def appoint(username: str, office: Office, role: str, qualification: str) -> Officer:
        return actions.appoint_officer(
            username=f"{key}.{username}", name=invent.person(), office=office, role=role, password="",
            password_hash=hashed, by=SYSTEM, at=at, qualification=qualification, phone=invent.phone(),
            certificate_no=f"{data['code']}{invent.serial('certificate'):04d}",
        )  # fmt: skip

    head = appoint("head", county, "head", "分管负责人")
    section = [appoint(name, county, "section_officer", "药械监管科室") for name in ("officer", "officer2")]
    appoint("admin", county, "administrator", "系统管理员")
    appoint("city", upper, "upper_viewer", "上级查看人员")
    visitors = {county.code: section}
    for number, office in enumerate(stations):
        names = ("inspector", "inspector2") if number == 0 else (f"{office.code}.1", f"{office.code}.2")
        visitors[office.code] = [
            appoint(name, office, "station_inspector", "医疗器械检查员") for name in names
        ]
    built = Staffed(
        data, county, upper, {s.code: s for s in stations}, visitors, Actor.of(section[0]), Actor.of(head)
    )
    _enrol_network(built, invent)
    return built


def _open(office: dict[str, Any], settings: dict[str, Any], packs: list[str], at: datetime) -> Office:
    return actions.open_office(
        code=office["code"], name=office["name"], by=SYSTEM, at=at, short_name=office["short"], packs=packs,
        settings=settings,
    )  # fmt: skip


def _enrol_network(built: Staffed, invent: Inventor) -> None:
    """Assistants and informants in the towns, reporters of events in the hospitals; then their training."""
    data, codes = built.data, list(built.stations)
    people: dict[str, list[NetworkPerson]] = {}
    for kind, count in data["network"].items():
        for number in range(count):
            office_code = codes[number % len(codes)]
            place = place_name(office_code)
            person = actions.enrol_person(
                kind=kind, name=invent.person(), office_code=office_code, phone=invent.phone(),
                unit_name=f"{place}{UNIT_OF[kind]}", qualification=NetworkPerson.KINDS[kind],
                valid_until=years_later(built.today, 1), by=built.officer, at=moment(date(built.year, 1, 11)),
            )  # fmt: skip
            people.setdefault(kind, []).append(person)
    for training in data["trainings"]:
        for kind in training["kinds"]:
            for person in people[kind]:
                score = invent.random.randint(58, 99) if training["exam"] else None
                actions.record_training(
                    person=person, office_code=person.office_code, topic=training["topic"],
                    trained_on=training["on"], hours=training["hours"], score=score,
                    passed=None if score is None else score >= data["pass_mark"],
                    by=built.officer, at=moment(training["on"], hour=9),
                )  # fmt: skip
