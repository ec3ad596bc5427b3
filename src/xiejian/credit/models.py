"""Credit: evaluations and the grades they lead to, entries of the two lists, commitments, joint measures."""

from __future__ import annotations

from django.db import models

from xiejian.cases.models import Case
from xiejian.registry.models import Party


class CreditRun(models.Model):
    """信用评定批次: one evaluation, of an office's parties for a period or of one party after an event."""

    on = models.DateField("评定日期")
    from_on = models.DateField("期间起")
    until_on = models.DateField("期间止")
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    whole = models.BooleanField("全机构", default=True)  # False: one party after an event
    reason = models.CharField("评定事由", max_length=200)
    pack = models.CharField("规则包", max_length=60)
    pack_version = models.CharField("规则包版本", max_length=64)
    counts = models.JSONField("结果", default=dict)  # {"A": parties, …, "changed": n}
    at = models.DateTimeField("时间")
    by_username = models.CharField(max_length=60)
    by_name = models.CharField("操作人", max_length=60)

    class Meta:
        ordering = ["-at", "-id"]


class CreditGrade(models.Model):
    """信用等级: what an evaluation proposes for one party, until it is in force or not.

    The workflow is in grade_workflow.toml. ``facts`` holds only what is not zero; the records behind a
    fact are found again from its period (credit.facts).
    """

    run = models.ForeignKey(CreditRun, models.PROTECT, related_name="grades")
    party = models.ForeignKey(Party, models.PROTECT, related_name="credit_grades")
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    grade = models.CharField("信用等级", max_length=1)
    before = models.CharField("原等级", max_length=1, blank=True)
    worse = models.BooleanField("低于原等级", default=False)
    rules = models.CharField(
        "命中规则", max_length=300, blank=True
    )  # ids joined by 、; empty: nothing against
    facts = models.JSONField("所用事实", default=dict)
    state = models.CharField("状态", max_length=12, db_index=True)
    number = models.CharField("文号", max_length=80, blank=True)
    notified_on = models.DateField("告知日期", null=True, blank=True)
    notified_how = models.CharField("告知方式", max_length=60, blank=True)
    objected_on = models.DateField("提出异议日期", null=True, blank=True)
    objection = models.CharField("异议", max_length=500, blank=True)
    answered_on = models.DateField("异议答复日期", null=True, blank=True)
    answer = models.CharField("异议答复", max_length=500, blank=True)
    decided_on = models.DateField("决定日期", null=True, blank=True, db_index=True)
    decided_by = models.CharField("决定人", max_length=60, blank=True)
    reason = models.CharField("理由", max_length=300, blank=True)  # why not adopted or replaced
    ended_on = models.DateField("失效日期", null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["party", "state"])]
        constraints = [models.UniqueConstraint(fields=["run", "party"], name="one_credit_grade_per_run")]

    def __str__(self) -> str:
        return self.number or f"{self.party_id} {self.grade}"


