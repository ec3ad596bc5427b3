"""What visits are made of: a shop with its links, inspectors who go there, a photograph."""

from __future__ import annotations

import datetime as dt
import io

from django.core.files.base import ContentFile
from PIL import Image

from xiejian.people.models import Office, Officer
from xiejian.registry.models import Party, PartyLink


def jpeg(shade: int = 120, size: tuple[int, int] = (32, 24), **saved) -> bytes:
    """A photograph of one grey; ``saved`` goes to Pillow (exif=…)."""
    out = io.BytesIO()
    Image.new("L", size, shade).save(out, "JPEG", **saved)
    return out.getvalue()


#: A photograph whose camera wrote nothing into it: stored bit for bit.
PHOTO = jpeg()


def enrol(
    name: str, office_code: str, now: dt.datetime, *, link: str = "经营", tags: str = "|", **facts
) -> Party:
    party = Party.objects.create(
        name=name,
        division_code=office_code[:6],
        office_code=office_code,
        created_at=now,
        updated_at=now,
        **facts,
    )
    PartyLink.objects.create(party=party, link=link, tags=tags)
    return party


def appoint(username: str, name: str, office_code: str, now: dt.datetime) -> Officer:
    """An inspector who never signs in: hashing a password would cost more than the rest of the test."""
    office = Office.objects.get(code=office_code)
    return Officer.objects.create(
        username=username, name=name, office=office, role="station_inspector", password="!", created_at=now
    )


def photo(name: str = "整改后.jpg", content: bytes = PHOTO) -> ContentFile:
    return ContentFile(content, name=name)
