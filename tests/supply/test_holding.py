"""Lots on hold: from a record, once per record, released where they were held."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from moment import NOW
from small_register import party
from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry
from xiejian.people.policy import SYSTEM, Actor
from xiejian.supply import actions
from xiejian.supply.holding import Hold, held_reasons
from xiejian.supply.judging import refusals
from xiejian.supply.models import LotHold
from xiejian.supply.rules import marks

DEALER, CLINIC, DI = "91330200000000002Y", "12330200000000003Z", "06972253600013"
RECALL = {"source_kind": "recall", "source_record": "7", "by": SYSTEM, "at": NOW}


def entry(**given) -> actions.Entry:
    return actions.Entry(**{"firm_uscc": DEALER, "kind": "ship", "di": DI, "quantity": 1, "on": NOW.date(),
                            "lot": "A1", **given})  # fmt: skip


class TestWhatAHoldCovers:
    """Pure: which entries a hold stands against."""

    @pytest.mark.parametrize(
        ("hold", "given", "expected"),
        [
            ({"lot": "A1"}, {}, True),
            ({"lot": "A1"}, {"lot": "A2"}, False),
            ({"lot": "A1"}, {"firm_uscc": CLINIC}, False),
            ({"lot": "A1", "serial": "S1"}, {"serial": "S1"}, True),
            ({"lot": "A1", "serial": "S1"}, {"serial": "S2"}, False),
            ({"serial": "S1"}, {"serial": "S1"}, True),
            ({"lot": "A1"}, {"di": "other"}, False),
        ],
    )
    def test_is_its_firm_product_lot_and_device(self, hold, given, expected):
        held = LotHold(**{"firm_uscc": DEALER, "di": DI, "reason": "x", **hold})
        assert bool(held_reasons(entry(**given), [held])) is expected

    def test_is_said_with_every_reason(self):
        assert len(refusals(entry(), ["held"], ["超温", "召回"])) == 2


@pytest.mark.django_db
class TestHolding:
    def test_of_many_firms_asks_no_more_questions_than_of_one(self):
        def asked(record: str, lots: int) -> int:
            holds = [Hold(firm, DI, f"L{n}", "召回") for firm in (DEALER, CLINIC) for n in range(lots)]
            with CaptureQueriesContext(connection) as found:
                actions.hold_lots(holds=holds, **{**RECALL, "source_record": record})
            return len(found)

        assert asked("1", 1) == asked("2", 20)

    def test_twice_from_one_record_is_one_hold(self):
        holds = [Hold(DEALER, DI, "A1", "召回")]
        first, again = actions.hold_lots(holds=holds, **RECALL), actions.hold_lots(holds=holds, **RECALL)
        assert first == again and LotHold.objects.count() == 1

    def test_ends_for_all_firms_of_the_record_at_once(self):
        actions.hold_lots(holds=[Hold(f, DI, "A1", "召回") for f in (DEALER, CLINIC)], **RECALL)
        actions.release_holds(reason="召回完成", **RECALL)
        assert not LotHold.objects.filter(released_at=None).exists()
        assert AuditEntry.objects.filter(action="release_hold").count() == 2

    def test_by_an_inspector_is_refused(self, inspector):
        party("甲", uscc=DEALER)
        told = {"firm_uscc": DEALER, "di": DI, "lot": "A1", "reason": "x", "source_kind": "firm"}
        with pytest.raises(Refused) as refused:
            actions.hold_lot(**told, source_record="", by=inspector, at=NOW)
        assert refused.value.first.code == "P101"

    def test_of_another_firm_is_refused_to_a_firm(self):
        told = {"firm_uscc": CLINIC, "di": DI, "lot": "A1", "reason": "x", "source_kind": "firm"}
        with pytest.raises(Refused):
            actions.hold_lot(
                **told, source_record="", by=Actor("x", "库管", "firm", "firm_store", DEALER), at=NOW
            )


class TestTheTable:
    """Every state of a record and every move."""

    @pytest.mark.parametrize("action", ["amend_movement", "void_movement"])
    @pytest.mark.parametrize(("state", "to"), [("recorded", "voided"), ("voided", None)])
    def test_of_a_movement_lets_only_a_current_row_be_changed(self, state, action, to):
        found = {t.action: t.to for t in actions.WORKFLOW.allowed(state)}
        assert found.get(action) == to


class TestTheMarks:
    def test_have_each_a_meaning_and_a_source(self):
        assert all(mark.meaning and mark.citation for mark in marks().values())
