"""What a firm keeps for itself: no officer of any office sees it, and no other firm."""

from __future__ import annotations

from functools import partial

import pytest

import desk_of_quality
from moment import NOW
from xiejian.people.policy import Actor, firm_roles, may, roles
from xiejian.quality import queries

READS = [
    queries.watched, partial(queries.documents, on=NOW.date()), queries.versions, queries.trainings,
    queries.findings, queries.feedback, queries.feedback_trend,
]  # fmt: skip


@pytest.fixture
def kept(party):
    for make in desk_of_quality.MAKERS:
        make(party)


def seen(actor) -> list[bool]:
    return [read(actor).exists() for read in READS]


def test_the_firm_itself_sees_every_list(kept, person):
    assert all(seen(person("firm_store")))


@pytest.mark.parametrize("office", ["150525100", "150525", "150500", "150000", "000000"])
def test_no_officer_of_any_office_sees_a_row(kept, office):
    assert not any(any(seen(Actor("li", "李", office, role))) for role in roles())


def test_another_firm_and_nobody_see_none_of_it(kept):
    other = Actor("91320594588468512N:a", "a", "firm", "firm_admin", "91320594588468512N")
    assert not any(seen(other)) and not any(seen(None))


@pytest.mark.parametrize("permission", ["firm.quality", "firm.quality_approve"])
def test_no_officer_holds_a_permission_of_the_desk(permission):
    assert not any(may(Actor("li", "李", "000000", role), permission) for role in roles())
    assert any(may(Actor("x:a", "a", "firm", role, "x"), permission) for role in firm_roles())
