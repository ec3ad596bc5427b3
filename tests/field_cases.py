"""Visits drawn by chance, and what the Python rules answer: the page without a network must answer the same.

A case is plain JSON: {checklist, rule, facts, kind, matter, on, entries, late, failing}; the answer
holds everything that inspection-rules.js computes. ``python tests/field_cases.py`` writes the file of
drawn cases anew (only after a change that is meant).
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from xiejian.inspections import checklists, judgements
from xiejian.inspections.checklists import Checklist
from xiejian.inspections.checks import Entry, check_entries, open_key_points

FILE = Path(__file__).parent / "spec" / "inspections" / "field_rules.json"
KINDS = ["日常检查", "全项目检查", "许可核查", "体系核查", "跟踪检查"]
ENTRY = ("point", "state", "fact", "severe", "clause")
MATTERS = ["", "开办", "变更", "延续"]
TAGS = ["无菌", "植入", "冷链", "角膜接触镜"]

_ROW = {"meaning": "m", "citation": "c", "checked": "x"}
#: A rule and a checklist made to use every condition, every operator and every date.
RULE = judgements.from_json(
    {
        "id": "T",
        "title": "示例",
        "rows": [
            {"id": "A", "conclusion": "不符合", "when": {"kinds": ["许可核查"], "key_failed": 1}, **_ROW},
            {
                "id": "B", "conclusion": "不符合", **_ROW,
                "when": {"kinds": ["许可核查"], "general_share_over": "1/10"},
            },
            {
                "id": "C", "conclusion": "限期整改", "within_months": 6, **_ROW,
                "when": {"kinds": ["许可核查", "体系核查"], "matters": ["延续"], "failed": 1},
            },
            {"id": "D", "conclusion": "停产整改", "when": {"severe": 1}, "until_on": "2026-10-31", **_ROW},
            {"id": "E", "conclusion": "移送", "when": {"severe": 2}, "from_on": "2026-11-01", **_ROW},
            {
                "id": "F", "conclusion": "限期整改", "when": {"general_failed": 2}, "within_days": 30,
                "unverified_from": "2026-11-01", **_ROW,
            },
            {"id": "G", "conclusion": "符合", **_ROW},
        ],
        "rechecks": [
            {"id": "R1", "after": ["C"], "result": "未通过", "when": {"late": True}, **_ROW},
            {"id": "R2", "after": ["C", "F"], "result": "未通过", "when": {"failing": 2}, **_ROW},
            {"id": "R3", "after": ["C", "F"], "result": "通过", **_ROW},
        ],
    }
)  # fmt: skip
_POINT = {"chapter": "一", "text": "t", "citation": "c", "checked": "x"}
CHECKLIST = checklists.from_json(
    {
        "id": "drawn", "title": "示例", "version": "0", "links": ["经营"], "areas": ["医疗器械"], "tags": [],
        "kinds": [], "modes": [], "from": None, "until": None, "judgement": judgements.as_json(RULE),
        "points": [
            {"id": "1", "key": True, **_POINT},
            {"id": "2", "key": True, "when": {"classes": "3"}, **_POINT},
            {"id": "3", "when": {"classes": ["2", "3"], "tags": ["无菌", "植入"]}, **_POINT},
            {"id": "4", "key": True, "when": {"not": {"mode": "零售"}}, **_POINT},
            {"id": "5", "when": {"any": [{"stores_for_others": True}, {"mode": ["批发"]}]}, **_POINT},
            {"id": "6", "when": {"all": [{"area": "药品"}, {"not": {"tags": "冷链"}}]}, **_POINT},
            *({"id": str(n), **_POINT} for n in range(7, 18)),
        ],
    }
)  # fmt: skip


def draw(seed: int, count: int, lists: Iterable[Checklist]) -> list[dict[str, Any]]:
    """So many cases over some checklists; the same seed draws the same cases."""
    chance = random.Random(seed)
    choices = [checklists.as_json(c) for c in lists]
    return [_case(chance, chance.choice(choices)) for _ in range(count)]


def _case(chance: random.Random, checklist: dict[str, Any]) -> dict[str, Any]:
    failing = chance.choice([0.0, 0.05, 0.15, 0.5])
    ids = [p["id"] for p in checklist["points"] if chance.random() < chance.choice([1.0, 0.9])]
    entries = [_entry(chance, point, failing) for point in ids]
    if chance.random() < 0.2:
        entries.append({"point": "其他1", "state": "not_conform", "fact": "表外问题", "severe": False,
                        "clause": chance.choice(["条例第五十五条", ""])})  # fmt: skip
    if entries and chance.random() < 0.1:
        entries.append(dict(chance.choice(entries)))
    without = chance.random() < 0.05
    return {
        "checklist": None if without else checklist,
        "rule": checklist["judgement"],
        "facts": {
            "link": "经营", "area": chance.choice(["医疗器械", "药品", "医疗器械、药品"]),
            "classes": chance.choice(["", "2", "3", "23"]), "mode": chance.choice(["", "批发", "零售"]),
            "unit_kind": "", "tags": sorted(chance.sample(TAGS, chance.randint(0, 3))),
            "stores_for_others": chance.random() < 0.3,
        },
        "kind": chance.choice(KINDS),
        "matter": chance.choice(MATTERS),
        "on": chance.choice(["2024-01-31", "2024-08-31", "2026-10-31", "2026-11-01", "2027-02-28"]),
        "entries": entries,
        "late": chance.random() < 0.3,
        "failing": chance.choice([0, 0, 1, 2]),
    }  # fmt: skip


def _entry(chance: random.Random, point: str, failing: float) -> dict[str, Any]:
    state = "conform"
    if chance.random() < failing:
        state = "not_conform"
    elif chance.random() < 0.15:
        state = chance.choice(["not_applicable", "not_applicable", "unknown", ""])
    fact = (
        "" if state == "conform" or chance.random() < 0.1 else chance.choice(["现场未能提供", "不涉及", "  "])
    )
    severe = (state == "not_conform" and chance.random() < 0.3) or chance.random() < 0.02
    return {"point": point, "state": state, "fact": fact, "severe": severe, "clause": ""}


def answer(case: dict[str, Any]) -> dict[str, Any]:
    """What the rules of the server say of a case."""
    checklist = checklists.from_json(case["checklist"]) if case["checklist"] else None
    rule = judgements.from_json(case["rule"])
    on = dt.date.fromisoformat(case["on"])
    entries = [Entry(**entry) for entry in case["entries"]]
    found = [(e.point, e.state, e.severe) for e in entries]
    counted = checklists.tally(checklist, case["kind"], found, case["matter"])
    row = rule.of(counted, on)
    due = judgements.suggested_due(row, on)
    after = rule.recheck(row.id, late=case["late"], failing=case["failing"])
    return {
        "asked": [p.id for p in checklist.asked(case["facts"])] if checklist else [],
        "problems": [[p.code, p.where] for p in check_entries(entries, checklist)],
        "open_keys": open_key_points(checklist, {e.point for e in entries}, case["facts"]),
        "tally": [
            counted.key_failed, counted.general_failed, counted.failed, counted.severe,
            counted.applicable_general,
        ],
        "row": [row.id, row.conclusion, row.unverified],
        "due": due and due.isoformat(),
        "recheck": after and [after.id, after.result],
    }  # fmt: skip


def write() -> None:
    """The drawn cases with their answers, one a line; an entry is the list of its values."""
    lines = [
        json.dumps(
            {
                "case": {k: v for k, v in case.items() if k not in ("checklist", "rule")}
                | {"entries": [list(entry.values()) for entry in case["entries"]]},
                "without": case["checklist"] is None,
                "answer": answer(case),
            },
            ensure_ascii=False,
        )
        for case in draw(20240305, 120, [CHECKLIST])
    ]
    head = json.dumps(checklists.as_json(CHECKLIST), ensure_ascii=False)
    FILE.write_text(f'{{"checklist": {head},\n"cases": [\n' + ",\n".join(lines) + "\n]}\n", encoding="utf-8")


def stored() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The cases of the file with their answers."""
    raw = json.loads(FILE.read_text(encoding="utf-8"))
    checklist = raw["checklist"]
    return [
        (
            {
                **row["case"],
                "entries": [dict(zip(ENTRY, values, strict=True)) for values in row["case"]["entries"]],
                "checklist": None if row["without"] else checklist,
                "rule": checklist["judgement"],
            },
            row["answer"],
        )
        for row in raw["cases"]
    ]


if __name__ == "__main__":
    write()
