"""plan: the year's plan made, handed down, made again, and where it stands."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click
from django.db.models import Max, Min, Sum
from django.utils import timezone

from xiejian.cli.output import command, emit, json_option
from xiejian.kernel import dates, divisions
from xiejian.kernel.problems import Refused
from xiejian.people.policy import SYSTEM
from xiejian.planning import actions, checks, queries, workbook
from xiejian.planning.draws import METHOD
from xiejian.planning.models import Plan
from xiejian.registry.models import Party


@click.group("plan", help="年度计划")
def plan_group() -> None:
    """Commands about plans."""


def covering_office() -> str:
    """The deepest county, city or province that every stored party belongs to, else the nation."""
    ends = Party.objects.aggregate(first=Min("office_code"), last=Max("office_code"))
    first, last = ends["first"] or "", ends["last"] or ""
    same = next((n for n in range(min(len(first), len(last))) if first[n] != last[n]), len(first))
    stem = first[: same - same % 2][:6]
    return stem.ljust(6, "0") if stem else divisions.NATION


@plan_group.command("make", help="生成年度计划，写出工作簿")
@click.option("--year", type=int, required=True, help="年度")
@click.option("--pack", "pack_id", required=True, help="规则包，见 xiejian packs list")
@click.option("--office", "office_code", default="", help="机构代码；不写则为名录所属的机构")
@click.option("--seed", default="", help="公布的随机种子；不写则由规则包、机构和年度组成")
@click.option("--out", type=click.Path(path_type=Path), help="写出的 .xlsx")
@json_option
@command(stored=True)
def make(year: int, pack_id: str, office_code: str, seed: str, out: Path | None, as_json: bool) -> None:
    if out is not None and out.suffix.lower() != ".xlsx":
        raise Refused(checks.problems("L105", out.name, suffix=out.suffix))
    plan = actions.make_plan(
        year=year,
        pack_id=pack_id,
        office_code=office_code or covering_office(),
        seed=seed,
        by=SYSTEM,
        at=timezone.now(),
    )
    answer = summary(plan)
    if out is not None:
        answer["out"] = str(_write(plan, out))
    lines = [f"{plan.year}年度计划（{plan.pack}，第{plan.version}版）：{answer['tasks']} 项任务"]
    lines += [f"  {o['name']}：{o['tasks']} 项，{o['visits']} 家次" for o in answer["offices"]]
    emit(answer, as_json, "\n".join(lines))


def _write(plan: Plan, out: Path) -> Path:
    """The workbook under its final name only when it is whole."""
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.partial")
    try:
        workbook.write(plan, queries.tasks(SYSTEM, plan=plan), partial)
        partial.replace(out)
    except OSError as error:
        raise Refused(checks.problems("L106", str(out), why=str(error))) from error
    finally:
        partial.unlink(missing_ok=True)
    return out


def summary(plan: Plan) -> dict[str, Any]:
    """The answer of ``plan make``: counts, coverage per link and level, what each rule asks, the draws."""
    rows = plan.tasks.order_by()
    by_office = Counter(rows.values_list("office_code", flat=True))
    visits = dict(rows.values_list("office_code").annotate(Sum("times")))
    names = queries.office_names(by_office)
    return {
        "plan": plan.pk,
        "year": plan.year,
        "pack": plan.pack,
        "pack_version": plan.pack_version,
        "office": plan.office_code,
        "state": plan.state,
        "version": plan.version,
        "tasks": sum(by_office.values()),
        "visits": sum(visits.values()),
        "by_office": dict(sorted(by_office.items())),
        "offices": [
            {"code": code, "name": names[code], "tasks": count, "visits": visits[code]}
            for code, count in sorted(by_office.items())
        ],
        "coverage": plan.coverage,
        "rules": plan.rules,
        "seed": plan.seed,
        "method": METHOD,
        "draws": plan.draws,
    }


def _plan(plan_id: int) -> Plan:
    found = Plan.objects.filter(pk=plan_id).first()
    if found is None:
        raise Refused(checks.problems("L207", plan=plan_id))
    return found


@plan_group.command("issue", help="下达计划")
@click.argument("plan_id", type=int)
@click.option("--to-stations", is_flag=True, help="把本级任务分配给各监管所")
@json_option
@command(stored=True)
def issue(plan_id: int, to_stations: bool, as_json: bool) -> None:
    plan, now = _plan(plan_id), timezone.now()
    if to_stations:
        actions.allocate_to_stations(plan=plan, reason="下达时按属地分配", by=SYSTEM, at=now)
    plan = actions.issue_plan(plan=plan, by=SYSTEM, at=now)
    emit(summary(plan), as_json, f"计划 {plan.pk} 已下达")


@plan_group.command("remake", help="按现在的名录重新编制，原计划保留")
@click.argument("plan_id", type=int)
@click.option("--reason", required=True, help="理由")
@click.option("--seed", default="", help="不写则沿用原种子")
@json_option
@command(stored=True)
def remake(plan_id: int, reason: str, seed: str, as_json: bool) -> None:
    plan = actions.replan(plan=_plan(plan_id), reason=reason, seed=seed, by=SYSTEM, at=timezone.now())
    emit(summary(plan), as_json, f"已编制第{plan.version}版，计划 {plan.pk}")


@plan_group.command("board", help="计划进度：应查、已查、逾期、本年已无法完成的")
@click.argument("plan_id", type=int)
@click.option("--on", "on_text", default="", help="截至日期，不写则为今天")
@json_option
@command(stored=True)
def board(plan_id: int, on_text: str, as_json: bool) -> None:
    on = dates.read(on_text) or timezone.localdate()
    found = queries.board(SYSTEM, _plan(plan_id), on)
    answer = {
        "plan": plan_id,
        "on": on,
        "rows": [vars(row) | {"share": row.share} for row in found.rows],
        "total": vars(found.total),
        "feasibility": [vars(f) for f in found.feasibility],
        "cannot_be_met": found.cannot_be_met,
        "progress": [vars(p) | {"share": p.share} for p in queries.sum_upwards(found.states, on)],
    }
    lines = [f"{r.office} {r.link} {_level(r.level)}：应查 {r.owed}，已查 {r.done}" for r in found.rows]
    lines += [f"合计 应查 {found.total.owed}，已查 {found.total.done}，逾期 {found.total.overdue}"]
    emit(answer, as_json, "\n".join(lines))


def _level(level: int | None) -> str:
    return f"{level}级" if level else "不定级"


COMMANDS = [plan_group]
