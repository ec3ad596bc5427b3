"""What a firm and its bureau tell each other: notices, status reports, courses, exemplary firms."""

from __future__ import annotations

from django.db import models

from xiejian.people.models import FirmUser
from xiejian.registry.models import Party


class Course(models.Model):
    """培训课程: a text or files to read and an examination on it; workflow: course_workflow.toml."""

    number = models.CharField("编号", max_length=60, unique=True)
    title = models.CharField("课程名称", max_length=120)
    text = models.TextField("内容", blank=True)
    # topics of packs/firms/questions.toml, joined by |
    topics = models.CharField("考试范围", max_length=200, default="|")
    questions = models.PositiveSmallIntegerField("题数", default=0)  # 0: no examination
    pass_percent = models.PositiveSmallIntegerField("合格分数", default=0)
    attempts = models.PositiveSmallIntegerField("考试次数", default=1)
    closes_on = models.DateField("截止日期", null=True, blank=True)
    state = models.CharField("状态", max_length=10, db_index=True)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    made_at = models.DateTimeField("建立时间")
    by_name = models.CharField("建立人", max_length=60)

    class Meta:
        ordering = ["-made_at", "-id"]

    def __str__(self) -> str:
        return self.title


class FirmNotice(models.Model):
    """企业通知: what the bureau says to many firms at once; workflow: notice_workflow.toml."""

    INFORM, TASK, ASK = "通知", "任务", "要求答复"
    KINDS = (INFORM, TASK, ASK)

    number = models.CharField("编号", max_length=60, unique=True)
    kind = models.CharField("类别", max_length=6)
    title = models.CharField("标题", max_length=120)
    text = models.TextField("内容")
    wanted_by = models.DateField("要求办理日期", null=True, blank=True, db_index=True)
    course = models.ForeignKey(Course, models.PROTECT, null=True, blank=True, related_name="notices")
    # to whom, as it was asked for: the fields of audience.Audience
    audience = models.JSONField("发送范围", default=dict)
    state = models.CharField("状态", max_length=10, db_index=True)
    sent_at = models.DateTimeField("发出时间", null=True, blank=True)
    reminded_at = models.DateTimeField("最近催办", null=True, blank=True)
    ended_on = models.DateField("办结或撤回日期", null=True, blank=True)
    reason = models.CharField("说明", max_length=300, blank=True)  # of a withdrawal or a closing
    office_code = models.CharField("发出机构代码", max_length=12, db_index=True)
    made_at = models.DateTimeField("拟稿时间")
    by_name = models.CharField("拟稿人", max_length=60)

    class Meta:
        ordering = ["-made_at", "-id"]

    def __str__(self) -> str:
        return self.number

    @property
    def wants_answer(self) -> bool:
        """Whether a firm owes more than to say that it has read it."""
        return self.kind == self.ASK


