"""Grades with their reasons, the year's plan and its tasks, draws, campaigns, who goes when."""

from __future__ import annotations

from django.db import models

from xiejian.inspections.models import Visit
from xiejian.people.models import Officer
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
    # why only some parties of the office were graded anew; empty: all of them were
    reason = models.CharField("事由", max_length=120, blank=True)

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
    # where the order of visits that an officer applied puts the task; the due date is not touched by it
    place = models.PositiveIntegerField("检查顺序", null=True, blank=True)

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


class Schedule(models.Model):
    """排班: who goes when for an office and its stations between two days. Its visits appear when issued."""

    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    from_on = models.DateField("开始日期")
    until_on = models.DateField("结束日期")
    state = models.CharField("状态", max_length=12)
    made_at = models.DateTimeField("生成时间")
    by_name = models.CharField("操作人", max_length=60)
    settings = models.JSONField("所用设置", default=dict)  # what packs and office said when it was made
    # {"visits", "outings", "travel", "gap", "widened", "loads": [{officer, name, minutes, share, low, high}]}
    figures = models.JSONField("结果", default=dict)
    unmet = models.JSONField(
        "无法安排", default=list
    )  # [{task, party, name, link, kind, due_on, office, reason}]
    issued_until = models.DateField("已下达至", null=True, blank=True)
    reason = models.CharField("撤回理由", max_length=300, blank=True)

    class Meta:
        ordering = ["-made_at", "-id"]

    def __str__(self) -> str:
        return f"{self.from_on} 至 {self.until_on}"


class Assignment(models.Model):
    """派组: one visit of a schedule, with its day and its team; the visit itself once it is issued."""

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="assignments")
    task = models.ForeignKey(Task, models.SET_NULL, null=True, blank=True, related_name="assignments")
    key = models.CharField(max_length=40)  # task and which of its times
    party = models.ForeignKey(Party, models.PROTECT, related_name="assignments")
    link = models.CharField("环节", max_length=5)
    kind = models.CharField("检查类型", max_length=6)
    town = models.CharField("乡镇代码", max_length=12)
    office_code = models.CharField("检查机构代码", max_length=12, db_index=True)
    from_on = models.DateField("最早日期")
    due_on = models.DateField("完成期限")
    minutes = models.PositiveSmallIntegerField("现场分钟")
    qualification = models.CharField("所需资格", max_length=60, blank=True)
    day = models.DateField("日期", db_index=True)
    team = models.ManyToManyField(Officer, related_name="assignments")
    inspectors = models.CharField("检查员", max_length=200)
    fixed = models.BooleanField("固定", default=False)
    note = models.CharField("最近调整的理由", max_length=300, blank=True)
    # the order of visits as it stood when the schedule was made: earlier places have earlier days
    place = models.PositiveIntegerField("检查顺序", null=True, blank=True)
    matter = models.CharField("核查事项", max_length=4, blank=True)  # of a licence visit
    held = models.CharField("未能下达的原因", max_length=300, blank=True)
    visit = models.OneToOneField(Visit, models.SET_NULL, null=True, blank=True, related_name="assignment")

    class Meta:
        ordering = ["day", "town", "id"]
        constraints = [models.UniqueConstraint(fields=["schedule", "key"], name="one_assignment_per_need")]


class MapPlace(models.Model):
    """坐标: where an office or a town lies, so that ways are reckoned by distance. In degrees, WGS 84."""

    code = models.CharField("代码", max_length=12, unique=True)
    name = models.CharField("名称", max_length=120)
    longitude = models.FloatField("经度")
    latitude = models.FloatField("纬度")
    source = models.CharField("来源", max_length=100, blank=True)
    set_at = models.DateTimeField("登记时间")
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Absence(models.Model):
    """请假、外出: days on which an officer is not sent."""

    officer = models.ForeignKey(Officer, models.PROTECT, related_name="absences")
    from_on = models.DateField("开始日期")
    until_on = models.DateField("结束日期")
    reason = models.CharField("事由", max_length=100)
    recorded_at = models.DateTimeField()
    ended = models.BooleanField("已销假", default=False)

    class Meta:
        ordering = ["-from_on", "-id"]


