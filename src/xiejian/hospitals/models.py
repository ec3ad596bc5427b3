"""What a hospital keeps about its devices and about what it implants.

Devices stay in their hospital's file with everything done to them. Who carries an implant is known here by
a token only; the record number behind it is sealed to a key that the hospital alone opens (vault.py).
"""

from __future__ import annotations

from django.db import models

from xiejian.registry.models import Party
from xiejian.supply.models import Movement


class MedicalDevice(models.Model):
    """设备: one device of a hospital, one file. Workflow: device_workflow.toml beside this file."""

    party = models.ForeignKey(Party, models.PROTECT, related_name="devices", verbose_name="使用单位")
    office_code = models.CharField("监管机构代码", max_length=12, db_index=True)
    # hospital and its own number in one column: the key by which a list read twice finds its devices
    record_key = models.CharField(max_length=90, unique=True)
    number = models.CharField("设备编号", max_length=60)
    name = models.CharField("设备名称", max_length=200)
    registration_no = models.CharField("注册证或备案编号", max_length=120, blank=True)
    di = models.CharField("产品标识", max_length=60, blank=True)
    serial = models.CharField("出厂编号", max_length=60, blank=True)
    model_spec = models.CharField("规格型号", max_length=120, blank=True)
    device_class = models.CharField("管理类别", max_length=1, blank=True)  # 1 2 3
    maker = models.CharField("注册人或备案人", max_length=200, blank=True)
    supplier = models.CharField("供货者", max_length=200, blank=True)
    department = models.CharField("使用科室", max_length=80, blank=True)
    focus = models.CharField("重点类别", max_length=60, default="|")  # |large|metering|: packs/hospitals
    bought_on = models.DateField("购置日期", null=True, blank=True)
    accepted_on = models.DateField("验收日期", null=True, blank=True)
    life_years = models.PositiveSmallIntegerField("使用期限（年）", null=True, blank=True)
    # computed from the two above when not given, so that lists and counts need no arithmetic
    life_ends_on = models.DateField("使用期限届满", null=True, blank=True, db_index=True)
    software = models.CharField("在用软件版本", max_length=60, blank=True)
    registered_software = models.CharField("注册证载软件版本", max_length=60, blank=True)
    # of the last verification or calibration that it passed
    metering_until = models.DateField("检定校准有效期至", null=True, blank=True, db_index=True)
    price_fen = models.BigIntegerField("购置价格（分）", null=True, blank=True)  # the hospital's own business
    state = models.CharField("状态", max_length=10, db_index=True)
    state_on = models.DateField("状态日期")
    made_at = models.DateTimeField("登记时间")
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        ordering = ["party_id", "number"]
        indexes = [models.Index(fields=["party", "state"], name="device_of_party")]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    @property
    def focuses(self) -> list[str]:
        """The ids of what makes it special, e.g. ["large", "metering"]."""
        return [one for one in self.focus.split("|") if one]


class UpkeepPlan(models.Model):
    """保养计划: what a device needs every so many months; the next day it is due."""

    device = models.ForeignKey(MedicalDevice, models.PROTECT, related_name="plans", verbose_name="设备")
    kind = models.CharField("项目", max_length=4)  # the kinds of packs/hospitals
    every_months = models.PositiveSmallIntegerField("间隔（月）")
    basis = models.CharField("依据", max_length=200)
    next_on = models.DateField("下次到期", db_index=True)
    is_active = models.BooleanField("执行中", default=True)

    class Meta:
        ordering = ["next_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["device", "kind"], name="one_plan_per_device_and_kind")
        ]


