"""document: annual summary, next year's plan and the other papers of an office, as Word files."""

from __future__ import annotations

from pathlib import Path

import click
from django.utils import timezone

from xiejian.cli.output import command, emit, json_option
from xiejian.documents import drafts, official
from xiejian.kernel.problems import Refused
from xiejian.people.policy import SYSTEM


@click.command(
    help="生成公文格式的文书：" + "、".join(f"{kind} {label}" for kind, label in drafts.KINDS.items())
)
@click.argument("kind")
@click.option("--year", type=int, required=True, help="工作年度（next-plan 生成其下一年的计划）")
@click.option("--office", "office_code", default="", help="机构代码，缺省为全部监管对象所在的机构")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="输出的 .docx 文件"
)
@json_option
@command(stored=True)
def document(kind: str, year: int, office_code: str, out: Path, as_json: bool) -> None:
    if out.suffix.lower() != ".docx":
        raise Refused(drafts.problems("D105", str(out), path=out, suffixes=".docx"))
    draft = drafts.make(
        kind=kind, year=year, office_code=office_code or drafts.default_office(), by=SYSTEM, at=timezone.now()
    )
    official.write(draft, out)
    figures = {
        source.id: {"value": source.value, "unit": source.unit, "meaning": source.meaning,
                    "records": source.records}
        for source in draft.figures.values()
    }  # fmt: skip
    answer = {"kind": kind, "title": draft.title, "out": str(out), "figures": figures}
    traced = f"（{len(figures)} 个数字，各有来源）" if figures else "（期内没有记录）"
    emit(answer, as_json, f"{draft.title}：{out}{traced}")


COMMANDS = [document]
