"""Every refusal of the leads room: facts in, problems out; no database, no clock."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from xiejian.kernel.problems import Catalogue, Problem, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))

SOURCES = ("热线", "网站", "来人来信", "上级交办", "外地协查", "网络监测", "舆情", "本局发现")
COMPLAINT, REPORT = "投诉", "举报"
KINDS = (COMPLAINT, REPORT, "线索", "咨询")
PRIORITIES = ("一般", "优先", "紧急")
OUTCOMES = ("属实", "部分属实", "不属实", "无法核实", "达成调解", "调解终止", "已解答")
UNFOUNDED = "不属实"
FILINGS = ("立案", "不予立案")
SATISFACTIONS = ("满意", "基本满意", "不满意", "未评价")
_MARKUP = re.compile(r"<\s*[a-zA-Z/!][^>]*>?|javascript:", re.IGNORECASE)


def refuse(*found: Iterable[Problem]) -> None:
    """Raise Refused with every problem of every check, if there is any."""
    if problems_found := [problem for check in found for problem in check]:
        raise Refused(problems_found)


def check_given(text: str, what: str) -> list[Problem]:
    return [] if text.strip() else [problems("E101", what, what=what)]


def check_one_of(given: str, known: Sequence[str], what: str) -> list[Problem]:
    return [] if given in known else [problems("E104", what, given=given, what=what, known="、".join(known))]


def check_not_in_future(on: dt.date | None, today: dt.date, what: str) -> list[Problem]:
    """Nothing is recorded before it has happened; an unknown date refuses nothing."""
    if on is None or on <= today:
        return []
    return [problems("E102", what, what=what, on=on, today=today)]


def check_order_of_dates(
    earlier: str, earlier_on: dt.date | None, later: str, later_on: dt.date | None
) -> list[Problem]:
    """The later step is not dated before the earlier one; an unknown date refuses nothing."""
    if earlier_on is None or later_on is None or earlier_on <= later_on:
        return []
    return [problems("E103", later, earlier=earlier, earlier_on=earlier_on, later=later, later_on=later_on)]


def check_plain(text: str, what: str) -> list[Problem]:
    """People write words: HTML and script are refused, "<" before a number is not."""
    return [problems("E106", what, what=what)] if _MARKUP.search(text) else []


def check_length(text: str, what: str, limit: int) -> list[Problem]:
    return [] if len(text) <= limit else [problems("E107", what, what=what, count=len(text), limit=limit)]


def check_new_number(number: str, taken: bool) -> list[Problem]:
    return [problems("E105", number, number=number)] if taken else []


def check_may_merge(same: bool, target_state: str) -> list[Problem]:
    return [problems("E201")] if same or target_state == "merged" else []


def check_active(name: str, active: bool) -> list[Problem]:
    return [] if active else [problems("E202", name=name)]


def check_filing_decided(kind: str, filing: str) -> list[Problem]:
    return [problems("E203")] if kind == REPORT and not filing else []


def check_takes_filing(kind: str) -> list[Problem]:
    return [] if kind in (REPORT, "线索") else [problems("E204")]


def check_complaint(kind: str) -> list[Problem]:
    return [] if kind == COMPLAINT else [problems("E206", kind=kind)]


def check_mediated(kind: str, ended_on: dt.date | None) -> list[Problem]:
    """Only a complaint is mediated, and its mediation ends once."""
    if ended_on is not None:
        return [problems("E207", on=ended_on)]
    return check_complaint(kind)


def check_dispute(disputed_with: str, *, wanted: bool) -> list[Problem]:
    """A dispute is raised once and settled once."""
    if bool(disputed_with) == wanted:
        return []
    return [problems("E208" if wanted else "E209", other=disputed_with)]
