"""Every refusal of the sales desk: facts in, problems out; no database, no clock."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from xiejian.kernel.problems import Catalogue, Problem, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))
#: What a database's integers hold, with room for the sums of many records.
MOST_FEN, MOST_PIECES = 10**15, 10**9


class Traded(Protocol):
    """An item in a line of any paper."""

    code: str


def refuse(*found: Iterable[Problem]) -> None:
    """Raise Refused with every problem of every check, if there is any."""
    if all_found := [problem for check in found for problem in check]:
        raise Refused(all_found)


# --- plain facts -------------------------------------------------------------------------------------------


def check_given(text: str, what: str) -> list[Problem]:
    return [] if text.strip() else [problems("SA101", what, what=what)]


def check_known(value: str, known: Iterable[str], what: str) -> list[Problem]:
    return [] if value in known else [problems("SA106", what, value=value, what=what, known="、".join(known))]


def check_not_in_future(on: dt.date | None, today: dt.date, what: str) -> list[Problem]:
    if on is None or on <= today:
        return []
    return [problems("SA102", what, what=what, on=on, today=today)]


def check_order_of_dates(
    earlier: str, earlier_on: dt.date | None, later: str, later_on: dt.date | None
) -> list[Problem]:
    """The later step is not dated before the earlier one; an unknown date refuses nothing."""
    if earlier_on is None or later_on is None or earlier_on <= later_on:
        return []
    return [problems("SA103", later, earlier=earlier, earlier_on=earlier_on, later=later, later_on=later_on)]


def check_amount(fen: int, what: str) -> list[Problem]:
    """An amount is a whole number above zero, and small enough to be kept."""
    if fen <= 0:
        return [problems("SA104", what, what=what, value=fen)]
    return [] if fen <= MOST_FEN else [problems("SA105", what)]


def check_quantity(pieces: int, what: str) -> list[Problem]:
    return check_amount(pieces, what) or ([problems("SA105", what)] if pieces > MOST_PIECES else [])


def check_firm(firm_uscc: str, rows: Mapping[str, str]) -> list[Problem]:
    """``rows``: what is named → the firm that it belongs to."""
    return [problems("SA109", name, name=name) for name, firm in rows.items() if firm != firm_uscc]


def check_lines(lines: Sequence[tuple[str, int, int]]) -> list[Problem]:
    """Lines of a paper as (item code, quantity, price in 分): some, each item once, all above zero."""
    if not lines:
        return [problems("SA108", "明细")]
    found = [
        problems("SA112", code, code=code) for code, n in Counter(c for c, _, _ in lines).items() if n > 1
    ]
    for code, quantity, price in lines:
        found += check_quantity(quantity, f"{code}数量") + check_amount(price, f"{code}单价")
    return found or check_amount(sum(quantity * price for _, quantity, price in lines), "合计金额")


# --- customers ---------------------------------------------------------------------------------------------


def check_customer(name: str, active: bool, licence_until: dt.date | None, on: dt.date) -> list[Problem]:
    """Nothing is sold to a customer that is no longer one, or whose licence has run out."""
    if not active:
        return [problems("SA110", name, name=name)]
    if licence_until is not None and licence_until < on:
        return [problems("SA111", name, name=name, until=licence_until)]
    return []


def check_credit(name: str, limit_fen: int | None, owed_fen: int, more_fen: int) -> list[Problem]:
    """What is owed and what is ordered now stay within the limit; no limit, no refusal."""
    if limit_fen is None or owed_fen + more_fen <= limit_fen:
        return []
    return [problems("SA208", name, name=name)]


# --- contracts ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limits:
    """Beyond which a contract is special."""

    contract_fen: int
    payment_days: int


def special_reasons(
    total_fen: int, payment_days: int, below_floor: Sequence[str], limits: Limits
) -> list[str]:
    """Why a contract needs the decision of the head or the other site, in words without any price.

    ``below_floor``: codes of the items that are below the floor and have no granted exception.

    >>> special_reasons(100, 90, ["A1"], Limits(100, 60))
    ['账期90天超过60天', 'A1低于保护价']
    """
    found = ["金额超过普通合同上限"] if total_fen > limits.contract_fen else []
    if payment_days > limits.payment_days:
        found.append(f"账期{payment_days}天超过{limits.payment_days}天")
    return [*found, *(f"{code}低于保护价" for code in below_floor)]


def check_other_person(by: str, writer: str, name: str, step: str) -> list[Problem]:
    """Whoever wrote a contract neither reviews nor approves it."""
    return [problems("SA201", step, name=name, step=step)] if by == writer else []


def check_third_person(by: str, reviewer: str, name: str) -> list[Problem]:
    """Whoever reviewed a contract does not approve it."""
    return [problems("SA202", "批准", name=name)] if by == reviewer else []


def check_ordinary(special: Sequence[str]) -> list[Problem]:
    return [problems("SA203", "批准", reasons="、".join(special))] if special else []


def check_special(special: Sequence[str]) -> list[Problem]:
    return [] if special else [problems("SA205", "批准")]


def check_site(deciding: Sequence[str], member_of: Sequence[str]) -> list[Problem]:
    """Where the firm has sites that decide on special contracts, their people do; else anybody who may."""
    if not deciding or set(deciding) & set(member_of):
        return []
    return [problems("SA204", "批准", sites="、".join(deciding))]


def check_term(start: dt.date, end: dt.date) -> list[Problem]:
    return [] if start <= end else [problems("SA210", "合同期限", start=start, end=end)]


def check_within_term(on: dt.date, start: dt.date, end: dt.date) -> list[Problem]:
    return [] if start <= on <= end else [problems("SA206", "日期", on=on, start=start, end=end)]


def check_open(what: str, numbers: Sequence[str]) -> list[Problem]:
    """Nothing of a contract is still open when it is closed."""
    return [problems("SA209", what, what=what, numbers="、".join(numbers))] if numbers else []


# --- quantities --------------------------------------------------------------------------------------------


def check_left(code: str, wanted: Mapping[str, int], left: Mapping[str, int]) -> list[Problem]:
    """No more of an item than is left; ``code`` is the problem's number (SA207, SA301, SA304)."""
    return [
        problems(code, item, code=item, wanted=quantity, left=left.get(item, 0))
        for item, quantity in wanted.items()
        if quantity > left.get(item, 0)
    ]


