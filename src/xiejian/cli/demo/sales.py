"""The sales desk of one firm of the demo: two sites, three regions, contracts as far as the data says."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from xiejian.cli.demo.accounts import Staffed, moment
from xiejian.cli.demo.firm_people import people_of
from xiejian.people.models import FirmUser
from xiejian.people.policy import SYSTEM
from xiejian.registry.models import Party
from xiejian.sales import collecting, contracting, delivering, pricing, serving, setting_up
from xiejian.sales.contracting import Called, Terms, Wanted
from xiejian.sales.delivering import Lot, Parcel
from xiejian.sales.models import Contract, Customer, Invoice, Item, Region, Site
from xiejian.sales.pricing import PriceLine
from xiejian.sales.setting_up import CustomerFacts, ItemFacts
from xiejian.supply.actions import Entry, record_movements

DATA = Path(__file__).with_name("data") / "sales.toml"
LOGINS = {
    "admin": "firm_admin", "head": "firm_head", "sales": "firm_sales", "sales2": "firm_sales",
    "store": "firm_store",
}  # fmt: skip
#: how far a contract may come, in order
STAGES = ("draft", "submitted", "reviewed", "approved", "shipment", "invoiced", "collected")
IN_STOCK = 100_000


def open_sales(staffed: Staffed) -> int:
    """Set up the desk and live its contracts; how many. Nothing for the other offices."""
    with DATA.open("rb") as file:
        data = tomllib.load(file)
    if data["office"] != staffed.key:
        return 0
    sellers = Party.objects.filter(office_code__startswith=staffed.code, links__link="经营", status="正常")
    desk = _Desk(sellers.exclude(uscc=None).order_by("uscc")[0], staffed, data)
    for entry in data["contract"]:
        desk.contract(entry)
    desk.serve()
    return len(data["contract"])


class _Desk:
    """The firm with its people, items and customers by name."""

    def __init__(self, party: Party, staffed: Staffed, data: dict[str, Any]) -> None:
        self.firm, self.today, self.data = str(party.uscc), staffed.today, data
        self.actors = people_of(party, LOGINS, staffed)
        self.opened = self.today - timedelta(days=200)
        self.users = {user.username: user for user in FirmUser.objects.filter(uscc=self.firm)}
        act = self.act("admin", self.opened)
        for site in data["site"]:
            people = [self.users[name] for name in site["people"]]
            setting_up.open_site(
                name=site["name"], people=people, approves_special=site.get("approves_special", False), **act
            )
        self.sites = {row.name: row for row in Site.objects.filter(firm_uscc=self.firm)}
        for region in data["region"]:
            setting_up.open_region(
                name=region["name"], site=self.sites[region["site"]], manager=self.users[region["manager"]],
                month_target_fen=region["target"] * 100, **act,
            )  # fmt: skip
        self.regions = {row.name: row for row in Region.objects.filter(firm_uscc=self.firm)}
        self.items = {entry["code"]: self._item(entry, act) for entry in data["item"]}
        self.customers = {entry["name"]: self._customer(entry, act) for entry in data["customer"]}
        self._prices()
        self._stock()

    def act(self, login: str, on: date, hour: int = 2) -> dict[str, Any]:
        return {"by": self.actors[login], "at": moment(on, hour=hour)}

    def _item(self, entry: dict[str, Any], act: dict[str, Any]) -> Item:
        di = entry.get("di", "")
        names = {name: entry[name] for name in ("code", "name", "group", "unit")}
        facts = ItemFacts(**names, di=di, has_batch=bool(di), has_expiry=bool(di))
        return setting_up.register_item(item=facts, **act)

    def _customer(self, entry: dict[str, Any], act: dict[str, Any]) -> Customer:
        facts = CustomerFacts(
            entry["name"], entry["uscc"], payment_days=entry["days"], credit_limit_fen=entry.get("limit"),
            licence_until=self.today + timedelta(days=400), licence_checked_on=self.opened,
        )  # fmt: skip
        return setting_up.register_customer(customer=facts, region=self.regions[entry["region"]], **act)

    def _prices(self) -> None:
        lines = [PriceLine(self.items[e["code"]], e["price"], e["floor"]) for e in self.data["item"]]
        act = self.act("sales", self.opened)
        made = pricing.draft_price_list(name="全国统一价", from_on=self.opened, prices=lines, **act)
        pricing.adopt_price_list(price_list=made, **self.act("head", self.opened))

    def _stock(self) -> None:
        """What the store begins with: the system's own entry, as a firm brings in its old books."""
        goods = [entry for entry in self.data["item"] if entry.get("di")]
        record_movements(
            entries=[
                Entry(
                    firm_uscc=self.firm, kind="receive", di=e["di"], quantity=IN_STOCK, on=self.opened,
                    lot=e["lot"], partner_name="期初库存", product_name=e["name"], source="demo",
                    expires_on=self.today + timedelta(days=500),
                )
                for e in goods
            ],
            by=SYSTEM, at=moment(self.opened), strict=False,
        )  # fmt: skip

    # ---- contracts ----------------------------------------------------------------------------------

    def contract(self, entry: dict[str, Any]) -> None:
        """One contract from its draft as far as it came, a day or two for each step."""
        on, item = self.today - timedelta(days=entry["days_ago"]), self.items[entry["item"]]
        customer = self.customers[entry["customer"]]
        days = entry.get("days", customer.payment_days)
        terms = Terms(entry["title"], days, on, on + timedelta(days=365))
        contract = contracting.draft_contract(
            customer=customer, site=customer.region.site, contract_terms=terms,
            lines=[Wanted(item, entry["quantity"], entry["price"])], **self.act("sales", on),
        )  # fmt: skip
        came = STAGES.index(entry["until"])
        contract = self._decide(contract, came, on)
        if came >= STAGES.index("shipment"):
            invoice = self._deliver(contract, item, entry, on + timedelta(days=3))
            if invoice and came >= STAGES.index("invoiced"):
                self._collect(contract, invoice, entry, came)

    def _decide(self, contract: Contract, came: int, on: date) -> Contract:
        if came >= STAGES.index("submitted"):
            contract = contracting.submit_contract(contract=contract, **self.act("sales", on, 3))
        if came >= STAGES.index("reviewed"):
            contract = contracting.review_contract(
                contract=contract, opinion="条款、价格、资质已核对", **self.act("admin", on, 4)
            )
        if came < STAGES.index("approved"):
            return contract
        if contract.special:
            return contracting.approve_special(
                contract=contract, opinion="同意", **self.act("head", on + timedelta(days=1))
            )
        return contracting.approve_contract(contract=contract, **self.act("sales2", on + timedelta(days=1)))

    def _deliver(self, contract: Contract, item: Item, entry: dict[str, Any], on: date) -> Invoice | None:
        """Signed, ordered and planned; sent and invoiced where the data says so."""
        act = self.act("sales", on)
        contract = contracting.sign_contract(contract=contract, on=on, signed_by="设备科", **act)
        half = entry["quantity"] // 2 if entry["until"] != "collected" else entry["quantity"]
        order = contracting.place_order(contract=contract, on=on, lines=[Called(item, half)], **act)
        sent = delivering.plan_shipment(
            order=order, on=on, lines=[Parcel(item, half)], carrier="自有车辆", **act
        )
        if entry["until"] == "shipment":
            return None
        lot = next(e["lot"] for e in self.data["item"] if e["code"] == item.code)
        later = on + timedelta(days=1)
        sent = delivering.confirm_shipment(
            shipment=sent, on=later, lots=[Lot(item, half, lot)], **self.act("store", later)
        )
        sent = delivering.deliver_shipment(
            shipment=sent, on=later + timedelta(days=2), receiver="库管员",
            **self.act("sales", later + timedelta(days=2)),
        )  # fmt: skip
        day = later + timedelta(days=3)
        return collecting.issue_invoice(shipment=sent, on=day, **self.act("sales", day))

    def _collect(self, contract: Contract, invoice: Invoice, entry: dict[str, Any], came: int) -> None:
        on = self.today - timedelta(days=0 if entry["paid"] < 100 else 60)
        if amount := invoice.total_fen * entry["paid"] // 100:
            paid = collecting.record_payment(
                customer=invoice.customer,
                on=on,
                amount_fen=amount,
                method="银行转账",
                **self.act("sales", on),
            )
            collecting.allocate_payment(payment=paid, **self.act("sales", on, 3))
        else:
            collecting.note_collection(
                customer=invoice.customer, invoice=invoice, on=on, how="电话", text="财务科答复月底前付款",
                promised_on=self.today + timedelta(days=10), **self.act("sales2", on),
            )  # fmt: skip
        if came == STAGES.index("collected"):
            contracting.close_contract(contract=contract, on=on, **self.act("sales", on, 4))

    def serve(self) -> None:
        """One service that waits for its visit."""
        on = self.today - timedelta(days=3)
        ticket = serving.open_ticket(
            customer=self.customers["成都锦城医院"], kind="维修", content="输液泵报警，要求上门检查", on=on,
            wanted_on=self.today + timedelta(days=2), **self.act("sales", on),
        )  # fmt: skip
        serving.assign_ticket(ticket=ticket, to=self.users["sales2"], **self.act("sales", on, 3))
