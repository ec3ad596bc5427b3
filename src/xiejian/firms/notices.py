"""Every write of notices: drafted, sent to thousands at once, read, answered, urged, taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from django.core.files.base import File
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from xiejian.clocks import actions as clocks
from xiejian.firms import checks as check
from xiejian.firms import rules
from xiejian.firms.audience import Audience, chosen
from xiejian.firms.checks import problems, refuse
from xiejian.firms.models import Course, Delivery, FirmNotice
from xiejian.firms.steps import FIRM, OFFICE, attach, moved, note
from xiejian.inspections.places import Place
from xiejian.kernel import workflow
from xiejian.kernel.problems import Refused
from xiejian.people.numbering import next_number
from xiejian.people.policy import Actor, require

NOTICE_WORKFLOW = workflow.load(Path(__file__).with_name("notice_workflow.toml"))
DELIVERY_WORKFLOW = workflow.load(Path(__file__).with_name("delivery_workflow.toml"))
SUBJECT = "firmnotice"
WANTED = "wanted"  # the name of its clock
_BATCH = 1000


def owing() -> Q:
    """Which deliveries still wait for the firm: to answer where that is asked, else to confirm."""
    asked = Q(notice__kind=FirmNotice.ASK)
    return (asked & ~Q(state="answered")) | (~asked & Q(state__in=("delivered", "opened")))


def number_of(delivery: Delivery) -> str:
    """How a delivery is named: the notice at the firm."""
    return f"{delivery.notice.number} {delivery.party.uscc}"


def place_of(notice: FirmNotice) -> Place:
    """Where the files of a notice belong."""
    return Place(SUBJECT, notice.pk, notice.number, notice.office_code, OFFICE)


def answer_place(delivery: Delivery) -> Place:
    """Where the files of a firm's answer belong."""
    return Place("delivery", delivery.pk, number_of(delivery), delivery.office_code, FIRM)


# --- the office --------------------------------------------------------------------------------------------


def _check(
    kind: str, title: str, text: str, wanted_by: dt.date | None, course: Course | None, at: dt.datetime
) -> None:
    refuse(
        check.check_one_of(kind, FirmNotice.KINDS, "类别"),
        check.check_given(title, "标题"),
        check.check_text(text, "内容"),
        check.check_given(str(wanted_by or ""), "要求办理日期") if kind == FirmNotice.ASK else [],
        check.check_not_past(wanted_by, timezone.localdate(at), "要求办理日期"),
        check.check_course_open(course.title, course.state) if course else [],
    )


@transaction.atomic
def draft_notice(
    *,
    kind: str,
    title: str,
    text: str,
    audience: Audience,
    by: Actor,
    at: dt.datetime,
    wanted_by: dt.date | None = None,
    course: Course | None = None,
    office_code: str = "",
    files: Sequence[File] = (),
) -> FirmNotice:
    """Draft a notice to the firms of an audience; ``office_code``: the sender, the own office when empty.

    Refused: FI101, FI102, FI104, FI105, FI106, FI205; files as ``attach_evidence``.
    """
    sender = office_code or by.office_code
    require(by, OFFICE, sender)
    _check(kind, title, text, wanted_by, course, at)
    refuse(check.check_files(len(files)))
    pattern, year = rules.number_pattern("notice"), timezone.localdate(at).year
    row = FirmNotice.objects.create(
        number=next_number(FirmNotice, pattern, sender, year), kind=kind, title=title.strip()[:120],
        text=text.strip(), wanted_by=wanted_by, course=course, audience=audience.as_json(),
        state=NOTICE_WORKFLOW.start, office_code=sender, made_at=at, by_name=by.name,
    )  # fmt: skip
    note("draft_notice", row, by, at, kind=kind, title=row.title, audience=audience.words)
    attach(place_of(row), files, by, at)
    return row


