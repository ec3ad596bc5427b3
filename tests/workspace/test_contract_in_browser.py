"""A contract from draft to collected payment in Chromium, by the people of one firm."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page, expect, sync_playwright

from sales_walk import DECIDER, REVIEWER, STORE, WRITER
from selling import LOT, open_desk
from xiejian.people.models import FirmUser
from xiejian.sales.models import Contract, Invoice, Payment

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CHROMIUM = os.environ.get("XIEJIAN_CHROMIUM", "/usr/bin/chromium")


@pytest.fixture
def page(monkeypatch, live_server):
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: set XIEJIAN_CHROMIUM")
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    cache.clear()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1440, "height": 900}, base_url=live_server.url)
        page.complaints = []
        page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)
        yield page
        browser.close()


class Walk:
    """Different people at one browser; each step is a form that the page offers."""

    def __init__(self, page: Page, sign_in, url: str) -> None:
        self.page, self.url = page, url
        self.sessions = {
            role: sign_in(role).cookies["sessionid"].value for role in (WRITER, REVIEWER, DECIDER, STORE)
        }

    def become(self, role: str, address: str = "") -> None:
        """Somebody else sits down, at the page that is open or at another."""
        self.page.context.clear_cookies()
        cookie = {"name": "sessionid", "value": self.sessions[role], "url": self.url}
        self.page.context.add_cookies([cookie])
        self.page.goto(address or self.page.url)

    def step(self, name: str, **given: str) -> None:
        """Open the step, fill it in and send it."""
        box = self.page.locator(f"#step-{name}")
        if box.get_attribute("open") is None:
            box.locator("summary").first.click()
        for field, value in given.items():
            control = box.locator(f"[name={field}]").first
            if control.evaluate("e => e.tagName") == "SELECT":
                control.select_option(value)
            else:
                control.fill(value)
        box.locator("button[type=submit]").first.click()
        expect(self.page.locator(".alert-success").first).to_be_visible()

    def follow(self, number: str) -> None:
        """Go on to a record that the page names."""
        self.page.locator("main").get_by_role("link", name=number, exact=True).first.click()
        expect(self.page.locator("main h1, main h2").first).to_be_visible()


def test_a_contract_goes_from_draft_to_collected_payment(
    page, live_server, naiman, ours, firm_client, firm_user
):
    firm_user(ours, DECIDER)
    at, today = timezone.now(), timezone.localdate()
    desk = open_desk(ours, at, tuple(FirmUser.objects.filter(role=DECIDER)))
    walk = Walk(page, lambda role: firm_client(ours, role), live_server.url)
    walk.become(WRITER, "/firm/contracts/new/")
    page.select_option("#id_customer", label=desk.customer.name)
    page.select_option("#id_site", label=desk.sales_site.name)
    page.fill("#id_title", "输液器年度合同")
    page.fill("#id_payment_days", "90")  # beyond the firm's limit: special
    page.fill("#id_ends_on", (today + dt.timedelta(days=300)).isoformat())
    page.select_option("#id_lines-0-item", str(desk.item.pk))
    page.fill("#id_lines-0-quantity", "100")
    page.fill("#id_lines-0-price_fen", "95.00")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".alert-success").first).to_contain_text("已起草")
    walk.step("submit_contract")
    walk.become(REVIEWER)
    walk.step("review_contract", opinion="条款齐全")
    assert page.locator("#step-approve_contract").count() == 0
    walk.become(DECIDER)
    walk.step("approve_special", opinion="同意延长账期")
    walk.become(WRITER)
    contract = page.url
    walk.step("sign_contract", signed_by="王采购")
    line = Contract.objects.get().lines.get().pk
    walk.step("place_order", **{f"line_{line}": "40"})
    walk.follow(f"DD{today.year}-1")
    walk.step("plan_shipment")
    walk.follow(f"FH{today.year}-1")
    walk.become(STORE)
    box = page.locator("#step-confirm_shipment [name^=line_]").first.get_attribute("name")
    walk.step("confirm_shipment", **{box: LOT})
    walk.become(WRITER)
    walk.step("deliver_shipment", receiver="李库管")
    walk.step("issue_invoice")
    page.goto(f"/firm/customers/{desk.customer.pk}/")
    walk.step("record_payment", amount_fen="3800.00", method="银行转账")
    page.goto(f"/firm/payments/{Payment.objects.get().pk}/")
    walk.step("allocate_payment")
    page.goto(contract)
    walk.step("close_contract")
    found = (Contract.objects.get().state, Invoice.objects.get().state, Payment.objects.get().state)
    assert found == ("closed", "paid", "allocated")
    assert page.complaints == []
