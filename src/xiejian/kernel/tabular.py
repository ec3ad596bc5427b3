"""Tables of rows in .csv, .csv.gz and .xlsx files: headings found, rows given one by one.

``read(path, columns)`` recognises the heading row under titles and blank rows, under other
known names and with stars or notes, and refuses a file that cannot be used with a problem
that names sheet, row, column and remedy. Rows that hold a formula without a stored result,
an error value or part of a merged area carry the problem with them (``Row.faults``).
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import gzip
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any

import openpyxl
import xlsxwriter
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum
from xlsxwriter.utility import xl_cell_to_rowcol, xl_col_to_name

from xiejian.kernel.problems import Catalogue, Problem, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))

#: the last column of a workbook of returned rows; ignored when the mended workbook comes in again
REASON = "退回原因"
#: headings are looked for in this many rows from the top that are not blank
HEADING_ROWS = 40
#: sheets whose bounds promise more cells than this per byte of XML are read by the slow, sparse way
_SPARSE_CELLS_PER_BYTE = 1
_SPARSE_CELLS = 4_000_000
_MAX_UNPACKED = 4 << 30


@dataclass(frozen=True)
class Column:
    """One column of a form: its ``heading`` and other names under which it is known."""

    heading: str
    required: bool = False
    meaning: str = ""
    example: str = ""
    synonyms: tuple[str, ...] = ()


@dataclass
class Row:
    """One row: ``values`` by the form's heading (unknown headings as printed), blank cells left out."""

    sheet: str
    number: int  # as the spreadsheet counts: the first row is 1
    values: dict[str, Any]
    faults: list[Problem] = field(default_factory=list)

    @property
    def where(self) -> str:
        return f"{self.sheet}第{self.number}行" if self.sheet else f"第{self.number}行"


@dataclass
class Sheet:
    """One table: ``headings`` by position (the form's heading, or as printed, or '' for none)."""

    name: str
    heading_row: int
    headings: list[str]
    cells: Iterable[list[Any]]  # the rows after the heading row
    faults: dict[int, list[Problem]] = field(default_factory=dict)

    def rows(self) -> Iterator[Row]:
        """The rows that are not blank, in order."""
        used = [(i, heading) for i, heading in enumerate(self.headings) if heading and heading != REASON]
        width = len(self.headings)
        for number, cells in enumerate(self.cells, self.heading_row + 1):
            values = {
                heading: value
                for i, heading in used
                if i < len(cells) and (value := cells[i]) is not None and value != "" and value != " "
            }
            if not values or not any(v.strip() if isinstance(v, str) else True for v in values.values()):
                continue
            row = Row(self.name, number, values, self.faults.get(number, []))
            if len(cells) > width and any(str(c).strip() for c in cells[width:] if c is not None):
                row.faults = [*row.faults, problems("K410", where=row.where, width=width)]
            yield row


@dataclass
class Table:
    """A file as sheets with recognised headings; ``skipped`` names the sheets without any."""

    sheets: list[Sheet]
    skipped: list[str]

    @property
    def headings(self) -> list[str]:
        """All headings of all sheets, in order, without the reason column."""
        found = dict.fromkeys(h for sheet in self.sheets for h in sheet.headings)
        return [h for h in found if h and h != REASON]

    def rows(self) -> Iterator[Row]:
        for sheet in self.sheets:
            yield from sheet.rows()


# --- headings -----------------------------------------------------------------------------------

_DECORATION = re.compile(r"[\s*＊※:：]+|[(（](必填|选填|元|人|个|起|次)[)）]")


def heading_key(text: str) -> str:
    """What two spellings of one heading have in common: width, blanks, stars and notes do not count."""
    return _DECORATION.sub("", unicodedata.normalize("NFKC", text))


