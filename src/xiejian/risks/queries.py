"""Every non-trivial read of the risks room.

A list holds what the actor's office and those below keep, and what was handed to one of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, DateField, OuterRef, Prefetch, Q, QuerySet, Subquery

from xiejian.clocks.models import Clock
from xiejian.inspections.checklists import checklists
from xiejian.kernel.divisions import stem
from xiejian.kernel.timeline import Event
from xiejian.leads.rules import topics
from xiejian.people.models import Office, Officer
from xiejian.people.policy import Actor, may, roles_with, visible
from xiejian.registry.models import Party
from xiejian.risks import rules, signals
from xiejian.risks.checks import OPEN
from xiejian.risks.models import RiskEvidence, RiskHanding, RiskItem, RiskMeasure, RiskMeeting, SignalReading

#: Days ahead that 到期 looks.
DUE_SOON = 7


def meetings(actor: Actor | None, search: str = "", year: int | None = None) -> QuerySet[RiskMeeting]:
    """Meetings of the actor's offices, the newest first, with how many risks each put on the list."""
    rows = visible(RiskMeeting.objects.all(), actor)
    for word in search.split():
        rows = rows.filter(Q(conclusions__icontains=word) | Q(minutes__icontains=word))
    rows = rows.filter(year=year) if year else rows
    listed = Count("items", filter=~Q(items__state="withdrawn"), distinct=True)
    still = Count("items", filter=Q(items__state__in=OPEN), distinct=True)
    raised = Count("readings", filter=~Q(readings__why=""), distinct=True)
    return rows.annotate(listed=listed, still_open=still, raised=raised)


def meeting_of(actor: Actor | None, office_code: str, year: int, quarter: int) -> RiskMeeting | None:
    """The meeting of an office about a quarter, None while nobody has prepared it."""
    return meetings(actor).filter(office_code=office_code, year=year, quarter=quarter).first()


@dataclass(frozen=True)
class Told:
    """One reading on the page of its meeting, with the risk that stands for it already."""

    reading: SignalReading
    signal: signals.Signal
    item: RiskItem | None

    @property
    def grouping(self) -> str:
        return signals.GROUPINGS[self.reading.grouping][1] if self.reading.grouping else ""


def told(meeting: RiskMeeting) -> list[Told]:
    """What was counted for a meeting; a signal that the packs no longer name is left out. Two queries."""
    known = signals.load()
    rows = [row for row in meeting.readings.all() if row.signal in known]
    named = {(row.signal, row.grouping, row.key) for row in rows if row.why}
    found = standing_for(named, meeting.office_code)
    return [Told(row, known[row.signal], found.get((row.signal, row.grouping, row.key))) for row in rows]


def standing_for(
    named: Iterable[tuple[str, str, str]], office_code: str
) -> dict[tuple[str, str, str], RiskItem]:
    """The risks of an office and those below that stand for signal, grouping and key; the newest of each."""
    wanted = set(named)
    rows = RiskItem.objects.filter(
        office_code__startswith=stem(office_code), signal__in={signal for signal, _, _ in wanted}
    ).exclude(state="withdrawn")
    found = {(row.signal, row.grouping, row.key): row for row in rows.order_by("found_on", "pk")}
    return {name: row for name, row in found.items() if name in wanted}


