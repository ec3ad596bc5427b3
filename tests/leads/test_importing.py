"""Files of complaints and leads: read, loaded once, moved on, the informant sealed."""

from __future__ import annotations

import json

import pytest
from django.apps import apps
from django.core import serializers

from xiejian.clocks.models import Clock
from xiejian.kernel.tabular import write_xlsx
from xiejian.leads import actions
from xiejian.leads.importing import import_complaints, import_leads
from xiejian.leads.models import Informant, Lead

ROW = {"线索编号": "12345-1", "收到日期": "2024-03-01", "反映内容": "血压计不准，不退款"}


@pytest.fixture
def load(naiman, officer, now, tmp_path):
    """Imports rows given as changes to an ordinary one; the answer."""

    def take(*rows, by=import_complaints):
        path = tmp_path / "投诉.xlsx"
        full = [{**ROW, **row} for row in rows]
        headings = list(dict.fromkeys(h for row in full for h in row))
        write_xlsx(path, "投诉", headings, ([row.get(h) for h in headings] for row in full))
        return by(path=path, by=officer, at=now)

    return take


class TestReading:
    def test_a_row_without_a_known_party_is_a_lead_of_the_importing_office(self, load):
        assert load({"主体名称": "无名小店"}).rejected == 0
        lead = Lead.objects.get()
        assert (lead.party, lead.party_named, lead.office_code, lead.kind) == (
            None, "无名小店", "150525", "投诉",
        )  # fmt: skip

    def test_a_row_with_a_known_party_belongs_to_its_station(self, load, shop):
        load({"主体名称": shop.name})
        lead = Lead.objects.get()
        assert (lead.party, lead.office_code, lead.link) == (shop, "150525100", "经营")

    def test_leads_of_no_stated_kind_are_judged_by_their_words(self, load):
        load({"反映内容": "举报无证经营"}, by=import_leads)
        assert Lead.objects.get().kind == "举报"

    @pytest.mark.parametrize(
        ("dates", "state"),
        [
            ({}, "received"),
            ({"受理日期": "2024-03-02"}, "accepted"),
            ({"受理日期": "2024-03-02", "答复日期": "2024-03-03"}, "answered"),
            ({"办结日期": "2024-03-04"}, "closed"),
        ],
    )
    def test_the_dates_say_how_far_it_has_come(self, load, dates, state):
        load(dates)
        assert Lead.objects.get().state == state

    @pytest.mark.parametrize(
        "row",
        [
            {"反映内容": "<script>x</script>"},
            {"收到日期": "2024-03-06"},
            {"受理日期": "2024-02-01"},
            {"反映内容": None},
        ],
    )
    def test_a_row_that_cannot_be_so_is_returned(self, load, row):
        assert load(row).rejected == 1

    def test_the_same_file_again_changes_nothing(self, load):
        load({"主体名称": "无名小店"})
        assert load({"主体名称": "无名小店"}).unchanged == 1

    def test_one_that_went_further_here_is_not_put_back(self, load, walk):
        load({})
        walk.assign(Lead.objects.get())
        load({"受理日期": "2024-03-02"})
        assert Lead.objects.get().state == "handling"

    def test_the_time_for_accepting_runs(self, load):
        load({})
        assert Clock.objects.get().name == "accept"


class TestTheInformant:
    SECRETS = ("李小龙", "13900002222", "平安小区3号", "lee@example.com")

    @pytest.fixture
    def told(self, load):
        load({
            "反映人": "李小龙", "联系电话": "13900002222", "投诉人住址": "平安小区3号",
            "邮箱": "lee@example.com",
            "反映内容": "李小龙反映：血压计不准", "备注": "回电13900002222",
        })  # fmt: skip
        return Lead.objects.get()

    def test_columns_that_name_somebody_are_sealed_even_if_the_form_does_not_know_them(
        self, told, officer, now
    ):
        found = actions.read_identity(lead=told, reason="回访", by=officer, at=now)
        assert (found.name, found.more["邮箱"]) == ("李小龙", "lee@example.com")

    def test_other_columns_are_kept_without_it(self, told):
        assert told.extra == {"备注": "回电［已隐去］"}

    def test_no_table_holds_it(self, told):
        stored = "".join(
            serializers.serialize("json", model.objects.all(), ensure_ascii=False)
            for model in apps.get_models()
        )
        assert [secret for secret in self.SECRETS if secret in json.dumps(stored, ensure_ascii=False)] == []

    def test_a_second_import_seals_nothing_twice(self, told, load):
        load({"反映人": "李小龙", "反映内容": "李小龙反映：血压计不准"})
        assert Informant.objects.count() == 1
