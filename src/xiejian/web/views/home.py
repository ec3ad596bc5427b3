"""首页: what must be done today, and whether the year's promises are kept."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from xiejian.assistance import queries as assistance
from xiejian.cases import proceeding_queries as proceedings
from xiejian.cases import queries as cases
from xiejian.credit import queries as credit
from xiejian.inspections import liaisons
from xiejian.inspections import queries as inspections
from xiejian.kernel import laws
from xiejian.kernel.divisions import stem
from xiejian.online import queries as online
from xiejian.people import queries as readings
from xiejian.people.models import AuditEntry, Office, Officer
from xiejian.people.policy import Actor, may, visible
from xiejian.planning import grading
from xiejian.planning import queries as planning
from xiejian.registry import queries as registry
from xiejian.registry.models import LINKS, PartyLink
from xiejian.risks import queries as risks
from xiejian.sampling import queries as sampling
from xiejian.vigilance import queries as vigilance
from xiejian.vigilance import recall_queries
from xiejian.web import clock
from xiejian.web.charts import Chart
from xiejian.web.guard import SIGNED_IN, needs

WEEK = 7  # days ahead that the page calls this week
SHOWN = 8  # items of each list on the page; the rest is one click away


@needs(SIGNED_IN)
def home(request: HttpRequest) -> HttpResponse:
    """今日: what must I do today, what is red?"""
    actor, on = request.actor, clock.today(request)
    context: dict[str, Any] = {"on": on}
    for permission, section in SECTIONS.items():
        if may(actor, permission):
            context |= section(actor, on)
    return render(request, "web/home.html", context)


def _tasks(actor: Actor, on: dt.date) -> dict[str, Any]:
    due = planning.my_tasks(actor, on, within=WEEK, limit=10_000)
    overdue = sum(task.overdue for task in due)
    return {"tasks": due[:SHOWN], "tasks_overdue": overdue, "tasks_week": len(due) - overdue}


def _visits(actor: Actor, on: dt.date) -> dict[str, Any]:
    waiting = inspections.open_corrections(actor, on)
    counts = {
        row["overdue"]: row["n"] for row in waiting.order_by().values("overdue").annotate(n=Count("pk"))
    }
    mine = inspections.my_visits(actor, on)
    found: dict[str, Any] = {
        "corrections": list(waiting[:SHOWN]),
        "corrections_open": sum(counts.values()),
        "corrections_overdue": counts.get(1, 0),
    }
    owed = [*liaisons.to_answer(actor, on)[:SHOWN], *liaisons.late_answers(actor, on)[:SHOWN]]
    found["liaisons"] = list({row.pk: row for row in owed}.values())
    if may(actor, "inspections.visit"):
        found |= {"my_visits": list(mine[:SHOWN]), "my_visits_count": mine.count()}
    return found


def _samples(actor: Actor, on: dt.date) -> dict[str, Any]:
    """Samples with a day that comes or is past, failed ones not yet handled, plan lines with lots missing."""
    behind = sampling.lines_behind(actor, on, WEEK)
    counts = sampling.counts(actor, on)
    return {
        "samples": list(sampling.due_samples(actor, on, WEEK)[:SHOWN]),
        "samples_overdue": counts.overdue,
        "samples_unhandled": counts.unhandled,
        "sampling_behind": behind[:SHOWN],
    }


def _expiring(actor: Actor, on: dt.date) -> dict[str, Any]:
    days = registry.expiring_days()
    soon = registry.expiring(actor, days, on)
    return {
        "expiring": list(soon[:SHOWN]),
        "expiring_count": registry.count(soon),
        "expiring_days": days,
    }


def _reading(actor: Actor, on: dt.date) -> dict[str, Any]:
    """The new laws that the reader has not read, and for the head how many people have not."""
    near = laws.load().to_read(on)
    if not near:
        return {}
    found: dict[str, Any] = {"unread_laws": readings.unread(actor, near)}
    if may(actor, "rules.readings"):
        behind = {person.pk for one in readings.reading(actor, near) for person in one.unread}
        found["behind"] = len(behind)
    return found


def _accounts(actor: Actor, on: dt.date) -> dict[str, Any]:
    """For the administrator: who works where, and what was changed last."""
    staff = visible(Officer.objects.all(), actor, "office__code")
    return {
        "officers_active": staff.filter(is_active=True).count(),
        "offices_count": visible(Office.objects.all(), actor, "code").count(),
        "latest": list(visible(AuditEntry.objects.all(), actor)[:SHOWN]),
    }


def _first_steps(actor: Actor, on: dt.date) -> dict[str, Any]:
    """The way of a new office: list, levels, plan. Shown until all three are done."""
    links = visible(PartyLink.objects.all(), actor, "party__office_code")
    has_parties = links.exists()
    has_levels = has_parties and links.filter(level_on__isnull=False).exists()
    has_plan = has_levels and planning.current_plan(actor, on.year) is not None
    return {"steps": None if has_plan else (has_parties, has_levels, has_plan)}


def _cases(actor: Actor, on: dt.date) -> dict[str, Any]:
    return {"cases_due": list(proceedings.running_out(proceedings.proceedings(actor), on)[:SHOWN])}


def _lists(actor: Actor, on: dt.date) -> dict[str, Any]:
    return {"lists_due": list(online.due_lists(actor, on, WEEK)[:SHOWN])}


def _vigilance(actor: Actor, on: dt.date) -> dict[str, Any]:
    """Reports and recalls whose limits run out, and how many units have not answered."""
    return {
        "events_due": vigilance.waiting(actor, on, WEEK, SHOWN),
        "recalls_due": recall_queries.waiting(actor, on, WEEK, SHOWN),
        "units_asked": recall_queries.to_answer(actor).count(),
    }


def _letters(actor: Actor, on: dt.date) -> dict[str, Any]:
    return {"letters_due": list(assistance.due_requests(actor, on, WEEK)[:SHOWN])}


#: What each permission adds to the page.
SECTIONS: dict[str, Callable[[Actor, dt.date], dict[str, Any]]] = {
    "planning.view": _tasks,
    "inspections.view": _visits,
    "sampling.view": _samples,
    "cases.view": _cases,
    "risks.view": lambda actor, on: {"risks": risks.waiting(actor, on, WEEK, SHOWN)},
    "credit.view": lambda actor, on: {"credit": credit.waiting(actor, on)},
    "online.view": _lists,
    "vigilance.view": _vigilance,
    "assistance.view": _letters,
    "registry.view": _expiring,
    "rules.acknowledge": _reading,
    "people.manage": _accounts,
    "registry.import": _first_steps,
}


# --- 领导视图 ---------------------------------------------------------------------------------------


@needs("planning.view")
def leader(request: HttpRequest) -> HttpResponse:
    """领导视图: are we keeping the year's promises?"""
    actor, on = request.actor, clock.today(request)
    start = dt.date(on.year, 1, 1)
    context: dict[str, Any] = {"on": on, "charts": [_pyramid(actor)]}
    plan = planning.current_plan(actor, on.year)
    if plan is not None:
        board = planning.board(actor, plan, on)
        stations = planning.sum_upwards(board.states, on)
        below = [s for s in stations if s.office_code.startswith(stem(actor.office_code))]
        context |= {"plan": plan, "board": board, "stations": below}
    if may(actor, "inspections.view"):
        context["closure"] = inspections.closure(actor, from_on=start, until=on, on=on)
        context["charts"].append(_months(actor, on))
    if may(actor, "cases.view"):
        last = dt.date(on.year - 1, 1, 1), _same_day_last_year(on)
        context["cases"] = cases.sums(actor, from_on=start, until=on)
        context["cases_last"] = cases.sums(actor, from_on=last[0], until=last[1])
    return render(request, "web/leader.html", context)


