"""xiejian grade and xiejian packs: the answers that scripts rely on."""

from __future__ import annotations

import json
import shutil

import pytest
from click.testing import CliRunner

from xiejian.cli.grade import grade_command
from xiejian.cli.packs import packs_group
from xiejian.kernel import packs
from xiejian.registry.models import Party, PartyLink

WHOLESALER = {"主体名称": "甲", "环节": "经营", "管理类别": "Ⅱ", "经营方式": "批发", "行政区划代码": "522726"}
DUTY_KEYS = {"kind", "times", "years", "share", "within_days", "by", "responsible", "citation"}


@pytest.fixture
def grade(tmp_path):
    """Grade a list of parties; gives the answer and the exit code."""

    def grade(parties, pack="dushan", on="2022-03-01"):
        file = tmp_path / "facts.json"
        text = parties if isinstance(parties, str) else json.dumps(parties, ensure_ascii=False)
        file.write_text(text, encoding="utf-8")
        asked = ["--facts", str(file), "--pack", pack, "--on", on, "--json"]
        result = CliRunner().invoke(grade_command, asked)
        return json.loads(result.stdout), result.exit_code

    return grade


class TestFacts:
    def test_give_level_duties_and_reasons(self, grade):
        answer, code = grade([WHOLESALER])
        (party,) = answer["parties"]
        assert code == 0
        assert (party["name"], party["link"], party["level"]) == ("甲", "经营", 2)
        assert [(d["times"], d["years"], d["share"]) for d in party["duties"] if d["times"]] == [(1, 2, 0.5)]
        assert party["reasons"][0]["rule"] == "DS-D2"

    def test_duties_have_the_keys_of_the_contract(self, grade):
        answer, _ = grade([WHOLESALER])
        assert all(set(d) >= DUTY_KEYS for d in answer["parties"][0]["duties"])

    def test_give_one_answer_per_link(self, grade):
        answer, _ = grade([WHOLESALER | {"环节": "经营、网络销售"}])
        assert [(p["link"], p["level"]) for p in answer["parties"]] == [("经营", 2), ("网络销售", None)]

    @pytest.mark.parametrize("pack", packs.known())
    def test_never_go_without_a_reason_that_cites(self, grade, pack):
        links = "、".join(packs.LINKS)
        answer, _ = grade(
            [WHOLESALER | {"环节": links}, {"主体名称": "乙", "环节": links, "产品门类": "药品"}], pack
        )
        assert len(answer["parties"]) == 2 * len(packs.LINKS)
        assert all(p["reasons"] and all(r["citation"] for r in p["reasons"]) for p in answer["parties"])

    def test_answer_for_a_party_without_division_code(self, grade):
        answer, code = grade([{"主体名称": "丁", "环节": "使用", "机构类型": "二级医院"}])
        assert code == 0
        assert answer["parties"][0]["duties"][0]["times"] == 1
        assert answer["parties"][0]["notices"]

    def test_refuse_a_party_without_link_and_answer_the_rest(self, grade):
        answer, code = grade([{"主体名称": "丙", "行政区划代码": "522726"}, WHOLESALER])
        assert code == 1
        assert [p["name"] for p in answer["parties"]] == ["甲"]
        assert [(r["row"], r["name"]) for r in answer["refused"]] == [(1, "丙")]

    def test_count_the_days_of_the_months_after_filing(self, grade):
        maker = {"主体名称": "戊", "环节": "生产", "管理类别": "Ⅰ", "备案日期": "2023-01-10"}
        answer, _ = grade([maker], "national-2022-78", "2023-02-01")
        (duty,) = [d for d in answer["parties"][0]["duties"] if d["kind"] == "filing_check"]
        assert (duty["within_days"], duty["within_months"], duty["by"]) == (90, 3, "2023-04-10")

    def test_notice_a_date_before_the_rules(self, grade):
        answer, code = grade([WHOLESALER], "naiman-2023", "2022-12-31")
        assert code == 0
        assert [n["code"] for n in answer["notices"]] == ["K203"]

    def test_mark_what_is_not_verified(self, grade):
        answer, _ = grade([WHOLESALER], "national-2022-78", "2024-01-01")
        assert answer["parties"][0]["reasons"][0]["unverified"] is True


