"""Reports of adverse events in the last months of an office's year, and what its hospitals are asked for."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

from xiejian.cli.demo.accounts import Staffed, moment
from xiejian.kernel.divisions import stem
from xiejian.registry.models import Party
from xiejian.vigilance import actions, rules
from xiejian.vigilance.checks import REPORTERS, Report
from xiejian.vigilance.models import AdverseEvent

DATA = Path(__file__).with_name("data") / "vigilance.toml"
_FIELDS = ("lot", "serial", "harm", "injury", "failure", "age_band", "sex")
#: what each step says besides its day
_SAID: dict[str, dict[str, str]] = {
    "return_report": {"comment": "请补充故障经过和产品批号照片。"},
    "record_evaluation": {
        "cause": "同批次留样检查未见异常，操作中反复回抽所致。",
        "event_cause": rules.values("event_causes")[1], "association": rules.values("associations")[0],
    },
}  # fmt: skip


def take_in_events(staffed: Staffed) -> int:
    """Enter the reports with their reviews and set this year's quotas; how many. None without hospitals."""
    with DATA.open("rb") as file:
        data = tomllib.load(file)
    rows = Party.objects.filter(office_code__startswith=stem(staffed.code), links__link="使用", status="正常")
    units = list(rows.order_by("pk").distinct()[:3])
    if not units:
        return 0
    for entry in data["event"]:
        _report(entry, units[entry["unit"] % len(units)], staffed)
    actions.set_quotas(
        year=staffed.today.year, counts=dict.fromkeys(units, data["quota"]), office_code=staffed.code,
        by=staffed.officer, at=moment(staffed.today),
    )  # fmt: skip
    return len(data["event"])


def _report(entry: dict[str, Any], unit: Party, staffed: Staffed) -> AdverseEvent:
    """One report, told two days after the event; its steps follow every other day."""
    event_on = staffed.today - timedelta(days=entry["days_ago"])
    on = event_on + timedelta(days=2)
    said = {name: entry[name] for name in _FIELDS if name in entry}
    report = Report(
        product_name=entry["product"], event_on=event_on, found_on=event_on, reported_on=on,
        use_place="医疗机构", **said,
    )  # fmt: skip
    by = staffed.officer
    made = actions.register_event(
        report=report, party=unit, reporter_kind=REPORTERS[2], office_code=unit.office_code, by=by,
        at=moment(on),
    )  # fmt: skip
    for step in entry["steps"]:
        on += timedelta(days=2)
        getattr(actions, step)(event=made, on=on, by=by, at=moment(on), **_SAID.get(step, {}))
    return made
