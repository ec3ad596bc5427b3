"""现场核查结论与备案后检查: what visits about licences, systems and filings came to, and which are due."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import (
    Case,
    CharField,
    DateField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.utils import timezone

from xiejian.inspections import checks as check
from xiejian.inspections import limits
from xiejian.inspections.actions import PERMISSION, VISIT_WORKFLOW
from xiejian.inspections.checks import MADE, refuse
from xiejian.inspections.models import Correction, SiteCheck, Visit
from xiejian.inspections.rule_files import problems
from xiejian.kernel import deadlines
from xiejian.kernel.divisions import stem
from xiejian.kernel.kinds import KIND_LABELS
from xiejian.kernel.problems import Problem
from xiejian.people import audit
from xiejian.people.policy import Actor, require, visible
from xiejian.registry.models import LicenceMatter, PartyLink

LICENCE, SYSTEM = KIND_LABELS["licence_check"], KIND_LABELS["reg_qms_check"]
FILING = KIND_LABELS["filing_check"]
PASSED, AFTER_CORRECTION, FAILED = "通过", "整改后通过", "未通过"
SAME, DIFFERENT = "相符", "不符"
#: which conclusions a kind of visit may have
RESULTS = {
    LICENCE: (PASSED, AFTER_CORRECTION, FAILED),
    SYSTEM: (PASSED, AFTER_CORRECTION, FAILED),
    FILING: (SAME, DIFFERENT),
}
FOLLOW_UPS = ("责令改正", "变更备案", "取消备案", "立案", "已当场说明")
#: the time limits of packs/national/deadlines.toml for a visit after a filing, by link
FILING_RULES = {"生产": "LC-13", "经营": "LC-14", "第三方平台": "LC-15"}
#: the management class whose makers and sellers file instead of holding a licence
FILED_CLASS = {"生产": "1", "经营": "2"}


def _check_result(visit: Visit, result: str, reason: str, mismatches: str, follow_up: str) -> list[Problem]:
    allowed = RESULTS.get(visit.kind, ())
    if result not in allowed:
        known = "、".join(allowed) or "无"
        return [problems("I330", where=visit.number, kind=visit.kind, result=result, known=known)]
    found = check.check_reason(reason, "未通过的理由") if result == FAILED else []
    if result == DIFFERENT:
        found = found + check.check_reason(mismatches, "不符之处")
        if follow_up not in FOLLOW_UPS:
            found = [*found, problems("I331", where="后续处理", known="、".join(FOLLOW_UPS))]
    return found


def _check_corrected(visit: Visit, result: str) -> list[Problem]:
    """Passed after correction asks for an order of the visit that passed its re-check."""
    done = Correction.objects.filter(visit=visit, state__in=("passed", "closed")).exists()
    return [] if result != AFTER_CORRECTION or done else [problems("I332", where=visit.number)]


@transaction.atomic
def conclude_site_check(
    *,
    visit: Visit,
    result: str,
    decided_on: dt.date,
    by: Actor,
    at: dt.datetime,
    reason: str = "",
    mismatches: str = "",
    follow_up: str = "",
    matter: LicenceMatter | None = None,
) -> SiteCheck:
    """Say what a licence, system or filing visit came to, and which application it belongs to.

    Refused: a visit that is not concluded (I333) or has its result (I334), a result its kind does not know
    (I330), failed or different without saying why (I106) or what follows (I331), passed after a correction
    that has not passed (I332), an application of another party (I335), a wrong day (I102, I109).
    """
    visit = Visit.objects.select_for_update().get(pk=visit.pk)
    require(by, PERMISSION, visit.office_code, where=visit.number)
    told = SiteCheck.objects.filter(visit=visit).exists()
    state = VISIT_WORKFLOW.states[visit.state]
    foreign = matter is not None and matter.party_id != visit.party_id
    refuse(
        [] if visit.state == "concluded" else [problems("I333", where=visit.number, state=state)],
        [problems("I334", where=visit.number)] if told else [],
        _check_result(visit, result, reason, mismatches, follow_up),
        _check_corrected(visit, result),
        [problems("I335", where=visit.number)] if foreign else [],
        check.check_not_in_future(decided_on, timezone.localdate(at), "结论日期"),
        check.check_order_of_dates("检查日期", visit.visited_on, "结论日期", decided_on),
    )
    row = SiteCheck.objects.create(
        visit=visit, matter=matter, result=result, reason=reason.strip(), mismatches=mismatches.strip(),
        follow_up=follow_up, decided_on=decided_on, office_code=visit.office_code, at=at, by_name=by.name,
    )  # fmt: skip
    audit.record(
        by=by, at=at, action="conclude_site_check", subject="visit", key=visit.number,
        office_code=visit.office_code,
        detail={
            "result": result, "decided_on": decided_on, "reason": row.reason, "mismatches": row.mismatches,
            "follow_up": follow_up, "matter": matter.pk if matter else None,
        },
    )  # fmt: skip
    return row


def due_of(link: str, filed_on: dt.date) -> dt.date | None:
    """The last day for the visit after a filing in a link, by its rule of deadlines.toml."""
    return deadlines.due(FILING_RULES[link], filed_on).due_legal


def _last_overdue(link: str, on: dt.date, since: dt.date) -> dt.date:
    """The newest day of filing whose time has run out by ``on``; the day before ``since`` when none has."""
    day = on
    while day >= since:
        due = due_of(link, day)
        if due is not None and due < on:
            return day
        day -= dt.timedelta(days=1)
    return since - dt.timedelta(days=1)


def filings(
    actor: Actor | None, *, on: dt.date, state: str = "", link: str = "", office: str = "", search: str = ""
) -> QuerySet[PartyLink]:
    """Filings of the last days (rules.toml FC-SPAN) that a visit must follow, each with ``standing``
    (overdue, waiting, checked), ``checked_on``, ``check_visit`` and ``check_result``.

    Makers of class I, sellers of class II, platforms; the visit is one of the kind 备案后检查 in that link.
    """
    since = on - dt.timedelta(days=limits.filing_span())
    made = Visit.objects.filter(
        party=OuterRef("party_id"), link=OuterRef("link"), kind=FILING, state__in=MADE,
        visited_on__gte=OuterRef("filed_on"), visited_on__lte=on,
    ).order_by("visited_on", "pk")  # fmt: skip
    wanted, late = Q(link="第三方平台"), Q(pk=None)
    for name, digit in FILED_CLASS.items():
        wanted |= Q(link=name, classes__contains=digit)
    for name in FILING_RULES:
        late |= Q(link=name, filed_on__lte=_last_overdue(name, on, since))
    rows = visible(PartyLink.objects.select_related("party"), actor, "party__office_code")
    rows = rows.filter(wanted, filed_on__range=(since, on)).exclude(party__status="注销")
    rows = rows.annotate(
        checked_on=Subquery(made.values("visited_on")[:1], output_field=DateField()),
        check_visit=Subquery(made.values("pk")[:1]),
        check_result=Subquery(made.values("site_check__result")[:1]),
        standing=Case(
            When(Exists(made), then=Value("checked")),
            When(late, then=Value("overdue")),
            default=Value("waiting"),
            output_field=CharField(),
        ),
    )
    if state:
        rows = rows.filter(standing=state)
    if link:
        rows = rows.filter(link=link)
    if office:
        rows = rows.filter(party__office_code__startswith=stem(office))
    if text := search.strip():
        rows = rows.filter(Q(party__name__icontains=text) | Q(party__uscc__icontains=text))
    return rows.order_by(F("filed_on").asc(), "pk")


def matters_of(visit: Visit) -> QuerySet[LicenceMatter]:
    """The applications of the party in the visit's link, the newest first."""
    return LicenceMatter.objects.filter(party=visit.party_id, link=visit.link).order_by("-decided_on", "-pk")
