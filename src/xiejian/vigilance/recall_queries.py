"""Every read about recalls.

An officer sees the recalls of the own area and those that a unit of it holds product of; a firm those of
its own and those that it is asked to answer. Of the units each sees what is its business: ``holders``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, DateField, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from xiejian.clocks.models import Clock
from xiejian.kernel.divisions import stem
from xiejian.kernel.problems import Refused
from xiejian.kernel.timeline import Event
from xiejian.people.policy import Actor, visible
from xiejian.registry.models import Party
from xiejian.supply.models import Movement
from xiejian.vigilance.checks import problems
from xiejian.vigilance.models import Recall, RecallDemand, RecallHolder, RecallProgress
from xiejian.vigilance.recall_figures import Figures, figures
from xiejian.vigilance.recalls import OPEN, SUBJECT

#: what anybody may know of: decided, whatever came of it
ANNOUNCED = (
    "decided", "notified", "form_filed", "plan_filed", "in_progress", "completed", "summary_filed",
    "effective", "ordered_again",
)  # fmt: skip
ANSWERED = "answered"


def _seen(actor: Actor | None) -> QuerySet[Recall]:
    own = visible(Recall.objects.all(), actor, firm="holder_uscc")
    # a unit learns of a recall when it is told of it, its office when it stands on the list
    asked = visible(RecallHolder.objects.all(), actor, firm="uscc")
    if actor is not None and actor.firm:
        asked = asked.exclude(notified_on=None)
    return Recall.objects.filter(Q(pk__in=own.values("pk")) | Q(pk__in=asked.values("recall_id")))


def recalls(
    actor: Actor | None,
    *,
    search: str = "",
    state: str = "",
    level: str = "",
    kind: str = "",
    office: str = "",
) -> QuerySet[Recall]:
    """Recalls in the actor's reach with ``due``, the nearest running limit, ``units``, ``answered`` and
    ``held`` of their holders. Empty filters do not filter.
    """
    rows = _seen(actor).select_related("party")
    exact = {"state": state, "level": level, "kind": kind}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    for word in search.split():
        found = Q()
        for name in ("number", "order_no", "product_name", "registration_no", "di", "holder_name", "lots"):
            found |= Q(**{f"{name}__icontains": word})
        rows = rows.filter(found)
    running = Clock.objects.filter(
        subject=SUBJECT, record=OuterRef("pk"), state=Clock.RUNNING, due_legal__isnull=False
    )
    due = Subquery(running.order_by("due_legal").values("due_legal")[:1], output_field=DateField())
    return rows.annotate(
        due=due,
        units=Count("holders"),
        answered=Count("holders", filter=Q(holders__state=ANSWERED)),
        held=Coalesce(Sum("holders__quantity"), 0),
    )


def recall(actor: Actor | None, pk: int) -> Recall | None:
    """One recall with its demands and progress reports."""
    return (
        recalls(actor)
        .filter(pk=pk)
        .select_related("follows")
        .prefetch_related(
            Prefetch("demands", RecallDemand.objects.all()),
            Prefetch("progress", RecallProgress.objects.all()),
            Prefetch("repeats", Recall.objects.all()),
        )
        .first()
    )


def with_unanswered(rows: QuerySet[Recall]) -> QuerySet[Recall]:
    """Of ``recalls`` those that run and wait for the answer of a unit that was told."""
    waiting = RecallHolder.objects.filter(state="informed").values("recall_id")
    return rows.filter(state__in=OPEN, pk__in=waiting)


def recall_by_number(actor: Actor | None, number: str) -> Recall:
    """Refused J427 when there is none in reach."""
    found = recalls(actor).filter(number=number).first()
    if found is None:
        raise Refused(problems("J427", number, number=number))
    return found


def holders(
    actor: Actor | None, *, recall: Recall | None = None, search: str = "", state: str = "", office: str = ""
) -> QuerySet[RecallHolder]:
    """The units of recalls that are the actor's business.

    Of a recall of the own area an officer sees every unit, of another's those of the own area. A firm sees
    itself once it was told, and of its own recall the firms that it delivered the product to itself.
    """
    rows = RecallHolder.objects.select_related("recall")
    if recall is not None:
        rows = rows.filter(recall=recall)
    if actor is not None and actor.firm:
        rows = rows.filter(_of_firm(actor, recall))
    elif actor is not None:
        rows = visible(rows, actor, ["office_code", "recall__office_code"])
    else:
        rows = rows.none()
    rows = rows.filter(state=state) if state else rows
    rows = rows.filter(office_code__startswith=stem(office)) if office else rows
    for word in search.split():
        named = Q(name__icontains=word) | Q(uscc__icontains=word) | Q(recall__number__icontains=word)
        rows = rows.filter(named)
    return rows


def _of_firm(actor: Actor, recall: Recall | None) -> Q:
    itself = Q(uscc=actor.firm) & (~Q(notified_on=None) | Q(recall__holder_uscc=actor.firm))
    if recall is None or recall.holder_uscc != actor.firm:
        return itself
    buyers = Movement.objects.filter(
        firm_uscc=actor.firm, kind="ship", di=recall.di, lot__in=recall.lots, voided=False
    )
    return (
        itself
        | Q(recall__holder_uscc=actor.firm, uscc__in=buyers.values("partner_uscc"))
        | Q(recall__holder_uscc=actor.firm, from_trace=False)
    )


def holder(actor: Actor | None, pk: int) -> RecallHolder | None:
    """One unit of a recall, with its recall, where ``holders`` shows it."""
    found = RecallHolder.objects.select_related("recall").filter(pk=pk).first()
    return holders(actor, recall=found.recall).filter(pk=pk).first() if found else None


def progress(recall: Recall) -> Figures:
    """How far a recall is, over all of its units: counts only, so whoever may see the recall may see them."""
    rows = list(RecallHolder.objects.filter(recall=recall))
    return figures(recall.planned, rows, list(recall.progress.all()))


def to_answer(actor: Actor | None) -> QuerySet[RecallHolder]:
    """Units that were told and have not answered, of recalls that are open: in the actor's reach."""
    rows = visible(
        RecallHolder.objects.select_related("recall"), actor, ["office_code", "recall__office_code"],
        firm="uscc",
    )  # fmt: skip
    return rows.filter(state="informed", recall__state__in=OPEN).order_by("notified_on", "pk")


