"""Reads of the order of visits: runs, and the tasks of a run that an actor may see."""

from __future__ import annotations

from django.db.models import QuerySet

from xiejian.kernel import divisions
from xiejian.people.policy import Actor, visible
from xiejian.planning.models import OrderedTask, OrderRun


def runs(actor: Actor | None) -> QuerySet[OrderRun]:
    """Orders of the actor's office and below, and those of the offices above it that were applied."""
    own = visible(OrderRun.objects.all(), actor)
    if actor is None:
        return own
    above = {divisions.at_tier(actor.office_code, tier) for tier in ("province", "city", "county")}
    return (own | OrderRun.objects.filter(office_code__in=above, applied_at__isnull=False)).distinct()


def ordered(
    actor: Actor | None, run: OrderRun, *, search: str = "", link: str = "", part: str = "", office: str = ""
) -> QuerySet[OrderedTask]:
    """The tasks of an order that the actor may see. ``part``: law (due date decides) or risk."""
    rows = OrderedTask.objects.filter(run=run)
    rows = visible(rows, actor, "task__office_code") | visible(rows, actor, "task__party__office_code")
    if search.strip():
        rows = rows.filter(task__party__name__icontains=search.strip())
    if link:
        rows = rows.filter(task__link=link)
    if part in ("law", "risk"):
        rows = rows.filter(law_first=part == "law")
    if office:
        rows = rows.filter(task__office_code__startswith=divisions.stem(office))
    return rows.select_related("task__party")
