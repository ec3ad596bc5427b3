"""self-inspection: who handed in the report of a year, who did not, what speaks against a report."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click
from django.utils import timezone

from xiejian.cli.output import command, emit, json_option
from xiejian.kernel import dates
from xiejian.people.policy import SYSTEM
from xiejian.self_inspections import queries


@click.group("self-inspection", help="企业自查：报送情况、与记录的矛盾")
def self_inspection_group() -> None:
    """Commands about self-inspections."""


def _on(text: str) -> dt.date:
    return (dates.read(text) if text else None) or timezone.localdate()


def _row(link: Any, year: int) -> dict[str, Any]:
    return {
        "name": link.party.name, "uscc": link.party.uscc, "link": link.link, "standing": link.standing,
        "standing_label": queries.STANDINGS[link.standing], "filed_on": link.reported_on,
        "nonconform": link.nonconform, "opened_in_year": queries.newly(link, year),
        "focus": link.party.self_inspection_focus, "office": link.party.office_code,
    }  # fmt: skip


@self_inspection_group.command("list", help="应当自查的单位和报送情况")
@click.option("--year", type=int, required=True, help="年度")
@click.option("--link", default="", help="环节：生产、经营、使用")
@click.option("--state", type=click.Choice(["", *queries.STANDINGS]), default="", help="报送情况")
@click.option("--office", "office_code", default="", help="机构代码：该机构及下级")
@click.option("--on", "on_text", default="", help="截至日期，不写则为今天")
@json_option
@command(stored=True)
def list_self_inspections(
    year: int, link: str, state: str, office_code: str, on_text: str, as_json: bool
) -> None:
    on, narrowed = _on(on_text), {"link": link, "office": office_code}
    rows = [_row(row, year) for row in queries.standings(SYSTEM, year, on, state=state, **narrowed)]
    lines = [f"{r['name']}\t{r['link']}\t{r['standing_label']}\t{r['filed_on'] or ''}" for r in rows]
    answer = {"year": year, "rows": rows, "counts": queries.counts(SYSTEM, year, on, **narrowed)}
    emit(answer, as_json, "\n".join(lines) or "没有应当自查的单位")


@self_inspection_group.command("contradictions", help="自查与检查、投诉、抽检、不良事件记录的矛盾")
@click.option("--year", type=int, required=True, help="年度")
@click.option("--office", "office_code", default="", help="机构代码：该机构及下级")
@json_option
@command(stored=True)
def list_contradictions(year: int, office_code: str, as_json: bool) -> None:
    found = [
        {"number": row.number, "name": row.party.name, **vars(mark)}
        for row, marks in queries.contradicted(SYSTEM, year=year, office=office_code)
        for mark in marks
    ]
    lines = [f"{r['name']}\t{r['text']}\t{r['said']}\t{r['against']}" for r in found]
    emit({"year": year, "contradictions": found}, as_json, "\n".join(lines) or "没有发现矛盾")


COMMANDS = [self_inspection_group]
