"""The judgement of a number beside the field of a form, asked for while typing."""

from __future__ import annotations

import pytest


class TestNumberBesideAField:
    """What a form shows below a number field while it is typed."""

    def ask(self, as_role, kind, text, role="station_inspector"):
        asked = {"kind": kind, "field": "f", "f": text}
        answer = as_role(role).get("/check/number/", asked, headers={"HX-Request": "true"})
        return answer.content.decode()

    def test_opened_by_itself_leads_to_the_full_answer(self, as_role):
        answer = as_role("head").get("/check/number/", {"kind": "udi", "field": "f", "f": "(01)0697"})
        assert answer["Location"] == "/udi/?q=%2801%290697"

    def test_a_right_credit_code_is_named_with_its_place(self, as_role):
        assert "✓ 统一社会信用代码" in (part := self.ask(as_role, "uscc", "91350200MA2YJ1XR9G"))
        assert "厦门" in part

    def test_a_wrong_check_character_is_said_in_words(self, as_role):
        part = self.ask(as_role, "uscc", "91350200MA2YJ1XR90")
        assert "✓" not in part and "校验" in part

    def test_what_was_put_right_is_said(self, as_role):
        assert "更正：" in self.ask(as_role, "", "国械注准 20173223152")

    def test_a_certificate_of_another_kind_is_no_credit_code(self, as_role):
        assert "✓" not in self.ask(as_role, "uscc", "国械注准20173223152")

    def test_each_of_several_numbers_is_judged(self, as_role):
        part = self.ask(as_role, "", "国械注准20173223152、不是编号")
        assert part.count("✓") == 1 and "不是编号" in part

    def test_a_device_code_gives_its_batch(self, as_role):
        assert "批号 A1" in self.ask(as_role, "udi", "(01)06972253600013(10)A1")

    @pytest.mark.parametrize("text", ["", "  ", "\x00", "]", "𠮷" * 3000, "<script>"])
    def test_any_text_is_answered(self, as_role, text):
        assert all("<script>" not in self.ask(as_role, kind, text) for kind in ("uscc", "", "udi"))

    def test_an_unknown_kind_is_judged_by_its_writing(self, as_role):
        assert "✓" in self.ask(as_role, "moon", "国械注准20173223152")

    @pytest.mark.parametrize(("address", "fields"), [("/parties/new/", 2), ("/parties/{party}/amend/", 2)])
    def test_the_forms_of_the_register_ask_for_it(self, as_role, ours, address, fields):
        page = as_role("section_officer").get(address.format(party=ours.pk)).content.decode()
        assert page.count('class="number-check"') == fields
