"""Checks of planning: facts in, problems out. Nothing here reads the database or the clock."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from xiejian.kernel import divisions
from xiejian.kernel.kinds import KIND_LABELS
from xiejian.kernel.problems import Catalogue, Problem, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))

#: the years that a plan may be made for: division codes and credit codes exist from about the first on
FIRST_YEAR, LAST_YEAR = 2000, 2099
#: degrees within which the whole country lies
WEST, EAST, SOUTH, NORTH = 73, 136, 3, 54


def check_year(year: int) -> list[Problem]:
    """A four-digit year that the system plans for."""
    if FIRST_YEAR <= year <= LAST_YEAR:
        return []
    return [problems("L201", year=year, first=FIRST_YEAR, last=LAST_YEAR)]


def check_office_code(code: str) -> list[Problem]:
    """A division code on the list, or the whole country."""
    return [] if divisions.is_known(code) else [problems("L202", code=code)]


def check_reason(reason: str) -> list[Problem]:
    """A reason in words: it stays in the audit chain."""
    return [] if reason.strip() else [problems("L205")]


def check_allocation(code: str, own: str, known: set[str]) -> list[Problem]:
    """Tasks move to an office that exists, at or below the office that holds them."""
    if not code.startswith(divisions.stem(own)):
        return [problems("L301", code=code, own=own)]
    return [] if code in known else [problems("L302", code=code)]


def check_campaign_term(starts_on: dt.date, ends_on: dt.date) -> list[Problem]:
    """A campaign does not end before it starts."""
    return [] if starts_on <= ends_on else [problems("L403")]


def check_campaign_closing(on: dt.date, ends_on: dt.date, left: int, reason: str) -> list[Problem]:
    """Closed when its term is over and the listed parties are all visited, or with a reason."""
    if reason.strip():
        return []
    if on < ends_on:
        return [problems("L404", ends_on=ends_on.isoformat())]
    return [problems("L405", left=left)] if left else []


def check_matter_known(kind: str, matter: str, name: str) -> list[Problem]:
    """A visit that verifies a licence says which application it is about: it is judged by it."""
    if matter or kind != KIND_LABELS["licence_check"]:
        return []
    return [problems("L614", name)]


def check_coordinates(longitude: float, latitude: float) -> list[Problem]:
    """Degrees within the rectangle around the country; two numbers in the wrong order fall outside."""
    if WEST <= longitude <= EAST and SOUTH <= latitude <= NORTH:
        return []
    return [
        problems(
            "L615", longitude=longitude, latitude=latitude, west=WEST, east=EAST, south=SOUTH, north=NORTH
        )
    ]


def check_map_code(code: str, is_office: bool) -> list[Problem]:
    """An office of the system, or a division on the list by its own code."""
    return [] if is_office or code in divisions.names() else [problems("L616", code=code)]


def refuse(*found: list[Problem]) -> None:
    """Refused when there is any problem."""
    if any(found):
        raise Refused([problem for problems_of_one in found for problem in problems_of_one])
