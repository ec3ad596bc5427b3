"""Phones of inspectors, what they hand in, and where two of them disagree."""

from __future__ import annotations

import uuid

from django.db import models

from xiejian.inspections.models import Visit
from xiejian.people.models import Officer


class Device(models.Model):
    """现场设备: one phone of one officer. ``secret`` is the server's half of the key to its local store."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    officer = models.ForeignKey(Officer, models.PROTECT, related_name="devices")
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    name = models.CharField("设备名称", max_length=60)
    secret = models.CharField(max_length=64)  # hex; given out at registration and at unlocking online
    registered_at = models.DateTimeField("登记时间")
    last_sync_at = models.DateTimeField("最近同步", null=True, blank=True)
    clock_offset = models.IntegerField("时钟偏差（秒）", default=0)  # phone minus server, at the last sync
    revoked_at = models.DateTimeField("停用时间", null=True, blank=True)
    revoked_by = models.CharField("停用人", max_length=60, blank=True)
    revoked_reason = models.CharField("停用原因", max_length=200, blank=True)

    class Meta:
        ordering = ["-registered_at"]

    def __str__(self) -> str:
        return self.name


class FieldEvent(models.Model):
    """现场事件: one thing that was done on a phone, kept as it came, with what became of it."""

    OUTCOMES = {
        "applied": "已记入",
        "same": "与已有记录相同",
        "waiting": "等待前面的内容",
        "refused": "待处理",
        "conflict": "有冲突",
        "set_aside": "不予记入",
    }

    id = models.UUIDField(primary_key=True, editable=False)  # given by the phone
    device = models.ForeignKey(Device, models.PROTECT, related_name="events")
    visit_key = models.CharField(max_length=40)  # the visit's id, or a UUID of the phone for one made there
    sequence = models.PositiveIntegerField()  # 1, 2, 3 … within one visit of one phone
    kind = models.CharField("内容", max_length=30)
    payload = models.JSONField(default=dict)
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, blank=True, related_name="field_events")
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    captured_at = models.DateTimeField("现场时间")  # by the phone's clock, as it was
    clock_offset = models.IntegerField("时钟偏差（秒）", default=0)
    received_at = models.DateTimeField("收到时间", db_index=True)
    outcome = models.CharField("处理结果", max_length=12, db_index=True)
    problems = models.JSONField(default=list)  # [{code, message, where, next, …}] of a refusal
    accepted = models.JSONField(default=list)  # codes of the doubts that an officer has set aside
    amended = models.JSONField(
        default=dict
    )  # what an officer corrected before it was recorded, over the payload
    decided_at = models.DateTimeField("处理时间", null=True, blank=True)
    decided_by = models.CharField("处理人", max_length=60, blank=True)
    reason = models.CharField("处理理由", max_length=200, blank=True)

    class Meta:
        ordering = ["received_at", "visit_key", "sequence"]
        constraints = [
            models.UniqueConstraint(
                fields=["device", "visit_key", "sequence"], name="one_event_per_place_in_a_visit"
            )
        ]

    def __str__(self) -> str:
        return f"{self.visit_key} {self.sequence} {self.kind}"


class Conflict(models.Model):
    """冲突: one field of a visit that two people filled differently. Both versions stay."""

    STATES = {"open": "待决定", "kept": "保留原值", "taken": "采用手机", "replaced": "手机后来改过"}

    event = models.ForeignKey(FieldEvent, models.PROTECT, related_name="conflicts")
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="conflicts")
    field = models.CharField("栏目", max_length=60)  # point:<id>, start, conclusion
    known = models.JSONField("手机填写时看到的", null=True)
    stored = models.JSONField("系统中的", null=True)
    given = models.JSONField("手机上的")
    state = models.CharField("状态", max_length=8, default="open", db_index=True)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    decided_by = models.CharField("决定人", max_length=60, blank=True)
    reason = models.CharField("决定理由", max_length=200, blank=True)

    class Meta:
        ordering = ["visit_id", "field", "id"]
        constraints = [
            models.UniqueConstraint(fields=["event", "field"], name="one_conflict_per_event_and_field")
        ]

    def __str__(self) -> str:
        return f"{self.visit_id} {self.field}"
