"""Every write of online monitoring (imports apart, which load in bulk): lists, offers, pages, feedback.

Each action locks its offer, checks it against the workflow table and the rules of checks.py, and leaves its
audit entry in the same transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.core.files import File
from django.db import transaction
from django.utils import timezone

from xiejian.clocks import actions as clocks
from xiejian.inspections import actions as inspections
from xiejian.inspections.models import Evidence, Visit
from xiejian.inspections.origins import Origin
from xiejian.inspections.places import Place
from xiejian.kernel import workflow
from xiejian.kernel.problems import Refused
from xiejian.online import checks as check
from xiejian.online import rules
from xiejian.online.checks import problems, refuse
from xiejian.online.models import Listing, MonitoringList
from xiejian.online.register_facts import facts_of, parties_named
from xiejian.online.screening import screen
from xiejian.people import audit
from xiejian.people.models import Officer
from xiejian.people.numbering import next_number
from xiejian.people.policy import Actor, require, visible
from xiejian.registry.models import Party

WORKFLOW = workflow.load(Path(__file__).with_name("workflow.toml"))
PERMISSION = "online.handle"
#: a visit that an offer leads to
VISIT_KIND = "有因检查"
LINK = "网络销售"
FEEDBACK = "feedback"
#: states from which nothing is to be done before the list is reported
SETTLED = ("disposed", "reported", "returned")


@dataclass(frozen=True)
class Offer:
    """What was found on the internet."""

    platform: str
    shop: str
    product: str
    found_on: dt.date
    seller_named: str = ""
    url: str = ""
    registration_no: str = ""
    claim: str = ""
    price_fen: int | None = None


def _note(action: str, row: Listing | MonitoringList, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject=row._meta.model_name or "", key=row.number,
        office_code=row.office_code, detail=detail,
    )  # fmt: skip


def _step(listing: Listing, action: str, by: Actor) -> tuple[Listing, list[str]]:
    """The offer as it is now, locked, moved along the table; [state before, state after]."""
    Listing.objects.select_for_update().only("pk").get(pk=listing.pk)
    listing.refresh_from_db()
    require(by, PERMISSION, listing.office_code, where=listing.number)
    before = listing.state
    listing.state = WORKFLOW.step(before, action, where=listing.number)
    return listing, [before, listing.state]


def _dated(at: dt.datetime, what: str, on: dt.date, earlier: str, earlier_on: dt.date | None) -> None:
    refuse(
        check.check_not_in_future(on, timezone.localdate(at), what),
        check.check_order_of_dates(earlier, earlier_on, what, on),
    )


# --- lists and offers --------------------------------------------------------------------------------------


@transaction.atomic
def register_list(
    *,
    number: str,
    source: str,
    received_on: dt.date,
    office_code: str,
    by: Actor,
    at: dt.datetime,
    sender: str = "",
    due_on: dt.date | None = None,
) -> MonitoringList:
    """Enter a list of offers; ``due_on``: until when its sender wants to hear. Refused: M101 to M105."""
    require(by, PERMISSION, office_code)
    taken = MonitoringList.objects.filter(office_code=office_code, number=number).exists()
    refuse(
        check.check_given(number, "清单编号"),
        check.check_one_of(source, check.SOURCES, "来源"),
        check.check_not_in_future(received_on, timezone.localdate(at), "收到日期"),
        check.check_order_of_dates("收到日期", received_on, "反馈期限", due_on),
        check.check_new_number(number, taken),
    )
    made = MonitoringList.objects.create(
        number=number, source=source, sender=sender, received_on=received_on, due_on=due_on,
        office_code=office_code, made_at=at, by_name=by.name,
    )  # fmt: skip
    start_feedback(made, by, at)
    _note("register_list", made, by, at, source=source, sender=sender, due_on=due_on)
    return made


def start_feedback(of: MonitoringList, by: Actor, at: dt.datetime) -> None:
    """The day that the sender named runs beside the clocks of the law; without one nothing runs."""
    if of.due_on:
        clocks.set_agreed_date(
            subject="monitoringlist", record=of.pk, name=FEEDBACK, due=of.due_on, start=of.received_on,
            title=f"{of.number} {of.sender}".strip(), label="处置并向清单来源反馈",
            office_code=of.office_code, by=by, at=at,
        )  # fmt: skip


def fill_in(rows: Sequence[Listing], by: Actor, on: dt.date) -> None:
    """Find shops and platforms in the register and screen the offers; the rows are changed, not saved.

    A seller that somebody chose stays. A fixed number of queries however many offers.
    """
    names = {name for row in rows for name in (row.seller_named, row.platform) if name}
    mine = visible(Party.objects.order_by(), by).filter(name__in=names)
    found = parties_named(names, mine)
    for row in rows:
        row.seller_id = row.seller_id or found.get(row.seller_named)
        row.platform_party_id = row.platform_party_id or found.get(row.platform)
    for row, facts in zip(rows, facts_of(rows, on), strict=True):
        marks = screen(f"{row.product}。{row.claim}", facts)
        row.marks = [mark.as_json() for mark in marks]
        row.suspect = any(mark.grade == "suspect" for mark in marks)


@transaction.atomic
def register_listing(
    *, of: MonitoringList, offer: Offer, by: Actor, at: dt.datetime, office_code: str = "", number: str = ""
) -> Listing:
    """Enter one offer of a list; it is screened at once. Refused: M101, M102, M105 to M107."""
    office = office_code or of.office_code
    require(by, PERMISSION, office)
    refuse(
        check.check_given(offer.platform, "平台"),
        check.check_given(offer.shop, "店铺"),
        check.check_given(offer.product, "产品名称"),
        check.check_url(offer.url),
        check.check_length(offer.claim, "宣传内容", rules.longest_claim()),
        check.check_not_in_future(offer.found_on, timezone.localdate(at), "发现日期"),
    )
    number = number or next_number(Listing, rules.number_pattern(), office, of.received_on.year)
    refuse(check.check_new_number(number, Listing.objects.filter(number=number).exists()))
    made = Listing(
        number=number, source_list=of, office_code=office, state=WORKFLOW.start, **asdict(offer),
    )  # fmt: skip
    fill_in([made], by, timezone.localdate(at))
    made.save()
    _note("register_listing", made, by, at, list=of.number, shop=offer.shop, product=offer.product)
    return made


@transaction.atomic
def find_offer(
    *,
    number: str,
    source: str,
    received_on: dt.date,
    due_on: dt.date | None,
    office_code: str,
    offer: Offer,
    by: Actor,
    at: dt.datetime,
) -> Listing:
    """Enter one offer on the list of this number at the office; the list is entered when it is new."""
    of = MonitoringList.objects.filter(office_code=office_code, number=number).first()
    if of is None:
        of = register_list(
            number=number, source=source, received_on=received_on, due_on=due_on, office_code=office_code,
            by=by, at=at,
        )  # fmt: skip
    return register_listing(of=of, offer=offer, by=by, at=at)


@transaction.atomic
def assign_listing(*, listing: Listing, handler: Officer, by: Actor, at: dt.datetime) -> Listing:
    """分派: one officer looks into it."""
    listing, _ = _step(listing, "assign_listing", by)
    refuse(check.check_active(handler.name, handler.is_active))
    listing.handler = handler
    listing.save()
    _note("assign_listing", listing, by, at, handler=handler.name)
    return listing


@transaction.atomic
def assign_listings(*, listings: Iterable[Listing], handler: Officer, by: Actor, at: dt.datetime) -> int:
    """分派 for several at once, all or none; how many."""
    rows = list(listings)
    refuse(check.check_active(handler.name, handler.is_active))
    locked = list(Listing.objects.select_for_update().filter(pk__in=[row.pk for row in rows]))
    for row in locked:
        require(by, PERMISSION, row.office_code, where=row.number)
        WORKFLOW.step(row.state, "assign_listing", where=row.number)
        row.handler = handler
    Listing.objects.bulk_update(locked, ["handler"])
    entries = [(row.number, row.office_code, {"handler": handler.name}) for row in locked]
    audit.record_many(by=by, at=at, action="assign_listing", subject="listing", entries=entries)
    return len(locked)


@transaction.atomic
def match_seller(*, listing: Listing, party: Party, by: Actor, at: dt.datetime) -> Listing:
    """认定经营单位: who runs the shop, as the check has shown; the offer is screened again by its facts."""
    listing, _ = _step(listing, "match_seller", by)
    listing.seller = party
    fill_in([listing], by, timezone.localdate(at))
    listing.save()
    _note("match_seller", listing, by, at, party=party.name)
    return listing


@transaction.atomic
def check_listing(*, listing: Listing, on: dt.date, finding: str, by: Actor, at: dt.datetime) -> Listing:
    """登记核查情况: what an officer saw on the page and in the register."""
    listing, state = _step(listing, "check_listing", by)
    refuse(check.check_given(finding, "核查情况"))
    _dated(at, "核查日期", on, "收到日期", listing.source_list.received_on)
    listing.checked_on, listing.finding = on, finding
    listing.save()
    _note("check_listing", listing, by, at, state=state, on=on)
    return listing


# --- disposal ----------------------------------------------------------------------------------------------


@transaction.atomic
def order_removal(
    *, listing: Listing, on: dt.date, by: Actor, at: dt.datetime, reference: str = ""
) -> Listing:
    """要求下架: shop and platform are told to take the offer down; ``reference``: the notice's number."""
    listing, state = _step(listing, "order_removal", by)
    _dated(at, "要求下架日期", on, "核查日期", listing.checked_on)
    listing.ordered_on, listing.order_no = on, reference
    listing.save()
    _note("order_removal", listing, by, at, state=state, on=on, reference=reference)
    return listing