@cache
def _by_key(columns: tuple[Column, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for column in columns:
        for name in (column.heading, *column.synonyms):
            found.setdefault(heading_key(name), column.heading)
    return found


def canonical(text: str, columns: tuple[Column, ...]) -> str:
    """The form's heading that ``text`` means, or ``text`` trimmed where the form has none."""
    return _by_key(columns).get(heading_key(text), text.strip())


def _known(cells: Sequence[Any], columns: tuple[Column, ...]) -> int:
    keys = _by_key(columns)
    return len({keys[k] for c in cells if isinstance(c, str) and (k := heading_key(c)) in keys})


def _find_heading(rows: Sequence[Sequence[Any]], columns: tuple[Column, ...]) -> int | None:
    """The position of the row with the most known headings (at least two, or all of a form of one)."""
    best, found = min(1, len(columns) - 1), None
    seen = 0
    for i, cells in enumerate(rows):
        if any(c not in (None, "") for c in cells):
            seen += 1
            if (known := _known(cells, columns)) > best:
                best, found = known, i
            if seen >= HEADING_ROWS:
                break
    return found


def _headings(sheet: str, number: int, cells: Sequence[Any], columns: tuple[Column, ...]) -> list[str]:
    """The headings of one row; K406 for one that is there twice, K405 for a required one that is missing."""
    names = [canonical(str(c), columns) if c not in (None, "") else "" for c in cells]
    while names and not names[-1]:
        names.pop()
    where = f"{sheet}第{number}行" if sheet else f"第{number}行"
    for i, name in enumerate(names):
        if name and name in names[:i]:
            first = names.index(name)
            at = f"{xl_col_to_name(first)}、{xl_col_to_name(i)}"
            raise Refused(problems("K406", f"{where}，{at}列", heading=name, columns=at))
    if missing := [c.heading for c in columns if c.required and c.heading not in names]:
        raise Refused(problems("K405", where, missing="、".join(missing)))
    return names


# --- files --------------------------------------------------------------------------------------


def read(path: Path, columns: tuple[Column, ...], either: tuple[str, ...] = ()) -> Table:
    """Open a table file and recognise its headings; of the headings in ``either`` one is required.

    Refused: K401 wrong file type, K402 no such file, K403 unreadable, K404 no known heading row,
    K405 required heading missing, K406 heading twice, K407 merged headings, K408 unknown encoding,
    K409 nothing in the file, K413 too big when unpacked.
    """
    if not path.is_file():
        raise Refused(problems("K402", path.name))
    if path.stat().st_size == 0:
        raise Refused(problems("K409", path.name))
    table = _open(path, columns)
    for sheet in table.sheets:
        if either and not set(either) & set(sheet.headings):
            where = f"{sheet.name}第{sheet.heading_row}行"
            raise Refused(problems("K405", where, missing=" 或 ".join(either)))
    return table


def _open(path: Path, columns: tuple[Column, ...]) -> Table:
    name = path.name.lower()
    with path.open("rb") as file:
        magic = file.read(4)
    if name.endswith(".xlsx") and magic[:2] == b"PK":
        return _read_workbook(path, columns)
    if name.endswith(".csv.gz") and magic[:2] == b"\x1f\x8b":
        try:
            return _read_csv(gzip.decompress(path.read_bytes()), path.name, columns)
        except (OSError, EOFError, zlib.error) as error:
            raise Refused(problems("K403", path.name, why=str(error))) from None
    if name.endswith(".csv") and magic[:2] not in (b"PK", b"\x1f\x8b") and magic != b"\xd0\xcf\x11\xe0":
        return _read_csv(path.read_bytes(), path.name, columns)
    raise Refused(problems("K401", path.name))


def _decode(data: bytes, filename: str) -> str:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused(problems("K408", filename))


def _read_csv(data: bytes, filename: str, columns: tuple[Column, ...]) -> Table:
    text = _decode(data, filename)
    if not text.strip():
        raise Refused(problems("K409", filename))
    if "\x00" in text:
        raise Refused(problems("K401", filename))
    csv.field_size_limit(1 << 24)
    delimiter = _delimiter(text, columns)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        head = [cells for _, cells in zip(range(HEADING_ROWS * 5), reader, strict=False)]
    except csv.Error as error:
        raise Refused(problems("K403", filename, why=str(error))) from None
    found = _find_heading(head, columns)
    if found is None:
        raise Refused(_no_headings(filename, columns))
    headings = _headings("", found + 1, head[found], columns)
    rest = _chain(head[found + 1 :], reader, filename)
    return Table([Sheet("", found + 1, headings, rest)], [])


def _delimiter(text: str, columns: tuple[Column, ...]) -> str:
    """The separator under which the first lines show the most known headings; the comma where none does."""
    lines = text[:20_000].splitlines()[:HEADING_ROWS]
    return max(",\t;，", key=lambda d: max((_known(line.split(d), columns) for line in lines), default=0))


def _chain(head: list[list[str]], reader: Iterator[list[str]], filename: str) -> Iterator[list[str]]:
    yield from head
    try:
        yield from reader
    except csv.Error as error:
        raise Refused(problems("K403", filename, why=str(error))) from None


def _no_headings(where: str, columns: tuple[Column, ...]) -> Problem:
    required = "、".join(c.heading for c in columns if c.required)
    return problems("K404", where, required=required)


# --- workbooks ----------------------------------------------------------------------------------


def _read_workbook(path: Path, columns: tuple[Column, ...]) -> Table:
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(item.file_size for item in archive.infolist()) > _MAX_UNPACKED:
                raise Refused(problems("K413", path.name))
        book = CalamineWorkbook.from_path(path)
        shown = [
            (i, m.name)
            for i, m in enumerate(book.sheets_metadata)
            if m.typ == SheetTypeEnum.WorkSheet and m.visible == SheetVisibleEnum.Visible
        ]
        found: list[tuple[str, Sheet | str]] = [
            (name, _read_sheet(path, book, i, name, columns)) for i, name in shown
        ]
    except (CalamineError, zipfile.BadZipFile, zlib.error, OSError, KeyError) as error:
        raise Refused(problems("K403", path.name, why=str(error) or type(error).__name__)) from None
    sheets = [sheet for _, sheet in found if isinstance(sheet, Sheet)]
    if not sheets:
        if all(sheet == "empty" for _, sheet in found):
            raise Refused(problems("K409", path.name))
        raise Refused(_no_headings("、".join(title for _, title in shown) or path.name, columns))
    return Table(sheets, [name for name, sheet in found if sheet == "no headings"])


def _read_sheet(
    path: Path, book: CalamineWorkbook, index: int, name: str, columns: tuple[Column, ...]
) -> Sheet | str:
    part = _sheet_part(path, index)
    merged: list[tuple[tuple[int, int], tuple[int, int]]] = []
    if part and _is_sparse(path, part):
        rows: Iterator[list[Any]] = _sparse_rows(path, name)
    else:
        sheet: CalamineSheet = book.get_sheet_by_index(index)
        if sheet.start is None:
            return "empty"
        merged = list(sheet.merged_cell_ranges or [])
        rows = iter(sheet.iter_rows())  # from the top of the sheet, blank rows and columns included
    head = [cells for _, cells in zip(range(HEADING_ROWS * 5), rows, strict=False)]
    found = _find_heading(head, columns)
    if found is None:
        return "no headings" if any(c not in (None, "") for cells in head for c in cells) else "empty"
    number = found + 1
    _check_merged_headings(name, number, merged)
    headings = _headings(name, number, head[found], columns)
    faults = _merged_faults(name, number, merged)
    for row, column, code in _bad_cells(path, part) if part else ():
        heading = headings[column] if column < len(headings) else ""
        where = f"{name}第{row}行，{xl_col_to_name(column)}列{heading}"
        faults.setdefault(row, []).append(problems(code, where))
    return Sheet(name, number, headings, _after(head[found + 1 :], rows), faults)


def _after(head: list[list[Any]], rows: Iterator[list[Any]]) -> Iterator[list[Any]]:
    yield from head
    yield from rows


_Range = tuple[tuple[int, int], tuple[int, int]]


def _name(area: _Range) -> str:
    (top, left), (bottom, right) = area
    return f"{xl_col_to_name(left)}{top + 1}:{xl_col_to_name(right)}{bottom + 1}"


def _check_merged_headings(sheet: str, number: int, merged: list[_Range]) -> None:
    """K407 when part of the heading row is merged (a merged title above it is fine)."""
    areas = [a for a in merged if a[0][0] <= number - 1 <= a[1][0]]
    if areas:
        raise Refused(problems("K407", f"{sheet}第{number}行", areas="、".join(map(_name, areas[:5]))))


def _merged_faults(sheet: str, number: int, merged: list[_Range]) -> dict[int, list[Problem]]:
    """K412 for every data row that lies in a merged area: only its first cell has the value."""
    faults: dict[int, list[Problem]] = {}
    for area in merged:
        for row in range(max(area[0][0] + 1, number + 1), area[1][0] + 2):
            faults.setdefault(row, []).append(problems("K412", f"{sheet}第{row}行", area=_name(area)))
    return faults


@cache
def _parts(path: Path, stamp: float) -> list[str]:
    """The XML part of each sheet, in the order of the workbook."""
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
            return []
        book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
        links = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    targets = {}
    for link in re.findall(r"<(?:\w+:)?Relationship\b[^>]*>", links):
        key, target = re.search(r'\bId="([^"]+)"', link), re.search(r'\bTarget="([^"]+)"', link)
        if key and target:
            where = target[1].removeprefix("/")
            targets[key[1]] = where if where.startswith("xl/") else f"xl/{where}"
    ids = [re.search(r'\br:id="([^"]+)"', tag) for tag in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", book)]
    found = [targets.get(key[1], "") if key else "" for key in ids]
    return [name if name in names else "" for name in found]


def _sheet_part(path: Path, index: int) -> str:
    parts = _parts(path, path.stat().st_mtime)
    return parts[index] if index < len(parts) else ""


def _is_sparse(path: Path, part: str) -> bool:
    """Whether the declared bounds are far larger than the XML: one stray cell at the end of the sheet."""
    with zipfile.ZipFile(path) as archive, archive.open(part) as file:
        size = archive.getinfo(part).file_size
        bounds = re.search(rb'<(?:\w+:)?dimension ref="[A-Z]+\d+:([A-Z]+\d+)"', file.read(4096))
    if not bounds:
        return False
    row, column = xl_cell_to_rowcol(bounds[1].decode())
    cells = (row + 1) * (column + 1)
    return bool(cells > _SPARSE_CELLS and cells > size * _SPARSE_CELLS_PER_BYTE)


def _sparse_rows(path: Path, name: str) -> Iterator[list[Any]]:
    """Rows one by one without a grid in memory, slower: for sheets that are almost all empty."""
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        for cells in book[name].iter_rows(values_only=True):
            yield [_plain(cell) for cell in cells] if any(c is not None for c in cells) else []
    finally:
        book.close()


def _plain(value: Any) -> Any:
    """openpyxl's midnight is calamine's date."""
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date()
    return "" if value is None else value


_CELL = rb'<(?:\w+:)?c r="([A-Z]+\d+)"([^>]*)>'
_NO_VALUE = rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?"
_FORMULA = re.compile(
    _CELL + rb"\s*<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*" + _NO_VALUE + rb"\s*</(?:\w+:)?c>"
)
_ERROR = re.compile(_CELL)


def _bad_cells(path: Path, part: str) -> Iterator[tuple[int, int, str]]:
    """Cells with a formula but no stored result (K411) or with an error value (K414): (row, column, code)."""
    with zipfile.ZipFile(path) as archive, archive.open(part) as file:
        tail = b""
        while chunk := file.read(1 << 22):
            text = tail + chunk
            cut = text.rfind(b"</row>")  # cells do not cross rows
            text, tail = (text[:cut], text[cut:]) if cut >= 0 else (b"", text)
            if b"<f" in text or b":f" in text:
                for match in _FORMULA.finditer(text):
                    row, column = xl_cell_to_rowcol(match[1].decode())
                    yield row + 1, column, "K411"
            if b't="e"' in text:
                for match in _ERROR.finditer(text):
                    if b't="e"' in match[2]:
                        row, column = xl_cell_to_rowcol(match[1].decode())
                        yield row + 1, column, "K414"


# --- writing ------------------------------------------------------------------------------------


def write_xlsx(
    target: Path | IO[bytes],
    title: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[Any]],
    widths: Sequence[float] = (),
) -> int:
    """Write one sheet named ``title`` with a frozen heading row and a filter; returns the number of rows.

    Text stays text (never a formula or a link), dates are dates. ``target``: a path or a binary stream.
    """
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(str(target) if isinstance(target, Path) else target, options)
    sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\]", " ", title)[:31] or "表")
    head = book.add_format(
        {"bold": True, "bg_color": "#E8EEF7", "border": 1, "text_wrap": True, "valign": "vcenter"}
    )
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.freeze_panes(1, 0)
    for i, heading in enumerate(headings):
        sheet.set_column(i, i, widths[i] if i < len(widths) else max(10, min(40, 2.2 * len(heading) + 4)))
        sheet.write_string(0, i, heading, head)
    count = 0
    for count, cells in enumerate(rows, 1):
        for i, value in enumerate(cells):
            _write_cell(sheet, count, i, value, day)
    if headings:
        sheet.autofilter(0, 0, max(count, 1), len(headings) - 1)
    book.close()
    return count


def _write_cell(sheet: Any, row: int, column: int, value: Any, day: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_string(row, column, "是" if value else "否")
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value)
    elif isinstance(value, dt.date):
        sheet.write_datetime(row, column, dt.datetime(value.year, value.month, value.day), day)
    else:
        sheet.write_string(row, column, str(value)[:32_000])
