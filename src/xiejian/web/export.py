"""A list as a workbook: the rows, order and columns that are on the page."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from django.http import HttpResponse

from xiejian.kernel.tabular import write_xlsx

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def attachment(response: HttpResponse, filename: str) -> HttpResponse:
    """Name the download; Chinese names in the form that browsers read (RFC 6266)."""
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(filename)}"
    return response


def download(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """The workbook as an answer, named by its title."""
    stream = io.BytesIO()
    write_xlsx(stream, title, headings, rows)
    return attachment(HttpResponse(stream.getvalue(), content_type=XLSX), f"{title}.xlsx")
