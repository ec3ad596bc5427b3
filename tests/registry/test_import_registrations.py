"""Published registrations: every dirty row is put right in sight or returned with a reason."""

import datetime as dt

import pytest

from xiejian.people.policy import SYSTEM
from xiejian.registry.models import Party, Registration
from xiejian.registry.registrations import import_registrations

ROW = {
    "注册证编号": "苏械注准20172560729",
    "注册人名称": "江苏某某医疗器械有限公司",
    "产品名称": "一次性使用手术包",
    "管理类别": "第二类",
    "审批部门": "江苏省药品监督管理局",
    "批准日期": "2020-07-27",
    "有效期至": "2025-04-26",
}


@pytest.fixture
def publish(file, now, db):
    def run(*rows):
        return import_registrations(path=file(*({**ROW, **row} for row in rows)), by=SYSTEM, at=now)

    return run


def noted():
    return [(c["column"], c["from"], c["to"], c["why"]) for c in Registration.objects.get().normalised]


class TestACleanRow:
    def test_is_loaded_as_it_is(self, publish):
        outcome = publish({"型号规格": "A型\r\n"})
        found = Registration.objects.get()
        assert (outcome.loaded, found.number_key, found.number_kind) == (1, "苏械注准20172560729", "current")
        assert (found.management_class, found.expires_on) == ("2", dt.date(2025, 4, 26))
        assert found.details == {"型号规格": "A型"}
        assert found.normalised == []


class TestADirtyRow:
    @pytest.mark.parametrize(
        ("printed", "key", "kind"),
        [
            ("苏械注准20172560729号", "苏械注准20172560729", "current"),
            ("苏械注准苏械注准20172560729", "苏械注准20172560729", "current"),
            ("黒械注准20202140013", "黑械注准20202140013", "current"),
            ("青械准注20163640002", "青械注准20163640002", "current"),
            ("粤械注准20172400793（变更文件）", "粤械注准20172400793", "variation"),
            ("甘械注准20202140003（临时）", "甘械注准20202140003(临时)", "temporary"),
            ("滇械注准2015640020", "滇械注准2015640020", "suspect"),
        ],
    )
    def test_of_number_is_put_right_and_kept_as_printed(self, publish, printed, key, kind):
        publish({"注册证编号": printed})
        found = Registration.objects.get()
        assert (found.number, found.number_key, found.number_kind) == (printed, key, kind)
        assert found.normalised

    def test_of_date_is_put_right(self, publish):
        publish({"批准日期": "2016.09.30"})
        assert noted() == [("批准日期", "2016.09.30", "2016-09-30", "日期写法")]

    def test_of_the_year_9999_loses_the_date(self, publish):
        publish({"批准日期": "9999-09-09"})
        assert Registration.objects.get().approved_on is None
        assert noted() == [("批准日期", "9999-09-09", "", "不可能的日期，按空处理")]

    def test_that_ends_before_it_begins_is_kept_and_marked(self, publish):
        publish({"有效期至": "2019-01-01"})
        assert [why for *_, why in noted()] == ["有效期早于批准日期，待核"]

    @pytest.mark.parametrize(
        ("given", "stored", "why"),
        [
            ("/", "2", "取编号中的类别"),
            ("同第三类", "3", "统一用语"),
            ("第三类", "3", "与编号中的类别（2）不一致，待核"),
        ],
    )
    def test_of_class_is_put_right_or_marked(self, publish, given, stored, why):
        publish({"管理类别": given})
        assert Registration.objects.get().management_class == stored
        assert why in [w for *_, w in noted()]

    @pytest.mark.parametrize(
        ("given", "stored"),
        [
            ("江苏省食品药品监督管理局", "江苏省药品监督管理局"),
            ("国家食品药品监督管理总局", "国家药品监督管理局"),
            ("-", ""),
        ],
    )
    def test_of_department_has_one_name(self, publish, given, stored):
        publish({"审批部门": given})
        assert (Registration.objects.get().department, len(noted())) == (stored, 1)


class TestARowIsReturned:
    @pytest.mark.parametrize(
        ("row", "code"),
        [
            ({"注册证编号": "江苏米沙瓦医疗用品有限公司"}, "R401"),
            ({"注册证编号": "1111111111111"}, "R401"),
            ({"注册证编号": "苏食药监械生产许20050042号"}, "R402"),
            ({"注册证编号": ""}, "K501"),
            ({"注册人名称": " "}, "K501"),
            ({"产品名称": ""}, "K501"),
            ({"管理类别": "甲类"}, "K502"),
            ({"批准日期": "2020-02-30"}, "K301"),
            ({"批准日期": "2024-03-06"}, "K506"),
        ],
    )
    def test_with_its_reason(self, publish, row, code):
        outcome = publish(row)
        assert (outcome.rejected, outcome.problems[0]["code"]) == (1, code)
        assert outcome.rejects_file


class TestARowThatIsThereAlready:
    def test_in_the_same_file_is_unchanged(self, publish):
        assert publish({}, {}).unchanged == 1

    def test_from_an_earlier_file_is_unchanged(self, publish):
        publish({})
        outcome = publish({})
        assert (outcome.loaded, outcome.unchanged) == (0, 1)

    def test_with_other_content_is_kept_beside_it(self, publish):
        publish({}, {"变更情况": "住所变更"})
        assert Registration.objects.count() == 2


class TestTheEnterprise:
    def test_of_the_registrants_name_is_linked(self, publish, load):
        load({"主体名称": ROW["注册人名称"]})
        publish({})
        assert Registration.objects.get().party == Party.objects.get()

    def test_of_a_name_that_two_have_is_not_guessed(self, publish, load):
        load({"主体名称": ROW["注册人名称"]}, {"主体名称": ROW["注册人名称"], "行政区划代码": "150525101"})
        publish({})
        assert Registration.objects.get().party is None

    def test_of_the_production_licence_in_the_remark_is_linked(self, publish, load):
        load({"主体名称": "更名后的公司", "证号": "苏食药监械生产许20050027号", "环节": "生产"})
        publish({"备注": "生产企业许可证号：苏食药监械生产许20050027号。"})
        assert Registration.objects.get().party == Party.objects.get()


@pytest.mark.shared
class TestTheWholePublishedSet:
    """43,734 real records in 23 files; the expected counts are those of the data's own summary."""

    def test_loads_or_returns_every_row_and_loads_none_twice(self, shared, now, db):
        files = sorted((shared / "nmpa-registrations-2021-01").glob("test_*.csv.gz"))
        outcomes = [import_registrations(path=path, by=SYSTEM, at=now) for path in files]
        read, loaded, unchanged, returned = (
            sum(getattr(o, name) for o in outcomes) for name in ("read", "loaded", "unchanged", "rejected")
        )
        assert read == 43734 == loaded + unchanged + returned
        assert unchanged >= 395  # rows that repeat exactly
        assert 20 < returned < 50
        changes = {why: sum(o.changes.get(why, 0) for o in outcomes) for o in outcomes for why in o.changes}
        assert changes["前缀重复"] == 3
        assert changes["“黒”应为“黑”"] == 1
        assert changes["不可能的日期，按空处理"] == 1
        assert changes["统一用语"] == 5  # 同第三类
        assert changes["审批部门未填"] == 83
        again = import_registrations(path=files[0], by=SYSTEM, at=now)
        assert (again.loaded, again.unchanged) == (0, again.read - again.rejected)
