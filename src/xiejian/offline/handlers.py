"""One function per kind of field event: from what a phone says to the action that records it.

Each takes the event with its visit and answers what became of it; what the rooms refuse comes out as
``Refused``. Nothing is decided here that an action decides: only whether somebody else was faster.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.files import File
from django.utils import timezone

from xiejian.inspections import actions, limits, products, signing
from xiejian.inspections.checks import Entry
from xiejian.inspections.models import Correction, Visit
from xiejian.kernel.problems import Catalogue, Problem, Refused
from xiejian.offline import comparing, files
from xiejian.offline.models import Device, FieldEvent
from xiejian.people.models import Officer
from xiejian.people.policy import Actor, visible
from xiejian.registry.models import Party

problems = Catalogue(Path(__file__).with_name("problems.toml"))
SCHEDULE = "schedule_visit"


@dataclass(frozen=True)
class Differing:
    """One field that phone and system hold differently."""

    field: str
    known: Any
    stored: Any
    given: Any


@dataclass
class Result:
    """What became of an event; ``settled`` are fields on which phone and system now agree."""

    outcome: str = "applied"
    visit: Visit | None = None
    conflicts: list[Differing] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class Told:
    """An event as a handler sees it: ``told`` is the payload with what an officer corrected in it."""

    event: FieldEvent
    visit: Visit | None
    told: Mapping[str, Any]
    by: Actor
    at: dt.datetime

    @property
    def place(self) -> Visit:
        """The visit; O205 when there is none in reach."""
        if self.visit is None:
            raise Refused(problems("O205", self.event.visit_key))
        return self.visit

    def get(self, name: str) -> Any:
        if name not in self.told:
            raise Refused(problems("O201", self.event.kind, field=name))
        return self.told[name]

    def text(self, name: str) -> str:
        return str(self.told.get(name) or "")

    def day(self, name: str = "on") -> dt.date:
        try:
            return dt.date.fromisoformat(str(self.get(name)))
        except ValueError as error:
            raise Refused(problems("O201", self.event.kind, field=name)) from error

    def doubt(self, code: str, **facts: Any) -> None:
        """Refuse with a doubt that an officer may set aside, unless one has."""
        if code not in self.event.accepted:
            raise Refused(problems(code, self.event.kind, **facts))


def visit_of(device: Device, key: str) -> Visit | None:
    """The visit that a phone means: by its id, or the one made from the phone's own key."""
    if key.isdecimal():
        return Visit.objects.select_related("party").filter(pk=int(key)).first()
    made = FieldEvent.objects.select_related("visit__party").filter(
        device=device, visit_key=key, kind=SCHEDULE, visit__isnull=False
    )
    found = made.first()
    return found.visit if found else None


# ── doubts ────────────────────────────────────────────────────────────────────────────────────────
def reckoned_day(event: FieldEvent) -> dt.date:
    """The day of the event by the server's clock, as far as the phone's offset at the sync tells."""
    return timezone.localdate(event.captured_at - dt.timedelta(seconds=event.clock_offset))


def _doubt_clock(told: Told, on: dt.date) -> None:
    """A day that follows from a wrong clock is put before an officer, never corrected silently."""
    event = told.event
    tolerance = dt.timedelta(minutes=limits.clock_minutes())
    if abs(dt.timedelta(seconds=event.clock_offset)) <= tolerance or "on" in event.amended:
        return
    reckoned = reckoned_day(event)
    if on != reckoned and on == timezone.localdate(event.captured_at):
        hours = round(abs(event.clock_offset) / 3600, 1)
        fast = "快" if event.clock_offset > 0 else "慢"
        told.doubt("O203", fast=fast, hours=f"{hours:g}", on=on, reckoned=reckoned)


def _doubt_party(told: Told, party: Party) -> None:
    if party.status == "注销":
        told.doubt("O202", status=party.status, on=party.status_on or "日期不详")


