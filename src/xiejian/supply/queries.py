"""Every read of the supply room: movements, what is in stock, who holds a lot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)

from xiejian.people.policy import Actor, visible
from xiejian.registry.models import Party
from xiejian.supply import rules
from xiejian.supply.models import SIGNS, LotHold, Movement, Partner, ProductCard

#: The quantity with its sign: what a movement adds to the stock of the firm.
SIGNED = Case(
    *[When(kind=kind, then=F("quantity") * Value(sign)) for kind, sign in SIGNS.items()],
    output_field=IntegerField(),
)


#: deliveries shown as waiting at most
TO_RECEIVE = 100
#: in place of a mark: with one that says something is wrong; with one that leaves a doubt
ANY, DOUBT = "any", "doubt"
#: what a lot is counted by: the lot, or the single device where there is none
DEVICE = Case(When(lot="", then=F("serial")), default=Value(""), output_field=CharField())


def movements(actor: Actor | None) -> QuerySet[Movement]:
    """The movements of the firms in the officer's area, or of the firm itself; voided ones among them."""
    return visible(Movement.objects.all(), actor, "firm_office_code", firm="firm_uscc")


def narrowed(
    rows: QuerySet[Movement], *, search: str = "", kind: str = "", mark: str = "", source: str = ""
) -> QuerySet[Movement]:
    """Movements that count, of a kind and source, with a mark (or ``ANY``, ``DOUBT``), of a text."""
    rows = searched(rows.filter(voided=False), search)
    rows = rows.filter(kind=kind) if kind else rows
    rows = rows.filter(source=source) if source else rows
    if mark in (ANY, DOUBT):
        meant = [one.id for one in rules.marks().values() if one.doubt == (mark == DOUBT)]
        found = Q(*(("marks__contains", f"|{one}|") for one in meant), _connector=Q.OR)
        return rows.exclude(marks="|").filter(found)
    return rows.filter(marks__contains=f"|{mark}|") if mark else rows


def in_state(actor: Actor | None, state: str, search: str = "") -> QuerySet[Movement]:
    """Movements in a state of movement_workflow.toml (all for none) and of a text, newest first."""
    rows = searched(movements(actor), search)
    return (rows.filter(voided=state == "voided") if state else rows).order_by("-on", "-pk")


def searched(rows: QuerySet[Movement], search: str) -> QuerySet[Movement]:
    """Movements of a text: a lot, serial, device identifier, credit code, document or record number by its
    beginning, or part of the name of the product or of the other side.
    """
    text = search.strip()
    if not text:
        return rows
    begins = ("lot", "serial", "di", "partner_uscc", "firm_uscc", "document_no", "record_no")
    found = Q(*((f"{name}__startswith", text) for name in begins), _connector=Q.OR)
    return rows.filter(found | Q(product_name__contains=text) | Q(partner_name__contains=text))


def partners(actor: Actor | None, *, search: str = "", kind: str = "") -> QuerySet[Partner]:
    """The files of suppliers and buyers in reach; a kind takes those that are both with it."""
    rows = visible(Partner.objects.all(), actor, "firm_office_code", firm="firm_uscc")
    rows = rows.filter(kind__in=(kind, "both")) if kind else rows
    text = search.strip()
    found = Q(name__contains=text) | Q(uscc__startswith=text) | Q(licence_no__contains=text)
    return rows.filter(found) if text else rows


def lapsing(actor: Actor | None, by_day: dt.date) -> QuerySet[Partner]:
    """Partners dealt with whose licence, as the firm's file has it, has run out by a day; soonest first."""
    rows = partners(actor).filter(is_active=True, valid_until__lte=by_day)
    return rows.order_by("valid_until", "pk")


def cards(actor: Actor | None, *, search: str = "") -> QuerySet[ProductCard]:
    """The files of products in reach."""
    rows = visible(ProductCard.objects.all(), actor, "firm_office_code", firm="firm_uscc")
    text = search.strip()
    found = Q(product_name__contains=text) | Q(di__startswith=text) | Q(registration_no__contains=text)
    return rows.filter(found) if text else rows


def holds(actor: Actor | None) -> QuerySet[LotHold]:
    """The holds of lots in reach, released ones among them."""
    return visible(LotHold.objects.all(), actor, "firm_office_code", firm="firm_uscc")


@dataclass(frozen=True)
class Stock:
    """So many of one lot at one firm. ``expires_on`` is the earlier one where a lot has two."""

    uscc: str
    di: str
    lot: str
    serial: str
    product_name: str
    registration_no: str
    quantity: int
    made_on: dt.date | None
    expires_on: dt.date | None
    last_on: dt.date