class Delivery(models.Model):
    """送达: one notice at one firm, and what became of it; workflow: delivery_workflow.toml."""

    notice = models.ForeignKey(FirmNotice, models.PROTECT, related_name="deliveries")
    party = models.ForeignKey(Party, models.PROTECT, related_name="deliveries")
    office_code = models.CharField("监管机构代码", max_length=12, db_index=True)  # in charge of the firm then
    state = models.CharField("状态", max_length=10, db_index=True)
    delivered_at = models.DateTimeField("送达时间")
    opened_at = models.DateTimeField("打开时间", null=True, blank=True)
    opened_by = models.CharField("打开人", max_length=60, blank=True)
    confirmed_at = models.DateTimeField("签收时间", null=True, blank=True)
    confirmed_by = models.CharField("签收人", max_length=60, blank=True)
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    answered_by = models.CharField("答复人", max_length=60, blank=True)
    answer = models.TextField("答复", blank=True)
    returned = models.CharField("退回理由", max_length=300, blank=True)
    reminders = models.PositiveSmallIntegerField("催办次数", default=0)
    reminded_at = models.DateTimeField("最近催办", null=True, blank=True)

    class Meta:
        ordering = ["-delivered_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["notice", "party"], name="one_delivery_per_firm")]
        indexes = [models.Index(fields=["notice", "state"]), models.Index(fields=["party", "state"])]

    def __str__(self) -> str:
        return f"{self.notice.number} {self.party.name}"


class StatusReport(models.Model):
    """企业状况报告: what changed at a firm, told by itself; workflow: report_workflow.toml."""

    number = models.CharField("编号", max_length=60, unique=True)
    party = models.ForeignKey(Party, models.PROTECT, related_name="status_reports")
    kind = models.CharField("类别", max_length=10, db_index=True)  # of packs/firms/rules.toml
    happened_on = models.DateField("发生日期", db_index=True)
    text = models.TextField("情况说明", blank=True)
    position = models.CharField("岗位", max_length=20, blank=True)  # staff: of the same pack
    person_before = models.CharField("原任人员", max_length=60, blank=True)
    person_after = models.CharField("现任人员", max_length=60, blank=True)  # empty: nobody yet
    address_kind = models.CharField("地址类别", max_length=10, blank=True)
    address = models.CharField("新地址", max_length=300, blank=True)
    verified = models.TextField("恢复前核查情况", blank=True)
    state = models.CharField("状态", max_length=10, db_index=True)
    office_code = models.CharField("监管机构代码", max_length=12, db_index=True)
    submitted_at = models.DateTimeField("报送时间")
    by_name = models.CharField("报送人", max_length=60)
    handled_on = models.DateField("处理日期", null=True, blank=True)
    handled_by = models.CharField("处理人", max_length=60, blank=True)
    opinion = models.CharField("处理意见", max_length=300, blank=True)
    # what the acceptance changed in the register, by its headings: {heading: new value}
    applied = models.JSONField("名录变更", default=dict)

    class Meta:
        ordering = ["-submitted_at", "-id"]
        indexes = [models.Index(fields=["party", "kind", "happened_on"])]

    def __str__(self) -> str:
        return self.number


class Attendance(models.Model):
    """参训: one person of a firm at one course: read, examined, passed."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="attendances")
    user = models.ForeignKey(FirmUser, models.PROTECT, related_name="attendances", verbose_name="人员")
    party = models.ForeignKey(Party, models.PROTECT, related_name="attendances")
    office_code = models.CharField("监管机构代码", max_length=12, db_index=True)
    studied_at = models.DateTimeField("学习时间")
    best = models.PositiveSmallIntegerField("最好成绩", null=True, blank=True)
    passed_on = models.DateField("合格日期", null=True, blank=True)
    certificate_no = models.CharField("证明编号", max_length=60, blank=True, db_index=True)

    class Meta:
        ordering = ["-studied_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["course", "user"], name="one_attendance_per_person")]


class Sitting(models.Model):
    """考试: one attempt: which questions were drawn, what was answered, what it came to."""

    attendance = models.ForeignKey(Attendance, models.PROTECT, related_name="sittings")
    attempt = models.PositiveSmallIntegerField("第几次")
    seed = models.CharField("抽题种子", max_length=200)
    # [{"id", "digest"}]: the wording that was asked, should the bank change later
    questions = models.JSONField("试题", default=list)
    answers = models.JSONField("作答", default=dict)  # {question id: [positions of the choices]}
    started_at = models.DateTimeField("开始时间")
    finished_at = models.DateTimeField("交卷时间", null=True, blank=True)
    right = models.PositiveSmallIntegerField("答对题数", null=True, blank=True)
    percent = models.PositiveSmallIntegerField("成绩", null=True, blank=True)
    passed = models.BooleanField("合格", null=True, blank=True)

    class Meta:
        ordering = ["attendance_id", "attempt"]
        constraints = [models.UniqueConstraint(fields=["attendance", "attempt"], name="one_row_per_attempt")]


class ExemplaryFirm(models.Model):
    """示范创建: a firm asks to be an example, is looked at, named or not; exemplary_workflow.toml."""

    number = models.CharField("编号", max_length=60, unique=True)
    party = models.ForeignKey(Party, models.PROTECT, related_name="exemplary")
    year = models.PositiveSmallIntegerField("年度", db_index=True)
    text = models.TextField("申报材料")
    state = models.CharField("状态", max_length=10, db_index=True)
    applied_on = models.DateField("申报日期")
    by_name = models.CharField("申报人", max_length=60)
    reviewed_on = models.DateField("现场评审日期", null=True, blank=True)
    reviewers = models.CharField("评审人员", max_length=120, blank=True)
    review = models.TextField("评审情况", blank=True)
    decided_on = models.DateField("公布日期", null=True, blank=True)
    decided_by = models.CharField("经办人", max_length=60, blank=True)
    reason = models.CharField("理由", max_length=300, blank=True)  # of a refusal, a withdrawal, a removal
    office_code = models.CharField("监管机构代码", max_length=12, db_index=True)

    class Meta:
        ordering = ["-applied_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["party", "year"], condition=models.Q(state__in=("applied", "reviewed", "named")),
                name="one_open_application_per_year",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number
