"""The files that the demo hands over: plan workbooks, tables handed up, summaries and next year's plans."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from xiejian.cli.demo.accounts import Staffed, moment
from xiejian.documents import drafts, official, table_docx, table_xlsx
from xiejian.figures import filing, tables
from xiejian.people import audit
from xiejian.people.policy import require
from xiejian.planning import queries, workbook
from xiejian.planning.models import Plan


def write(staffed: Staffed, out: Path) -> list[Path]:
    """Write the office's plan, tables and documents into ``out``, hand the tables up; the files written."""
    return [*_plans(staffed, out), *_tables(staffed, out), *_documents(staffed, out)]


def _plans(staffed: Staffed, out: Path) -> list[Path]:
    files = []
    for plan in Plan.objects.filter(office_code=staffed.code, year=staffed.year, state="issued"):
        path = out / f"{staffed.data['short']}-{plan.year}年度检查计划.xlsx"
        workbook.write(plan, queries.tasks(staffed.head, plan=plan), path)
        files.append(path)
    return files


def _tables(staffed: Staffed, out: Path) -> list[Path]:
    """Each table as workbook and Word document, handed up by the head on its day."""
    for entry in staffed.data.get("station_tables", []):
        for code in staffed.stations:
            if code not in entry["late"]:
                _hand_up(staffed, entry["id"], entry["until"], code)
    files = []
    for entry in staffed.data.get("tables", []):
        files += _table(staffed, out, entry)
    return files


def _hand_up(staffed: Staffed, table_id: str, until: date, office_code: str) -> None:
    filing.file_table(
        table_id=table_id, until=until, office_code=office_code, by=staffed.head, at=moment(until, hour=9),
        permit=require, record=audit.record,
    )  # fmt: skip


def _table(staffed: Staffed, out: Path, entry: dict[str, Any]) -> list[Path]:
    until = entry["until"]
    header = {
        "填报单位": staffed.data["name"],
        "填报人": staffed.officer.name,
        "联系方式": staffed.data["phone"],
    }
    computed = tables.compute(
        entry["id"], until=until, office_code=staffed.code,
        filed=filing.last_snapshot(entry["id"], staffed.code, until),
    )  # fmt: skip
    stem = f"{staffed.data['short']}-{entry['id']}-{until.isoformat()}"
    paths = [out / f"{stem}.xlsx", out / f"{stem}.docx"]
    table_xlsx.write(computed, paths[0], header)
    table_docx.write(computed, paths[1], header)
    if entry.get("filed", True):
        _hand_up(staffed, entry["id"], until, staffed.code)
    return paths


def _documents(staffed: Staffed, out: Path) -> list[Path]:
    wanted = [(entry["kind"], entry["on"]) for entry in staffed.data.get("earlier_documents", [])]
    wanted += [(kind, staffed.today) for kind in staffed.data["documents"]]
    files = []
    for kind, on in wanted:
        draft = drafts.make(
            kind=kind, year=staffed.year, office_code=staffed.code, by=staffed.head, at=moment(on, hour=9)
        )
        title = draft.title.removeprefix(staffed.data["name"])
        path = out / f"{staffed.data['short']}-{title}.docx"
        official.write(draft, path)
        files.append(path)
    return files
