"""what-if: the stored register graded and planned under other rules, side by side; nothing is stored."""

from __future__ import annotations

from pathlib import Path

import click

from xiejian.cli.output import command, emit, json_option
from xiejian.cli.plan import covering_office
from xiejian.kernel.problems import Refused
from xiejian.kernel.tabular import write_xlsx
from xiejian.people.policy import SYSTEM
from xiejian.planning import what_if
from xiejian.planning.checks import problems
from xiejian.planning.what_if import Comparison


@click.command("what-if", help="规则推演：换一个规则包或改一个值，级别、任务和人日会怎样；不改动任何数据")
@click.option("--pack", "pack_id", required=True, help="现行规则包，见 xiejian packs list")
@click.option("--year", type=int, required=True, help="年度")
@click.option("--office", "office_code", default="", help="机构代码；不写则为名录所属的机构")
@click.option("--against", default="", help="与哪个规则包比较；不写则为同一规则包加上改动")
@click.option("--set", "changes", multiple=True, help="改动，如 DS-DF1.share=25%；可写多次")
@click.option("--out", type=click.Path(path_type=Path), help="写出级别有变化的全部主体（.xlsx）")
@json_option
@command(stored=True)
def what_if_command(
    pack_id: str, year: int, office_code: str, against: str, changes: tuple[str, ...], out: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    if out is not None and out.suffix.lower() != ".xlsx":
        raise Refused(problems("L105", out.name, suffix=out.suffix))
    found = what_if.compare(
        year=year,
        pack_id=pack_id,
        office_code=office_code or covering_office(),
        against=against,
        changes=[what_if.read_change(text) for text in changes],
        by=SYSTEM,
    )
    answer = what_if.as_json(found)
    if out is not None:
        answer["out"] = str(_write(found, out))
    emit(answer, as_json, _text(found))


def _write(found: Comparison, out: Path) -> Path:
    """The workbook under its final name only when it is whole."""
    partial = out.with_name(f".{out.name}.partial")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_xlsx(partial, "级别变化", what_if.HEADINGS, what_if.export_rows(found))
        partial.replace(out)
    except OSError as error:
        raise Refused(problems("L106", str(out), why=str(error))) from error
    finally:
        partial.unlink(missing_ok=True)
    return out


def _text(found: Comparison) -> str:
    lines = [f"现行：{found.packs[0].title}", f"推演：{found.packs[1].title}", "户数（现行 → 推演）"]
    lines += [
        f"  {row.link} {what_if.level_words(row.level)}：{row.parties[0]} → {row.parties[1]}"
        for row in found.levels
    ]
    lines.append("任务和家次（现行 → 推演）")
    lines += [
        f"  {row.office} {row.kind}：{row.tasks[0]} 项 {row.visits[0]} 家次 → "
        f"{row.tasks[1]} 项 {row.visits[1]} 家次"
        for row in found.load
    ]
    lines.append("检查人日（估算，现行 → 推演）")
    lines += [
        f"  {row.office}：{row.days[0]} → {row.days[1]}"
        if row.days
        else f"  {row.office}：未设置每组每日家次"
        for row in found.days
    ]
    lines.append(
        f"合计：{found.tasks[0]} 项 {found.visits[0]} 家次 → {found.tasks[1]} 项 {found.visits[1]} 家次；"
        f"级别有变化 {len(found.moved)} 户。没有改动任何数据。"
    )
    return "\n".join(lines)


COMMANDS = [what_if_command]
