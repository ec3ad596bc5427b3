"""What a firm makes, takes in, holds and hands on, lot by lot; whom it deals with; what it may not hand on.

A firm need not be in the register: firms and partners are named by credit code, never by foreign key.
Quantities are whole units of the least sale unit of the product.
"""

from __future__ import annotations

from django.db import models

#: What a movement may be, and which way it moves the firm's stock.
KINDS = {
    "make": "生产入库", "receive": "购进验收", "ship": "销售出库", "return_out": "购进退出",
    "return_in": "销后退回", "use": "使用", "implant": "植入",
    "destroy": "销毁", "loss": "报损", "adjust": "盘点",
}  # fmt: skip
#: adjust carries its own sign
SIGNS = {
    "make": 1, "receive": 1, "return_in": 1, "adjust": 1,
    "ship": -1, "return_out": -1, "use": -1, "implant": -1, "destroy": -1, "loss": -1,
}  # fmt: skip
#: Handed on to somebody, or put to use: what expiry and holds forbid.
HANDED_ON = ("ship", "use", "implant")
#: Movements that have another firm on the other side.
BETWEEN_FIRMS = ("receive", "ship", "return_out", "return_in")
SOURCES = {
    "form": "填写", "scan": "扫码", "import": "表格导入", "epcis": "EPCIS", "api": "接口", "erp": "ERP 文件",
    "hospital": "植入登记", "sales": "发货", "demo": "演示",
}  # fmt: skip


class Movement(models.Model):
    """进销存记录: so many of one lot came or went at one firm. Kept lean: a region has millions.

    Never overwritten: an amendment is a new row that ``amends`` the old one, which is then ``voided`` like
    one that was struck. Every count reads rows with ``voided=False``.
    """

    firm_uscc = models.CharField("登记单位信用代码", max_length=18)
    # the office in charge of the firm, empty when the register does not have it; visibility goes by it
    firm_office_code = models.CharField("监管机构代码", max_length=12, blank=True)
    kind = models.CharField("类型", max_length=10, choices=list(KINDS.items()))
    partner_uscc = models.CharField("往来单位信用代码", max_length=18, blank=True)
    partner_name = models.CharField("往来单位", max_length=200, blank=True)
    di = models.CharField("产品标识", max_length=60)
    lot = models.CharField("批号", max_length=60, blank=True)
    serial = models.CharField("序列号", max_length=60, blank=True)
    quantity = models.IntegerField("数量")  # least sale units; negative only for adjust
    on = models.DateField("日期")
    made_on = models.DateField("生产日期", null=True, blank=True)
    expires_on = models.DateField("有效期至", null=True, blank=True)
    registration_no = models.CharField("注册证或备案编号", max_length=120, blank=True)
    product_name = models.CharField("产品名称", max_length=300, blank=True)
    document_no = models.CharField("单据号", max_length=60, blank=True)  # the delivery's, on both sides
    place = models.CharField("地点", max_length=120, blank=True)
    patient = models.CharField(
        "患者代号", max_length=80, blank=True
    )  # a token that the hospital alone resolves
    record_no = models.CharField("记录编号", max_length=60)  # the firm's own
    source = models.CharField("来源", max_length=10, choices=list(SOURCES.items()))
    marks = models.CharField("标记", max_length=200, default="|")  # |expired|oversold|: ids of checks.MARKS
    voided = models.BooleanField("作废", default=False)
    reason = models.CharField("更正、作废理由", max_length=200, blank=True)
    amends = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="amended_by", verbose_name="更正"
    )
    at = models.DateTimeField("登记时间")
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        ordering = ["-on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["firm_uscc", "record_no"],
                condition=models.Q(voided=False),
                name="one_movement_per_record_no",
            )
        ]
        indexes = [
            models.Index(fields=["di", "lot"], name="movement_lot"),
            models.Index(fields=["firm_uscc", "on"], name="movement_firm"),
            models.Index(fields=["partner_uscc"], name="movement_partner"),
            # the unique constraint serves those that count; an import asks for the struck ones too
            models.Index(
                fields=["firm_uscc", "record_no"], condition=models.Q(voided=True), name="movement_voided"
            ),
            models.Index(fields=["firm_office_code", "on"], name="movement_office"),
            models.Index(
                fields=["firm_office_code", "on"], condition=~models.Q(marks="|"), name="movement_marked"
            ),
        ]

    def __str__(self) -> str:
        return self.record_no

    @property
    def mark_list(self) -> list[str]:
        """The ids of its marks, e.g. ["expired", "oversold"]."""
        return [mark for mark in self.marks.split("|") if mark]


