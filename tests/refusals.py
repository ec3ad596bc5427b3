"""What a test expects of a refusal: its code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from xiejian.kernel.problems import Refused


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(Refused) as caught:
        yield
    assert code in {problem.code for problem in caught.value.problems}
