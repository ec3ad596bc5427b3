"""进销存矛盾: what firms recorded that cannot be so, over a whole area or for one lot.

Every kind is one or two queries over the movements that the actor may see, however many firms there are;
each finding names the movements that show it. Nothing here accuses: a late or mistyped record looks the
same, which is why each says what to look at.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum, Window

from xiejian.kernel.divisions import stem
from xiejian.people.policy import Actor, visible
from xiejian.registry.models import Party
from xiejian.registry.permitting import of_registration, products_named
from xiejian.supply.models import HANDED_ON, KINDS, LotHold, Movement
from xiejian.supply.queries import SIGNED, holds, movements
from xiejian.supply.trace_rules import days_on_the_way, most_of_a_kind

#: Kind → what it is called.
LABELS = {
    "oversold": "卖多于买", "expired": "过期后销售使用", "registration": "注册证失效后购销",
    "held": "停用期间销售使用",
    "not_received": "发出未收", "not_shipped": "收到未发", "two_expiries": "一批两个有效期",
    "no_patient": "植入无患者代号", "cold_chain": "断链后销售使用",
}  # fmt: skip
#: These speak of harm, the others first of records.
GRAVE = ("expired", "registration", "held", "cold_chain")
#: What a finding says of a movement.
ROW = ("pk", "firm_uscc", "firm_office_code", "partner_uscc", "partner_name", "kind", "di", "lot", "serial",
        "quantity", "on", "product_name", "record_no")  # fmt: skip


@dataclass(frozen=True)
class Scope:
    """Where is looked: movements from ``since`` to ``on`` of a lot, an office's area or a firm, or all."""

    actor: Actor | None
    since: dt.date
    on: dt.date
    di: str = ""
    lot: str = ""
    office: str = ""
    firm: str = ""

    def ever(self) -> QuerySet[Movement]:
        """All movements in reach up to ``on``: what a sum must start from."""
        rows = movements(self.actor).filter(voided=False, on__lte=self.on).order_by()
        given = {"di": self.di, "lot": self.lot, "firm_uscc": self.firm}
        rows = rows.filter(**{name: value for name, value in given.items() if value})
        return rows.filter(firm_office_code__startswith=stem(self.office)) if self.office else rows

    def lately(self) -> QuerySet[Movement]:
        return self.ever().filter(on__gte=self.since)


@dataclass(frozen=True)
class Contradiction:
    """One finding. ``rows``: ids of the movements that show it; ``records``: what the firm calls them."""

    kind: str
    firm_uscc: str
    office_code: str
    partner_uscc: str
    di: str
    lot: str
    serial: str
    product_name: str
    quantity: int
    on: dt.date
    text: str
    rows: tuple[int, ...]
    records: tuple[str, ...]
    firm_name: str = ""
    partner_name: str = ""
    party: int | None = None

    @property
    def label(self) -> str:
        return LABELS[self.kind]

    @property
    def grave(self) -> bool:
        return self.kind in GRAVE

    def as_json(self) -> dict[str, Any]:
        return vars(self) | {"label": self.label}


@dataclass
class Found:
    """The findings, the newest first. ``cut``: kinds of which there are more than a list holds (TR-3)."""

    rows: list[Contradiction] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)


Finder = Callable[[Scope, int], list[Contradiction]]


def contradictions(
    scope: Scope, kinds: Iterable[str] = LABELS, others: Mapping[str, Finder] = MappingProxyType({})
) -> Found:
    """What does not add up in ``scope``: the findings of some kinds, or of all.

    ``others`` find kinds that rooms above this one know: scope and how many at most in, newest first out.
    """
    found, most, finders = Found(), most_of_a_kind(), {**_FINDERS, **others}
    for kind in kinds:
        of_kind = finders[kind](scope, most + 1) if kind in finders else []
        found.cut += [kind] if len(of_kind) > most else []
        found.rows += of_kind[:most]
    found.rows = _named(scope.actor, found.rows)
    found.rows.sort(key=lambda one: (-one.on.toordinal(), one.kind, one.firm_uscc, one.rows))
    return found


def _named(actor: Actor | None, found: list[Contradiction]) -> list[Contradiction]:
    """With the names of firms and partners, from the register as far as ``actor`` sees it."""
    codes = {code for one in found for code in (one.firm_uscc, one.partner_uscc) if code}
    parties = visible(Party.objects.filter(uscc__in=codes), actor, firm="uscc")
    known = {row[0]: row[1:] for row in parties.values_list("uscc", "name", "pk")}
    unknown = [code for code in codes if code not in known]
    called = movements(actor).filter(partner_uscc__in=unknown).exclude(partner_name="").order_by()
    names = dict(called.values_list("partner_uscc").annotate(Max("partner_name"))) if unknown else {}
    return [
        replace(
            one,
            firm_name=known.get(one.firm_uscc, (names.get(one.firm_uscc, one.firm_uscc),))[0],
            partner_name=known.get(one.partner_uscc, (names.get(one.partner_uscc, one.partner_name),))[0],
            party=known[one.firm_uscc][1] if one.firm_uscc in known else None,
        )
        for one in found
    ]


