"""What stands beside grades and lists: public commitments, credit information, joint measures."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone

from xiejian.credit import checks as check
from xiejian.credit import rules
from xiejian.credit.actions import EDIT
from xiejian.credit.checks import refuse
from xiejian.credit.models import (
    ON_LIST,
    CreditInformation,
    CreditListEntry,
    JointMeasure,
    PublicCommitment,
)
from xiejian.people import audit
from xiejian.people.policy import Actor, require, require_for
from xiejian.registry.models import Party

#: of a firm's own people
SIGN = "firm.answer"


def _note(
    action: str, subject: str, party: Party, office: str, by: Actor, at: dt.datetime, **detail: Any
) -> None:
    audit.record(
        by=by, at=at, action=action, subject=subject, key=party.name, office_code=office, detail=detail
    )


@transaction.atomic
def record_commitment(
    *, party: Party, text: str, made_on: dt.date, by: Actor, at: dt.datetime, place: str = "",
    due_on: dt.date | None = None,
) -> PublicCommitment:  # fmt: skip
    """A firm promised something to the public; ``due_on``: when the office will look. Q101, Q102, Q103.

    A firm's own people sign it by their name; it then says so where it was made public.
    """
    if by.firm:
        require_for(by, SIGN, party.uscc or "", where=party.name)
    else:
        require(by, EDIT, party.office_code, where=party.name)
    refuse(
        check.check_given(text, "承诺内容"),
        check.check_not_in_future(made_on, timezone.localdate(at), "承诺日期"),
        check.check_order_of_dates("承诺日期", made_on, "核查日期", due_on),
    )
    made = PublicCommitment.objects.create(
        party=party, office_code=party.office_code, text=text.strip()[:500], made_on=made_on,
        place=place.strip()[:200], due_on=due_on,
    )  # fmt: skip
    _note(
        "record_commitment", "public_commitment", party, party.office_code, by, at, text=made.text, on=made_on
    )
    return made


@transaction.atomic
def check_commitment(
    *, commitment: PublicCommitment, on: dt.date, kept: bool, note: str, by: Actor, at: dt.datetime
) -> PublicCommitment:
    """Whether it was kept, and how one knows; a broken one counts in the next evaluation. Q101, Q401."""
    row = (
        PublicCommitment.objects.select_for_update(of=("self",)).select_related("party").get(pk=commitment.pk)
    )
    require(by, EDIT, row.office_code, where=row.party.name)
    refuse(
        check.check_given(note, "核实情况"),
        check.check_not_looked_at(row.looked_on),
        check.check_not_in_future(on, timezone.localdate(at), "核实日期"),
        check.check_order_of_dates("承诺日期", row.made_on, "核实日期", on),
    )
    row.looked_on, row.kept, row.note = on, kept, note.strip()[:300]
    row.save()
    _note(
        "check_commitment", "public_commitment", row.party, row.office_code, by, at, kept=kept, note=row.note
    )
    return row


@transaction.atomic
def record_information(
    *, party: Party, kind: str, on: dt.date, text: str, source: str, by: Actor, at: dt.datetime
) -> CreditInformation:
    """Write down what counts for credit and stands nowhere else. Refused: unknown kind (Q104), Q101, Q102."""
    require(by, EDIT, party.office_code, where=party.name)
    refuse(
        check.check_one_of(kind, list(rules.information()), "信用信息类别"),
        check.check_given(text, "内容"),
        check.check_given(source, "来源"),
        check.check_not_in_future(on, timezone.localdate(at), "日期"),
    )
    made = CreditInformation.objects.create(
        party=party, office_code=party.office_code, kind=kind, on=on, text=text.strip()[:300],
        source=source.strip()[:120], by_name=by.name,
    )  # fmt: skip
    _note(
        "record_information",
        "credit_information",
        party,
        party.office_code,
        by,
        at,
        kind=kind,
        text=made.text,
    )
    return made


@transaction.atomic
def send_measure(
    *, entry: CreditListEntry, measure: str, on: dt.date, by: Actor, at: dt.datetime, department: str = "",
    reference: str = "",
) -> JointMeasure:  # fmt: skip
    """Ask a department for a measure; the pack's department when none is named.

    Refused: unknown measure (Q104), no department (Q101), asked already (Q402), party not on the list
    (Q403), Q102, Q103.
    """
    row = CreditListEntry.objects.select_for_update(of=("self",)).select_related("party").get(pk=entry.pk)
    require(by, EDIT, row.office_code, where=row.number)
    refuse(check.check_one_of(measure, list(rules.measures()), "联合惩戒措施"))
    known = rules.measures()[measure]
    asked = department.strip() or known.department
    there = JointMeasure.objects.filter(entry=row, measure=measure, department=asked).exists()
    refuse(
        check.check_given(asked, "部门"),
        check.check_on_list(row.party.name, row.state in ON_LIST),
        check.check_new_measure(known.label, asked, there),
        check.check_not_in_future(on, timezone.localdate(at), "函告日期"),
        check.check_order_of_dates("决定日期", row.decided_on, "函告日期", on),
    )
    made = JointMeasure.objects.create(
        entry=row, measure=measure, department=asked[:120], sent_on=on, reference=reference.strip()[:80],
        by_name=by.name,
    )  # fmt: skip
    _note(
        "send_measure", "joint_measure", row.party, row.office_code, by, at, measure=measure,
        department=asked, on=on,
    )  # fmt: skip
    return made


def _measure(measure: JointMeasure, by: Actor) -> JointMeasure:
    rows = JointMeasure.objects.select_for_update(of=("self",)).select_related("entry__party")
    row = rows.get(pk=measure.pk)
    require(by, EDIT, row.entry.office_code, where=row.entry.number)
    refuse(check.check_not_lifted(row.lifted_on))
    return row


@transaction.atomic
def record_measure_reply(
    *, measure: JointMeasure, on: dt.date, reply: str, by: Actor, at: dt.datetime
) -> JointMeasure:
    """What the department answered. Refused: nothing said (Q101), lifted already (Q404), Q102, Q103."""
    row = _measure(measure, by)
    refuse(
        check.check_given(reply, "回复"),
        check.check_not_in_future(on, timezone.localdate(at), "回复日期"),
        check.check_order_of_dates("函告日期", row.sent_on, "回复日期", on),
    )
    row.replied_on, row.reply = on, reply.strip()[:300]
    row.save()
    _note(
        "record_measure_reply", "joint_measure", row.entry.party, row.entry.office_code, by, at,
        department=row.department, on=on, reply=row.reply,
    )  # fmt: skip
    return row


@transaction.atomic
def lift_measure(*, measure: JointMeasure, on: dt.date, by: Actor, at: dt.datetime) -> JointMeasure:
    """The department was told that the measure ends. Refused: lifted already (Q404), Q102, Q103."""
    row = _measure(measure, by)
    refuse(
        check.check_not_in_future(on, timezone.localdate(at), "解除日期"),
        check.check_order_of_dates("函告日期", row.sent_on, "解除日期", on),
    )
    row.lifted_on = on
    row.save()
    _note(
        "lift_measure", "joint_measure", row.entry.party, row.entry.office_code, by, at,
        department=row.department, on=on,
    )  # fmt: skip
    return row
