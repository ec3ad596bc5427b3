"""Every write of 示范创建: applied for, looked at on the spot, named or refused, taken away again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

from xiejian.firms import checks as check
from xiejian.firms import rules
from xiejian.firms.checks import problems, refuse
from xiejian.firms.models import ExemplaryFirm
from xiejian.firms.steps import FIRM, OFFICE, attach, either, moved, note
from xiejian.inspections.places import Place
from xiejian.kernel import workflow
from xiejian.people.numbering import next_number
from xiejian.people.policy import Actor
from xiejian.registry.models import Party

WORKFLOW = workflow.load(Path(__file__).with_name("exemplary_workflow.toml"))
#: states in which a firm has an application of the year
OPEN = ("applied", "reviewed", "named")


def place_for(row: ExemplaryFirm, by: Actor) -> Place:
    """Where the material belongs, for whoever hands it in."""
    permission = FIRM if by.firm else OFFICE
    return Place("exemplaryfirm", row.pk, row.number, row.office_code, permission)


@transaction.atomic
def apply_as_example(
    *, party: Party, year: int, text: str, by: Actor, at: dt.datetime, files: Sequence[File] = ()
) -> ExemplaryFirm:
    """A firm applies, or an officer enters it for the firm. Refused: FI101, FI102, FI106, FI501."""
    either(by, party, where=party.name)
    taken = ExemplaryFirm.objects.filter(party=party, year=year, state__in=OPEN).exists()
    refuse(
        check.check_text(text, "申报材料"),
        check.check_files(len(files)),
        [problems("FI501", party.name, year=year)] if taken else [],
    )
    row = ExemplaryFirm.objects.create(
        number=next_number(ExemplaryFirm, rules.number_pattern("exemplary"), party.office_code, year),
        party=party, year=year, text=text.strip(), state=WORKFLOW.start, applied_on=timezone.localdate(at),
        by_name=by.name, office_code=party.office_code,
    )  # fmt: skip
    note("apply_as_example", row, by, at, party=party.name, year=year)
    attach(place_for(row, by), files, by, at)
    return row


@transaction.atomic
def record_review(
    *,
    application: ExemplaryFirm,
    reviewed_on: dt.date,
    reviewers: str,
    review: str,
    by: Actor,
    at: dt.datetime,
) -> ExemplaryFirm:
    """What the look on the spot found; again, the later one stands. Refused: FI101, FI103, FI107."""
    state = moved(application, WORKFLOW, "record_review", by)
    refuse(
        check.check_given(reviewers, "评审人员"),
        check.check_text(review, "评审情况"),
        check.check_not_in_future(reviewed_on, timezone.localdate(at), "评审日期"),
        check.check_order_of_dates("申报日期", application.applied_on, "评审日期", reviewed_on),
    )
    before = application.review
    application.reviewed_on, application.reviewers = reviewed_on, reviewers.strip()[:120]
    application.review = review.strip()
    application.save()
    note("record_review", application, by, at, state=state, reviewed_on=reviewed_on, former=before)
    return application


@transaction.atomic
def name_firm(
    *, application: ExemplaryFirm, decided_on: dt.date, by: Actor, at: dt.datetime
) -> ExemplaryFirm:
    """命名: from this day it is an example. Refused: FI103, FI107."""
    return _decide("name_firm", application, decided_on, "", by, at)


@transaction.atomic
def refuse_firm(
    *, application: ExemplaryFirm, decided_on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> ExemplaryFirm:
    """Not named, and why (FI101). Refused: FI103, FI107."""
    refuse(check.check_given(reason, "理由"))
    return _decide("refuse_firm", application, decided_on, reason, by, at)


@transaction.atomic
def remove_firm(
    *, application: ExemplaryFirm, decided_on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> ExemplaryFirm:
    """No example any more, and why (FI101). Refused: FI103, FI107."""
    refuse(check.check_given(reason, "理由"))
    return _decide("remove_firm", application, decided_on, reason, by, at)


def _decide(
    action: str, row: ExemplaryFirm, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> ExemplaryFirm:
    state = moved(row, WORKFLOW, action, by)
    refuse(
        check.check_not_in_future(on, timezone.localdate(at), "日期"),
        check.check_order_of_dates("评审日期", row.reviewed_on, "日期", on),
    )
    row.decided_on, row.decided_by, row.reason = on, by.name, reason.strip()[:300]
    row.save()
    note(action, row, by, at, state=state, on=on, reason=row.reason)
    return row


@transaction.atomic
def withdraw_application(
    *, application: ExemplaryFirm, reason: str, by: Actor, at: dt.datetime
) -> ExemplaryFirm:
    """The firm takes it back (FI101)."""
    state = moved(application, WORKFLOW, "withdraw_application", by, uscc=application.party.uscc)
    refuse(check.check_given(reason, "撤回理由"))
    application.reason = reason.strip()[:300]
    application.save()
    note("withdraw_application", application, by, at, state=state, reason=application.reason)
    return application
