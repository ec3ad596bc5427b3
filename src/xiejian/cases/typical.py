"""典型案例: a case told for the public without names; drafted by one, approved by another."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from xiejian.cases import anonymity, paper_forms, papers
from xiejian.cases import checks as check
from xiejian.cases.anonymity import Secret
from xiejian.cases.checks import problems, refuse
from xiejian.cases.models import Case, MeasureItem, TypicalCase
from xiejian.kernel import workflow
from xiejian.kernel.problems import Problem
from xiejian.people import audit
from xiejian.people.policy import Actor, require, visible
from xiejian.registry.models import Licence, Site

WORKFLOW = workflow.load(Path(__file__).with_name("typical_workflow.toml"))
DRAFT, APPROVE = "cases.edit", "cases.approve"
#: what is told, with the words a problem uses
TEXTS = {"title": "标题", "story": "案情", "outcome": "查处情况", "lesson": "典型意义"}


def secrets_of(case: Case) -> list[Secret]:
    """Every name, number and address of a case: of its party, its file, its goods, its papers."""
    party = case.party
    found = list(anonymity.party_secrets(party.name, party.division_code))
    persons, numbers = {party.legal_representative, party.head}, {party.uscc or "", party.phone, case.number}
    addresses = {party.address, party.warehouse_address}
    addresses |= set(Site.objects.filter(party=party).values_list("address", flat=True))
    numbers |= set(Licence.objects.filter(party=party).values_list("number", flat=True))
    goods = MeasureItem.objects.filter(measure__proceeding__case=case)
    numbers |= set(goods.values_list("batch", flat=True))
    for paper in papers.papers_of(case):
        numbers.add(paper.number)
        for field in paper_forms.forms()[paper.kind].fields:
            value = str(paper.values.get(field.id) or "")
            if field.personal:
                (persons if field.id in PERSONS else numbers).update(value.split("、"))
            elif field.id in PLACES:
                addresses.add(value)
    found += [anonymity.person_secret(name) for name in persons if len(name) > 1]
    found += [anonymity.number_secret(number) for number in numbers if len(number) > 3]
    found += itertools.chain.from_iterable(anonymity.address_secrets(a) for a in addresses if a)
    return list(dict.fromkeys(found))


#: fields of papers that hold persons and places
PERSONS = ("legal_representative", "present", "asked_name")
PLACES = ("party_address", "measure_place", "measure_kept_at", "place")


def proposed_texts(case: Case) -> dict[str, str]:
    """A first draft from the record, with everything replaced that the rules replace."""
    known, secrets = papers.values_of(case), secrets_of(case)
    party = anonymity.anonymise(case.party.name, secrets)
    month = f"{case.filed_on.year}年{case.filed_on.month}月"
    texts = {
        "title": f"{party}{case.conduct}案",
        "story": f"{month}，市场监督管理部门查明，{party}{case.conduct}。{known.get('facts_found', '')}",
        "outcome": f"依据{known['provision']}，" if known.get("provision") else "",
        "lesson": "",
    }
    penalty = "；".join(line.split(". ", 1)[-1].rstrip("。") for line in known["penalty"].splitlines())
    texts["outcome"] += f"市场监督管理部门对{party}作出行政处罚：{penalty or '见处罚决定'}。"
    return {name: anonymity.anonymise(text, secrets) for name, text in texts.items()}


def _leaks(case: Case, texts: dict[str, str]) -> Iterator[Problem]:
    secrets = secrets_of(case)
    for name, text in texts.items():
        if found := anonymity.leaks(text, secrets):
            yield problems("C801", where=TEXTS[name], what=TEXTS[name], found="、".join(found[:10]))


def _fit(case: Case, texts: dict[str, str]) -> dict[str, str]:
    """The texts as they are kept. Refused: one is missing (C107), somebody is in it (C801)."""
    kept = {name: str(texts.get(name, "")).strip() for name in TEXTS}
    refuse(
        *(check.check_given(kept[name], TEXTS[name]) for name in TEXTS if name != "lesson"),
        list(_leaks(case, kept)),
    )
    return kept


def _note(action: str, row: TypicalCase, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject="typicalcase", key=row.case.number, office_code=row.office_code,
        detail={"title": row.title, **detail},
    )  # fmt: skip


def _taken(row: TypicalCase, action: str, permission: str, by: Actor) -> tuple[TypicalCase, list[str]]:
    """The typical case, locked, moved along its table; [state before, after]."""
    found = TypicalCase.objects.select_for_update(of=("self",)).select_related("case__party").get(pk=row.pk)
    require(by, permission, found.office_code, where=found.title)
    before = found.state
    found.state = WORKFLOW.step(before, action, where=found.title)
    if permission == APPROVE and action != "withdraw_typical" and found.drafted_by == by.username:
        refuse([problems("C701", where=found.title)])
    return found, [before, found.state]


@transaction.atomic
def draft_typical(*, case: Case, texts: dict[str, str], by: Actor, at: dt.datetime) -> TypicalCase:
    """Draft the story of a decided case. Refused: not decided (C109), C107, C801."""
    require(by, DRAFT, case.office_code, where=case.number)
    refuse(check.check_decided(case.decided_on, "编写典型案例"))
    row = TypicalCase.objects.create(
        case=case, state=WORKFLOW.start, drafted_by=by.username, office_code=case.office_code,
        **_fit(case, texts),
    )  # fmt: skip
    _note("draft_typical", row, by, at)
    return row


@transaction.atomic
def redraft_typical(
    *, typical: TypicalCase, texts: dict[str, str], by: Actor, at: dt.datetime
) -> TypicalCase:
    """Write it anew. Refused: C107, C801, while it is public (K101)."""
    row, state = _taken(typical, "redraft_typical", DRAFT, by)
    for name, text in _fit(row.case, texts).items():
        setattr(row, name, text)
    row.drafted_by, row.approved_by, row.note = by.username, "", ""
    row.save()
    _note("redraft_typical", row, by, at, state=state)
    return row


@transaction.atomic
def return_typical(*, typical: TypicalCase, note: str, by: Actor, at: dt.datetime) -> TypicalCase:
    """Send it back. Refused: no reason (C107), one's own (C701)."""
    row, state = _taken(typical, "return_typical", APPROVE, by)
    refuse(check.check_given(note, "退回的理由"))
    row.note = note.strip()[:300]
    row.save()
    _note("return_typical", row, by, at, state=state, note=row.note)
    return row


