"""A firm's program receives a delivery by scan, puts a slip right, and sees no other firm's."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.utils import timezone

from moment import NOW
from xiejian.people import firm_accounts
from xiejian.people.policy import SYSTEM
from xiejian.registry.models import Party
from xiejian.supply.models import Movement

OURS, THEIRS = "91110105MA01XXXX0Y", "91320594588468512N"
SCAN = "(01)06972253600013(11)240101(17)360930(10)B7"
RECEIPT = {"kind": "receive", "quantity": 5, "on": "2024-03-01", "udi": SCAN, "partner_uscc": THEIRS}
PATH = "/api/firm/records/movement"


@pytest.fixture
def ask(naiman, firm_user):
    """ask(credit code, method, path, facts): the answer's status and body, by a key of the firm's store."""

    def run(uscc: str, method: str, path: str = PATH, facts: object = None) -> tuple[int, dict]:
        facts_of = {"name": uscc, "division_code": "150525", "office_code": "150525100"}
        moments = {"created_at": NOW, "updated_at": NOW}
        party = Party.objects.get_or_create(uscc=uscc, defaults=facts_of | moments)[0]
        user = firm_user(party, "firm_store")
        secret = firm_accounts.make_key(user=user, name="WMS", by=SYSTEM, at=timezone.now())[1]
        body = {} if facts is None else {"data": json.dumps(facts), "content_type": "application/json"}
        headers = {"Authorization": f"Bearer {secret}"}
        answer = getattr(Client(), method)(path, headers=headers, **body)
        return answer.status_code, json.loads(answer.content)

    return run


class TestADelivery:
    def test_is_received_by_its_scanned_code(self, ask):
        status, made = ask(OURS, "post", PATH, RECEIPT)
        row = Movement.objects.get()
        assert status == 201, made
        assert (row.firm_uscc, row.lot, str(row.expires_on), row.source) == (OURS, "B7", "2036-09-30", "api")

    def test_is_put_right_and_both_rows_stay(self, ask):
        made = ask(OURS, "post", PATH, RECEIPT)[1]
        steps = [step["step"] for step in made["next"]]
        told = {**RECEIPT, "quantity": 4, "reason": "数错"}
        status, old = ask(OURS, "post", f"{PATH}/{made['id']}/steps/amend_movement", told)
        assert (steps, status, old["state"]) == (["amend_movement", "void_movement"], 200, "voided")
        assert Movement.objects.get(pk=old["amended_by_pk"]).quantity == 4

    def test_with_a_code_that_cannot_be_read_says_so(self, ask):
        status, answer = ask(OURS, "post", PATH, {**RECEIPT, "udi": "hello"})
        assert status >= 400 and "N204" in json.dumps(answer)

    def test_is_nobody_elses(self, ask):
        made = ask(OURS, "post", PATH, RECEIPT)[1]
        assert ask(THEIRS, "get")[1]["total"] == 0
        assert ask(THEIRS, "get", f"{PATH}/{made['id']}")[0] == 404
