"""The procedure of a penalty case from the decision to its closing: service, money, court, remedies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from xiejian.cases import actions, moves, procedure
from xiejian.cases import checks as check
from xiejian.cases import proceeding_checks as rules
from xiejian.cases.checks import refuse
from xiejian.cases.late_fee import Money, late_fee
from xiejian.cases.models import Case, Instalment, Payment, Proceeding, Remedy
from xiejian.cases.moves import begin, note
from xiejian.cases.proceeding_checks import CONFISCATED, FINE, LATE_FEE, PERSONAL
from xiejian.people.policy import Actor

INVESTIGATE, APPROVE = "cases.investigate", "cases.approve"


# --- what is owed ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Account:
    """What the decision asks for and what came in, by purpose, in 分; the surcharge up to a day."""

    asked: Mapping[str, int]
    paid: Mapping[str, int]

    @property
    def owed(self) -> dict[str, int]:
        """What is still to be paid, by purpose; never less than nothing."""
        return {what: max(0, amount - self.paid.get(what, 0)) for what, amount in self.asked.items()}

    @property
    def rows(self) -> list[tuple[str, int, int, int]]:
        """Purpose, asked, paid, owed; for pages."""
        return [
            (what, amount, self.paid.get(what, 0), self.owed[what]) for what, amount in self.asked.items()
        ]


def account(proceeding: Proceeding, on: dt.date) -> Account:
    """The account of a decided proceeding on a day. Three queries; nothing is asked before the decision."""
    case = proceeding.case
    if case is None or case.decided_on is None:
        return Account({}, {})
    payments = list(proceeding.payments.all())
    paid: dict[str, int] = {}
    for payment in payments:
        paid[payment.purpose] = paid.get(payment.purpose, 0) + payment.amount_fen
    asked = {FINE: case.fine_fen, PERSONAL: case.personal_fine_fen, CONFISCATED: case.confiscated_fen}
    asked[LATE_FEE] = _surcharge(proceeding, case, payments, on)
    return Account({what: amount for what, amount in asked.items() if amount}, paid)


def _surcharge(proceeding: Proceeding, case: Case, payments: Sequence[Payment], on: dt.date) -> int:
    dues: list[Money] = [(part.due_on, part.amount_fen) for part in proceeding.instalments.all()]
    if proceeding.pay_by:
        before = case.fine_fen - sum(amount for _, amount in dues)
        dues += [(proceeding.pay_by, before)] if before > 0 else []
    if not dues:
        return 0
    fines = [(payment.paid_on, payment.amount_fen) for payment in payments if payment.purpose == FINE]
    stops = [(remedy.started_on, remedy.ended_on) for remedy in proceeding.remedies.all()]
    return late_fee(dues, fines, stops, on)


# --- service and payment -----------------------------------------------------------------------------------


@transaction.atomic
def serve_decision(
    *, proceeding: Proceeding, on: dt.date, how: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """送达处罚决定书: payment (CS-15), review (CS-24), lawsuit (CS-25) count from the day it takes effect."""
    proceeding, state = begin(proceeding, "serve_decision", on, by, at)
    refuse(rules.one_of(how, procedure.services(), "送达方式"))
    served = procedure.effective_on(how, on)
    proceeding.decision_served_on = served
    proceeding.pay_by = moves.start_clock(proceeding, "pay", served, by, at).due_legal
    proceeding.save()
    moves.finish_clocks(proceeding, ["serve"], on, by, at)
    moves.start_clock(proceeding, "court", procedure.rights_until(served)["sue_right"], by, at)
    note("serve_decision", proceeding, by, at, state=state, on=on, how=how, effective=served)
    return proceeding


@transaction.atomic
def allow_instalments(
    *, proceeding: Proceeding, on: dt.date, parts: Sequence[Money], reason: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """准予延期、分期: days and 分 that add up to what is owed of the fine (C509, C520)."""
    proceeding, _ = begin(proceeding, "allow_instalments", on, by, at)
    paid = account(proceeding, on).paid.get(FINE, 0)
    fine = proceeding.case.fine_fen if proceeding.case else 0
    refuse(
        check.check_given(reason, "准予的理由"),
        rules.parts_add_up(parts, fine - paid, on),
        *(rules.positive(amount, "每期金额") for _, amount in parts),
    )
    proceeding.instalments.all().delete()
    done = [Instalment(proceeding=proceeding, due_on=on, amount_fen=paid)] if paid else []
    rows = [Instalment(proceeding=proceeding, due_on=due, amount_fen=amount) for due, amount in parts]
    Instalment.objects.bulk_create([*done, *rows])
    last = max(due for due, _ in parts)
    proceeding.pay_by = last
    proceeding.save()
    moves.start_clock(proceeding, "court", last, by, at)
    note(
        "allow_instalments", proceeding, by, at, on=on, reason=reason,
        parts=[[due.isoformat(), amount] for due, amount in parts],
    )  # fmt: skip
    return proceeding


@transaction.atomic
def record_payment(
    *, proceeding: Proceeding, on: dt.date, purpose: str, amount_fen: int, by: Actor, at: dt.datetime,
    receipt: str = "", collected: bool = False,
) -> Payment:  # fmt: skip
    """登记缴款, never more than is owed (C510). ``collected``: on the spot, to be handed in (CS-16)."""
    proceeding, _ = begin(proceeding, "record_payment", on, by, at)
    owed = account(proceeding, on).owed.get(purpose, 0)
    refuse(
        rules.one_of(purpose, rules.PURPOSES, "款项"),
        rules.positive(amount_fen, "缴款金额"),
        rules.not_overpaid(purpose, amount_fen, owed),
    )
    made = Payment.objects.create(
        proceeding=proceeding, purpose=purpose, paid_on=on, amount_fen=amount_fen, receipt=receipt
    )
    if collected:
        moves.start_clock(proceeding, "hand_in_money", on, by, at)
    if purpose == FINE and amount_fen == owed:
        moves.finish_clocks(proceeding, ["pay"], on, by, at)
    note(
        "record_payment", proceeding, by, at, on=on, purpose=purpose, amount_fen=amount_fen, receipt=receipt,
        collected=collected,
    )  # fmt: skip
    return made


@transaction.atomic
def demand_payment(
    *, proceeding: Proceeding, on: dt.date, how: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """送达催告书 once payment is late (C516); the court may be asked after CS-18."""
    proceeding, state = begin(proceeding, "demand_payment", on, by, at)
    refuse(
        rules.one_of(how, procedure.services(), "送达方式"),
        rules.payment_late(proceeding.pay_by, on),
    )
    proceeding.demanded_on = procedure.effective_on(how, on)
    proceeding.save()
    moves.start_clock(proceeding, "wait", proceeding.demanded_on, by, at)
    note("demand_payment", proceeding, by, at, state=state, on=on, how=how, owed=account(proceeding, on).owed)
    return proceeding


# --- court -------------------------------------------------------------------------------------------------


@transaction.atomic
def apply_to_court(*, proceeding: Proceeding, on: dt.date, by: Actor, at: dt.datetime) -> Proceeding:
    """申请法院强制执行: after the demand's time (C513) and when nobody may appeal any more (C514, C515)."""
    proceeding, state = begin(proceeding, "apply_to_court", on, by, at)
    pending = [remedy.kind for remedy in proceeding.remedies.all() if not remedy.outcome]
    tried = proceeding.remedies.exclude(outcome="").exists()
    served = proceeding.decision_served_on
    right = procedure.rights_until(served)["sue_right"] if served and not tried else None
    refuse(
        rules.remedies_ended(pending),
        rules.may_apply(moves.due_of(proceeding, "wait"), right, on),
    )
    proceeding.applied_on = on
    proceeding.save()
    if proceeding.case:
        actions.request_court_enforcement(case=proceeding.case, on=on, permission=APPROVE, by=by, at=at)
    moves.finish_clocks(proceeding, ["wait", "court"], on, by, at)
    note("apply_to_court", proceeding, by, at, state=state, on=on, owed=account(proceeding, on).owed)
    return proceeding


