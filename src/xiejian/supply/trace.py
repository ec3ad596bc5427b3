"""追溯: one lot followed from whoever made it to everybody who has it, and back.

``trace`` reads the movements that the actor may see, sums them in the database and leaves the arithmetic
to ``flows``. An officer sees what the firms of the area recorded: of a firm elsewhere only what these
name. A firm sees its own records, and by them whom it bought from and sold to.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from django.db.models import Count, Max, Min, QuerySet, Sum

from xiejian.kernel.problems import Catalogue, Refused
from xiejian.numbers import udi
from xiejian.people.models import FirmUser
from xiejian.people.numbering import signing_offices
from xiejian.people.policy import Actor, visible
from xiejian.registry.models import Party
from xiejian.supply.flows import RETURN, Account, Edge, Flow, Node, account, is_code, key_name, partner_key
from xiejian.supply.models import BETWEEN_FIRMS, Movement
from xiejian.supply.queries import movements
from xiejian.supply.trace_rules import days_on_the_way

problems = Catalogue(Path(__file__).with_name("problems.toml"))
GTIN_DIGITS, SHORT_GTINS = 14, (8, 12, 13)
TO_PATIENTS = ("use", "implant")
#: What a node or an edge may be marked with.
MARKS = {
    "negative": "出多于进", "two_expiries": "有效期不一", "circle": "循环往来", "no_records": "无记录",
    "outside": "记录不可见", "differs": "两边不符", "one_sided": "仅一方登记", "in_transit": "在途",
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What is to be followed."""

    di: str
    lot: str = ""
    serial: str = ""

    @property
    def words(self) -> str:
        """What is followed, for people."""
        lot, serial = self.lot and f"批号 {self.lot}", self.serial and f"序列号 {self.serial}"
        return "，".join(part for part in (f"产品标识 {self.di}", lot, serial) if part)


@dataclass(frozen=True)
class Firm:
    """Who stands behind a key of the account. ``outside``: whoever asks may not see its own records."""

    key: str
    name: str
    office_code: str = ""
    #: the name of the office in charge, empty where the register does not have the firm
    office: str = ""
    party: int | None = None
    outside: bool = False

    @property
    def uscc(self) -> str:
        return self.key if is_code(self.key) else ""


@dataclass(frozen=True)
class Patient:
    """One patient whom the lot reached: the hospital's token, never a name."""

    firm: str
    token: str
    serial: str
    kind: str
    quantity: int
    on: dt.date


@dataclass(frozen=True)
class Gap:
    """A part of what is unaccounted: at one firm (``keys`` of one) or between two."""

    keys: tuple[str, ...]
    quantity: int
    mark: str
    text: str


@dataclass(frozen=True)
class Trace:
    """The answer: the account with names. ``party``: the firm whose up- and downstream alone is shown."""

    asked: Asked
    party: str
    on: dt.date
    account: Account
    firms: Mapping[str, Firm]
    patients: tuple[Patient, ...]
    product_name: str
    registration_no: str
    #: movements behind it
    rows: int

    @cached_property
    def usual_expiry(self) -> dt.date | None:
        """The expiry date that most firms record."""
        said = Counter(day for node in self.account.nodes.values() for day in node.expiries)
        return min(said, key=lambda day: (-said[day], day), default=None)

    @property
    def holders(self) -> list[Node]:
        """Who still has some, the most first."""
        held = [node for node in self.account.nodes.values() if node.on_hand > 0]
        return sorted(held, key=lambda node: (-node.on_hand, node.key))

    @property
    def gaps(self) -> list[Gap]:
        """What ``unaccounted`` consists of, the largest first."""
        between = [_between(self, edge) for edge in self.account.edges if edge.gap]
        at = [_at(self, node) for node in self.account.nodes.values() if node.adjusted]
        return sorted(between + at, key=lambda gap: (-abs(gap.quantity), gap.keys))

    def name(self, key: str) -> str:
        return self.firms[key].name

    def node_marks(self, node: Node) -> list[str]:
        """Ids of MARKS."""
        marks = {
            "negative": node.on_hand < 0,
            "two_expiries": not node.expiries <= {self.usual_expiry},
            "circle": node.in_circle,
            "outside": self.firms[node.key].outside,
            "no_records": not node.recorded and not self.firms[node.key].outside,
        }
        return [mark for mark, holds in marks.items() if holds]

    def edge_mark(self, edge: Edge) -> str:
        """The id of MARKS that this edge carries, if any."""
        if edge.gap is None:
            return "one_sided"
        if edge.gap == 0:
            return ""
        waits = edge.gap > 0 and (self.on - edge.last_on).days <= days_on_the_way()
        return "in_transit" if waits else "differs"

    def as_json(self) -> dict[str, Any]:
        """The answer of the contract; quantities are least sale units."""
        found = self.account
        reached = Counter(firm for firm, _ in {(p.firm, p.token) for p in self.patients})
        return {
            **vars(self.asked), "party": self.party or None,
            "on": self.on, "product_name": self.product_name, "registration_no": self.registration_no,
            "movements": self.rows,
            "nodes": [_node_json(self, node, reached[node.key]) for node in found.nodes.values()],
            "edges": [_edge_json(self, edge) for edge in found.edges],
            "holders": [_holder_json(self, node) for node in self.holders],
            "patients": [vars(patient) | {"uscc": patient.firm} for patient in self.patients],
            "entered": found.entered, "accounted": found.accounted, "unaccounted": found.unaccounted,
            "unconfirmed": found.unconfirmed,
            "gaps": [vars(gap) for gap in self.gaps],
            "expiries": found.expiries,
        }  # fmt: skip