def of_row(kind: str, row: dict[str, Any], text: str, quantity: int | None = None) -> Contradiction:
    """A finding that one movement shows."""
    return Contradiction(
        kind, row["firm_uscc"], row["firm_office_code"], row["partner_uscc"], row["di"], row["lot"],
        row["serial"], row["product_name"], row["quantity"] if quantity is None else quantity, row["on"],
        text, (row["pk"],), (row["record_no"],), partner_name=row["partner_name"],
    )  # fmt: skip


def _oversold(scope: Scope, most: int) -> list[Contradiction]:
    """At the end of a day more had gone than come: the movements out of that day."""
    balance = Window(Sum(SIGNED), partition_by=[F("firm_uscc"), F("di"), F("lot")], order_by=F("on").asc())
    # no other condition here: it would be asked before the sum, and leave out what came in
    rows = scope.ever().annotate(balance=balance).filter(balance__lt=0).order_by("-on", "pk")
    found: list[Contradiction] = []
    for row in rows.values(*ROW, "balance").iterator():
        if row["on"] < scope.since or len(found) == most:
            break
        if row["kind"] in HANDED_ON:
            text = f"截至 {row['on']} 登记的出多于进 {-row['balance']}；请核对进货记录和日期"
            found.append(of_row("oversold", row, text, -row["balance"]))
    return found


def _expired(scope: Scope, most: int) -> list[Contradiction]:
    rows = scope.lately().filter(kind__in=HANDED_ON, expires_on__lt=F("on")).order_by("-on", "pk")
    return [
        of_row("expired", row, f"有效期至 {row['expires_on']}，{row['on']} {KINDS[row['kind']]}")
        for row in rows.values(*ROW, "expires_on")[:most]
    ]


def _registration(scope: Scope, most: int) -> list[Contradiction]:
    """Bought or sold when the certificate had run out before the goods were made, or is cancelled."""
    rows = scope.lately().filter(kind__in=("receive", "ship")).exclude(registration_no="")
    products = products_named(rows.values_list("registration_no", flat=True).distinct())
    doubtful = [
        number
        for number, product in products.items()
        if product.found and (product.status != "有效" or (product.expires_on or scope.on) < scope.on)
    ]
    found = []
    chosen = rows.filter(registration_no__in=doubtful).order_by("-on", "pk")
    for row in chosen.values(*ROW, "registration_no", "made_on").iterator():
        reasons = of_registration(products[row["registration_no"]], row["made_on"], row["on"])
        wrong = [reason.text for reason in reasons if reason.state != "ok"]
        found += [of_row("registration", row, "；".join(wrong))] if wrong else []
        if len(found) == most:
            break
    return found


def _held(scope: Scope, most: int) -> list[Contradiction]:
    """Handed on while the lot was on hold at the firm."""
    stops: dict[tuple[str, str, str], list[LotHold]] = {}
    for hold in holds(scope.actor).filter(held_at__date__lte=scope.on):
        stops.setdefault((hold.firm_uscc, hold.di, hold.lot), []).append(hold)
    if not stops:
        return []
    firms, products = {key[0] for key in stops}, {key[1] for key in stops}
    rows = scope.lately().filter(kind__in=HANDED_ON, firm_uscc__in=firms, di__in=products)
    found = []
    for row in rows.order_by("-on", "pk").values(*ROW).iterator():
        keys = ((row["firm_uscc"], row["di"], lot) for lot in {row["lot"], ""})
        stop = next((h for key in keys for h in stops.get(key, ()) if _holds(h, row)), None)
        if stop:
            text = f"{stop.held_at:%Y-%m-%d} 停用（{stop.reason}），{row['on']} {KINDS[row['kind']]}"
            found.append(of_row("held", row, text))
        if len(found) == most:
            break
    return found


def _holds(hold: LotHold, row: dict[str, Any]) -> bool:
    """Whether a hold forbade a movement; on the day of the hold itself nobody can tell."""
    until = hold.released_at.date() if hold.released_at else dt.date.max
    return hold.held_at.date() < row["on"] < until and hold.serial in ("", row["serial"])


def _not_received(scope: Scope, most: int) -> list[Contradiction]:
    return _one_sided(scope, most, received=False)