class CreditListEntry(models.Model):
    """名单记录: one party on, or proposed for, one of the lists. The workflow is in list_workflow.toml."""

    number = models.CharField("文号", max_length=80, unique=True)
    kind = models.CharField("名单", max_length=10)  # watch, blacklist: ids in packs/national/credit.toml
    party = models.ForeignKey(Party, models.PROTECT, related_name="credit_list_entries")
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    ground = models.CharField("列入情形", max_length=20)
    heavy = models.CharField("较重处罚", max_length=20, blank=True)
    case = models.ForeignKey(Case, models.PROTECT, null=True, blank=True, related_name="credit_list_entries")
    facts = models.TextField("事实和理由")
    state = models.CharField("状态", max_length=12, db_index=True)
    proposed_on = models.DateField("提出日期")
    proposed_by = models.CharField("提出人", max_length=60)
    proposer = models.CharField(max_length=60)  # login name: the decision needs another one
    consent_no = models.CharField("上级同意文号", max_length=80, blank=True)
    consent_on = models.DateField("上级同意日期", null=True, blank=True)
    notified_on = models.DateField("告知日期", null=True, blank=True)
    notified_how = models.CharField("告知方式", max_length=60, blank=True)
    stated_on = models.DateField("陈述申辩日期", null=True, blank=True)
    statement = models.CharField("陈述申辩", max_length=500, blank=True)
    hearing = models.BooleanField("要求听证", default=False)
    answered_on = models.DateField("复核日期", null=True, blank=True)
    answer = models.CharField("复核意见", max_length=500, blank=True)
    decided_on = models.DateField("决定日期", null=True, blank=True, db_index=True)
    decided_by = models.CharField("决定人", max_length=60, blank=True)
    restricted_until = models.DateField("法定限制期至", null=True, blank=True)
    ends_on = models.DateField("期满日期", null=True, blank=True, db_index=True)
    published_on = models.DateField("公示日期", null=True, blank=True)
    applied_on = models.DateField("申请修复日期", null=True, blank=True)
    application = models.CharField("修复申请", max_length=500, blank=True)
    accepted_on = models.DateField("受理日期", null=True, blank=True)
    confirmed = models.JSONField("修复条件", default=dict)  # condition id → what was seen
    repair_decided_on = models.DateField("修复决定日期", null=True, blank=True)
    repair_decided_by = models.CharField("修复决定人", max_length=60, blank=True)
    repair_handler = models.CharField(max_length=60, blank=True)  # login name of who accepted it
    barred_until = models.DateField("不得再次申请至", null=True, blank=True)
    removed_on = models.DateField("移出日期", null=True, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)  # of the last refusal, removal, revocation

    class Meta:
        ordering = ["-proposed_on", "-id"]
        indexes = [models.Index(fields=["kind", "state", "ends_on"])]

    def __str__(self) -> str:
        return self.number


#: The states in which a party is on the list; an application for repair changes nothing yet.
ON_LIST = ("listed", "applied", "accepted", "granted")


class PublicCommitment(models.Model):
    """公开承诺: what a firm promised to the public, where it stands, whether it kept it."""

    party = models.ForeignKey(Party, models.PROTECT, related_name="public_commitments")
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    text = models.CharField("承诺内容", max_length=500)
    made_on = models.DateField("承诺日期", db_index=True)
    place = models.CharField("公开方式", max_length=200, blank=True)
    due_on = models.DateField("核查日期", null=True, blank=True)
    looked_on = models.DateField("核实日期", null=True, blank=True)
    kept = models.BooleanField("履行", null=True, blank=True)  # None: not yet looked at
    note = models.CharField("核实情况", max_length=300, blank=True)

    class Meta:
        ordering = ["-made_on", "-id"]

    def __str__(self) -> str:
        return self.text[:40]


class CreditInformation(models.Model):
    """信用信息: what counts for credit and no other room records: reports, honours, other departments."""

    party = models.ForeignKey(Party, models.PROTECT, related_name="credit_information")
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    kind = models.CharField("类别", max_length=20)  # id in packs/national/credit.toml
    on = models.DateField("日期", db_index=True)
    text = models.CharField("内容", max_length=300)
    source = models.CharField("来源", max_length=120)
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        ordering = ["-on", "-id"]


class JointMeasure(models.Model):
    """联合惩戒措施: what one department was asked to do about a listed party, its reply, its end."""

    entry = models.ForeignKey(CreditListEntry, models.PROTECT, related_name="measures")
    measure = models.CharField("措施", max_length=20)  # id in packs/national/credit.toml
    department = models.CharField("部门", max_length=120)
    sent_on = models.DateField("函告日期")
    reference = models.CharField("函号", max_length=80, blank=True)
    replied_on = models.DateField("回复日期", null=True, blank=True)
    reply = models.CharField("回复", max_length=300, blank=True)
    lifted_on = models.DateField("解除日期", null=True, blank=True)
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        ordering = ["sent_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["entry", "measure", "department"], name="one_joint_measure_per_department"
            )
        ]
