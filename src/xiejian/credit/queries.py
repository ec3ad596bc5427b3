"""Every non-trivial read of the credit room. Lists are bounded by people.policy.visible."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, DateField, OuterRef, Q, QuerySet, Subquery

from xiejian.cases.models import Case
from xiejian.clocks.models import Clock
from xiejian.credit import facts, rules
from xiejian.credit.actions import SUBJECT as GRADE
from xiejian.credit.list_actions import PENDING
from xiejian.credit.list_actions import SUBJECT as ENTRY
from xiejian.credit.models import (
    ON_LIST,
    CreditGrade,
    CreditInformation,
    CreditListEntry,
    CreditRun,
    PublicCommitment,
)
from xiejian.kernel.divisions import stem
from xiejian.kernel.timeline import Event
from xiejian.people.models import Office
from xiejian.people.policy import Actor, may, visible
from xiejian.registry.models import Party

#: Proposals that somebody still has to do something about.
OPEN_GRADES = ("proposed", "notified", "objected")
#: Entries with a step to take: under way, or in repair.
OPEN_ENTRIES = (*PENDING, "applied", "accepted", "granted")


def _found(rows: QuerySet[Any], search: str, *fields: str) -> QuerySet[Any]:
    found = Q()
    for field in fields:
        found |= Q(**{f"{field}__icontains": search})
    return rows.filter(found)


def _due(subject: str) -> Subquery:
    """The nearest end of a time limit of a record."""
    running = Clock.objects.filter(
        subject=subject, record=OuterRef("pk"), state=Clock.RUNNING, due_legal__isnull=False
    )
    return Subquery(running.order_by("due_legal").values("due_legal")[:1], output_field=DateField())


# --- parties and grades ---------------------------------------------------------------------------------


def parties(
    actor: Actor | None, *, search: str = "", grade: str = "", listed: str = "", office: str = ""
) -> QuerySet[Party]:
    """Parties with their grade in force. ``grade``: one of the scale, "-" for none; ``listed``: a list."""
    rows = visible(Party.objects.exclude(status="注销"), actor)
    if grade:
        rows = rows.filter(credit_grade="" if grade == "-" else grade)
    if listed:
        held = CreditListEntry.objects.filter(kind=listed, state__in=ON_LIST)
        rows = rows.filter(pk__in=held.values("party_id"))
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    return _found(rows, text, "name", "uscc") if (text := search.strip()) else rows


def counts_by_grade(actor: Actor | None) -> list[tuple[str, str, int]]:
    """(grade, label, parties) in the order of the scale, those without a grade last. One query."""
    rows = visible(Party.objects.exclude(status="注销"), actor).order_by()
    counted = dict(rows.values_list("credit_grade").annotate(Count("pk")))
    found = [(level.id, level.label, counted.get(level.id, 0)) for level in rules.levels().values()]
    return [*found, ("", "未评定", counted.get("", 0))]


def grades(
    actor: Actor | None,
    *,
    search: str = "",
    state: str = "",
    grade: str = "",
    office: str = "",
    run: int | None = None,
) -> QuerySet[CreditGrade]:
    """Results of evaluations with ``due``, the end of the time for objections."""
    rows = visible(CreditGrade.objects.select_related("party", "run"), actor)
    exact = {"state": state, "grade": grade, "run": run}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    if text := search.strip():
        rows = _found(rows, text, "party__name", "party__uscc", "number")
    return rows.annotate(due=_due(GRADE))


def grade(actor: Actor | None, pk: int) -> CreditGrade | None:
    return grades(actor).filter(pk=pk).first()


def runs(actor: Actor | None) -> QuerySet[CreditRun]:
    """Evaluations of whole offices, newest first."""
    return visible(CreditRun.objects.filter(whole=True), actor)


@dataclass(frozen=True)
class ShownRule:
    """One rule of a result as pages show it."""

    id: str
    grade: str
    meaning: str
    citation: str
    unverified: bool


def reasons(row: CreditGrade) -> list[ShownRule]:
    """The rules that held, worst first; the best grade's own meaning where none did."""
    known = rules.grade_rules()
    held = [known[key] for key in row.rules.split("、") if key in known]
    if held:
        return [ShownRule(r.id, r.grade, r.meaning, r.citation, r.unverified) for r in held]
    best = rules.levels()[row.grade]
    return [ShownRule("", best.id, best.meaning, best.citation, best.unverified)]


def fact_words(row: CreditGrade) -> list[tuple[str, str, str]]:
    """(fact, its label, its value in words) of a result."""
    return [
        (fact, label, _words(fact, row.facts[fact]))
        for fact, label in rules.FACTS.items()
        if fact in row.facts
    ]


def _words(fact: str, value: int) -> str:
    if fact == "penalty_fen":
        return f"{value // 100}.{value % 100:02d}元" if value % 100 else f"{value // 100}元"
    return "是" if fact in ("blacklisted", "watched") else f"{value}次"


def fact_records(
    actor: Actor, party: Party, fact: str, first: dt.date, last: dt.date
) -> list[tuple[Event, bool]]:
    """The records behind a fact and whether the actor may open each."""
    return [
        (event, bool(may(actor, permission, party.office_code)))
        for event, permission in facts.records(party, fact, first, last)
    ]


# --- lists, commitments, information ---------------------------------------------------------------------


def entries(
    actor: Actor | None,
    *,
    search: str = "",
    kind: str = "",
    state: str = "",
    office: str = "",
    party: Party | None = None,
) -> QuerySet[CreditListEntry]:
    """Entries of the lists with ``due``, the nearest end of a time limit."""
    rows = visible(CreditListEntry.objects.select_related("party", "case"), actor)
    exact = {"kind": kind, "state": state, "party": party}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    if text := search.strip():
        rows = _found(rows, text, "number", "party__name", "party__uscc")
    return rows.annotate(due=_due(ENTRY))


