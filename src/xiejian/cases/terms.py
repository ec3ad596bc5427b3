"""Time limits of a case by hand: extended as approved, stopped and run again with a reason."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from xiejian.cases import checks as check
from xiejian.cases import proceeding_checks as rules
from xiejian.cases.checks import refuse
from xiejian.cases.models import Case, Proceeding
from xiejian.clocks import actions as clocks
from xiejian.clocks.models import Clock
from xiejian.kernel import deadline_rules
from xiejian.kernel.deadline_rules import Extension
from xiejian.people.policy import Actor, may, require

#: Whoever decides on a case extends its terms; for cases that are only recorded, whoever records them.
APPROVE, RECORD = "cases.approve", "cases.edit"
_SUBJECTS = ("case", "proceeding")


def running(record: Case | Proceeding) -> QuerySet[Clock]:
    """The running clocks of a case or a proceeding and of the other of the two."""
    if isinstance(record, Case):
        led = Proceeding.objects.filter(case=record).values("pk")
        mine = Q(subject="case", record=record.pk) | Q(subject="proceeding", record__in=led)
    else:
        mine = Q(subject="proceeding", record=record.pk) | Q(subject="case", record=record.case_id)
    return Clock.objects.filter(mine, state=Clock.RUNNING)


def extension_of(clock: Clock) -> Extension | None:
    """By how much the rule of a clock may be extended; None: not at all."""
    return deadline_rules.load().rules[clock.applied].extension


def may_change(by: Actor, office_code: str) -> bool:
    return any(may(by, permission, office_code) for permission in (APPROVE, RECORD))


def _begin(clock: Clock, by: Actor) -> None:
    if not may_change(by, clock.office_code):
        require(by, APPROVE, clock.office_code, where=clock.title)
    refuse(rules.one_of(clock.subject, _SUBJECTS, "案件的时限"))


@transaction.atomic
def extend_term(*, clock: Clock, n: int, on: dt.date, reason: str, by: Actor, at: dt.datetime) -> Clock:
    """延长, as approved on a day: the first time by at most what the rule says (C504, C505).

    A further one has no number in the law: its reason names who agreed on it.
    """
    _begin(clock, by)
    found = extension_of(clock)
    again = bool(clock.facts.get("extensions"))
    most = n if found and (again or not found.n) else (found.n or 0) if found else 0
    refuse(
        check.check_given(reason, "延长的理由"),
        check.check_not_in_future(on, timezone.localdate(at), "批准日期"),
        rules.positive(n, "延长的时间"),
        rules.extension_fits(clock.label, most, n, extended_before=False) if n > 0 else [],
    )
    return clocks.extend_clock(
        subject=clock.subject, record=clock.record, name=clock.name, n=n,
        unit=found.unit if found else "ND", approved_on=on, reason=reason, by=by, at=at,
    )  # fmt: skip


@transaction.atomic
def suspend_term(*, clock: Clock, first: dt.date, reason: str, by: Actor, at: dt.datetime) -> Clock:
    """中止计时 from a day on: testing, public notice and what else the rule leaves out."""
    _begin(clock, by)
    return clocks.suspend_clock(
        subject=clock.subject, record=clock.record, name=clock.name, first=first, reason=reason, by=by, at=at
    )


@transaction.atomic
def resume_term(*, clock: Clock, last: dt.date, by: Actor, at: dt.datetime) -> Clock:
    """恢复计时: ``last`` is the last day that does not count."""
    _begin(clock, by)
    return clocks.resume_clock(
        subject=clock.subject, record=clock.record, name=clock.name, last=last, by=by, at=at
    )
