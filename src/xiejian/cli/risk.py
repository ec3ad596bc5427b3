"""risk: what worries the office; whom to visit first, and what the order would have gained."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click
from django.utils import timezone

from xiejian.cli.answer import answering
from xiejian.cli.output import command, emit, json_option
from xiejian.cli.plan import covering_office
from xiejian.cli.risk_list import COMMANDS as LIST_COMMANDS
from xiejian.kernel import dates
from xiejian.kernel.problems import Refused
from xiejian.people.policy import SYSTEM
from xiejian.planning import order_actions, order_queries, order_words
from xiejian.planning.models import OrderRun
from xiejian.visit_order import evaluation, table
from xiejian.visit_order.evaluation import Evaluation, Gain


@click.group("risk", help="风险会商与清单；检查顺序：先查谁，回溯检验")
def risk_group() -> None:
    """Commands about the risk list and the order of visits."""


@risk_group.command("evaluate", help="回溯检验：只用某日之前的检查排序，看之后的检查会提前几天")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--test-from", "test_from_text", required=True, help="从这一天起的检查用来检验")
@json_option
@answering
def evaluate_command(file: Path, test_from_text: str, as_json: bool) -> None:
    """FILE: visit_id, party_id, visited_on, inspector, found (0/1) and any further feature columns."""
    found = evaluation.evaluate(table.read(file), _day(test_from_text))
    emit(evaluation.as_json(found), as_json, _words(found))


def _day(text: str) -> dt.date:
    try:
        day = dates.read(text)
    except Refused:
        day = None
    if day is None:
        raise Refused(table.problems("L706", value=text))
    return day


def _words(found: Evaluation) -> str:
    def gain(what: str, value: Gain) -> str:
        if value.mean is None:
            return f"{what}：检验期内没有发现问题的检查，无法计算"
        return (
            f"{what}：发现问题的检查平均提前 {value.mean:.1f} 天"
            f"（95% 区间 {value.low:.1f} 至 {value.high:.1f}；随机顺序 {value.random:.1f}）"
        )

    lines = [
        f"学习 {found.trained} 次检查（至 {found.trained_until}），"
        f"检验 {found.tested} 次（至 {found.tested_until}）",
        gain("全部", found.pooled),
        gain("同一检查员之内", found.within),
    ]
    if found.first_half is not None and found.first_half_real is not None:
        lines.append(f"前一半检查覆盖的问题：{found.first_half:.0%}（实际 {found.first_half_real:.0%}）")
    if found.auc is not None:
        lines.append(f"区分度 AUC {found.auc:.3f}")
    lines += [f"未采用 {name}：{why}" for name, why in found.left_out.items()]
    lines += [f"请核实 {name}：几乎等于检查结果，检查之前应当不知道" for name in found.suspect]
    return "\n".join(lines)


@risk_group.command("order", help="给未完成的任务排检查顺序并保存；--apply 采用")
@click.option("--office", "office_code", default="", help="机构代码；不写则为名录所属的机构")
@click.option("--on", "on_text", default="", help="以这一天所知为准，不写则为今天")
@click.option("--apply", "applied", is_flag=True, help="把顺序写入任务；完成期限不变")
@json_option
@command(stored=True)
def order_command(office_code: str, on_text: str, applied: bool, as_json: bool) -> None:
    """Law's duties first, the others by what the past says; each task with its reasons."""
    now = timezone.now()
    on = _day(on_text) if on_text else timezone.localdate()
    run = order_actions.make_order(office_code=office_code or covering_office(), on=on, by=SYSTEM, at=now)
    if applied:
        order_actions.apply_order(run=run, by=SYSTEM, at=now)
    answer = _order(run)
    lines = [f"{run.get_method_display()}：{run.why_method}"]
    lines += [f"{t['place']}. {t['name']} {t['link']} {t['due_on']} {t['words']}" for t in answer["tasks"]]
    emit(answer, as_json, "\n".join(lines))


def _order(run: OrderRun) -> dict[str, Any]:
    return {
        "run": run.pk,
        "on": run.on,
        "office": run.office_code,
        "method": run.method,
        "why_method": run.why_method,
        "trained": {"until": run.trained_until, "visits": run.trained_visits, "found": run.trained_found},
        "versions": {"model": run.model_version, "pack": run.pack_version},
        "digest": run.digest,
        "applied": run.applied_at is not None,
        "facts": run.facts,
        "tasks": [
            {
                "place": row.place,
                "task": row.task_id,
                "party": row.task.party_id,
                "name": row.task.party.name if row.task.party else "",
                "link": row.task.link,
                "kind": row.task.kind,
                "due_on": row.task.due_on,
                "law_first": row.law_first,
                "score": round(row.score, 4),
                "reasons": row.reasons,
                "words": order_words.sentence(row.law_first, row.reasons),
                "facts": row.facts,
            }
            for row in order_queries.ordered(SYSTEM, run).order_by("place")
        ],
    }


for _command in LIST_COMMANDS:
    risk_group.add_command(_command)
COMMANDS = [risk_group]