@transaction.atomic
def amend_notice(
    *,
    notice: FirmNotice,
    kind: str,
    title: str,
    text: str,
    audience: Audience,
    by: Actor,
    at: dt.datetime,
    wanted_by: dt.date | None = None,
    course: Course | None = None,
) -> FirmNotice:
    """Change a draft. Refused like ``draft_notice``."""
    moved(notice, NOTICE_WORKFLOW, "amend_notice", by)
    _check(kind, title, text, wanted_by, course, at)
    before = [notice.kind, notice.title, str(notice.wanted_by or ""), Audience.read(notice.audience).words]
    notice.kind, notice.title, notice.text = kind, title.strip()[:120], text.strip()
    notice.wanted_by, notice.course, notice.audience = wanted_by, course, audience.as_json()
    notice.save()
    after = [notice.kind, notice.title, str(wanted_by or ""), audience.words]
    note("amend_notice", notice, by, at, changed=[before, after])
    return notice


@transaction.atomic
def send_notice(*, notice: FirmNotice, by: Actor, at: dt.datetime) -> FirmNotice:
    """Deliver it to every firm that its audience names today, with a few queries however many they are.

    Refused: nobody (FI201), picked codes that are not in the actor's register (FI202), a date that is past
    by now (FI104), a course that closed meanwhile (FI205).
    """
    state = moved(notice, NOTICE_WORKFLOW, "send_notice", by)
    _check(notice.kind, notice.title, notice.text, notice.wanted_by, notice.course, at)
    audience = Audience.read(notice.audience)
    found = list(chosen(audience, by).order_by("pk").values_list("pk", "office_code", "uscc"))
    refuse(
        check.check_codes_known(set(audience.usccs) - {uscc for _, _, uscc in found}),
        check.check_somebody(len(found)),
    )
    start = DELIVERY_WORKFLOW.start
    Delivery.objects.bulk_create(
        (Delivery(notice=notice, party_id=key, office_code=office, state=start, delivered_at=at)
         for key, office, _ in found),
        batch_size=_BATCH,
    )  # fmt: skip
    notice.sent_at = at
    notice.save()
    if notice.wanted_by:
        clocks.set_agreed_date(
            subject=SUBJECT, record=notice.pk, name=WANTED, due=notice.wanted_by,
            start=timezone.localdate(at), title=f"{notice.number} {notice.title}", label="企业办理通知",
            office_code=notice.office_code, by=by, at=at,
        )  # fmt: skip
    note("send_notice", notice, by, at, state=state, firms=len(found))
    return notice


def late_deliveries(notice: FirmNotice, at: dt.datetime) -> QuerySet[Delivery]:
    """Those that owe something and were not urged within the last days of FI-2."""
    since = at - dt.timedelta(days=rules.value("FI-2"))
    rows = Delivery.objects.filter(owing(), notice=notice)
    return rows.filter(Q(reminded_at=None) | Q(reminded_at__lte=since))


@transaction.atomic
def remind_firms(*, notice: FirmNotice, by: Actor, at: dt.datetime) -> FirmNotice:
    """Urge on every firm that still owes something; refused where there is none (FI206)."""
    moved(notice, NOTICE_WORKFLOW, "remind_firms", by)
    keys = list(late_deliveries(notice, at).values_list("pk", flat=True))
    if not keys:
        raise Refused(problems("FI206", notice.number))
    for first in range(0, len(keys), _BATCH):
        part = Delivery.objects.filter(pk__in=keys[first : first + _BATCH])
        part.update(reminders=F("reminders") + 1, reminded_at=at)
    notice.reminded_at = at
    notice.save()
    note("remind_firms", notice, by, at, firms=len(keys))
    return notice


@transaction.atomic
def close_notice(*, notice: FirmNotice, by: Actor, at: dt.datetime, reason: str = "") -> FirmNotice:
    """What was wanted is in, or nothing more is to come; firms answer no more."""
    state = moved(notice, NOTICE_WORKFLOW, "close_notice", by)
    notice.ended_on, notice.reason = timezone.localdate(at), reason.strip()[:300]
    notice.save()
    clocks.finish_clock(
        subject=SUBJECT, record=notice.pk, name=WANTED, on=timezone.localdate(at), by=by, at=at
    )
    note("close_notice", notice, by, at, state=state, reason=notice.reason)
    return notice


@transaction.atomic
def withdraw_notice(*, notice: FirmNotice, reason: str, by: Actor, at: dt.datetime) -> FirmNotice:
    """Take it back: the firms see that it was, and why. Refused without a reason (FI101)."""
    state = moved(notice, NOTICE_WORKFLOW, "withdraw_notice", by)
    refuse(check.check_given(reason, "撤回理由"))
    notice.ended_on, notice.reason = timezone.localdate(at), reason.strip()[:300]
    notice.save()
    clocks.drop_clocks(subject=SUBJECT, record=notice.pk, reason=f"撤回：{reason}", by=by, at=at)
    note("withdraw_notice", notice, by, at, state=state, reason=notice.reason)
    return notice


