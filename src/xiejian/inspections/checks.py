"""Every refusal of the inspections room: facts in, problems out; no database, no clock.

One function per rule. An action gathers what its checks answer and refuses with all of them at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xiejian.inspections.checklists import CONCLUSIONS, Checklist, JudgementRow, problems
from xiejian.kernel.divisions import stem
from xiejian.kernel.kinds import KIND_LABELS
from xiejian.kernel.problems import Problem, Refused

#: What a visit may be called: every kind but the umbrella term.
VISIT_KINDS = tuple(label for kind, label in KIND_LABELS.items() if kind != "any")
#: Inspectors of other areas take part in these.
ACROSS_AREAS = (KIND_LABELS["cross"], KIND_LABELS["joint"])
FINDING_STATES = {"conform": "符合", "not_conform": "不符合", "not_applicable": "不适用"}
ADDRESSEES = ("公安", "卫健", "海关", "纪检")
MADE = ("started", "concluded", "refused")  # states of a visit that has taken place
MEGABYTE = 1024 * 1024
EVIDENCE_LIMIT_MB = 50

#: Accepted evidence by suffix with the bytes such a file begins with (offset, bytes); empty: plain text.
EVIDENCE_TYPES: dict[str, tuple[tuple[int, bytes], ...]] = {
    ".jpg": ((0, b"\xff\xd8\xff"),),
    ".jpeg": ((0, b"\xff\xd8\xff"),),
    ".png": ((0, b"\x89PNG\r\n\x1a\n"),),
    ".webp": ((8, b"WEBP"),),
    ".heic": ((4, b"ftyp"),),
    ".mp4": ((4, b"ftyp"),),
    ".mp3": ((0, b"ID3"), (0, b"\xff\xfb"), (0, b"\xff\xf3")),
    ".pdf": ((0, b"%PDF"),),
    ".docx": ((0, b"PK\x03\x04"),),
    ".xlsx": ((0, b"PK\x03\x04"),),
    ".txt": (),
}


@dataclass(frozen=True)
class Entry:
    """One point as the inspector found it; ``clause`` only for a problem outside the checklist."""

    point: str
    state: str
    fact: str = ""
    severe: bool = False
    clause: str = ""


def refuse(*found: Iterable[Problem]) -> None:
    """Raise Refused with every problem of every check, if there is any."""
    if problems_found := [problem for check in found for problem in check]:
        raise Refused(problems_found)


def check_team_size(count: int, minimum: int) -> list[Problem]:
    """RL-1: nobody inspects alone."""
    if count >= minimum:
        return []
    return [problems("I101", where="检查组", count=count, minimum=minimum)]


def check_team_offices(
    kind: str, office_code: str, office_name: str, team: Iterable[tuple[str, str]]
) -> list[Problem]:
    """Inspectors belong to the inspecting office, one above or one below, unless areas mix on purpose.

    ``team`` holds (name, office code).
    """
    if kind in ACROSS_AREAS:
        return []
    own = stem(office_code)
    outside = [name for name, code in team if not (stem(code).startswith(own) or own.startswith(stem(code)))]
    if not outside:
        return []
    return [problems("I103", where="检查组", names="、".join(outside), office=office_name)]


def check_team_active(inactive: Sequence[str]) -> list[Problem]:
    return [problems("I107", where="检查组", names="、".join(inactive))] if inactive else []


def check_kind(kind: str) -> list[Problem]:
    if kind in VISIT_KINDS:
        return []
    return [problems("I104", where="检查类型", kind=kind, known="、".join(VISIT_KINDS))]


def check_link(link: str, known: Sequence[str]) -> list[Problem]:
    return [] if link in known else [problems("I105", where="环节", link=link, known="、".join(known))]


def check_not_in_future(on: dt.date, today: dt.date, what: str) -> list[Problem]:
    """Nothing is recorded before it has happened. ``what`` names the date, e.g. 检查日期."""
    return [] if on <= today else [problems("I102", where=what, what=what, on=on, today=today)]


def check_order_of_dates(
    earlier: str, earlier_on: dt.date | None, later: str, later_on: dt.date
) -> list[Problem]:
    """The second date is not before the first; an unknown first date refuses nothing."""
    if earlier_on is None or earlier_on <= later_on:
        return []
    return [
        problems("I109", where=later, earlier=earlier, earlier_on=earlier_on, later=later, later_on=later_on)
    ]


def check_reason(reason: str, what: str) -> list[Problem]:
    return [] if reason.strip() else [problems("I106", where=what)]


def check_refusal_act(act: str, known: Mapping[str, str]) -> list[Problem]:
    if act in known:
        return []
    choices = "；".join(f"{key} {meaning}" for key, meaning in known.items())
    return [problems("I108", where="情形", act=act, known=choices)]


def check_amendable(fields: Iterable[str], known: Mapping[str, str]) -> list[Problem]:
    choices = "、".join(known.values())
    return [problems("I110", where=f, field=f, known=choices) for f in fields if f not in known]


def check_checklist(
    checklist: Checklist | None, link: str, on: dt.date, known: Sequence[str]
) -> list[Problem]:
    """A chosen checklist is in force and made for the link."""
    if checklist is None or (link in checklist.links and checklist.in_force(on)):
        return []
    return [
        problems(
            "I503", where="检查表", checklist=checklist.id, link=link, on=on, known="、".join(known) or "无"
        )
    ]


def check_entry(entry: Entry, checklist: Checklist | None) -> list[Problem]:
    """One point: known, a known state, with the fact or reason that the state needs."""
    where, found = entry.point, []
    if not entry.clause and not (checklist and checklist.point(entry.point)):
        found.append(problems("I201", where=where, point=entry.point))
    if entry.state not in FINDING_STATES:
        found.append(problems("I202", where=where, state=entry.state))
    if entry.state == "not_conform" and not entry.fact.strip():
        found.append(problems("I203", where=where, point=entry.point))
    if entry.state == "not_applicable" and not entry.fact.strip():
        found.append(problems("I204", where=where, point=entry.point))
    if entry.severe and entry.state != "not_conform":
        found.append(problems("I205", where=where, point=entry.point))
    return found


def check_entries(entries: Sequence[Entry], checklist: Checklist | None) -> list[Problem]:
    """All points of one submission; a point answered twice is ambiguous."""
    found = [problem for entry in entries for problem in check_entry(entry, checklist)]
    points = [entry.point for entry in entries]
    twice = sorted({p for p in points if points.count(p) > 1})
    return found + [problems("I206", where=point, point=point) for point in twice]


def check_key_points_answered(checklist: Checklist | None, answered: Collection[str]) -> list[Problem]:
    open_points = [p.id for p in checklist.key_points if p.id not in answered] if checklist else []
    if not open_points:
        return []
    return [problems("I207", where="检查表", count=len(open_points), points="、".join(open_points))]


def check_conclusion(proposed: JudgementRow, chosen: str, reason: str) -> list[Problem]:
    """The officer may depart from the rule's conclusion, with a reason."""
    if chosen not in CONCLUSIONS:
        return [problems("I208", where="结论", conclusion=chosen, known="、".join(CONCLUSIONS))]
    if chosen == proposed.conclusion or reason.strip():
        return []
    return [problems("I209", where="结论", chosen=chosen, proposed=proposed.conclusion, rule=proposed.id)]


