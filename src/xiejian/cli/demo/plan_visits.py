"""The year's visits as the issued plan asks for them: a few missed, some with an order to correct."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from xiejian.cli.demo.year import Visited, Year

#: what a task is called → what the visit is called, where a visit has no such name
VISIT_KIND = {
    "监督检查": "日常检查",
    "备案后检查": "许可核查",
    "平台检查": "专项检查",
    "联合检查": "全项目检查",
}


def visits_of_plan(year: Year, tasks: Iterable[dict[str, Any]]) -> list[Visited]:
    """One visit for every time that a task asks for, within the task's dates and the data's ``[plan]``.

    ``tasks``: uscc, link, kind, times, from_on, due_on, office_code; in any order.
    """
    settings = year.data["plan"]
    units = {unit.code: unit for unit in year.register.units}
    wanted = [
        task
        for task in sorted(tasks, key=lambda t: (t["due_on"], t["uscc"], t["link"], t["kind"]))
        for _ in range(task["times"])
    ]
    visits = []
    for index, task in enumerate(wanted):
        if index % settings["missed_every"] == settings["missed_every"] - 1:
            continue
        unit = units[task["uscc"]]
        first = max(task["from_on"], settings["first"], unit.arrived or date.min)
        problem = index % settings["problem_every"] == settings["problem_every"] - 1
        visits.append(
            Visited(
                unit=unit,
                link=task["link"],
                kind=VISIT_KIND.get(task["kind"], task["kind"]),
                on=year.invent.day(first, max(first, min(task["due_on"], settings["last"]))),
                office_code=task["office_code"],
                persons=2 + (index % 6 == 0),
                failed=year.invent.random.randint(1, 4) if problem else 0,
            )
        )
    return visits
