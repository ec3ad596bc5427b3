"""The duplicate search by place and time against a city's own marks: precision and recall.

37,171 complaints to Chicago (data set chicago-sanitation-complaints; the marks ``- Dup`` are the city's).
What is judged is ``leads.likeness``, as the page of a lead uses it. LD-4 was chosen on those of 2013;
the figures asked for are those of 2014. A "wrong" hit may be a duplicate that nobody marked.

    .venv/bin/python benchmarks/duplicates.py [FILE]
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import sys
import time
from pathlib import Path
from typing import Any

from xiejian.leads import rules
from xiejian.leads.likeness import Seen, place_key, repeats

DATA = Path(__file__).parents[2] / "shared" / "data" / "chicago-sanitation-complaints" / "complaints.csv.gz"
CHOSEN_ON, MEASURED_ON = 2013, 2014
WANTED = {"precision": 0.8, "recall": 0.95}


def read(path: Path) -> list[tuple[Seen, bool]]:
    """Every request once, in order of receipt, with the city's mark."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = {row["Service_Request_Number"]: row for row in csv.DictReader(file)}
    found = []
    for number, row in rows.items():
        ended = row["Completion_Date"]
        seen = Seen(
            place_key(row["Street_Address"]), dt.date.fromisoformat(row["Creation_Date"]),
            dt.date.fromisoformat(ended) if ended else None,
        )  # fmt: skip
        found.append((seen.on, number, seen, "Dup" in row["Status"]))
    return [(seen, marked) for _, _, seen, marked in sorted(found, key=lambda row: row[:2])]


def judge(rows: list[tuple[Seen, bool]], days: int, year: int) -> dict[str, float]:
    """Precision and recall of one year's requests, searched among all."""
    proposed = repeats((seen for seen, _ in rows), days)
    hits = [
        (said, marked) for (seen, marked), said in zip(rows, proposed, strict=True) if seen.on.year == year
    ]
    right = sum(said and marked for said, marked in hits)
    return {
        "precision": right / max(1, sum(said for said, _ in hits)),
        "recall": right / max(1, sum(marked for _, marked in hits)),
    }


def run(path: Path = DATA) -> list[dict[str, Any]]:
    """The year that LD-4 was not chosen on; ``ratio``: found over wanted."""
    if not path.exists():
        return []
    rows = read(path)
    days = rules.near_days()
    started = time.perf_counter()
    found, before = judge(rows, days, MEASURED_ON), judge(rows, days, CHOSEN_ON)
    taken = time.perf_counter() - started
    speed = f"{len(rows):,} requests, {taken:.1f} s"
    return [
        {
            "name": f"duplicates by place and time: {name} in {MEASURED_ON}",
            "ratio": found[name] / WANTED[name],
            "need": 1,
            "detail": f"{found[name]:.1%} ({CHOSEN_ON}: {before[name]:.1%}); {speed}",
        }
        for name in WANTED
    ]


if __name__ == "__main__":
    for result in run(Path(sys.argv[1]) if sys.argv[1:] else DATA):
        print(result["name"], result["detail"])
