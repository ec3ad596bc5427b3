"""Files of visits, cases and interviews: the party is found, the row judged, what was handed over is kept."""

import datetime as dt

import pytest

from xiejian.cases.importing import import_cases, import_interviews
from xiejian.cases.models import Case, Interview
from xiejian.inspections import actions
from xiejian.inspections.importing import import_visits
from xiejian.inspections.models import Correction, Transfer, Visit
from xiejian.people import audit
from xiejian.people.models import AuditEntry
from xiejian.people.policy import SYSTEM, Actor

CODE, OTHER_CODE = "91350200MA2YJ1XR9G", "91440101MA5CJQ4N59"
VISIT = {
    "检查编号": "J1",
    "主体名称": "奈曼旗平安药房",
    "检查日期": "2024-03-01",
    "检查类型": "日常检查",
    "环节": "经营",
}
CASE = {
    "案号": "奈市监处罚〔2024〕1号",
    "主体名称": "奈曼旗平安药房",
    "立案日期": "2024-01-10",
    "环节": "经营",
}
TALK = {"主体名称": "奈曼旗平安药房", "约谈日期": "2024-02-01"}


@pytest.fixture
def known(load):
    """The party that the rows are about."""
    load({"品种标签": "无菌"})


def runner(function, base):
    @pytest.fixture
    def run(known, file, now):
        def load_rows(*rows, by=SYSTEM, **options):
            return function(path=file(*({**base, **row} for row in rows)), by=by, at=now, **options)

        return load_rows

    return run


visit = runner(import_visits, VISIT)
case = runner(import_cases, CASE)
talk = runner(import_interviews, TALK)


def counts(outcome):
    return outcome.read, outcome.loaded, outcome.unchanged, outcome.rejected


def reasons(outcome):
    return [p["code"] for p in outcome.problems]


class TestAnOrderOfAnImportedVisit:
    ORDERED = {"责令改正": "是", "整改期限": "2024-03-15", "缺陷数": "2"}

    def order(self):
        return Correction.objects.values_list("state", "due_on", "closed_on").get()

    @pytest.mark.parametrize(
        ("row", "state", "closed_on"),
        [
            ({}, "ordered", None),
            ({"复查日期": "2024-03-04", "复查结论": "通过"}, "closed", dt.date(2024, 3, 4)),
            ({"复查结论": "通过"}, "passed", None),
            ({"复查日期": "2024-03-04", "复查结论": "未通过"}, "failed", None),
            ({"复查日期": "2024-03-04"}, "ordered", None),
        ],
    )
    def test_stands_as_the_row_says(self, visit, row, state, closed_on):
        visit({**self.ORDERED, **row})
        assert self.order() == (state, dt.date(2024, 3, 15), closed_on)

    def test_may_have_no_date(self, visit):
        visit({"责令改正": "是"})
        assert self.order() == ("ordered", None, None)

    def test_is_not_made_where_none_was_ordered(self, visit):
        visit({"责令改正": "否"})
        assert not Correction.objects.exists()

    def test_is_made_once(self, visit):
        visit(self.ORDERED)
        visit(self.ORDERED)
        assert self.order() == ("ordered", dt.date(2024, 3, 15), None)

    def test_follows_a_later_file(self, visit):
        visit(self.ORDERED)
        visit({**self.ORDERED, "复查日期": "2024-03-05", "复查结论": "通过"})
        assert self.order() == ("closed", dt.date(2024, 3, 15), dt.date(2024, 3, 5))

    def test_goes_when_a_later_file_takes_it_back(self, visit):
        visit(self.ORDERED)
        visit({"责令改正": "否"})
        assert not Correction.objects.exists()

    def test_is_left_alone_once_it_was_worked_on_here(self, visit, now):
        visit(self.ORDERED)
        actions.fail_recheck(correction=Correction.objects.get(), rechecked_on=now.date(), by=SYSTEM, at=now)
        visit({**self.ORDERED, "复查日期": "2024-03-04", "复查结论": "通过"})
        assert self.order() == ("failed", dt.date(2024, 3, 15), None)

    def test_is_left_out_where_the_visit_has_an_order_of_its_own(self, visit, now):
        visit({})
        actions.order_correction(
            visit=Visit.objects.get(), content="补齐记录", ordered_on=now.date(), due_on=now.date(),
            by=SYSTEM, at=now,
        )  # fmt: skip
        visit(self.ORDERED)
        assert Correction.objects.count() == 1


