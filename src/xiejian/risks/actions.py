"""Every write of the risks room: meetings, the risk list, strike-off, handing up and down.

Each action locks its record, checks it against the workflow table and the rules of checks.py, and leaves
its audit entry in the same transaction. Dates come from the caller; none may lie after the day of ``at``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from xiejian.clocks import actions as clocks
from xiejian.inspections import limits, pictures
from xiejian.inspections.checks import EVIDENCE_TYPES, check_evidence_file
from xiejian.inspections.rule_files import problems as inspection_problems
from xiejian.kernel import workflow
from xiejian.kernel.cells import tag_list, tag_text
from xiejian.kernel.divisions import stem
from xiejian.kernel.problems import Problem, Refused
from xiejian.people import audit
from xiejian.people.models import Office, Officer
from xiejian.people.numbering import next_number
from xiejian.people.policy import SYSTEM, Actor, require
from xiejian.registry.actions import set_consultation_focus
from xiejian.registry.models import Party, PartyLink
from xiejian.risks import checks as check
from xiejian.risks import counting, queries, rules, signals
from xiejian.risks.checks import OPEN, Planned, refuse
from xiejian.risks.models import (
    RiskEvidence,
    RiskHanding,
    RiskItem,
    RiskMeasure,
    RiskMeeting,
    SignalReading,
)

R = TypeVar("R", bound=Model)

WORKFLOW = workflow.load(Path(__file__).with_name("workflow.toml"))
MEETING_WORKFLOW = workflow.load(Path(__file__).with_name("meeting_workflow.toml"))
PERMISSION, MEETING = "risks.edit", "risks.meet"
#: time limits of a risk by name: to assess it, to control it, to decide on its strike-off
ASSESS, CONTROL, REVIEW = "assess", "control", "review"
HEAD_BYTES = 64  # as much of a file as its kind is told by


def _locked(row: R) -> R:
    """The record as it is now, locked until the transaction ends."""
    type(row)._default_manager.select_for_update().only("pk").get(pk=row.pk)
    row.refresh_from_db()
    return row


def _permission(table: workflow.Workflow, action: str) -> str:
    return next(line.permission for line in table.transitions if line.action == action)


def _note(action: str, item: RiskItem, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject="risk_item", key=item.number, office_code=item.office_code,
        detail=detail,
    )  # fmt: skip


def _note_meeting(action: str, meeting: RiskMeeting, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject="risk_meeting", key=meeting.title,
        office_code=meeting.office_code, detail=detail,
    )  # fmt: skip


# --- meetings --------------------------------------------------------------------------------------------


@transaction.atomic
def prepare_meeting(*, office_code: str, year: int, quarter: int, by: Actor, at: dt.datetime) -> RiskMeeting:
    """Count every signal for the meeting of a quarter; again, while it has not been held.

    Struck-off risks whose signal came back return to the list first. Refused: no quarter (H104), one that
    has not begun (H105), a meeting that was held (H106).
    """
    today = timezone.localdate(at)
    require(by, MEETING, office_code)
    refuse(check.check_quarter(year, quarter, today))
    spans = signals.spans(year, quarter, today)
    meeting = (
        RiskMeeting.objects.select_for_update()
        .filter(office_code=office_code, year=year, quarter=quarter)
        .first()
    )
    if meeting is None:
        meeting = RiskMeeting(
            office_code=office_code, year=year, quarter=quarter, state=MEETING_WORKFLOW.start,
            agenda=rules.agenda(),
        )  # fmt: skip
    refuse(check.check_not_held(meeting.title, meeting.state))
    meeting.from_on, meeting.until_on = spans.now.from_on, spans.now.until
    meeting.prepared_at, meeting.by_name = at, by.name
    meeting.save()
    returned = _return_risks(office_code, today, by, at)
    found = counting.readings(office_code, spans)
    _store_readings(meeting, found)
    _note_meeting(
        "prepare_meeting", meeting, by, at, until=meeting.until_on.isoformat(),
        raised=sum(1 for one in found if one.why), returned=[row.number for row in returned],
    )  # fmt: skip
    return meeting


def _store_readings(meeting: RiskMeeting, found: Sequence[counting.Reading]) -> None:
    meeting.readings.all().delete()
    # the groups come from what was counted, not from what somebody asked for
    labels = queries.labels(SYSTEM, ((one.by, one.key) for one in found if one.by))
    SignalReading.objects.bulk_create(
        SignalReading(
            meeting=meeting, signal=one.signal.id, grouping=one.by, key=one.key, count=one.counted.now,
            label=labels.get((one.by, one.key), one.key), before=one.counted.before,
            last_year=one.counted.last_year, why=one.why,
        )
        for one in found
    )  # fmt: skip


def _meeting_step(meeting: RiskMeeting, action: str, by: Actor) -> tuple[RiskMeeting, list[str]]:
    meeting = _locked(meeting)
    require(by, _permission(MEETING_WORKFLOW, action), meeting.office_code, where=meeting.title)
    before = meeting.state
    meeting.state = MEETING_WORKFLOW.step(before, action, where=meeting.title)
    return meeting, [before, meeting.state]


@transaction.atomic
def hold_meeting(
    *, meeting: RiskMeeting, held_on: dt.date, chair: str, participants: str, by: Actor, at: dt.datetime,
    place: str = "", agenda: Sequence[str] = (),
) -> RiskMeeting:  # fmt: skip
    """The meeting took place; its figures stay as they are. ``agenda``: as prepared when empty."""
    meeting, state = _meeting_step(meeting, "hold_meeting", by)
    refuse(
        check.check_given(chair, "主持人"),
        check.check_given(participants, "参加人员"),
        check.check_dated("会商日期", held_on, timezone.localdate(at), "统计起日", meeting.from_on),
    )
    meeting.held_on, meeting.chair, meeting.participants = held_on, chair, participants
    meeting.place, meeting.agenda = place, list(agenda) or meeting.agenda
    meeting.save()
    _note_meeting("hold_meeting", meeting, by, at, state=state, held_on=held_on, chair=chair)
    return meeting


@transaction.atomic
def conclude_meeting(
    *, meeting: RiskMeeting, minutes: str, conclusions: str, by: Actor, at: dt.datetime
) -> RiskMeeting:
    """Write down what was said and what was decided (H101 without either)."""
    meeting, state = _meeting_step(meeting, "conclude_meeting", by)
    refuse(check.check_given(minutes, "会议记录"), check.check_given(conclusions, "会商结论"))
    meeting.minutes, meeting.conclusions = minutes, conclusions
    meeting.save()
    _note_meeting("conclude_meeting", meeting, by, at, state=state)
    return meeting


# --- onto the list ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """A risk as it is put on the list by hand."""

    title: str
    content: str
    link: str = ""
    tags: tuple[str, ...] = ()


@transaction.atomic
def list_risk(
    *, entry: Entry, office_code: str, on: dt.date, by: Actor, at: dt.datetime, party: Party | None = None,
    meeting: RiskMeeting | None = None, number: str = "",
) -> RiskItem:  # fmt: skip
    """Put a risk on the list that somebody saw, without a signal."""
    require(by, PERMISSION, office_code, where=entry.title)
    refuse(
        check.check_given(entry.title, "风险"),
        check.check_given(entry.content, "情况说明"),
        check.check_link(entry.link),
        check.check_dated("列入日期", on, timezone.localdate(at)),
        check.check_party_within(party.name, party.office_code, office_code) if party else [],
    )
    return _new_item(
        office_code, on, by, at, number=number, title=entry.title, content=entry.content, link=entry.link,
        tags=tag_text(entry.tags), party=party, meeting=meeting,
    )  # fmt: skip


@transaction.atomic
def list_reading(*, reading: SignalReading, on: dt.date, by: Actor, at: dt.datetime) -> RiskItem:
    """Put what a signal said at a meeting on the list, with its value at that time.

    The risk belongs to the office in charge of the party, to the station counted, else to that of the
    meeting. Refused: a reading that is not worth talking about (H207), one already on the list (H203).
    """
    meeting = reading.meeting
    party = Party.objects.get(pk=int(reading.key)) if reading.grouping == "party" else None
    office = party.office_code if party else meeting.office_code
    office = reading.key if reading.grouping == "station" else office
    require(by, PERMISSION, office, where=reading.label)
    name = (reading.signal, reading.grouping, reading.key)
    standing = queries.standing_for([name], meeting.office_code).get(name)
    refuse(
        check.check_raised(reading.why),
        check.check_not_listed(standing.number if standing else ""),
        check.check_dated("列入日期", on, timezone.localdate(at), "统计起日", meeting.from_on),
    )
    signal = signals.load()[reading.signal]
    value = {
        "count": reading.count, "before": reading.before, "last_year": reading.last_year, "why": reading.why,
        "from": meeting.from_on.isoformat(), "until": meeting.until_on.isoformat(),
        "office": meeting.office_code,
    }  # fmt: skip
    return _new_item(
        office, on, by, at, title=f"{reading.label}：{signal.label}"[:200], content=reading.why,
        meeting=meeting, party=party, link=reading.key if reading.grouping == "link" else "",
        tags=tag_text([reading.key] if reading.grouping == "tag" else []), signal=signal.id,
        grouping=reading.grouping, key=reading.key, value=value,
    )  # fmt: skip


def _new_item(
    office_code: str, on: dt.date, by: Actor, at: dt.datetime, number: str = "", **facts: Any
) -> RiskItem:
    number = number or next_number(RiskItem, rules.number_pattern(), office_code, on.year)
    item = RiskItem.objects.create(
        number=number, office_code=office_code, state=WORKFLOW.start, found_on=on, made_at=at,
        by_name=by.name, **facts,
    )  # fmt: skip
    _start(item, ASSESS, rules.ASSESS_RULE, on, by, at)
    _note("list_risk", item, by, at, title=item.title, signal=item.signal, value=item.value)
    return item


def _start(item: RiskItem, name: str, rule: str, on: dt.date, by: Actor, at: dt.datetime) -> dt.date | None:
    """Start a clock of the risk, one of each name for every time that it is on the list; its last day."""
    clock = clocks.set_clock(
        subject="risk_item", record=item.pk, name=f"{name} {item.round}", rule=rule, start=on,
        title=f"{item.number} {item.title}"[:200], office_code=item.office_code, by=by, at=at,
    )  # fmt: skip
    return clock.due_legal


def _finish(item: RiskItem, name: str, on: dt.date, by: Actor, at: dt.datetime) -> None:
    clocks.finish_clock(subject="risk_item", record=item.pk, name=f"{name} {item.round}", on=on, by=by, at=at)


def _step(item: RiskItem, action: str, by: Actor) -> tuple[RiskItem, list[str]]:
    """The locked risk moved along its workflow table, and [state before, after] for the audit entry."""
    item = _locked(item)
    require(by, _permission(WORKFLOW, action), item.office_code, where=item.number)
    before = item.state
    item.state = WORKFLOW.step(before, action, where=item.number)
    return item, [before, item.state]


# --- level, measures ---------------------------------------------------------------------------------------


def proposed_level(item: RiskItem) -> rules.Proposal:
    """Which level the pack proposes for a risk, and by which row."""
    tags = set(tag_list(item.tags))
    if item.party_id:
        stored = PartyLink.objects.filter(party=item.party_id).values_list("tags", flat=True)
        tags |= {tag for text in stored for tag in tag_list(text)}
    count = int(item.value.get("count", 0))
    return rules.propose(rules.Facts(item.signal, count, frozenset(tags), item.round > 0))


@transaction.atomic
def assess_item(
    *, item: RiskItem, level: str, owner: Officer | None, on: dt.date, by: Actor, at: dt.datetime,
    reason: str = "",
) -> RiskItem:  # fmt: skip
    """Decide how grave the risk is and who owns it; its control is due by the time limit of the level.

    Another level than the pack proposes needs a ``reason`` (H202). A party with an open risk of a level
    that says so becomes a 风险会商重点 of grading.
    """
    item, state = _step(item, "assess_item", by)
    proposal = proposed_level(item)
    known = {key: found.label for key, found in rules.levels().items()}
    able = owner is not None and queries.owners(by, item.office_code).filter(pk=owner.pk).exists()
    refuse(
        check.check_level(level, known, proposal.level, reason),
        check.check_owner(owner.name if owner else "", able),
        check.check_dated(
            "研判日期", on, timezone.localdate(at), "列入日期", item.returned_on or item.found_on
        ),
    )
    item.level, item.owner, item.assessed_on = level, owner, on
    item.level_why = reason.strip() or f"{proposal.rule} {proposal.why}"
    _finish(item, ASSESS, on, by, at)
    item.due_on = _start(item, CONTROL, rules.levels()[level].rule, on, by, at)
    item.save()
    _keep_focus(item, by, at)
    _note(
        "assess_item", item, by, at, state=state, level=level, proposed=proposal.level, why=item.level_why,
        owner=owner.name if owner else "", due_on=item.due_on,
    )  # fmt: skip
    return item


def _keep_focus(item: RiskItem, by: Actor, at: dt.datetime) -> None:
    """A party is a 风险会商重点 while a risk says so; what the register said by itself is left alone."""
    if item.party_id is None:
        return
    worrying = RiskItem.objects.filter(
        party=item.party_id, state__in=OPEN, level__in=rules.focus_levels(), assessed_on__isnull=False
    ).exclude(state="returned")
    holding = RiskItem.objects.filter(party=item.party_id, holds_focus=True)
    party = Party.objects.get(pk=item.party_id)
    if worrying.exists():
        if not party.consultation_focus:
            set_consultation_focus(party=party, focus=True, reason=f"{item.number} 风险研判", by=by, at=at)
            worrying.update(holds_focus=True)
    elif holding.exists():
        holding.update(holds_focus=False)
        set_consultation_focus(party=party, focus=False, reason=f"{item.number} 风险销号", by=by, at=at)
    item.refresh_from_db(fields=["holds_focus"])


@transaction.atomic
def add_measure(*, item: RiskItem, planned: Planned, by: Actor, at: dt.datetime) -> RiskMeasure:
    """Agree on a measure: what, who, until when, within the time limit of the risk (H302)."""
    item, _ = _step(item, "add_measure", by)
    refuse(check.check_measure(planned, timezone.localdate(at), item.due_on))
    measure = RiskMeasure.objects.create(
        item=item, round=item.round, content=planned.content, who=planned.who, due_on=planned.due_on,
        by_name=by.name,
    )  # fmt: skip
    _note("add_measure", item, by, at, content=planned.content, who=planned.who, due_on=planned.due_on)
    return measure


@transaction.atomic
def put_under_control(*, item: RiskItem, on: dt.date, by: Actor, at: dt.datetime) -> RiskItem:
    """The measures run from now on; there must be one (H301)."""
    item, state = _step(item, "put_under_control", by)
    refuse(
        check.check_has_measures(item.measures.filter(round=item.round).count()),
        check.check_dated("开始管控日期", on, timezone.localdate(at), "研判日期", item.assessed_on),
    )
    item.controlled_on = on
    item.save()
    _note("put_under_control", item, by, at, state=state, on=on)
    return item


@transaction.atomic
def complete_measure(
    *, item: RiskItem, measure: RiskMeasure, on: dt.date, result: str, by: Actor, at: dt.datetime
) -> RiskMeasure:
    """A measure was carried out: when, and what came of it."""
    item, _ = _step(item, "complete_measure", by)
    measure = _locked(measure)
    refuse(
        check.check_measure_of_item(measure.item_id == item.pk, measure.done_on is not None),
        check.check_given(result, "完成情况"),
        check.check_dated("完成日期", on, timezone.localdate(at), "列入日期", item.found_on),
    )
    measure.done_on, measure.result = on, result
    measure.save()
    _note("complete_measure", item, by, at, measure=measure.content, on=on, result=result)
    return measure


# --- strike-off, return ------------------------------------------------------------------------------------


@transaction.atomic
def ask_strike_off(
    *, item: RiskItem, on: dt.date, reasons: str, by: Actor, at: dt.datetime, files: Sequence[File] = ()
) -> RiskItem:
    """Ask that the risk be struck off, with the evidence that it is gone.

    Refused: measures that are not carried out (H303), no evidence since it was last listed (H304), a file
    that is not what it says (I401–I404, I409, I410).
    """
    item, state = _step(item, "ask_strike_off", by)
    still = item.measures.filter(round=item.round, done_on=None).values_list("content", flat=True)
    kept = item.evidence.filter(round=item.round).count()
    refuse(
        check.check_given(reasons, "销号理由"),
        check.check_dated("申请销号日期", on, timezone.localdate(at), "开始管控日期", item.controlled_on),
        check.check_measures_done(list(still)),
        check.check_evidence(kept + len(files)),
        *(_file_problems(file) for file in files),
    )
    for file in files:
        _keep_file(item, file, by, at)
    item.asked_on, item.asked_by, item.asked_by_name = on, by.username, by.name
    item.reasons = reasons
    item.save()
    _start(item, REVIEW, rules.REVIEW_RULE, on, by, at)
    _note("ask_strike_off", item, by, at, state=state, on=on, reasons=reasons)
    return item


def _file_problems(file: File) -> list[Problem]:
    file.seek(0)
    return check_evidence_file(Path(file.name or "").name, file.size, file.read(HEAD_BYTES))


def _keep_file(item: RiskItem, file: File, by: Actor, at: dt.datetime) -> None:
    """Store a file under its digest, a photo without its camera's notes; the same one of a round once."""
    file.seek(0)
    content, name = file.read(), Path(file.name or "").name
    suffix = Path(name).suffix.lower()
    stored = _photo(name, content) if EVIDENCE_TYPES[suffix][0] == "photo" else content
    digest = hashlib.sha256(stored).hexdigest()
    if item.evidence.filter(round=item.round, sha256=digest).exists():
        return
    row = RiskEvidence(
        item=item, round=item.round, name=name[:200], sha256=digest, size=len(stored), at=at, by_name=by.name
    )
    path = f"risks/{timezone.localtime(at):%Y/%m}/{digest[:32]}{suffix}"
    row.file.name = default_storage.save(path, ContentFile(stored))
    row.save()
    arrived = hashlib.sha256(content).hexdigest()
    _note("attach_risk_evidence", item, by, at, name=name, sha256=arrived, stored_sha256=digest)


