"""企业账号: invited, opened, used, taken away."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from moment import NOW
from xiejian.kernel.problems import Refused
from xiejian.people import firm_accounts as accounts
from xiejian.people.models import AuditEntry, FirmUser, Officer
from xiejian.people.policy import Actor
from xiejian.registry.models import PartyLink

GOOD = "wild-river-2024"


def invited(party, by, at=NOW) -> str:
    return accounts.invite(
        uscc=party.uscc, firm_name=party.name, office_code=party.office_code, role="firm_admin", by=by, at=at
    )[1]


def code(call) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.first.code


def joined(token: str, **facts) -> FirmUser:
    return accounts.open_account(
        **{"token": token, "username": "zhao", "name": "赵某", "password": GOOD, "at": NOW} | facts
    )


class TestAnInvitation:
    def test_opens_one_account_of_the_firm_it_was_made_for(self, ours, officer):
        user = joined(invited(ours, officer))
        assert (user.uscc, user.role, user.firm_name) == (ours.uscc, "firm_admin", ours.name)

    def test_opens_only_once(self, ours, officer):
        token = invited(ours, officer)
        joined(token)
        assert code(lambda: joined(token, username="other")) == "P141"

    def test_ends_with_its_day(self, ours, officer):
        late = NOW + dt.timedelta(days=accounts.INVITATION_DAYS + 1)
        token = invited(ours, officer)
        assert code(lambda: joined(token, at=late)) == "P141"

    def test_is_not_kept_as_it_was_shown(self, ours, officer):
        made, token = accounts.invite(
            uscc=ours.uscc, firm_name=ours.name, office_code=ours.office_code, role="firm_admin", by=officer,
            at=NOW,
        )  # fmt: skip
        assert token not in str(vars(made)) + str(list(AuditEntry.objects.values()))

    def test_is_not_made_by_an_office_elsewhere(self, ours):
        stranger = Actor("x", "外地", "522726", "section_officer")
        assert code(lambda: invited(ours, stranger)) == "P101"

    def test_is_not_made_for_another_firm(self, ours, theirs, firm_actor):
        assert code(lambda: invited(theirs, firm_actor(ours))) == "P101"

    def test_that_was_revoked_opens_nothing(self, ours, officer):
        made, token = accounts.invite(
            uscc=ours.uscc, firm_name=ours.name, office_code=ours.office_code, role="firm_admin", by=officer,
            at=NOW,
        )  # fmt: skip
        accounts.revoke_invitation(invitation=made, by=officer, at=NOW)
        assert code(lambda: joined(token)) == "P141"

    @pytest.mark.parametrize(
        ("facts", "problem"),
        [
            ({"username": "a b"}, "P142"), ({"username": "汉字"}, "P142"), ({"password": "12345678"}, "P143"),
            ({"name": " "}, "P147"),
        ],
    )  # fmt: skip
    def test_is_not_used_up_by_a_mistake(self, ours, officer, facts, problem):
        token = invited(ours, officer)
        assert code(lambda: joined(token, **facts)) == problem
        assert joined(token).pk


class TestAnAccount:
    def test_of_two_firms_may_have_the_same_login_name(self, ours, theirs, officer):
        assert joined(invited(ours, officer)).pk != joined(invited(theirs, officer)).pk

    def test_of_the_last_administrator_is_not_switched_off_by_the_firm(self, ours, officer):
        user = joined(invited(ours, officer))
        own = Actor.of_firm(user)
        change = {"user": user, "role": "firm_store", "is_active": True, "office_code": "", "at": NOW}
        assert code(lambda: accounts.change_user(**change, by=own)) == "P145"

    def test_that_is_switched_off_ends_its_sessions_and_keys(self, ours, officer, firm_user, firm_client):
        client, user = firm_client(ours), firm_user(ours)
        _, secret = accounts.make_key(user=user, name="软件", by=Actor.of_firm(user), at=NOW)
        accounts.change_user(
            user=user, role=user.role, is_active=False, office_code=ours.office_code, by=officer, at=NOW
        )
        assert client.get("/firm/").status_code == 302
        assert accounts.user_of_key(secret, NOW) is None

    def test_locks_after_wrong_passwords(self, ours, firm_user):
        user, client = firm_user(ours), Client()
        told = {"uscc": user.uscc, "username": user.username, "password": "wrong"}
        codes = [client.post("/firm/login/", told).status_code for _ in range(6)]
        assert codes[0] == 422 and codes[-1] == 429

    def test_does_not_sign_in_at_the_offices_page(self, ours, firm_user):
        user, client = firm_user(ours), Client()
        for name in (user.username, user.get_username()):
            client.post("/login/", {"username": name, "password": "firm-people-2024"})
            assert "_auth_user_id" not in client.session

    def test_an_officer_does_not_sign_in_at_the_firms_page(self, naiman):
        person = Officer(
            username="91110105MA01XXXX0Y:admin", name="o", office=naiman, role="head", created_at=NOW
        )
        person.set_password(GOOD)
        person.save()
        client = Client()
        client.post("/firm/login/", {"uscc": "91110105MA01XXXX0Y", "username": "admin", "password": GOOD})
        assert client.get("/firm/").status_code == 302


class TestTheLinkInABrowser:
    def test_leads_to_the_own_home_page(self, ours, officer):
        client = Client()
        told = {"name": "赵某", "username": "zhao", "password": GOOD}
        answer = client.post(f"/firm/join/{invited(ours, officer, timezone.now())}/", told, follow=True)
        assert answer.status_code == 200 and ours.name in answer.content.decode()

    def test_says_so_when_it_opens_nothing(self, db):
        assert Client().get("/firm/join/nothing/").status_code == 404


class TestTheMenu:
    def test_offers_a_hospital_its_devices_and_no_sales_desk(self, ours, firm_client):
        page = firm_client(ours).get("/firm/").content.decode()
        assert "/firm/contracts/" in page and "/firm/devices/" not in page
        ours.links.all().delete()
        PartyLink.objects.create(party=ours, link="使用")
        page = firm_client(ours).get("/firm/").content.decode()
        assert "/firm/devices/" in page and "/firm/contracts/" not in page


class TestAKey:
    def test_speaks_as_its_account(self, ours, firm_user):
        user = firm_user(ours)
        _, secret = accounts.make_key(user=user, name="软件", by=Actor.of_firm(user), at=timezone.now())
        answer = Client().get("/api/firm/records/kinds", headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == 200

    @pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}])
    def test_that_is_missing_or_wrong_opens_nothing(self, db, headers):
        assert Client().get("/api/firm/records/kinds", headers=headers).status_code == 401

    def test_does_not_open_the_offices_records(self, ours, firm_user):
        user = firm_user(ours)
        _, secret = accounts.make_key(user=user, name="软件", by=Actor.of_firm(user), at=NOW)
        answer = Client().get("/api/records/lead", headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == 401
