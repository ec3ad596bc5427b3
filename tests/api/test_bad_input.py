"""Whatever is sent, the answer is an answer or a problem; never a trace."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PATHS = ("number", "udi", "due", "penalty", "grade")
LIGHT = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
KEYS = ("value", "kind", "rule", "from", "key", "on", "facts", "pack", "parties")
BODIES = VALUES | st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5)
DATES = st.sampled_from(["2024-03-05", "0001-01-01", "9999-12-31", "1949-10-01", "x", ""])
HEADINGS = st.sampled_from(
    ["主体名称", "环节", "管理类别", "经营方式", "备案日期", "有效期至", "投诉举报次数", "品种标签"]
)


def post(client, path: str, body: object):
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(f"/api/{path}", text, content_type="application/json")


def is_an_answer_or_a_problem(answer) -> bool:
    return answer.status_code == 200 or (
        answer.status_code in (400, 422)
        and answer["Content-Type"] == "application/problem+json"
        and all(answer.json()[key] for key in ("type", "title", "status", "detail", "code", "next"))
    )


class TestAnyBody:
    @pytest.mark.parametrize("path", PATHS)
    @LIGHT
    @given(body=BODIES)
    def test_is_answered_or_refused(self, signed_in, path, body):
        assert is_an_answer_or_a_problem(post(signed_in, path, body))

    @LIGHT
    @given(rule=st.sampled_from(["CP-1", "AE-1", "LC-1", "SD-1", "x"]), start=DATES, facts=VALUES)
    def test_is_answered_or_refused_for_time_limits(self, signed_in, rule, start, facts):
        asked = {"rule": rule, "from": start, "facts": facts}
        assert is_an_answer_or_a_problem(post(signed_in, "due", asked))

    @LIGHT
    @given(on=DATES, facts=st.dictionaries(st.sampled_from(["goods_value", "serious", "x"]), VALUES))
    def test_is_answered_or_refused_for_fines(self, signed_in, on, facts):
        asked = {"key": "P81-1", "on": on, "facts": facts}
        assert is_an_answer_or_a_problem(post(signed_in, "penalty", asked))

    @LIGHT
    @given(on=DATES, party=st.dictionaries(HEADINGS, VALUES | DATES))
    def test_is_answered_or_refused_for_grades(self, signed_in, on, party):
        asked = {"pack": "national-2022-78", "on": on, "parties": [{"环节": "生产、经营", **party}]}
        assert is_an_answer_or_a_problem(post(signed_in, "grade", asked))


class TestAnyAddress:
    @LIGHT
    @given(value=st.text(max_size=50), kind=st.text(max_size=9))
    def test_is_answered_or_refused(self, signed_in, value, kind):
        assert is_an_answer_or_a_problem(signed_in.get("/api/number", {"value": value, "kind": kind}))


class TestLoneSurrogates:
    """Valid JSON that is no text: half of a pair."""

    HALF = "\ud800"

    @pytest.mark.parametrize(
        ("path", "asked"),
        [
            ("number", {"value": HALF}),
            ("number", {"value": "1", "kind": HALF}),
            ("udi", {"value": HALF}),
            ("due", {"rule": HALF, "from": "2024-03-05"}),
            ("due", {"rule": "CP-1", "from": HALF}),
            ("due", {"rule": "CP-1", "from": "2024-03-05", "facts": {HALF: HALF}}),
            ("penalty", {"key": HALF, "on": "2024-05-01"}),
            ("penalty", {"key": "P81-1", "on": HALF}),
            ("penalty", {"key": "P81-1", "on": "2024-05-01", "facts": {HALF: HALF, "goods_value": "1"}}),
            ("grade", {"pack": HALF, "on": "2022-03-01", "parties": []}),
            ("grade", {"pack": "dushan", "on": HALF, "parties": []}),
            (
                "grade",
                {"pack": "dushan", "on": "2022-03-01", "parties": [{"环节": "经营", "主体名称": HALF}]},
            ),
        ],
        ids=lambda value: value if isinstance(value, str) else "-".join(value),
    )
    def test_are_answered_or_refused(self, signed_in, path, asked):
        assert is_an_answer_or_a_problem(post(signed_in, path, asked))


class TestAProblem:
    @pytest.mark.parametrize("body", ["{", "[" * 100_000, b"\xff"], ids=["cut", "deep", "bytes"])
    def test_says_that_a_body_is_no_json(self, signed_in, body):
        answer = signed_in.post("/api/number", body, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (400, "A102")

    def test_says_which_field_is_missing(self, signed_in):
        answer = post(signed_in, "number", {})
        assert (answer.status_code, answer.json()["where"]) == (422, "body.value")

    def test_says_which_field_is_not_known(self, signed_in):
        answer = post(signed_in, "number", {"value": "1", "vaule": "2"})
        assert (answer.status_code, answer.json()["where"]) == (422, "body.vaule")

    def test_lists_all_that_is_wrong(self, signed_in):
        found = post(signed_in, "due", {}).json()["problems"]
        assert [one["where"] for one in found] == ["body.rule", "body.from"]

    @pytest.mark.parametrize("facts", ["[]", "{", "[" * 100_000])
    def test_says_that_facts_in_an_address_are_no_object(self, signed_in, facts):
        answer = signed_in.get("/api/due", {"rule": "CP-1", "from": "2024-09-27", "facts": facts})
        assert (answer.status_code, answer.json()["code"]) == (422, "A107")

    def test_is_the_answer_for_an_address_that_there_is_not(self, signed_in):
        answer = signed_in.get("/api/nothing")
        assert (answer.status_code, answer.json()["code"]) == (404, "A106")

    def test_is_the_answer_for_a_body_that_is_too_large(self, signed_in, settings):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
        answer = post(signed_in, "number", {"value": "1" * 200})
        assert (answer.status_code, answer.json()["code"]) == (413, "A108")
