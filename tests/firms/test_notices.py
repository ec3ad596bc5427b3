"""Notices: to whom, who has read, confirmed, answered, who is urged on."""

from __future__ import annotations

import datetime as dt

import pytest

from moment import NOW
from refusals import refused
from visiting import PHOTO, enrol, photo
from xiejian.firms import notices, queries
from xiejian.firms.audience import Audience, chosen
from xiejian.firms.models import Delivery, FirmNotice
from xiejian.inspections.models import Evidence
from xiejian.people.models import AuditEntry
from xiejian.registry.models import Party, PartyLink

TODAY = dt.date(2024, 3, 5)
LATER = NOW + dt.timedelta(days=2)


EVERYBODY = Audience()


def draft(officer, audience=EVERYBODY, **facts) -> FirmNotice:
    told = {"kind": "要求答复", "title": "自查通知", "text": "请自查冷链设备", "wanted_by": TODAY} | facts
    return notices.draft_notice(audience=audience, by=officer, at=NOW, **told)


def sent(officer, audience=EVERYBODY, **facts) -> FirmNotice:
    return notices.send_notice(notice=draft(officer, audience, **facts), by=officer, at=NOW)


class TestAudience:
    @pytest.mark.parametrize(
        ("audience", "names"),
        [
            (Audience(), {"店", "厂", "院"}),
            (Audience(link="生产"), {"厂"}),
            (Audience(tag="无菌"), {"厂", "院"}),
            (Audience(link="使用", tag="无菌"), {"院"}),
            (Audience(link="生产", tag="植入"), set()),
            (Audience(tag="无"), set()),  # a part of a tag is no tag
            (Audience(level=4), {"院"}),
            (Audience(office="150525100"), {"店", "厂"}),
            (Audience(usccs=("B",)), {"厂"}),
            (Audience(connected=True), {"店"}),
        ],
    )
    def test_every_condition_that_is_given_must_hold(self, naiman, officer, firm_user, audience, names):
        firm_user(enrol("店", "150525100", NOW, uscc="A"))
        enrol("厂", "150525100", NOW, link="生产", tags="|无菌|", uscc="B")
        hospital = enrol("院", "150525", NOW, link="使用", tags="|无菌|", uscc="C")
        PartyLink.objects.filter(party=hospital).update(level=4)
        enrol("无码", "150525", NOW, link="生产", tags="|无菌|")
        enrol("注销的", "150525", NOW, uscc="D", status="注销")
        enrol("外县", "150521", NOW, link="生产", uscc="E")
        assert set(chosen(audience, officer).values_list("name", flat=True)) == names

    def test_a_condition_holds_for_one_link_not_for_two_together(self, officer, maker):
        PartyLink.objects.create(party=maker, link="经营", tags="|植入|")
        assert not chosen(Audience(link="生产", tag="植入"), officer).exists()


class TestSending:
    def test_every_firm_of_the_audience_gets_it_once(self, officer, shop, maker):
        notice = sent(officer)
        assert set(notice.deliveries.values_list("party", flat=True)) == {shop.pk, maker.pk}

    def test_hundreds_of_firms_cost_no_query_each(self, officer, naiman, django_assert_max_num_queries):
        Party.objects.bulk_create(
            Party(name=f"店{n}", uscc=f"U{n}", division_code="150525", office_code="150525", created_at=NOW,
                  updated_at=NOW)
            for n in range(300)
        )  # fmt: skip
        notice = draft(officer)
        with django_assert_max_num_queries(30):
            notices.send_notice(notice=notice, by=officer, at=NOW)
        assert Delivery.objects.filter(notice=notice).count() == 300

    def test_it_leaves_one_audit_entry_with_the_number_of_firms(self, officer, shop, maker):
        notice = sent(officer)
        entry = AuditEntry.objects.get(action="send_notice", subject_key=notice.number)
        assert entry.detail["firms"] == 2

    def test_an_audience_without_firms_is_refused(self, officer, shop):
        with refused("FI201"):
            sent(officer, Audience(link="生产"))

    def test_a_picked_code_of_elsewhere_is_named(self, officer, shop):
        with refused("FI202"):
            sent(officer, Audience(usccs=(shop.uscc, "X")))

    def test_a_day_that_is_past_is_refused(self, officer, shop):
        with refused("FI104"):
            draft(officer, wanted_by=TODAY - dt.timedelta(days=1))

    def test_an_answer_is_asked_for_by_a_day(self, officer, shop):
        with refused("FI101"):
            draft(officer, wanted_by=None)

    def test_a_firm_sends_none(self, officer, shop, firm_actor):
        with refused("P101"):
            draft(firm_actor(shop))


