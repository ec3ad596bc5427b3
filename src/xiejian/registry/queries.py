"""Reads of the register: lists, search, expiry, one party's archive. Every list is bounded by ``visible``."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from django.db.models import Count, Exists, F, Max, Min, Model, OuterRef, Prefetch, Q, QuerySet

from xiejian.kernel import packs
from xiejian.kernel.divisions import stem
from xiejian.kernel.timeline import Event, newest_first
from xiejian.numbers import certificates
from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor, visible
from xiejian.registry.models import (
    CreditCodeOverride,
    Licence,
    LicenceMatter,
    Party,
    PartyLink,
    Registration,
    RegistrationCheck,
    Site,
)
from xiejian.registry.search import matching

M = TypeVar("M", bound=Model)
#: how a list of parties may be sorted: name → (order_by, annotation that it needs)
PARTY_SORTS: dict[str, tuple[str, dict[str, Any]]] = {
    "name": ("name", {}),
    "uscc": ("uscc", {}),
    "office": ("office_code", {}),
    "status": ("status", {}),
    "area": ("area", {}),
    "credit": ("credit_grade", {}),
    "updated": ("updated_at", {}),
    "level": ("top_level", {"top_level": Max("links__level")}),
    "expires": ("first_expiry", {"first_expiry": Min("links__expires_on")}),
}
_MAY_BE_EMPTY = frozenset({"uscc", "top_level", "first_expiry"})
VALID = "有效"
GONE = "注销"


@cache
def expiring_days() -> int:
    """REG-1: how many days before its end a certificate is on the expiring list."""
    with (packs.root() / "national" / "register.toml").open("rb") as file:
        values = {entry["id"]: entry for entry in tomllib.load(file)["value"]}
    return int(values["REG-1"]["value"])


def parties(
    actor: Actor | None,
    *,
    search: str = "",
    link: str = "",
    level: int | str | None = None,
    office: str = "",
    status: str = "",
    area: str = "",
    tag: str = "",
    sort: str = "name",
) -> QuerySet[Party]:
    """The parties that ``actor`` may see, filtered and sorted (``-`` before a sort of PARTY_SORTS: falling).

    ``search``: part of a name, credit code or certificate number, or of a product's name or registration
    number. ``office``: that office and those below. ``level`` (``none``: not graded) and ``tag`` hold in
    ``link`` where one is given.
    """
    rows = visible(Party.objects.all(), actor)
    if search.strip():
        rows = _named(rows, search)
    if link:
        rows = rows.filter(link_names__contains=f"|{link}|")
    in_link: dict[str, Any] = {}
    if level not in (None, ""):
        in_link |= {"level__isnull": True} if level == "none" else {"level": int(str(level))}
    if tag:
        in_link["tags__contains"] = f"|{tag}|"
    if in_link:
        in_link |= {"link": link} if link else {}
        rows = rows.filter(Exists(PartyLink.objects.filter(party=OuterRef("pk"), **in_link)))
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    if status:
        rows = rows.filter(status=status)
    if area:
        rows = rows.filter(area__contains=area)
    order, annotation = PARTY_SORTS.get(sort.lstrip("-"), PARTY_SORTS["name"])
    if annotation:
        rows = rows.annotate(**annotation)
    falling = sort.startswith("-")
    if order in _MAY_BE_EMPTY:
        by = F(order).desc(nulls_last=True) if falling else F(order).asc(nulls_last=True)
        return rows.order_by(by, "id")
    return rows.order_by(f"-{order}" if falling else order, "id")


def with_links(rows: QuerySet[Party]) -> QuerySet[Party]:
    """The parties with their links as the list ``held``: one query, no query set per party."""
    return rows.prefetch_related(Prefetch("links", to_attr="held"))


def _named(rows: QuerySet[Party], search: str) -> QuerySet[Party]:
    """The parties of a name or number, and those of a product of that name or number."""
    products = matching(Registration.objects.order_by().filter(party__isnull=False), search)
    if not products.exists():
        return matching(rows, search)
    # a union, not an or: each half is answered by its own index
    named = matching(Party.objects.order_by(), search).values("pk")
    return rows.filter(pk__in=named.union(products.values("party_id")))


def count(rows: QuerySet[Any]) -> int:
    """How many rows there are, without sorting them."""
    return rows.order_by().count()


#: up to so many rows, the keys of a list are read once instead of counting and then sorting it again
PROBE = 5000


@dataclass(frozen=True)
class Page(Generic[M]):
    """One page of a list and how many rows the whole list has."""

    items: list[M]
    total: int


def page(rows: QuerySet[M], number: int = 1, size: int = 50) -> Page[M]:
    """Page ``number`` (from 1) of a sorted list with its right total; a list of usual length is read once."""
    keys = list(rows.values_list("pk", flat=True)[:PROBE])
    if len(keys) < PROBE:
        wanted = keys[(number - 1) * size : number * size]
        found = {row.pk: row for row in rows.order_by().filter(pk__in=wanted)}
        return Page([found[key] for key in wanted], len(keys))
    return Page(list(rows[(number - 1) * size : number * size]), count(rows))


def overrides(actor: Actor | None, *, search: str = "", office: str = "") -> QuerySet[CreditCodeOverride]:
    """Credit codes confirmed against their original; every word of the search must occur somewhere."""
    rows = visible(CreditCodeOverride.objects.all(), actor)
    for word in search.split():
        rows = rows.filter(
            Q(uscc__icontains=word) | Q(party_name__icontains=word) | Q(reason__icontains=word)
        )
    return rows.filter(office_code__startswith=stem(office)) if office else rows


def licences(
    actor: Actor | None,
    *,
    search: str = "",
    tab: str = "",
    on: dt.date | None = None,
    kind: str = "",
    office: str = "",
    within_days: int | None = None,
) -> QuerySet[Licence]:
    """Licences and filings, soonest end first. ``tab``: '' all, ``expiring`` within the days, ``expired``.

    ``search``: part of the number, of the party's name or of its credit code. ``on`` is needed for a tab.
    """
    rows = visible(Licence.objects.select_related("party"), actor, "party__office_code", firm="party__uscc")
    if search.strip():
        found = matching(Party.objects.order_by(), search)
        rows = rows.filter(
            Q(party__in=found.values("pk")) | Q(number_key__contains=certificates.plain(search))
        )
    if office:
        rows = rows.filter(party__office_code__startswith=stem(office))
    if kind:
        rows = rows.filter(kind=kind)
    if tab:
        rows = _by_end(rows.filter(status=VALID).exclude(party__status=GONE), tab, on, within_days)
    return rows.order_by("expires_on", "number", "id")


def expiring(actor: Actor | None, within_days: int, on: dt.date) -> QuerySet[Licence]:
    """Licences that end from ``on`` to ``within_days`` later and are in use, soonest first."""
    return licences(actor, tab="expiring", on=on, within_days=within_days)


def expired(actor: Actor | None, on: dt.date) -> QuerySet[Licence]:
    """Licences past their end on ``on`` and not cancelled, longest past first."""
    return licences(actor, tab="expired", on=on)


def _by_end(rows: QuerySet[Any], tab: str, on: dt.date | None, within_days: int | None) -> QuerySet[Any]:
    if on is None:
        raise ValueError("a list by expiry needs the day it is asked for")
    if tab == "expired":
        return rows.filter(expires_on__lt=on)
    days = expiring_days() if within_days is None else within_days
    return rows.filter(expires_on__gte=on, expires_on__lte=on + dt.timedelta(days=days))


def registrations(
    actor: Actor | None,
    *,
    search: str = "",
    tab: str = "",
    on: dt.date | None = None,
    management_class: str = "",
    kind: str = "",
    office: str = "",
    party: Party | None = None,
    within_days: int | None = None,
    own: bool = False,
) -> QuerySet[Registration]:
    """Product registrations by number. Those of a party go by its office; those of nobody here are public.

    ``own``: without the public ones, for a firm's own list.

    ``search``: part of the number, the product's or the registrant's name. ``kind``: a form such as
    ``emergency`` or ``suspect``. Tabs as in ``licences``.
    """
    rows = Registration.objects.select_related("party")
    mine = visible(rows, actor, "party__office_code", firm="party__uscc")
    rows = mine if actor is None or own else mine | rows.filter(party__isnull=True)
    rows = matching(rows, search)
    if management_class:
        rows = rows.filter(management_class=management_class)
    if office:
        rows = rows.filter(party__office_code__startswith=stem(office))
    if kind:
        rows = rows.filter(number_kind=kind)
    if party is not None:
        rows = rows.filter(party=party)
    if tab:
        return _by_end(rows.filter(status=VALID), tab, on, within_days).order_by(
            "expires_on", "number_key", "id"
        )
    return rows.order_by("number_key", "-approved_on", "id")


def registration(actor: Actor | None, registration_id: int) -> Registration | None:
    """One registration with its party and checks, None where the actor may not see it."""
    rows = registrations(actor).prefetch_related("checks")
    return rows.filter(pk=registration_id).first()


def matters(
    actor: Actor | None, *, search: str = "", link: str = "", result: str = ""
) -> QuerySet[LicenceMatter]:
    """Licence and filing matters (开办, 变更, 延续, 注销), newest first."""
    rows = visible(LicenceMatter.objects.select_related("party"), actor)
    if search.strip():
        rows = rows.filter(applicant__icontains=search.strip())
    if link:
        rows = rows.filter(link=link)
    if result:
        rows = rows.filter(result=result)
    return rows.order_by("-decided_on", "-id")


def registration_checks(actor: Actor | None, *, campaign: str = "") -> QuerySet[RegistrationCheck]:
    """Certificates checked (注册证核查), newest first."""
    rows = visible(RegistrationCheck.objects.select_related("registration"), actor)
    if campaign:
        rows = rows.filter(campaign=campaign)
    return rows.order_by("-checked_on", "-id")


@dataclass(frozen=True)
class Counts:
    """How large the register is: parties by status and by area, party links by link."""

    parties: int
    by_status: dict[str, int]
    by_link: dict[str, int]
    by_area: dict[str, int]


def counts(actor: Actor | None, office: str = "") -> Counts:
    """The register in numbers: parties by status and area, and those not cancelled by link."""
    rows = parties(actor, office=office).order_by()
    links = visible(PartyLink.objects.order_by(), actor, "party__office_code")
    if office:
        links = links.filter(party__office_code__startswith=stem(office))
    links = links.exclude(party__status=GONE)
    by_status = dict(rows.values_list("status").annotate(n=Count("pk")))
    return Counts(
        parties=sum(by_status.values()),
        by_status=by_status,
        by_link=dict(links.values_list("link").annotate(n=Count("pk"))),
        by_area=dict(rows.values_list("area").annotate(n=Count("pk"))),
    )


# --- one party ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Archive:
    """What the register itself knows about one party."""

    party: Party
    links: list[PartyLink]
    licences: list[Licence]
    sites: list[Site]
    registrations: list[Registration]
    matters: list[LicenceMatter]
    checks: list[RegistrationCheck]
    amendments: list[AuditEntry]
    events: list[Event]


def archive(actor: Actor | None, party_id: int) -> Archive | None:
    """One party with everything of the register, eight queries; None where the actor may not see it."""
    party = visible(Party.objects.all(), actor).filter(pk=party_id).first()
    if party is None:
        return None
    found = Archive(
        party=party,
        links=list(party.links.all()),
        licences=list(party.licences.all()),
        sites=list(party.sites.order_by("kind", "id")),
        registrations=list(party.registrations.all()),
        matters=list(party.matters.order_by("-decided_on")),
        checks=list(
            RegistrationCheck.objects.filter(registration__party=party)
            .select_related("registration")
            .order_by("-checked_on")
        ),
        amendments=list(
            AuditEntry.objects.filter(subject="party", subject_key=str(party.pk)).order_by("-sequence")
        ),
        events=[],
    )
    found.events.extend(newest_first(_events(found)))
    return found


def timeline(actor: Actor | None, party: Party) -> list[Event]:
    """The register's events of one party, newest first; nothing where the actor may not see it."""
    found = archive(actor, party.pk)
    return found.events if found else []