def asked(code: str, *, di: str = "", lot: str = "", serial: str = "", on: dt.date) -> Asked:
    """What a scanned code and the fields beside it ask for; a field goes before the code.

    Refused: a code in which there is no product identifier (SU504).
    """
    lot, serial = lot.strip(), serial.strip()
    if not code.strip():
        return Asked(_whole_di(di.strip()), lot, serial)
    read = udi.read(code, on=on)
    if not (di or read.di):
        fault = read.problem
        raise Refused(
            problems("SU504", code, text=code, what=f"产品标识{f'：{fault.message}' if fault else ''}")
        )
    return Asked(_whole_di(di.strip()) or read.di or "", lot or read.lot or "", serial or read.serial or "")


def _whole_di(di: str) -> str:
    """A GTIN as the national database keeps it, with 14 digits; any other identifier as given."""
    return di.zfill(GTIN_DIGITS) if di.isdecimal() and len(di) in SHORT_GTINS else di


def trace(actor: Actor | None, asked_for: Asked, *, party: str = "", on: dt.date) -> Trace:
    """Follow one lot, or one serial number, through the movements up to ``on`` that ``actor`` may see.

    ``party``: only what lies up- and downstream of the firm of this credit code. Refused: neither lot nor
    serial number (SU501), no movement (SU502), the firm has no part in it (SU503).
    """
    if not asked_for.di or not (asked_for.lot or asked_for.serial):
        raise Refused(problems("SU501"))
    rows = rows_of(actor, asked_for, on)
    found = _sums(rows)
    if not found.flows:
        raise Refused(problems("SU502", what=asked_for.words))
    whole = account(found.flows)
    if party and party not in whole.nodes:
        raise Refused(problems("SU503", party, what=asked_for.words, party=party))
    shown = whole.part(party) if party else whole
    return Trace(
        asked_for, party, on, shown, _firms(actor, shown, found), _patients(rows, shown),
        found.product_name, found.registration_no, sum(flow.rows for flow in found.flows),
    )  # fmt: skip


def rows_of(actor: Actor | None, asked_for: Asked, on: dt.date) -> QuerySet[Movement]:
    """The movements of one lot or serial number that ``actor`` may see, up to a day."""
    rows = movements(actor).filter(di=asked_for.di, voided=False, on__lte=on).order_by()
    if asked_for.lot:
        rows = rows.filter(lot=asked_for.lot)
    return rows.filter(serial=asked_for.serial) if asked_for.serial else rows


def lots(actor: Actor | None, di: str, on: dt.date) -> QuerySet[Movement, dict[str, Any]]:
    """The lots of one product that ``actor`` may see: lot, movements, last day, the newest first."""
    rows = rows_of(actor, Asked(di), on).exclude(lot="")
    return rows.values("lot").annotate(rows=Count("pk"), last_on=Max("on")).order_by("-last_on", "lot")


@dataclass
class _Sums:
    """The movements summed, with what they say of firms and product."""

    flows: list[Flow] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # partner's key → as its partners wrote it
    offices: dict[str, str] = field(default_factory=dict)  # recording firm → office in charge
    product_name: str = ""
    registration_no: str = ""


def _sums(rows: QuerySet[Movement]) -> _Sums:
    """One query: a row for each firm, kind and partner."""
    summed = rows.values_list("firm_uscc", "kind", "partner_uscc", "partner_name").annotate(
        Sum("quantity"), Min("on"), Max("on"), Count("pk"), Min("expires_on"), Max("expires_on"),
        Max("firm_office_code"), Max("product_name"), Max("registration_no"),
    )  # fmt: skip
    found = _Sums()
    for firm, kind, partner, name, *sums, office, product, number in summed:
        key = partner_key(kind, partner, name) if kind in BETWEEN_FIRMS else ""
        found.flows.append(Flow(firm, kind, key, *sums))
        found.offices[firm] = max(found.offices.get(firm, ""), office)
        found.names[key] = max(found.names.get(key, ""), name)
        found.product_name = max(found.product_name, product)
        found.registration_no = max(found.registration_no, number)
    return found


