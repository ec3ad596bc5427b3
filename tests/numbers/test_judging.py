"""Whether a number holds: every kind of the contract, every example of the reference, any text at all."""

import csv
import datetime as dt
import gzip
import json
import os
import re
import string
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xiejian.kernel import divisions
from xiejian.numbers import certificates, credit_code, judging

ON = dt.date(2024, 3, 5)

#: the examples of the reference: kind → those that hold, those that do not
REFERENCE = {
    "device_registration": (
        "国械注准20233130001 国械注进20182660123 国械注许20172400456 粤械注准20212141234 黔械注准20202140012",
        "国械注准20231130001 国械注准2023313001 械注准20233130001 国械备20230001 国械注准20232130001"
        " 粤械注进20212141234 粤械注准20213141234",
    ),
    "device_filing": (
        "国械备20151134 浙温械备20140027号 苏苏械备20210123 京械备20220088",
        "浙温械注20140027 械备20140027 浙温械备14027",
    ),
    "production_licence": (
        "粤药监械生产许20203456号 陕食药监械生产许20160021号",
        "粤深药监械生产许20203456号 粤药监械生产备20203456号",
    ),
    "production_filing": (
        "苏苏药监械生产备20200012号 浙杭食药监械生产备20150003号 沪药监械生产备20210005号",
        "苏苏药监械生产许20200012号",
    ),
    "distribution_licence": (
        "沪嘉食药监械经营许20187006号 粤穗食药监械经营许20171161号 皖池药监械经营许20230015号",
        "粤穗药监械经营备20171161号 穗药监械经营许20171161号",
    ),
    "distribution_filing": (
        "沪浦药监械经营备20220123号 皖池食药监械经营备20160045号",
        "沪浦药监械经营许20220123号",
    ),
    "online_filing": (
        "（浙杭）网械企备字[2019]第00119号 （蒙通辽）网械企备字〔2023〕第00007号"
        " （京）网械平台备字（2018）第00005号 （沪）网械平台备字[2019]第00006号",
        "浙杭网械企备字2019第00119号 （浙杭）网械企备字[2019]第119号 （京）网械平台备字（2018）第5号",
    ),
    "internet_information_certificate": (
        "（京）-非经营性-2014-0090 （沪）-经营性-2023-0144",
        "京-经营-2014-90",
    ),
    "drug_approval": (
        "国药准字H20050012 国药准字ZC20160001 国药准字SJ20210015",
        "国药准字20050012 国药准字H2005001",
    ),
    "drug_production_licence": ("黔20160012", "黔2016012"),
    "drug_distribution_licence": ("黔AA854000123", "黔EA854000123"),
    "cosmetic": (
        "国妆特字20210001 国妆特进字20220123 粤G妆网备字2021000123 国妆网备进字（沪）2021000123 粤妆20160001"
        " 国妆原备字20210001",
        "国妆特20210001 粤G妆网备字21000123 国妆网备进字2021000123 粤妆201600012 国妆原字20210001",
    ),
    "uscc": (
        "91350200MA2YJ1XR9G 91440101MA5CJQ4N59 91520000MA6ABCDE79 91350200776049653A 123502001549897397",
        "91520000MA6ABCDE7 91520000IA6ABCDE79 91520000MA6ABCDE78",
    ),
    "catalogue_code": ("14 14-08 14-08-02", "23 6840 14-8-2"),
}


def pairs(which):
    return [(kind, text) for kind, examples in REFERENCE.items() for text in examples[which].split()]


class TestAnExampleOfTheReference:
    @pytest.mark.parametrize(("kind", "text"), pairs(0))
    def test_that_holds_is_found_to_be_of_its_kind(self, kind, text):
        judged = judging.judge(text, on=ON)
        assert (judged.kind, judged.faults) == (kind, ())

    @pytest.mark.parametrize(("kind", "text"), pairs(0))
    def test_that_holds_does_so_when_asked_as_its_kind(self, kind, text):
        assert judging.judge(text, on=ON, kind=kind).valid

    @pytest.mark.parametrize(("kind", "text"), pairs(1))
    def test_that_does_not_hold_has_a_problem_with_a_next_step(self, kind, text):
        judged = judging.judge(text, on=ON, kind=kind)
        assert not judged.valid
        assert judged.problem.code.startswith("N1")
        assert judged.problem.next

    @pytest.mark.parametrize(("kind", "text"), pairs(1))
    def test_that_does_not_hold_is_at_most_of_another_kind(self, kind, text):
        judged = judging.judge(text, on=ON)
        assert not judged.valid or judged.kind != kind


