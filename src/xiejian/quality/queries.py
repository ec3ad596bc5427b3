"""Every read of the quality desk. Lists go through ``own``: the own firm's people, and no office."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TypeVar

from django.db.models import Count, F, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import TruncMonth

from xiejian.people.models import FirmUser
from xiejian.people.policy import Actor, private
from xiejian.quality.models import (
    AuditFinding,
    CustomerFeedback,
    DocumentVersion,
    QualityDocument,
    TrainingItem,
    WatchedRule,
)

M = TypeVar("M", bound=Model)


def own(rows: type[M], actor: Actor | None) -> QuerySet[M]:
    """The records of this kind of the actor's own firm."""
    return private(rows._default_manager.all(), actor)


def _found(rows: QuerySet[M], search: str, fields: Sequence[str], **exact: object) -> QuerySet[M]:
    """Searched, and narrowed by what is given; empty filters do not filter."""
    if text := search.strip():
        rows = rows.filter(Q(*[(f"{name}__icontains", text) for name in fields], _connector=Q.OR))
    return rows.filter(**{name: value for name, value in exact.items() if value})


def watched(
    actor: Actor | None, *, search: str = "", state: str = "", kind: str = ""
) -> QuerySet[WatchedRule]:
    return _found(own(WatchedRule, actor), search, ("number", "title", "owner"), state=state, kind=kind)


def _holding(on: dt.date) -> Q:
    """Versions that hold on a day."""
    ended = Q(ended_on=None) | Q(ended_on__gt=on)
    return Q(state__in=("approved", "withdrawn"), effective_on__lte=on) & ended


def documents(
    actor: Actor | None, *, on: dt.date, search: str = "", state: str = "", kind: str = ""
) -> QuerySet[QualityDocument]:
    """With ``latest`` (id), ``state`` of the newest version, and ``holds``: the version of that day."""
    versions = DocumentVersion.objects.filter(document=OuterRef("pk")).order_by("-version")
    rows = own(QualityDocument, actor).annotate(
        latest=Subquery(versions.values("pk")[:1]), state=Subquery(versions.values("state")[:1]),
        holds=Subquery(versions.filter(_holding(on)).values("version")[:1]),
    )  # fmt: skip
    return _found(rows, search, ("number", "title"), state=state, kind=kind)


def versions(actor: Actor | None, *, search: str = "", state: str = "") -> QuerySet[DocumentVersion]:
    rows = own(DocumentVersion, actor).select_related("document")
    return _found(rows, search, ("number", "document__title"), state=state)


def version_on(document: QualityDocument, day: dt.date) -> DocumentVersion | None:
    """The version that held on a day; None where none did."""
    return document.versions.filter(_holding(day)).order_by("-version").first()


def unread(version: DocumentVersion) -> list[str]:
    """Names of the firm's people with an account in use who have not read the version."""
    people = FirmUser.objects.filter(uscc=version.firm_uscc, is_active=True).order_by("name")
    read = set(version.readings.values_list("username", flat=True))
    return [one.name for one in people if f"{one.uscc}:{one.username}" not in read]


def to_read(actor: Actor, on: dt.date) -> QuerySet[DocumentVersion]:
    """Versions in force that this person has not read."""
    rows = versions(actor).filter(_holding(on), state="approved")
    return rows.exclude(readings__username=actor.username).order_by("number")


def trainings(
    actor: Actor | None, *, search: str = "", state: str = "", year: int | None = None
) -> QuerySet[TrainingItem]:
    rows = own(TrainingItem, actor)
    return _found(rows, search, ("number", "topic", "audience"), state=state, planned_on__year=year)


def findings(
    actor: Actor | None, *, search: str = "", state: str = "", source: str = ""
) -> QuerySet[AuditFinding]:
    return _found(own(AuditFinding, actor), search, ("number", "title", "owner"), state=state, source=source)


def feedback(
    actor: Actor | None, *, search: str = "", state: str = "", kind: str = ""
) -> QuerySet[CustomerFeedback]:
    fields = ("number", "customer", "product_name", "lot")
    return _found(own(CustomerFeedback, actor), search, fields, state=state, kind=kind)


def feedback_trend(actor: Actor | None) -> QuerySet[CustomerFeedback, dict[str, object]]:
    """How many of each kind came for a product in a month; the latest month first."""
    rows = own(CustomerFeedback, actor).annotate(month=TruncMonth("received_on")).order_by()
    found = rows.values("month", "product_name", "kind").annotate(count=Count("pk"))
    return found.order_by("-month", F("count").desc(), "product_name", "kind")
