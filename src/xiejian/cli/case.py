"""case: the list of proceedings, one of them, and every step of it from the command line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click
from django.utils import timezone

from xiejian.cases import enforcing, procedure, proceeding_queries, proceedings
from xiejian.cases.checks import problems
from xiejian.cases.models import Measure, Proceeding
from xiejian.cli.answer import read_json
from xiejian.cli.output import command, emit, json_option
from xiejian.cli.step_facts import Wrong, actor_named, by_option, facts_of
from xiejian.clocks.queries import clocks_of, standing
from xiejian.kernel import dates
from xiejian.kernel.problems import Refused
from xiejian.people.policy import SYSTEM
from xiejian.record_steps.joined import register_clue
from xiejian.record_steps.kinds import KINDS
from xiejian.record_steps.records import about
from xiejian.sampling.queries import party_named

KIND = KINDS["proceeding"]
_OF_MEASURE = KINDS["measure"].functions
#: Steps by name: of a proceeding, and of the measure that ``record`` names.
STEPS: dict[str, Callable[..., Any]] = {
    **KIND.functions, **_OF_MEASURE, "review_proceeding": proceedings.review_proceeding
}  # fmt: skip


@click.group("case", help="案件办理：清单、一件、办理一步")
def case_group() -> None:
    """Commands about proceedings."""


def _on(text: str) -> dt.date:
    return (dates.read(text) if text else None) or timezone.localdate()


def _wrong(action: str, why: str) -> NoReturn:
    raise Refused(problems("C426", action, action=action, why=why))


def _row(found: Proceeding) -> dict[str, Any]:
    return {
        "number": found.number, "case": found.case.number if found.case else None,
        "state": found.state, "state_label": procedure.STATES[found.state], "procedure": found.procedure,
        "party": found.party.name, "link": found.link, "conduct": found.conduct, "source": found.source,
        "source_on": found.source_on, "provision": found.provision, "due": getattr(found, "due", None),
        "office": found.office_code,
    }  # fmt: skip


@case_group.command("list", help="案件办理清单，期限近的在前")
@click.option("--tab", type=click.Choice(["open", "soon", "all"]), default="open", help="哪一部分")
@click.option("--office", "office_code", default="", help="机构代码：该机构及下级")
@click.option("--search", default="", help="编号、案号、当事人、违法行为")
@click.option("--on", "on_text", default="", help="截至日期，不写则为今天")
@json_option
@command(stored=True)
def list_cases(tab: str, office_code: str, search: str, on_text: str, as_json: bool) -> None:
    on, rows = _on(on_text), proceeding_queries.proceedings(SYSTEM, office=office_code, search=search)
    if tab == "soon":
        rows = proceeding_queries.running_out(rows, on)
    elif tab == "open":
        rows = proceeding_queries.open_rows(rows)
    found = [_row(row) for row in rows]
    lines = [
        f"{r['number']}\t{r['party']}\t{r['conduct']}\t{r['state_label']}\t{r['due'] or ''}" for r in found
    ]
    answer = {"cases": found, "counts": asdict(proceeding_queries.counts(SYSTEM, on))}
    emit(answer, as_json, "\n".join(lines) or "没有案件")


def _proceeding(number: str) -> Proceeding:
    found = proceeding_queries.by_number(SYSTEM, number)
    if found is None:
        raise Refused(problems("C425", number, number=number))
    return found


@case_group.command("show", help="一件案件：处罚意见、时限、措施、缴款、可以办理的步骤")
@click.argument("number")
@json_option
@command(stored=True)
def show(number: str, as_json: bool) -> None:
    found, at = _proceeding(number), timezone.now()
    answer = _shown(found, at)
    lines = [f"{found.number} {found.party.name}：{found.conduct}（{procedure.STATES[found.state]}）"]
    lines += [f"时限 {c['label']}：{c['standing']}" for c in answer["clocks"]]
    lines.append("可以办理：" + "、".join(step["label"] for step in answer["next"]))
    emit(answer, as_json, "\n".join(lines))


def _shown(found: Proceeding, at: dt.datetime) -> dict[str, Any]:
    held = clocks_of("proceeding", [found.pk]).get(found.pk, [])
    held = held + (clocks_of("case", [found.case_id]).get(found.case_id, []) if found.case_id else [])
    account = enforcing.account(found, timezone.localdate(at))
    table = procedure.WORKFLOWS[found.procedure]
    return _row(found) | {
        "investigators": [officer.name for officer in found.investigators.all()],
        "reviewer": found.reviewer.name if found.reviewer else None,
        "approver": found.approver.name if found.approver else None,
        "fine": found.assessment.get("fine"), "step": found.step, "proposal": found.proposal,
        "similar": found.similar, "notice_served_on": found.notice_served_on,
        "decided_on": found.decided_on, "pay_by": found.pay_by, "owed": account.owed,
        "clocks": [
            {"name": c.name, "label": c.label, "rule": c.applied, "due": c.due_legal, "state": c.state,
             "standing": standing(c, at).text}
            for c in held
        ],
        "measures": [
            {"record": m.pk, "kind": m.kind, "state": m.state, "taken_at": m.taken_at, "content": m.content}
            for m in found.measures.all()
        ],
        "next": [
            {"step": t.action, "label": t.label, "permission": t.permission}
            for t in table.allowed(found.state)
        ],
    }  # fmt: skip


@case_group.command(
    "register",
    help='案件来源登记：--facts 为 JSON，如 {"party": "某药店", "conduct": "…", "source": "监督检查"}',
)
@click.option("--facts", "facts_file", type=click.Path(path_type=Path), required=True, help="JSON 文件")
@by_option
@json_option
@command(stored=True)
def register(facts_file: Path, username: str, as_json: bool) -> None:
    wrong = partial(_wrong, "register")
    given, by = read_json(facts_file, dict), actor_named(username, wrong)
    party = party_named(by, str(given.pop("party", "")))
    facts = facts_of(register_clue, given, (*KIND.ours, "party"), by, wrong)
    made = register_clue(party=party, by=by, at=timezone.now(), **facts)
    emit(_row(made), as_json, f"{made.number}：{made.party.name}")


@case_group.command("step", help="办理一步：" + "、".join(STEPS) + "；--facts 为该步骤的字段（JSON）")
@click.argument("number")
@click.argument("action")
@click.option(
    "--facts", "facts_file", type=click.Path(path_type=Path), help='JSON 文件，如 {"on": "2024-03-05"}'
)
@by_option
@json_option
@command(stored=True)
def step(number: str, action: str, facts_file: Path | None, username: str, as_json: bool) -> None:
    wrong = partial(_wrong, action)
    if action not in STEPS:
        wrong(f"没有这一步；可用：{'、'.join(STEPS)}")
    given = read_json(facts_file, dict) if facts_file else {}
    found, by = _proceeding(number), actor_named(username, wrong)
    about = _about(found, action, given, wrong)
    facts = facts_of(STEPS[action], given, (*KIND.takes, "measure"), by, wrong)
    STEPS[action](**about, by=by, at=timezone.now(), **facts)
    found = _proceeding(number)
    emit(_row(found), as_json, f"{found.number}：{procedure.STATES[found.state]}")


def _about(found: Proceeding, action: str, given: dict[str, Any], wrong: Wrong) -> dict[str, Any]:
    """What the step is taken on: the proceeding, or the measure that ``record`` names."""
    if action in _OF_MEASURE:
        measure = Measure.objects.filter(proceeding=found, pk=given.pop("record", None)).first()
        return {"measure": measure} if measure else wrong("record：没有这项措施，用 case show 查看")
    return about(KIND, STEPS[action], found)


COMMANDS = [case_group]
