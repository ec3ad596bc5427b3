"""The whole path as a new office walks it in Chromium: from an empty system to the annual summary.

On the way it takes the pictures of the README when XIEJIAN_PICTURES names a folder.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import docx
import openpyxl
import pytest
from django.utils import timezone
from playwright.sync_api import Page, sync_playwright

from visiting import PHOTO
from xiejian.kernel import divisions

CHROMIUM = os.environ.get("XIEJIAN_CHROMIUM", "/usr/bin/chromium")
HEADINGS = [
    "主体名称",
    "环节",
    "管理类别",
    "经营方式",
    "机构类型",
    "品种标签",
    "行政区划代码",
    "发证日期",
    "状态",
]
PASSWORD = "a-long-enough-password"

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def chromium() -> Iterator:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: set XIEJIAN_CHROMIUM")
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield found
        found.close()
    monkeypatch.undo()


@pytest.fixture
def register(tmp_path) -> Path:
    """The office's own list: 40 shops and clinics in three towns, and one row that cannot be right."""
    towns = [code for code, _ in divisions.below("522726")]
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEADINGS)
    for i in range(30):
        town = towns[i % 3]
        tags = "角膜接触镜、重点监管目录" if i < 6 else "助听器"
        mode = "批发" if 6 <= i < 12 else "零售"
        sheet.append(
            [
                f"独山县第{i:02}医疗器械店",
                "经营",
                "Ⅲ、Ⅱ" if i < 6 else "Ⅱ",
                mode,
                "",
                tags,
                town,
                "2019-05-06",
                "正常",
            ]
        )
    for i in range(10):
        kind = "二级医院" if i < 2 else "诊所"
        sheet.append([f"独山县第{i:02}诊疗机构", "使用", "", "", kind, "无菌", towns[0], "", "正常"])
    sheet.append(["独山县无此地商店", "经营", "Ⅱ", "零售", "", "", "999999", "", "正常"])
    path = tmp_path / "名录.xlsx"
    book.save(path)
    return path


