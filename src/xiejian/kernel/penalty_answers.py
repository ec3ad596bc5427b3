"""The JSON shape of a fine and of the rules behind it: one shape for commands, pages and programs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from xiejian.kernel import penalties
from xiejian.kernel.penalties import Assessment, PersonsPenalty, Reason
from xiejian.kernel.penalty_rules import Book, Circumstance, Range, Rule


def number(amount: Decimal) -> int | float:
    """An amount as a JSON number: whole yuan as an integer."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def pair(fine: Range | None) -> list[int | float]:
    """A range as JSON; empty where no fine is due."""
    return [] if fine is None else [number(fine[0]), number(fine[1])]


def cut(bands: dict[str, Range]) -> dict[str, list[int | float]]:
    """The three bands as JSON; each empty where no fine is due."""
    return {name: pair(bands.get(name)) for name in penalties.BANDS}


def reason(found: Reason) -> dict[str, Any]:
    """One reason as JSON."""
    return {
        "rule": found.rule,
        "meaning": found.meaning,
        "citation": found.citation,
        "unverified": found.unverified,
    }


def as_answer(found: Assessment, book: Book) -> dict[str, Any]:
    """The answer with the keys of the contract, and what explains it."""
    return {
        "rule": found.rule,
        "on": found.on.isoformat(),
        "meaning": found.meaning,
        "fine": pair(found.fine),
        "bands": cut(found.bands),
        "reduced": pair(found.reduced),
        "may": found.may,
        "first_step": found.first_step,
        "also": list(found.also),
        "persons": persons(found.persons, book),
        "citation": found.citation,
        "base": found.base or None,
        "base_value": None if found.base_value is None else number(found.base_value),
        "decided_by": found.decided_by,
        "reasons": [reason(r) for r in found.reasons],
        "unverified": found.unverified,
        "bands_unverified": book.cut.unverified if found.fine else False,
        "conflicts": [
            {"id": c.id, "meaning": c.meaning, "proposal": c.proposal or None, "proposal_fine": pair(c.fine)}
            for c in found.conflicts
        ],
        "exemptions": [reason(r) for r in found.exemptions],
        "circumstances": [circumstance(c) for c in found.circumstances],
        "steps": list(found.steps),
        "confirm": found.confirm,
        "ignored": list(found.ignored),
    }


def circumstance(found: Circumstance) -> dict[str, Any]:
    """A discretion circumstance as JSON, with the steps it may lead to."""
    return {
        "id": found.id,
        "steps": list(found.steps),
        "must": found.must,
        "meaning": found.meaning,
        "citation": found.citation,
        "unverified": found.unverified,
    }


def persons(found: PersonsPenalty | None, book: Book) -> dict[str, Any]:
    """What the responsible persons face; empty where nothing."""
    if found is None:
        return {}
    return {
        "who": book.labels["persons"]["who"],
        "fine": pair(found.fine),
        "bands": cut(found.bands),
        "times": None if found.times is None else [number(t) for t in found.times],
        "base": found.base or None,
        "needs": found.needs or None,
        "confiscate": None if found.confiscate is None else number(found.confiscate),
        "confiscates_income": found.confiscates_income,
        "ban": found.ban,
        "also": list(found.also),
    }


def listed(rule: Rule, book: Book) -> dict[str, Any]:
    """A rule as --list shows it, with the facts that can change its answer."""
    return {
        "rule": rule.id,
        "group": rule.group,
        "kind": rule.kind,
        "meaning": rule.meaning,
        "citation": rule.citation,
        "facts": penalties.asked(rule, book),
        "first_step": book.labels["first_step"][rule.first_step],
        "from": rule.from_on.isoformat() if rule.from_on else None,
        "until": rule.until_on.isoformat() if rule.until_on else None,
        "decided_by": rule.decided_by,
        "unverified": rule.unverified,
        "basis": book.labels["basis"].get(rule.basis, ""),
    }
