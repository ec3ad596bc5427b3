"""Who may do and see what: refused by default, bounded by the office tree."""

from __future__ import annotations

import pytest

from xiejian.kernel.problems import Refused
from xiejian.people import actions, audit
from xiejian.people.models import AuditEntry, Office
from xiejian.people.permissions import PERMISSIONS
from xiejian.people.policy import SYSTEM, Actor, may, require, roles, visible


class TestMay:
    @pytest.mark.parametrize("permission", PERMISSIONS)
    def test_nobody_may_do_anything(self, permission):
        assert not may(None, permission)

    @pytest.mark.parametrize("permission", PERMISSIONS)
    def test_every_permission_is_held_by_some_role(self, permission):
        assert [role for role, entry in roles().items() if permission in entry["permissions"]]

    def test_an_unknown_role_may_do_nothing(self):
        assert not may(Actor("x", "某", "150525", "unheard_of"), "registry.view")

    def test_the_own_office_and_those_below_are_in_reach(self, officer):
        assert may(officer, "registry.edit", "150525")
        assert may(officer, "registry.edit", "150525100")

    def test_offices_beside_and_above_are_out_of_reach(self, officer):
        assert not may(officer, "registry.edit", "150526")
        assert not may(officer, "registry.edit", "150500")

    def test_a_refusal_says_why(self, inspector):
        with pytest.raises(Refused) as refused:
            require(inspector, "planning.plan")
        assert refused.value.first.code == "P101"
        assert "编制、下达计划" in refused.value.first.message


class TestVisible:
    def test_a_list_holds_own_office_and_below(self, naiman, officer):
        assert set(visible(Office.objects.all(), officer, "code").values_list("code", flat=True)) == {
            "150525",
            "150525100",
        }

    def test_nobody_sees_nothing(self, naiman):
        assert not visible(Office.objects.all(), None, "code").exists()

    def test_the_system_sees_all(self, naiman):
        assert visible(Office.objects.all(), SYSTEM, "code").count() == 3


class TestOfficeTree:
    def test_a_county_hangs_under_its_city(self, naiman):
        assert naiman.parent.code == "150500"

    def test_a_city_opened_later_takes_its_counties(self, db, now):
        county = actions.open_office(code="522726", name="独山县局", by=SYSTEM, at=now)
        city = actions.open_office(code="522700", name="黔南州局", by=SYSTEM, at=now)
        county.refresh_from_db()
        assert county.parent == city

    def test_a_code_that_is_no_division_is_refused(self, db, now):
        with pytest.raises(Refused) as refused:
            actions.open_office(code="999999", name="无此局", by=SYSTEM, at=now)
        assert refused.value.first.code == "P104"


class TestAuditChain:
    def test_each_write_leaves_an_entry(self, naiman):
        assert AuditEntry.objects.filter(action="open_office").count() == 3
        assert audit.broken_at() is None

    def test_a_changed_entry_breaks_the_chain(self, naiman):
        AuditEntry.objects.filter(sequence=2).update(by_name="别人")
        assert audit.broken_at() == 2

    def test_a_missing_entry_breaks_the_chain(self, naiman):
        AuditEntry.objects.filter(sequence=2).delete()
        assert audit.broken_at() == 2
