"""Vigilance: individual reports of adverse events with their reviews, what each reporter owes a year."""

from __future__ import annotations

from django.db import models

from xiejian.registry.models import Party


class AdverseEvent(models.Model):
    """不良事件报告: one suspected event with one product, as one unit reports it.

    The patient is a band of age and a sex: no name, no record number. The workflow is in workflow.toml.
    """

    number = models.CharField("报告编号", max_length=60, unique=True)
    party = models.ForeignKey(Party, models.PROTECT, related_name="adverse_events")  # who reports
    reporter_kind = models.CharField("报告单位类别", max_length=4)  # 持有人 经营企业 使用单位
    office_code = models.CharField("办理机构代码", max_length=12, db_index=True)
    state = models.CharField("状态", max_length=24, db_index=True)

    # the product
    product_name = models.CharField("产品名称", max_length=300, db_index=True)
    registration_no = models.CharField("注册证或备案编号", max_length=120, blank=True)
    model_spec = models.CharField("规格型号", max_length=200, blank=True)
    structure = models.CharField("结构特征", max_length=6, blank=True)  # 有源 无源 体外诊断试剂
    origin = models.CharField("产地", max_length=2, blank=True)  # 境内 进口
    device_class = models.CharField("管理类别", max_length=1, blank=True)  # 1 2 3
    lot = models.CharField("批号", max_length=120, blank=True, db_index=True)
    serial = models.CharField("序列号", max_length=120, blank=True)
    udi = models.CharField("唯一标识", max_length=200, blank=True)
    made_on = models.DateField("生产日期", null=True, blank=True)
    expires_on = models.DateField("有效期至", null=True, blank=True)
    maker = models.CharField("注册人或备案人", max_length=300, blank=True)
    maker_party = models.ForeignKey(
        Party, models.PROTECT, null=True, blank=True, related_name="adverse_events_of_own_make"
    )

    # the event
    event_on = models.DateField("事件发生日期", db_index=True)
    found_on = models.DateField("发现或者获知日期")
    reported_on = models.DateField("报告日期", db_index=True)
    harm = models.CharField("伤害程度", max_length=4)  # 死亡 严重伤害 其他
    injury = models.TextField("伤害表现")
    failure = models.TextField("器械故障表现")
    term = models.CharField("故障表现用语", max_length=40, blank=True)  # id in packs/vigilance/terms.toml
    age_band = models.CharField("患者年龄段", max_length=10, blank=True)
    sex = models.CharField("患者性别", max_length=2, blank=True)
    use_place = models.CharField("使用场所", max_length=4, blank=True)  # 医疗机构 家庭 其他
    use_process = models.TextField("使用过程", blank=True)
    first_measures = models.TextField("现场处置", blank=True)

    # what the holder concludes
    cause = models.TextField("原因分析", blank=True)
    event_cause = models.CharField("事件原因", max_length=10, blank=True)
    association = models.CharField("关联性", max_length=6, blank=True)
    evaluated_on = models.DateField("评价日期", null=True, blank=True)
    measures = models.CharField("控制措施", max_length=300, blank=True)

    duplicate_of = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="duplicates")
    group_no = models.CharField("群体事件编号", max_length=60, blank=True, db_index=True)
    closed_on = models.DateField("完成日期", null=True, blank=True)
    made_at = models.DateTimeField(null=True)
    by_name = models.CharField("登记人", max_length=60, blank=True)
    extra = models.JSONField("其他列", default=dict)

    class Meta:
        ordering = ["-reported_on", "-id"]
        indexes = [models.Index(fields=["product_name", "lot"])]

    def __str__(self) -> str:
        return self.number


class EventReview(models.Model):
    """审核: what one level said of a report on one day; a returned report is reviewed again."""

    event = models.ForeignKey(AdverseEvent, models.CASCADE, related_name="reviews")
    level = models.CharField("审核层级", max_length=4)
    outcome = models.CharField("结果", max_length=4)  # 通过 退回
    comment = models.TextField("意见", blank=True)
    on = models.DateField("日期")
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        ordering = ["on", "id"]


class ReportQuota(models.Model):
    """报告任务: how many reports one unit is asked for in one year."""

    party = models.ForeignKey(Party, models.PROTECT, related_name="report_quotas")
    year = models.PositiveSmallIntegerField("年度", db_index=True)
    count = models.PositiveSmallIntegerField("任务数")
    office_code = models.CharField("下达机构代码", max_length=12, db_index=True)

    class Meta:
        ordering = ["party_id"]
        constraints = [models.UniqueConstraint(fields=["party", "year"], name="one_quota_per_unit_and_year")]

    def __str__(self) -> str:
        return f"{self.year} {self.count}"


class EventSignal(models.Model):
    """信号研判: what an office made of one signal or alert; the numbers as they stood on that day."""

    rule = models.CharField("规则", max_length=20)  # id of an alert or profile in packs/vigilance/alerts.toml
    product_name = models.CharField("产品名称", max_length=300)
    subject = models.CharField("对象", max_length=300, blank=True)  # the term, the lot, the report
    outcome = models.CharField("研判结果", max_length=6)  # 列入清单 继续观察 排除
    reason = models.CharField("说明", max_length=300)
    risk_no = models.CharField("风险编号", max_length=60, blank=True)
    value = models.JSONField("当时的数值", default=dict)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    on = models.DateField("研判日期")
    by_name = models.CharField("研判人", max_length=60)

    class Meta:
        ordering = ["-on", "-id"]

    def __str__(self) -> str:
        return f"{self.product_name} {self.subject}"
