"""What followed from the visits of the year: production stopped and resumed, results of system and licence
visits, talks arranged with firms that do not answer their order."""

from __future__ import annotations

from datetime import timedelta

from xiejian.cases import interviews
from xiejian.cli.demo.accounts import Staffed, moment
from xiejian.cli.demo.invention import working_day
from xiejian.inspections import queries, site_checks, stopping
from xiejian.inspections.models import Visit

#: days from the firm's asking to the look that precedes resuming, and from there until the office agrees
_ASKED, _AGREED = 3, 3
_TALK_IN, _TALKS = 6, 2  # days until the talk; how many are arranged
REASON = "关键项目不符合，不能保证产品质量"
DONE = "已查明原因，完成设备验证和人员培训，相关批次已隔离处置"
SEEN = "现场核实整改到位，具备恢复生产的条件"


def _made(staffed: Staffed, **facts: object) -> list[Visit]:
    """The year's concluded visits of the office, by day."""
    rows = Visit.objects.filter(
        office_code__startswith=staffed.code, state="concluded", visited_on__year=staffed.year, **facts
    )
    return list(rows.select_related("party").order_by("visited_on", "number"))


def stop_and_resume(staffed: Staffed) -> int:
    """Every maker told to stop: the order, and where it was looked at again well, the way back; the stops."""
    stopped = _made(staffed, link="生产", conclusion="停产整改")
    by = staffed.officer
    for visit in stopped:
        assert visit.visited_on is not None
        stop = stopping.stop_production(
            visit=visit, scope="全部产品", reason=REASON, ordered_on=visit.visited_on, by=by,
            at=moment(visit.visited_on, hour=8),
        )  # fmt: skip
        later = _made(staffed, party=visit.party, conclusion="符合", visited_on__gt=visit.visited_on)
        if later and (seen := later[0].visited_on):
            asked, agreed = seen - timedelta(days=_ASKED), working_day(seen + timedelta(days=_AGREED))
            stopping.apply_to_resume(stop=stop, applied_on=asked, application=DONE, by=by, at=moment(asked))
            stopping.pass_stop_recheck(
                stop=stop, recheck_visit=later[0], decision=SEEN, by=by, at=moment(seen, hour=8)
            )
            stopping.resume_production(
                stop=stop, resumed_on=agreed, approved_by=staffed.head.name, by=by, at=moment(agreed)
            )
    return len(stopped)


def tell_results(staffed: Staffed) -> int:
    """The result of every licence and system visit that has come to one, with its application; how many."""
    told = 0
    for visit in _made(staffed, kind__in=tuple(site_checks.RESULTS)):
        closed = visit.corrections.filter(state="closed").order_by("closed_on").last()
        result = site_checks.AFTER_CORRECTION if closed else site_checks.PASSED
        applications = list(site_checks.matters_of(visit))
        matter = next((row for row in applications if row.result == result), None)
        # what the office decided on the application of the firm must not say something else
        if (visit.conclusion != "符合" and closed is None) or (applications and matter is None):
            continue
        day = closed.closed_on if closed and closed.closed_on else visit.visited_on
        assert day is not None
        site_checks.conclude_site_check(
            visit=visit, result=result, decided_on=day, matter=matter, by=staffed.officer,
            at=moment(day, hour=9),
        )  # fmt: skip
        told += 1
    return told


def plan_talks(staffed: Staffed) -> int:
    """Talks with the firms whose orders are overdue the longest; the first is told at once. How many."""
    today = staffed.today
    late = queries.open_corrections(staffed.officer, today).filter(overdue=1).order_by("due_on", "number")
    parties = list(dict.fromkeys(order.visit.party for order in late))[:_TALKS]
    for number, party in enumerate(parties):
        day = working_day(today + timedelta(days=_TALK_IN + number))
        plan = interviews.plan_interview(
            party=party, planned_on=day, reason="责令改正逾期未报告整改情况", place=staffed.office.name,
            by=staffed.officer, at=moment(today, hour=3),
        )  # fmt: skip
        if number == 0:
            interviews.invite_to_interview(
                plan=plan, invited_on=today, how="电话", planned_on=day, by=staffed.officer,
                at=moment(today, hour=4),
            )  # fmt: skip
    return len(parties)
