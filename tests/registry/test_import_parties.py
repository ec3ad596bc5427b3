"""Files of parties: loaded, unchanged or returned; nothing half-loaded, nothing lost."""

import datetime as dt

import openpyxl
import pytest

from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.models import AuditEntry
from xiejian.people.policy import SYSTEM, Actor
from xiejian.registry.batches import CHUNK
from xiejian.registry.importing import import_parties
from xiejian.registry.models import ImportBatch, Licence, Party, PartyLink

CODE, OTHER_CODE = "91350200MA2YJ1XR9G", "91440101MA5CJQ4N59"


def counts(outcome):
    return outcome.read, outcome.loaded, outcome.unchanged, outcome.rejected


def reasons(outcome):
    return [p["code"] for p in outcome.problems]


class TestANewParty:
    def test_is_loaded_with_its_link(self, load):
        assert counts(load({"管理类别": "Ⅱ", "经营方式": "零售", "品种标签": "无菌"})) == (1, 1, 0, 0)
        link = PartyLink.objects.select_related("party").get()
        assert (link.party.name, link.link, link.classes, link.mode, link.tags) == (
            "奈曼旗平安药房", "经营", "2", "零售", "|无菌|",
        )  # fmt: skip

    def test_of_two_links_in_one_row_has_both(self, load):
        load({"环节": "经营、网络销售"})
        assert sorted(PartyLink.objects.values_list("link", flat=True)) == ["经营", "网络销售"]

    def test_of_two_links_in_two_rows_is_one_party(self, load):
        assert counts(load({"环节": "经营"}, {"环节": "使用"})) == (2, 2, 0, 0)
        assert (Party.objects.count(), PartyLink.objects.count()) == (1, 2)

    def test_belongs_to_the_town_of_its_division_code(self, load):
        load({"行政区划代码": "150525100000"})
        assert Party.objects.get().office_code == "150525100"

    def test_belongs_to_the_station_that_the_row_names(self, load, naiman):
        load({"行政区划代码": "150525", "监管机构": "大沁他拉市场监督管理所"})
        assert Party.objects.get().office_code == "150525100"

    def test_keeps_unknown_columns(self, load):
        load({"片区": "东片"})
        assert Party.objects.get().extra == {"片区": "东片"}

    def test_that_is_cancelled_has_no_day_of_it(self, load):
        load({"状态": "注销"})
        assert Party.objects.values_list("status", "status_on").get() == ("注销", None)

    def test_holds_its_licences_by_kind_with_their_dates(self, load):
        load({
            "证号": "蒙通辽药监械经营许20230015号、蒙通辽药监械经营备20160045号",
            "发证日期": "2023-05-06", "有效期至": "2028-05-05", "备案日期": "2016-01-02",
        })  # fmt: skip
        fields = ("kind", "issued_on", "filed_on", "expires_on")
        assert list(Licence.objects.order_by("kind").values_list(*fields)) == [
            ("distribution_filing", None, dt.date(2016, 1, 2), None),
            ("distribution_licence", dt.date(2023, 5, 6), None, dt.date(2028, 5, 5)),
        ]

    def test_may_have_the_same_free_text_for_a_number_as_another(self, load):
        outcome = load({"主体名称": "甲", "证号": "见附件"}, {"主体名称": "乙", "证号": "见附件"})
        assert outcome.rejected == 0
        assert set(Licence.objects.values_list("kind", "format_suspect")) == {("other", True)}


class TestTheSameFileAgain:
    def test_changes_nothing(self, file, load, now):
        rows = [
            {"统一社会信用代码": CODE, "证号": "蒙通辽药监械经营许20230015号", "片区": "东"},
            {"主体名称": "乙", "品种标签": "无菌"},
        ]
        load(*rows)
        assert counts(load(*rows)) == (2, 0, 2, 0)

    def test_leaves_no_second_amendment(self, load):
        load({"电话": "1"})
        load({"电话": "2"})
        load({"电话": "2"})
        assert AuditEntry.objects.filter(action="amend_party").count() == 1

    def test_returns_what_it_returned_before(self, load):
        rows = [{}, {"主体名称": "乙", "状态": "疯"}]
        load(*rows)
        assert counts(load(*rows)) == (2, 0, 1, 1)


