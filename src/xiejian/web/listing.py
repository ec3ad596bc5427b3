"""Lists: search, filter, sort, choose columns, count, page and export, the same on every page.

A view gives the rows that the actor may see (already searched and filtered by the room's query)
and the columns; the listing does the rest. The export holds exactly what is seen: the same rows,
the same order, the same columns, all pages.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.http import urlencode

from xiejian.registry.queries import Page, page
from xiejian.web.export import download

PAGE_SIZE = 50
PORTION = 2000  # rows that an export reads at a time
SHORT = 6  # characters that stay on one line
Prepare = Callable[[list[Any]], None]


@dataclass(frozen=True)
class Column:
    """One column: what it says (``value``), where it leads, how it is coloured, what it sorts by.

    ``sort`` are order_by fields for the rising order. ``tone`` gives a colour word for a state
    (red only for overdue and danger); the word itself always stands beside the colour. ``why``
    gives an address whose answer opens in the side panel.
    """

    key: str
    label: str
    value: Callable[[Any], object]
    sort: tuple[str, ...] = ()
    href: Callable[[Any], str] | None = None
    tone: Callable[[Any], str] | None = None
    why: Callable[[Any], str] | None = None
    shown: bool = True
    numeric: bool = False
    #: whether ``sort`` may be empty: empty ones then come last in either direction, on either database
    nullable: bool = False
    #: annotations that ``sort`` needs; made only when the list is sorted by this column
    annotate: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Filter:
    """One choice beside the search box; the empty value means all."""

    key: str
    label: str
    choices: list[tuple[str, str]]
    value: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell as shown."""

    label: str
    text: str
    href: str
    tone: str
    why: str
    numeric: bool
    short: bool  # dates, numbers and words of a few characters stay on one line


@dataclass(frozen=True)
class Heading:
    """A heading as shown: ``order`` is '', 'ascending' or 'descending'; ``query`` sorts by it."""

    label: str
    order: str
    query: str
    numeric: bool


def _local(value: object) -> object:
    """A moment by the office's clock; anything else as it is."""
    return timezone.localtime(value) if isinstance(value, dt.datetime) and timezone.is_aware(value) else value


