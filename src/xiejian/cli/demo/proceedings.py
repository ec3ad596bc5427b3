"""Cases under way in the last days of an office's year: a clue from a visit, with goods seized on the spot;
and a case that was only recorded, taken on step by step to the service of the notice."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from xiejian.cases import measures, proceedings
from xiejian.cases.models import Case, Proceeding
from xiejian.cases.proceedings import Clue
from xiejian.cli.demo.accounts import Staffed, moment
from xiejian.cli.demo.invention import working_day
from xiejian.cli.demo.living import later
from xiejian.inspections.models import Visit
from xiejian.people.policy import Actor

DATA = Path(__file__).with_name("data") / "proceedings.toml"
#: days before the office's today
_FOUND, _CONTINUED = 6, 20


def handle_cases(staffed: Staffed) -> int:
    """Both for one office; how many proceedings there are then."""
    with DATA.open("rb") as file:
        data = tomllib.load(file)
    return _clue(data["clue"], staffed) + _continue(data["continued"], staffed)


def _clue(data: dict[str, Any], staffed: Staffed) -> int:
    """A clue from the newest visit of a station that asked for correction; nothing is filed yet."""
    found = working_day(staffed.today - timedelta(days=_FOUND))
    visits = Visit.objects.filter(
        office_code__in=staffed.stations, conclusion="限期整改", visited_on__lte=found, link="经营"
    )
    visit = visits.select_related("party").order_by("-visited_on", "-pk").first()
    if visit is None:
        return 0
    team = staffed.visitors[visit.office_code]
    act = {"by": Actor.of(team[0]), "at": moment(found, hour=2)}
    clue = Clue(
        conduct=data["conduct"], source="监督检查", source_on=found, source_kind="visit",
        source_record=visit.pk, source_no=visit.number, link=visit.link, conduct_on=visit.visited_on,
        goods_value_fen=data["goods_fen"],
    )  # fmt: skip
    made = proceedings.register_clue(clue=clue, party=visit.party, office_code=visit.office_code, **act)
    proceedings.assign_investigators(proceeding=made, officers=team, on=found, **act)
    taken = measures.take_measure(
        proceeding=made, kind="seizure", taken_at=moment(found, hour=3), urgent=True,
        place="经营场所", kept_at="本局罚没物品库", content=data["why"], items=[_item(data)],
        by=act["by"], at=moment(found, hour=4),
    )  # fmt: skip
    measures.approve_measure(
        measure=taken, approved_at=moment(found, hour=8), by=staffed.head, at=moment(found, hour=8)
    )
    return 1


def _item(data: dict[str, Any]) -> measures.Item:
    return measures.Item(
        data["goods"], Decimal(data["quantity"]), data["unit"], batch=data["batch"],
        value_fen=data["goods_fen"],
    )  # fmt: skip


def _continue(data: dict[str, Any], staffed: Staffed) -> int:
    """The newest case that nobody decided is taken on until the party has the notice in hand."""
    on = working_day(staffed.today - timedelta(days=_CONTINUED))
    cases = Case.objects.filter(
        office_code__startswith=staffed.code, decided_on=None, closed_on=None, filed_on__lt=on
    )
    case = cases.order_by("-filed_on", "-pk").first()
    if case is None:
        return 0
    # the first of the section reviews: the second investigates with somebody of a station
    station = next(iter(staffed.stations))
    team = [staffed.visitors[staffed.code][1], staffed.visitors[station][0]]
    act = {"by": Actor.of(team[0])}
    row = proceedings.continue_case(case=case, officers=team, on=on, at=moment(on), **act)
    row = proceedings.assess_penalty(
        proceeding=row, on=on, provision=data["provision"], facts=data["facts"], conduct_on=case.filed_on,
        step="ordinary", proposal={"fine_fen": data["fine_fen"]}, opinion=data["opinion"],
        at=moment(on, hour=2), **act,
    )  # fmt: skip
    _to_notice(row, data, on, staffed, act["by"])
    return 1


def _to_notice(row: Proceeding, data: dict[str, Any], on: date, staffed: Staffed, by: Actor) -> None:
    reported, reviewed, told = later(on, 2), later(on, 4), later(on, 5)
    row = proceedings.report_investigation(
        proceeding=row, on=reported, facts_found=data["facts_found"], evidence=data["evidence"], by=by,
        at=moment(reported),
    )  # fmt: skip
    row = proceedings.review_proceeding(
        proceeding=row, on=reviewed, passed=True, opinion=data["review"], by=staffed.officer,
        at=moment(reviewed),
    )  # fmt: skip
    proceedings.serve_notice(proceeding=row, on=told, how="直接送达", by=by, at=moment(told))
