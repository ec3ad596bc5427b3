"""xiejian schedule: made, shown, handed down, put right, withdrawn, from the command line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from moment import NOW
from small_register import COUNTY, OTHER_STATION, dushan_register
from visiting import appoint
from xiejian.cli.main import main
from xiejian.inspections.models import Visit
from xiejian.people import actions as people
from xiejian.people.policy import SYSTEM
from xiejian.planning import actions as planning

pytestmark = pytest.mark.django_db
PERIOD = ["--from", "2024-03-06", "--until", "2024-11-30", "--seconds", "10", "--json"]


@pytest.fixture
def office(naiman):
    people.open_office(code=OTHER_STATION, name="八仙筒市场监督管理所", by=SYSTEM, at=NOW)
    dushan_register()
    plan = planning.make_plan(year=2024, pack_id="dushan", office_code=COUNTY, seed="a", by=SYSTEM, at=NOW)
    planning.issue_plan(plan=plan, by=SYSTEM, at=NOW)
    for name in ("a", "b", "c"):
        appoint(name, f"检查员{name}", COUNTY, NOW)


def ask(*arguments: str) -> dict:
    answer = CliRunner().invoke(main, ["schedule", *arguments])
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.stdout)


@pytest.fixture
def made(office) -> dict:
    return ask("make", "--office", COUNTY, *PERIOD)


class TestTheCommand:
    def test_makes_a_schedule_with_its_result(self, made):
        assert (made["state"], made["visits"] > 0, made["gap"] <= 0.01, made["unmet"]) == (
            "draft",
            True,
            True,
            [],
        )

    def test_shows_every_visit_with_day_and_team(self, made):
        rows = ask("show", str(made["schedule"]), "--json")["rows"]
        assert (len(rows), {len(row["team"]) for row in rows}) == (made["visits"], {2})

    def test_hands_down_to_a_day(self, made):
        answer = ask("issue", str(made["schedule"]), "--until", "2024-11-30", "--json")
        assert (answer["visits"], Visit.objects.count()) == (made["visits"], made["visits"])

    def test_puts_an_absence_right(self, made):
        answer = ask(
            "replan", "--officer", "a", "--from", "2024-03-06", "--until", "2024-11-30", "--reason", "病假",
            "--on", "2024-03-05", "--json",
        )  # fmt: skip
        assert {"a"} & {name for row in answer["moved"] for name in row["team"]} == set()

    def test_withdraws_with_a_reason(self, made):
        ask("withdraw", str(made["schedule"]), "--reason", "重排", "--json")
        assert ask("show", str(made["schedule"]), "--json")["state"] == "withdrawn"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["show", "99"], "L604"),
        (["make", "--office", COUNTY, "--from", "明天", "--until", "2024-11-30"], "K301"),
        (
            ["replan", "--officer", "x", "--from", "2024-03-06", "--until", "2024-03-06", "--reason", "病"],
            "L606",
        ),
    ],
)
def test_what_cannot_be_done_leaves_with_two(db, arguments, code):
    answer = CliRunner().invoke(main, ["schedule", *arguments, "--json"])
    assert (answer.exit_code, json.loads(answer.stdout)["code"]) == (2, code)
