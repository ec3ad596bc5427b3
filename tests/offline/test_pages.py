"""The doors: what a phone asks for over HTTP, and the office's pages about phones."""

from __future__ import annotations

import datetime as dt
import gzip
import json

import pytest
from django.test import Client
from django.urls import reverse

from moment import NOW
from offline_phone import Phone, digest, picture
from visiting import enrol
from xiejian.inspections.models import Correction, Evidence, Visit
from xiejian.offline import actions, signing
from xiejian.offline.models import Conflict, Device, FieldEvent
from xiejian.offline.urls import urlpatterns
from xiejian.people.models import AuditEntry, Office, Officer
from xiejian.people.policy import SYSTEM

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
PASSWORD = "a-long-enough-password"


def signed_in(officer: Officer) -> Client:
    client = Client()
    client.force_login(officer, backend=BACKEND)
    return client


@pytest.fixture
def with_role(naiman):
    """A client of an officer of the county bureau (or of ``office_code``) in a role."""

    def make(role: str, office_code: str = "150525") -> Client:
        office = Office.objects.get(code=office_code)
        officer = Officer.objects.create(
            username=f"x.{role}.{office_code}", name=f"某{role}", office=office, role=role, password="!",
            created_at=NOW,
        )  # fmt: skip
        return signed_in(officer)

    return make


class Line:
    """A phone's marked requests."""

    def __init__(self, client: Client, phone: Phone) -> None:
        self.client, self.phone = client, phone

    def ask(self, method: str, path: str, body: bytes = b"", type_: str = "application/json", **headers):
        found = {
            "X-Field-Device": str(self.phone.device.pk),
            "X-Field-Mark": signing.mark(self.phone.device.secret, method, path, body),
            **headers,
        }
        return self.client.generic(method, path, body, content_type=type_, headers=found)

    def send(self, *events: actions.Given, **headers):
        said = [
            {
                "id": str(e.id), "visit": e.visit_key, "sequence": e.sequence, "kind": e.kind,
                "payload": e.payload, "captured_at": e.captured_at.isoformat(),
            }
            for e in events
        ]  # fmt: skip
        body = json.dumps({"now": NOW.isoformat(), "events": said}).encode()
        return self.ask("POST", "/field/sync/", body, **headers)


@pytest.fixture
def line(phone, team, monkeypatch) -> Line:
    monkeypatch.setattr("xiejian.web.clock.now", lambda request: NOW)
    return Line(signed_in(team[0]), phone)


def code(answer) -> str:
    return answer.json()["type"].rpartition(":")[2]