def _photo(name: str, content: bytes) -> bytes:
    """The picture alone; Refused (I409) when it does not open."""
    try:
        return pictures.take_apart(content, most_pixels=limits.most_pixels()).stored
    except pictures.NotAPicture as error:
        raise Refused(inspection_problems("I409", where=name)) from error


@transaction.atomic
def strike_off(*, item: RiskItem, on: dt.date, by: Actor, at: dt.datetime, note: str = "") -> RiskItem:
    """Strike the risk off. Refused: whoever asked for it (H305), no evidence (H304)."""
    item, state = _step(item, "strike_off", by)
    refuse(
        check.check_second_person(item.asked_by, by.username, by.name),
        check.check_evidence(item.evidence.filter(round=item.round).count()),
        check.check_dated("销号日期", on, timezone.localdate(at), "申请销号日期", item.asked_on),
    )
    item.struck_off_on, item.struck_off_by = on, by.name
    item.save()
    _finish(item, REVIEW, on, by, at)
    _finish(item, CONTROL, on, by, at)
    clocks.drop_clocks(subject="risk_item", record=item.pk, reason="已销号", by=by, at=at)
    _keep_focus(item, by, at)
    _note("strike_off", item, by, at, state=state, on=on, asked_by=item.asked_by_name, note=note)
    return item


