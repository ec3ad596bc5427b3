"""Lists to draw from: a text file, a table or a workbook, one entry a line."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import PurePath
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from xiejian.kernel.cells import clean
from xiejian.kernel.problems import Refused
from xiejian.kernel.tabular import canonical
from xiejian.planning.draws import problems
from xiejian.registry.columns import PARTY_COLUMNS

NAME, CODE, NUMBER = "主体名称", "统一社会信用代码", "序号"
_HEADINGS = {column.heading for column in PARTY_COLUMNS}
#: what the only column of a list is called when its first line is a heading
_LIST_WORDS = ("名称", "代码", "编号", "名单", "序号", "name", "code", "party", "key", "entry", "uscc")


def read_list(filename: str, content: bytes) -> tuple[list[str], dict[str, dict[str, str]]]:
    """The entries of a list file, and for a table the row of each entry.

    A row's entry is its name where names are all there and all different, else its credit code, else
    its first column. Refused with L105 (file type) or L106 (unreadable).
    """
    name = filename.lower()
    try:
        if name.endswith(".txt"):
            return lines_of(_text(content)), {}
        if name.endswith((".csv", ".csv.gz")):
            text = _text(gzip.decompress(content) if name.endswith(".gz") else content)
            return _entries(list(csv.reader(io.StringIO(text, newline=""))))
        if name.endswith(".xlsx"):
            sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
            return _entries(sheet.to_python())
    except (OSError, EOFError, csv.Error, CalamineError) as error:
        raise Refused(problems("L106", filename, why=str(error))) from error
    raise Refused(problems("L105", filename, suffix=PurePath(filename).suffix))


def lines_of(text: str) -> list[str]:
    """The entries of a list as typed: one a line, blank lines left out."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line]


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise OSError("既不是 UTF-8 也不是 GB18030 编码")


def _entries(raw: list[list[Any]]) -> tuple[list[str], dict[str, dict[str, str]]]:
    rows = [cells for line in raw if any(cells := [clean(cell) for cell in line])]
    if not rows:
        return [], {}
    headings = [canonical(cell, PARTY_COLUMNS) for cell in rows[0]]
    if not _is_heading(headings, rows):
        return [" ".join(cell for cell in cells if cell) for cells in rows], {}
    table = [dict(zip(headings, cells, strict=False)) for cells in rows[1:]]
    key = _key_column(headings, table)
    entries = [row.get(key, "") or " ".join(cell for cell in row.values() if cell) for row in table]
    if len(headings) == 1:
        return entries, {}
    return entries, dict(zip(reversed(entries), reversed(table), strict=True))


def _is_heading(headings: list[str], rows: list[list[str]]) -> bool:
    """Whether the first row names columns: several columns always do, a single one by its wording."""
    if len(headings) > 1:
        return True
    first = headings[0].casefold()
    return len(rows) > 1 and (first in _HEADINGS or first.endswith(_LIST_WORDS) or first == "id")


def _key_column(headings: list[str], table: list[dict[str, str]]) -> str:
    for column in (NAME, CODE):
        values = [row.get(column, "") for row in table]
        if all(values) and len(set(values)) == len(values):
            return column
    return next((h for h in headings if h and h != NUMBER), headings[0])
