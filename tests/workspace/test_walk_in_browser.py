"""A distributor's day and a recall at the firms' own entrance, in Chromium; officers on their own pages."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect, sync_playwright

import firm_walk as walk
from moment import NOW
from proceeding_walk import Team
from self_reports import filled
from xiejian.people import firm_accounts
from xiejian.people.models import Officer
from xiejian.people.policy import SYSTEM, Actor
from xiejian.record_steps import records
from xiejian.registry.models import Party
from xiejian.risks.models import RiskItem
from xiejian.self_inspections.models import SelfInspection
from xiejian.supply.models import Movement
from xiejian.vigilance.models import AdverseEvent, Recall, RecallHolder

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
        page = browser.new_page(viewport={"width": 390, "height": 844}, base_url=live_server.url)
        page.complaints = []
        page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)
        yield page
        browser.close()


@pytest.fixture
def team(naiman) -> dict[str, Officer]:
    made = Team(NOW)
    return {one.username: one for one in (made.first, made.second, made.reviewer, made.head)}


@pytest.fixture
def cast(naiman) -> walk.Cast:
    return walk.enrol_all(timezone.localdate())


@pytest.fixture
def do(team, firm_actor):
    """Takes a step as the programs do, for what the page under test does not show."""

    def take(who, kind: str, number: str, step: str, facts):
        actor = Actor.of(team[who]) if isinstance(who, str) else firm_actor(*who)
        at = timezone.now()
        if number and not step:
            found, record = records.find(kind, number, actor=actor, on=timezone.localdate(at))
            return records.shown(found, record, actor=actor)
        if step:
            return records.take(kind, number, step, dict(facts), by=actor, at=at)
        return records.create(kind, dict(facts), by=actor, at=at)

    return take


class Desk:
    """Different people at one browser; each step is a form that its page offers."""

    def __init__(self, page: Page, base: str, firm_client, team) -> None:
        self.page, self.base, self.firm_client, self.team = page, base, firm_client, team

    def _as(self, client: Client) -> None:
        self.page.context.clear_cookies()
        session = client.cookies["sessionid"].value
        self.page.context.add_cookies([{"name": "sessionid", "value": session, "url": self.base}])

    def firm(self, party: Party, role: str, path: str) -> None:
        """Open a page as somebody of a firm."""
        self._as(self.firm_client(party, role))
        self.page.goto(path)

    def office(self, username: str, path: str) -> None:
        """Open a page as an officer."""
        client = Client()
        client.force_login(self.team[username], backend="django.contrib.auth.backends.ModelBackend")
        self._as(client)
        self.page.goto(path)

    def put(self, scope, **given: str) -> None:
        for name, value in given.items():
            field = scope.locator(f"[name={name}]").first
            kind = field.evaluate("e => e.tagName === 'SELECT' ? 'select' : e.type")
            if kind == "select":
                field.select_option(value)
            elif kind == "checkbox":
                scope.locator(
                    f"[name={name}][value='{value}']" if value != "on" else f"[name={name}]"
                ).check()
            else:
                field.fill(value)

    def step(self, name: str, **given: str) -> None:
        """Open the step of this name, fill it in and send it."""
        box = self.page.locator(f"#step-{name}")
        if box.get_attribute("open") is None:
            box.locator("summary").first.click()
        self.put(box, **given)
        box.locator("button[type=submit]").first.click()
        self.page.wait_for_load_state("networkidle")
        assert self.page.locator(".alert-danger").all_inner_texts() == []


@pytest.fixture
def desk(page, live_server, firm_client, team) -> Desk:
    return Desk(page, live_server.url, firm_client, team)


def test_a_distributors_day(desk, cast, do, firm_user, page):
    """An order answered, a self-inspection filed, a delivery scanned, a gap that stops the sale."""
    dealer = cast.dealer
    number = walk.order_correction(cast, do)
    desk.firm(dealer, "firm_quality", "/firm/corrections/")
    page.get_by_role("link", name=number).first.click()
    page.locator("[name^=cause_]").fill("没有指定专人")
    page.locator("[name^=measure_]").fill("已指定专人并补记")
    page.get_by_role("button", name="提交整改报告").click()
    expect(page.get_by_text("等待复查").first).to_be_visible()

    report(desk, cast, do)
    receive(desk, cast, do)
    gap(desk, cast, firm_user)
    assert page.complaints == []


def report(desk: Desk, cast: walk.Cast, do) -> None:
    """All but the first section comes from the firm's own system; that one is filled in on the phone."""
    page, who = desk.page, (cast.dealer, "firm_quality")
    number = do(who, "self_inspection", "", "", {"link": "经营", "year": cast.on.year - 1})["number"]
    row = SelfInspection.objects.get(number=number)
    answers = filled(row)
    desk.page.goto(f"/firm/self-inspections/{row.pk}/")
    page.locator(".due-list a").first.click()
    asked = set(page.eval_on_selector_all("[id^=point-]", "all => all.map(e => e.id.slice(6))"))
    rest = {point: answer for point, answer in answers.items() if point not in asked}
    do(who, "self_inspection", number, "save_answers", {"answers": rest})
    for point in asked:
        box = page.locator(f"#point-{point}")
        if box.locator("label.answer").count():
            box.locator("label.answer").first.click()
        else:
            box.locator(f"[name='a-{point}']").fill(str(answers[point]["answer"]))
    page.locator("button[name=next]").click()
    page.wait_for_load_state("networkidle")
    page.goto(f"/firm/self-inspections/{row.pk}/")
    page.fill("[name=filler]", "赵质量")
    page.fill("[name=post]", "质量负责人")
    page.get_by_role("button", name="报送", exact=True).click()
    page.wait_for_load_state("networkidle")
    row.refresh_from_db()
    assert row.state == "filed"


