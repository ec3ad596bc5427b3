"""Every refusal of the room of self-inspections: facts in, problems out; no database, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path

from xiejian.kernel.problems import Catalogue, Problem, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))


def refuse(*found: Iterable[Problem]) -> None:
    """Raise Refused with every problem of every check, if there is any."""
    if all_found := [problem for check in found for problem in check]:
        raise Refused(all_found)


def check_given(text: str, what: str) -> list[Problem]:
    return [] if text.strip() else [problems("SI101", what, what=what)]


def check_length(text: str, what: str, limit: int) -> list[Problem]:
    return [] if len(text) <= limit else [problems("SI102", what, what=what, count=len(text), limit=limit)]


def check_year(year: int, today: dt.date, back: int) -> list[Problem]:
    """A year that has begun, and no further back than the pages offer."""
    if today.year - back <= year <= today.year:
        return []
    return [problems("SI103", "年度", year=year, first=today.year - back, last=today.year)]


def check_has_form(link: str, held: Sequence[str], found: bool) -> list[Problem]:
    """There is a form for the link, and the party works in it."""
    if link not in held:
        return [problems("SI104", "环节", link=link, held="、".join(held) or "无")]
    return [] if found else [problems("SI105", "环节", link=link)]


def check_owed(duty: str, state: str, name: str) -> list[Problem]:
    """Only who had to hand in and did not, or too late, becomes a focus or is reminded."""
    return [] if duty == "file" and state in ("missing", "late") else [problems("SI301", name, name=name)]


def check_remindable(states: Sequence[str], chosen: int) -> list[Problem]:
    """Reminders go to whoever has not handed in."""
    if not chosen:
        return [problems("SI302")]
    done = sum(state in ("filed", "late", "kept") for state in states)
    return [problems("SI303", count=done)] if done else []


def check_not_in_future(on: dt.date | None, today: dt.date, what: str) -> list[Problem]:
    """Nothing is recorded before it has happened; an unknown date refuses nothing."""
    if on is None or on <= today:
        return []
    return [problems("SI106", what, what=what, on=on, today=today)]
