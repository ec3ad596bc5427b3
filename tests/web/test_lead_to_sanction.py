"""A citizen's complaint with a photograph up to the sanction and a lower credit grade, in Chromium."""

from __future__ import annotations

import datetime as dt
import os
import re
from pathlib import Path

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page, expect, sync_playwright

from moment import NOW
from visiting import PHOTO, appoint, enrol
from xiejian.cases.models import CasePaper, Proceeding, Publication
from xiejian.credit.models import CreditGrade
from xiejian.inspections.models import Visit
from xiejian.leads.models import Lead
from xiejian.leads.rules import portal
from xiejian.registry.models import Party
from xiejian.risks.models import RiskItem
from xiejian.sampling.models import Sample
from xiejian.web import clock

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CHROMIUM = os.environ.get("XIEJIAN_CHROMIUM", "/usr/bin/chromium")
SECRET = "13800001111"


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
    """Different people at one browser; each step is a form that its page offers."""

    def __init__(self, page: Page, as_role, shop: Party) -> None:
        self.page, self.as_role, self.shop = page, as_role, shop
        self.today = timezone.localdate().isoformat()

    def become(self, role: str) -> None:
        """Sign in as somebody with this role."""
        self.page.context.clear_cookies()
        session = self.as_role(role).cookies["sessionid"].value
        self.page.context.add_cookies([{"name": "sessionid", "value": session, "url": self.base}])

    @property
    def base(self) -> str:
        return self.page.url.split("/", 3)[0] + "//" + self.page.url.split("/", 3)[2]

    def step(self, name: str, **given: str) -> None:
        """Open the step of this name, fill it in and send it."""
        box = self.page.locator(f"#step-{name}")
        if box.get_attribute("open") is None:
            box.locator("summary").first.click()
        for field, value in given.items():
            self._put(box.locator(f"[name={field}]").first, value)
        box.locator("button[type=submit]").first.click()
        self.page.wait_for_load_state("networkidle")
        assert self.page.locator(".alert-danger").all_inner_texts() == []

    @staticmethod
    def _put(field, value: str) -> None:
        kind = field.evaluate("e => e.tagName === 'SELECT' ? 'select' : e.type")
        if kind == "select":
            field.select_option(value)
        elif kind == "checkbox":
            field.check()
        elif kind == "file":
            field.set_input_files({"name": value, "mimeType": "image/jpeg", "buffer": PHOTO})
        else:
            field.fill(value)

    def tell(self) -> None:
        page = self.page
        page.goto("/public/")
        page.select_option("#id_office_code", "150525")
        page.select_option("#id_kind", "举报")
        page.fill("#id_party_named", self.shop.name)
        page.fill("#id_text", f"没有三类许可，柜台里有角膜接触镜在卖，我的电话{SECRET}")
        page.fill("#id_phone", SECRET)
        page.set_input_files("#id_photos", {"name": "柜台.jpg", "mimeType": "image/jpeg", "buffer": PHOTO})
        page.wait_for_timeout(portal("shortest_seconds") * 1000 + 1100)  # people do not type faster
        page.get_by_role("button", name="提交").click()
        self.receipt = page.locator("code").inner_text()

    def handle(self, handler: int) -> None:
        self.become("section_officer")
        self.page.goto(f"/leads/{Lead.objects.get().pk}/")
        expect(self.page.get_by_text("照片 1")).to_be_visible()
        self.step("triage_lead", topic="unlicensed", party=str(self.shop.pk), link="经营")
        self.step("accept_lead")
        self.step("assign_lead", handler=str(handler))

    def visit(self, second: int) -> None:
        page = self.page
        page.get_by_role("link", name="安排有因检查").click()
        page.select_option("#id_office_code", "150525100")
        page.select_option("#id_checklist", "")
        page.check(f"input[name=team][value='{second}']")
        page.get_by_role("button", name="安排检查").click()
        page.wait_for_url("**/visits/*/")
        self.step("start_visit")
        page.fill("#extra-fact", "柜内有第三类产品20盒，未取得经营许可")
        page.fill("#extra-clause", "条例第四十二条")
        page.check("#extra-severe")
        page.get_by_role("button", name="保存全部结果").click()
        page.wait_for_load_state("networkidle")
        self.step("conclude_visit")
        assert Visit.objects.get().source_record == Lead.objects.get().pk

    def register_case(self, investigators: list[int]) -> None:
        page, visit = self.page, Visit.objects.get()
        self.become("station_inspector")
        page.goto(f"/parties/{self.shop.pk}/proceedings/new/?source=visit&record={visit.pk}")
        page.fill("#id_conduct", "未经许可经营第三类医疗器械")
        page.fill("#id_conduct_on", self.today)
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_url("**/proceedings/*/")
        box = page.locator("#step-assign_investigators")
        for pk in investigators:
            box.locator(f"input[name=officers][value='{pk}']").check()
        self.step("assign_investigators")

    def go(self, role: str) -> None:
        self.become(role)
        self.page.goto(f"/proceedings/{Proceeding.objects.get().pk}/")

    def punish(self) -> None:
        page = self.page
        self.go("head")
        self.step("file_proceeding")
        self.become("station_inspector")
        pk = Proceeding.objects.get().pk
        page.goto(f"/proceedings/{pk}/penalty/?rule=P81-3&on={self.today}&goods_value=3000")
        expect(page.get_by_text("50,000 至 150,000 元").first).to_be_visible()
        page.fill("#id_fine", "90000")
        page.fill("#id_opinion", "建议按一般档次处罚")
        page.get_by_role("button", name="保存处罚意见").click()
        page.wait_for_url(f"**/proceedings/{pk}/")
        self.step("report_investigation", facts_found="未取得许可经营第三类产品", evidence="现场笔录")
        self.go("section_officer")
        self.step("pass_review", opinion="事实清楚，证据充分")
        self.go("station_inspector")
        self.step("serve_notice", how="直接送达")
        self.step("waive_defence")
        self.go("head")
        self.step("decide_proceeding")

    def put_on_paper(self) -> None:
        page, case = self.page, Proceeding.objects.get().case
        self.become("station_inspector")
        page.goto(f"/case-papers/case/{case.pk}/penalty_decision/")
        for field in page.locator("main form textarea, main form input[type=text]").all():
            if not field.input_value():
                field.fill("见案卷")
        for field in page.locator("main form input[type=date]").all():
            if not field.input_value():
                field.fill(self.today)
        page.get_by_role("button", name="出具").click()
        page.wait_for_url(re.compile(r"/case-papers/\d+/$"))

    def publish(self) -> None:
        page, case = self.page, Proceeding.objects.get().case
        self.become("section_officer")
        page.goto(f"/cases/{case.pk}/publication/")
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_url("**/publications/*/")
        self.become("head")
        page.goto(f"/publications/{Publication.objects.get().pk}/")
        self.step("approve_publication")

    def lower_credit(self) -> None:
        page = self.page
        self.become("section_officer")
        page.goto(f"/credit/parties/{self.shop.pk}/")
        self.step("evaluate_party", reason="行政处罚")
        grade = f"/credit/grades/{CreditGrade.objects.get().pk}/"
        page.goto(grade)
        self.step("notify_grades", how="直接送达")
        self.become("head")
        page.goto(grade)
        self.step("decide_grades", waived="on")

    def prepare_meeting(self, year: int, quarter: int) -> None:
        page = self.page
        page.goto("/risks/meetings/new/")
        page.locator("[name=year]").first.evaluate(f"e => e.value = '{year}'")
        page.select_option("[name=quarter]", str(quarter))
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_url(re.compile(r"/risks/meetings/\d+/$"))

    def answer(self) -> None:
        page, case = self.page, Proceeding.objects.get().case
        self.become("section_officer")
        page.goto(f"/leads/{Lead.objects.get().pk}/")
        expect(page.get_by_text(case.number).first).to_be_visible()
        self.step("decide_filing")
        self.step("answer_lead")


