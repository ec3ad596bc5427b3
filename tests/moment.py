"""The moment at which every test acts unless it says otherwise."""

from __future__ import annotations

import datetime as dt

NOW = dt.datetime(2024, 3, 5, 9, 30, tzinfo=dt.UTC)
