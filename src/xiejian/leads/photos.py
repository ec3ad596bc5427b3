"""Photographs that citizens send: opened, measured, written anew without what the camera noted."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable

from PIL import Image, ImageOps, UnidentifiedImageError

from xiejian.kernel.problems import Refused
from xiejian.leads import rules
from xiejian.leads.checks import problems

#: name, bytes in all, how to read them
Upload = tuple[str, int, Callable[[], bytes]]
_MILLION = 1_000_000


def clean(uploads: list[Upload]) -> list[bytes]:
    """Each photograph as a new JPEG without notes of place and time.

    Refused: too many (E411), too large a file (E412), no JPEG, PNG or WebP that opens whole, or one with
    more pixels than a camera has (E413): a bomb, a document, a script with an image's name.
    """
    most = rules.portal("photos")
    if len(uploads) > most:
        raise Refused(problems("E411", count=len(uploads), limit=most))
    found = []
    for name, size, read in uploads:
        if size > rules.portal("megabytes") * _MILLION:
            raise Refused(problems("E412", name, name=name, limit=rules.portal("megabytes")))
        found.append(_anew(name, read()))
    return found


def _anew(name: str, content: bytes) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP"))
        if image.width * image.height > rules.portal("megapixels") * _MILLION:
            raise Refused(problems("E413", name, name=name))
        image.load()
        out = io.BytesIO()
        ImageOps.exif_transpose(image).convert("RGB").save(out, "JPEG", quality=88)
    except (
        UnidentifiedImageError, OSError, SyntaxError, ValueError, struct.error, IndexError,
        Image.DecompressionBombError,
    ) as error:  # fmt: skip
        raise Refused(problems("E413", name, name=name)) from error
    return out.getvalue()
