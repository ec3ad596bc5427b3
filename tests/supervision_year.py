"""A small register and its year, written straight to the tables: figures only read."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from xiejian.cases.models import Case, Interview
from xiejian.inspections.models import Correction, Transfer, Visit
from xiejian.registry.models import Party, PartyLink
from xiejian.sampling.models import Sample, SamplingLine, SamplingPlan

OFFICE = "150525"


class Year:
    """Adds parties and what happened to them; every fact needs only what the test is about."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now
        self.number = itertools.count(1)

    @staticmethod
    def tags(names: str) -> str:
        found = sorted(t for t in names.split("、") if t)
        return "|" + "".join(f"{t}|" for t in found)

    def party(self, name: str, link: str, tags: str = "", office: str = OFFICE, **facts: Any) -> Party:
        of_link = {k: facts.pop(k) for k in ("classes", "mode", "unit_kind", "level") if k in facts}
        party = Party.objects.create(
            name=name,
            office_code=office,
            division_code=office,
            created_at=self.now,
            updated_at=self.now,
            **{"status": "正常", **facts},
        )
        PartyLink.objects.create(party=party, link=link, tags=self.tags(tags), **of_link)
        return party

    def _fact(self, party: Party, facts: dict[str, Any]) -> dict[str, Any]:
        link = party.links.first()
        facts["tags"] = self.tags(facts["tags"]) if "tags" in facts else link.tags
        return {"party": party, "link": link.link, "campaign": "naiman-2023", "office_code": OFFICE, **facts}

    def visit(self, party: Party, on: str, persons: int = 2, **facts: Any) -> Visit:
        base = {"kind": "专项检查", "state": "concluded", "number": f"J{next(self.number)}"}
        return Visit.objects.create(
            visited_on=dt.date.fromisoformat(on), persons=persons, **{**base, **self._fact(party, facts)}
        )

    def order(self, visit: Visit, on: str, **facts: Any) -> Correction:
        day = dt.date.fromisoformat(on)
        return Correction.objects.create(
            visit=visit, number=f"Z{next(self.number)}", content="改正", ordered_on=day, due_on=day,
            state="ordered", office_code=visit.office_code, **facts,
        )  # fmt: skip

    def case(self, party: Party, filed: str, decided: str = "", **facts: Any) -> Case:
        return Case.objects.create(
            number=f"案{next(self.number)}",
            filed_on=dt.date.fromisoformat(filed),
            decided_on=dt.date.fromisoformat(decided) if decided else None,
            **self._fact(party, facts),
        )

    def interview(self, party: Party, on: str, **facts: Any) -> Interview:
        return Interview.objects.create(
            record_key=str(next(self.number)), held_on=dt.date.fromisoformat(on), **self._fact(party, facts)
        )

    def sample(self, party: Party, on: str, **facts: Any) -> Sample:
        base = {
            "kind": "县级抽检",
            "state": "drawn",
            "number": f"C{next(self.number)}",
            "product_name": "口罩",
        }
        known = {**base, **self._fact(party, facts), "sampled_on": dt.date.fromisoformat(on)}
        return Sample.objects.create(**known)

    def line(
        self, lots: int, due: str, link: str = "", state: str = "issued", kind: str = "省级抽检"
    ) -> SamplingLine:
        day = dt.date.fromisoformat(due)
        plan = SamplingPlan.objects.create(
            title=f"方案{next(self.number)}", year=day.year, kind=kind, office_code=OFFICE, state=state,
            made_at=self.now, by_name="x",
        )  # fmt: skip
        return SamplingLine.objects.create(
            plan=plan, product="口罩", link=link, count=lots, due_on=day, office_code=OFFICE
        )

    def transfer(
        self, party: Party, on: str, addressee: str, source: str = "visit", **facts: Any
    ) -> Transfer:
        return Transfer.objects.create(
            source=source, source_no=str(next(self.number)), addressee=addressee,
            moved_on=dt.date.fromisoformat(on), **self._fact(party, facts),
        )  # fmt: skip
