"""credit: evaluate an office, show how a party's grade came about, the published list."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click
from django.utils import timezone

from xiejian.cli.output import command, emit, json_option
from xiejian.credit import actions, queries, rules
from xiejian.credit.checks import problems
from xiejian.credit.models import CreditGrade
from xiejian.kernel import dates
from xiejian.kernel.divisions import NATION
from xiejian.kernel.problems import Refused
from xiejian.people.policy import SYSTEM
from xiejian.registry.models import Party
from xiejian.sampling.queries import party_named


@click.group("credit", help="信用：评定、查看等级的由来、公示名单")
def credit_group() -> None:
    """Commands about credit."""


def _on(text: str) -> dt.date:
    return (dates.read(text) if text else None) or timezone.localdate()


@credit_group.command("evaluate", help="按一年的记录评定全机构；只拟定，由有权的人告知、决定")
@click.option("--year", type=int, help="评定年度，不写则为上一年")
@click.option("--from", "from_text", default="", help="期间起（与 --until 一起代替 --year）")
@click.option("--until", "until_text", default="", help="期间止")
@click.option("--office", "office_code", default=NATION, help="机构代码：该机构及下级")
@click.option("--on", "on_text", default="", help="评定日期，不写则为今天")
@click.option("--events", is_flag=True, help="因事评定：只拟定截至评定日期变差的，可每天运行")
@json_option
@command(stored=True)
def evaluate(
    year: int | None, from_text: str, until_text: str, office_code: str, on_text: str, events: bool,
    as_json: bool,
) -> None:  # fmt: skip
    on = _on(on_text)
    year = year or on.year - 1
    first = (dates.read(from_text) if from_text else None) or dt.date(year, 1, 1)
    last = (dates.read(until_text) if until_text else None) or dt.date(year, 12, 31)
    act: dict[str, Any] = {"office_code": office_code, "on": on, "by": SYSTEM, "at": timezone.now()}
    run = (
        actions.evaluate_events(reason="因事评定", **act)
        if events
        else actions.evaluate_credit(from_on=first, until_on=last, reason=f"{last.year}年度信用评定", **act)
    )
    counts = {level: run.counts.get(level, 0) for level in rules.levels()}
    answer = {
        "run": run.pk, "from": run.from_on, "until": run.until_on, "on": on, "pack": run.pack,
        "grades": counts, "proposed": run.counts.get("proposed", 0),
        "unchanged": run.counts.get("unchanged", 0),
        "in_procedure": run.counts.get("in_procedure", 0),
    }  # fmt: skip
    said = "，".join(f"{rules.levels()[level].label} {n}" for level, n in counts.items())
    emit(answer, as_json, f"{said}；拟变更 {answer['proposed']}，不变 {answer['unchanged']}")


@credit_group.command("show", help="一个监管对象的信用：等级、规则、事实、名单（统一社会信用代码或完整名称）")
@click.argument("party")
@json_option
@command(stored=True)
def show(party: str, as_json: bool) -> None:
    found = _party(party)
    results = list(queries.grades(SYSTEM).filter(party=found).order_by("-run__on", "-pk"))
    standing = next((row for row in results if row.state in ("in_force", "unchanged")), None)
    waiting = next((row for row in results if row.state in queries.OPEN_GRADES), None)
    entries = list(queries.entries(SYSTEM, party=found))
    answer = {
        "party": found.name, "uscc": found.uscc, "grade": found.credit_grade, "bad_credit": found.bad_credit,
        "in_force": _result(standing), "proposed": _result(waiting),
        "lists": [
            {
                "number": e.number, "list": e.kind, "label": rules.lists()[e.kind].label, "state": e.state,
                "ground": e.ground, "decided_on": e.decided_on, "ends_on": e.ends_on,
            }
            for e in entries
        ],
    }  # fmt: skip
    lines = [f"{found.name}：{found.credit_grade or '未评定'}"]
    for row in filter(None, (standing, waiting)):
        lines.append(f"{actions.WORKFLOW.states[row.state]} {row.grade}（{row.run.reason}）")
        lines += [f"  {rule.id} {rule.meaning}（{rule.citation}）" for rule in queries.reasons(row)]
        lines += [f"  {label} {value}" for _, label, value in queries.fact_words(row)]
    lines += [f"{rules.lists()[e.kind].label} {e.number} 至 {e.ends_on or '—'}" for e in entries]
    emit(answer, as_json, "\n".join(lines))


def _party(given: str) -> Party:
    try:
        return party_named(SYSTEM, given)
    except Refused as refused:
        raise Refused(problems("Q111", given, name=given)) from refused


def _result(row: CreditGrade | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "grade": row.grade, "before": row.before, "state": row.state, "number": row.number,
        "on": row.run.on, "from": row.run.from_on, "until": row.run.until_on, "decided_on": row.decided_on,
        "facts": row.facts,
        "rules": [
            {"rule": r.id, "grade": r.grade, "meaning": r.meaning, "citation": r.citation,
             "unverified": r.unverified}
            for r in queries.reasons(row)
        ],
    }  # fmt: skip


@credit_group.command("public", help="可以向社会公布的名单（期内、已公示）")
@click.option("--on", "on_text", default="", help="哪一天，不写则为今天")
@json_option
@command(stored=True)
def show_public(on_text: str, as_json: bool) -> None:
    found = queries.public(_on(on_text))
    lines = [f"{r.name}\t{r.list}\t{r.number}\t至 {r.until_on}" for r in found]
    emit({"entries": [vars(row) for row in found]}, as_json, "\n".join(lines) or "没有在期内公示的名单")


COMMANDS = [credit_group]
