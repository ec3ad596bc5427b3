"""What the database believes of the sizes of its tables, put right after many rows were written at once."""

from __future__ import annotations

from django.db import connection

#: From so many rows written at once; below, what the server gathers by itself is good enough.
MANY = 1_000


def refresh(rows: int) -> None:
    """Have PostgreSQL count again after ``rows`` rows were written; nothing below ``MANY`` and on SQLite.

    PostgreSQL plans by what it counted last, which may be before this transaction: 20,000 parties read as
    if there were none took minutes instead of seconds. SQLite plans without counts.
    Source: https://www.postgresql.org/docs/15/populate.html (14.4.9).
    """
    if rows < MANY or connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