class TestAVisit:
    def test_is_loaded_as_concluded(self, visit):
        assert counts(visit({"出动人数": "2", "责令改正": "是", "结论": "限期整改"})) == (1, 1, 0, 0)
        found = Visit.objects.get()
        assert (found.state, found.persons, found.order_issued, found.conclusion) == (
            "concluded",
            2,
            True,
            "限期整改",
        )

    def test_takes_tags_and_office_of_its_party(self, visit):
        visit({})
        assert Visit.objects.values_list("tags", "office_code").get() == ("|无菌|", "150525100")

    def test_keeps_its_own_tags_and_office(self, visit):
        visit({"品种标签": "植入", "检查机构代码": "150525"})
        assert Visit.objects.values_list("tags", "office_code").get() == ("|植入|", "150525")

    def test_counts_its_inspectors_where_no_number_is_given(self, visit):
        visit({"检查员": "张三，李四"})
        assert Visit.objects.values_list("persons", "inspectors").get() == (2, "张三、李四")

    def test_hands_leads_over_on_its_own_day(self, visit):
        visit({"移送": "海关、纪检"})
        assert sorted(Transfer.objects.values_list("source", "addressee", "moved_on")) == sorted([
            ("visit", "海关", dt.date(2024, 3, 1)), ("visit", "纪检", dt.date(2024, 3, 1)),
        ])  # fmt: skip

    def test_again_changes_nothing(self, visit):
        row = {"移送": "海关", "缺陷数": "3", "复查日期": "2024-03-04", "复查结论": "通过", "我的列": "x"}
        visit(row)
        assert counts(visit(row)) == (1, 0, 1, 0)
        assert Transfer.objects.count() == 1

    def test_that_changed_is_amended_with_before_and_after(self, visit):
        visit({"缺陷数": "3", "移送": "海关"})
        assert counts(visit({"缺陷数": "4", "移送": "卫健"})) == (1, 1, 0, 0)
        entry = AuditEntry.objects.get(action="amend_visit")
        assert (entry.detail["defects"], entry.detail["transfers"]) == ([3, 4], ["海关", "卫健"])
        assert list(Transfer.objects.values_list("addressee", flat=True)) == ["卫健"]
        assert audit.broken_at() is None

    def test_finds_its_party_by_credit_code(self, visit, load):
        load({"主体名称": "甲", "统一社会信用代码": CODE})
        visit({"主体名称": "", "统一社会信用代码": CODE})
        assert Visit.objects.get().party.name == "甲"

    def test_finds_its_party_below_its_own_office_where_two_have_the_name(self, visit, load):
        load({"行政区划代码": "522726"})
        assert counts(visit({"检查机构代码": "150525"})) == (1, 1, 0, 0)
        assert Visit.objects.get().party.office_code == "150525100"


class TestAVisitIsReturned:
    def test_because_one_inspector_made_it_with_the_clause(self, visit):
        problem = visit({"出动人数": "1"}).problems[0]
        assert problem["code"] == "I101"
        assert "医疗器械经营监督管理办法第四十九条" in problem["clause"]

    @pytest.mark.parametrize(
        ("row", "code"),
        [
            ({"主体名称": "没有的店"}, "R208"),
            ({"主体名称": ""}, "K501"),
            ({"检查编号": ""}, "K501"),
            ({"检查日期": ""}, "K501"),
            ({"检查日期": "2024-02-30"}, "K301"),
            ({"检查日期": "2024-03-06"}, "K506"),
            ({"检查类型": "随便看看"}, "K502"),
            ({"环节": "批发"}, "K502"),
            ({"结论": "不错"}, "K502"),
            ({"责令改正": "也许"}, "K503"),
            ({"缺陷数": "若干"}, "K504"),
            ({"检查机构代码": "999999"}, "R103"),
            ({"整改期限": "2024-02-01"}, "I109"),
            ({"复查日期": "2024-02-01"}, "I109"),
            ({"移送": "某某某某某某"}, "K502"),
        ],
    )
    def test_because_of_a_wrong_cell(self, visit, row, code):
        outcome = visit(row)
        assert (outcome.rejected, reasons(outcome)) == (1, [code])

    def test_because_two_parties_have_the_name(self, visit, load):
        load({"统一社会信用代码": CODE}, {"统一社会信用代码": OTHER_CODE})
        assert reasons(visit({})) == ["R206"]

    def test_because_the_code_is_unknown_and_the_name_has_another(self, visit, load):
        load({"统一社会信用代码": CODE})
        assert reasons(visit({"统一社会信用代码": OTHER_CODE})) == ["R209"]

    def test_because_its_number_stands_for_two_visits(self, visit):
        outcome = visit({}, {"检查日期": "2024-03-02"})
        assert reasons(outcome) == ["R210"]
        assert "第2行" in outcome.problems[0]["message"]

    def test_because_its_office_is_not_the_actors(self, visit):
        officer = Actor("x", "某", "150525", "section_officer")
        assert reasons(visit({"检查机构代码": "522726"}, by=officer)) == ["R205"]

    def test_because_its_party_is_not_visible_to_the_actor(self, visit):
        assert reasons(visit({}, by=Actor("x", "某", "522726", "section_officer"))) == ["R208"]


