"""签名 in a real Chromium: a name drawn by mouse, finger or pen comes to the server as it was drawn."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from moment import NOW
from visiting import appoint, enrol
from xiejian.inspections import actions
from xiejian.inspections.models import Signature, Visit
from xiejian.people.policy import SYSTEM

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CHROMIUM = os.environ.get("XIEJIAN_CHROMIUM", "/usr/bin/chromium")
PHONE = {"width": 375, "height": 812}


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
def visit(naiman) -> Visit:
    shop = enrol("明眸眼镜店", "150525100", NOW)
    team = [appoint("wang", "王检", "150525100", NOW), appoint("zhao", "赵检", "150525100", NOW)]
    made = actions.schedule_visit(
        party=shop, link="经营", kind="日常检查", planned_on=NOW.date(), team=team, by=SYSTEM, at=NOW
    )
    return actions.start_visit(visit=made, on=NOW.date(), by=SYSTEM, at=NOW)


@pytest.fixture
def page(browser, live_server, officers, password, visit) -> Iterator[Page]:
    context = browser.new_context(
        viewport=PHONE, base_url=live_server.url, locale="zh-CN", has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: page.complaints.append(str(e)))
    page.goto("/login/")
    page.fill("#id_username", "t.section_officer")
    page.fill("#id_password", password)
    page.click("button[type=submit]")
    page.wait_for_url("**/")
    page.goto(f"/visits/{visit.pk}/sign/")
    page.select_option("#id_sign-role", "inspector")
    page.fill("#id_sign-name", "王检")
    page.locator("canvas[data-sign]").scroll_into_view_if_needed()
    yield page
    context.close()


def places(page: Page, turn: int) -> list[tuple[float, float]]:
    """The points of one stroke across the pad."""
    box = page.locator("canvas[data-sign]").bounding_box()
    return [(box["x"] + 30 + 90 * turn + 6 * n, box["y"] + 20 + 6 * n) for n in range(10)]


def by_mouse(page: Page, turn: int = 0) -> None:
    first, *rest = places(page, turn)
    page.mouse.move(*first)
    page.mouse.down()
    for place in rest:
        page.mouse.move(*place)
    page.mouse.up()


def by_finger(page: Page, turn: int = 0) -> None:
    chrome = page.context.new_cdp_session(page)
    first, *rest = places(page, turn)
    for kind, place in [("touchStart", first), *(("touchMove", p) for p in rest), ("touchEnd", None)]:
        points = [{"x": place[0], "y": place[1]}] if place else []
        chrome.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def by_pen(page: Page, turn: int = 0) -> None:
    chrome = page.context.new_cdp_session(page)
    first, *rest = places(page, turn)
    steps = [("mousePressed", first), *(("mouseMoved", p) for p in rest), ("mouseReleased", rest[-1])]
    for kind, (x, y) in steps:
        given = {"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1}
        chrome.send("Input.dispatchMouseEvent", given | {"pointerType": "pen", "force": 0.8})


def send(page: Page) -> Signature:
    page.click("[data-sign-send]")
    page.wait_for_selector("img.drawn-name")
    return Signature.objects.get()


@pytest.mark.parametrize("draw", [by_mouse, by_finger, by_pen])
def test_a_name_is_drawn_and_kept(page, draw):
    for turn in range(2):
        draw(page, turn)
    row = send(page)
    with row.file.open() as file, Image.open(io.BytesIO(file.read())) as image:
        inked = image.getchannel("A").getbbox()
    assert (len(row.strokes), image.size, inked is not None) == (2, (900, 300), True)
    assert page.complaints == []


def test_a_pen_says_how_hard_it_was_pressed(page):
    by_pen(page)
    assert {point[3] for point in send(page).strokes[0]} == {0.8}


def test_a_finger_on_the_pad_does_not_scroll_the_page(page):
    before = page.evaluate("window.scrollY")
    by_finger(page)
    assert page.evaluate("window.scrollY") == before


def test_one_stroke_can_be_taken_back_and_nothing_is_not_sent(page):
    by_mouse(page)
    by_mouse(page, 1)
    page.click("[data-sign-undo]")
    assert page.is_enabled("[data-sign-send]")
    page.click("[data-sign-undo]")
    assert page.is_disabled("[data-sign-send]")
