"""number: is this number genuine, which kind is it, and what does it say."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click

from xiejian.cli.answer import answering, batch_option, emit, json_option, problems, read_json
from xiejian.kernel import divisions
from xiejian.kernel.problems import Refused
from xiejian.numbers import judging
from xiejian.numbers.udi_record import fault


def _division(code: str) -> str:
    """The name of a division; "" where the list has none of its levels."""
    return divisions.full_name(code)


def _answers(values: list[Any], kind: str, today: dt.date) -> list[dict[str, Any]]:
    """An answer for each value, in order; one that is no text is answered too."""
    if kind:
        judged = [judging.judge(v, on=today, kind=kind) if isinstance(v, str) else None for v in values]
    else:
        found = iter(judging.judge_all((v for v in values if isinstance(v, str)), on=today))
        judged = [next(found) if isinstance(v, str) else None for v in values]
    return [
        one.as_json(_division) if one else _no_text(value, kind)
        for value, one in zip(values, judged, strict=True)
    ]


def _no_text(value: Any, kind: str) -> dict[str, Any]:
    judged = judging.Judged("", None)
    judged.meant, judged.faults = kind, (fault("N106", str(value)),)
    return judged.as_json()


def _shown(value: Any) -> str:
    return {True: "是", False: "否"}[value] if isinstance(value, bool) else str(value) or "—"


def _lines(answer: dict[str, Any]) -> str:
    """One answer for people."""
    lines = [
        f"{'有效' if answer['valid'] else '无效'}　{answer['label'] or '不明编号'}　{answer['normalised']}"
    ]
    lines += [f"更正：{c['from']} → {c['to']}（{c['why']}）" for c in answer["changes"]]
    lines += [f"{judging.field_label(name)}：{_shown(value)}" for name, value in answer["fields"].items()]
    lines += [f"问题：[{p['code']}] {p['message']}；处理：{p['next']}" for p in answer["problems"]]
    lines += [f"说明：{note}" for note in answer["notes"]]
    if answer["citation"]:
        lines.append(f"依据：{answer['citation']}{'（未核实）' if answer['unverified'] else ''}")
    for source in answer["sources"]:
        names = "、".join(judging.field_label(name) for name in source["fields"])
        lines.append(f"{names}依据：{source['citation']}{'（未核实）' if source['unverified'] else ''}")
    return "\n".join(lines)


@click.command(
    "number", help="编号：是哪一类、写法对不对、说明什么；统一社会信用代码、注册证、备案、许可证等"
)
@click.argument("value", required=False)
@click.option("--kind", default="", help="只按这一类读；不给时自动识别")
@batch_option
@json_option
@answering
def number(value: str | None, kind: str, batch: Path | None, as_json: bool) -> None:
    """VALUE: one number as printed or typed."""
    if kind and kind not in judging.kinds():
        raise Refused(problems("X701", kind, kind=kind, known="、".join(judging.kinds())))
    today = dt.date.today()
    if batch:
        answers = _answers(read_json(batch, list), kind, today)
        emit(answers, as_json, "\n\n".join(map(_lines, answers)))
        return
    if value is None:
        raise Refused(problems("X702"))
    (answer,) = _answers([value], kind, today)
    emit(answer, as_json, _lines(answer))


COMMANDS = [number]
