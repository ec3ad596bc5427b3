"""What the papers of an inspection share: the pack's sentences and common blocks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Any

from xiejian.documents.draft import chinese_date
from xiejian.documents.paper import Block, Sign, Signs, Text
from xiejian.inspections import checklists
from xiejian.kernel.packs import root


@cache
def _texts() -> dict[str, dict[str, Any]]:
    return checklists.load_rules(root() / "inspections" / "papers.toml")["text"]


def say(text: str, **facts: Any) -> str:
    """A standing sentence of packs/inspections/papers.toml, filled in."""
    return str(_texts()[text]["text"]).format(**facts)


def blank_signs(*roles: str) -> Signs:
    """A line to sign for each role."""
    return Signs(tuple(Sign(role) for role in roles))


def numbered(items: Iterable[str]) -> list[Block]:
    return [Text(f"{n}. {item}") for n, item in enumerate(items, 1)]


def paragraphs(text: str) -> list[Block]:
    """A text as one paragraph a line."""
    return [Text(line.strip()) for line in text.splitlines() if line.strip()]


def imprint(office_name: str, on: date) -> tuple[str, str]:
    """版记: how many copies, who issued it and when."""
    return (say("notice-copies"), f"{office_name}　{chinese_date(on)}印发")