def stock(whose: Actor | str | None, on: dt.date) -> list[Stock]:
    """What is in stock at the end of a day, by lot (by device without one); not zero, but below it too.

    ``whose``: an actor (everything in reach) or a credit code. One query.
    """
    rows = Movement.objects.filter(firm_uscc=whose) if isinstance(whose, str) else movements(whose)
    found = (
        rows.filter(voided=False, on__lte=on)
        .order_by()
        .annotate(device=DEVICE)
        .values("firm_uscc", "di", "lot", "device")
        .annotate(
            left=Sum(SIGNED),
            named=Max("product_name"),
            registered=Max("registration_no"),
            made=Max("made_on"),
            until=Min("expires_on"),
            last=Max("on"),
        )
        .exclude(left=0)
        .order_by("named", "di", "until", "lot", "device", "firm_uscc")
    )
    return [
        Stock(
            row["firm_uscc"], row["di"], row["lot"], row["device"], row["named"], row["registered"],
            row["left"], row["made"], row["until"], row["last"],
        )
        for row in found
    ]  # fmt: skip


def left_of(lots: Iterable[tuple[str, str, str, str]]) -> dict[tuple[str, str, str, str], int]:
    """(firm, di, lot, serial where there is no lot) → how much is there by all that was ever recorded."""
    wanted = set(lots)
    rows = Movement.objects.filter(
        firm_uscc__in={lot[0] for lot in wanted},
        di__in={lot[1] for lot in wanted},
        lot__in={lot[2] for lot in wanted},
        voided=False,
    )
    sums = rows.order_by().annotate(device=DEVICE).values("firm_uscc", "di", "lot", "device")
    found = sums.annotate(left=Sum(SIGNED)).values_list("firm_uscc", "di", "lot", "device", "left")
    return {lot: left for *key, left in found if (lot := tuple(key)) in wanted}


@dataclass(frozen=True)
class HolderRow:
    """A firm that still has some of a lot. ``office_code`` is empty outside the register."""

    uscc: str
    name: str
    office_code: str
    quantity: int


def holders(di: str, lot: str, on: dt.date) -> list[HolderRow]:
    """Who still has how much of a lot at the end of a day, most first: not bounded by an actor.

    Two queries: the sums, and what the holders are called (in the register, else by their partners).
    """
    sums = (
        Movement.objects.filter(di=di, lot=lot, voided=False, on__lte=on)
        .order_by()
        .values("firm_uscc", "firm_office_code")
        .annotate(left=Sum(SIGNED))
        .filter(left__gt=0)
        .order_by("-left", "firm_uscc")
    )
    rows = list(sums)
    names = names_of([row["firm_uscc"] for row in rows])
    return [
        HolderRow(
            row["firm_uscc"],
            names.get(row["firm_uscc"], row["firm_uscc"]),
            row["firm_office_code"],
            row["left"],
        )
        for row in rows
    ]


def names_of(firms: list[str]) -> dict[str, str]:
    """Credit code → name: from the register, else what partners call the firm; at most two queries."""
    named = dict(Party.objects.filter(uscc__in=firms).values_list("uscc", "name"))
    if unknown := [uscc for uscc in firms if uscc not in named]:
        rows = Movement.objects.filter(partner_uscc__in=unknown).exclude(partner_name="").order_by()
        called = rows.values("partner_uscc").annotate(called=Max("partner_name"))
        named |= {row["partner_uscc"]: row["called"] for row in called}
    return named


def label_of(actor: Actor | None, di: str) -> dict[str, str]:
    """What the firm knows of a device identifier, for a form: name, registration and unit of its file.

    Without a file, what it wrote of it last; nothing when it never did. At most two queries.
    """
    names = ("product_name", "registration_no")
    card = cards(actor).filter(di=di).values(*names, "unit").first()
    last = card or movements(actor).filter(di=di, voided=False).order_by("-pk").values(*names).first() or {}
    return {name: value for name, value in last.items() if value}


def to_receive(actor: Actor | None, on: dt.date) -> list[Movement]:
    """Deliveries to the actor's own firm that the sender recorded and nobody received, newest first.

    What a sender writes of a delivery to a firm is that firm's to see. Each has ``firm_name``. A delivery is
    received by its product, lot and document number, or without a number by any receipt from the sender.
    """
    if actor is None or not actor.firm:
        return []
    since = on - dt.timedelta(days=rules.days_to_receive())
    mine = Movement.objects.filter(
        firm_uscc=actor.firm, kind="receive", voided=False, partner_uscc=OuterRef("firm_uscc"),
        di=OuterRef("di"), lot=OuterRef("lot"), serial=OuterRef("serial"), on__gte=OuterRef("on"),
    )  # fmt: skip
    received = mine.filter(Q(document_no=OuterRef("document_no")) | Q(document_no=""))
    rows = Movement.objects.filter(
        partner_uscc=actor.firm, kind="ship", voided=False, on__range=(since, on)
    ).exclude(Exists(received))
    found = list(rows.order_by("-on", "-pk")[:TO_RECEIVE])
    names = names_of(list({row.firm_uscc for row in found}))
    for row in found:
        row.firm_name = names.get(row.firm_uscc, row.firm_uscc)  # type: ignore[attr-defined]
    return found
