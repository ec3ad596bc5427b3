"""约谈: plan it, invite the firm, hold it or record that nobody came, follow up what was promised."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from xiejian.cases import checks as check
from xiejian.cases.actions import PERMISSION, record_interview
from xiejian.cases.checks import refuse
from xiejian.cases.models import Commitment, Interview, InterviewPlan
from xiejian.kernel import workflow
from xiejian.people import audit
from xiejian.people.policy import Actor, require, visible
from xiejian.registry.models import LINKS, Party

INTERVIEW_WORKFLOW = workflow.load(Path(__file__).with_name("interview_workflow.toml"))


def _note(action: str, plan: InterviewPlan, by: Actor, at: dt.datetime, **detail: object) -> None:
    audit.record(
        by=by, at=at, action=action, subject="interview_plan", key=str(plan.pk), office_code=plan.office_code,
        detail={"party": plan.party.name, **detail},
    )  # fmt: skip


@transaction.atomic
def plan_interview(
    *,
    party: Party,
    planned_on: dt.date,
    reason: str,
    by: Actor,
    at: dt.datetime,
    place: str = "",
    link: str = "",
    campaign: str = "",
) -> InterviewPlan:
    """Arrange a talk. Refused: no reason (C107), an unknown link (C108)."""
    require(by, PERMISSION, party.office_code, where=party.name)
    refuse(check.check_given(reason, "约谈事由"), check.check_link(link, LINKS) if link else [])
    plan = InterviewPlan.objects.create(
        party=party, planned_on=planned_on, place=place.strip(), reason=reason.strip(), link=link,
        campaign=campaign, state=INTERVIEW_WORKFLOW.start, office_code=party.office_code,
    )  # fmt: skip
    _note("plan_interview", plan, by, at, planned_on=planned_on, reason=plan.reason)
    return plan


def _taken(plan: InterviewPlan, action: str, by: Actor) -> tuple[InterviewPlan, list[str]]:
    """The plan, locked, moved along its table; [state before, after]."""
    row = InterviewPlan.objects.select_for_update(of=("self",)).select_related("party").get(pk=plan.pk)
    require(by, PERMISSION, row.office_code, where=row.party.name)
    before = row.state
    row.state = INTERVIEW_WORKFLOW.step(before, action, where=row.party.name)
    return row, [before, row.state]


@transaction.atomic
def invite_to_interview(
    *, plan: InterviewPlan, invited_on: dt.date, how: str, planned_on: dt.date, by: Actor, at: dt.datetime
) -> InterviewPlan:
    """The firm was told. Refused: no way named (C107), in the future (C102), after the talk (C103)."""
    row, state = _taken(plan, "invite_to_interview", by)
    refuse(
        check.check_given(how, "通知方式"),
        check.check_not_in_future(invited_on, timezone.localdate(at), "通知日期"),
        check.check_order_of_dates("通知日期", invited_on, "约谈日期", planned_on),
    )
    row.invited_on, row.invited_how, row.planned_on = invited_on, how.strip()[:60], planned_on
    row.save()
    _note("invite_to_interview", row, by, at, state=state, invited_on=invited_on, planned_on=planned_on)
    return row


@transaction.atomic
def hold_interview(
    *,
    plan: InterviewPlan,
    held_on: dt.date,
    promised: Sequence[tuple[str, dt.date]],
    by: Actor,
    at: dt.datetime,
) -> Interview:
    """The talk was held: it counts as a 责任约谈 from now on. ``promised``: (what, until when).

    Refused: as ``record_interview`` is, a promise without words (C107) or due before the talk (C103).
    """
    row, state = _taken(plan, "hold_interview", by)
    refuse(
        *(check.check_given(what, "承诺") for what, _ in promised),
        *(check.check_order_of_dates("约谈日期", held_on, "承诺期限", due) for _, due in promised),
    )
    talk = record_interview(
        party=row.party, held_on=held_on, reason=row.reason, link=row.link, campaign=row.campaign,
        office_code=row.office_code, by=by, at=at,
    )  # fmt: skip
    Commitment.objects.bulk_create(
        [Commitment(interview=talk, text=what.strip()[:500], due_on=due) for what, due in promised]
    )
    row.interview = talk
    row.save()
    _note("hold_interview", row, by, at, state=state, held_on=held_on, promised=[w for w, _ in promised])
    return talk


@transaction.atomic
def record_no_show(*, plan: InterviewPlan, note: str, by: Actor, at: dt.datetime) -> InterviewPlan:
    """Nobody came. Refused: nothing said about it (C107), before the day of the talk (C102)."""
    row, state = _taken(plan, "record_no_show", by)
    refuse(
        check.check_given(note, "未到场的情况"),
        check.check_not_in_future(row.planned_on, timezone.localdate(at), "约谈日期"),
    )
    row.note = note.strip()[:300]
    row.save()
    _note("record_no_show", row, by, at, state=state, note=row.note)
    return row


@transaction.atomic
def cancel_interview(*, plan: InterviewPlan, note: str, by: Actor, at: dt.datetime) -> InterviewPlan:
    """The talk will not take place. Refused: no reason (C107)."""
    row, state = _taken(plan, "cancel_interview", by)
    refuse(check.check_given(note, "取消的理由"))
    row.note = note.strip()[:300]
    row.save()
    _note("cancel_interview", row, by, at, state=state, note=row.note)
    return row


@transaction.atomic
def follow_up_commitment(
    *, commitment: Commitment, kept: bool, looked_on: dt.date, note: str, by: Actor, at: dt.datetime
) -> Commitment:
    """What became of a promise; looked at again, the audit keeps both. Refused: C107, C102, C103."""
    row = (
        Commitment.objects.select_for_update(of=("self",))
        .select_related("interview__party")
        .get(pk=commitment.pk)
    )
    talk = row.interview
    require(by, PERMISSION, talk.office_code, where=talk.party.name)
    refuse(
        check.check_given(note, "核实情况"),
        check.check_not_in_future(looked_on, timezone.localdate(at), "核实日期"),
        check.check_order_of_dates("约谈日期", talk.held_on, "核实日期", looked_on),
    )
    before = [row.kept, row.note]
    row.kept, row.looked_on, row.note = kept, looked_on, note.strip()[:300]
    row.save()
    audit.record(
        by=by, at=at, action="follow_up_commitment", subject="interview", key=str(talk.pk),
        office_code=talk.office_code, detail={"text": row.text, "kept": [before, [kept, row.note]]},
    )  # fmt: skip
    return row


def plans(actor: Actor | None, *, state: str = "", search: str = "") -> QuerySet[InterviewPlan]:
    """Arranged talks in the actor's reach with their party."""
    rows = visible(InterviewPlan.objects.select_related("party", "interview"), actor)
    if state:
        rows = rows.filter(state=state)
    if text := search.strip():
        rows = rows.filter(party__name__icontains=text) | rows.filter(reason__icontains=text)
    return rows


def commitments(actor: Actor | None, *, open_only: bool = False) -> QuerySet[Commitment]:
    """What firms promised, in the actor's reach; ``open_only``: not yet found kept."""
    rows = visible(Commitment.objects.select_related("interview__party"), actor, "interview__office_code")
    return rows.exclude(kept=True) if open_only else rows
