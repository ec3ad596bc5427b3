"""Risk consultation: meetings with what was counted for them, and the list of risks that follow."""

from __future__ import annotations

from django.db import models

from xiejian.people.models import Officer
from xiejian.registry.models import Party


class RiskMeeting(models.Model):
    """风险会商: one meeting of an office about one quarter. The workflow is meeting_workflow.toml."""

    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    year = models.PositiveSmallIntegerField("年度")
    quarter = models.PositiveSmallIntegerField("季度")
    from_on = models.DateField("统计起日")
    until_on = models.DateField("统计止日")
    state = models.CharField("状态", max_length=12, db_index=True)
    agenda = models.JSONField("议程", default=list)
    prepared_at = models.DateTimeField("准备时间")
    by_name = models.CharField("准备人", max_length=60)
    held_on = models.DateField("会商日期", null=True, blank=True)
    place = models.CharField("地点", max_length=120, blank=True)
    chair = models.CharField("主持人", max_length=60, blank=True)
    participants = models.CharField("参加人员", max_length=500, blank=True)  # names, joined by 、
    minutes = models.TextField("会议记录", blank=True)
    conclusions = models.TextField("会商结论", blank=True)

    class Meta:
        ordering = ["-year", "-quarter", "office_code"]
        constraints = [
            models.UniqueConstraint(fields=["office_code", "year", "quarter"], name="one_meeting_per_quarter")
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """2024年第一季度风险会商."""
        return f"{self.year}年第{'一二三四'[self.quarter - 1]}季度风险会商"


class SignalReading(models.Model):
    """信号值: what a signal counted for a meeting, of one group or (no grouping) of the whole office."""

    meeting = models.ForeignKey(RiskMeeting, models.CASCADE, related_name="readings")
    signal = models.CharField("信号", max_length=40)  # id in packs/risks/signals.toml
    grouping = models.CharField("分组", max_length=10, blank=True)  # party, tag, link …; blank: the whole
    key = models.CharField("组", max_length=120, blank=True)
    label = models.CharField("名称", max_length=300, blank=True)
    count = models.PositiveIntegerField("本季度")
    before = models.PositiveIntegerField("上季度")
    last_year = models.PositiveIntegerField("去年同季")
    why = models.CharField("依据", max_length=300, blank=True)  # blank: not worth talking about

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "signal", "grouping", "key"], name="one_reading_per_group_of_a_meeting"
            )
        ]


class RiskItem(models.Model):
    """风险: one line of the risk list. The workflow is workflow.toml beside this file."""

    number = models.CharField("风险编号", max_length=60, unique=True)
    title = models.CharField("风险", max_length=200)
    content = models.TextField("情况说明", blank=True)
    office_code = models.CharField("责任机构代码", max_length=12, db_index=True)
    meeting = models.ForeignKey(RiskMeeting, models.PROTECT, null=True, blank=True, related_name="items")
    party = models.ForeignKey(Party, models.PROTECT, null=True, blank=True, related_name="risks")
    link = models.CharField("环节", max_length=5, blank=True)
    tags = models.CharField("品种标签", max_length=400, default="|")
    # where it came from: blank when somebody entered it by hand
    signal = models.CharField("来源信号", max_length=40, blank=True)
    grouping = models.CharField("分组", max_length=10, blank=True)
    key = models.CharField("组", max_length=120, blank=True)
    # what the signal said when it was listed, and when it came back:
    # {"count", "before", "last_year", "from", "until", "why"}
    value = models.JSONField("信号值", default=dict)
    level = models.CharField("风险等级", max_length=10, blank=True, db_index=True)
    level_why = models.CharField("定级依据", max_length=300, blank=True)
    owner = models.ForeignKey(Officer, models.PROTECT, null=True, blank=True, related_name="risks")
    state = models.CharField("状态", max_length=12, db_index=True)
    found_on = models.DateField("列入日期", db_index=True)
    assessed_on = models.DateField("研判日期", null=True, blank=True)
    due_on = models.DateField("管控期限", null=True, blank=True, db_index=True)
    controlled_on = models.DateField("开始管控日期", null=True, blank=True)
    asked_on = models.DateField("申请销号日期", null=True, blank=True)
    asked_by = models.CharField(max_length=60, blank=True)  # username: who asks does not decide
    asked_by_name = models.CharField("申请销号人", max_length=60, blank=True)
    reasons = models.TextField("销号理由", blank=True)
    struck_off_on = models.DateField("销号日期", null=True, blank=True)
    struck_off_by = models.CharField("销号批准人", max_length=60, blank=True)
    # how often it came back; evidence of earlier rounds does not strike off a later one
    round = models.PositiveSmallIntegerField("复发次数", default=0)
    returned_on = models.DateField("复发日期", null=True, blank=True)
    # this risk made its party a 风险会商重点, which ends with it
    holds_focus = models.BooleanField("列为会商重点", default=False)
    made_at = models.DateTimeField()
    by_name = models.CharField("列入人", max_length=60)

    class Meta:
        ordering = ["-found_on", "-id"]
        indexes = [models.Index(fields=["signal", "grouping", "key"])]

    def __str__(self) -> str:
        return self.number


class RiskMeasure(models.Model):
    """防控措施: what is done about a risk, by whom, until when, with what result."""

    item = models.ForeignKey(RiskItem, models.PROTECT, related_name="measures")
    round = models.PositiveSmallIntegerField(default=0)
    content = models.CharField("措施", max_length=300)
    who = models.CharField("责任人", max_length=60)
    due_on = models.DateField("期限")
    done_on = models.DateField("完成日期", null=True, blank=True)
    result = models.CharField("完成情况", max_length=300, blank=True)
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        ordering = ["due_on", "id"]


class RiskEvidence(models.Model):
    """销号证据: a stored file with its digest; a photo is stored without its camera's notes."""

    item = models.ForeignKey(RiskItem, models.PROTECT, related_name="evidence")
    round = models.PositiveSmallIntegerField(default=0)
    file = models.FileField("文件", upload_to="risks/%Y/%m")
    name = models.CharField("文件名", max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField("字节数")
    at = models.DateTimeField("时间")
    by_name = models.CharField("提交人", max_length=60)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "round", "sha256"], name="one_file_once_per_round_of_a_risk"
            )
        ]


class RiskHanding(models.Model):
    """上报一级、下抓一级: a risk handed to the office above or to one below, and its receipt."""

    UP, DOWN = "up", "down"
    DIRECTIONS = {UP: "上报一级", DOWN: "下抓一级"}

    item = models.ForeignKey(RiskItem, models.PROTECT, related_name="handings")
    direction = models.CharField("方向", max_length=4, choices=list(DIRECTIONS.items()))
    from_office = models.CharField("报送机构代码", max_length=12)
    to_office = models.CharField("接收机构代码", max_length=12, db_index=True)
    content = models.CharField("要求或者说明", max_length=300)
    handed_on = models.DateField("日期")
    by_name = models.CharField("经办人", max_length=60)
    receipt_on = models.DateField("签收日期", null=True, blank=True)
    receipt_by = models.CharField("签收人", max_length=60, blank=True)
    answer = models.CharField("签收意见", max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