@transaction.atomic
def refuse_strike_off(*, item: RiskItem, reason: str, on: dt.date, by: Actor, at: dt.datetime) -> RiskItem:
    """Not yet: the risk goes back under control, with the reason. Whoever asked does not decide (H305)."""
    item, state = _step(item, "refuse_strike_off", by)
    refuse(
        check.check_given(reason, "退回理由"),
        check.check_second_person(item.asked_by, by.username, by.name),
        check.check_dated("退回日期", on, timezone.localdate(at), "申请销号日期", item.asked_on),
    )
    item.save()
    _finish(item, REVIEW, on, by, at)
    _note("refuse_strike_off", item, by, at, state=state, on=on, reason=reason, asked_by=item.asked_by_name)
    return item


@transaction.atomic
def return_item(*, item: RiskItem, reason: str, on: dt.date, by: Actor, at: dt.datetime) -> RiskItem:
    """Put a struck-off risk back on the list: it is assessed anew, with measures and evidence of its own."""
    require(by, PERMISSION, item.office_code, where=item.number)
    return _put_back(_locked(item), reason, on, by, at)


def _put_back(
    item: RiskItem, reason: str, on: dt.date, by: Actor, at: dt.datetime, count: int | None = None
) -> RiskItem:
    before, item.state = item.state, WORKFLOW.step(item.state, "return_item", where=item.number)
    refuse(
        check.check_given(reason, "重新列入的理由"),
        check.check_dated("复发日期", on, timezone.localdate(at), "销号日期", item.struck_off_on),
    )
    item.round += 1
    item.returned_on, item.due_on = on, None
    item.value = {**item.value, "why": reason} | ({} if count is None else {"count": count})
    item.save()
    _start(item, ASSESS, rules.ASSESS_RULE, on, by, at)
    _note("return_item", item, by, at, state=[before, item.state], on=on, reason=reason, round=item.round)
    return item


