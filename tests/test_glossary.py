"""Names no one here would invent: every model and every workflow state stands in GLOSSARY.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps

from xiejian.kernel import workflow

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / "src").rglob("*workflow.toml"))


def glossary() -> dict[str, str]:
    """name → 中文 of every line of the glossary's tables."""
    found: dict[str, str] = {}
    for line in (ROOT / "GLOSSARY.md").read_text(encoding="utf-8").splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 3:
            for name in cells[1].split(","):
                found[name.strip()] = cells[0]
    return found


@pytest.mark.parametrize(
    "model", [m.__name__ for m in apps.get_models() if m.__module__.startswith("xiejian.")]
)
def test_every_model_is_a_term_of_the_glossary(model):
    assert re.sub(r"(?<!^)(?=[A-Z])", "_", model).lower() in glossary()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_every_state_is_a_term_of_the_glossary(path):
    for state, label in workflow.load(path).states.items():
        assert state in glossary(), f"{path.parent.name}: {state} {label}"