class Walk:
    """One person at one browser; each step is what a page offers."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()
        self.page.wait_for_load_state("networkidle")

    def take(self, step: str) -> None:
        """Open the step of this name, where it is folded, and press its button."""
        box = self.page.locator(f"#step-{step}")
        if box.get_attribute("open") is None:
            box.locator("summary").click()
        box.locator("button[type=submit]").click()
        self.page.wait_for_load_state("networkidle")

    def picture(self, name: str) -> None:
        if folder := os.environ.get("XIEJIAN_PICTURES"):
            self.page.screenshot(path=f"{folder}/{name}.png")

    def sign_in(self, username: str) -> None:
        self.page.goto("/login/")
        self.page.fill("#id_username", username)
        self.page.fill("#id_password", PASSWORD)
        self.page.click("button[type=submit]")
        self.page.wait_for_url("**/")

    def sign_out(self) -> None:
        self.page.context.clear_cookies()

    def open_an_office(self) -> None:
        page = self.page
        page.goto("/setup/")
        for step, code in ((1, "520000"), (2, "522700"), (3, "522726")):
            with page.expect_response(lambda answer: "/setup/" in answer.url):
                page.select_option(f"#division-{step}", code)
            page.wait_for_selector(f"#division-{min(step + 1, 3)}")
        page.check("input[name=packs][value=dushan]")
        for who, name in (("officer", "陈科"), ("admin", "周管")):
            page.fill(f"#id_{who}_username", who)
            page.fill(f"#id_{who}_name", name)
            page.fill(f"#id_{who}_password", PASSWORD)
        self.press("建立并开始")

    def appoint_colleagues(self) -> None:
        self.sign_out()
        self.sign_in("admin")
        for username, name, role in (("wang", "王检", "section_officer"), ("head", "李局", "head")):
            self.page.goto("/offices/522726/officers/new/")
            self.page.fill("#id_username", username)
            self.page.fill("#id_name", name)
            self.page.select_option("#id_role", role)
            self.page.fill("#id_password", PASSWORD)
            self.page.locator("main form button[type=submit]").click()
            self.page.wait_for_load_state("networkidle")
        self.sign_out()

    def import_the_list(self, path: Path) -> str:
        self.page.goto("/parties/import/")
        self.page.set_input_files("input[type=file]", path)
        self.press("上传并识别")
        self.press("确认导入")
        self.page.wait_for_selector(".stat-number")
        return self.page.inner_text("#import-state")

    def grade(self) -> None:
        self.page.goto("/grading/")
        self.page.select_option("#id_pack", "dushan")
        self.press("开始分级")

    def plan_the_year(self, year: int) -> None:
        self.page.goto("/plan/new/")
        self.page.fill("#id_year", str(year))
        self.page.select_option("#id_pack", "dushan")
        self.press("编制计划")
        self.press("下达")

    def arrange_a_visit(self, party: str) -> None:
        self.page.goto(f"/plan/tasks/?q={party}")
        self.page.locator("#listing a[href*='/visits/new/']").first.click()
        self.page.wait_for_load_state("networkidle")
        for box in self.page.locator("input[name=team]").all()[:2]:
            box.check()
        self.press("安排检查")

    def visit_and_find_a_defect(self) -> None:
        page = self.page
        self.take("start_visit")
        for i, point in enumerate(page.locator(".point-answers").all()):
            point.locator("label.not-conform" if i == 0 else "label.conform").click()
        page.locator(".point-fact textarea").first.fill("购进记录缺少供货者名称")
        self.press("保存全部结果")
        self.take("conclude_visit")

    def order_correct_and_close(self, evidence: Path) -> None:
        page = self.page
        due = timezone.localdate() + dt.timedelta(days=15)
        page.fill("#step-order_correction input[name=due_on]", due.isoformat())
        self.take("order_correction")
        page.locator("main a[href^='/corrections/']").first.click()
        page.wait_for_load_state("networkidle")
        page.fill("#step-submit_correction textarea", "已补全购进记录")
        page.set_input_files("#step-submit_correction input[type=file]", evidence)
        self.take("submit_correction")
        self.take("pass_recheck")
        self.take("close_correction")

    def number(self, table: str, label: str, **asked: str) -> int:
        """The number of one cell of a table page, by its row and column headings."""
        query = "&".join(f"{k}={v}" for k, v in asked.items())
        answer = self.page.request.get(f"/tables/{table}/?{query}&format=json").json()
        column = answer["columns"].index(label)
        return sum(row["cells"][column] or 0 for row in answer["rows"])


@pytest.fixture
def walk(chromium, live_server) -> Iterator[Walk]:
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900}, base_url=live_server.url, locale="zh-CN"
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("dialog", lambda dialog: dialog.accept())
    yield Walk(page)
    context.close()


@pytest.fixture
def receipt(tmp_path) -> Path:
    """A photo that shows the correction."""
    path = tmp_path / "整改照片.jpg"
    path.write_bytes(PHOTO)
    return path


def test_a_new_office_walks_from_its_list_to_its_summary(walk, register, receipt):
    today = timezone.localdate()
    walk.open_an_office()
    walk.appoint_colleagues()
    walk.sign_in("officer")

    told = walk.import_the_list(register)
    assert re.sub(r"\s+", "", told).startswith("41读取40载入0无变化1退回")
    walk.grade()
    walk.page.goto("/parties/")
    assert "40" in walk.page.inner_text("#listing")
    walk.picture("register")

    walk.plan_the_year(today.year)
    walk.picture("plan")
    walk.arrange_a_visit("独山县第00医疗器械店")
    walk.visit_and_find_a_defect()
    walk.order_correct_and_close(receipt)
    assert "已办结" in walk.page.inner_text("main")

    asked = {"office": "522726", "until": today.isoformat(), "from": dt.date(today.year, 1, 1).isoformat()}
    assert walk.number("annual", "检查家次", **asked) >= 1

    walk.page.goto(f"/documents/summary/?office=522726&year={today.year}")
    assert "30" in walk.page.inner_text("article")
    word = walk.page.request.get(f"/documents/summary/?office=522726&year={today.year}&format=docx").body()
    said = "".join(p.text for p in docx.Document(io.BytesIO(word)).paragraphs)
    assert "独山" in said
    first = walk.page.locator("article a").first
    first.click()
    walk.page.wait_for_load_state("networkidle")
    assert walk.page.locator("tr[data-row]").count() > 0
