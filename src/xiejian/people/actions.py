"""Every write to offices, officers and the people of the network."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from xiejian.kernel import divisions
from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.models import NetworkPerson, Office, Officer, Training
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
def appoint_officer(
    *,
    username: str,
    name: str,
    office: Office,
    role: str,
    password: str,
    by: Actor,
    at: datetime,
    **more: Any,
) -> Officer:
    """Create an account. Refused when the name is taken (P103) or the role unknown (P106)."""
    require(by, "people.manage", office.code)
    if role not in roles():
        raise Refused(problems("P106", role=role, known="、".join(roles())))
    if Officer.objects.filter(username=username).exists():
        raise Refused(problems("P103", username=username))
    officer = Officer(username=username, name=name, office=office, role=role, created_at=at, **more)
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
