"""What the browser's false camera sees: a film of one still picture, and codes to film."""

from __future__ import annotations

from pathlib import Path

import zxingcpp
from PIL import Image

WIDTH, HEIGHT = 640, 480


def film(picture: Image.Image, path: Path) -> Path:
    """A film of one still picture, as the browser's false camera takes it (YUV4MPEG2)."""
    frame = Image.new("L", (WIDTH, HEIGHT), 255)
    frame.paste(picture, ((WIDTH - picture.width) // 2, (HEIGHT - picture.height) // 2))
    grey = bytes([128]) * (WIDTH * HEIGHT // 2)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode())
        for _ in range(5):
            file.write(b"FRAME\n" + frame.tobytes() + grey)
    return path


def datamatrix(printed: str) -> Image.Image:
    """The printed label of a device code, in the square code that is on devices."""
    drawn = zxingcpp.create_barcode(printed, zxingcpp.BarcodeFormat.DataMatrix, gs1=True).to_image(scale=8)
    return Image.fromarray(drawn)
