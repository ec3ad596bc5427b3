"""The answers over HTTP are the answers of the commands."""

from __future__ import annotations

import json

import pytest

from xiejian.api import shapes

NUMBER = "粤械注准20212141234"
CODE = "(01)06901234567892(10)A1"
WHOLESALER = {"主体名称": "甲", "环节": "经营", "管理类别": "Ⅱ", "经营方式": "批发", "行政区划代码": "522726"}
EXTENDED = {"extensions": [{"n": 5, "unit": "WD"}]}
GOODS = {"goods_value": "20000"}


def post(client, path: str, asked: object):
    return client.post(f"/api/{path}", json.dumps(asked), content_type="application/json")


class TestNumber:
    def test_by_address_equals_the_command(self, signed_in, command):
        assert signed_in.get("/api/number", {"value": NUMBER}).json() == command("number", NUMBER)

    def test_by_post_equals_the_command(self, signed_in, command):
        asked = {"value": NUMBER, "kind": "device_filing"}
        expected = command("number", NUMBER, "--kind", "device_filing")
        assert post(signed_in, "number", asked).json() == expected

    def test_refuses_a_kind_that_there_is_not(self, signed_in):
        answer = signed_in.get("/api/number", {"value": NUMBER, "kind": "x"})
        assert (answer.status_code, answer.json()["code"]) == (422, "A105")


class TestUdi:
    def test_by_address_equals_the_command(self, signed_in, command):
        assert signed_in.get("/api/udi", {"value": CODE}).json() == command("udi", CODE)

    def test_by_post_equals_the_command(self, signed_in, command):
        assert post(signed_in, "udi", {"value": CODE}).json() == command("udi", CODE)

    def test_takes_the_separator_of_scanners(self, signed_in, command):
        scanned = "]d20106901234567892" + "10A1\x1d21S1"
        assert post(signed_in, "udi", {"value": scanned}).json() == command("udi", scanned)


class TestDue:
    def test_by_address_equals_the_command(self, signed_in, command):
        answer = signed_in.get("/api/due", {"rule": "CP-1", "from": "2024-09-27"})
        assert answer.json() == command("due", "CP-1", "--from", "2024-09-27")

    def test_by_address_takes_facts_as_text(self, signed_in, command, facts_file):
        asked = {"rule": "CP-1", "from": "2024-09-27", "facts": json.dumps(EXTENDED)}
        expected = command("due", "CP-1", "--from", "2024-09-27", "--facts", facts_file(EXTENDED))
        assert signed_in.get("/api/due", asked).json() == expected

    def test_by_post_equals_the_command(self, signed_in, command, facts_file):
        asked = {"rule": "CP-1", "from": "2024-09-27", "facts": EXTENDED}
        expected = command("due", "CP-1", "--from", "2024-09-27", "--facts", facts_file(EXTENDED))
        assert post(signed_in, "due", asked).json() == expected

    def test_lists_the_rules_of_the_command(self, signed_in, command):
        assert signed_in.get("/api/due/rules").json() == command("due", "--list")

    def test_refuses_a_rule_that_there_is_not_as_the_command_does(self, signed_in, command):
        answer = signed_in.get("/api/due", {"rule": "X-9", "from": "2024-09-27"})
        assert answer.status_code == 422
        assert answer.json()["code"] == command("due", "X-9", "--from", "2024-09-27")["code"]


class TestPenalty:
    def test_by_address_equals_the_command(self, signed_in, command, facts_file):
        asked = {"key": "P81-1", "on": "2024-05-01", "facts": json.dumps(GOODS)}
        expected = command("penalty", "P81-1", "--on", "2024-05-01", "--facts", facts_file(GOODS))
        assert signed_in.get("/api/penalty", asked).json() == expected

    def test_by_post_equals_the_command(self, signed_in, command, facts_file):
        asked = {"key": "P81-1", "on": "2024-05-01", "facts": GOODS}
        expected = command("penalty", "P81-1", "--on", "2024-05-01", "--facts", facts_file(GOODS))
        assert post(signed_in, "penalty", asked).json() == expected

    def test_lists_the_rules_of_the_command(self, signed_in, command):
        assert signed_in.get("/api/penalty/rules").json() == command("penalty", "--list")

    def test_lists_the_circumstances_of_the_command(self, signed_in, command):
        assert signed_in.get("/api/penalty/circumstances").json() == command("penalty", "--circumstances")