def labels(actor: Actor | None, named: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """(grouping, key) → what people call the group: name of party or office, text of a check point.

    A party out of the actor's reach has no name here: whoever asks may have made the key up.
    """
    keys: dict[str, set[str]] = {}
    for by, key in named:
        keys.setdefault(by, set()).add(key)
    found: dict[tuple[str, str], str] = {}
    if parties := keys.get("party"):
        rows = visible(Party.objects.filter(pk__in=[int(key) for key in parties]), actor)
        found |= {("party", str(pk)): name for pk, name in rows.values_list("pk", "name")}
    if stations := keys.get("station"):
        offices = Office.objects.filter(code__in=stations)
        found |= {("station", code): name for code, name in offices.values_list("code", "name")}
    if points := keys.get("point"):
        texts = {point.id: point.text for one in checklists().values() for point in one.points}
        found |= {("point", key): texts[key] for key in points if key in texts}
    found |= {("topic", key): topics().get(key, key) for key in keys.get("topic", ())}
    return found


# --- the list --------------------------------------------------------------------------------------------


def seen(actor: Actor | None) -> QuerySet[RiskItem]:
    """The risks of the actor's offices and those handed to one of them, from above or below."""
    own = visible(RiskItem.objects.all(), actor)
    handed = visible(RiskHanding.objects.all(), actor, "to_office").values("item_id")
    return RiskItem.objects.filter(Q(pk__in=own.values("pk")) | Q(pk__in=handed))


def items(
    actor: Actor | None,
    *,
    search: str = "",
    level: str = "",
    state: str = "",
    signal: str = "",
    office: str = "",
    meeting: int | None = None,
    party: Party | None = None,
) -> QuerySet[RiskItem]:
    """The list with ``due``: the nearest day by which something must be done, None without one."""
    rows = seen(actor).select_related("party", "owner", "owner__office")
    for word in search.split():
        rows = rows.filter(
            Q(number__icontains=word) | Q(title__icontains=word) | Q(party__name__icontains=word)
        )
    given = {"level": level, "state": state, "signal": signal}
    rows = rows.filter(**{name: value for name, value in given.items() if value})
    rows = rows.filter(office_code__startswith=stem(office)) if office else rows
    rows = rows.filter(meeting=meeting) if meeting else rows
    rows = rows.filter(party=party) if party else rows
    running = Clock.objects.filter(
        subject="risk_item", record=OuterRef("pk"), state=Clock.RUNNING, due_legal__isnull=False
    )
    nearest = running.order_by("due_legal").values("due_legal")[:1]
    return rows.annotate(due=Subquery(nearest, output_field=DateField()))


def of_tab(rows: QuerySet[RiskItem], tab: str, on: dt.date, within: int = DUE_SOON) -> QuerySet[RiskItem]:
    """未销号 open, 到期 due (late or due within so many days), 待销号 asked, 全部 all."""
    if tab == "due":
        return rows.filter(state__in=OPEN, due__lte=on + dt.timedelta(days=within))
    if tab == "asked":
        return rows.filter(state="asked")
    return rows.filter(state__in=OPEN) if tab == "open" else rows


def item(actor: Actor | None, pk: int) -> RiskItem | None:
    """One risk with its measures, evidence and handings."""
    rows = items(actor).select_related("meeting").filter(pk=pk)
    return rows.prefetch_related(
        Prefetch("measures", RiskMeasure.objects.all()),
        Prefetch("evidence", RiskEvidence.objects.all()),
        Prefetch("handings", RiskHanding.objects.all()),
    ).first()


def item_by_number(actor: Actor | None, number: str) -> RiskItem | None:
    return items(actor).filter(number=number).first()


def evidence(actor: Actor | None, pk: int) -> RiskEvidence | None:
    """One file of a risk that the actor may see."""
    return RiskEvidence.objects.filter(pk=pk, item__in=seen(actor)).select_related("item").first()


@dataclass(frozen=True)
class Counts:
    """How the list stands."""

    open: int
    late: int
    asked: int
    high: int
    struck_off: int


def counts(actor: Actor | None, on: dt.date, office: str = "") -> Counts:
    """One query over the whole list of the actor."""
    rows = items(actor, office=office)
    is_open = Q(state__in=OPEN)
    found = rows.aggregate(
        open=Count("pk", filter=is_open),
        late=Count("pk", filter=is_open & Q(due__lt=on)),
        asked=Count("pk", filter=Q(state="asked")),
        high=Count("pk", filter=is_open & Q(level__in=rules.focus_levels())),
        struck_off=Count("pk", filter=Q(state="struck_off")),
    )
    return Counts(**found)


def owners(actor: Actor | None, office_code: str) -> QuerySet[Officer]:
    """Who may own a risk of an office: those in post there, below it, or in the bureau above a station."""
    base = stem(office_code)
    near = Q(office__stem__startswith=base) | Q(office__stem=base[:6])
    rows = Officer.objects.filter(near, is_active=True, role__in=roles_with("risks.edit"))
    return visible(rows.select_related("office"), actor, "office__code").order_by(
        "-office__stem", "name", "pk"
    )


def offices_below(office_code: str) -> QuerySet[Office]:
    """The offices one level below, to which a risk of this one may be handed down."""
    return Office.objects.filter(parent__stem=stem(office_code))


@dataclass(frozen=True)
class Waiting:
    """What waits for one officer: risks due, strike-offs to decide, handings to receive."""

    due: list[RiskItem]
    to_decide: list[RiskItem]
    to_receive: list[RiskHanding]


def waiting(actor: Actor, on: dt.date, within: int, limit: int) -> Waiting:
    """For the page 今日: at most ``limit`` of each."""
    due = of_tab(items(actor), "due", on, within).exclude(state="asked").order_by("due", "pk")
    decide = items(actor, state="asked").exclude(asked_by=actor.username).order_by("asked_on", "pk")
    receive = visible(RiskHanding.objects.select_related("item"), actor, "to_office").filter(
        receipt_on=None, item__state__in=OPEN
    )
    mine = [row for row in receive.order_by("pk") if stem(row.to_office) == stem(actor.office_code)]
    handles = may(actor, "risks.edit")
    return Waiting(
        list(due[:limit]) if handles else [],
        list(decide[:limit]) if may(actor, "risks.strike") else [],
        mine[:limit] if handles else [],
    )


def timeline(actor: Actor | None, party: Party) -> list[Event]:
    """The risks about a party, and what they did to its grading, newest first."""
    found: list[Event] = []
    for row in items(actor, party=party).exclude(state="withdrawn"):
        found += _events(row)
    return sorted(found, key=lambda event: event.on, reverse=True)


def _events(row: RiskItem) -> list[Event]:
    page = f"/risks/items/{row.pk}/"
    level = rules.levels().get(row.level)
    events = [(row.found_on, f"列入风险清单：{row.title}", row.content)]
    if row.assessed_on and level:
        focus = "，列为风险会商重点，参与分级" if level.focus else ""
        events.append((row.assessed_on, f"风险研判为{level.label}{focus}", row.level_why))
    if row.struck_off_on:
        ended = "，不再是风险会商重点" if level and level.focus else ""
        events.append((row.struck_off_on, f"风险销号{ended}", row.reasons))
    if row.returned_on:
        events.append((row.returned_on, "风险复发，重新列入清单", str(row.value.get("why", ""))))
    return [Event(on, "风险", title, detail, page) for on, title, detail in events if on]
