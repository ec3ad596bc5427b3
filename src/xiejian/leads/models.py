"""Leads: everything that comes in from outside, and, apart from it, who told us."""

from __future__ import annotations

from django.db import models

from xiejian.people.models import Officer
from xiejian.registry.models import Party


class Lead(models.Model):
    """线索: one complaint, report or lead. The workflow is in workflow.toml beside this file.

    Nothing here names the informant: what does is sealed in Informant and cut out of ``text``.
    """

    number = models.CharField("线索编号", max_length=60, unique=True)
    source = models.CharField("来源", max_length=6)  # 热线 网站 上级交办 …
    external_no = models.CharField("来源编号", max_length=80, blank=True)  # the hotline's own number
    kind = models.CharField("类型", max_length=4)  # 投诉 举报 线索 咨询
    topic = models.CharField("事由", max_length=20, blank=True)  # id in packs/leads/triage.toml
    priority = models.CharField("紧急程度", max_length=2, default="一般")  # 一般 优先 紧急
    area = models.CharField("产品门类", max_length=4, default="医疗器械")
    link = models.CharField("环节", max_length=5, blank=True)
    product = models.CharField("产品", max_length=200, blank=True)
    party = models.ForeignKey(Party, models.PROTECT, null=True, blank=True, related_name="leads")
    party_named = models.CharField("被反映单位", max_length=200, blank=True)  # as the informant wrote it
    place = models.CharField("地点", max_length=200, blank=True)
    place_key = models.CharField(max_length=120, blank=True, default="", db_index=True)  # likeness.place_key
    text = models.TextField("反映内容")
    wish = models.CharField("诉求", max_length=300, blank=True)
    office_code = models.CharField("办理机构代码", max_length=12, db_index=True)
    state = models.CharField("状态", max_length=12, db_index=True)
    named = models.BooleanField("实名", default=False)
    received_on = models.DateField("收到日期", db_index=True)
    made_at = models.DateTimeField("登记时间")
    by_name = models.CharField("登记人", max_length=60)
    proposal = models.JSONField("分流建议", default=dict)  # what triage proposed, with its reasons
    triaged_on = models.DateField("分流日期", null=True, blank=True)
    accepted_on = models.DateField("受理日期", null=True, blank=True, db_index=True)
    refusal = models.CharField("不予受理理由", max_length=300, blank=True)
    handed_to = models.CharField("转交单位", max_length=120, blank=True)
    handler = models.ForeignKey(Officer, models.PROTECT, null=True, blank=True, related_name="leads")
    filing = models.CharField("是否立案", max_length=4, blank=True)  # 立案 不予立案
    filing_on = models.DateField("决定日期", null=True, blank=True)
    outcome = models.CharField("办理结果", max_length=6, blank=True)
    answer = models.TextField("答复", blank=True)
    answered_on = models.DateField("答复日期", null=True, blank=True)
    closed_on = models.DateField("办结日期", null=True, blank=True, db_index=True)
    satisfaction = models.CharField("满意度", max_length=4, blank=True)
    reopened = models.PositiveSmallIntegerField("重新办理次数", default=0)
    duplicate_of = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="duplicates")
    # the digest of the code that a citizen was given: it opens the progress page, not more
    receipt = models.CharField(max_length=64, null=True, blank=True, unique=True)
    known_on = models.DateField("知道权益受损之日", null=True, blank=True)  # CP-8 counts from it
    mediation_ended_on = models.DateField("终止调解日期", null=True, blank=True)
    disputed_with = models.CharField("管辖争议对方", max_length=120, blank=True)
    # the complaint in whose mediation this violation came to light
    found_in = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="clues")
    extra = models.JSONField("其他列", default=dict)

    class Meta:
        ordering = ["-received_on", "-id"]
        indexes = [models.Index(fields=["office_code", "received_on"])]

    def __str__(self) -> str:
        return self.number


class Informant(models.Model):
    """反映人: name, telephone and the rest as one sealed box. No export, figure or log reads this table."""

    lead = models.OneToOneField(Lead, models.PROTECT, related_name="informant")
    sealed = models.BinaryField("密封内容", default=b"")
    # says whether two leads come from one person without saying from whom
    person_key = models.CharField(max_length=64, blank=True, db_index=True)
    confidential = models.BooleanField("要求保密", default=True)
    erased_at = models.DateTimeField("删除时间", null=True, blank=True)

    def __str__(self) -> str:
        return "反映人（密封）"


class LeadPhoto(models.Model):
    """线索照片: sent by a citizen, written anew without what the camera noted."""

    lead = models.ForeignKey(Lead, models.PROTECT, related_name="photos")
    file = models.FileField("文件", upload_to="leads/%Y/")
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField("收到时间")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.sha256[:12]


class DayReport(models.Model):
    """日报存档: what the report of a day said when it was kept; never changed afterwards."""

    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    on = models.DateField("日期")
    content = models.JSONField("内容")  # days.content: counts, and the numbers of urgent and late leads
    digest = models.CharField("校验值", max_length=64)
    made_at = models.DateTimeField("生成时间")
    by_name = models.CharField("生成人", max_length=60)

    class Meta:
        ordering = ["-on", "office_code"]
        constraints = [
            models.UniqueConstraint(fields=["office_code", "on"], name="one_day_report_per_office")
        ]

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d}"


class DayReading(models.Model):
    """日报查阅: who opened a kept report first when."""

    report = models.ForeignKey(DayReport, models.PROTECT, related_name="readings")
    officer = models.ForeignKey(Officer, models.PROTECT, related_name="+")
    read_at = models.DateTimeField("查阅时间")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["report", "officer"], name="one_reading_per_officer")]

    def __str__(self) -> str:
        return f"{self.report_id} {self.officer_id}"