class Partner(models.Model):
    """供货者、购货者档案: a firm's own file of one supplier or buyer, with the licence that it checked."""

    KINDS = {"supplier": "供货者", "buyer": "购货者", "both": "供货者、购货者"}

    firm_uscc = models.CharField("单位信用代码", max_length=18)
    firm_office_code = models.CharField("监管机构代码", max_length=12, blank=True, db_index=True)
    uscc = models.CharField("往来单位信用代码", max_length=18)
    name = models.CharField("往来单位", max_length=200)
    kind = models.CharField("类别", max_length=8, choices=list(KINDS.items()))
    licence_no = models.CharField("许可证、备案编号", max_length=200, blank=True)  # joined by 、
    valid_until = models.DateField("资质有效期至", null=True, blank=True)  # the earliest of them
    classes = models.CharField("许可的管理类别", max_length=3, blank=True)  # sorted digits, "23"
    scope = models.TextField("许可范围", blank=True)
    contact = models.CharField("联系人", max_length=60, blank=True)
    phone = models.CharField("电话", max_length=30, blank=True)
    checked_on = models.DateField("核验日期", null=True, blank=True)
    checked_how = models.CharField("核验方式", max_length=60, blank=True)
    checked_by = models.CharField("核验人", max_length=60, blank=True)
    is_active = models.BooleanField("往来中", default=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["firm_uscc", "uscc"], name="one_file_per_partner")]

    def __str__(self) -> str:
        return self.name


class ProductCard(models.Model):
    """产品档案: what a firm keeps about one device identifier it deals in."""

    firm_uscc = models.CharField("单位信用代码", max_length=18)
    firm_office_code = models.CharField("监管机构代码", max_length=12, blank=True, db_index=True)
    di = models.CharField("产品标识", max_length=60, db_index=True)
    registration_no = models.CharField("注册证或备案编号", max_length=120, blank=True)
    product_name = models.CharField("产品名称", max_length=300)
    model_spec = models.CharField("规格型号", max_length=200, blank=True)
    management_class = models.CharField("管理类别", max_length=1, blank=True)  # 1 2 3
    maker = models.CharField("注册人、备案人", max_length=200, blank=True)
    unit = models.CharField("最小销售单元", max_length=10, blank=True)  # 支, 盒, 人份
    # [{"di": "1697…", "unit": "箱", "factor": 20}]: how many least units a package holds
    packages = models.JSONField("包装", default=list)
    temperature_min = models.DecimalField(
        "最低温度（℃）", max_digits=5, decimal_places=1, null=True, blank=True
    )
    temperature_max = models.DecimalField(
        "最高温度（℃）", max_digits=5, decimal_places=1, null=True, blank=True
    )
    implantable = models.BooleanField("植入类", default=False)
    source = models.CharField("来源", max_length=10, choices=list(SOURCES.items()))

    class Meta:
        ordering = ["product_name", "id"]
        constraints = [models.UniqueConstraint(fields=["firm_uscc", "di"], name="one_card_per_firm_and_di")]

    def __str__(self) -> str:
        return self.product_name


class LotHold(models.Model):
    """批次停用: a firm may not ship, use or implant this lot until somebody releases it."""

    firm_uscc = models.CharField("单位信用代码", max_length=18, db_index=True)
    firm_office_code = models.CharField("监管机构代码", max_length=12, blank=True, db_index=True)
    di = models.CharField("产品标识", max_length=60)
    lot = models.CharField("批号", max_length=60, blank=True)  # empty: whatever the serial says
    serial = models.CharField("序列号", max_length=60, blank=True)  # empty: the whole lot
    reason = models.CharField("原因", max_length=200)
    # which record holds it: ("excursion", "17"), ("recall", "召2026-3"), ("firm", "")
    source_kind = models.CharField("来自", max_length=20)
    source_record = models.CharField("来自记录", max_length=80, blank=True)
    held_at = models.DateTimeField("停用时间")
    held_by = models.CharField("停用人", max_length=60)
    released_at = models.DateTimeField("解除时间", null=True, blank=True)
    released_by = models.CharField("解除人", max_length=60, blank=True)
    release_reason = models.CharField("解除理由", max_length=200, blank=True)

    class Meta:
        ordering = ["-held_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["firm_uscc", "di", "lot", "serial", "source_kind", "source_record"],
                condition=models.Q(released_at=None),
                name="one_hold_per_lot_and_source",
            )
        ]
        indexes = [models.Index(fields=["di", "lot"], name="hold_lot")]

    def __str__(self) -> str:
        return f"{self.di} {self.lot or self.serial}"
