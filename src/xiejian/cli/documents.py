"""document: annual summary, next year's plan …, and the papers of a visit, as Word files or PDF."""

from __future__ import annotations

from pathlib import Path

import click
from django.utils import timezone

from xiejian.cli import case_document
from xiejian.cli.output import command, emit, json_option
from xiejian.documents import drafts, official, papers
from xiejian.inspections import issuing
from xiejian.kernel.problems import Refused
from xiejian.people.policy import SYSTEM


@click.command(
    help="生成公文格式的文书：" + "、".join(f"{kind} {label}" for kind, label in drafts.KINDS.items())
    + "；打印现场文书：" + "、".join(f"{kind} {label}" for kind, label in papers.KINDS.items())
    + "；打印案件文书：case，用 --case 和 --paper 指明"
)  # fmt: skip
@click.argument("kind")
@click.option("--year", type=int, help="工作年度（next-plan 生成其下一年的计划）；现场文书不需要")
@click.option("--visit", default="", help="检查编号：record、result 所属的检查")
@click.option("--correction", default="", help="责令改正通知书文号：notice、recheck 所属的责令改正")
@click.option("--interview", type=int, help="责任约谈的序号（页面地址 /interviews/N/ 中的 N）")
@click.option("--stop", default="", help="停产整改通知书文号：stop、resume 所属的停产整改")
@click.option("--liaison", default="", help="工作联系单编号")
@click.option("--case", "case_number", default="", help="案号或者办理编号：case 所属的案件")
@click.option("--paper", "case_paper", default="", help="案件文书种类，如 penalty_decision；写错时列出全部")
@click.option("--value", "values", multiple=True, metavar="NAME=TEXT", help="案件文书中由人填写的内容")
@click.option("--issue", is_flag=True, help="没有编号的，编定文号；案件文书：出具")
@click.option("--office", "office_code", default="", help="机构代码，缺省为全部监管对象所在的机构")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True,
    help="输出的 .docx 文件；现场文书也可以是 .pdf",
)  # fmt: skip
@json_option
@command(stored=True)
def document(
    kind: str, year: int | None, visit: str, correction: str, interview: int | None, stop: str,
    liaison: str, case_number: str, case_paper: str, values: tuple[str, ...], issue: bool,
    office_code: str, out: Path, as_json: bool,
) -> None:  # fmt: skip
    if kind == case_document.KIND:
        case_document.print_case_paper(case_number, case_paper, values, issue, out, as_json)
        return
    if kind in papers.KINDS:
        _paper(
            kind,
            {
                "visit": visit,
                "correction": correction,
                "interview": interview or "",
                "stop": stop,
                "liaison": liaison,
            },
            issue,
            out,
            as_json,
        )
        return
    if year is None:
        raise Refused(drafts.problems("D103", "--year", year=""))
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


def _paper(kind: str, named: dict[str, str | int], issue: bool, out: Path, as_json: bool) -> None:
    """Print one paper of a visit, an order to correct or a talk."""
    subject = papers.SUBJECTS[kind]
    record = papers.record_named(subject, str(named[subject]))
    if record is None:
        raise Refused(papers.not_found(kind))
    now = timezone.now()
    today = timezone.localdate(now)
    if issue and kind in issuing.NUMBERED:
        issuing.issue_paper(
            kind=kind, record=record, office_code=record.office_code, issued_on=today, by=SYSTEM, at=now
        )
    paper = papers.make(kind, record.pk, by=SYSTEM, on=today)
    papers.write(paper, out)
    answer = {
        "kind": kind,
        "title": paper.title,
        "number": paper.number,
        "draft": paper.draft,
        "out": str(out),
    }
    emit(answer, as_json, f"{paper.title} {paper.number}：{out}{f'（{paper.draft}）' if paper.draft else ''}")


COMMANDS = [document]
