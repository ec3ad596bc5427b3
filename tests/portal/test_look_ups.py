"""What anybody may see without signing in, and what nobody sees there."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from xiejian.cases.models import Case, Publication, PublicationText, TypicalCase
from xiejian.people import actions as people
from xiejian.people.models import Office
from xiejian.people.policy import SYSTEM
from xiejian.portal import public
from xiejian.registry.models import Licence, Party, PartyLink, Registration
from xiejian.registry.search import grams
from xiejian.sampling.models import Sample

PAGES = ("certificates", "penalties", "typical-cases", "dishonest", "notices", "offices")
#: of natural persons: on no page of the public
PERSONS = ("法定甲", "负责乙", "13900001111", "抽样丙", "见证丁")
NUMBER = "蒙通食药监械经营备20230001号"
REGISTRATION = "国械注准20213140001"


@pytest.fixture(autouse=True)
def _fresh():
    cache.clear()


@pytest.fixture
def shop(naiman, now):
    made = Party.objects.create(
        name="奈曼旗康宁大药房", uscc="91150525MA0N000012", division_code="150525", office_code="150525100",
        address="团结路8号", legal_representative="法定甲", head="负责乙", phone="13900001111",
        search_grams=grams(["奈曼旗康宁大药房"]), created_at=now, updated_at=now,
    )  # fmt: skip
    PartyLink.objects.create(party=made, link="经营")
    Licence.objects.create(party=made, kind="distribution_filing", number=NUMBER, number_key=NUMBER)
    return made


@pytest.fixture
def product(shop):
    return Registration.objects.create(
        number=REGISTRATION, number_key=REGISTRATION, number_kind="current", record_key="1",
        registrant="某公司", product_name="一次性使用无菌注射器", management_class="3",
        search_grams=grams(["一次性使用无菌注射器"]), expires_on=dt.date(2020, 1, 1),
    )  # fmt: skip


@pytest.fixture
def sample(shop):
    def make(**facts):
        given = {
            "number": "抽1", "kind": "监督抽检", "party": shop, "link": "经营", "office_code": "150525100",
            "state": "final", "product_name": "医用口罩", "result": "不符合规定", "samplers": "抽样丙",
            "witness": "见证丁", "failed_items": "过滤效率", "final_on": timezone.localdate(),
        }  # fmt: skip
        return Sample.objects.create(**given | facts)

    return make


def ask(page, /, **asked):
    return Client().get(f"/public/{page}/", asked)


def text(page, /, **asked):
    return ask(page, **asked).content.decode()


class TestEveryPage:
    @pytest.mark.parametrize("page", PAGES)
    def test_opens_without_signing_in(self, naiman, page):
        assert ask(page).status_code == 200

    @pytest.mark.parametrize("page", PAGES)
    def test_may_be_kept_by_a_proxy_and_is_not_indexed(self, naiman, page):
        answer = ask(page)
        assert ("max-age=300" in answer["Cache-Control"], answer["X-Robots-Tag"]) == (
            True, "noindex, nofollow",
        )  # fmt: skip

    @pytest.mark.parametrize("page", PAGES)
    def test_shows_what_was_asked_as_text_only(self, naiman, page):
        assert "<script>alert" not in text(page, q="<script>alert(1)</script>")

    @pytest.mark.parametrize("asked", ["0", "-1", "x", "99999999999", "²"])
    def test_a_page_that_is_none_is_the_first_or_the_last(self, naiman, asked):
        assert ask("notices", page=asked).status_code == 200

    def test_nothing_is_written_there(self, naiman):
        assert Client().post("/public/notices/").status_code == 405

    def test_who_asks_too_often_waits(self, naiman, monkeypatch):
        monkeypatch.setattr("xiejian.portal.look_ups.rules.portal", lambda name: 1)
        assert [ask("offices").status_code for _ in range(2)] == [200, 429]


class TestCertificatesAndProducts:
    @pytest.mark.parametrize("asked", [NUMBER, NUMBER[:-1], " 91150525MA0N000012 ", "奈曼旗康宁"])
    def test_a_filing_is_found_by_number_credit_code_and_name(self, shop, asked):
        assert NUMBER in text("certificates", q=asked)

    def test_a_product_is_found_by_its_number(self, product):
        assert "一次性使用无菌注射器" in text("certificates", q=REGISTRATION)

    def test_it_says_that_its_time_is_over(self, product):
        assert "已过有效期" in text("certificates", q=REGISTRATION)

    def test_a_few_characters_of_a_name_are_not_enough(self, shop):
        assert NUMBER not in text("certificates", q="康宁")

    def test_of_a_party_that_closed_nothing_is_shown(self, shop):
        Party.objects.update(status="注销")
        assert "团结路8号" not in text("certificates", q=NUMBER)

    def test_what_is_unknown_is_not_called_unapproved(self, shop):
        assert "不等于没有批准" in text("certificates", q="国械注准20990000000")

    def test_asks_a_bounded_number_of_times(self, shop, product, django_assert_max_num_queries):
        with django_assert_max_num_queries(7):
            text("certificates", q="奈曼旗康宁")


class TestQualityNotices:
    def test_a_failed_sample_is_told_once_it_is_final(self, sample):
        sample()
        assert "过滤效率" in text("notices")

    @pytest.mark.parametrize(
        "facts",
        [
            {"state": "objected", "final_on": None},
            {"state": "retesting", "final_on": None},
            {"final_result": "符合规定"},
            {"result": "符合规定"},
        ],
    )
    def test_one_in_dispute_or_in_order_is_not(self, sample, facts):
        sample(**facts)
        assert "医用口罩" not in text("notices")

    def test_many_are_on_several_pages(self, sample, django_assert_max_num_queries):
        for number in range(public.PAGE + 1):
            sample(number=f"抽{number}")
        with django_assert_max_num_queries(4):
            assert "第 2 页，共 2 页" in text("notices", page=2)


@pytest.fixture
def case(shop):
    return Case.objects.create(
        party=shop, number="奈市监罚〔2026〕1号", link="经营", office_code="150525100",
        conduct="经营过期器械", filed_on=dt.date(2026, 1, 5),
    )  # fmt: skip


class TestPublishedPenalties:
    @pytest.fixture
    def published(self, case):
        def make(**facts):
            today = timezone.localdate()
            given = {
                "case": case, "state": "published", "published_on": today,
                "until_on": today + dt.timedelta(days=365), "proposed_by": "a", "office_code": "150525100",
            }  # fmt: skip
            row = Publication.objects.create(**given | facts)
            PublicationText.objects.create(
                publication=row, version=1, content=[["单位", "奈曼旗康宁大药房"], ["罚款", "1万元"]],
                digest="x", drafted_at=timezone.now(), drafted_by="a",
                approved_at=timezone.now(), approved_by="b",
            )  # fmt: skip
            return row

        return make

    def test_one_in_its_term_is_shown(self, published):
        published()
        assert "1万元" in text("penalties")

    def test_one_whose_term_is_over_is_not(self, published):
        published(until_on=timezone.localdate() - dt.timedelta(days=1))
        assert "1万元" not in text("penalties")


class TestTypicalCases:
    def test_only_published_ones_are_shown(self, case):
        for state, title in (("published", "公开的案例"), ("drafted", "草稿中的案例")):
            TypicalCase.objects.create(
                case=case, title=title, story="某店", outcome="罚款", state=state, drafted_by="a",
                published_on=timezone.localdate(), office_code="150525",
            )  # fmt: skip
        shown = text("typical-cases")
        assert ("公开的案例" in shown, "草稿中的案例" in shown) == (True, False)


class TestPersonalData:
    @pytest.mark.parametrize(
        ("page", "asked"), [("certificates", NUMBER), ("certificates", "奈曼旗康宁"), ("notices", "")]
    )
    def test_no_page_names_a_person(self, shop, sample, page, asked):
        sample()
        shown = text(page, q=asked)
        assert [word for word in PERSONS if word in shown] == []


class TestOfficeHours:
    def test_what_an_office_tells_is_shown(self, naiman, now):
        office = Office.objects.get(code="150525")
        people.tell_public(office=office, facts={"hours": "周一至周五 8:30", "phone": " "}, by=SYSTEM, at=now)
        assert ("周一至周五" in text("offices"), office.settings["public"]) == (
            True, {"hours": "周一至周五 8:30"},
        )  # fmt: skip

    def test_nothing_told_is_not_shown(self, naiman, now):
        office = Office.objects.get(code="150525")
        people.tell_public(office=office, facts={"hours": "周一"}, by=SYSTEM, at=now)
        people.tell_public(office=office, facts={}, by=SYSTEM, at=now)
        assert "还没有公布办公时间" in text("offices")
