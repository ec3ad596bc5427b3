"""现场扫码核对: what a label and the register say about a product on the shelf."""

from __future__ import annotations

import datetime as dt

import pytest

from xiejian.inspections import products
from xiejian.inspections.models import ProductCheck
from xiejian.inspections.products import examine, verdict
from xiejian.kernel.problems import Refused
from xiejian.numbers import udi
from xiejian.registry.models import Registration
from xiejian.registry.permitting import Holder, Paper, Product

ON = dt.date(2024, 3, 5)
NUMBER = "国械注准20203160123"
LABEL = "(01)06972253600013(11)230101(17)260101(10)A1"
PRODUCT = Product(
    NUMBER, True, "软性亲水接触镜", "3", "16", "2017", dt.date(2020, 5, 1), dt.date(2025, 4, 30)
)  # fmt: skip
LICENCE = Paper(
    "distribution_licence", "蒙通药监械经营许20200001号", "第三类：16眼科器械", expires_on=dt.date(2025, 1, 1)
)
SHOP = Holder("经营", "23", "", (LICENCE,))


def read(label: str = LABEL) -> udi.Udi:
    return udi.read(label, on=ON)


def state(check: str, *, code=None, product=PRODUCT, holder=SHOP, on=ON) -> str:
    """The state of one thing that was looked at; '' when it was not."""
    found = {r.check: r.state for r in examine(code or read(), product, holder, on)}
    return found.get(check, "")


def changed(thing, **facts):
    return type(thing)(**{**thing.__dict__, **facts})


class TestAProductThatIsAsItShouldBe:
    def test_has_nothing_against_it(self):
        assert {r.state for r in examine(read(), PRODUCT, SHOP, ON)} == {"ok"}

    def test_every_reason_names_its_clause(self):
        assert all(r.citation for r in examine(read(), PRODUCT, SHOP, ON))


class TestTheLabel:
    @pytest.mark.parametrize(
        ("until", "expected"), [("240304", "wrong"), ("240305", "ok"), ("240306", "ok")],
        ids=["yesterday", "today", "tomorrow"],
    )  # fmt: skip
    def test_is_read_for_the_day(self, until, expected):
        assert state("shelf_life", code=read(f"(01)06972253600013(17){until}(10)A1")) == expected

    def test_without_a_date_leaves_a_doubt(self):
        assert state("shelf_life", code=read("(01)06972253600013(10)A1")) == "doubt"

    def test_that_cannot_be_read_leaves_a_doubt(self):
        assert state("code", code=read("hello")) == "doubt"


class TestTheRegistration:
    def test_that_the_register_does_not_know_leaves_a_doubt(self):
        assert state("registered", product=Product(NUMBER)) == "doubt"

    def test_that_was_cancelled_is_wrong(self):
        assert state("registered", product=changed(PRODUCT, status="注销")) == "wrong"

    def test_that_is_younger_than_the_goods_is_wrong(self):
        assert state("registered", product=changed(PRODUCT, approved_on=dt.date(2023, 1, 2))) == "wrong"

    @pytest.mark.parametrize(
        ("until", "expected"),
        [(dt.date(2024, 3, 5), "ok"), (dt.date(2023, 1, 1), "ok"), (dt.date(2022, 12, 31), "wrong")],
        ids=["runs out today", "ran out on the day of making", "ran out the day before"],
    )
    def test_that_has_run_out_covers_goods_made_before(self, until, expected):
        assert state("certificate", product=changed(PRODUCT, expires_on=until)) == expected

    def test_that_has_run_out_leaves_a_doubt_when_the_day_of_making_is_unknown(self):
        run_out = changed(PRODUCT, expires_on=dt.date(2023, 12, 31))
        assert state("certificate", product=run_out, code=read("(01)06972253600013(17)260101")) == "doubt"


