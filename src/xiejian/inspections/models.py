"""Visits, findings, corrections and their evidence; leads handed over from a visit or a case."""

from __future__ import annotations

from django.db import models

from xiejian.people.models import Officer
from xiejian.registry.models import Party


class Visit(models.Model):
    """检查: planned, under way or concluded. The workflow is in workflow.toml beside this file."""

    number = models.CharField("检查编号", max_length=60, unique=True)
    party = models.ForeignKey(Party, models.PROTECT, related_name="visits")
    link = models.CharField("环节", max_length=5)
    kind = models.CharField("检查类型", max_length=6)  # 日常检查 全项目检查 …
    tags = models.CharField("品种标签", max_length=400, default="|")
    campaign = models.CharField("专项", max_length=120, blank=True)
    office_code = models.CharField("检查机构代码", max_length=12, db_index=True)
    state = models.CharField("状态", max_length=12, db_index=True)
    planned_on = models.DateField("计划日期", null=True, blank=True)
    visited_on = models.DateField("检查日期", null=True, blank=True, db_index=True)
    persons = models.PositiveSmallIntegerField("出动人数", null=True, blank=True)
    inspectors = models.CharField("检查员", max_length=200, blank=True)  # names, joined by 、
    checklist = models.CharField("检查表", max_length=60, blank=True)
    checklist_version = models.CharField(max_length=20, blank=True)
    defects = models.PositiveSmallIntegerField("缺陷数", default=0)
    severe_defects = models.PositiveSmallIntegerField("严重缺陷数", default=0)
    conclusion = models.CharField("结论", max_length=6, blank=True)  # 符合 限期整改 停产整改 移送
    order_issued = models.BooleanField("责令改正", default=False)
    transfers = models.CharField("移送", max_length=60, blank=True)
    correct_by = models.DateField("整改期限", null=True, blank=True)
    recheck_on = models.DateField("复查日期", null=True, blank=True)
    recheck_result = models.CharField("复查结论", max_length=4, blank=True)  # 通过 未通过
    remark = models.TextField("备注", blank=True)
    extra = models.JSONField("其他列", default=dict)
    team = models.ManyToManyField(Officer, related_name="visits", blank=True)

    class Meta:
        ordering = ["-visited_on", "-id"]
        indexes = [models.Index(fields=["office_code", "visited_on"])]

    def __str__(self) -> str:
        return self.number


class Finding(models.Model):
    """检查条款结果: one point of the checklist as found."""

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="findings")
    point = models.CharField("检查点", max_length=40)
    clause = models.CharField("依据", max_length=200)
    state = models.CharField("结果", max_length=16)  # conform not_conform not_applicable
    severe = models.BooleanField("严重缺陷", default=False)
    fact = models.TextField("事实", blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["visit", "point"], name="one_finding_per_point")]


class Correction(models.Model):
    """责令改正: an order to correct with its date; closed only with evidence."""

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="corrections")
    number = models.CharField("文书编号", max_length=60, unique=True)
    content = models.TextField("整改内容")
    ordered_on = models.DateField("责令日期", db_index=True)
    due_on = models.DateField("整改期限", db_index=True)
    state = models.CharField("状态", max_length=12, db_index=True)
    submitted_on = models.DateField("提交整改日期", null=True, blank=True)
    answer = models.TextField("整改情况", blank=True)
    rechecked_on = models.DateField("复查日期", null=True, blank=True)
    recheck_visit = models.ForeignKey(
        Visit, models.PROTECT, null=True, blank=True, related_name="rechecked_corrections"
    )
    closed_on = models.DateField("办结日期", null=True, blank=True)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)

    class Meta:
        ordering = ["due_on"]


class Evidence(models.Model):
    """证据: a stored file with its digest at the moment it came in."""

    visit = models.ForeignKey(Visit, models.PROTECT, null=True, blank=True, related_name="evidence")
    correction = models.ForeignKey(Correction, models.PROTECT, null=True, blank=True, related_name="evidence")
    file = models.FileField("文件", upload_to="evidence/%Y/%m")
    sha256 = models.CharField(max_length=64)
    caption = models.CharField("说明", max_length=200, blank=True)
    at = models.DateTimeField("时间")
    by_name = models.CharField("提交人", max_length=60)


class Transfer(models.Model):
    """移送移交: one lead or case handed to another body. ``source`` is visit or case, with its number."""

    source = models.CharField("来源", max_length=5)
    source_no = models.CharField("来源编号", max_length=80)
    party = models.ForeignKey(Party, models.PROTECT, related_name="transfers")
    addressee = models.CharField("移送对象", max_length=4)  # 公安 卫健 海关 纪检
    moved_on = models.DateField("移送日期", db_index=True)
    link = models.CharField("环节", max_length=5, blank=True)
    tags = models.CharField("品种标签", max_length=400, default="|")
    campaign = models.CharField("专项", max_length=120, blank=True)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_no", "addressee"], name="one_transfer_per_source_and_addressee"
            )
        ]


class WorkRecord(models.Model):
    """工作记录: one countable piece of the year's work for which no room of its own exists yet.

    Adverse-event reports and their quotas, samples, lead suppliers of the rural supply network,
    publicity: each is one row with a quantity, so that a figure in a document counts or sums rows.
    """

    record_key = models.CharField(max_length=64, unique=True)  # given by the source: the same row loads once
    kind = models.CharField("类别", max_length=20, db_index=True)  # 不良事件报告 监督抽检 主导供应商 …
    category = models.CharField("细类", max_length=30, blank=True)  # 药品批发企业 街道卫生院 …
    title = models.CharField("内容", max_length=200)
    done_on = models.DateField("日期", db_index=True)
    quantity = models.PositiveIntegerField("数量", default=1)
    result = models.CharField("结果", max_length=20, blank=True)
    party = models.ForeignKey(Party, models.PROTECT, null=True, blank=True, related_name="work_records")
    unit_name = models.CharField("单位", max_length=200, blank=True)  # where the unit is not in the register
    link = models.CharField("环节", max_length=5, blank=True)
    tags = models.CharField("品种标签", max_length=400, default="|")
    campaign = models.CharField("专项", max_length=120, blank=True)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    detail = models.TextField("说明", blank=True)

    class Meta:
        ordering = ["-done_on", "-id"]

    def __str__(self) -> str:
        return self.title
