"""sample: sampling plans, the list of samples, and every step of a sample from the command line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click
from django.utils import timezone

from xiejian.cases import actions as cases
from xiejian.cli.answer import read_json
from xiejian.cli.output import command, emit, json_option
from xiejian.cli.step_facts import actor_named, by_option, facts_of
from xiejian.documents import papers, sample_papers
from xiejian.kernel import dates
from xiejian.kernel.problems import Refused
from xiejian.people.policy import SYSTEM, Actor
from xiejian.sampling import actions, checks, queries
from xiejian.sampling.checks import problems
from xiejian.sampling.models import Sample, SamplingLine, SamplingPlan
from xiejian.sampling.plan_files import read_lines

#: What ``sample step`` may do: the room's own steps, and those that lead into other rooms.
STEPS: dict[str, Callable[..., Any]] = {
    name: getattr(actions, name)
    for name in (
        "hand_over_sample", "receive_sample", "record_result", "notify_result", "notify_maker",
        "raise_objection", "enter_objection", "answer_objection", "apply_retest", "reject_retest",
        "record_retest", "confirm_result", "record_disposal", "complete_disposal", "close_sample",
        "cancel_sample", "record_refused_sampling",
    )
} | {
    "file_case_of_sample": cases.file_case_of_sample,
    "schedule_follow_up_of_sample": cases.schedule_follow_up_of_sample,
}  # fmt: skip
#: What a sampling sheet belongs to: found by number or name, not read as a fact.
_PLACE = ("sample", "party", "line")


@click.group("sample", help="监督抽检：方案、抽样单、检验结果、处置")
def sample_group() -> None:
    """Commands about samples."""


@sample_group.group("plan", help="抽检方案")
def plan_group() -> None:
    """Commands about sampling plans."""


def _actor(username: str) -> Actor:
    return actor_named(username, partial(_wrong, "--by"))


def _on(text: str) -> dt.date:
    return dates.read(text) if text else timezone.localdate()


# --- plans -----------------------------------------------------------------------------------------------


@plan_group.command("make", help="编制抽检方案，任务取自工作簿")
@click.option("--title", required=True, help="名称")
@click.option("--kind", required=True, help="、".join(checks.KINDS))
@click.option("--year", type=int, required=True, help="年度")
@click.option("--office", "office_code", required=True, help="组织机构代码")
@click.option("--lines", type=click.Path(path_type=Path), required=True, help="任务表 xlsx 或 csv")
@click.option("--basis", default="", help="依据的文件及文号")
@click.option("--laboratory", default="", help="检验机构")
@click.option("--issue", is_flag=True, help="随即下达")
@by_option
@json_option
@command(stored=True)
def make(
    title: str, kind: str, year: int, office_code: str, lines: Path, basis: str, laboratory: str,
    issue: bool, username: str, as_json: bool,
) -> None:  # fmt: skip
    by, at = _actor(username), timezone.now()
    plan = actions.make_sampling_plan(
        title=title, kind=kind, year=year, office_code=office_code, basis=basis, laboratory=laboratory,
        lines=read_lines(lines, office_code), by=by, at=at,
    )  # fmt: skip
    if issue:
        plan = actions.issue_sampling_plan(plan=plan, on=timezone.localdate(at), by=by, at=at)
    _show_plan(plan, timezone.localdate(at), as_json)


def _plan(plan_id: int) -> SamplingPlan:
    found = queries.plan(SYSTEM, plan_id)
    if found is None:
        raise Refused(problems("S110", str(plan_id), plan=plan_id))
    return found


@plan_group.command("issue", help="下达方案")
@click.argument("plan_id", type=int)
@click.option("--on", "on_text", default="", help="下达日期，不写则为今天")
@by_option
@json_option
@command(stored=True)
def issue(plan_id: int, on_text: str, username: str, as_json: bool) -> None:
    on = _on(on_text)
    plan = actions.issue_sampling_plan(
        plan=_plan(plan_id), on=on, by=_actor(username), at=timezone.now()
    )  # fmt: skip
    _show_plan(plan, on, as_json)


@plan_group.command("board", help="一个方案的进度：计划、已抽、到样、不合格、处置")
@click.argument("plan_id", type=int)
@click.option("--on", "on_text", default="", help="截至日期，不写则为今天")
@json_option
@command(stored=True)
def board(plan_id: int, on_text: str, as_json: bool) -> None:
    _show_plan(_plan(plan_id), _on(on_text), as_json)


@plan_group.command("assign", help="安排一项任务的一批到一个单位抽样")
@click.argument("line_id", type=int)
@click.option("--party", required=True, help="统一社会信用代码或者名录中的完整名称")
@click.option("--on", "on_text", required=True, help="计划抽样日期")
@click.option("--link", default="", help="环节；不写则为任务的环节，任务不限的为单位的第一个环节")
@by_option
@json_option
@command(stored=True)
def assign(line_id: int, party: str, on_text: str, link: str, username: str, as_json: bool) -> None:
    by, line = _actor(username), _line(line_id)
    found = queries.party_named(by, party)
    sample = actions.plan_sample(
        line=line, party=found, planned_on=dates.read(on_text), by=by, at=timezone.now(),
        link=link or line.link or found.links.values_list("link", flat=True).first() or "",
    )  # fmt: skip
    emit(_row(sample), as_json, f"{sample.number}：{found.name} {sample.product_name}")


def _line(line_id: Any) -> SamplingLine:
    found = SamplingLine.objects.select_related("plan").filter(pk=line_id).first()
    if found is None:
        _wrong("line", f"没有编号为 {line_id} 的抽检任务")
    return found


@plan_group.command("list", help="全部方案")
@json_option
@command(stored=True)
def list_plans(as_json: bool) -> None:
    rows = [
        {
            "plan": p.pk, "title": p.title, "year": p.year, "kind": p.kind, "office": p.office_code,
            "state": p.state, "lots": p.lots or 0,
        }
        for p in queries.plans(SYSTEM)
    ]  # fmt: skip
    lines = [f"{r['plan']}\t{r['year']}\t{r['title']}\t{r['lots']} 批\t{r['state']}" for r in rows]
    emit({"plans": rows}, as_json, "\n".join(lines) or "还没有抽检方案")


def _show_plan(plan: SamplingPlan, on: dt.date, as_json: bool) -> None:
    states = queries.line_states(SYSTEM, plan, on)
    total = queries.total(states)
    rows = [
        {
            "line": s.line.pk, "product": s.line.product, "link": s.line.link, "office": s.line.office_code,
            "due_on": s.line.due_on, "planned": s.planned, "drawn": s.drawn, "received": s.received,
            "tested": s.tested, "failed": s.failed, "handled": s.handled, "late": s.late,
        }
        for s in states
    ]  # fmt: skip
    answer = {
        "plan": plan.pk, "title": plan.title, "year": plan.year, "kind": plan.kind, "state": plan.state,
        "on": on, "lines": rows, "total": vars(total) | _rates(total),
    }  # fmt: skip
    lines = [
        f"{r['product']}（{r['office']}）：计划 {r['planned']}，已抽 {r['drawn']}，到样 {r['received']}"
        for r in rows
    ]
    lines.append(
        f"合计 计划 {total.planned}，已抽 {total.drawn}，到样 {total.received}，不合格 {total.failed}"
    )
    emit(answer, as_json, "\n".join([f"{plan.pk} {plan.title}（{plan.state}）", *lines]))


def _rates(total: queries.BoardTotal) -> dict[str, float | None]:
    found = {"arrival": total.arrival, "failure": total.failure, "handling": total.handling}
    return {name: None if rate is None else round(float(rate), 4) for name, rate in found.items()}


# --- samples ---------------------------------------------------------------------------------------------


def _row(sample: Sample) -> dict[str, Any]:
    return {
        "number": sample.number, "state": sample.state, "state_label": actions.WORKFLOW.states[sample.state],
        "kind": sample.kind, "party": sample.party.name, "link": sample.link, "product": sample.product_name,
        "lot": sample.lot, "sampled_on": sample.sampled_on, "received_on": sample.received_on,
        "result": sample.result, "result_on": sample.result_on, "outcome": sample.outcome,
        "due": getattr(sample, "due", None), "office": sample.office_code,
    }  # fmt: skip


@sample_group.command("list", help="样品清单")
@click.option("--tab", type=click.Choice(["open", "due", "failed", "all"]), default="all", help="哪一部分")
@click.option("--within", type=int, default=7, help="due：几天内到期的")
@click.option("--office", "office_code", default="", help="机构代码：该机构及下级")
@click.option("--search", default="", help="编号、产品、批号、企业")
@click.option("--on", "on_text", default="", help="截至日期，不写则为今天")
@json_option
@command(stored=True)
def list_samples(tab: str, within: int, office_code: str, search: str, on_text: str, as_json: bool) -> None:
    on = _on(on_text)
    rows = queries.samples(SYSTEM, office=office_code, search=search, sort="due")
    if tab == "failed":
        rows = rows.filter(queries.FAILING)
    elif tab != "all":
        rows = rows.filter(state__in=queries.OPEN)
    if tab == "due":
        rows = rows.filter(due__lte=on + dt.timedelta(days=within))
    found = [_row(sample) for sample in rows]
    lines = [
        f"{r['number']}\t{r['product']}\t{r['party']}\t{r['state_label']}\t{r['outcome']}" for r in found
    ]
    answer = {"samples": found, "counts": vars(queries.counts(SYSTEM, on, office_code))}
    emit(answer, as_json, "\n".join(lines) or "没有样品")


def _sample(number: str) -> Sample:
    found = queries.sample_by_number(SYSTEM, number)
    if found is None:
        raise Refused(problems("S506", number, number=number))
    return found


def _wrong(action: str, why: str) -> NoReturn:
    raise Refused(problems("S508", action, action=action, why=why))


def _facts(
    action: str, function: Callable[..., Any], given: dict[str, Any], by: Actor, ours: tuple[str, ...]
) -> dict[str, Any]:
    """The facts as the action takes them: dates read, names of officers looked up; S508 for others."""
    return facts_of(function, given, ours, by, partial(_wrong, action))


@sample_group.command(
    "draw",
    help="填写抽样单：--facts 为 JSON，字段同抽样单，另有 party、link、kind 或者 line、team；"
    "计划抽样的用 sample 代替 party",
)
@click.option("--facts", "facts_file", type=click.Path(path_type=Path), required=True, help="JSON 文件")
@by_option
@json_option
@command(stored=True)
def draw(facts_file: Path, username: str, as_json: bool) -> None:
    given = {name: value for name, value in read_json(facts_file, dict).items() if value is not None}
    by = _actor(username)
    place = {name: given.pop(name, None) for name in _PLACE}
    facts = _facts("draw", actions.draw_sample, given, by, _PLACE)
    if place["line"]:
        facts["line"] = _line(place["line"])
    if place["sample"]:
        facts["sample"] = _sample(str(place["sample"]))
    else:
        facts["party"] = queries.party_named(by, str(place["party"] or ""))
    sample = actions.draw_sample(by=by, at=timezone.now(), **facts)
    emit(_row(sample), as_json, f"{sample.number}：{sample.party.name} {sample.product_name}")


@sample_group.command("record-result", help="登记检验结果")
@click.argument("number")
@click.option("--result", required=True, help="、".join(checks.RESULTS))
@click.option("--on", "on_text", required=True, help="报告日期")
@click.option("--report-no", required=True, help="检验报告编号")
@click.option("--failed-items", default="", help="不符合规定项目")
@click.option("--items", default="", help="检验项目")
@by_option
@json_option
@command(stored=True)
def record_result(
    number: str, result: str, on_text: str, report_no: str, failed_items: str, items: str, username: str,
    as_json: bool,
) -> None:  # fmt: skip
    sample = actions.record_result(
        sample=_sample(number), result=result, result_on=dates.read(on_text), report_no=report_no,
        failed_items=failed_items, items=items, by=_actor(username), at=timezone.now(),
    )  # fmt: skip
    emit(_row(sample), as_json, f"{sample.number}：{sample.result}")


@sample_group.command("step", help="办理一步：" + "、".join(STEPS) + "；--facts 为该步骤的字段（JSON）")
@click.argument("number")
@click.argument("action")
@click.option(
    "--facts", "facts_file", type=click.Path(path_type=Path), help='JSON 文件，如 {"on": "2024-03-05"}'
)
@by_option
@json_option
@command(stored=True)
def step(number: str, action: str, facts_file: Path | None, username: str, as_json: bool) -> None:
    if action not in STEPS:
        raise Refused(problems("S507", action, action=action, known="、".join(STEPS)))
    given = read_json(facts_file, dict) if facts_file else {}
    found, by = _sample(number), _actor(username)
    facts = _facts(action, STEPS[action], given, by, ("sample", "record"))
    STEPS[action](sample=found, by=by, at=timezone.now(), **facts)
    sample = _sample(number)
    emit(_row(sample), as_json, f"{sample.number}：{actions.WORKFLOW.states[sample.state]}")


@sample_group.command("paper", help="文书：" + "、".join(f"{k} {v}" for k, v in sample_papers.KINDS.items()))
@click.argument("number")
@click.argument("kind", type=click.Choice(list(sample_papers.KINDS)))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help=".docx 或 .pdf")
@json_option
@command(stored=True)
def paper(number: str, kind: str, out: Path, as_json: bool) -> None:
    sample = _sample(number)
    if kind not in sample_papers.available(sample):
        _wrong(kind, "该样品还没有这份文书")
    made = sample_papers.make(kind, sample, on=timezone.localdate())
    papers.write(made, out)
    emit({"kind": kind, "title": made.title, "out": str(out)}, as_json, f"{made.title}：{out}")


COMMANDS = [sample_group]
