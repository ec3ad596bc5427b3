"""Every refusal of the cases room: facts in, problems out; no database, no clock. One function per rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from xiejian.kernel.problems import Catalogue, Problem, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))

PROCEDURES = ("简易", "普通")


def refuse(*found: Iterable[Problem]) -> None:
    """Raise Refused with every problem of every check, if there is any."""
    if problems_found := [problem for check in found for problem in check]:
        raise Refused(problems_found)


def check_new_number(number: str, exists: bool) -> list[Problem]:
    return [problems("C101", where="案号", number=number)] if exists else []


def check_given(text: str, what: str) -> list[Problem]:
    return [] if text.strip() else [problems("C107", where=what, what=what)]


def check_not_in_future(on: dt.date | None, today: dt.date, what: str) -> list[Problem]:
    """Nothing is recorded before it has happened; an unknown date refuses nothing."""
    if on is None or on <= today:
        return []
    return [problems("C102", where=what, what=what, on=on, today=today)]


def check_order_of_dates(
    earlier: str, earlier_on: dt.date | None, later: str, later_on: dt.date | None
) -> list[Problem]:
    """The later step is not dated before the earlier one; an unknown date refuses nothing."""
    if earlier_on is None or later_on is None or earlier_on <= later_on:
        return []
    return [
        problems("C103", where=later, earlier=earlier, earlier_on=earlier_on, later=later, later_on=later_on)
    ]


def check_not_negative(amounts: Mapping[str, int | None]) -> list[Problem]:
    """``amounts``: what it is called → 分 or a count."""
    return [problems("C104", where=what, what=what) for what, n in amounts.items() if n is not None and n < 0]


def check_persons_fined(personal_fine_fen: int, persons_punished: int) -> list[Problem]:
    """A fine on persons names how many."""
    return [problems("C105", where="处罚到人数")] if personal_fine_fen > 0 and persons_punished == 0 else []


def check_procedure(procedure: str) -> list[Problem]:
    if procedure in PROCEDURES:
        return []
    return [problems("C106", where="程序", procedure=procedure, known="、".join(PROCEDURES))]


def check_link(link: str, known: Sequence[str]) -> list[Problem]:
    return [] if link in known else [problems("C108", where="环节", link=link, known="、".join(known))]


def check_decided(decided_on: dt.date | None, what: str) -> list[Problem]:
    """Court enforcement and the list of serious dishonesty follow a decision."""
    return [] if decided_on else [problems("C109", where=what, what=what)]


def check_addressee(addressee: str, known: Sequence[str]) -> list[Problem]:
    if addressee in known:
        return []
    return [problems("C110", where="移送对象", addressee=addressee, known="、".join(known))]


def check_first_transfer(exists: bool, number: str, addressee: str) -> list[Problem]:
    return [problems("C111", where="移送", source=number, addressee=addressee)] if exists else []


def check_closing_without_decision(decided_on: dt.date | None, reason: str) -> list[Problem]:
    """A case that was never decided closes with a reason."""
    return [] if decided_on or reason.strip() else [problems("C112", where="结案")]


def check_amendable(fields: Iterable[str], known: Mapping[str, str]) -> list[Problem]:
    choices = "、".join(known.values())
    return [problems("C113", where=f, field=f, known=choices) for f in fields if f not in known]


def check_new_interview(exists: bool, party: str, held_on: dt.date) -> list[Problem]:
    return [problems("C201", where=party, party=party, held_on=held_on)] if exists else []


def check_not_led(number: str, permission: str, plain: str) -> list[Problem]:
    """A case that is handled step by step is not decided or closed past its steps."""
    return [problems("C114", number=number)] if number and permission == plain else []
