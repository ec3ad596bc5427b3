"""Records over HTTP: officers take the steps that their workflow and permissions allow, and see no others."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.utils import timezone

from moment import NOW
from proceeding_walk import Team, person
from sanction_walk import SECRET, SHOP, walk
from visiting import enrol
from xiejian.figures import measures
from xiejian.figures.tables import compute
from xiejian.leads.models import Lead
from xiejian.people import actions
from xiejian.people.models import Officer
from xiejian.people.policy import SYSTEM
from xiejian.record_steps.kinds import KINDS
from xiejian.registry.models import Party


def client_of(officer: Officer, **options: bool) -> Client:
    client = Client(**options)
    client.force_login(officer, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def shop(naiman) -> Party:
    return enrol(SHOP, "150525100", NOW, uscc="91150525MA0N000012", credit_grade="A")


@pytest.fixture
def clients(naiman) -> dict[str, Client]:
    """The team of a case, a viewer of the bureau, and somebody of another county."""
    team = Team(NOW)
    actions.open_office(code="522726", name="独山县市场监督管理局", by=SYSTEM, at=NOW)
    viewer = person("kan", "看", "150525", "upper_viewer", NOW)
    stranger = person("wai", "外", "522726", "section_officer", NOW)
    everybody = [team.first, team.second, team.reviewer, team.head, viewer, stranger]
    return {officer.username: client_of(officer) for officer in everybody}


@pytest.fixture
def ask(clients):
    """Asks in somebody's name; a POST when there is a body. The status and the answer."""

    def go(by: str, path: str, body: object = None):
        client, address = clients[by], f"/api/records/{path}"
        answer = (
            client.get(address)
            if body is None
            else client.post(address, json.dumps(body), content_type="application/json")
        )
        return answer.status_code, answer.json()

    return go


@pytest.fixture
def door(ask):
    def take(by: str, kind: str, key: str, step: str, facts: dict):
        path = kind if step == "create" else f"{kind}/{key}/steps/{step}"
        status, answer = ask(by, path, facts)
        assert status in (200, 201), (kind, step, answer)
        return answer

    return take


@pytest.fixture
def lead(ask, shop) -> str:
    facts = {
        "text": "柜台里有角膜接触镜在卖",
        "received_on": "2024-03-05",
        "source": "热线",
        "office_code": "150525",
    }
    return ask("bing", "lead", facts)[1]["number"]


def decided() -> object:
    today = timezone.localdate()
    return measures.compute(["cases_decided"], from_on=today, until=today)["cases_decided"].value


#: Both kinds of table that the path must move: a campaign's and the annual one.
TABLES = ("naiman-2023-2", "annual")


def cells() -> dict[tuple[object, ...], object]:
    """Every cell of both tables as of today, by table, row and column."""
    today = timezone.localdate()
    found: dict[tuple[object, ...], object] = {}
    for name in TABLES:
        table = compute(name, until=today, office_code="150525")
        for row in table.rows:
            found |= {(name, *row.label, i): value for i, value in enumerate(row.cells)}
    return found


class TestTheWalk:
    def test_leads_from_a_complaint_to_a_lower_credit_grade(self, door, shop):
        before, tables = decided(), cells()
        last = walk(door, timezone.localdate())
        shop.refresh_from_db()
        changed = {row for row, value in cells().items() if value != tables.get(row)}
        assert {table for table, *_ in changed} == set(TABLES)
        states = {kind: answer["state"] for kind, answer in last.items()}
        assert states == {
            "lead": "answered", "visit": "concluded", "proceeding": "decided", "publication": "published",
            "credit_grade": "in_force", "risk": "returned",
        }  # fmt: skip
        assert (shop.credit_grade > "A", decided() - before) == (True, 1)
        assert SECRET not in json.dumps(last, ensure_ascii=False)


