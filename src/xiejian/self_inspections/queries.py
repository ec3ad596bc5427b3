"""Every non-trivial read of self-inspections: reports, who owes one, what the register fills in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import islice

from django.db.models import Case, CharField, Count, F, FilteredRelation, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Least

from xiejian.inspections.checklists import CLASS_WORDS
from xiejian.inspections.checks import MADE
from xiejian.inspections.models import Correction, Finding, Visit
from xiejian.kernel.cells import tag_list
from xiejian.kernel.divisions import stem
from xiejian.kernel.timeline import Event
from xiejian.people.policy import Actor, visible
from xiejian.registry.models import Licence, Party, PartyLink
from xiejian.self_inspections import contradictions, forms
from xiejian.self_inspections.contradictions import Contradiction
from xiejian.self_inspections.forms import Form
from xiejian.self_inspections.models import FocusListing, Reminder, SelfInspection

#: How a link stands with its report of a year.
STANDINGS = {
    "missing": "未报", "late": "逾期报送", "open": "待报", "filed": "按期报送", "kept": "已留存",
    "not_kept": "未上传（留存备查）",
}  # fmt: skip
_AGAINST_CHUNK = 1000
#: what the newest visits found, as far as a form shows it
_FINDINGS_SHOWN = 10


def reports(
    actor: Actor | None,
    *,
    year: int | None = None,
    link: str = "",
    state: str = "",
    office: str = "",
    search: str = "",
    party: Party | None = None,
) -> QuerySet[SelfInspection]:
    """Reports in the actor's reach with their party; of a firm's people the firm's own.

    Empty filters do not filter. ``search``: part of number, name or credit code.
    """
    rows = visible(SelfInspection.objects.select_related("party"), actor, "office_code", firm="party__uscc")
    exact = {"year": year, "link": link, "state": state, "party": party}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    if text := search.strip():
        rows = rows.filter(
            Q(number__icontains=text) | Q(party__name__icontains=text) | Q(party__uscc__icontains=text)
        )
    return rows.order_by("-year", "party__name", "pk")


def report(actor: Actor | None, report_id: int) -> SelfInspection | None:
    return reports(actor).select_related("party", "visit").filter(pk=report_id).first()


def report_by_number(actor: Actor | None, number: str) -> SelfInspection | None:
    return reports(actor).filter(number=number).first()


# --- who owes a report -------------------------------------------------------------------------------------


def _of_form(form: Form) -> Q:
    modes = Q(mode__in=form.modes) if form.modes else Q()
    return Q(link=form.link, party__area__contains=form.area) & modes


def _of_duty(duty: str) -> Q:
    found = Q(pk__in=[])
    for form in forms.forms().values():
        found |= _of_form(form) if form.duty == duty else Q(pk__in=[])
    return found


def _passed(year: int, on: dt.date) -> Q:
    """Links whose report of the year should have come in before ``on``."""
    found = Q(pk__in=[])
    for form in forms.forms().values():
        due = forms.due_on(form, year)
        found |= _of_form(form) if due and due < on else Q(pk__in=[])
    return found


def standings(
    actor: Actor | None,
    year: int,
    on: dt.date,
    *,
    link: str = "",
    state: str = "",
    office: str = "",
    search: str = "",
    party: Party | None = None,
) -> QuerySet[PartyLink]:
    """The links that owe a report of ``year``, each with ``standing`` and its report's columns.

    ``report_id``, ``report_state``, ``reported_on``, ``nonconform``, ``opened_on``. Left out: who began
    after the year, and who was struck off by its end. One query.
    """
    last = dt.date(year, 12, 31)
    rows = visible(
        PartyLink.objects.select_related("party"), actor, "party__office_code", firm="party__uscc"
    ).annotate(
        own=FilteredRelation(
            "party__self_inspections",
            condition=Q(party__self_inspections__year=year, party__self_inspections__link=F("link")),
        ),
        # the first day that is known: a licence that was renewed has a later day of issue
        opened_on=Least(Coalesce("filed_on", "issued_on"), Coalesce("issued_on", "filed_on")),
    )
    rows = rows.annotate(
        report_id=F("own__id"), report_state=F("own__state"), reported_on=F("own__filed_on"),
        nonconform=F("own__nonconform"), standing=_standing(year, on),
    ).exclude(standing="")  # fmt: skip
    rows = rows.filter(Q(opened_on=None) | Q(opened_on__lte=last))
    gone = Q(party__status="注销") & (Q(party__status_on=None) | Q(party__status_on__lte=last))
    rows = rows.exclude(gone & Q(reported_on=None))
    exact = {"link": link, "standing": state, "party": party}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if office:
        rows = rows.filter(party__office_code__startswith=stem(office))
    if text := search.strip():
        rows = rows.filter(Q(party__name__icontains=text) | Q(party__uscc__icontains=text))
    return rows.order_by("party__name", "link", "pk")


def _standing(year: int, on: dt.date) -> Case:
    to_file, to_keep = _of_duty("file"), _of_duty("keep")
    done = Q(own__filed_on__isnull=False)
    return Case(
        When(to_file & done & Q(own__late=True), then=Value("late")),
        When(to_file & done, then=Value("filed")),
        When(to_file & _passed(year, on), then=Value("missing")),
        When(to_file, then=Value("open")),
        When(to_keep & done, then=Value("kept")),
        When(to_keep, then=Value("not_kept")),
        default=Value(""),
        output_field=CharField(),
    )


def counts(actor: Actor | None, year: int, on: dt.date, **filters: str) -> dict[str, int]:
    """Standing → how many links (filters as ``standings``); one query."""
    rows = standings(actor, year, on, **filters).order_by()  # type: ignore[arg-type]
    found = dict(rows.values("standing").annotate(n=Count("pk")).values_list("standing", "n"))
    return {name: found.get(name, 0) for name in STANDINGS}


def newly(link: PartyLink, year: int) -> bool:
    """Whether the link began in the year of the report: it owes one for part of the year."""
    opened: dt.date | None = link.opened_on  # type: ignore[attr-defined]
    return opened is not None and opened.year == year


# --- what the office did about it --------------------------------------------------------------------------


def focus(actor: Actor | None, year: int | None = None) -> QuerySet[FocusListing]:
    """Open listings in the actor's reach."""
    rows = visible(FocusListing.objects.select_related("party"), actor).filter(ended_on=None)
    return rows.filter(year=year) if year else rows


