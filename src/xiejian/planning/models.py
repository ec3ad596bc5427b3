"""Grades with their reasons, the year's plan and its tasks, draws, campaigns."""

from __future__ import annotations

from django.db import models

from xiejian.registry.models import Party, PartyLink


class GradeRun(models.Model):
    """分级批次: one grading of the stored register under one pack for one date."""

    on = models.DateField("定级日期")
    pack = models.CharField("规则包", max_length=60)
    pack_version = models.CharField("规则包版本", max_length=64)
    office_code = models.CharField("机构代码", max_length=12)
    at = models.DateTimeField("时间")
    by_name = models.CharField("操作人", max_length=60)
    counts = models.JSONField("结果", default=dict)

    class Meta:
        ordering = ["-at", "-id"]


class Grade(models.Model):
    """监管级别: the level of one party in one link, with the facts used and the rules that matched."""

    run = models.ForeignKey(GradeRun, models.CASCADE, related_name="grades")
    party_link = models.ForeignKey(PartyLink, models.PROTECT, related_name="grades")
    level = models.PositiveSmallIntegerField("监管级别", null=True)
    rules = models.CharField("命中规则", max_length=300)  # rule ids, joined by 、
    facts = models.JSONField("所用事实", default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "party_link"], name="one_grade_per_run_and_link")
        ]


class Plan(models.Model):
    """年度计划: the tasks of a year under one pack, repeatable from its seed."""

    year = models.PositiveSmallIntegerField("年度")
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    pack = models.CharField("规则包", max_length=60)
    pack_version = models.CharField(max_length=64)
    seed = models.CharField("随机种子", max_length=120)
    state = models.CharField("状态", max_length=12)
    # [{link, level, parties, owed, planned, visits, share, required_share}]; owed and planned count parties
    coverage = models.JSONField(default=list)
    rules = models.JSONField(default=list)  # what each rule asks of its group: obligations.Coverage
    draws = models.JSONField(default=list)  # [{group, method, digest, count, drawn}]
    made_at = models.DateTimeField("生成时间")
    by_name = models.CharField("操作人", max_length=60)
    version = models.PositiveSmallIntegerField("版本", default=1)
    reason = models.CharField("重新编制的理由", max_length=300, blank=True)
    replaces = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="replaced_by")
    issued_at = models.DateTimeField("下达时间", null=True, blank=True)
    digest = models.CharField("任务摘要", max_length=64, blank=True)  # equal digests: the same tasks

    class Meta:
        ordering = ["-year", "-made_at", "-id"]


class Task(models.Model):
    """检查任务: one obligation of the plan. Done is computed from visits, never typed."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="tasks")
    party = models.ForeignKey(Party, models.PROTECT, null=True, blank=True, related_name="tasks")
    party_link = models.ForeignKey(PartyLink, models.PROTECT, null=True, blank=True, related_name="tasks")
    group = models.CharField("分组", max_length=120, blank=True)  # a quota without named parties (复查)
    link = models.CharField("环节", max_length=5)
    level = models.PositiveSmallIntegerField("监管级别", null=True)
    kind = models.CharField("检查类型", max_length=6)
    times = models.PositiveIntegerField("计划次数", default=1)
    from_on = models.DateField("开始日期")
    due_on = models.DateField("完成期限", db_index=True)
    office_code = models.CharField("责任机构代码", max_length=12, db_index=True)
    origin = models.CharField("来源", max_length=10)  # 必查 抽取 新备案 复查
    rules = models.CharField("规则", max_length=300)
    basis = models.TextField("依据")

    class Meta:
        ordering = ["due_on", "office_code", "id"]
        indexes = [models.Index(fields=["plan", "office_code", "due_on"])]

    def __str__(self) -> str:
        return f"{self.party.name if self.party else self.group} {self.kind}"


class Campaign(models.Model):
    """专项整治: a campaign opened from its pack for one office."""

    key = models.CharField("专项标识", max_length=60)  # pack id, e.g. naiman-2023
    title = models.CharField("名称", max_length=200)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期")
    state = models.CharField("状态", max_length=12)
    leading_group = models.JSONField("领导小组", default=list)  # [{"role","name","post"}]
    tasks = models.JSONField("各所任务", default=list)  # [{"office_code","content","due_on"}]
    order = models.JSONField("部署文件", default=dict)  # {"issuer","title","signed_on"}
    scope = models.JSONField("范围", default=list)  # items of the campaign pack
    reports = models.JSONField("报告", default=list)  # [{"title","who","to","due_on"|"cadence"}]
    pack_version = models.CharField(max_length=64, blank=True)
    closed_on = models.DateField("办结日期", null=True, blank=True)
    closing = models.CharField("办结说明", max_length=300, blank=True)

    class Meta:
        ordering = ["-starts_on"]
        constraints = [models.UniqueConstraint(fields=["key", "office_code"], name="one_campaign_per_office")]