def _events(found: Archive) -> Iterable[Event]:
    page = f"/parties/{found.party.pk}/"
    for licence in found.licences:
        label = certificates.label(licence.kind)
        if on := licence.issued_on or licence.filed_on:
            yield Event(on, "证照", f"{label} {licence.number}", _until(licence.expires_on), page)
    for row in found.registrations:
        if row.approved_on:
            link = f"/registrations/{row.pk}/"
            yield Event(
                row.approved_on, "产品", f"{row.product_name} {row.number}", _until(row.expires_on), link
            )
    for matter in found.matters:
        title = f"{matter.link}{matter.matter}：{matter.result}"
        yield Event(matter.decided_on, "许可备案", title, matter.reason)
    for check in found.checks:
        outcome = "一致" if check.consistent else "不一致"
        title = f"注册证核查：{check.registration.number} {outcome}"
        yield Event(
            check.checked_on, "产品", title, check.problem, f"/registrations/{check.registration_id}/"
        )
    for entry in found.amendments:
        yield from _amendment(entry)


_AMENDED = {
    "register_party": "登记",
    "amend_party": "更正",
    "change_status": "状态变更",
    "add_site": "增加场所",
}


def _amendment(entry: AuditEntry) -> Iterable[Event]:
    """What the audit trail says of the party itself: 状态 before → after, or what was put right."""
    label = _AMENDED.get(entry.action)
    if label is None:
        return
    detail = {k: v for k, v in entry.detail.items() if isinstance(v, list) and len(v) == 2}
    parts = [f"{FACT_LABELS.get(k, k)}：{_word(old)} → {_word(new)}" for k, (old, new) in detail.items()]
    reason = entry.detail.get("reason", "")
    title = f"{label}{f'（{reason}）' if reason else ''}"
    on = dt.date.fromisoformat(entry.detail["on"]) if "on" in entry.detail else entry.at.date()
    yield Event(on, "状态" if entry.action == "change_status" else "档案", title, "；".join(parts))


def _word(value: object) -> str:
    return (
        "空"
        if value in (None, "")
        else {True: "是", False: "否"}.get(value, str(value))
        if isinstance(value, bool)
        else str(value)
    )


def _until(day: dt.date | None) -> str:
    return f"有效期至 {day.isoformat()}" if day else ""


FACT_LABELS = {
    f.name: str(f.verbose_name) for f in (*Party._meta.concrete_fields, *PartyLink._meta.concrete_fields)
}
