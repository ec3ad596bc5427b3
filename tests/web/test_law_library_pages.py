"""The law library, who has read what, and one rule with its examples and the office's own check."""

from __future__ import annotations

import dataclasses
import io

import openpyxl
import pytest
from django.test import Client

from moment import NOW
from xiejian.kernel import laws, rule_book
from xiejian.people import actions
from xiejian.people.models import ReadReceipt, RuleCheck
from xiejian.people.policy import Actor

FINE = next(e for e in rule_book.entries() if e.id == "P81-3")
LIMIT = next(e for e in rule_book.entries() if e.id == "CP-1")
FORM = next(e for e in rule_book.entries() if e.id == "device_registration.current")
NEW = laws.law("78号文")  # in force from 2023-01-01


@pytest.fixture
def officer_page(as_role) -> Client:
    return as_role("section_officer")


@pytest.fixture
def on(monkeypatch):
    """Sets what counts as today."""

    def set_day(text: str) -> None:
        day = NOW.replace(**dict(zip(("year", "month", "day"), map(int, text.split("-")), strict=True)))
        monkeypatch.setattr("xiejian.web.clock.now", lambda request: day)

    return set_day


def rows(page) -> dict[str, object]:
    return {row.law.id: row for row, _ in page.context["listing"].shown_rows()}


def sheet(answer):
    return openpyxl.load_workbook(io.BytesIO(answer.content)).active


def check(officer, outcome="true", note="", entry=LIMIT) -> RuleCheck:
    return actions.check_rule(
        entry=entry, outcome=outcome, note=note, on=NOW.date(), by=Actor.of(officer), at=NOW
    )


class TestLibrary:
    def test_holds_every_law(self, officer_page):
        assert officer_page.get("/laws/").context["listing"].total == len(laws.load().laws)

    @pytest.mark.parametrize(("day", "state"), [("2026-04-14", "current"), ("2026-04-15", "repealed")])
    def test_tells_the_state_of_the_asked_day(self, officer_page, day, state):
        assert rows(officer_page.get("/laws/", {"on": day, "q": "投诉20"}))["投诉20"].state == state

    def test_a_filter_narrows_to_a_state(self, officer_page):
        page = officer_page.get("/laws/", {"on": "2026-04-14", "state": "coming", "subject": "投诉举报"})
        assert list(rows(page)) == ["投诉121"]

    def test_is_sorted_by_the_first_day_with_the_undated_last(self, officer_page):
        found = officer_page.get("/laws/", {"sort": "from"}).context["listing"].ordered()
        days = [row.law.from_on for row in found]
        assert days == sorted(filter(None, days)) + [None] * days.count(None)

    def test_the_export_holds_what_is_seen(self, officer_page):
        exported = sheet(officer_page.get("/laws/", {"subject": "抽检", "format": "xlsx"}))
        seen = officer_page.get("/laws/", {"subject": "抽检"}).context["listing"].total
        assert exported.max_row == seen + 1

    def test_a_day_that_is_none_is_said(self, officer_page):
        assert officer_page.get("/laws/", {"on": "2024-02-30"}).status_code == 422

    @pytest.mark.parametrize("query", ["?page=9999", "?ids=1", "?sort=x", "?page=x", "?cols=title"])
    def test_no_address_breaks_it(self, officer_page, query):
        assert officer_page.get(f"/laws/{query}").status_code == 200

    def test_takes_no_query_for_each_law(self, officer_page, django_assert_max_num_queries):
        with django_assert_max_num_queries(8):
            officer_page.get("/laws/")


