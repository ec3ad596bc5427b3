"""Every refusal about signatures, supplements and product scans: facts in, problems out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from xiejian.inspections.checks import MADE
from xiejian.inspections.rule_files import problems
from xiejian.kernel.problems import Problem


def check_not_signed(signed: bool, where: str) -> list[Problem]:
    """What stands above a signature is not changed any more; what is missing goes into a supplement."""
    return [problems("I601", where=where)] if signed else []


def check_signer(role: str, name: str, known: Mapping[str, str]) -> list[Problem]:
    found = [] if role in known else [problems("I602", where="身份", role=role, known="、".join(known))]
    return found + ([] if name.strip() else [problems("I606", where="姓名")])


def check_digest_of_text(said: str, found: str, where: str) -> list[Problem]:
    """The text that was signed is the text that was shown."""
    return [] if said.lower() == found else [problems("I603", where=where)]


def check_signature_drawn(strokes: Sequence[object], picture_opens: bool) -> list[Problem]:
    return [] if strokes and picture_opens else [problems("I604", where="签名")]


def check_signature_size(size: int, limit_kb: int) -> list[Problem]:
    if size <= limit_kb * 1024:
        return []
    return [problems("I607", where="签名", size=size // 1024, limit=limit_kb)]


def check_strokes(strokes: Sequence[object]) -> list[Problem]:
    """Lists of points, each four numbers: place, place, milliseconds, pressure."""
    whole = all(
        isinstance(stroke, list | tuple)
        and all(isinstance(p, list | tuple) and len(p) == 4 and all(map(_number, p)) for p in stroke)
        for stroke in strokes
    )
    return [] if whole else [problems("I604", where="签名")]


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def check_first_answer(given: bool, name: str) -> list[Problem]:
    """Whoever signed does not refuse afterwards, and the other way round: that goes into a supplement."""
    return [problems("I615", where=name, name=name)] if given else []


def check_signing_inspector(in_team: bool, name: str) -> list[Problem]:
    """Whoever signs as inspector was one of those sent."""
    return [] if in_team else [problems("I608", where="检查人员", name=name)]


def check_signing_official(known: bool, name: str, paper: str) -> list[Problem]:
    """Whoever signs for the office is one of those named in the paper, or in post at the authority."""
    return [] if known else [problems("I616", where="签名人", name=name, paper=paper)]


def check_witnessed(reason: str, witnesses: Sequence[str], needed: int) -> list[Problem]:
    """A refusal to sign is recorded with its reason and with somebody who saw it."""
    found = [] if reason.strip() else [problems("I106", where="拒签理由")]
    return found + ([problems("I609", where="见证人")] if len(witnesses) < needed else [])


def check_supplement(text: str, signed: bool) -> list[Problem]:
    """A supplement says something, and follows a record that was signed."""
    found = [] if text.strip() else [problems("I610", where="补充说明")]
    return found + ([] if signed else [problems("I605", where="补充说明")])


def check_part_exists(exists: bool, part: int) -> list[Problem]:
    return [] if exists else [problems("I611", where="补充说明", part=part)]


def check_visit_has_begun(state: str, label: str) -> list[Problem]:
    """There is something to sign once the visit has begun."""
    return [] if state in MADE else [problems("I612", where="检查", state=label)]


def check_under_way(state: str, label: str) -> list[Problem]:
    return [] if state == "started" else [problems("I614", where="检查", state=label)]


def check_something_to_look_up(text: str, registration_no: str) -> list[Problem]:
    return [] if text.strip() or registration_no.strip() else [problems("I613", where="器械标识")]


def capture_marks(
    *,
    captured_on: dt.datetime | None,
    arrived_at: dt.datetime,
    visited_on: dt.date | None,
    clock_offset: int | None,
    tolerance_minutes: int,
) -> list[str]:
    """What does not fit about the time of a photo, in words; nothing is put right.

    Moments are in the office's own zone; ``clock_offset``: seconds the device's clock is ahead of ours.
    """
    marks = []
    tolerance = dt.timedelta(minutes=tolerance_minutes)
    if clock_offset is not None and abs(clock_offset) > tolerance.total_seconds():
        marks.append(f"拍摄设备的时钟{'快' if clock_offset > 0 else '慢'}{_span(abs(clock_offset))}")
    if captured_on is None:
        return marks
    if captured_on > arrived_at + tolerance:
        marks.append(f"拍摄时间比存入时间晚{_span((captured_on - arrived_at).total_seconds())}")
    if visited_on and captured_on.date() != visited_on:
        marks.append(f"拍摄日期{captured_on.date()}不是检查日期{visited_on}")
    return marks


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    days, rest = divmod(minutes, 24 * 60)
    parts = [f"{days}天" if days else "", f"{rest // 60}小时" if rest // 60 else ""]
    parts.append(f"{rest % 60}分" if rest % 60 and not days else "")
    return "".join(parts) or "不到1分"
