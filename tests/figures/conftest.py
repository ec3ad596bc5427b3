"""A register and its year, written straight to the tables: figures only read."""

from __future__ import annotations

import pytest

from supervision_year import Year


@pytest.fixture
def year(db, now) -> Year:
    return Year(now)
