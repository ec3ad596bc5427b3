"""The two lists: proposal, notice, statement, decision by another person, publication, repair, end.

What a list needs (superior's consent, publication, its term) stands in packs/national/credit.toml; every
change of who is on a list reaches the register (不良信用), the level and the duties in the same transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from xiejian.cases.blacklisting import mark_blacklisted
from xiejian.cases.models import Case
from xiejian.clocks import actions as clocks
from xiejian.clocks.models import Clock
from xiejian.clocks.queries import clocks_of
from xiejian.credit import checks as check
from xiejian.credit import rules
from xiejian.credit.actions import DECIDE, EDIT
from xiejian.credit.checks import refuse
from xiejian.credit.models import ON_LIST, CreditListEntry
from xiejian.kernel import divisions, workflow
from xiejian.people import audit
from xiejian.people.numbering import next_number
from xiejian.people.policy import Actor, require
from xiejian.planning.grading import regrade_parties
from xiejian.registry.models import Party

WORKFLOW = workflow.load(Path(__file__).with_name("list_workflow.toml"))
SUBJECT = "credit_list_entry"
#: Before the decision: nobody is proposed twice.
PENDING = ("proposed", "notified", "stated")


@dataclass(frozen=True)
class Proposal:
    """Why a party shall be put on a list: ``kind``, ``ground`` and ``heavy`` are ids of the pack."""

    kind: str
    ground: str
    facts: str
    heavy: str = ""
    case: Case | None = None


def _note(action: str, row: CreditListEntry, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject=SUBJECT, key=row.number, office_code=row.office_code,
        detail={"party": row.party.name, **detail},
    )  # fmt: skip


def kind_of(row: CreditListEntry) -> rules.ListKind:
    return rules.lists()[row.kind]


def _taken(
    entry: CreditListEntry, action: str, by: Actor, permission: str = EDIT
) -> tuple[CreditListEntry, list[str]]:
    """The entry as it is now, locked and moved along its table; [state before, after]."""
    row = (
        CreditListEntry.objects.select_for_update(of=("self",))
        .select_related("party", "case")
        .get(pk=entry.pk)
    )
    require(by, permission, row.office_code, where=row.number)
    before = row.state
    row.state = WORKFLOW.step(before, action, where=row.number)
    return row, [before, row.state]


def _clock(row: CreditListEntry, name: str, start: dt.date, by: Actor, at: dt.datetime) -> None:
    clocks.set_clock(
        subject=SUBJECT, record=row.pk, name=name, rule=rules.clock_rule(name), start=start,
        title=f"{row.number} {row.party.name}", office_code=row.office_code, by=by, at=at,
    )  # fmt: skip


def _finish(row: CreditListEntry, name: str, on: dt.date, by: Actor, at: dt.datetime) -> None:
    clocks.finish_clock(subject=SUBJECT, record=row.pk, name=name, on=on, by=by, at=at)


def _day(on: dt.date, at: dt.datetime, what: str, after: str, after_on: dt.date | None) -> list[Any]:
    """The day of a step is not to come and not before the step that it follows."""
    today = timezone.localdate(at)
    return [
        *check.check_not_in_future(on, today, what),
        *check.check_order_of_dates(after, after_on, what, on),
    ]


# --- onto the list --------------------------------------------------------------------------------------


@transaction.atomic
def propose_listing(
    *, party: Party, proposal: Proposal, on: dt.date, by: Actor, at: dt.datetime
) -> CreditListEntry:
    """Propose a party for a list. Refused: unknown list (Q104), ground of another list (Q202), no heavier
    penalty where one is needed (Q201), already there or under way (Q203), another's case (Q206), Q101, Q102.
    """
    require(by, EDIT, party.office_code, where=party.name)
    refuse(check.check_one_of(proposal.kind, list(rules.lists()), "名单"))
    kind, case = rules.lists()[proposal.kind], proposal.case
    Party.objects.select_for_update().only("pk").get(
        pk=party.pk
    )  # two proposals at once: the second sees one
    there = CreditListEntry.objects.filter(party=party, kind=kind.id, state__in=(*PENDING, *ON_LIST)).exists()
    refuse(
        check.check_ground(kind, rules.grounds().get(proposal.ground), proposal.ground, proposal.heavy),
        check.check_one_of(proposal.heavy, list(rules.heavies()), "较重处罚") if proposal.heavy else [],
        check.check_given(proposal.facts, "事实和理由"),
        check.check_not_listed(kind, party.name, there),
        check.check_own_case(case.number, case.party_id == party.pk) if case else [],
        check.check_not_in_future(on, timezone.localdate(at), "提出日期"),
    )
    row = CreditListEntry.objects.create(
        number=next_number(CreditListEntry, rules.number_pattern("list"), party.office_code, on.year),
        kind=kind.id, party=party, office_code=party.office_code, ground=proposal.ground,
        heavy=proposal.heavy, case=case, facts=proposal.facts.strip(), state=WORKFLOW.start,
        proposed_on=on, proposed_by=by.name, proposer=by.username,
    )  # fmt: skip
    _note("propose_listing", row, by, at, list=kind.label, ground=proposal.ground, on=on)
    return row


@transaction.atomic
def record_consent(
    *, entry: CreditListEntry, number: str, on: dt.date, by: Actor, at: dt.datetime
) -> CreditListEntry:
    """The superior agreed to the listing (BL-5)."""
    row, state = _taken(entry, "record_consent", by)
    refuse(
        check.check_given(number, "上级同意文号"),
        _day(on, at, "上级同意日期", "提出日期", row.proposed_on),
    )
    row.consent_no, row.consent_on = number.strip()[:80], on
    row.save()
    _note("record_consent", row, by, at, state=state, number=row.consent_no, on=on)
    return row


@transaction.atomic
def notify_listing(
    *, entry: CreditListEntry, on: dt.date, how: str, by: Actor, at: dt.datetime
) -> CreditListEntry:
    """Tell the party what is planned, why, and that it may state its case or ask for a hearing (CS-10)."""
    row, state = _taken(entry, "notify_listing", by)
    refuse(check.check_given(how, "告知方式"), _day(on, at, "告知日期", "提出日期", row.proposed_on))
    row.notified_on, row.notified_how = on, how.strip()[:60]
    row.save()
    _clock(row, "statement", on, by, at)
    _note("notify_listing", row, by, at, state=state, on=on, how=row.notified_how)
    return row


@transaction.atomic
def record_statement(
    *, entry: CreditListEntry, on: dt.date, statement: str, by: Actor, at: dt.datetime, hearing: bool = False
) -> CreditListEntry:
    """What the party says, and whether it asks for a hearing. It is weighed even when it comes late."""
    row, state = _taken(entry, "record_statement", by)
    refuse(
        check.check_given(statement, "陈述申辩"), _day(on, at, "陈述申辩日期", "告知日期", row.notified_on)
    )
    row.stated_on, row.statement, row.hearing = on, statement.strip()[:500], hearing
    row.save()
    _finish(row, "statement", on, by, at)
    _note("record_statement", row, by, at, state=state, on=on, statement=row.statement, hearing=hearing)
    return row


@transaction.atomic
def answer_statement(
    *, entry: CreditListEntry, on: dt.date, answer: str, by: Actor, at: dt.datetime
) -> CreditListEntry:
    """What the office thinks of it, after the hearing where one was asked for."""
    row, state = _taken(entry, "answer_statement", by)
    refuse(check.check_given(answer, "复核意见"), _day(on, at, "复核日期", "陈述申辩日期", row.stated_on))
    row.answered_on, row.answer = on, answer.strip()[:500]
    row.save()
    _note("answer_statement", row, by, at, state=state, on=on, answer=row.answer)
    return row


def _statement_due(row: CreditListEntry) -> dt.date | None:
    """The last day for statements while that time runs."""
    held = clocks_of(SUBJECT, [row.pk]).get(row.pk, [])
    return next((c.due_legal for c in held if c.name == "statement" and c.state == Clock.RUNNING), None)


@transaction.atomic
def list_party(
    *, entry: CreditListEntry, on: dt.date, by: Actor, at: dt.datetime, waived: bool = False,
    restricted_until: dt.date | None = None,
) -> CreditListEntry:  # fmt: skip
    """Decide that the party is on the list from ``on``. ``restricted_until``: a legal restriction of its
    business beyond which it stays on the list.

    Refused: by whoever proposed (Q108), without consent (Q204), while the time for statements runs (Q205)
    unless ``waived`` in writing, before the penalty is decided (Q210), Q102, Q103.
    """
    row, state = _taken(entry, "list_party", by, DECIDE)
    kind, case = kind_of(row), row.case
    refuse(
        check.check_another_person(row.proposer, by.username),
        check.check_consent(kind, divisions.tier(row.office_code), row.consent_no),
        check.check_statement_over(_statement_due(row), on, waived),
        check.check_decided(case.number, case.decided_on is not None) if case else [],
        _day(on, at, "决定日期", "告知日期", row.answered_on or row.notified_on),
    )
    row.decided_on, row.decided_by, row.restricted_until = on, by.name, restricted_until
    row.ends_on = kind.ends_on(on, restricted_until)
    row.save()
    _finish(row, "statement", on, by, at)
    if kind.published:
        _clock(row, "publish", on, by, at)
        if case:
            mark_blacklisted(case=case, listed=True, permission=DECIDE, by=by, at=at)
    _note("list_party", row, by, at, state=state, on=on, ends_on=row.ends_on, waived=waived)
    _into_the_register([row.party_id], on, f"列入{kind.label}", by, at)
    return row


@transaction.atomic
def reject_listing(
    *, entry: CreditListEntry, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> CreditListEntry:
    """Not to be listed, with the reason. Refused: by whoever proposed (Q108), Q101, Q102."""
    row, state = _taken(entry, "reject_listing", by, DECIDE)
    refuse(
        check.check_another_person(row.proposer, by.username),
        check.check_given(reason, "理由"),
        _day(on, at, "决定日期", "提出日期", row.proposed_on),
    )
    row.decided_on, row.decided_by, row.note = on, by.name, reason.strip()[:300]
    row.save()
    clocks.drop_clocks(subject=SUBJECT, record=row.pk, reason=f"不予列入：{row.note}", by=by, at=at)
    _note("reject_listing", row, by, at, state=state, on=on, reason=row.note)
    return row


@transaction.atomic
def publish_listing(*, entry: CreditListEntry, on: dt.date, by: Actor, at: dt.datetime) -> CreditListEntry:
    """The public may see it from ``on`` (BL-1). Refused: a list that is not public (Q207), twice (Q208)."""
    row, state = _taken(entry, "publish_listing", by)
    refuse(
        check.check_to_publish(kind_of(row), row.published_on),
        _day(on, at, "公示日期", "决定日期", row.decided_on),
    )
    row.published_on = on
    row.save()
    _finish(row, "publish", on, by, at)
    _note("publish_listing", row, by, at, state=state, on=on)
    return row


# --- repair ---------------------------------------------------------------------------------------------


@transaction.atomic
def apply_for_repair(
    *, entry: CreditListEntry, on: dt.date, application: str, by: Actor, at: dt.datetime
) -> CreditListEntry:
    """The party asks to leave early; two working days to accept (CR-1).

    Refused: too early (Q301), while a legal restriction runs (Q302), barred for deceit (Q303), Q101, Q102.
    """
    row, state = _taken(entry, "apply_for_repair", by)
    listed_on = row.decided_on or row.proposed_on
    refuse(
        check.check_given(application, "修复申请"),
        check.check_may_apply(
            on, kind_of(row).repair_from(listed_on), row.restricted_until, row.barred_until
        ),
        _day(on, at, "申请修复日期", "决定日期", row.decided_on),
    )
    row.applied_on, row.application = on, application.strip()[:500]
    row.accepted_on, row.confirmed, row.repair_decided_on, row.repair_decided_by = None, {}, None, ""
    row.save()
    _clock(row, "accept_repair", on, by, at)
    _note("apply_for_repair", row, by, at, state=state, on=on, application=row.application)
    return row


@transaction.atomic
def ask_for_more(
    *, entry: CreditListEntry, on: dt.date, missing: str, by: Actor, at: dt.datetime
) -> CreditListEntry:
    """Tell the party once what is missing; the application begins anew when it comes back complete."""
    row, state = _taken(entry, "ask_for_more", by)
    refuse(check.check_given(missing, "需要补正的内容"), _day(on, at, "日期", "申请修复日期", row.applied_on))
    row.note = missing.strip()[:300]
    row.save()
    _finish(row, "accept_repair", on, by, at)
    _note("ask_for_more", row, by, at, state=state, on=on, missing=row.note)
    return row


@transaction.atomic
def accept_repair(*, entry: CreditListEntry, on: dt.date, by: Actor, at: dt.datetime) -> CreditListEntry:
    """The application is taken up; seven working days to decide (CR-2)."""
    row, state = _taken(entry, "accept_repair", by)
    refuse(_day(on, at, "受理日期", "申请修复日期", row.applied_on))
    row.accepted_on, row.repair_handler = on, by.username
    row.save()
    _finish(row, "accept_repair", on, by, at)
    _clock(row, "decide_repair", on, by, at)
    _note("accept_repair", row, by, at, state=state, on=on)
    return row


@transaction.atomic
def extend_repair(
    *, entry: CreditListEntry, days: int, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> CreditListEntry:
    """More working days for the decision, approved on ``on``; what the rule allows is in deadlines.toml."""
    row, state = _taken(entry, "extend_repair", by, DECIDE)
    refuse(_day(on, at, "批准日期", "受理日期", row.accepted_on))
    clocks.extend_clock(
        subject=SUBJECT, record=row.pk, name="decide_repair", n=days, unit="WD", approved_on=on,
        reason=reason, by=by, at=at,
    )  # fmt: skip
    _note("extend_repair", row, by, at, state=state, days=days, on=on, reason=reason)
    return row


def from_the_record(row: CreditListEntry, on: dt.date) -> dict[str, bool]:
    """The conditions of repair that the record answers, by id."""
    listed_on = row.decided_on or row.proposed_on
    again = Case.objects.filter(
        Q(business_stopped=True) | Q(licence_revoked=True), party=row.party_id, decided_on__gt=listed_on
    )
    answers = {
        "waiting": on >= kind_of(row).repair_from(listed_on),
        "restriction": row.restricted_until is None or on >= row.restricted_until,
        "no_new_penalty": not again.exists(),
    }
    return {c.id: answers[c.answered] for c in rules.conditions().values() if c.answered in answers}


@transaction.atomic
def grant_repair(
    *, entry: CreditListEntry, on: dt.date, confirmed: Mapping[str, str], by: Actor, at: dt.datetime
) -> CreditListEntry:
    """Decide that the party may leave; three working days to carry it out (CR-4).

    ``confirmed``: condition → what was seen, for those that a person answers. Refused: some condition does
    not hold (Q304), by whoever accepted the application (Q108), Q102, Q103.
    """
    row, state = _taken(entry, "grant_repair", by, DECIDE)
    seen = {key: words.strip() for key, words in confirmed.items() if words.strip()}
    held = {key for key, holds in from_the_record(row, on).items() if holds} | set(seen)
    missing = [c.label for c in rules.conditions().values() if c.id not in held]
    refuse(
        check.check_another_person(row.repair_handler, by.username),
        check.check_conditions(missing),
        _day(on, at, "修复决定日期", "受理日期", row.accepted_on),
    )
    row.repair_decided_on, row.repair_decided_by, row.confirmed = on, by.name, seen
    row.save()
    _finish(row, "decide_repair", on, by, at)
    _clock(row, "carry_out", on, by, at)
    _note("grant_repair", row, by, at, state=state, on=on, confirmed=seen)
    return row


@transaction.atomic
def refuse_repair(
    *, entry: CreditListEntry, on: dt.date, reason: str, by: Actor, at: dt.datetime, deceit: bool = False
) -> CreditListEntry:
    """The party stays on the list; after ``deceit`` it may not ask again for the time of CR-5."""
    row, state = _taken(entry, "refuse_repair", by, DECIDE)
    refuse(
        check.check_another_person(row.repair_handler, by.username),
        check.check_given(reason, "理由"),
        _day(on, at, "修复决定日期", "受理日期", row.accepted_on),
    )
    row.repair_decided_on, row.repair_decided_by, row.note = on, by.name, reason.strip()[:300]
    row.barred_until = kind_of(row).barred_until(on) if deceit else row.barred_until
    row.save()
    _finish(row, "decide_repair", on, by, at)
    _note("refuse_repair", row, by, at, state=state, on=on, reason=row.note, deceit=deceit)
    return row


# --- off the list ---------------------------------------------------------------------------------------


def _left(row: CreditListEntry, on: dt.date, note: str, by: Actor, at: dt.datetime) -> None:
    row.removed_on, row.note = on, note.strip()[:300]
    row.save()
    clocks.drop_clocks(subject=SUBJECT, record=row.pk, reason=note or "已移出", by=by, at=at)
    _into_the_register([row.party_id], on, f"{note or '移出'}：{kind_of(row).label}", by, at)


@transaction.atomic
def carry_out_removal(*, entry: CreditListEntry, on: dt.date, by: Actor, at: dt.datetime) -> CreditListEntry:
    """The repair is carried out: publication has stopped, the party is off the list."""
    row, state = _taken(entry, "carry_out_removal", by)
    refuse(_day(on, at, "移出日期", "修复决定日期", row.repair_decided_on))
    _finish(row, "carry_out", on, by, at)
    _left(row, on, "信用修复移出", by, at)
    _note("carry_out_removal", row, by, at, state=state, on=on)
    return row


@transaction.atomic
def end_listing(*, entry: CreditListEntry, on: dt.date, by: Actor, at: dt.datetime) -> CreditListEntry:
    """The term is over (BL-4). Refused: not yet (Q209)."""
    row, state = _taken(entry, "end_listing", by)
    refuse(check.check_term_over(row.ends_on, on), _day(on, at, "移出日期", "决定日期", row.decided_on))
    _left(row, on, "期满移出", by, at)
    _note("end_listing", row, by, at, state=state, on=on)
    return row


@transaction.atomic
def revoke_listing(
    *, entry: CreditListEntry, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> CreditListEntry:
    """The decision is taken back: its penalty was changed, revoked or found unlawful. What was published is
    withdrawn within the days of CS-21."""
    row, state = _taken(entry, "revoke_listing", by, DECIDE)
    refuse(check.check_given(reason, "理由"), _day(on, at, "撤销日期", "决定日期", row.decided_on))
    _left(row, on, f"撤销：{reason}", by, at)
    if row.published_on:
        _clock(row, "withdraw", on, by, at)
    if row.case and kind_of(row).published:
        mark_blacklisted(case=row.case, listed=False, permission=DECIDE, by=by, at=at)
    _note("revoke_listing", row, by, at, state=state, on=on, reason=reason)
    return row


def _into_the_register(
    parties: Collection[int], on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> None:
    """不良信用 of these parties in the register: that of their worst list, else 无; levels follow."""
    held = CreditListEntry.objects.filter(party__in=parties, state__in=ON_LIST).order_by()
    order = [kind.bad_credit for kind in rules.lists().values()]  # worst last
    worst: dict[int, str] = dict.fromkeys(parties, "无")
    for party, kind in held.values_list("party_id", "kind"):
        found = rules.lists()[kind].bad_credit
        if worst[party] not in order or order.index(found) > order.index(worst[party]):
            worst[party] = found
    for value in ("无", *order):
        keys = [party for party, found in worst.items() if found == value]
        if keys:
            Party.objects.filter(pk__in=keys).update(bad_credit=value, updated_at=at)
    regrade_parties(parties=parties, fact="bad_credit", on=on, reason=reason, by=by, at=at)
