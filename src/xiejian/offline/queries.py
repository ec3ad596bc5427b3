"""Every non-trivial read of the field room, bounded by people.policy.visible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Q, QuerySet

from xiejian.inspections import checklist_versions
from xiejian.inspections.checks import FINDING_STATES
from xiejian.offline.handlers import LABELS
from xiejian.offline.models import Conflict, Device, FieldEvent
from xiejian.people.policy import Actor, may, visible

UNDECIDED = ("refused", "waiting")


def devices(actor: Actor, *, search: str = "", state: str = "") -> QuerySet[Device]:
    """The phones an officer may see: those of the own reach for whoever manages people, else the own ones.

    Each has ``held``: how many of its events wait for a decision.
    """
    rows = visible(Device.objects.select_related("officer__office"), actor)
    if not may(actor, "people.manage"):
        rows = rows.filter(officer__username=actor.username)
    if text := search.strip():
        rows = rows.filter(Q(name__icontains=text) | Q(officer__name__icontains=text))
    if state:
        rows = rows.filter(revoked_at__isnull=state == "in_use")
    return rows.annotate(held=Count("events", filter=Q(events__outcome__in=UNDECIDED)))


def events(
    actor: Actor, *, undecided: bool = False, search: str = "", kind: str = ""
) -> QuerySet[FieldEvent]:
    """What phones handed in, in the actor's reach; ``undecided``: only what waits for an officer."""
    rows = visible(FieldEvent.objects.select_related("visit__party", "device__officer"), actor)
    if undecided:
        rows = rows.filter(outcome__in=UNDECIDED)
    if kind:
        rows = rows.filter(kind=kind)
    if text := search.strip():
        rows = rows.filter(
            Q(visit__number__icontains=text)
            | Q(visit__party__name__icontains=text)
            | Q(device__officer__name__icontains=text)
        )
    return rows


def conflicts(actor: Actor, *, is_open: bool = True) -> QuerySet[Conflict]:
    """Differing fields in the actor's reach, visit by visit."""
    rows = visible(Conflict.objects.select_related("visit__party", "event__device__officer"), actor)
    return rows.filter(state="open") if is_open else rows.exclude(state="open")


def open_conflicts(actor: Actor) -> dict[int, int]:
    """Visit id → how many of its fields wait for a decision, in the actor's reach. One query."""
    return dict(conflicts(actor).order_by().values_list("visit_id").annotate(Count("pk")))


# ── in words ──────────────────────────────────────────────────────────────────────────────────────
WORDS = {
    "on": "检查日期", "persons": "出动人数", "checklist": "检查表", "checklist_version": "检查表版本",
    "conclusion": "结论", "reason": "理由", "remark": "备注", "act": "情形", "detail": "经过",
    "witness": "见证人", "content": "整改内容", "ordered_on": "责令日期", "due_on": "整改期限",
    "name": "名称", "caption": "说明", "sha256": "校验值", "size": "大小（字节）", "type": "类型",
    "text": "内容", "registration_no": "注册证编号", "role": "身份", "statement": "陈述",
    "digest": "记录校验值", "witnesses": "见证人", "link": "环节", "kind": "检查类型",
    "rechecked_on": "复查日期", "passed": "复查通过", "correction": "责令改正编号", "note": "复查情况",
    "planned_on": "计划日期", "party": "监管对象编号", "team": "检查组", "campaign": "专项",
}  # fmt: skip


def said(value: Mapping[str, Any] | None) -> str:
    """One version of a field in words."""
    if not value:
        return "没有填写"
    if "state" in value:
        parts = [FINDING_STATES.get(str(value["state"]), str(value["state"])), str(value.get("fact") or "")]
        return "：".join(filter(None, parts)) + ("（严重缺陷）" if value.get("severe") else "")
    named = [(WORDS.get(k, k), v) for k, v in value.items() if v not in (None, "")]
    return "，".join(f"{name} {v}" for name, v in named)


#: What names people of the party; left out for roles without registry.personal.
PERSONAL = {
    "sign_record": {"name", "statement", "text"},
    "refuse_signature": {"name", "reason", "witnesses", "text"},
    "record_refusal": {"detail", "witness"},
}


def lines(event: FieldEvent, personal: bool) -> list[tuple[str, str]]:
    """What an event says, as label and value; an officer's correction stands beside the original."""
    found = []
    hidden = {"strokes"} | (set() if personal else PERSONAL.get(event.kind, set()))
    for name, value in event.payload.items():
        if name == "entries" and isinstance(value, list):
            found += [(f"检查点 {e.get('point')}", said(e)) for e in value if isinstance(e, dict)]
        elif name not in hidden:
            shown = "、".join(map(str, value)) if isinstance(value, list) else str(value)
            changed = event.amended.get(name)
            found.append((WORDS.get(name, name), f"{shown} → {changed}" if changed else shown))
    return found


def field_labels(rows: list[Conflict]) -> dict[int, str]:
    """Conflict id → what the field is called; point texts in one query per checklist version."""
    known: dict[int, Any] = {}
    labels = {}
    for row in rows:
        if row.field.startswith("point:"):
            if row.visit_id not in known:
                known[row.visit_id] = checklist_versions.of_visit(row.visit)
            asked = known[row.visit_id]
            point = asked.point(row.field.removeprefix("point:")) if asked else None
            labels[row.pk] = point.text if point else row.field.removeprefix("point:")
        else:
            labels[row.pk] = {"start": "检查日期和人数", "conclusion": "检查结论"}[row.field]
    return labels


def kind_label(event: FieldEvent) -> str:
    return LABELS.get(event.kind, event.kind)