@dataclass(frozen=True)
class Counts:
    """How the recalls stand: how many run, how many are late, units without an answer."""

    total: int
    open: int
    overdue: int
    unanswered: int


def counts(actor: Actor | None, on: dt.date, office: str = "") -> Counts:
    """One query."""
    rows = list(recalls(actor, office=office).values_list("state", "due", "units", "answered"))
    running = [row for row in rows if row[0] in OPEN]
    return Counts(
        total=len(rows),
        open=len(running),
        overdue=sum(1 for _, due, _, _ in running if due and due < on),
        unanswered=sum(units - answered for _, _, units, answered in running),
    )


def waiting(actor: Actor | None, on: dt.date, within: int, limit: int) -> list[Recall]:
    """Open recalls with a limit that is late or runs out within days, the nearest first."""
    rows = recalls(actor).filter(state__in=OPEN, due__lte=on + dt.timedelta(days=within))
    return list(rows.order_by("due", "pk")[:limit])


def firm_name(actor: Actor) -> str:
    """What the register calls the firm of an actor; '' when it does not have it."""
    return Party.objects.filter(uscc=actor.firm).values_list("name", flat=True).first() or ""


def of_source(actor: Actor | None, kind: str, pk: int) -> QuerySet[Recall]:
    """The recalls that a record led to, for its page."""
    return _seen(actor).filter(source_kind=kind, source_record=pk).order_by("pk")


def public(on: dt.date, search: str = "") -> QuerySet[Recall]:
    """Recalls that anybody may read of: decided by that day, the latest first; nothing of their units."""
    rows = Recall.objects.filter(state__in=ANNOUNCED, decided_on__lte=on)
    for word in search.split():
        found = Q()
        for name in ("product_name", "registration_no", "holder_name", "lots", "number"):
            found |= Q(**{f"{name}__icontains": word})
        rows = rows.filter(found)
    return rows.order_by("-decided_on", "-pk")


def timeline(actor: Actor | None, party: Party) -> list[Event]:
    """The recalls by a party and those that it holds product of, on its archive page, newest first."""
    asked = RecallHolder.objects.filter(uscc=party.uscc) if party.uscc else RecallHolder.objects.none()
    rows = _seen(actor).filter(Q(party=party) | Q(pk__in=asked.values("recall_id")))
    found = [
        Event(
            row.decided_on or row.suspected_on, "召回", f"{row.level or '疑似缺陷'}：{row.product_name}",
            f"{row.number}；{row.holder_name}", f"/recalls/{row.pk}/",
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.on, reverse=True)
