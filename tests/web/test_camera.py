"""The camera that reads device codes: a real Chromium, its camera fed with a film of a printed label."""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
import segno
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from camera_film import datamatrix, film

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CHROMIUM = os.environ.get("XIEJIAN_CHROMIUM", "/usr/bin/chromium")
PRINTED = "(01)06972253600013(17)260930(10)A1"
READ_IMAGE = """async (address) => {
  const { readImage } = await import("/static/web/scan.js");
  return await readImage(await (await fetch(address)).blob());
}"""


def png(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def qr(path: Path) -> Image.Image:
    segno.make("https://id.gs1.org/01/06972253600013/10/A1", micro=False).save(path, scale=6, border=4)
    return Image.open(path).convert("L")


@pytest.fixture
def camera(live_server, officers, password, tmp_path, monkeypatch) -> Iterator:
    """Opens the device-code page, signed in, with this picture before the camera (None: no camera at all)."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: set XIEJIAN_CHROMIUM")
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as driver:
        opened = []

        def start(picture: Image.Image | None, allowed: bool = True) -> Page:
            flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
            if picture is not None:
                shown = film(picture, tmp_path / "label.y4m")
                flags += ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={shown}"]
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
            opened.append(browser)
            granted = ["camera"] if allowed else []
            context = browser.new_context(base_url=live_server.url, permissions=granted, locale="zh-CN")
            page = context.new_page()
            page.complaints = []
            page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)
            page.on("pageerror", lambda e: page.complaints.append(str(e)))
            page.goto("/login/")
            page.fill("#id_username", "t.section_officer")
            page.fill("#id_password", password)
            page.click("button[type=submit]")
            page.wait_for_url("**/")
            page.goto("/udi/")
            return page

        yield start
        for browser in opened:
            browser.close()


def test_a_printed_code_before_the_camera_is_answered(camera):
    page = camera(datamatrix(PRINTED))
    page.click("[data-scan-open]")
    page.wait_for_url("**/udi/?q=*")
    expect(page.locator("#result")).to_contain_text("06972253600013")
    expect(page.locator("#result")).to_contain_text("2026-09-30")
    assert page.complaints == []


def test_a_web_address_in_a_square_code_is_answered(camera, tmp_path):
    page = camera(qr(tmp_path / "qr.png"))
    page.click("[data-scan-open]")
    page.wait_for_url("**/udi/?q=*")
    expect(page.locator("#result")).to_contain_text("06972253600013")


def test_closing_turns_the_camera_off(camera):
    page = camera(Image.new("L", (100, 100), 200))
    page.click("[data-scan-open]")
    expect(page.locator("[data-scan-state]")).to_contain_text("对准")
    tracks = page.evaluate(
        "window.kept = document.querySelector('[data-scan-video]').srcObject.getTracks(), 1"
    )
    page.click("[data-scan-close]")
    assert (tracks, page.evaluate("window.kept.map((t) => t.readyState)")) == (1, ["ended"])


def test_a_device_without_a_camera_is_told_what_else_to_do(camera):
    page = camera(None)
    page.click("[data-scan-open]")
    expect(page.locator("[data-scan-state]")).to_contain_text("没有相机")
    expect(page.locator("[data-scan-open]")).to_be_visible()


def test_a_picture_file_is_read_without_the_server(camera, live_server):
    page = camera(None)
    page.route(
        "**/label.png", lambda route: route.fulfill(body=png(datamatrix(PRINTED)), content_type="image/png")
    )
    assert page.evaluate(READ_IMAGE, f"{live_server.url}/label.png") == ["]d201069722536000131726093010A1"]
