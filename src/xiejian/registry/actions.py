"""Every write of the register (imports apart, which load in bulk)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from xiejian.kernel.cells import tag_list, tag_text
from xiejian.kernel.problems import Refused
from xiejian.numbers import certificates, credit_code
from xiejian.people import audit
from xiejian.people.policy import Actor, require
from xiejian.registry import checks
from xiejian.registry.columns import LINK_FACTS, problems, read_party
from xiejian.registry.importing import HEADINGS, PARTY_FACTS, party_grams
from xiejian.registry.models import (
    LINKS,
    STATUSES,
    CreditCodeOverride,
    Licence,
    LicenceMatter,
    Party,
    PartyLink,
    Registration,
    RegistrationCheck,
    Site,
)

PERMISSION = "registry.edit"
SITE_KINDS = ("住所", "经营场所", "生产地址", "库房", "使用地址")
#: fields of a party that amend_party may change; the status changes with a date of its own
AMENDABLE = tuple(f for f in PARTY_FACTS if f not in {"status", "office_code"})


def _today(at: dt.datetime) -> dt.date:
    return timezone.localtime(at).date()


def _note(action: str, party: Party, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject="party", key=str(party.pk), office_code=party.office_code,
        detail=detail,
    )  # fmt: skip


def _locked(party: Party) -> Party:
    """The party as it is now, locked until the transaction ends."""
    Party.objects.select_for_update().only("pk").get(pk=party.pk)
    party.refresh_from_db()
    return party


@transaction.atomic
def override_credit_code(
    *, uscc: str, party_name: str, office_code: str, reason: str, by: Actor, at: dt.datetime
) -> CreditCodeOverride:
    """核对原件无误: let a code stand whose check character does not hold; genuine ones exist.

    Given once it stays as it is. Refused: R301 no reason, R310 nothing to override, R311 a code of
    another length or with characters that no code has.
    """
    require(by, "registry.override", office_code)
    code = credit_code.read(uscc)
    checks.refuse(checks.check_reason(reason), checks.check_overridable(code))
    found, created = CreditCodeOverride.objects.get_or_create(
        uscc=code.value,
        defaults={
            "party_name": party_name[:200], "reason": reason.strip()[:300], "office_code": office_code,
            "at": at, "by_name": by.name,
        },
    )  # fmt: skip
    if created:
        audit.record(
            by=by, at=at, action="override_credit_code", subject="credit_code", key=code.value,
            office_code=office_code, detail={"party": party_name, "reason": reason},
        )  # fmt: skip
    return found


@transaction.atomic
def withdraw_override(*, override: CreditCodeOverride, reason: str, by: Actor, at: dt.datetime) -> None:
    """The code was wrong after all: it is marked again wherever it stands; the audit keeps both reasons."""
    require(by, "registry.override", override.office_code)
    checks.refuse(checks.check_reason(reason))
    audit.record(
        by=by, at=at, action="withdraw_override", subject="credit_code", key=override.uscc,
        office_code=override.office_code, detail={"reason": reason, "overridden": override.reason},
    )  # fmt: skip
    override.delete()


def _check_credit_code(
    uscc: str, name: str, office_code: str, reason: str, by: Actor, at: dt.datetime
) -> None:
    """R309 for a code entered by hand that fails its check, unless somebody saw or now sees its original."""
    if not uscc or credit_code.holds(uscc) or CreditCodeOverride.objects.filter(uscc=uscc).exists():
        return
    if not reason.strip():
        raise Refused(problems("R309", "统一社会信用代码", value=uscc))
    override_credit_code(uscc=uscc, party_name=name, office_code=office_code, reason=reason, by=by, at=at)


def _read(row: Mapping[str, object], today: dt.date) -> Any:
    """A form's answers by Chinese heading, read exactly as an imported row is."""
    parsed = read_party(row, on=today)
    if parsed.problems:
        raise Refused(parsed.problems)
    return parsed


