"""What a monitoring list brought an office in the last weeks of its year, and two letters between offices."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile

from xiejian.assistance import actions as assistance
from xiejian.assistance.actions import Letter
from xiejian.assistance.queries import handlers
from xiejian.cli.demo.accounts import Staffed, moment
from xiejian.online import actions
from xiejian.online.actions import Offer
from xiejian.online.checks import CLEAN, HANDED_ON
from xiejian.online.models import Listing

DATA = Path(__file__).with_name("data") / "online.toml"


def watch_the_net(staffed: Staffed) -> int:
    """Take in the list, its offers and the letters, so many days before the office's today; how many."""
    with DATA.open("rb") as file:
        data = tomllib.load(file)
    facts = data["list"]
    on = staffed.today - timedelta(days=facts["received_days_ago"])
    act: dict[str, Any] = {"by": staffed.officer, "at": moment(on)}
    of = actions.register_list(
        number=facts["number"], source=facts["source"], received_on=on, sender=staffed.upper.name,
        due_on=staffed.today + timedelta(days=facts["due_in_days"]), office_code=staffed.code, **act,
    )  # fmt: skip
    for entry in data["listing"]:
        names = ("platform", "shop", "product", "registration_no", "claim")
        offer = Offer(**{name: entry[name] for name in names}, found_on=on, price_fen=entry["price"])
        _live(actions.register_listing(of=of, offer=offer, **act), entry, on + timedelta(days=2), staffed)
    for entry in data["letter"]:
        _correspond(entry, staffed)
    return len(data["listing"]) + len(data["letter"])


def _live(listing: Listing, entry: dict[str, Any], on: date, staffed: Staffed) -> None:
    """An offer as far as the data says, on one day."""
    act: dict[str, Any] = {"listing": listing, "by": staffed.officer, "at": moment(on, hour=2)}
    if entry.get("page"):
        page = f"<html><body><h1>{entry['product']}</h1><p>{entry['claim']}</p></body></html>"
        file = ContentFile(page.encode(), name=f"{entry['product']}.html")
        actions.attach_snapshot(file=file, caption=f"{entry['shop']}商品页面", **act)
    for step in entry["steps"]:
        if step == "check":
            actions.check_listing(on=on, finding="页面仍在销售，已存网页快照。", **act)
        elif step == "order_removal":
            actions.order_removal(on=on, **act)
        elif step == "clean":
            actions.settle_listing(on=on, outcome=CLEAN, **act)
        elif step == "hand_on":
            actions.settle_listing(on=on, outcome=HANDED_ON, handed_to=entry["to"], **act)
        elif step == "return":
            actions.return_listing(reason=entry["reason"], **act)
        else:
            raise ValueError(f"{DATA.name}: no step {step}")


def _correspond(entry: dict[str, Any], staffed: Staffed) -> None:
    """A letter as far as the data says."""
    on = staffed.today - timedelta(days=entry["days_ago"])
    act: dict[str, Any] = {"by": staffed.officer, "at": moment(on, hour=3)}
    said = {name: entry[name] for name in ("other_office", "other_no", "subject", "asked") if name in entry}
    made = assistance.register_request(
        direction=entry["direction"], letter=Letter(**said, dated_on=on), office_code=staffed.code, **act
    )
    for step in entry["steps"]:
        if step == "assign":
            handler = handlers(staffed.officer, staffed.code).order_by("pk").first()
            assistance.assign_request(request=made, handler=handler, **act)
        elif step == "send":
            assistance.send_request(request=made, on=on, **act)
        else:
            raise ValueError(f"{DATA.name}: no step {step}")