def as_text(value: object) -> str:
    """What a cell says: dates in ISO form, yes and no as 是 and 否, nothing as an empty cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return str(value)


@dataclass
class Listing:
    """A list of one page. ``prepare`` attaches what the shown rows need, in one query for the page."""

    request: HttpRequest
    title: str
    columns: list[Column]
    rows: QuerySet[Any]
    default_sort: str
    filters: list[Filter] = field(default_factory=list)
    search_label: str = ""
    empty: str = "没有符合条件的记录"
    empty_next: str = ""
    prepare: Prepare | None = None
    selectable: bool = False
    #: what else may be done with the chosen rows: (label, icon, address that takes them as ``ids``)
    bulk: list[tuple[str, str, str]] = field(default_factory=list)
    hidden: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.asked: MultiValueDict[str, str] = self.request.GET
        self.search = self.asked.get("q", "")
        known = {c.key for c in self.columns}
        chosen = [key for key in self.asked.getlist("cols") if key in known]
        self.chosen = chosen or [c.key for c in self.columns if c.shown]
        self.visible_columns = [c for c in self.columns if c.key in self.chosen]
        sort = self.asked.get("sort", "")
        sortable = {c.key for c in self.columns if c.sort}
        self.sort = sort if sort.lstrip("-") in sortable else self.default_sort
        picked = [int(i) for i in self.asked.getlist("ids") if i.isdigit()]
        if picked:
            self.rows = self.rows.filter(pk__in=picked)
        number = self.asked.get("page", "1")
        self.wanted = max(1, int(number)) if number.isdigit() else 1

    @cached_property
    def found(self) -> Page[Any]:
        """The rows of the page asked for and the right total; the last page where there is no such page."""
        found = page(self.ordered(), self.wanted, PAGE_SIZE)
        if not found.items and self.wanted > 1:
            self.wanted = max(1, -(-found.total // PAGE_SIZE))
            found = page(self.ordered(), self.wanted, PAGE_SIZE)
        return found

    @property
    def total(self) -> int:
        return self.found.total

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))

    @property
    def page(self) -> int:
        return min(self.wanted, self.pages)

    @property
    def first_number(self) -> int:
        return 0 if self.total == 0 else (self.page - 1) * PAGE_SIZE + 1

    @property
    def last_number(self) -> int:
        return min(self.page * PAGE_SIZE, self.total)

    def ordered(self) -> QuerySet[Any]:
        """The rows in the asked order; the primary key makes it stable from page to page."""
        column = next(c for c in self.columns if c.key == self.sort.lstrip("-"))
        falling = self.sort.startswith("-")
        fields = [_order(name, falling, column.nullable) for name in column.sort]
        rows = self.rows.annotate(**column.annotate) if column.annotate else self.rows
        return rows.order_by(*fields, "-pk" if falling else "pk")

    def prepared(self, rows: Iterable[Any]) -> list[Any]:
        found = list(rows)
        if self.prepare is not None and found:
            self.prepare(found)
        return found

    def shown_rows(self) -> list[tuple[Any, list[Cell]]]:
        """The rows of this page with their cells; called once by the template."""
        rows = self.prepared(self.found.items)
        return [(row, [_cell(column, row) for column in self.visible_columns]) for row in rows]

    def headings(self) -> list[Heading]:
        found = []
        for column in self.visible_columns:
            order, query = "", ""
            if column.sort:
                if self.sort.lstrip("-") == column.key:
                    order = "descending" if self.sort.startswith("-") else "ascending"
                turned = f"-{column.key}" if order == "ascending" else column.key
                query = self.query(sort=turned, page=None)
            found.append(Heading(column.label, order, query, column.numeric))
        return found

    def query(self, **changes: object) -> str:
        """This list's address with changes; None takes a part away, what is usual is left out."""
        asked = {key: [v for v in self.asked.getlist(key) if v] for key in self.asked}
        for key in ("ids", "format"):
            asked.pop(key, None)
        for key, value in changes.items():
            if value is None:
                asked.pop(key, None)
            else:
                asked[key] = [str(value)]
        if asked.get("cols") == [c.key for c in self.columns if c.shown]:
            del asked["cols"]
        if asked.get("sort") == [self.default_sort]:
            del asked["sort"]
        return "?" + urlencode({key: values for key, values in asked.items() if values}, doseq=True)

    @property
    def export_query(self) -> str:
        return self.query(format="xlsx", page=None)

    @property
    def previous_query(self) -> str:
        return self.query(page=self.page - 1) if self.page > 1 else ""

    @property
    def next_query(self) -> str:
        return self.query(page=self.page + 1) if self.page < self.pages else ""

    @property
    def narrowed(self) -> bool:
        """Whether a search or a filter is set: then an empty list offers to take it away."""
        return bool(self.search) or any(f.value for f in self.filters)


def _order(name: str, falling: bool, nullable: bool) -> Any:
    if not nullable:
        return f"-{name}" if falling else name
    return F(name).desc(nulls_last=True) if falling else F(name).asc(nulls_last=True)


def _cell(column: Column, row: Any) -> Cell:
    value = _local(column.value(row))
    text = as_text(value)
    return Cell(
        column.label,
        text,
        column.href(row) if column.href else "",
        column.tone(row) if column.tone else "",
        column.why(row) if column.why else "",
        column.numeric,
        isinstance(value, dt.date | int) or len(text) <= SHORT,
    )


def show(listing: Listing, template: str, more: dict[str, Any] | None = None) -> HttpResponse:
    """The page, the part of it that htmx asks for, or the workbook."""
    if listing.asked.get("format") == "xlsx":
        return exported(listing)
    context = {"listing": listing, **(more or {})}
    htmx = getattr(listing.request, "htmx", None)
    if htmx and htmx.target == "listing":
        answer = render(listing.request, "web/parts/listing_rows.html", context)
        # the address to keep and to send on: without the empty and the usual parts of the form
        answer["HX-Push-Url"] = listing.request.path + listing.query().rstrip("?")
        return answer
    return render(listing.request, template, context)


def exported(listing: Listing) -> HttpResponse:
    """Every row of the list as a workbook, in the shown order and columns; read and prepared in portions."""
    cells = ([_local(column.value(row)) for column in listing.visible_columns] for row in _all_rows(listing))
    return download(listing.title, [c.label for c in listing.visible_columns], cells)


def _all_rows(listing: Listing) -> Iterator[Any]:
    rows = listing.ordered().iterator(chunk_size=PORTION)
    while portion := list(islice(rows, PORTION)):
        yield from listing.prepared(portion)
