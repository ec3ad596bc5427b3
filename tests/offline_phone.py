"""A phone as the tests use it: makes events like the page does and sends them."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import uuid
from typing import Any

from PIL import Image

from moment import NOW
from xiejian.inspections import checklist_versions
from xiejian.inspections.models import Visit
from xiejian.offline import actions, files
from xiejian.offline.models import Device
from xiejian.people.policy import Actor

TODAY = dt.date(2024, 3, 5)


def picture(shade: int = 0) -> bytes:
    """A small photograph that opens; another shade is another file."""
    out = io.BytesIO()
    Image.new("RGB", (32, 24), (shade % 256, shade // 256 % 256, 90)).save(out, "JPEG")
    return out.getvalue()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Phone:
    """Makes events as the page does: ids, places within the visit, the moment."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.places: dict[str, int] = {}

    @property
    def actor(self) -> Actor:
        return Actor.of(self.device.officer)

    def event(self, visit: Visit | str, what: str, /, **payload: Any) -> actions.Given:
        key = visit if isinstance(visit, str) else str(visit.pk)
        self.places[key] = self.places.get(key, 0) + 1
        return actions.Given(uuid.uuid4(), key, self.places[key], what, payload, NOW)

    def start(self, visit: Visit, on: dt.date = TODAY, **more: Any) -> actions.Given:
        asked = checklist_versions.of_visit(visit)
        known = {"checklist": visit.checklist, "checklist_version": asked.version if asked else ""}
        return self.event(visit, "start_visit", **{"on": str(on), "persons": 2, **known, **more})

    def finding(self, visit: Visit, point: str, state: str = "conform", **more: Any) -> actions.Given:
        entry = {"point": point, "state": state, "fact": "", "severe": False, "known": None, **more}
        return self.event(visit, "record_findings", entries=[entry])

    def photo(self, visit: Visit, content: bytes, sent: bool = True) -> actions.Given:
        if sent:
            files.take_piece(self.device, digest(content), start=0, total=len(content), piece=content)
        return self.event(
            visit,
            "attach_evidence",
            sha256=digest(content),
            name="现场.jpg",
            size=len(content),
            caption="货架",
        )

    def conclude(self, visit: Visit, conclusion: str, **more: Any) -> actions.Given:
        given = {"conclusion": conclusion, "reason": "", "remark": "", **more}
        return self.event(visit, "conclude_visit", **given)

    def send(self, *events: actions.Given, offset: int = 0, at: dt.datetime = NOW) -> list[actions.Answer]:
        return actions.receive_events(
            device=self.device, events=events, clock_offset=offset, by=self.actor, at=at
        )