class TestThePartsOfANumber:
    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            ("粤械注准20212141234", {"authority": "广东省药品监督管理局", "management_class": "第二类"}),
            ("黔械注准20202140012", {"place": "贵州省"}),
            ("贵械注准20202140012", {"place": "贵州省"}),
            ("滇械注准20202140012", {"place": "云南省"}),
            ("秦械注准20202140012", {"place": "陕西省"}),
            ("陇械注准20202140012", {"place": "甘肃省"}),
            ("国械注进20182660123", {"authority": "国家药品监督管理局", "form_meaning": "进口"}),
            ("粤械注准20212141234", {"category_name": "注输、护理和防护器械", "catalogue": "2017"}),
            ("苏械注准20172560729", {"category_name": "旧目录 6856", "catalogue": "2002"}),
            ("国械注许20172400456", {"category_name": "体外诊断试剂"}),
            ("浙温械备20140027号", {"authority": "浙江省内简称“温”的市（区）负责药品监督管理的部门"}),
            ("（蒙通辽）网械企备字〔2023〕第00007号", {"prov": "蒙", "city": "通辽", "serial": "00007"}),
            ("国药准字ZC20160001", {"kind_meaning": "中药", "origin_meaning": "香港、澳门、台湾地区"}),
            ("14-08-02", {"l1": "14", "l3": "02", "category_name": "注输、护理和防护器械"}),
            ("91350200MA2YJ1XR9G", {"registrar_name": "市场监督管理", "category_name": "企业"}),
            ("91350200MA2YJ1XR9G", {"division_name": "福建省厦门市", "organisation_code": "MA2YJ1XR9"}),
        ],
    )
    def test_come_with_plain_words(self, text, parts):
        fields = judging.judge(text, on=ON).fields(divisions.full_name)
        assert {name: fields.get(name) for name in parts} == parts

    def test_of_a_product_of_2018_may_be_of_either_catalogue(self):
        assert judging.judge("粤械注准20182140001", on=ON).fields()["catalogue"] == "2002/2017"


class TestAWordFromMemory:
    @pytest.mark.parametrize("text", ["91350200MA2YJ1XR9G", "粤械注准20212141234"])
    def test_is_marked_beside_the_number_whose_form_was_read(self, text):
        answer = judging.judge(text, on=ON).as_json()
        assert not answer["unverified"]
        assert [source["unverified"] for source in answer["sources"]] == [True]


