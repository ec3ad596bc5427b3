"""照片证据: the picture kept, what the camera wrote read and kept apart, every way a file can be wrong."""

from __future__ import annotations

import datetime as dt
import hashlib
import io

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from visiting import PHOTO, jpeg, photo
from xiejian.inspections import actions, custody, pictures
from xiejian.inspections.models import Evidence
from xiejian.inspections.paper_checks import capture_marks
from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry

MANY = 10**9


def notes(**more: object) -> Image.Exif:
    """What a phone writes: maker, time, place."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "HUAWEI", "P40", more.get("way_up", 1)
    taken = exif.get_ifd(0x8769)
    taken[0x9003] = more.get("taken", "2024:03:05 10:11:12")
    place = exif.get_ifd(0x8825)
    place[1], place[2] = more.get("north", "N"), more.get("latitude", (42.0, 50.0, 30.0))
    place[3], place[4] = "E", (120.0, 39.0, 0.0)
    return exif


NOTED = jpeg(exif=notes())


def drawn(form: str, **saved: object) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((60, 40), 50).convert("RGB").save(out, form, **saved)
    return out.getvalue()


def pixels(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content)) as image:
        return image.tobytes()


class TestTheCamerasNotes:
    def test_are_read(self):
        found = pictures.take_apart(NOTED, most_pixels=MANY)
        assert (found.taken, found.camera) == (dt.datetime(2024, 3, 5, 10, 11, 12), "HUAWEI P40")

    def test_place_is_in_degrees(self):
        found = pictures.take_apart(NOTED, most_pixels=MANY)
        assert (found.latitude, found.longitude) == (42.841667, 120.65)

    def test_south_is_negative(self):
        found = pictures.take_apart(jpeg(exif=notes(north="S")), most_pixels=MANY)
        assert found.latitude == -42.841667

    @pytest.mark.parametrize("wrong", [{"north": "X"}, {"latitude": (142.0, 0.0, 0.0)}])
    def test_an_absurd_place_is_no_place(self, wrong):
        found = pictures.take_apart(jpeg(exif=notes(**wrong)), most_pixels=MANY)
        assert (found.latitude, found.longitude) == (None, None)

    def test_an_absurd_time_is_no_time(self):
        found = pictures.take_apart(jpeg(exif=notes(taken="0000:00:00 00:00:00")), most_pixels=MANY)
        assert found.taken is None

    @pytest.mark.parametrize(
        ("form", "more"),
        [("JPEG", {}), ("JPEG", {"progressive": True, "comment": b"HUAWEI"}), ("PNG", {}), ("WEBP", {})],
        ids=["jpeg", "progressive jpeg", "png", "webp"],
    )
    def test_do_not_stay_in_the_stored_photo(self, form, more):
        stored = pictures.take_apart(drawn(form, exif=notes(), **more), most_pixels=MANY).stored
        with Image.open(io.BytesIO(stored)) as image:
            assert (dict(image.getexif()), b"HUAWEI" in stored) == ({}, False)


class TestThePicture:
    @pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
    def test_is_kept_pixel_for_pixel(self, form):
        content = drawn(form, exif=notes())
        assert pixels(pictures.take_apart(content, most_pixels=MANY).stored) == pixels(content)

    def test_without_notes_is_kept_bit_for_bit(self):
        assert pictures.take_apart(PHOTO, most_pixels=MANY).stored == PHOTO

    def test_keeps_its_way_up(self):
        stored = pictures.take_apart(jpeg(exif=notes(way_up=6)), most_pixels=MANY).stored
        with Image.open(io.BytesIO(stored)) as image:
            assert dict(image.getexif()) == {0x0112: 6}

    def test_stands_upright_in_the_small_copy(self):
        found = pictures.take_apart(jpeg(size=(40, 20), exif=notes(way_up=6)), most_pixels=MANY)
        with Image.open(io.BytesIO(found.thumbnail)) as image:
            assert image.size == (20, 40)

    def test_loses_what_hangs_behind_its_end(self):
        found = pictures.take_apart(PHOTO + b"a clip with a place", most_pixels=MANY)
        assert found.stored == PHOTO

    @pytest.mark.parametrize("kept", [0.1, 0.5, 0.95])
    def test_that_is_cut_off_does_not_open(self, kept):
        content = drawn("JPEG")
        with pytest.raises(pictures.NotAPicture):
            pictures.take_apart(content[: int(len(content) * kept)], most_pixels=MANY)

    def test_with_too_many_pixels_is_refused_before_it_is_unpacked(self):
        with pytest.raises(pictures.NotAPicture):
            pictures.take_apart(PHOTO, most_pixels=100)


class TestStoring:
    def store(self, visit, inspector, now, content=NOTED, **more):
        file = ContentFile(content, name="门头.jpg")
        return actions.attach_evidence(visit=visit, file=file, by=inspector, at=now, **more)

    def test_both_digests_are_kept(self, started, inspector, now):
        row = self.store(started, inspector, now)
        with row.file.open() as file:
            on_disk = hashlib.sha256(file.read()).hexdigest()
        assert (row.sha256, row.stored_sha256) == (hashlib.sha256(NOTED).hexdigest(), on_disk)
        assert row.sha256 != row.stored_sha256

    def test_the_camera_s_time_is_that_of_the_office(self, started, inspector, now):
        row = self.store(started, inspector, now)
        assert f"{timezone.localtime(row.captured_at):%Y-%m-%d %H:%M}" == "2024-03-05 10:11"

    def test_the_audit_chain_holds_the_digests(self, started, inspector, now):
        row = self.store(started, inspector, now)
        detail = AuditEntry.objects.filter(action="attach_evidence").get().detail
        assert (detail["sha256"], detail["stored_sha256"]) == (row.sha256, row.stored_sha256)

    def test_the_digest_of_the_device_must_be_that_of_the_bytes(self, started, inspector, now):
        with pytest.raises(Refused) as refused:
            self.store(started, inspector, now, device_sha256="0" * 64)
        assert refused.value.first.code == "I408"

    def test_the_digest_of_the_device_is_kept(self, started, inspector, now):
        row = self.store(started, inspector, now, device_sha256=hashlib.sha256(NOTED).hexdigest().upper())
        assert row.device_sha256 == row.sha256

    def test_a_photo_that_does_not_open_is_refused(self, started, inspector, now):
        with pytest.raises(Refused) as refused:
            self.store(started, inspector, now, content=NOTED[: len(NOTED) // 2])
        assert (refused.value.first.code, Evidence.objects.count()) == ("I409", 0)

    def test_a_voice_note_is_kept_as_it_is(self, started, inspector, now):
        file = ContentFile(b"#!AMR\n voice", name="现场.amr")
        row = actions.attach_evidence(visit=started, file=file, by=inspector, at=now)
        assert (row.kind, row.stored_sha256, row.captured_at) == ("audio", row.sha256, None)


class TestDescribing:
    def test_caption_and_stage_are_changed_with_both_in_the_audit(self, started, inspector, now):
        row = actions.attach_evidence(visit=started, file=photo(), caption="甲", by=inspector, at=now)
        actions.describe_evidence(evidence=row, caption="乙", stage="before", by=inspector, at=now)
        entry = AuditEntry.objects.get(action="describe_evidence")
        assert (Evidence.objects.get().stage, entry.detail["caption"]) == ("before", ["甲", "乙"])

    def test_an_empty_caption_is_refused(self, started, inspector, now):
        row = actions.attach_evidence(visit=started, file=photo(), by=inspector, at=now)
        with pytest.raises(Refused) as refused:
            actions.describe_evidence(evidence=row, caption=" ", by=inspector, at=now)
        assert refused.value.first.code == "I106"

    @pytest.fixture
    def three(self, started, inspector, now):
        files = [photo(f"{n}.jpg", jpeg(shade=n)) for n in range(3)]
        return [actions.attach_evidence(visit=started, file=f, by=inspector, at=now) for f in files]

    def test_they_stand_in_the_order_they_came(self, started, three):
        assert list(started.evidence.all()) == three

    def test_the_order_can_be_changed(self, started, three, inspector, now):
        ids = [three[2].pk, three[0].pk, three[1].pk]
        actions.order_evidence(visit=started, ids=ids, by=inspector, at=now)
        assert [row.pk for row in started.evidence.all()] == ids

    def test_an_order_that_leaves_one_out_is_refused(self, started, three, inspector, now):
        with pytest.raises(Refused) as refused:
            actions.order_evidence(visit=started, ids=[three[0].pk], by=inspector, at=now)
        assert refused.value.first.code == "I412"


class TestTheClockOfTheDevice:
    """Shown as a mark; the time itself is never changed."""

    ARRIVED = dt.datetime(2024, 3, 5, 18, 0, tzinfo=dt.UTC)

    def marks(self, captured=None, offset=None):
        return capture_marks(
            captured_on=captured, arrived_at=self.ARRIVED, visited_on=dt.date(2024, 3, 5),
            clock_offset=offset, tolerance_minutes=10,
        )  # fmt: skip

    def test_a_photo_of_the_day_has_no_mark(self):
        assert self.marks(self.ARRIVED - dt.timedelta(hours=3), offset=20) == []

    def test_wrong_by_a_day_is_marked(self):
        captured = self.ARRIVED - dt.timedelta(days=1)
        assert self.marks(captured) == ["拍摄日期2024-03-04不是检查日期2024-03-05"]

    def test_later_than_its_arrival_is_marked(self):
        assert self.marks(self.ARRIVED + dt.timedelta(minutes=90)) == ["拍摄时间比存入时间晚1小时30分"]

    @pytest.mark.parametrize(
        ("offset", "mark"), [(86400, "拍摄设备的时钟快1天"), (-3600, "拍摄设备的时钟慢1小时")]
    )
    def test_the_clock_of_a_device_that_was_off_is_named(self, offset, mark):
        assert self.marks(offset=offset) == [mark]

    def test_a_small_difference_is_none(self):
        assert self.marks(self.ARRIVED + dt.timedelta(minutes=9), offset=599) == []


class TestTheChainOfCustody:
    @pytest.fixture
    def row(self, started, inspector, now):
        return actions.attach_evidence(visit=started, file=photo(), by=inspector, at=now)

    def states(self):
        return [fault.state for fault in custody.faults()[1]]

    def test_what_came_in_is_whole(self, row):
        assert custody.faults() == (1, [])

    def test_a_file_that_was_changed_is_found(self, row):
        with open(row.file.path, "ab") as file:
            file.write(b"x")
        assert self.states() == ["changed"]

    def test_a_file_that_is_gone_is_found(self, row):
        row.file.storage.delete(row.file.name)
        assert self.states() == ["missing"]

    def test_a_row_that_was_changed_with_its_file_is_found(self, row):
        with open(row.file.path, "wb") as file:
            file.write(b"other")
        Evidence.objects.update(stored_sha256=hashlib.sha256(b"other").hexdigest())
        assert self.states() == ["unrecorded"]