class TestGrade:
    def test_equals_the_command(self, signed_in, command, facts_file):
        asked = {"pack": "dushan", "on": "2022-03-01", "parties": [WHOLESALER]}
        expected = command(
            "grade", "--facts", facts_file([WHOLESALER]), "--pack", "dushan", "--on", "2022-03-01"
        )
        assert post(signed_in, "grade", asked).json() == expected

    def test_refuses_a_pack_that_there_is_not(self, signed_in):
        answer = post(signed_in, "grade", {"pack": "x", "on": "2022-03-01", "parties": []})
        assert (answer.status_code, answer.json()["code"]) == (422, "K201")

    def test_refuses_what_is_no_date(self, signed_in):
        answer = post(signed_in, "grade", {"pack": "dushan", "on": "soon", "parties": []})
        assert (answer.status_code, answer.json()["code"]) == (422, "K301")


class TestTheDocument:
    PATHS = {
        "/api/number": {"get", "post"},
        "/api/udi": {"get", "post"},
        "/api/due": {"get", "post"},
        "/api/due/rules": {"get"},
        "/api/penalty": {"get", "post"},
        "/api/penalty/rules": {"get"},
        "/api/penalty/circumstances": {"get"},
        "/api/grade": {"post"},
        "/api/records/kinds": {"get"},
        "/api/records/{kind}": {"get", "post"},
        "/api/records/{kind}/{key}": {"get"},
        "/api/records/{kind}/{key}/steps/{step}": {"post"},
        "/api/firm/records/kinds": {"get"},
        "/api/firm/records/{kind}": {"get", "post"},
        "/api/firm/records/{kind}/{key}": {"get"},
        "/api/firm/records/{kind}/{key}/steps/{step}": {"post"},
        "/api/firm/cold-readings": {"post"},
    }

    @pytest.fixture
    def document(self, signed_in):
        return signed_in.get("/api/openapi.json").json()

    def test_lists_every_path(self, document):
        assert {path: set(found) for path, found in document["paths"].items()} == self.PATHS

    @pytest.mark.parametrize("status", ["400", "401", "403", "413", "422", "429"])
    def test_says_that_refusals_come_as_problems(self, document, status):
        for path in document["paths"].values():
            for operation in path.values():
                assert list(operation["responses"][status]["content"]) == ["application/problem+json"]

    def test_has_no_page_with_scripts_of_other_hosts(self, signed_in):
        assert signed_in.get("/api/docs").status_code == 404

    @pytest.mark.parametrize(
        ("shape", "path", "asked"),
        [
            (shapes.NumberAnswer, "number", {"value": NUMBER}),
            (shapes.NumberAnswer, "number", {"value": "?"}),
            (shapes.UdiAnswer, "udi", {"value": CODE}),
            (shapes.UdiAnswer, "udi", {"value": "?"}),
            (shapes.DueAnswer, "due", {"rule": "CP-1", "from": "2024-09-27"}),
            (shapes.PenaltyAnswer, "penalty", {"key": "P81-1", "on": "2024-05-01", "facts": GOODS}),
            (shapes.GradeAnswer, "grade", {"pack": "dushan", "on": "2022-03-01", "parties": [WHOLESALER]}),
        ],
    )
    def test_describes_the_answers_as_they_are(self, signed_in, shape, path, asked):
        assert shape.model_validate(post(signed_in, path, asked).json())

    @pytest.mark.parametrize(
        ("shape", "path"),
        [
            (shapes.DueRule, "due/rules"),
            (shapes.PenaltyRule, "penalty/rules"),
            (shapes.Circumstance, "penalty/circumstances"),
        ],
    )
    def test_describes_the_lists_as_they_are(self, signed_in, shape, path):
        assert [shape.model_validate(one) for one in signed_in.get(f"/api/{path}").json()]
