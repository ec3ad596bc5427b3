"""Every problem says what happened and what to do next, under one number."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from xiejian.kernel.problems import Catalogue, Refused

CATALOGUES = sorted((Path(__file__).parents[2] / "src").rglob("problems.toml"))


def entries(path):
    with path.open("rb") as file:
        return tomllib.load(file)


def test_no_number_is_used_twice():
    numbers = Counter(code for path in CATALOGUES for code in entries(path))
    assert [code for code, times in numbers.items() if times > 1] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda p: p.parent.name)
def test_every_entry_has_a_message_and_a_next_step(path):
    assert Catalogue(path).entries


def test_an_entry_without_a_next_step_is_refused(tmp_path):
    (tmp_path / "problems.toml").write_text('[X1]\nmessage = "坏了"\n', encoding="utf-8")
    with pytest.raises(ValueError, match="X1"):
        Catalogue(tmp_path / "problems.toml")


def test_a_refusal_without_a_problem_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="at least one"):
        Refused([])
