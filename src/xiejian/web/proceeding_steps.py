"""The steps of a proceeding: each as a small form that calls one action."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils import timezone

from xiejian.cases import enforcing, measures, procedure, proceeding_queries, proceedings, terms
from xiejian.cases import proceeding_checks as checks
from xiejian.cases.models import Case, Measure, Proceeding, Remedy
from xiejian.clocks.models import Clock
from xiejian.inspections.checks import ADDRESSEES
from xiejian.inspections.queries import team_choices
from xiejian.kernel import dates
from xiejian.kernel.problems import Refused
from xiejian.people.policy import Actor
from xiejian.web.steps import Step, StepForm, Work, day, text

TONES = {
    "registered": "azure", "told": "azure", "investigating": "blue", "suspended": "orange",
    "reviewing": "blue", "reviewed": "blue", "noticed": "blue", "hearing": "blue", "heard": "blue",
    "discussed": "blue", "decided": "orange", "served": "orange", "demanded": "orange",
    "in_court": "orange", "fulfilled": "azure", "no_penalty": "azure", "withdrawn": "azure",
    "moved": "azure", "terminated": "azure", "revoked": "red", "not_filed": "secondary",
    "handed_on": "secondary", "closed": "green",
}  # fmt: skip
FEN = procedure.FEN
LONG = 300


def _text(label: str, required: bool = True, hint: str = "", length: int = LONG) -> forms.CharField:
    return forms.CharField(label=label, required=required, max_length=length, help_text=hint)


def _choice(label: str, choices: Mapping[str, str] | tuple[str, ...]) -> forms.ChoiceField:
    pairs = choices.items() if isinstance(choices, Mapping) else ((c, c) for c in choices)
    return forms.ChoiceField(label=label, choices=list(pairs))


def money(label: str, required: bool = False, hint: str = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=required, min_value=0, max_digits=14, decimal_places=2, help_text=hint
    )


def moment(label: str) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, widget=widget, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])


def fen(yuan: Decimal | None) -> int:
    return int((yuan or 0) * FEN)


class PenaltyForm(StepForm):
    """What a proposal or a decision holds."""

    fine = money("罚款（元）")
    confiscated = money("没收违法所得（元）")
    personal_fine = money("个人罚款（元）")
    persons_punished = forms.IntegerField(label="处罚到人数", required=False, min_value=0, max_value=99)
    business_stopped = forms.BooleanField(label="责令停产停业", required=False)
    licence_revoked = forms.BooleanField(label="吊销许可证", required=False)
    blacklisted = forms.BooleanField(label="列入严重违法失信名单", required=False)


_MONEY = {"fine": "fine_fen", "confiscated": "confiscated_fen", "personal_fine": "personal_fine_fen"}


def penalty_of(given: dict[str, Any]) -> dict[str, Any]:
    """Take the penalty's fields out of a form as the fields of ``decide_case``."""
    found: dict[str, Any] = {field: fen(given.pop(name)) for name, field in _MONEY.items()}
    found[procedure.PERSONS] = given.pop(procedure.PERSONS) or 0
    return found | {name: given.pop(name) for name in procedure.FLAGS}


def as_fields(told: Mapping[str, Any]) -> dict[str, Any]:
    """A stored penalty as the initial values of PenaltyForm."""
    first: dict[str, Any] = {name: Decimal(told.get(field, 0)) / FEN for name, field in _MONEY.items()}
    return first | {name: told.get(name) for name in (procedure.PERSONS, *procedure.FLAGS)}


# --- forms -------------------------------------------------------------------------------------------------


class DayForm(StepForm):
    on = day("日期")


class ReasonForm(StepForm):
    on = day("日期")
    reason = _text("理由")


class OfficersForm(StepForm):
    """Asks who investigates: officers of the record's office, below and above it."""

    officers = forms.ModelMultipleChoiceField(
        label="办案人员", queryset=None,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )  # fmt: skip

    def fit(self, record: Case | Proceeding, actor: Actor) -> None:
        self.fields["officers"].queryset = team_choices(actor, record.office_code)
        self.fields["officers"].label_from_instance = lambda o: (
            f"{o.name}（{o.office.short_name or o.office.name}）"
        )


class AssignForm(OfficersForm):
    on = day("日期")

    def fit(self, record: Proceeding, actor: Actor) -> None:
        super().fit(record, actor)
        self.initial = {**self.initial, "officers": [officer.pk for officer in record.investigators.all()]}


