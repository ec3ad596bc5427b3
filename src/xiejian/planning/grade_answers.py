"""The JSON shape of a grade: what the one-off answer says of parties that are not stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from xiejian.kernel import conditions, kinds, packs
from xiejian.kernel.decisions import Graded, grade
from xiejian.kernel.packs import Duty, Pack
from xiejian.registry.columns import read_party


def answer(rows: Sequence[Mapping[str, Any]], pack: Pack, on: dt.date) -> dict[str, Any]:
    """The whole answer: which rules in which version, on which day, and ``graded``."""
    return {**head(pack, on), **graded(rows, pack, on)}


def head(pack: Pack, on: dt.date) -> dict[str, Any]:
    """Which rules were asked, in which version, on which day."""
    notice = packs.notice(pack, on)
    return {
        "pack": pack.id,
        "pack_version": pack.version,
        "on": on.isoformat(),
        "notices": [notice.as_json()] if notice else [],
    }


def graded(rows: Sequence[Mapping[str, Any]], pack: Pack, on: dt.date) -> dict[str, Any]:
    """``parties``: one answer per party and link; ``refused``: parties without a usable link, with why.

    Anything else that is wrong with a party (no division code, say) does not stop its grade: it is
    listed under ``notices`` of the answer.
    """
    answers: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    for place, row in enumerate(rows, start=1):
        party = read_party(row)
        found = [p.as_json() for p in party.problems]
        if not party.links:
            refused.append({"row": place, "name": party.facts.get("name", ""), "problems": found})
        for facts in party.links:
            answers.append(answer_of(facts, grade(pack, facts, on)) | {"notices": found})
    return {"parties": answers, "refused": refused}


def answer_of(facts: dict[str, Any], graded: Graded) -> dict[str, Any]:
    """One element of the contract's ``parties``."""
    return {
        "name": facts["name"],
        "uscc": facts.get("uscc") or None,
        "link": facts["link"],
        "level": graded.level,
        "duties": [_duty(duty, facts) for duty in graded.duties],
        "reasons": [
            {
                "rule": r.rule,
                "meaning": r.meaning,
                "citation": r.citation,
                "unverified": r.unverified,
                "kind": r.kind,
                "level": r.level,
            }
            for r in graded.reasons
        ],
        "facts": {conditions.FACTS[name][1]: value for name, value in graded.facts.items() if value},
    }


def _duty(duty: Duty, facts: dict[str, Any]) -> dict[str, Any]:
    within, by = duty.within_days, duty.by
    filed = facts.get("filed_on")
    if duty.within_months and filed:
        # the law counts months; in days, and as a date, only for this one filing
        until = conditions.add_months(filed, duty.within_months)
        within, by = (until - filed).days, until.isoformat()
    return {
        "rule": duty.rule,
        "kind": duty.kind,
        "kind_label": kinds.label(duty.kind),
        "times": duty.times,
        "years": duty.years,
        "share": duty.share,
        "of": duty.of,
        "within_days": within,
        "within_months": duty.within_months,
        "every_months": duty.every_months,
        "by": by,
        "responsible": duty.responsible,
        "discretionary": duty.discretionary,
        "meaning": duty.meaning,
        "citation": duty.citation,
        "unverified": duty.unverified,
    }
