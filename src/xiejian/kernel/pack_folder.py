"""Where the packs lie: apart from their readers, so that one-off answers start without those."""

from __future__ import annotations

import os
from pathlib import Path


def root() -> Path:
    """The folder of the packs: XIEJIAN_PACKS, else beside the source tree, else inside the package."""
    if given := os.environ.get("XIEJIAN_PACKS"):
        return Path(given)
    package = Path(__file__).resolve().parents[1]
    beside = package.parents[1] / "packs"
    return beside if beside.is_dir() else package / "packs"