class TestOneLaw:
    def test_shows_what_replaced_what_from_either_end(self, officer_page):
        chains = [
            [one.id for one, *_ in officer_page.get(f"/laws/{name}/").context["chain"]]
            for name in ("条例276", "条例")
        ]
        assert chains == [["条例276", "条例650", "条例"]] * 2

    def test_shows_the_rules_that_cite_it(self, officer_page):
        assert "CP-1" in {e.id for e, _ in officer_page.get("/laws/投诉121/").context["rules"]}

    def test_warns_of_rules_that_outlive_it(self, officer_page):
        assert "仍有 8 条规则引用它" in officer_page.get("/laws/158号文/").content.decode()

    def test_a_law_in_force_is_shown_without_a_warning(self, officer_page):
        assert officer_page.get("/laws/条例/").context["outlived"] == 0

    def test_an_unknown_law_is_not_found(self, officer_page):
        assert officer_page.get("/laws/没有/").status_code == 404

    def test_reading_is_acknowledged_and_shown(self, officer_page):
        officer_page.post("/laws/条例/read/")
        assert "签收" in officer_page.get("/laws/条例/").content.decode()
        assert ReadReceipt.objects.filter(law="条例").count() == 1

    def test_readers_are_for_the_head(self, as_role):
        assert as_role("station_inspector").get("/laws/条例/").context["reading"] is None

    def test_whoever_may_not_see_readers_exports_none(self, as_role):
        answer = as_role("station_inspector").get("/laws/条例/?format=xlsx")
        assert answer["Content-Type"].startswith("text/html")

    def test_the_export_names_read_and_unread(self, as_role, officers):
        actions.acknowledge_law(law=laws.law("条例"), by=Actor.of(officers["head"]), at=NOW)
        exported = sheet(as_role("head").get("/laws/条例/?format=xlsx"))
        said = {row[1].value: row[2].value for row in exported.iter_rows(min_row=2)}
        assert said == {"测试head": "已读", "测试section_officer": "未读", "测试station_inspector": "未读"}


class TestReadings:
    def test_list_what_is_to_be_read_now(self, as_role, on):
        on("2022-11-25")
        assert list(rows(as_role("head").get("/laws/readings/"))) == ["78号文"]

    def test_name_who_has_not_read(self, as_role, officers, on):
        on("2022-11-25")
        actions.acknowledge_law(law=NEW, by=Actor.of(officers["station_inspector"]), at=NOW)
        (row,) = rows(as_role("head").get("/laws/readings/")).values()
        assert {person.name for person in row.unread} == {"测试head", "测试section_officer"}

    def test_narrow_to_a_station(self, as_role, on):
        on("2022-11-25")
        (row,) = rows(as_role("head").get("/laws/readings/?office=150525100")).values()
        assert [reader.officer.name for reader in row.readers] == ["测试station_inspector"]

    def test_export(self, as_role, on):
        on("2022-11-25")
        assert sheet(as_role("head").get("/laws/readings/?format=xlsx")).max_row == 2

    def test_all_laws_on_the_other_tab_in_few_queries(self, as_role, on, django_assert_max_num_queries):
        on("2026-11-22")
        client = as_role("head")
        with django_assert_max_num_queries(10):
            page = client.get("/laws/readings/?tab=all")
        assert page.context["listing"].total == len(laws.load().laws)


class TestReminder:
    def test_stands_on_the_first_page_until_it_is_read(self, as_role, on):
        on("2022-11-25")
        client = as_role("station_inspector")
        before = client.get("/").content.decode()
        client.post("/laws/78号文/read/")
        after = client.get("/").content.decode()
        assert ("待阅读的法规 1 部" in before, "待阅读的法规" in after) == (True, False)

    def test_tells_the_head_how_many_are_behind(self, as_role, on):
        on("2022-11-25")
        assert "本单位有 3 人未读新法规" in as_role("head").get("/").content.decode()

    def test_is_not_there_when_nothing_is_new(self, as_role, on):
        on("2010-01-01")
        assert "待阅读的法规" not in as_role("head").get("/").content.decode()


class TestRule:
    def test_leads_to_its_laws(self, officer_page):
        named = [law.id for law, *_ in officer_page.get(f"/rules/entry/{FINE.slug}/").context["laws"]]
        assert named == ["条例"]

    def test_shows_its_value_at_each_time(self, officer_page):
        versions = officer_page.get(f"/rules/entry/{LIMIT.slug}/").context["versions"]
        assert [one.id for one, _ in versions] == ["CP-O1", "CP-1"]

    @pytest.mark.parametrize("entry", [FINE, LIMIT, FORM], ids=lambda e: e.kind)
    def test_each_example_can_be_tried(self, officer_page, entry):
        shown = officer_page.get(f"/rules/entry/{entry.slug}/").context["examples"]
        assert shown
        assert {officer_page.get(href).status_code for _, href in shown} <= {200, 422}

    def test_a_tried_fine_comes_out_as_the_example_says(self, officer_page):
        shown = officer_page.get(f"/rules/entry/{FINE.slug}/").context["examples"]
        one, href = next((one, href) for one, href in shown if one.name == "货值满 10,000 元用倍数")
        assert one.outcome == f"罚款：{officer_page.get(href).context['fine']}"

    def test_a_tried_time_limit_comes_out_as_the_example_says(self, officer_page):
        entry = next(e for e in rule_book.entries() if e.id == "CS-11")
        shown = officer_page.get(f"/rules/entry/{entry.slug}/").context["examples"]
        tried = {
            one.outcome.split("（")[0]: officer_page.get(href).context["due_legal"] for one, href in shown
        }
        assert {said: f"到期 {due}" for said, due in tried.items()} == {said: said for said in tried}

    def test_an_unknown_rule_is_not_found(self, officer_page):
        assert officer_page.get("/rules/entry/0000/").status_code == 404


