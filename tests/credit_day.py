"""The day of the credit tests."""

from __future__ import annotations

import datetime as dt

TODAY = dt.date(2024, 3, 5)