# ── handlers ──────────────────────────────────────────────────────────────────────────────────────
def schedule_visit(told: Told) -> Result:
    """A visit that was not planned, made on the phone for a party of the download."""
    party = visible(Party.objects.all(), told.by).filter(pk=told.get("party")).first()
    if party is None:
        raise Refused(problems("O205", told.event.visit_key))
    _doubt_party(told, party)
    team = list(Officer.objects.select_related("office").filter(pk__in=told.get("team")))
    visit = actions.schedule_visit(
        party=party, link=told.text("link"), kind=told.text("kind"), planned_on=told.day("planned_on"),
        team=team, checklist=told.told.get("checklist"), campaign=told.text("campaign"),
        by=told.by, at=told.at,
    )  # fmt: skip
    return Result(visit=visit)


def start_visit(told: Told) -> Result:
    visit, on = told.place, told.day()
    persons = told.told.get("persons")
    if visit.state in ("started", "concluded"):
        stored = {"on": str(visit.visited_on), "persons": visit.persons}
        given = {"on": str(on), "persons": visit.persons if persons is None else persons}
        if stored == given:
            return Result("same")
        return Result("conflict", conflicts=[Differing("start", None, stored, given)])
    _doubt_party(told, visit.party)
    _doubt_clock(told, on)
    # a version that nobody handed out is refused (I504); an officer may have today's taken instead
    version = "" if "I504" in told.event.accepted else told.text("checklist_version")
    actions.start_visit(visit=visit, on=on, persons=persons, version=version, by=told.by, at=told.at)
    return Result()


def record_findings(told: Told) -> Result:
    """Each point by itself: what nobody else changed is recorded, what differs becomes a conflict."""
    visit, entries = told.place, told.get("entries")
    if not isinstance(entries, list) or not all(isinstance(e, dict) and e.get("point") for e in entries):
        raise Refused(problems("O201", told.event.kind, field="entries"))
    stored = {f.point: comparing.point(vars(f)) for f in visit.findings.all()}
    closed = visit.state == "concluded" or visit.site_records.exists()
    recorded, result = [], Result("same")
    for entry in entries:
        name, given = str(entry["point"]), comparing.point(entry)
        known = comparing.point(entry.get("known"))
        found = comparing.verdict(known, stored.get(name), given)
        if found == "conflict" or (found == "apply" and closed):
            result.conflicts.append(Differing(f"point:{name}", known, stored.get(name), dict(entry)))
            continue
        result.settled.append(f"point:{name}")
        if found == "apply":
            recorded.append(entry_of(entry))
    if recorded:
        actions.record_findings(visit=visit, entries=recorded, by=told.by, at=told.at)
    result.outcome = "conflict" if result.conflicts else "applied" if recorded else "same"
    return result


def entry_of(raw: Mapping[str, Any]) -> Entry:
    """One answer of a phone as the action takes it."""
    return Entry(
        str(raw["point"]), str(raw.get("state") or ""), str(raw.get("fact") or ""),
        bool(raw.get("severe")), str(raw.get("clause") or ""),
    )  # fmt: skip


def conclude_visit(told: Told) -> Result:
    """Waits while fields of the visit are in conflict: the rule should look at what is decided."""
    visit = told.place
    given = {name: told.text(name) for name in ("conclusion", "reason", "remark")}
    if visit.state == "concluded":
        if given["conclusion"] in ("", visit.conclusion):
            return Result("same")
        stored = {"conclusion": visit.conclusion, "remark": visit.remark}
        return Result("conflict", conflicts=[Differing("conclusion", None, stored, given)])
    if undecided := visit.conflicts.filter(state="open").count():
        return Result("waiting", problems=[problems("O206", visit.number, count=undecided)])
    actions.conclude_visit(visit=visit, by=told.by, at=told.at, **given)
    return Result()


def record_refusal(told: Told) -> Result:
    visit, on = told.place, told.day()
    detail = told.text("detail")
    if witness := told.text("witness"):
        detail = f"{detail}（见证人：{witness}）"
    if visit.state == "refused" and visit.visited_on == on:
        return Result("same")
    _doubt_clock(told, on)
    actions.record_refusal(visit=visit, on=on, act=told.text("act"), detail=detail, by=told.by, at=told.at)
    return Result()


def order_correction(told: Told) -> Result:
    visit = told.place
    content, due_on = told.text("content").strip(), told.day("due_on")
    if visit.corrections.filter(content=content, due_on=due_on).exists():
        return Result("same")
    actions.order_correction(
        visit=visit, content=content, ordered_on=told.day("ordered_on"), due_on=due_on, by=told.by,
        at=told.at,
    )  # fmt: skip
    return Result()


