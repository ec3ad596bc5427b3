"""An offer from the list to the feedback, and what refuses to happen on the way."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.base import ContentFile

from offers import DUE, TODAY, find, send_list
from visiting import enrol
from xiejian.clocks.models import Clock
from xiejian.figures import measures, tables
from xiejian.inspections import custody
from xiejian.kernel.problems import Refused
from xiejian.online import actions, checks, queries
from xiejian.online.actions import WORKFLOW
from xiejian.online.models import Listing
from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor
from xiejian.registry.models import Registration

ACTIONS = sorted({t.action for t in WORKFLOW.transitions})
MOVES = {
    "listed": {"assign_listing", "match_seller", "check_listing", "return_listing"},
    "checked": {
        "assign_listing", "match_seller", "check_listing", "order_removal", "plan_visit", "settle_listing",
        "return_listing",
    },
    "removing": {"plan_visit", "settle_listing"},
    "disposed": {"report_listing", "reopen_listing"},
    "reported": {"reopen_listing"},
    "returned": {"take_back_listing", "report_listing"},
}  # fmt: skip


def code(refused):
    return refused.value.first.code


def marks(listing):
    return {mark["rule"] for mark in listing.marks}


class TestTheTable:
    @pytest.mark.parametrize("state", WORKFLOW.states)
    @pytest.mark.parametrize("action", ACTIONS)
    def test_every_state_and_move_is_decided(self, state, action):
        assert (action in {t.action for t in WORKFLOW.allowed(state)}) == (action in MOVES[state])


class TestEntering:
    def test_offers_are_numbered_by_office_and_year(self, offer):
        assert [offer().number, offer().number] == ["奈曼旗网监〔2024〕1号", "奈曼旗网监〔2024〕2号"]

    def test_the_sellers_own_name_finds_it_in_the_register(self, offer, seller):
        assert offer(seller_named=seller.name).seller == seller

    def test_an_unknown_seller_is_marked(self, offer):
        assert "OF-9" in marks(offer(seller_named="无名公司"))

    def test_a_claim_is_screened_at_once(self, offer):
        assert "OC-1" in marks(offer(claim="一周根治鼻炎"))

    def test_an_offer_without_a_number_is_suspect(self, offer):
        assert offer().suspect

    @pytest.mark.parametrize(
        ("facts", "problem"),
        [
            ({"platform": " "}, "M101"),
            ({"shop": ""}, "M101"),
            ({"product": ""}, "M101"),
            ({"url": "javascript:alert(1)"}, "M106"),
            ({"claim": "字" * 5001}, "M107"),
            ({"found_on": TODAY + dt.timedelta(days=1)}, "M102"),
        ],
    )
    def test_what_cannot_be_so_is_refused(self, offer, facts, problem):
        with pytest.raises(Refused) as refused:
            offer(**facts)
        assert code(refused) == problem

    def test_a_list_is_entered_once(self, monitoring_list, officer):
        with pytest.raises(Refused) as refused:
            send_list(officer)
        assert code(refused) == "M105"

    def test_somebody_of_another_county_enters_nothing_here(self, naiman):
        with pytest.raises(Refused) as refused:
            send_list(Actor("x", "外人", "522726", "section_officer"))
        assert code(refused) == "P101"


class TestTheRegister:
    @pytest.fixture
    def certificate(self, db):
        def make(name="医用冷敷贴", scope="", expires_on=None):
            return Registration.objects.create(
                number="国械注准20203140001", number_key="国械注准20203140001", number_kind="current",
                record_key="1", registrant="甲", product_name=name, management_class="3",
                expires_on=expires_on, details={"适用范围/预期用途": scope} if scope else {},
            )  # fmt: skip

        return make

    def test_a_known_certificate_of_the_product_is_in_order(self, offer, certificate):
        certificate()
        assert marks(offer(registration_no="国械注准20203140001")) == set()

    def test_one_that_the_register_does_not_know_is_to_be_looked_up(self, offer):
        assert marks(offer(registration_no="国械注准20203140001")) == {"OF-3"}

    def test_a_text_that_is_no_number_is_suspect(self, offer):
        assert marks(offer(registration_no="许可2020")) == {"OF-2"}

    def test_one_past_its_end_is_marked(self, offer, certificate):
        certificate(expires_on=TODAY - dt.timedelta(days=1))
        assert marks(offer(registration_no="国械注准20203140001")) == {"OF-4"}

    def test_one_of_another_product_is_marked(self, offer, certificate):
        certificate(name="心脏起搏器")
        assert marks(offer(registration_no="国械注准20203140001")) == {"OF-5"}

    def test_class_three_without_a_licence_is_marked(self, offer, certificate, seller):
        certificate()
        listing = offer(registration_no="国械注准20203140001", seller_named=seller.name)
        assert marks(listing) == {"OF-6"}

    def test_a_seller_without_the_online_link_is_marked(self, offer, certificate, naiman, now):
        certificate()
        enrol("实体店", "150525100", now).links.update(classes="3")
        assert marks(offer(registration_no="国械注准20203140001", seller_named="实体店")) == {"OF-8"}

    def test_a_claim_beyond_the_registered_use_is_marked(self, offer, certificate):
        certificate(scope="用于体表降温")
        listing = offer(registration_no="国械注准20203140001", claim="用于近视人群")
        assert marks(listing) == {"OC-10"}


class TestDisposal:
    def test_a_check_says_what_was_seen(self, offer, officer, now):
        with pytest.raises(Refused) as refused:
            actions.check_listing(listing=offer(), on=TODAY, finding=" ", by=officer, at=now)
        assert code(refused) == "M101"

    @pytest.mark.parametrize("outcome", ["责令下架", "移交", "线下检查", "立案"])
    def test_an_outcome_shows_what_was_done(self, offer, checked, settle, outcome):
        with pytest.raises(Refused) as refused:
            settle(checked(offer()), outcome)
        assert code(refused) == "M201"

    @pytest.mark.parametrize(
        ("outcome", "facts"),
        [
            ("未发现问题", {}),
            ("已失效", {}),
            ("移交", {"handed_to": "科尔沁区局"}),
            ("立案", {"case_no": "案源1号"}),
        ],
    )
    def test_with_it_the_offer_is_disposed_of(self, offer, checked, settle, outcome, facts):
        assert settle(checked(offer()), outcome, **facts).state == "disposed"

    def test_an_offer_ordered_down_waits_for_its_removal(self, offer, checked, settle, officer, now):
        listing = actions.order_removal(listing=checked(offer()), on=TODAY, by=officer, at=now)
        assert listing.state == "removing"
        assert settle(listing, "责令下架", removed_on=TODAY).state == "disposed"

    def test_days_count_from_the_receipt_of_the_list(self, offer, checked, settle):
        assert settle(checked(offer())).days == 0

    def test_returned_it_says_why_and_may_be_taken_back(self, offer, officer, now):
        listing = actions.return_listing(listing=offer(), reason="不在我旗", by=officer, at=now)
        assert (listing.state, listing.returned_why) == ("returned", "不在我旗")
        back = actions.take_back_listing(listing=listing, reason="复核属我旗", by=officer, at=now)
        assert (back.state, back.returned_why) == ("listed", "")

    def test_on_sale_again_it_is_checked_again(self, offer, checked, settle, officer, now):
        listing = actions.reopen_listing(
            listing=settle(checked(offer())), reason="再次上架", by=officer, at=now
        )
        assert (listing.state, listing.outcome, listing.days) == ("checked", "", None)

    def test_several_are_handed_out_at_once(self, offer, team, officer, now):
        rows = [offer(), offer()]
        actions.assign_listings(listings=rows, handler=team[0], by=officer, at=now)
        assert set(Listing.objects.values_list("handler__name", flat=True)) == {"王检"}

    def test_none_is_handed_out_when_one_is_over(self, offer, checked, settle, team, officer, now):
        rows = [offer(), settle(checked(offer()))]
        with pytest.raises(Refused):
            actions.assign_listings(listings=rows, handler=team[0], by=officer, at=now)
        assert not Listing.objects.filter(handler__isnull=False).exists()


class TestTheVisit:
    def test_an_offer_leads_to_a_visit_with_the_list_of_online_sales(
        self, offer, checked, seller, team, officer, now
    ):
        visit = actions.plan_visit(
            listing=checked(offer(seller_named=seller.name)), planned_on=TODAY, team=team, by=officer, at=now
        )
        assert (visit.link, visit.kind, visit.checklist) == ("网络销售", "有因检查", "online")
        assert [row.visit for row in queries.of_visit(officer, visit.pk)] == [visit]

    def test_nobody_is_visited_whom_the_register_does_not_know(self, offer, checked, team, officer, now):
        with pytest.raises(Refused) as refused:
            actions.plan_visit(listing=checked(offer()), planned_on=TODAY, team=team, by=officer, at=now)
        assert code(refused) == "M204"

    def test_one_visit_an_offer(self, offer, checked, seller, team, officer, now):
        listing = checked(offer(seller_named=seller.name))
        actions.plan_visit(listing=listing, planned_on=TODAY, team=team, by=officer, at=now)
        with pytest.raises(Refused) as refused:
            actions.plan_visit(listing=listing, planned_on=TODAY, team=team, by=officer, at=now)
        assert code(refused) == "M206"


class TestFeedback:
    def clock(self, of):
        return Clock.objects.get(subject="monitoringlist", record=of.pk, name="feedback")

    def test_the_day_that_the_sender_named_runs(self, monitoring_list):
        assert self.clock(monitoring_list).due_legal == DUE

    def test_a_list_is_not_reported_while_an_offer_is_open(self, monitoring_list, offer, officer, now):
        offer()
        with pytest.raises(Refused) as refused:
            actions.report_list(of=monitoring_list, on=TODAY, by=officer, at=now)
        assert code(refused) == "M203"

    def test_reported_the_time_ends(self, monitoring_list, offer, checked, settle, officer, now):
        settle(checked(offer()))
        actions.return_listing(listing=offer(), reason="重复", by=officer, at=now)
        actions.report_list(of=monitoring_list, on=TODAY, by=officer, at=now)
        assert sorted(Listing.objects.values_list("state", "reported_on")) == [
            ("reported", TODAY), ("returned", TODAY),
        ]  # fmt: skip
        assert self.clock(monitoring_list).state == Clock.DONE

    def test_twice_needs_something_new(self, monitoring_list, offer, checked, settle, officer, now):
        settle(checked(offer()))
        actions.report_list(of=monitoring_list, on=TODAY, by=officer, at=now)
        with pytest.raises(Refused) as refused:
            actions.report_list(of=monitoring_list, on=TODAY, by=officer, at=now)
        assert code(refused) == "M205"


class TestSnapshots:
    def keep(self, listing, officer, now, content=b"<html><script>alert(1)</script></html>", name="a.html"):
        return actions.attach_snapshot(
            listing=listing, file=ContentFile(content, name=name), by=officer, at=now
        )

    def test_a_saved_page_is_kept_as_it_was(self, offer, officer, now):
        row = self.keep(offer(), officer, now)
        with row.file.open() as file:
            assert (file.read()[:6], row.kind, row.office_code) == (b"<html>", "page", "150525")

    def test_it_is_in_the_chain_of_custody(self, offer, officer, now):
        self.keep(offer(), officer, now)
        assert custody.faults() == (1, [])

    def test_the_same_page_is_kept_once(self, offer, officer, now):
        listing = offer()
        assert self.keep(listing, officer, now) == self.keep(listing, officer, now)

    @pytest.mark.parametrize(
        ("name", "content", "problem"),
        [
            ("a.html", b"", "I401"),
            ("a.exe", b"MZ", "I403"),
            ("a.pdf", b"PK\x03\x04", "I404"),
            ("a.mhtml", b"PK\x03\x04\x00\x00", "I404"),
        ],
    )
    def test_what_is_no_page_is_refused(self, offer, officer, now, name, content, problem):
        with pytest.raises(Refused) as refused:
            self.keep(offer(), officer, now, content, name)
        assert code(refused) == problem


class TestReading:
    def test_another_county_sees_nothing(self, offer):
        offer()
        assert not queries.listings(Actor("x", "外人", "522726", "section_officer")).exists()

    def test_what_is_due_is_what_the_sender_still_waits_for(self, offer, checked, settle, officer):
        open_one, settled = offer(), settle(checked(offer()))
        assert set(queries.due_listings(officer, DUE, 7)) == {open_one, settled}

    def test_a_rule_finds_its_offers(self, offer, officer):
        hit = offer(claim="根治")
        offer()
        assert list(queries.listings(officer, rule="OC-1")) == [hit]

    def test_the_other_offers_of_a_shop(self, offer, officer):
        first, second = offer(), offer()
        offer(shop="另一家")
        assert list(queries.of_shop(officer, first)) == [second]

    def test_every_write_leaves_its_entry(self, offer, checked, settle):
        settle(checked(offer()))
        done = AuditEntry.objects.filter(subject="listing").values_list("action", flat=True)
        assert set(done) == {"register_listing", "check_listing", "settle_listing"}


class TestFigures:
    def test_the_disposal_rate_and_time_come_from_the_records(self, offer, checked, settle):
        settle(checked(offer()), on=TODAY)
        offer()
        found = measures.compute(
            ["listings", "listings_disposed", "listing_disposal_rate"], from_on=TODAY, until=DUE,
            office_code="150525",
        )  # fmt: skip
        assert [f.value for f in found.values()] == [2, 1, 50]

    def test_the_table_counts_by_source_and_outcome(self, offer, checked, settle):
        settle(checked(offer()))
        table = tables.compute("online", until=DUE, office_code="150525")
        assert table.rows[0].cells[0] == 1


def test_the_sources_fit_their_column():
    assert max(map(len, checks.SOURCES)) <= 4 and max(map(len, checks.OUTCOMES)) <= 6


def test_find_of_another_office_is_refused(monitoring_list, officer):
    with pytest.raises(Refused) as refused:
        find(monitoring_list, officer, office_code="522726")
    assert code(refused) == "P101"
