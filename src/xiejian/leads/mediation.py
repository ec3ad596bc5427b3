"""What may come up on the way: mediation fails, a violation comes to light, competence is disputed."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from xiejian.leads import checks as check
from xiejian.leads import rules
from xiejian.leads.actions import PERMISSION, dated, finish, note, start, step
from xiejian.leads.checks import refuse
from xiejian.leads.models import Lead
from xiejian.people.numbering import next_number
from xiejian.people.policy import Actor, require

_FOUND_BY_US = "本局发现"


@transaction.atomic
def end_mediation(*, lead: Lead, on: dt.date, reason: str, by: Actor, at: dt.datetime) -> Lead:
    """终止调解: no agreement; both sides are told within the time of CP-3, by the answer.

    Refused: no complaint (E206), ended before (E207).
    """
    lead, _ = step(lead, "end_mediation", by)
    refuse(check.check_mediated(lead.kind, lead.mediation_ended_on), check.check_given(reason, "理由"))
    dated(at, "终止调解日期", on, lead)
    lead.mediation_ended_on = on
    lead.save()
    finish(lead, ["mediate"], on, by, at)
    start(lead, "mediation_ended", on, by, at)
    note("end_mediation", lead, by, at, on=on, reason=reason)
    return lead


@transaction.atomic
def note_clue(*, lead: Lead, on: dt.date, text: str, by: Actor, at: dt.datetime) -> Lead:
    """调解中发现违法线索: a lead of its own, checked within the time of CP-4. Returns that lead.

    The complaint goes on as before. Refused: not a complaint (E206), no words (E101), markup (E106).
    """
    lead, _ = step(lead, "note_clue", by)
    require(by, PERMISSION, lead.office_code, where=lead.number)
    refuse(
        check.check_complaint(lead.kind), check.check_given(text, "发现的情况"),
        check.check_plain(text, "发现的情况"), check.check_length(text, "发现的情况", rules.longest_text()),
    )  # fmt: skip
    dated(at, "发现日期", on, lead)
    made = Lead.objects.create(
        number=next_number(Lead, rules.number_pattern(), lead.office_code, on.year), source=_FOUND_BY_US,
        kind="线索", area=lead.area, link=lead.link, product=lead.product, party=lead.party,
        party_named=lead.party_named, place=lead.place, place_key=lead.place_key, text=text,
        office_code=lead.office_code, state="accepted", received_on=on, triaged_on=on, accepted_on=on,
        made_at=at, by_name=by.name, found_in=lead,
    )  # fmt: skip
    start(made, "found", on, by, at)
    note("note_clue", lead, by, at, on=on, clue=made.number)
    detail = {"source": made.source, "kind": made.kind, "found_in": lead.number}
    note("register_lead", made, by, at, received_on=on, **detail)
    return made


@transaction.atomic
def raise_dispute(
    *, lead: Lead, on: dt.date, with_whom: str, reason: str, by: Actor, at: dt.datetime
) -> Lead:
    """管辖争议: to be settled within the time of CP-5, else the common superior is asked."""
    lead, _ = step(lead, "raise_dispute", by)
    refuse(
        check.check_given(with_whom, "争议对方"), check.check_given(reason, "争议情况"),
        check.check_dispute(lead.disputed_with, wanted=False),
    )  # fmt: skip
    dated(at, "发生争议之日", on, lead)
    lead.disputed_with = with_whom
    lead.save()
    start(lead, "disputed", on, by, at)
    note("raise_dispute", lead, by, at, on=on, with_whom=with_whom, reason=reason)
    return lead


@transaction.atomic
def settle_dispute(*, lead: Lead, on: dt.date, reason: str, by: Actor, at: dt.datetime) -> Lead:
    """管辖争议已解决: it is ours, as agreed or as decided from above; what is not ours is handed on."""
    lead, _ = step(lead, "settle_dispute", by)
    refuse(check.check_given(reason, "结果"), check.check_dispute(lead.disputed_with, wanted=True))
    dated(at, "解决日期", on, lead)
    lead.disputed_with = ""
    lead.save()
    finish(lead, ["dispute"], on, by, at)
    note("settle_dispute", lead, by, at, on=on, reason=reason)
    return lead
