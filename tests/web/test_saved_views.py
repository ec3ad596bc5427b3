"""常用视图: a list as one officer asked for it, kept under a name."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from xiejian.people.models import AuditEntry, SavedView

LATE = {
    "view_page": "/parties/",
    "view_name": "停产的",
    "status": "停产",
    "sort": "-level",
    "page": "3",
    "q": "",
}


def words(answer) -> str:
    return answer.content.decode()


@pytest.fixture
def client(as_role):
    return as_role("section_officer")


def held() -> list[tuple[str, str]]:
    return list(SavedView.objects.values_list("name", "query"))


class TestSaving:
    def test_keeps_search_filters_and_sort_but_not_the_page_turned_to(self, client):
        answer = client.post("/views/", LATE)
        assert (answer.status_code, held()) == (200, [("停产的", "status=%E5%81%9C%E4%BA%A7&sort=-level")])

    def test_shows_the_view_with_its_address(self, client):
        assert 'href="/parties/?status=%E5%81%9C%E4%BA%A7&amp;sort=-level"' in words(
            client.post("/views/", LATE)
        )

    def test_the_address_opens_the_list_as_it_was(self, client):
        client.post("/views/", LATE)
        listing = client.get(f"/parties/?{SavedView.objects.get().query}").context["listing"]
        assert (listing.sort, listing.asked["status"]) == ("-level", "停产")

    def test_under_the_same_name_replaces(self, client):
        client.post("/views/", LATE)
        client.post("/views/", LATE | {"status": "正常", "sort": ""})
        assert held() == [("停产的", "status=%E6%AD%A3%E5%B8%B8")]

    def test_several_columns_stay_several(self, client):
        client.post("/views/", {"view_page": "/parties/", "view_name": "两列", "cols": ["name", "level"]})
        assert held() == [("两列", "cols=name&cols=level")]

    def test_is_in_the_audit_log(self, client):
        client.post("/views/", LATE)
        assert AuditEntry.objects.filter(action="save_view").count() == 1

    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            ({"view_name": "  "}, "需要一个名称"),
            ({"view_name": "长" * 31}, "最多30个字"),
            ({"q": "长" * 200}, "条件太长"),
        ],
    )
    def test_is_refused_in_plain_words_and_keeps_nothing(self, client, change, problem):
        answer = client.post("/views/", LATE | change)
        assert (answer.status_code, held(), problem in words(answer)) == (422, [], True)

    def test_ends_at_twenty_views_of_one_page(self, client):
        for i in range(20):
            client.post("/views/", LATE | {"view_name": f"第{i}"})
        assert client.post("/views/", LATE | {"view_name": "多一个"}).status_code == 422
        assert client.post("/views/", LATE | {"view_name": "第3"}).status_code == 200

    def test_of_a_page_that_is_not_ours_keeps_nothing(self, client):
        client.post("/views/", LATE | {"view_page": "//elsewhere.example/"})
        assert held() == []


class TestOfOthers:
    @pytest.fixture
    def theirs(self, client, as_role):
        client.post("/views/", LATE)
        return SavedView.objects.get(), as_role("head")

    def test_are_not_shown(self, theirs):
        assert "停产的" not in words(theirs[1].get("/views/?view_page=/parties/"))

    def test_cannot_be_taken_away(self, theirs):
        view, head = theirs
        assert head.post(f"/views/{view.pk}/forget/").status_code == 404
        assert SavedView.objects.exists()


class TestForgetting:
    def test_takes_the_own_view_away_and_says_so_in_the_log(self, client):
        client.post("/views/", LATE)
        answer = client.post(f"/views/{SavedView.objects.get().pk}/forget/")
        assert (answer.status_code, held()) == (200, [])
        assert AuditEntry.objects.filter(action="forget_view").count() == 1


def test_a_list_asks_nothing_for_its_views_until_the_menu_is_opened(client):
    with CaptureQueriesContext(connection) as asked:
        answer = client.get("/parties/")
    assert "saved-views-button" in words(answer)
    assert not [q for q in asked if SavedView._meta.db_table in q["sql"]]
