"""Every write about implants, and the one way back from a token to a patient.

Whoever enters an implant types the patient's record number once; it is sealed at once to the hospital's key
and stands nowhere else. Reading it back asks for the passphrase, the permission and a reason.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from xiejian.hospitals import checks as check
from xiejian.hospitals import rules, vault
from xiejian.hospitals.checks import problems, refuse
from xiejian.hospitals.models import ImplantRecord, PatientVault
from xiejian.kernel import workflow
from xiejian.kernel.problems import Refused
from xiejian.numbers import udi
from xiejian.people import audit
from xiejian.people.numbering import next_number
from xiejian.people.policy import Actor, require_for
from xiejian.registry.models import Party
from xiejian.supply import actions as supply

WORKFLOW = workflow.load(Path(__file__).with_name("implant_workflow.toml"))
STRUCK = "struck"
ENTERING, RESOLVING = "firm.hospital", "firm.patients"
SUBJECT, VAULT_SUBJECT = "implantrecord", "patientvault"
_TEXTS = ("product_name", "supplier", "department", "surgeon_role", "although_expired")


@dataclass(frozen=True)
class Implant:
    """One implanted device, without the patient. With ``udi`` given the parts may be left out."""

    product_name: str
    implanted_on: dt.date
    department: str
    udi: str = ""
    di: str = ""
    lot: str = ""
    serial: str = ""
    made_on: dt.date | None = None
    expires_on: dt.date | None = None
    registration_no: str = ""
    supplier: str = ""
    supplier_uscc: str = ""
    surgeon_role: str = ""
    in_patient_record: bool = True
    documents_kept: bool = True
    although_expired: str = ""


def read_code(implant: Implant) -> Implant:
    """The implant with what its scanned code says; Refused HO204, HO205."""
    if not implant.udi.strip():
        return implant
    code = udi.read(implant.udi, on=implant.implanted_on)
    refuse(check.check_code(code, asdict(implant)))
    return replace(
        implant,
        di=implant.di or code.di or "",
        lot=implant.lot or code.lot or "",
        serial=implant.serial or code.serial or "",
        made_on=implant.made_on or code.made_on,
        expires_on=implant.expires_on or code.expires_on,
    )


def newest_vault(party: Party) -> PatientVault:
    """The key pair in use; Refused HO301 where the hospital has none yet."""
    found = PatientVault.objects.filter(party=party).first()
    if found is None:
        raise Refused(problems("HO301", party.name))
    return found


@sensitive_variables("record_no")
@transaction.atomic
def register_implant(
    *, party: Party, implant: Implant, record_no: str, by: Actor, at: dt.datetime
) -> ImplantRecord:
    """Enter an implant; its movement leads a trace to the patient's token.

    ``record_no``, the patient's own, is sealed and hidden from every text. Refused: P101, HO101 to HO103,
    HO201 to HO207, HO301, and what supply refuses (a lot on hold, SU201).
    """
    require_for(by, ENTERING, party.uscc or "", where=party.name)
    refuse(check.check_record_no(record_no))
    one = read_code(implant)
    texts: dict[str, Any] = {name: check.without(getattr(one, name), [record_no]) for name in _TEXTS}
    one = replace(one, **texts)
    _check(one, timezone.localdate(at))
    keys = newest_vault(party)
    token = vault.draw_token()
    number = next_number(ImplantRecord, rules.number_pattern(), party.office_code, one.implanted_on.year)
    movement = supply.record_movement(entry=_movement(party, one, token, number), by=by, at=at)
    made = ImplantRecord.objects.create(
        number=number, party=party, office_code=party.office_code, token=token, vault=keys,
        sealed=vault.seal(bytes(keys.public_key), record_no.strip(), token), movement=movement,
        made_at=at, by_name=by.name, **asdict(one),
    )  # fmt: skip
    _note("register_implant", made, by, at, di=made.di, lot=made.lot)
    return made


def _check(one: Implant, today: dt.date) -> None:
    refuse(
        check.check_given(one.product_name, "产品名称"),
        check.check_given(one.di, "产品标识"),
        check.check_given(one.department, "科室"),
        check.check_identified(one.lot, one.serial),
        check.check_not_in_future(one.implanted_on, today, "手术日期"),
        check.check_order_of_dates("生产日期", one.made_on, "手术日期", one.implanted_on),
        check.check_expiry(one.expires_on, one.implanted_on, one.although_expired),
    )
    if one.serial:
        same = ImplantRecord.objects.filter(di=one.di, serial=one.serial, voided=False).first()
        refuse([problems("HO203", "序列号", serial=one.serial, number=same.number)] if same else [])


def _movement(party: Party, one: Implant, token: str, number: str) -> supply.Entry:
    return supply.Entry(
        firm_uscc=party.uscc or "", kind="implant", di=one.di, quantity=1, on=one.implanted_on, lot=one.lot,
        serial=one.serial, made_on=one.made_on, expires_on=one.expires_on,
        registration_no=one.registration_no, product_name=one.product_name, place=one.department,
        patient=token, record_no=number, source="hospital",
    )  # fmt: skip


def _note(action: str, row: ImplantRecord, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject=SUBJECT, key=row.number, office_code=row.office_code,
        detail=detail,
    )  # fmt: skip


@transaction.atomic
def void_implant(*, implant: ImplantRecord, reason: str, by: Actor, at: dt.datetime) -> ImplantRecord:
    """Strike a record that should not have been written; it stays readable, its movement is struck too."""
    row = (
        ImplantRecord.objects.select_for_update(of=("self",))
        .select_related("party", "movement")
        .get(pk=implant.pk)
    )
    require_for(by, ENTERING, row.party.uscc or "", where=row.number)
    WORKFLOW.step(row.state, "void_implant", where=row.number)
    refuse(check.check_given(reason, "作废理由"))
    if row.movement:
        supply.void_movement(movement=row.movement, reason=reason, by=by, at=at)
    row.voided, row.void_reason = True, reason
    row.save(update_fields=["voided", "void_reason"])
    _note("void_implant", row, by, at, reason=reason)
    return row


# --- the key -----------------------------------------------------------------------------------------------


@sensitive_variables("passphrase", "again", "locked")
@transaction.atomic
def open_vault(*, party: Party, passphrase: str, again: str, by: Actor, at: dt.datetime) -> PatientVault:
    """Make the hospital's pair of keys under a passphrase; a further one takes the place of the first.

    What was sealed to an older pair opens with the older passphrase only. Refused: P101, HO302, HO303.
    """
    require_for(by, RESOLVING, party.uscc or "", where=party.name)
    refuse(check.check_passphrase(passphrase, again))
    locked = vault.make(passphrase, party.uscc or "")
    made = PatientVault.objects.create(party=party, made_at=at, by_name=by.name, **asdict(locked))
    _note_vault("open_vault", party, made, by, at)
    return made


@sensitive_variables("passphrase", "new", "again", "locked")
def change_passphrase(
    *, party: Party, passphrase: str, new: str, again: str, by: Actor, at: dt.datetime
) -> PatientVault:
    """Another passphrase for the pair in use. Refused: P101, HO301 to HO305."""
    require_for(by, RESOLVING, party.uscc or "", where=party.name)
    refuse(check.check_passphrase(new, again))
    row = newest_vault(party)
    opened = _open([row], passphrase, party, by, at)
    with transaction.atomic():
        locked = vault.lock(opened[row.pk], new, party.uscc or "")
        PatientVault.objects.filter(pk=row.pk).update(**asdict(locked))
        _note_vault("change_passphrase", party, row, by, at)
    return row


def _note_vault(
    action: str, party: Party, row: PatientVault, by: Actor, at: dt.datetime, **detail: Any
) -> None:
    audit.record(
        by=by, at=at, action=action, subject=VAULT_SUBJECT, key=str(row.pk), office_code=party.office_code,
        detail=detail,
    )  # fmt: skip


# --- back to the patient -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Resolved:
    """Token → the patient's record number; ``closed`` tokens are sealed under another, older passphrase."""

    record_nos: dict[str, str]
    closed: list[str]


