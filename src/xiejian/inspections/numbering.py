"""Numbers of visits and orders, in the patterns of this room's pack."""

from __future__ import annotations

from django.db.models import Model

from xiejian.inspections.checklists import number_pattern
from xiejian.people import numbering


def next_number(rows: type[Model], document: str, office_code: str, year: int) -> str:
    """The next free number of ``document`` (visit, correction) in the column ``number`` of ``rows``."""
    return numbering.next_number(rows, number_pattern(document), office_code, year)
