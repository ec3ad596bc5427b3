"""A proceeding taken on step by step, a day or more for each, by the persons of the procedure."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from xiejian.cases import enforcing, measures, proceedings
from xiejian.cases.models import Proceeding
from xiejian.people.models import Office, Officer
from xiejian.people.policy import Actor

TODAY = dt.date(2024, 3, 5)
CLUE = proceedings.Clue(
    conduct="未经许可经营第三类医疗器械", source="监督检查", source_on=TODAY, link="经营",
    conduct_on=dt.date(2024, 3, 1), goods_value_fen=300_000,
)  # fmt: skip
#: P81-3 with goods of 3,000 yuan: 50,000 to 150,000; ordinary is 80,000 to 120,000
FACTS = {"goods_value": "3000", "circumstances": []}
PENALTY = {"fine_fen": 9_000_000, "confiscated_fen": 50_000}
ITEM = measures.Item("软性角膜接触镜", Decimal(20), "盒", batch="20231201", value_fen=300_000)


def person(username: str, name: str, office: str, role: str, now: dt.datetime) -> Officer:
    return Officer.objects.create(
        username=username, name=name, office=Office.objects.get(code=office), role=role, password="!",
        created_at=now,
    )  # fmt: skip


class Team:
    """Two investigators of the station, a reviewer and a head of the bureau."""

    def __init__(self, now: dt.datetime, station: str = "150525100", bureau: str = "150525") -> None:
        self.first = person("jia", "甲检", station, "station_inspector", now)
        self.second = person("yi", "乙检", station, "station_inspector", now)
        self.reviewer = person("bing", "丙审", bureau, "section_officer", now)
        self.head = person("ding", "丁局", bureau, "head", now)

    @property
    def investigators(self) -> list[Officer]:
        return [self.first, self.second]


class Road:
    """Takes a proceeding on; ``days`` after TODAY is when a step is done, other facts replace the usual."""

    def __init__(self, team: Team, now: dt.datetime) -> None:
        self.team, self.now = team, now

    def at(self, days: int) -> dt.datetime:
        return self.now + dt.timedelta(days)

    def do(self, action, days: int, officer: Officer | None = None, **facts):
        on = TODAY + dt.timedelta(days)
        by = Actor.of(officer or self.team.first)
        return action(**{"on": on, "by": by, "at": self.at(days), **facts})

    def clue(self, party, **facts) -> Proceeding:
        kind = facts.pop("procedure_kind", "普通")
        made = proceedings.register_clue(
            clue=replace(CLUE, **facts), party=party, procedure_kind=kind, by=Actor.of(self.team.first),
            at=self.now,
        )  # fmt: skip
        team = self.team.investigators
        return self.do(proceedings.assign_investigators, 0, proceeding=made, officers=team)

    def file(self, p, days=3, **facts):
        return self.do(proceedings.file_proceeding, days, self.team.head, proceeding=p, **facts)

    def assess(self, p, days=10, **facts):
        given = {
            "provision": "P81-3", "facts": FACTS, "conduct_on": dt.date(2024, 3, 1), "step": "ordinary",
            "proposal": PENALTY, "opinion": "建议按一般档次处罚",
        }  # fmt: skip
        return self.do(proceedings.assess_penalty, days, proceeding=p, **{**given, **facts})

    def report(self, p, days=20, **facts):
        given = {"facts_found": "经营第三类医疗器械未取得许可", "evidence": "现场笔录、进货票据"}
        return self.do(proceedings.report_investigation, days, proceeding=p, **{**given, **facts})

    def review(self, p, days=22, officer=None, **facts):
        given = {"passed": True, "opinion": "事实清楚，证据充分"}
        who = officer or self.team.reviewer
        return self.do(proceedings.review_proceeding, days, who, proceeding=p, **{**given, **facts})

    def notice(self, p, days=23, **facts):
        return self.do(proceedings.serve_notice, days, proceeding=p, **{"how": "直接送达", **facts})

    def decide(self, p, days=35, officer=None, **facts):
        return self.do(proceedings.decide_proceeding, days, officer or self.team.head, proceeding=p, **facts)

    def serve(self, p, days=36, **facts):
        return self.do(enforcing.serve_decision, days, proceeding=p, **{"how": "直接送达", **facts})

    def pay(self, p, days=40, purpose="罚款", amount_fen=9_000_000, **facts):
        given = {"purpose": purpose, "amount_fen": amount_fen, **facts}
        return self.do(enforcing.record_payment, days, proceeding=p, **given)

    def to_notice(self, party, **facts):
        """Filed, assessed, reported, reviewed; the notice is served on day 23."""
        p = self.assess(self.file(self.clue(party)), **facts)
        return self.notice(self.review(self.report(p)))

    def to_service(self, party):
        return self.serve(self.decide(self.to_notice(party)))

    def seize(self, p, days=4, **facts):
        given = {
            "kind": "seizure", "taken_at": self.at(days), "items": [ITEM], "content": "涉案产品，防止转移",
            "place": "营业场所", **facts,
        }  # fmt: skip
        on = {"by": Actor.of(self.team.first), "at": self.at(days)}
        return measures.take_measure(proceeding=p, **given, **on)
