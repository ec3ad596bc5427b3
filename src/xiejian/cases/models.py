"""Penalty cases and responsibility interviews. Amounts are whole 分 (1/100 yuan): sums stay exact."""

from __future__ import annotations

from django.db import models

from xiejian.registry.models import Party


class Case(models.Model):
    """案件: one penalty case by its official number."""

    number = models.CharField("案号", max_length=80, unique=True)
    party = models.ForeignKey(Party, models.PROTECT, related_name="cases")
    link = models.CharField("环节", max_length=5)
    tags = models.CharField("品种标签", max_length=400, default="|")
    campaign = models.CharField("专项", max_length=120, blank=True)
    procedure = models.CharField("程序", max_length=2, default="普通")  # 简易 普通
    conduct = models.CharField("违法行为", max_length=300, blank=True)
    filed_on = models.DateField("立案日期", db_index=True)
    decided_on = models.DateField("决定日期", null=True, blank=True, db_index=True)
    closed_on = models.DateField("结案日期", null=True, blank=True)
    fine_fen = models.BigIntegerField("罚款", default=0)
    personal_fine_fen = models.BigIntegerField("个人罚款", default=0)
    confiscated_fen = models.BigIntegerField("没收违法所得", default=0)
    goods_value_fen = models.BigIntegerField("货值金额", null=True, blank=True)
    persons_punished = models.PositiveSmallIntegerField("处罚到人数", default=0)
    business_stopped = models.BooleanField("责令停产停业", default=False)
    licence_revoked = models.BooleanField("吊销许可证", default=False)
    blacklisted = models.BooleanField("列入严重违法失信名单", default=False)
    court_enforcement = models.BooleanField("申请法院强制执行", default=False)
    transfers = models.CharField("移送", max_length=60, blank=True)
    transferred_on = models.DateField("移送日期", null=True, blank=True)
    office_code = models.CharField("承办机构代码", max_length=12, db_index=True)
    extra = models.JSONField("其他列", default=dict)

    class Meta:
        ordering = ["-filed_on", "-id"]


class Interview(models.Model):
    """责任约谈: a formal talk with a responsible person."""

    record_key = models.CharField(max_length=64, unique=True)  # digest of the row: the same row loads once
    party = models.ForeignKey(Party, models.PROTECT, related_name="interviews")
    held_on = models.DateField("约谈日期", db_index=True)
    link = models.CharField("环节", max_length=5, blank=True)
    tags = models.CharField("品种标签", max_length=400, default="|")
    campaign = models.CharField("专项", max_length=120, blank=True)
    reason = models.CharField("事由", max_length=300, blank=True)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    extra = models.JSONField("其他列", default=dict)

    class Meta:
        ordering = ["-held_on", "-id"]


class InterviewPlan(models.Model):
    """约谈安排: a talk from its planning to being held; the workflow is in interview_workflow.toml."""

    party = models.ForeignKey(Party, models.PROTECT, related_name="interview_plans")
    planned_on = models.DateField("约谈日期", db_index=True)
    place = models.CharField("地点", max_length=120, blank=True)
    reason = models.CharField("事由", max_length=300)
    link = models.CharField("环节", max_length=5, blank=True)
    campaign = models.CharField("专项", max_length=120, blank=True)
    state = models.CharField("状态", max_length=12, db_index=True)
    invited_on = models.DateField("通知日期", null=True, blank=True)
    invited_how = models.CharField("通知方式", max_length=60, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)  # of a no-show or a cancelled talk
    interview = models.OneToOneField(Interview, models.PROTECT, null=True, blank=True, related_name="plan")
    office_code = models.CharField("机构代码", max_length=12, db_index=True)

    class Meta:
        ordering = ["-planned_on", "-id"]


class Commitment(models.Model):
    """约谈承诺: what the firm promised at a talk, until when, and what became of it."""

    interview = models.ForeignKey(Interview, models.PROTECT, related_name="commitments")
    text = models.CharField("承诺", max_length=500)
    due_on = models.DateField("期限", db_index=True)
    looked_on = models.DateField("核实日期", null=True, blank=True)
    kept = models.BooleanField("已兑现", null=True, blank=True)  # None: not yet looked at
    note = models.CharField("核实情况", max_length=300, blank=True)

    class Meta:
        ordering = ["due_on", "id"]
