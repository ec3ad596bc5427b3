"""What lay where a logger measures, and from when to when: placements, deliveries, stock of that place."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from django.db.models import Max, Q, Sum
from django.utils import timezone

from xiejian.coldchain.excursions import FOREVER, Load
from xiejian.coldchain.models import Logger, Placement
from xiejian.supply.models import SIGNS, Movement, ProductCard
from xiejian.supply.queries import SIGNED

Window = tuple[dt.datetime, dt.datetime]
#: (device identifier, lot, serial)
Key = tuple[str, str, str]
#: movements that bring something to a place
ARRIVING = tuple(kind for kind, sign in SIGNS.items() if sign > 0)


@dataclass(frozen=True)
class Lain:
    """One lot beside a logger from ``since`` to ``until`` (None: still), with the limits of its card."""

    di: str
    lot: str
    serial: str
    name: str
    since: dt.datetime
    until: dt.datetime | None
    low: int | None
    high: int | None

    @property
    def key(self) -> Key:
        return self.di, self.lot, self.serial

    @property
    def load(self) -> Load:
        return Load(self.since, self.until, self.low, self.high)

    def during(self, start: dt.datetime, end: dt.datetime) -> bool:
        return self.since <= end and start <= (self.until or FOREVER)


@dataclass(frozen=True)
class _Card:
    name: str = ""
    low: int | None = None
    high: int | None = None


def _centi(value: Decimal | None) -> int | None:
    return None if value is None else int(value * 100)


class Beside:
    """What lay beside some loggers in a window each; a fixed number of queries for all of them."""

    def __init__(self, loggers: Iterable[Logger], windows: Mapping[int, Window]) -> None:
        self.loggers = {logger.pk: logger for logger in loggers}
        self.windows = windows
        self._placements = self._read_placements()
        self._cards: dict[tuple[str, str], _Card] = {}
        self._names: dict[tuple[str, str], str] = {}  # as the movements say, where there is no card

    def binding(self) -> dict[int, list[Lain]]:
        """What can make limits tighter, or readings needed: placements, and stock whose card is stricter."""
        strict = self._strict_cards()
        return self._gather(strict) if strict else self._placed_only()

    def everything(self) -> dict[int, list[Lain]]:
        """Every lot, for saying which are affected."""
        return self._gather(None)

    # --- placements and deliveries ---

    def _read_placements(self) -> list[Placement]:
        rows = Placement.objects.filter(logger__in=list(self.loggers)).order_by("pk")
        return [
            row
            for row in rows
            if row.from_at <= self.windows[row.logger_id][1]
            and self.windows[row.logger_id][0] <= (row.until_at or FOREVER)
        ]

    def _delivered(self) -> dict[tuple[str, str], set[Key]]:
        """(firm, document) → what the delivery holds, as that firm recorded it."""
        named = {
            (self.loggers[p.logger_id].firm_uscc, p.document_no) for p in self._placements if p.document_no
        }
        found: dict[tuple[str, str], set[Key]] = defaultdict(set)
        if not named:
            return found
        rows = Movement.objects.filter(
            firm_uscc__in={firm for firm, _ in named}, document_no__in={no for _, no in named}, voided=False
        )
        fields = ("firm_uscc", "document_no", "di", "lot", "serial")
        for firm, number, *key in rows.order_by().values_list(*fields).distinct():
            found[firm, number].add((key[0], key[1], key[2]))
        return found

    def _placed(self) -> Iterator[tuple[int, Key, Placement]]:
        delivered = self._delivered()
        for row in self._placements:
            firm = self.loggers[row.logger_id].firm_uscc
            keys = delivered[firm, row.document_no] if row.document_no else {(row.di, row.lot, row.serial)}
            for key in sorted(keys):
                yield row.logger_id, key, row

    # --- product cards ---

    def _strict_cards(self) -> set[tuple[str, str]]:
        """(firm, di) of the cards whose limits are tighter than those of a place of that firm."""
        asked = Q()
        for low, high, firm in {(x.low_centi, x.high_centi, x.firm_uscc) for x in self.loggers.values()}:
            above = (
                Q(temperature_min__isnull=False) if low is None else Q(temperature_min__gt=Decimal(low) / 100)
            )
            below = (
                Q(temperature_max__isnull=False)
                if high is None
                else Q(temperature_max__lt=Decimal(high) / 100)
            )
            asked |= Q(firm_uscc=firm) & (above | below)
        rows = ProductCard.objects.filter(asked).order_by() if asked else ProductCard.objects.none()
        return set(rows.values_list("firm_uscc", "di"))

    def _read_cards(self, wanted: Collection[tuple[str, str]]) -> None:
        missing = set(wanted) - set(self._cards)
        if not missing:
            return
        rows = ProductCard.objects.filter(
            firm_uscc__in={firm for firm, _ in missing}, di__in={di for _, di in missing}
        ).order_by()
        fields = ("firm_uscc", "di", "product_name", "temperature_min", "temperature_max")
        for firm, di, name, low, high in rows.values_list(*fields):
            self._cards[firm, di] = _Card(name, _centi(low), _centi(high))

    # --- stock of the place ---

    def _stocked(self, only: Collection[tuple[str, str]] | None) -> dict[tuple[str, str], set[Key]]:
        """(firm, place) → the lots that ever came to that place."""
        places = {(x.firm_uscc, x.place) for x in self.loggers.values()}
        rows = Movement.objects.filter(
            firm_uscc__in={firm for firm, _ in places}, place__in={place for _, place in places},
            kind__in=ARRIVING, voided=False,
        )  # fmt: skip
        if only is not None:
            rows = rows.filter(di__in={di for _, di in only})
        found: dict[tuple[str, str], set[Key]] = defaultdict(set)
        fields = ("firm_uscc", "place", "di", "lot", "serial")
        for firm, place, *key in rows.order_by().values_list(*fields).distinct():
            if only is None or (firm, key[0]) in only:
                found[firm, place].add((key[0], key[1], key[2]))
        return found

    def _balances(self, lots: set[tuple[str, Key]]) -> dict[tuple[str, Key], list[tuple[dt.date, int]]]:
        """(firm, lot) → what came in and went out, by day."""
        found: dict[tuple[str, Key], list[tuple[dt.date, int]]] = defaultdict(list)
        if not lots:
            return found
        rows = Movement.objects.filter(
            firm_uscc__in={firm for firm, _ in lots}, di__in={key[0] for _, key in lots},
            lot__in={key[1] for _, key in lots}, voided=False,
        ).order_by("on")  # fmt: skip
        for row in rows.values("firm_uscc", "di", "lot", "serial", "on", "kind").annotate(
            moved=Sum(SIGNED), named=Max("product_name")
        ):
            key = (row["firm_uscc"], (row["di"], row["lot"], row["serial"]))
            if key in lots:
                found[key].append((row["on"], row["moved"]))
                self._names[key[0], row["di"]] = row["named"]
        return found

    # --- together ---

    def _placed_only(self) -> dict[int, list[Lain]]:
        placed = list(self._placed())
        self._read_cards({(self.loggers[pk].firm_uscc, key[0]) for pk, key, _ in placed})
        found: dict[int, list[Lain]] = defaultdict(list)
        for pk, key, row in placed:
            found[pk].append(self._lain(pk, key, row.from_at, row.until_at))
        return found

    def _gather(self, only: Collection[tuple[str, str]] | None) -> dict[int, list[Lain]]:
        found = self._placed_only()
        stocked = self._stocked(only)
        balances = self._balances({(firm, key) for (firm, _), keys in stocked.items() for key in keys})
        self._read_cards({(firm, key[0]) for firm, key in balances})
        for pk, logger in self.loggers.items():
            start, end = self.windows[pk]
            for key in sorted(stocked[logger.firm_uscc, logger.place]):
                stays = in_stock(balances[logger.firm_uscc, key])
                lain = (self._lain(pk, key, since, until) for since, until in stays)
                found[pk] += [one for one in lain if one.during(start, end)]
        return found

    def _lain(self, pk: int, key: Key, since: dt.datetime, until: dt.datetime | None) -> Lain:
        product = self.loggers[pk].firm_uscc, key[0]
        card = self._cards.get(product, _Card())
        return Lain(*key, card.name or self._names.get(product, ""), since, until, card.low, card.high)


def _midnight(on: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(on, dt.time.min))


def in_stock(moved: Iterable[tuple[dt.date, int]]) -> list[tuple[dt.datetime, dt.datetime | None]]:
    """From when to when some of a lot was there: (day, how many came or went) by day.

    Movements have no hour: the day on which the last one left counts whole.
    """
    stays: list[tuple[dt.datetime, dt.datetime | None]] = []
    left, since = 0, None
    for on, rows in groupby(moved, key=lambda row: row[0]):
        amounts = [amount for _, amount in rows]
        left += sum(amounts)
        if since is None and (left > 0 or any(amount > 0 for amount in amounts)):
            since = _midnight(on)
        if since is not None and left <= 0:
            stays.append((since, _midnight(on + dt.timedelta(days=1))))
            since = None
    return [*stays, (since, None)] if since is not None else stays