class TestAWriting:
    @pytest.mark.parametrize(
        ("printed", "key", "why"),
        [
            ("苏械注准２０１72560729", "苏械注准20172560729", "全角"),
            ("黒械注准20202140013", "黑械注准20202140013", "黑"),
            ("粤械注准20212141234号", "粤械注准20212141234", "号"),
            ("国食药监械准字2013第3461234号", "国食药监械(准)字2013第3461234号", "括号"),
            ("国食药监械（准字2013第3461234号", "国食药监械(准)字2013第3461234号", "括号"),
            ("国食药监械(准)字20133461234号", "国食药监械(准)字2013第3461234号", "第"),
            ("粤械注准20172400793变更文件", "粤械注准20172400793(变更文件)", "括号"),
            ("甘械注准20202140003临时", "甘械注准20202140003(临时)", "括号"),
            ("（浙杭网械企备字[2019]第00119号", "(浙杭)网械企备字[2019]第00119号", "括号"),
            ("（浙杭）网械企备字2019第00119号", "(浙杭)网械企备字[2019]第00119号", "括号"),
            ("京-非经营性-2014-0090", "(京)-非经营性-2014-0090", "括号"),
            ("国妆网备进字沪2021000123", "国妆网备进字(沪)2021000123", "括号"),
            ("国药准字H20050012号", "国药准字H20050012", "号"),
            ("注册证编号：粤械注准20212141234", "粤械注准20212141234", "栏目"),
            ("粤械注准2021214O234", "粤械注准20212140234", "字母 O"),
            ("91350200ma2yj1xr9g", "91350200MA2YJ1XR9G", "大写"),
            ("91350200-MA2YJ1XR9-G", "91350200MA2YJ1XR9G", "间隔"),
            ("统一社会信用代码：91350200MA2YJ1XR9G", "91350200MA2YJ1XR9G", "栏目"),
        ],
    )
    def test_that_is_put_right_holds_and_every_change_is_told(self, printed, key, why):
        judged = judging.judge(printed, on=ON)
        assert (judged.valid, judged.normalised) == (True, key)
        assert any(why in change[2] for change in judged.changes)

    @pytest.mark.parametrize(("kind", "text"), pairs(0))
    def test_that_differs_from_the_normalised_one_always_has_a_change(self, kind, text):
        judged = judging.judge(text, on=ON)
        assert bool(judged.changes) == (judged.normalised != text)

    @pytest.mark.parametrize(
        ("text", "form"),
        [
            ("军械注准20202140001", "army"),
            ("（军）药监械(准)字2012第2640123号", "army_before_2014"),
            ("国药准字B20040001", "old"),
            ("国药准字Z41020001", "renumbered"),
            ("HC20130001", "old_import"),
            ("黔械应急准2020010", "emergency"),
            ("黑械临注20202070012", "temporary"),
        ],
    )
    def test_from_practice_is_accepted_and_marked(self, text, form):
        answer = judging.judge(text, on=ON).as_json()
        assert (answer["valid"], answer["form"], answer["unverified"]) == (True, form, True)


class TestAProblem:
    @pytest.mark.parametrize(
        ("text", "code", "told"),
        [
            ("", "N101", ""),
            ("x" * 121, "N102", "121"),
            ("不是编号", "N104", ""),
            ("国械注准", "N105", "国械注准2023"),
            ("91520000MA6ABCDE78", "N111", "应为 9"),
            ("913502007760496000", "N112", "000"),
            ("91520000MA6ABCDE7", "N113", "17 位"),
            ("91520000IA6ABCDE79", "N114", "第 9 位“I”"),
            ("91350200MA2YJIXR9G", "N114", "91350200MA2YJ1XR9G"),
            ("械注准20233130001", "N121", "缺少"),
            ("穗械注准20212141234", "N122", "穗"),
            ("国械注准20231130001", "N123", "写作 1"),
            ("国械注准2023313001", "N124", "10 位"),
            ("国械注20233130001", "N125", "写作“2”"),
            ("粤深药监械生产许20203456号", "N126", "深"),
            ("浙温械备14027", "N127", "5 位"),
            ("（浙杭）网械企备字[2019]第119号", "N128", "3 位"),
            ("浙杭网械企备字2019第00119号", "N129", "括号"),
            ("国药准字20050012", "N130", "H"),
            ("国药准字H2005001", "N131", "7 位"),
            ("国妆特20210001", "N132", "字"),
            ("国妆网备进字2021000123", "N133", "省"),
            ("粤妆201600012", "N134", "9 位"),
            ("粤械注准20252141234", "N140", "2025"),
            ("国械注准20232130001", "N141", "第 2 类"),
            ("粤械注进20212141234", "N142", "进"),
            ("粤械注准20213141234", "N143", "第 3 类"),
        ],
    )
    def test_names_the_slip(self, text, code, told):
        problem = judging.judge(text, on=ON).problem
        assert problem.code == code
        assert told in problem.message + problem.next

    def test_of_another_kind_says_which(self):
        assert "第一类医疗器械备案" in judging.judge("浙温械备20140027号", on=ON, kind="uscc").problem.message

    def test_with_the_check_character_comes_with_the_word_that_genuine_codes_fail(self):
        assert "真实代码" in judging.judge("91350203M0001QAY9B", on=ON).notes[0]

    def test_is_none_for_a_number_of_this_year(self):
        assert judging.judge("粤械注准20242141234", on=ON).faults == ()

    def test_is_none_but_a_note_for_a_year_before_the_form_existed(self):
        judged = judging.judge("粤械注准20132141234", on=ON)
        assert judged.valid
        assert "2013" in judged.notes[0]

    def test_is_an_error_of_ours_for_a_kind_that_does_not_exist(self):
        with pytest.raises(ValueError, match="passport"):
            judging.judge("x", on=ON, kind="passport")


