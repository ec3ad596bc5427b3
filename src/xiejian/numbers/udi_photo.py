"""Device codes off a photo: every DataMatrix, QR and linear barcode, as a scanner would send it."""

from __future__ import annotations

import warnings
from io import BytesIO

import zxingcpp
from PIL import Image, ImageOps, UnidentifiedImageError

from xiejian.numbers.udi_record import Fault, book, fault

#: what device labels carry
FORMATS = zxingcpp.barcode_formats_from_str(
    "DataMatrix,QRCode,Code128,Code39,EANUPC,ITF,Aztec,PDF417,DataBar"
)
_KINDS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
#: longer edges, in pixels, at which a photo is looked at: grain and blur vanish when it is made
#: smaller, small codes need the larger
_EDGES = (1000, 2400)


class NoPhoto(ValueError):
    """The bytes are no picture that can be read; ``fault`` says why."""

    def __init__(self, why: Fault) -> None:
        super().__init__(why.message)
        self.fault = why


def read_photo(content: bytes) -> list[str]:
    """Every code on a photo (JPEG, PNG, WebP …), best readable first, each once.

    Codes come with their symbology identifier (``]d2`` is a GS1 DataMatrix), so that
    ``udi.read`` knows what they are. No code found is an empty list; NoPhoto N261 when the
    bytes are no picture, N262 when it has more pixels than ``photo_pixels``.
    """
    picture = _opened(content)
    found: dict[str, None] = {}
    for edge in _EDGES:
        smaller = picture.copy()
        smaller.thumbnail((edge, edge))
        found |= _codes(smaller)
        if max(picture.size) <= edge:
            return list(found)
    # the whole photo takes seconds: only when nothing was seen before
    return list(found or _codes(picture))


def _opened(content: bytes) -> Image.Image:
    limit = book().photo_pixels
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture: Image.Image = Image.open(BytesIO(content), formats=_KINDS)
            if picture.width * picture.height > limit:
                raise NoPhoto(fault("N262", "", limit=limit // 10_000))
            # phones turn the picture by a mark, not by its pixels
            return ImageOps.exif_transpose(picture).convert("L")
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise NoPhoto(fault("N262", "", limit=limit // 10_000)) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        if isinstance(error, NoPhoto):
            raise
        raise NoPhoto(fault("N261", "")) from error


def _codes(picture: Image.Image) -> dict[str, None]:
    """The codes in their order, each once."""
    found = zxingcpp.read_barcodes(picture, formats=FORMATS, text_mode=zxingcpp.TextMode.Plain)
    return dict.fromkeys(code.symbology_identifier + code.text for code in found if code.text)
