"""Readings as gateways send them: JSON, one or a list; what is none is said."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from xiejian.coldchain.messages import place_of, read_payload
from xiejian.coldchain.reading_files import Measured

ZONE = dt.timezone(dt.timedelta(hours=8))
GOOD = {"at": "2024-03-01T08:00:00+08:00", "celsius": 4.5}


class TestAMessage:
    @pytest.mark.parametrize("payload", [GOOD, [GOOD], {**GOOD, "humidity": 55}, {**GOOD, "celsius": "4.5"}])
    def test_holds_a_reading_or_a_list_of_them(self, payload):
        (one,) = read_payload(json.dumps(payload).encode(), ZONE, "LK-01")
        assert isinstance(one, Measured) and (one.code, one.centi) == ("LK-01", 450)

    @pytest.mark.parametrize(
        ("payload", "code"),
        [
            (b"\xff{", "CC206"),
            (b"7", "CC206"),
            (b"[" * 100_000, "CC206"),
            (json.dumps({**GOOD, "at": "morgen"}).encode(), "CC201"),
            (json.dumps({**GOOD, "celsius": None}).encode(), "CC203"),
            (json.dumps({**GOOD, "humidity": 300}).encode(), "CC208"),
        ],
    )
    def test_that_holds_none_is_refused_with_the_reason(self, payload, code):
        (problem,) = read_payload(payload, ZONE, "LK-01")
        assert problem.code == code

    @pytest.mark.parametrize(("topic", "place"), [("a/b/F/L", ("F", "L")), ("L", ("", ""))])
    def test_belongs_to_the_logger_of_its_topic(self, topic, place):
        assert place_of(topic) == place
