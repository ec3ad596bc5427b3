"""The four CSV forms of ERPNext's Data Import: what their headings mean, and lines grouped into documents.

A document (a delivery note, an invoice) is its first line and the lines below whose document columns are
empty; a column of the table of items is called ``Label (Items)``. Amounts are yuan in the file.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xiejian.kernel import tabular
from xiejian.kernel.cells import Cells
from xiejian.kernel.problems import Problem, Refused
from xiejian.kernel.tabular import Column
from xiejian.sales.checks import problems

#: what ERPNext writes for a box that is ticked or not
TICKED, NOT_TICKED = "1", "0"


def _of_items(label: str, name: str, required: bool = False) -> Column:
    return Column(f"{label} (Items)", required, "", "", (f"items.{name}",))


_LINES = (
    Column("ID (Items)"), _of_items("Item Code", "item_code", True), _of_items("Quantity", "qty", True),
    _of_items("Rate", "rate"),
)  # fmt: skip
_DOCUMENT = (
    Column("ID", True, "", "", ("name",)), Column("Customer", True, "", "", ("customer",)),
    Column("Date", True, "", "", ("posting_date", "Posting Date")),
)  # fmt: skip
#: kind → the columns of its form
FORMS: dict[str, tuple[Column, ...]] = {
    "item": (
        Column("ID", False, "", "", ("name",)), Column("Item Code", True, "", "", ("item_code",)),
        Column("Item Name", False, "", "", ("item_name",)),
        Column("Item Group", False, "", "", ("item_group",)),
        Column("Default Unit of Measure", False, "", "", ("stock_uom",)),
        Column("Has Batch No", False, "", "", ("has_batch_no",)),
        Column("Has Expiry Date", False, "", "", ("has_expiry_date",)),
        Column("Barcode (Barcodes)", False, "", "", ("barcodes.barcode",)),
    ),
    "batch": (
        Column("ID", False, "", "", ("name",)), Column("Batch ID", True, "", "", ("batch_id",)),
        Column("Item", True, "", "", ("item",)),
        Column("Manufacturing Date", False, "", "", ("manufacturing_date",)),
        Column("Expiry Date", False, "", "", ("expiry_date",)),
    ),
    "delivery_note": (
        *_DOCUMENT, *_LINES, _of_items("Batch No", "batch_no"), _of_items("Serial No", "serial_no"),
    ),
    "sales_invoice": (
        *_DOCUMENT, Column("Payment Due Date", False, "", "", ("due_date", "Due Date")), *_LINES,
        _of_items("Delivery Note", "delivery_note"),
    ),
}  # fmt: skip
LABELS = {
    "item": "Item",
    "batch": "Batch",
    "delivery_note": "Delivery Note",
    "sales_invoice": "Sales Invoice",
}


@dataclass(frozen=True)
class ItemRow:
    """One line of Item."""

    where: str
    code: str
    name: str
    group: str
    unit: str
    has_batch: bool
    has_expiry: bool
    di: str


@dataclass(frozen=True)
class BatchRow:
    """One line of Batch."""

    where: str
    item: str
    lot: str
    made_on: dt.date | None
    expires_on: dt.date | None


@dataclass(frozen=True)
class SoldLine:
    """One line of the items of a document; ``delivery_note`` only on an invoice."""

    item: str
    quantity: int
    price_fen: int
    lot: str = ""
    serial: str = ""
    delivery_note: str = ""


@dataclass
class Document:
    """A delivery note or an invoice with its lines, and what was wrong with any of them."""

    where: str
    number: str
    customer: str
    on: dt.date | None
    due_on: dt.date | None = None
    lines: list[SoldLine] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def check_kind(kind: str) -> None:
    """Refused SA607 for a kind that has no form."""
    if kind not in FORMS:
        raise Refused(problems("SA607", "类别", kind=kind, known="、".join(FORMS)))


# --- reading -----------------------------------------------------------------------------------------------


def _rows(path: Path, kind: str) -> Iterator[tuple[str, Cells]]:
    for row in tabular.read(path, FORMS[kind]).rows():
        yield row.where, Cells(row.values, problems=list(row.faults))


def read_items(path: Path) -> Iterator[tuple[ItemRow, list[Problem]]]:
    """The lines of Item; lines that only add a barcode to the item above are left out."""
    for where, cells in _rows(path, "item"):
        if not cells.row.get("Item Code") and cells.row.get("Barcode (Barcodes)"):
            continue
        code = cells.text("Item Code", 140, required=True)
        batch, expiry = cells.yes_no("Has Batch No"), cells.yes_no("Has Expiry Date")
        yield (
            ItemRow(
                where, code, cells.text("Item Name", 200) or code, cells.text("Item Group", 80),
                cells.text("Default Unit of Measure", 20) or "Nos", bool(batch), bool(expiry),
                cells.text("Barcode (Barcodes)", 40),
            ),
            cells.problems,
        )  # fmt: skip


def read_batches(path: Path) -> Iterator[tuple[BatchRow, list[Problem]]]:
    """The lines of Batch."""
    for where, cells in _rows(path, "batch"):
        yield (
            BatchRow(
                where, cells.text("Item", 140, required=True), cells.text("Batch ID", 60, required=True),
                cells.day("Manufacturing Date"), cells.day("Expiry Date"),
            ),
            cells.problems,
        )  # fmt: skip


def _quantity(cells: Cells) -> int:
    """A whole number above zero; ERPNext writes 3 as 3 or 3.0."""
    text = cells.text("Quantity (Items)", 30, required=True).replace(",", "")
    whole, _, rest = text.partition(".")
    if whole.isascii() and whole.isdigit() and not rest.strip("0") and 0 < int(whole[:12]) < 10**9:
        return int(whole)
    if text:
        cells.problems.append(problems("SA604", "Quantity (Items)", value=text))
    return 0


def _line(cells: Cells) -> SoldLine:
    return SoldLine(
        cells.text("Item Code (Items)", 140, required=True), _quantity(cells), cells.fen("Rate (Items)") or 0,
        cells.text("Batch No (Items)", 60), cells.text("Serial No (Items)", 60),
        cells.text("Delivery Note (Items)", 80),
    )  # fmt: skip


def read_documents(path: Path, kind: str, today: dt.date) -> list[Document]:
    """Delivery notes or invoices: each begins at a line with an ID; what no document owns is a problem."""
    found: list[Document] = []
    for where, cells in _rows(path, kind):
        if cells.row.get("ID"):
            found.append(
                Document(
                    where, cells.text("ID", 80), cells.text("Customer", 200, required=True),
                    cells.day("Date", required=True, not_after=today), cells.day("Payment Due Date"),
                )
            )  # fmt: skip
        elif not found or cells.row.get("Customer") or cells.row.get("Date"):
            found.append(Document(where, "", "", None, problems=[problems("SA606", where)]))
            continue
        line = _line(cells)
        found[-1].lines.append(line)
        found[-1].problems += [placed(problem, where) for problem in cells.problems]
    return found


def placed(problem: Problem, where: str) -> Problem:
    """The problem with the line at which it stands."""
    return Problem(problem.code, problem.message, f"{where}，{problem.where}", problem.next, problem.clause)


# --- writing -----------------------------------------------------------------------------------------------


def yuan(fen: int) -> str:
    """An amount as ERPNext writes it.

    >>> yuan(123456), yuan(5)
    ('1234.56', '0.05')
    """
    return f"{fen // 100}.{fen % 100:02d}"


def ticked(value: bool) -> str:
    return TICKED if value else NOT_TICKED


def document_rows(head: Sequence[str], lines: Iterable[Sequence[str]]) -> Iterator[list[str]]:
    """A document's lines: its own columns only on the first."""
    blank = [""] * len(head)
    for place, line in enumerate(lines):
        yield [*(blank if place else head), *line]


def as_csv(kind: str, rows: Iterable[Sequence[str]]) -> str:
    """The file's text; no mark before the first heading, which ERPNext would take for part of it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.heading for column in FORMS[kind]])
    writer.writerows(rows)
    return out.getvalue()
