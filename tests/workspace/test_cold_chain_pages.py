"""冷链 at a firm: a logger is registered, its file uploaded, a gap stops the sale until two people agree."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from chilled import DAY, HALF_HOUR, move, refused_with
from xiejian.coldchain.models import Excursion, Logger, Reading
from xiejian.inspections.models import Evidence
from xiejian.people import firm_accounts
from xiejian.people.policy import SYSTEM
from xiejian.web import clock

LOGGER = {
    "code": "LK-01", "place": "1号冷库", "kind": "cold_store", "low_centi": "2", "high_centi": "8",
    "interval_seconds": "1800", "used_from": "2024-01-01",
}  # fmt: skip
ROWS = "时间,温度\n" + "".join(f"{DAY + n * HALF_HOUR:%Y-%m-%d %H:%M},5\n" for n in (0, 1, 6, 7))


@pytest.fixture(autouse=True)
def _today(monkeypatch, now):
    """The pages' day is that of the records."""
    monkeypatch.setattr(clock, "now", lambda request: now)
    monkeypatch.setattr(clock, "today", lambda request: timezone.localdate(now))


@pytest.fixture
def logger(ours, firm_client):
    firm_client(ours, "firm_store").post("/firm/coldchain/loggers/new/", LOGGER)
    return Logger.objects.get()


def upload(client, logger, text: str = ROWS):
    file = SimpleUploadedFile("1号冷库.csv", text.encode())
    return client.post("/firm/coldchain/upload/", {"logger": logger.pk, "file": file}, follow=True)


def text(answer) -> str:
    return answer.content.decode()


class TestAFirm:
    def test_registers_a_logger_with_its_limits(self, ours, logger):
        assert (logger.firm_uscc, logger.low_centi, logger.high_centi) == (ours.uscc, 200, 800)

    def test_is_told_what_is_wrong_with_it(self, ours, firm_client):
        answer = firm_client(ours).post("/firm/coldchain/loggers/new/", {**LOGGER, "low_centi": "9"})
        assert (answer.status_code, "不低于上限" in text(answer), Logger.objects.exists()) == (
            422,
            True,
            False,
        )

    def test_uploads_a_file_and_sees_what_was_found(self, ours, logger, firm_client):
        client = firm_client(ours, "firm_store")
        page = text(upload(client, logger))
        assert ("存入 <strong>4</strong>" in page, "缺测" in page) == (True, True)
        assert "无变化 4" in text(upload(client, logger))

    def test_stops_the_sale_at_a_gap_until_two_people_agree(self, ours, logger, firm_client):
        move(ours)
        upload(firm_client(ours, "firm_store"), logger)
        gap = Excursion.objects.get()
        page = f"/firm/coldchain/{gap.pk}/"
        assert refused_with(move, ours, "ship", 0, quantity=1) == "SU201"
        quality, head = firm_client(ours, "firm_quality"), firm_client(ours, "firm_head")
        assert "冷链" in text(quality.get("/firm/"))
        report = SimpleUploadedFile("稳定性报告.txt", "25℃ 下 48 小时稳定".encode())
        quality.post(page, {
            "do": "assess_excursion", "outcome": "usable", "reason": "稳定", "evidence": "W-7",
            "files": report,
        })  # fmt: skip
        assert "等另一名" in text(quality.get(page))
        assert "稳定性报告" in text(head.get(page))
        head.post(page, {"do": "release_excursion", "reason": "同意"})
        gap.refresh_from_db()
        assert (gap.state, Evidence.objects.get().subject) == ("released", "excursion")
        assert refused_with(move, ours, "ship", 0, quantity=1) == ""

    def test_cannot_release_what_the_same_person_assessed(self, ours, logger, firm_client):
        upload(firm_client(ours, "firm_store"), logger)
        page = f"/firm/coldchain/{Excursion.objects.get().pk}/"
        client = firm_client(ours, "firm_quality")
        client.post(page, {"do": "assess_excursion", "outcome": "usable", "reason": "x", "evidence": "y"})
        answer = client.post(page, {"do": "release_excursion", "reason": "同意"})
        assert (answer.status_code, "不能由同一人" in text(answer)) == (422, True)

    def test_names_what_a_vehicle_carried(self, ours, logger, firm_client):
        client = firm_client(ours, "firm_store")
        page = f"/firm/coldchain/loggers/{logger.pk}/"
        client.post(
            page, {"do": "place_lot", "document_no": "D-1", "from_at": DAY.strftime("%Y-%m-%dT%H:%M")}
        )
        assert "D-1" in text(client.get(page))

    def test_asks_a_fixed_number_for_its_pages(
        self, ours, logger, firm_client, django_assert_max_num_queries
    ):
        client = firm_client(ours, "firm_quality")
        upload(client, logger)
        for path, most in (("/firm/coldchain/", 9), (f"/firm/coldchain/loggers/{logger.pk}/", 20)):
            with django_assert_max_num_queries(most):
                client.get(path)


class TestAGateway:
    @pytest.fixture
    def key(self, ours, logger, firm_user, now):
        user = firm_user(ours, "firm_store")
        return firm_accounts.make_key(user=user, name="网关", by=SYSTEM, at=timezone.now())[1]

    def send(self, client, key, *rows):
        return client.post(
            "/api/firm/cold-readings", json.dumps(rows), content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )  # fmt: skip

    def test_sends_readings_once(self, client, key):
        row = {"logger": "LK-01", "at": DAY.isoformat(), "celsius": 4.5}
        first, again = self.send(client, key, row).json(), self.send(client, key, row).json()
        assert (first["stored"], again["stored"], again["unchanged"]) == (1, 0, 1)

    def test_is_told_of_each_that_is_refused(self, client, key):
        good = {"logger": "LK-01", "at": DAY.isoformat(), "celsius": 4.5}
        answer = self.send(client, key, {**good, "at": "x"}, good, {**good, "logger": "LK-9"}).json()
        assert [(one["row"], one["code"]) for one in answer["refused"]] == [(1, "CC201"), (3, "CC102")]
        assert (answer["read"], answer["stored"]) == (3, 1)

    def test_of_another_firm_stores_nothing_here(self, client, key, theirs, firm_user):
        user = firm_user(theirs, "firm_store")
        other = firm_accounts.make_key(user=user, name="x", by=SYSTEM, at=timezone.now())[1]
        row = {"logger": "LK-01", "at": DAY.isoformat(), "celsius": 4.5}
        assert self.send(client, other, row).json()["refused"][0]["code"] == "CC102"
        assert not Reading.objects.exists()

    def test_without_a_key_is_refused(self, client, logger):
        assert self.send(client, "x", {}).status_code == 401
