"""约谈安排 on its pages: arranged at the firm, held, promises followed up."""

from __future__ import annotations

import pytest

from moment import NOW
from visiting import enrol
from xiejian.cases.models import Commitment, Interview, InterviewPlan
from xiejian.web import clock


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda request: NOW)


@pytest.fixture
def client(as_role):
    return as_role("section_officer")


@pytest.fixture
def plan(client, naiman):
    shop = enrol("明眸眼镜店", "150525100", NOW)
    given = {"planned_on": "2024-03-05", "reason": "多次逾期"}
    client.post(f"/parties/{shop.pk}/interviews/plan/", given)
    return InterviewPlan.objects.get()


def hold(client, plan, **more):
    given = {"do": "hold_interview", "held_on": "2024-03-05", "promised": "甲\n乙", "due_on": "2024-04-05"}
    return client.post(f"/interviews/plans/{plan.pk}/", {**given, **more})


def test_an_arranged_talk_is_listed(client, plan):
    assert "多次逾期" in client.get("/interviews/plans/").content.decode()


def test_each_line_of_a_held_talk_is_a_promise(client, plan):
    hold(client, plan)
    assert sorted(Commitment.objects.values_list("text", flat=True)) == sorted(["甲", "乙"])


def test_a_promise_needs_its_date(client, plan):
    assert hold(client, plan, due_on="").status_code == 422
    assert not Interview.objects.exists()


def test_a_promise_is_followed_up(client, plan):
    hold(client, plan)
    promise = Commitment.objects.first()
    given = {"kept": "no", "looked_on": "2024-03-05", "note": "未建立"}
    client.post(f"/commitments/{promise.pk}/", given)
    page = client.get(f"/interviews/{promise.interview_id}/").content.decode()
    assert "未兑现" in page
