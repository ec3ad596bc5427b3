"""Every refusal of the assistance room: facts in, problems out; no database, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

from xiejian.kernel.problems import Catalogue, Problem, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))


def refuse(*found: Iterable[Problem]) -> None:
    """Raise Refused with every problem of every check, if there is any."""
    if all_found := [problem for check in found for problem in check]:
        raise Refused(all_found)


def check_given(text: str, what: str) -> list[Problem]:
    return [] if text.strip() else [problems("U101", what, what=what)]


def check_direction(given: str, known: Iterable[str]) -> list[Problem]:
    return [] if given in known else [problems("U104", "方向", given=given, known="、".join(known))]


def check_not_in_future(on: dt.date | None, today: dt.date, what: str) -> list[Problem]:
    """Nothing is recorded before it has happened; an unknown date refuses nothing."""
    if on is None or on <= today:
        return []
    return [problems("U102", what, what=what, on=on, today=today)]


def check_order_of_dates(
    earlier: str, earlier_on: dt.date | None, later: str, later_on: dt.date | None
) -> list[Problem]:
    """The later step is not dated before the earlier one; an unknown date refuses nothing."""
    if earlier_on is None or later_on is None or earlier_on <= later_on:
        return []
    return [problems("U103", later, earlier=earlier, earlier_on=earlier_on, later=later, later_on=later_on)]


def check_active(name: str, active: bool) -> list[Problem]:
    return [] if active else [problems("U105", name=name)]


def check_told_in_time(on: dt.date, due: dt.date | None) -> list[Problem]:
    """A delay is told before the period ends (程序规定 第45条)."""
    return [] if due is None or on <= due else [problems("U201", "告知日期", due=due, on=on)]
