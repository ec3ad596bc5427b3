"""What a bureau and a firm tell each other, by their programs: over HTTP and on the command line."""

from __future__ import annotations

import base64
import json

import pytest
from click.testing import CliRunner
from django.test import Client
from django.utils import timezone

from moment import NOW
from visiting import PHOTO
from xiejian.cli.main import main
from xiejian.firms.models import Delivery, StatusReport
from xiejian.inspections.correction_items import make_items
from xiejian.inspections.models import Correction, Visit
from xiejian.people import firm_accounts
from xiejian.people.policy import SYSTEM
from xiejian.record_steps import records
from xiejian.registry.models import Party, PartyLink

OURS, THEIRS = "91110105MA01XXXX0Y", "91320594588468512N"


def shop(uscc: str) -> Party:
    party = Party.objects.create(
        name=f"店{uscc[:4]}", uscc=uscc, division_code="150525", office_code="150525100", created_at=NOW,
        updated_at=NOW,
    )  # fmt: skip
    PartyLink.objects.create(party=party, link="经营")
    return party


@pytest.fixture
def ours(naiman) -> Party:
    return shop(OURS)


@pytest.fixture
def ask(firm_user):
    """ask(party, method, path, facts): status and body of a firm's program."""

    def run(party: Party, method: str, path: str, facts=None) -> tuple[int, dict]:
        secret = firm_accounts.make_key(user=firm_user(party), name="x", by=SYSTEM, at=timezone.now())[1]
        more = {} if facts is None else {"data": json.dumps(facts), "content_type": "application/json"}
        headers = {"Authorization": f"Bearer {secret}"}
        answer = getattr(Client(), method)(f"/api/firm/records/{path}", headers=headers, **more)
        return answer.status_code, answer.json()

    return run


@pytest.fixture
def order(ours) -> Correction:
    today = timezone.localdate()
    visit = Visit.objects.create(
        number="V1", party=ours, link="经营", kind="日常检查", office_code="150525100", state="concluded",
        visited_on=today,
    )  # fmt: skip
    made = Correction.objects.create(
        visit=visit, number="Z1", content="补齐记录", ordered_on=today, due_on=today, state="ordered",
        office_code="150525100",
    )  # fmt: skip
    make_items(made)
    return made


def notice(officer) -> Delivery:
    """A notice drafted and sent by the office's program."""
    told = {"kind": "要求答复", "title": "自查", "text": "请自查", "usccs": [OURS]}
    told["wanted_by"] = str(timezone.localdate())
    made = records.create("notice", told, by=officer, at=timezone.now())
    records.take("notice", made["number"], "send_notice", {}, by=officer, at=timezone.now())
    return Delivery.objects.get()


class TestTheFirm:
    def test_answers_its_order_with_a_photo(self, ask, ours, order):
        photo = {"name": "a.jpg", "base64": base64.b64encode(PHOTO).decode()}
        item = {"item": order.items.get().pk, "cause": "疏忽", "measure": "已补", "files": [photo]}
        facts = {"answers": [item], "complete": True}
        status, body = ask(ours, "post", "correction/Z1/steps/answer", facts)
        assert (status, body["state"]) == (200, "submitted")

    def test_of_another_firm_finds_no_such_order(self, ask, ours, order):
        status, _ = ask(shop(THEIRS), "post", "correction/Z1/steps/answer", {"answers": [], "complete": True})
        assert status == 404

    def test_confirms_and_answers_a_notice(self, ask, ours, officer):
        row = notice(officer)
        ask(ours, "post", f"delivery/{row.notice.number}/steps/confirm_delivery", {})
        path = f"delivery/{row.notice.number}/steps/answer_delivery"
        status, body = ask(ours, "post", path, {"answer": "已自查"})
        assert (status, body["state"], body["next"]) == (200, "answered", [])

    def test_reports_what_changed_with_itself(self, ask, ours):
        facts = {
            "kind": "staff", "happened_on": str(timezone.localdate()), "position": "质量负责人",
            "person_after": "李某",
        }  # fmt: skip
        status, body = ask(ours, "post", "status_report", facts)
        assert (status, body["state"], StatusReport.objects.get().party) == (201, "submitted", ours)

    def test_does_not_accept_its_own_report(self, ask, ours):
        facts = {"kind": "status", "happened_on": str(timezone.localdate()), "text": "正常"}
        _, made = ask(ours, "post", "status_report", facts)
        status, _ = ask(ours, "post", f"status_report/{made['number']}/steps/accept_report", {})
        assert status == 403


class TestTheOffice:
    def test_accepts_a_report_and_the_register_follows(self, ask, ours, officer):
        facts = {
            "kind": "staff", "happened_on": str(timezone.localdate()), "position": "负责人",
            "person_after": "李某",
        }  # fmt: skip
        _, made = ask(ours, "post", "status_report", facts)
        records.take("status_report", made["number"], "accept_report", {}, by=officer, at=timezone.now())
        ours.refresh_from_db()
        assert ours.head == "李某"

    def test_lists_firms_and_receipts_on_the_command_line(self, ours, officer, firm_user):
        firm_user(ours)
        number = notice(officer).notice.number
        said = [
            json.loads(CliRunner().invoke(main, ["firm", *words, "--json"]).output)
            for words in (["list"], ["notice"], ["notice", number, "--owing"])
        ]
        assert (said[0]["firms"][0]["uscc"], said[1]["notices"][0]["firms"]) == (OURS, 1)
        assert said[2]["receipts"][0]["state"] == "delivered"

    def test_a_notice_that_there_is_not_is_said_so(self, naiman):
        found = CliRunner().invoke(main, ["firm", "notice", "X"])
        assert (found.exit_code != 0, "FI108" in found.output or "没有编号" in found.output) == (True, True)
