"""Every write about where offices and towns lie."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from xiejian.kernel import divisions
from xiejian.people import audit
from xiejian.people.models import Office
from xiejian.people.policy import Actor, require
from xiejian.planning.checks import check_coordinates, check_map_code, check_reason, refuse
from xiejian.planning.models import MapPlace

PERMISSION = "planning.places"


@transaction.atomic
def set_place(
    *, code: str, longitude: float, latitude: float, source: str = "", by: Actor, at: dt.datetime
) -> MapPlace:
    """Say where an office or a town lies (degrees, WGS 84), or put it right; schedules made later use it.

    ``code``: that of an office or of a division. Refused with P101 (not in the actor's area), L615
    (out of range), L616 (unknown).
    """
    require(by, PERMISSION, code)
    office = Office.objects.filter(code=code).first()
    refuse(check_map_code(code, office is not None), check_coordinates(longitude, latitude))
    before = MapPlace.objects.select_for_update().filter(code=code).first()
    place, _ = MapPlace.objects.update_or_create(
        code=code,
        defaults={
            "name": office.name if office else divisions.full_name(code), "longitude": longitude,
            "latitude": latitude, "source": source.strip()[:100], "set_at": at, "by_name": by.name,
        },
    )  # fmt: skip
    audit.record(
        by=by, at=at, action="set_place", subject="place", key=code, office_code=code,
        detail={
            "place": place.name, "source": place.source,
            "longitude": [before.longitude if before else None, longitude],
            "latitude": [before.latitude if before else None, latitude],
        },
    )  # fmt: skip
    return place


@transaction.atomic
def remove_place(*, place: MapPlace, reason: str, by: Actor, at: dt.datetime) -> None:
    """Take coordinates away: ways to it follow the tree of divisions again. Refused with P101, L205."""
    require(by, PERMISSION, place.code)
    refuse(check_reason(reason))
    audit.record(
        by=by, at=at, action="remove_place", subject="place", key=place.code, office_code=place.code,
        detail={"place": place.name, "reason": reason, "was": [place.longitude, place.latitude]},
    )  # fmt: skip
    place.delete()
