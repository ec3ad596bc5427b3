"""Situations that an officer can read: what happened, and the figures that the table must show."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from supervision_year import Year
from xiejian.figures import tables

SITUATIONS = sorted(Path(__file__).parent.glob("*.toml"))


def tell(year: Year, story: dict) -> None:
    """Write down what happened."""
    parties = {p["name"]: year.party(**p) for p in story["party"]}
    for kind in ("visit", "case", "transfer", "interview"):
        for fact in story.get(kind, []):
            dates = {k: fact[k].isoformat() for k in ("on", "filed", "decided") if k in fact}
            getattr(year, kind)(**{**fact, **dates, "party": parties[fact["party"]]})


@pytest.mark.parametrize("where", ["duckdb", "database"])
@pytest.mark.parametrize("path", SITUATIONS, ids=lambda path: path.stem)
def test_the_table_shows_what_happened(db, now, path, where):
    story = tomllib.loads(path.read_text(encoding="utf-8"))
    tell(Year(now), story)

    table = tables.compute(story["table"], until=story["until"], office_code=story["office"], where=where)

    ids = [h.id for h in table.headings]
    found = {row.id: dict(zip(ids, row.cells, strict=True)) for row in table.rows}
    shown = {row: {f: float(found[row][f]) for f in figures} for row, figures in story["expect"].items()}
    assert shown == story["expect"]
