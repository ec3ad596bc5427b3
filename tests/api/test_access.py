"""Who may ask over HTTP: officers; others only where the office opened it, and not too often."""

from __future__ import annotations

import json

import pytest
from django.test import Client

ASKED = "/api/number?value=1"


class TestWithoutSignIn:
    @pytest.mark.parametrize("path", [ASKED, "/api/openapi.json", "/api/grade", "/api/x"])
    def test_is_refused_unless_the_office_opened_it(self, db, path):
        answer = Client().get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "W101")

    def test_is_refused_as_a_problem_and_not_with_a_page(self, db):
        assert Client().get(ASKED)["Content-Type"] == "application/problem+json"

    def test_is_answered_where_the_office_opened_it(self, stranger):
        assert stranger.get(ASKED).status_code == 200

    def test_needs_no_token_where_the_office_opened_it(self, db, settings):
        settings.OPEN_ANSWERS = True
        client = Client(enforce_csrf_checks=True)
        answer = client.post("/api/number", '{"value": "1"}', content_type="application/json")
        assert answer.status_code == 200

    def test_opens_nothing_but_the_answers(self, stranger):
        assert stranger.get("/parties/").status_code == 302


class TestThePace:
    @pytest.fixture(autouse=True)
    def _three_a_minute(self, settings, monkeypatch):
        settings.OPEN_ANSWERS_PER_MINUTE = 3
        self.now = 1_700_000_000.0 // 60 * 60
        monkeypatch.setattr("xiejian.api.access.time.time", lambda: self.now)

    def test_refuses_the_question_after_the_last_allowed(self, stranger):
        assert [stranger.get(ASKED).status_code for _ in range(4)] == [200, 200, 200, 429]

    def test_says_how_long_to_wait(self, stranger):
        self.now += 45
        answers = [stranger.get(ASKED) for _ in range(4)]
        assert (answers[3]["Retry-After"], answers[3].json()["code"]) == ("15", "A104")

    def test_begins_anew_with_the_next_minute(self, stranger):
        for _ in range(4):
            stranger.get(ASKED)
        self.now += 60
        assert stranger.get(ASKED).status_code == 200

    def test_counts_each_address_by_itself(self, stranger):
        for _ in range(4):
            stranger.get(ASKED)
        assert stranger.get(ASKED, REMOTE_ADDR="192.0.2.9").status_code == 200

    def test_does_not_believe_an_address_that_the_caller_claims(self, stranger):
        answers = [stranger.get(ASKED, headers={"X-Forwarded-For": f"192.0.2.{n}"}) for n in range(4)]
        assert answers[3].status_code == 429

    def test_believes_the_address_that_the_office_s_own_proxy_saw(self, stranger, settings):
        settings.NINJA_NUM_PROXIES = 1
        answers = [stranger.get(ASKED, headers={"X-Forwarded-For": f"192.0.2.{n}"}) for n in range(4)]
        assert answers[3].status_code == 200

    def test_is_not_asked_of_officers(self, signed_in):
        assert [signed_in.get(ASKED).status_code for _ in range(5)] == [200] * 5


class TestASession:
    @pytest.fixture
    def browser(self, account):
        client = Client(enforce_csrf_checks=True)
        client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
        return client

    def test_may_ask_by_address_without_token(self, browser):
        assert browser.get(ASKED).status_code == 200

    def test_may_not_post_without_token(self, browser):
        answer = browser.post("/api/number", '{"value": "1"}', content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (403, "A103")

    def test_may_post_with_the_token_of_its_cookie(self, browser):
        browser.get("/")
        token = browser.cookies["csrftoken"].value
        answer = browser.post(
            "/api/number", json.dumps({"value": "1"}), content_type="application/json",
            headers={"X-CSRFToken": token},
        )  # fmt: skip
        assert answer.status_code == 200
