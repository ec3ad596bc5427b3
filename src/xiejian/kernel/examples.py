"""Worked examples beside the rules: a named situation, its facts and date, and what must come out.

``packs/**/*.examples.toml``::

    pack = "dushan"
    [[example]]
    name = "二类批发企业为二级"
    on = 2022-03-01
    facts = { link = "经营", mode = "批发", classes = "2" }
    level = 2                       # 0: no level
    hits = ["DS-D2", "DS-DF2"]      # rules that must speak
    misses = ["DS-D3"]              # rules that must not: the near misses
    citation = "…"                  # where the expectation comes from

Every computed rule must be hit by one example and missed by another.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xiejian.kernel import conditions, decisions, packs
from xiejian.kernel.packs import Principle
from xiejian.kernel.problems import Problem, Refused

_KEYS = {"name", "on", "facts", "level", "hits", "misses", "citation"}


@dataclass(frozen=True)
class Example:
    """One situation and what must come out; ``level`` None: not asserted, 0: none."""

    pack: str
    name: str
    on: dt.date
    facts: dict[str, Any]
    level: int | None
    hits: tuple[str, ...]
    misses: tuple[str, ...]
    citation: str


def load(path: Path) -> list[Example]:
    """The examples of one file; Refused with K204 where one cannot be read."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return [_read(entry, raw["pack"], path) for entry in raw.get("example", [])]


def load_all() -> list[Example]:
    """The examples beside all grading packs."""
    return [e for path in sorted(packs.root().glob("*/grading*.examples.toml")) for e in load(path)]


def _read(entry: dict[str, Any], pack: str, path: Path) -> Example:
    name = entry.get("name", "")
    unknown = sorted((set(entry) - _KEYS) | (set(entry.get("facts", {})) - set(conditions.FACTS)))
    missing = [key for key in ("name", "on", "facts", "citation") if key not in entry]
    if unknown or missing or not (entry.get("hits") or entry.get("misses") or "level" in entry):
        why = f"多出 {unknown}" if unknown else f"缺少 {missing or 'level、hits、misses'}"
        raise Refused(packs.problems("K204", path.name, name=name, why=why))
    return Example(
        pack, name, entry["on"], entry["facts"], entry.get("level"),
        tuple(entry.get("hits", ())), tuple(entry.get("misses", ())), entry["citation"],
    )  # fmt: skip


def check(example: Example) -> list[Problem]:
    """What does not come out as the example says; nothing when all is well."""
    pack = packs.load(example.pack)
    graded = decisions.grade(pack, example.facts, example.on)
    known = {rule.id for rule in packs.rules(pack)}
    wrong = []
    if example.level is not None and (graded.level or 0) != example.level:
        wrong.append(f"级别应为 {example.level or '无'}，算得 {graded.level or '无'}")
    wrong += [f"{rule} 应命中而未命中" for rule in example.hits if rule not in graded.rules]
    wrong += [f"{rule} 不应命中而命中" for rule in example.misses if rule in graded.rules]
    wrong += [f"规则包没有 {rule}" for rule in (*example.hits, *example.misses) if rule not in known]
    return [packs.problems("K204", example.pack, name=example.name, why=why) for why in wrong]


def uncovered(examples: list[Example]) -> list[Problem]:
    """Computed rules that no example hits, or none misses."""
    hits = {rule for example in examples for rule in example.hits}
    misses = {rule for example in examples for rule in example.misses}
    rules = {
        r.id: k for k in packs.known() for r in packs.rules(packs.load(k)) if not isinstance(r, Principle)
    }
    # a pack that grades nothing says so for every party: there is nothing to miss
    misses |= {o.id for k in packs.known() for o in packs.load(k).outside if not packs.load(k).grades}
    wrong = []
    for rule, pack_id in rules.items():
        if lacking := [word for word, seen in (("命中", hits), ("差一点", misses)) if rule not in seen]:
            why = f"缺少{'、'.join(lacking)}的示例"
            wrong.append(packs.problems("K204", pack_id, name=rule, why=why))
    return wrong
