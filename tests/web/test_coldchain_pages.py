"""冷链 for offices: excursions, silent loggers, what was sold after a gap; the command line."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from click.testing import CliRunner
from django.utils import timezone

from chilled import a_firm, a_logger, move, samples, send, write_csv
from xiejian.cli.main import main
from xiejian.coldchain.models import Excursion, Logger
from xiejian.people.policy import SYSTEM

GAP = (5, 5, None, None, None, None, 5)


@pytest.fixture
def officer(as_role):
    return as_role("section_officer")


@pytest.fixture
def firm(naiman):
    return a_firm()


@pytest.fixture
def gap(firm):
    a_logger(firm)
    move(firm)
    move(firm, "ship", days=-1, quantity=3, partner_name="某医院")
    send(firm, samples(*GAP))
    return Excursion.objects.get()


def text(answer) -> str:
    return answer.content.decode()


class TestTheOffice:
    def test_sees_the_excursions_of_its_firms_and_what_was_sold(self, officer, gap):
        page = text(officer.get("/coldchain/"))
        assert ("1号冷库" in page, "断链后销售 1 笔" in page) == (True, True)
        assert "某医院" in text(officer.get("/coldchain/sold/"))

    def test_sees_one_with_its_curve_its_lots_and_its_sales(self, officer, gap):
        page = text(officer.get(f"/coldchain/excursions/{gap.pk}/"))
        assert [word in page for word in ("血糖试剂", "某医院", "data-chart", "缺测")] == [True] * 4

    def test_sees_who_is_silent(self, officer, firm, gap):
        Logger.objects.update(live=True)
        page = text(officer.get("/coldchain/loggers/?tab=silent"))
        assert ("LK-01" in page, "失联" in page) == (True, True)

    @pytest.mark.parametrize(
        ("path", "most"), [("/coldchain/", 16), ("/coldchain/loggers/", 12), ("/coldchain/sold/", 9)]
    )
    def test_asks_as_often_for_many_as_for_one(
        self, officer, firm, gap, path, most, django_assert_max_num_queries
    ):
        for number in range(4):
            a_logger(firm, code=f"K{number}")
            send(firm, samples(*GAP, code=f"K{number}"))
        with django_assert_max_num_queries(most):
            officer.get(path)

    def test_asks_a_fixed_number_for_one_excursion(self, officer, gap, django_assert_max_num_queries):
        with django_assert_max_num_queries(20):
            officer.get(f"/coldchain/excursions/{gap.pk}/")

    def test_of_another_county_sees_none(self, as_role, gap):
        Logger.objects.update(office_code="522726")
        page = as_role("section_officer").get(f"/coldchain/excursions/{gap.pk}/")
        assert page.status_code == 404


def run(*words: str) -> tuple[int, dict]:
    done = CliRunner().invoke(main, ["coldchain", *words, "--json"], catch_exceptions=False)
    return done.exit_code, json.loads(done.stdout)


class TestTheCommand:
    def test_tells_of_excursions_loggers_and_sales(self, gap):
        code, answer = run("list", "--tab", "open")
        assert (code, answer["excursions"][0]["kind"], answer["counts"]["sold"]) == (0, "gap", 1)
        assert run("list", "--tab", "sold")[1]["sold"][0]["quantity"] == 3
        assert run("loggers")[1]["loggers"][0]["last_celsius"] == 5

    def test_imports_a_file_and_says_by_its_exit_code_that_rows_came_back(self, firm, tmp_path):
        a_logger(firm)
        path = write_csv(tmp_path / "a.csv", [("时间", "温度"), ("2024-03-01 08:00", 5), ("x", 5)])
        code, answer = run("import", str(path), "--firm", firm.uscc, "--logger", "LK-01")
        assert (code, answer["loaded"], answer["rejected"]) == (1, 1, 1)

    def test_looks_for_silent_loggers(self, firm):
        a_logger(firm, live=True)
        ago = timezone.now() - dt.timedelta(hours=5)
        send(firm, samples(5, first=ago), by=SYSTEM, at=ago)
        assert run("check") == (0, {"excursions": [Excursion.objects.get().pk]})
