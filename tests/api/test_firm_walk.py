"""Firms and hospitals beside their office by programs alone: keys of the firms, sessions of the officers."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.utils import timezone

import firm_walk as walk
from moment import NOW
from proceeding_walk import Team
from self_reports import filled
from xiejian.people import firm_accounts
from xiejian.people.models import Officer
from xiejian.people.policy import SYSTEM, Actor
from xiejian.registry.models import Party
from xiejian.risks.models import RiskItem
from xiejian.supply.models import LotHold
from xiejian.vigilance import queries


@pytest.fixture
def team(naiman) -> dict[str, Officer]:
    made = Team(NOW)
    return {one.username: one for one in (made.first, made.second, made.reviewer, made.head)}


@pytest.fixture
def cast(naiman) -> walk.Cast:
    return walk.enrol_all(timezone.localdate())


@pytest.fixture
def headers(firm_user):
    """The header of the key of an account with a role in a firm, made once."""
    made: dict[tuple[int, str], dict[str, str]] = {}

    def of(party: Party, role: str) -> dict[str, str]:
        if (party.pk, role) not in made:
            user = firm_user(party, role)
            key = firm_accounts.make_key(user=user, name="软件", by=SYSTEM, at=timezone.now())[1]
            made[party.pk, role] = {"Authorization": f"Bearer {key}"}
        return made[party.pk, role]

    return of


@pytest.fixture
def ask(team, headers):
    """Asks in somebody's name; the status and the answer."""
    clients: dict[str, Client] = {}

    def go(who, path: str, body=None) -> tuple[int, dict]:
        more = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        if isinstance(who, str):
            if who not in clients:
                clients[who] = Client()
                clients[who].force_login(team[who], backend="django.contrib.auth.backends.ModelBackend")
            client, address, extra = clients[who], f"/api/records/{path}", {}
        else:
            client, address, extra = Client(), f"/api/firm/records/{path}", {"headers": headers(*who)}
        answer = (client.get if body is None else client.post)(address, **more, **extra)
        return answer.status_code, answer.json()

    return go


@pytest.fixture
def do(ask):
    def take(who, kind: str, number: str, step: str, facts):
        path = f"{kind}/{number}/steps/{step}" if step else f"{kind}/{number}" if number else kind
        status, answer = ask(who, path, None if number and not step else dict(facts))
        assert status in (200, 201), (who, kind, step, answer)
        return answer

    return take


def cold(headers, cast) -> dict:
    answer = Client().post(
        "/api/firm/cold-readings", json.dumps(walk.readings(cast.on)), content_type="application/json",
        headers=headers(cast.dealer, "firm_store"),
    )  # fmt: skip
    assert answer.status_code == 200, answer.content.decode()
    return answer.json()


def test_an_order_to_correct_is_answered(cast, do):
    assert walk.answer_correction(cast, do) == "submitted"


def test_a_self_inspection_is_filed(cast, do):
    assert walk.file_self_inspection(cast, do, filled) == "filed"


def test_a_gap_stops_the_sale_of_what_was_received_by_scan_until_two_let_it_go(cast, ask, do, headers):
    received = walk.receive_by_scan(cast, do)
    assert (received["di"], received["lot"], received["quantity"]) == (walk.DI, walk.LOT, walk.SENT)
    assert len(cold(headers, cast)["excursions"]) == 1
    status, refused = ask((cast.dealer, "firm_store"), "movement", walk.shipment(cast, 0))
    assert (status, refused["code"]) == (422, "SU201")
    gap = ask((cast.dealer, "firm_store"), "excursion")[1]["records"][0]["id"]
    assert walk.let_go(cast, do, str(gap)) == "released"
    assert ask((cast.dealer, "firm_store"), "movement", walk.shipment(cast, 0))[0] == 201


def test_three_reports_become_a_risk_and_a_recall_that_is_traced_answered_and_closed(cast, do, team):
    walk.receive_by_scan(cast, do)
    walk.sell_on(cast, do)
    walk.report_events(cast, do)
    office = Actor.of(team["bing"])
    alerts = queries.look(office, "prr_default", cast.on, cast.on).alerts
    assert ("serious_lot", 3) in {(alert.rule, len(alert.reports)) for alert, _ in alerts}
    alert = next(one for one, _ in alerts if one.rule == "serious_lot")
    risk = walk.list_risk(cast, do, alert.rule, alert.subject)
    assert RiskItem.objects.get().number == risk
    done = walk.recall(cast, do)
    assert (done["state"], done["units"], done["answered"]) == ("effective", 5, 5)
    holds = LotHold.objects.filter(source_kind="recall")
    assert holds.count() == 5 and not holds.filter(released_at=None).exists()
