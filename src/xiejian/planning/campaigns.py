"""Campaign packs: the order of a campaign as data.

A file ``packs/<region>/campaign-<year>….toml`` holds what the order says: title, term, leading group,
scope by link and product tag, the stations' tasks and the reports that are due. The loader
refuses an entry without meaning, citation and status, and a scope whose links or keys it does
not know.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from xiejian.kernel import packs
from xiejian.kernel.problems import Refused
from xiejian.planning.checks import problems

SCOPE_KEYS = {
    "id", "title", "links", "tags", "list_managed", "full_item", "absent", "meaning", "citation", "checked",
    "unverified",
}  # fmt: skip


@dataclass(frozen=True)
class CampaignPack:
    """One campaign. ``scope`` items name parties by link and tag (no tag: every party of the link)."""

    id: str
    title: str
    office_code: str
    starts_on: dt.date
    ends_on: dt.date
    meaning: str
    citation: str
    unverified: bool
    notes: tuple[str, ...]
    tables: tuple[str, ...]
    order: dict[str, Any]
    leading_group: tuple[dict[str, str], ...]
    scope: tuple[dict[str, Any], ...]
    tasks: tuple[dict[str, Any], ...]
    reports: tuple[dict[str, Any], ...]
    version: str


def _plain(value: Any) -> Any:
    """Dates as ISO text, so that the whole can be kept as JSON."""
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def _status(entry: dict[str, Any], where: str) -> bool:
    if bool(entry.get("unverified")) == bool(entry.get("checked")):
        raise ValueError(f"{where}: needs either unverified = true or checked")
    for key in ("meaning", "citation"):
        if not entry.get(key):
            raise ValueError(f"{where}: {key} is missing")
    return bool(entry.get("unverified"))


def _scope(entries: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    seen: set[str] = set()
    for entry in entries:
        where = entry.get("id") or "scope"
        if unknown := set(entry) - SCOPE_KEYS:
            raise ValueError(f"{where}: unknown keys {sorted(unknown)}")
        if where in seen or where == "scope":
            raise ValueError(f"{where}: every scope needs an id of its own")
        seen.add(where)
        if not entry.get("links") or set(entry["links"]) - set(packs.LINKS):
            raise ValueError(f"{where}: links must name some of {'、'.join(packs.LINKS)}")
        _status(entry, where)
    return tuple(_plain(entries))


def read(path: Path) -> CampaignPack:
    """One campaign file; Refused with L406 says what does not hold together."""
    content = path.read_bytes()
    try:
        raw = tomllib.loads(content.decode())
        head = raw["campaign"]
        if head["starts_on"] > head["ends_on"]:
            raise ValueError("campaign: ends before it starts")
        for entry in (*raw.get("task", []), *raw.get("report", [])):
            if not entry.get("citation") or entry.get("who") not in {"stations", "office"}:
                raise ValueError("task and report: need a citation and who (stations or office)")
        return CampaignPack(
            id=head["id"],
            title=head["title"],
            office_code=head["office_code"],
            starts_on=head["starts_on"],
            ends_on=head["ends_on"],
            meaning=head["meaning"],
            citation=head["citation"],
            unverified=_status(head, "campaign"),
            notes=tuple(head.get("notes", [])),
            tables=tuple(head.get("tables", [])),
            order=_plain(raw.get("order", {})),
            leading_group=tuple(raw.get("leading_group", [])),
            scope=_scope(raw.get("scope", [])),
            tasks=tuple(_plain(raw.get("task", []))),
            reports=tuple(_plain(raw.get("report", []))),
            version=hashlib.sha256(content).hexdigest(),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(problems("L406", path.name, name=path.stem, why=str(error))) from error


@cache
def _all(folder: Path) -> dict[str, CampaignPack]:
    found = [read(path) for path in sorted(folder.glob("*/campaign-[0-9]*.toml"))]
    return {campaign.id: campaign for campaign in found}


def known() -> dict[str, CampaignPack]:
    """Every campaign pack by id."""
    return dict(_all(packs.root()))


def load(key: str) -> CampaignPack:
    """The campaign of this id; Refused with L401 names the known ones."""
    found = _all(packs.root())
    if key not in found:
        raise Refused(problems("L401", key, key=key, known="、".join(found) or "无"))
    return found[key]


@cache
def _tag_tree(folder: Path) -> dict[str, dict[str, list[str]]]:
    path = folder / "national" / "tags.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def with_parts(tags: Iterable[str]) -> list[str]:
    """The tags, everything below them in the tag tree (packs/national/tags.toml), and their other names.

    A party that carries a tag is inside the scope of every tag above it.
    """
    tree, found, left = _tag_tree(packs.root()), [], list(tags)
    while left:
        tag = left.pop(0)
        if tag in found:
            continue
        found.append(tag)
        entry = tree.get(tag, {})
        left += [*entry.get("parts", []), *entry.get("aliases", [])]
    return found