@transaction.atomic
def register_party(
    *, row: Mapping[str, object], by: Actor, at: dt.datetime, override_reason: str = ""
) -> Party:
    """Enter one party with its links and licences; ``row`` by the headings of the import form.

    ``override_reason``: why a credit code whose check character fails is right all the same. Refused with
    every problem of the row, R306 when the credit code or a certificate number is taken, R309 for a code
    that fails its check without such a reason.
    """
    parsed = _read(row, _today(at))
    facts = parsed.facts
    require(by, PERMISSION, facts["office_code"])
    numbers = parsed.numbers
    owner = Party.objects.filter(uscc=facts["uscc"]).first() if facts["uscc"] else None
    keys = [n.key for n in numbers if n.kind != "other"]
    taken = list(Licence.objects.filter(number_key__in=keys).select_related("party"))
    checks.refuse(
        checks.check_new(
            owner is not None, "统一社会信用代码", facts["uscc"] or "", owner.name if owner else ""
        ),
        *(checks.check_new(True, "证号", x.number, x.party.name) for x in taken),
    )
    _check_credit_code(facts["uscc"] or "", facts["name"], facts["office_code"], override_reason, by, at)
    party = Party.objects.create(**facts, extra=parsed.extra, created_at=at, updated_at=at)
    for link in parsed.links:
        values = {n: link[n] for n in LINK_FACTS} | {"tags": tag_text(link["tags"])}
        PartyLink.objects.create(party=party, link=link["link"], **values)
    dates = {n: parsed.links[0][n] for n in ("issued_on", "filed_on", "expires_on")}
    for number in numbers:
        _create_licence(party, number, dates)
    _index(party)
    _note("register_party", party, by, at, name=party.name, links=[k["link"] for k in parsed.links])
    return party


def _create_licence(
    party: Party, number: certificates.Number, dates: Mapping[str, Any], scope: str = ""
) -> Licence:
    key = number.key if number.kind != "other" else f"{number.key[:60]}@{party.pk}"
    return Licence.objects.create(
        party=party, kind=number.kind, number=number.printed[:80], number_key=key,
        format_suspect=number.suspect, scope=scope, **dates,
    )  # fmt: skip


def _index(party: Party) -> None:
    """Bring the search text to the party's name and numbers."""
    party.search_grams = party_grams(party, party.licences.all())
    party.save(update_fields=["search_grams"])


@transaction.atomic
def amend_party(
    *, party: Party, reason: str, by: Actor, at: dt.datetime, link: str = "", row: Mapping[str, object],
    override_reason: str = "",
) -> Party:  # fmt: skip
    """Correct facts of a party (and of one of its links, new or known) with a reason.

    ``row``: only what changes, by the headings of the import form; an empty cell clears the fact.
    The audit entry keeps before and after. Refused: R301 no reason, R307 not amendable, R308 no change,
    R309 a credit code that fails its check without ``override_reason``.
    """
    party = _locked(party)
    require(by, PERMISSION, party.office_code)
    fields = {name for name, heading in HEADINGS.items() if heading in row}
    checks.refuse(
        checks.check_reason(reason),
        checks.check_amendable((HEADINGS[f] for f in fields if f == "status"), known=()),
        checks.check_one_of(link, LINKS, "环节") if link else [],
    )
    complete = {"主体名称": party.name, "环节": link or LINKS[0], "行政区划代码": party.division_code, **row}
    parsed = _read(complete, _today(at))
    require(by, PERMISSION, parsed.facts["office_code"])
    changed = _set(party, {f: parsed.facts[f] for f in fields if f in AMENDABLE})
    if "division_code" in changed:
        changed |= _set(party, {"office_code": parsed.facts["office_code"]})
    if uscc := changed.get("uscc"):
        other = Party.objects.filter(uscc=party.uscc).exclude(pk=party.pk).first() if party.uscc else None
        checks.refuse(
            checks.check_new(other is not None, "统一社会信用代码", str(uscc[1]), other.name if other else "")
        )
        _check_credit_code(party.uscc or "", party.name, party.office_code, override_reason, by, at)
    if changed:
        party.updated_at = at
        party.save()
    if link:
        changed |= _amend_link(party, link, {f: parsed.links[0][f] for f in fields if f in LINK_FACTS})
    if not changed:
        raise Refused(problems("R308"))
    _index(party)
    _note("amend_party", party, by, at, reason=reason, **changed)
    return party