def entry(actor: Actor | None, pk: int) -> CreditListEntry | None:
    return entries(actor).filter(pk=pk).first()


def cases_to_list(actor: Actor | None) -> QuerySet[Case]:
    """Cases whose decision says 列入严重违法失信名单 and for which no entry was made."""
    rows = visible(Case.objects.select_related("party"), actor)
    return rows.filter(blacklisted=True, credit_list_entries=None).order_by("-decided_on", "-id")


def commitments(
    actor: Actor | None, *, search: str = "", state: str = "", office: str = "", party: Party | None = None
) -> QuerySet[PublicCommitment]:
    """Public commitments. ``state``: open, kept or broken."""
    rows = visible(PublicCommitment.objects.select_related("party"), actor, firm="party__uscc")
    wanted = {"open": None, "kept": True, "broken": False}
    if state in wanted:
        rows = rows.filter(kept=wanted[state])
    if party is not None:
        rows = rows.filter(party=party)
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    return _found(rows, text, "text", "party__name") if (text := search.strip()) else rows


def information(actor: Actor | None, party: Party) -> QuerySet[CreditInformation]:
    return visible(CreditInformation.objects.filter(party=party), actor)


@dataclass(frozen=True)
class Waiting:
    """How much waits for somebody."""

    grades: int
    entries: int
    ended: int
    cases: int
    commitments: int

    @property
    def any(self) -> bool:
        """Whether anything waits."""
        return bool(self.grades or self.entries or self.ended or self.cases or self.commitments)


def waiting(actor: Actor | None, on: dt.date) -> Waiting:
    """What is open: grades and entries under way, entries whose term is over, cases not yet listed,
    commitments due for a look."""
    held = visible(CreditListEntry.objects.all(), actor).aggregate(
        open=Count("pk", filter=Q(state__in=OPEN_ENTRIES)),
        ended=Count("pk", filter=Q(state__in=ON_LIST, ends_on__lte=on)),
    )
    return Waiting(
        visible(CreditGrade.objects.filter(state__in=OPEN_GRADES), actor).count(),
        held["open"],
        held["ended"],
        cases_to_list(actor).count(),
        visible(PublicCommitment.objects.filter(kept=None, due_on__lte=on), actor).count(),
    )


# --- the party's page and the public ---------------------------------------------------------------------


def timeline(actor: Actor | None, party: Party) -> list[Event]:
    """What happened to a party's credit, newest first: grades, lists, commitments looked at."""
    decided = visible(
        CreditGrade.objects.filter(party=party, state__in=("in_force", "replaced"), decided_on__isnull=False),
        actor,
    )
    listed = visible(CreditListEntry.objects.filter(party=party, decided_on__isnull=False), actor)
    events = [_grade_event(row, row.decided_on) for row in decided if row.decided_on]
    events += [event for row in listed for event in _entry_events(row)]
    for row in commitments(actor, party=party):
        events.append(Event(row.made_on, "信用", "公开承诺", row.text, f"/credit/commitments/{row.pk}/"))
        if row.looked_on:
            kept = "已履行" if row.kept else "没有履行"
            events.append(
                Event(row.looked_on, "信用", f"公开承诺{kept}", row.note, f"/credit/commitments/{row.pk}/")
            )
    return sorted(events, key=lambda event: event.on, reverse=True)


def _grade_event(row: CreditGrade, on: dt.date) -> Event:
    label = rules.levels()[row.grade].label
    why = "；".join(rule.meaning for rule in reasons(row))
    before = f"，原为 {row.before}" if row.before and row.before != row.grade else ""
    return Event(on, "信用", f"信用等级 {row.grade}（{label}）{before}", why, f"/credit/grades/{row.pk}/")


def _entry_events(row: CreditListEntry) -> Iterable[Event]:
    page, label, ground = (
        f"/credit/lists/{row.pk}/",
        rules.lists()[row.kind].label,
        rules.grounds()[row.ground],
    )
    if row.decided_on and row.state != "rejected":
        yield Event(row.decided_on, "信用", f"列入{label}", f"{row.number}；{ground.label}", page)
    if row.removed_on:
        yield Event(row.removed_on, "信用", f"移出{label}", row.note, page)


@dataclass(frozen=True)
class PublicRow:
    """One line of what the public may see, and nothing besides."""

    name: str
    uscc: str
    list: str
    ground: str
    number: str
    office: str
    listed_on: dt.date
    until_on: dt.date


def public(on: dt.date) -> list[PublicRow]:
    """The published entries in term on a day, newest first, in two queries; public columns only."""
    shown = [kind.id for kind in rules.lists().values() if kind.published]
    rows = CreditListEntry.objects.filter(
        kind__in=shown, state__in=ON_LIST, published_on__lte=on, decided_on__lte=on, ends_on__gt=on
    )
    columns = (
        "party__name",
        "party__uscc",
        "kind",
        "ground",
        "number",
        "office_code",
        "decided_on",
        "ends_on",
    )
    names = dict(Office.objects.values_list("code", "name"))
    return [
        PublicRow(
            name, uscc or "", rules.lists()[kind].label, rules.grounds()[ground].label, number,
            names.get(office, ""), listed_on, until_on,
        )
        for name, uscc, kind, ground, number, office, listed_on, until_on in rows.order_by(
            "-decided_on", "-id"
        ).values_list(*columns)
    ]  # fmt: skip


def public_grades() -> QuerySet[Party]:
    """Parties with their grade for the public, none while the office does not publish grades (QS-2)."""
    rows = Party.objects.exclude(credit_grade="").exclude(status="注销").only("name", "uscc", "credit_grade")
    return rows if rules.grades_published() else rows.none()