class TestReceipts:
    @pytest.fixture
    def delivery(self, officer, shop, maker) -> Delivery:
        return sent(officer).deliveries.get(party=shop)

    def test_who_opened_it_first_stands(self, delivery, firm_actor, shop):
        notices.open_delivery(delivery=delivery, by=firm_actor(shop, "firm_quality"), at=NOW)
        notices.open_delivery(delivery=delivery, by=firm_actor(shop), at=LATER)
        assert (delivery.opened_by, delivery.opened_at) == ("firm_quality某", NOW)

    def test_an_answer_is_a_receipt_too_and_keeps_its_file(self, delivery, firm_actor, shop):
        notices.answer_delivery(
            delivery=delivery, answer="已自查，无异常", files=[photo()], by=firm_actor(shop), at=NOW
        )
        kept = Evidence.objects.get(subject="delivery", record_key=delivery.pk)
        assert (delivery.confirmed_by, kept.size) == ("firm_admin某", len(PHOTO))

    def test_another_firm_can_do_nothing_with_it(self, delivery, firm_actor, maker):
        with refused("P101"):
            notices.confirm_delivery(delivery=delivery, by=firm_actor(maker), at=NOW)

    def test_a_storekeeper_reads_but_does_not_sign(self, delivery, firm_actor, shop):
        with refused("P101"):
            notices.confirm_delivery(delivery=delivery, by=firm_actor(shop, "firm_store"), at=NOW)

    def test_what_asks_for_no_answer_takes_none(self, officer, shop, firm_actor):
        delivery = sent(officer, kind="通知", title="另一份").deliveries.get(party=shop)
        with refused("FI204"):
            notices.answer_delivery(delivery=delivery, answer="好", by=firm_actor(shop), at=NOW)

    def test_an_answer_that_is_not_enough_is_asked_for_again(self, delivery, officer, firm_actor, shop):
        notices.answer_delivery(delivery=delivery, answer="好", by=firm_actor(shop), at=NOW)
        notices.return_answer(delivery=delivery, reason="没有附记录", by=officer, at=NOW)
        assert queries.owed(firm_actor(shop)).deliveries == [delivery]

    def test_a_notice_taken_back_takes_no_more_answers(self, delivery, officer, firm_actor, shop):
        notices.withdraw_notice(notice=delivery.notice, reason="发错", by=officer, at=NOW)
        with refused("FI203"):
            notices.confirm_delivery(delivery=delivery, by=firm_actor(shop), at=NOW)

    def test_a_firm_without_an_account_is_noted_by_telephone(self, delivery, officer):
        notices.record_confirmation(delivery=delivery, person="王某", by=officer, at=NOW)
        assert delivery.confirmed_by == "王某（李科代为登记）"


class TestUrging:
    def test_only_who_owes_is_urged_and_not_twice_within_a_day(self, officer, shop, maker, firm_actor):
        notice = sent(officer)
        done = notice.deliveries.get(party=shop)
        notices.answer_delivery(delivery=done, answer="好", by=firm_actor(shop), at=NOW)
        notices.remind_firms(notice=notice, by=officer, at=NOW)
        with refused("FI206"):
            notices.remind_firms(notice=notice, by=officer, at=NOW)
        assert dict(notice.deliveries.values_list("party", "reminders")) == {shop.pk: 0, maker.pk: 1}


class TestWhoSeesWhat:
    def test_a_firm_sees_what_came_to_it_and_not_the_draft(self, officer, shop, maker, firm_actor):
        sent(officer, Audience(usccs=(maker.uscc,)))
        draft(officer, title="草稿")
        own = sent(officer, Audience(usccs=(shop.uscc,)), title="给店")
        assert [row.notice for row in queries.deliveries(firm_actor(shop))] == [own]

    def test_the_station_sees_how_its_own_firms_stand(self, officer, inspector, shop, naiman):
        enrol("城里的店", "150525", NOW, uscc="C")
        notice = sent(officer)
        assert [row.party for row in queries.deliveries(inspector, notice=notice)] == [shop]
