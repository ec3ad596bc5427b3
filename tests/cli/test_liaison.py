"""xiejian liaison and document liaison|stop: the sheets as a list, the papers as files."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from click.testing import CliRunner

from moment import NOW
from visiting import enrol
from xiejian.cli.main import main
from xiejian.inspections import liaising, stopping
from xiejian.inspections.models import Visit
from xiejian.people.policy import SYSTEM

TODAY = NOW.date()


def run(*arguments: str) -> dict[str, object]:
    answer = CliRunner().invoke(main, [*arguments, "--json"])
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.output)


@pytest.fixture
def sheet(naiman):
    made = liaising.draft_liaison(
        party=enrol("明眸眼镜店", "150525100", NOW), addressee=liaising.OFFICE, to_office="150525100",
        title="核对地址", content="请核对。", wanted_by=TODAY, office_code=naiman.code, by=SYSTEM, at=NOW,
    )  # fmt: skip
    return liaising.send_liaison(liaison=made, sent_on=TODAY, by=SYSTEM, at=NOW)


@pytest.mark.parametrize(("tab", "on", "count"), [("waiting", 0, 1), ("late", 0, 0), ("late", 1, 1)])
def test_sheets_are_listed_by_part(sheet, tab, on, count):
    answer = run("liaison", "list", "--tab", tab, "--on", str(TODAY + dt.timedelta(days=on)))
    assert len(answer["liaisons"]) == count


def test_a_sheet_is_written_as_a_file(sheet, tmp_path):
    path = tmp_path / "联系单.docx"
    answer = run("document", "liaison", "--liaison", sheet.number, "--out", str(path))
    assert (answer["title"], path.exists()) == ("工作联系单", True)


def test_a_stop_is_written_as_a_file(naiman, tmp_path):
    visit = Visit.objects.create(
        number="V1", party=enrol("奈曼义齿厂", "150525100", NOW, link="生产"), link="生产", kind="日常检查",
        office_code="150525100", state="concluded", visited_on=TODAY,
    )  # fmt: skip
    stop = stopping.stop_production(
        visit=visit, scope="全部", reason="关键项不符合", ordered_on=TODAY, by=SYSTEM, at=NOW
    )
    answer = run("document", "stop", "--stop", stop.number, "--out", str(tmp_path / "停产.docx"))
    assert (answer["title"], answer["number"]) == ("停产整改通知书", stop.number)
