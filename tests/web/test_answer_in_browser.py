"""A firm answers its order on a phone, in a real Chromium and without an account."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect, sync_playwright

from visiting import PHOTO, enrol
from xiejian.inspections import actions, answering
from xiejian.inspections.models import Correction, Visit
from xiejian.people.policy import SYSTEM

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CHROMIUM = os.environ.get("XIEJIAN_CHROMIUM", "/usr/bin/chromium")


@pytest.fixture
def page(monkeypatch, live_server):
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: set XIEJIAN_CHROMIUM")
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 375, "height": 812}, base_url=live_server.url)
        page.complaints = []
        page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)
        yield page
        browser.close()


@pytest.fixture
def address(naiman) -> str:
    at = timezone.now()
    today = timezone.localdate(at)
    visit = Visit.objects.create(
        number="V1", party=enrol("明眸眼镜店", "150525100", at), link="经营", kind="日常检查",
        office_code="150525100", state="concluded", visited_on=today, conclusion="限期整改",
    )  # fmt: skip
    order = actions.order_correction(
        visit=visit, content="补齐购销记录", ordered_on=today, due_on=today + dt.timedelta(days=9), by=SYSTEM,
        at=at,
    )  # fmt: skip
    return f"/answer/{answering.open_answer_link(correction=order, by=SYSTEM, at=at)[1]}/"


def test_the_report_with_a_photo_arrives(page, address):
    page.goto(address)
    item = Correction.objects.get().items.get()
    page.fill("#id_person", "张店长")
    page.fill(f"#id_cause_{item.pk}", "没有按制度登记")
    page.fill(f"#id_measure_{item.pk}", "已补齐并培训")
    photo = {"name": "整改后.jpg", "mimeType": "image/jpeg", "buffer": PHOTO}
    page.set_input_files(f"#id_files_{item.pk}", photo)
    page.click("button[name=complete]")
    expect(page.get_by_text("等待复查")).to_be_visible()
    order = Correction.objects.get()
    assert (order.state, order.evidence.count()) == ("submitted", 1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.complaints == []