def failed_sample(number: str, party: Party, on: dt.date) -> Sample:
    return Sample.objects.create(
        number=number, kind="县级抽检", party=party, link="经营", state="reported", product_name="口罩",
        result="不符合规定", result_on=on, sampled_on=on, office_code=party.office_code,
    )  # fmt: skip


def test_a_risk_is_struck_off_and_comes_back_with_its_signal(page, as_role, officers, naiman, monkeypatch):
    day = {"now": NOW}
    monkeypatch.setattr(clock, "now", lambda request: day["now"])
    shop = enrol("百姓大药房", "150525100", NOW)
    failed_sample("S1", shop, dt.date(2024, 2, 1))
    walk = Walk(page, as_role, shop)
    page.goto("/public/")

    walk.become("section_officer")
    walk.prepare_meeting(2024, 1)
    page.locator("li", has_text=shop.name).get_by_role("button", name="列入清单").first.click()
    page.wait_for_load_state("networkidle")
    here, today = f"/risks/items/{RiskItem.objects.get().pk}/", NOW.date().isoformat()
    page.goto(here)
    owner = str(officers["station_inspector"].pk)
    walk.step("assess_item", level="medium", owner=owner, on=today)
    walk.step("add_measure", content="全面检查", who="王检", due_on=today)
    walk.step("put_under_control", on=today)
    measure = str(RiskItem.objects.get().measures.get().pk)
    walk.step("complete_measure", measure=measure, on=today, result="已查，未见同类产品")
    walk.step("ask_strike_off", on=today, reasons="已整改到位", files="复查.jpg")
    walk.become("head")
    page.goto(here)
    walk.step("strike_off", on=today)
    expect(page.get_by_text("已销号").first).to_be_visible()

    failed_sample("S2", shop, NOW.date() + dt.timedelta(days=5))
    day["now"] = NOW + dt.timedelta(days=40)
    walk.become("section_officer")
    walk.prepare_meeting(2024, 2)
    page.goto(here)
    expect(page.get_by_text("复发待研判").first).to_be_visible()
    expect(page.get_by_text("销号后又有监督抽检不合格 1 批").first).to_be_visible()
    assert page.complaints == []


def test_from_a_citizens_report_to_the_sanction(page, as_role, officers, naiman):
    now = timezone.now()
    shop = enrol("明眸眼镜店", "150525100", now, uscc="91150525MA0N000012", credit_grade="A")
    second = appoint("zhao", "赵检", "150525100", now)
    walk = Walk(page, as_role, shop)
    walk.tell()
    walk.handle(officers["section_officer"].pk)
    walk.visit(second.pk)
    walk.register_case([officers["station_inspector"].pk, second.pk])
    walk.punish()
    walk.put_on_paper()
    walk.publish()
    walk.lower_credit()
    walk.answer()

    page.context.clear_cookies()
    page.goto(f"/public/penalties/?q={shop.name}")
    expect(page.get_by_text("90,000元").first).to_be_visible()
    assert SECRET not in page.content()
    page.goto("/public/progress/")
    page.fill("#id_code", walk.receipt)
    page.get_by_role("button", name="查询").click()
    expect(page.get_by_text("已立案").or_(page.get_by_text("作出处理决定")).first).to_be_visible()
    shop.refresh_from_db()
    papers = set(CasePaper.objects.values_list("kind", flat=True))
    assert ("penalty_decision" in papers, shop.credit_grade > "A", page.complaints) == (True, True, [])
