"""Published fact tables: what figures may rely on.

Each room declares its fact tables once, in ``tables.py``: one row per party and link,
visit, interview, case, transfer … Every column has a type, a meaning and a class
(public, internal, personal). ``source`` is one standard SELECT over the room's own
database tables, without parameters, that SQLite and PostgreSQL both run; its columns
are the declared ones, in order. The room's AppConfig publishes them at start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Type = Literal["text", "integer", "date", "boolean"]
Classification = Literal["public", "internal", "personal"]


@dataclass(frozen=True)
class Column:
    name: str
    type: Type
    meaning: str
    classification: Classification = "internal"


@dataclass(frozen=True)
class FactTable:
    """``key`` is the column that names one record; ``page`` the web path of it, with {key}.

    ``page_key`` names the column that fills {key} where it is not the record's own key
    (a party link's page is its party's). A column ``title``, where there is one, says in
    a list which record it is.
    """

    name: str
    meaning: str
    key: str
    columns: tuple[Column, ...]
    source: str
    page: str = ""
    page_key: str = ""

    def __post_init__(self) -> None:
        names = [c.name for c in self.columns]
        if len(set(names)) != len(names) or self.key not in names:
            raise ValueError(f"fact table {self.name}: columns must be distinct and hold the key")
        if "office_code" not in names:
            raise ValueError(f"fact table {self.name}: every fact belongs to an office")
        if self.page_key and self.page_key not in names:
            raise ValueError(f"fact table {self.name}: the page key must be one of its columns")


_published: dict[str, FactTable] = {}


def publish(*tables: FactTable) -> None:
    """Make fact tables known; publishing the same table again is harmless, another of its name is not."""
    for table in tables:
        if _published.setdefault(table.name, table) != table:
            raise ValueError(f"fact table {table.name} is published twice")


def published() -> dict[str, FactTable]:
    """Every published fact table by name."""
    return dict(_published)
