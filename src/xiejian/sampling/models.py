"""Supervisory sampling: what is to be sampled, each sample from its sheet to its closing."""

from __future__ import annotations

from django.db import models

from xiejian.people.models import Officer
from xiejian.registry.models import Party, Registration


class SamplingPlan(models.Model):
    """抽检方案: one programme of a year, or one emergency or enforcement task."""

    title = models.CharField("名称", max_length=200)
    year = models.PositiveSmallIntegerField("年度", db_index=True)
    kind = models.CharField("抽检类型", max_length=6)  # 国家抽检 省级抽检 …
    basis = models.CharField("依据", max_length=200, blank=True)  # the notice that orders it, with its number
    laboratory = models.CharField("检验机构", max_length=120, blank=True)
    office_code = models.CharField("组织机构代码", max_length=12, db_index=True)
    state = models.CharField("状态", max_length=12, db_index=True)
    issued_on = models.DateField("下达日期", null=True, blank=True)
    closed_on = models.DateField("结束日期", null=True, blank=True)
    made_at = models.DateTimeField()
    by_name = models.CharField(max_length=60)

    class Meta:
        ordering = ["-year", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["office_code", "year", "title"], name="one_sampling_plan_per_title_and_year"
            )
        ]

    def __str__(self) -> str:
        return self.title


class SamplingLine(models.Model):
    """抽检任务: so many lots of one product for one station to take by a day."""

    plan = models.ForeignKey(SamplingPlan, models.PROTECT, related_name="lines")
    product = models.CharField("品种", max_length=200)
    area = models.CharField("产品门类", max_length=4, default="医疗器械")
    link = models.CharField("环节", max_length=5, blank=True)  # blank: any link
    tags = models.CharField("品种标签", max_length=400, default="|")
    items = models.CharField("检验项目", max_length=300, blank=True)
    standard = models.CharField("检验依据", max_length=300, blank=True)
    count = models.PositiveSmallIntegerField("批次")
    due_on = models.DateField("完成期限", db_index=True)
    office_code = models.CharField("承担机构代码", max_length=12, db_index=True)

    class Meta:
        ordering = ["plan_id", "id"]

    def __str__(self) -> str:
        return self.product


