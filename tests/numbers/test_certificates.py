"""Numbers of certificates: one writing, a kind, its fields, what was put right."""

import pytest

from xiejian.numbers import certificates


class TestARegistrationNumber:
    def test_comes_apart(self):
        number = certificates.read("苏械注准20172560729")
        assert (number.kind, number.form) == ("device_registration", "current")
        assert number.fields == {
            "org": "苏",
            "origin": "准",
            "year": "2017",
            "class": "2",
            "category": "56",
            "serial": "0729",
        }

    @pytest.mark.parametrize(
        ("text", "form"),
        [
            ("国食药监械(准)字2014第3400920号", "before_2014"),
            ("鄂药管械(准)字2002第2260637号", "before_2014"),
            ("苏械注准应急20202140001", "emergency"),
            ("黔械应急准2020010", "emergency"),
            ("川械注应急准20202140004", "emergency"),
            ("黑械临注20202070012", "temporary"),
            ("甘械注准20202140003（临时）", "temporary"),
            ("粤械注准20172400793（变更文件）", "variation"),
            ("粤食药监械（准）字2014第2211313号（变更文件）", "before_2014_variation"),
            ("苏械注准20162081388补006", "reissued"),
            ("苏械注准20162260309（补-2018-002）", "reissued"),
            ("内械注准20162630005", "current"),
        ],
    )
    def test_of_every_published_form_is_recognised(self, text, form):
        number = certificates.read(text)
        assert (number.kind, number.form) == ("device_registration", form)

    def test_of_a_variation_names_its_certificate(self):
        assert certificates.read("粤械注准20172400793（变更文件）").fields["base"] == "粤械注准20172400793"

    @pytest.mark.parametrize(
        "text",
        ["滇械注准2015640020", "冀械注准2017223001413", "桂食药监械（准)字2014", "鲁械注备20162630387"],
    )
    def test_that_fits_no_form_is_kept_for_an_officer(self, text):
        number = certificates.read(text)
        assert (number.kind, number.form, number.suspect) == ("device_registration", "suspect", True)


class TestARepair:
    @pytest.mark.parametrize(
        ("printed", "key"),
        [
            ("黑械注准20152630007号", "黑械注准20152630007"),
            ("青械准注20163640002", "青械注准20163640002"),
            ("沪械注准沪械注准20142400242", "沪械注准20142400242"),
            ("黒械注准20202140013", "黑械注准20202140013"),
            ("青械注（准）20192640003", "青械注准20192640003"),
            ("国械准进20152403763", "国械注进20152403763"),
            ("陕械注准 20162640063", "陕械注准20162640063"),
            ("鲁械注准:20152090316", "鲁械注准20152090316"),
            ("国械注准字20143092258", "国械注准20143092258"),
            ("沪械注准20152400437.", "沪械注准20152400437"),
            ("粤械注准20182400040 ）", "粤械注准20182400040"),
            ("鲁械注淮20152150102", "鲁械注准20152150102"),
            ("国械注注20163400850", "国械注准20163400850"),
            ("苏械注准２０１７2560729", "苏械注准20172560729"),
        ],
    )
    def test_gives_the_right_number_and_is_shown(self, printed, key):
        number = certificates.read(printed)
        assert (number.key, number.form) == (key, "current")
        assert number.repairs

    def test_is_not_made_where_nothing_is_wrong(self):
        assert certificates.read("苏械注准20172560729").repairs == ()

    def test_leaves_the_号_of_forms_that_have_one(self):
        assert certificates.read("国食药监械(准)字2014第3400920号").key.endswith("号")


class TestALicenceNumber:
    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("粤药监械生产许20203456号", "production_licence"),
            ("陕食药监械生产许20160021号", "production_licence"),
            ("苏苏药监械生产备20200012号", "production_filing"),
            ("沪药监械生产备20210005号", "production_filing"),
            ("沪嘉食药监械经营许20187006号", "distribution_licence"),
            ("皖池药监械经营许20230015号", "distribution_licence"),
            ("皖池食药监械经营备20160045号", "distribution_filing"),
            ("（浙杭）网械企备字[2019]第00119号", "online_filing"),
            ("（蒙通辽）网械企备字〔2023〕第00007号", "online_filing"),
            ("（京）网械平台备字（2018）第00005号", "platform_filing"),
            ("浙温械备20140027号", "device_filing"),
            ("黔AA854000123", "drug_distribution_licence"),
            ("黔20160012", "drug_production_licence"),
            ("粤妆20160001", "cosmetic_production_licence"),
        ],
    )
    def test_of_every_kind_is_recognised(self, text, kind):
        assert certificates.read(text).kind == kind

    @pytest.mark.parametrize(
        "text",
        [
            "粤深药监械生产许20203456号",
            "穗药监械经营许20171161号",
            "浙杭网械企备字2019第00119号",
            "黔EA854000123",
            "黔2016012",
            "江苏米沙瓦医疗用品有限公司",
            "1111111111111",
            "20172410035.0",
        ],
    )
    def test_of_no_kind_is_other_and_in_doubt(self, text):
        number = certificates.read(text)
        assert (number.kind, number.suspect) == ("other", True)


class TestADepartment:
    PROVINCES = (("江苏", "江苏省"), ("广西", "广西壮族自治区"), ("湖南", "湖南省"), ("重庆", "重庆市"))

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("国家食品药品监督管理总局", "国家药品监督管理局"),
            ("国家食品药品监督管理局", "国家药品监督管理局"),
            ("江苏省食品药品监督管理局", "江苏省药品监督管理局"),
            ("广西食品药品监督管理局", "广西壮族自治区药品监督管理局"),
            ("湖南省食品药品监杨管理局", "湖南省药品监督管理局"),
            ("重庆市食品药品监督管理", "重庆市药品监督管理局"),
            ("湖南省局", "湖南省药品监督管理局"),
            ("-", ""),
            ("怀化市食品药品监督管理局", "怀化市食品药品监督管理局"),
        ],
    )
    def test_has_one_name(self, text, expected):
        assert certificates.department(text, self.PROVINCES) == expected


class TestTheBookOfNumbers:
    def test_gives_every_form_a_citation_and_a_meaning(self):
        assert all(form.citation and form.meaning for form in certificates.book().forms)

    def test_names_every_kind(self):
        assert certificates.label("distribution_licence") == "医疗器械经营许可证"