def check_visit_was_made(state: str, label: str, code: str) -> list[Problem]:
    """Orders (I301) and transfers (I407) follow from a visit that has begun."""
    return [] if state in MADE else [problems(code, where="检查", state=label)]


def check_order_content(content: str) -> list[Problem]:
    return [] if content.strip() else [problems("I302", where="整改内容")]


def check_due_after_order(due_on: dt.date, ordered_on: dt.date) -> list[Problem]:
    if due_on >= ordered_on:
        return []
    return [problems("I303", where="整改期限", due_on=due_on, ordered_on=ordered_on)]


def check_recheck_after_order(rechecked_on: dt.date, ordered_on: dt.date) -> list[Problem]:
    if rechecked_on >= ordered_on:
        return []
    return [problems("I304", where="复查日期", rechecked_on=rechecked_on, ordered_on=ordered_on)]


def check_recheck_visit(visit_party: int | None, party: int, party_name: str) -> list[Problem]:
    """The follow-up visit, where one is named (its party's id), is to the same party."""
    if visit_party in (None, party):
        return []
    return [problems("I307", where="复查", party=party_name)]


def check_evidence_before_closing(count: int) -> list[Problem]:
    return [] if count else [problems("I305", where="整改证据")]


def check_answer(answer: str) -> list[Problem]:
    return [] if answer.strip() else [problems("I306", where="整改情况")]


def check_evidence_file(name: str, size: int, head: bytes) -> list[Problem]:
    """A file of an accepted type, not empty, not too large, whose first bytes fit its suffix."""
    suffix = Path(name).suffix.lower()
    if size == 0:
        return [problems("I401", where=name)]
    if size > EVIDENCE_LIMIT_MB * MEGABYTE:
        return [problems("I402", where=name, size=size // MEGABYTE, limit=EVIDENCE_LIMIT_MB)]
    if suffix not in EVIDENCE_TYPES:
        return [problems("I403", where=name, suffix=suffix or "无扩展名", known="、".join(EVIDENCE_TYPES))]
    marks = EVIDENCE_TYPES[suffix]
    if marks and not any(head[offset:].startswith(mark) for offset, mark in marks):
        return [problems("I404", where=name, suffix=suffix)]
    return []


def check_addressee(addressee: str) -> list[Problem]:
    if addressee in ADDRESSEES:
        return []
    return [problems("I405", where="移送对象", addressee=addressee, known="、".join(ADDRESSEES))]


def check_first_transfer(exists: bool, source: str, addressee: str) -> list[Problem]:
    return [problems("I406", where="移送", source=source, addressee=addressee)] if exists else []
