"""名录, 一企一档, 证照: search, count, sort, columns, export, and the number of queries."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from openpyxl import load_workbook

from moment import NOW
from xiejian.people.models import AuditEntry
from xiejian.registry.models import Licence, Party, PartyLink


def words(answer) -> str:
    return answer.content.decode()


def sheet(answer) -> list[list[object]]:
    """The rows of a downloaded workbook, headings first."""
    book = load_workbook(io.BytesIO(answer.content))
    return [list(row) for row in book.active.iter_rows(values_only=True)]


@pytest.fixture
def many(naiman) -> None:
    """120 parties at the station, named 甲001 to 甲120."""
    Party.objects.bulk_create(
        Party(
            name=f"甲{i:03}",
            division_code="150525100",
            office_code="150525100",
            created_at=NOW,
            updated_at=NOW,
            status="停产" if i % 10 == 0 else "正常",
        )
        for i in range(1, 121)
    )
    PartyLink.objects.bulk_create(
        PartyLink(party=p, link="经营", level=int(p.name[1:]) % 4 + 1) for p in Party.objects.all()
    )


class TestList:
    def test_shows_fifty_and_counts_all(self, as_role, many):
        answer = as_role("head").get("/parties/")
        assert (answer.context["listing"].total, words(answer).count("<tr data-row>")) == (120, 50)

    def test_the_second_page_goes_on_where_the_first_ended(self, as_role, many):
        assert "甲051" in words(as_role("head").get("/parties/?page=2"))

    def test_a_page_beyond_the_last_is_the_last(self, as_role, many):
        assert as_role("head").get("/parties/?page=99").context["listing"].page == 3

    @pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 30])
    def test_a_nonsense_page_is_no_error(self, as_role, many, page):
        assert as_role("head").get("/parties/", {"page": page}).status_code == 200

    def test_a_status_narrows_list_and_count(self, as_role, many):
        assert as_role("head").get("/parties/?status=停产").context["listing"].total == 12

    def test_a_level_narrows_list_and_count(self, as_role, many):
        assert as_role("head").get("/parties/?level=4").context["listing"].total == 30

    def test_sorts_by_level_from_the_highest(self, as_role, many):
        rows = as_role("head").get("/parties/?sort=-level").context["listing"].ordered()
        assert [p.top_level for p in rows[:30]] == [4] * 30

    def test_an_unknown_sort_falls_back_to_the_name(self, as_role, many):
        assert as_role("head").get("/parties/?sort=password").context["listing"].sort == "name"

    def test_htmx_gets_the_rows_alone(self, as_role, many):
        headers = {"HX-Request": "true", "HX-Target": "listing"}
        assert "<html" not in words(as_role("head").get("/parties/", headers=headers))

    def test_the_number_of_queries_does_not_grow_with_the_rows(
        self, as_role, many, django_assert_max_num_queries
    ):
        client = as_role("head")
        with django_assert_max_num_queries(9):
            client.get("/parties/")

    def test_an_empty_register_says_how_to_start(self, as_role):
        assert "名录里还没有监管对象" in words(as_role("section_officer").get("/parties/"))

    def test_nothing_found_offers_to_take_the_filter_away(self, as_role, many):
        assert "清除条件" in words(as_role("head").get("/parties/?q=没有这一家"))

    def test_two_characters_of_a_name_find_it(self, as_role, ours, make_party):
        make_party("奈曼旗百草堂", "150525")
        assert as_role("head").get("/parties/?q=安康").context["listing"].total == 1


class TestExport:
    def test_holds_every_row_of_what_is_seen(self, as_role, many):
        assert len(sheet(as_role("head").get("/parties/?status=停产&format=xlsx"))) == 1 + 12

    def test_holds_the_chosen_columns_in_their_order(self, as_role, many):
        rows = sheet(as_role("head").get("/parties/?cols=name&cols=status&format=xlsx"))
        assert rows[0] == ["主体名称", "状态"]

    def test_keeps_the_order_of_the_page(self, as_role, many):
        rows = sheet(as_role("head").get("/parties/?sort=-name&cols=name&format=xlsx"))
        assert rows[1] == ["甲120"]

    def test_of_picked_rows_holds_these_alone(self, as_role, many):
        picked = Party.objects.get(name="甲007").pk
        rows = sheet(as_role("head").get(f"/parties/?ids={picked}&cols=name&format=xlsx"))
        assert rows[1:] == [["甲007"]]

    def test_of_a_picked_row_of_another_county_is_empty(self, as_role, many, theirs):
        rows = sheet(as_role("head").get(f"/parties/?ids={theirs.pk}&cols=name&format=xlsx"))
        assert rows[1:] == []

    def test_a_name_that_looks_like_a_formula_stays_text(self, as_role, naiman, make_party):
        make_party("=1+1", "150525")
        cell = load_workbook(
            io.BytesIO(as_role("head").get("/parties/?cols=name&format=xlsx").content)
        ).active["A2"]
        assert (cell.value, cell.data_type) == ("=1+1", "s")

    def test_telephone_numbers_are_for_those_who_may_see_persons(self, as_role, ours):
        rows = sheet(as_role("upper_viewer").get("/parties/?cols=name&cols=phone&format=xlsx"))
        assert rows[0] == ["主体名称"]


class TestArchive:
    def test_shows_certificates_and_their_days_left(self, as_role, ours):
        Licence.objects.create(
            party=ours, kind="distribution_licence", number="蒙通药监械经营许20230001号", number_key="1",
            expires_on=dt.date(2000, 1, 1),
        )  # fmt: skip
        assert "逾期" in words(as_role("head").get(f"/parties/{ours.pk}/"))

    def test_hides_persons_from_those_who_may_not_see_them(self, as_role, ours):
        assert "0475-4210000" not in words(as_role("upper_viewer").get(f"/parties/{ours.pk}/"))

    def test_costs_the_same_few_queries_for_any_party(self, as_role, ours, django_assert_max_num_queries):
        client = as_role("head")
        with django_assert_max_num_queries(46):
            client.get(f"/parties/{ours.pk}/")

    def test_a_link_leads_to_its_party(self, as_role, ours):
        assert as_role("head").get(f"/links/{ours.links.get().pk}/")["Location"] == f"/parties/{ours.pk}/"


class TestEntering:
    def test_a_new_party_is_entered_with_its_link(self, as_role):
        given = {
            "主体名称": "奈曼旗新开药房",
            "环节": ["经营"],
            "管理类别": ["Ⅱ"],
            "行政区划代码": "150525100",
        }
        as_role("section_officer").post("/parties/new/", given)
        link = PartyLink.objects.get(party__name="奈曼旗新开药房")
        assert (link.link, link.classes) == ("经营", "2")

    def test_an_unknown_division_is_refused_on_the_form(self, as_role):
        given = {"主体名称": "某药房", "环节": ["经营"], "行政区划代码": "999999"}
        answer = as_role("section_officer").post("/parties/new/", given)
        assert (answer.status_code, Party.objects.count()) == (422, 0)

    def test_another_countys_party_cannot_be_entered(self, as_role, dushan):
        given = {"主体名称": "独山某药房", "环节": ["经营"], "行政区划代码": "522726"}
        as_role("section_officer").post("/parties/new/", given)
        assert not Party.objects.exists()


def stated(client, pk: int) -> dict[str, object]:
    """What the amendment form shows, as a browser would send it back unchanged."""
    form = client.get(f"/parties/{pk}/amend/").context["forms"]["facts"]
    return {name: form.get_initial_for_field(field, name) or "" for name, field in form.fields.items()}


class TestAmending:
    def test_changes_what_was_changed_and_keeps_before_and_after(self, as_role, ours):
        client = as_role("section_officer")
        sent = stated(client, ours.pk) | {"地址": "新华路2号", "do": "facts", "reason": "迁址"}
        client.post(f"/parties/{ours.pk}/amend/", sent)
        detail = AuditEntry.objects.get(action="amend_party").detail
        assert (detail["address"], detail["reason"]) == (["", "新华路2号"], "迁址")

    def test_needs_a_reason(self, as_role, ours):
        client = as_role("section_officer")
        sent = stated(client, ours.pk) | {"地址": "新华路2号", "do": "facts", "reason": ""}
        assert client.post(f"/parties/{ours.pk}/amend/", sent).status_code == 422

    def test_sent_back_unchanged_changes_nothing(self, as_role, ours):
        client = as_role("section_officer")
        client.post(f"/parties/{ours.pk}/amend/", stated(client, ours.pk) | {"do": "facts", "reason": "无"})
        assert not AuditEntry.objects.filter(action="amend_party").exists()

    def test_a_fact_of_the_link_is_changed_in_that_link(self, as_role, ours):
        client = as_role("section_officer")
        sent = stated(client, ours.pk) | {"管理类别": ["Ⅲ"], "do": "facts", "reason": "换证"}
        client.post(f"/parties/{ours.pk}/amend/", sent)
        assert ours.links.get().classes == "3"

    def test_the_status_changes_on_a_day(self, as_role, ours):
        sent = {"do": "status", "status": "停产", "on": "2024-03-01", "reason": "自行停业"}
        as_role("section_officer").post(f"/parties/{ours.pk}/amend/", sent)
        ours.refresh_from_db()
        assert (ours.status, ours.status_on) == ("停产", dt.date(2024, 3, 1))
