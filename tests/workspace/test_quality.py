"""The quality desk's pages: who opens what, what a list asks, two persons from draft to signature."""

from __future__ import annotations

import html
import re

import pytest
from django.urls import reverse

import desk_of_quality as kept
from moment import NOW
from xiejian.quality.models import AuditFinding, DocumentVersion
from xiejian.record_steps import records
from xiejian.web import clock

LISTS = {
    "firm_watched": kept.watched, "firm_quality_documents": kept.version, "firm_trainings": kept.training,
    "firm_findings": kept.finding, "firm_feedback": kept.feedback,
}  # fmt: skip
TODAY = NOW.date().isoformat()


@pytest.fixture(autouse=True)
def _day(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda request: NOW)
    monkeypatch.setattr(clock, "today", lambda request: NOW.date())


@pytest.mark.parametrize(("page", "make"), LISTS.items())
def test_a_list_shows_the_record_and_asks_little(
    firm_client, ours, page, make, django_assert_max_num_queries
):
    make(ours)
    client = firm_client(ours)
    with django_assert_max_num_queries(11):
        answer = client.get(reverse(page))
    assert answer.status_code == 200 and 'class="empty"' not in answer.content.decode()
    for asked in ({"format": "xlsx"}, {"state": "x", "kind": "x", "source": "x", "on": "x"}):
        assert client.get(reverse(page), asked).status_code == 200


def test_a_document_from_its_writer_to_the_store(firm_client, ours):
    writer, head = firm_client(ours, "firm_quality"), firm_client(ours, "firm_head")
    told = {"number": "QP-01", "title": "冷链程序", "kind": "procedure", "text": "一、目的"}
    assert writer.post(reverse("firm_quality_document_new"), told).status_code == 302
    page = reverse("firm_quality_version", args=[DocumentVersion.objects.get().pk])
    assert writer.post(page, {"do": "hand_in_version"}).status_code == 302
    assert "文件批准" in head.get(reverse("firm_home")).content.decode()
    assert head.post(page, {"do": "approve_version", "effective_on": TODAY}).status_code == 302
    store = firm_client(ours, "firm_store")
    assert "文件签收" in store.get(reverse("firm_home")).content.decode()
    assert store.post(page, {"do": "read_version"}).status_code == 302
    assert "文件签收" not in store.get(reverse("firm_home")).content.decode()
    assert writer.post(page, {"do": "draft_version", "text": "一、目标", "change": "x"}).status_code == 302
    second = reverse("firm_quality_version", args=[DocumentVersion.objects.get(version=2).pk])
    said = writer.get(second).content.decode()
    assert "删去" in said and "增加" in said


def test_the_list_says_which_version_held_on_a_day(firm_client, ours):
    kept.version(ours)
    client, page = firm_client(ours), reverse("firm_quality_documents")
    assert "第 1 版" in client.get(page).content.decode()
    assert "第 1 版" not in client.get(page, {"on": "2020-01-01"}).content.decode()


def test_a_refused_step_says_why_on_the_page(firm_client, ours):
    row = kept.finding(ours)
    actor = firm_client(ours, "firm_quality")
    AuditFinding.objects.update(state="planned")
    page = reverse("firm_finding", args=[row.pk])
    assert actor.post(page, {"do": "carry_out_action", "on": TODAY, "evidence": "照片"}).status_code == 302
    answer = actor.post(page, {"do": "verify_action", "on": TODAY, "verdict": "可"})
    assert answer.status_code == 422 and "实施人不能验证" in answer.content.decode()


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("firm_training_new", {"topic": "冷链", "audience": "仓储", "planned_on": TODAY, "hours": "2"}),
        ("firm_finding_new", {"source": "内部审核", "title": "x", "content": "x", "found_on": TODAY}),
        ("firm_feedback_new", {"kind": "投诉", "customer": "x", "content": "x", "received_on": TODAY}),
    ],
)
def test_a_new_record_opens_on_its_page(firm_client, ours, page, told):
    answer = firm_client(ours, "firm_quality").post(reverse(page), told, follow=True)
    assert answer.status_code == 200 and "已登记" in answer.content.decode()
    assert firm_client(ours, "firm_quality").post(reverse(page), {}).status_code == 422
    assert firm_client(ours, "firm_store").get(reverse(page)).status_code == 403


def test_what_a_customer_said_stands_in_the_report_of_an_adverse_event(firm_client, ours):
    client = firm_client(ours)
    page = client.get(reverse("firm_feedback_one", args=[kept.feedback(ours).pk])).content.decode()
    href = html.unescape(re.search(r'href="(/firm/events/new/[^"]+)"', page)[1])
    form = client.get(href).context["form"]
    told = {n: form.get_initial_for_field(form.fields[n], n) for n in ("product_name", "failure")}
    assert told == {"product_name": "输液器", "failure": "漏液"}


def test_updating_what_is_watched(firm_client, ours):
    client = firm_client(ours, "firm_quality")
    assert "项" in client.post(reverse("firm_watched_refresh"), follow=True).content.decode()


def test_programs_take_a_finding_on_and_read_every_kind(firm_actor, ours):
    for make in kept.MAKERS:
        make(ours)
    act = {"by": firm_actor(ours, "firm_quality"), "at": NOW}
    for kind in ("watched_rule", "quality_document", "training_item", "capa", "feedback"):
        assert records.listed(kind, actor=act["by"], on=NOW.date())
    plan = {"cause": "x", "correction": "x", "action": "x", "owner": "x", "due_on": TODAY}
    assert records.take("capa", "NS1", "plan_action", plan, **act)["state"] == "planned"
