"""专项整治: opening, progress with the list behind it, reports, records that miss the campaign's name."""

from __future__ import annotations

import datetime as dt

import pytest

from moment import NOW
from small_register import COUNTY, STATION, party, visit
from xiejian.people.models import AuditEntry
from xiejian.people.policy import SYSTEM
from xiejian.planning import actions
from xiejian.planning.models import Campaign

pytestmark = pytest.mark.django_db
TITLE = "2023年医疗器械质量安全专项整治"


@pytest.fixture(autouse=True)
def _day(monkeypatch):
    moment = dt.datetime(2023, 9, 15, 2, 0, tzinfo=dt.UTC)
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment)


@pytest.fixture
def campaign(naiman) -> Campaign:
    return actions.open_campaign(key="naiman-2023", office_code=COUNTY, by=SYSTEM, at=NOW)


@pytest.fixture
def listed(campaign):
    """Three distributors with implants: one visited in the campaign, one without its name, one not at all."""
    places = [
        party(name, tags="|无菌|", area="医疗器械", classes="3")
        for name in ("已查公司", "漏标公司", "未查公司")
    ]
    visit(places[0], "2023-06-01", "全项目检查", campaign=TITLE, tags="|无菌|", persons=2)
    visit(places[1], "2023-06-02", "全项目检查", tags="|无菌|", persons=2)
    return places


def item(answer, scope: str):
    return next(found for found, _ in answer.context["progress"] if found.id == scope)


class TestOpening:
    def test_from_its_pack_leads_to_its_page(self, as_role):
        answer = as_role("section_officer").post("/campaigns/", {"key": "naiman-2023", "office": COUNTY})
        assert answer.url == f"/campaigns/{Campaign.objects.get().pk}/"

    def test_twice_shows_the_problem_in_the_form(self, as_role, campaign):
        answer = as_role("section_officer").post("/campaigns/", {"key": "naiman-2023", "office": COUNTY})
        assert (answer.status_code, [p.code for p in answer.context["problems"]]) == (422, ["L402"])

    def test_is_not_the_inspectors(self, as_role):
        answer = as_role("station_inspector").post("/campaigns/", {"key": "naiman-2023", "office": STATION})
        assert (answer.status_code, Campaign.objects.count()) == (403, 0)


class TestThePage:
    def test_counts_the_listed_and_the_visited(self, as_role, campaign, listed):
        found = item(as_role("head").get(f"/campaigns/{campaign.pk}/"), "NM-S3")
        assert (found.parties, found.visited) == (3, 1)

    def test_says_that_a_report_is_overdue(self, as_role, campaign):
        assert as_role("head").get(f"/campaigns/{campaign.pk}/").context["reports_late"] == 2

    def test_leads_to_the_tables_that_the_pack_names(self, as_role, campaign):
        page = as_role("head").get(f"/campaigns/{campaign.pk}/").content.decode()
        assert "/tables/naiman-2023-1/" in page and "/tables/naiman-2023-2/" in page

    def test_of_the_county_is_open_to_its_station(self, as_role, campaign):
        assert as_role("station_inspector").get(f"/campaigns/{campaign.pk}/").status_code == 200

    def test_of_another_county_is_not_found(self, as_role, dushan):
        other = actions.open_campaign(key="naiman-2023", office_code=dushan.code, by=SYSTEM, at=NOW)
        assert as_role("head").get(f"/campaigns/{other.pk}/").status_code == 404

    def test_costs_few_queries(self, as_role, campaign, listed, django_assert_max_num_queries):
        client = as_role("section_officer")
        with django_assert_max_num_queries(12):
            client.get(f"/campaigns/{campaign.pk}/")


