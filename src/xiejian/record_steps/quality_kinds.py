"""The kinds of records of a firm's quality desk, for the programs of the firm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType, ModuleType
from typing import Any

from django.db.models import QuerySet

from xiejian.quality import documents, improving, queries, watching
from xiejian.quality.moves import APPROVE, EDIT, READ, WORKFLOWS
from xiejian.record_steps.kinds import Beside, Function, Kind, steps_of

_ROOMS: list[ModuleType] = [watching, documents, improving]


def _kind(
    kind: str, model: str, label: str, take: str, find: Callable[..., QuerySet[Any]], create: Function | None,
    brief: tuple[str, ...], more: tuple[str, ...],
    beside: Mapping[str, Beside] = MappingProxyType({}),
) -> Kind:  # fmt: skip
    flow = WORKFLOWS[model]
    return Kind(
        kind, label, READ, (take,),
        lambda actor, on, search, state: find(actor, search=search, state=state),
        (flow,), steps_of([flow], _ROOMS), ("number", *brief), more, create=create, ours=("firm_uscc",),
        office_of=lambda record, step: "", beside=beside,
    )  # fmt: skip


QUALITY_KINDS = (
    _kind(
        "watched_rule", "watchedrule", "法规与通告", "rule", queries.watched, None,
        ("kind", "source", "title", "on", "proposed", "owner", "due_on", "done_on"),
        ("edition", "reasons", "decision_why", "action", "result"),
    ),
    _kind(
        "quality_document", "documentversion", "质量文件", "version", queries.versions,
        documents.draft_document,
        ("document.number", "document.title", "document.kind", "version", "effective_on", "ended_on"),
        ("text", "change", "writer", "return_reason", "approver", "approved_on", "end_reason",
         "document.review_on", "readings.name"),
        {
            "draft_version": Beside(documents.draft_version, "修订", EDIT),
            "review_document": Beside(documents.review_document, "评审", APPROVE),
            "read_version": Beside(documents.read_version, "签收", READ),
        },
    ),
    _kind(
        "training_item", "trainingitem", "培训计划", "training", queries.trainings, improving.plan_training,
        ("topic", "audience", "planned_on", "hours", "held_on"), ("present", "passed", "effect", "reason"),
    ),
    _kind(
        "capa", "auditfinding", "内审与纠正预防", "finding", queries.findings, improving.register_finding,
        ("source", "title", "found_on", "owner", "due_on", "done_on", "verified_on"),
        ("content", "clause", "cause", "correction", "action", "done_by", "evidence", "verified_by",
         "verdict"),
    ),
    _kind(
        "feedback", "customerfeedback", "顾客反馈", "feedback", queries.feedback, improving.record_feedback,
        ("kind", "customer", "product_name", "lot", "received_on", "answered_on"),
        ("content", "finding", "is_event", "event_no", "answer"),
    ),
)  # fmt: skip
