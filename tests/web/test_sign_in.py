"""Signing in and out, lock-out, the password, and what an unknown visitor may open."""

from __future__ import annotations

import pytest
from django.test import Client

from xiejian.people.models import AuditEntry, Officer


@pytest.fixture
def visitor() -> Client:
    return Client()


PASSWORD = "a-long-enough-password"  # of the officers in conftest.py


def give(client: Client, password: str, username: str = "t.head"):
    return client.post("/login/", {"username": username, "password": password})


class TestSignIn:
    def test_the_right_password_leads_to_today(self, visitor, officers):
        assert give(visitor, PASSWORD)["Location"] == "/"

    def test_a_wrong_password_is_refused_in_plain_words(self, visitor, officers):
        assert "登录名或密码不正确" in give(visitor, "wrong").content.decode()

    def test_an_unknown_name_gets_the_same_answer_as_a_wrong_password(self, visitor, officers):
        assert "登录名或密码不正确" in give(visitor, "wrong", "nobody").content.decode()

    def test_the_account_is_locked_after_five_failures_even_for_the_right_password(self, visitor, officers):
        for _ in range(5):
            give(visitor, "wrong")
        assert "账号暂时锁定" in give(visitor, PASSWORD).content.decode()

    def test_a_locked_account_does_not_lock_another(self, visitor, officers):
        for _ in range(5):
            give(visitor, "wrong")
        assert give(Client(), PASSWORD, "t.administrator")["Location"] == "/"

    def test_an_officer_who_left_cannot_sign_in(self, visitor, officers):
        Officer.objects.filter(username="t.head").update(is_active=False)
        assert give(visitor, PASSWORD).status_code == 200

    def test_a_part_of_a_page_whose_session_has_ended_leads_to_signing_in(self, visitor):
        page = {"HX-Request": "true", "HX-Current-URL": "http://testserver/parties/?q=x"}
        answer = visitor.get("/parties/", headers=page)
        assert (answer.status_code, answer["HX-Redirect"]) == (204, "/login/?next=/parties/")

    def test_a_judgement_beside_a_field_is_then_left_out(self, visitor):
        answer = visitor.get("/check/number/?kind=uscc&field=f&f=9", headers={"HX-Request": "true"})
        assert (answer.status_code, answer.content, "HX-Redirect" in answer) == (204, b"", False)

    def test_demo_accounts_are_not_named_outside_the_demo(self, visitor, officers, monkeypatch):
        monkeypatch.delenv("XIEJIAN_DEMO", raising=False)
        assert "t.head" not in visitor.get("/login/").content.decode()

    def test_demo_accounts_are_named_in_the_demo(self, visitor, officers, monkeypatch):
        monkeypatch.setenv("XIEJIAN_DEMO", "1")
        assert "t.head" in visitor.get("/login/").content.decode()

    def test_a_next_address_of_another_host_is_ignored(self, visitor, officers):
        answer = visitor.post(
            "/login/?next=https://example.com/",
            {"username": "t.head", "password": PASSWORD, "next": "https://example.com/"},
        )
        assert answer["Location"] == "/"


class TestSignOut:
    def test_leaves_the_session(self, as_role):
        client = as_role("head")
        client.post("/logout/")
        assert client.get("/")["Location"].startswith("/login/")

    def test_a_mere_link_does_not_sign_out(self, as_role):
        assert as_role("head").get("/logout/").status_code == 405


class TestPassword:
    def change(self, client, new):
        return client.post(
            "/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
        )

    def test_is_changed_and_the_officer_stays_signed_in(self, as_role):
        client = as_role("head")
        self.change(client, "another-long-password")
        assert client.get("/").status_code == 200

    def test_the_change_is_audited_without_the_password(self, as_role):
        self.change(as_role("head"), "another-long-password")
        assert AuditEntry.objects.get(action="change_password").detail == {}

    def test_a_short_one_is_refused(self, as_role):
        assert self.change(as_role("head"), "short").status_code == 422


class TestVisitors:
    @pytest.mark.parametrize("path", ["/", "/parties/", "/audit/", "/files/evidence/1.pdf", "/no/such/page/"])
    def test_are_sent_to_the_sign_in_page(self, visitor, db, path):
        assert visitor.get(path)["Location"].startswith("/login/")

    def test_may_ask_whether_the_system_is_up(self, visitor, db):
        assert visitor.get("/health/").json() == {"status": "ok"}