class TestItsSteps:
    def test_a_station_hands_its_report_in(self, as_role, campaign):
        given = {
            "do": "hand_in_report", "title": "监管形势分析报告", "office": STATION, "due_on": "2023-06-01",
        }  # fmt: skip
        as_role("station_inspector").post(f"/campaigns/{campaign.pk}/", given)
        campaign.refresh_from_db()
        report = next(r for r in campaign.reports if r["title"] == "监管形势分析报告")
        assert report["handed_in_on"] == "2023-09-15"

    def test_the_leading_group_is_filled_in_and_empty_lines_are_dropped(self, as_role, campaign):
        given = {
            "do": "name_leading_group", "role": ["组长", ""], "name": ["张三", ""], "post": ["副局长", " "],
        }  # fmt: skip
        as_role("section_officer").post(f"/campaigns/{campaign.pk}/", given)
        campaign.refresh_from_db()
        assert campaign.leading_group == [{"role": "组长", "name": "张三", "post": "副局长"}]

    def test_closing_before_its_end_asks_for_a_reason(self, as_role, campaign):
        answer = as_role("section_officer").post(f"/campaigns/{campaign.pk}/", {"do": "close_campaign"})
        assert (answer.status_code, [p.code for p in answer.context["problems"]]) == (422, ["L404"])

    def test_closes_with_a_reason(self, as_role, campaign):
        given = {"do": "close_campaign", "reason": "上级调整"}
        as_role("section_officer").post(f"/campaigns/{campaign.pk}/", given)
        campaign.refresh_from_db()
        assert (campaign.state, campaign.closed_on) == ("closed", dt.date(2023, 9, 15))

    def test_an_inspector_may_not_close_it(self, as_role, campaign):
        given = {"do": "close_campaign", "reason": "上级调整"}
        as_role("station_inspector").post(f"/campaigns/{campaign.pk}/", given)
        campaign.refresh_from_db()
        assert campaign.state == "open"


class TestTheListBehindAnItem:
    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("", {"已查公司", "漏标公司", "未查公司"}),
            ("seen=yes", {"已查公司"}),
            ("seen=no", {"漏标公司", "未查公司"}),
            ("q=未查", {"未查公司"}),
        ],
    )
    def test_names_every_party_and_whether_it_was_visited(self, as_role, campaign, listed, query, names):
        answer = as_role("head").get(f"/campaigns/{campaign.pk}/scope/NM-S3/?{query}")
        assert {row.party.name for row, _ in answer.context["listing"].shown_rows()} == names

    def test_of_an_unknown_item_is_not_found(self, as_role, campaign):
        assert as_role("head").get(f"/campaigns/{campaign.pk}/scope/none/").status_code == 404

    def test_costs_no_more_queries_the_more_parties(
        self, as_role, campaign, listed, django_assert_max_num_queries
    ):
        for number in range(20):
            visit(party(f"公司{number}", tags="|无菌|"), "2023-07-01", campaign=TITLE)
        client = as_role("head")
        with django_assert_max_num_queries(10):
            client.get(f"/campaigns/{campaign.pk}/scope/NM-S3/")


class TestRecordsThatMissTheName:
    def address(self, campaign: Campaign) -> str:
        return f"/campaigns/{campaign.pk}/untagged/"

    def test_are_offered(self, as_role, campaign, listed):
        offers = as_role("head").get(self.address(campaign)).context["offers"]
        missed = listed[1].party.visits.get()
        assert missed.pk in {record.key for offer, _ in offers for record, _ in offer.records}

    def test_are_tagged_with_a_reason(self, as_role, campaign, listed):
        missed = listed[1].party.visits.get()
        as_role("section_officer").post(self.address(campaign), {"visits": [missed.pk], "reason": "核实"})
        missed.refresh_from_db()
        entry = AuditEntry.objects.get(action="amend_visits")
        assert (missed.campaign, entry.detail["reason"]) == (TITLE, "核实")

    def test_are_not_tagged_without_a_reason(self, as_role, campaign, listed):
        missed = listed[1].party.visits.get()
        answer = as_role("section_officer").post(
            self.address(campaign), {"visits": [missed.pk], "reason": ""}
        )
        missed.refresh_from_db()
        assert (answer.status_code, missed.campaign) == (422, "")

    def test_are_counted_once_they_are_tagged(self, as_role, campaign, listed):
        client = as_role("section_officer")
        missed = listed[1].party.visits.get()
        client.post(self.address(campaign), {"visits": [missed.pk], "reason": "核实"})
        assert item(client.get(f"/campaigns/{campaign.pk}/"), "NM-S3").visited == 2

    def test_of_another_county_are_not_tagged(self, as_role, campaign, theirs):
        foreign = visit(theirs.links.get(), "2023-06-02")
        as_role("section_officer").post(self.address(campaign), {"visits": [foreign.pk], "reason": "核实"})
        foreign.refresh_from_db()
        assert foreign.campaign == ""

    def test_cannot_be_tagged_by_who_only_looks(self, as_role, campaign, listed):
        missed = listed[1].party.visits.get()
        as_role("upper_viewer").post(self.address(campaign), {"visits": [missed.pk], "reason": "核实"})
        missed.refresh_from_db()
        assert missed.campaign == ""
