"""Figures for a document: computed once, written as text, listed with definition, period and records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from xiejian.documents.draft import Source, chinese_date
from xiejian.documents.templates import Shown, Template
from xiejian.figures import definitions, measures
from xiejian.figures.measures import Figure

NOTHING = "—"


@dataclass(frozen=True)
class Bound:
    """The figures of one document: how each is written, and where it comes from."""

    shown: dict[str, Shown]
    sources: dict[str, Source]


def written(value: int | Decimal | None, unit: str) -> str:
    """A figure as text: — where there is none, a percentage with its sign, money with its decimals.

    >>> written(11, "家"), written(Decimal("85.7"), "%"), written(None, "%")
    ('11', '85.7%', '—')
    """
    if value is None:
        return NOTHING
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    if unit == "%":
        whole = text.rstrip("0").rstrip(".") if "." in text else text
        return f"{whole}%"
    return text


def bind(template: Template, *, from_on: date, until: date, office_code: str) -> Bound:
    """Compute every figure that the template names, for one office and those below it."""
    found = measures.compute(template.figures, from_on=from_on, until=until, office_code=office_code)
    period = _period(from_on, until)
    shown = {key: Shown(written(f.value, f.unit), not f.value) for key, f in found.items()}
    listed = {key: _source(figure, period) for key, figure in found.items()}
    for figure_id, entry in template.derived.items():
        first, second = (found[part].value for part in entry.of)
        value = _shortfall(first, second) if entry.how == "shortfall" else _quotient(first, second)
        shown[figure_id] = Shown(written(value, entry.unit), not value)
        listed[figure_id] = Source(
            figure_id, entry.label, written(value, entry.unit), entry.unit, entry.meaning, period,
            found[entry.of[0]].count,
        )  # fmt: skip
    for value_id, given in template.values.items():
        listed[value_id] = Source(value_id, given.label, given.text, given.unit, given.source, "")
    return Bound(shown, listed)


def _is_flow(figure_id: str) -> bool:
    measure = definitions.measure(figure_id)
    return measure.is_flow or any(definitions.measure(part).is_flow for part in measure.ratio)


def sources(ids: Sequence[str], *, from_on: date, until: date, office_code: str) -> dict[str, Source]:
    """Computed figures by id, as they are written and listed."""
    found = measures.compute(ids, from_on=from_on, until=until, office_code=office_code)
    return {key: _source(figure, _period(from_on, until)) for key, figure in found.items()}


def _period(from_on: date, until: date) -> str:
    return f"{chinese_date(from_on)}至{chinese_date(until)}"


def _source(figure: Figure, period: str) -> Source:
    when = period if _is_flow(figure.id) else f"截至{chinese_date(figure.until)}"
    unit = "" if figure.unit == "%" else figure.unit
    text = written(figure.value, figure.unit)
    return Source(figure.id, figure.label, text, unit, figure.meaning, when, figure.count)


def percent(part: int, whole: int) -> Decimal | None:
    """A share in percent with one decimal, half up; None of nothing."""
    if not whole:
        return None
    return (Decimal(100 * part) / whole).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def _shortfall(promised: int | Decimal | None, reached: int | Decimal | None) -> int | Decimal:
    return max(0, (promised or 0) - (reached or 0))


def _quotient(over: int | Decimal | None, under: int | Decimal | None) -> int | Decimal | None:
    if not under or over is None:
        return None
    exact = Decimal(over) / Decimal(under)
    if exact == exact.to_integral_value():
        return int(exact)
    return exact.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
