"""xiejian import: files of parties, visits, cases, interviews and registrations into the store."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
from django.utils import timezone

from xiejian.cases.importing import CASE_COLUMNS, INTERVIEW_COLUMNS, import_cases, import_interviews
from xiejian.cli.output import command, emit, json_option, say
from xiejian.hospitals.importing import DEVICE_COLUMNS, import_devices
from xiejian.inspections.importing import VISIT_COLUMNS, import_visits
from xiejian.inspections.own_point_files import OWN_POINT_COLUMNS, import_own_points
from xiejian.kernel.problems import Catalogue, Refused
from xiejian.kernel.tabular import Column
from xiejian.leads.importing import LEAD_COLUMNS, import_complaints, import_leads
from xiejian.online.importing import MONITORING_COLUMNS, import_monitoring
from xiejian.people.policy import SYSTEM
from xiejian.registry.batches import Outcome
from xiejian.registry.columns import PARTY_COLUMNS
from xiejian.registry.importing import import_parties
from xiejian.registry.registrations import REGISTRATION_COLUMNS, import_registrations
from xiejian.sampling.importing import SAMPLE_COLUMNS, import_samples
from xiejian.self_inspections.importing import SELF_INSPECTION_COLUMNS, import_self_inspections
from xiejian.supply.importing import MOVEMENT_COLUMNS, import_movements
from xiejian.vigilance.importing import EVENT_COLUMNS, import_events

problems = Catalogue(Path(__file__).with_name("problems.toml"))


@dataclass(frozen=True)
class Kind:
    """One kind of file: its name, its columns and the function that loads it."""

    label: str
    columns: tuple[Column, ...]
    load: Callable[..., Outcome]


KINDS = {
    "parties": Kind("监管对象", PARTY_COLUMNS, import_parties),
    "visits": Kind("检查", VISIT_COLUMNS, import_visits),
    "cases": Kind("案件", CASE_COLUMNS, import_cases),
    "interviews": Kind("约谈", INTERVIEW_COLUMNS, import_interviews),
    "samples": Kind("监督抽检样品", SAMPLE_COLUMNS, import_samples),
    "complaints": Kind("投诉举报", LEAD_COLUMNS, import_complaints),
    "leads": Kind("线索", LEAD_COLUMNS, import_leads),
    "monitoring": Kind("网络监测清单", MONITORING_COLUMNS, import_monitoring),
    "events": Kind("不良事件报告", EVENT_COLUMNS, import_events),
    "self-inspections": Kind("年度自查报告", SELF_INSPECTION_COLUMNS, import_self_inspections),
    "devices": Kind("医疗机构的设备", DEVICE_COLUMNS, import_devices),
    "movements": Kind("进销存，xlsx、csv 或 EPCIS 2.0 的 json", MOVEMENT_COLUMNS, import_movements),
    "registrations": Kind("产品注册证", REGISTRATION_COLUMNS, import_registrations),
    "own-points": Kind("本单位补充检查点", OWN_POINT_COLUMNS, import_own_points),
}


@click.command("import", help="导入 xlsx 或 csv：" + "、".join(f"{k}（{v.label}）" for k, v in KINDS.items()))
@click.argument("kind")
@click.argument("file", required=False)
@click.option("--office", "office_code", default="", help="机构代码：只接收该机构及下级的行")
@click.option("--columns", "show_columns", is_flag=True, help="列出该类文件的列")
@json_option
@command(stored=True)
def import_file(kind: str, file: str | None, office_code: str, show_columns: bool, as_json: bool) -> None:
    if kind not in KINDS:
        raise Refused(problems("X101", kind, kind=kind, known="、".join(KINDS)))
    chosen = KINDS[kind]
    if show_columns:
        _show(chosen, as_json)
        return
    if not file:
        raise Refused(problems("X102", kind=kind))
    progress = None if as_json or not sys.stderr.isatty() else lambda n: say(f"已读取 {n} 行")
    outcome = chosen.load(
        path=Path(file), by=SYSTEM, at=timezone.now(), office_code=office_code, progress=progress
    )
    emit(outcome.as_json(), as_json, _text(outcome))
    sys.exit(1 if outcome.rejected else 0)


def _show(kind: Kind, as_json: bool) -> None:
    rows = [
        {
            "heading": c.heading,
            "required": c.required,
            "meaning": c.meaning,
            "example": c.example,
            "synonyms": list(c.synonyms),
        }
        for c in kind.columns
    ]
    lines = [
        f"{c.heading}{'*' if c.required else ''}\t{c.meaning}" + (f"\t例：{c.example}" if c.example else "")
        for c in kind.columns
    ]
    emit({"columns": rows}, as_json, "\n".join(lines))


def _text(outcome: Outcome) -> str:
    lines = [
        f"读取 {outcome.read} 行：载入 {outcome.loaded}，无变化 {outcome.unchanged}，退回 {outcome.rejected}"
    ]
    lines += [f"已规范：{why} {count} 处" for why, count in outcome.changes.items()]
    lines += [f"[{p['code']}] {p['where']}：{p['message']}；处理：{p['next']}" for p in outcome.problems]
    if outcome.rejects_file:
        lines.append(f"退回的行（改正后可再导入）：{outcome.rejects_file}")
    return "\n".join(lines)


COMMANDS = [import_file]
