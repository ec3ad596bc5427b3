"""Every refusal of the register's own actions: facts in, problems out; no database, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from xiejian.kernel.problems import Problem, Refused
from xiejian.numbers.credit_code import CreditCode
from xiejian.registry.columns import problems

MATTERS = ("开办", "变更", "延续", "注销")
RESULTS = ("通过", "驳回")


def refuse(*found: Iterable[Problem]) -> None:
    """Raise Refused with every problem of every check, if there is any."""
    if all_found := [problem for check in found for problem in check]:
        raise Refused(all_found)


def check_reason(reason: str) -> list[Problem]:
    return [] if reason.strip() else [problems("R301", "理由")]


def check_given(text: str, what: str) -> list[Problem]:
    return [] if text.strip() else [problems("R302", what, what=what)]


def check_not_in_future(on: dt.date | None, today: dt.date, what: str) -> list[Problem]:
    """Nothing is recorded before it has happened; an unknown date refuses nothing."""
    if on is None or on <= today:
        return []
    return [problems("R303", what, what=what, on=on.isoformat(), today=today.isoformat())]


def check_order_of_dates(
    earlier: str, earlier_on: dt.date | None, later: str, later_on: dt.date | None
) -> list[Problem]:
    """The later date is not before the earlier one; an unknown date refuses nothing."""
    if earlier_on is None or later_on is None or earlier_on <= later_on:
        return []
    return [problems("R304", later, earlier=earlier, earlier_on=earlier_on, later=later, later_on=later_on)]


def check_one_of(value: str, known: Collection[str], what: str) -> list[Problem]:
    if value in known:
        return []
    return [problems("R305", what, what=what, value=value, known="、".join(known))]


def check_new(exists: bool, what: str, value: str, owner: str) -> list[Problem]:
    """A credit code or certificate number belongs to one party."""
    return [problems("R306", what, what=what, value=value, owner=owner)] if exists else []


def check_amendable(fields: Iterable[str], known: Collection[str]) -> list[Problem]:
    return [problems("R307", f, field=f) for f in fields if f not in known]


def check_overridable(code: CreditCode) -> list[Problem]:
    """Only the check character may be overridden: a code of the wrong form is none."""
    if not code.shape_ok:
        return [problems("R311", "统一社会信用代码", value=code.value, why=code.problem)]
    return [problems("R310", "统一社会信用代码", value=code.value)] if code.check_ok else []
