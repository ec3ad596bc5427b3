"""The facts of an evaluation, counted for all parties of an office at once, and the records behind each.

One source is one kind of record: the same rows are counted for many (``counted``) and shown for one
(``records``), so that a number always opens what it was counted from.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Model, Q, QuerySet, Sum

from xiejian.cases.models import Case, Commitment, InterviewPlan
from xiejian.credit.models import ON_LIST, CreditInformation, CreditListEntry, PublicCommitment
from xiejian.inspections.models import Correction, Visit
from xiejian.kernel.divisions import stem
from xiejian.kernel.timeline import Event
from xiejian.leads.models import Lead
from xiejian.registry.models import Party
from xiejian.sampling.checks import FAILED
from xiejian.sampling.models import Sample

#: Records of one fact that a page shows.
SHOWN = 50
Rows = Callable[[dt.date, dt.date], QuerySet[Any]]


@dataclass(frozen=True)
class Source:
    """Records that count for ``fact``. ``party``: the path to the party, ``on``: the day of a record,
    ``permission``: who may open it, ``amount``: a sum of 分 instead of a count."""

    fact: str
    kind: str
    permission: str
    rows: Rows
    title: Callable[[Any], str]
    on: str
    page: Callable[[Any], str]
    party: str = "party"
    amount: Any = None
    day: Callable[[Any], dt.date] | None = None  # where ``on`` only orders

    def event(self, row: Any) -> Event:
        on = self.day(row) if self.day else getattr(row, self.on)
        return Event(on, self.kind, self.title(row), "", self.page(row))


def _cases(*wanted: Q, **exact: Any) -> Rows:
    return lambda first, last: Case.objects.filter(*wanted, decided_on__range=(first, last), **exact)


_MONEY = Q(fine_fen__gt=0) | Q(personal_fine_fen__gt=0) | Q(confiscated_fen__gt=0)
_HARD = Q(business_stopped=True) | Q(licence_revoked=True)


def _case(fact: str, rows: Rows, amount: Any = None) -> Source:
    return Source(
        fact, "案件", "cases.view", rows, lambda c: f"{c.number} {c.conduct}", "decided_on",
        lambda c: f"/cases/{c.pk}/", amount=amount,
    )  # fmt: skip


def _visit(fact: str, rows: Rows, on: str) -> Source:
    return Source(
        fact, "检查", "inspections.view", rows, lambda v: f"{v.number} {v.kind}", on,
        lambda v: f"/visits/{v.pk}/",
    )  # fmt: skip


def _sample(fact: str, rows: Rows, on: str) -> Source:
    return Source(
        fact, "抽检", "sampling.view", rows, lambda s: f"{s.number} {s.product_name}", on,
        lambda s: f"/samples/{s.pk}/",
    )  # fmt: skip


def _listed(fact: str, kind: str) -> Source:
    def rows(first: dt.date, last: dt.date) -> QuerySet[Any]:
        return CreditListEntry.objects.filter(
            kind=kind, state__in=ON_LIST, decided_on__lte=last, ends_on__gt=last
        )

    return Source(
        fact, "名单", "credit.view", rows, lambda e: e.number, "decided_on",
        lambda e: f"/credit/lists/{e.pk}/",
    )  # fmt: skip


def _information(kind: str) -> Source:
    return Source(
        kind, "信用信息", "credit.view",
        lambda first, last: CreditInformation.objects.filter(kind=kind, on__range=(first, last)),
        lambda i: f"{i.text}（{i.source}）", "on", lambda i: f"/credit/parties/{i.party_id}/",
    )  # fmt: skip


SOURCES: tuple[Source, ...] = (
    _listed("blacklisted", "blacklist"),
    _listed("watched", "watch"),
    _case("licence_revoked", _cases(licence_revoked=True)),
    _case("business_stopped", _cases(business_stopped=True)),
    _case("police", _cases(transfers__contains="公安")),
    _case("penalties", _cases(_MONEY | _HARD)),
    _case("warnings", _cases(~_MONEY, business_stopped=False, licence_revoked=False)),
    _case("penalty_fen", _cases(_MONEY), F("fine_fen") + F("personal_fine_fen") + F("confiscated_fen")),
    _visit(
        "severe_visits",
        lambda first, last: Visit.objects.filter(
            Q(conclusion="停产整改") | Q(severe_defects__gt=0), state="concluded",
            visited_on__range=(first, last),
        ),
        "visited_on",
    ),
    _visit(
        "failed_rechecks",
        lambda first, last: Visit.objects.filter(recheck_result="未通过", recheck_on__range=(first, last)),
        "recheck_on",
    ),
    Source(
        "overdue_orders", "责令改正", "inspections.view",
        lambda first, last: Correction.objects.filter(
            state__in=("ordered", "failed"), due_on__gte=first, due_on__lt=last
        ),
        lambda c: c.number, "due_on", lambda c: f"/corrections/{c.pk}/", party="visit__party",
    ),
    _sample(
        "failed_samples",
        lambda first, last: Sample.objects.filter(
            Q(final_result=FAILED, final_on__range=(first, last))
            | Q(final_result="", result=FAILED, result_on__range=(first, last))
        ),
        "result_on",
    ),
    Source(
        "refused_sampling", "抽检", "sampling.view",
        # the day of a refusal stands apart: no sample was taken on it
        lambda first, last: Sample.objects.filter(
            state="refused", extra__拒绝日期__gte=first.isoformat(), extra__拒绝日期__lte=last.isoformat()
        ),
        lambda s: s.number, "planned_on", lambda s: f"/samples/{s.pk}/",
        day=lambda s: dt.date.fromisoformat(s.extra["拒绝日期"]),
    ),
    Source(
        "founded_complaints", "线索", "leads.view",
        lambda first, last: Lead.objects.filter(
            outcome__in=("属实", "部分属实"), answered_on__range=(first, last), party__isnull=False
        ).exclude(state="merged"),
        lambda d: f"{d.number} {d.text[:30]}", "answered_on", lambda d: f"/leads/{d.pk}/",
    ),
    Source(
        "promises_broken", "约谈承诺", "cases.view",
        lambda first, last: Commitment.objects.filter(kept=False, looked_on__range=(first, last)),
        lambda c: c.text[:40], "looked_on", lambda c: f"/commitments/{c.pk}/", party="interview__party",
    ),
    Source(
        "promises_broken", "公开承诺", "credit.view",
        lambda first, last: PublicCommitment.objects.filter(kept=False, looked_on__range=(first, last)),
        lambda c: c.text[:40], "looked_on", lambda c: f"/credit/commitments/{c.pk}/",
    ),
    Source(
        "no_shows", "约谈", "cases.view",
        lambda first, last: InterviewPlan.objects.filter(state="no_show", planned_on__range=(first, last)),
        lambda p: p.reason, "planned_on", lambda p: "",
    ),
    _information("report_missing"),
    _information("self_reported"),
    _information("honour"),
)  # fmt: skip


def _values(source: Source, rows: QuerySet[Model]) -> QuerySet[Any, Any]:
    party = f"{source.party}_id" if "__" not in source.party else f"{source.party}__id"
    measure = Sum(source.amount) if source.amount is not None else Count("pk")
    return rows.order_by().values(party).annotate(found=measure).values_list(party, "found")


def counted(office_code: str, first: dt.date, last: dt.date) -> dict[int, dict[str, int]]:
    """Party → fact → how often (or how many 分) in the period, for the parties of an office and below.

    Only what is not zero; one query a source, however many parties. Not bounded by an actor: it feeds a
    grade, whose reader sees the records that they may open.
    """
    found: dict[int, dict[str, int]] = {}
    base = stem(office_code)
    for source in SOURCES:
        rows = source.rows(first, last)
        rows = rows.filter(**{f"{source.party}__office_code__startswith": base}) if base else rows
        _add(found, source, rows)
    return found


def counted_of(party: Party, first: dt.date, last: dt.date) -> dict[str, int]:
    """The same facts of one party."""
    found: dict[int, dict[str, int]] = {}
    for source in SOURCES:
        _add(found, source, source.rows(first, last).filter(**{source.party: party}))
    return found.get(party.pk, {})


def _add(found: dict[int, dict[str, int]], source: Source, rows: QuerySet[Any]) -> None:
    for key, value in _values(source, rows):
        if value:
            facts = found.setdefault(key, {})
            facts[source.fact] = facts.get(source.fact, 0) + int(value)


def records(party: Party, fact: str, first: dt.date, last: dt.date) -> list[tuple[Event, str]]:
    """The records that count for one fact of a party, newest first, each with the permission to open it."""
    found = [
        (source.event(row), source.permission)
        for source in SOURCES
        if source.fact == fact
        for row in source.rows(first, last)
        .filter(**{source.party: party})
        .order_by(F(source.on).desc(nulls_last=True))[:SHOWN]
    ]
    return sorted(found, key=lambda pair: pair[0].on, reverse=True)
