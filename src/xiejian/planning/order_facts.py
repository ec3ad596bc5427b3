"""What an order of visits is made from: the record of each party as it stood on a day.

Every fact is dated and looked up strictly before the day it is asked for, so that a past visit is
described by what was known before it, exactly as a coming one is. Facts that the register keeps
without a date (complaints, level) are used by the points scale only: learning from them would look ahead.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tomllib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from xiejian.cases.models import Case
from xiejian.inspections.models import Visit
from xiejian.kernel import divisions
from xiejian.kernel.pack_folder import root
from xiejian.people.policy import SYSTEM
from xiejian.planning import queries
from xiejian.planning.models import Plan
from xiejian.planning.queries import TaskState
from xiejian.registry.models import PartyLink
from xiejian.sampling.models import Sample
from xiejian.visit_order.features import Column, Days, Numbers, Past, Subjects, Texts
from xiejian.visit_order.table import VisitTable

CONCLUDED, CONFORM, FAILED_RECHECK, FAILED_SAMPLE = "concluded", "符合", "未通过", "不符合规定"
_YEAR = 365.25
_SEVERAL = 30  # a tag needs so many visits to be a column
Place = tuple[int, str]  # party and link


@dataclass(frozen=True)
class Scale:
    """packs/national/visit-order.toml: values by name, the points, and the version of the file."""

    values: dict[str, int]
    points: list[dict[str, Any]]
    version: str


@cache
def scale() -> Scale:
    path = root() / "national" / "visit-order.toml"
    content = path.read_bytes()
    read = tomllib.loads(content.decode("utf-8"))
    values = {entry["name"]: int(entry["value"]) for entry in read["value"]}
    return Scale(values, read["points"], hashlib.sha256(content).hexdigest())


@dataclass(frozen=True)
class Made:
    """One concluded visit as far as it says anything of the party."""

    id: int
    on: dt.date
    found: bool
    defects: int
    severe: bool
    ordered: bool
    failed_on: dt.date | None  # the day of a re-check that was not passed
    inspector: str


@dataclass(frozen=True)
class Standing:
    """A party in one link: what the register states and does not change from visit to visit."""

    party_id: int
    link: str
    name: str
    office_code: str
    town: str
    classes: str
    mode: str
    unit_kind: str
    tags: tuple[str, ...]
    since: dt.date | None  # licence or filing
    complaints: int
    level: int | None
    ownership: str


@dataclass
class Records:
    """All that is read for an office: visits by place, cases and failed samples by party, standings."""

    visits: dict[Place, list[Made]] = field(default_factory=lambda: defaultdict(list))
    cases: dict[int, list[dt.date]] = field(default_factory=lambda: defaultdict(list))
    samples: dict[int, list[dt.date]] = field(default_factory=lambda: defaultdict(list))
    standings: dict[Place, Standing] = field(default_factory=dict)

    def facts(self, place: Place, on: dt.date) -> dict[str, Any]:
        """What was known of the place before ``on``: counts, days, years; None where there is nothing."""
        before = self.visits[place][: bisect_left([v.on for v in self.visits[place]], on)]
        last = before[-1] if before else None
        standing = self.standings[place]
        recent = on - dt.timedelta(days=scale().values["looking_back_years"] * _YEAR)
        return {
            "never": int(last is None),
            "visits": len(before),
            "days_since": (on - last.on).days if last else None,
            "found_before": sum(v.found for v in before),
            "last_defects": last.defects if last else None,
            "mean_defects": round(sum(v.defects for v in before) / (len(before) + 1), 3),
            "severe_before": sum(v.severe for v in before),
            "orders_before": sum(v.ordered for v in before),
            "failed_rechecks": sum(v.failed_on is not None and v.failed_on < on for v in before),
            "cases": sum(recent <= day < on for day in self.cases[place[0]]),
            "failed_samples": sum(recent <= day < on for day in self.samples[place[0]]),
            "licence_years": round((on - standing.since).days / _YEAR, 1) if standing.since else None,
        }


#: the dated facts that are learnt from; the rest of ``facts`` is what visit_order counts itself
_LEARNT = (
    "last_defects", "mean_defects", "severe_before", "orders_before", "failed_rechecks", "cases",
    "failed_samples",
)  # fmt: skip
_OWNERSHIP_HEADINGS = ("所有制", "经济性质", "企业类型", "单位性质")


def _ownership(unit_kind: str, extra: dict[str, Any]) -> str:
    stated = next((str(extra[h]) for h in _OWNERSHIP_HEADINGS if extra.get(h)), "")
    return stated or ("民营" if "民营" in unit_kind else "")


def read_records(office_code: str, before: dt.date) -> Records:
    """The records of the parties of an office and those below it, up to the day before: four queries."""
    base = divisions.stem(office_code)
    found = Records()
    columns = (
        "party_id", "link", "party__name", "party__office_code", "party__division_code", "classes", "mode",
        "unit_kind", "tags", "issued_on", "filed_on", "party__complaints", "level", "party__extra",
    )  # fmt: skip
    links = PartyLink.objects.filter(party__office_code__startswith=base).order_by()
    for row in links.values_list(*columns).iterator():
        party, link, name, office, division, classes, mode, kind, tags, issued, filed, count, level, more = (
            row
        )
        found.standings[party, link] = Standing(
            party, link, name, office, division[:9], classes, mode, kind,
            tuple(t for t in tags.split("|") if t), issued or filed, count, level, _ownership(kind, more),
        )  # fmt: skip
    _read_visits(found, base, before)
    for party, day in (
        Case.objects.filter(party__office_code__startswith=base, filed_on__lt=before)
        .order_by("filed_on")
        .values_list("party_id", "filed_on")
        .iterator()
    ):
        found.cases[party].append(day)
    failed = Sample.objects.filter(
        party__office_code__startswith=base, result=FAILED_SAMPLE, result_on__lt=before
    )
    for party, day in failed.order_by("result_on").values_list("party_id", "result_on").iterator():
        found.samples[party].append(day)
    return found


def _read_visits(found: Records, base: str, before: dt.date) -> None:
    columns = (
        "id", "party_id", "link", "visited_on", "defects", "severe_defects", "order_issued", "conclusion",
        "recheck_result", "recheck_on", "inspectors",
    )  # fmt: skip
    rows = Visit.objects.filter(
        party__office_code__startswith=base, state=CONCLUDED, visited_on__isnull=False, visited_on__lt=before
    ).order_by("visited_on", "id")
    for row in rows.values_list(*columns).iterator():
        key, party, link, on, defects, severe, ordered, conclusion, recheck, recheck_on, inspectors = row
        if (party, link) not in found.standings:
            continue
        outcome = bool(defects or severe or ordered or conclusion not in ("", CONFORM))
        lead = inspectors.replace(",", "、").replace("，", "、").split("、")[0].strip()
        failed_on = recheck_on if recheck == FAILED_RECHECK else None
        made = Made(key, on, outcome, defects, bool(severe), ordered, failed_on, lead)
        found.visits[party, link].append(made)


def open_tasks(office_code: str, on: dt.date) -> list[TaskState]:
    """Tasks in force that the office or one below it still owes to a named party."""
    base = divisions.stem(office_code)
    above = {divisions.at_tier(office_code, tier) for tier in ("province", "city", "county")}
    plans = [
        plan
        for plan in Plan.objects.filter(state="issued", year=on.year)
        if plan.office_code.startswith(base) or plan.office_code in above
    ]
    # a plan is one query for its tasks and one for its visits; an office has one plan a year, seldom two
    states = [state for plan in plans for state in queries.task_states(SYSTEM, plan, on)]
    return [s for s in states if s.party_id is not None and s.left > 0 and s.office_code.startswith(base)]


# --- in the form that visit_order learns from -----------------------------------------------------------


def _columns(records: Records, asked: list[tuple[Place, dt.date]], tags: list[str]) -> dict[str, Column]:
    standings = [records.standings[place] for place, _ in asked]
    facts = [records.facts(place, on) for place, on in asked]
    columns: dict[str, Column] = {
        name: Numbers(np.array([np.nan if f[name] is None else float(f[name]) for f in facts]))
        for name in _LEARNT
    }
    for name in ("link", "classes", "mode", "unit_kind", "town"):
        columns[name] = Texts([str(getattr(s, name)) for s in standings])
    for tag in tags:
        columns[f"tag {tag}"] = Numbers(np.array([float(tag in s.tags) for s in standings]))
    ordinals = [np.nan if s.since is None else float(s.since.toordinal()) for s in standings]
    columns["licensed_on"] = Days(np.array(ordinals))
    return columns


@dataclass(frozen=True)
class History:
    """Past visits of an office as a table, with the place of each row."""

    table: VisitTable
    places: list[Place]
    tags: list[str]

    @property
    def found(self) -> int:
        return int(self.table.past.found.sum())


def history(records: Records) -> History:
    """Every concluded visit, described by what was known before it."""
    rows = sorted(
        ((made.on, made.id, place, made) for place, visits in records.visits.items() for made in visits),
        key=lambda row: row[:2],
    )
    counts: dict[str, int] = defaultdict(int)
    for _, _, place, _ in rows:
        for tag in records.standings[place].tags:
            counts[tag] += 1
    tags = sorted(tag for tag, count in counts.items() if count >= _SEVERAL)
    places = [row[2] for row in rows]
    asked = [(row[2], row[0]) for row in rows]
    subjects = Subjects([_key(place) for place in places], _columns(records, asked, tags))
    past = Past(
        subjects,
        np.array([row[0].toordinal() for row in rows], np.int64),
        [row[3].inspector for row in rows],
        np.array([float(row[3].found) for row in rows]),
    )
    return History(VisitTable([str(row[1]) for row in rows], past), places, tags)


def _key(place: Place) -> str:
    return f"{place[0]}/{place[1]}"


def ahead(records: Records, places: Iterable[Place], tags: list[str], on: dt.date) -> Subjects:
    """The places to be visited, described by what is known before ``on``."""
    chosen = list(places)
    return Subjects([_key(p) for p in chosen], _columns(records, [(p, on) for p in chosen], tags))


def digest(rows: Iterable[Any]) -> str:
    """Equal for equal facts."""
    text = json.dumps(list(rows), ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
