"""Monitoring lists as files: read, loaded once, screened, bad rows returned."""

from __future__ import annotations

import pytest

from xiejian.clocks.models import Clock
from xiejian.kernel.tabular import write_xlsx
from xiejian.online.importing import import_monitoring
from xiejian.online.models import Listing, MonitoringList

ROW = {
    "清单编号": "通网监3号", "下发单位": "通辽市市场监督管理局", "收到日期": "2024-03-01",
    "反馈期限": "2024-03-20",
    "信息编号": "W-1", "平台": "某商城", "店铺": "安康旗舰店", "产品名称": "医用冷敷贴",
}  # fmt: skip


@pytest.fixture
def load(naiman, officer, now, tmp_path):
    """Imports rows given as changes to an ordinary one; the answer."""

    def take(*rows):
        path = tmp_path / "清单.xlsx"
        full = [{**ROW, **row} for row in rows]
        headings = list(dict.fromkeys(h for row in full for h in row))
        write_xlsx(path, "清单", headings, ([row.get(h) for h in headings] for row in full))
        return import_monitoring(path=path, by=officer, at=now)

    return take


class TestReading:
    def test_rows_of_one_list_make_one_list(self, load):
        load({}, {"信息编号": "W-2"})
        assert MonitoringList.objects.get().listings.count() == 2

    def test_its_deadline_runs(self, load):
        load({})
        assert Clock.objects.get(subject="monitoringlist").due_legal.isoformat() == "2024-03-20"

    def test_a_row_is_screened(self, load):
        load({"宣传内容": "一个疗程根治鼻炎"})
        assert "OC-1" in {mark["rule"] for mark in Listing.objects.get().marks}

    def test_a_seller_of_the_register_is_found_and_gives_its_office(self, load, seller):
        load({"主体名称": seller.name})
        row = Listing.objects.get()
        assert (row.seller, row.office_code) == (seller, "150525100")

    def test_the_same_file_again_loads_nothing(self, load):
        load({})
        again = load({})
        assert (again.loaded, again.unchanged) == (0, 1)

    def test_without_a_number_address_shop_and_product_tell_rows_apart(self, load):
        rows = [{"信息编号": "", "产品名称": name} for name in ("甲", "乙")]
        load(*rows)
        assert (Listing.objects.count(), load(*rows).unchanged) == (2, 2)

    def test_a_changed_row_is_screened_again(self, load):
        load({})
        load({"宣传内容": "无效退款"})
        assert "OC-7" in {mark["rule"] for mark in Listing.objects.get().marks}

    def test_one_number_on_two_lists_is_two_offers(self, load):
        assert load({}, {"清单编号": "通网监4号"}).loaded == 2

    @pytest.mark.parametrize(
        ("row", "code"),
        [
            ({"网址": "javascript:alert(1)"}, "M106"),
            ({"反馈期限": "2024-02-01"}, "M103"),
            ({"清单来源": "网友"}, "K502"),
            ({"收到日期": "2025-01-01", "反馈期限": "2025-02-01"}, "K506"),
            ({"平台": ""}, "K501"),
        ],
    )
    def test_what_cannot_be_so_is_returned(self, load, row, code):
        answer = load(row)
        assert ([p["code"] for p in answer.problems], answer.loaded) == ([code], 0)

    def test_a_list_of_which_nothing_was_loaded_was_not_received(self, load):
        load({"平台": ""})
        assert not MonitoringList.objects.exists()

    def test_one_list_has_one_deadline(self, load):
        answer = load({}, {"信息编号": "W-2", "反馈期限": "2024-04-01"})
        assert [p["code"] for p in answer.problems] == ["M109"]
