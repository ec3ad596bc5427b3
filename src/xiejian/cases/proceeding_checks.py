"""Every refusal of the procedure of a case: facts in, problems out; no database, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from xiejian.cases import procedure
from xiejian.cases.checks import problems
from xiejian.cases.late_fee import Money
from xiejian.cases.procedure import FEN, FLAGS, MONEY
from xiejian.kernel import penalties
from xiejian.kernel.penalties import Assessment
from xiejian.kernel.penalty_rules import Book
from xiejian.kernel.problems import Problem

SOURCES = ("监督检查", "投诉举报", "监督抽检", "网络监测", "上级交办", "移送", "其他")
FINE, PERSONAL, CONFISCATED, LATE_FEE = "罚款", "个人罚款", "没收款", "加处罚款"
PURPOSES = (FINE, PERSONAL, CONFISCATED, LATE_FEE)
REMEDIES = ("行政复议", "行政诉讼")
UPHELD, CHANGED, REVOKED, WITHDRAWN = "维持", "变更", "撤销", "撤回"
OUTCOMES = (UPHELD, CHANGED, REVOKED, WITHDRAWN)
ORDINARY, REDUCED = "ordinary", "reduced"
STEPS = (REDUCED, "lighter", ORDINARY, "heavier")


def one_of(given: str, known: Iterable[str], what: str) -> list[Problem]:
    known = tuple(known)
    if given in known:
        return []
    return [problems("C406", where=what, given=given, what=what, known="、".join(known))]


# --- persons -----------------------------------------------------------------------------------------------


def enough_investigators(count: int, least: int, inactive: Sequence[str]) -> list[Problem]:
    found = [problems("C402", "办案人员", count=count, least=least)] if count < least else []
    return found + ([problems("C403", "办案人员", names="、".join(inactive))] if inactive else [])


def investigators_named(count: int) -> list[Problem]:
    return [] if count else [problems("C407", "办案人员")]


def other_person(username: str, name: str, parts: Mapping[str, str], what: str) -> list[Problem]:
    """Nobody is two of the three: ``parts`` says by user name who investigates or reviewed the case."""
    part = parts.get(username)
    return [problems("C404", what, name=name, role=part, what=what)] if part else []


# --- the penalty -------------------------------------------------------------------------------------------


def fine_fits(
    fine_fen: int, step: str, found: Assessment, book: Book, circumstances_support: Iterable[str]
) -> list[Problem]:
    """The proposed fine lies in the range, in the band of its step, and something supports the step."""
    if found.fine is None:
        return [problems("C410", "罚款", first=found.first_step)] if fine_fen else []
    if not fine_fen and found.may:
        return []
    fine = Decimal(fine_fen) / FEN
    band = penalties.band_of(fine, found.fine, book)
    low, high = (penalties.yuan(mark) for mark in found.fine)
    if not band or (band == REDUCED and step != REDUCED):
        return [problems("C409", "罚款", fine=penalties.yuan(fine), low=low, high=high)]
    wrong = []
    if band != step:
        names = {"band": book.step_labels[band], "step": book.step_labels[step]}
        wrong.append(problems("C411", "裁量档次", fine=penalties.yuan(fine), **names))
    if step != ORDINARY and step not in set(circumstances_support):
        wrong.append(problems("C412", "裁量情节", step=book.step_labels[step]))
    return wrong


def deviation_explained(percent: int | None, count: int, reason: str) -> list[Problem]:
    """Beyond PR-7 from the median of similar cases a reason is asked for; too few cases ask for nothing."""
    limit = procedure.value("PR-7")
    if percent is None or count < procedure.value("PR-8") or abs(percent) <= limit or reason.strip():
        return []
    return [problems("C413", "偏离的理由", count=count, percent=abs(percent), limit=limit)]


def proposal_made(proposal: Mapping[str, Any]) -> list[Problem]:
    return [] if proposal else [problems("C408", "处罚意见")]


def not_heavier(decided: Mapping[str, Any], told: Mapping[str, Any], code: str = "C419") -> list[Problem]:
    """No part of the decision is heavier than what the party was told."""
    heavier = [label for name, label in MONEY.items() if decided.get(name, 0) > told.get(name, 0)]
    heavier += [label for name, label in FLAGS.items() if decided.get(name) and not told.get(name)]
    return [problems(code, what, what=what) for what in heavier]


def simple_enough(decided: Mapping[str, Any], natural_person: bool) -> list[Problem]:
    """The simple procedure gives a warning or a small fine, nothing else."""
    limit = procedure.simple_limit_fen(natural_person)
    found = []
    if decided.get("fine_fen", 0) > limit:
        found.append(problems("C420", "罚款", fine=decided["fine_fen"] // FEN, limit=limit // FEN))
    others = [name for name in (*MONEY, *FLAGS) if name != "fine_fen" and decided.get(name)]
    return found + ([problems("C423", "处罚内容")] if others else [])


# --- notice and hearing ------------------------------------------------------------------------------------


def notice_served(served_on: dt.date | None, on: dt.date, what: str) -> list[Problem]:
    if served_on is None or served_on > on:
        return [problems("C414", "处罚告知书", what=what)]
    return []


def notice_time_over(
    due: dt.date | None, on: dt.date, *, waived: bool, heard: bool, defended: bool, may_be_heard: bool
) -> list[Problem]:
    """The party had its time (CS-10), used it, or gave it up.

    A defence alone ends it only where no hearing could still be asked for.
    """
    if waived or heard or (defended and not may_be_heard) or (due is not None and on > due):
        return []
    return [problems("C415", "告知期限", due=due or "")]


def defence_answered(defence: str, answer: str) -> list[Problem]:
    return [problems("C416", "复核意见")] if defence and not answer else []


def hearing_reviewed(heard_on: dt.date | None, reviewed_on: dt.date | None) -> list[Problem]:
    return [problems("C417", "法制审核")] if heard_on and not reviewed_on else []


def discussed(needed: bool, discussed_on: dt.date | None) -> list[Problem]:
    return [problems("C418", "集体讨论")] if needed and not discussed_on else []


def may_ask_hearing(right: bool, due: dt.date | None, on: dt.date) -> list[Problem]:
    if not right:
        return [problems("C422", "听证")]
    return [problems("C421", "要求听证日期", due=due, on=on)] if due is not None and on > due else []


# --- measures ----------------------------------------------------------------------------------------------


def items_listed(kind: str, needed: bool, quantities: Sequence[tuple[str, Decimal]]) -> list[Problem]:
    found = [problems("C501", "物品清单", kind=kind)] if needed and not quantities else []
    return found + [problems("C502", "数量", name=name) for name, number in quantities if number <= 0]


def extension_fits(kind: str, most: int, n: int, extended_before: bool) -> list[Problem]:
    if not most:
        return [problems("C504", "期限", kind=kind)]
    return [problems("C505", "延长", n=n, most=most)] if extended_before or not 0 < n <= most else []


def term_over(due: dt.date | None, on: dt.date) -> list[Problem]:
    return [problems("C506", "期限", due=due)] if due is not None and on <= due else []


def measures_ended(running: Sequence[str]) -> list[Problem]:
    return [problems("C507", "办案措施", count=len(running), kinds="、".join(running))] if running else []


# --- money and enforcement ---------------------------------------------------------------------------------


def _yuan(fen: int) -> str:
    return penalties.yuan(Decimal(fen) / FEN)


def positive(amount: int, what: str) -> list[Problem]:
    return [] if amount > 0 else [problems("C508", what, what=what)]


def parts_add_up(parts: Sequence[Money], owed: int, first: dt.date) -> list[Problem]:
    """Instalments cover what is owed, each by a day that has not passed."""
    total = sum(amount for _, amount in parts)
    found = [] if total == owed else [problems("C509", "各期金额", sum=_yuan(total), owed=_yuan(owed))]
    early = [(row, due) for row, (due, _) in enumerate(parts, 1) if due < first]
    return found + [problems("C520", "期限", row=row, due=due, first=first) for row, due in early]


def not_overpaid(purpose: str, amount: int, owed: int) -> list[Problem]:
    if amount <= owed:
        return []
    return [problems("C510", "金额", amount=_yuan(amount), purpose=purpose, owed=_yuan(owed))]


def all_paid(owed: Mapping[str, int], reason: str) -> list[Problem]:
    """Everything is paid; the surcharge alone may be remitted, with a reason."""
    found = [
        problems("C511", what, what=what, owed=_yuan(amount)) for what, amount in owed.items()
        if amount > 0 and what != LATE_FEE
    ]  # fmt: skip
    if owed.get(LATE_FEE, 0) > 0 and not reason.strip():
        found.append(problems("C512", LATE_FEE, owed=_yuan(owed[LATE_FEE])))
    return found


def payment_late(due: dt.date | None, on: dt.date) -> list[Problem]:
    return [problems("C516", "催告日期", due=due)] if due is not None and on <= due else []


def may_apply(waits: dt.date | None, right_ends: dt.date | None, on: dt.date) -> list[Problem]:
    """Ten working days after the demand, and nobody may ask for a review or sue any more."""
    found = [problems("C513", "申请日期", due=waits)] if waits is not None and on <= waits else []
    late = right_ends is not None and on <= right_ends
    return found + ([problems("C514", "申请日期", due=right_ends)] if late else [])


def remedies_ended(pending: Sequence[str]) -> list[Problem]:
    return [problems("C515", kind, kind=kind) for kind in pending]


def remedy_open(kind: str, outcome: str) -> list[Problem]:
    return [problems("C517", kind, kind=kind, outcome=outcome)] if outcome else []


def revoked_by(outcomes: Iterable[str]) -> list[Problem]:
    return [] if REVOKED in outcomes else [problems("C518", "复议、诉讼")]


def new_clue(number: str | None, source: str) -> list[Problem]:
    return [problems("C424", "案件来源", source=source, number=number)] if number else []


def still_open(number: str, state: str) -> list[Problem]:
    return [] if state == "filed" else [problems("C427", "案件", number=number)]


def not_led_yet(number: str, led: str | None) -> list[Problem]:
    return [problems("C428", "案件", number=number, led=led)] if led else []
