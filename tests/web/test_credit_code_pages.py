"""信用代码核对认定 on the pages: the form offers it, the party shows it, the list exports it."""

from __future__ import annotations

import pytest

from moment import NOW
from xiejian.people.policy import SYSTEM
from xiejian.registry import actions
from xiejian.registry.models import CreditCodeOverride, Party

FAILING = "91350200MA2YJ1XR90"
FORM = {
    "主体名称": "平安药房", "环节": ["经营"], "行政区划代码": "150525100", "统一社会信用代码": FAILING,
    "产品门类": ["医疗器械"], "状态": "正常",
}  # fmt: skip


@pytest.fixture
def doubted(naiman, make_party) -> Party:
    return make_party("奈曼旗平安药房", "150525100", uscc=FAILING)


def confirm(party: Party) -> None:
    actions.override_credit_code(
        uscc=FAILING,
        party_name=party.name,
        office_code=party.office_code,
        reason="与原件一致",
        by=SYSTEM,
        at=NOW,
    )


class TestTheForm:
    def test_offers_to_confirm_a_code_that_fails_its_check(self, as_role):
        answer = as_role("section_officer").post("/parties/new/", FORM)
        assert answer.status_code == 422 and "核对原件无误，仍按此号登记" in answer.content.decode()

    def test_stores_it_with_the_reason(self, as_role):
        more = {"override": "1", "override_reason": "与原件一致"}
        as_role("section_officer").post("/parties/new/", FORM | more)
        assert (Party.objects.get().uscc, CreditCodeOverride.objects.get().reason) == (FAILING, "与原件一致")

    def test_a_reason_without_the_tick_is_none(self, as_role):
        answer = as_role("section_officer").post("/parties/new/", FORM | {"override_reason": "与原件一致"})
        assert answer.status_code == 422 and not Party.objects.exists()

    def test_tells_an_inspector_who_may_confirm_it(self, as_role):
        page = as_role("station_inspector").post("/parties/new/", FORM).content.decode()
        assert "请由科（股）室人员或负责人认定" in page and "仍按此号登记" not in page


class TestTheParty:
    def test_shows_that_its_code_is_doubted(self, as_role, doubted):
        page = as_role("section_officer").get(f"/parties/{doubted.pk}/").content.decode()
        assert "校验位不符" in page and f"/parties/{doubted.pk}/code/" in page

    def test_shows_who_confirmed_it_and_why(self, as_role, doubted):
        confirm(doubted)
        page = as_role("section_officer").get(f"/parties/{doubted.pk}/").content.decode()
        assert "已核对原件" in page and "与原件一致" in page

    def test_a_head_confirms_it_there(self, as_role, doubted):
        as_role("head").post(f"/parties/{doubted.pk}/code/", {"reason": "与原件一致"})
        assert CreditCodeOverride.objects.get().party_name == doubted.name

    def test_and_takes_it_back(self, as_role, doubted):
        confirm(doubted)
        as_role("head").post(f"/parties/{doubted.pk}/code/", {"reason": "看错"})
        assert not CreditCodeOverride.objects.exists()

    def test_without_a_reason_it_says_what_is_missing(self, as_role, doubted):
        answer = as_role("head").post(f"/parties/{doubted.pk}/code/", {"reason": ""})
        assert answer.status_code == 422 and "没有填写理由" in answer.content.decode()

    def test_a_party_with_a_right_code_needs_none(self, as_role, ours):
        assert "不需要认定" in as_role("head").get(f"/parties/{ours.pk}/code/").content.decode()


class TestTheList:
    def test_shows_and_exports_what_was_confirmed(self, as_role, doubted):
        confirm(doubted)
        client = as_role("section_officer")
        assert FAILING in client.get("/licences/codes/?q=原件").content.decode()
        assert client.get("/licences/codes/?format=xlsx")["Content-Type"].startswith("application/vnd")
