"""信用: the pages from an evaluation to the papers; who may do what; the public list's procedure."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from docx import Document

from credit_day import TODAY
from moment import NOW
from xiejian.cases.models import Case
from xiejian.credit import actions, list_actions
from xiejian.credit.list_actions import Proposal
from xiejian.credit.models import CreditGrade, CreditListEntry, PublicCommitment
from xiejian.people.policy import SYSTEM
from xiejian.registry.models import Party
from xiejian.web.credit_steps import term_words

DAY = TODAY.isoformat()


@pytest.fixture
def officer(as_role):
    return as_role("section_officer")


@pytest.fixture
def fined(ours):
    return Case.objects.create(
        number="奈市监罚〔2024〕1号", party=ours, link="经营", conduct="未验收", filed_on=TODAY,
        decided_on=TODAY, fine_fen=500_000, office_code=ours.office_code,
    )  # fmt: skip


@pytest.fixture
def result(fined, ours):
    """What an evaluation of the command line found; its user decides nothing."""
    return actions.evaluate_party(party=ours, on=TODAY, reason="新的处罚", by=SYSTEM, at=NOW)


@pytest.fixture
def entry(fined, ours):
    proposal = Proposal("watch", "WL-2", "三次检查发现同类问题", case=fined)
    return list_actions.propose_listing(party=ours, proposal=proposal, on=TODAY, by=SYSTEM, at=NOW)


def content(answer) -> str:
    return answer.content.decode()


def words(answer) -> str:
    return "".join(p.text for p in Document(io.BytesIO(answer.content)).paragraphs)


class TestAnEvaluation:
    def test_is_started_on_its_page(self, officer, fined, naiman):
        officer.post(
            "/credit/evaluate/",
            {"office_code": naiman.code, "from_on": "2024-01-01", "until_on": DAY, "reason": "年度评定"},
        )
        assert CreditGrade.objects.filter(party=fined.party).values_list("grade", "state").get() == (
            "B", "proposed",
        )  # fmt: skip

    def test_with_a_wrong_period_says_so(self, officer, naiman):
        answer = officer.post(
            "/credit/evaluate/",
            {"office_code": naiman.code, "from_on": DAY, "until_on": "2024-01-01", "reason": "年度评定"},
        )
        assert (answer.status_code, "期间" in content(answer)) == (422, True)

    def test_of_one_party_is_started_on_its_credit_page(self, officer, fined):
        officer.post(
            f"/credit/parties/{fined.party_id}/", {"do": "evaluate_party", "on": DAY, "reason": "新的处罚"}
        )
        assert CreditGrade.objects.get().grade == "B"


class TestAResult:
    def test_says_how_it_came_about(self, officer, result):
        page = content(officer.get(f"/credit/grades/{result.pk}/"))
        assert all(part in page for part in ("QC-B1", "罚款、没收等处罚", "5000元"))

    def test_opens_the_records_of_a_fact(self, officer, result, fined):
        assert f"/cases/{fined.pk}/" in content(officer.get(f"/credit/grades/{result.pk}/facts/penalties/"))

    def test_is_told_then_decided_by_the_head(self, officer, as_role, result):
        address = f"/credit/grades/{result.pk}/"
        officer.post(address, {"do": "notify_grades", "on": DAY, "how": "直接送达"})
        as_role("head").post(address, {"do": "decide_grades", "on": DAY, "waived": "on"})
        assert Party.objects.get(pk=result.party_id).credit_grade == "B"

    def test_offers_no_decision_to_an_officer(self, officer, result):
        assert "decide_grades" not in content(officer.get(f"/credit/grades/{result.pk}/"))

    def test_may_be_told_with_others_at_once(self, officer, result):
        officer.post("/credit/grades/notify/", {"ids": str(result.pk), "on": DAY, "how": "邮寄"})
        result.refresh_from_db()
        assert result.state == "notified"

    def test_is_on_paper_with_the_time_for_objections(self, officer, result):
        officer.post(f"/credit/grades/{result.pk}/", {"do": "notify_grades", "on": DAY, "how": "直接送达"})
        assert "5个工作日内" in words(officer.get(f"/credit/grades/{result.pk}/papers/notice/")).replace(
            " ", ""
        )

    def test_has_no_decision_on_paper_before_there_is_one(self, officer, result):
        assert officer.get(f"/credit/grades/{result.pk}/papers/decision/").status_code == 404

    def test_stands_on_the_timeline_with_its_reason(self, officer, as_role, result):
        self.test_is_told_then_decided_by_the_head(officer, as_role, result)
        assert "评定期内受到罚款" in content(officer.get(f"/parties/{result.party_id}/"))


class TestTheLists:
    @pytest.mark.parametrize("path", ["/credit/", "/credit/grades/?tab=all", "/credit/lists/?tab=all"])
    def test_ask_as_often_for_many_as_for_one(
        self, officer, result, entry, path, django_assert_max_num_queries
    ):
        officer.get(path)
        with django_assert_max_num_queries(22):
            officer.get(path)

    @pytest.mark.parametrize("path", ["/credit/", "/credit/grades/?tab=all", "/credit/lists/?tab=all"])
    def test_name_the_party(self, officer, result, entry, path):
        assert result.party.name in content(officer.get(path))

    def test_are_exported(self, officer, result):
        assert officer.get("/credit/?format=xlsx").headers["Content-Type"].endswith("sheet")


class TestAnEntry:
    def test_is_proposed_on_its_page(self, officer, ours):
        officer.post(
            f"/credit/parties/{ours.pk}/list/",
            {"kind": "watch", "ground": "WL-2", "facts": "屡次发现同类问题", "on": DAY},
        )
        assert CreditListEntry.objects.get().state == "proposed"

    def test_of_the_wrong_list_is_refused_in_words(self, officer, ours):
        answer = officer.post(
            f"/credit/parties/{ours.pk}/list/",
            {"kind": "watch", "ground": "BLC-2", "facts": "屡次", "on": DAY},
        )
        assert (answer.status_code, "不属于警示名单" in content(answer)) == (422, True)

    def test_goes_onto_the_list_and_a_department_is_asked(self, officer, as_role, entry):
        address = f"/credit/lists/{entry.pk}/"
        officer.post(address, {"do": "notify_listing", "on": DAY, "how": "直接送达"})
        as_role("head").post(address, {"do": "list_party", "on": DAY, "waived": "on"})
        officer.post(address, {"do": "send_measure", "measure": "JM-3", "on": DAY})
        entry.refresh_from_db()
        letter = officer.get(f"/credit/measures/{entry.measures.get().pk}/letter/")
        assert (entry.state, "列为重点监管对象" in words(letter)) == ("listed", True)

    def test_has_its_notice_on_paper(self, officer, entry):
        officer.post(f"/credit/lists/{entry.pk}/", {"do": "notify_listing", "on": DAY, "how": "直接送达"})
        answer = officer.get(f"/credit/lists/{entry.pk}/papers/notice/")
        assert "三次检查发现同类问题" in words(answer)

    def test_is_waited_for_where_a_decision_names_the_list(self, officer, fined):
        fined.blacklisted = True
        fined.save()
        assert f"/credit/parties/{fined.party_id}/list/?case={fined.pk}" in content(
            officer.get("/credit/lists/")
        )


class TestACommitment:
    def test_is_recorded_and_looked_at(self, officer, ours):
        officer.post(
            f"/credit/parties/{ours.pk}/", {"do": "record_commitment", "text": "七日退货", "made_on": DAY}
        )
        made = PublicCommitment.objects.get()
        officer.post(
            f"/credit/commitments/{made.pk}/",
            {"do": "check_commitment", "on": DAY, "kept": "", "note": "拒退"},
        )
        made.refresh_from_db()
        assert made.kept is False


class TestATimeLimitInAList:
    @pytest.mark.parametrize(
        ("days", "said"), [(-1, ("期满，可以决定", "orange")), (0, ("陈述申辩至 2024-03-05", "azure"))]
    )
    def test_of_the_firm_is_never_ours_to_miss(self, days, said):
        assert term_words(TODAY + dt.timedelta(days=days), TODAY, of_party=True) == said

    def test_is_empty_where_none_runs(self):
        assert term_words(None, TODAY, of_party=False) == ("", "")
