"""udi: read device codes as text, as a list, or off a photo."""

from __future__ import annotations

import datetime as dt
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from xiejian.cli.answer import answering, batch_option, emit, json_option, problems, read_json
from xiejian.kernel.problems import Refused
from xiejian.numbers import udi
from xiejian.numbers.udi_record import book, fault

_LABELS = (("di", "产品标识"), ("lot", "批号"), ("serial", "序列号"), ("made_on", "生产日期"),
           ("expires_on", "失效日期"))  # fmt: skip


def _answer(value: Any, today: dt.date) -> dict[str, Any]:
    if not isinstance(value, str):
        return udi.Udi(False, faults=(fault("N264", str(value)),)).as_json()
    return udi.read(value, on=today).as_json()


def _photo(path: Path) -> list[str]:
    """The codes on a photo; its reader is loaded only here, for it would slow down every answer."""
    reader = import_module("xiejian.numbers.udi_photo")
    try:
        found: list[str] = reader.read_photo(path.read_bytes())
    except OSError as error:
        raise Refused(problems("X601", str(path), why=str(error))) from error
    except reader.NoPhoto as refused:
        raise Refused(problems("X601", str(path), why=refused.fault.message)) from refused
    return found


def _lines(answer: dict[str, Any]) -> str:
    """One answer for people."""
    agency = book().agencies.get(answer["agency"])
    lines = [f"{'有效' if answer['valid'] else '无效'}　{agency.label if agency else '不明机构'}"]
    lines += [f"{label}：{answer[name]}" for name, label in _LABELS if answer[name]]
    lines += [f"问题：[{p['code']}] {p['message']}；处理：{p['next']}" for p in answer["problems"]]
    lines += [f"说明：{note}" for note in answer["notes"]]
    if answer["citation"]:
        lines.append(f"依据：{answer['citation']}{'（未核实）' if answer['unverified'] else ''}")
    return "\n".join(lines)


@click.command("udi", help="读取医疗器械唯一标识：GS1、HIBCC、ICCBBA、MA、AHM")
@click.argument("value", required=False)
@batch_option
@click.option("--photo", type=click.Path(path_type=Path), help="照片：读出其中全部条码，逐个回答")
@json_option
@answering
def udi_command(value: str | None, batch: Path | None, photo: Path | None, as_json: bool) -> None:
    """VALUE: the printed text with brackets, or what a scanner sends."""
    today = dt.date.today()
    if batch or photo:
        values = read_json(batch, list) if batch else _photo(photo) if photo else []
        answers = [_answer(one, today) for one in values]
        emit(answers, as_json, "\n\n".join(map(_lines, answers)))
        return
    if value is None:
        raise Refused(problems("X602"))
    answer = _answer(value, today)
    emit(answer, as_json, _lines(answer))


COMMANDS = [udi_command]