@sensitive_variables()
def resolve_patients(
    *, party: Party, tokens: Sequence[str], passphrase: str, reason: str, by: Actor, at: dt.datetime
) -> Resolved:
    """Whose these tokens are: for the hospital's records people, each time with passphrase and reason.

    Every try is in the audit log, a failed one too. Refused: P101, HO101, HO301, HO304 to HO306.
    """
    require_for(by, RESOLVING, party.uscc or "", where=party.name)
    refuse(check.check_given(reason, "事由"))
    wanted = list(dict.fromkeys(token.strip() for token in tokens if token.strip()))
    rows = list(ImplantRecord.objects.filter(party=party, token__in=wanted).select_related("vault"))
    if missing := sorted(set(wanted) - {row.token for row in rows}) or ([] if wanted else ["（未填）"]):
        raise Refused(problems("HO306", "患者代号", token=missing[0]))
    found = _opened(party, rows, passphrase, by, at)
    _told(
        "resolve_patients", party, found.record_nos, check.without(reason, found.record_nos.values()), by, at
    )
    return found


@sensitive_variables()
def find_patient(
    *, party: Party, record_no: str, passphrase: str, reason: str, by: Actor, at: dt.datetime
) -> list[ImplantRecord]:
    """What a patient of the hospital carries, by record number: every box is opened, none is told.

    Refused: P101, HO101, HO206, HO207, HO301, HO304, HO305.
    """
    require_for(by, RESOLVING, party.uscc or "", where=party.name)
    refuse(check.check_given(reason, "事由"), check.check_record_no(record_no))
    rows = list(ImplantRecord.objects.filter(party=party).select_related("vault"))
    opened = _opened(party, rows, passphrase, by, at).record_nos
    theirs = [token for token, number in opened.items() if number == record_no.strip()]
    _told("find_patient", party, theirs, check.without(reason, [record_no, *opened.values()]), by, at)
    return [row for row in rows if row.token in theirs]


