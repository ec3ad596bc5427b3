"""One record of every kind of the sales desk, straight into its tables: for pages that name a record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.files.base import ContentFile

from moment import NOW
from xiejian.registry.models import Party
from xiejian.sales import models as sold

TODAY = NOW.date()


def _customer(party: Party) -> sold.Customer:
    firm = party.uscc
    site, _ = sold.Site.objects.get_or_create(firm_uscc=firm, name=f"{party.name}营销中心")
    region, _ = sold.Region.objects.get_or_create(firm_uscc=firm, name="东区", site=site)
    return sold.Customer.objects.get_or_create(
        firm_uscc=firm, number="KH1",
        defaults={"name": f"{party.name}的客户", "region": region, "made_at": NOW, "uscc": firm},
    )[0]  # fmt: skip


def _item(party: Party) -> sold.Item:
    return sold.Item.objects.get_or_create(
        firm_uscc=party.uscc, code="A1", defaults={"name": f"{party.name}输液器"}
    )[0]


def _row(model: Any, party: Party, number: str, state: str, **facts: Any) -> Any:
    found = {"state": state, "made_at": NOW, "by_name": party.name, **facts}
    return model.objects.get_or_create(firm_uscc=party.uscc, number=number, defaults=found)[0]


def contract(party: Party) -> sold.Contract:
    customer = _customer(party)
    made = _row(
        sold.Contract, party, "HT1", "draft", customer=customer, site=customer.region.site,
        title=f"{party.name}合同", payment_days=30, starts_on=TODAY, ends_on=TODAY, total_fen=300,
        written_by="x",
    )  # fmt: skip
    made.lines.get_or_create(item=_item(party), quantity=3, price_fen=100)
    return made


def contract_file(party: Party) -> sold.ContractFile:
    found = contract(party).files.first()
    if found is None:
        found = sold.ContractFile(
            firm_uscc=party.uscc, contract=contract(party), name="合同.pdf", sha256=party.uscc, size=4, at=NOW
        )
        found.file.save("sales/contract.pdf", ContentFile(b"%PDF"))
    return found


def order(party: Party) -> sold.Order:
    made = _row(
        sold.Order, party, "DD1", "placed", customer=_customer(party), contract=contract(party),
        ordered_on=TODAY, total_fen=300,
    )  # fmt: skip
    made.lines.get_or_create(item=_item(party), quantity=3, price_fen=100)
    return made


def shipment(party: Party) -> sold.Shipment:
    made = _row(
        sold.Shipment, party, "FH1", "shipped", customer=_customer(party), order=order(party),
        planned_on=TODAY, shipped_on=TODAY, total_fen=300,
    )  # fmt: skip
    made.lines.get_or_create(item=_item(party), quantity=3, price_fen=100, lot="L1")
    return made


def invoice(party: Party) -> sold.Invoice:
    return _row(
        sold.Invoice, party, "FP1", "issued", customer=_customer(party), shipment=shipment(party),
        issued_on=TODAY, due_on=TODAY, total_fen=300,
    )  # fmt: skip


def payment(party: Party) -> sold.Payment:
    made = _row(
        sold.Payment, party, "HK1", "open", customer=_customer(party), received_on=TODAY, amount_fen=500,
        method="现金",
    )  # fmt: skip
    made.allocations.get_or_create(invoice=invoice(party), amount_fen=1, at=NOW)
    return made


def ticket(party: Party) -> sold.ServiceTicket:
    return _row(
        sold.ServiceTicket, party, "FW1", "opened", customer=_customer(party), kind="维修",
        content=f"{party.name}不通电", opened_on=TODAY,
    )  # fmt: skip


def goods_return(party: Party) -> sold.GoodsReturn:
    return _row(
        sold.GoodsReturn, party, "TH1", "asked", customer=_customer(party), shipment=shipment(party),
        asked_on=TODAY, reason="破损",
    )  # fmt: skip


def price_list(party: Party) -> sold.PriceList:
    made = _row(
        sold.PriceList, party, "JG1", "draft", name=f"{party.name}价格", from_on=TODAY, written_by="x"
    )
    made.prices.get_or_create(item=_item(party), price_fen=100, floor_fen=80)
    return made


def price_exception(party: Party) -> sold.PriceException:
    return _row(
        sold.PriceException, party, "JL1", "asked", customer=_customer(party), item=_item(party),
        price_fen=70, quantity=1, until_on=TODAY, reason=f"{party.name}投标", asked_by="x",
    )  # fmt: skip


_MAKERS: dict[str, Callable[[Party], Any]] = {
    "firm_customer": _customer, "firm_customer_change": _customer, "firm_contract": contract,
    "firm_contract_change": contract, "firm_contract_file": contract_file,
    "firm_order": order, "firm_shipment": shipment,
    "firm_invoice": invoice, "firm_payment": payment, "firm_ticket": ticket, "firm_return": goods_return,
    "firm_price_list": price_list, "firm_price_exception": price_exception,
}  # fmt: skip
#: URL name → the arguments of the page of such a record of this party
SOLD: dict[str, Callable[[Party], dict[str, Any]]] = {
    name: lambda party, make=make: {"pk": make(party).pk} for name, make in _MAKERS.items()
}
