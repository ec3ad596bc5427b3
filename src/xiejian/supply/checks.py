"""Every refusal and mark of the supply room: facts in, problems and marks out; no database, no clock."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from xiejian.kernel.problems import Catalogue, Problem, Refused
from xiejian.supply.models import BETWEEN_FIRMS, KINDS, Partner

problems = Catalogue(Path(__file__).with_name("problems.toml"))


@dataclass(frozen=True)
class Entry:
    """One movement as it is written down.

    ``quantity`` counts least sale units. ``record_no`` is the firm's own number of the record; empty: one is
    made. ``document_no`` is the delivery's number, the same on both sides. ``patient`` is a token that only
    the hospital can resolve.
    """

    firm_uscc: str
    kind: str
    di: str
    quantity: int
    on: dt.date
    lot: str = ""
    serial: str = ""
    partner_uscc: str = ""
    partner_name: str = ""
    made_on: dt.date | None = None
    expires_on: dt.date | None = None
    registration_no: str = ""
    product_name: str = ""
    document_no: str = ""
    place: str = ""
    patient: str = ""
    record_no: str = ""
    source: str = "form"
    unit: str = ""  # as written; empty: least sale units. Never stored


def refuse(*found: Iterable[Problem]) -> None:
    """Raise Refused with every problem of every check, if there is any."""
    if problems_found := [problem for check in found for problem in check]:
        raise Refused(problems_found)


def check_given(text: str, what: str) -> list[Problem]:
    return [] if text.strip() else [problems("SU104", where=what, what=what)]


def check_entry(entry: Entry, today: dt.date) -> list[Problem]:
    """What no movement may be, whoever sends it."""
    where = entry.record_no or entry.di
    if entry.kind not in KINDS:
        return [problems("SU101", where, kind=entry.kind, known="、".join(KINDS.values()))]
    found = check_given(entry.firm_uscc, "登记单位信用代码") + check_given(entry.di, "产品标识")
    found += check_given(entry.lot or entry.serial, "批号或者序列号")
    if entry.quantity == 0 or (entry.quantity < 0 and entry.kind != "adjust"):
        found.append(problems("SU102", where, quantity=entry.quantity))
    if entry.on > today:
        found.append(problems("SU103", where, on=entry.on, today=today))
    if entry.kind in BETWEEN_FIRMS:
        found += check_given(entry.partner_uscc or entry.partner_name, "往来单位")
    if entry.partner_uscc and entry.partner_uscc == entry.firm_uscc:
        found.append(problems("SU105", where, uscc=entry.firm_uscc))
    return found


def check_new_numbers(entries: Sequence[Entry], taken: Collection[tuple[str, str]]) -> list[Problem]:
    """A firm's record number names one record: neither stored before nor twice among these entries."""
    given = Counter((entry.firm_uscc, entry.record_no) for entry in entries)
    return [
        problems("SU106", number, record_no=number)
        for (firm, number), times in given.items()
        if times > 1 or (firm, number) in taken
    ]


# --- files of partners and products -----------------------------------------------------------------------


def check_not_in_future(on: dt.date | None, today: dt.date, what: str) -> list[Problem]:
    """Nothing is recorded before it has happened; an unknown date refuses nothing."""
    return [problems("SU103", what, on=on, today=today)] if on and on > today else []


def check_partner(uscc: str, firm_uscc: str, kind: str) -> list[Problem]:
    found = [problems("SU105", "统一社会信用代码", uscc=uscc)] if uscc == firm_uscc else []
    if kind not in Partner.KINDS:
        found.append(problems("SU301", "类别", kind=kind, known="、".join(Partner.KINDS.values())))
    return found


def check_temperatures(low: Decimal | None, high: Decimal | None) -> list[Problem]:
    """The lowest storage temperature is below the highest, where both are stated."""
    if low is None or high is None or low < high:
        return []
    return [problems("SU302", "贮存温度", low=low, high=high)]


def check_packages(di: str, unit: str, packages: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Each package holds several least units and is known by another unit or identifier than these."""
    found = []
    for package in packages:
        if not isinstance(package.get("factor"), int) or package["factor"] < 2:
            found.append(problems("SU303", "包装", package=package.get("unit") or package.get("di") or ""))
        elif not (package.get("unit") or package.get("di")) or (
            package.get("di") == di or (package.get("unit") and package.get("unit") == unit)
        ):
            found.append(problems("SU304", "包装"))
    return found
