"""online: offers on the internet from the command line; assistance: letters between offices."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click
from django.utils import timezone

from xiejian.assistance import queries as assistance
from xiejian.assistance.models import AssistanceRequest
from xiejian.cli.output import command, emit, json_option
from xiejian.kernel import dates
from xiejian.kernel.problems import Refused
from xiejian.online import queries, rules
from xiejian.online.actions import WORKFLOW
from xiejian.online.checks import problems
from xiejian.online.models import Listing
from xiejian.online.screening import Mark, screen
from xiejian.people.policy import SYSTEM


@click.group("online", help="网络监测：清单、宣传内容筛查")
def online_group() -> None:
    """Commands about offers on the internet."""


@click.group("assistance", help="协查：清单")
def assistance_group() -> None:
    """Commands about letters between offices."""


def _on(text: str) -> dt.date:
    return (dates.read(text) if text else None) or timezone.localdate()


def _row(row: Listing) -> dict[str, Any]:
    return {
        "number": row.number, "state": row.state, "state_label": WORKFLOW.states[row.state],
        "list": row.source_list.number, "source": row.source_list.source, "platform": row.platform,
        "shop": row.shop, "seller": row.seller.name if row.seller else row.seller_named,
        "product": row.product, "registration_no": row.registration_no, "url": row.url,
        "due": row.source_list.due_on, "outcome": row.outcome, "disposed_on": row.disposed_on,
        "marks": row.marks, "office": row.office_code,
    }  # fmt: skip


@online_group.command("list", help="网络监测信息清单")
@click.option("--tab", type=click.Choice(["check", "due", "report", "all"]), default="all", help="哪一部分")
@click.option("--office", "office_code", default="", help="机构代码：该机构及下级")
@click.option("--search", default="", help="编号、店铺、单位、产品、网址、宣传内容")
@click.option("--on", "on_text", default="", help="截至日期，不写则为今天")
@json_option
@command(stored=True)
def list_listings(tab: str, office_code: str, search: str, on_text: str, as_json: bool) -> None:
    on = _on(on_text)
    rows = queries.listings(SYSTEM, office=office_code, search=search, sort="due")
    if tab == "check":
        rows = rows.filter(state__in=queries.OPEN)
    elif tab == "due":
        rows = rows.filter(pk__in=queries.due_listings(SYSTEM, on, rules.due_soon_days()).values("pk"))
    elif tab == "report":
        rows = rows.filter(queries.TO_REPORT)
    found = [_row(row) for row in rows]
    lines = [
        f"{r['number']}\t{r['shop']}\t{r['product']}\t{r['state_label']}\t{r['due'] or ''}" for r in found
    ]
    answer = {"listings": found, "counts": vars(queries.counts(SYSTEM, on, office=office_code))}
    emit(answer, as_json, "\n".join(lines) or "没有网络监测信息")


def _said(marks: list[Mark]) -> str:
    return (
        "\n".join(f"{rules.GRADES[m.grade]}：{m.label}“{m.found}”（{m.citation}）" for m in marks) or "未发现"
    )


@online_group.command("screen", help="筛查宣传内容：--text 的内容，或者文件中每行一条；不存入")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--text", default="", help="宣传内容")
@json_option
@command()
def screen_texts(file: Path | None, text: str, as_json: bool) -> None:
    if not text and file is None:
        raise Refused(problems("M101", what="宣传内容（--text 或者文件）"))
    texts = [text] if text else (file or Path()).read_text("utf-8-sig").splitlines()
    found = [(one, screen(one)) for one in texts if one.strip()]
    answer = {"texts": [{"text": one, "marks": [mark.as_json() for mark in marks]} for one, marks in found]}
    emit(answer, as_json, "\n\n".join(f"{one}\n{_said(marks)}" for one, marks in found))


def _letter(row: AssistanceRequest) -> dict[str, Any]:
    return {
        "number": row.number, "direction": row.direction, "other_office": row.other_office,
        "other_no": row.other_no, "subject": row.subject, "party": row.party_named, "state": row.state,
        "state_label": assistance.state_label(row), "dated_on": row.dated_on,
        "due": getattr(row, "due", None), "replied_on": row.replied_on, "office": row.office_code,
    }  # fmt: skip


@assistance_group.command("list", help="协查清单")
@click.option("--direction", type=click.Choice(["收到", "发出", ""]), default="", help="方向")
@click.option("--office", "office_code", default="", help="机构代码：该机构及下级")
@click.option("--on", "on_text", default="", help="截至日期，不写则为今天")
@json_option
@command(stored=True)
def list_requests(direction: str, office_code: str, on_text: str, as_json: bool) -> None:
    rows = assistance.requests(SYSTEM, direction=direction, office=office_code, sort="due")
    found = [_letter(row) for row in rows]
    lines = [f"{r['number']}\t{r['other_office']}\t{r['state_label']}\t{r['due'] or ''}" for r in found]
    answer = {"requests": found, "counts": vars(assistance.counts(SYSTEM, _on(on_text)))}
    emit(answer, as_json, "\n".join(lines) or "没有协查")


COMMANDS = [online_group, assistance_group]
