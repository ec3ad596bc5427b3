"""record: lists, one record, making one, taking a step, of any kind; the same as over HTTP."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click
from django.utils import timezone

from xiejian.cli.answer import problems, read_json
from xiejian.cli.output import command, emit, json_option
from xiejian.cli.step_facts import actor_named, by_option
from xiejian.kernel.problems import Refused
from xiejian.people.policy import Actor
from xiejian.record_steps import records

facts_option = click.option(
    "--facts", "facts_file", type=click.Path(path_type=Path), help='JSON 文件，如 {"on": "2024-03-05"}'
)


@click.group("record", help="各类记录：类别、清单、一条、登记、办理一步；字段见 record kinds")
def record_group() -> None:
    """Commands about records of any kind."""


def _wrong(where: str, why: str) -> NoReturn:
    raise Refused(problems("X003", where, why=why))


def _actor(username: str) -> Actor:
    return actor_named(username, partial(_wrong, "--by"))


def _given(facts_file: Path | None) -> dict[str, Any]:
    return read_json(facts_file, dict) if facts_file else {}


def _told(answer: dict[str, Any], as_json: bool) -> None:
    if answer["id"] is None:
        emit(answer, as_json, "没有产生记录")
        return
    name = answer.get("number") or answer.get("case") or answer["id"]
    steps = "、".join(f"{one['label']}（{one['step']}）" for one in answer["next"])
    state = answer.get("state_label", "不在本人范围内")
    emit(answer, as_json, f"{name}：{state}\n可以办理：{steps or '无'}")


@record_group.command("kinds", help="记录的类别、状态、步骤及其字段")
@by_option
@json_option
@command(stored=True)
def kinds(username: str, as_json: bool) -> None:
    found = records.described(_actor(username))
    lines = []
    for one in found:
        lines.append(f"{one['kind']} {one['label']}")
        for step, facts in [("create", one["create"]), *one["steps"].items()]:
            names = "、".join(f"{f['name']}{'' if f['required'] else '?'}" for f in facts or [])
            lines += [f"  {step}：{names}"] if facts is not None else []
    emit(found, as_json, "\n".join(lines))


@record_group.command("list", help="清单：--by 的人看得到的记录")
@click.argument("kind")
@click.option("--search", default="", help="编号、单位等")
@click.option("--state", default="", help="状态")
@click.option("--page", default=1, help="第几页")
@by_option
@json_option
@command(stored=True)
def list_records(kind: str, search: str, state: str, page: int, username: str, as_json: bool) -> None:
    found = records.listed(
        kind, actor=_actor(username), on=timezone.localdate(), search=search, state=state, page=page
    )
    lines = [f"{r.get('number') or r.get('case') or r['id']}\t{r['state_label']}" for r in found["records"]]
    lines.append(f"共 {found['total']} 条，第 {found['page']}/{found['pages']} 页")
    emit(found, as_json, "\n".join(lines))


@record_group.command("show", help="一条：内容、状态、现在可以办理的步骤")
@click.argument("kind")
@click.argument("key")
@by_option
@json_option
@command(stored=True)
def show(kind: str, key: str, username: str, as_json: bool) -> None:
    actor = _actor(username)
    found, record = records.find(kind, key, actor=actor, on=timezone.localdate())
    _told(records.shown(found, record, actor=actor), as_json)


@record_group.command("create", help="登记一条；--facts 为字段（JSON）")
@click.argument("kind")
@facts_option
@by_option
@json_option
@command(stored=True)
def create(kind: str, facts_file: Path | None, username: str, as_json: bool) -> None:
    _told(records.create(kind, _given(facts_file), by=_actor(username), at=timezone.now()), as_json)


@record_group.command("step", help="办理一步；--facts 为该步骤的字段（JSON）")
@click.argument("kind")
@click.argument("key")
@click.argument("step")
@facts_option
@by_option
@json_option
@command(stored=True)
def take(kind: str, key: str, step: str, facts_file: Path | None, username: str, as_json: bool) -> None:
    given, actor = _given(facts_file), _actor(username)
    _told(records.take(kind, key, step, given, by=actor, at=timezone.now()), as_json)


COMMANDS = [record_group]
