"""Every non-trivial read of the cases room. Lists are bounded by people.policy.visible."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet, Sum

from xiejian.cases.actions import CASE_WORKFLOW, state_of
from xiejian.cases.models import Case, Interview
from xiejian.kernel.divisions import stem
from xiejian.kernel.timeline import Event
from xiejian.people.policy import Actor, visible
from xiejian.registry.models import Party

CASE_SORTS = {
    "filed": "filed_on",
    "decided": "decided_on",
    "number": "number",
    "party": "party__name",
    "fine": "fine_fen",
}
#: The states of a case as conditions on its dates.
STATES = {
    "filed": Q(decided_on=None, closed_on=None),
    "decided": Q(decided_on__isnull=False, closed_on=None),
    "closed": Q(closed_on__isnull=False),
}
FEN = 100  # 分 in a yuan


def yuan(fen: int) -> str:
    """Whole 分 as yuan with two decimals only where there are any.

    >>> yuan(1234500), yuan(5)
    ('12345', '0.05')
    """
    whole, rest = divmod(fen, FEN)
    return f"{whole}.{rest:02d}" if rest else str(whole)


def cases(
    actor: Actor | None,
    *,
    search: str = "",
    state: str = "",
    link: str = "",
    procedure: str = "",
    campaign: str = "",
    office: str = "",
    party: Party | None = None,
    since: dt.date | None = None,
    until: dt.date | None = None,
    sort: str = "-filed",
) -> QuerySet[Case]:
    """Cases in the actor's reach with their party. ``since``/``until`` bound the day of filing."""
    rows = visible(Case.objects.select_related("party"), actor)
    exact = {"link": link, "procedure": procedure, "campaign": campaign}
    rows = rows.filter(**{field: value for field, value in exact.items() if value})
    if state in STATES:
        rows = rows.filter(STATES[state])
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    if party is not None:
        rows = rows.filter(party=party)
    if since:
        rows = rows.filter(filed_on__gte=since)
    if until:
        rows = rows.filter(filed_on__lte=until)
    if text := search.strip():
        rows = rows.filter(
            Q(number__icontains=text)
            | Q(party__name__icontains=text)
            | Q(party__uscc__icontains=text)
            | Q(conduct__icontains=text)
        )
    column = CASE_SORTS.get(sort.lstrip("-"), "filed_on")
    order = F(column).desc(nulls_last=True) if sort.startswith("-") else F(column).asc(nulls_last=True)
    return rows.order_by(order, "-id")


def case(actor: Actor | None, case_id: int) -> Case | None:
    """One case in the actor's reach."""
    return cases(actor).filter(pk=case_id).first()


def interviews(
    actor: Actor | None,
    *,
    search: str = "",
    campaign: str = "",
    office: str = "",
    party: Party | None = None,
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> QuerySet[Interview]:
    """Interviews in the actor's reach with their party, newest first."""
    rows = visible(Interview.objects.select_related("party"), actor)
    if campaign:
        rows = rows.filter(campaign=campaign)
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    if party is not None:
        rows = rows.filter(party=party)
    if since:
        rows = rows.filter(held_on__gte=since)
    if until:
        rows = rows.filter(held_on__lte=until)
    if text := search.strip():
        rows = rows.filter(Q(party__name__icontains=text) | Q(reason__icontains=text))
    return rows


def interview(actor: Actor | None, interview_id: int) -> Interview | None:
    return interviews(actor).filter(pk=interview_id).first()


def campaigns_named(actor: Actor | None) -> list[str]:
    """The campaigns that cases and interviews in the actor's reach name, in order."""
    named = [visible(model.objects.exclude(campaign=""), actor).order_by() for model in (Case, Interview)]
    return sorted(
        named[0].values_list("campaign", flat=True).union(named[1].values_list("campaign", flat=True))
    )


def state_label(row: Case) -> str:
    """The case's state in words, e.g. 已决定."""
    return CASE_WORKFLOW.states[state_of(row)]


def _case_events(row: Case) -> list[Event]:
    page = f"/cases/{row.pk}/"
    fines = [f"罚款{yuan(row.fine_fen)}元"] if row.fine_fen else []
    fines += [f"个人罚款{yuan(row.personal_fine_fen)}元"] if row.personal_fine_fen else []
    fines += [f"没收违法所得{yuan(row.confiscated_fen)}元"] if row.confiscated_fen else []
    steps = [
        (row.filed_on, f"立案：{row.conduct or row.link}", ""),
        (row.decided_on, "作出处罚决定", "、".join(fines)),
        (row.closed_on, "结案", ""),
    ]
    return [
        Event(on, "案件", title, "；".join(filter(None, [row.number, detail])), page)
        for on, title, detail in steps
        if on
    ]


def timeline(actor: Actor | None, party: Party) -> list[Event]:
    """Cases and interviews of a party that the actor may see, newest first (transfers: see inspections)."""
    events = [event for row in cases(actor, party=party) for event in _case_events(row)]
    events += [
        Event(
            row.held_on,
            "约谈",
            f"责任约谈：{row.reason or '未写明事由'}",
            row.campaign,
            f"/interviews/{row.pk}/",
        )
        for row in interviews(actor, party=party)
    ]
    return sorted(events, key=lambda event: event.on, reverse=True)


@dataclass(frozen=True)
class Sums:
    """Cases of a period: filed in it, decided in it, and what the decisions amount to (分)."""

    filed: int
    decided: int
    fines_fen: int
    confiscated_fen: int


def sums(actor: Actor | None, *, from_on: dt.date, until: dt.date) -> Sums:
    """Cases filed and decided between two days, with fines of units and persons. One query."""
    decided = Q(decided_on__range=(from_on, until))
    found = visible(Case.objects.all(), actor).aggregate(
        filed=Count("id", filter=Q(filed_on__range=(from_on, until))),
        decided=Count("id", filter=decided),
        fines=Sum(F("fine_fen") + F("personal_fine_fen"), filter=decided, default=0),
        confiscated=Sum("confiscated_fen", filter=decided, default=0),
    )
    return Sums(found["filed"], found["decided"], found["fines"], found["confiscated"])
