"""What people told an office in the last days of its year: a few leads, each as far as the data says."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from xiejian.cli.demo.accounts import moment
from xiejian.leads import actions, days
from xiejian.leads.actions import Entry
from xiejian.leads.models import Lead
from xiejian.leads.queries import handlers
from xiejian.people.actions import tell_public
from xiejian.people.models import Office
from xiejian.people.policy import SYSTEM, Actor

DATA = Path(__file__).with_name("data") / "leads.toml"
#: working hours of a demo day; each step an hour later
_FIRST_HOUR = 1


HOURS = "周一至周五 8:30–12:00，13:30–17:30（法定节假日除外）"


def take_in_leads(office_code: str, today: date, by: Actor) -> int:
    """Take in the leads of the data, so many days before ``today`` each; how many steps that were."""
    with DATA.open("rb") as file:
        entries = tomllib.load(file)["lead"]
    done = sum(_live(entry, office_code, today, by) for entry in entries)
    days.keep_day(office_code=office_code, on=today, by=by, at=moment(today, 9))
    _open_hours(office_code, today)
    return done


def _open_hours(office_code: str, today: date) -> None:
    """What the office tells the public about itself."""
    tell_public(
        office=Office.objects.get(code=office_code), facts={"hours": HOURS}, by=SYSTEM, at=moment(today, 9)
    )


def _live(entry: dict[str, Any], office_code: str, today: date, by: Actor) -> int:
    on = today - timedelta(days=entry["days_ago"])
    facts = {name: entry[name] for name in ("product", "place", "wish") if name in entry}
    lead = actions.register_lead(
        entry=Entry(entry["text"], on, entry["source"], **facts), office_code=office_code, by=by,
        at=moment(on, hour=_FIRST_HOUR),
    )  # fmt: skip
    for hour, step in enumerate(entry["steps"], _FIRST_HOUR + 1):
        _step(lead, step, entry, on, {"by": by, "at": moment(on, hour=hour)})
    return 1 + len(entry["steps"])


def _step(lead: Lead, step: str, entry: dict[str, Any], on: date, act: dict[str, Any]) -> None:
    if step == "triage":
        proposed = {name: lead.proposal[name] for name in ("kind", "topic", "priority", "link")}
        actions.triage_lead(lead=lead, **proposed, **act)
    elif step == "accept":
        actions.accept_lead(lead=lead, on=on, **act)
    elif step == "assign":
        handler = handlers(act["by"], lead.office_code).order_by("pk").first()
        actions.assign_lead(lead=lead, handler=handler, on=on, **act)
    elif step == "hand_on":
        actions.hand_on_lead(lead=lead, on=on, to=entry["to"], reason=entry["reason"], **act)
    else:
        raise ValueError(f"{DATA.name}: no step {step}")
