"""One workflow table per subject, read by the check, the buttons, the API and the docs.

A table is TOML::

    subject = "correction"
    start = "ordered"
    [states]
    ordered = "已责令"
    [[transition]]
    action = "submit"          # verb of the action
    label = "提交整改报告"
    from = ["ordered", "failed"]
    to = "submitted"
    permission = "inspections.visit"
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xiejian.kernel.problems import Catalogue, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))


@dataclass(frozen=True)
class Transition:
    """One line of a workflow table. ``sources`` are the states it may start from."""

    action: str
    label: str
    sources: tuple[str, ...]
    to: str
    permission: str


@dataclass(frozen=True)
class Workflow:
    """States with their legal wording, and the transitions between them."""

    subject: str
    start: str
    states: dict[str, str]
    transitions: tuple[Transition, ...]

    @property
    def finals(self) -> set[str]:
        """States that nothing leads out of."""
        return set(self.states) - {s for t in self.transitions for s in t.sources}

    def allowed(self, state: str) -> list[Transition]:
        """The transitions that may start from ``state``, in the table's order."""
        return [t for t in self.transitions if state in t.sources]

    def step(self, state: str, action: str, where: str = "") -> str:
        """The state that follows ``action``; Refused with K101/K102 when the table has no such line."""
        for transition in self.transitions:
            if transition.action == action and state in transition.sources:
                return transition.to
        if action not in {t.action for t in self.transitions}:
            raise Refused(problems("K102", where, action=action))
        label = next(t.label for t in self.transitions if t.action == action)
        choices = "、".join(t.label for t in self.allowed(state)) or "无（已办结）"
        raise Refused(problems("K101", where, state=self.states[state], action=label, allowed=choices))

    def as_json(self) -> dict[str, Any]:
        """The table as plain JSON, for the offline page: ``from`` holds the states it may start from."""
        return {
            "subject": self.subject,
            "start": self.start,
            "states": self.states,
            "transitions": [
                {"action": t.action, "label": t.label, "from": list(t.sources), "to": t.to,
                 "permission": t.permission}
                for t in self.transitions
            ],
        }  # fmt: skip

    def mermaid(self) -> str:
        """The table as a Mermaid state diagram for the generated docs."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.start}"]
        lines += [f"    {key}: {label}" for key, label in self.states.items()]
        lines += [f"    {s} --> {t.to}: {t.label}" for t in self.transitions for s in t.sources]
        lines += [f"    {state} --> [*]" for state in self.states if state in self.finals]
        return "\n".join(lines)


def load(path: Path) -> Workflow:
    """Read and check one workflow table; ValueError names the state or action that does not fit."""
    with path.open("rb") as file:
        raw = tomllib.load(file)
    states: dict[str, str] = raw["states"]
    transitions = tuple(
        Transition(t["action"], t["label"], tuple(t["from"]), t["to"], t["permission"])
        for t in raw["transition"]
    )
    seen: set[tuple[str, str]] = set()
    for t in transitions:
        for state in (*t.sources, t.to):
            if state not in states:
                raise ValueError(f"{path}: {t.action} names an unknown state {state}")
        for source in t.sources:
            if (source, t.action) in seen:
                raise ValueError(f"{path}: {t.action} leaves {source} twice")
            seen.add((source, t.action))
    if raw["start"] not in states:
        raise ValueError(f"{path}: unknown start state {raw['start']}")
    reachable = {raw["start"]} | {t.to for t in transitions}
    if lost := set(states) - reachable:
        raise ValueError(f"{path}: nothing leads to {sorted(lost)}")
    return Workflow(raw["subject"], raw["start"], states, transitions)
