"""lead: the inbox and triage from the command line; daily-report: what a day brought."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click
from django.utils import timezone

from xiejian.cli.output import command, emit, json_option
from xiejian.documents import lead_papers, papers
from xiejian.kernel import dates
from xiejian.kernel.divisions import NATION
from xiejian.kernel.problems import Refused
from xiejian.leads import actions, days, matching, queries, triage
from xiejian.leads.checks import problems
from xiejian.leads.models import Lead
from xiejian.people.models import Office
from xiejian.people.policy import SYSTEM


@click.group("lead", help="投诉举报与线索：清单、分流建议")
def lead_group() -> None:
    """Commands about leads."""


def _on(text: str) -> dt.date:
    return (dates.read(text) if text else None) or timezone.localdate()


def _row(lead: Lead) -> dict[str, Any]:
    return {
        "number": lead.number, "state": lead.state, "state_label": actions.WORKFLOW.states[lead.state],
        "kind": lead.kind, "topic": lead.topic, "priority": lead.priority, "source": lead.source,
        "party": lead.party.name if lead.party else lead.party_named, "link": lead.link,
        "received_on": lead.received_on, "due": getattr(lead, "due", None), "outcome": lead.outcome,
        "office": lead.office_code,
    }  # fmt: skip


@lead_group.command("list", help="线索清单")
@click.option("--tab", type=click.Choice(["open", "new", "late", "all"]), default="all", help="哪一部分")
@click.option("--office", "office_code", default="", help="机构代码：该机构及下级")
@click.option("--search", default="", help="编号、单位、产品、内容")
@click.option("--on", "on_text", default="", help="截至日期，不写则为今天")
@json_option
@command(stored=True)
def list_leads(tab: str, office_code: str, search: str, on_text: str, as_json: bool) -> None:
    on = _on(on_text)
    rows = queries.leads(SYSTEM, office=office_code, search=search, sort="due")
    if tab == "new":
        rows = rows.filter(state__in=queries.NEW)
    elif tab != "all":
        rows = rows.filter(state__in=queries.OPEN)
    if tab == "late":
        rows = rows.filter(due__lt=on)
    found = [_row(lead) for lead in rows]
    lines = [f"{r['number']}\t{r['kind']}\t{r['party']}\t{r['state_label']}\t{r['due'] or ''}" for r in found]
    answer = {"leads": found, "counts": vars(queries.counts(SYSTEM, on, office_code))}
    emit(answer, as_json, "\n".join(lines) or "没有线索")


@lead_group.command("triage", help="分流建议：--text 的内容，或者一条已登记的线索；只建议，不办理")
@click.argument("number", required=False, default="")
@click.option("--text", default="", help="反映内容")
@json_option
@command(stored=True)
def propose(number: str, text: str, as_json: bool) -> None:
    if number:
        lead = queries.lead_by_number(SYSTEM, number)
        if lead is None:
            raise Refused(problems("E108", number, number=number))
    elif text:
        lead = Lead(text=text, received_on=timezone.localdate(), kind="", link="")
    else:
        raise Refused(problems("E101", what="线索编号或者 --text"))
    found = matching.propose(lead, SYSTEM)
    lines = [f"类型：{found.kind}", f"紧急程度：{found.priority}"]
    lines += [f"{triage.LABELS[r.question]}：{r.answer}（{r.why}）" for r in found.reasons]
    emit(found.as_json(), as_json, "\n".join(lines))


@click.command("daily-report", help="投诉举报日报")
@click.option("--on", "on_text", default="", help="哪一天，不写则为今天")
@click.option("--office", "office_code", default="", help="机构代码：该机构及下级")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help=".docx 或 .pdf")
@click.option("--save", is_flag=True, help="存档：每个局一份，供定时任务调用；已有的不变")
@json_option
@command(stored=True)
def daily_report(on_text: str, office_code: str, out: Path | None, save: bool, as_json: bool) -> None:
    found = queries.day(SYSTEM, _on(on_text), office_code)
    kept = _keep(found.on, office_code) if save else []
    if out:
        papers.write(lead_papers.day_report(found, office_code or NATION), out)
    counted = {k: v for k, v in vars(found).items() if k not in ("urgent", "overdue")}
    answer = counted | {
        "urgent": [row.number for row in found.urgent], "overdue": [row.number for row in found.overdue],
        "out": out, "kept": kept,
    }  # fmt: skip
    done = f"答复 {found.answered}，办结 {found.closed}，逾期 {len(found.overdue)}"
    emit(answer, as_json, f"{found.on}：收到 {found.received}，{done}")


def _keep(on: dt.date, office_code: str) -> list[str]:
    """Keep the day of the office, or of every bureau with offices of its own; the codes newly kept."""
    bureaus = Office.objects.filter(tier="county").order_by("code").values_list("code", flat=True)
    codes = [office_code] if office_code else list(bureaus)
    now = timezone.now()
    return [code for code in codes if days.keep_day(office_code=code, on=on, by=SYSTEM, at=now)[1]]


COMMANDS = [lead_group, daily_report]
