"""schedule: who goes when, made, shown, handed down, put right when somebody is away, withdrawn."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click
from django.utils import timezone

from xiejian.cli.output import command, emit, json_option, say
from xiejian.cli.plan import covering_office
from xiejian.kernel import dates
from xiejian.kernel.problems import Refused
from xiejian.people.models import Officer
from xiejian.people.policy import SYSTEM
from xiejian.planning import schedule_actions as actions
from xiejian.planning import schedule_queries as queries
from xiejian.planning.checks import problems
from xiejian.planning.models import Assignment, Schedule


@click.group("schedule", help="排班：谁、哪天、去哪里")
def schedule_group() -> None:
    """Commands about schedules."""


def _schedule(schedule_id: int) -> Schedule:
    found = Schedule.objects.filter(pk=schedule_id).first()
    if found is None:
        raise Refused(problems("L604", schedule=schedule_id))
    return found


def _row(row: Assignment) -> dict[str, Any]:
    return {
        "key": row.key, "task": row.task_id, "party": row.party.name, "link": row.link, "kind": row.kind,
        "office": row.office_code, "town": row.town, "day": row.day, "due_on": row.due_on,
        "team": [officer.username for officer in row.team.all()], "inspectors": row.inspectors,
        "place": row.place, "matter": row.matter, "held": row.held, "fixed": row.fixed,
        "visit": row.visit.number if row.visit else None, "note": row.note,
    }  # fmt: skip


def summary(schedule: Schedule, with_rows: bool = False) -> dict[str, Any]:
    """What a schedule is: period, state, result, everybody's share, what cannot be met; rows when asked."""
    answer: dict[str, Any] = {
        "schedule": schedule.pk, "office": schedule.office_code, "from": schedule.from_on,
        "until": schedule.until_on, "state": schedule.state, "issued_until": schedule.issued_until,
        **{key: value for key, value in schedule.figures.items() if key != "loads"},
        "loads": [vars(load) | {"percent": load.percent} for load in queries.loads(schedule)],
        "unmet": schedule.unmet,
        "settings": schedule.settings,
    }  # fmt: skip
    if with_rows:
        answer["rows"] = [_row(row) for row in queries.assignments(SYSTEM, schedule=schedule)]
    return answer


def _lines(answer: dict[str, Any]) -> str:
    lines = [
        f"排班 {answer['schedule']}：{answer['from']} 至 {answer['until']}，{answer['visits']} 家次，"
        f"{answer['outings']} 次外出，路途共 {round(answer['travel'] / 60)} 小时",
        f"与理论最优相差不超过 {answer['gap']:.2%}",
    ]
    lines += [f"  {load['name']}：{load['minutes']} 分钟" for load in answer["loads"]]
    lines += [f"  无法安排 {u['name']}（{u['kind']}，{u['due_on']}）：{u['why']}" for u in answer["unmet"]]
    lines += [
        f"{r['day']} {r['town']} {r['inspectors']}：{r['party']} {r['kind']}" for r in answer.get("rows", [])
    ]
    return "\n".join(lines)


@schedule_group.command("make", help="生成排班草案")
@click.option("--office", "office_code", default="", help="机构代码；不写则为名录所属的机构")
@click.option("--from", "from_text", required=True, help="开始日期")
@click.option("--until", "until_text", required=True, help="结束日期")
@click.option("--seconds", type=float, default=50.0, show_default=True, help="计算时间上限")
@json_option
@command(stored=True)
def make(office_code: str, from_text: str, until_text: str, seconds: float, as_json: bool) -> None:
    def progress(percent: int, what: str) -> None:
        if not as_json:
            say(f"{percent:3}% {what}")

    first, last = _day(from_text), _day(until_text)
    schedule = actions.make_schedule(
        office_code=office_code or covering_office(), from_on=first, until_on=last, by=SYSTEM,
        at=timezone.now(), on=min(timezone.localdate(), first), seconds=seconds, progress=progress,
    )  # fmt: skip
    answer = summary(schedule)
    emit(answer, as_json, _lines(answer))


def _day(text: str) -> dt.date:
    found = dates.read(text)
    if found is None:
        raise Refused(problems("L601", text))
    return found


@schedule_group.command("show", help="查看排班")
@click.argument("schedule_id", type=int)
@json_option
@command(stored=True)
def show(schedule_id: int, as_json: bool) -> None:
    answer = summary(_schedule(schedule_id), with_rows=True)
    emit(answer, as_json, _lines(answer))


@schedule_group.command("issue", help="下达排班：到某日为止的安排成为检查")
@click.argument("schedule_id", type=int)
@click.option("--until", "until_text", required=True, help="下达到哪一天")
@json_option
@command(stored=True)
def issue(schedule_id: int, until_text: str, as_json: bool) -> None:
    schedule = _schedule(schedule_id)
    done = actions.issue_schedule(schedule=schedule, until_on=_day(until_text), by=SYSTEM, at=timezone.now())
    held = [{"key": row.key, "party": row.party.name, "why": row.held} for row in done.held]
    lines = [f"已下达 {done.made} 次检查", *(f"  未下达 {row['party']}：{row['why']}" for row in held)]
    emit({"schedule": schedule_id, "visits": done.made, "held": held}, as_json, "\n".join(lines))


@schedule_group.command("replan", help="有人请假：重新安排受影响的检查，尽量不动其他人")
@click.option("--officer", "username", required=True, help="登录名")
@click.option("--from", "from_text", required=True, help="请假开始日期")
@click.option("--until", "until_text", required=True, help="请假结束日期")
@click.option("--reason", required=True, help="事由")
@click.option("--on", "on_text", default="", help="今天；不写则为当天，早于它的安排不动")
@json_option
@command(stored=True)
def replan(username: str, from_text: str, until_text: str, reason: str, on_text: str, as_json: bool) -> None:
    officer = Officer.objects.select_related("office").filter(username=username).first()
    if officer is None:
        raise Refused(problems("L606", username=username))
    done = actions.record_absence(
        officer=officer, from_on=_day(from_text), until_on=_day(until_text), reason=reason, by=SYSTEM,
        at=timezone.now(), on=_day(on_text) if on_text else timezone.localdate(),
    )  # fmt: skip
    groups = {"moved": done.moved, "conflicts": done.conflicts, "unmet": done.unmet}
    keys = [row.pk for rows in groups.values() for row in rows]
    rows = {
        row.pk: _row(row)
        for row in Assignment.objects.filter(pk__in=keys)
        .select_related("party", "visit")
        .prefetch_related("team")
    }
    answer = {name: [rows[row.pk] for row in found] for name, found in groups.items()}
    words = {"moved": "已调整", "conflicts": "固定或已开始，请人工处理", "unmet": "没有可派的检查组"}
    lines = [
        f"{words[name]} {r['day']} {r['inspectors']}：{r['party']}" for name, rs in answer.items() for r in rs
    ]
    emit(answer | {"others": done.others}, as_json, "\n".join(lines or ["没有受影响的安排"]))


@schedule_group.command("withdraw", help="撤回排班：未开始的检查随之取消")
@click.argument("schedule_id", type=int)
@click.option("--reason", required=True, help="理由")
@json_option
@command(stored=True)
def withdraw(schedule_id: int, reason: str, as_json: bool) -> None:
    cancelled = actions.withdraw_schedule(
        schedule=_schedule(schedule_id), reason=reason, by=SYSTEM, at=timezone.now()
    )
    emit({"schedule": schedule_id, "cancelled": cancelled}, as_json, f"已撤回，取消 {cancelled} 次检查")


COMMANDS = [schedule_group]
