"""Checklists as data: sourced, versioned, chosen by link, product and day; the first row that fits judges."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from xiejian.inspections import checklists, judgements
from xiejian.inspections.judgements import Tally, suggested_due
from xiejian.kernel.problems import Refused
from xiejian.registry.models import LINKS

ON = dt.date(2024, 3, 5)
DOCS = Path(__file__).parents[2] / "docs" / "explanation" / "checklists.md"

GOOD = """
id = "mine"
title = "我的检查表"
links = ["经营"]
judgement = "J-4"
[[point]]
id = "M-1"
chapter = "总则"
text = "有许可证"
citation = "医疗器械监督管理条例第四十二条"
key = true
checked = "条例原文"
"""


def load(tmp_path, text=GOOD, **others):
    for name, content in {"mine": text, **others}.items():
        (tmp_path / f"{name}.toml").write_text(content, encoding="utf-8")
    return checklists.load(tmp_path)


def judge(rule, tally, on=ON):
    return judgements.judge(rule, tally, on)


def first(link, tags=(), **facts):
    found = checklists.for_visit(link, tags, facts.pop("on", ON), **facts)
    return found[0].id if found else None


class TestLoading:
    def test_a_sourced_list_is_read(self, tmp_path):
        assert load(tmp_path)["mine"].key_points[0].id == "M-1"

    @pytest.mark.parametrize(
        ("was", "becomes", "why"),
        [
            ('citation = "医疗器械监督管理条例第四十二条"', 'citation = ""', "citation"),
            ('checked = "条例原文"', "", "unverified"),
            ('checked = "条例原文"', 'checked = "条例原文"\nunverified = true', "unverified"),
            ('text = "有许可证"', "", "text"),
            ('judgement = "J-4"', 'judgement = "J-99"', "J-99"),
            ('id = "mine"', 'id = "other"', "文件名"),
            ('links = ["经营"]', "links = []", "links"),
            ('title = "我的检查表"', "title = ", "mine.toml"),
        ],
        ids=["citation", "status", "two statuses", "text", "judgement", "id", "links", "no TOML"],
    )
    def test_a_list_that_does_not_say_where_from_is_refused(self, tmp_path, was, becomes, why):
        with pytest.raises(Refused) as refused:
            load(tmp_path, GOOD.replace(was, becomes))
        assert refused.value.first.code == "I501"
        assert why in refused.value.first.message

    def test_a_point_twice_is_refused(self, tmp_path):
        with pytest.raises(Refused, match="重复"):
            load(tmp_path, GOOD + GOOD[GOOD.index("[[point]]") :])

    def test_a_point_is_taken_from_another_list(self, tmp_path):
        theme = GOOD.replace('id = "mine"', 'id = "theme"').replace("M-1", "T-1")
        theme = theme.replace('judgement = "J-4"', 'judgement = "J-4"\ninclude = { mine = ["M-1"] }')
        assert [p.id for p in load(tmp_path, theme=theme)["theme"].points] == ["T-1", "M-1"]

    def test_a_point_taken_twice_is_refused(self, tmp_path):
        theme = GOOD.replace('id = "mine"', 'id = "theme"')
        theme = theme.replace('judgement = "J-4"', 'judgement = "J-4"\ninclude = { mine = ["M-1"] }')
        with pytest.raises(Refused, match="重复"):
            load(tmp_path, theme=theme)

    @pytest.mark.parametrize("when", ['{ status = "正常" }', "{ classes = 3 }", '{ shade = "red" }'])
    def test_a_condition_that_cannot_be_asked_is_refused(self, tmp_path, when):
        with pytest.raises(Refused, match="适用条件"):
            load(tmp_path, GOOD.replace("key = true", f"key = true\nwhen = {when}"))

    def test_a_point_that_the_other_list_lacks_is_refused(self, tmp_path):
        theme = GOOD.replace('judgement = "J-4"', 'judgement = "J-4"\ninclude = { mine = ["M-9"] }')
        with pytest.raises(Refused, match="M-9"):
            load(tmp_path, theme)

    def test_another_wording_is_another_version(self, tmp_path):
        before = load(tmp_path)["mine"].version
        assert load(tmp_path, GOOD.replace("有许可证", "有经营许可证"))["mine"].version != before

    @pytest.mark.parametrize("last", ["", "when = { failed = 2 }"], ids=["twice open", "never open"])
    def test_a_judgement_that_leaves_a_case_open_or_answers_twice_is_refused(self, tmp_path, last):
        row = (
            '[[judgement.row]]\nid = "R"\nconclusion = "符合"\nmeaning = "m"\ncitation = "c"\nchecked = "x"\n'
        )
        path = tmp_path / "judgements.toml"
        path.write_text(f'[[judgement]]\nid = "J"\n{row}{row}{last}\n', encoding="utf-8")
        with pytest.raises(Refused, match="最后一行"):
            judgements.load_judgements(path)


class TestShipped:
    @pytest.mark.parametrize("checklist", checklists.checklists().values(), ids=lambda c: c.id)
    def test_links_are_links_and_key_points_exist(self, checklist):
        assert set(checklist.links) <= set(LINKS)
        assert checklist.key_points

    def test_every_link_has_a_list(self):
        assert all(first(link) for link in LINKS)

    def test_what_is_remembered_is_marked(self):
        assert checklists.get("distribution").point("G5-2").unverified
        assert not checklists.get("distribution").point("G6-1").unverified

    def test_nothing_is_wrong_with_what_ships(self):
        assert checklists.wrong() == []

    def test_what_is_wrong_is_told_with_its_file(self, tmp_path, monkeypatch):
        shutil.copytree(checklists.root(), tmp_path / "packs")
        with (tmp_path / "packs" / "inspections" / "rules.toml").open("a", encoding="utf-8") as file:
            file.write('[[value]]\nid = "RL-99"\nvalue = 3\nmeaning = "没有出处"\nunverified = true\n')
        monkeypatch.setenv("XIEJIAN_PACKS", str(tmp_path / "packs"))
        assert [(p.code, "RL-99" in p.message) for p in checklists.wrong()] == [("I501", True)]

    def test_an_unknown_list_is_refused_with_the_known_ones(self):
        with pytest.raises(Refused) as refused:
            checklists.get("nothing")
        assert "distribution" in refused.value.first.next


class TestChoosing:
    @pytest.mark.parametrize(
        ("link", "tags", "facts", "chosen"),
        [
            ("经营", [], {}, "distribution"),
            ("经营", ["角膜接触镜"], {}, "contact-lens"),
            ("经营", ["彩色隐形眼镜"], {}, "contact-lens"),
            ("经营", ["植入"], {}, "sterile-implant-distribution"),
            ("经营", ["体外诊断试剂", "冷链"], {}, "ivd-cold-chain-distribution"),
            ("经营", ["植入"], {"kind": "全项目检查"}, "distribution"),
            ("经营", [], {"area": "医疗器械、药品"}, "pharmacy"),
            ("经营", [], {"area": "药品"}, "pharmacy"),
            ("使用", [], {}, "use"),
            ("使用", ["无菌"], {}, "sterile-implant-use"),
            ("使用", ["体外诊断试剂"], {}, "ivd-cold-chain-use"),
            ("使用", [], {"area": "药品"}, "hospital-pharmacy"),
            ("网络销售", [], {}, "online"),
            ("第三方平台", [], {}, "platform"),
            ("生产", [], {"kind": "日常检查"}, "production"),
            ("生产", ["无菌"], {"kind": "全项目检查"}, "production-gmp-2014"),
            ("生产", ["无菌"], {"kind": "全项目检查", "on": dt.date(2026, 10, 31)}, "production-gmp-2014"),
            ("生产", ["无菌"], {"kind": "全项目检查", "on": dt.date(2026, 11, 1)}, "production-gmp-2025"),
            ("经营", [], {"on": dt.date(2022, 5, 1)}, "distribution"),
            ("经营", [], {"on": dt.date(2022, 4, 30)}, None),
            ("经营", [], {"area": "化妆品"}, "cosmetics"),
            ("生产", [], {"area": "化妆品"}, "cosmetics-production"),
            ("经营", [], {"area": "药品", "mode": "批发"}, "drug-wholesale"),
            ("经营", [], {"area": "药品", "mode": "零售"}, "pharmacy"),
            ("经营", ["第二类精神药品"], {"area": "药品", "mode": "批发"}, "drug-special"),
            ("使用", ["疫苗"], {"area": "药品"}, "vaccine-use"),
            ("生产", [], {"area": "药品"}, "drug-production"),
            ("使用", ["植入"], {}, "sterile-implant-use"),
            ("使用", ["大型设备"], {}, "large-equipment-use"),
            ("使用", ["定制式义齿"], {}, "dental"),
            ("生产", ["定制式义齿"], {}, "production-denture"),
            ("生产", [], {"kind": "全项目检查"}, "production-gmp-2014-general"),
            ("生产", ["植入"], {"kind": "全项目检查"}, "production-gmp-2014-implant"),
            ("生产", ["无菌", "植入"], {"kind": "全项目检查"}, "production-gmp-2014-implant"),
            ("生产", ["体外诊断试剂"], {"kind": "飞行检查"}, "production-gmp-2014-ivd"),
            ("生产", ["无菌"], {"kind": "体系核查"}, "production-registration-check"),
            ("生产", ["无菌"], {"kind": "体系核查", "on": dt.date(2022, 10, 9)}, "production-gmp-2014"),
            ("生产", [], {"kind": "备案后检查"}, "production-filing-check"),
            ("经营", ["角膜接触镜"], {"kind": "备案后检查"}, "distribution-filing-check"),
        ],
    )
    def test_the_list_that_fits_best(self, link, tags, facts, chosen):
        assert first(link, tags, **facts) == chosen

    @pytest.mark.parametrize(
        ("point", "facts", "asked"),
        [
            ("G3-3", {"classes": "3"}, True),
            ("G3-3", {"classes": "2"}, False),
            ("G3-3", {"classes": ""}, True),
            ("G8-4", {"stores_for_others": False}, False),
            ("G8-4", {"stores_for_others": True}, True),
            ("G4-2", {"tags": ["无菌"]}, False),
            ("G4-2", {"tags": []}, True),
            ("G6-1", {"classes": "2"}, True),
        ],
    )
    def test_a_point_is_asked_of_whom_it_concerns(self, point, facts, asked):
        found = [p.id for p in checklists.get("distribution").asked(facts)]
        assert (point in found) is asked

    def test_more_shared_tags_fit_better(self):
        assert first("经营", ["无菌", "体外诊断试剂", "冷链"]) == "ivd-cold-chain-distribution"

    def test_the_general_list_stays_on_offer(self):
        assert "distribution" in [c.id for c in checklists.for_visit("经营", ["植入"], ON)]


class TestTallying:
    def test_a_point_that_does_not_apply_leaves_the_denominator(self):
        found = [("G2-2", "conform", False), ("G2-3", "not_applicable", False), ("G2-1", "conform", False)]
        assert checklists.tally(checklists.get("distribution"), "", found).applicable_general == 1

    def test_key_and_general_failures_are_counted_apart(self):
        found = [("G2-1", "not_conform", True), ("G2-2", "not_conform", False)]
        counted = checklists.tally(checklists.get("distribution"), "", found)
        assert (counted.key_failed, counted.general_failed, counted.severe) == (1, 1, 1)


class TestJudging:
    """Each rule row on both sides of its boundary (reference inspection §3)."""

    @pytest.mark.parametrize(
        ("rule", "tally", "row", "conclusion"),
        [
            ("J-2", Tally(), "J-1a", "符合"),
            ("J-2", Tally(general_failed=1), "J-2b", "限期整改"),
            ("J-2", Tally(general_failed=1, severe=1), "J-2a", "停产整改"),
            ("J-2", Tally(key_failed=1), "J-2a", "停产整改"),
            ("J-2", Tally("许可核查", general_failed=1), "J-1c", "限期整改"),
            ("J-2", Tally("许可核查", key_failed=1), "J-1b", "不符合"),
            ("J-2", Tally("许可核查", general_failed=1, severe=1), "J-1b", "不符合"),
            ("J-2", Tally("体系核查"), "J-1a", "符合"),
            ("J-2", Tally("体系核查", key_failed=2, general_failed=9), "J-3c", "限期整改"),
            ("J-2", Tally("体系核查", key_failed=3), "J-3b", "不符合"),
            ("J-2", Tally("体系核查", general_failed=10), "J-3b", "不符合"),
            ("J-2", Tally("体系核查", general_failed=1, severe=1), "J-3b", "不符合"),
            ("J-4", Tally(), "J-4a", "符合"),
            ("J-4", Tally(general_failed=1), "J-4d", "限期整改"),
            ("J-4", Tally(key_failed=1), "J-4d", "限期整改"),
            ("J-4", Tally(key_failed=1, severe=1), "J-4d", "移送"),
            ("J-4", Tally("许可核查", general_failed=1, applicable_general=10), "J-4c", "限期整改"),
            ("J-4", Tally("许可核查", general_failed=3, applicable_general=30), "J-4c", "限期整改"),
            ("J-4", Tally("许可核查", general_failed=2, applicable_general=19), "J-4b", "不符合"),
            ("J-4", Tally("许可核查", key_failed=1, applicable_general=30), "J-4b", "不符合"),
            ("J-U", Tally(general_failed=1), "J-U2", "限期整改"),
            ("J-U", Tally(general_failed=1, severe=1), "J-U1", "移送"),
            ("J-W", Tally(key_failed=1), "J-W2", "限期整改"),
            ("J-W", Tally(key_failed=1, severe=1), "J-W1", "移送"),
            ("J-M", Tally(key_failed=1), "J-M2", "限期整改"),
            ("J-M", Tally(), "J-M3", "符合"),
        ],
    )
    def test_the_first_row_that_matches_answers(self, rule, tally, row, conclusion):
        found = judge(rule, tally)
        assert (found.id, found.conclusion) == (row, conclusion)

    def test_the_time_for_correction_comes_with_the_row(self):
        assert judge("J-2", Tally("体系核查", general_failed=1)).within_months == 6
        assert judge("J-4", Tally("许可核查", general_failed=1, applicable_general=20)).within_days == 30

    @pytest.mark.parametrize(
        ("rule", "tally", "due"),
        [
            ("J-2", Tally("体系核查", general_failed=1), dt.date(2024, 9, 5)),
            ("J-4", Tally("许可核查", general_failed=1, applicable_general=20), dt.date(2024, 4, 4)),
            ("J-4", Tally(general_failed=1), None),
        ],
        ids=["six months", "thirty days", "no time in the source"],
    )
    def test_the_suggested_date_is_that_of_the_source(self, rule, tally, due):
        assert suggested_due(judge(rule, tally), ON) == due

    def test_what_is_remembered_is_marked(self):
        assert judge("J-4", Tally()).unverified
        assert not judge("J-2", Tally()).unverified


def described() -> dict[str, list[str]]:
    """checklist → points, key points, judgement, status, as the page's table says."""
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.split("|")] for line in lines if line.startswith("| ")]
    return {row[2].strip("`"): row[3:7] for row in rows if len(row) == 8}


class TestThePageAboutThem:
    """docs/explanation/checklists.md says what every list holds."""

    @pytest.mark.parametrize("checklist", checklists.checklists().values(), ids=lambda c: c.id)
    def test_counts_what_the_file_holds(self, checklist):
        not_verified = sum(p.unverified for p in checklist.points)
        total = len(checklist.points)
        status = {0: "checked", total: "not verified"}.get(not_verified, f"{not_verified} not verified")
        counts = [str(total), str(len(checklist.key_points)), checklist.judgement, status]
        assert described()[checklist.id] == counts
