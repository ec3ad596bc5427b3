"""单位网上答复: a firm answers its own order, from its account or by a link without one.

The link's token is random, shown once and kept only as its digest. It opens one order, until some days
after the order's date, until it is revoked or the order is done. What the firm sends goes through the same
actions as what an officer records; its actor holds one permission and sees no rows (people.policy).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from xiejian.inspections import actions, correction_items, limits
from xiejian.inspections.correction_items import ItemAnswer
from xiejian.inspections.models import AnswerLink, Correction
from xiejian.inspections.rule_files import problems
from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.policy import RECEIPT_ROLE, Actor, require, require_for

TOKEN_BYTES = 32
ANSWERABLE = ("ordered", "failed")
FIRM = "firm.answer"  # of a firm's own people
_HOUR = dt.timedelta(hours=1)


def digest(token: str) -> str:
    """How a token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def _note(action: str, link: AnswerLink, by: Actor, at: dt.datetime, **detail: object) -> None:
    audit.record(
        by=by, at=at, action=action, subject="correction", key=link.correction.number,
        office_code=link.correction.office_code, detail=detail,
    )  # fmt: skip


@transaction.atomic
def open_answer_link(*, correction: Correction, by: Actor, at: dt.datetime) -> tuple[AnswerLink, str]:
    """A new link for the firm and its token, which nobody can read again; earlier links end with it.

    Refused (I312) when the order waits for no answer.
    """
    require(by, actions.PERMISSION, correction.office_code, where=correction.number)
    row = Correction.objects.select_for_update(of=("self",)).get(pk=correction.pk)
    if row.state not in ANSWERABLE:
        raise Refused(problems("I312", where=row.number, state=actions.CORRECTION_WORKFLOW.states[row.state]))
    today = timezone.localdate(at)
    until = max(row.due_on or today, today) + dt.timedelta(days=limits.link_days())
    AnswerLink.objects.filter(correction=row, revoked_at=None).update(revoked_at=at)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link = AnswerLink.objects.create(
        correction=row, token_digest=digest(token), expires_on=until, made_at=at, by_name=by.name
    )
    _note("open_answer_link", link, by, at, expires_on=until)
    return link, token


@transaction.atomic
def revoke_answer_link(*, correction: Correction, by: Actor, at: dt.datetime) -> int:
    """End the links of an order at once; how many were open."""
    require(by, actions.PERMISSION, correction.office_code, where=correction.number)
    open_links = list(AnswerLink.objects.filter(correction=correction, revoked_at=None))
    AnswerLink.objects.filter(pk__in=[link.pk for link in open_links]).update(revoked_at=at)
    if open_links:
        _note("revoke_answer_link", open_links[0], by, at, links=len(open_links))
    return len(open_links)


def link_of(token: str, at: dt.datetime) -> AnswerLink | None:
    """The link that a token opens now, with its order, visit and party; None for anything else."""
    return (
        AnswerLink.objects.select_related("correction__visit__party")
        .filter(token_digest=digest(token), revoked_at=None, expires_on__gte=timezone.localdate(at))
        .first()
    )


def _firm(link: AnswerLink, person: str) -> Actor:
    """The firm as an actor: named in the audit, one permission, no rows."""
    name = f"{link.correction.visit.party.name}（{person.strip()}）"
    return Actor(f"receipt-{link.pk}", name[:60], link.correction.office_code, RECEIPT_ROLE)


def _count(link: AnswerLink, at: dt.datetime) -> None:
    """Count one sending; Refused (I314) above the limit of the hour."""
    if link.hour_from is None or at - link.hour_from >= _HOUR:
        link.hour_from, link.sent_in_hour = at, 0
    if link.sent_in_hour >= limits.answers_in_hour():
        raise Refused(problems("I314", most=limits.answers_in_hour()))
    link.sent_in_hour += 1
    link.save(update_fields=["hour_from", "sent_in_hour"])


@transaction.atomic
def _counted(token: str, at: dt.datetime) -> AnswerLink:
    link = AnswerLink.objects.select_for_update().filter(token_digest=digest(token)).first()
    if link is None or link_of(token, at) is None:
        raise Refused(problems("I313"))
    _count(link, at)
    return link


def answer_by_link(
    *,
    token: str,
    person: str,
    answers: Sequence[ItemAnswer],
    at: dt.datetime,
    complete: bool,
    answer: str = "",
) -> Correction:
    """The firm's answer through its link. ``complete``: the whole report, else an answer to some items.

    ``answer``: what is said to the whole order, needed where it has no items. Refused: a link that does not
    work (I313), sent too often (I314), too many files (I315), nobody named (I106), and as the actions
    ``answer_items`` and ``submit_correction`` refuse; the order was submitted or closed meanwhile (K101).
    """
    _counted(token, at)
    _check_files(answers)
    if not person.strip():
        raise Refused(problems("I106", where="答复人"))
    with transaction.atomic():
        link = link_of(token, at)
        if link is None:
            raise Refused(problems("I313"))
        order = _take(link.correction, answers, complete, answer, _firm(link, person), at)
        AnswerLink.objects.filter(pk=link.pk).update(answered_at=at)
    return order


@transaction.atomic
def answer_as_firm(
    *,
    correction: Correction,
    answers: Sequence[ItemAnswer],
    by: Actor,
    at: dt.datetime,
    complete: bool,
    answer: str = "",
) -> Correction:
    """The firm's answer from its own account, by the name of who signed in; else as ``answer_by_link``.

    Refused: another firm's order (P101), too many files (I315), and as the actions refuse.
    """
    party = correction.visit.party
    require_for(by, FIRM, party.uscc or "", where=correction.number)
    _check_files(answers)
    return _take(correction, answers, complete, answer, _acting(correction, by), at)


@transaction.atomic
def take_back(*, correction: Correction, reason: str, by: Actor, at: dt.datetime) -> Correction:
    """The firm takes its report back to complete it, before anybody has re-checked it.

    Refused: another firm's order (P101), no reason (I106), a report that is judged already (K101).
    """
    require_for(by, FIRM, correction.visit.party.uscc or "", where=correction.number)
    return actions.withdraw_submission(
        correction=correction, reason=reason, by=_acting(correction, by), at=at
    )


def _check_files(answers: Sequence[ItemAnswer]) -> None:
    files = sum(len(one.files) for one in answers)
    if files > limits.files_in_answer():
        raise Refused(problems("I315", most=limits.files_in_answer(), count=files))


def _acting(correction: Correction, by: Actor) -> Actor:
    """Somebody of the firm for this one order: one permission, no rows, the own name in the audit."""
    return Actor(by.username, by.name, correction.office_code, RECEIPT_ROLE)


def _take(
    order: Correction,
    answers: Sequence[ItemAnswer],
    complete: bool,
    answer: str,
    by: Actor,
    at: dt.datetime,
) -> Correction:
    """The whole report, or an answer to some of the items."""
    if not complete:
        return actions.answer_items(correction=order, answers=answers, by=by, at=at)
    return actions.submit_correction(
        correction=order, submitted_on=timezone.localdate(at), answer=answer, answers=answers, by=by, at=at
    )


def open_items(order: Correction) -> list[correction_items.CorrectionItem]:
    """What the firm may still answer."""
    return correction_items.still_open(order.items.all())
