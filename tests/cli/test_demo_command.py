"""The demo command, and what the demo invents: without building it."""

from __future__ import annotations

import json
from datetime import date

import pytest
from click.testing import CliRunner
from stdnum.cn import uscc

from xiejian.cli.demo import command
from xiejian.cli.demo.build import Built
from xiejian.cli.demo.invention import credit_code, years_later
from xiejian.cli.demo.living import live, picture
from xiejian.cli.demo.registers import Register, place_name
from xiejian.inspections.checks import EVIDENCE_TYPES


@pytest.mark.django_db
class TestCommand:
    @pytest.fixture
    def run(self, settings, tmp_path, monkeypatch):
        settings.DATA = tmp_path / "data"
        made = []

        def stand_in(out, say):
            made.append(out)
            return Built({"某局": {"监管对象": 1}}, [])

        monkeypatch.setattr(command, "build", stand_in)
        monkeypatch.setattr(command, "upgrade_store", lambda: None)

        def run(*arguments):
            result = CliRunner().invoke(command.demo, ["--build-only", "--json", *arguments])
            return result, made

        return run

    def test_an_empty_store_is_built(self, run):
        result, made = run()
        assert (json.loads(result.stdout)["offices"], len(made)) == ({"某局": {"监管对象": 1}}, 1)

    def test_a_second_run_does_not_build_again(self, run):
        run()
        result, made = run()
        assert (json.loads(result.stdout)["existing"], len(made)) == (True, 1)

    def test_fresh_builds_again(self, run):
        run()
        assert len(run("--fresh")[1]) == 2

    def test_a_build_that_stopped_is_made_again(self, run, settings):
        settings.DATA.mkdir()
        command.marker().write_text('{"built": false}', encoding="utf-8")
        assert len(run()[1]) == 1

    def test_somebody_s_own_store_is_left_alone(self, run, naiman):
        result, made = run("--fresh")
        assert (json.loads(result.stdout)["code"], result.exit_code, made) == ("X501", 2, [])


class TestInvention:
    @pytest.mark.parametrize("serial", [1, 10, 99, 1234])
    def test_credit_codes_pass_the_check(self, serial):
        assert uscc.is_valid(credit_code("150525", "trader", serial))

    def test_a_year_after_the_leap_day(self):
        assert years_later(date(2024, 2, 29), 1) == date(2025, 2, 28)

    @pytest.mark.parametrize(
        ("code", "name"), [("150525401", "大沁他拉"), ("150525103", "新镇"), ("150525201", "白音他拉")]
    )
    def test_towns_are_called_as_people_say(self, code, name):
        assert place_name(code) == name

    def test_two_registers_of_one_office_are_the_same(self):
        rows = [Register("naiman", "150525", date(2023, 11, 15)).rows(arrived=False) for _ in range(2)]
        assert rows[0] == rows[1]

    def test_the_picture_is_what_its_name_says(self):
        _, ((offset, beginning),) = EVIDENCE_TYPES[".png"]
        assert picture("现场")[offset:].startswith(beginning)


class TestLive:
    def test_steps_of_several_lives_run_in_the_order_of_their_days(self):
        seen = []

        def life(name, *days):
            for day in days:
                yield date(2023, 1, day)
                seen.append((name, day))

        live([life("a", 1, 5), life("b", 3)], until=date(2023, 1, 31))
        assert seen == [("a", 1), ("b", 3), ("a", 5)]

    def test_a_step_after_the_end_is_not_taken(self):
        def life():
            yield date(2023, 1, 2)
            raise AssertionError

        assert live([life()], until=date(2023, 1, 1)) == 0
