"""What a firm with ERPNext need not type twice: its four CSV files in, and out again.

A document that is here already is left as it is when it says the same, and returned when it says something
else; a document with anything wrong is returned whole, the others are kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from xiejian.kernel.problems import Problem
from xiejian.people.policy import Actor
from xiejian.sales import delivering, erp_files, queries
from xiejian.sales.checks import problems
from xiejian.sales.delivering import Lot
from xiejian.sales.erp_files import BatchRow, Document, ItemRow, SoldLine, document_rows, ticked, yuan
from xiejian.sales.models import (
    Customer,
    Invoice,
    InvoiceLine,
    Item,
    ItemBatch,
    Shipment,
    ShipmentLine,
)
from xiejian.sales.moves import firm_for, note, settings_of
from xiejian.supply.actions import record_movements

SOURCE = "erpnext"
#: what the supply room calls where it came from
MOVEMENT_SOURCE = "erp"


@dataclass
class Taken:
    """What became of a file: how many lines or documents were new, were here, came back and why."""

    kind: str
    new: int = 0
    same: int = 0
    returned: list[Problem] = field(default_factory=list)
    refused: int = 0

    def refuse(self, found: list[Problem]) -> None:
        self.refused += 1
        self.returned += found

    def as_json(self) -> dict[str, object]:
        return {
            "kind": self.kind, "new": self.new, "same": self.same, "refused": self.refused,
            "problems": [problem.as_json() for problem in self.returned],
        }  # fmt: skip


@transaction.atomic
def import_erp(*, kind: str, path: Path, by: Actor, at: dt.datetime, firm_uscc: str = "") -> Taken:
    """Take in a file of ERPNext: item, batch, delivery_note or sales_invoice.

    Delivery notes become shipments that have left, and movements of the supply room, which marks what it
    finds strange and loses nothing. Refused whole: a kind without a form (SA607), a file that is none (K4xx).
    """
    firm = firm_for(by, firm_uscc)
    erp_files.check_kind(kind)
    lock = settings_of(firm)  # two files of one firm at a time would see the same documents as new
    readers: dict[str, Callable[[str, Path, Actor, dt.datetime], Taken]] = {
        "item": _take_items, "batch": _take_batches, "delivery_note": _take_notes,
        "sales_invoice": _take_invoices,
    }  # fmt: skip
    taken = readers[kind](firm, path, by, at)
    note("import_erp", lock, by, at, kind=kind, new=taken.new, same=taken.same, refused=taken.refused)
    return taken


# --- items and batches -------------------------------------------------------------------------------------


def _differs(row: object, facts: Mapping[str, object]) -> bool:
    return any(getattr(row, name) != value for name, value in facts.items())


def _take_items(firm: str, path: Path, by: Actor, at: dt.datetime) -> Taken:
    """Items by their code; one that says something else now is brought to it."""
    known = {row.code: row for row in Item.objects.filter(firm_uscc=firm)}
    taken, new, changed = Taken("item"), [], []
    for row, found in erp_files.read_items(path):
        if found:
            taken.refuse([erp_files.placed(problem, row.where) for problem in found])
            continue
        facts = _item_facts(row)
        item = known.get(row.code)
        if item is None:
            new.append(known.setdefault(row.code, Item(firm_uscc=firm, code=row.code, **facts)))
        elif _differs(item, facts):
            for name, value in facts.items():
                setattr(item, name, value)
            changed += [item] if item.pk else []
        else:
            taken.same += 1
    Item.objects.bulk_create(new)
    Item.objects.bulk_update(changed, ["name", "group", "unit", "has_batch", "has_expiry", "di"])
    taken.new = len(new) + len(changed)
    return taken


def _item_facts(row: ItemRow) -> dict[str, object]:
    return {
        "name": row.name, "group": row.group, "unit": row.unit, "has_batch": row.has_batch,
        "has_expiry": row.has_expiry, "di": row.di,
    }  # fmt: skip


def _take_batches(firm: str, path: Path, by: Actor, at: dt.datetime) -> Taken:
    """Batches of known items (SA601); other dates than before are returned (SA608)."""
    items = {row.code: row for row in Item.objects.filter(firm_uscc=firm)}
    known = {(row.item_id, row.lot): row for row in ItemBatch.objects.filter(firm_uscc=firm)}
    taken, new = Taken("batch"), []
    for row, found in erp_files.read_batches(path):
        found = [erp_files.placed(problem, row.where) for problem in found]
        item = items.get(row.item)
        if item is None and row.item:
            found.append(problems("SA601", row.where, code=row.item))
        if found or item is None:
            taken.refuse(found)
            continue
        _take_batch(item, row, known, taken, new)
    ItemBatch.objects.bulk_create(new)
    return taken


def _take_batch(
    item: Item, row: BatchRow, known: dict[tuple[int, str], ItemBatch], taken: Taken, new: list[ItemBatch]
) -> None:
    dates = {"made_on": row.made_on, "expires_on": row.expires_on}
    batch = known.get((item.pk, row.lot))
    if batch is None:
        batch = ItemBatch(firm_uscc=item.firm_uscc, item=item, lot=row.lot, **dates)
        known[item.pk, row.lot] = batch
        new.append(batch)
        taken.new += 1
    elif _differs(batch, dates):
        taken.refuse([problems("SA608", row.where, code=item.code, lot=row.lot)])
    else:
        taken.same += 1


# --- documents ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Around:
    """The firm's items by code, customers by name and number, and lots by (item id, lot)."""

    items: dict[str, Item]
    customers: dict[str, Customer]
    lots: set[tuple[int, str]]

    @classmethod
    def of(cls, firm: str, documents: Sequence[Document]) -> Around:
        """What these documents name; three queries."""
        named = {document.customer for document in documents}
        codes = {line.item for document in documents for line in document.lines}
        items = {row.code: row for row in Item.objects.filter(firm_uscc=firm, code__in=codes)}
        rows = Customer.objects.filter(Q(name__in=named) | Q(number__in=named), firm_uscc=firm)
        lots = ItemBatch.objects.filter(firm_uscc=firm, item__code__in=codes).values_list("item_id", "lot")
        return cls(items, {key: row for row in rows for key in (row.number, row.name)}, set(lots))

    def wrong_with(self, document: Document) -> list[Problem]:
        """What is not known here of what the document names; a delivery's lots must be (SA603)."""
        found = list(document.problems)
        if document.customer and document.customer not in self.customers:
            found.append(problems("SA602", document.where, name=document.customer))
        for line in document.lines:
            item = self.items.get(line.item)
            if item is None and line.item:
                found.append(problems("SA601", document.where, code=line.item))
            elif item and line.lot and (item.pk, line.lot) not in self.lots:
                found.append(problems("SA603", document.where, code=line.item, lot=line.lot))
        return found


