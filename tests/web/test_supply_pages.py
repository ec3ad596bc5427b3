"""进销存 of the area: what needs a look first, whose it is, taken along."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from moment import NOW
from small_register import party
from xiejian.supply.models import Movement

DEALER = "91330200000000002Y"
LIST = "/supply/"


@pytest.fixture
def officer_client(as_role):
    return as_role("section_officer")


@pytest.fixture
def write(db):
    def make(number: str, marks: str = "|", **given) -> Movement:
        usual = {
            "firm_uscc": DEALER, "firm_office_code": "150525100", "kind": "ship", "di": "1", "lot": "A1",
            "quantity": 3, "on": NOW.date(), "product_name": "晶体", "source": "import", "at": NOW,
            "partner_name": "乙医院",
        }  # fmt: skip
        return Movement.objects.create(record_no=number, marks=marks, **{**usual, **given})

    return make


def text(answer) -> str:
    return answer.content.decode()


class TestTheList:
    def test_shows_first_what_is_wrong_and_apart_what_cannot_be_told(self, officer_client, write):
        write("1", "|oversold|")
        write("2", "|partner_unknown|")
        write("3")
        found = [officer_client.get(LIST, {"tab": t}).context["listing"].total for t in ("", "doubt", "all")]
        assert found == [1, 1, 3]

    def test_names_the_firms_of_the_register(self, officer_client, write):
        party("安康公司", uscc=DEALER)
        write("1", "|oversold|")
        assert "安康公司" in text(officer_client.get(LIST))

    def test_leaves_out_what_was_struck_and_what_is_elsewhere(self, officer_client, write):
        write("1", "|oversold|", voided=True)
        write("2", "|oversold|", firm_office_code="330206")
        assert officer_client.get(LIST).context["listing"].total == 0

    def test_asks_the_same_number_of_questions_for_many_rows(self, officer_client, write):
        def asked() -> int:
            with CaptureQueriesContext(connection) as found:
                officer_client.get(LIST)
            return len(found)

        write("1", "|oversold|")
        before = asked()
        for n in range(2, 8):
            write(str(n), "|oversold|")
        assert asked() == before

    def test_is_taken_along_as_epcis(self, officer_client, write):
        write("1", "|oversold|")
        document = json.loads(officer_client.get("/supply/events/").content)
        assert document["epcisBody"]["eventList"][0]["xiejian:firm"] == DEALER


class TestARecord:
    def test_says_what_its_marks_mean_and_rest_on(self, officer_client, write):
        row = write("1", "|expired|")
        assert "医疗器械监督管理条例第五十五条" in text(officer_client.get(f"/supply/{row.pk}/"))
