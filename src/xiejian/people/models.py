"""Offices as a tree of division codes, officers with roles, people of the network, the audit chain."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from xiejian.kernel.divisions import TIER_LABELS


class Office(models.Model):
    """机构: a supervision office. ``stem`` is the prefix that its own and all lower codes share."""

    code = models.CharField("机构代码", max_length=12, unique=True)
    stem = models.CharField(max_length=12, db_index=True)
    name = models.CharField("机构名称", max_length=120)
    short_name = models.CharField("简称", max_length=40, blank=True)
    tier = models.CharField("层级", max_length=10, choices=list(TIER_LABELS.items()))
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    packs = models.JSONField("启用的规则包", default=list)
    # {"inspectors": 6, "visits_per_pair_per_day": 2}: what the plan board needs to judge feasibility
    settings = models.JSONField("设置", default=dict)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class OfficerManager(BaseUserManager["Officer"]):
    def get_by_natural_key(self, username: str | None) -> Officer:
        return self.get(username=username)


class Officer(AbstractBaseUser):
    """执法人员: somebody who signs in. The role names what may be done, the office bounds where."""

    username = models.CharField("登录名", max_length=60, unique=True)
    name = models.CharField("姓名", max_length=60)
    office = models.ForeignKey(Office, models.PROTECT, related_name="officers", verbose_name="机构")
    role = models.CharField("角色", max_length=30)
    certificate_no = models.CharField("执法证号", max_length=40, blank=True)
    qualification = models.CharField("检查员资格", max_length=60, blank=True)
    phone = models.CharField("电话", max_length=30, blank=True)
    is_active = models.BooleanField("在岗", default=True)
    created_at = models.DateTimeField()

    objects = OfficerManager()
    USERNAME_FIELD = "username"

    class Meta:
        ordering = ["office__code", "name"]

    def __str__(self) -> str:
        return self.name


class FirmUser(AbstractBaseUser):
    """企业账号: somebody of a firm who signs in at the firms' entrance. No officer, in no office."""

    uscc = models.CharField("统一社会信用代码", max_length=18, db_index=True)
    firm_name = models.CharField("单位名称", max_length=200)
    username = models.CharField("登录名", max_length=60)
    name = models.CharField("姓名", max_length=60)
    role = models.CharField("角色", max_length=30)
    phone = models.CharField("电话", max_length=30, blank=True)
    is_active = models.BooleanField("启用", default=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "username"

    class Meta:
        ordering = ["uscc", "username"]
        constraints = [models.UniqueConstraint(fields=["uscc", "username"], name="one_username_per_firm")]

    def __str__(self) -> str:
        return self.name

    def get_username(self) -> str:
        """By which sign-in and its lock-out know the account: two firms may have the same login names."""
        return f"{self.uscc}:{self.username}"


class FirmInvitation(models.Model):
    """开户邀请: a link, shown once, by which somebody of a firm opens an account there."""

    uscc = models.CharField("统一社会信用代码", max_length=18, db_index=True)
    firm_name = models.CharField("单位名称", max_length=200)
    role = models.CharField("角色", max_length=30)
    person = models.CharField("受邀人", max_length=60, blank=True)
    # who asked: an office, or the firm's own administrator (then empty)
    office_code = models.CharField("机构代码", max_length=12, blank=True, db_index=True)
    token_digest = models.CharField(max_length=64, unique=True)
    expires_on = models.DateField("有效期至")
    made_at = models.DateTimeField("邀请时间")
    by_name = models.CharField("邀请人", max_length=60)
    used_at = models.DateTimeField("使用时间", null=True, blank=True)
    used_by = models.ForeignKey(FirmUser, models.PROTECT, null=True, blank=True, related_name="invitations")
    revoked_at = models.DateTimeField("撤回时间", null=True, blank=True)

    class Meta:
        ordering = ["-made_at", "-id"]


class FirmKey(models.Model):
    """接口密钥: by which a firm's programs speak as one of its accounts; kept as a digest, shown once."""

    user = models.ForeignKey(FirmUser, models.PROTECT, related_name="keys", verbose_name="账号")
    name = models.CharField("用途", max_length=60)
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField("生成时间")
    by_name = models.CharField("生成人", max_length=60)
    expires_on = models.DateField("有效期至")
    revoked_at = models.DateTimeField("停用时间", null=True, blank=True)

    class Meta:
        ordering = ["-made_at", "-id"]


class NetworkPerson(models.Model):
    """协管员、信息员、监测员: people outside the office whom it trains and relies on."""

    KINDS = {"inspector": "检查员", "assistant": "协管员", "informant": "信息员", "reporter": "监测员"}

    kind = models.CharField("类别", max_length=12, choices=list(KINDS.items()))
    name = models.CharField("姓名", max_length=60)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    unit_name = models.CharField("所在单位", max_length=200, blank=True)
    phone = models.CharField("电话", max_length=30, blank=True)
    qualification = models.CharField("资格", max_length=100, blank=True)
    certificate_no = models.CharField("证件号", max_length=40, blank=True)
    valid_until = models.DateField("资格有效期至", null=True, blank=True)
    is_active = models.BooleanField("在岗", default=True)

    class Meta:
        ordering = ["office_code", "kind", "name"]


class Training(models.Model):
    """培训考核: one training of one person, with its result where there was an examination."""

    person = models.ForeignKey(NetworkPerson, models.PROTECT, related_name="trainings", null=True, blank=True)
    officer = models.ForeignKey(Officer, models.PROTECT, related_name="trainings", null=True, blank=True)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    topic = models.CharField("培训内容", max_length=200)
    trained_on = models.DateField("培训日期")
    hours = models.DecimalField("学时", max_digits=5, decimal_places=1, default=0)
    score = models.PositiveSmallIntegerField("成绩", null=True, blank=True)
    passed = models.BooleanField("合格", null=True)

    class Meta:
        ordering = ["-trained_on"]
        constraints = [
            models.CheckConstraint(
                name="training_of_one_person",
                condition=models.Q(person__isnull=False, officer__isnull=True)
                | models.Q(person__isnull=True, officer__isnull=False),
            )
        ]


class ReadReceipt(models.Model):
    """阅读签收: an officer has read one edition of a law. Another digest: it was amended since."""

    officer = models.ForeignKey(Officer, models.PROTECT, related_name="read_receipts", verbose_name="人员")
    # the office at that time: whoever moves on takes the knowledge along, not the office's receipt
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    law = models.CharField("法规", max_length=40, db_index=True)
    digest = models.CharField("法规版本", max_length=16)
    read_at = models.DateTimeField("签收时间")

    class Meta:
        ordering = ["-read_at"]
        constraints = [
            models.UniqueConstraint(fields=["officer", "law", "digest"], name="one_receipt_per_edition")
        ]


class RuleCheck(models.Model):
    """规则核实: an office held one entry of the rule book against its source. Second thoughts amend it."""

    OUTCOMES = {"true": "属实", "doubt": "有疑义"}

    office = models.ForeignKey(Office, models.PROTECT, related_name="rule_checks", verbose_name="机构")
    slug = models.CharField("条目", max_length=16, db_index=True)
    source = models.CharField("规则包文件", max_length=80)
    entry = models.CharField("条目编号", max_length=80)
    digest = models.CharField("条目版本", max_length=16)
    outcome = models.CharField("结论", max_length=10, choices=list(OUTCOMES.items()))
    note = models.TextField("说明", blank=True)
    checker = models.ForeignKey(Officer, models.PROTECT, related_name="rule_checks", verbose_name="核实人")
    checked_on = models.DateField("核实日期")
    at = models.DateTimeField()
    amends = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="amended_by", verbose_name="更正"
    )

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["office", "slug"], condition=models.Q(amends=None), name="one_first_check_per_entry"
            )
        ]


class SavedView(models.Model):
    """常用视图: a list as one officer asked for it, kept under a name."""

    officer = models.ForeignKey(Officer, models.CASCADE, related_name="saved_views", verbose_name="人员")
    page = models.CharField("页面", max_length=200)  # the path of the list
    name = models.CharField("名称", max_length=30)
    query = models.CharField("条件", max_length=1000)  # search, filters, sort and columns, without "?"
    saved_at = models.DateTimeField("保存时间")

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["officer", "page", "name"], name="one_view_per_name")]

    def __str__(self) -> str:
        return self.name


class AuditEntry(models.Model):
    """审计记录: one write, chained to the one before. No foreign keys: history outlives rows."""

    sequence = models.BigIntegerField(unique=True)
    at = models.DateTimeField(db_index=True)
    by_username = models.CharField(max_length=60)
    by_name = models.CharField(max_length=60)
    office_code = models.CharField(max_length=12, db_index=True)
    action = models.CharField(max_length=60, db_index=True)
    subject = models.CharField(max_length=40)
    subject_key = models.CharField(max_length=80)
    detail = models.JSONField()
    previous_digest = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["-sequence"]
        indexes = [models.Index(fields=["subject", "subject_key"])]