def _said(lines: Sequence[SoldLine]) -> list[tuple[str, int, int, str, str]]:
    return sorted((one.item, one.quantity, one.price_fen, one.lot, one.serial) for one in lines)


def _sorted_out(
    documents: Sequence[Document], around: Around, here: Mapping[str, tuple[object, ...]], taken: Taken
) -> list[Document]:
    """The documents that are new and sound; the others are counted. ``here``: number → what it says."""
    new: dict[str, Document] = {}
    for document in documents:
        customer = around.customers.get(document.customer)
        said = (customer and customer.pk, document.on, document.due_on, _said(document.lines))
        before = here.get(document.number)
        if wrong := around.wrong_with(document):
            taken.refuse(wrong)
        elif document.number in new or (before is not None and before != said):
            taken.refuse([problems("SA605", document.where, number=document.number)])
        elif before is not None:
            taken.same += 1
        else:
            new[document.number] = document
    taken.new = len(new)
    return list(new.values())


def _lines_of(rows: Sequence[ShipmentLine] | Sequence[InvoiceLine]) -> list[SoldLine]:
    return [
        SoldLine(
            row.item.code, row.quantity, row.price_fen, getattr(row, "lot", ""), getattr(row, "serial", "")
        )
        for row in rows
    ]


def _total(lines: Sequence[SoldLine]) -> int:
    return sum(line.quantity * line.price_fen for line in lines)


def _common(firm: str, document: Document, around: Around, by: Actor, at: dt.datetime) -> dict[str, object]:
    return {
        "firm_uscc": firm, "number": document.number, "customer": around.customers[document.customer],
        "total_fen": _total(document.lines), "made_at": at, "by_name": by.name, "source": SOURCE,
    }  # fmt: skip


def _take_notes(firm: str, path: Path, by: Actor, at: dt.datetime) -> Taken:
    """Delivery notes: shipments that have left, and their movements."""
    taken = Taken("delivery_note")
    documents = erp_files.read_documents(path, "delivery_note", timezone.localdate(at))
    for document in documents:
        document.due_on = None
    around = Around.of(firm, documents)
    rows = Shipment.objects.filter(firm_uscc=firm, number__in=[one.number for one in documents])
    here = {
        row.number: (row.customer_id, row.shipped_on, None, _said(_lines_of(row.lines.all())))
        for row in rows.prefetch_related("lines__item")
    }
    new = _sorted_out(documents, around, here, taken)
    made = Shipment.objects.bulk_create(
        Shipment(state="shipped", planned_on=one.on, shipped_on=one.on, **_common(firm, one, around, by, at))
        for one in new
    )
    ShipmentLine.objects.bulk_create(
        ShipmentLine(
            shipment=row, item=around.items[line.item], quantity=line.quantity, price_fen=line.price_fen,
            lot=line.lot, serial=line.serial,
        )
        for row, one in zip(made, new, strict=True)
        for line in one.lines
    )  # fmt: skip
    _record_movements(firm, new, around, by, at)
    return taken