class TestACase:
    def test_keeps_amounts_to_the_fen(self, case):
        case({"罚款": "20000", "没收违法所得": "350.50", "货值金额": "0.01"})
        fields = ("fine_fen", "confiscated_fen", "goods_value_fen", "procedure")
        assert Case.objects.values_list(*fields).get() == (2_000_000, 35_050, 1, "普通")

    def test_again_changes_nothing(self, case):
        row = {"决定日期": "2024-02-01", "罚款": "20000", "移送": "公安", "吊销许可证": "是"}
        case(row)
        assert counts(case(row)) == (1, 0, 1, 0)

    @pytest.mark.parametrize(
        ("row", "day"),
        [
            ({"移送日期": "2024-02-15", "决定日期": "2024-02-01"}, dt.date(2024, 2, 15)),
            ({"决定日期": "2024-02-01"}, dt.date(2024, 2, 1)),
            ({}, dt.date(2024, 1, 10)),
        ],
    )
    def test_is_handed_over_on_its_day_else_the_decisions_else_the_filings(self, case, row, day):
        case({"移送": "公安、卫健", **row})
        assert set(Transfer.objects.values_list("addressee", "moved_on")) == {("公安", day), ("卫健", day)}

    def test_that_is_decided_later_moves_its_transfer(self, case):
        case({"移送": "公安"})
        case({"移送": "公安", "决定日期": "2024-02-01"})
        assert Transfer.objects.get().moved_on == dt.date(2024, 2, 1)

    @pytest.mark.parametrize(
        ("row", "code"),
        [
            ({"罚款": "-1"}, "K505"),
            ({"罚款": "若干"}, "K505"),
            ({"决定日期": "2024-01-01"}, "C103"),
            ({"结案日期": "2024-01-01"}, "C103"),
            ({"立案日期": "2024-03-06"}, "K506"),
            ({"程序": "快速"}, "K502"),
            ({"处罚到人数": "一"}, "K504"),
            ({"主体名称": "没有的店"}, "R208"),
        ],
    )
    def test_is_returned_because_of_a_wrong_cell(self, case, row, code):
        assert reasons(case(row)) == [code]


class TestAnInterview:
    def test_is_loaded_once(self, talk):
        assert counts(talk({}, {})) == (2, 1, 1, 0)
        assert counts(talk({})) == (1, 0, 1, 0)

    def test_of_another_day_is_another(self, talk):
        assert counts(talk({}, {"约谈日期": "2024-02-02"})) == (2, 2, 0, 0)

    def test_stays_the_same_when_the_registers_tags_change(self, talk, load):
        talk({"环节": "经营"})
        load({"品种标签": "植入"})
        assert counts(talk({"环节": "经营"})) == (1, 0, 1, 0)
        assert Interview.objects.get().tags == "|无菌|"


def test_many_rows_take_as_many_queries_as_few(visit, django_assert_max_num_queries):
    with django_assert_max_num_queries(17):
        visit(*({"检查编号": f"J{i}", "移送": "海关"} for i in range(200)))
