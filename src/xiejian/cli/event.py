"""event: reports of adverse events, what they point to, and who is behind with reporting."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click
from django.utils import timezone

from xiejian.cli.output import command, emit, json_option
from xiejian.kernel import dates
from xiejian.people.policy import SYSTEM
from xiejian.vigilance import queries, rules
from xiejian.vigilance.actions import WORKFLOW
from xiejian.vigilance.models import AdverseEvent

_TABS = ("open", "all")
_LOOK_BACK = 365  # days of which alerts are told


@click.group("event", help="不良事件：报告清单、信号、报告任务")
def event_group() -> None:
    """Commands about adverse events."""


def _on(text: str) -> dt.date:
    return (dates.read(text) if text else None) or timezone.localdate()


def _row(row: AdverseEvent) -> dict[str, Any]:
    return {
        "number": row.number, "state": row.state, "state_label": WORKFLOW.states[row.state],
        "reporter": row.party.name, "reporter_kind": row.reporter_kind, "product": row.product_name,
        "registration_no": row.registration_no, "lot": row.lot, "serial": row.serial, "maker": row.maker,
        "event_on": row.event_on, "found_on": row.found_on, "reported_on": row.reported_on,
        "harm": row.harm, "term": row.term, "term_label": rules.terms().get(row.term, ""),
        "due": getattr(row, "due", None), "alike": bool(getattr(row, "alike", False)),
        "duplicate_of": row.duplicate_of.number if row.duplicate_of else "", "group": row.group_no,
        "office": row.office_code,
    }  # fmt: skip


@event_group.command("list", help="报告清单")
@click.option("--tab", type=click.Choice(_TABS), default="all", help="open：待审核；all：全部")
@click.option("--office", "office_code", default="", help="机构代码：该机构及下级")
@click.option("--search", default="", help="编号、产品、批号、单位")
@click.option("--on", "on_text", default="", help="截至日期，不写则为今天")
@json_option
@command(stored=True)
def list_events(tab: str, office_code: str, search: str, on_text: str, as_json: bool) -> None:
    rows = queries.events(SYSTEM, office=office_code, search=search).order_by("-reported_on", "-pk")
    if tab == "open":
        rows = rows.filter(state__in=queries.OPEN, duplicate_of=None)
    found = [_row(row) for row in rows]
    lines = [
        f"{r['number']}\t{r['product']}\t{r['harm']}\t{r['state_label']}\t{r['due'] or ''}" for r in found
    ]
    answer = {"events": found, "counts": vars(queries.counts(SYSTEM, _on(on_text), office_code))}
    emit(answer, as_json, "\n".join(lines) or "没有不良事件报告")


@event_group.command("signals", help="预警，以及按一种方法提示的信号；由已存的报告计算")
@click.option("--profile", type=click.Choice(list(rules.profiles())), default="prr_default", help="判定方法")
@click.option("--office", "office_code", default="", help="机构代码：该机构及下级")
@click.option("--on", "on_text", default="", help="截至日期，不写则为今天")
@json_option
@command(stored=True)
def list_signals(profile: str, office_code: str, on_text: str, as_json: bool) -> None:
    on = _on(on_text)
    found = queries.look(SYSTEM, profile, on - dt.timedelta(days=_LOOK_BACK), on, office_code)
    labels = {name: str(rule["label"]) for name, rule in rules.alerts().items()}
    alerts = [
        {
            "rule": a.rule, "label": labels[a.rule], "product": a.product, "subject": a.subject,
            "on": a.on, "reports": [one.number for one in a.reports],
            "judged": judged.outcome if judged else "",
        }
        for a, judged in found.alerts
    ]  # fmt: skip
    signals = [
        {**s.values, "term": s.term, "fires": s.fires, "judged": judged.outcome if judged else ""}
        for s, judged in found.signals
    ]
    lines = [f"{a['label']}\t{a['product']}\t{a['subject']}\t{'、'.join(a['reports'])}" for a in alerts]
    lines += [f"信号\t{s['product']}\t{s['term']}\t{s['n']} 份" for s in signals]
    answer = {"reports": found.reports, "profile": profile, "alerts": alerts, "signals": signals}
    emit(answer, as_json, "\n".join(lines) or "没有预警和信号")


@event_group.command("quotas", help="报告任务：各单位的任务数、已报告数")
@click.option("--year", type=int, default=None, help="年度，不写则为今年")
@click.option("--office", "office_code", default="", help="机构代码：该机构及下级")
@json_option
@command(stored=True)
def list_quotas(year: int | None, office_code: str, as_json: bool) -> None:
    wanted = year or timezone.localdate().year
    rows = queries.quotas(SYSTEM, wanted, office_code).order_by("-left", "pk")
    found = [
        {"party": row.party.name, "count": row.count, "reported": row.reported, "left": max(0, row.left)}
        for row in rows
    ]
    lines = [f"{r['party']}\t任务 {r['count']}\t已报告 {r['reported']}" for r in found]
    emit({"year": wanted, "quotas": found}, as_json, "\n".join(lines) or "没有报告任务")


COMMANDS = [event_group]
