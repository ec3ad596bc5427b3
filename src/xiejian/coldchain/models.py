"""Cold chain: loggers with their readings, what lay beside them, and where a temperature was not kept.

A firm need not be in the register: loggers name it by credit code. Temperatures are whole hundredths of a
degree Celsius (``centi``), so that limits compare exactly.
"""

from __future__ import annotations

from django.db import models

#: What may be wrong, by id.
KINDS = {"high": "超温", "low": "低温", "gap": "缺测", "clock": "时钟异常"}
#: Why a reading is kept but not used, by id.
MARKS = {"future": "晚于收到时间", "backward": "时钟倒退", "early": "早于启用日期"}
OUTCOMES = {"usable": "可以放行", "unusable": "不得放行"}


class Logger(models.Model):
    """温度记录仪: one sensor at one place of one firm. ``place`` is the name that stock movements use too."""

    firm_uscc = models.CharField("单位信用代码", max_length=18, db_index=True)
    firm_name = models.CharField("单位", max_length=200)
    # the office in charge of the firm, empty when the register does not have it
    office_code = models.CharField("监管机构代码", max_length=12, blank=True, db_index=True)
    code = models.CharField("记录仪编号", max_length=60)
    place = models.CharField("库房、设备或车辆", max_length=120)
    kind = models.CharField("类型", max_length=20)  # id of a place in packs/coldchain/rules.toml
    low_centi = models.SmallIntegerField("下限", null=True, blank=True)
    high_centi = models.SmallIntegerField("上限", null=True, blank=True)
    interval_seconds = models.PositiveIntegerField("记录间隔（秒）")
    calibrated_on = models.DateField("校准日期", null=True, blank=True)
    calibrated_until = models.DateField("校准有效期至", null=True, blank=True)
    # sends its readings by itself: silence is then a gap; one that is read out by hand is silent until then
    live = models.BooleanField("在线上传", default=False)
    used_from = models.DateField("启用日期")
    retired_on = models.DateField("停用日期", null=True, blank=True)
    # the newest reading that counts, kept here so that a list needs no search among millions
    last_at = models.DateTimeField("最近读数时间", null=True, blank=True)
    last_centi = models.SmallIntegerField("最近读数", null=True, blank=True)
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        ordering = ["firm_name", "code"]
        constraints = [
            models.UniqueConstraint(fields=["firm_uscc", "code"], name="one_logger_per_firm_and_code")
        ]

    def __str__(self) -> str:
        return f"{self.place}（{self.code}）"


class Reading(models.Model):
    """读数: what one logger measured at one moment. Kept lean: a region has millions a month."""

    logger = models.ForeignKey(Logger, models.PROTECT, related_name="readings", db_index=False)
    at = models.DateTimeField("时间")
    centi = models.SmallIntegerField("温度（百分之一摄氏度）")
    humidity = models.SmallIntegerField("湿度（%）", null=True, blank=True)
    mark = models.CharField("标记", max_length=8, blank=True)  # an id of MARKS: kept, not used

    class Meta:
        ordering = ["logger_id", "at"]
        constraints = [models.UniqueConstraint(fields=["logger", "at"], name="one_reading_per_moment")]


class Placement(models.Model):
    """在库在途: a lot, or all that a delivery holds, lay beside a logger from one moment to another."""

    logger = models.ForeignKey(Logger, models.PROTECT, related_name="placements")
    di = models.CharField("产品标识", max_length=60, blank=True)
    lot = models.CharField("批号", max_length=60, blank=True)
    serial = models.CharField("序列号", max_length=60, blank=True)
    document_no = models.CharField("单据号", max_length=60, blank=True)  # instead of a lot
    from_at = models.DateTimeField("放入时间")
    until_at = models.DateTimeField("取出时间", null=True, blank=True)
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        ordering = ["-from_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="placement_of_a_lot_or_a_delivery",
                condition=~models.Q(document_no="") | ~models.Q(di=""),
            )
        ]

    def __str__(self) -> str:
        return self.document_no or f"{self.di} {self.lot or self.serial}"


class Excursion(models.Model):
    """冷链异常: a stretch of time in which a logger was outside its limits, silent, or had a wrong clock.

    The workflow is in workflow.toml. ``end`` is empty while it goes on. ``settled``: later readings show
    that it was none; what it holds is still for people to release.
    """

    logger = models.ForeignKey(Logger, models.PROTECT, related_name="excursions")
    kind = models.CharField("类型", max_length=5, choices=list(KINDS.items()))
    start = models.DateTimeField("开始", db_index=True)
    on = models.DateField("日期")  # the day of its start where the office is
    end = models.DateTimeField("结束", null=True, blank=True)
    highest_centi = models.SmallIntegerField("最高", null=True, blank=True)
    lowest_centi = models.SmallIntegerField("最低", null=True, blank=True)
    limit_centi = models.SmallIntegerField("限值", null=True, blank=True)
    readings = models.PositiveIntegerField("读数个数", default=0)
    settled = models.BooleanField("已补齐读数", default=False)
    state = models.CharField("状态", max_length=10, db_index=True)
    found_at = models.DateTimeField("发现时间")
    explanation = models.TextField("原因说明", blank=True)
    explained_by = models.CharField("说明人", max_length=60, blank=True)
    outcome = models.CharField("评估结论", max_length=10, blank=True)  # an id of OUTCOMES
    assessment = models.TextField("评估理由", blank=True)
    evidence = models.CharField("依据", max_length=300, blank=True)
    assessed_by = models.CharField("评估人账号", max_length=60, blank=True)
    assessed_by_name = models.CharField("评估人", max_length=60, blank=True)
    assessed_at = models.DateTimeField("评估时间", null=True, blank=True)
    decision = models.TextField("处理意见", blank=True)
    decided_by_name = models.CharField("处理人", max_length=60, blank=True)
    decided_at = models.DateTimeField("处理时间", null=True, blank=True)

    class Meta:
        ordering = ["-start", "-id"]
        indexes = [models.Index(fields=["logger", "start"])]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """How papers and refusals name it."""
        return f"冷链异常{self.pk}"

    @property
    def office_code(self) -> str:
        """The office in charge of the firm whose logger it is."""
        return self.logger.office_code


class AffectedLot(models.Model):
    """受影响批次: a lot that lay there meanwhile, against the limits of its product card."""

    excursion = models.ForeignKey(Excursion, models.CASCADE, related_name="lots")
    di = models.CharField("产品标识", max_length=60)
    lot = models.CharField("批号", max_length=60, blank=True)
    serial = models.CharField("序列号", max_length=60, blank=True)
    product_name = models.CharField("产品名称", max_length=300, blank=True)

    class Meta:
        ordering = ["product_name", "lot", "serial", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["excursion", "di", "lot", "serial"], name="one_row_per_affected_lot"
            )
        ]
        indexes = [models.Index(fields=["di", "lot"])]

    def __str__(self) -> str:
        return f"{self.product_name} {self.lot or self.serial}".strip()
