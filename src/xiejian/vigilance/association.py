"""关联性评价: what five answers about an event propose; whoever evaluates decides.

First what rules a relation out, then what speaks for it, else it cannot be determined.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xiejian.vigilance.rules import entries, values

_FILE = "association"
ANSWERS = ("是", "否", "不清楚")


@dataclass(frozen=True)
class Proposal:
    """One of ``rules.values("associations")`` and why; ``missing``: questions that nobody answered."""

    association: str
    why: str
    missing: tuple[str, ...] = ()


def questions() -> dict[str, str]:
    """The questions by id, as they are put."""
    return {name: str(entry["label"]) for name, entry in entries(_FILE)["question"].items()}


def propose(answers: Mapping[str, str]) -> Proposal:
    """``answers``: question id → one of ANSWERS; what is missing counts as unclear."""
    related, unrelated, unclear = values("associations")
    asked = entries(_FILE)["question"]
    missing = tuple(str(entry["label"]) for name, entry in asked.items() if answers.get(name) not in ANSWERS)
    against = [e for name, e in asked.items() if e.get("excludes") == answers.get(name, "")]
    if against:
        return Proposal(unrelated, _said(against, "excludes"), missing)
    found = [entry for name, entry in asked.items() if entry["favours"] == answers.get(name)]
    if len(found) >= int(entries(_FILE)["setting"]["related"]["n"]):
        return Proposal(related, _said(found, "favours"), missing)
    return Proposal(unclear, _said(found, "favours") or "没有支持或者排除的依据", missing)


def _said(found: list[dict[str, str]], which: str) -> str:
    return "；".join(f"{entry['label']}：{entry[which]}" for entry in found)