def _set(row: Party | PartyLink, facts: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Set the facts that differ; {field: [before, after]}."""
    changed = {}
    for name, value in facts.items():
        old = getattr(row, name)
        if old != value:
            changed[name] = [old, value]
            setattr(row, name, value)
    return changed


def _amend_link(party: Party, name: str, facts: dict[str, Any]) -> dict[str, list[Any]]:
    if "tags" in facts:
        facts["tags"] = tag_text(facts["tags"])
    link = PartyLink.objects.filter(party=party, link=name).first()
    if link is None:
        PartyLink.objects.create(party=party, link=name, **facts)
        return {"环节": ["", name]}
    changed = _set(link, facts)
    if changed:
        link.save()
    return {f"{name}.{HEADINGS[f]}": [_plain(f, a), _plain(f, b)] for f, (a, b) in changed.items()}


def _plain(fact: str, value: Any) -> Any:
    return "、".join(tag_list(value)) if fact == "tags" else value


@transaction.atomic
def change_status(
    *, party: Party, status: str, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> Party:
    """Stop, resume, cancel or lose sight of a party on a day, with the reason."""
    party = _locked(party)
    require(by, PERMISSION, party.office_code)
    checks.refuse(
        checks.check_reason(reason),
        checks.check_one_of(status, STATUSES, "状态"),
        checks.check_not_in_future(on, _today(at), "状态变更日期"),
    )
    if party.status == status:
        raise Refused(problems("R308"))
    before, party.status, party.status_on, party.updated_at = party.status, status, on, at
    party.save(update_fields=["status", "status_on", "updated_at"])
    _note("change_status", party, by, at, status=[before, status], on=on.isoformat(), reason=reason)
    return party


@transaction.atomic
def set_consultation_focus(*, party: Party, focus: bool, reason: str, by: Actor, at: dt.datetime) -> Party:
    """Make a party a 风险会商重点 of grading, or end it; what is so already stays as it is.

    Part of an action of the risk list, which has asked for the permission; called in its transaction.
    """
    party = _locked(party)
    checks.refuse(checks.check_reason(reason))
    if party.consultation_focus == focus:
        return party
    party.consultation_focus, party.updated_at = focus, at
    party.save(update_fields=["consultation_focus", "updated_at"])
    _note("set_consultation_focus", party, by, at, consultation_focus=[not focus, focus], reason=reason)
    return party


@transaction.atomic
def mark_self_inspection_focus(
    *, parties: Collection[int], focus: bool, reason: str, by: Actor, at: dt.datetime
) -> int:
    """Make parties a focus for their self-inspection, or end it; how many changed, with a few queries.

    Part of an action of the self-inspections, which has asked for the permission; called in its transaction.
    """
    checks.refuse(checks.check_reason(reason))
    rows = Party.objects.select_for_update().filter(pk__in=list(parties), self_inspection_focus=not focus)
    found = list(rows.order_by("pk").values_list("pk", "office_code"))
    Party.objects.filter(pk__in=[pk for pk, _ in found]).update(self_inspection_focus=focus, updated_at=at)
    detail = {"self_inspection_focus": [not focus, focus], "reason": reason}
    audit.record_many(
        by=by, at=at, action="mark_self_inspection_focus", subject="party",
        entries=[(str(pk), office, detail) for pk, office in found],
    )  # fmt: skip
    return len(found)


@transaction.atomic
def add_site(
    *, party: Party, kind: str, address: str, division_code: str = "", by: Actor, at: dt.datetime
) -> Site:
    """Add a place of a party; the same place again is the one that is there."""
    require(by, PERMISSION, party.office_code)
    checks.refuse(checks.check_one_of(kind, SITE_KINDS, "场所类型"), checks.check_given(address, "地址"))
    site, created = Site.objects.get_or_create(
        party=party, kind=kind, address=address.strip(), defaults={"division_code": division_code}
    )
    if created:
        _note("add_site", party, by, at, 场所=["", f"{kind} {address}"])
    return site


@transaction.atomic
def add_licence(
    *,
    party: Party,
    number: str,
    by: Actor,
    at: dt.datetime,
    issued_on: dt.date | None = None,
    filed_on: dt.date | None = None,
    expires_on: dt.date | None = None,
    scope: str = "",
) -> Licence:
    """Add a licence or filing of a party; its kind follows from the number (``other`` when it fits none)."""
    require(by, PERMISSION, party.office_code)
    read = certificates.read(number)
    today = _today(at)
    other = Licence.objects.filter(number_key=read.key).select_related("party").first()
    checks.refuse(
        checks.check_given(number, "证号"),
        checks.check_not_in_future(issued_on, today, "发证日期"),
        checks.check_not_in_future(filed_on, today, "备案日期"),
        checks.check_order_of_dates("发证日期", issued_on, "有效期至", expires_on),
        checks.check_new(other is not None, "证号", read.key, other.party.name if other else ""),
    )
    dates = {"issued_on": issued_on, "filed_on": filed_on, "expires_on": expires_on}
    licence = _create_licence(party, read, dates, scope)
    _index(party)
    _note("add_licence", party, by, at, 证号=["", read.key], kind=read.kind)
    return licence


@transaction.atomic
def record_licence_matter(
    *,
    applicant: str,
    link: str,
    matter: str,
    result: str,
    decided_on: dt.date,
    office_code: str,
    by: Actor,
    at: dt.datetime,
    reason: str = "",
    party: Party | None = None,
) -> LicenceMatter:
    """Record one application and its outcome; a refusal (驳回) needs its reason.

    ``matter`` is usually one of ``checks.MATTERS``, ``result`` of ``checks.RESULTS``; older kinds of
    acceptance have their own words.
    """
    require(by, PERMISSION, office_code)
    checks.refuse(
        checks.check_given(applicant, "申请人"),
        checks.check_given(matter, "事项"),
        checks.check_given(result, "结果"),
        checks.check_one_of(link, LINKS, "环节"),
        checks.check_not_in_future(decided_on, _today(at), "办结日期"),
        checks.check_reason(reason) if result == checks.RESULTS[1] else [],
    )
    row = LicenceMatter.objects.create(
        applicant=applicant, link=link, matter=matter, result=result, decided_on=decided_on,
        reason=reason, office_code=office_code, party=party,
    )  # fmt: skip
    audit.record(
        by=by, at=at, action="record_licence_matter", subject="licence_matter", key=str(row.pk),
        office_code=office_code,
        detail={
            "applicant": applicant, "matter": matter, "result": result, "decided_on": decided_on.isoformat()
        },
    )  # fmt: skip
    return row


@transaction.atomic
def record_registration_check(
    *,
    registration: Registration,
    checked_on: dt.date,
    by: Actor,
    at: dt.datetime,
    instructions_checked: bool = False,
    consistent: bool = True,
    problem: str = "",
    campaign: str = "",
    office_code: str = "",
) -> RegistrationCheck:
    """Record that a registration certificate (and its instructions) was checked; what is wrong is said."""
    office = office_code or (registration.party.office_code if registration.party else by.office_code)
    require(by, PERMISSION, office)
    checks.refuse(
        checks.check_not_in_future(checked_on, _today(at), "核查日期"),
        [] if consistent else checks.check_given(problem, "问题"),
    )
    row = RegistrationCheck.objects.create(
        registration=registration, checked_on=checked_on, instructions_checked=instructions_checked,
        consistent=consistent, problem=problem, campaign=campaign, office_code=office,
    )  # fmt: skip
    audit.record(
        by=by, at=at, action="record_registration_check", subject="registration", key=str(registration.pk),
        office_code=office,
        detail={"checked_on": checked_on.isoformat(), "consistent": consistent, "problem": problem},
    )  # fmt: skip
    return row
