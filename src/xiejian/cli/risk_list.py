"""risk prepare, list, recompute, report: the risk consultation from the command line."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click
from django.utils import timezone

from xiejian.cli.output import command, emit, json_option
from xiejian.cli.plan import covering_office
from xiejian.documents import papers, risk_papers
from xiejian.kernel import dates
from xiejian.kernel.problems import Refused
from xiejian.people.policy import SYSTEM
from xiejian.risks import actions, queries, rules, signals
from xiejian.risks.checks import OPEN, problems
from xiejian.risks.models import RiskItem, RiskMeeting

TABS = ("open", "due", "asked", "all")

_office = click.option("--office", "office_code", default="", help="机构代码；不写则为名录所属的机构")
_on = click.option("--on", "on_text", default="", help="以这一天为准，不写则为今天")
_year = click.option("--year", type=int, default=0, help="年度；不写则为今天所在的")
_quarter = click.option("--quarter", type=int, default=0, help="季度 1 至 4；不写则为今天所在的")


def _day(text: str) -> dt.date:
    return (dates.read(text) if text else None) or timezone.localdate()


def _of(year: int, quarter: int) -> tuple[int, int]:
    """The quarter asked for, else the one of today."""
    this_year, this_quarter = signals.quarter_of(timezone.localdate())
    return year or this_year, quarter or this_quarter


def _item(row: RiskItem) -> dict[str, Any]:
    level = rules.levels().get(row.level)
    return {
        "number": row.number, "title": row.title, "state": row.state,
        "state_label": actions.WORKFLOW.states[row.state], "level": row.level,
        "level_label": level.label if level else "", "party": row.party.name if row.party else "",
        "owner": row.owner.name if row.owner else "", "found_on": row.found_on, "due_on": row.due_on,
        "signal": row.signal, "grouping": row.grouping, "key": row.key, "value": row.value,
        "returned": row.round, "office": row.office_code,
    }  # fmt: skip


def _line(row: RiskItem) -> str:
    found = _item(row)
    return "\t".join(str(found[k] or "") for k in ("number", "title", "level_label", "state_label", "due_on"))


def _readings(meeting: RiskMeeting) -> list[dict[str, Any]]:
    return [
        {
            "signal": one.signal.id, "label": one.signal.label, "grouping": one.reading.grouping,
            "key": one.reading.key, "name": one.reading.label, "count": one.reading.count,
            "before": one.reading.before, "last_year": one.reading.last_year, "why": one.reading.why,
            "item": one.item.number if one.item else "",
        }
        for one in queries.told(meeting)
    ]  # fmt: skip


@click.command("prepare", help="按记录统计各项风险信号，准备一个季度的风险会商")
@_office
@_year
@_quarter
@json_option
@command(stored=True)
def prepare_command(office_code: str, year: int, quarter: int, as_json: bool) -> None:
    """Count again while the meeting has not been held."""
    asked_year, asked_quarter = _of(year, quarter)
    meeting = actions.prepare_meeting(
        office_code=office_code or covering_office(), year=asked_year, quarter=asked_quarter, by=SYSTEM,
        at=timezone.now(),
    )  # fmt: skip
    found = _readings(meeting)
    answer = {
        "meeting": meeting.pk, "title": meeting.title, "office": meeting.office_code,
        "from": meeting.from_on, "until": meeting.until_on, "state": meeting.state, "readings": found,
    }  # fmt: skip
    raised = [f"{one['label']}：{one['name']}　{one['why']}" for one in found if one["why"]]
    emit(answer, as_json, "\n".join([f"{meeting.title}：需要关注 {len(raised)} 项", *raised]))


@click.command("list", help="风险清单")
@click.option("--tab", type=click.Choice(TABS), default="open", help="未销号、到期、待销号、全部")
@click.option("--office", "office_code", default="", help="机构代码：该机构及下级")
@click.option("--search", default="", help="编号、风险、监管对象")
@_on
@json_option
@command(stored=True)
def list_command(tab: str, office_code: str, search: str, on_text: str, as_json: bool) -> None:
    on = _day(on_text)
    rows = queries.items(SYSTEM, office=office_code, search=search).order_by("found_on", "pk")
    found = list(queries.of_tab(rows, tab, on))
    answer = {"risks": [_item(row) for row in found], "counts": vars(queries.counts(SYSTEM, on, office_code))}
    emit(answer, as_json, "\n".join(map(_line, found)) or "没有风险")


@click.command("recompute", help="销号后信号复发的风险重新列入清单")
@_office
@_on
@json_option
@command(stored=True)
def recompute_command(office_code: str, on_text: str, as_json: bool) -> None:
    """The same day again changes nothing."""
    found = actions.recompute_risks(
        office_code=office_code or covering_office(), on=_day(on_text), by=SYSTEM, at=timezone.now()
    )
    lines = [f"{row.number}\t{row.title}\t{row.value['why']}" for row in found]
    emit({"returned": [_item(row) for row in found]}, as_json, "\n".join(lines) or "没有复发的风险")


@click.command("report", help="风险会商分析报告")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=".docx 或 .pdf")
@_office
@_year
@_quarter
@json_option
@command(stored=True)
def report_command(out: Path, office_code: str, year: int, quarter: int, as_json: bool) -> None:
    """Of a meeting that was prepared (H108 without one)."""
    (asked_year, asked_quarter), office = _of(year, quarter), office_code or covering_office()
    meeting = queries.meeting_of(SYSTEM, office, asked_year, asked_quarter)
    if meeting is None:
        raise Refused(problems("H108", year=asked_year, quarter=asked_quarter))
    rows = queries.items(SYSTEM, office=office).filter(state__in=OPEN).order_by("found_on", "pk")
    items = list(rows.prefetch_related("measures"))
    papers.write(risk_papers.report(meeting, queries.told(meeting), items, on=timezone.localdate()), out)
    emit({"meeting": meeting.pk, "title": meeting.title, "out": out}, as_json, f"已写入 {out}")


COMMANDS = (prepare_command, list_command, recompute_command, report_command)