class TestManyNumbers:
    TEXTS = [text for which in (0, 1) for _, text in pairs(which)]

    @staticmethod
    def answers(judged):
        return [one.as_json() for one in judged]

    def test_have_the_answers_of_one_by_one_in_their_order(self):
        assert self.answers(judging.judge_all(self.TEXTS, on=ON)) == self.answers(
            judging.judge(text, on=ON) for text in self.TEXTS
        )

    @given(
        st.lists(st.tuples(st.sampled_from(TEXTS), st.text("0123456789号²٣x", max_size=7), st.integers(0, 9)))
    )
    def test_that_share_a_beginning_have_the_answers_of_one_by_one(self, drawn):
        texts = [text[: len(text) - cut] + tail for text, tail, cut in drawn]
        texts = [again for text in texts for again in (text, text[:-6] + "123456", text[:-5] + "12345")]
        assert self.answers(judging.judge_all(texts, on=ON)) == self.answers(
            judging.judge(text, on=ON) for text in texts
        )


def numbers_of(form):
    """Numbers drawn from the pattern of a form, with few cities (the whole script draws slowly)."""
    pattern = form.pattern.pattern.replace(r"[\u4e00-\u9fa5]", "[嘉穗池通辽杭]")
    return st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True)


class TestWritingAndReading:
    @pytest.mark.parametrize("form", certificates.book().forms, ids=lambda f: f"{f.kind}-{f.form}")
    @settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(data=st.data())
    def test_give_the_parts_back(self, form, data):
        text = data.draw(numbers_of(form))
        found, _, _ = certificates.find(text, certificates.book().forms)
        assert found
        once = {k: v for k, v in found.match.groupdict().items() if v}
        written = judging.write(found.form.kind, found.form.form, once)
        again, _, _ = certificates.find(written, certificates.book().forms)
        assert again
        parts = {k: v for k, v in again.match.groupdict().items() if v}
        assert (again.form.kind, again.form.form, parts) == (found.form.kind, found.form.form, once)

    @given(
        st.text(string.digits, min_size=6, max_size=6),
        st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=9, max_size=9),
    )
    def test_give_a_credit_code_back(self, division, organisation):
        body = "91" + division + organisation
        code = body + credit_code.check_character(body)
        fields = judging.judge(code, on=ON).fields()
        names = ("registrar", "category", "division", "organisation_code", "check")
        assert "".join(fields[name] for name in names) == code


ALPHABET = "国粤械注准进字第号备许妆药监食网企平台临时变更文件补()（）〔〕[]【】- 0123456789HZSCJG\ud800\x00²"


class TestAnyText:
    @given(st.one_of(st.text(), st.text(ALPHABET, max_size=60), st.text(st.characters(), max_size=200)))
    def test_is_answered_with_a_number_or_a_problem(self, text):
        for kind in ("", "uscc", "device_registration", "cosmetic"):
            answer = judging.judge(text, on=ON, kind=kind).as_json()
            assert answer["valid"] == (answer["problem"] is None)
            json.dumps(answer, ensure_ascii=False).encode("utf-8")

    @pytest.mark.parametrize("text", ["械" * 10_000, "0" * 10_000, "(" * 3_000, "\u0000" * 9, "ﷺ" * 100, "​"])
    def test_of_ten_thousand_characters_or_none_to_see_is_too(self, text):
        assert not judging.judge(text, on=ON).valid


