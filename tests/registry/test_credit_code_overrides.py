"""A genuine credit code whose check character fails is stored once an officer has seen its original."""

from __future__ import annotations

import pytest

from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor
from xiejian.registry import actions, queries
from xiejian.registry.models import CreditCodeOverride, ImportBatch, Party

GOOD, FAILING, NONE = "91350200MA2YJ1XR9G", "91350200MA2YJ1XR90", "91350200MA2YJ1X"
ROW = {"主体名称": "平安药房", "环节": "经营", "行政区划代码": "150525100", "统一社会信用代码": FAILING}


def refused(function, **facts):
    with pytest.raises(Refused) as caught:
        function(**facts)
    return caught.value.first.code


@pytest.fixture
def override(officer, now):
    def give(uscc=FAILING, reason="与营业执照原件一致", by=officer, office_code="150525100"):
        return actions.override_credit_code(
            uscc=uscc, party_name="平安药房", office_code=office_code, reason=reason, by=by, at=now
        )

    return give


class TestEnteringAPartyByHand:
    def test_a_code_that_fails_its_check_is_refused(self, officer, now):
        assert refused(actions.register_party, row=ROW, by=officer, at=now) == "R309"

    def test_with_a_reason_it_is_stored(self, officer, now):
        actions.register_party(row=ROW, override_reason="与原件一致", by=officer, at=now)
        assert (Party.objects.get().uscc, CreditCodeOverride.objects.get().reason) == (FAILING, "与原件一致")

    def test_the_reason_stands_in_the_audit(self, officer, now):
        actions.register_party(row=ROW, override_reason="与原件一致", by=officer, at=now)
        assert AuditEntry.objects.get(action="override_credit_code").detail["reason"] == "与原件一致"

    def test_once_confirmed_it_needs_no_reason(self, override, officer, now):
        override()
        assert actions.register_party(row=ROW, by=officer, at=now).uscc == FAILING

    def test_an_inspector_cannot_confirm_it(self, inspector, now):
        facts = {"row": ROW, "override_reason": "与原件一致", "by": inspector, "at": now}
        assert refused(actions.register_party, **facts) == "P101"
        assert not Party.objects.exists()

    def test_a_right_code_needs_no_reason(self, officer, now):
        assert actions.register_party(row={**ROW, "统一社会信用代码": GOOD}, by=officer, at=now).uscc == GOOD


class TestAmendingAParty:
    def test_a_new_code_that_fails_its_check_is_refused(self, officer, now):
        party = actions.register_party(row={**ROW, "统一社会信用代码": ""}, by=officer, at=now)
        facts = {
            "party": party,
            "row": {"统一社会信用代码": FAILING},
            "reason": "补录",
            "by": officer,
            "at": now,
        }
        assert refused(actions.amend_party, **facts) == "R309"
        assert Party.objects.get().uscc is None

    def test_another_fact_of_a_party_with_such_a_code_is_not(self, load, officer, now):
        load({"统一社会信用代码": FAILING})
        party = actions.amend_party(
            party=Party.objects.get(), row={"地址": "某路"}, reason="x", by=officer, at=now
        )
        assert party.address == "某路"


class TestConfirmingACode:
    def test_twice_changes_nothing(self, override):
        override()
        override(reason="再次")
        assert CreditCodeOverride.objects.get().reason == "与营业执照原件一致"

    def test_that_holds_is_refused(self, override):
        assert refused(override, uscc=GOOD) == "R310"

    def test_of_the_wrong_length_is_refused(self, override):
        assert refused(override, uscc=NONE) == "R311"

    def test_without_a_reason_is_refused(self, override):
        assert refused(override, reason=" ") == "R301"

    def test_elsewhere_is_refused(self, override):
        assert refused(override, office_code="522726") == "P101"

    def test_can_be_taken_back_with_a_reason(self, override, officer, now):
        actions.withdraw_override(override=override(), reason="看错", by=officer, at=now)
        assert not CreditCodeOverride.objects.exists()
        assert AuditEntry.objects.first().detail == {"reason": "看错", "overridden": "与营业执照原件一致"}


class TestTheList:
    def test_finds_by_name_and_reason(self, override, officer):
        override()
        assert queries.overrides(officer, search="平安 原件").count() == 1

    def test_shows_nothing_of_another_county(self, override):
        override()
        assert not queries.overrides(Actor("z", "张", "522726", "section_officer")).exists()


class TestImporting:
    def reasons(self):
        return ImportBatch.objects.latest("id").changes

    def test_a_failing_code_is_loaded_and_marked(self, load):
        assert load({"统一社会信用代码": FAILING}).loaded == 1
        assert "校验位不符" in str(self.reasons())

    def test_a_confirmed_one_is_said_to_be_confirmed(self, load, override):
        override()
        load({"统一社会信用代码": FAILING})
        assert "已核对原件认定" in str(self.reasons())
