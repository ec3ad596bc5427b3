"""Campaigns: opened from the order as data, watched, closed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from moment import NOW
from small_register import COUNTY, OTHER_STATION, STATION, party, visit
from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry
from xiejian.people.policy import SYSTEM, Actor
from xiejian.planning import actions, campaigns, queries
from xiejian.planning.models import Campaign

ON = dt.date(2023, 9, 1)


class TestACampaignPack:
    def test_of_naiman_holds_the_order(self):
        pack = campaigns.load("naiman-2023")
        assert (pack.title, pack.starts_on) == ("2023年医疗器械质量安全专项整治", dt.date(2023, 5, 16))
        assert [r["due_on"] for r in pack.reports if r["who"] == "stations"] == ["2023-06-01"]

    def test_cites_every_part_of_its_scope(self):
        for item in campaigns.load("naiman-2023").scope:
            assert item["citation"]
            assert item["meaning"]

    def test_names_no_person(self):
        assert all(not member.get("name") for member in campaigns.load("naiman-2023").leading_group)

    def test_unknown_is_refused_with_the_known_ones(self):
        with pytest.raises(Refused) as refused:
            campaigns.load("nowhere")
        assert refused.value.first.code == "L401"
        assert "naiman-2023" in refused.value.first.next

    @pytest.mark.parametrize(
        ("find", "replace"),
        [
            ('checked = "seed 003"\n# the order', "# the order"),
            ("starts_on = 2023-05-16", "starts_on = 2024-05-16"),
            ('links = ["第三方平台"]', 'links = ["平台"]'),
            ('id = "NM-S8"', 'id = "NM-S7"'),
            ('who = "office"', 'who = "somebody"'),
            ("full_item = 1", "full_items = 1"),
        ],
    )
    def test_that_does_not_hold_together_is_refused(self, tmp_path, find, replace):
        source = next(Path(campaigns.packs.root()).glob("naiman/campaign-2023.toml")).read_text(
            encoding="utf-8"
        )
        assert find in source
        path = tmp_path / "campaign-x.toml"
        path.write_text(source.replace(find, replace, 1), encoding="utf-8")
        with pytest.raises(Refused) as refused:
            campaigns.read(path)
        assert refused.value.first.code == "L406"

    def test_takes_tags_below_and_other_names_in(self):
        tags = campaigns.with_parts(["近视防治"])
        assert {"近视防治", "彩色隐形眼镜", "角膜接触镜", "隐形眼镜"} <= set(tags)


@pytest.fixture
def campaign(naiman) -> Campaign:
    return actions.open_campaign(key="naiman-2023", office_code=COUNTY, by=SYSTEM, at=NOW)


@pytest.mark.django_db
class TestOpening:
    def test_gives_every_station_its_tasks_and_its_report(self, campaign):
        stations = {task["office_code"] for task in campaign.tasks}
        report = next(r for r in campaign.reports if r["title"] == "监管形势分析报告")
        assert (stations, report["office_code"], report["due_on"]) == ({STATION}, STATION, "2023-06-01")

    def test_leaves_an_audit_entry(self, campaign):
        assert AuditEntry.objects.filter(action="open_campaign", subject_key=str(campaign.pk)).exists()

    def test_twice_is_refused(self, campaign):
        with pytest.raises(Refused) as refused:
            actions.open_campaign(key="naiman-2023", office_code=COUNTY, by=SYSTEM, at=NOW)
        assert refused.value.first.code == "L402"

    @pytest.mark.parametrize(
        ("facts", "code"),
        [
            ({"office_code": "330206"}, "L302"),
            ({"ends_on": dt.date(2023, 5, 15)}, "L403"),
            ({"key": "nowhere"}, "L401"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, naiman, facts, code):
        with pytest.raises(Refused) as refused:
            actions.open_campaign(**{"key": "naiman-2023", "office_code": COUNTY, **facts}, by=SYSTEM, at=NOW)
        assert refused.value.first.code == code

    def test_by_an_inspector_is_refused(self, naiman, inspector):
        with pytest.raises(Refused) as refused:
            actions.open_campaign(key="naiman-2023", office_code=COUNTY, by=inspector, at=NOW)
        assert refused.value.first.code == "P101"

    def test_may_name_its_leading_group_later(self, campaign, officer):
        members = [{"role": "组长", "name": "张三", "post": "副局长"}]
        actions.name_leading_group(campaign=campaign, members=members, by=officer, at=NOW)
        campaign.refresh_from_db()
        assert campaign.leading_group == members


@pytest.mark.django_db
class TestReports:
    def hand_in(self, campaign: Campaign, **more) -> Campaign:
        facts = {"title": "监管形势分析报告", "office_code": STATION, "due_on": "2023-06-01", "by": SYSTEM}
        return actions.hand_in_report(**{"campaign": campaign, "on": ON, "at": NOW, **facts, **more})

    def test_to_the_leading_group_are_due_at_each_quarters_end_of_the_term(self, campaign):
        days = [r["due_on"] for r in campaign.reports if r["title"] == "专题汇报"]
        assert days == ["2023-06-30", "2023-09-30", "2023-12-31"]

    @pytest.mark.parametrize(("on", "state"), [("2023-06-01", "未报"), ("2023-06-02", "逾期")])
    def test_are_late_the_day_after_they_are_due(self, campaign, on, state):
        found = queries.campaign_reports(SYSTEM, campaign, dt.date.fromisoformat(on))
        assert (found[0].title, found[0].state) == ("监管形势分析报告", state)

    def test_handed_in_are_so_whatever_the_day(self, campaign, inspector):
        found = queries.campaign_reports(SYSTEM, self.hand_in(campaign, by=inspector), ON)
        assert (found[0].state, found[0].handed_in_on) == ("已报", ON)

    def test_are_not_for_a_viewer_from_above_to_hand_in(self, campaign):
        with pytest.raises(Refused) as refused:
            self.hand_in(campaign, by=Actor("v", "上级", "150500", "upper_viewer"))
        assert refused.value.first.code == "P101"

    def test_that_nobody_asked_for_are_refused(self, campaign):
        with pytest.raises(Refused) as refused:
            self.hand_in(campaign, title="别的报告")
        assert refused.value.first.code == "L407"

    def test_of_another_office_are_not_the_inspectors_to_hand_in(self, campaign, inspector):
        with pytest.raises(Refused) as refused:
            self.hand_in(campaign, office_code=OTHER_STATION, by=inspector)
        assert refused.value.first.code == "P101"


def progress(campaign: Campaign, item: str, actor: Actor = SYSTEM, on: dt.date = ON) -> queries.ScopeProgress:
    return next(p for p in queries.campaign_progress(actor, campaign, on) if p.id == item)


@pytest.mark.django_db
class TestListManagedCoverage:
    def test_is_parties_visited_in_the_campaign_over_parties_on_the_list(self, campaign):
        seen = party("甲", tags="|植入|")
        party("乙", tags="|无菌|")
        party("丙", tags="|助听器|")
        visit(seen, "2023-06-01", campaign="naiman-2023")
        visit(seen, "2023-07-01", "全项目检查", campaign=campaign.title)
        found = progress(campaign, "NM-S3")
        assert (found.parties, found.visited, found.visits, found.full_item, found.share) == (2, 1, 2, 1, 0.5)

    @pytest.mark.parametrize(
        "facts",
        [
            {"campaign": ""},
            {"campaign": "别的专项"},
            {"campaign": "naiman-2023", "day": "2023-05-15"},
            {"campaign": "naiman-2023", "day": "2023-09-02"},
            {"campaign": "naiman-2023", "state": "planned"},
        ],
    )
    def test_counts_no_visit_outside_the_campaign(self, campaign, facts):
        place = party("甲", tags="|无菌|")
        visit(place, facts.pop("day", "2023-06-01"), **facts)
        assert progress(campaign, "NM-S3").visited == 0

    @pytest.mark.parametrize(("day", "count"), [("2023-05-16", 1), ("2023-09-01", 1)])
    def test_counts_the_first_day_and_the_day_of_the_count(self, campaign, day, count):
        visit(party("甲", tags="|无菌|"), day, campaign="naiman-2023")
        assert progress(campaign, "NM-S3").visited == count

    def test_takes_tags_below_in(self, campaign):
        party("甲", tags="|新冠核酸检测试剂|")
        assert progress(campaign, "NM-S1").parties == 1

    def test_leaves_cancelled_parties_and_other_counties_out(self, campaign):
        party("甲", tags="|无菌|", status="注销")
        party("乙", tags="|无菌|", office_code="150526")
        assert progress(campaign, "NM-S3").parties == 0

    def test_without_a_tag_takes_every_party_of_the_link(self, campaign):
        for n in range(3):
            party(f"网店{n}", "网络销售")
        assert progress(campaign, "NM-S7").parties == 3

    def test_says_how_each_station_stands(self, campaign):
        visit(party("甲", tags="|无菌|"), "2023-06-01", campaign="naiman-2023")
        party("乙", tags="|无菌|", office_code=OTHER_STATION)
        assert progress(campaign, "NM-S3").by_office == {STATION: (1, 1), OTHER_STATION: (1, 0)}

    def test_shows_a_station_its_own(self, campaign, inspector):
        party("甲", tags="|无菌|")
        party("乙", tags="|无菌|", office_code=OTHER_STATION)
        assert progress(campaign, "NM-S3", inspector).parties == 1

    def test_takes_two_queries(self, campaign, django_assert_num_queries):
        for n in range(10):
            visit(party(f"店{n}", tags="|无菌|"), "2023-06-01", campaign="naiman-2023")
        with django_assert_num_queries(2):
            queries.campaign_progress(SYSTEM, campaign, ON)

    def test_lists_the_parties_of_a_scope(self, campaign):
        party("甲", tags="|无菌|")
        party("乙", tags="|助听器|")
        item = next(s for s in campaign.scope if s["id"] == "NM-S3")
        assert [p.party.name for p in queries.scope_links(SYSTEM, campaign, item)] == ["甲"]


@pytest.mark.django_db
class TestClosing:
    AFTER = dt.date(2024, 1, 5)

    def close(self, campaign: Campaign, on: dt.date, reason: str = "", by: Actor = SYSTEM) -> Campaign:
        return actions.close_campaign(campaign=campaign, on=on, reason=reason, by=by, at=NOW)

    def test_after_the_term_with_everybody_visited(self, campaign):
        visit(party("甲", tags="|无菌|"), "2023-06-01", campaign="naiman-2023")
        assert self.close(campaign, self.AFTER).state == "closed"

    def test_before_the_term_needs_a_reason(self, campaign):
        with pytest.raises(Refused) as refused:
            self.close(campaign, ON)
        assert refused.value.first.code == "L404"
        assert self.close(campaign, ON, "上级通知提前结束").closing == "上级通知提前结束"

    def test_with_listed_parties_unvisited_needs_a_reason(self, campaign):
        party("甲", tags="|无菌|")
        with pytest.raises(Refused) as refused:
            self.close(campaign, self.AFTER)
        assert refused.value.first.code == "L405"

    def test_twice_is_refused(self, campaign):
        closed = self.close(campaign, self.AFTER)
        with pytest.raises(Refused) as refused:
            self.close(closed, self.AFTER)
        assert refused.value.first.code == "K101"
