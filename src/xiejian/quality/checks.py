"""Every refusal of the quality desk, and when a version of a document holds: no database, no clock."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable
from pathlib import Path

from xiejian.kernel.problems import Catalogue, Problem, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))


def refuse(*found: Iterable[Problem]) -> None:
    """Raise Refused with every problem of every check, if there is any."""
    if all_found := [problem for check in found for problem in check]:
        raise Refused(all_found)


def check_given(text: str, what: str) -> list[Problem]:
    return [] if text.strip() else [problems("QU101", what, what=what)]


def check_known(value: str, known: Iterable[str], what: str) -> list[Problem]:
    return [] if value in known else [problems("QU102", what, value=value, what=what, known="、".join(known))]


def check_not_in_future(day: dt.date, today: dt.date, what: str) -> list[Problem]:
    return [] if day <= today else [problems("QU103", what, what=what, day=day)]


def check_order(earlier: str, early: dt.date | None, later: str, late: dt.date) -> list[Problem]:
    """The later step is not dated before the earlier one; an unknown date refuses nothing."""
    if early is None or early <= late:
        return []
    return [problems("QU104", later, earlier=earlier, early=early, later=later, late=late)]


def check_new_document(number: str, taken: bool) -> list[Problem]:
    return [problems("QU105", "文件编号", number=number)] if taken else []


def check_no_open_version(document: str, waiting: bool) -> list[Problem]:
    return [problems("QU106", document, document=document)] if waiting else []


def check_not_writer(by: str, writer: str) -> list[Problem]:
    """Nobody approves what he wrote himself."""
    return [problems("QU107", "批准")] if by == writer else []


def check_not_doer(by: str, doer: str) -> list[Problem]:
    """Nobody verifies what he carried out himself."""
    return [problems("QU108", "验证")] if by == doer else []


def check_passed(passed: int | None, present: int) -> list[Problem]:
    if passed is None or passed <= present:
        return []
    return [problems("QU109", "考核合格人数", passed=passed, present=present)]


def check_event(is_event: bool, event_no: str) -> list[Problem]:
    """A suspected adverse event is reported, and its report is named."""
    return [problems("QU110", "不良事件报告编号")] if is_event and not event_no.strip() else []


def check_readable(state: str) -> list[Problem]:
    return [] if state == "approved" else [problems("QU111", "签收")]


def check_effective(day: dt.date, on: dt.date) -> list[Problem]:
    return [] if day >= on else [problems("QU112", "生效日期", day=day, on=on)]


def ends_before(effective_on: dt.date, ended_on: dt.date | None, next_on: dt.date) -> dt.date:
    """The first day on which a version no longer holds once the next one holds from ``next_on``.

    One that would only have begun later never holds; one that had ended stays ended.

    >>> day = dt.date
    >>> ends_before(day(2024, 1, 1), None, day(2024, 6, 1))
    datetime.date(2024, 6, 1)
    >>> ends_before(day(2024, 7, 1), None, day(2024, 6, 1))
    datetime.date(2024, 7, 1)
    >>> ends_before(day(2024, 1, 1), day(2024, 3, 1), day(2024, 6, 1))
    datetime.date(2024, 3, 1)
    """
    return min(ended_on or dt.date.max, max(effective_on, next_on))


def standing(state: str, effective_on: dt.date | None, ended_on: dt.date | None, day: dt.date) -> str:
    """Where a version stands on a day: coming, holding, ended; nothing before it is approved."""
    if state not in ("approved", "withdrawn") or effective_on is None:
        return ""
    if ended_on is not None and ended_on <= max(day, effective_on):
        return "ended"
    return "coming" if day < effective_on else "holding"


def changed_lines(before: str, after: str) -> list[tuple[str, str]]:
    """What changed between two texts, line by line: ("-" gone or "+" new, the line), in reading order.

    >>> changed_lines("甲\\n乙", "甲\\n丙")
    [('-', '乙'), ('+', '丙')]
    """
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [(line[0], line[2:]) for line in lines if line[0] in "-+"]