class Sample(models.Model):
    """样品: one lot taken at one place. The workflow is in workflow.toml beside this file."""

    number = models.CharField("抽样单编号", max_length=60, unique=True)
    line = models.ForeignKey(SamplingLine, models.PROTECT, null=True, blank=True, related_name="samples")
    kind = models.CharField("抽检类型", max_length=6)
    party = models.ForeignKey(Party, models.PROTECT, related_name="samples")  # where it was taken
    link = models.CharField("环节", max_length=5)
    area = models.CharField("产品门类", max_length=4, default="医疗器械")
    tags = models.CharField("品种标签", max_length=400, default="|")
    campaign = models.CharField("专项", max_length=120, blank=True)
    office_code = models.CharField("抽样机构代码", max_length=12, db_index=True)
    state = models.CharField("状态", max_length=12, db_index=True)
    planned_on = models.DateField("计划抽样日期", null=True, blank=True)
    visit_no = models.CharField("检查编号", max_length=60, blank=True)  # taken during this visit

    # the product as its label says
    product_name = models.CharField("产品名称", max_length=300)
    registration_no = models.CharField("注册证或备案编号", max_length=120, blank=True)
    registration = models.ForeignKey(
        Registration, models.PROTECT, null=True, blank=True, related_name="samples"
    )
    model_spec = models.CharField("规格型号", max_length=200, blank=True)
    lot = models.CharField("批号或序列号", max_length=120, blank=True)
    udi = models.CharField("唯一标识", max_length=200, blank=True)
    made_on = models.DateField("生产日期", null=True, blank=True)
    expires_on = models.DateField("有效期至", null=True, blank=True)
    maker = models.CharField("标示生产企业", max_length=300, blank=True)
    maker_address = models.CharField("标示生产企业地址", max_length=300, blank=True)
    maker_party = models.ForeignKey(
        Party, models.PROTECT, null=True, blank=True, related_name="samples_of_own_make"
    )

    # the sheet
    sampled_on = models.DateField("抽样日期", null=True, blank=True, db_index=True)
    method = models.CharField("抽样方式", max_length=4, default="现场抽样")  # 现场抽样 网络购样
    place = models.CharField("抽样地点", max_length=200, blank=True)
    storage = models.CharField("储存条件", max_length=120, blank=True)
    unit = models.CharField("单位", max_length=10, blank=True)
    on_hand = models.PositiveIntegerField("库存数量", null=True, blank=True)
    quantity = models.PositiveIntegerField("抽样数量", null=True, blank=True)
    reserved = models.PositiveIntegerField("备样数量", null=True, blank=True)
    price_fen = models.BigIntegerField("购样费用", null=True, blank=True)
    seals = models.CharField("封签编号", max_length=200, blank=True)  # joined by 、
    samplers = models.CharField("抽样人员", max_length=200, blank=True)  # names, joined by 、
    team = models.ManyToManyField(Officer, related_name="samples", blank=True)
    witness = models.CharField("被抽样单位在场人员", max_length=60, blank=True)
    remark = models.TextField("备注", blank=True)

    # the laboratory
    laboratory = models.CharField("检验机构", max_length=120, blank=True)
    handed_over_on = models.DateField("送检日期", null=True, blank=True)
    carrier = models.CharField("送检方式", max_length=60, blank=True)
    temperature = models.CharField("运输温度", max_length=60, blank=True)
    received_on = models.DateField("到样日期", null=True, blank=True)
    acceptance = models.CharField("收样情况", max_length=200, blank=True)
    items = models.CharField("检验项目", max_length=300, blank=True)
    standard = models.CharField("检验依据", max_length=300, blank=True)
    result = models.CharField("检验结论", max_length=5, blank=True)  # 符合规定 不符合规定
    failed_items = models.CharField("不符合规定项目", max_length=300, blank=True)
    report_no = models.CharField("检验报告编号", max_length=80, blank=True)
    result_on = models.DateField("报告日期", null=True, blank=True, db_index=True)

    # served, disputed, final
    notified_on = models.DateField("送达日期", null=True, blank=True)
    maker_notified_on = models.DateField("告知标示生产企业日期", null=True, blank=True)
    objected_on = models.DateField("提出异议日期", null=True, blank=True)
    objection = models.CharField("异议理由", max_length=300, blank=True)
    objection_result = models.CharField("异议核实结果", max_length=3, blank=True)  # 成立 不成立
    objection_answered_on = models.DateField("异议核实日期", null=True, blank=True)
    retest_applicant = models.CharField("复检申请人", max_length=200, blank=True)
    retest_applied_on = models.DateField("申请复检日期", null=True, blank=True)
    retest_laboratory = models.CharField("复检机构", max_length=120, blank=True)
    retest_result = models.CharField("复检结论", max_length=5, blank=True)
    retest_on = models.DateField("复检结论日期", null=True, blank=True)
    final_result = models.CharField("最终结论", max_length=5, blank=True)
    final_on = models.DateField("最终结论日期", null=True, blank=True)
    disposed_on = models.DateField("处置完成日期", null=True, blank=True)
    closed_on = models.DateField("办结日期", null=True, blank=True)
    extra = models.JSONField("其他列", default=dict)

    class Meta:
        ordering = ["-sampled_on", "-id"]
        indexes = [models.Index(fields=["office_code", "sampled_on"])]

    def __str__(self) -> str:
        return self.number

    @property
    def outcome(self) -> str:
        """What holds now: the final result, else that of the first report."""
        return self.final_result or self.result

    @property
    def failed(self) -> bool:
        """Whether the product does not conform, as far as is known now."""
        return self.outcome == "不符合规定"


class Disposal(models.Model):
    """核查处置措施: one measure after a failed result; ``record_kind`` and ``record`` name what it led to."""

    sample = models.ForeignKey(Sample, models.PROTECT, related_name="disposals")
    measure = models.CharField("措施", max_length=20)  # id in packs/sampling/rules.toml
    done_on = models.DateField("日期")
    reference = models.CharField("文书编号", max_length=80, blank=True)
    content = models.CharField("内容", max_length=300, blank=True)
    quantity = models.PositiveIntegerField("数量", null=True, blank=True)
    record_kind = models.CharField(max_length=10, blank=True)  # case, visit
    record = models.BigIntegerField(null=True, blank=True)
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        ordering = ["done_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["sample", "measure", "reference"], name="one_disposal_per_measure_and_reference"
            )
        ]
