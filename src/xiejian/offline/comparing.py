"""What becomes of a value from a phone when the system may have moved on meanwhile. Pure.

Three values are compared: ``known``, what the phone showed when the inspector wrote; ``stored``, what the
system holds now; ``given``, what the inspector wrote. None means: no answer yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Value = Mapping[str, Any] | None
Verdict = Literal["same", "apply", "conflict"]

POINT = ("state", "fact", "severe")


def verdict(known: Value, stored: Value, given: Value) -> Verdict:
    """same: nothing to do; apply: nobody else touched it; conflict: somebody did, with another value."""
    if stored == given:
        return "same"
    return "apply" if stored == known else "conflict"


def point(raw: Value) -> dict[str, Any] | None:
    """One answer in the form that is compared: state, fact without outer blanks, severe."""
    if not raw or not raw.get("state"):
        return None
    return {
        "state": str(raw["state"]),
        "fact": str(raw.get("fact") or "").strip(),
        "severe": bool(raw.get("severe")),
    }
