"""What an inspector takes along: visits, parties with their history, checklists, rules, as plain JSON.

Tables travel column by column, so that two thousand parties weigh a few hundred kilobytes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.db.models import F, Prefetch, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from xiejian.inspections import actions as inspections
from xiejian.inspections import checklists, judgements, limits, queries
from xiejian.inspections.checks import (
    EVIDENCE_KINDS,
    EVIDENCE_TYPES,
    FINDING_STATES,
    MADE,
    VISIT_KINDS,
)
from xiejian.inspections.models import Correction, Finding, Visit
from xiejian.people.policy import Actor, may, visible
from xiejian.registry.models import Licence, Party, PartyLink

PARTY = (
    "id", "name", "uscc", "area", "address", "warehouse_address", "station", "status", "status_on",
    "credit_grade", "office_code", "stores_for_others",
)  # fmt: skip
PERSONAL = ("legal_representative", "head", "phone")
LINK = ("party_id", "link", "classes", "mode", "unit_kind", "tags", "scope", "level", "expires_on")
LICENCE = ("party_id", "kind", "number", "issued_on", "filed_on", "expires_on", "status", "scope")
LAST = ("party_id", "number", "visited_on", "kind", "conclusion", "defects")
CORRECTION = ("visit__party_id", "id", "number", "content", "ordered_on", "due_on", "state")
VISIT = (
    "id", "number", "party_id", "link", "kind", "tags", "campaign", "office_code", "state", "planned_on",
    "visited_on", "persons", "inspectors", "checklist", "conclusion", "remark",
)  # fmt: skip
Table = dict[str, list[Any]]


def table(columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> Table:
    """Rows turned into one list per column, which packs a quarter smaller; dates in ISO form."""
    plain = ([v.isoformat() if isinstance(v, dt.date) else v for v in row] for row in rows)
    return {
        "columns": [c.removeprefix("visit__") for c in columns],
        "values": [list(column) for column in zip(*plain, strict=True)],
    }


def taken(actor: Actor, on: dt.date, days: int) -> list[Visit]:
    """The officer's own visits that are open and planned up to so many days ahead, oldest first."""
    until = on + dt.timedelta(days=days)
    rows = queries.my_visits(actor, on).filter(Q(planned_on__lte=until) | Q(state="started"))
    return list(rows.prefetch_related(Prefetch("findings"), Prefetch("team"), Prefetch("evidence")))


def parties_of(actor: Actor, visits: Sequence[Visit], all_of_office: bool) -> QuerySet[Party]:
    """The parties of the visits; those of the whole office too where they were asked for, up to the limit."""
    of_visits = Q(pk__in={visit.party_id for visit in visits})
    mine = visible(Party.objects.all(), actor)
    if not all_of_office:
        return mine.filter(of_visits)
    # those of the visits come first, so that the limit never leaves one of them out
    others = mine.exclude(of_visits).exclude(status="注销").order_by("name", "pk")
    room = max(0, settings.FIELD_MOST_PARTIES - len({visit.party_id for visit in visits}))
    chosen = list(others.values_list("pk", flat=True)[:room])
    return mine.filter(of_visits | Q(pk__in=chosen))


def _last_visits(actor: Actor, parties: QuerySet[Party]) -> QuerySet[Visit]:
    """The newest visit made to each party, of those that the actor may see."""
    newest = Window(
        RowNumber(), partition_by="party_id", order_by=[F("visited_on").desc(nulls_last=True), F("pk").desc()]
    )
    seen = visible(Visit.objects.all(), actor)
    made = seen.filter(party__in=parties.values("pk"), state__in=MADE, visited_on__isnull=False)
    return made.exclude(state="started").annotate(place=newest).filter(place=1).order_by()


