"""The rules of the room without a store: intervals, lives, parts, record numbers, boxes."""

from __future__ import annotations

import datetime as dt

import pytest

from xiejian.hospitals import checks, rules, vault
from xiejian.hospitals.actions import WORKFLOW
from xiejian.hospitals.checks import Part
from xiejian.kernel.problems import Refused
from xiejian.people.permissions import FIRM_PERMISSIONS

DAY = dt.date(2024, 3, 5)
SOON = dt.date(2024, 3, 6)


def codes(found):
    return [problem.code for problem in found]


class TestIntervals:
    def test_an_ordinary_device_is_kept_up_once_a_year(self):
        assert [(one.kind, one.months) for one in rules.intervals([])] == [("保养", 12)]

    def test_of_two_reasons_the_shorter_interval_holds(self):
        found = {one.kind: one.months for one in rules.intervals(["large", "emergency"])}
        assert found == {"保养": 3, "检查": 1}

    def test_a_metering_device_is_verified(self):
        assert [one.kind for one in rules.intervals(["metering"])] == ["检定"]

    @pytest.mark.parametrize(("months", "wrong"), [(0, ["HO109"]), (1, []), (240, []), (241, ["HO109"])])
    def test_of_one_month_to_twenty_years(self, months, wrong):
        assert codes(checks.check_interval(months)) == wrong


class TestTheLife:
    @pytest.mark.parametrize(
        ("accepted", "bought", "years", "ends"),
        [
            (dt.date(2014, 3, 5), dt.date(2013, 1, 1), 10, dt.date(2024, 3, 5)),
            (None, dt.date(2016, 2, 29), 1, dt.date(2017, 2, 28)),
            (None, None, 10, None),
            (dt.date(2014, 3, 5), None, None, None),
        ],
    )
    def test_runs_from_acceptance_else_from_purchase(self, accepted, bought, years, ends):
        assert checks.life_ends(accepted, bought, years) == ends

    @pytest.mark.parametrize(("years", "wrong"), [(None, []), (1, []), (0, ["HO113"]), (61, ["HO113"])])
    def test_has_a_length_that_one_believes(self, years, wrong):
        assert codes(checks.check_life(years)) == wrong


class TestParts:
    @pytest.mark.parametrize(
        ("model", "registered", "differs"),
        [("X-40", "X-40", False), ("Ｘ-40", "x-40 ", False), ("X-41", "X-40", True), ("X-41", "", False)],
    )
    def test_a_part_differs_when_the_registration_names_another(self, model, registered, differs):
        assert Part("球管", model, registered).differs is differs


class TestMetering:
    @pytest.mark.parametrize(
        ("focus", "until", "wrong"),
        [(["metering"], None, True), (["metering"], dt.date(2024, 3, 4), True), (["metering"], DAY, False),
         (["large"], None, False)],
    )  # fmt: skip
    def test_goes_into_use_with_a_certificate_in_force_only(self, focus, until, wrong):
        assert codes(checks.check_metered(focus, until, DAY)) == (["HO107"] if wrong else [])

    @pytest.mark.parametrize(
        ("kind", "passed", "number", "until", "wrong"),
        [("检定", True, "", None, 2), ("校准", True, "C1", None, 1), ("检定", False, "", None, 0),
         ("检定", True, "C1", DAY, 0), ("保养", True, "", None, 0)],
    )  # fmt: skip
    def test_what_passed_has_a_certificate(self, kind, passed, number, until, wrong):
        assert codes(checks.check_certificate(kind, passed, number, until)) == ["HO106"] * wrong


