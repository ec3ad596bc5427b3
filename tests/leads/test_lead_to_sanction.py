"""From a citizen's report to the sanction by commands and actions, and what the figures say of it."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from click.testing import CliRunner

from proceeding_walk import FACTS, PENALTY, TODAY, Road, Team
from visiting import PHOTO, enrol
from xiejian.cases import publishing
from xiejian.cli.main import main
from xiejian.credit import actions as credit
from xiejian.figures import measures
from xiejian.inspections import actions as visits
from xiejian.inspections.checks import Entry as Finding
from xiejian.inspections.origins import Origin
from xiejian.leads import actions as leads
from xiejian.leads.actions import Entry
from xiejian.leads.identity import Identity
from xiejian.people.policy import Actor
from xiejian.portal import public

CALLER = Identity(name="张三丰", phone="13800001111")
MEASURES = ["complaints_accepted", "visits_for_cause", "cases_filed", "cases_decided", "penalty_sum"]
#: the day on which everything is over
END = TODAY + dt.timedelta(days=60)


class Path:
    """One report and what came of it, each step by whom it belongs to."""

    def __init__(self, now: dt.datetime) -> None:
        self.now, self.team = now, Team(now)
        self.shop = enrol("明眸眼镜店", "150525100", now, uscc="91150525MA0N000012", credit_grade="A")
        self.road = Road(self.team, now)
        self.section, self.head = Actor.of(self.team.reviewer), Actor.of(self.team.head)
        self.inspector = Actor.of(self.team.first)

    def tell(self) -> None:
        photo = ("现场.jpg", len(PHOTO), lambda: PHOTO)
        said = f"{self.shop.name}没有三类许可，柜台里有角膜接触镜在卖，我是{CALLER.name}"
        self.lead, self.code = leads.file_public_lead(
            entry=Entry(said, TODAY, "网站", kind="举报"), office_code="150525", identity=CALLER,
            photos=[photo], by=Actor("public", "公众", "150525", "system"), at=self.now,
        )  # fmt: skip
        by = {"by": self.section, "at": self.now}
        self.lead = leads.triage_lead(
            lead=self.lead,
            kind="举报",
            topic="unlicensed",
            priority="一般",
            party=self.shop,
            link="经营",
            **by,
        )
        self.lead = leads.accept_lead(lead=self.lead, on=TODAY, **by)
        self.lead = leads.assign_lead(lead=self.lead, handler=self.team.first, on=TODAY, **by)

    def visit(self) -> None:
        by = {"by": self.inspector, "at": self.now}
        made = visits.schedule_visit(
            party=self.shop, link="经营", kind="有因检查", planned_on=TODAY, team=self.team.investigators,
            checklist="", origin=Origin("lead", self.lead.pk, self.lead.number), **by,
        )  # fmt: skip
        made = visits.start_visit(visit=made, on=TODAY, **by)
        wrong = Finding("x1", "not_conform", "柜内有第三类产品20盒，没有许可证", True, "条例第四十二条")
        visits.record_findings(visit=made, entries=[wrong], **by)
        self.visited = visits.conclude_visit(visit=made, conclusion="移送", reason="涉嫌违法", **by)

    def punish(self) -> None:
        p = self.road.clue(
            self.shop, source_kind="visit", source_record=self.visited.pk, source_no=self.visited.number
        )
        p = self.road.assess(self.road.file(p), facts=FACTS, proposal=PENALTY)
        p = self.road.notice(self.road.review(self.road.report(p)))
        p = self.road.serve(self.road.decide(p))
        self.proceeding, self.case = p, p.case

    def publish(self) -> None:
        at = self.road.at(45)
        content = publishing.proposed_content(self.case)
        row = publishing.draft_publication(case=self.case, content=content, by=self.section, at=at)
        on = TODAY + dt.timedelta(days=45)
        publishing.approve_publication(publication=row, on=on, by=self.head, at=at)

    def lower_credit(self) -> None:
        on, at = TODAY + dt.timedelta(days=46), self.road.at(46)
        grade = credit.evaluate_party(party=self.shop, on=on, reason="行政处罚", by=self.section, at=at)
        credit.notify_grades(grades=[grade], on=on, how="直接送达", by=self.section, at=at)
        credit.decide_grades(grades=[grade], on=on, waived=True, by=self.head, at=at)
        self.shop.refresh_from_db()

    def answer(self) -> None:
        on, by = END, {"by": self.section, "at": self.road.at(60)}
        lead = leads.decide_filing(lead=self.lead, on=on, filing="立案", reason=self.case.number, **by)
        lead = leads.answer_lead(lead=lead, on=on, outcome="属实", answer="已依法处罚。", **by)
        self.lead = leads.close_lead(lead=lead, on=on, **by)


def figures() -> list[int]:
    found = measures.compute(MEASURES, from_on=TODAY, until=END, office_code="150525")
    return [int(found[name].value or 0) for name in MEASURES]


@pytest.fixture
def walked(naiman, now, settings, tmp_path):
    settings.DATA = settings.MEDIA_ROOT = tmp_path
    path = Path(now)
    for step in (path.tell, path.visit, path.punish, path.publish, path.lower_credit, path.answer):
        step()
    return path


def test_the_figures_follow(naiman, now, settings, tmp_path):
    before = figures()
    settings.DATA = settings.MEDIA_ROOT = tmp_path
    path = Path(now)
    for step in (path.tell, path.visit, path.punish):
        step()
    after = figures()
    assert [now - then for then, now in zip(before, after, strict=True)][:4] == [1, 1, 1, 1]
    assert after[4] > before[4]


def test_the_way_ends_where_it_should(walked):
    published = public.penalties(END, walked.shop.name, 1).rows
    assert (
        walked.visited.source_no == walked.lead.number,
        walked.proceeding.assessment["fine"] is not None,
        published[0].facts[0][1] == walked.case.number,
        walked.shop.credit_grade > "A",
        walked.lead.state,
    ) == (True, True, True, True, "closed")


def test_nobody_on_the_way_learns_who_told(walked):
    seen = [
        walked.visited.source_no, walked.proceeding.facts_found, walked.proceeding.evidence,
        json.dumps(walked.proceeding.assessment, ensure_ascii=False), walked.lead.text,
        str(public.penalties(END, "", 1)),
    ]  # fmt: skip
    assert not [text for text in seen if CALLER.name in text or CALLER.phone in text]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (["lead", "list", "--json"], "已办结"),
        (["case", "list", "--tab", "all", "--json"], "明眸眼镜店"),
    ],
)
def test_the_commands_show_it(walked, asked, wanted):
    answer = CliRunner().invoke(main, asked)
    assert (answer.exit_code, wanted in answer.output) == (0, True)
