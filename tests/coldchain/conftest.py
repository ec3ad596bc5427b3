"""A firm with a cold store in the county."""

from __future__ import annotations

import pytest

from chilled import a_firm, a_logger, move


@pytest.fixture
def firm(naiman):
    return a_firm()


@pytest.fixture
def logger(firm):
    return a_logger(firm)


@pytest.fixture
def stock(firm):
    """A lot lies in the store."""
    return move(firm)
