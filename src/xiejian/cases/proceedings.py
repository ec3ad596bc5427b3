"""The procedure of a penalty case from the clue to the decision: one function for each move.

Each locks its proceeding, checks it against the workflow table of its procedure and the rules of
proceeding_checks.py, and leaves its audit entry in the same transaction. Filing and deciding go through
``cases.actions``, so that every figure follows. What comes after the decision is in enforcing.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from xiejian.cases import actions, moves, procedure, similar
from xiejian.cases import checks as check
from xiejian.cases import proceeding_checks as rules
from xiejian.cases.checks import refuse
from xiejian.cases.models import Case, Proceeding
from xiejian.cases.moves import begin, note
from xiejian.cases.procedure import FEN, FLAGS, GENERAL, MONEY, PERSONS, SIMPLE
from xiejian.inspections.models import Transfer
from xiejian.kernel import penalties, penalty_rules
from xiejian.kernel.cells import tag_text
from xiejian.kernel.penalty_answers import as_answer
from xiejian.kernel.workdays import ONE_DAY
from xiejian.people.models import Officer
from xiejian.people.numbering import next_number
from xiejian.people.policy import Actor, require
from xiejian.registry.models import LINKS, Party

INVESTIGATE, APPROVE = "cases.investigate", "cases.approve"
#: What a new investigation makes void: the report, its review, the notice and what followed it.
_AFTER_REPORT: dict[str, Any] = {
    "reported_on": None, "reviewer": None, "review_kind": "", "reviewed_on": None, "review_opinion": "",
    "heard_review_on": None, "notice": {}, "notice_served_on": None, "defence_on": None, "defence": "",
    "defence_answer": "", "waived_on": None, "hearing_asked_on": None, "heard_on": None,
    "hearing_report": "", "discussed_on": None, "discussion": "", "decided_on": None,
    "decision_served_on": None, "pay_by": None, "demanded_on": None, "applied_on": None, "fulfilled_on": None,
}  # fmt: skip


@dataclass(frozen=True)
class Clue:
    """案件来源: what points to an offence, and where it comes from.

    ``source_kind`` and ``source_record`` name the record (visit, lead, sample, listing …) if there is one.
    """

    conduct: str
    source: str
    source_on: dt.date
    source_kind: str = ""
    source_record: int | None = None
    source_no: str = ""
    link: str = ""
    tags: tuple[str, ...] = ()
    campaign: str = ""
    conduct_on: dt.date | None = None
    natural_person: bool = False
    goods_value_fen: int | None = None


# --- the clue ----------------------------------------------------------------------------------------------


@transaction.atomic
def register_clue(
    *, clue: Clue, party: Party, by: Actor, at: dt.datetime, procedure_kind: str = GENERAL,
    office_code: str = "",
) -> Proceeding:  # fmt: skip
    """Register where a case comes from; its time for the decision to file begins (CS-1).

    ``office_code``: the party's office when empty. Refused: no conduct (C107), unknown source (C406) or
    link (C108), a day to come (C102), the same conduct from the same record again (C424).
    """
    office = office_code or party.office_code
    require(by, INVESTIGATE, office, where=party.name)
    link = clue.link or party.links.values_list("link", flat=True).first() or ""
    known = _known(clue)
    refuse(
        check.check_given(clue.conduct, "涉嫌违法行为"),
        rules.one_of(clue.source, rules.SOURCES, "案件来源"),
        rules.one_of(procedure_kind, (GENERAL, SIMPLE), "程序"),
        check.check_link(link, LINKS),
        check.check_not_in_future(clue.source_on, timezone.localdate(at), "来源日期"),
        check.check_not_in_future(clue.conduct_on, timezone.localdate(at), "违法行为日期"),
        check.check_not_negative({"货值金额": clue.goods_value_fen}),
        rules.new_clue(known.number if known else None, f"{clue.source} {clue.source_no}".strip()),
    )
    made = Proceeding.objects.create(
        number=next_number(Proceeding, procedure.pattern("proceeding"), office, clue.source_on.year),
        party=party, link=link, tags=_tags(clue, party, link), campaign=clue.campaign, office_code=office,
        procedure=procedure_kind, state=procedure.WORKFLOWS[procedure_kind].start, source=clue.source,
        source_kind=clue.source_kind, source_record=clue.source_record, source_no=clue.source_no,
        source_on=clue.source_on, conduct=clue.conduct, conduct_on=clue.conduct_on,
        natural_person=clue.natural_person, goods_value_fen=clue.goods_value_fen, made_at=at, by_name=by.name,
    )  # fmt: skip
    moves.start_clock(made, "clue", clue.source_on, by, at)
    note(
        "register_clue", made, by, at, party=party.name, source=clue.source, source_no=clue.source_no,
        source_on=clue.source_on, conduct=clue.conduct, procedure=procedure_kind,
    )  # fmt: skip
    return made


def _known(clue: Clue) -> Proceeding | None:
    if not clue.source_kind:
        return None
    same = Proceeding.objects.filter(
        source_kind=clue.source_kind, source_record=clue.source_record, conduct=clue.conduct
    )
    return same.exclude(state__in=("not_filed", "handed_on")).first()


def _tags(clue: Clue, party: Party, link: str) -> str:
    if clue.tags:
        return tag_text(clue.tags)
    return party.links.filter(link=link).values_list("tags", flat=True).first() or "|"


@transaction.atomic
def assign_investigators(
    *, proceeding: Proceeding, officers: Sequence[Officer], on: dt.date, by: Actor, at: dt.datetime
) -> Proceeding:
    """指定办案人员: at least PR-1 active officers (C402, C403)."""
    proceeding, _ = begin(proceeding, "assign_investigators", on, by, at)
    inactive = [officer.name for officer in officers if not officer.is_active]
    count = len({officer.pk for officer in officers})
    refuse(rules.enough_investigators(count, procedure.minimum_investigators(), inactive))
    proceeding.investigators.set(officers)
    note("assign_investigators", proceeding, by, at, on=on, officers=[o.name for o in officers])
    return proceeding


@transaction.atomic
def file_proceeding(
    *, proceeding: Proceeding, on: dt.date, by: Actor, at: dt.datetime, number: str = "", reason: str = ""
) -> Proceeding:
    """立案: the penalty case begins (``Proceeding.case``) and with it the time for its decision.

    ``number``: the official number, the next one when empty. Refused: without investigators (C407), by one
    of them (C404), like ``cases.actions.file_case``.
    """
    proceeding, state = begin(proceeding, "file_proceeding", on, by, at)
    refuse(rules.investigators_named(proceeding.investigators.count()))
    moves.other_person(proceeding, by, "批准立案")
    proceeding.case = _open_case(proceeding, GENERAL, number, on, by, at, APPROVE)
    proceeding.filed_on = on
    proceeding.save()
    moves.finish_clocks(proceeding, ["clue"], on, by, at)
    note(
        "file_proceeding", proceeding, by, at, state=state, on=on, number=proceeding.case.number,
        reason=reason,
    )  # fmt: skip
    return proceeding


def _open_case(
    proceeding: Proceeding, kind: str, number: str, on: dt.date, by: Actor, at: dt.datetime, permission: str
) -> Case:
    office = proceeding.office_code
    return actions.file_case(
        number=number or next_number(Case, procedure.pattern("case"), office, on.year),
        party=proceeding.party, link=proceeding.link, filed_on=on, conduct=proceeding.conduct,
        procedure=kind, tags=[tag for tag in proceeding.tags.split("|") if tag],
        campaign=proceeding.campaign, goods_value_fen=proceeding.goods_value_fen, office_code=office,
        permission=permission, by=by, at=at,
    )  # fmt: skip


@transaction.atomic
def continue_case(
    *, case: Case, officers: Sequence[Officer], on: dt.date, by: Actor, at: dt.datetime,
    source: str = rules.SOURCES[-1], source_no: str = "",
) -> Proceeding:  # fmt: skip
    """接续办理: a case that was only recorded goes on step by step, from the investigation.

    Refused: decided or closed (C427), led by another proceeding (C428), too few investigators (C402).
    """
    require(by, INVESTIGATE, case.office_code, where=case.number)
    led = Proceeding.objects.filter(case=case).values_list("number", flat=True).first()
    inactive = [officer.name for officer in officers if not officer.is_active]
    count = len({officer.pk for officer in officers})
    refuse(
        rules.still_open(case.number, actions.state_of(case)),
        rules.not_led_yet(case.number, led),
        rules.one_of(source, rules.SOURCES, "案件来源"),
        rules.enough_investigators(count, procedure.minimum_investigators(), inactive),
        check.check_order_of_dates("立案日期", case.filed_on, "接续日期", on),
        check.check_not_in_future(on, timezone.localdate(at), "接续日期"),
    )
    made = Proceeding.objects.create(
        number=next_number(
            Proceeding, procedure.pattern("proceeding"), case.office_code, case.filed_on.year
        ),
        case=case, party=case.party, link=case.link, tags=case.tags, campaign=case.campaign,
        office_code=case.office_code, procedure=GENERAL, state="investigating", source=source,
        source_no=source_no, source_on=case.filed_on, filed_on=case.filed_on, conduct=case.conduct,
        goods_value_fen=case.goods_value_fen, made_at=at, by_name=by.name,
    )  # fmt: skip
    made.investigators.set(officers)
    actions.start_decision_clock(case=case, by=by, at=at)
    note("continue_case", made, by, at, on=on, case=case.number, officers=[o.name for o in officers])
    return made


@transaction.atomic
def refuse_filing(
    *, proceeding: Proceeding, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """不予立案, with the reason."""
    proceeding, state = begin(proceeding, "refuse_filing", on, by, at)
    refuse(check.check_given(reason, "不予立案的理由"))
    proceeding.end_reason = reason
    proceeding.save()
    moves.finish_clocks(proceeding, ["clue"], on, by, at)
    note("refuse_filing", proceeding, by, at, state=state, on=on, reason=reason)
    return proceeding


@transaction.atomic
def hand_on_clue(
    *, proceeding: Proceeding, on: dt.date, to: str, reason: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """转其他机关: somebody else is competent; nothing was filed here."""
    proceeding, state = begin(proceeding, "hand_on_clue", on, by, at)
    refuse(check.check_given(to, "接收机关"), check.check_given(reason, "转出的理由"))
    proceeding.end_reason = f"转{to}：{reason}"[:300]
    proceeding.save()
    moves.finish_clocks(proceeding, ["clue"], on, by, at)
    note("hand_on_clue", proceeding, by, at, state=state, on=on, to=to, reason=reason)
    return proceeding


@transaction.atomic
def reopen_clue(
    *, proceeding: Proceeding, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """重新核查: new material, or the other authority sent it back; the time to decide begins anew."""
    proceeding, state = begin(proceeding, "reopen_clue", on, by, at)
    refuse(check.check_given(reason, "重新核查的理由"))
    proceeding.end_reason = ""
    proceeding.save()
    moves.start_clock(proceeding, "clue", on, by, at)
    note("reopen_clue", proceeding, by, at, state=state, on=on, reason=reason)
    return proceeding


@transaction.atomic
def turn_general(
    *, proceeding: Proceeding, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """简易程序转为普通程序: heavier or less clear than it looked."""
    proceeding, state = begin(proceeding, "turn_general", on, by, at)
    refuse(check.check_given(reason, "转为普通程序的理由"))
    proceeding.procedure = GENERAL
    proceeding.notice, proceeding.notice_served_on = {}, None
    proceeding.defence_on, proceeding.defence = None, ""
    proceeding.save()
    note("turn_general", proceeding, by, at, state=state, on=on, reason=reason)
    return proceeding


# --- the investigation -------------------------------------------------------------------------------------


@transaction.atomic
def suspend_investigation(
    *, proceeding: Proceeding, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """中止调查: the time for the decision stops."""
    proceeding, state = begin(proceeding, "suspend_investigation", on, by, at)
    refuse(check.check_given(reason, "中止的理由"))
    proceeding.suspended_on = on
    proceeding.save()
    moves.decision_clock(proceeding, first=on, reason=f"中止调查：{reason}", by=by, at=at)
    note("suspend_investigation", proceeding, by, at, state=state, on=on, reason=reason)
    return proceeding


@transaction.atomic
def resume_investigation(*, proceeding: Proceeding, on: dt.date, by: Actor, at: dt.datetime) -> Proceeding:
    """恢复调查: from ``on`` the time runs again."""
    proceeding, state = begin(proceeding, "resume_investigation", on, by, at)
    if proceeding.suspended_on:
        refuse(check.check_order_of_dates("中止日期", proceeding.suspended_on, "恢复日期", on - ONE_DAY))
    proceeding.suspended_on = None
    proceeding.save()
    moves.decision_clock(proceeding, last=on - ONE_DAY, by=by, at=at)
    note("resume_investigation", proceeding, by, at, state=state, on=on)
    return proceeding


@transaction.atomic
def assess_penalty(
    *,
    proceeding: Proceeding,
    on: dt.date,
    provision: str,
    facts: Mapping[str, Any],
    conduct_on: dt.date,
    step: str,
    proposal: Mapping[str, Any],
    by: Actor,
    at: dt.datetime,
    opinion: str = "",
    deviation_reason: str = "",
    grave: bool = False,
    natural_person: bool = False,
) -> Proceeding:
    """提出处罚意见: what the rule gives for the facts, what is proposed, and how it compares.

    ``facts`` as ``xiejian penalty --facts`` reads them, with ``circumstances``; ``proposal``: fields of
    ``decide_case``. The answer is kept with the version of the rules, the similar cases as they stood.
    Refused: like ``penalties.assess``; a fine outside the range (C409), too early (C410), in another band
    (C411), a step that nothing supports (C412), a deviation without a reason (C413).
    """
    proceeding, _ = begin(proceeding, "assess_penalty", on, by, at)
    book = penalty_rules.load()
    found = penalties.assess(provision, dict(facts), conduct_on, book)
    refuse(rules.one_of(step, rules.STEPS, "裁量档次"))
    proposed = _penalty(proposal)
    goods = _fen_of(facts.get("goods_value"), proceeding.goods_value_fen)
    alike = similar.of(by, provision=found.rule, goods_value_fen=goods, but=proceeding)
    deviation = alike.deviation(proposed["fine_fen"], goods)
    refuse(
        rules.fine_fits(proposed["fine_fen"], step, found, book, found.steps),
        rules.deviation_explained(deviation, len(alike.rows), deviation_reason),
    )
    proceeding.provision, proceeding.penal_facts, proceeding.conduct_on = found.rule, dict(facts), conduct_on
    proceeding.assessment = {**as_answer(found, book), "version": book.version}
    proceeding.step, proceeding.proposal, proceeding.opinion = step, proposed, opinion
    proceeding.goods_value_fen = goods
    proceeding.gains_fen = _fen_of(facts.get("illegal_gains"), proceeding.gains_fen)
    proceeding.similar = alike.as_json(proposed["fine_fen"], goods)
    proceeding.deviation_reason, proceeding.grave = deviation_reason, grave
    proceeding.natural_person = natural_person
    proceeding.save()
    note(
        "assess_penalty", proceeding, by, at, on=on, provision=found.rule, step=step, proposal=proposed,
        fine=proceeding.assessment["fine"], deviation=deviation, deviation_reason=deviation_reason,
    )  # fmt: skip
    return proceeding


def _penalty(given: Mapping[str, Any]) -> dict[str, Any]:
    """A proposal or decision with every field; refused: negative amounts (C104), a fine on nobody (C105)."""
    money = {name: int(given.get(name) or 0) for name in MONEY}
    persons = int(given.get(PERSONS) or 0)
    refuse(
        check.check_not_negative({MONEY[name]: amount for name, amount in money.items()}),
        check.check_persons_fined(money["personal_fine_fen"], persons),
    )
    return {**money, PERSONS: persons, **{name: bool(given.get(name)) for name in FLAGS}}


def _fen_of(yuan: object, otherwise: int | None) -> int | None:
    """An amount of the facts as whole 分; ``assess`` has refused what is no amount."""
    return otherwise if yuan in (None, "") else int(Decimal(str(yuan).replace(",", "")) * FEN)


@transaction.atomic
def report_investigation(
    *, proceeding: Proceeding, on: dt.date, facts_found: str, evidence: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """调查终结: the report goes to the review, whose kind the rules say (RV-1); its time begins (CS-9)."""
    proceeding, state = begin(proceeding, "report_investigation", on, by, at)
    refuse(
        check.check_given(facts_found, "查明的事实"),
        check.check_given(evidence, "证据"),
        rules.proposal_made(proceeding.proposal),
    )
    right = procedure.hearing_right(proceeding.proposal, proceeding.natural_person)
    proceeding.facts_found, proceeding.evidence, proceeding.reported_on = facts_found, evidence, on
    proceeding.review_kind = procedure.review_kind(grave=proceeding.grave, may_be_heard=right)
    proceeding.save()
    moves.start_clock(proceeding, "review", on, by, at)
    note(
        "report_investigation", proceeding, by, at, state=state, on=on, review=proceeding.review_kind,
        proposal=proceeding.proposal,
    )  # fmt: skip
    return proceeding


@transaction.atomic
def review_proceeding(
    *, proceeding: Proceeding, on: dt.date, passed: bool, opinion: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """审核: by somebody who does not investigate the case (C404); passed on, or sent back for more."""
    action = "pass_review" if passed else "return_for_more"
    proceeding, state = begin(proceeding, action, on, by, at)
    refuse(check.check_given(opinion, "审核意见"))
    reviewer = moves.other_person(proceeding, by, "审核", than_reviewer=False)
    if passed:
        proceeding.reviewer, proceeding.reviewed_on = reviewer, on
    else:
        proceeding.reported_on = None
    proceeding.review_opinion = opinion
    proceeding.save()
    moves.finish_clocks(proceeding, ["review"], on, by, at)
    note(action, proceeding, by, at, state=state, on=on, opinion=opinion, review=proceeding.review_kind)
    return proceeding


# --- notice, defence, hearing ------------------------------------------------------------------------------


@transaction.atomic
def serve_notice(*, proceeding: Proceeding, on: dt.date, how: str, by: Actor, at: dt.datetime) -> Proceeding:
    """送达处罚告知书: what the party is told is kept; its time to speak begins (CS-10)."""
    proceeding, state = begin(proceeding, "serve_notice", on, by, at)
    refuse(rules.one_of(how, procedure.services(), "送达方式"), rules.proposal_made(proceeding.proposal))
    proceeding.notice = proceeding.proposal
    proceeding.notice_served_on = procedure.effective_on(how, on)
    proceeding.save()
    moves.start_clock(proceeding, "defend", proceeding.notice_served_on, by, at)
    note(
        "serve_notice", proceeding, by, at, state=state, on=on, how=how, told=proceeding.notice,
        effective=proceeding.notice_served_on,
    )  # fmt: skip
    return proceeding


@transaction.atomic
def record_defence(
    *, proceeding: Proceeding, on: dt.date, text: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """登记陈述申辩: what the party says; under the general procedure it has to be answered."""
    proceeding, _ = begin(proceeding, "record_defence", on, by, at)
    refuse(check.check_given(text, "陈述申辩意见"))
    proceeding.defence = "\n".join(filter(None, [proceeding.defence, text]))
    proceeding.defence_on, proceeding.defence_answer = on, ""
    proceeding.save()
    note("record_defence", proceeding, by, at, on=on, text=text)
    return proceeding


@transaction.atomic
def answer_defence(
    *, proceeding: Proceeding, on: dt.date, text: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """复核陈述申辩: whether it is followed and why."""
    proceeding, _ = begin(proceeding, "answer_defence", on, by, at)
    refuse(check.check_given(proceeding.defence, "陈述申辩意见"), check.check_given(text, "复核意见"))
    proceeding.defence_answer = text
    proceeding.save()
    note("answer_defence", proceeding, by, at, on=on, text=text)
    return proceeding


@transaction.atomic
def waive_defence(*, proceeding: Proceeding, on: dt.date, by: Actor, at: dt.datetime) -> Proceeding:
    """当事人书面放弃陈述申辩和听证."""
    proceeding, _ = begin(proceeding, "waive_defence", on, by, at)
    proceeding.waived_on = on
    proceeding.save()
    moves.finish_clocks(proceeding, ["defend"], on, by, at)
    note("waive_defence", proceeding, by, at, on=on)
    return proceeding


@transaction.atomic
def ask_hearing(*, proceeding: Proceeding, on: dt.date, by: Actor, at: dt.datetime) -> Proceeding:
    """登记要求听证: in time (C421), where there is the right (C422); the hearing's days are not counted."""
    proceeding, state = begin(proceeding, "ask_hearing", on, by, at)
    right = procedure.hearing_right(proceeding.notice, proceeding.natural_person)
    refuse(rules.may_ask_hearing(right, moves.due_of(proceeding, "defend"), on))
    proceeding.hearing_asked_on, proceeding.waived_on = on, None
    proceeding.save()
    moves.finish_clocks(proceeding, ["defend"], on, by, at)
    moves.decision_clock(proceeding, first=on, reason="听证", by=by, at=at)
    note("ask_hearing", proceeding, by, at, state=state, on=on)
    return proceeding