class TestAChangedRow:
    def test_updates_the_party_and_keeps_before_and_after(self, load):
        load({"统一社会信用代码": CODE, "电话": "1"})
        assert counts(load({"统一社会信用代码": CODE, "电话": "2"})) == (1, 1, 0, 0)
        entry = AuditEntry.objects.get(action="amend_party")
        assert (entry.subject_key, entry.detail["phone"]) == (str(Party.objects.get().pk), ["1", "2"])

    def test_updates_the_link(self, load):
        load({"管理类别": "Ⅱ"})
        load({"管理类别": "Ⅲ"})
        assert PartyLink.objects.get().classes == "3"
        assert AuditEntry.objects.get(action="amend_party").detail["经营.管理类别"] == ["2", "3"]

    def test_with_an_empty_cell_erases_nothing(self, load):
        load({"电话": "1"})
        assert counts(load({"电话": ""})) == (1, 0, 1, 0)
        assert Party.objects.get().phone == "1"

    def test_renames_the_party_of_its_credit_code_and_finds_it_by_the_new_name(self, load):
        load({"统一社会信用代码": CODE})
        load({"统一社会信用代码": CODE, "主体名称": "新名称"})
        assert Party.objects.filter(search_grams__holds="新名").count() == 1

    def test_dates_a_change_of_status(self, load, now):
        load({})
        load({"状态": "注销"})
        assert Party.objects.get().status_on == dt.date(2024, 3, 5)

    def test_adds_a_link_to_a_known_party(self, load):
        load({"环节": "经营"})
        assert counts(load({"环节": "使用"})) == (1, 1, 0, 0)
        assert PartyLink.objects.count() == 2

    def test_adds_a_licence_to_a_known_party(self, load):
        load({})
        load({"证号": "蒙通辽药监械经营许20230015号"})
        assert Licence.objects.get().party == Party.objects.get()

    def test_renews_a_licence(self, load):
        load({"证号": "蒙通辽药监械经营许20230015号", "有效期至": "2023-05-05"})
        assert counts(load({"证号": "蒙通辽药监械经营许20230015号", "有效期至": "2028-05-05"}))[1] == 1
        assert Licence.objects.get().expires_on == dt.date(2028, 5, 5)

    def test_gives_a_party_without_code_the_code_of_its_name_and_place(self, load):
        load({})
        load({"统一社会信用代码": CODE})
        assert Party.objects.get().uscc == CODE


class TestTwoParties:
    def test_of_one_name_in_two_places_are_two(self, load):
        load({"行政区划代码": "150525100"}, {"行政区划代码": "150525101"})
        assert Party.objects.count() == 2

    def test_of_one_name_and_place_with_two_codes_are_two(self, load):
        load({"统一社会信用代码": CODE}, {"统一社会信用代码": OTHER_CODE})
        assert Party.objects.count() == 2

    def test_of_one_name_make_a_row_without_code_ambiguous(self, load):
        load({"统一社会信用代码": CODE}, {"统一社会信用代码": OTHER_CODE})
        assert reasons(load({})) == ["R206"]

    def test_of_one_name_in_two_bracket_widths_are_one(self, load):
        load({"主体名称": "甲（奈曼）店"})
        assert counts(load({"主体名称": "甲(奈曼)店", "电话": "1"}))[1] == 1
        assert Party.objects.count() == 1


class TestARowIsReturned:
    def test_because_it_repeats_another_with_different_facts_naming_the_first(self, load):
        outcome = load({}, {"主体名称": "乙"}, {"管理类别": "Ⅲ"})
        assert reasons(outcome) == ["R203"]
        assert "第2行" in outcome.problems[0]["message"]

    def test_but_not_because_it_repeats_another_exactly(self, load):
        assert counts(load({}, {})) == (2, 1, 1, 0)

    def test_because_the_party_is_told_differently_in_one_file(self, load):
        outcome = load({"环节": "经营", "电话": "1"}, {"环节": "使用", "电话": "2"})
        assert [(p["code"], p["where"]) for p in outcome.problems] == [("R202", "第3行，电话")]

    def test_also_when_the_two_rows_are_far_apart(self, load, monkeypatch):
        monkeypatch.setattr("xiejian.registry.importing.chunks", lambda rows: ([row] for row in rows))
        assert reasons(load({"电话": "1"}, {"环节": "使用", "电话": "2"}, {"管理类别": "Ⅲ"})) == [
            "R202",
            "R203",
        ]

    def test_because_its_certificate_belongs_to_another(self, load):
        number = {"证号": "蒙通辽药监械经营许20230015号"}
        outcome = load({"主体名称": "甲", **number}, {"主体名称": "乙", **number})
        assert reasons(outcome) == ["R204"]
        assert reasons(load({"主体名称": "丙", **number})) == ["R204"]

    def test_because_its_place_is_not_the_actors(self, load):
        other = Actor("x", "某", "522726", "section_officer")
        assert reasons(load({}, by=other)) == ["R205"]

    def test_because_its_place_is_not_the_office_asked_for(self, load):
        assert reasons(load({}, office_code="522726")) == ["R205"]

    def test_and_the_rows_beside_it_are_loaded(self, load):
        assert counts(load({"状态": "疯"}, {"主体名称": "乙"})) == (2, 1, 0, 1)

    def test_with_every_problem_it_has(self, load):
        assert reasons(load({"状态": "疯", "发证日期": "2024-02-30"})) == ["K502", "K301"]

    def test_naming_sheet_row_column_and_remedy(self, tmp_path, now, db):
        book = openpyxl.Workbook()
        book.active.title = "城区"
        book.active.append(["主体名称", "环节", "行政区划代码"])
        book.active.append(["甲", "经营", "999999"])
        book.save(path := tmp_path / "a.xlsx")
        problem = import_parties(path=path, by=SYSTEM, at=now).problems[0]
        assert (problem["where"], problem["message"]) == (
            "城区第2行，行政区划代码",
            "行政区划代码“999999”不存在",
        )
        assert problem["next"]