def check_lots_add_up(planned: Mapping[str, int], given: Mapping[str, int]) -> list[Problem]:
    """The lots of a shipment are exactly what was planned."""
    return [
        problems("SA302", code, code=code, planned=planned.get(code, 0), given=given.get(code, 0))
        for code in dict.fromkeys([*planned, *given])
        if planned.get(code, 0) != given.get(code, 0)
    ]


def check_lot_given(code: str, has_batch: bool, lot: str, serial: str) -> list[Problem]:
    return [problems("SA306", code, code=code)] if has_batch and not (lot or serial) else []


# --- money -------------------------------------------------------------------------------------------------


def check_allocation(number: str, amount_fen: int, balance_fen: int, same_customer: bool) -> list[Problem]:
    """A payment settles no more than the invoice's balance, and only invoices of who paid."""
    found = [] if same_customer else [problems("SA404", number, number=number)]
    found += check_amount(amount_fen, "核销金额")
    if amount_fen > balance_fen:
        found.append(problems("SA401", number, number=number))
    return found


def check_rest(amount_fen: int, rest_fen: int) -> list[Problem]:
    return [] if amount_fen <= rest_fen else [problems("SA402", "核销金额")]


# --- prices ------------------------------------------------------------------------------------------------


def check_floor(code: str, price_fen: int, floor_fen: int) -> list[Problem]:
    return [] if floor_fen <= price_fen else [problems("SA501", code, code=code)]


def check_not_own(by: str, asked_by: str, name: str) -> list[Problem]:
    """Nobody grants what he asked for himself."""
    return [problems("SA502", "批准", name=name)] if by == asked_by else []