class FileForm(StepForm):
    on = day("立案日期")
    number = _text("案号", False, "不填由系统编号", 80)
    reason = _text("说明", False)


class HandOnForm(StepForm):
    on = day("日期")
    to = _text("接收机关", length=120)
    reason = _text("理由")


class ReportForm(StepForm):
    on = day("调查终结日期")
    facts_found = text("查明的事实", rows=4)
    evidence = text("证据", rows=3, hint="列出证据名称和证明的事项")

    def fit(self, record: Proceeding, actor: Actor) -> None:
        self.initial = {**self.initial, "facts_found": record.facts_found, "evidence": record.evidence}


class OpinionForm(StepForm):
    on = day("日期")
    opinion = _text("意见")


class ServeForm(StepForm):
    on = day("送达日期", hint="公告送达的填公告日期，期满视为送达")
    how = forms.ChoiceField(label="送达方式", choices=[])

    def fit(self, record: Proceeding, actor: Actor) -> None:
        self.fields["how"].choices = [(name, name) for name in procedure.services()]


class TextForm(StepForm):
    on = day("日期")
    text = text("内容")


class HearingForm(StepForm):
    on = day("听证日期")
    report = text("听证报告", rows=4)


class DecideForm(PenaltyForm):
    on = day("决定日期")
    reason = _text("减轻的理由", False, "与告知内容不同的必填；不得重于告知的内容")

    def fit(self, record: Proceeding, actor: Actor) -> None:
        self.initial = {**self.initial, **as_fields(record.notice)}


class MoveForm(StepForm):
    on = day("移送日期")
    addressee = _choice("移送对象", ADDRESSEES)
    reason = _text("理由")


class TellForm(StepForm):
    on = day("告知日期")
    fine = money("拟罚款（元）", hint="只警告的填 0")


class SpotForm(StepForm):
    on = day("处罚日期")
    number = _text("决定书文号", False, "不填由系统编号", 80)


class PaymentForm(StepForm):
    on = day("缴款日期")
    purpose = _choice("款项", checks.PURPOSES)
    amount = money("金额（元）", True)
    receipt = _text("票据号", False, length=80)
    collected = forms.BooleanField(label="当场收缴（须按期交回机关）", required=False)


class CompleteForm(StepForm):
    on = day("执行完毕日期")
    reason = _text("减免加处罚款的理由", False, "依法减免的必填")


class InstalmentsForm(StepForm):
    on = day("批准日期")
    parts = text("各期", hint="每行一期：期限 金额（元），如 2024-06-01 20000")
    reason = _text("理由")

    def clean_parts(self) -> list[tuple[dt.date, int]]:
        return [_part(line) for line in self.cleaned_data["parts"].splitlines() if line.strip()]


def _part(line: str) -> tuple[dt.date, int]:
    words = line.replace("，", " ").replace(",", " ").split()
    try:
        due, amount = dates.read(words[0]), Decimal(words[1])
        if due is None or len(words) != 2 or not amount.is_finite():
            raise ValueError
    except (ValueError, IndexError, InvalidOperation, Refused) as error:
        raise forms.ValidationError(f"没有看懂“{line[:40]}”：每行写期限和金额，用空格分开") from error
    return due, fen(amount)


class RemedyForm(StepForm):
    on = day("受理日期")
    kind = _choice("类型", checks.REMEDIES)
    authority = _text("复议机关或者法院", length=120)


class RemedyEndForm(StepForm):
    remedy = forms.ModelChoiceField(label="复议或者诉讼", queryset=None, empty_label=None)
    on = day("结果日期")
    outcome = _choice("结果", checks.OUTCOMES)
    fine = money("变更后的罚款（元）", hint="结果为变更的必填")
    note = _text("说明", False)

    def fit(self, record: Proceeding, actor: Actor) -> None:
        self.fields["remedy"].queryset = Remedy.objects.filter(proceeding=record, outcome="")
        self.fields["remedy"].label_from_instance = lambda r: f"{r.kind} {r.authority}"


class MeasureForm(StepForm):
    kind = forms.ChoiceField(label="措施", choices=[])
    taken_at = moment("采取时间")
    urgent = forms.BooleanField(label="情况紧急，当场采取（须在规定时间内补办批准）", required=False)
    content = _text("内容及理由")
    place = _text("地点", False, length=200)
    kept_at = _text("保存地点", False, length=200)
    items = text("物品清单", False, hint="每行一项：名称，规格型号，批号，数量，单位，货值（元，可不填）")

    def fit(self, record: Proceeding, actor: Actor) -> None:
        self.fields["kind"].choices = [(k.id, k.label) for k in procedure.measure_kinds().values()]

    def clean_items(self) -> list[measures.Item]:
        return [_item(line) for line in self.cleaned_data["items"].splitlines() if line.strip()]