def _firms(actor: Actor | None, shown: Account, sums: _Sums) -> dict[str, Firm]:
    """Who they are: by the register as far as ``actor`` sees it, else as the records name them."""
    codes = [key for key in shown.nodes if is_code(key)]
    parties = visible(Party.objects.filter(uscc__in=codes), actor, firm="uscc")
    known = {row[0]: row for row in parties.values_list("uscc", "name", "office_code", "pk")}
    unnamed = [k for k in sums.offices if k in shown.nodes and k not in known and not sums.names.get(k)]
    accounts = dict(FirmUser.objects.filter(uscc__in=unnamed).values_list("uscc", "firm_name"))
    offices = {row[2] for row in known.values()} | set(sums.offices.values())
    signing = signing_offices(offices - {""}) | {"": ""}
    bounded = actor is not None and actor.role != "system"
    firms = {}
    for key, node in shown.nodes.items():
        if key in known:
            _, name, office, party = known[key]
            firms[key] = Firm(key, name, office, signing[office], party)
        else:
            name = key_name(key) or sums.names.get(key) or accounts.get(key) or key
            office, outside = sums.offices.get(key, ""), bounded and is_code(key) and not node.recorded
            firms[key] = Firm(key, name, office, signing[office], outside=outside)
    return firms


def _patients(rows: QuerySet[Movement], shown: Account) -> tuple[Patient, ...]:
    firms = [node.key for node in shown.nodes.values() if node.used or node.implanted]
    if not firms:
        return ()
    reached = rows.filter(kind__in=TO_PATIENTS, firm_uscc__in=firms).exclude(patient="")
    summed = reached.values_list("firm_uscc", "patient", "serial", "kind").annotate(
        Sum("quantity"), Min("on")
    )
    return tuple(Patient(*row) for row in summed.order_by("firm_uscc", "patient", "serial", "kind"))


# --- in words ----------------------------------------------------------------------------------------------


def _between(found: Trace, edge: Edge) -> Gap:
    verb = "退回" if edge.way == RETURN else "发出"
    names = f"{found.name(edge.sender)} → {found.name(edge.receiver)}"
    gap, mark = edge.gap or 0, found.edge_mark(edge)
    text = f"{names}：{verb} {edge.shipped}，登记收到 {edge.received}，"
    if mark == "in_transit":
        text += f"{gap} 在途（最近一次 {edge.last_on}）"
    else:
        text += f"{gap} 没有收货记录" if gap > 0 else f"多收 {-gap}，没有发货记录"
    return Gap((edge.sender, edge.receiver), gap, mark, text)


def _at(found: Trace, node: Node) -> Gap:
    said = (
        f"盘盈 {node.adjusted}，来源没有记录" if node.adjusted > 0 else f"盘亏 {-node.adjusted}，去向没有记录"
    )
    return Gap((node.key,), -node.adjusted, "", f"{found.name(node.key)}：{said}")


def _node_json(found: Trace, node: Node, patients: int) -> dict[str, Any]:
    firm = found.firms[node.key]
    return {
        "uscc": firm.uscc or None, "name": firm.name, "office_code": firm.office_code, "office": firm.office,
        "recorded": node.recorded, "layer": node.layer, "made": node.made, "received": node.received,
        "returned_in": node.returned_in, "shipped": node.shipped, "returned_out": node.returned_out,
        "used": node.used, "implanted": node.implanted, "destroyed": node.destroyed, "lost": node.lost,
        "adjusted": node.adjusted, "on_hand": node.on_hand, "entered": node.entered,
        "patients": patients, "expiries": sorted(node.expiries), "marks": found.node_marks(node),
    }  # fmt: skip


def _end(found: Trace, key: str) -> str:
    """An end of an edge: the credit code, else the name."""
    return found.firms[key].uscc or found.name(key)


def _edge_json(found: Trace, edge: Edge) -> dict[str, Any]:
    return {
        "from": _end(found, edge.sender), "to": _end(found, edge.receiver), "kind": edge.way,
        "from_name": found.name(edge.sender), "to_name": found.name(edge.receiver),
        "shipped": edge.shipped, "received": edge.received, "gap": edge.gap, "first_on": edge.first_on,
        "last_on": edge.last_on, "movements": edge.rows, "mark": found.edge_mark(edge),
    }  # fmt: skip


def _holder_json(found: Trace, node: Node) -> dict[str, Any]:
    firm = found.firms[node.key]
    return {
        "uscc": firm.uscc or None, "name": firm.name, "quantity": node.on_hand, "confirmed": node.recorded,
        "office_code": firm.office_code, "office": firm.office,
    }  # fmt: skip
