"""xiejian risk prepare, list, recompute, report: the risk consultation from the command line."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from click.testing import CliRunner

from visiting import enrol
from xiejian.cli.main import main
from xiejian.people.policy import SYSTEM
from xiejian.risks import actions
from xiejian.risks.models import RiskItem, RiskMeeting
from xiejian.sampling.models import Sample

DAY = dt.date(2024, 2, 1)
OF = ("--office", "150525", "--year", 2024, "--quarter", 1)


def run(*arguments):
    result = CliRunner().invoke(main, ["risk", *map(str, arguments), "--json"])
    return result.exit_code, json.loads(result.stdout)


@pytest.fixture
def failed(naiman, now) -> Sample:
    shop = enrol("安康店", "150525100", now)
    return Sample.objects.create(
        number="S1", kind="县级抽检", party=shop, link="经营", state="reported", product_name="口罩",
        result="不符合规定", result_on=DAY, sampled_on=DAY, office_code=shop.office_code,
    )  # fmt: skip


@pytest.fixture
def risk(failed, now) -> RiskItem:
    run("prepare", *OF)
    reading = RiskMeeting.objects.get().readings.get(grouping="party")
    return actions.list_reading(reading=reading, on=now.date(), by=SYSTEM, at=now)


def test_a_meeting_is_prepared(failed):
    _, answer = run("prepare", *OF)
    (raised,) = [one for one in answer["readings"] if one["why"]]
    assert (raised["signal"], raised["name"], raised["count"]) == ("failed_samples", "安康店", 1)


def test_the_list_shows_what_is_open(risk):
    _, answer = run("list", "--on", "2024-03-05")
    assert [row["number"] for row in answer["risks"]] == [risk.number]
    assert answer["counts"]["open"] == 1


def test_a_risk_comes_back_with_its_signal(risk, failed):
    RiskItem.objects.update(state="struck_off", struck_off_on=dt.date(2024, 3, 6))
    Sample.objects.filter(pk=failed.pk).update(result_on=dt.date(2024, 3, 20))
    _, answer = run("recompute", "--office", "150525", "--on", "2024-04-01")
    assert [(row["number"], row["state"]) for row in answer["returned"]] == [(risk.number, "returned")]


def test_the_report_is_written(risk, tmp_path):
    out = tmp_path / "报告.docx"
    run("report", *OF, "--out", out)
    assert out.exists()


def test_a_report_of_no_meeting_is_a_problem(naiman, tmp_path):
    code, answer = run("report", *OF, "--out", tmp_path / "a.docx")
    assert (code == 0, answer["code"]) == (False, "H108")
