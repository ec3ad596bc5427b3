"""table: a statistical table as JSON, text, workbook or Word document."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from xiejian.cli.output import command, emit, json_option, say
from xiejian.documents import table_docx, table_xlsx
from xiejian.figures import filing, forms, tables
from xiejian.figures.tables import ComputedTable
from xiejian.kernel import dates, divisions
from xiejian.kernel.problems import Catalogue, Refused
from xiejian.people.models import Office

problems = Catalogue(Path(__file__).with_name("problems.toml"))


def text(table: ComputedTable) -> str:
    """The table for people at a terminal: one line per row, figures behind the headings."""
    lines = [
        table.title,
        f"{table.from_on} 至 {table.until}，机构 {table.office_code}",
        "项目\t" + "\t".join(table.columns),
    ]
    lines += [
        " ".join(row.label) + "\t" + "\t".join("—" if cell is None else str(cell) for cell in row.cells)
        for row in table.rows
    ]
    lines += [f"[{check.id}] {check.message}" for check in table.checks]
    lines += [f"未标明专项、可能应计入：{o.label} {len(o.records)} 条" for o in table.untagged]
    return "\n".join(lines)


def settings_of(pairs: tuple[str, ...]) -> dict[str, str]:
    """``name=value`` pairs as given on the command line; Refused X401."""
    found = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not (name and sign and value):
            raise Refused(problems("X401", pair=pair))
        found[name] = value
    return found


WRITERS = {".xlsx": table_xlsx.write, ".docx": table_docx.write}


def writer(path: Path | None) -> Callable[..., None] | None:
    """Who writes a file of this name; Refused X402 for one that is neither .xlsx nor .docx."""
    if path is not None and path.suffix.lower() not in WRITERS:
        raise Refused(problems("X402", path.name, suffix=path.suffix or "（无）"))
    return WRITERS[path.suffix.lower()] if path else None


def reporting_unit(office_code: str) -> str:
    """The name of the office as it stands on a form: its own, else its division's."""
    office = Office.objects.filter(code=office_code).first()
    return office.name if office else divisions.full_name(office_code)


@click.command("table", help="统计报表：各单元格均由记录实时计算")
@click.argument("table_id", metavar="TABLE")
@click.option("--until", required=True, help="截止日期")
@click.option("--from", "from_on", help="起始日期（默认为专项开始日或本期第一日）")
@click.option("--office", default="000000", show_default=True, help="机构代码：统计本机构及下级")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="写入 .xlsx 或 .docx")
@click.option("--setting", "pairs", multiple=True, help="口径，如 case_basis=decided")
@json_option
@command(stored=True)
def table_command(
    table_id: str,
    until: str,
    from_on: str | None,
    office: str,
    out: Path | None,
    pairs: tuple[str, ...],
    as_json: bool,
) -> None:
    last_day = dates.read(until)
    if last_day is None:
        raise Refused(problems("X403"))
    forms.form(table_id)
    write = writer(out)
    computed = tables.compute(
        table_id,
        until=last_day,
        from_on=dates.read(from_on),
        office_code=office,
        settings=settings_of(pairs),
        filed=filing.last_snapshot(table_id, office, last_day),
    )
    answer: dict[str, Any] = computed.as_json()
    if out is not None and write is not None:
        write(computed, out, {"填报单位": reporting_unit(office)})
        say(f"已写入 {out}")
        answer["out"] = str(out)
    emit(answer, as_json, text(computed))


COMMANDS = [table_command]