def _item(line: str) -> measures.Item:
    words = [word.strip() for word in line.replace("，", ",").split(",")]
    try:
        name, spec, batch, quantity, unit = words[:5]
        value = fen(Decimal(words[5])) if len(words) > 5 and words[5] else None
        number = Decimal(quantity)
        if not name or not unit or not number.is_finite() or len(words) > 6:
            raise ValueError
    except (ValueError, InvalidOperation) as error:
        raise forms.ValidationError(
            f"没有看懂“{line[:40]}”：名称，规格型号，批号，数量，单位，货值；没有的留空，逗号照写"
        ) from error
    return measures.Item(name[:200], number, unit[:10], spec[:120], batch[:120], value)


class OfMeasureForm(StepForm):
    """A step of one running measure of the proceeding."""

    measure = forms.ModelChoiceField(label="措施", queryset=None, empty_label=None)

    def fit(self, record: Proceeding, actor: Actor) -> None:
        labels = {kind.id: kind.label for kind in procedure.measure_kinds().values()}
        going_on = Measure.objects.filter(proceeding=record, state=procedure.MEASURE_WORKFLOW.start)
        self.fields["measure"].queryset = self.of(going_on)
        self.fields["measure"].label_from_instance = lambda m: (
            f"{labels[m.kind]}（{timezone.localdate(m.taken_at)}）{m.content[:20]}"
        )

    def of(self, rows: Any) -> Any:
        return rows


class ApproveMeasureForm(OfMeasureForm):
    approved_at = moment("批准时间")

    def of(self, rows: Any) -> Any:
        return rows.filter(urgent=True, approved_at=None)


class ExtendMeasureForm(OfMeasureForm):
    on = day("批准日期")
    days = forms.IntegerField(label="延长（日）", min_value=1, max_value=365)
    reason = _text("理由")

    def of(self, rows: Any) -> Any:
        prolonged = [kind.id for kind in procedure.measure_kinds().values() if kind.term == "CS-7"]
        return rows.filter(kind__in=prolonged)


class EndMeasureForm(OfMeasureForm):
    on = day("日期")
    how = _choice("方式", {"release": "解除，退还物品", "dispose": "处理完毕", "lapse": "逾期自动解除"})
    outcome = _text("处理结果")


class TermForm(StepForm):
    """A step of one running clock of the record."""

    clock = forms.ModelChoiceField(label="时限", queryset=None, empty_label=None)

    def fit(self, record: Case | Proceeding, actor: Actor) -> None:
        self.fields["clock"].queryset = terms.running(record)
        self.fields["clock"].label_from_instance = lambda c: f"{c.label}（{c.due_legal or '中止中'}）"


class ExtendTermForm(TermForm):
    def fit(self, record: Case | Proceeding, actor: Actor) -> None:
        super().fit(record, actor)
        rows = self.fields["clock"].queryset
        self.fields["clock"].queryset = rows.filter(
            pk__in=[row.pk for row in rows if terms.extension_of(row)]
        )

    n = forms.IntegerField(label="延长（按该时限的单位）", min_value=1, max_value=365)
    on = day("批准日期")
    reason = _text("理由", hint="再次延长的，写明集体讨论的情况")


class SuspendTermForm(TermForm):
    first = day("自哪天起不计")
    reason = _text("理由")


class ResumeTermForm(TermForm):
    last = day("不计到哪天")


# --- what the forms do -------------------------------------------------------------------------------------


