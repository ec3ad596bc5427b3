"""What a lead led to: its visits and cases, and the answer that these propose."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.urls import reverse

from xiejian.cases import proceeding_queries as proceedings
from xiejian.cases.models import Proceeding
from xiejian.inspections import queries as inspections
from xiejian.inspections.models import Visit
from xiejian.leads.checks import REPORT
from xiejian.leads.models import Lead
from xiejian.people.policy import Actor, may

#: in these states the office works on it: a visit or a case may follow
WORKED_ON = ("accepted", "handling", "reopened")
FOR_CAUSE = "有因检查"
FOUND_IN_ORDER = "符合"
DAY = "%Y年%m月%d日"


@dataclass
class Results:
    """The visits and cases that a lead led to, the newest first."""

    visits: list[Visit] = field(default_factory=list)
    proceedings: list[Proceeding] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.visits or self.proceedings)

    @property
    def filed(self) -> Proceeding | None:
        """The first of the proceedings that became a case."""
        return next((row for row in self.proceedings if row.case_id), None)


def results(actor: Actor, lead: Lead) -> Results:
    """A few queries, each only for who may see such records; a case may come of the lead or of its visits."""
    found = Results()
    if may(actor, "inspections.view"):
        found.visits = list(inspections.visits_of(actor, "lead", lead.pk))
    if may(actor, "cases.view"):
        found.proceedings = proceedings.of_source(actor, "lead", lead.pk)
        found.proceedings += proceedings.of_sources(actor, "visit", [visit.pk for visit in found.visits])
    return found


def next_steps(actor: Actor, lead: Lead) -> list[tuple[str, str]]:
    """Label and address of what may follow from a lead that is worked on and whose party is known."""
    if lead.party_id is None or lead.state not in WORKED_ON:
        return []
    steps = []
    origin = {"from": "lead", "record": lead.pk}
    if may(actor, "inspections.visit", lead.office_code):
        asked = {"party": lead.party_id, "kind": FOR_CAUSE, "link": lead.link, **origin}
        steps.append(("安排有因检查", f"{reverse('visit_new')}?{urlencode(asked)}"))
    if may(actor, "cases.investigate", lead.office_code):
        page = reverse("proceeding_new", args=[lead.party_id])
        steps.append(("登记案件线索", f"{page}?{urlencode({'source': 'lead', 'record': lead.pk})}"))
    return steps


def proposed_answer(found: Results) -> dict[str, str]:
    """Outcome and wording of the answer as the records have it; an officer completes them."""
    done = [visit for visit in found.visits if visit.conclusion and visit.visited_on]
    said = [
        f"我局于{visit.visited_on:{DAY}}进行了检查，结论为{visit.conclusion}。" for visit in reversed(done)
    ]
    filed = found.filed
    if filed and filed.decided_on:
        said.append(f"已于{filed.decided_on:{DAY}}依法作出处理决定。")
    elif filed:
        said.append("已立案调查。")
    if not said:
        return {}
    wrong = filed is not None or any(visit.conclusion != FOUND_IN_ORDER for visit in done)
    return {"outcome": "属实" if wrong else "不属实", "answer": "".join(said)}


def proposed_filing(lead: Lead, found: Results) -> dict[str, str]:
    """The decision on filing that a case already made."""
    filed = found.filed
    if lead.kind != REPORT or filed is None or filed.case is None:
        return {}
    return {"filing": "立案", "reason": f"案件 {filed.case.number}"}