class TestWhoMayAsk:
    @pytest.mark.parametrize("path", ["kinds", "lead", "lead/1"])
    def test_is_nobody_without_a_session_even_where_the_answers_are_open(self, db, settings, path):
        settings.OPEN_ANSWERS = True
        answer = Client().get(f"/api/records/{path}")
        assert (answer.status_code, answer.json()["code"]) == (401, "A110")

    def test_a_post_needs_the_token(self, clients, naiman):
        client = client_of(Officer.objects.get(username="bing"), enforce_csrf_checks=True)
        answer = client.post("/api/records/lead", "{}", content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (403, "A103")

    def test_another_county_finds_nothing_of_any_kind(self, door, ask, shop):
        last = walk(door, timezone.localdate())
        found = {kind: ask("wai", f"{kind}/{answer['id']}")[0] for kind, answer in last.items()}
        lists = {kind: ask("wai", kind)[1]["total"] for kind in KINDS}
        assert (set(found.values()), set(lists.values())) == ({404}, {0})

    def test_another_county_takes_no_step(self, ask, lead):
        status, answer = ask("wai", f"lead/{lead}/steps/withdraw_lead", {"on": "2024-03-05", "reason": "无"})
        assert (status, answer["code"], Lead.objects.get().state) == (404, "Y102", "received")

    def test_a_viewer_sees_a_record_without_steps_and_is_refused_one(self, ask, lead):
        status, answer = ask("kan", f"lead/{lead}/steps/withdraw_lead", {"on": "2024-03-05", "reason": "无"})
        assert (status, answer["code"]) == (403, "P101")
        assert ask("kan", f"lead/{lead}")[1]["next"] == []


class TestWhatIsAsked:
    @pytest.mark.parametrize(
        ("path", "body", "status", "code"),
        [
            ("dream", None, 404, "Y101"),
            ("lead/无", None, 404, "Y102"),
            ("lead?state=asleep", None, 422, "Y110"),
            ("lead/{lead}/steps/fly", {}, 422, "Y103"),
            ("lead/{lead}/steps/triage_lead", {"wings": 2}, 422, "Y104"),
            ("lead/{lead}/steps/accept_lead", {}, 422, "Y105"),
            ("lead/{lead}/steps/accept_lead", {"on": "soon"}, 422, "Y106"),
            ("lead/{lead}/steps/merge_lead", {"into": "无", "reason": "重复"}, 422, "Y107"),
            ("lead/{lead}/steps/accept_lead", {"on": "2024-03-05"}, 422, "K101"),
            ("measure", {}, 422, "Y108"),
            ("visit", {"origin": {"kind": "lead", "number": ["x"]}}, 422, "Y105"),
            ("lead/{lead}/steps/accept_lead", [], 422, "A101"),
        ],
    )
    def test_is_refused_with_the_reason(self, ask, lead, path, body, status, code):
        found, answer = ask("bing", path.format(lead=lead), body)
        assert (found, answer["code"]) == (status, code)

    def test_names_every_field_that_is_wrong(self, ask, lead):
        answer = ask("bing", f"lead/{lead}/steps/assign_lead", {"wings": 2})[1]
        assert [one["where"] for one in answer["problems"]] == ["wings", "handler", "on"]

    def test_never_is_the_permission(self, ask):
        kinds = ask("bing", "kinds")[1]
        asked = {fact["name"] for one in kinds for facts in one["steps"].values() for fact in facts}
        assert asked & {"permission", "by", "at"} == set()


class TestALead:
    def test_says_what_may_be_done_next_and_with_which_facts(self, ask, lead):
        steps = {one["step"]: one for one in ask("bing", f"lead/{lead}")[1]["next"]}
        assert {"name": "topic", "type": "text", "required": True} in steps["triage_lead"]["parameters"]

    def test_is_found_by_a_text(self, ask, lead):
        assert [ask("bing", f"lead?q={text}")[1]["total"] for text in ("角膜", "口罩")] == [1, 0]

    def test_is_listed_in_a_fixed_number_of_queries(self, ask, lead, shop, django_assert_max_num_queries):
        for _ in range(3):
            walked = {"text": "同上", "received_on": "2024-03-05", "source": "热线", "office_code": "150525"}
            ask("bing", "lead", walked)
        with django_assert_max_num_queries(6):
            ask("bing", "lead")