def reminders(actor: Actor | None, year: int | None = None) -> QuerySet[Reminder]:
    """Reminders sent by the offices in reach; of a firm's people those sent to the firm."""
    rows = visible(Reminder.objects.select_related("party"), actor, "office_code", firm="party__uscc")
    return rows.filter(year=year) if year else rows


def contradicted(
    actor: Actor | None, **filters: str | int
) -> list[tuple[SelfInspection, list[Contradiction]]]:
    """Reports (filters as ``reports``) with what speaks against them, in the order of ``reports``."""
    found = []
    rows = reports(actor, **filters).filter(filed_on__isnull=False, versions__gt=0)  # type: ignore[arg-type]
    for part in _parts(rows):
        against = contradictions.of_reports(part)
        found += [(row, against[row.pk]) for row in part if row.pk in against]
    return found


def _parts(rows: QuerySet[SelfInspection]) -> Iterator[list[SelfInspection]]:
    whole = rows.defer("answers", "facts", "extra").iterator(chunk_size=_AGAINST_CHUNK)
    while part := list(islice(whole, _AGAINST_CHUNK)):
        yield part


def against(row: SelfInspection) -> list[Contradiction]:
    """What speaks against one report that the caller may see."""
    return contradictions.of_reports([row]).get(row.pk, [])


# --- what a form is filled in with beforehand --------------------------------------------------------------


def conditions(party: Party, link: PartyLink) -> dict[str, object]:
    """What decides which points apply: the facts of checklists.POINT_FACTS."""
    return {
        "link": link.link, "area": party.area, "classes": link.classes, "mode": link.mode,
        "unit_kind": link.unit_kind, "tags": tag_list(link.tags),
        "stores_for_others": party.stores_for_others,
    }  # fmt: skip


def prefilled(party: Party, link: PartyLink, year: int) -> dict[str, str]:
    """Heading → what the register and the visits of the year say of the party; empty ones are left out."""
    numbers = (
        Licence.objects.filter(party=party, status="有效").order_by("pk").values_list("number", flat=True)
    )
    visited = Visit.objects.filter(party=party, link=link.link, state__in=MADE, visited_on__year=year)
    findings = Finding.objects.filter(visit__in=visited, state="not_conform").order_by("-visit__visited_on")
    orders = Correction.objects.filter(visit__party=party, closed_on=None).order_by("due_on")
    told = {
        "单位名称": party.name,
        "统一社会信用代码": party.uscc or "",
        "住所": party.address,
        "库房地址": party.warehouse_address,
        "法定代表人": party.legal_representative,
        "负责人": party.head,
        "许可证和备案凭证": "、".join(numbers),
        "有效期至": f"{link.expires_on}" if link.expires_on else "",
        "经营方式": link.mode,
        "机构类型": link.unit_kind,
        "管理类别": "、".join(CLASS_WORDS[digit] for digit in link.classes if digit in CLASS_WORDS),
        "范围": link.scope,
        "监管级别": f"{link.level} 级" if link.level else "",
        "本年度检查发现的不符合项": "；".join(f.fact or f.clause for f in findings[:_FINDINGS_SHOWN]),
        "尚未办结的责令改正": "、".join(row.number for row in orders[:_FINDINGS_SHOWN]),
    }
    return {heading: text for heading, text in told.items() if text}


def timeline(actor: Actor | None, party: Party) -> list[Event]:
    """A party's reports on its archive page, newest first."""
    rows = reports(actor, party=party).filter(filed_on__isnull=False)
    found = [
        Event(
            row.filed_on, "自查", f"{row.year}年度自查{'逾期' if row.late else ''}报送",
            f"{row.link}；不符合 {row.nonconform} 项", f"/self-inspections/{row.pk}/",
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda event: event.on, reverse=True)
