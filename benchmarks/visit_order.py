"""Whom first, on the City of Chicago's food inspections: days earlier against a plain logistic regression.

Four windows of two months; each order is learnt from the visits before its window only. The columns are
what the files beside the project state of a business before the visit: its licences, place, kind and
risk class, and the counts of its earlier visits as of the visit, for visits of the window as of the
window's first day. Outcome: at least one critical item. No inspector, no weather and nothing of the
window itself is in the order. ``run()`` returns the ratios against the regression; ``python
benchmarks/visit_order.py`` prints the windows.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import json
import os
import re
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from xiejian.visit_order.evaluation import Evaluation, evaluate, gain, ranking
from xiejian.visit_order.features import Numbers, Past, codes_of
from xiejian.visit_order.model import one_hot, probability
from xiejian.visit_order.table import VisitTable, read

SHARED = Path(os.environ.get("XIEJIAN_SHARED", Path(__file__).parents[2] / "shared")) / "data"
FOLDER = SHARED / "chicago-food-inspections"
COUNTS = ("criticalCount", "seriousCount", "minorCount")
STATED = (
    "pastSerious", "pastCritical", "timeSinceLast", "ageAtInspection",
    "consumption_on_premises_incidental_activity", "tobacco",
)  # fmt: skip
LICENCES = (
    "package_goods", "outdoor_patio", "public_place_of_amusement", "limited_business_license", "tavern",
    "filling_station", "caterers_liquor_license",
)  # fmt: skip
PLACES = ("Facility_Type", "Risk", "Latitude", "Longitude", "pastFail", "pastMinor")
PEER = (*STATED, "pastMinor", "pastFail")


def _rows(name: str) -> list[dict[str, str]]:
    with gzip.open(FOLDER / name, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _earlier_counts(inspections: list[dict[str, str]], first_day: str) -> dict[str, dict[str, str]]:
    """Last and mean counts of a licence before each visit; for visits of the window, before the window."""
    found: dict[str, dict[str, str]] = {}
    seen: dict[str, list[tuple[str, list[int]]]] = defaultdict(list)
    for row in sorted(inspections, key=lambda r: (r["Inspection_Date"], int(r["Inspection_ID"]))):
        limit = min(row["Inspection_Date"], first_day)
        before = [counts for day, counts in seen[row["License"]] if day < limit]
        values = {}
        for i, name in enumerate(COUNTS):
            values[f"last_{name}"] = str(before[-1][i]) if before else ""
            # one visit without a finding is added, so that a single bad day weighs less than several
            values[f"mean_{name}"] = f"{sum(c[i] for c in before) / (len(before) + 1):.4f}"
        found[row["Inspection_ID"]] = values
        seen[row["License"]].append((row["Inspection_Date"], [int(row[name]) for name in COUNTS]))
    return found


def window_file(path: Path, first_day: str, last_day: str) -> None:
    """Write the visits up to ``last_day`` in the form of ``xiejian risk evaluate``."""
    inspections = _rows("inspections.csv.gz")
    stated = {row["Inspection_ID"]: row for row in inspections}
    licences = {row["Inspection_ID"]: row for row in _rows("licences.csv.gz")}
    counts = _earlier_counts(inspections, first_day)
    found = []
    for row in _rows("model_table_train.csv.gz"):
        if row["Inspection_Date"] > last_day:
            continue
        key = row["Inspection_ID"]
        place, licence = stated[key], licences[key]
        found.append(
            {"visit_id": key, "party_id": row["License"], "visited_on": row["Inspection_Date"],
             "inspector": row["sanitarian"], "found": row["criticalFound"]}
            | {name: row[name] for name in STATED}
            | {name: place[name] for name in PLACES}
            | {name: licence[name] for name in LICENCES}
            | {"name": re.sub(r"[^A-Z ]", "", place["DBA_Name"].upper()).strip(),
               "address": place["Address"].strip(), "account": f"A{licence['ACCOUNT_NUMBER']}"}
            | counts[key]
        )  # fmt: skip
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, found[0])
        writer.writeheader()
        writer.writerows(found)


def _plain(table: VisitTable, on: int) -> tuple[float, float]:
    """The peer: logistic regression on the city's own columns, inspectors as terms left out of the score."""
    before, after = (
        table.rows(np.flatnonzero(w)).past for w in (table.past.days < on, table.past.days >= on)
    )
    columns = []
    for name in PEER:
        pair = [_numbers(past, name) for past in (before, after)]
        mean, spread = np.nanmean(pair[0]), np.nanstd(pair[0]) or 1.0
        columns.append([np.nan_to_num((values - mean) / spread) for values in pair])
    train, test = (np.column_stack([c[i] for c in columns]) for i in (0, 1))
    inspectors, names = codes_of(before.inspectors)
    weight = _regress(np.hstack([train, one_hot(inspectors, len(names))]), before.found)
    rank = ranking(test @ weight[: len(PEER)], table.rows(np.flatnonzero(table.past.days >= on)).visits)
    groups, _ = codes_of(after.inspectors)
    both = (gain(after.days, rank, after.found, g, 1).mean for g in (np.zeros_like(groups), groups))
    pooled, within = (float(value or 0.0) for value in both)
    return pooled, within


def _numbers(past: Past, name: str) -> Any:
    column = past.subjects.columns[name]
    assert isinstance(column, Numbers)
    return column.values


def _regress(design: Any, found: Any) -> Any:
    """Newton's method with a pull of 1 on every weight, as the usual libraries start from."""
    weight = np.zeros(design.shape[1])
    for _ in range(20):
        p = probability(design @ weight)
        hessian = (design * (p * (1 - p))[:, None]).T @ design + np.eye(len(weight))
        weight += np.linalg.solve(hessian, design.T @ (found - p) - weight)
    return weight


def windows() -> list[tuple[Evaluation, tuple[float, float]]]:
    """The four windows: our back-test and the peer's gains (pooled, within inspector)."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for window in json.loads((FOLDER / "reference_windows.json").read_text(encoding="utf-8")):
            path = Path(folder) / "visits.csv"
            window_file(path, window["window"][0], window["last_day"])
            table, first = read(path), dt.date.fromisoformat(window["window"][0])
            found.append((evaluate(table, first), _plain(table, first.toordinal())))
    return found


def run() -> list[dict[str, Any]]:
    """Mean days earlier over the windows against the plain regression; 4.0 and 3.5 days are needed."""
    found = windows()
    results = []
    for place, (name, need) in enumerate((("pooled", 4.0), ("within", 3.5))):
        gains = [getattr(ours, name) for ours, _ in found]
        ours, theirs = np.mean([g.mean for g in gains]), np.mean([peer[place] for _, peer in found])
        chance = np.mean([g.random for g in gains])
        spans = "，".join(f"{g.mean:.1f} [{g.low:.1f}, {g.high:.1f}]" for g in gains)
        enough = ours >= need and all(g.low > 0 for g in gains)
        results.append(
            {
                "name": f"visit order, days earlier {name}",
                "ratio": round(float(ours / theirs), 2) if enough else 0.0,
                "need": 1.0,
                "detail": f"{ours:.2f} days (need {need}; plain regression {theirs:.2f}, "
                f"random order {chance:.2f}); windows {spans}",
            }
        )
    return results


if __name__ == "__main__":
    for done in run():
        print(done["name"], done["ratio"], done["detail"])