@transaction.atomic
def recompute_risks(*, office_code: str, on: dt.date, by: Actor, at: dt.datetime) -> list[RiskItem]:
    """Put every struck-off risk back whose signal was counted often enough after its strike-off.

    The same day again changes nothing: what came back is no longer struck off.
    """
    require(by, PERMISSION, office_code)
    return _return_risks(office_code, on, by, at)


def _return_risks(office_code: str, on: dt.date, by: Actor, at: dt.datetime) -> list[RiskItem]:
    known, first = signals.load(), on - dt.timedelta(days=rules.watched_days())
    rows = RiskItem.objects.select_for_update().filter(
        office_code__startswith=stem(office_code), state="struck_off", signal__in=known
    )
    struck = {row.pk: row for row in rows.order_by("pk")}
    watched = [
        counting.Watched(
            row.pk, known[row.signal], row.grouping, row.key, row.value.get("office", row.office_code),
            max(row.struck_off_on + dt.timedelta(days=1), first),
        )
        for row in struck.values()
        if row.struck_off_on
    ]  # fmt: skip
    back = []
    for pk, count in counting.since_strike_off(watched, on).items():
        row = struck[pk]
        if row.struck_off_on is None:
            continue
        why = signals.why_returned(known[row.signal], row.grouping, count, row.struck_off_on)
        if why:
            back.append(_put_back(row, why, on, by, at, count))
    return back


