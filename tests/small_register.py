"""A small register and its visits, put in directly: what planning reads."""

from __future__ import annotations

import datetime as dt
from typing import Any

from moment import NOW
from xiejian.inspections.models import Visit
from xiejian.registry.models import Party, PartyLink

COUNTY, STATION, OTHER_STATION = "150525", "150525100", "150525101"
_ON_LINK = {"classes", "mode", "unit_kind", "tags", "issued_on", "filed_on", "expires_on", "level"}


def party(name: str, link: str = "经营", **facts: Any) -> PartyLink:
    """One party in one link; facts go where they belong."""
    on_link = {key: value for key, value in facts.items() if key in _ON_LINK}
    on_party = {key: value for key, value in facts.items() if key not in _ON_LINK}
    on_party.setdefault("office_code", STATION)
    on_party.setdefault("division_code", on_party["office_code"])
    owner = Party.objects.create(name=name, created_at=NOW, updated_at=NOW, **on_party)
    return PartyLink.objects.create(party=owner, link=link, **on_link)


def visit(place: PartyLink, day: str, kind: str = "日常检查", **facts: Any) -> Visit:
    """A concluded visit."""
    number = f"V{Visit.objects.count() + 1:05}"
    facts.setdefault("state", "concluded")
    facts.setdefault("office_code", place.party.office_code)
    return Visit.objects.create(
        number=number, party=place.party, link=place.link, kind=kind, visited_on=dt.date.fromisoformat(day),
        **facts,
    )  # fmt: skip


def dushan_register() -> list[PartyLink]:
    """Twenty distributors (2 of level 3, 8 of level 2, 10 of level 1) and six use units at two stations."""
    places = [
        party(f"三级{n}", tags="|重点监管目录|", mode="零售", classes="3", office_code=STATION)
        for n in range(2)
    ]
    for n in range(8):
        code = STATION if n % 2 else OTHER_STATION
        places.append(party(f"二级{n}", mode="批发", classes="23", office_code=code))
    places += [party(f"一级{n}", mode="零售", classes="2", office_code=STATION) for n in range(10)]
    places += [party(f"医院{n}", "使用", unit_kind="二级医院") for n in range(2)]
    places += [party(f"诊所{n}", "使用", unit_kind="诊所") for n in range(4)]
    return places
