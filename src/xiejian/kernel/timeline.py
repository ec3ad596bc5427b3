"""One event on the archive page of a party (一企一档), whichever room it comes from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Event:
    """What happened on ``on``.

    ``kind`` is the subject in Chinese (检查, 责令改正, 案件 …), ``title`` one line, ``detail``
    what the line leaves out, ``page`` the web path of the record ('' where it has none).
    """

    on: dt.date
    kind: str
    title: str
    detail: str = ""
    page: str = ""


def newest_first(*rooms: Iterable[Event]) -> list[Event]:
    """The events of several rooms as one timeline; events of a day keep the order of their rooms."""
    events = [event for room in rooms for event in room]
    return sorted(events, key=lambda event: event.on, reverse=True)
