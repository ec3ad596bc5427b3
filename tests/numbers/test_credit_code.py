"""统一社会信用代码: form and check character."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from xiejian.numbers import credit_code


class TestAValidCode:
    @pytest.mark.parametrize(
        "text", ["91350200MA2YJ1XR9G", "9135 0200 MA2YJ1XR9G", "91350200ma2yj1xr9g", "９１350200MA2YJ1XR9G"]
    )
    def test_is_recognised_in_every_writing(self, text):
        code = credit_code.read(text)
        assert (code.value, code.check_ok, code.problem) == ("91350200MA2YJ1XR9G", True, "")


class TestAWrongCheckCharacter:
    def test_is_told_but_the_form_holds(self):
        code = credit_code.read("91520000MA6ABCDE78")
        assert (code.shape_ok, code.check_ok, code.problem) == (True, False, "校验位不符")

    def test_of_a_code_that_a_spreadsheet_cut_says_so(self):
        assert "表格软件" in credit_code.read("913502007760496000").problem


class TestAWrongForm:
    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("91520000MA6ABCDE7", "17 位"),
            ("91520000IA6ABCDE79", "I、O"),
            ("9152000XMA6ABCDE79", "数字"),
            ("", "0 位"),
        ],
    )
    def test_is_no_code(self, text, why):
        code = credit_code.read(text)
        assert not code.shape_ok
        assert why in code.problem


@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXYIO", min_size=17, max_size=19), st.integers(0, 30))
def test_the_library_agrees_on_every_code(text, last):
    for code in (text, "91350200" + text[8:17] + "0123456789ABCDEFGHJKLMNPQRTUWXY"[last]):
        assert credit_code.read(code).check_ok == uscc.is_valid(code)


@pytest.mark.shared
def test_every_collected_code_is_judged_as_published(shared):
    lines = (shared / "uscc-vectors" / "vectors.jsonl").read_text(encoding="utf-8").splitlines()
    wrong = []
    for entry in map(json.loads, lines):
        code = credit_code.read(entry["code"])
        judged = code.check_ok if code.shape_ok else None
        if judged != entry["check_character_ok"]:
            wrong.append((entry["code"], judged, entry["check_character_ok"], entry.get("invalid_because")))
    assert wrong == []