@transaction.atomic
def plan_visit(
    *, listing: Listing, planned_on: dt.date, team: Sequence[Officer], by: Actor, at: dt.datetime
) -> Visit:
    """安排线下检查: a visit for cause at the seller with the checklist of online sales."""
    listing, state = _step(listing, "plan_visit", by)
    refuse(
        check.check_visit_possible(listing.seller is not None, listing.visit.number if listing.visit else "")
    )
    visit = inspections.schedule_visit(
        party=listing.seller, link=LINK, kind=VISIT_KIND, planned_on=planned_on, team=team,
        origin=Origin("listing", listing.pk, listing.number), by=by, at=at,
    )  # fmt: skip
    listing.visit = visit
    listing.save()
    _note("plan_visit", listing, by, at, state=state, visit=visit.number)
    return visit


@transaction.atomic
def settle_listing(
    *,
    listing: Listing,
    on: dt.date,
    outcome: str,
    by: Actor,
    at: dt.datetime,
    removed_on: dt.date | None = None,
    handed_to: str = "",
    case_no: str = "",
) -> Listing:
    """登记处置结果: what came of it. Refused (M201) where the outcome cannot show what was done."""
    listing, state = _step(listing, "settle_listing", by)
    listing.removed_on = removed_on or listing.removed_on
    listing.handed_to = handed_to or listing.handed_to
    listing.case_no = case_no or listing.case_no
    refuse(check.check_one_of(outcome, check.OUTCOMES, "处置结果"))
    field = check.PROOFS.get(outcome, ("",))[0]
    refuse(
        check.check_proof(outcome, getattr(listing, field) if field else True),
        check.check_order_of_dates("要求下架日期", listing.ordered_on, "确认下架日期", removed_on),
        check.check_not_in_future(removed_on, timezone.localdate(at), "确认下架日期"),
    )
    _dated(at, "处置日期", on, "核查日期", listing.checked_on)
    listing.outcome, listing.disposed_on = outcome, on
    listing.days = (on - listing.source_list.received_on).days
    listing.save()
    _note("settle_listing", listing, by, at, state=state, on=on, outcome=outcome)
    return listing