def recheck_correction(told: Told) -> Result:
    """The follow-up of an open order of the same party, seen during this visit."""
    visit, passed = told.place, bool(told.get("passed"))
    mine = visible(Correction.objects.filter(visit__party=visit.party_id), told.by)
    correction = mine.filter(pk=told.get("correction")).first()
    if correction is None:
        raise Refused(problems("O205", told.event.kind))
    if correction.recheck_visit_id == visit.pk and correction.state == ("passed" if passed else "failed"):
        return Result("same")
    actions.recheck(
        correction=correction, passed=passed, rechecked_on=told.day("rechecked_on"), recheck_visit=visit,
        note=told.text("note"), by=told.by, at=told.at,
    )  # fmt: skip
    return Result()


def attach_evidence(told: Told) -> Result:
    """Waits until the file has arrived."""
    visit, digest = told.place, told.text("sha256")
    if visit.evidence.filter(sha256=digest).exists():
        return Result("same")
    path = files.arrived(told.event.device, digest)
    if path is None:
        return Result("waiting", problems=[problems("O301", told.text("name") or digest[:12])])
    with path.open("rb") as content:
        file = File(content, name=told.text("name"))
        actions.attach_evidence(
            visit=visit, file=file, caption=told.text("caption")[:200], device_sha256=digest,
            captured_at=told.event.captured_at, clock_offset=told.event.clock_offset, by=told.by, at=told.at,
        )  # fmt: skip
    return Result()


def check_product(told: Told) -> Result:
    """A code read on the shelf, looked up in the register here."""
    products.check_product(
        visit=told.place, text=told.text("text"), registration_no=told.text("registration_no"),
        checked_at=told.event.captured_at, by=told.by, at=told.at,
    )  # fmt: skip
    return Result()


def sign_record(told: Told) -> Result:
    """A name under the record as the phone showed it; waits until its picture has arrived."""
    visit = told.place
    path = files.arrived(told.event.device, told.text("sha256"))
    if path is None:
        if visit.site_records.filter(
            signatures__role=told.text("role"), signatures__name=told.text("name").strip()
        ).exists():
            return Result("same")
        return Result("waiting", problems=[problems("O301", "签名")])
    signing.sign_record(
        visit=visit, role=told.text("role"), name=told.text("name"), image=path.read_bytes(),
        strokes=told.get("strokes"), signed_at=told.event.captured_at, digest=told.text("digest"),
        text=told.text("text"), statement=told.text("statement"), by=told.by, at=told.at,
    )  # fmt: skip
    return Result()


def refuse_signature(told: Told) -> Result:
    """The party's person does not sign: the reason and who saw it."""
    witnesses = told.get("witnesses")
    if not isinstance(witnesses, list):
        raise Refused(problems("O201", told.event.kind, field="witnesses"))
    signing.refuse_signature(
        visit=told.place, name=told.text("name"), reason=told.text("reason"),
        witnesses=[str(name) for name in witnesses], signed_at=told.event.captured_at,
        digest=told.text("digest"), text=told.text("text"), by=told.by, at=told.at,
    )  # fmt: skip
    return Result()


Handler = Callable[[Told], Result]
KINDS: dict[str, Handler] = {
    handler.__name__: handler
    for handler in (
        schedule_visit, start_visit, record_findings, conclude_visit, record_refusal, order_correction,
        recheck_correction, attach_evidence, check_product, sign_record, refuse_signature,
    )
}  # fmt: skip
LABELS = {
    "schedule_visit": "安排检查",
    "start_visit": "开始检查",
    "record_findings": "检查结果",
    "conclude_visit": "作出结论",
    "record_refusal": "拒绝检查",
    "order_correction": "责令改正",
    "recheck_correction": "复查",
    "attach_evidence": "证据",
    "check_product": "产品核对",
    "sign_record": "签名",
    "refuse_signature": "拒绝签名",
}
#: What may go wrong without holding up what was done after it.
BESIDE = ("attach_evidence", "check_product", "recheck_correction")
