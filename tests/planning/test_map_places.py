"""坐标: where offices and towns lie, kept by those who may, used by the schedule."""

from __future__ import annotations

import pytest

from moment import NOW
from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry
from xiejian.people.policy import SYSTEM, Actor
from xiejian.planning import place_actions as actions
from xiejian.planning import schedule_queries as queries
from xiejian.planning.checks import check_coordinates, check_map_code
from xiejian.planning.models import MapPlace
from xiejian.planning.schedule_facts import travel_of, values

COUNTY, STATION, TOWN, ELSEWHERE = "150525", "150525401", "150525100", "522726"
OFFICER = Actor("x", "科员", COUNTY, "section_officer")


def put(
    code: str = COUNTY, longitude: float = 120.65, latitude: float = 42.85, by: Actor = OFFICER
) -> MapPlace:
    return actions.set_place(
        code=code, longitude=longitude, latitude=latitude, source="地图点选", by=by, at=NOW
    )


@pytest.mark.parametrize(
    ("longitude", "latitude"), [(42.85, 120.65), (0.0, 0.0), (120.0, 60.0), (160.0, 30.0)]
)
def test_degrees_outside_of_the_country_or_in_the_wrong_order_are_refused(longitude, latitude):
    assert [p.code for p in check_coordinates(longitude, latitude)] == ["L615"]


@pytest.mark.parametrize(
    ("code", "is_office", "found"), [(TOWN, False, []), ("999", True, []), ("999", False, ["L616"])]
)
def test_a_place_is_an_office_or_a_division(code, is_office, found):
    assert [p.code for p in check_map_code(code, is_office)] == found


@pytest.mark.django_db
class TestAPlace:
    def test_shortens_or_lengthens_the_ways_of_the_schedule(self, naiman):
        before = travel_of(COUNTY, values({})).minutes(COUNTY, TOWN)
        put()
        put(TOWN, 120.65, 42.95)
        assert (before, travel_of(COUNTY, values({})).minutes(COUNTY, TOWN)) == (40, 22)

    def test_of_the_bureau_counts_for_a_station_too(self, naiman):
        put()
        assert COUNTY in travel_of(STATION, values({})).places

    def test_is_put_right_with_the_old_value_in_the_audit_entry(self, naiman):
        put()
        put(latitude=42.9)
        entry = AuditEntry.objects.filter(action="set_place").latest("pk")
        assert (MapPlace.objects.get().latitude, entry.detail["latitude"]) == (42.9, [42.85, 42.9])

    def test_is_taken_away_with_a_reason(self, naiman):
        actions.remove_place(place=put(), reason="登记错了", by=OFFICER, at=NOW)
        assert not MapPlace.objects.exists()

    def test_is_not_taken_away_without_one(self, naiman):
        with pytest.raises(Refused, match="没有写明理由"):
            actions.remove_place(place=put(), reason=" ", by=OFFICER, at=NOW)

    def test_of_another_county_is_not_ours_to_set(self, naiman):
        with pytest.raises(Refused, match="没有权限"):
            put(ELSEWHERE)

    def test_of_another_county_is_not_seen(self, naiman):
        put(ELSEWHERE, by=SYSTEM)
        assert not queries.places(OFFICER).exists()

    def test_that_is_missing_is_named(self, naiman):
        put()
        missing = dict(queries.unplaced(OFFICER))
        assert TOWN in missing and STATION in missing and COUNTY not in missing