@transaction.atomic
def end_enforcement(
    *, proceeding: Proceeding, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """法院终结执行: the court has finished, whether or not everything came in."""
    proceeding, state = begin(proceeding, "end_enforcement", on, by, at)
    refuse(check.check_given(reason, "法院终结执行的情况"))
    return _fulfilled(proceeding, "end_enforcement", state, on, reason, by, at)


@transaction.atomic
def complete_proceeding(
    *, proceeding: Proceeding, on: dt.date, by: Actor, at: dt.datetime, reason: str = ""
) -> Proceeding:
    """执行完毕: everything is paid (C511); a surcharge may be remitted with a ``reason`` (C512)."""
    proceeding, state = begin(proceeding, "complete_proceeding", on, by, at)
    refuse(rules.all_paid(account(proceeding, on).owed, reason))
    return _fulfilled(proceeding, "complete_proceeding", state, on, reason, by, at)


def _fulfilled(
    proceeding: Proceeding,
    action: str,
    state: list[str],
    on: dt.date,
    reason: str,
    by: Actor,
    at: dt.datetime,
) -> Proceeding:
    """The decision is carried out: the form of closing follows (CS-20)."""
    proceeding.fulfilled_on = on
    proceeding.save()
    moves.finish_clocks(proceeding, ["pay", "wait", "court"], on, by, at)
    moves.start_clock(proceeding, "close", on, by, at)
    note(action, proceeding, by, at, state=state, on=on, reason=reason)
    return proceeding


@transaction.atomic
def close_proceeding(*, proceeding: Proceeding, on: dt.date, by: Actor, at: dt.datetime) -> Proceeding:
    """结案, by a person who did not investigate it (C404); no measure goes on (C507). Closes the case too."""
    proceeding, state = begin(proceeding, "close_proceeding", on, by, at)
    kinds = procedure.measure_kinds()
    running = proceeding.measures.filter(state=procedure.MEASURE_WORKFLOW.start).values_list(
        "kind", flat=True
    )
    refuse(rules.measures_ended([kinds[kind].label for kind in running]))
    moves.other_person(proceeding, by, "批准结案", than_reviewer=False)
    proceeding.closed_on = on
    proceeding.save()
    if proceeding.case and proceeding.case.closed_on is None:
        actions.close_case(
            case=proceeding.case, closed_on=on, reason=proceeding.end_reason, permission=APPROVE, by=by, at=at
        )
    moves.finish_clocks(proceeding, ["close"], on, by, at)
    moves.drop_clocks(proceeding, "已结案", by, at)
    note("close_proceeding", proceeding, by, at, state=state, on=on)
    return proceeding


# --- review and lawsuit ------------------------------------------------------------------------------------


@transaction.atomic
def start_remedy(
    *, proceeding: Proceeding, on: dt.date, kind: str, authority: str, by: Actor, at: dt.datetime
) -> Remedy:
    """登记复议、诉讼 as accepted on a day: no surcharge is counted until it ends."""
    proceeding, _ = _begin_remedy(proceeding, "start_remedy", on, by, at)
    refuse(
        rules.one_of(kind, rules.REMEDIES, "类型"),
        check.check_given(authority, "复议机关或者法院"),
        rules.remedies_ended(list(proceeding.remedies.filter(outcome="").values_list("kind", flat=True))),
    )
    made = Remedy.objects.create(proceeding=proceeding, kind=kind, authority=authority, started_on=on)
    note("start_remedy", proceeding, by, at, on=on, kind=kind, authority=authority)
    return made


def _begin_remedy(
    proceeding: Proceeding, action: str, on: dt.date, by: Actor, at: dt.datetime
) -> tuple[Proceeding, list[str]]:
    """Remedies run beside the enforcement: their days are bounded by the service of the decision only."""
    proceeding, state = begin(proceeding, action, timezone.localdate(at), by, at)
    refuse(
        check.check_not_in_future(on, timezone.localdate(at), "日期"),
        check.check_order_of_dates("决定送达日期", proceeding.decision_served_on, "日期", on),
    )
    return proceeding, state


@transaction.atomic
def end_remedy(
    *,
    remedy: Remedy,
    on: dt.date,
    outcome: str,
    by: Actor,
    at: dt.datetime,
    note_text: str = "",
    amounts: Mapping[str, int] | None = None,
) -> Remedy:
    """登记复议、诉讼结果: maintained, withdrawn, changed (other ``amounts``, C519) or revoked.

    A change holds in the case and its figures at once; a revocation is carried out by ``revoke_decision``.
    """
    proceeding, _ = _begin_remedy(remedy.proceeding, "end_remedy", on, by, at)
    remedy.refresh_from_db()
    refuse(
        rules.remedy_open(remedy.kind, remedy.outcome),
        rules.one_of(outcome, rules.OUTCOMES, "结果"),
        check.check_order_of_dates("受理日期", remedy.started_on, "结果日期", on),
        check.check_given(str(amounts or ""), "变更后的金额") if outcome == rules.CHANGED else [],
    )
    if outcome == rules.CHANGED and amounts and proceeding.case:
        now = {name: getattr(proceeding.case, name) for name in procedure.MONEY}
        refuse(rules.not_heavier({**now, **amounts}, now, "C519"))
        actions.change_decision(
            case=proceeding.case, amounts=amounts, reason=f"{remedy.kind}变更", permission=INVESTIGATE,
            by=by, at=at,
        )  # fmt: skip
    remedy.outcome, remedy.ended_on, remedy.note = outcome, on, note_text
    remedy.save()
    note(
        "end_remedy",
        proceeding,
        by,
        at,
        on=on,
        kind=remedy.kind,
        outcome=outcome,
        amounts=dict(amounts or {}),
    )
    return remedy


@transaction.atomic
def revoke_decision(
    *, proceeding: Proceeding, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> Proceeding:
    """处罚决定被撤销 by a review or a lawsuit (C518): no fine stands, nothing is collected any more."""
    proceeding, state = _begin_remedy(proceeding, "revoke_decision", on, by, at)
    refuse(
        check.check_given(reason, "撤销的理由"),
        rules.revoked_by(proceeding.remedies.values_list("outcome", flat=True)),
    )
    proceeding.end_reason, proceeding.closed_on = reason, None
    proceeding.save()
    if proceeding.case:
        actions.undo_decision(case=proceeding.case, reason=reason, permission=APPROVE, by=by, at=at)
    moves.drop_clocks(proceeding, "处罚决定被撤销", by, at)
    moves.start_clock(proceeding, "close", on, by, at)
    note("revoke_decision", proceeding, by, at, state=state, on=on, reason=reason)
    return proceeding