class TestThePhone:
    def test_registers_with_the_password_of_whoever_is_signed_in(self, team):
        team[0].set_password(PASSWORD)
        team[0].save()
        client = signed_in(team[0])
        said = {"name": "王的手机", "password": PASSWORD}
        answer = client.post("/field/devices/", said, content_type="application/json")
        found = Device.objects.get()
        assert (answer.status_code, answer.json()["secret"], found.officer) == (201, found.secret, team[0])

    def test_does_not_register_with_another_password(self, team):
        said = {"name": "王的手机", "password": "wrong"}
        answer = signed_in(team[0]).post("/field/devices/", said, content_type="application/json")
        assert (answer.status_code, code(answer), Device.objects.count()) == (403, "O105", 0)

    def test_is_told_to_sign_in_and_not_sent_to_a_page(self, phone):
        line = Line(Client(), phone)
        answer = line.send()
        assert (answer.status_code, code(answer)) == (401, "W101")

    def test_takes_the_day_along(self, line, planned, shop):
        answer = line.ask("GET", "/field/day/?days=7&parties=all")
        content = json.loads(gzip.decompress(answer.content))
        (visit,) = content["visits"]
        assert (visit["number"], content["parties"]["values"][1][0]) == (planned.number, shop.name)
        assert visit["checklist_key"] in content["checklists"]

    @pytest.mark.parametrize(("office", "taken"), [("150525100", True), ("150500", False)])
    def test_takes_earlier_visits_and_orders_along_where_the_officer_may_see_them(
        self, line, planned, shop, office, taken
    ):
        day = NOW.date() - dt.timedelta(days=30)
        made = Visit.objects.create(
            number="从前的检查", party=shop, link="经营", kind="日常检查", state="concluded", visited_on=day,
            office_code=office,
        )  # fmt: skip
        Correction.objects.create(
            visit=made, number="从前的责改", content="改正", ordered_on=day, due_on=day, state="ordered",
            office_code=office,
        )  # fmt: skip
        answer = gzip.decompress(line.ask("GET", "/field/day/?days=7").content).decode()
        answer = json.dumps(json.loads(answer), ensure_ascii=False)
        assert (made.number in answer, "从前的责改" in answer) == (taken, taken)

    def test_takes_a_day_along_in_the_same_number_of_queries(
        self, line, planned, shop, team, now, django_assert_max_num_queries
    ):
        for i in range(30):
            enrol(f"另一家{i}", "150525100", now)
        with django_assert_max_num_queries(32):
            line.ask("GET", "/field/day/?days=7&parties=all")

    def test_sends_a_visit(self, line, planned, phone, points):
        answer = line.send(phone.start(planned), phone.finding(planned, points[0]))
        assert [a["outcome"] for a in answer.json()["answers"]] == ["applied", "applied"]

    def test_sends_a_photo_in_pieces(self, line, planned, phone):
        content = picture()
        total, half = len(content), len(content) // 2
        path = f"/field/files/{digest(content)}/"
        for start, end in ((0, half), (half, total)):
            line.ask(
                "PUT", f"{path}?start={start}&total={total}", content[start:end], "application/octet-stream"
            )
        assert line.ask("GET", path).json() == {"received": total}
        line.send(phone.start(planned), phone.photo(planned, content, sent=False))
        assert Evidence.objects.get().sha256 == digest(content)

    def test_is_told_where_a_broken_file_goes_on(self, line):
        answer = line.ask(
            "PUT", f"/field/files/{'a' * 64}/?start=9&total=20", b"x", "application/octet-stream"
        )
        assert (answer.status_code, answer.json()["received"]) == (409, 0)

    def test_without_its_mark_nothing_is_taken(self, line, planned, phone):
        answer = line.send(phone.start(planned), **{"X-Field-Mark": "0" * 64})
        assert (answer.status_code, code(answer), FieldEvent.objects.count()) == (403, "O103", 0)

    def test_of_somebody_else_is_refused(self, phones, team):
        line = Line(signed_in(team[1]), phones[0])
        assert code(line.send()) == "O104"

    def test_that_is_revoked_is_told_to_clear_itself(self, line, phone):
        actions.revoke_device(device=phone.device, reason="遗失", by=phone.actor, at=NOW)
        answer = line.send()
        assert (answer.status_code, answer.json()["wipe"]) == (403, True)

    def test_learns_that_it_is_revoked_before_anybody_signs_in(self, phone):
        actions.revoke_device(device=phone.device, reason="遗失", by=phone.actor, at=NOW)
        answer = Client().get("/field/state/", {"device": str(phone.device.pk)})
        assert answer.json()["state"] == "revoked"

    def test_gets_its_secret_again_only_while_it_is_not_revoked(self, line, phone):
        said = {"device": str(phone.device.pk)}
        first = line.client.post("/field/unlock/", said, content_type="application/json")
        actions.revoke_device(device=phone.device, reason="遗失", by=phone.actor, at=NOW)
        second = line.client.post("/field/unlock/", said, content_type="application/json")
        assert (first.json()["secret"], code(second)) == (phone.device.secret, "O101")

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b'{"now": "x", "events": []}',
            b'{"now": "\\u0000"}',
            b'{"now": "\\ud800"}',
            b'{"now": "2024-03-05T10:00:00+08:00", "events": [1]}',
        ],
    )
    def test_is_told_what_is_wrong_with_a_request(self, line, body):
        answer = line.ask("POST", "/field/sync/", body)
        assert (answer.status_code, code(answer)) == (422, "O201")

    def test_may_not_send_too_many_at_once(self, line, planned, phone, settings):
        settings.FIELD_EVENTS_PER_SYNC = 1
        answer = line.send(phone.start(planned), phone.finding(planned, "x"))
        assert code(answer) == "O208"

    def test_opens_its_shell_without_signing_in(self):
        answers = [
            Client().get(path).status_code
            for path in ("/field/", "/field/worker.js", "/field/manifest.webmanifest")
        ]
        assert answers == [200, 200, 200]

    def test_keeps_every_file_of_its_page(self):
        text = Client().get("/field/worker.js").content.decode()
        kept = json.loads(text[len("const KEPT = ") : text.index(";\n")])
        assert {
            "/static/field/app.js",
            "/static/vendor/dexie.min.mjs",
            "/static/web/inspection-rules.js",
        } <= set(kept["files"])


@pytest.fixture
def held(line, planned, phone) -> FieldEvent:
    """A start that waits for an officer: the party was struck off."""
    party = planned.party
    party.status = "注销"
    party.save()
    line.send(phone.start(planned))
    return FieldEvent.objects.get()


@pytest.fixture
def differing(phones, planned, points) -> Conflict:
    one, other = phones
    one.send(one.start(planned), one.finding(planned, points[0]))
    other.send(other.start(planned), other.finding(planned, points[0], "not_conform", fact="积灰"))
    return Conflict.objects.get()