class TestWhatCannotBeUsed:
    def test_an_unknown_pack(self, grade):
        answer, code = grade([WHOLESALER], "atlantis")
        assert (answer["code"], code) == ("K201", 2)

    def test_an_impossible_date(self, grade):
        answer, code = grade([WHOLESALER], on="2022-02-30")
        assert (answer["code"], code) == ("K301", 2)

    @pytest.mark.parametrize("text", ["", "{", "{}", "[1]"])
    def test_a_file_that_is_no_list_of_parties(self, grade, text):
        answer, code = grade(text)
        assert (answer["code"], code) == ("X201", 2)

    def test_a_date_left_empty(self, grade):
        answer, code = grade([WHOLESALER], on="")
        assert (answer["code"], code) == ("X202", 2)


class TestTheStoredRegister:
    @pytest.fixture
    def stored(self, naiman, now):
        def stored(name, office, **facts):
            party = Party.objects.create(
                name=name, division_code=office, office_code=office, created_at=now, updated_at=now
            )
            PartyLink.objects.create(party=party, link="经营", **facts)

        stored("批发", "150525", mode="批发", classes="2")
        stored("零售", "522726", mode="零售", classes="2")

    def run(self, *more):
        asked = ["--pack", "dushan", "--on", "2022-03-01", "--json", *more]
        result = CliRunner().invoke(grade_command, asked)
        return json.loads(result.stdout), result.exit_code

    def test_is_counted_by_link_and_level(self, stored):
        answer, code = self.run()
        assert (answer["counts"], code) == ({"经营": {"2": 1, "1": 1}}, 0)

    def test_of_one_office_only(self, stored):
        answer, _ = self.run("--office", "522726")
        assert answer["counts"] == {"经营": {"1": 1}}

    def test_of_an_unknown_office_is_refused(self, stored):
        answer, code = self.run("--office", "999999")
        assert (answer["code"], code) == ("L202", 2)


class TestPacks:
    def test_are_listed(self):
        result = CliRunner().invoke(packs_group, ["list", "--json"])
        assert {p["pack"] for p in json.loads(result.stdout)} == set(packs.known())

    def test_are_shown_with_every_rule(self):
        result = CliRunner().invoke(packs_group, ["show", "chizhou", "--json"])
        rules = json.loads(result.stdout)["rules"]
        assert {r["rule"] for r in rules} == {r.id for r in packs.rules(packs.load("chizhou"))}
        assert all(r["meaning"] and r["citation"] for r in rules)

    def test_hold_with_their_examples(self):
        result = CliRunner().invoke(packs_group, ["check", "--json"])
        answer = json.loads(result.stdout)
        assert (answer["problems"], result.exit_code) == ([], 0)
        assert answer["examples"] > 100

    def test_unknown_are_refused(self):
        result = CliRunner().invoke(packs_group, ["show", "atlantis", "--json"])
        assert (json.loads(result.stdout)["code"], result.exit_code) == ("K201", 2)

    def test_check_reports_rules_of_fines_that_do_not_hold_together(self, tmp_path, monkeypatch):
        shutil.copytree(packs.root(), tmp_path / "packs")
        broken = tmp_path / "packs" / "national" / "penalties.toml"
        broken.write_text(broken.read_text(encoding="utf-8") + "\n[[table]\n", encoding="utf-8")
        monkeypatch.setenv("XIEJIAN_PACKS", str(tmp_path / "packs"))
        result = CliRunner().invoke(packs_group, ["check", "--json"])
        assert result.exit_code == 1
        assert [p["code"] for p in json.loads(result.stdout)["problems"]] == ["K529"]
