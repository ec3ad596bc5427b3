"""risk: whom first, and what the order would have gained."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from xiejian.cli.answer import answering, emit, json_option
from xiejian.kernel import dates
from xiejian.kernel.problems import Refused
from xiejian.visit_order import evaluation, table
from xiejian.visit_order.evaluation import Evaluation, Gain


@click.group("risk", help="检查顺序：先查谁，回溯检验")
def risk_group() -> None:
    """Commands about the order of visits."""


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


COMMANDS = [risk_group]
