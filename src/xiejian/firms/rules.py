"""Settings of the work with firms, read from packs/firms/rules.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from xiejian.kernel.packs import root

#: the parts of a firm's report that a kind may ask for
TEXT, POSITION, PERSON, ADDRESS_KIND, ADDRESS = "text", "position", "person", "address_kind", "address"


@dataclass(frozen=True)
class ReportKind:
    """One kind of status report: what it asks for, the state of the register that its acceptance sets.

    ``verify_rule``: the time limit after which standing still must be followed by a look before work resumes.
    """

    id: str
    label: str
    meaning: str
    citation: str
    asks: tuple[str, ...]
    status: str = ""
    verify_rule: str = ""


@dataclass(frozen=True)
class Position:
    """A key position: where it is asked for, the column that holds the name, the time limits of a change."""

    id: str
    links: tuple[str, ...]
    citation: str
    heading: str = ""
    report_rule: str = ""
    replace_rule: str = ""
    licence_rule: str = ""
    licence_links: tuple[str, ...] = ()


@cache
def _load() -> dict[str, Any]:
    with (root() / "firms" / "rules.toml").open("rb") as file:
        return tomllib.load(file)


def number_pattern(document: str) -> str:
    """How papers of a kind are numbered, with {short}, {year}, {n}."""
    return str(next(entry["pattern"] for entry in _load()["format"] if entry["id"] == document))


def value(rule_id: str) -> int:
    """A number of the pack by its id, FI-1 to FI-9; KeyError for another."""
    return {entry["id"]: int(entry["value"]) for entry in _load()["value"]}[rule_id]


@cache
def report_kinds() -> dict[str, ReportKind]:
    """Kinds of status report by id, in the order of the pack."""
    return {
        entry["id"]: ReportKind(
            entry["id"], entry["label"], entry["meaning"], entry["citation"], tuple(entry["asks"]),
            entry.get("status", ""), entry.get("verify_rule", ""),
        )
        for entry in _load()["report"]
    }  # fmt: skip


@cache
def positions() -> dict[str, Position]:
    """Key positions by name, in the order of the pack."""
    return {
        entry["id"]: Position(
            entry["id"], tuple(entry.get("links", ())), entry["citation"], entry.get("heading", ""),
            entry.get("report_rule", ""), entry.get("replace_rule", ""), entry.get("licence_rule", ""),
            tuple(entry.get("licence_links", ())),
        )
        for entry in _load()["position"]
    }  # fmt: skip


def positions_of(links: list[str]) -> list[Position]:
    """The key positions of a firm that works in these links."""
    return [one for one in positions().values() if not one.links or set(one.links) & set(links)]


def addresses() -> dict[str, str]:
    """Which address → the column of the register that holds it."""
    return {entry["id"]: entry["heading"] for entry in _load()["address"]}


def commitments() -> list[tuple[str, str]]:
    """Texts that a firm may sign: (label, text)."""
    return [(entry["label"], entry["text"]) for entry in _load()["commitment"]]


def criteria() -> list[str]:
    """What the on-site review of an exemplary firm looks at."""
    return [entry["meaning"] for entry in _load()["criterion"]]
