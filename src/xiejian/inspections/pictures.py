"""A photo as evidence: its picture kept bit for bit, what the camera wrote into it taken out and read.

The picture is never encoded anew: only the parts of the file that hold EXIF, XMP and comments are left
out, so that the stored photo shows exactly what was taken. Of EXIF only the way up is written back.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import struct
import warnings
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

THUMBNAIL = (480, 360)  # pixels, at most
_ORIENTATION, _MAKE, _MODEL, _TAKEN, _EXIF, _PLACE = 0x0112, 0x010F, 0x0110, 0x9003, 0x8769, 0x8825
_ZONE = 0x9011
#: JPEG segments that are kept beside the picture itself: JFIF, colour profile, Adobe's colour transform
_KEPT_SEGMENTS = ((0xE0, b"JFIF\0"), (0xE2, b"ICC_PROFILE\0"), (0xEE, b"Adobe"))
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)
_DROPPED_CHUNKS = (b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME")


class NotAPicture(ValueError):
    """The bytes do not open as a picture, or only in part."""


@dataclass(frozen=True)
class Picture:
    """A photo taken apart. ``taken`` has no zone unless the camera wrote one; degrees are as written."""

    stored: bytes
    thumbnail: bytes
    width: int
    height: int
    taken: dt.datetime | None = None
    latitude: float | None = None
    longitude: float | None = None
    camera: str = ""


def take_apart(content: bytes, *, most_pixels: int) -> Picture:
    """The photo without what its camera wrote, that apart from it, and a small copy.

    Raises NotAPicture for bytes that do not open whole, or with more than ``most_pixels``.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP"))
        if image.width * image.height > most_pixels:
            raise NotAPicture(f"{image.width}×{image.height}")
        image.load()
        # the numbers of the file's own format, before anything turns the picture
        facts = _camera_facts(image)
        thumbnail = _thumbnail(image)
        stored = _without_notes(content, image.format or "", facts.pop("way_up"))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, struct.error, IndexError) as error:
        raise NotAPicture(str(error)) from error
    return Picture(stored, thumbnail, image.width, image.height, **facts)


def _thumbnail(image: Image.Image) -> bytes:
    small = image.copy()
    small.thumbnail(THUMBNAIL)
    small = ImageOps.exif_transpose(small).convert("RGB")
    out = io.BytesIO()
    small.save(out, "JPEG", quality=80)
    return out.getvalue()


# --- what the camera wrote ------------------------------------------------------------------------------


def _camera_facts(image: Image.Image) -> dict[str, Any]:
    """Time, place, camera and way up; what is written against the rules counts as not written."""
    try:
        exif = image.getexif()
        more, place = exif.get_ifd(_EXIF), exif.get_ifd(_PLACE)
    except Exception:  # damaged notes do not make the picture worthless; Pillow raises many kinds here
        return {"way_up": 1}
    way_up = exif.get(_ORIENTATION, 1)
    names = [str(exif.get(tag, "")).strip("\0 ") for tag in (_MAKE, _MODEL)]
    latitude, longitude = _degrees(place, 1, 90), _degrees(place, 3, 180)
    located = latitude is not None and longitude is not None
    return {
        "way_up": way_up if isinstance(way_up, int) and 1 <= way_up <= 8 else 1,
        "taken": _moment(str(more.get(_TAKEN, "")), str(more.get(_ZONE, ""))),
        "latitude": latitude if located else None,
        "longitude": longitude if located else None,
        "camera": " ".join(dict.fromkeys(filter(None, names)))[:80],
    }


def _moment(written: str, zone: str) -> dt.datetime | None:
    try:
        taken = dt.datetime.strptime(written.strip("\0 "), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
    try:
        return taken.replace(tzinfo=dt.datetime.strptime(zone.strip("\0 "), "%z").tzinfo)
    except ValueError:
        return taken


def _degrees(place: dict[int, Any], reference: int, most: int) -> float | None:
    """Degrees, minutes, seconds with their hemisphere as one signed number; None when unwritten or absurd."""
    try:
        degrees, minutes, seconds = (float(part) for part in place[reference + 1])
        sign = {"N": 1, "S": -1, "E": 1, "W": -1}[str(place[reference]).strip("\0 ").upper()]
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    found = sign * (degrees + minutes / 60 + seconds / 3600)
    return round(found, 6) if abs(found) <= most else None  # also False for a number that is none


# --- the file without it --------------------------------------------------------------------------------


def _without_notes(content: bytes, kind: str, way_up: int) -> bytes:
    take = {"JPEG": _jpeg, "PNG": _png, "WEBP": _webp}[kind]
    return take(content, way_up)


def _jpeg(content: bytes, way_up: int) -> bytes:
    out, at = [b"\xff\xd8"], 2
    if way_up != 1:
        note = b"Exif\0\0" + _way_up_note(way_up)
        out.append(b"\xff\xe1" + struct.pack(">H", len(note) + 2) + note)
    while found := _MARKER.search(content, at):
        marker = found[1][0]
        out.append(content[at : found.start()])  # picture data up to the marker
        if marker == 0xD9:
            return b"".join([*out, b"\xff\xd9"])  # what follows the end (clips, previews) is left out
        (length,) = struct.unpack_from(">H", content, found.end())
        at = found.end() + length
        segment = content[found.end() + 2 : at]
        noted = 0xE0 <= marker <= 0xEF or marker == 0xFE
        if not noted or any(marker == m and segment.startswith(name) for m, name in _KEPT_SEGMENTS):
            out.append(b"\xff" + content[found.end() - 1 : at])
    raise NotAPicture("no end")


def _way_up_note(way_up: int) -> bytes:
    """A TIFF note with one entry: which way up the picture is."""
    return b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, way_up, 0, 0)


def _png(content: bytes, way_up: int) -> bytes:
    out, at = [content[:8]], 8
    while at < len(content):
        (length,) = struct.unpack_from(">I", content, at)
        kind, end = content[at + 4 : at + 8], at + 12 + length
        if kind not in _DROPPED_CHUNKS:
            out.append(content[at:end])
        if kind == b"IEND":
            break
        at = end
    return b"".join(out)


def _webp(content: bytes, way_up: int) -> bytes:
    out, at, end = [], 12, min(len(content), 8 + struct.unpack_from("<I", content, 4)[0])
    while at + 8 <= end:
        kind, (length,) = content[at : at + 4], struct.unpack_from("<I", content, at + 4)
        chunk = content[at : at + 8 + length + length % 2]
        if kind == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~0x0C]) + chunk[9:]  # no longer holds EXIF or XMP
        if kind not in (b"EXIF", b"XMP "):
            out.append(chunk)
        at += len(chunk)
    body = b"WEBP" + b"".join(out)
    return b"RIFF" + struct.pack("<I", len(body)) + body
