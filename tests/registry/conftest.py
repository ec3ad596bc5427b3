"""Files for the register: rows as dicts, written as csv, loaded at a moment."""

import csv

import pytest

from xiejian.people.policy import SYSTEM
from xiejian.registry.importing import import_parties

PARTY = {"主体名称": "奈曼旗平安药房", "环节": "经营", "行政区划代码": "150525100"}


@pytest.fixture
def file(tmp_path):
    """Write rows (dicts) as a csv file; every key of every row is a column."""
    count = iter(range(1000))

    def write(*rows, name=None):
        headings = list(dict.fromkeys(key for row in rows for key in row))
        path = tmp_path / (name or f"{next(count)}.csv")
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, headings, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


@pytest.fixture
def load(file, now, db):
    """Import rows of parties; each row is completed by PARTY."""

    def run(*rows, by=SYSTEM, **options):
        return import_parties(path=file(*({**PARTY, **row} for row in rows)), by=by, at=now, **options)

    return run