@sensitive_variables()
def _opened(
    party: Party, rows: Iterable[ImplantRecord], passphrase: str, by: Actor, at: dt.datetime
) -> Resolved:
    """The boxes of the records, as far as this passphrase opens their keys."""
    rows = list(rows)
    vaults = {row.vault_id: row.vault for row in rows}
    keys = _open(list(vaults.values()) or [newest_vault(party)], passphrase, party, by, at)
    record_nos = {
        row.token: vault.open_box(keys[row.vault_id], bytes(row.sealed), row.token)
        for row in rows
        if row.vault_id in keys
    }
    return Resolved(record_nos, [row.token for row in rows if row.vault_id not in keys])


@sensitive_variables()
def _open(
    rows: Sequence[PatientVault], passphrase: str, party: Party, by: Actor, at: dt.datetime
) -> dict[int, X25519PrivateKey]:
    """The private keys that the passphrase opens, by vault; Refused HO304 when none, HO305 during a pause.

    The failure is written down in a transaction of its own: the refusal must not take it back.
    """
    newest = newest_vault(party)
    _check_pause(newest, at)
    found: dict[int, X25519PrivateKey] = {}
    for row in rows:
        locked = vault.Locked(bytes(row.public_key), bytes(row.salt), row.cost, bytes(row.locked_key))
        try:
            found[row.pk] = vault.unlock(locked, passphrase, party.uscc or "")
        except vault.Wrong:
            continue
    with transaction.atomic():
        held = PatientVault.objects.select_for_update().get(pk=newest.pk)
        if not found:
            held.failures, held.failed_at = held.failures + 1, at
            held.save(update_fields=["failures", "failed_at"])
            _note_vault("refuse_passphrase", party, held, by, at, failures=held.failures)
        elif held.failures:
            held.failures = 0
            held.save(update_fields=["failures"])
    if not found:
        raise Refused(problems("HO304", "口令"))
    return found


def _check_pause(row: PatientVault, at: dt.datetime) -> None:
    if row.failures < rules.most_failures() or row.failed_at is None:
        return
    until = row.failed_at + dt.timedelta(minutes=rules.pause_minutes())
    if at < until:
        shown = timezone.localtime(until).strftime("%H:%M")
        raise Refused(problems("HO305", "口令", count=row.failures, until=shown))


@transaction.atomic
def _told(action: str, party: Party, tokens: Iterable[str], reason: str, by: Actor, at: dt.datetime) -> None:
    """Who looked, why, and at which tokens; of what was seen nothing."""
    _note_vault(action, party, newest_vault(party), by, at, reason=reason, tokens=sorted(tokens))