@transaction.atomic
def return_answer(*, delivery: Delivery, reason: str, by: Actor, at: dt.datetime) -> Delivery:
    """The answer is not enough: say what is missing (FI101)."""
    state = _taken(delivery, "return_answer", by)
    refuse(check.check_given(reason, "退回理由"))
    delivery.returned = reason.strip()[:300]
    delivery.save()
    note("return_answer", delivery, by, at, number=number_of(delivery), state=state, reason=delivery.returned)
    return delivery


@transaction.atomic
def record_confirmation(*, delivery: Delivery, person: str, by: Actor, at: dt.datetime) -> Delivery:
    """A firm without an account took note by telephone or at a visit; who said so is named (FI101)."""
    state = _taken(delivery, "record_confirmation", by)
    refuse(check.check_given(person, "签收人"))
    delivery.confirmed_at, delivery.confirmed_by = at, f"{person.strip()}（{by.name}代为登记）"[:60]
    delivery.save()
    note(
        "record_confirmation",
        delivery,
        by,
        at,
        number=number_of(delivery),
        state=state,
        person=person.strip(),
    )
    return delivery


# --- the firm ----------------------------------------------------------------------------------------------


def _taken(delivery: Delivery, action: str, by: Actor) -> list[str]:
    """The delivery locked and moved, while its notice stands (FI203)."""
    notice, party = delivery.notice, delivery.party
    state = moved(delivery, DELIVERY_WORKFLOW, action, by, uscc=party.uscc, number=number_of(delivery))
    notice.refresh_from_db(fields=["state"])
    refuse(check.check_in_force(notice.state, NOTICE_WORKFLOW.states[notice.state], notice.number))
    return state


@transaction.atomic
def open_delivery(*, delivery: Delivery, by: Actor, at: dt.datetime) -> Delivery:
    """Somebody of the firm has it before the eyes for the first time; later the first time stands."""
    if delivery.state != DELIVERY_WORKFLOW.start:
        return delivery
    _taken(delivery, "open_delivery", by)
    delivery.opened_at, delivery.opened_by = at, by.name
    delivery.save()
    note("open_delivery", delivery, by, at, number=number_of(delivery))
    return delivery


@transaction.atomic
def confirm_delivery(*, delivery: Delivery, by: Actor, at: dt.datetime) -> Delivery:
    """签收: the firm took note, by the name of who signed in. Refused: FI203."""
    state = _taken(delivery, "confirm_delivery", by)
    _confirmed(delivery, by, at)
    delivery.save()
    note("confirm_delivery", delivery, by, at, number=number_of(delivery), state=state)
    return delivery


def _confirmed(delivery: Delivery, by: Actor, at: dt.datetime) -> None:
    delivery.opened_at, delivery.opened_by = delivery.opened_at or at, delivery.opened_by or by.name
    delivery.confirmed_at = delivery.confirmed_at or at
    delivery.confirmed_by = delivery.confirmed_by or by.name


@transaction.atomic
def answer_delivery(
    *, delivery: Delivery, answer: str, by: Actor, at: dt.datetime, files: Sequence[File] = ()
) -> Delivery:
    """What the firm says to it, with files; taken as its receipt too.

    Refused: FI101, FI102, FI106, FI203, a notice that asks for no answer (FI204); files as
    ``attach_evidence``.
    """
    state = _taken(delivery, "answer_delivery", by)
    refuse(
        check.check_asks_for_answer(delivery.notice.wants_answer, delivery.notice.number),
        check.check_text(answer, "答复"),
        check.check_files(len(files)),
    )
    _confirmed(delivery, by, at)
    delivery.answered_at, delivery.answered_by, delivery.answer = at, by.name, answer.strip()
    delivery.returned = ""
    delivery.save()
    note("answer_delivery", delivery, by, at, number=number_of(delivery), state=state, files=len(files))
    attach(answer_place(delivery), files, by, at)
    return delivery
