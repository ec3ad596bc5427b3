"""One cold store per office: three days of readings with a gap and warm hours, and what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import sin

from xiejian.cli.demo.accounts import Staffed, moment
from xiejian.coldchain import actions
from xiejian.coldchain.checks import LoggerEntry
from xiejian.coldchain.models import Excursion
from xiejian.coldchain.reading_files import Measured
from xiejian.kernel.divisions import stem
from xiejian.people.models import FirmUser
from xiejian.people.policy import Actor
from xiejian.registry.models import Party
from xiejian.supply.actions import Entry, record_movements

CODE, PLACE = "LK-01", "1号冷库"
_DI = "06940001000019"
_DAYS, _STEP = 3, timedelta(minutes=30)
#: hours after the first reading: readings are missing, it was too warm
_MISSING, _WARM = range(20, 24), range(46, 48)


def watch_the_cold(staffed: Staffed) -> int:
    """Register the logger of a connected distributor and take in its readings; the excursions found."""
    people = _people(staffed)
    if not people:
        return 0
    quality, at = people["firm_quality"], moment(staffed.today)
    firm = Party.objects.get(uscc=quality.firm)
    entry = LoggerEntry(
        CODE, PLACE, "cold_store", int(_STEP.total_seconds()), staffed.today - timedelta(days=200),
        low_centi=200, high_centi=800, calibrated_on=staffed.today - timedelta(days=200),
        calibrated_until=staffed.today + timedelta(days=165),
    )  # fmt: skip
    actions.register_logger(firm_uscc=quality.firm, firm_name=firm.name, entry=entry, by=quality, at=at)
    _move(staffed, quality)
    rows = [(quality.firm, one) for one in _readings(at - timedelta(days=_DAYS))]
    found = actions.record_readings(entries=rows, by=quality, at=at).excursions
    _judge(found, people, at)
    return len(found)


def _people(staffed: Staffed) -> dict[str, Actor]:
    """Role → the actor, of the first connected distributor that has both who assesses and who decides."""
    near = Party.objects.filter(office_code__startswith=stem(staffed.code), links__link="经营")
    users = FirmUser.objects.filter(uscc__in=near.values("uscc"), role__in=("firm_quality", "firm_head"))
    by_firm: dict[str, dict[str, Actor]] = {}
    for user in users.order_by("pk"):
        by_firm.setdefault(user.uscc, {})[user.role] = Actor.of_firm(user)
    return next((found for found in by_firm.values() if len(found) > 1), {})


def _move(staffed: Staffed, by: Actor) -> None:
    """A lot came ten days ago; some of it went yesterday, before anybody had read the logger out."""
    lot = f"{staffed.today - timedelta(days=40):%Y%m%d}"
    goods = {"firm_uscc": by.firm, "di": _DI, "lot": lot, "product_name": "糖化血红蛋白测定试剂盒"}
    came = Entry(
        kind="receive", quantity=200, on=staffed.today - timedelta(days=10), place=PLACE,
        partner_name="江苏某诊断试剂有限公司", **goods,
    )  # fmt: skip
    went = Entry(
        kind="ship", quantity=12, on=staffed.today - timedelta(days=1), partner_name="某乡镇卫生院", **goods
    )
    record_movements(entries=[came, went], by=by, at=moment(staffed.today))


def _readings(first: datetime) -> list[Measured]:
    """Between four and six degrees all day long, but for the missing hours and the warm ones."""
    found = []
    for place in range(int(timedelta(days=_DAYS) / _STEP)):
        hour = place // 2
        if hour not in _MISSING:
            centi = 930 + 40 * (place % 2) if hour in _WARM else 500 + round(90 * sin(place / 7))
            found.append(Measured(place + 1, CODE, first + place * _STEP, centi))
    return found


def _judge(found: list[Excursion], people: dict[str, Actor], at: datetime) -> None:
    """The gap is explained and waits; the warm hours are assessed and released."""
    for row in found:
        if row.kind == "gap":
            text = "记录仪换电池，期间没有读数；库房备用温度计未记录。"
            actions.explain_excursion(excursion=row, explanation=text, by=people["firm_quality"], at=at)
        else:
            actions.assess_excursion(
                excursion=row, outcome="usable", reason="升温两小时，说明书允许 30℃ 以下短期运输 7 天。",
                evidence="产品说明书“储存条件”；生产企业书面答复", by=people["firm_quality"], at=at,
            )  # fmt: skip
            actions.release_excursion(excursion=row, reason="同意放行。", by=people["firm_head"], at=at)
