"""Numbers of an office's papers: the next one of an office and a year, in a pattern that a pack gives."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.db.models import Model, QuerySet
from django.db.models.functions import Length

from xiejian.kernel import divisions
from xiejian.people.models import Office

#: What an office name ends with and its short name leaves out.
ENDINGS = re.compile(r"(市场监督管理|食品药品监督管理|药品监督管理)?(总局|分局|局|所)$")


def issuing_office(office_code: str) -> Office | None:
    """The office that signs for ``office_code``: the bureau itself or, for a station, the one above it.

    Its row is locked until the transaction ends, so that two requests never take one number.
    """
    tiers = ("county", "city", "province")
    codes = [divisions.at_tier(office_code, tier) for tier in tiers]
    offices = {o.code: o for o in Office.objects.filter(code__in=codes).select_for_update()}
    return next((offices[code] for code in codes if code in offices), None)


def short_name(office: Office | None, office_code: str) -> str:
    """The office's short name, else its name without the ending, else the name of its division."""
    if office and office.short_name:
        return office.short_name
    name = office.name if office else divisions.name(divisions.at_tier(office_code, "county"))
    return ENDINGS.sub("", name)[-8:]


def signing_office(office_code: str) -> str:
    """The name on a paper: a station signs in the name of its bureau, which need not be set up here yet."""
    return signing_offices([office_code])[office_code]


def signing_offices(office_codes: Iterable[str]) -> dict[str, str]:
    """As ``signing_office``, for many offices in one query."""
    bureaus = {code: divisions.at_tier(code, "county") for code in office_codes}
    offices = dict(Office.objects.filter(code__in={*bureaus, *bureaus.values()}).values_list("code", "name"))
    return {
        code: offices.get(bureau) or offices.get(code) or f"{divisions.name(bureau)}市场监督管理局"
        for code, bureau in bureaus.items()
    }


def next_number(rows: type[Model], pattern: str, office_code: str, year: int, field: str = "number") -> str:
    """The next free number in the column ``field`` of ``rows``; ``pattern`` has {short}, {year} and {n}."""
    return next_numbers(rows, pattern, office_code, year, field, count=1)[0]


def next_numbers(
    rows: type[Model], pattern: str, office_code: str, year: int, field: str = "number", *, count: int
) -> list[str]:
    """So many free numbers in a row, for records that are numbered together."""
    short = short_name(issuing_office(office_code), office_code)
    before, after = (part.format(short=short, year=year) for part in pattern.split("{n}"))
    return free_numbers(rows._default_manager.all(), before, after, field, count=count)


def free_numbers(
    rows: QuerySet[Any], before: str, after: str, field: str = "number", *, count: int
) -> list[str]:
    """So many numbers ``before``n``after`` above the highest that ``rows`` hold; the caller has the lock."""
    last = (
        rows.filter(
            **{
                f"{field}__startswith": before,
                f"{field}__regex": f"^{re.escape(before)}[0-9]+{re.escape(after)}$",
            }
        )
        .order_by(Length(field).desc(), f"-{field}")
        .values_list(field, flat=True)
        .first()
    )
    taken = int(last[len(before) : len(last) - len(after)]) if last else 0
    return [f"{before}{taken + n}{after}" for n in range(1, count + 1)]
