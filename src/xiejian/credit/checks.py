"""Every refusal of the credit room: facts in, problems out; no database, no clock. One function per rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path

from xiejian.credit.rules import Ground, ListKind
from xiejian.kernel.problems import Catalogue, Problem, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))


def refuse(*found: Iterable[Problem]) -> None:
    """Raise Refused with every problem of every check, if there is any."""
    if problems_found := [problem for check in found for problem in check]:
        raise Refused(problems_found)


def check_given(text: str, what: str) -> list[Problem]:
    return [] if text.strip() else [problems("Q101", what, what=what)]


def check_not_in_future(on: dt.date | None, today: dt.date, what: str) -> list[Problem]:
    """Nothing is recorded before it has happened; an unknown date refuses nothing."""
    if on is None or on <= today:
        return []
    return [problems("Q102", what, what=what, on=on, today=today)]


def check_order_of_dates(
    earlier: str, earlier_on: dt.date | None, later: str, later_on: dt.date | None
) -> list[Problem]:
    """The later step is not dated before the earlier one; an unknown date refuses nothing."""
    if earlier_on is None or later_on is None or earlier_on <= later_on:
        return []
    return [problems("Q103", later, earlier=earlier, earlier_on=earlier_on, later=later, later_on=later_on)]


def check_one_of(given: str, known: Sequence[str], what: str) -> list[Problem]:
    return [] if given in known else [problems("Q104", what, given=given, what=what, known="、".join(known))]


def check_period(first: dt.date, last: dt.date, on: dt.date) -> list[Problem]:
    return [] if first <= last <= on else [problems("Q105", first=first, last=last)]


def check_another_person(proposer: str, decider: str) -> list[Problem]:
    """Whoever proposes does not decide; both are login names."""
    return [problems("Q108")] if proposer == decider else []


# --- grades ---------------------------------------------------------------------------------------------


def check_heard(
    name: str, worse: bool, notified: bool, due: dt.date | None, on: dt.date, waived: bool
) -> list[Problem]:
    """A worse grade is decided after its notice, and after the time for objections or without objection.

    ``due``: the last day of that time; None: an objection was answered or nothing runs.
    """
    if not worse:
        return []
    if not notified:
        return [problems("Q106", name, name=name)]
    if due is not None and on <= due and not waived:
        return [problems("Q107", name, name=name, due=due)]
    return []


def check_in_time(on: dt.date, due: dt.date | None) -> list[Problem]:
    """An objection that comes after its last day is none."""
    return [problems("Q109", on=on, due=due)] if due is not None and on > due else []


# --- lists ----------------------------------------------------------------------------------------------


def check_ground(kind: ListKind, ground: Ground | None, given: str, heavy: str) -> list[Problem]:
    """The ground is one of the list, and a heavier penalty stands beside it where it must."""
    if ground is None or ground.list != kind.id:
        return [problems("Q202", given, ground=ground.label if ground else given, list=kind.label)]
    return [problems("Q201", list=kind.label)] if ground.heavy and not heavy else []


def check_not_listed(kind: ListKind, name: str, there: bool) -> list[Problem]:
    return [problems("Q203", name, name=name, list=kind.label)] if there else []


def check_consent(kind: ListKind, tier: str, consent_no: str) -> list[Problem]:
    """Cities and counties ask their superior first."""
    if not kind.consent or tier == "province" or consent_no:
        return []
    return [problems("Q204", list=kind.label)]


def check_statement_over(due: dt.date | None, on: dt.date, waived: bool) -> list[Problem]:
    """``due``: the last day for statements; None: heard already."""
    return [problems("Q205", due=due)] if due is not None and on <= due and not waived else []


def check_own_case(number: str, own: bool) -> list[Problem]:
    return [] if own else [problems("Q206", number, number=number)]


def check_decided(number: str, decided: bool) -> list[Problem]:
    return [] if decided else [problems("Q210", number, number=number)]


def check_to_publish(kind: ListKind, published_on: dt.date | None) -> list[Problem]:
    if not kind.published:
        return [problems("Q207", list=kind.label)]
    return [problems("Q208", on=published_on)] if published_on else []


def check_term_over(ends_on: dt.date | None, on: dt.date) -> list[Problem]:
    return [problems("Q209", due=ends_on)] if ends_on is None or on < ends_on else []


# --- repair ---------------------------------------------------------------------------------------------


def check_may_apply(
    on: dt.date, repair_from: dt.date, restricted_until: dt.date | None, barred_until: dt.date | None
) -> list[Problem]:
    """The waiting time and a legal restriction are over, and nobody deceived."""
    found = [problems("Q301", due=repair_from)] if on < repair_from else []
    if restricted_until and on < restricted_until:
        found.append(problems("Q302", due=restricted_until))
    if barred_until and on < barred_until:
        found.append(problems("Q303", due=barred_until))
    return found


def check_conditions(missing: Sequence[str]) -> list[Problem]:
    """``missing``: labels of the conditions that do not hold."""
    return [problems("Q304", missing="、".join(missing))] if missing else []


# --- commitments and measures ---------------------------------------------------------------------------


def check_not_looked_at(looked_on: dt.date | None) -> list[Problem]:
    return [problems("Q401", on=looked_on)] if looked_on else []


def check_new_measure(measure: str, department: str, there: bool) -> list[Problem]:
    return [problems("Q402", department, measure=measure, department=department)] if there else []


def check_on_list(name: str, on_list: bool) -> list[Problem]:
    return [] if on_list else [problems("Q403", name, name=name)]


def check_not_lifted(lifted_on: dt.date | None) -> list[Problem]:
    return [problems("Q404", on=lifted_on)] if lifted_on else []
