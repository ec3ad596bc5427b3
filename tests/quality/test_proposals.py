"""What is proposed to be looked at, and when a version holds: facts in, answers out; no database."""

from __future__ import annotations

import datetime as dt

import pytest

from xiejian.kernel import laws
from xiejian.quality import checks, rules
from xiejian.quality.proposals import Announced, Product, of_law, of_recall

FIRM, DAY = "91110105MA01XXXX0Y", dt.date(2024, 6, 1)
SEW, CATHETER = Product("缝合线", "国械注准20233020001"), Product("导管", "", "16901234567892")


def recall(**facts) -> Announced:
    told = {"holder_uscc": "", "registration_no": "", "di": "", **facts}
    return Announced("ZH1", "某产品", DAY, **told)


class TestRecalls:
    @pytest.mark.parametrize(
        ("facts", "reasons"),
        [
            ({"registration_no": SEW.registration_no}, ["本单位有缝合线，注册证或备案编号相同"]),
            ({"di": CATHETER.di}, ["本单位有导管，产品标识相同"]),
            ({"holder_uscc": FIRM}, ["本单位实施的召回"]),
            ({"registration_no": "别的", "di": "别的"}, []),
            ({}, []),  # a recall and a card that both say nothing are no match
        ],
    )
    def test_one_is_proposed_for_a_product_that_the_firm_has(self, facts, reasons):
        assert of_recall(recall(**facts), FIRM, [SEW, CATHETER]).reasons == tuple(reasons)


class TestLaws:
    def law(self, word: str) -> laws.Law:
        return next(one for one in laws.load().laws.values() if word in one.title)

    @pytest.mark.parametrize(
        ("word", "links", "concerns"),
        [
            ("经营监督管理办法", ["经营"], True),
            ("经营监督管理办法", ["使用"], False),
            ("生产监督管理办法", ["生产"], True),
            ("生产监督管理办法", ["经营"], False),
            ("生产监督管理办法", [], False),
        ],
    )
    def test_one_is_proposed_to_a_firm_of_the_link_in_its_title(self, word, links, concerns):
        assert bool(of_law(self.law(word), links, rules.topics()).reasons) is concerns

    def test_an_amended_law_is_another_edition(self):
        law = self.law("经营监督管理办法")
        assert of_law(law, [], rules.topics()).key == ("law", law.id, law.digest)


class TestWhenAVersionHolds:
    @pytest.mark.parametrize(
        ("state", "effective", "ended", "found"),
        [
            ("draft", None, None, ""),
            ("approved", DAY, None, "holding"),
            ("approved", DAY + dt.timedelta(1), None, "coming"),
            ("approved", DAY - dt.timedelta(9), DAY, "ended"),  # the first day on which it does not hold
            ("withdrawn", DAY - dt.timedelta(9), DAY + dt.timedelta(1), "holding"),
            ("approved", DAY + dt.timedelta(9), DAY + dt.timedelta(9), "ended"),  # never held
        ],
    )
    def test_on_a_day(self, state, effective, ended, found):
        assert checks.standing(state, effective, ended, DAY) == found
