"""What makes a demo visit complete: a product checked on the shelf, the record signed by those present."""

from __future__ import annotations

import io
import zlib
from datetime import datetime, timedelta

from PIL import Image, ImageDraw

from xiejian.inspections import products, signing, site_record
from xiejian.inspections.models import Visit
from xiejian.people.policy import Actor

_WIDTH, _HEIGHT = 900, 300
#: links where goods stand on a shelf
_SHELVES = ("经营", "使用")
#: device codes are on labels since then
_CODES_SINCE = 2021


def drawn(name: str) -> tuple[bytes, list[list[list[float]]]]:
    """A name as it might be drawn, of its own shape, as picture and strokes."""
    shade = zlib.crc32(name.encode())
    strokes = []
    for turn in range(max(2, len(name))):
        left = 0.08 + 0.26 * turn
        points = [
            [
                round(left + 0.02 * n, 4),
                round(0.06 + 0.2 * ((shade >> (turn * 5 + n)) % 7) / 7, 4),
                40 * n,
                0.5,
            ]
            for n in range(9)
        ]
        strokes.append(points)
    image = Image.new("RGBA", (_WIDTH, _HEIGHT), (255, 255, 255, 0))
    pen = ImageDraw.Draw(image)
    for stroke in strokes:
        pen.line([(x * _WIDTH, y * _WIDTH) for x, y, *_ in stroke], fill="#101820", width=5, joint="curve")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue(), strokes


def check_a_product(visit: Visit, by: Actor, at: datetime) -> None:
    """One label read on the shelf, where the link has shelves and labels carry codes."""
    if visit.link not in _SHELVES or at.year < _CODES_SINCE:
        return
    until = at + timedelta(days=400 - visit.pk % 7 * 80)
    label = f"(01)06972253600013(17){until:%y%m%d}(10)B{visit.pk % 1000:03}"
    products.check_product(visit=visit, text=label, by=by, at=at)


def sign(visit: Visit, by: Actor, at: datetime) -> None:
    """The party's head and the whole team sign; now and then somebody does not want to."""
    party = visit.party
    head = party.head or party.legal_representative or "现场负责人"
    given = {"visit": visit, "signed_at": at, "by": by, "at": at}
    digest = site_record.standing(visit).digest
    if visit.pk % 9 == 4:
        signing.refuse_signature(
            **given, digest=digest, name=head, reason="不说明理由", witnesses=["社区工作人员"]
        )
    else:
        image, strokes = drawn(head)
        signing.sign_record(
            **given, digest=digest, role="party", name=head, image=image, strokes=strokes,
            statement="以上记录已看过，属实",
        )  # fmt: skip
    for officer in visit.team.all():
        image, strokes = drawn(officer.name)
        signing.sign_record(
            **given, digest=digest, role="inspector", name=officer.name, image=image, strokes=strokes
        )