@transaction.atomic
def withdraw_hearing(*, proceeding: Proceeding, on: dt.date, by: Actor, at: dt.datetime) -> Proceeding:
    """当事人撤回听证: as if it had been waived."""
    proceeding, state = begin(proceeding, "withdraw_hearing", on, by, at)
    proceeding.hearing_asked_on, proceeding.waived_on = None, on
    proceeding.save()
    moves.decision_clock(proceeding, last=on, by=by, at=at)
    note("withdraw_hearing", proceeding, by, at, state=state, on=on)
    return proceeding


@transaction.atomic
def hold_hearing(
    *, proceeding: Proceeding, on: dt.date, report: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """登记听证报告: the host is no investigator of the case (C404)."""
    proceeding, state = begin(proceeding, "hold_hearing", on, by, at)
    refuse(check.check_given(report, "听证报告"))
    moves.other_person(proceeding, by, "主持听证", than_reviewer=False)
    proceeding.heard_on, proceeding.hearing_report = on, report
    proceeding.save()
    moves.decision_clock(proceeding, last=on, by=by, at=at)
    note("hold_hearing", proceeding, by, at, state=state, on=on, report=report)
    return proceeding


@transaction.atomic
def review_hearing(
    *, proceeding: Proceeding, on: dt.date, opinion: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """听证后法制审核: a case that was heard is reviewed once more before it is decided."""
    proceeding, _ = begin(proceeding, "review_hearing", on, by, at)
    refuse(check.check_given(opinion, "审核意见"))
    reviewer = moves.other_person(proceeding, by, "法制审核", than_reviewer=False)
    proceeding.reviewer, proceeding.heard_review_on = reviewer, on
    proceeding.review_opinion = opinion
    proceeding.save()
    note("review_hearing", proceeding, by, at, on=on, opinion=opinion)
    return proceeding


# --- the decision ------------------------------------------------------------------------------------------


@transaction.atomic
def discuss_case(
    *, proceeding: Proceeding, on: dt.date, opinion: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """登记集体讨论, once the party had its time."""
    proceeding, state = begin(proceeding, "discuss_case", on, by, at)
    refuse(check.check_given(opinion, "讨论意见"), _party_was_heard(proceeding, on, "集体讨论"))
    moves.other_person(proceeding, by, "主持集体讨论")
    proceeding.discussed_on, proceeding.discussion = on, opinion
    proceeding.save()
    note("discuss_case", proceeding, by, at, state=state, on=on, opinion=opinion)
    return proceeding


def _party_was_heard(proceeding: Proceeding, on: dt.date, what: str) -> list[Any]:
    """Notice served, its time over or used, the defence answered, a hearing reviewed."""
    right = procedure.hearing_right(proceeding.notice, proceeding.natural_person)
    missing = rules.notice_served(proceeding.notice_served_on, on, what)
    if missing:
        return missing
    return [
        *rules.notice_time_over(
            moves.due_of(proceeding, "defend"), on, waived=bool(proceeding.waived_on),
            heard=bool(proceeding.heard_on), defended=bool(proceeding.defence), may_be_heard=right,
        ),
        *rules.defence_answered(proceeding.defence, proceeding.defence_answer),
        *rules.hearing_reviewed(proceeding.heard_on, proceeding.heard_review_on),
    ]  # fmt: skip


@transaction.atomic
def decide_proceeding(
    *, proceeding: Proceeding, on: dt.date, by: Actor, at: dt.datetime,
    penalty: Mapping[str, Any] | None = None, reason: str = "",
) -> Proceeding:  # fmt: skip
    """作出处罚决定, by a third person (C404), after the notice and its time (C414–C417).

    ``penalty``: fields of ``decide_case``; what the party was told when None, never more than that (C419).
    Refused besides: without the discussion that RV-2 asks for (C418).
    """
    proceeding, state = begin(proceeding, "decide_proceeding", on, by, at)
    decided = _penalty(proceeding.notice if penalty is None else penalty)
    right = procedure.hearing_right(proceeding.notice, proceeding.natural_person)
    needed = procedure.needs_discussion(grave=proceeding.grave, may_be_heard=right)
    refuse(
        _party_was_heard(proceeding, on, "作出处罚决定"),
        rules.discussed(needed, proceeding.discussed_on),
        rules.not_heavier(decided, proceeding.notice),
        check.check_given(reason, "减轻的理由") if decided != _penalty(proceeding.notice) else [],
    )
    proceeding.approver = moves.other_person(proceeding, by, "作出处罚决定")
    proceeding.decided_on = on
    proceeding.save()
    actions.decide_case(case=_case(proceeding), decided_on=on, permission=APPROVE, by=by, at=at, **decided)
    moves.finish_clocks(proceeding, ["defend"], on, by, at)
    moves.start_clock(proceeding, "serve", on, by, at)
    note("decide_proceeding", proceeding, by, at, state=state, on=on, penalty=decided, reason=reason)
    return proceeding


def _case(proceeding: Proceeding) -> Case:
    if proceeding.case is None:
        raise ValueError(f"{proceeding.number} was never filed")
    return proceeding.case


@transaction.atomic
def decide_no_penalty(
    *, proceeding: Proceeding, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """不予处罚, by a third person, with the reason."""
    return _end(proceeding, "decide_no_penalty", on, reason, by, at, "决定不予处罚")


@transaction.atomic
def withdraw_filing(
    *, proceeding: Proceeding, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """撤销立案: the facts do not stand, or it was none of ours."""
    return _end(proceeding, "withdraw_filing", on, reason, by, at, "撤销立案")


@transaction.atomic
def terminate_investigation(
    *, proceeding: Proceeding, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """终止调查: nobody is left who could be punished."""
    return _end(proceeding, "terminate_investigation", on, reason, by, at, "终止调查")


def _end(
    proceeding: Proceeding, action: str, on: dt.date, reason: str, by: Actor, at: dt.datetime, what: str
) -> Proceeding:
    """An end without a penalty: the form of closing follows (CS-20)."""
    proceeding, state = begin(proceeding, action, on, by, at)
    refuse(check.check_given(reason, f"{what}的理由"))
    proceeding.approver = moves.other_person(proceeding, by, what)
    proceeding.end_reason = reason
    proceeding.save()
    moves.drop_clocks(proceeding, what, by, at)
    if action != "move_proceeding":  # what was moved may come back, and its time goes on
        moves.finish_decision_clock(proceeding, on, by, at)
    moves.start_clock(proceeding, "close", on, by, at)
    note(action, proceeding, by, at, state=state, on=on, reason=reason)
    return proceeding


@transaction.atomic
def move_proceeding(
    *, proceeding: Proceeding, on: dt.date, addressee: str, reason: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """移送: the whole case goes to the police or another authority (``Transfer``, once per addressee)."""
    proceeding = _end(proceeding, "move_proceeding", on, reason, by, at, "移送")
    if not Transfer.objects.filter(source_no=_case(proceeding).number, addressee=addressee).exists():
        actions.transfer_case(
            case=_case(proceeding), addressee=addressee, moved_on=on, permission=APPROVE, by=by, at=at
        )
    return proceeding


@transaction.atomic
def take_back_proceeding(
    *, proceeding: Proceeding, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """收到退回: the other authority did not take it; the investigation goes on."""
    proceeding, state = begin(proceeding, "take_back_proceeding", on, by, at)
    refuse(check.check_given(reason, "退回的情况"))
    proceeding.end_reason, proceeding.approver = "", None
    proceeding.save()
    moves.drop_clocks(proceeding, "移送被退回", by, at)
    note("take_back_proceeding", proceeding, by, at, state=state, on=on, reason=reason)
    return proceeding


@transaction.atomic
def reinvestigate(
    *, proceeding: Proceeding, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """退回重新调查: report, review and notice must be made anew; after a revocation so must the decision."""
    proceeding, state = begin(proceeding, "reinvestigate", on, by, at)
    refuse(check.check_given(reason, "重新调查的理由"))
    was = {name: getattr(proceeding, name) for name in ("proposal", "notice", "notice_served_on")}
    for name, empty in _AFTER_REPORT.items():
        setattr(proceeding, name, empty)
    proceeding.approver, proceeding.end_reason = None, ""
    proceeding.save()
    moves.drop_clocks(proceeding, "退回重新调查", by, at)
    note("reinvestigate", proceeding, by, at, state=state, on=on, reason=reason, former=was)
    return proceeding


# --- on the spot -------------------------------------------------------------------------------------------


@transaction.atomic
def tell_on_spot(
    *, proceeding: Proceeding, on: dt.date, proposal: Mapping[str, Any], by: Actor, at: dt.datetime
) -> Proceeding:
    """当场告知: facts, reasons, basis, intended penalty, the right to speak; within CS-27 (C420, C423)."""
    proceeding, state = begin(proceeding, "tell_on_spot", on, by, at)
    told = _penalty(proposal)
    refuse(
        rules.enough_investigators(proceeding.investigators.count(), procedure.minimum_investigators(), []),
        rules.simple_enough(told, proceeding.natural_person),
    )
    proceeding.proposal = proceeding.notice = told
    proceeding.notice_served_on = on
    proceeding.save()
    note("tell_on_spot", proceeding, by, at, state=state, on=on, told=told)
    return proceeding


@transaction.atomic
def decide_on_spot(
    *, proceeding: Proceeding, on: dt.date, by: Actor, at: dt.datetime, number: str = "",
    penalty: Mapping[str, Any] | None = None,
) -> Proceeding:  # fmt: skip
    """当场处罚: filed, decided and handed over in one; the file goes to the office (CS-12), payment begins.

    Two officers decide on the spot by law; everything beyond CS-27 takes the general procedure.
    """
    proceeding, state = begin(proceeding, "decide_on_spot", on, by, at)
    decided = _penalty(proceeding.notice if penalty is None else penalty)
    refuse(
        rules.notice_served(proceeding.notice_served_on, on, "当场处罚"),
        rules.not_heavier(decided, proceeding.notice),
        rules.simple_enough(decided, proceeding.natural_person),
    )
    proceeding.case = _open_case(proceeding, SIMPLE, number, on, by, at, INVESTIGATE)
    actions.decide_case(case=proceeding.case, decided_on=on, permission=INVESTIGATE, by=by, at=at, **decided)
    proceeding.filed_on = proceeding.decided_on = proceeding.decision_served_on = on
    proceeding.save()
    moves.finish_clocks(proceeding, ["clue"], on, by, at)
    moves.start_clock(proceeding, "hand_in", on, by, at)
    if decided["fine_fen"]:
        proceeding.pay_by = moves.start_clock(proceeding, "pay", on, by, at).due_legal
        proceeding.save()
    note(
        "decide_on_spot", proceeding, by, at, state=state, on=on, number=proceeding.case.number,
        penalty=decided,
    )  # fmt: skip
    return proceeding


@transaction.atomic
def hand_in_file(*, proceeding: Proceeding, on: dt.date, by: Actor, at: dt.datetime) -> Proceeding:
    """交存归档: the file of a case decided on the spot reaches the office (CS-12)."""
    proceeding, _ = begin(proceeding, "hand_in_file", on, by, at)
    moves.finish_clocks(proceeding, ["hand_in"], on, by, at)
    note("hand_in_file", proceeding, by, at, on=on)
    return proceeding