@transaction.atomic
def return_listing(*, listing: Listing, reason: str, by: Actor, at: dt.datetime) -> Listing:
    """退回: not ours, or not what the list says; the feedback tells the sender why."""
    listing, state = _step(listing, "return_listing", by)
    refuse(check.check_given(reason, "退回理由"))
    listing.returned_why = reason
    listing.save()
    _note("return_listing", listing, by, at, state=state, reason=reason)
    return listing


@transaction.atomic
def take_back_listing(*, listing: Listing, reason: str, by: Actor, at: dt.datetime) -> Listing:
    """The sender insists, or it was returned by mistake: it is to be checked."""
    listing, state = _step(listing, "take_back_listing", by)
    refuse(check.check_given(reason, "理由"))
    listing.returned_why, listing.reported_on = "", None
    listing.save()
    _note("take_back_listing", listing, by, at, state=state, reason=reason)
    return listing


@transaction.atomic
def reopen_listing(*, listing: Listing, reason: str, by: Actor, at: dt.datetime) -> Listing:
    """重新核查: on sale again; what was found before stays in the audit log."""
    listing, state = _step(listing, "reopen_listing", by)
    refuse(check.check_given(reason, "理由"))
    former = {"outcome": listing.outcome, "disposed_on": listing.disposed_on}
    listing.outcome, listing.disposed_on, listing.days = "", None, None
    listing.reported_on = listing.removed_on = None
    listing.save()
    _note("reopen_listing", listing, by, at, state=state, reason=reason, former=former)
    return listing


@transaction.atomic
def report_list(
    *, of: MonitoringList, on: dt.date, by: Actor, at: dt.datetime, reference: str = ""
) -> MonitoringList:
    """反馈: the sender is told what came of every offer. Refused (M203) while one is open."""
    MonitoringList.objects.select_for_update().only("pk").get(pk=of.pk)
    of.refresh_from_db()
    require(by, PERMISSION, of.office_code, where=of.number)
    rows = list(Listing.objects.select_for_update().filter(source_list=of).order_by("number"))
    refuse(check.check_all_disposed([row.number for row in rows if row.state not in SETTLED]))
    _dated(at, "反馈日期", on, "收到日期", of.received_on)
    told = [row for row in rows if row.state != "reported" and row.reported_on is None]
    if of.reported_on and not told:
        raise Refused(problems("M205", of.number, number=of.number, on=of.reported_on))
    for row in told:
        row.state = WORKFLOW.step(row.state, "report_listing", where=row.number)
        row.reported_on = on
    Listing.objects.bulk_update(told, ["state", "reported_on"])
    # a later report adds to the first: the deadline was met or missed by that one
    of.reported_on, of.report_no = of.reported_on or on, reference or of.report_no
    of.save()
    clocks.finish_clock(subject="monitoringlist", record=of.pk, name=FEEDBACK, on=on, by=by, at=at)
    _note("report_list", of, by, at, on=on, reference=reference, listings=len(told))
    return of


# --- snapshots ---------------------------------------------------------------------------------------------


def attach_snapshot(
    *, listing: Listing, file: File, by: Actor, at: dt.datetime, caption: str = ""
) -> Evidence:
    """网页快照: keep the page as evidence with its digest; refused as any evidence is (I401 to I410)."""
    place = Place.of(listing, PERMISSION)
    return inspections.attach_evidence(place=place, file=file, caption=caption, by=by, at=at)
