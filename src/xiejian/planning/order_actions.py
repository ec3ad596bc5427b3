"""The order of visits made, and applied to the plan's tasks. The law's duties come first, always."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction

from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.policy import Actor, require
from xiejian.planning import order_facts, order_words
from xiejian.planning.models import OrderedTask, OrderRun, Task
from xiejian.planning.order_facts import History, Place, Records
from xiejian.planning.queries import TaskState, office_names
from xiejian.visit_order import evaluation, ordering
from xiejian.visit_order.evaluation import Evaluation
from xiejian.visit_order.table import problems

_BATCH = 2000


@dataclass(frozen=True)
class Scored:
    """A score with its reasons for one place."""

    score: float
    reasons: list[dict[str, Any]]
    facts: dict[str, Any]


# --- making ---------------------------------------------------------------------------------------------


def _method(past: History, tested: dict[str, Any]) -> tuple[str, str]:
    """Learn where there is enough and learning has beaten chance, else points; and why, in words."""
    count, values = len(past.places), order_facts.scale().values
    words = f"已办结检查 {count} 次，其中 {past.found} 次发现问题"
    if count < values["least_visits"] or min(past.found, count - past.found) < values["least_found"]:
        need = f"学习至少需要 {values['least_visits']} 次，发现和未发现问题的各 {values['least_found']} 次"
        return "points", f"{words}（{need}）"
    if "refused" in tested or not beats_chance(tested["days_earlier"]["pooled"]):
        return "points", f"{words}，但回溯检验看不出学习比随机顺序好"
    return "fitted", words


def beats_chance(gain: dict[str, Any]) -> bool:
    """Whether the whole interval of a gain lies above what a random order gives, and above nothing."""
    return gain["mean"] is not None and gain["interval"][0] > max(0.0, gain["random_order"])


def _fit(
    records: Records, past: History, places: list[Place], on: dt.date
) -> tuple[dict[Place, Scored], list[dict[str, Any]]]:
    subjects = order_facts.ahead(records, places, past.tags, on)
    period = order_facts.scale().values["period_days"]
    done = ordering.order(past.table.past, subjects, on=on.toordinal(), period=period)
    beyond = done.contributions - done.contributions.mean(axis=0)
    found = {}
    for i, place in enumerate(places):
        facts = records.facts(place, on)
        reasons = order_words.fitted(done.features, beyond[i], facts, records.standings[place])
        found[place] = Scored(float(done.score[i]), reasons, facts)
    weights = np.abs(beyond).mean(axis=0)
    order = np.argsort(-weights, kind="stable")
    return found, [{"name": done.features[i].name, "weight": round(float(weights[i]), 4)} for i in order]


def _point(records: Records, places: list[Place], on: dt.date) -> dict[Place, Scored]:
    found = {}
    for place in places:
        facts = records.facts(place, on)
        score, reasons = order_words.pointed(order_facts.scale(), facts, records.standings[place])
        found[place] = Scored(score, reasons, facts)
    return found


def _put_in_order(
    states: list[TaskState], scored: dict[Place, Scored], on: dt.date
) -> list[tuple[TaskState, bool]]:
    """Tasks that are due soon or late by their due date; behind them the others by score.

    Equal scores go by due date, then by a digest of the party, so that no name or number is preferred.
    """
    limit = on + dt.timedelta(days=order_facts.scale().values["first_days"])

    def place_of(state: TaskState) -> tuple[Any, ...]:
        score = scored[_place(state)].score
        tie = order_facts.digest([state.party_id, state.link, state.id])
        if state.due_on <= limit:
            return (0, state.due_on, -score, tie)
        return (1, -score, state.due_on, tie)

    return [(state, state.due_on <= limit) for state in sorted(states, key=place_of)]


def _place(state: TaskState) -> Place:
    assert state.party_id is not None
    return state.party_id, state.link


@transaction.atomic
def make_order(*, office_code: str, on: dt.date, by: Actor, at: dt.datetime) -> OrderRun:
    """Put the open tasks of an office and those below it in order, as seen on ``on``, and keep the order.

    Learns from the office's own concluded visits before ``on`` where there are enough and learning has
    beaten chance in its back-test, else counts the points of the pack. Nothing is changed in the tasks
    until ``apply_order``. Refused with P101 (permission) or L751 (no open tasks). A fixed number of
    queries, however many tasks.
    """
    require(by, "planning.plan", office_code)
    records = order_facts.read_records(office_code, on)
    states = [s for s in order_facts.open_tasks(office_code, on) if _place(s) in records.standings]
    if not states:
        raise Refused(problems("L751", office=office_code))
    past = order_facts.history(records)
    places = sorted({_place(s) for s in states})
    tested = back_test(records, past, on)
    method, why = _method(past, tested)
    weights: list[dict[str, Any]] = []
    if method == "fitted":
        scored, weights = _fit(records, past, places, on)
    else:
        scored = _point(records, places, on)
    days = past.table.past.days
    run = OrderRun.objects.create(
        on=on, office_code=office_code, method=method, why_method=why,
        pack_version=order_facts.scale().version, model_version=ordering.version(),
        trained_until=dt.date.fromordinal(int(days.max())) if len(days) else None,
        trained_visits=len(days), trained_found=past.found, facts=weights,
        digest=order_facts.digest([p, scored[p].facts, scored[p].score] for p in places),
        back_test=tested, at=at, by_name=by.name,
    )  # fmt: skip
    OrderedTask.objects.bulk_create(
        (
            OrderedTask(
                run=run, task_id=state.id, place=number, law_first=first, score=scored[_place(state)].score,
                reasons=scored[_place(state)].reasons, facts=scored[_place(state)].facts,
            )
            for number, (state, first) in enumerate(_put_in_order(states, scored, on), start=1)
        ),
        batch_size=_BATCH,
    )  # fmt: skip
    audit.record(
        by=by, at=at, action="make_order", subject="order_run", key=str(run.pk), office_code=office_code,
        detail={"on": on.isoformat(), "method": method, "tasks": len(states), "digest": run.digest},
    )  # fmt: skip
    return run


@transaction.atomic
def apply_order(*, run: OrderRun, by: Actor, at: dt.datetime) -> int:
    """Write the places of an order into its tasks; due dates stay as they are. Returns how many tasks.

    Tasks of the office that the order does not hold lose an older place. Refused with P101, L752 (a newer
    order is there) or L753 (applied already).
    """
    require(by, "planning.plan", run.office_code)
    newest = OrderRun.objects.filter(office_code=run.office_code).order_by("-at", "-id").first()
    if newest is not None and newest.pk != run.pk:
        raise Refused(problems("L752", on=run.on.isoformat()))
    if run.applied_at is not None:
        raise Refused(problems("L753"))
    places = dict(OrderedTask.objects.filter(run=run).values_list("task_id", "place"))
    plans = Task.objects.filter(ordered__run=run).values("plan_id")
    tasks = list(Task.objects.filter(plan__in=plans).only("pk", "place"))
    changed = [task for task in tasks if task.place != places.get(task.pk)]
    for task in changed:
        task.place = places.get(task.pk)
    Task.objects.bulk_update(changed, ["place"], batch_size=_BATCH)
    run.applied_at, run.applied_by = at, by.name
    run.save(update_fields=["applied_at", "applied_by"])
    audit.record(
        by=by, at=at, action="apply_order", subject="order_run", key=str(run.pk), office_code=run.office_code,
        detail={"on": run.on.isoformat(), "tasks": len(places), "changed": len(changed)},
    )  # fmt: skip
    return len(places)


# --- the office's own back-test -------------------------------------------------------------------------


def back_test(records: Records, past: History, on: dt.date) -> dict[str, Any]:
    """What the learnt order would have gained on the last visits, as stored with an order.

    {"refused": words} where there is too little; otherwise the answer of ``risk evaluate`` and ``groups``:
    per district, kind and ownership the visits, the share found, the mean place and the share of findings
    that the first half of the order reaches.
    """
    test_from = on - dt.timedelta(days=order_facts.scale().values["test_days"])
    if not len(past.places):
        return {"refused": "还没有已办结的检查"}
    try:
        done = evaluation.evaluate(past.table, test_from)
    except Refused as refused:
        return {"refused": refused.first.message}
    return evaluation.as_json(done) | {"groups": _groups(records, past, done)}


def _groups(records: Records, past: History, done: Evaluation) -> list[dict[str, Any]]:
    standings = [records.standings[past.places[i]] for i in done.tested_rows]
    names = office_names({s.office_code for s in standings})
    found = past.table.past.found[done.tested_rows]
    position = (done.rank + 0.5) / len(done.rank)
    by: dict[str, dict[str, list[int]]] = {
        "地区": defaultdict(list), "类型与规模": defaultdict(list), "所有制": defaultdict(list)
    }  # fmt: skip
    for i, standing in enumerate(standings):
        by["地区"][names.get(standing.office_code, standing.office_code)].append(i)
        by["类型与规模"][standing.unit_kind or standing.mode or standing.link].append(i)
        by["所有制"][standing.ownership or "未登记"].append(i)
    rows = []
    for what, groups in by.items():
        for name, members in sorted(groups.items()):
            hit = found[members] == 1
            early = position[members] < 0.5
            rows.append(
                {
                    "by": what,
                    "name": name,
                    "visits": len(members),
                    "found_rate": round(float(hit.mean()), 3),
                    "place": round(float(position[members].mean()), 3),
                    "early": round(float(early.mean()), 3),
                    "early_found_rate": round(float(hit[early].mean()), 3) if early.any() else None,
                }
            )
    return rows