class TestWayBack:
    @pytest.mark.parametrize(
        ("address", "entry"), [("/due/?rule=CP-1", LIMIT), ("/penalty/?rule=P81-3", FINE)]
    )
    def test_leads_from_the_calculation_to_the_rule(self, officer_page, address, entry):
        assert f"/rules/entry/{entry.slug}/" in officer_page.get(address).content.decode()


class TestOwnCheck:
    def test_is_recorded_with_name_and_day(self, officer_page):
        officer_page.post(f"/rules/entry/{LIMIT.slug}/check/", {"outcome": "true"})
        page = officer_page.get(f"/rules/entry/{LIMIT.slug}/").content.decode()
        assert ("本单位已核对" in page, "测试section_officer" in page) == (True, True)

    def test_a_doubt_without_a_word_is_said_in_the_form(self, officer_page):
        answer = officer_page.post(f"/rules/entry/{LIMIT.slug}/check/", {"outcome": "doubt"})
        assert (answer.status_code, "应写明理由" in answer.content.decode()) == (422, True)

    def test_stands_beside_the_entry_in_the_list(self, officer_page, officers):
        check(officers["head"])
        page = officer_page.get("/rules/", {"q": "CP-1", "kind": "deadlines"})
        assert "本单位已核对</span>" in page.content.decode()

    @pytest.mark.parametrize(("outcome", "note"), [("true", ""), ("doubt", "天数不同")])
    def test_the_list_narrows_to_what_was_found(self, officer_page, officers, outcome, note):
        check(officers["head"], outcome, note)
        page = officer_page.get("/rules/", {"own": outcome})
        assert [line.entry.id for line in page.context["page"]] == ["CP-1"]

    def test_the_list_narrows_to_what_nobody_checked(self, officer_page, officers):
        check(officers["head"])
        assert officer_page.get("/rules/", {"own": "none"}).context["total"] == len(rule_book.entries()) - 1

    def test_a_changed_entry_has_to_be_checked_again(self, officer_page, officers):
        check(officers["head"], entry=dataclasses.replace(LIMIT, value="8 个工作日"))
        page = officer_page.get(f"/rules/entry/{LIMIT.slug}/").content.decode()
        assert "条目已变更，需重新核对" in page

    def test_the_export_names_who_found_what(self, officer_page, officers):
        check(officers["head"], "doubt", "天数不同")
        exported = sheet(officer_page.get("/rules/", {"own": "doubt", "format": "xlsx"}))
        (row,) = exported.iter_rows(min_row=2, values_only=True)
        assert row[9:14][0::2] == ("有疑义", "测试head", "天数不同")

    def test_the_form_is_for_those_who_may(self, as_role):
        page = as_role("station_inspector").get(f"/rules/entry/{LIMIT.slug}/").content.decode()
        assert "记录核实" not in page


class TestSearch:
    def test_marks_what_was_found(self, officer_page):
        page = officer_page.get("/rules/", {"q": "cp-1 决定"}).content.decode()
        assert ("<mark>CP-1</mark>" in page, "<mark>决定</mark>" in page) == (True, True)

    def test_marks_no_markup(self, officer_page):
        assert "<mark><b></mark>" not in officer_page.get("/rules/", {"q": "<b>"}).content.decode()

    def test_narrows_to_the_rules_of_a_law(self, officer_page):
        page = officer_page.get("/rules/", {"law": "投诉20"})
        found = {line.entry.id for line in page.context["page"]}
        assert {"CP-O1", "CP-O2", "CP-O3"} <= found and "CP-1" not in found


class TestChanges:
    def test_list_the_laws_too(self, officer_page):
        found = officer_page.get("/rules/changes/?from=2026-04-14&until=2026-04-15").context["laws"]
        assert [(c.law.id, c.what) for c in found] == [("投诉121", "施行"), ("投诉20", "停止施行")]