@transaction.atomic
def withdraw_item(*, item: RiskItem, reason: str, by: Actor, at: dt.datetime) -> RiskItem:
    """Take a risk off the list that was put there by mistake, before it was assessed."""
    item, state = _step(item, "withdraw_item", by)
    refuse(check.check_given(reason, "撤销理由"))
    item.save()
    clocks.drop_clocks(subject="risk_item", record=item.pk, reason=reason, by=by, at=at)
    _note("withdraw_item", item, by, at, state=state, reason=reason)
    return item


# --- one level up, one level down -------------------------------------------------------------------------


@transaction.atomic
def report_up(*, item: RiskItem, content: str, on: dt.date, by: Actor, at: dt.datetime) -> RiskHanding:
    """上报一级: the office above learns of the risk and acknowledges it (H401 without one)."""
    item = _locked(item)
    require(by, PERMISSION, item.office_code, where=item.number)
    office = Office.objects.filter(stem=stem(item.office_code)).select_related("parent").first()
    parent = office.parent.code if office and office.parent else ""
    refuse(check.check_parent(parent, item.office_code))
    return _hand(item, RiskHanding.UP, item.office_code, parent, content, on, by, at)


@transaction.atomic
def hand_down(
    *, item: RiskItem, to_office: str, content: str, on: dt.date, by: Actor, at: dt.datetime
) -> RiskHanding:
    """下抓一级: an office below learns of the risk, sees it, and acknowledges it (H402 for another)."""
    item = _locked(item)
    require(by, PERMISSION, item.office_code, where=item.number)
    below = queries.offices_below(item.office_code).filter(code=to_office).exists()
    refuse(check.check_below(to_office, item.office_code, below))
    return _hand(item, RiskHanding.DOWN, item.office_code, to_office, content, on, by, at)