class TestReceived:
    def test_shows_what_waits_and_why(self, held, with_role):
        text = with_role("section_officer").get("/received/").content.decode()
        assert "明眸眼镜店" in text and "注销" in text

    def test_records_it_with_a_reason(self, held, with_role, planned):
        said = {"do": "record", "r-on": "2024-03-05", "r-reason": "注销后仍在营业"}
        with_role("section_officer").post(f"/received/{held.pk}/", said)
        planned.refresh_from_db()
        assert planned.state == "started"

    def test_sets_it_aside_with_a_reason(self, held, with_role):
        said = {"do": "set_aside", "a-reason": "走错了门"}
        with_role("section_officer").post(f"/received/{held.pk}/", said)
        held.refresh_from_db()
        assert (held.outcome, held.reason) == ("set_aside", "走错了门")

    @pytest.mark.parametrize(("role", "shown"), [("section_officer", True), ("upper_viewer", False)])
    def test_names_people_only_to_who_may_see_contacts(self, role, shown, line, planned, phone, with_role):
        said = {
            "name": "白某某",
            "reason": "不认可",
            "witnesses": ["村委刘某"],
            "digest": "0",
            "text": "记录",
        }
        line.send(phone.start(planned), phone.event(planned, "refuse_signature", **said))
        event = FieldEvent.objects.get(kind="refuse_signature")
        text = with_role(role).get(f"/received/{event.pk}/").content.decode()
        assert ("白某某" in text, "村委刘某" in text) == (shown, shown)

    def test_shows_both_versions_of_a_conflict(self, differing, with_role):
        text = with_role("section_officer").get("/received/conflicts/").content.decode()
        assert "不符合：积灰" in text and "赵检的手机" in text

    def test_takes_the_version_of_the_phone(self, differing, with_role, planned):
        said = {"conflict": differing.pk, "do": "take", "reason": "当场复核"}
        with_role("section_officer").post("/received/conflicts/", said)
        assert planned.findings.get().fact == "积灰"

    def test_who_only_looks_decides_nothing(self, differing, with_role):
        said = {"conflict": differing.pk, "do": "take", "reason": "当场复核"}
        answer = with_role("head").post("/received/conflicts/", said)
        differing.refresh_from_db()
        assert (answer.status_code, differing.state) == (422, "open")

    def test_is_not_there_for_another_county(self, held, with_role):
        Office.objects.create(code="522726", stem="522726", name="独山县局", tier="county")
        client = with_role("section_officer", "522726")
        assert client.get(f"/received/{held.pk}/").status_code == 404
        assert "明眸" not in client.get("/received/?tab=all").content.decode()

    def test_asks_the_same_number_of_queries_for_many(
        self, line, planned, phone, points, with_role, django_assert_max_num_queries
    ):
        line.send(phone.start(planned), *[phone.finding(planned, p) for p in points])
        client = with_role("section_officer")
        with django_assert_max_num_queries(14):
            client.get("/received/?tab=all")


class TestDevices:
    def test_an_administrator_revokes_a_phone(self, phone, with_role):
        with_role("administrator").post(f"/devices/{phone.device.pk}/", {"reason": "遗失"})
        phone.device.refresh_from_db()
        assert phone.device.revoked_reason == "遗失"
        assert AuditEntry.objects.filter(action="revoke_device").exists()

    def test_an_inspector_sees_only_the_own_phones(self, phones, team):
        text = signed_in(team[0]).get("/devices/").content.decode()
        assert "王检的手机" in text and "赵检的手机" not in text

    def test_of_another_county_are_not_there(self, phone, with_role):
        Office.objects.create(code="522726", stem="522726", name="独山县局", tier="county")
        assert with_role("administrator", "522726").get(f"/devices/{phone.device.pk}/").status_code == 404


OFFICE_PAGES = [p.name for p in urlpatterns if p.name in ("device_list", "received", "conflict_list")]


@pytest.mark.parametrize("name", OFFICE_PAGES)
def test_nobody_sees_a_page_without_signing_in(name, db):
    assert Client().get(reverse(name)).status_code == 302


def test_every_page_names_who_may_open_it():
    assert [p.name for p in urlpatterns if not hasattr(p.callback, "permission")] == []


def test_the_system_may_register_for_an_officer(team):
    made = actions.register_device(officer=team[0], name="备用机", by=SYSTEM, at=NOW)
    assert made.office_code == "150525100"


class TestAConflictIsNotOverlooked:
    LINK = "/received/conflicts/"

    def test_it_stands_on_the_page_of_the_day(self, with_role, differing):
        assert self.LINK in with_role("section_officer").get("/").content.decode()

    def test_it_stands_on_the_page_of_its_visit(self, with_role, differing):
        page = with_role("section_officer").get(reverse("visit", args=[differing.visit_id]))
        assert f"{self.LINK}#visit-{differing.visit_id}" in page.content.decode()

    def test_once_decided_it_stands_there_no_more(self, with_role, differing):
        actions.decide_conflict(conflict=differing, take=True, reason="当场复核", by=SYSTEM, at=NOW)
        assert self.LINK not in with_role("section_officer").get("/").content.decode()

    def test_whoever_sees_no_inspections_is_not_told(self, with_role, differing):
        assert self.LINK not in with_role("administrator").get("/").content.decode()
