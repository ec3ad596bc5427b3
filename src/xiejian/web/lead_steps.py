"""The steps of a lead: each as a small form that calls one action."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms

from xiejian.leads import actions, checks, matching, mediation, queries, rules
from xiejian.leads.models import Lead
from xiejian.people.policy import Actor, may
from xiejian.registry.models import AREAS, LINKS, Party
from xiejian.sampling.queries import party_named
from xiejian.web import lead_results
from xiejian.web.steps import Step, StepForm, Work, day, text
from xiejian.web.views.people import office_choices

TONES = {
    "received": "azure", "triaged": "azure", "accepted": "blue", "handling": "blue", "reopened": "orange",
    "not_accepted": "secondary", "handed_on": "secondary", "answered": "green", "closed": "green",
    "merged": "secondary",
}  # fmt: skip
PRIORITY_TONES = {"紧急": "red", "优先": "orange", "一般": ""}
LONG = 300


def _text(label: str, required: bool = True, hint: str = "", length: int = LONG) -> forms.CharField:
    return forms.CharField(label=label, required=required, max_length=length, help_text=hint)


def _choice(label: str, choices: tuple[str, ...], empty: str = "") -> forms.ChoiceField:
    first = [("", empty)] if empty else []
    return forms.ChoiceField(label=label, choices=[*first, *((c, c) for c in choices)], required=not empty)


class TriageForm(StepForm):
    kind = _choice("类型", checks.KINDS)
    topic = forms.ChoiceField(label="事由", required=False)
    priority = _choice("紧急程度", checks.PRIORITIES)
    party = forms.TypedChoiceField(label="被反映单位", required=False, coerce=int, empty_value=None)
    party_given = _text("其他单位", False, "不在上面的，填统一社会信用代码或者完整名称", 200)
    link = _choice("环节", LINKS, "不明")
    area = _choice("产品门类", AREAS)
    office_code = forms.ChoiceField(label="办理机构")

    def fit(self, record: Lead, actor: Actor) -> None:
        found = matching.find_parties(record, actor)
        if record.party and all(party.pk != record.party_id for party, _ in found):
            found = [(record.party, "已选"), *found]
        offered = [(party.pk, f"{party.name}（{why}）") for party, why in found]
        self.fields["party"].choices = [("", "名录中没有"), *offered]
        self.fields["topic"].choices = [("", "其他"), *rules.topics().items()]
        self.fields["office_code"].choices = office_choices(actor)
        proposed = record.proposal if record.state == "received" else {}
        known = {"kind": record.kind, "topic": record.topic, "priority": record.priority, "link": record.link}
        known |= {name: proposed[name] for name in ("topic", "priority", "link") if proposed.get(name)}
        self.initial = {
            **self.initial, **known, "area": record.area,
            "party": record.party_id or proposed.get("party"),
            "office_code": proposed.get("office_code") or record.office_code,
        }  # fmt: skip


class DayForm(StepForm):
    on = day("日期")


class RefuseForm(StepForm):
    on = day("决定日期")
    reason = _text("不予受理理由", True, "写明理由和其他途径，告知投诉人")


class HandOnForm(StepForm):
    on = day("转交日期")
    to = _text("转交单位", length=120)
    reason = _text("转交理由")


class ReasonForm(StepForm):
    on = day("日期")
    reason = _text("说明")


class AssignForm(StepForm):
    handler = forms.ModelChoiceField(label="办理人", queryset=None)
    on = day("交办日期")

    def fit(self, record: Lead, actor: Actor) -> None:
        self.fields["handler"].queryset = queries.handlers(actor, record.office_code)
        self.fields["handler"].label_from_instance = lambda o: (
            f"{o.name}（{o.office.short_name or o.office.name}）"
        )


class FilingForm(StepForm):
    filing = _choice("决定", checks.FILINGS)
    on = day("决定日期")
    reason = _text("理由")

    def fit(self, record: Lead, actor: Actor) -> None:
        found = lead_results.results(actor, record)
        self.initial = {**self.initial, **lead_results.proposed_filing(record, found)}


class ExtendForm(StepForm):
    days = forms.IntegerField(label="延长（工作日）", min_value=1, max_value=250)
    approved_on = day("批准日期")
    reason = _text("理由")


class SuspendForm(StepForm):
    first = day("自哪天起不计")
    reason = _text("理由")


class ResumeForm(StepForm):
    last = day("不计到哪天")


class EndMediationForm(StepForm):
    on = day("终止调解日期")
    reason = _text("理由", True, "终止后要告知双方当事人")


class ClueForm(StepForm):
    on = day("发现日期")
    text = text("发现的情况", hint="另行登记一条线索，不写投诉人是谁")


class DisputeForm(StepForm):
    on = day("发生争议之日")
    with_whom = _text("争议对方", length=120)
    reason = _text("争议情况")


class SettleForm(StepForm):
    on = day("解决日期")
    reason = _text("协商或者指定结果")


class AnswerForm(StepForm):
    outcome = _choice("办理结果", checks.OUTCOMES)
    on = day("答复日期")
    answer = text("答复内容", hint="反映人会看到；不写办案秘密和他人信息")

    def fit(self, record: Lead, actor: Actor) -> None:
        found = lead_results.results(actor, record)
        self.initial = {**self.initial, **lead_results.proposed_answer(found)}


class SatisfactionForm(StepForm):
    satisfaction = _choice("满意度", checks.SATISFACTIONS)


class MergeForm(StepForm):
    into = forms.ModelChoiceField(label="并入", queryset=None, help_text="可能重复的线索，先登记的在前")
    reason = _text("理由")

    def fit(self, record: Lead, actor: Actor) -> None:
        rows = [row.pk for row, _ in matching.duplicates(record, actor)] + record.proposal.get(
            "duplicates", []
        )
        self.fields["into"].queryset = queries.leads(actor, sort="on").filter(pk__in=rows)
        self.fields["into"].label_from_instance = lambda row: f"{row.number} {row.party_named}".strip()


def _by(action: Any) -> Work:
    """A step that hands its form to an action as it is."""

    def work(found: Lead, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
        return action(lead=found, by=by, at=at, **given)

    return work


def _triage(found: Lead, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    named, chosen = given.pop("party_given"), given.pop("party")
    party = party_named(by, named) if named else Party.objects.filter(pk=chosen).first()
    return actions.triage_lead(lead=found, party=party, by=by, at=at, **given)


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step("triage_lead", "确认分流", TriageForm, _triage, "建议已填好，核对后确认。"),
        Step("accept_lead", "受理", DayForm, _by(actions.accept_lead)),
        Step("assign_lead", "交办", AssignForm, _by(actions.assign_lead)),
        Step("decide_filing", "登记是否立案", FilingForm, _by(actions.decide_filing)),
        Step("answer_lead", "答复", AnswerForm, _by(actions.answer_lead)),
        Step("close_lead", "办结", DayForm, _by(actions.close_lead)),
        Step("record_satisfaction", "登记满意度", SatisfactionForm, _by(actions.record_satisfaction)),
        Step("end_mediation", "终止调解", EndMediationForm, _by(mediation.end_mediation)),
        Step("note_clue", "登记发现的违法线索", ClueForm, _by(mediation.note_clue)),
        Step("raise_dispute", "登记管辖争议", DisputeForm, _by(mediation.raise_dispute)),
        Step("settle_dispute", "管辖争议已解决", SettleForm, _by(mediation.settle_dispute)),
        Step("take_back_lead", "收到退回", ReasonForm, _by(actions.take_back_lead)),
        Step("extend_lead", "延长期限", ExtendForm, _by(actions.extend_lead)),
        Step("suspend_lead", "中止计时", SuspendForm, _by(actions.suspend_lead)),
        Step("resume_lead", "恢复计时", ResumeForm, _by(actions.resume_lead)),
        Step("merge_lead", "并入另一条", MergeForm, _by(actions.merge_lead)),
        Step("hand_on_lead", "转交其他单位", HandOnForm, _by(actions.hand_on_lead)),
        Step("refuse_lead", "不予受理", RefuseForm, _by(actions.refuse_lead)),
        Step("reopen_lead", "重新办理", ReasonForm, _by(actions.reopen_lead)),
        Step("withdraw_lead", "反映人撤回", ReasonForm, _by(actions.withdraw_lead)),
    )
}


def allowed(found: Lead, actor: Actor) -> list[str]:
    """What may be done with the lead now, in the order of the steps."""
    if not may(actor, "leads.handle", found.office_code):
        return []
    names = {t.action for t in actions.WORKFLOW.allowed(found.state)}
    if found.kind not in (checks.REPORT, "线索"):
        names.discard("decide_filing")
    if found.kind != checks.COMPLAINT:
        names -= {"end_mediation", "note_clue"}
    if found.mediation_ended_on:
        names.discard("end_mediation")
    names.discard("raise_dispute" if found.disputed_with else "settle_dispute")
    if found.kind == checks.REPORT and not found.filing:
        names.discard("answer_lead")
    return [name for name in STEPS if name in names]
