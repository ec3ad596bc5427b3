"""Computed parts: the plan's promises, duties with their clause, focus, deadlines, the stations' progress."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from beilun import CODE, YEAR_END
from xiejian.documents import drafts, office_parts, parts
from xiejian.documents.draft import Grid
from xiejian.documents.parts import Scope
from xiejian.inspections.models import Finding, Visit
from xiejian.kernel.packs import Duty
from xiejian.kernel.problems import Refused
from xiejian.people.models import Office
from xiejian.people.policy import SYSTEM
from xiejian.planning import actions as planning
from xiejian.planning.models import Task
from xiejian.registry.models import Party, PartyLink


@pytest.fixture
def scope(beilun, head) -> Scope:
    return Scope(beilun, head, 2009, dt.date(2009, 1, 1), dt.date(2009, 12, 31))


@pytest.fixture
def planned(beilun):
    return planning.make_plan(
        year=2009, pack_id="beilun", office_code=CODE, by=SYSTEM, at=dt.datetime(2009, 1, 5, 1, tzinfo=dt.UTC)
    )


def text(part) -> str:
    """Everything that a part says, tables too."""
    blocks = [*part.blocks, *(block for section in part.sections for block in section.blocks)]
    rows = ["".join(run.text for run in row) for b in blocks if isinstance(b, Grid) for row in b.rows]
    return "\n".join([*(b.text for b in blocks if not isinstance(b, Grid)), *rows])


def number(part, key: str) -> str:
    return next(source.value for source in part.sources if source.id == key)


class TestPromises:
    def test_sum_what_the_plan_asks_and_what_visits_have_done(self, scope, planned):
        part = parts.promises(scope)
        owed = sum(Task.objects.filter(plan=planned).values_list("times", flat=True))
        assert number(part, "plan_planned") == str(owed)
        assert int(number(part, "plan_done")) + int(number(part, "plan_left")) == owed

    def test_count_a_visit_to_a_maker_as_done(self, scope, planned):
        before = int(number(parts.promises(scope), "plan_done"))
        maker = Party.objects.get(name="北仑甲类制造1")
        Visit.objects.create(
            number="X-1", party=maker, link="生产", kind="日常检查", office_code=CODE, state="concluded",
            visited_on=dt.date(2009, 12, 1), persons=2,
        )  # fmt: skip
        assert int(number(parts.promises(scope), "plan_done")) == before + 1

    def test_answer_every_rule_of_the_plan_with_its_clause(self, scope, planned):
        grid = next(block for block in parts.promises(scope).blocks if isinstance(block, Grid))
        assert {entry["citation"] in text(parts.promises(scope)) for entry in planned.rules} == {True}
        assert len(grid.rows) == len({entry["rule"] for entry in planned.rules})

    def test_of_a_city_are_not_those_of_one_of_its_counties(self, beilun, planned):
        city = Office(code="330200", stem="3302", name="宁波市局", tier="city")
        year = dt.date(2009, 1, 1), dt.date(2009, 12, 31)
        assert "本级没有在系统中编制检查计划" in text(parts.promises(Scope(city, SYSTEM, 2009, *year)))

    def test_of_a_station_are_only_its_own(self, planned):
        planning.issue_plan(plan=planned, by=SYSTEM, at=YEAR_END)
        station = Office(code="330206001", stem="330206001", name="所", tier="station")
        year = dt.date(2009, 1, 1), dt.date(2009, 12, 31)
        part = parts.promises(Scope(station, SYSTEM, 2009, *year))
        assert number(part, "plan_planned") == "0"

    def test_show_visits_where_a_rule_sets_no_number(self, scope, planned):
        planned.rules = [
            {
                **planned.rules[0],
                "rule": "X",
                "planned": 0,
                "links": ["生产"],
                "kind": "joint",
                "meaning": "配合检查",
            }
        ]
        planned.save()
        assert "配合检查" in text(parts.promises(scope))
        assert number(parts.promises(scope), "plan_X_made") == "13"


class TestFrequency:
    @pytest.mark.parametrize(
        "facts, words",
        [
            ({"times": 1, "years": 1}, "每年不少于1次"),
            ({"times": 1, "years": 3, "share": 0.3}, "每3年不少于1次，当年覆盖率不低于30%"),
            ({"share": 1.5}, "当年覆盖率不低于150%"),
            ({"share": 0.2, "of": "inspected"}, "复查比例不低于20%"),
            ({"within_months": 3}, "备案后3个月内检查"),
            ({}, ""),
        ],
    )
    def test_reads_as_offices_write_it(self, facts, words):
        empty = dict.fromkeys(
            ("times", "years", "share", "within_days", "within_months", "by", "responsible")
        )
        duty = Duty(rule="R", kind="daily", citation="c", meaning="m", unverified=False, **{**empty, **facts})
        assert parts.frequency(duty) == words


class TestDeadlines:
    def order(self, on: dt.date, **facts) -> None:
        Visit.objects.create(
            number="BL-LATE", party=Party.objects.get(name="北仑医院1"), link="使用", kind="日常检查",
            state="concluded", visited_on=dt.date(2009, 10, 1), order_issued=True, correct_by=on,
            office_code=CODE, **facts,
        )  # fmt: skip

    def test_name_an_order_past_its_date(self, scope):
        self.order(dt.date(2009, 12, 30))
        assert "BL-LATE北仑医院12009-12-301" in text(parts.deadlines(scope))

    def test_leave_out_an_order_that_is_due_on_the_day(self, scope):
        self.order(dt.date(2009, 12, 31))
        assert "没有超期未办结" in text(parts.deadlines(scope))

    def test_leave_out_an_order_whose_recheck_passed(self, scope):
        self.order(dt.date(2009, 11, 1), recheck_on=dt.date(2009, 11, 5), recheck_result="通过")
        assert "没有超期未办结" in text(parts.deadlines(scope))

    def test_count_certificates_that_expire_in_the_year_to_come(self, scope):
        PartyLink.objects.filter(party__name="北仑眼镜店1").update(expires_on=dt.date(2010, 12, 31))
        PartyLink.objects.filter(party__name="北仑眼镜店2").update(expires_on=dt.date(2011, 1, 1))
        assert "2010年内证照到期的1家（经营环节1家）" in text(parts.deadlines(scope))

    def test_count_certificates_that_have_expired(self, scope):
        PartyLink.objects.filter(party__name="北仑眼镜店1").update(expires_on=dt.date(2009, 12, 31))
        assert "证照已过期而未注销的1家" in text(parts.deadlines(scope))


class TestFocus:
    def test_gives_every_reason_and_the_worst_first(self, scope):
        Party.objects.filter(name="北仑眼镜店1").update(complaints=2)
        grid = next(block for block in parts.focus(scope).blocks if isinstance(block, Grid))
        assert (grid.rows[0][0].text, grid.rows[0][3].text) == ("北仑眼镜店1", "被立案查处、有投诉举报")


class TestLevels:
    def test_are_left_out_where_nothing_is_graded(self, scope):
        assert parts.levels(scope).blocks == ()

    def test_count_by_link_and_say_which_links_have_none(self, scope):
        PartyLink.objects.filter(link="经营").update(level=3)
        part = parts.levels(scope)
        assert (number(part, "level_经营_3"), "生产、使用环节现行规则未划分级别" in text(part)) == (
            "46",
            True,
        )


class TestNotice:
    def test_says_how_far_each_office_is(self, scope, planned):
        grid = next(b for b in office_parts.stations(scope).blocks if isinstance(b, Grid))
        owed = sum(int(row[1].text) for row in grid.rows)
        assert owed == sum(Task.objects.filter(plan=planned).values_list("times", flat=True))


class TestCampaignOrder:
    def test_needs_a_campaign(self, head):
        with pytest.raises(Refused) as refused:
            drafts.make(kind="campaign-order", year=2009, office_code=CODE, by=head, at=YEAR_END)
        assert refused.value.first.code == "D104"

    def test_names_scope_tasks_and_returns_of_the_campaign(self, naiman):
        at = dt.datetime(2023, 5, 16, 1, tzinfo=dt.UTC)
        planning.open_campaign(key="naiman-2023", office_code=naiman.code, by=SYSTEM, at=at)
        draft = drafts.make(kind="campaign-order", year=2023, office_code=naiman.code, by=SYSTEM, at=at)
        assert "（三）无菌和植入性医疗器械" in draft.text
        assert "2023年6月1日前向药械股报送《监管形势分析报告》" in draft.text


class TestCommonProblems:
    def test_name_the_points_missed_most_often_first(self, scope):
        visits = list(Visit.objects.filter(link="使用"))
        for visit in visits:
            Finding.objects.create(visit=visit, point="T-CZ-CL-4", clause="计划", state="not_conform")
        Finding.objects.create(visit=visits[0], point="X", clause="甲", state="not_conform", severe=True)
        Finding.objects.create(visit=visits[1], point="Y", clause="乙", state="conform")
        Finding.objects.create(visit=visits[1], point="T-S4-H1", clause="药品管理法", state="not_conform")
        part = office_parts.common_problems(scope)
        assert text(part).splitlines() == ["购销记录齐全（计划）40", "X（甲）11"]


class TestReports:
    def test_give_the_dates_of_the_office_and_its_stations(self, scope, beilun):
        beilun.code = "522726"
        part = parts.reports(scope)
        assert "所（分局）6月15日前报送" in text(part)
        assert "县级11月20日前报送" in text(part)


@pytest.mark.parametrize("kind", ["summary", "next-plan", "key-points", "notice", "quality-report"])
def test_a_draft_asks_no_more_questions_for_more_parties(head, planned, kind):
    def questions() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            drafts.make(kind=kind, year=2009, office_code=CODE, by=head, at=YEAR_END)
        return len(asked)

    few = questions()
    parties = Party.objects.bulk_create(
        Party(name=f"新{n}", division_code=CODE, office_code=CODE, complaints=1, created_at=YEAR_END,
              updated_at=YEAR_END)
        for n in range(60)
    )  # fmt: skip
    PartyLink.objects.bulk_create(PartyLink(party=party, link="经营", level=2) for party in parties)
    assert questions() <= few + 1