def _parties(actor: Actor, parties: QuerySet[Party]) -> dict[str, Table]:
    own = parties.values("pk")
    personal = PERSONAL if may(actor, "registry.personal") else ()
    last = _last_visits(actor, parties)
    wrong = Finding.objects.filter(visit__in=[v.pk for v in last], state="not_conform")
    orders = visible(Correction.objects.all(), actor)
    open_orders = orders.filter(visit__party__in=own, state__in=queries.OPEN)
    return {
        "parties": table(PARTY + personal, parties.order_by().values_list(*PARTY, *personal)),
        "links": table(LINK, PartyLink.objects.filter(party__in=own).order_by().values_list(*LINK)),
        "licences": table(LICENCE, Licence.objects.filter(party__in=own).order_by().values_list(*LICENCE)),
        "last_visits": table(LAST, [tuple(getattr(v, name) for name in LAST) for v in last]),
        "last_findings": table(
            ("party_id", "point", "clause", "fact", "severe"),
            wrong.order_by("pk").values_list("visit__party_id", "point", "clause", "fact", "severe"),
        ),
        "corrections": table(CORRECTION, open_orders.order_by("due_on").values_list(*CORRECTION)),
    }


def _visit(visit: Visit, handed: dict[str, Any]) -> dict[str, Any]:
    """One visit as the phone begins with it."""
    plain = {n: v.isoformat() if isinstance(v := getattr(visit, n), dt.date) else v for n in VISIT}
    return plain | {
        "checklist_key": handed.get("checklist", ""),
        "facts": handed.get("facts", {}),
        "findings": {
            f.point: {"state": f.state, "fact": f.fact, "severe": f.severe} for f in visit.findings.all()
        },
        "team": [{"id": o.pk, "name": o.name} for o in visit.team.all()],
        "evidence": [e.sha256 for e in visit.evidence.all()],
    }


def rules() -> dict[str, Any]:
    """What the phone holds an inspector to: the tables and values that the server's own checks read."""
    return {
        "workflows": {
            "visit": inspections.VISIT_WORKFLOW.as_json(),
            "correction": inspections.CORRECTION_WORKFLOW.as_json(),
        },
        "conclusions": list(judgements.CONCLUSIONS),
        "finding_states": FINDING_STATES,
        "refusal_acts": checklists.refusal_acts(),
        "least_inspectors": checklists.minimum_inspectors(),
        "kinds": list(VISIT_KINDS),
        "files": {suffix: kind for suffix, (kind, _) in EVIDENCE_TYPES.items()},
        "limits_mb": {kind: limits.evidence_limit(kind) for kind in EVIDENCE_KINDS},
        "clock_minutes": limits.clock_minutes(),
    }


def of_phone() -> dict[str, int]:
    """The settings of the office for its phones."""
    return {
        "keep_days": settings.FIELD_KEEP_DAYS,
        "idle_minutes": settings.FIELD_IDLE_MINUTES,
        "ahead_days": settings.FIELD_AHEAD_DAYS,
        "events_per_sync": settings.FIELD_EVENTS_PER_SYNC,
        "piece": settings.FIELD_PIECE,
    }


def content(
    actor: Actor,
    visits: Sequence[Visit],
    handed: dict[str, Any],
    current: Sequence[checklists.Checklist],
    *,
    on: dt.date,
    all_of_office: bool,
) -> dict[str, Any]:
    """The whole download.

    ``handed``: what checklist_versions.hand_out answered for these visits; ``current``: the checklists that
    an unplanned visit may choose from today.
    """
    asked = {f"{c.id}@{c.version}": checklists.as_json(c) for c in current}
    colleagues = queries.team_choices(actor, actor.office_code).order_by("name", "pk")
    return {
        "on": on.isoformat(),
        "officer": {"username": actor.username, "name": actor.name, "office_code": actor.office_code},
        "settings": of_phone(),
        "rules": rules() | {"judgements": handed["rules"]},
        "checklists": handed["checklists"] | asked,
        "current": list(asked),
        "colleagues": list(colleagues.values("id", "username", "name")),
        "visits": [_visit(visit, handed["visits"][visit.number]) for visit in visits],
        **_parties(actor, parties_of(actor, visits, all_of_office)),
    }
