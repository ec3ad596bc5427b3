"""Rule files of this room: TOML in which every entry says where it comes from and how sure we are of it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xiejian.kernel.problems import Catalogue, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))


def unusable(name: str, why: object) -> Refused:
    """The refusal (I501) of a file or of one entry in it."""
    return Refused(problems("I501", name=name, why=why))


def check_sourced(name: str, entry: Mapping[str, Any], *required: str) -> None:
    """Refused (I501) unless the entry has id, citation, the required fields and exactly one status."""
    label = f"{name} {entry.get('id', '?')}"
    for field in ("id", "citation", *required):
        if entry.get(field) in (None, ""):
            raise unusable(label, f"缺少 {field}")
    if bool(entry.get("unverified")) == bool(entry.get("checked")):
        raise unusable(label, "应当写明 checked（核对所用的文本）或者 unverified = true，二者取一")


def read(path: Path) -> dict[str, Any]:
    """The file as it stands; Refused (I501) where it is no TOML."""
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        raise unusable(path.name, error) from error