def receive(desk: Desk, cast: walk.Cast, do) -> None:
    """What the maker sent is on the list of things to do; the box is scanned, the rest is there already."""
    lot = {"udi": cast.scan, "product_name": walk.PRODUCT}
    maker = (cast.maker, "firm_store")
    made = {"kind": "make", "quantity": walk.MADE, "on": cast.past(20), "made_on": cast.past(20)}
    do(maker, "movement", "", "", made | lot)
    sent = {
        "kind": "ship", "quantity": walk.SENT, "on": cast.past(12), "partner_uscc": walk.DEALER,
        "partner_name": cast.dealer.name, "document_no": "FH-1",
    }  # fmt: skip
    do(maker, "movement", "", "", sent | lot)
    page = desk.page
    desk.firm(cast.dealer, "firm_store", "/firm/")
    page.get_by_role("link", name=walk.PRODUCT).first.click()
    page.fill("#id_udi", cast.scan)
    page.get_by_role("button", name="读取").click()
    page.wait_for_load_state("networkidle")
    form = page.locator("form[method=post]").last
    assert form.locator("[name=lot]").input_value() == walk.LOT
    desk.put(form, quantity=str(walk.SENT), on=cast.past(11), partner_uscc=walk.MAKER,
             partner_name=cast.maker.name, document_no="FH-1", place=walk.STORE)  # fmt: skip
    form.get_by_role("button", name="保存").click()
    page.wait_for_load_state("networkidle")
    row = Movement.objects.get(firm_uscc=walk.DEALER)
    assert (row.lot, row.quantity, row.source) == (walk.LOT, walk.SENT, "scan")


def ship(desk: Desk, cast: walk.Cast) -> None:
    page, to = desk.page, cast.hospitals[0]
    desk.firm(cast.dealer, "firm_store", "/firm/supply/new/?kind=ship")
    page.fill("#id_udi", cast.scan)
    page.get_by_role("button", name="读取").click()
    page.wait_for_load_state("networkidle")
    form = page.locator("form[method=post]").last
    desk.put(form, quantity="5", partner_uscc=to.uscc, partner_name=to.name)
    form.get_by_role("button", name="保存").click()
    page.wait_for_load_state("networkidle")


def gap(desk: Desk, cast: walk.Cast, firm_user) -> None:
    """The gateway sends two days with a hole: the lot stays until one judged it and another let it go."""
    user = firm_user(cast.dealer, "firm_store")
    key = firm_accounts.make_key(user=user, name="网关", by=SYSTEM, at=timezone.now())[1]
    sent = Client().post(
        "/api/firm/cold-readings", json.dumps(walk.readings(cast.on)), content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    ).json()  # fmt: skip
    ship(desk, cast)
    expect(desk.page.locator(".alert-danger").first).to_contain_text("缺测")
    desk.page.complaints.clear()  # a refusal is an answer of 422, which the browser notes
    path = f"/firm/coldchain/{sent['excursions'][0]}/"
    desk.firm(cast.dealer, "firm_store", path)
    desk.step("explain_excursion", explanation="记录仪换电池")
    desk.firm(cast.dealer, "firm_quality", path)
    desk.step("assess_excursion", outcome="usable", reason="稳定性数据支持", evidence="稳定性报告 W-7")
    desk.firm(cast.dealer, "firm_head", path)
    desk.step("release_excursion", reason="同意放行")
    ship(desk, cast)
    assert Movement.objects.filter(firm_uscc=walk.DEALER, kind="ship").count() == 1


