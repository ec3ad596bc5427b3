"""Training, findings until they are verified, feedback until it is answered; what is watched."""

from __future__ import annotations

import datetime as dt

import pytest

from moment import NOW
from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry
from xiejian.quality import improving, queries, watching
from xiejian.quality.models import AuditFinding
from xiejian.supply.models import ProductCard
from xiejian.vigilance.models import Recall

TODAY = NOW.date()
PLAN = {"cause": "未培训", "correction": "补记录", "action": "修订规程", "owner": "李某", "due_on": TODAY}


def refusal(call, **facts) -> str:
    with pytest.raises(Refused) as refused:
        call(**facts)
    return refused.value.first.code


@pytest.fixture
def done(acts):
    """A finding whose action one of the quality people carried out."""
    row = improving.register_finding(
        source="内部审核", title="温度记录不连续", content="缺两日", found_on=TODAY, **acts()
    )
    improving.plan_action(finding=row, **PLAN, **acts())
    return improving.carry_out_action(finding=row, on=TODAY, evidence="记录照片", **acts())


class TestFindings:
    @pytest.mark.parametrize("step", [improving.verify_action, improving.reject_action])
    def test_who_did_it_does_not_judge_it(self, done, acts, step):
        assert refusal(step, finding=done, on=TODAY, verdict="可", **acts()) == "QU108"

    def test_another_person_verifies_it(self, done, acts):
        row = improving.verify_action(finding=done, on=TODAY, verdict="有效", **acts("firm_store"))
        assert (row.state, row.number, row.verified_by) == ("verified", f"NS{TODAY.year}-1", "firm_store某")

    def test_what_did_not_work_begins_again_and_stays_written_down(self, done, acts):
        row = improving.reject_action(finding=done, on=TODAY, verdict="又缺", **acts("firm_head"))
        assert row.state == "found" and "又缺" in row.content and "修订规程" in row.content

    def test_nothing_is_due_before_it_was_found(self, acts):
        row = AuditFinding.objects.create(
            firm_uscc=acts()["by"].firm, number="1", state="found", made_at=NOW, found_on=TODAY
        )
        facts = {"finding": row, **PLAN, "due_on": TODAY - dt.timedelta(1), **acts()}
        assert refusal(improving.plan_action, **facts) == "QU104"


class TestTraining:
    @pytest.fixture
    def planned(self, acts):
        return improving.plan_training(topic="冷链", audience="仓储人员", planned_on=TODAY, hours=2, **acts())

    def test_no_more_pass_than_came(self, planned, acts):
        facts = {"training": planned, "on": TODAY, "present": 3, "passed": 4, "effect": "x", **acts()}
        assert refusal(improving.hold_training, **facts) == "QU109"

    def test_its_result_is_written(self, planned, acts):
        row = improving.hold_training(
            training=planned, on=TODAY, present=3, passed=3, effect="考核合格", **acts()
        )
        assert (row.state, row.passed) == ("held", 3)


class TestFeedback:
    @pytest.fixture
    def told(self, acts):
        return improving.record_feedback(
            kind="投诉",
            customer="旗人民医院",
            content="漏液",
            received_on=TODAY,
            product_name="输液器",
            **acts(),
        )

    def test_a_suspected_event_names_its_report(self, told, acts):
        facts = {"feedback": told, "finding": "接头开裂", "is_event": True, **acts()}
        assert refusal(improving.investigate_feedback, **facts) == "QU110"

    def test_investigated_and_answered(self, told, acts):
        improving.investigate_feedback(feedback=told, finding="接头开裂", is_event=False, **acts())
        row = improving.answer_feedback(feedback=told, on=TODAY, answer="换货", **acts())
        assert row.state == "answered"

    def test_they_are_counted_by_product_and_month(self, told, person):
        found = list(queries.feedback_trend(person()))
        assert [(r["month"], r["product_name"], r["kind"], r["count"]) for r in found] == [
            (TODAY.replace(day=1), "输液器", "投诉", 1)
        ]

    def test_the_audit_names_no_customer(self, told):
        entry = AuditEntry.objects.get(subject="quality_customerfeedback")
        assert told.customer not in str(entry.detail)


class TestWatching:
    @pytest.fixture
    def recall(self, party):
        """A published recall of a product that the firm has a card of, and one of another product."""
        ProductCard.objects.create(
            firm_uscc=party.uscc, di="1", registration_no="国械注准1", product_name="缝合线", source="form"
        )
        facts = {"office_code": "150525", "kind": "主动", "state": "decided", "holder_name": "某公司",
                 "suspected_on": TODAY, "decided_on": TODAY, "reason": "x", "made_at": NOW}  # fmt: skip
        Recall.objects.create(number="ZH2", product_name="导管", registration_no="国械注准2", **facts)
        return Recall.objects.create(
            number="ZH1", product_name="缝合线", registration_no="国械注准1", **facts
        )

    def test_the_recall_of_our_product_is_proposed_once(self, recall, acts):
        first = watching.refresh_watch(**acts())
        again = watching.refresh_watch(**acts())
        recalls = [row for row in first if row.kind == "recall"]
        assert [(row.source, row.proposed) for row in recalls] == [("ZH1", True)] and again == []

    def test_a_person_decides_and_says_what_was_done(self, recall, acts):
        row = next(row for row in watching.refresh_watch(**acts()) if row.kind == "recall")
        watching.set_rule_aside(rule=row, reason="批号不同", **acts())
        taken = {"reason": "有库存", "action": "停用", "owner": "张某", "due_on": TODAY}
        watching.take_up_rule(rule=row, **taken, **acts())
        row = watching.carry_out_rule(rule=row, on=TODAY, result="已退回", **acts())
        assert (row.state, row.decision_why, row.result) == ("done", "有库存", "已退回")

    def test_every_law_to_be_read_is_looked_at(self, party, acts, monkeypatch):
        made = watching.refresh_watch(by=acts()["by"], at=NOW)
        assert [row.number for row in made] == [f"GZ{TODAY.year}-{n}" for n in range(1, len(made) + 1)]
        assert made and {row.kind for row in made} == {"law"}
