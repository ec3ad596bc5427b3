"""Every refusal of the inspections room: facts in, problems out; no database, no clock.

One function per rule. An action gathers what its checks answer and refuses with all of them at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xiejian.inspections.checklists import Checklist
from xiejian.inspections.judgements import CONCLUSIONS, JudgementRow
from xiejian.inspections.limits import MEGABYTE, evidence_limit
from xiejian.inspections.rule_files import problems
from xiejian.kernel.divisions import stem
from xiejian.kernel.kinds import KIND_LABELS
from xiejian.kernel.problems import Problem, Refused

#: What a visit may be called: every kind but the umbrella term.
VISIT_KINDS = tuple(label for kind, label in KIND_LABELS.items() if kind != "any")
#: Inspectors of other areas take part in these.
ACROSS_AREAS = (KIND_LABELS["cross"], KIND_LABELS["joint"])
#: What a licence visit is about.
MATTERS = ("开办", "变更", "延续")
FINDING_STATES = {"conform": "符合", "not_conform": "不符合", "not_applicable": "不适用"}
ADDRESSEES = ("公安", "卫健", "海关", "纪检")
REMINDERS = ("电话", "书面", "上门", "短信", "其他")  # how a firm was urged on
MADE = ("started", "concluded", "refused")  # states of a visit that has taken place
FTYP = ((4, b"ftyp"),)
RIFF = ((0, b"RIFF"),)
ZIPPED = ((0, b"PK\x03\x04"),)

#: Accepted evidence by suffix: what it is, and the bytes such a file begins with (offset, bytes; none: text).
EVIDENCE_TYPES: dict[str, tuple[str, tuple[tuple[int, bytes], ...]]] = {
    ".jpg": ("photo", ((0, b"\xff\xd8\xff"),)),
    ".jpeg": ("photo", ((0, b"\xff\xd8\xff"),)),
    ".png": ("photo", ((0, b"\x89PNG\r\n\x1a\n"),)),
    ".webp": ("photo", ((8, b"WEBP"),)),
    ".pdf": ("scan", ((0, b"%PDF"),)),
    ".mp3": ("audio", ((0, b"ID3"), (0, b"\xff\xfb"), (0, b"\xff\xf3"), (0, b"\xff\xf2"))),
    ".m4a": ("audio", FTYP),
    ".aac": ("audio", ((0, b"\xff\xf1"), (0, b"\xff\xf9"))),
    ".amr": ("audio", ((0, b"#!AMR"),)),
    ".ogg": ("audio", ((0, b"OggS"),)),
    ".wav": ("audio", RIFF),
    ".weba": ("audio", ((0, b"\x1aE\xdf\xa3"),)),
    ".mp4": ("video", FTYP),
    ".mov": ("video", FTYP),
    ".webm": ("video", ((0, b"\x1aE\xdf\xa3"),)),
    ".docx": ("document", ZIPPED),
    ".xlsx": ("document", ZIPPED),
    ".txt": ("document", ()),
    ".html": ("page", ()),
    ".htm": ("page", ()),
    ".mhtml": ("page", ()),
    ".mht": ("page", ()),
}
EVIDENCE_KINDS = {
    "photo": "照片",
    "scan": "扫描件",
    "audio": "录音",
    "video": "录像",
    "document": "文件",
    "page": "网页",
}
#: Photos whose place we can neither read nor take out.
UNREADABLE_PHOTOS = (".heic", ".heif")
STAGES = {"": "", "before": "整改前", "after": "整改后"}


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


def check_matter(kind: str, matter: str) -> list[Problem]:
    """A visit is about an application only when it verifies a licence, and about a known one."""
    if not matter or (kind == KIND_LABELS["licence_check"] and matter in MATTERS):
        return []
    return [problems("I111", where="核查事项", matter=matter, known="、".join(MATTERS))]


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


def open_key_points(
    checklist: Checklist | None, answered: Collection[str], facts: Mapping[str, object]
) -> list[str]:
    """Ids of the key points that apply to such a party (``facts``) and have no answer yet."""
    asked = checklist.asked(facts) if checklist else ()
    return [p.id for p in asked if p.key and p.id not in answered]


def check_key_points_answered(
    checklist: Checklist | None, answered: Collection[str], facts: Mapping[str, object]
) -> list[Problem]:
    open_points = open_key_points(checklist, answered, facts)
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


def check_items_known(given: Collection[int], known: Collection[int], number: str) -> list[Problem]:
    """Answers and judgements name only the items of their order."""
    return [] if set(given) <= set(known) else [problems("I308", where="整改事项", number=number)]


def check_some_answer(texts: Iterable[str]) -> list[Problem]:
    return [] if any(text.strip() for text in texts) else [problems("I309", where="整改事项")]


def check_way_of_reminding(how: str) -> list[Problem]:
    return [] if how in REMINDERS else [problems("I310", where="方式", how=how, known="、".join(REMINDERS))]


def check_rejected(rejected: Collection[int] | None, items: int) -> list[Problem]:
    """A failed re-check of an order with items says which of them it does not accept; None means all."""
    return [problems("I316", where="整改事项")] if rejected is not None and items and not rejected else []


def check_evidence_file(name: str, size: int, head: bytes) -> list[Problem]:
    """A file of an accepted type, not empty, not too large, whose first bytes fit its suffix."""
    suffix = Path(name).suffix.lower()
    if size == 0:
        return [problems("I401", where=name)]
    if suffix in UNREADABLE_PHOTOS:
        return [problems("I410", where=name)]
    if suffix not in EVIDENCE_TYPES:
        return [problems("I403", where=name, suffix=suffix or "无扩展名", known="、".join(EVIDENCE_TYPES))]
    kind, marks = EVIDENCE_TYPES[suffix]
    fits = any(head[offset:].startswith(mark) for offset, mark in marks) if marks else b"\0" not in head
    if not fits:
        return [problems("I404", where=name, suffix=suffix)]
    limit = evidence_limit(kind)
    if size > limit * MEGABYTE:
        label = EVIDENCE_KINDS[kind]
        return [problems("I402", where=name, size=size // MEGABYTE, limit=limit, kind=label)]
    return []


def check_device_digest(name: str, said: str, found: str) -> list[Problem]:
    """What arrived is what the device took: its own digest, where it sent one, is ours."""
    if said.lower() in ("", found):
        return []
    return [problems("I408", where=name, said=said[:12], found=found[:12])]


def check_stage(stage: str) -> list[Problem]:
    return [] if stage in STAGES else [problems("I411", where="整改前后", stage=stage)]


def check_same_evidence(given: Sequence[int], stored: Collection[int]) -> list[Problem]:
    """A new order names every piece of evidence of the place, each once."""
    same = len(given) == len(stored) and set(given) == set(stored)
    return [] if same else [problems("I412", where="证据顺序")]


def check_addressee(addressee: str) -> list[Problem]:
    if addressee in ADDRESSEES:
        return []
    return [problems("I405", where="移送对象", addressee=addressee, known="、".join(ADDRESSEES))]


def check_first_transfer(exists: bool, source: str, addressee: str) -> list[Problem]:
    return [problems("I406", where="移送", source=source, addressee=addressee)] if exists else []
