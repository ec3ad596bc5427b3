"""Two products on their way per office: from makers elsewhere over two distributors to three hospitals.

A reagent that wants the cold and a lens that stays in a patient. One delivery nobody has received yet, one
sale is more than was bought: what the pages of supply are for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from xiejian.cli.demo.accounts import Staffed, moment
from xiejian.kernel.divisions import stem
from xiejian.people.models import FirmUser
from xiejian.people.policy import SYSTEM
from xiejian.registry.models import Party
from xiejian.supply import files
from xiejian.supply.actions import Entry, record_movements
from xiejian.supply.files import CardEntry, PartnerEntry


@dataclass(frozen=True)
class Goods:
    """A product, its maker, and two lots: how long they keep."""

    card: CardEntry
    maker: str
    maker_code: str
    lots: tuple[tuple[str, int], ...]


GOODS = (
    Goods(
        CardEntry(
            di="06940001000019", product_name="糖化血红蛋白测定试剂盒", registration_no="苏械注准20202400915",
            management_class="2", unit="盒", packages=({"unit": "箱", "di": "", "factor": 20},),
            temperature_min=Decimal(2), temperature_max=Decimal(8),
        ),
        "江苏某诊断试剂有限公司", "91320100MA1XXXXX1B", (("20231102", 300), ("20230518", 40)),
    ),
    Goods(
        CardEntry(
            di="06940002000025", product_name="人工晶状体", registration_no="国械注准20193160288",
            management_class="3", unit="枚", packages=({"unit": "盒", "di": "", "factor": 10},),
            implantable=True,
        ),
        "上海某眼科器械有限公司", "91310115MA1XXXXX2A", (("RJ2307", 1200),),
    ),
)  # fmt: skip


def move_goods(staffed: Staffed) -> int:
    """Write what makers, distributors and hospitals recorded; how many movements."""
    dealers, hospitals = _some(staffed, "经营", 2), _some(staffed, "使用", 3)
    if not dealers or not hospitals:
        return 0
    entries = [
        entry
        for goods in GOODS
        for lot, keeps in goods.lots
        for entry in _of_lot(
            goods, _named(lot, staffed), staffed.today + timedelta(days=keeps), dealers, hospitals, staffed
        )
    ]
    at = moment(staffed.today)
    for dealer in dealers:
        for goods in GOODS:
            files.write_card(firm_uscc=dealer.uscc or "", entry=goods.card, by=SYSTEM, at=at)
            _know(dealer, goods.maker_code, goods.maker, "supplier", goods.card.management_class, staffed)
        for hospital in hospitals:
            _know(dealer, hospital.uscc or "", hospital.name, "buyer", "", staffed)
    return len(record_movements(entries=entries, by=SYSTEM, at=at, strict=False))


def _named(lot: str, staffed: Staffed) -> str:
    """A lot went to one office's firms only: what each office sees adds up."""
    return f"{lot}-{staffed.code[-2:]}"


def _some(staffed: Staffed, link: str, count: int) -> list[Party]:
    """Firms of a link with a credit code, those that have accounts first."""
    near = Party.objects.filter(office_code__startswith=stem(staffed.code), links__link=link, uscc__gt="")
    near = near.filter(name__contains="医院") if link == "使用" else near
    connected = set(FirmUser.objects.values_list("uscc", flat=True))
    return sorted(near.distinct(), key=lambda party: (party.uscc not in connected, party.pk))[:count]


def _know(
    firm: Party, uscc: str, name: str, kind: str, classes: str, staffed: Staffed
) -> None:  # fmt: skip
    """The firm's file of a partner; that of the first maker runs out soon."""
    soon = uscc == GOODS[0].maker_code
    entry = PartnerEntry(
        uscc=uscc, name=name, kind=kind, classes=classes,
        valid_until=staffed.today + timedelta(days=30 if soon else 900), checked_how="查验原件",
        checked_on=staffed.today - timedelta(days=200),
    )  # fmt: skip
    files.write_partner(firm_uscc=firm.uscc or "", entry=entry, by=SYSTEM, at=moment(staffed.today))


def _of_lot(
    goods: Goods, lot: str, until: date, dealers: list[Party], hospitals: list[Party], staffed: Staffed
) -> list[Entry]:
    """Made, handed on, received, used: both sides of each delivery under its number."""
    day = staffed.today - timedelta(days=45)
    entries = [_entry(goods, lot, until, goods.maker_code, "make", 400, day)]
    for n, dealer in enumerate(dealers):
        sent = day + timedelta(days=3 + n)
        paper = f"{lot}-{n + 1}"
        entries += _delivery(goods, lot, until, (goods.maker_code, goods.maker), dealer, 150, sent, paper)
    for n, hospital in enumerate(hospitals):
        dealer = dealers[n % len(dealers)]
        sent = staffed.today - timedelta(days=12 - 4 * n)
        seller = (dealer.uscc or "", dealer.name)
        found = _delivery(goods, lot, until, seller, hospital, 20 + 10 * n, sent, f"{lot}-H{n + 1}")
        # the last one is on its way
        entries += found if n < len(hospitals) - 1 else found[:1]
        if n == 0:
            entries.append(_entry(goods, lot, until, hospital.uscc or "", "use", 6, sent + timedelta(days=2)))
    if lot == _named(GOODS[0].lots[1][0], staffed):  # more sold than ever came
        first = dealers[0].uscc or ""
        entries.append(_entry(goods, lot, until, first, "ship", 140, staffed.today, partner_name="某门诊部"))
    return entries


def _delivery(
    goods: Goods, lot: str, until: date, seller: tuple[str, str], buyer: Party, quantity: int, on: date,
    paper: str,
) -> list[Entry]:  # fmt: skip
    code, name = seller
    sent = _entry(
        goods, lot, until, code, "ship", quantity, on, partner_uscc=buyer.uscc or "",
        partner_name=buyer.name, document_no=paper,
    )  # fmt: skip
    received = _entry(
        goods, lot, until, buyer.uscc or "", "receive", quantity, on + timedelta(days=1), partner_uscc=code,
        partner_name=name, document_no=paper,
    )  # fmt: skip
    return [sent, received]


def _entry(
    goods: Goods, lot: str, until: date, firm: str, kind: str, quantity: int, on: date, **more: str
) -> Entry:
    card = goods.card
    return Entry(
        firm_uscc=firm, kind=kind, di=card.di, lot=lot, quantity=quantity, on=on, expires_on=until,
        product_name=card.product_name, registration_no=card.registration_no, source="demo", **more,
    )  # fmt: skip
