"""The pages in a real Chromium: nothing overflows, nothing breaks the content policy, the keys work."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from moment import NOW
from xiejian.kernel import rule_book
from xiejian.people.policy import SYSTEM
from xiejian.planning import grading

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CHROMIUM = os.environ.get("XIEJIAN_CHROMIUM", "/usr/bin/chromium")
SIZES = {"desktop": {"width": 1440, "height": 900}, "phone": {"width": 375, "height": 812}}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: set XIEJIAN_CHROMIUM")
    # the driver runs an event loop in this thread; Django may use its database beside it all the same
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield found
        found.close()
    monkeypatch.undo()


@pytest.fixture
def open_page(browser, live_server, officers, password, ours, make_party):
    """Signs a role in at a size; what the console complains of is on ``page.complaints``."""
    for i in range(60):
        make_party(f"奈曼旗测试眼镜店{i:02}", "150525100", classes="3", tags="|角膜接触镜|")
    grading.grade_register(on=dt.date(2024, 3, 1), pack_id="national-2022-78", by=SYSTEM, at=NOW)
    contexts = []

    def sign_in(role: str = "section_officer", size: str = "desktop") -> Page:
        context = browser.new_context(viewport=SIZES[size], base_url=live_server.url, locale="zh-CN")
        contexts.append(context)
        page = context.new_page()
        page.complaints = []
        page.on(
            "console", lambda m: page.complaints.append(m.text) if m.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda e: page.complaints.append(str(e)))
        page.goto("/login/")
        page.fill("#id_username", f"t.{role}")
        page.fill("#id_password", password)
        page.click("button[type=submit]")
        page.wait_for_url("**/")
        return page

    yield sign_in
    for context in contexts:
        context.close()


LIMIT = next(entry for entry in rule_book.entries() if entry.id == "CP-1")
ADDRESSES = [
    "/", "/leader/", "/parties/", "/parties/{party}/", "/parties/{party}/amend/", "/parties/new/",
    "/samples/", "/samples/plans/", "/samples/new/", "/samples/new/?party={party}", "/samples/plans/new/",
    "/parties/import/", "/licences/", "/registrations/", "/grading/", "/cases/", "/rules/",
    "/rules/national-2022-78/", "/offices/", "/network/", "/rules/changes/?from=2026-04-14&until=2026-04-15",
    "/number/?q=国械注准20173223152", "/udi/?q=(01)06972253600013(10)A1", "/due/",
    "/due/?rule=CP-1&from=2026-04-20", "/penalty/", "/penalty/?rule=P81-3&on=2024-05-01&goods_value=20000",
    "/laws/", "/laws/条例/", "/laws/readings/?tab=all", f"/rules/entry/{LIMIT.slug}/",
]  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
def test_no_page_overflows_or_complains(open_page, ours, size):
    page = open_page(size=size)
    wide = {}
    for address in ADDRESSES:
        page.goto(address.format(party=ours.pk))
        wide[address] = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert (page.complaints, {a: w for a, w in wide.items() if w > 0}) == ([], {})


class TestList:
    def test_a_slash_leads_to_the_search_and_typing_narrows_the_list(self, open_page):
        page = open_page()
        page.goto("/parties/")
        page.keyboard.press("/")
        page.keyboard.type("安康")
        expect(page.locator("tr[data-row]")).to_have_count(1)
        assert "奈曼旗安康大药房" in page.inner_text("#listing")

    def test_the_address_can_be_sent_on(self, open_page):
        page = open_page()
        page.goto("/parties/")
        page.select_option("#f-status", "停产")
        expect(page.locator("tr[data-row]")).to_have_count(0)
        page.reload()
        assert page.input_value("#f-status") == "停产"

    def test_arrow_and_enter_open_a_party(self, open_page):
        page = open_page()
        page.goto("/parties/")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/parties/*/")
        assert page.locator("text=档案时间线").count() == 1

    def test_without_javascript_the_search_still_works(self, browser, live_server, open_page):
        state = open_page().context.storage_state()
        context = browser.new_context(
            java_script_enabled=False, storage_state=state, base_url=live_server.url
        )
        page = context.new_page()
        page.goto("/parties/?q=安康")
        shown = page.locator("tr[data-row]").count()
        context.close()
        assert shown == 1


class TestPanel:
    def test_the_level_opens_its_reasons_and_escape_closes_them(self, open_page, ours):
        page = open_page()
        page.goto(f"/parties/{ours.pk}/")
        page.click("a.why")
        page.wait_for_selector("#side.show >> text=所用事实")
        page.keyboard.press("Escape")
        page.wait_for_selector("#side.show", state="hidden")
        assert page.complaints == []


class TestDraft:
    def test_what_was_typed_is_there_again_after_leaving(self, open_page):
        page = open_page()
        page.goto("/parties/new/")
        page.fill("[name=主体名称]", "写到一半的名称")
        page.goto("/")
        page.goto("/parties/new/")
        assert page.input_value("[name=主体名称]") == "写到一半的名称"


class TestCharts:
    def test_are_drawn_and_have_their_table(self, open_page):
        page = open_page()
        page.goto("/grading/")
        page.wait_for_selector(".chart canvas")
        assert page.locator("details.chart-table table").count() == 1


class TestLaw:
    """The pages that answer one question: found by search, asked by form, the answer copied."""

    def test_a_search_leads_to_the_time_limit_and_its_dates(self, open_page):
        page = open_page()
        page.goto("/due/")
        page.fill("#q", "核查举报")
        # only the narrowed list is unfolded: a click on the one before it would be lost
        page.click("#choices details[open] a.what:has-text('CP-6')")
        page.wait_for_selector("#from")
        page.fill("#from", "2026-04-20")
        page.click("main button[type=submit]")
        expect(page.locator("#result .stat-number").first).to_have_text("2026-05-13")

    def test_the_fine_is_copied_in_words(self, open_page):
        page = open_page()
        page.context.grant_permissions(["clipboard-read"])
        page.goto("/penalty/?rule=P81-3")
        page.fill("#on", "2024-05-01")
        page.fill("#f-goods_value", "20000")
        page.click("main button[type=submit]")
        page.click("[data-copy]")
        assert "罚款：300,000 至 600,000 元" in page.evaluate("navigator.clipboard.readText()")

    def test_a_law_is_found_read_and_acknowledged(self, open_page):
        page = open_page()
        page.goto("/laws/")
        page.fill("#q", "医疗器械网络销售监督")
        expect(page.locator("tr[data-row]")).to_have_count(1)
        page.click("a.cell-link")
        page.click("text=我已阅读，签收")
        expect(page.locator("main")).to_contain_text("已签收")

    def test_a_rule_is_checked_and_its_example_tried(self, open_page):
        page = open_page()
        page.goto(f"/rules/entry/{LIMIT.slug}/")
        page.check("input[value=true]")
        page.click("text=记录核实")
        expect(page.locator("#checks")).to_contain_text("属实")
        page.click("text=试一试 >> nth=0")
        expect(page.locator("#result .stat-number").first).to_have_text("2026-04-23")

    def test_the_rule_book_narrows_while_typing(self, open_page):
        page = open_page()
        page.goto("/rules/")
        page.fill("#q", "REG-1")
        expect(page.locator("tr[data-row]")).to_have_count(1)


class TestNumbers:
    def test_a_credit_code_is_judged_while_it_is_typed(self, open_page):
        page = open_page()
        page.goto("/parties/new/")
        page.locator("[name=统一社会信用代码]").press_sequentially("91350200MA2YJ1XR9G")
        expect(page.locator(".number-check").first).to_contain_text("✓ 统一社会信用代码")
        page.fill("[name=统一社会信用代码]", "91350200MA2YJ1XR90")
        expect(page.locator(".number-check").first).to_contain_text("校验")
        assert page.complaints == []