class Recusal(models.Model):
    """回避: an officer does not inspect this party (无利益冲突声明)."""

    officer = models.ForeignKey(Officer, models.PROTECT, related_name="recusals")
    party = models.ForeignKey(Party, models.PROTECT, related_name="recusals")
    reason = models.CharField("理由", max_length=200)
    declared_on = models.DateField("声明日期")
    ended_on = models.DateField("解除日期", null=True, blank=True)

    class Meta:
        ordering = ["-declared_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["officer", "party"],
                condition=models.Q(ended_on__isnull=True),
                name="one_recusal_in_force",
            )
        ]


class CalendarFeed(models.Model):
    """日历订阅: a secret address under which an officer's own visits are read. Only its digest is kept."""

    officer = models.ForeignKey(Officer, models.CASCADE, related_name="calendar_feeds")
    token_digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField("开通时间")
    revoked_at = models.DateTimeField("停用时间", null=True, blank=True)


class DrawRun(models.Model):
    """双随机抽取记录: what was fixed before the draw, what came out, and all that repeats it."""

    title = models.CharField("名称", max_length=120)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    state = models.CharField("状态", max_length=12)
    source = models.CharField("来源", max_length=12)  # list or register
    candidates = models.JSONField("候选名单", default=list)
    digest = models.CharField("名单摘要", max_length=64)
    excluded = models.JSONField("不参加抽取的", default=list)
    count = models.PositiveIntegerField("抽取数量")
    inspectors = models.JSONField("检查人员名单", default=list)
    inspectors_digest = models.CharField("人员名单摘要", max_length=64, blank=True)
    avoid = models.JSONField("回避", default=list)  # [[entry, inspector, reason]]
    last = models.JSONField("上次检查人员", default=list)  # [[entry, inspector, inspector]]
    commitment = models.CharField("种子承诺", max_length=64)  # SHA-256 of the secret seed
    secret = models.CharField("种子", max_length=64)  # shown once drawn
    public = models.CharField("公开随机数", max_length=200, blank=True)
    drawn = models.JSONField("抽中", default=list)
    pairs = models.JSONField("检查组", default=list)  # [{"party", "inspectors": [...]}]
    method = models.TextField("方法", blank=True)
    committed_at = models.DateTimeField("承诺时间")
    drawn_at = models.DateTimeField("抽取时间", null=True, blank=True)
    by_name = models.CharField("操作人", max_length=60)

    class Meta:
        ordering = ["-committed_at", "-id"]

    def __str__(self) -> str:
        return self.title


class OrderRun(models.Model):
    """检查顺序: the open tasks of an office put in order on a day, with all that the order rests on."""

    METHODS = {"fitted": "按本单位历史检查学习", "points": "按公布的积分表"}

    on = models.DateField("排序日期")
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    method = models.CharField("方法", max_length=10, choices=list(METHODS.items()))
    why_method = models.CharField("为何用此方法", max_length=200)
    pack_version = models.CharField("积分表版本", max_length=64)
    model_version = models.CharField("模型版本", max_length=64)
    trained_until = models.DateField("学习至", null=True, blank=True)
    trained_visits = models.PositiveIntegerField("学习的检查", default=0)
    trained_found = models.PositiveIntegerField("其中发现问题", default=0)
    facts = models.JSONField("所用事实", default=list)  # [{name, weight}] by weight
    digest = models.CharField("所用数据摘要", max_length=64)  # equal digests: the same facts, the same order
    back_test = models.JSONField("回溯检验", default=dict)
    at = models.DateTimeField("时间")
    by_name = models.CharField("操作人", max_length=60)
    applied_at = models.DateTimeField("采用时间", null=True, blank=True)
    applied_by = models.CharField("采用人", max_length=60, blank=True)

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.on} 检查顺序"


class OrderedTask(models.Model):
    """一项任务在检查顺序中的位置, with its reasons in words."""

    run = models.ForeignKey(OrderRun, models.CASCADE, related_name="tasks")
    task = models.ForeignKey(Task, models.CASCADE, related_name="ordered")
    place = models.PositiveIntegerField("顺序")
    law_first = models.BooleanField("期限在前", default=False)  # its due date alone decides its place
    score = models.FloatField("分值")
    reasons = models.JSONField("理由", default=list)  # [{"words", "part"}], the strongest first
    facts = models.JSONField("事实", default=dict)

    class Meta:
        ordering = ["place"]
        constraints = [models.UniqueConstraint(fields=["run", "task"], name="one_place_per_task_and_run")]
