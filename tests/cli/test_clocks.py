"""xiejian clocks recompute: the stored clocks on the calendar in force."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from click.testing import CliRunner

from moment import NOW
from xiejian.cli.main import main
from xiejian.clocks import actions
from xiejian.clocks.models import Clock
from xiejian.kernel import workdays
from xiejian.people.policy import SYSTEM

LATER = '[2027]\nsource = "为测试虚构"\n[2027.holidays]\n"元旦" = [2027-01-01]\n'


def run(*options: str) -> dict:
    answer = CliRunner().invoke(main, ["clocks", "recompute", *options, "--json"])
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.stdout)


@pytest.fixture
def moved(db, tmp_path, monkeypatch):
    """One clock that the calendar now in force answers differently."""
    actions.set_clock(
        subject="case", record=1, name="verify", rule="CS-1", start=dt.date(2026, 12, 14), title="线索甲",
        office_code="150525", by=SYSTEM, at=NOW,
    )  # fmt: skip
    path = tmp_path / "workdays.toml"
    path.write_text(LATER, encoding="utf-8")
    calendar = workdays.build(path)
    monkeypatch.setattr(workdays, "standing", lambda: calendar)


class TestRecompute:
    def test_lists_each_move_with_both_dates_and_the_reason(self, moved):
        (move,) = run()["moved"]
        assert (move["due_legal"], move["provisional"]) == (["2027-01-04", "2027-01-05"], [True, False])
        assert "元旦" in move["why"]

    def test_a_dry_run_changes_nothing(self, moved):
        assert (run("--dry-run")["applied"], str(Clock.objects.get().due_legal)) == (False, "2027-01-04")

    def test_a_second_run_moves_nothing(self, moved):
        run()
        assert run()["moved"] == []

    def test_says_in_words_what_moved(self, moved):
        answer = CliRunner().invoke(main, ["clocks", "recompute"])
        assert "2027-01-04 → 2027-01-05" in answer.output and "改变 1 条" in answer.output