class TestImplants:
    @pytest.mark.parametrize(
        ("until", "although", "wrong"),
        [(None, "", []), (DAY, "", []), (dt.date(2024, 3, 4), "", ["HO202"]),
         (dt.date(2024, 3, 4), "急诊手术，术后发现", [])],
    )  # fmt: skip
    def test_nothing_expired_unless_it_is_said_why(self, until, although, wrong):
        assert codes(checks.check_expiry(until, DAY, although)) == wrong

    @pytest.mark.parametrize(
        ("number", "wrong"),
        [("ZY20240305001", []), (" ", ["HO101"]), ("9" * 41, ["HO207"]), ("150525199001011234", ["HO206"]),
         ("15052519900101123X", ["HO206"]), ("13800001111", ["HO206"])],
    )  # fmt: skip
    def test_a_patient_is_named_by_the_hospitals_own_number(self, number, wrong):
        assert codes(checks.check_record_no(number)) == wrong

    def test_a_refused_identity_number_is_not_repeated(self):
        (problem,) = checks.check_record_no("150525199001011234")
        assert "1990" not in str(problem)

    @pytest.mark.parametrize(
        ("given", "again", "wrong"),
        [("短", "短", ["HO302"]), ("一二三四五六七八九十一二", "另一个", ["HO303"]),
         ("一二三四五六七八九十一二", "一二三四五六七八九十一二", [])],
    )  # fmt: skip
    def test_a_passphrase_is_long_and_typed_twice(self, given, again, wrong):
        assert codes(checks.check_passphrase(given, again)) == wrong


class TestTheWorkflow:
    TABLE = {
        "in_use": {"stop_device", "send_to_repair", "scrap_device"},
        "out_of_use": {"start_device", "send_to_repair", "scrap_device"},
        "in_repair": {"start_device", "stop_device", "scrap_device"},
        "scrapped": set(),
    }

    @pytest.mark.parametrize("state", TABLE)
    def test_allows_these_moves_and_no_other(self, state):
        assert {t.action for t in WORKFLOW.allowed(state)} == self.TABLE[state]

    @pytest.mark.parametrize("action", sorted({t.action for t in WORKFLOW.transitions}))
    @pytest.mark.parametrize("state", TABLE)
    def test_refuses_the_others(self, state, action):
        if action in self.TABLE[state]:
            assert WORKFLOW.step(state, action) in WORKFLOW.states
        else:
            with pytest.raises(Refused) as refused:
                WORKFLOW.step(state, action)
            assert refused.value.first.code == "K101"

    def test_is_the_hospitals_own(self):
        assert {t.permission for t in WORKFLOW.transitions} <= set(FIRM_PERMISSIONS)


class TestTheVault:
    OWNER, WORDS = "12150525MA0H000018", "西拉木伦 河边 七棵榆树"

    @pytest.fixture
    def locked(self):
        return vault.make(self.WORDS, self.OWNER)

    def test_what_is_sealed_comes_back_under_the_passphrase(self, locked):
        box = vault.seal(locked.public_key, "ZY1", "Pa")
        assert vault.open_box(vault.unlock(locked, self.WORDS, self.OWNER), box, "Pa") == "ZY1"

    @pytest.mark.parametrize(("words", "owner"), [("错的口令", OWNER), (WORDS, "12150525MA0H000026")])
    def test_another_passphrase_or_owner_opens_nothing(self, locked, words, owner):
        with pytest.raises(vault.Wrong):
            vault.unlock(locked, words, owner)

    def test_a_box_opens_for_its_own_token_only(self, locked):
        box = vault.seal(locked.public_key, "ZY1", "Pa")
        with pytest.raises(vault.Wrong):
            vault.open_box(vault.unlock(locked, self.WORDS, self.OWNER), box, "Pb")

    def test_two_boxes_of_one_number_differ_and_are_equally_long(self, locked):
        one, other = (vault.seal(locked.public_key, "ZY1", "Pa") for _ in range(2))
        longer = vault.seal(locked.public_key, "ZY" + "1" * 30, "Pa")
        assert one != other and len(one) == len(longer)

    def test_a_new_passphrase_opens_what_the_old_one_sealed(self, locked):
        box = vault.seal(locked.public_key, "ZY1", "Pa")
        again = vault.lock(vault.unlock(locked, self.WORDS, self.OWNER), "另外一个口令", self.OWNER)
        assert vault.open_box(vault.unlock(again, "另外一个口令", self.OWNER), box, "Pa") == "ZY1"

    def test_a_token_has_nothing_of_the_number(self):
        assert len({vault.draw_token() for _ in range(50)}) == 50
