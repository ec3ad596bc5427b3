"""Device codes off a photo: drawn, turned, blurred, and read back."""

import datetime as dt
import random
from dataclasses import replace
from io import BytesIO

import pytest
import segno
import zxingcpp
from PIL import Image, ImageFilter, ImageOps

from xiejian.numbers import udi, udi_record
from xiejian.numbers.udi_photo import NoPhoto, read_photo

PRINTED = "(01)06972253600013(17)260923(10)A1(21)S9"
SCANNED = "]d201069722536000131726092310A1\x1d21S9"
LINK = "https://id.gs1.org/01/06972253600013/10/A1?17=260923"


def png(picture, kind="PNG"):
    file = BytesIO()
    picture.save(file, kind)
    return file.getvalue()


def datamatrix(scale=6):
    drawn = zxingcpp.create_barcode(PRINTED, zxingcpp.BarcodeFormat.DataMatrix, gs1=True).to_image(
        scale=scale
    )
    pixels = memoryview(drawn)
    return Image.frombytes("L", (pixels.shape[1], pixels.shape[0]), pixels.tobytes())


def qr(text=LINK):
    file = BytesIO()
    segno.make(text, micro=False).save(file, kind="png", scale=6, border=4)
    return Image.open(file).convert("L")


def on_a_table(picture, size=(900, 700), angle=0.0, noise=0, blur=0.0):
    """The code on a grey background, turned, out of focus, with grain, as a phone sees it."""
    photo = Image.new("L", size, 205)
    turned = ImageOps.expand(picture, 20, 255).rotate(angle, expand=True, fillcolor=205)
    photo.paste(turned, ((size[0] - turned.width) // 2, (size[1] - turned.height) // 3))
    if blur:
        photo = photo.filter(ImageFilter.GaussianBlur(blur))
    if noise:
        dice = random.Random(5)
        grain = Image.frombytes("L", size, dice.randbytes(size[0] * size[1]))
        photo = Image.blend(photo, grain, noise / 100)
    return photo


class TestADataMatrix:
    def test_comes_as_a_scanner_would_send_it(self):
        assert read_photo(png(datamatrix())) == [SCANNED]

    @pytest.mark.parametrize("angle", [17, 90, 143, 180, 270])
    def test_is_found_at_any_angle(self, angle):
        assert read_photo(png(on_a_table(datamatrix(), angle=angle))) == [SCANNED]

    def test_is_found_through_grain_and_blur(self):
        assert read_photo(png(on_a_table(datamatrix(), angle=8, noise=25, blur=1.2))) == [SCANNED]

    def test_is_found_on_a_compressed_photo(self):
        assert read_photo(png(on_a_table(datamatrix(), angle=5), "JPEG")) == [SCANNED]

    def test_is_read_into_an_answer(self):
        found = udi.read(read_photo(png(datamatrix()))[0], on=dt.date(2026, 1, 1))
        assert (found.valid, found.di, found.lot, found.serial) == (True, "06972253600013", "A1", "S9")


class TestAQrCode:
    @pytest.mark.parametrize("angle", [0, 33, 180])
    def test_is_found_at_any_angle(self, angle):
        assert read_photo(png(on_a_table(qr(), angle=angle, noise=15))) == ["]Q1" + LINK]

    def test_of_an_ma_code_is_read_into_an_answer(self):
        code = read_photo(png(qr("MA.156.M0.100001.10000011.LA1")))[0]
        found = udi.read(code, on=dt.date(2026, 1, 1))
        assert (found.agency, found.di, found.lot) == ("MA", "MA.156.M0.100001.10000011", "A1")


class TestAPhoto:
    def test_with_several_codes_gives_each_once(self):
        photo = Image.new("L", (1200, 600), 255)
        for place, code in ((0, datamatrix()), (400, qr()), (850, datamatrix())):
            photo.paste(code, (place + 30, 60))
        assert sorted(read_photo(png(photo))) == sorted(["]Q1" + LINK, SCANNED])

    def test_that_is_large_gives_a_grainy_and_a_small_code(self):
        photo = on_a_table(datamatrix(20), size=(3000, 4000), angle=11, noise=80, blur=5)
        photo.paste(ImageOps.expand(qr().resize((222, 222)), 40, 255), (100, 3600))
        assert sorted(read_photo(png(photo, "BMP"))) == sorted(["]Q1" + LINK, SCANNED])

    def test_turned_by_a_mark_only_is_read(self):
        exif = Image.Exif()
        exif[0x0112] = 6
        file = BytesIO()
        on_a_table(datamatrix()).save(file, "JPEG", exif=exif)
        assert read_photo(file.getvalue()) == [SCANNED]

    def test_without_a_code_gives_none(self):
        assert read_photo(png(Image.new("L", (300, 300), 200))) == []

    @pytest.mark.parametrize("content", [b"", b"no picture", png(Image.new("L", (90, 90)))[:60]])
    def test_that_is_no_picture_is_refused(self, content):
        with pytest.raises(NoPhoto) as refused:
            read_photo(content)
        assert refused.value.fault.code == "N261"

    def test_of_too_many_pixels_is_refused_unread(self, monkeypatch):
        small = replace(udi_record.book(), photo_pixels=100)
        monkeypatch.setattr("xiejian.numbers.udi_photo.book", lambda: small)
        with pytest.raises(NoPhoto) as refused:
            read_photo(png(Image.new("L", (90, 90))))
        assert refused.value.fault.code == "N262"