class TestTheBook:
    @pytest.mark.parametrize("form", certificates.book().forms, ids=lambda f: f"{f.kind}-{f.form}")
    def test_shows_an_example_that_its_form_reads(self, form):
        assert form.pattern.fullmatch(form.example)

    def test_gives_every_problem_it_names(self):
        raw = certificates.book().raw
        named = {entry["problem"] for entry in raw["miss"] + raw["combination"]}
        known = judging.fault.__globals__["_catalogue"]()
        assert named <= set(known)

    def test_has_words_for_every_field_of_an_answer(self):
        raw = certificates.book().raw
        fields = {name for _, text in pairs(0) for name in judging.judge(text, on=ON).fields()}
        assert fields <= set(raw["field_label"])


@pytest.mark.shared
def test_every_collected_credit_code_is_taken_apart_as_published(shared):
    lines = (shared / "uscc-vectors" / "vectors.jsonl").read_text(encoding="utf-8").splitlines()
    names = ("registrar", "category", "division", "organisation_code", "organisation_check_ok")
    wrong = []
    for entry in map(json.loads, lines):
        judged = judging.judge(entry["code"], on=ON, kind="uscc")
        fields = judged.fields()
        told = [fields.get(name) for name in names if entry.get(name) is not None and fields]
        published = [entry[name] for name in names if entry.get(name) is not None and fields]
        if judged.valid != bool(entry["check_character_ok"]) or told != published:
            wrong.append((entry["code"], told, published))
    assert wrong == []


@pytest.fixture(scope="module")
def published():
    """The counts published with the 43,734 certificates, and what is said of each."""
    folder = Path(os.environ.get("XIEJIAN_SHARED", Path(__file__).parents[3] / "shared"))
    folder = folder / "data" / "nmpa-registrations-2021-01"
    if not folder.is_dir():
        pytest.skip(f"public data not found at {folder}: set XIEJIAN_SHARED to run this test")
    numbers = []
    for path in sorted(folder.glob("*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            numbers += [row["注册证编号"] for row in csv.DictReader(file)]
    return json.loads((folder / "summary.json").read_text("utf-8")), judging.judge_all(numbers, on=CRAWLED)


CRAWLED = dt.date(2021, 1, 26)


def as_printed(judged):
    """The numbers that need no repair but 黒, with a serial of four digits: what the counts are about."""
    fields = [
        one.fields()
        for one in judged
        if one.kind == "device_registration"
        and one.form
        and one.form.form == "current"
        and one.text.strip().replace("黒", "黑") == one.normalised
    ]
    return [parts for parts in fields if len(parts["serial"]) == 4]


@pytest.mark.shared
class TestThePublishedCertificates:
    def test_are_all_read(self, published):
        summary, judged = published
        assert len(judged) == summary["rows"]

    def test_have_the_published_number_of_numbers_after_blanks_are_removed(self, published):
        summary, judged = published
        assert len({one.text.strip() for one in judged}) == summary["distinct_numbers_after_strip"]

    def test_follow_the_pattern_as_often_as_published(self, published):
        summary, judged = published
        assert len(as_printed(judged)) == summary["number_matches_2014_pattern"]

    @pytest.mark.parametrize(
        ("part", "count"),
        [("cls", "class_digit"), ("org", "issuer_character"), ("code", "category_two_digits")],
    )
    def test_have_classes_issuers_and_categories_as_published(self, published, part, count):
        summary, judged = published
        found = Counter(parts[part] for parts in as_printed(judged))
        wanted = dict(summary[count])
        if part == "org":  # the summary counts the slip 黒 by itself; here it is put right
            wanted["黑"] += wanted.pop("黒")
        difference = {name: (found[name], n) for name, n in wanted.items() if found[name] != n}
        assert difference == {}

    def test_are_each_of_a_kind_or_have_a_problem(self, published):
        _, judged = published
        unclear = [one.text for one in judged if not one.valid]
        assert all(one.kind or one.problem for one in judged)
        assert len(unclear) == 89

    def test_always_tell_what_was_changed(self, published):
        _, judged = published
        assert [one.text for one in judged if bool(one.changes) != (one.normalised != one.text)] == []

    def test_hold_the_other_kinds_their_readme_counts(self, published):
        _, judged = published
        forms = Counter(one.form.form for one in judged if one.form)
        assert (forms["emergency"], forms["temporary"], forms["variation"]) == (215, 96, 173)
