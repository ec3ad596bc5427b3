"""A contract from draft to collected payment by the programs of a firm, over HTTP."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.utils import timezone

from moment import NOW
from sales_walk import DECIDER, draft, walk
from selling import open_desk
from xiejian.people import firm_accounts
from xiejian.people.models import FirmUser
from xiejian.people.policy import SYSTEM
from xiejian.registry.models import Party

OURS, THEIRS = "91110105MA01XXXX0Y", "91320594588468512N"


def party(uscc: str) -> Party:
    return Party.objects.create(
        name=f"公司{uscc[:4]}", uscc=uscc, division_code="150525", office_code="150525100", created_at=NOW,
        updated_at=NOW,
    )  # fmt: skip


@pytest.fixture
def key(firm_user):
    """key(party, role): the secret of a key of an account with this role, made once."""
    made: dict[tuple[str, str], str] = {}

    def make(of: Party, role: str) -> str:
        if (of.uscc, role) not in made:
            user = firm_user(of, role)
            secret = firm_accounts.make_key(user=user, name="ERP", by=SYSTEM, at=timezone.now())[1]
            made[of.uscc, role] = secret
        return made[of.uscc, role]

    return make


@pytest.fixture
def ask(key):
    """ask(party, role, method, path, facts): the answer's status and body."""

    def run(of: Party, role: str, method: str, path: str, facts=None) -> tuple[int, dict]:
        headers = {"Authorization": f"Bearer {key(of, role)}"}
        more = {} if facts is None else {"data": json.dumps(facts), "content_type": "application/json"}
        answer = getattr(Client(), method)(f"/api/firm/records/{path}", headers=headers, **more)
        return answer.status_code, answer.json()

    return run


@pytest.fixture
def desk(naiman, firm_user):
    ours = party(OURS)
    firm_user(ours, DECIDER)
    return ours, open_desk(ours, timezone.now(), tuple(FirmUser.objects.filter(role=DECIDER)))


def test_a_contract_goes_from_draft_to_collected_payment(desk, ask):
    ours, opened = desk

    def do(role, kind, number, step, facts):
        path = f"{kind}/{number}/steps/{step}" if step else kind
        status, body = ask(ours, role, "post", path, dict(facts))
        assert status == (200 if step else 201), body
        return body

    assert [state for _, state in walk(opened, do)] == ["closed", "allocated"]


def test_another_firm_sees_none_of_it_and_takes_none_of_its_customers(desk, ask):
    ours, opened = desk
    other = party(THEIRS)
    status, made = ask(ours, "firm_sales", "post", "contract", draft(opened))
    assert status == 201, made
    assert ask(other, "firm_admin", "get", "contract")[1]["total"] == 0
    assert ask(other, "firm_admin", "get", f"contract/{made['number']}")[0] == 404
    assert ask(other, "firm_admin", "get", f"contract/{made['id']}")[0] == 404
    status, refused = ask(other, "firm_admin", "post", "contract", draft(opened))
    assert (status, {one["code"] for one in refused["problems"]}) == (422, {"Y107"})


def test_a_step_out_of_turn_is_refused_with_what_may_follow(desk, ask):
    ours, opened = desk
    number = ask(ours, "firm_sales", "post", "contract", draft(opened))[1]["number"]
    facts = {"on": opened.on.isoformat(), "signed_by": "王"}
    status, refused = ask(ours, "firm_sales", "post", f"contract/{number}/steps/sign_contract", facts)
    assert (status, refused["code"]) == (422, "K101")
