"""Who goes when in the rest of the year, who is away, who avoids whom, and one draw that is published."""

from __future__ import annotations

from datetime import date, timedelta

from xiejian.cli.demo.accounts import Staffed, moment
from xiejian.planning import draw_actions as draws
from xiejian.planning import schedule_actions as schedules
from xiejian.planning.models import Task
from xiejian.registry.models import Party

#: seconds are a bound that these small offices never reach: the same build gives the same schedule
_SECONDS = 60.0


def arrange_rest_of_year(staffed: Staffed) -> int:
    """An absence, a recusal, a draft schedule until the end of the year, a draw; gives the visits arranged.

    An office whose year is over, or whose tasks are done, arranges nothing.
    """
    today, last = staffed.today, date(staffed.year, 12, 31)
    code, station = staffed.code, next(iter(staffed.stations))
    if today >= last or not Task.objects.filter(plan__office_code=code, plan__state="issued").exists():
        return 0
    at = moment(today)
    away, inspector = staffed.visitors[code][1], staffed.visitors[station][0]
    party = Party.objects.filter(office_code=station).order_by("name").first()
    if party is not None:
        schedules.declare_recusal(
            officer=inspector, party=party, reason="近亲属在该单位任职", by=staffed.officer, at=at, on=today
        )
    made = schedules.make_schedule(
        office_code=code, from_on=today + timedelta(days=1), until_on=last, on=today, seconds=_SECONDS,
        by=staffed.officer, at=at,
    )  # fmt: skip
    schedules.record_absence(
        officer=away, from_on=today + timedelta(days=5), until_on=today + timedelta(days=6),
        reason="参加省局检查员培训", by=staffed.officer, at=moment(today, hour=2), on=today,
    )  # fmt: skip
    draw_in_public(staffed)
    return made.assignments.count()


def draw_in_public(staffed: Staffed) -> None:
    """One draw of distributors and teams with a number of chance, announced an hour before it was drawn."""
    by, today = staffed.officer, staffed.today
    parties = draws.parties_to_draw(by, link="经营")
    people = draws.inspectors_to_draw(by)
    run = draws.commit_draw(
        title=f"{staffed.year}年第四季度经营企业双随机抽查", office_code=staffed.code, source="register",
        candidates=[p.entry for p in parties], excluded=[], count=min(10, len(parties)),
        inspectors=[p.entry for p in people], avoid=draws.conflicts(parties, people),
        last=draws.last_teams(parties, people, today), secret=f"{staffed.key}-{staffed.year}-4", by=by,
        at=moment(today, hour=1),
    )  # fmt: skip
    draws.reveal_draw(run=run, public="摇号 07 12 19 23 31", by=by, at=moment(today, hour=2))
