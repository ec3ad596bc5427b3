"""Files of movements: read, loaded once, amended, marked; nothing lost."""

from __future__ import annotations

import json

import pytest

from moment import NOW
from small_register import STATION, party
from xiejian.kernel.problems import Refused
from xiejian.kernel.tabular import write_xlsx
from xiejian.people.policy import SYSTEM, Actor
from xiejian.supply import epcis
from xiejian.supply.importing import import_movements
from xiejian.supply.models import Movement, ProductCard

MAKER, DEALER = "91330200000000001X", "91330200000000002Y"
ROW = {
    "登记单位信用代码": DEALER, "类型": "购进验收", "日期": "2024-03-01", "产品标识": "06972253600013",
    "批号": "A1", "数量": 10, "往来单位信用代码": MAKER, "往来单位": "甲厂", "有效期至": "2025-01-01",
    "记录编号": "R1",
}  # fmt: skip
SALE = {"类型": "销售出库", "往来单位信用代码": "91330200000000003Q", "记录编号": "S1"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def load(tmp_path):
    """Imports rows given as changes to an ordinary one; the answer."""

    def take(*rows, by: Actor = SYSTEM, name: str = "记录.xlsx"):
        path = tmp_path / name
        full = [{**ROW, **row} for row in rows]
        headings = list(dict.fromkeys(h for row in full for h in row))
        write_xlsx(path, "记录", headings, ([row.get(h) for h in headings] for row in full))
        return import_movements(path=path, by=by, at=NOW)

    return take


@pytest.fixture
def load_events(tmp_path):
    def take(*events):
        path = tmp_path / "events.json"
        document = {
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "epcisBody": {"eventList": list(events)},
        }
        path.write_text(json.dumps(document))
        return import_movements(path=path, by=SYSTEM, at=NOW)

    return take


def stored() -> list[tuple[str, int, list[str]]]:
    rows = Movement.objects.filter(voided=False).order_by("record_no")
    return [(row.record_no, row.quantity, row.mark_list) for row in rows]


def codes(outcome) -> list[str]:
    return [problem["code"] for problem in outcome.problems]


class TestAFile:
    def test_comes_in_once(self, load):
        first, again = load({}), load({})
        assert (first.loaded, again.loaded, again.unchanged) == (1, 0, 1)

    def test_without_record_numbers_comes_in_once_too_with_both_of_two_equal_rows(self, load):
        rows = [{"记录编号": ""}, {"记录编号": ""}]
        assert [load(*rows).loaded, load(*rows).loaded] == [2, 0]

    def test_that_says_otherwise_amends_and_keeps_the_old_row(self, load):
        load({})
        load({"数量": 8})
        new = Movement.objects.get(voided=False)
        assert (new.quantity, new.amends.quantity, new.amends.voided) == (8, 10, True)

    def test_does_not_bring_back_what_was_struck(self, load):
        load({})
        Movement.objects.update(voided=True)
        assert (load({}).unchanged, stored()) == (1, [])

    def test_with_one_number_for_two_things_returns_the_second(self, load):
        outcome = load({}, {"数量": 8})
        assert (outcome.loaded, codes(outcome)) == (1, ["SU402"])

    @pytest.mark.parametrize(
        ("row", "code"),
        [
            ({"日期": "2024-03-06"}, "K506"),
            ({"数量": "半箱"}, "SU102"),
            ({"数量": -3}, "SU102"),
            ({"类型": "赠送"}, "K502"),
            ({"批号": ""}, "SU104"),
            ({"往来单位信用代码": DEALER}, "SU105"),
            ({"唯一标识": "hello"}, "N204"),
        ],
    )
    def test_returns_what_cannot_be_meant(self, load, row, code):
        assert codes(load(row)) == [code]

    def test_may_give_the_scanned_code_alone(self, load):
        load({"产品标识": "", "批号": "", "有效期至": "", "唯一标识": "(01)06972253600013(17)260930(10)B7"})
        row = Movement.objects.get()
        assert (row.di, row.lot, str(row.expires_on)) == ("06972253600013", "B7", "2026-09-30")

    def test_counts_packages_in_least_units(self, load):
        ProductCard.objects.create(
            firm_uscc=DEALER, di=ROW["产品标识"], product_name="晶体", unit="支", source="form",
            packages=[{"di": "", "unit": "箱", "factor": 20}],
        )  # fmt: skip
        load({"单位": "箱"})
        assert Movement.objects.get().quantity == 200


class TestALot:
    def test_of_which_more_went_than_came_is_marked_where_it_went(self, load):
        load({}, {**SALE, "数量": 11})
        assert "oversold" in dict((number, marks) for number, _, marks in stored())["S1"]

    def test_loses_the_mark_when_the_missing_delivery_comes_in(self, load):
        load({**SALE, "数量": 11})
        load({"数量": 11})
        assert not any("oversold" in marks for _, _, marks in stored())

    def test_with_two_expiries_is_marked_on_both_rows(self, load):
        load({}, {"记录编号": "R2", "有效期至": "2025-02-01"})
        assert all("two_expiries" in marks for _, _, marks in stored())

    def test_loses_that_mark_when_the_slip_is_mended(self, load):
        load({}, {"记录编号": "R2", "有效期至": "2025-02-01"})
        load({"记录编号": "R2"})
        assert not any("two_expiries" in marks for _, _, marks in stored())

    def test_that_is_expired_comes_in_marked(self, load):
        load({"有效期至": "2024-02-01"})
        assert "expired" in Movement.objects.get().mark_list


class TestWhoseRows:
    def test_a_firm_loads_its_own_without_naming_itself(self, load):
        load({"登记单位信用代码": ""}, by=Actor("x", "库管", "firm", "firm_store", DEALER))
        assert Movement.objects.get().firm_uscc == DEALER

    def test_a_firm_loads_no_other_firms(self, load):
        assert codes(load({}, by=Actor("x", "库管", "firm", "firm_store", MAKER))) == ["SU401"]

    def test_an_officer_loads_those_of_the_area(self, load, officer):
        party("经营企业", uscc=DEALER)
        load({}, by=officer)
        assert Movement.objects.get().firm_office_code == STATION

    def test_an_officer_loads_none_of_a_firm_that_the_register_does_not_know(self, load, officer):
        assert codes(load({}, by=officer)) == ["SU401"]

    def test_an_inspector_loads_none(self, load, inspector):
        with pytest.raises(Refused):
            load({}, by=inspector)


EVENT = {
    "type": "ObjectEvent", "eventID": "urn:uuid:1", "eventTime": "2024-03-01T10:00:00+08:00",
    "eventTimeZoneOffset": "+08:00", "action": "OBSERVE", "bizStep": "receiving",
    "sourceList": [{"type": "owning_party", "source": f"urn:uscc:{MAKER}"}],
    "destinationList": [{"type": "owning_party", "destination": f"urn:uscc:{DEALER}"}],
    "quantityList": [{"epcClass": "https://id.gs1.org/01/06972253600013/10/A1", "quantity": 10}],
}  # fmt: skip


class TestAnEpcisDocument:
    def test_is_read_as_movements(self, load_events):
        load_events(EVENT)
        row = Movement.objects.get()
        assert (row.kind, row.firm_uscc, row.partner_uscc, row.lot, row.quantity, row.source) == (
            "receive", DEALER, MAKER, "A1", 10, "epcis",
        )  # fmt: skip

    def test_read_again_loads_nothing(self, load_events):
        load_events(EVENT)
        assert load_events(EVENT).unchanged == 1

    def test_leaves_out_what_changes_no_stock_and_says_so(self, load_events):
        outcome = load_events(EVENT, {"type": "AggregationEvent"}, {**EVENT, "bizStep": "packing"})
        assert outcome.skipped_sheets == [
            "AggregationEvent 1 个，不改变库存，未入账", "packing 1 个，不改变库存，未入账",
        ]  # fmt: skip

    def test_written_and_read_again_is_the_same(self, load, load_events):
        load({}, {**SALE, "数量": 3, "序列号": ""}, {"类型": "盘点", "数量": -2, "记录编号": "C1"})
        rows = Movement.objects.order_by("id")
        document = epcis.document(rows, NOW)
        assert load_events(*document["epcisBody"]["eventList"]).as_json()["unchanged"] == 3


def only_row(event: dict) -> tuple[dict, list[str]]:
    """The one row of a document of one event, with the problems it carries."""
    document = {"type": "EPCISDocument", "schemaVersion": "2.0", "epcisBody": {"eventList": [event]}}
    (row,) = epcis.table_of(document).rows()
    return row.values, [problem.message for problem in row.faults]


class TestAnEvent:
    @pytest.mark.parametrize(
        "epc",
        [
            "https://id.gs1.org/01/06972253600013/10/A1",
            "urn:epc:class:lgtin:697225360.0001.A1",
        ],
    )
    def test_names_product_and_lot_in_either_writing(self, epc):
        values, _ = only_row({**EVENT, "quantityList": [{"epcClass": epc, "quantity": 2}]})
        assert (values["产品标识"], values["批号"]) == ("06972253600013", "A1")

    def test_names_devices_by_their_serial_numbers(self):
        devices = {"quantityList": [], "epcList": ["urn:epc:id:sgtin:697225360.0001.S1"]}
        values, _ = only_row({**EVENT, **devices})
        assert (values["序列号"], values["数量"]) == ("S1", 1)

    @pytest.mark.parametrize(
        ("given", "kind"),
        [
            ({}, "购进验收"),
            ({"bizStep": "https://ref.gs1.org/cbv/BizStep-shipping"}, "销售出库"),
            ({"bizStep": "urn:epcglobal:cbv:bizstep:shipping", "disposition": "returned"}, "购进退出"),
            ({"disposition": "returned"}, "销后退回"),
            ({"bizStep": "commissioning", "action": "ADD"}, "生产入库"),
        ],
    )
    def test_is_the_movement_of_its_step(self, given, kind):
        assert only_row({**EVENT, **given})[0]["类型"] == kind

    def test_happened_on_the_day_of_its_place(self):
        late = {"eventTime": "2024-02-29T18:00:00Z"}
        assert only_row({**EVENT, **late})[0]["日期"] == "2024-03-01"

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"bizStep": "dancing"}, "bizStep"),
            ({"action": "LOOK"}, "action"),
            ({"eventTime": "yesterday"}, "eventTime"),
            ({"quantityList": []}, "epcList"),
            ({"quantityList": [{"epcClass": "urn:x:1", "quantity": 1}]}, "GS1"),
            ({"quantityList": [{**EVENT["quantityList"][0], "uom": "KGM"}]}, "计量单位"),
            ({"quantityList": [{**EVENT["quantityList"][0], "quantity": 1.5}]}, "整数"),
            ({"errorDeclaration": {}}, "更正声明"),
            ({"type": "TransformationEvent"}, "ObjectEvent"),
        ],
    )
    def test_that_cannot_be_read_says_why(self, given, said):
        (message,) = only_row({**EVENT, **given})[1]
        assert said in message

    def test_keeps_a_partner_that_is_named_by_a_location_number_alone(self):
        gln = {"sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:0614141.00777"}]}
        assert only_row({**EVENT, **gln})[0]["往来单位"] == "urn:epc:id:pgln:0614141.00777"

    @pytest.mark.parametrize(
        "document", [[], {}, {"type": "EPCISDocument", "schemaVersion": "1.2"}, {"type": "EPCISDocument"}]
    )
    def test_stands_in_a_document_of_the_second_edition(self, document):
        with pytest.raises(Refused) as refused:
            epcis.table_of(document)
        assert refused.value.first.code == "SU403"
