"""Every write to offices, officers and the people of the network."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction

from xiejian.kernel import divisions
from xiejian.kernel import packs as rule_packs
from xiejian.kernel.laws import Law
from xiejian.kernel.problems import Refused
from xiejian.kernel.rule_book import Entry
from xiejian.people import audit
from xiejian.people.models import NetworkPerson, Office, Officer, ReadReceipt, RuleCheck, SavedView, Training
from xiejian.people.policy import Actor, problems, require, roles


@transaction.atomic
def open_office(*, code: str, name: str, by: Actor, at: datetime, **more: Any) -> Office:
    """Create an office, or return the one that has this code. Parents are found by code, not created."""
    require(by, "people.manage", code)
    if not divisions.is_known(code):
        raise Refused(problems("P104", code=code))
    base = divisions.stem(code)
    ancestors = [o for o in Office.objects.all() if o.stem != base and base.startswith(o.stem)]
    parent = max(ancestors, key=lambda o: len(o.stem), default=None)
    office, created = Office.objects.get_or_create(
        code=code,
        defaults={"stem": base, "name": name, "tier": divisions.tier(code), "parent": parent, **more},
    )
    if created:
        Office.objects.filter(stem__startswith=base, parent=parent).exclude(pk=office.pk).update(
            parent=office
        )
        audit.record(
            by=by, at=at, action="open_office", subject="office", key=code, office_code=code,
            detail={"name": name},
        )  # fmt: skip
    return office


@transaction.atomic
def open_offices(*, offices: list[tuple[str, str, str]], by: Actor, at: datetime) -> list[Office]:
    """Create several offices at once, all or none; each is (code, name, short name)."""
    return [
        open_office(code=code, name=name, short_name=short, by=by, at=at)
        for code, name, short in sorted(offices, key=lambda o: len(divisions.stem(o[0])))
    ]


@transaction.atomic
def use_packs(*, office: Office, packs: list[str], by: Actor, at: datetime) -> Office:
    """Say which rule packs the office grades and plans by; the first is offered first.

    Refused with P108 where there is no such pack, with K202 where one does not hold together: nobody
    should find that out when grading. What was graded before keeps its pack.
    """
    require(by, "people.manage", office.code)
    if unknown := [pack_id for pack_id in packs if pack_id not in rule_packs.known()]:
        raise Refused(problems("P108", "packs", pack=unknown[0], known="、".join(rule_packs.known())))
    for pack_id in packs:
        rule_packs.load(pack_id)
    if packs != office.packs:
        audit.record(
            by=by, at=at, action="use_packs", subject="office", key=office.code, office_code=office.code,
            detail={"packs": [office.packs, packs]},
        )  # fmt: skip
        office.packs = packs
        office.save(update_fields=["packs"])
    return office


@transaction.atomic
def tell_public(*, office: Office, facts: dict[str, str], by: Actor, at: datetime) -> Office:
    """What the public reads about an office (hours, address, phone, note); nothing given: not shown there."""
    require(by, "people.manage", office.code)
    before = office.settings.get("public", {})
    told = {name: text.strip() for name, text in facts.items() if text.strip()}
    if told != before:
        audit.record(
            by=by, at=at, action="tell_public", subject="office", key=office.code, office_code=office.code,
            detail={"public": [before, told]},
        )  # fmt: skip
        rest = {name: value for name, value in office.settings.items() if name != "public"}
        office.settings = {**rest, "public": told} if told else rest
        office.save(update_fields=["settings"])
    return office


@transaction.atomic
def set_up_office(
    *,
    code: str,
    name: str,
    packs: list[str],
    stations: list[tuple[str, str]],
    officer: tuple[str, str, str],
    administrator: tuple[str, str, str],
    by: Actor,
    at: datetime,
) -> Officer:
    """新建单位: the office with its packs, the stations below it as (code, name), and its two first accounts.

    The accounts are (login name, name, password); the officer for the work, the administrator for
    the accounts. Returns the officer. Refused as ``open_office`` and ``appoint_officer`` are, and
    with P107 when the office already has officers: its own administrator appoints them then.
    """
    office = open_office(code=code, name=name, packs=packs, by=by, at=at)
    if office.officers.exists():
        raise Refused(problems("P107", name=office.name))
    open_offices(offices=[(c, n, "") for c, n in stations], by=by, at=at)
    appointed = [
        appoint_officer(
            username=username, name=person, office=office, role=role, password=password, by=by, at=at
        )
        for role, (username, person, password) in (
            ("section_officer", officer),
            ("administrator", administrator),
        )
    ]
    return appointed[0]


@transaction.atomic
def appoint_officer(
    *,
    username: str,
    name: str,
    office: Office,
    role: str,
    password: str,
    by: Actor,
    at: datetime,
    password_hash: str = "",
    **more: Any,
) -> Officer:
    """Create an account. Refused when the name is taken (P103) or the role unknown (P106).

    ``password_hash`` from ``make_password`` takes the place of ``password`` where many accounts begin
    with the same one: hashing is slow on purpose.
    """
    require(by, "people.manage", office.code)
    if role not in roles():
        raise Refused(problems("P106", role=role, known="、".join(roles())))
    if Officer.objects.filter(username=username).exists():
        raise Refused(problems("P103", username=username))
    officer = Officer(username=username, name=name, office=office, role=role, created_at=at, **more)
    if password_hash:
        officer.password = password_hash
    else:
        officer.set_password(password)
    officer.save()
    audit.record(
        by=by, at=at, action="appoint_officer", subject="officer", key=username, office_code=office.code,
        detail={"name": name, "role": role},
    )  # fmt: skip
    return officer


@transaction.atomic
def change_officer(*, officer: Officer, by: Actor, at: datetime, reason: str, **changes: Any) -> Officer:
    """Change role, office, activity or particulars; the audit entry keeps before and after."""
    require(by, "people.manage", officer.office.code)
    if "role" in changes and changes["role"] not in roles():
        raise Refused(problems("P106", role=changes["role"], known="、".join(roles())))
    detail: dict[str, Any] = {"reason": reason}
    for field, value in changes.items():
        detail[field] = [str(getattr(officer, field)), str(value)]
        setattr(officer, field, value)
    officer.save()
    audit.record(
        by=by, at=at, action="change_officer", subject="officer", key=officer.username,
        office_code=officer.office.code, detail=detail,
    )  # fmt: skip
    return officer


@transaction.atomic
def enrol_person(*, by: Actor, at: datetime, **facts: Any) -> NetworkPerson:
    """Add a village assistant, informant, reporter or inspector to the network."""
    require(by, "registry.edit", facts["office_code"])
    person = NetworkPerson.objects.create(**facts)
    audit.record(
        by=by, at=at, action="enrol_person", subject="network_person", key=str(person.pk),
        office_code=person.office_code, detail={"name": person.name, "kind": person.kind},
    )  # fmt: skip
    return person


@transaction.atomic
def record_training(*, by: Actor, at: datetime, **facts: Any) -> Training:
    """Record one training of one person, with the result of its examination."""
    require(by, "registry.edit", facts["office_code"])
    training = Training.objects.create(**facts)
    audit.record(
        by=by, at=at, action="record_training", subject="training", key=str(training.pk),
        office_code=training.office_code, detail={"topic": training.topic},
    )  # fmt: skip
    return training


@transaction.atomic
def change_password(*, officer: Officer, password: str, by: Actor, at: datetime) -> Officer:
    """Set a new password: one's own, or another's with people.manage. The audit never keeps the password."""
    if by.username != officer.username:
        require(by, "people.manage", officer.office.code)
    officer.set_password(password)
    officer.save(update_fields=["password"])
    audit.record(
        by=by, at=at, action="change_password", subject="officer", key=officer.username,
        office_code=officer.office.code, detail={},
    )  # fmt: skip
    return officer


@transaction.atomic
def acknowledge_law(*, law: Law, by: Actor, at: datetime) -> ReadReceipt:
    """签收: the actor has read this edition of the law; asked again, the first receipt stands.

    Refused with P101 without the permission, P121 where nobody signed in stands behind the actor.
    """
    require(by, "rules.acknowledge", by.office_code)
    receipt, created = ReadReceipt.objects.get_or_create(
        officer=_signed_in(by),
        law=law.id,
        digest=law.digest,
        defaults={"office_code": by.office_code, "read_at": at},
    )
    if created:
        audit.record(
            by=by, at=at, action="acknowledge_law", subject="law", key=law.id, office_code=by.office_code,
            detail={"title": law.title, "digest": law.digest},
        )  # fmt: skip
    return receipt


@transaction.atomic
def check_rule(*, entry: Entry, outcome: str, note: str, on: date, by: Actor, at: datetime) -> RuleCheck:
    """核实规则条目: what the office found when it held the entry against its source.

    A later check amends the one before; both stay. Refused with P101 without the permission, P121 where
    nobody signed in stands behind the actor, P122 for an unknown outcome, P123 where a doubt or another
    outcome than before comes without a word why, P124 where the same was said of the same words already.
    """
    require(by, "rules.check", by.office_code)
    checker, note = _signed_in(by), note.strip()
    if outcome not in RuleCheck.OUTCOMES:
        raise Refused(problems("P122", "outcome", outcome=outcome))
    checks = RuleCheck.objects.select_for_update(of=("self",))
    before = checks.filter(office=checker.office, slug=entry.slug, amended_by=None).first()
    if not note and (outcome == "doubt" or (before and before.outcome != outcome)):
        raise Refused(problems("P123", "note"))
    said = (outcome, entry.digest, note)
    if before and said == (before.outcome, before.digest, before.note):
        raise Refused(problems("P124", entry.id, entry=entry.id, on=before.checked_on))
    check = RuleCheck.objects.create(
        office=checker.office, slug=entry.slug, source=entry.source, entry=entry.id, digest=entry.digest,
        outcome=outcome, note=note, checker=checker, checked_on=on, at=at, amends=before,
    )  # fmt: skip
    audit.record(
        by=by, at=at, action="check_rule", subject="rule", key=f"{entry.source}#{entry.id}"[:80],
        office_code=by.office_code,
        detail={
            "outcome": [before.outcome if before else "", outcome], "note": note, "digest": entry.digest,
        },
    )  # fmt: skip
    return check


#: more than this nobody finds again in a menu
VIEWS_PER_PAGE = 20


@transaction.atomic
def save_view(*, page: str, name: str, query: str, by: Actor, at: datetime) -> SavedView:
    """Keep a list as it is asked for now, for the actor alone; the same name replaces what it held.

    ``page``: the path of the list; ``query``: its search, filters, sort and columns. Refused with P131
    without a name or where it is too long, P132 where the conditions are too long, P133 beyond
    VIEWS_PER_PAGE views of one page.
    """
    officer, name = _signed_in(by), " ".join(name.split())
    if not 0 < len(name) <= SavedView._meta.get_field("name").max_length:
        raise Refused(problems("P131", "name"))
    if len(query) > SavedView._meta.get_field("query").max_length:
        raise Refused(problems("P132", "query"))
    mine = SavedView.objects.filter(officer=officer, page=page)
    if mine.exclude(name=name).count() >= VIEWS_PER_PAGE:
        raise Refused(problems("P133", "name", most=VIEWS_PER_PAGE))
    view, _ = mine.update_or_create(
        name=name, defaults={"query": query, "saved_at": at}, create_defaults={
            "officer": officer, "page": page, "query": query, "saved_at": at,
        },
    )  # fmt: skip
    audit.record(
        by=by, at=at, action="save_view", subject="saved_view", key=str(view.pk), office_code=by.office_code,
        detail={"page": page, "name": name, "query": query},
    )  # fmt: skip
    return view


@transaction.atomic
def forget_view(*, view: SavedView, by: Actor, at: datetime) -> None:
    """Take one of the actor's own views away. Refused with P134 where it is somebody else's."""
    if view.officer_id != _signed_in(by).pk:
        raise Refused(problems("P134", view.name))
    audit.record(
        by=by, at=at, action="forget_view", subject="saved_view", key=str(view.pk),
        office_code=by.office_code, detail={"page": view.page, "name": view.name, "query": view.query},
    )  # fmt: skip
    view.delete()


def _signed_in(by: Actor) -> Officer:
    """The officer behind the actor: a receipt, a check and a saved view are a person's own."""
    officer = Officer.objects.select_related("office").filter(username=by.username).first()
    if officer is None:
        raise Refused(problems("P121", "", name=by.name))
    return officer