class TestTheLicence:
    def test_that_runs_out_today_still_holds(self):
        assert state("licence", holder=changed(SHOP, papers=(changed(LICENCE, expires_on=ON),))) == "ok"

    def test_that_ran_out_yesterday_is_wrong(self):
        paper = changed(LICENCE, expires_on=ON - dt.timedelta(days=1))
        assert state("licence", holder=changed(SHOP, papers=(paper,))) == "wrong"

    def test_that_is_not_in_the_register_leaves_a_doubt(self):
        assert state("licence", holder=changed(SHOP, papers=())) == "doubt"

    def test_of_another_kind_does_not_count(self):
        filing = changed(LICENCE, kind="distribution_filing")
        assert state("licence", holder=changed(SHOP, papers=(filing,))) == "doubt"

    def test_is_not_asked_of_a_seller_of_the_first_class(self):
        assert state("licence", product=changed(PRODUCT, management_class="1")) == ""

    def test_is_not_asked_of_a_user(self):
        assert state("licence", holder=Holder("使用")) == ""


class TestTheScope:
    def scoped(self, scope, **of_product):
        holder = changed(SHOP, papers=(changed(LICENCE, scope=scope),))
        return state("scope", holder=holder, product=changed(PRODUCT, **of_product))

    @pytest.mark.parametrize(
        "scope", ["16眼科器械", "第三类：10，16，22", "16-07", "2017年目录：16；2002年目录：6822"]
    )
    def test_covers_its_catalogue_numbers(self, scope):
        assert self.scoped(scope) == "ok"

    @pytest.mark.parametrize("scope", ["10输血器械", "22-16"])
    def test_does_not_cover_others(self, scope):
        assert self.scoped(scope) == "wrong"

    def test_of_the_old_catalogue_says_nothing_about_the_new(self):
        assert self.scoped("Ⅲ类6816") == "doubt"

    def test_of_the_old_catalogue_covers_an_old_certificate(self):
        assert self.scoped("Ⅲ类6816", catalogue="2002") == "ok"

    def test_that_is_not_written_leaves_a_doubt(self):
        assert self.scoped("") == "doubt"

    def test_a_class_outside_the_registered_ones_is_wrong(self):
        assert state("classes", holder=changed(SHOP, classes="2")) == "wrong"


def test_the_worst_reason_is_the_verdict():
    reasons = examine(read("(01)06972253600013(17)230101"), PRODUCT, SHOP, ON)
    assert (verdict(reasons), reasons[0].state) == ("wrong", "wrong")


class TestChecking:
    @pytest.fixture
    def registered(self, db):
        return Registration.objects.create(
            number=NUMBER, number_key=NUMBER, number_kind="current", record_key="1", registrant="某公司",
            product_name="软性亲水接触镜", management_class="3", approved_on=dt.date(2020, 5, 1),
            expires_on=dt.date(2025, 4, 30),
        )  # fmt: skip

    @pytest.fixture
    def check(self, started, inspector, now):
        def make(text=LABEL, number=NUMBER, **more):
            given = {"visit": started, "text": text, "registration_no": number, "by": inspector, "at": now}
            return products.check_product(**given | more)

        return make

    def test_keeps_what_was_read_and_found(self, check, registered):
        row = check()
        assert (row.registration, row.lot, row.expires_on) == (registered, "A1", dt.date(2026, 1, 1))

    def test_of_one_product_twice_is_kept_once(self, check, registered):
        assert (check().pk, ProductCheck.objects.count()) == (check().pk, 1)

    def test_knows_the_device_again_without_its_number(self, check, registered):
        check()
        assert check(LABEL.replace("A1", "B2"), number="").registration == registered

    def test_takes_the_paper_that_runs_longest_of_one_number(self, check, registered):
        later = Registration.objects.create(
            number=NUMBER, number_key=NUMBER, number_kind="current", record_key="2", registrant="某公司",
            product_name="软性亲水接触镜", expires_on=dt.date(2030, 4, 30),
        )  # fmt: skip
        assert check().registration == later

    def test_of_nothing_is_refused(self, check):
        with pytest.raises(Refused) as refused:
            check(" ", number="")
        assert refused.value.first.code == "I613"

    def test_before_the_visit_begins_is_refused(self, check, schedule):
        with pytest.raises(Refused) as refused:
            check(visit=schedule())
        assert refused.value.first.code == "I614"