def _record_movements(firm: str, new: Sequence[Document], around: Around, by: Actor, at: dt.datetime) -> None:
    """What the supply room learns of the delivery notes, all of them together."""
    lots = {
        one.number: [Lot(around.items[line.item], line.quantity, line.lot, line.serial) for line in one.lines]
        for one in new
    }
    dated = delivering.lot_dates(firm, [lot.item for some in lots.values() for lot in some])
    made = [
        entry
        for one in new
        if one.on is not None
        for entry in delivering.entries(
            "ship", around.customers[one.customer], one.number, lots[one.number], one.on, dated,
            MOVEMENT_SOURCE,
        )
    ]  # fmt: skip
    if made:
        record_movements(entries=made, by=by, at=at, strict=False)


def _take_invoices(firm: str, path: Path, by: Actor, at: dt.datetime) -> Taken:
    """Sales invoices; one that names a delivery note here is the invoice of that shipment."""
    taken = Taken("sales_invoice")
    documents = erp_files.read_documents(path, "sales_invoice", timezone.localdate(at))
    around = Around.of(firm, documents)
    for document in documents:
        customer = around.customers.get(document.customer)
        if document.due_on is None and document.on is not None and customer is not None:
            document.due_on = document.on + dt.timedelta(days=customer.payment_days)
    rows = Invoice.objects.filter(firm_uscc=firm, number__in=[one.number for one in documents])
    here = {
        row.number: (row.customer_id, row.issued_on, row.due_on, _said(_lines_of(row.lines.all())))
        for row in rows.prefetch_related("lines__item")
    }
    new = _sorted_out(documents, around, here, taken)
    named = {line.delivery_note for one in new for line in one.lines if line.delivery_note}
    sent = {row.number: row for row in Shipment.objects.filter(firm_uscc=firm, number__in=named)}
    made = Invoice.objects.bulk_create(
        Invoice(
            state="issued", issued_on=one.on, due_on=one.due_on,
            shipment=next(filter(None, (sent.get(line.delivery_note) for line in one.lines)), None),
            **_common(firm, one, around, by, at),
        )
        for one in new
    )  # fmt: skip
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=row, item=around.items[line.item], quantity=line.quantity, price_fen=line.price_fen
        )
        for row, one in zip(made, new, strict=True)
        for line in one.lines
    )
    return taken


# --- out ---------------------------------------------------------------------------------------------------


def export_erp(kind: str, actor: Actor, firm_uscc: str = "") -> str:
    """The firm's records as the text of ERPNext's CSV; refused SA607 for a kind without a form."""
    erp_files.check_kind(kind)
    writers: dict[str, Callable[[Actor, str], Iterator[list[str]]]] = {
        "item": _items, "batch": _batches, "delivery_note": _notes, "sales_invoice": _invoices,
    }  # fmt: skip
    return erp_files.as_csv(kind, writers[kind](actor, firm_uscc or actor.firm))


def _items(actor: Actor, firm: str) -> Iterator[list[str]]:
    for row in queries.items(actor).filter(firm_uscc=firm):
        yield [
            row.code, row.code, row.name, row.group, row.unit, ticked(row.has_batch), ticked(row.has_expiry),
            row.di,
        ]  # fmt: skip


def _day(on: dt.date | None) -> str:
    return on.isoformat() if on else ""


def _batches(actor: Actor, firm: str) -> Iterator[list[str]]:
    rows = queries.own(ItemBatch, actor).filter(firm_uscc=firm).select_related("item")
    for row in rows.order_by("item__code", "lot"):
        yield [row.lot, row.lot, row.item.code, _day(row.made_on), _day(row.expires_on)]


def _notes(actor: Actor, firm: str) -> Iterator[list[str]]:
    rows = queries.shipments(actor).filter(firm_uscc=firm).exclude(shipped_on=None)
    for row in rows.order_by("shipped_on", "number").prefetch_related("lines__item"):
        head = [row.number, row.customer.name, _day(row.shipped_on)]
        yield from document_rows(
            head,
            (
                [f"{row.number}-{place}", line.item.code, str(line.quantity), yuan(line.price_fen),
                 line.lot, line.serial]
                for place, line in enumerate(row.lines.all(), 1)
            ),
        )  # fmt: skip


def _invoices(actor: Actor, firm: str) -> Iterator[list[str]]:
    rows = queries.invoices(actor).filter(firm_uscc=firm).exclude(state="void")
    for row in rows.order_by("issued_on", "number").prefetch_related("lines__item"):
        head = [row.number, row.customer.name, _day(row.issued_on), _day(row.due_on)]
        sent = row.shipment.number if row.shipment else ""
        yield from document_rows(
            head,
            (
                [f"{row.number}-{place}", line.item.code, str(line.quantity), yuan(line.price_fen), sent]
                for place, line in enumerate(row.lines.all(), 1)
            ),
        )  # fmt: skip