def _same_day_last_year(on: dt.date) -> dt.date:
    return (
        on.replace(year=on.year - 1, day=28)
        if (on.month, on.day) == (2, 29)
        else on.replace(year=on.year - 1)
    )


def level_chart(actor: Actor, office_code: str = "") -> Chart:
    """The level pyramid: parties per link, split by level, highest first."""
    counts: dict[str, dict[int | None, int]] = defaultdict(dict)
    for row in grading.pyramid(actor, office_code):
        counts[row["link"]][row["level"]] = row["parties"]
    levels: list[int | None] = [4, 3, 2, 1, None]
    held = [level for level in levels if any(level in found for found in counts.values())]
    return Chart(
        "levels", "监管级别", "across",
        ["未定级" if level is None else f"{'一二三四'[level - 1]}级" for level in held],
        [(link, [counts[link].get(level, 0) for level in held]) for link in LINKS if link in counts],
        unit="家", colours=[f"level-{level}" if level else "none" for level in held], label_heading="环节",
    )  # fmt: skip


_pyramid = level_chart


def _months(actor: Actor, on: dt.date) -> Chart:
    """Visits by month beside those of the year before."""
    this_year = inspections.visits_by_month(actor, on.year, on)
    last_year = inspections.visits_by_month(actor, on.year - 1, dt.date(on.year - 1, 12, 31))
    months = [f"{month}月" for month in range(1, 13)]
    return Chart(
        "months", "每月检查家次", "bar", [f"{on.year}年", f"{on.year - 1}年"],
        [(label, [now, before]) for label, now, before in zip(months, this_year, last_year, strict=True)],
        unit="家次", label_heading="月份", colours=["blue", "pale"],
    )  # fmt: skip