class UpkeepRecord(models.Model):
    """保养、检定与维修记录: what was done to a device. Mended by a new row that ``amends`` the old one."""

    device = models.ForeignKey(MedicalDevice, models.PROTECT, related_name="upkeep", verbose_name="设备")
    kind = models.CharField("项目", max_length=4)
    on = models.DateField("日期", db_index=True)
    passed = models.BooleanField("合格")
    done_by = models.CharField("实施单位或人员", max_length=120)
    finding = models.CharField("情况", max_length=500, blank=True)
    certificate_no = models.CharField("证书编号", max_length=80, blank=True)
    valid_until = models.DateField("有效期至", null=True, blank=True)
    # [{"name": "球管", "model": "X-40", "registered": "X-40"}]: what was put in, against the registration
    parts = models.JSONField("更换的零部件", default=list)
    parts_differ = models.BooleanField("零部件与注册证不符", default=False)
    software = models.CharField("维修后软件版本", max_length=60, blank=True)
    reason = models.CharField("更正理由", max_length=200, blank=True)
    amends = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="amended_by", verbose_name="更正"
    )
    made_at = models.DateTimeField("登记时间")
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        ordering = ["-on", "-id"]


class PatientVault(models.Model):
    """病案密钥: a hospital's key pair. Anybody seals to the public half; the passphrase opens the other.

    Of one hospital the newest is in use; an older one opens what was sealed to it, with its own passphrase.
    """

    party = models.ForeignKey(Party, models.PROTECT, related_name="vaults", verbose_name="使用单位")
    public_key = models.BinaryField()
    salt = models.BinaryField()
    cost = models.PositiveIntegerField("口令派生强度")  # scrypt's N
    locked_key = models.BinaryField()  # the private half, under the key that the passphrase gives
    made_at = models.DateTimeField("启用时间")
    by_name = models.CharField("启用人", max_length=60)
    failures = models.PositiveSmallIntegerField("口令连续输错次数", default=0)
    failed_at = models.DateTimeField("最近输错时间", null=True, blank=True)

    class Meta:
        ordering = ["-made_at", "-id"]


class ImplantRecord(models.Model):
    """植入记录: one device in one patient, who is a token here. Kept for good (RK-5)."""

    number = models.CharField("植入记录编号", max_length=60, unique=True)
    party = models.ForeignKey(Party, models.PROTECT, related_name="implants", verbose_name="使用单位")
    office_code = models.CharField("监管机构代码", max_length=12, db_index=True)
    token = models.CharField("患者代号", max_length=40, unique=True)
    vault = models.ForeignKey(PatientVault, models.PROTECT, related_name="implants")
    sealed = models.BinaryField()  # the patient's record number, for this token only
    udi = models.CharField("唯一标识", max_length=200, blank=True)
    di = models.CharField("产品标识", max_length=60)
    lot = models.CharField("批号", max_length=60, blank=True)
    serial = models.CharField("序列号", max_length=60, blank=True)
    made_on = models.DateField("生产日期", null=True, blank=True)
    expires_on = models.DateField("有效期至", null=True, blank=True)
    product_name = models.CharField("产品名称", max_length=200)
    registration_no = models.CharField("注册证编号", max_length=120, blank=True)
    supplier = models.CharField("供货者", max_length=200, blank=True)
    supplier_uscc = models.CharField("供货者信用代码", max_length=18, blank=True)
    implanted_on = models.DateField("手术日期", db_index=True)
    department = models.CharField("科室", max_length=80)
    surgeon_role = models.CharField("手术者职务", max_length=40, blank=True)
    in_patient_record = models.BooleanField("产品信息已记入病历", default=True)
    documents_kept = models.BooleanField("原始资料已留存", default=True)
    # why it was implanted although expired: what happened is recorded, and marked
    although_expired = models.CharField("过期仍植入的说明", max_length=200, blank=True)
    movement = models.OneToOneField(
        Movement, models.PROTECT, null=True, blank=True, related_name="implant", verbose_name="进销存记录"
    )
    voided = models.BooleanField("作废", default=False)
    void_reason = models.CharField("作废理由", max_length=200, blank=True)
    made_at = models.DateTimeField("登记时间")
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        ordering = ["-implanted_on", "-id"]
        constraints = [
            # a serial is one thing: nobody carries it twice, nor do two
            models.UniqueConstraint(
                fields=["di", "serial"],
                condition=models.Q(voided=False) & ~models.Q(serial=""),
                name="one_implant_per_serial",
            )
        ]
        indexes = [models.Index(fields=["di", "lot"], name="implant_lot")]

    def __str__(self) -> str:
        return self.number

    @property
    def state(self) -> str:
        """Its state in implant_workflow.toml."""
        return "struck" if self.voided else "implanted"
