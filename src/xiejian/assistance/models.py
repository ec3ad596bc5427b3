"""Requests for assistance between offices: those that we send, those that we get."""

from __future__ import annotations

from django.db import models

from xiejian.people.models import Officer
from xiejian.registry.models import Party


class AssistanceRequest(models.Model):
    """协查: one letter and its answer. Workflows: outgoing_ and incoming_workflow.toml beside this file."""

    OUT, IN = "发出", "收到"

    number = models.CharField("协查编号", max_length=60, unique=True)
    direction = models.CharField("方向", max_length=2, db_index=True)
    other_office = models.CharField("对方机关", max_length=120)
    other_no = models.CharField("对方文号", max_length=80, blank=True)
    subject = models.CharField("事由", max_length=200)
    party = models.ForeignKey(Party, models.PROTECT, null=True, blank=True, related_name="assistance")
    party_named = models.CharField("涉及单位", max_length=200, blank=True)
    asked = models.TextField("需要协助的事项")
    # what it is about: model name, id and number of a record of any room
    source_kind = models.CharField(max_length=20, blank=True)
    source_record = models.BigIntegerField(null=True, blank=True)
    source_no = models.CharField("来源编号", max_length=80, blank=True)
    office_code = models.CharField("办理机构代码", max_length=12, db_index=True)
    state = models.CharField("状态", max_length=10, db_index=True)
    handler = models.ForeignKey(Officer, models.PROTECT, null=True, blank=True, related_name="assistance")
    dated_on = models.DateField("来函或拟稿日期", db_index=True)
    sent_on = models.DateField("发出日期", null=True, blank=True)
    arrived_on = models.DateField("对方收到日期", null=True, blank=True)
    delayed_until = models.DateField("告知延至", null=True, blank=True)
    delay_why = models.CharField("延期理由", max_length=300, blank=True)
    reply = models.TextField("协查结果", blank=True)
    reply_no = models.CharField("复函文号", max_length=80, blank=True)
    replied_on = models.DateField("答复日期", null=True, blank=True)
    refusal = models.CharField("退回理由", max_length=300, blank=True)
    closed_on = models.DateField("办结日期", null=True, blank=True)
    made_at = models.DateTimeField("登记时间")
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        ordering = ["-dated_on", "-id"]
        indexes = [models.Index(fields=["source_kind", "source_record"])]

    def __str__(self) -> str:
        return self.number
