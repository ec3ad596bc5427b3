"""Every refusal of the risks room: facts in, problems out; no database, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xiejian.kernel.divisions import stem
from xiejian.kernel.problems import Catalogue, Problem, Refused
from xiejian.registry.models import LINKS

problems = Catalogue(Path(__file__).with_name("problems.toml"))

#: A risk in one of these is still on somebody's list.
OPEN = ("found", "assessed", "controlled", "asked", "returned")
QUARTERS = (1, 2, 3, 4)


@dataclass(frozen=True)
class Planned:
    """A measure as it is agreed: what, who, until when."""

    content: str
    who: str
    due_on: dt.date


def refuse(*found: Iterable[Problem]) -> None:
    """Raise Refused with every problem of every check, if there is any."""
    if problems_found := [problem for check in found for problem in check]:
        raise Refused(problems_found)


def check_given(text: str, what: str) -> list[Problem]:
    return [] if text.strip() else [problems("H101", what, what=what)]


def check_dated(
    what: str, on: dt.date, today: dt.date, earlier: str = "", earlier_on: dt.date | None = None
) -> list[Problem]:
    """Nothing is recorded before it has happened, nor before the step that it follows."""
    found = [problems("H102", what, what=what, on=on, today=today)] if on > today else []
    if earlier_on is not None and on < earlier_on:
        found.append(problems("H103", what, earlier=earlier, earlier_on=earlier_on, later=what, later_on=on))
    return found


def check_quarter(year: int, quarter: int, today: dt.date) -> list[Problem]:
    """A quarter of a year that has begun."""
    if quarter not in QUARTERS:
        return [problems("H104", "季度", quarter=quarter)]
    begun = (today.year, (today.month - 1) // 3 + 1) >= (year, quarter)
    return [] if begun else [problems("H105", "季度", year=year, quarter=quarter)]


def check_not_held(title: str, state: str) -> list[Problem]:
    """What a meeting was told stays as it was told."""
    return [] if state == "prepared" else [problems("H106", title=title)]


# --- risks and levels ------------------------------------------------------------------------------------


def check_link(link: str) -> list[Problem]:
    return [] if link in ("", *LINKS) else [problems("H205", "环节", link=link, known="、".join(LINKS))]


def check_party_within(party: str, party_office: str, office: str) -> list[Problem]:
    """The risk about a party is kept by the office in charge of it or by one above."""
    return [] if party_office.startswith(stem(office)) else [problems("H206", party=party, office=office)]


def check_raised(why: str) -> list[Problem]:
    return [] if why else [problems("H207")]


def check_not_listed(number: str) -> list[Problem]:
    """``number``: of the risk that stands for this signal already, '' when there is none."""
    return [problems("H203", number=number)] if number else []


def check_level(level: str, known: Mapping[str, str], proposed: str, reason: str) -> list[Problem]:
    """A level of the pack; another one than proposed only with a reason. ``known``: id → label."""
    if level not in known:
        return [problems("H201", "风险等级", level=level, known="、".join(known.values()))]
    if level != proposed and not reason.strip():
        return [problems("H202", "理由", proposed=known[proposed])]
    return []


def check_owner(name: str, able: bool) -> list[Problem]:
    """Whoever owns a risk works for its office and may handle it; ``name`` '' when nobody was chosen."""
    if not name:
        return [problems("H204", "责任人")]
    return [] if able else [problems("H208", "责任人", name=name)]


# --- measures and strike-off -----------------------------------------------------------------------------


def check_measure(planned: Planned, on: dt.date, limit: dt.date | None) -> list[Problem]:
    """What, who and a date that is not past and lies within the time limit of the risk."""
    found = check_given(planned.content, "措施") + check_given(planned.who, "责任人")
    if planned.due_on < on:
        found.append(
            problems("H103", "期限", earlier="登记日期", earlier_on=on, later="期限", later_on=planned.due_on)
        )
    if limit is not None and planned.due_on > limit:
        found.append(problems("H302", "期限", due=planned.due_on, limit=limit))
    return found


def check_has_measures(count: int) -> list[Problem]:
    return [] if count else [problems("H301")]


def check_measure_of_item(belongs: bool, done: bool) -> list[Problem]:
    if not belongs:
        return [problems("H307")]
    return [problems("H306")] if done else []


def check_measures_done(open_measures: Sequence[str]) -> list[Problem]:
    if not open_measures:
        return []
    return [problems("H303", count=len(open_measures), measures="；".join(open_measures))]


def check_evidence(count: int) -> list[Problem]:
    """Nothing is struck off on somebody's word."""
    return [] if count else [problems("H304", "销号证据")]


def check_second_person(asked_by: str, username: str, name: str) -> list[Problem]:
    return [problems("H305", name=name)] if asked_by == username else []


# --- up and down -----------------------------------------------------------------------------------------


def check_open(state: str) -> list[Problem]:
    return [] if state in OPEN else [problems("H406")]


def check_parent(parent: str, office: str) -> list[Problem]:
    return [] if parent else [problems("H401", office=office)]


def check_below(to: str, office: str, below: bool) -> list[Problem]:
    """Down goes one level: to an office directly below."""
    return [] if below else [problems("H402", "接收机构", to=to, office=office)]


def check_not_waiting(waiting: bool, to: str) -> list[Problem]:
    return [problems("H403", to=to)] if waiting else []


def check_receiver(office: str, to: str, receipt_on: dt.date | None) -> list[Problem]:
    """Received by the office it was handed to, once."""
    if stem(office) != stem(to):
        return [problems("H404", to=to)]
    return [problems("H405", on=receipt_on)] if receipt_on else []
