"""What a firm writes into its report, for every point that its form asks."""

from __future__ import annotations

from typing import Any

from xiejian.self_inspections import keeping
from xiejian.self_inspections.models import SelfInspection

RETAILER = "91150525MA0N000000"
PLAIN: dict[str, Any] = {"conform": "conform", "number": 0, "text": "无重大问题", "yes_no": "no"}


def filled(report: SelfInspection, **said: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """An answer to every point of the report's form: nothing wrong, nothing happened, but for ``said``.

    Keys of ``said`` are point ids with _ for -.
    """
    own = {key.replace("_", "-"): value for key, value in said.items()}
    points = keeping.form_of(report).points
    return {point.id: own.get(point.id, {"answer": PLAIN[point.answer]}) for point in points}