def _by(action: Callable[..., object]) -> Work:
    """A step that hands its form to an action as it is."""

    def work(found: Proceeding, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
        return action(proceeding=found, by=by, at=at, **given)

    return work


def _review(passed: bool) -> Work:
    def work(found: Proceeding, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
        return proceedings.review_proceeding(proceeding=found, passed=passed, by=by, at=at, **given)

    return work


def _decide(found: Proceeding, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    penalty = penalty_of(given)
    return proceedings.decide_proceeding(proceeding=found, penalty=penalty, by=by, at=at, **given)


def _tell(found: Proceeding, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    told = {"fine_fen": fen(given.pop("fine"))}
    return proceedings.tell_on_spot(proceeding=found, proposal=told, by=by, at=at, **given)


def _pay(found: Proceeding, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    amount = fen(given.pop("amount"))
    return enforcing.record_payment(proceeding=found, amount_fen=amount, by=by, at=at, **given)


def _end_remedy(found: Proceeding, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    fine = given.pop("fine")
    amounts = None if fine is None else {"fine_fen": fen(fine)}
    return enforcing.end_remedy(amounts=amounts, note_text=given.pop("note"), by=by, at=at, **given)


def _take_measure(found: Proceeding, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    return measures.take_measure(proceeding=found, by=by, at=at, **given)


_ENDINGS = {
    "release": measures.release_measure, "dispose": measures.dispose_measure,
    "lapse": measures.lapse_measure,
}  # fmt: skip


def _end_measure(found: Proceeding, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    return _ENDINGS[given.pop("how")](by=by, at=at, **given)


def _plain(action: Callable[..., object]) -> Work:
    """A step on something that its form names: a measure or a clock."""

    def work(found: object, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
        return action(by=by, at=at, **given)

    return work


_TERM_STEPS = (
    Step("extend_term", "延长时限", ExtendTermForm, _plain(terms.extend_term), "按批准的时间延长。"),
    Step("suspend_term", "中止计时", SuspendTermForm, _plain(terms.suspend_term), "法律规定不计入的时间。"),
    Step("resume_term", "恢复计时", ResumeTermForm, _plain(terms.resume_term)),
)
TERM_STEPS: dict[str, Step] = {step.name: step for step in _TERM_STEPS}

STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step("assign_investigators", "指定办案人员", AssignForm, _by(proceedings.assign_investigators)),
        Step(
            "file_proceeding", "立案", FileForm, _by(proceedings.file_proceeding),
            "由负责人批准；立案之日起计算办案期限，案件计入统计。",
        ),
        Step(
            "tell_on_spot", "当场告知", TellForm, _tell,
            "告知事实、理由、依据、拟处罚内容和陈述申辩的权利。",
        ),
        Step("decide_on_spot", "当场处罚", SpotForm, _by(proceedings.decide_on_spot)),
        Step("report_investigation", "调查终结", ReportForm, _by(proceedings.report_investigation)),
        Step("pass_review", "审核通过", OpinionForm, _review(True), "审核人员不得是本案办案人员。"),
        Step("return_for_more", "退回补充调查", OpinionForm, _review(False)),
        Step(
            "serve_notice", "送达处罚告知书", ServeForm, _by(proceedings.serve_notice),
            "自送达起计算陈述申辩、要求听证的期限。",
        ),
        Step("record_defence", "登记陈述申辩", TextForm, _by(proceedings.record_defence)),
        Step("answer_defence", "复核陈述申辩", TextForm, _by(proceedings.answer_defence)),
        Step("waive_defence", "登记放弃陈述申辩和听证", DayForm, _by(proceedings.waive_defence)),
        Step("ask_hearing", "登记要求听证", DayForm, _by(proceedings.ask_hearing)),
        Step("hold_hearing", "登记听证报告", HearingForm, _by(proceedings.hold_hearing)),
        Step("withdraw_hearing", "当事人撤回听证", DayForm, _by(proceedings.withdraw_hearing)),
        Step("review_hearing", "听证后法制审核", OpinionForm, _by(proceedings.review_hearing)),
        Step(
            "decide_proceeding", "作出处罚决定", DecideForm, _decide,
            "由办案人员、审核人员之外的负责人作出；不得重于告知的内容。",
        ),
        Step("discuss_case", "登记集体讨论", OpinionForm, _by(proceedings.discuss_case)),
        Step("serve_decision", "送达处罚决定书", ServeForm, _by(enforcing.serve_decision)),
        Step("hand_in_file", "交存归档", DayForm, _by(proceedings.hand_in_file)),
        Step("record_payment", "登记缴款", PaymentForm, _pay),
        Step("complete_proceeding", "执行完毕", CompleteForm, _by(enforcing.complete_proceeding)),
        Step("allow_instalments", "准予延期、分期缴纳", InstalmentsForm, _by(enforcing.allow_instalments)),
        Step("demand_payment", "催告", ServeForm, _by(enforcing.demand_payment)),
        Step("apply_to_court", "申请法院强制执行", DayForm, _by(enforcing.apply_to_court)),
        Step("end_enforcement", "法院终结执行", ReasonForm, _by(enforcing.end_enforcement)),
        Step("close_proceeding", "结案", DayForm, _by(enforcing.close_proceeding)),
        Step("take_measure", "采取措施", MeasureForm, _take_measure),
        Step("approve_measure", "补办措施批准", ApproveMeasureForm, _plain(measures.approve_measure)),
        Step("extend_measure", "延长措施期限", ExtendMeasureForm, _plain(measures.extend_measure)),
        Step("end_measure", "解除、处理措施", EndMeasureForm, _end_measure),
        Step("resume_investigation", "恢复调查", DayForm, _by(proceedings.resume_investigation)),
        Step("take_back_proceeding", "收到退回", ReasonForm, _by(proceedings.take_back_proceeding)),
        Step("reopen_clue", "重新核查", ReasonForm, _by(proceedings.reopen_clue)),
        Step("start_remedy", "登记复议、诉讼", RemedyForm, _by(enforcing.start_remedy)),
        Step("end_remedy", "登记复议、诉讼结果", RemedyEndForm, _end_remedy),
        Step("revoke_decision", "处罚决定被撤销", ReasonForm, _by(enforcing.revoke_decision)),
        Step("suspend_investigation", "中止调查", ReasonForm, _by(proceedings.suspend_investigation)),
        Step("move_proceeding", "移送其他机关", MoveForm, _by(proceedings.move_proceeding)),
        Step(
            "reinvestigate", "退回重新调查", ReasonForm, _by(proceedings.reinvestigate),
            "告知和审核作废，须重新办理。",
        ),
        Step("decide_no_penalty", "不予处罚", ReasonForm, _by(proceedings.decide_no_penalty)),
        Step("withdraw_filing", "撤销立案", ReasonForm, _by(proceedings.withdraw_filing)),
        Step("terminate_investigation", "终止调查", ReasonForm, _by(proceedings.terminate_investigation)),
        Step("turn_general", "转为普通程序", ReasonForm, _by(proceedings.turn_general)),
        Step("refuse_filing", "不予立案", ReasonForm, _by(proceedings.refuse_filing)),
        Step("hand_on_clue", "转其他机关", HandOnForm, _by(proceedings.hand_on_clue)),
        *_TERM_STEPS,
    )
}  # fmt: skip


def allowed(found: Proceeding, actor: Actor, running: list[Measure], clocks: list[Clock]) -> list[str]:
    """What may be done with the proceeding now, in the order of the steps."""
    names = {t.action for t in proceeding_queries.allowed(found, actor)}
    pending = [remedy for remedy in found.remedies.all() if not remedy.outcome]
    if not pending:
        names.discard("end_remedy")
    else:
        names.discard("start_remedy")
    if not any(remedy.outcome == checks.REVOKED for remedy in found.remedies.all()):
        names.discard("revoke_decision")
    names -= _idle(found)
    names |= _of_measures(found, actor, running)
    if terms.may_change(actor, found.office_code):
        names |= term_steps(clocks)
    return [name for name in STEPS if name in names]


def _idle(found: Proceeding) -> set[str]:
    """Steps of the notice that have nothing to work on."""
    idle = set() if found.defence and not found.defence_answer else {"answer_defence"}
    idle |= {"waive_defence"} if found.waived_on else set()
    right = procedure.hearing_right(found.notice, found.natural_person)
    idle |= set() if right else {"ask_hearing"}
    if procedure.needs_discussion(grave=found.grave, may_be_heard=right) and not found.discussed_on:
        idle.add("decide_proceeding")
    return idle


def term_steps(clocks: Iterable[Clock]) -> set[str]:
    """What may be done with running time limits by hand."""
    rows = list(clocks)
    stopped = [any(not stop.get("to") for stop in row.facts.get("stops", [])) for row in rows]
    names = {"suspend_term"} if not all(stopped) else set()
    names |= {"resume_term"} if any(stopped) else set()
    return names | ({"extend_term"} if any(terms.extension_of(row) for row in rows) else set())


def _of_measures(found: Proceeding, actor: Actor, running: list[Measure]) -> set[str]:
    kinds = procedure.measure_kinds()
    names: set[str] = set()
    if running and proceeding_queries.may_do(actor, "cases.investigate", found):
        names.add("end_measure")
    if proceeding_queries.may_do(actor, "cases.approve", found):
        if any(one.urgent and one.approved_at is None for one in running):
            names.add("approve_measure")
        if any(kinds[one.kind].term == "CS-7" for one in running):
            names.add("extend_measure")
    return names
