"""Self-inspections: one report of a party, a link and a year, every filing of it, what the office did."""

from __future__ import annotations

from django.db import models

from xiejian.inspections.models import Evidence, Visit
from xiejian.registry.models import Party


class FormVersion(models.Model):
    """自查表版本: the text of a form as it was asked; ``version`` is a digest, so a row never changes."""

    form = models.CharField("自查表", max_length=40)
    version = models.CharField("版本", max_length=20)
    content = models.JSONField("内容")  # forms.as_json
    kept_at = models.DateTimeField("留存时间")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["form", "version"], name="one_row_per_form_version")]


class SelfInspection(models.Model):
    """自查: the report of one year for one link. ``answers`` is the draft; what was filed is in Filing.

    The workflow is in workflow.toml beside this file.
    """

    number = models.CharField("编号", max_length=60, unique=True)
    party = models.ForeignKey(Party, models.PROTECT, related_name="self_inspections")
    link = models.CharField("环节", max_length=5)
    year = models.PositiveSmallIntegerField("年度", db_index=True)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    form = models.CharField("自查表", max_length=40)
    form_version = models.CharField(max_length=20, blank=True)
    state = models.CharField("状态", max_length=10, db_index=True)
    answers = models.JSONField("填报内容", default=dict)  # {point: {"answer": …, "note": …}}
    # what the register said when the form was opened or last filed: heading → text
    facts = models.JSONField("预填内容", default=dict)
    conditions = models.JSONField("适用条件所依据的事实", default=dict)
    due_on = models.DateField("报送期限", null=True, blank=True)
    filed_on = models.DateField("首次报送日期", null=True, blank=True, db_index=True)
    late = models.BooleanField("逾期报送", default=False)
    versions = models.PositiveSmallIntegerField("报送次数", default=0)
    nonconform = models.PositiveSmallIntegerField("不符合项数", default=0)  # of the newest filing
    conclusion = models.TextField("结论", blank=True)
    rectified = models.TextField("整改情况", blank=True)
    filler = models.CharField("填报人", max_length=60, blank=True)  # who signed
    post = models.CharField("职务", max_length=60, blank=True)
    source = models.CharField("来源", max_length=4, default="填报")  # 填报 导入
    returned_why = models.CharField("退回理由", max_length=300, blank=True)
    amend_why = models.CharField("更正理由", max_length=300, blank=True)
    reviewed_on = models.DateField("审阅日期", null=True, blank=True)
    reviewer = models.CharField("审阅人", max_length=60, blank=True)
    review_note = models.CharField("审阅意见", max_length=300, blank=True)
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, blank=True, related_name="self_inspections")
    made_at = models.DateTimeField("建立时间", null=True)
    saved_at = models.DateTimeField("保存时间", null=True)
    extra = models.JSONField("其他列", default=dict)

    class Meta:
        ordering = ["-year", "party__name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["party", "link", "year"], name="one_report_per_link_and_year")
        ]
        indexes = [models.Index(fields=["year", "link"])]

    def __str__(self) -> str:
        return self.number


class Filing(models.Model):
    """报送版本: what was handed in on one day; never changed, an amendment is a further row."""

    self_inspection = models.ForeignKey(SelfInspection, models.PROTECT, related_name="filings")
    version = models.PositiveSmallIntegerField("版本")
    form_version = models.CharField(max_length=20, blank=True)
    answers = models.JSONField("填报内容")
    facts = models.JSONField("预填内容")
    reason = models.CharField("更正或者补充的理由", max_length=300, blank=True)
    nonconform = models.PositiveSmallIntegerField("不符合项数", default=0)
    filed_at = models.DateTimeField("报送时间")
    filler = models.CharField("填报人", max_length=60)
    post = models.CharField("职务", max_length=60)
    by_name = models.CharField("操作人", max_length=60)

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(fields=["self_inspection", "version"], name="one_filing_per_version")
        ]


class PointPhoto(models.Model):
    """自查照片: a stored file at one point of the form."""

    self_inspection = models.ForeignKey(SelfInspection, models.PROTECT, related_name="photos")
    point = models.CharField("自查点", max_length=40)
    evidence = models.ForeignKey(Evidence, models.PROTECT, related_name="self_inspection_points")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["self_inspection", "point", "evidence"], name="one_photo_per_point_and_file"
            )
        ]


class Reminder(models.Model):
    """报送提醒: an office told a firm that its report of a year is wanted; the firm's workspace shows it."""

    party = models.ForeignKey(Party, models.PROTECT, related_name="self_inspection_reminders")
    link = models.CharField("环节", max_length=5)
    year = models.PositiveSmallIntegerField("年度")
    due_on = models.DateField("报送期限", null=True, blank=True)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    at = models.DateTimeField("提醒时间")
    by_name = models.CharField("提醒人", max_length=60)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["party", "year"])]


class FocusListing(models.Model):
    """因自查列入重点: while one is open, grading and the plan see the party as a focus."""

    party = models.ForeignKey(Party, models.PROTECT, related_name="self_inspection_listings")
    year = models.PositiveSmallIntegerField("年度")
    why = models.CharField("原因", max_length=4)  # 未报 逾期
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    listed_on = models.DateField("列入日期")
    by_name = models.CharField("列入人", max_length=60)
    ended_on = models.DateField("移出日期", null=True, blank=True)
    ended_why = models.CharField("移出理由", max_length=300, blank=True)

    class Meta:
        ordering = ["-listed_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["party", "year"], condition=models.Q(ended_on=None), name="one_open_focus_per_year"
            )
        ]