def _not_shipped(scope: Scope, most: int) -> list[Contradiction]:
    return _one_sided(scope, most, received=True)


def _one_sided(scope: Scope, most: int, *, received: bool) -> list[Contradiction]:
    """Deliveries between two firms that both keep records here, of which one side says more.

    ``received``: the receiver does. Compared over all days, so that no period cuts a delivery in two; what
    was recorded in the last days (TR-1) may still be answered, and a firm that began to record later is not
    blamed for what came before.
    """
    recorder, other = ("receive", "ship") if received else ("ship", "receive")
    verb, missing = ("收到", "发货") if received else ("发出", "收货")
    said = scope.ever().filter(kind=recorder, on__lt=scope.on - dt.timedelta(days_on_the_way()))
    everything = replace(scope, firm="", di="", lot="").ever()
    recording = everything.filter(firm_uscc__in=said.values("partner_uscc"))
    starts = dict(recording.values_list("firm_uscc").annotate(Min("on")))
    answers = replace(scope, firm="").ever().filter(kind=other, firm_uscc__in=list(starts))
    sums = answers.values_list("partner_uscc", "firm_uscc", "di", "lot").annotate(Sum("quantity"))
    answered = {tuple(key): total for *key, total in sums}
    found: list[Contradiction] = []
    for row in _deliveries(said.filter(partner_uscc__in=list(starts)), scope.since):
        key = (row["firm_uscc"], row["partner_uscc"], row["di"], row["lot"])
        gap = row["total"] - answered.get(key, 0)
        if gap <= 0 or row["first"] < starts[row["partner_uscc"]]:
            continue
        text = f"{verb} {row['total']}（{row['many']} 笔），对方登记{missing} {row['total'] - gap}"
        given = row | {"serial": "", "partner_name": "", "quantity": gap}
        found.append(of_row("not_shipped" if received else "not_received", given, text))
        if len(found) == most:
            break
    return found


def _deliveries(rows: QuerySet[Movement], since: dt.date) -> Iterable[dict[str, Any]]:
    """One row for each firm, partner and lot with a delivery since a day; the last one stands for all."""
    sums = rows.values("firm_uscc", "partner_uscc", "di", "lot").annotate(
        total=Sum("quantity"), first=Min("on"), last=Max("on"), many=Count("pk"), row=Max("pk"),
        named=Max("product_name"), office=Max("firm_office_code"), record=Max("record_no"),
    )  # fmt: skip
    for row in sums.filter(last__gte=since).order_by("-last", "firm_uscc", "row").iterator():
        yield row | {
            "pk": row["row"], "on": row["last"], "product_name": row["named"],
            "firm_office_code": row["office"], "record_no": row["record"],
        }  # fmt: skip


def _two_expiries(scope: Scope, most: int) -> list[Contradiction]:
    """One lot with more than one expiry date: who says which."""
    dated = scope.ever().exclude(expires_on=None).exclude(lot="")
    lots = dated.values("di", "lot").annotate(dates=Count("expires_on", distinct=True), last=Max("on"))
    lots = lots.filter(dates__gt=1, last__gte=scope.since).order_by("-last")
    wanted = {(row["di"], row["lot"]): row["last"] for row in lots[:most]}
    said = dated.filter(di__in={di for di, _ in wanted}, lot__in={lot for _, lot in wanted})
    by_lot: dict[tuple[str, str], dict[dt.date, dict[str, Any]]] = {}
    for row in said.order_by("-on", "-pk").values(*ROW, "expires_on").iterator():
        if (row["di"], row["lot"]) in wanted:
            by_lot.setdefault((row["di"], row["lot"]), {})[row["expires_on"]] = row
    found = []
    for rows in by_lot.values():
        text = "；".join(f"{on}（记录 {row['record_no']}）" for on, row in sorted(rows.items()))
        one = of_row("two_expiries", rows[max(rows)], f"有效期登记为 {text}", 0)
        pks, records = (tuple(row[name] for row in rows.values()) for name in ("pk", "record_no"))
        found.append(replace(one, rows=pks, records=records))
    return found


def _no_patient(scope: Scope, most: int) -> list[Contradiction]:
    rows = scope.lately().filter(Q(kind="implant"), patient="").order_by("-on", "pk")
    return [
        of_row("no_patient", row, "植入记录没有患者代号，追溯到不了患者") for row in rows.values(*ROW)[:most]
    ]


_FINDERS: dict[str, Finder] = {
    "oversold": _oversold, "expired": _expired, "registration": _registration, "held": _held,
    "not_received": _not_received, "not_shipped": _not_shipped, "two_expiries": _two_expiries,
    "no_patient": _no_patient,
}  # fmt: skip