def _hand(
    item: RiskItem, direction: str, from_office: str, to: str, content: str, on: dt.date, by: Actor,
    at: dt.datetime,
) -> RiskHanding:  # fmt: skip
    refuse(
        check.check_open(item.state),
        check.check_given(content, "要求或者说明"),
        check.check_dated("日期", on, timezone.localdate(at), "列入日期", item.found_on),
        check.check_not_waiting(item.handings.filter(to_office=to, receipt_on=None).exists(), to),
    )
    handing = RiskHanding.objects.create(
        item=item, direction=direction, from_office=from_office, to_office=to, content=content, handed_on=on,
        by_name=by.name,
    )  # fmt: skip
    clocks.set_clock(
        subject="risk_item", record=item.pk, name=f"receipt {handing.pk}", rule=rules.RECEIPT_RULE, start=on,
        title=f"{item.number} {item.title}"[:200], office_code=to, by=by, at=at,
    )  # fmt: skip
    _note("hand_risk", item, by, at, direction=direction, to=to, content=content)
    return handing


@transaction.atomic
def acknowledge(
    *, handing: RiskHanding, on: dt.date, by: Actor, at: dt.datetime, answer: str = ""
) -> RiskHanding:
    """签收: only by the office it was handed to (H404), once (H405)."""
    handing = _locked(handing)
    item = handing.item
    require(by, PERMISSION, handing.to_office, where=item.number)
    refuse(
        check.check_receiver(by.office_code, handing.to_office, handing.receipt_on),
        check.check_dated("签收日期", on, timezone.localdate(at), "报送日期", handing.handed_on),
    )
    handing.receipt_on, handing.receipt_by, handing.answer = on, by.name, answer
    handing.save()
    clocks.finish_clock(
        subject="risk_item", record=item.pk, name=f"receipt {handing.pk}", on=on, by=by, at=at
    )
    _note("acknowledge_risk", item, by, at, to=handing.to_office, on=on, answer=answer)
    return handing