class TestTheWorkbookOfReturnedRows:
    def test_holds_the_row_and_its_reason_last(self, load):
        outcome = load({"状态": "疯", "片区": "东"}, {"主体名称": "乙"})
        rows = list(openpyxl.load_workbook(outcome.rejects_file).active.iter_rows(values_only=True))
        assert rows[0][-1] == "退回原因"
        assert len(rows) == 2
        row = dict(zip(rows[0], rows[1], strict=True))
        assert (row["主体名称"], row["状态"], row["片区"]) == ("奈曼旗平安药房", "疯", "东")
        assert "K502" in row["退回原因"]
        assert "第2行" in row["退回原因"]

    def test_loads_when_it_is_mended(self, load, now, tmp_path):
        book = openpyxl.load_workbook(load({"状态": "疯"}).rejects_file)
        heading = [cell.value for cell in book.active[1]]
        book.active.cell(2, heading.index("状态") + 1).value = "正常"
        book.save(path := tmp_path / "改.xlsx")
        assert counts(import_parties(path=path, by=SYSTEM, at=now)) == (1, 1, 0, 0)
        assert Party.objects.get().extra == {}

    def test_is_not_written_when_nothing_is_returned(self, load):
        assert load({}).rejects_file is None


class TestWhatWasPutRight:
    def test_is_counted_with_examples(self, load):
        outcome = load({"主体名称": "奈曼旗００１号"}, {"主体名称": "乙", "状态": "停业"})
        assert outcome.changes == {"全角字符或多余空格": 1, "统一用语": 1}
        assert outcome.examples[0] == {
            "where": "第2行", "column": "主体名称", "from": "奈曼旗００１号", "to": "奈曼旗001号",
            "why": "全角字符或多余空格",
        }  # fmt: skip


class TestAFileThatCannotBeUsed:
    def test_loads_nothing(self, file, now, db):
        with pytest.raises(Refused) as refused:
            import_parties(path=file({"主体名称": "甲", "环节": "经营"}), by=SYSTEM, at=now)
        assert refused.value.first.code == "K405"
        assert (Party.objects.count(), ImportBatch.objects.count()) == (0, 0)

    def test_because_it_has_headings_only(self, tmp_path, now, db):
        (path := tmp_path / "a.csv").write_text("主体名称,环节,行政区划代码\n,,\n", encoding="utf-8")
        with pytest.raises(Refused) as refused:
            import_parties(path=path, by=SYSTEM, at=now)
        assert refused.value.first.code == "R212"

    def test_because_the_office_asked_for_does_not_exist(self, load):
        with pytest.raises(Refused) as refused:
            load({}, office_code="999999")
        assert (refused.value.first.code, Party.objects.count()) == ("R211", 0)

    def test_that_breaks_in_the_middle_loads_nothing(self, load, monkeypatch):
        monkeypatch.setattr("xiejian.registry.batches.Batch.finish", lambda *a, **k: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            load({})
        assert Party.objects.count() == 0

    def test_needs_the_permission(self, load):
        with pytest.raises(Refused) as refused:
            load({}, by=Actor("x", "某", "150525", "upper_viewer"))
        assert refused.value.first.code == "P101"


class TestTheTrail:
    def test_has_one_entry_per_file_and_holds(self, load):
        load({}, {"主体名称": "乙"})
        load({"电话": "1"}, {"主体名称": "乙", "电话": "2"})
        actions = list(AuditEntry.objects.order_by("sequence").values_list("action", flat=True))
        assert actions == ["import_parties", "amend_party", "amend_party", "import_parties"]
        assert audit.broken_at() is None

    def test_keeps_the_counts_of_the_batch(self, load):
        load({}, {"状态": "疯", "主体名称": "乙"})
        assert ImportBatch.objects.values_list("read", "loaded", "unchanged", "rejected").get() == (
            2,
            1,
            0,
            1,
        )


class TestAManyRowFile:
    def test_takes_the_same_queries_for_few_rows_and_many(self, load, django_assert_max_num_queries):
        with django_assert_max_num_queries(40):
            load(*({"主体名称": f"店{i}", "证号": f"蒙通辽药监械经营许2023{i:04d}号"} for i in range(120)))

    def test_keeps_its_order(self, load):
        load(*({"主体名称": f"店{i:02d}"} for i in range(30)))
        assert list(Party.objects.order_by("pk").values_list("name", flat=True)) == [
            f"店{i:02d}" for i in range(30)
        ]

    def test_is_loaded_in_chunks(self):
        assert CHUNK >= 1000
