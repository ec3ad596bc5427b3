"""整改事项: the defects of one order, answered one by one (cause, measure, files) and judged one by one.

Called by the actions of corrections inside their transaction; they have asked for permission before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.core.files.base import File

from xiejian.inspections import checks as check
from xiejian.inspections.checks import refuse
from xiejian.inspections.models import Correction, CorrectionItem, Finding


@dataclass(frozen=True)
class ItemAnswer:
    """What a firm says to one item: its id, the cause, the measure, files that show it."""

    item: int
    cause: str = ""
    measure: str = ""
    files: Sequence[File] = ()


def make_items(correction: Correction) -> list[CorrectionItem]:
    """One item per problem of the visit that no other order holds; without any, the order is its one item."""
    findings = list(
        Finding.objects.filter(visit_id=correction.visit_id, state="not_conform", correction_items=None)
    )
    rows = [
        CorrectionItem(correction=correction, finding=finding, position=n, defect=finding.fact)
        for n, finding in enumerate(findings, 1)
    ] or [CorrectionItem(correction=correction, position=1, defect=correction.content)]
    return CorrectionItem.objects.bulk_create(rows)


def still_open(items: Iterable[CorrectionItem]) -> list[CorrectionItem]:
    """The items that an answer may still change: accepted ones are done."""
    return [item for item in items if item.accepted is not True]


def write_answers(
    correction: Correction, answers: Sequence[ItemAnswer], by_name: str, at: dt.datetime
) -> list[CorrectionItem]:
    """Store the answers; blank ones and those to accepted items change nothing. Refused: I308, I309.

    An answer to an item that failed a re-check opens its judgement again.
    """
    items = {item.pk: item for item in correction.items.select_for_update()}
    given = [a for a in answers if a.cause.strip() or a.measure.strip() or a.files]
    refuse(
        check.check_items_known([a.item for a in given], items, correction.number),
        check.check_some_answer([a.cause + a.measure for a in given] if items else ["-"]),
    )
    changed = []
    for answer in given:
        item = items[answer.item]
        if item.accepted is True:
            continue
        item.cause, item.measure = answer.cause.strip(), answer.measure.strip()
        item.answered_at, item.answered_by, item.accepted = at, by_name[:60], None
        changed.append(item)
    CorrectionItem.objects.bulk_update(
        changed, ["cause", "measure", "answered_at", "answered_by", "accepted"]
    )
    return changed


def judge(
    correction: Correction, rejected: Collection[int] | None, passed: bool, on: dt.date
) -> list[CorrectionItem]:
    """Accept or reject every item that is still open. ``rejected``: ids; None: all if it failed."""
    items = list(correction.items.select_for_update())
    if not passed:
        refuse(
            check.check_items_known(rejected or (), [i.pk for i in items], correction.number),
            check.check_rejected(rejected, len(items)),
        )
    for item in still_open(items):
        item.accepted = passed or (rejected is not None and item.pk not in rejected)
        item.judged_on = on
    CorrectionItem.objects.bulk_update(items, ["accepted", "judged_on"])
    return items


def as_answer(items: Iterable[CorrectionItem]) -> str:
    """The answers of all items as the one text of a report."""
    return "\n".join(
        f"{item.position}. {item.defect}；原因：{item.cause or '未写明'}；措施：{item.measure}"
        for item in items
        if item.measure
    )
