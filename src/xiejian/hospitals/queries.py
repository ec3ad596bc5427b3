"""Every read of the hospital room: devices, upkeep that is due, implants, hospitals, their stock.

What is wrong is said once, as conditions that mark the rows of a list, count them and filter them alike.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, cast

from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    Min,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce

from xiejian.hospitals import rules
from xiejian.hospitals.actions import IN_USE, SCRAPPED
from xiejian.hospitals.checks import problems
from xiejian.hospitals.models import ImplantRecord, MedicalDevice, PatientVault, UpkeepPlan, UpkeepRecord
from xiejian.kernel import deadlines
from xiejian.kernel.divisions import stem
from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry, NetworkPerson
from xiejian.people.policy import Actor, visible
from xiejian.registry.models import Party
from xiejian.supply import queries as supply
from xiejian.supply.models import Movement
from xiejian.supply.queries import Stock

DEVICE_MARKS = (
    "metering_over", "life_over", "upkeep_over", "failed_in_use", "parts_differ", "software_differs",
)  # fmt: skip
IMPLANT_MARKS = ("no_source", "expired", "no_documents")
KEEP_LARGE = "RK-4"  # the rule of deadlines.toml by which the file of a large device is kept


def party_of(actor: Actor) -> Party:
    """The hospital that somebody of a firm belongs to; Refused HO110 outside the register."""
    found = Party.objects.filter(uscc=actor.firm).first() if actor.firm else None
    if found is None:
        raise Refused(problems("HO110", "本单位", uscc=actor.firm or "—"))
    return found


def _condition(condition: Q) -> ExpressionWrapper:
    return ExpressionWrapper(condition, output_field=BooleanField())


def _marked(rows: QuerySet[Any], conditions: dict[str, Any]) -> QuerySet[Any]:
    """The rows with one column ``is_<mark>`` for each thing that may be wrong."""
    named = {
        f"is_{mark}": one if isinstance(one, Exists) else _condition(one) for mark, one in conditions.items()
    }
    return rows.annotate(**named)


def marks_of(row: Model) -> list[str]:
    """The ids of what is wrong with a row of ``devices`` or ``implants``."""
    return [mark for mark in (*DEVICE_MARKS, *IMPLANT_MARKS) if getattr(row, f"is_{mark}", False)]


def mark_labels(row: Model) -> str:
    return "、".join(rules.mark_label(mark) for mark in marks_of(row))


# --- devices -----------------------------------------------------------------------------------------------


def _upkeep() -> QuerySet[UpkeepRecord]:
    """The records of the device of the outer query that stand."""
    return UpkeepRecord.objects.filter(device=OuterRef("pk"), amended_by=None)


def _device_conditions(on: dt.date) -> dict[str, Any]:
    used, kept = Q(state=IN_USE), ~Q(state=SCRAPPED)
    overdue = UpkeepPlan.objects.filter(device=OuterRef("pk"), is_active=True, next_on__lt=on)
    return {
        "metering_over": used
        & Q(focus__contains=f"|{rules.METERING}|")
        & (Q(metering_until=None) | Q(metering_until__lt=on)),
        "life_over": used & Q(life_ends_on__lt=on),
        "upkeep_over": used & Q(Exists(overdue)),
        "failed_in_use": used & Q(last_passed=False),
        "parts_differ": kept & Q(Exists(_upkeep().filter(parts_differ=True))),
        "software_differs": kept & ~Q(software="") & ~Q(registered_software="")
        & ~Q(software=F("registered_software")),
    }  # fmt: skip


def device_rows(rows: QuerySet[MedicalDevice], on: dt.date) -> QuerySet[MedicalDevice]:
    """Devices with their marks on a day and ``upkeep_on``, the next day something is due."""
    judged = _upkeep().filter(kind__in=(rules.REPAIR, *rules.METERING_KINDS)).order_by("-on", "-pk")
    plans = UpkeepPlan.objects.filter(device=OuterRef("pk"), is_active=True).order_by("next_on")
    rows = rows.annotate(
        last_passed=Subquery(judged.values("passed")[:1], output_field=BooleanField()),
        upkeep_on=Subquery(plans.values("next_on")[:1]),
    )
    return _marked(rows, _device_conditions(on))


def devices(
    actor: Actor | None,
    on: dt.date,
    *,
    search: str = "",
    state: str = "",
    focus: str = "",
    mark: str = "",
    office: str = "",
    department: str = "",
    party: int | None = None,
) -> QuerySet[MedicalDevice]:
    """Devices in reach with their marks on a day. Empty filters do not filter; mark "any": anything wrong."""
    rows = visible(MedicalDevice.objects.select_related("party"), actor, firm="party__uscc")
    exact = {"state": state, "department": department, "party": party}
    rows = device_rows(rows.filter(**{name: value for name, value in exact.items() if value}), on)
    if focus:
        rows = rows.filter(focus__contains=f"|{focus}|")
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    if text := search.strip():
        found = Q()
        for name in (
            "number",
            "name",
            "registration_no",
            "model_spec",
            "serial",
            "di",
            "department",
            "party__name",
        ):
            found |= Q(**{f"{name}__icontains": text})
        rows = rows.filter(found)
    return _with_mark(rows, mark, DEVICE_MARKS)


def _with_mark(rows: QuerySet[Any], mark: str, known: tuple[str, ...]) -> QuerySet[Any]:
    if mark == "any":
        return rows.filter(Q(*[(f"is_{one}", True) for one in known], _connector=Q.OR))
    return rows.filter(**{f"is_{mark}": True}) if mark in known else rows


def device(actor: Actor | None, pk: int, on: dt.date) -> MedicalDevice | None:
    return devices(actor, on).filter(pk=pk).first()


def due_plans(actor: Actor | None, on: dt.date, within_days: int | None = None) -> QuerySet[UpkeepPlan]:
    """Upkeep that is due within the days (the pack's when None), late ones included, soonest first.

    Of devices in use or out of use: what is in repair or scrapped needs none meanwhile.
    """
    days = rules.due_days() if within_days is None else within_days
    rows = visible(
        UpkeepPlan.objects.select_related("device__party"), actor, "device__office_code",
        firm="device__party__uscc",
    )  # fmt: skip
    return rows.filter(
        is_active=True, next_on__lte=on + dt.timedelta(days=days), device__state=IN_USE
    ).order_by("next_on", "pk")


def records_of(device: MedicalDevice) -> list[UpkeepRecord]:
    """What was done to a device, newest first; amended ones are left out."""
    return list(device.upkeep.filter(amended_by=None))


def history(device: MedicalDevice) -> QuerySet[AuditEntry]:
    """Everything written about a device, in order."""
    return AuditEntry.objects.filter(subject="medicaldevice", subject_key=str(device.pk)).order_by("sequence")


def kept_until(device: MedicalDevice) -> dt.date | None:
    """Until when the file of a large device is kept at least (RK-4); None for others and unknown lives."""
    if rules.LARGE not in device.focuses or device.life_ends_on is None:
        return None
    return deadlines.due(KEEP_LARGE, device.life_ends_on).due_strict


def departments(actor: Actor | None) -> list[str]:
    """The departments that devices in reach stand in."""
    rows = visible(MedicalDevice.objects.exclude(department=""), actor, firm="party__uscc")
    return list(rows.order_by("department").values_list("department", flat=True).distinct())


# --- implants ----------------------------------------------------------------------------------------------


def implants(
    actor: Actor | None,
    *,
    search: str = "",
    mark: str = "",
    office: str = "",
    party: int | None = None,
    di: str = "",
    lot: str = "",
    voided: bool = False,
) -> QuerySet[ImplantRecord]:
    """Implants in reach with their marks. A token is found by its whole text only."""
    rows = visible(ImplantRecord.objects.select_related("party"), actor, firm="party__uscc")
    exact = {"party": party, "di": di, "lot": lot}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    rows = implant_rows(rows if voided else rows.filter(voided=False))
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    if text := search.strip():
        found = Q(token=text)
        for name in (
            "number",
            "product_name",
            "registration_no",
            "di",
            "lot",
            "serial",
            "party__name",
            "department",
        ):
            found |= Q(**{f"{name}__icontains": text})
        rows = rows.filter(found)
    return _with_mark(rows, mark, IMPLANT_MARKS)


def implant_rows(rows: QuerySet[ImplantRecord]) -> QuerySet[ImplantRecord]:
    """Implants with their marks; a source is a purchase of the same lot, or of the same serial."""
    bought = Movement.objects.filter(
        firm_uscc=OuterRef("party__uscc"), di=OuterRef("di"), kind="receive", voided=False
    )
    same = Q(Exists(bought.filter(lot=OuterRef("lot")).exclude(lot=""))) | Q(
        Exists(bought.filter(serial=OuterRef("serial")).exclude(serial=""))
    )
    conditions = {
        "no_source": ~same,
        "expired": Q(expires_on__lt=F("implanted_on")),
        "no_documents": Q(in_patient_record=False) | Q(documents_kept=False),
    }
    return _marked(rows, conditions)


def implant(actor: Actor | None, pk: int) -> ImplantRecord | None:
    return implants(actor, voided=True).filter(pk=pk).first()


def has_vault(party: Party) -> bool:
    return PatientVault.objects.filter(party=party).exists()


# --- hospitals ---------------------------------------------------------------------------------------------


def _number(rows: QuerySet[Any]) -> Coalesce:
    """How many of the rows belong to the party of the outer query."""
    counted = rows.filter(party=OuterRef("pk")).order_by().values("party").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def hospitals(actor: Actor | None, on: dt.date, *, search: str = "", office: str = "") -> QuerySet[Party]:
    """Use units that keep devices or implants here, with their numbers: ``devices_n``, ``upkeep_late``,
    ``metering_late``, ``wrong``, ``implants_n``, ``no_source_n``, ``next_on``."""
    own = device_rows(MedicalDevice.objects.all(), on)
    implanted = implant_rows(ImplantRecord.objects.filter(voided=False))
    plans = UpkeepPlan.objects.filter(device__party=OuterRef("pk"), is_active=True, device__state=IN_USE)
    first = plans.order_by().values("device__party").annotate(first=Min("next_on")).values("first")
    rows = visible(Party.objects.all(), actor, firm="uscc").filter(
        Q(Exists(MedicalDevice.objects.filter(party=OuterRef("pk"))))
        | Q(Exists(ImplantRecord.objects.filter(party=OuterRef("pk"))))
    )
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    if text := search.strip():
        rows = rows.filter(Q(name__icontains=text) | Q(uscc=text.upper()))
    return rows.annotate(
        devices_n=_number(MedicalDevice.objects.exclude(state=SCRAPPED)),
        upkeep_late=_number(own.filter(is_upkeep_over=True)),
        metering_late=_number(own.filter(is_metering_over=True)),
        wrong=_number(_with_mark(own, "any", DEVICE_MARKS)),
        implants_n=_number(ImplantRecord.objects.filter(voided=False)),
        no_source_n=_number(implanted.filter(is_no_source=True)),
        next_on=Subquery(first),
    )


@dataclass(frozen=True)
class Counts:
    """How much there is, and how much of it is wrong, in somebody's reach."""

    hospitals: int
    devices: int
    upkeep_late: int
    metering_late: int
    implants: int
    no_source: int


def counts(actor: Actor | None, on: dt.date) -> Counts:
    """The sums over the hospitals in reach; one query."""
    names = ("devices_n", "upkeep_late", "metering_late", "implants_n", "no_source_n")
    found = hospitals(actor, on).order_by().aggregate(n=Count("pk"), **{f"s_{x}": Sum(x) for x in names})
    return Counts(found["n"], *(found[f"s_{name}"] or 0 for name in names))


def reporters(party: Party) -> QuerySet[NetworkPerson]:
    """监测员: whom a hospital named."""
    return NetworkPerson.objects.filter(
        kind="reporter", unit_name=party.name, office_code=party.office_code, is_active=True
    )


# --- stock -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shelf:
    """One lot in a hospital's stock; ``days`` until it expires, None where unknown."""

    stock: Stock
    days: int | None

    @property
    def standing(self) -> str:
        if self.days is None:
            return "有效期不明"
        if self.days < 0:
            return "已过期"
        return "近效期" if self.days <= rules.near_expiry_days() else "正常"


def shelves(party: Party, on: dt.date) -> list[Shelf]:
    """What a hospital has in stock on a day, what expires first first; one query."""
    found = [
        Shelf(one, (one.expires_on - on).days if one.expires_on else None)
        for one in supply.stock(cast(str, party.uscc), on)
    ]
    return sorted(found, key=lambda shelf: (shelf.days is None, shelf.days or 0))