def test_from_three_reports_to_a_recall_that_is_closed(desk, cast, do, page):
    """Three hospitals, a signal, the risk list, an ordered recall: traced, told, answered, reviewed."""
    walk.receive_by_scan(cast, do)
    walk.sell_on(cast, do)
    for one in cast.hospitals:
        desk.firm(one, "firm_clinic", "/firm/events/new/")
        form = page.locator("form[method=post]").last
        desk.put(form, reporter_kind="使用单位", reported_on=cast.day, udi=cast.scan, lot=walk.LOT,
                 product_name=walk.PRODUCT, event_on=cast.day, found_on=cast.day, harm="严重伤害",
                 injury="低血糖昏迷", failure="结果偏高", maker=cast.maker.name)  # fmt: skip
        form.locator("button[type=submit]").last.click()
        page.wait_for_load_state("networkidle")
    assert AdverseEvent.objects.count() == len(cast.hospitals)
    judge(desk)
    order(desk, cast)
    carry_out(desk, cast)
    assert Recall.objects.get().state == "effective"
    assert page.complaints == []


def judge(desk: Desk) -> None:
    """The officer sees the alert of the lot and puts it on the risk list."""
    page = desk.page
    desk.office("bing", "/events/signals/")
    row = page.locator("tr", has_text="同批次严重伤害").first
    row.locator("summary").click()
    row.locator("[name=outcome]").select_option("列入清单")
    row.locator("[name=reason]").fill("三家医院同批次")
    row.get_by_role("button", name="提交").click()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_text(RiskItem.objects.get().number).first).to_be_visible()


def order(desk: Desk, cast: walk.Cast) -> None:
    """From the lot's way to the order: the page of the trace leads to the form."""
    page = desk.page
    page.goto(f"/trace/?di={walk.DI}&lot={walk.LOT}")
    for one in cast.hospitals:
        expect(page.get_by_text(one.name).first).to_be_attached()
    page.goto(f"/recalls/new/?from=trace&di={walk.DI}&lot={walk.LOT}&product={walk.PRODUCT}")
    form = page.locator("form[method=post]").last
    desk.put(form, kind="责令", holder_name=cast.maker.name, holder_uscc=walk.MAKER, level="一级",
             reason="三起同批次严重伤害报告", range_text="批号A1全部产品")  # fmt: skip
    form.locator("button[type=submit]").last.click()
    page.wait_for_load_state("networkidle")
    assert Recall.objects.get().state == "decided"


def carry_out(desk: Desk, cast: walk.Cast) -> None:
    found = Recall.objects.get()
    path, until = f"/firm/recalls/{found.pk}/", (cast.on + dt.timedelta(days=20)).isoformat()
    desk.firm(cast.maker, "firm_quality", path)
    desk.step("receive_order")
    desk.step("trace_holders")
    desk.step("notify_holders", how="电话")
    desk.step("file_form", contact="赵质量")
    desk.step("file_plan", planned=str(walk.SENT), measures="停止销售和使用，全部收回", treatments="收回",
              finish_by=until, every_days="5", made=str(walk.MADE), sold=str(walk.SENT))  # fmt: skip
    for row in RecallHolder.objects.select_related("recall"):
        party = Party.objects.get(uscc=row.uscc)
        role = "firm_clinic" if party in cast.hospitals else "firm_quality"
        desk.firm(party, role, f"/firm/recalls/holders/{row.pk}/")
        desk.step("answer_recall", stopped="on", found=str(row.quantity), returned=str(row.quantity))
    desk.firm(cast.maker, "firm_quality", path)
    desk.step("report_progress", returned=str(walk.SENT), treated=str(walk.SENT))
    desk.step("complete_recall")
    desk.step("file_summary", summary="全部收回并在监督下销毁")
    desk.office("bing", f"/recalls/{found.pk}/")
    desk.step("pass_recall", review="召回有效")
