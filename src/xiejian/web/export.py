"""A list as a workbook: the rows, order and columns that are on the page."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Sequence
from urllib.parse import quote

import xlsxwriter
from django.http import HttpResponse

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def attachment(response: HttpResponse, filename: str) -> HttpResponse:
    """Name the download; Chinese names in the form that browsers read (RFC 6266)."""
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(filename)}"
    return response


def workbook(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """One sheet with a bold, frozen heading. Text stays text: a name that begins with = is no formula."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, "constant_memory": True}) as book:
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "vcenter"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet(title[:31])
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_column(0, max(0, len(headings) - 1), 18)
        sheet.write_row(0, 0, list(headings), bold)
        for number, row in enumerate(rows, start=1):
            for place, value in enumerate(row):
                if isinstance(value, bool):
                    sheet.write_string(number, place, "是" if value else "否")
                elif isinstance(value, int | float):
                    sheet.write_number(number, place, value)
                elif isinstance(value, dt.date) and not isinstance(value, dt.datetime):
                    sheet.write_datetime(number, place, value, day)
                elif value is not None:
                    sheet.write_string(number, place, str(value))
    return stream.getvalue()


def download(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """The workbook as an answer, named by its title."""
    return attachment(HttpResponse(workbook(title, headings, rows), content_type=XLSX), f"{title}.xlsx")
