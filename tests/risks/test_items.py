"""风险清单: level, measures, strike-off by a second person, return by itself, focus of grading."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.base import ContentFile

from moment import NOW
from refusals import refused
from visiting import enrol, photo
from xiejian.clocks.models import Clock
from xiejian.people.models import AuditEntry
from xiejian.people.policy import SYSTEM, Actor
from xiejian.risks import actions, queries
from xiejian.risks.models import RiskItem

TODAY = NOW.date()
ACT = {"on": TODAY, "at": NOW}


def later(days: int) -> dict:
    return {"on": TODAY + dt.timedelta(days), "at": NOW + dt.timedelta(days)}


def running(item) -> set[str]:
    return set(
        Clock.objects.filter(subject="risk_item", record=item.pk, state="running").values_list(
            "rule", flat=True
        )
    )


class TestAssessing:
    def test_takes_the_proposed_level_with_its_row(self, way, item):
        assert way.assess(item).level_why.startswith("RL-2")  # the shop sells sterile products

    def test_to_another_level_needs_a_reason(self, way, item):
        with refused("H202"):
            way.assess(item, level="low")
        assert way.assess(item, level="low", reason="已召回").level_why == "已召回"

    def test_needs_an_owner_of_the_office(self, way, item):
        with refused("H204"):
            way.assess(item, owner=None)

    def test_ends_the_time_to_assess_and_starts_that_to_control(self, way, item):
        before = running(item)
        found = way.assess(item)
        assert (before, running(item)) == ({"FX-1"}, {"FX-2"})
        assert found.due_on == dt.date(2024, 4, 7)  # 30 days end on Qingming, counted on to a working day

    def test_is_not_for_whoever_only_looks(self, way, item):
        with refused("P101"):
            way.assess(item, by=Actor("c", "查看", "150525", "upper_viewer"))


class TestMeasures:
    def test_are_needed_for_control(self, way, item):
        with refused("H301"):
            actions.put_under_control(item=way.assess(item), by=way.officer, **ACT)

    def test_end_before_the_risk_must_be_controlled(self, way, item):
        found = way.assess(item)
        with refused("H302"):
            way.measure(found, due_on=found.due_on + dt.timedelta(days=1))

    def test_are_completed_once(self, way, item):
        found = way.control(way.assess(item))
        measure = found.measures.get()
        way.finish(found)
        with refused("H306"):
            actions.complete_measure(item=found, measure=measure, result="又查", by=way.officer, **ACT)


class TestStrikingOff:
    def test_needs_every_measure_done(self, way, item):
        with refused("H303"):
            way.ask(way.control(way.assess(item)))

    def test_needs_evidence(self, way, item):
        found = way.control(way.assess(item))
        way.finish(found)
        with refused("H304"):
            way.ask(found, files=[])

    @pytest.mark.parametrize(
        ("name", "content", "code"),
        [
            ("a.jpg", b"MZ", "I404"),
            ("a.exe", b"MZ", "I403"),
            ("a.pdf", b"", "I401"),
            ("a.jpg", b"\xff\xd8\xff", "I409"),
        ],
    )
    def test_takes_no_file_that_is_not_what_it_says(self, name, content, code, way, item):
        found = way.control(way.assess(item))
        way.finish(found)
        with refused(code):
            way.ask(found, files=[ContentFile(content, name=name)])

    def test_is_not_decided_by_who_asked(self, way, item):
        found = way.to_asked(item)
        with refused("H305"):
            way.strike(found, by=way.officer)
        with refused("H305"):
            actions.refuse_strike_off(item=found, reason="不足", by=way.officer, **ACT)

    def test_by_a_second_person_ends_every_clock(self, way, item):
        found = way.to_struck_off(item)
        assert (found.state, found.struck_off_by, running(item)) == ("struck_off", "张局", set())

    def test_is_refused_back_into_control(self, way, item):
        found = way.to_asked(item)
        back = actions.refuse_strike_off(item=found, reason="证据不足", by=way.second, **ACT)
        assert (back.state, running(item)) == ("controlled", {"FX-2"})

    def test_leaves_its_trail(self, way, item):
        way.to_struck_off(item)
        kept = AuditEntry.objects.filter(subject="risk_item", subject_key=item.number)
        assert list(kept.order_by("sequence").values_list("action", flat=True)) == [
            "list_risk", "assess_item", "add_measure", "put_under_control", "complete_measure",
            "attach_risk_evidence", "ask_strike_off", "strike_off",
        ]  # fmt: skip

    def test_keeps_the_same_file_once(self, way, item):
        found = way.control(way.assess(item))
        way.finish(found)
        way.ask(found, files=[photo(), photo("b.jpg")])
        assert item.evidence.count() == 1


class TestReturning:
    def recompute(self, days=10):
        return actions.recompute_risks(office_code="150525", by=SYSTEM, **later(days))

    def test_happens_when_the_signal_is_counted_again(self, way, item, fail_sample):
        way.to_struck_off(item)
        fail_sample(TODAY + dt.timedelta(days=5))
        (back,) = self.recompute()
        assert (back.pk, back.state, back.round) == (item.pk, "returned", 1)
        assert "2024-03-05 销号后又有监督抽检不合格 1 批" in back.value["why"]

    def test_does_not_count_what_was_known_at_strike_off(self, way, item, fail_sample):
        way.to_struck_off(item)
        fail_sample(TODAY)
        assert self.recompute() == []

    def test_does_not_count_other_parties(self, way, item, fail_sample, naiman, now):
        way.to_struck_off(item)
        fail_sample(TODAY + dt.timedelta(days=5), party=enrol("别的店", "150525100", now))
        assert self.recompute() == []

    def test_twice_changes_nothing(self, way, item, fail_sample):
        way.to_struck_off(item)
        fail_sample(TODAY + dt.timedelta(days=5))
        self.recompute()
        assert self.recompute() == []

    def test_is_part_of_preparing_the_next_meeting(self, way, item, fail_sample, head, naiman):
        way.to_struck_off(item)
        fail_sample(TODAY + dt.timedelta(days=5))
        at = NOW + dt.timedelta(days=40)
        actions.prepare_meeting(office_code=naiman.code, year=2024, quarter=2, by=head, at=at)
        item.refresh_from_db()
        assert item.state == "returned"

    def test_asks_for_evidence_of_its_own(self, way, item):
        back = actions.return_item(item=way.to_struck_off(item), reason="又发现", by=way.officer, **ACT)
        found = way.control(way.assess(back))
        way.finish(found)
        with refused("H304"):
            way.ask(found, files=[])

    def test_proposes_the_highest_level(self, way, item):
        back = actions.return_item(item=way.to_struck_off(item), reason="又发现", by=way.officer, **ACT)
        assert actions.proposed_level(back).rule == "RL-1"


class TestTheFocusOfGrading:
    def focus(self, shop) -> bool:
        shop.refresh_from_db()
        return shop.consultation_focus

    def test_begins_with_a_high_risk(self, way, item, shop):
        way.assess(item)
        assert self.focus(shop)

    def test_does_not_begin_with_a_lower_one(self, way, item, shop):
        way.assess(item, level="medium", reason="已召回")
        assert not self.focus(shop)

    def test_ends_with_the_strike_off(self, way, item, shop):
        way.to_struck_off(item)
        assert not self.focus(shop)

    def test_ends_when_the_risk_is_judged_lower(self, way, item, shop):
        way.assess(way.assess(item), level="low", reason="已停售")
        assert not self.focus(shop)

    def test_stays_when_the_register_said_so_by_itself(self, way, item, shop):
        shop.consultation_focus = True
        shop.save()
        way.to_struck_off(item)
        assert self.focus(shop)

    def test_stays_while_another_high_risk_is_open(self, way, item, shop, officer):
        way.assess(item)
        entry = actions.Entry("无证经营", "现场发现", "经营")
        other = actions.list_risk(entry=entry, office_code="150525100", party=shop, by=officer, **ACT)
        way.assess(other, reason="现场查实")
        found = way.control(RiskItem.objects.get(pk=item.pk))
        way.finish(found)
        way.strike(way.ask(found))
        assert self.focus(shop)

    def test_waits_until_a_returned_risk_is_judged_anew(self, way, item, shop, officer):
        actions.return_item(item=way.to_struck_off(item), reason="又发现", by=officer, **ACT)
        entry = actions.Entry("标签不全", "现场发现", "经营")
        other = actions.list_risk(entry=entry, office_code="150525100", party=shop, by=officer, **ACT)
        way.assess(other, level="low")
        assert not self.focus(shop)

    def test_stands_on_the_timeline_of_the_party(self, way, item, shop, officer):
        way.to_struck_off(item)
        titles = " ".join(event.title for event in queries.timeline(officer, shop))
        assert "列为风险会商重点" in titles and "不再是风险会商重点" in titles


class TestWithdrawing:
    def test_ends_the_clock(self, way, item):
        actions.withdraw_item(item=item, reason="误列", by=way.second, at=NOW)
        assert running(item) == set()

    def test_lets_the_signal_be_listed_again(self, way, item, meeting):
        actions.withdraw_item(item=item, reason="误列", by=way.second, at=NOW)
        assert way.list(meeting).state == "found"


CITY = Actor("shi", "市科", "150500", "section_officer")


class TestHandingUpAndDown:
    def test_goes_to_the_office_above(self, way, item):
        handing = actions.report_up(item=item, content="请关注", by=way.officer, **ACT)
        assert handing.to_office == "150525"  # the risk is kept by the station

    def test_is_received_by_that_office_alone(self, way, item, inspector):
        handing = actions.report_up(item=item, content="请关注", by=inspector, **ACT)
        with refused("P101"):
            actions.acknowledge(handing=handing, by=inspector, **ACT)
        with refused("H404"):
            actions.acknowledge(handing=handing, by=CITY, **ACT)
        assert actions.acknowledge(handing=handing, by=way.officer, **ACT).receipt_by == "李科"

    def test_is_received_once(self, way, item):
        handing = actions.report_up(item=item, content="请关注", by=way.officer, **ACT)
        actions.acknowledge(handing=handing, by=way.officer, **ACT)
        with refused("H405"):
            actions.acknowledge(handing=handing, by=way.officer, **ACT)

    def test_down_lets_the_office_below_see_it(self, way, officer, inspector):
        entry = actions.Entry("冷链", "断链较多", "经营")
        item = actions.list_risk(entry=entry, office_code="150525", by=officer, **ACT)
        before = queries.items(inspector).count()
        actions.hand_down(item=item, to_office="150525100", content="排查", by=officer, **ACT)
        assert (before, list(queries.items(inspector))) == (0, [item])

    def test_down_goes_to_offices_below_only(self, way, item, officer):
        with refused("H402"):
            actions.hand_down(item=item, to_office="150525", content="排查", by=officer, **ACT)

    def test_is_not_repeated_before_its_receipt(self, way, item):
        actions.report_up(item=item, content="请关注", by=way.officer, **ACT)
        with refused("H403"):
            actions.report_up(item=item, content="再请关注", by=way.officer, **ACT)

    def test_of_a_struck_off_risk_is_refused(self, way, item):
        with refused("H406"):
            actions.report_up(item=way.to_struck_off(item), content="请关注", by=way.officer, **ACT)


class TestLists:
    @pytest.mark.parametrize(("tab", "shown"), [("open", 1), ("due", 0), ("asked", 0), ("all", 1)])
    def test_show_what_their_tab_says(self, tab, shown, item, officer):
        assert queries.of_tab(queries.items(officer), tab, TODAY, 3).count() == shown

    def test_hold_nothing_of_another_county(self, item):
        assert not queries.items(Actor("d", "独", "522726", "section_officer")).exists()

    def test_tell_each_what_waits_for_it(self, way, item, officer, head):
        way.to_asked(item)
        waiting = [len(queries.waiting(who, TODAY, 7, 8).to_decide) for who in (officer, head)]
        assert waiting == [0, 1]