@transaction.atomic
def publish_typical(*, typical: TypicalCase, on: dt.date, by: Actor, at: dt.datetime) -> TypicalCase:
    """Publish it; looked through once more, since the record may have grown. Refused: C701, C801, C102."""
    row, state = _taken(typical, "publish_typical", APPROVE, by)
    _fit(row.case, {name: getattr(row, name) for name in TEXTS})
    refuse(check.check_not_in_future(on, timezone.localdate(at), "发布日期"))
    row.published_on, row.approved_by = on, by.username
    row.save()
    _note("publish_typical", row, by, at, state=state, on=on)
    return row


@transaction.atomic
def withdraw_typical(*, typical: TypicalCase, note: str, by: Actor, at: dt.datetime) -> TypicalCase:
    """Take it off. Refused: no reason (C107)."""
    row, state = _taken(typical, "withdraw_typical", APPROVE, by)
    refuse(check.check_given(note, "撤下的理由"))
    row.note = note.strip()[:300]
    row.save()
    _note("withdraw_typical", row, by, at, state=state, note=row.note)
    return row


def published() -> QuerySet[TypicalCase]:
    """What the public reads, newest first: title, story, outcome, lesson, published_on. No case, no party."""
    rows = TypicalCase.objects.filter(state="published").order_by("-published_on", "-pk")
    return rows.only("title", "story", "outcome", "lesson", "published_on", "office_code")


def typical_cases(actor: Actor | None, *, state: str = "", search: str = "") -> QuerySet[TypicalCase]:
    """Typical cases in the actor's reach."""
    rows = visible(TypicalCase.objects.select_related("case__party"), actor)
    if state:
        rows = rows.filter(state=state)
    if text := search.strip():
        rows = rows.filter(title__icontains=text) | rows.filter(story__icontains=text)
    return rows
