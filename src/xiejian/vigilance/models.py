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


class Recall(models.Model):
    """召回: of some lots of one product, from the first suspicion to the review of its effect.

    The workflow is in recall_workflow.toml. Firms need not be in the register: whoever recalls is named by
    credit code and name.
    """

    KINDS = ("主动", "责令")

    number = models.CharField("召回编号", max_length=60, unique=True)
    office_code = models.CharField("办理机构代码", max_length=12, db_index=True)
    kind = models.CharField("召回方式", max_length=2)  # 主动 责令
    level = models.CharField("召回级别", max_length=2, blank=True)  # 一级 二级 三级
    state = models.CharField("状态", max_length=24, db_index=True)
    follows = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="repeats", verbose_name="重新召回自"
    )

    # who recalls what
    holder_uscc = models.CharField("召回单位信用代码", max_length=18, blank=True, db_index=True)
    holder_name = models.CharField("召回单位", max_length=300)
    party = models.ForeignKey(Party, models.PROTECT, null=True, blank=True, related_name="recalls")
    product_name = models.CharField("产品名称", max_length=300)
    registration_no = models.CharField("注册证或备案编号", max_length=120, blank=True)
    model_spec = models.CharField("规格型号", max_length=200, blank=True)
    di = models.CharField("产品标识", max_length=60, blank=True)
    lots = models.JSONField("批号", default=list)
    reason = models.TextField("召回原因")
    defect = models.CharField("缺陷种类", max_length=40, blank=True)
    # what led to it: event signal sample case lead trace, its id and number
    source_kind = models.CharField("来源", max_length=20, blank=True)
    source_record = models.BigIntegerField("来源记录", null=True, blank=True)
    source_no = models.CharField("来源编号", max_length=120, blank=True)
    suspected_on = models.DateField("发现日期")

    # evaluation and decision
    evaluation = models.JSONField("调查评估", default=dict)  # id of an item in recalls.toml → text
    evaluated_on = models.DateField("评估日期", null=True, blank=True)
    decided_on = models.DateField("决定召回日期", null=True, blank=True)
    order_no = models.CharField("责令召回文号", max_length=60, blank=True)
    received_on = models.DateField("收到责令召回日期", null=True, blank=True)
    range_text = models.CharField("召回范围", max_length=300, blank=True)

    # notices, form, plan
    notified_on = models.DateField("开始通知日期", null=True, blank=True)
    form_on = models.DateField("报送召回事件报告表日期", null=True, blank=True)
    contact = models.CharField("召回联系方式", max_length=120, blank=True)
    plan_on = models.DateField("提交召回计划日期", null=True, blank=True)
    made = models.PositiveIntegerField("生产或者进口数量", null=True, blank=True)
    sold = models.PositiveIntegerField("销售数量", null=True, blank=True)
    planned = models.PositiveIntegerField("应召回数量", null=True, blank=True)
    areas = models.CharField("涉及地区", max_length=300, blank=True)
    treatments = models.JSONField("处理方式", default=list)
    measures = models.TextField("召回措施", blank=True)
    publication = models.CharField("召回信息的公布", max_length=300, blank=True)
    expected = models.CharField("预期效果", max_length=300, blank=True)
    finish_by = models.DateField("计划完成日期", null=True, blank=True)
    every_days = models.PositiveSmallIntegerField("进展报告间隔天数", null=True, blank=True)

    # the end
    completed_on = models.DateField("召回完成日期", null=True, blank=True)
    unaccounted = models.TextField("未能查明去向的说明", blank=True)
    summary_on = models.DateField("提交总结日期", null=True, blank=True)
    summary = models.TextField("总结评估", blank=True)
    reviewed_on = models.DateField("审查日期", null=True, blank=True)
    review = models.TextField("审查意见", blank=True)
    check_seed = models.CharField("效果核实的种子", max_length=120, blank=True)
    made_at = models.DateTimeField()
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        ordering = ["-suspected_on", "-id"]

    def __str__(self) -> str:
        return self.number


class RecallDemand(models.Model):
    """对召回的要求: what the authority demanded of a recall in hand."""

    recall = models.ForeignKey(Recall, models.CASCADE, related_name="demands")
    on = models.DateField("日期")
    kind = models.CharField("要求", max_length=10)  # a word of recalls.toml
    text = models.TextField("内容和理由")
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        ordering = ["on", "id"]


class RecallProgress(models.Model):
    """实施情况报告: how far the recall is on a day; quantities count from its beginning."""

    recall = models.ForeignKey(Recall, models.CASCADE, related_name="progress")
    on = models.DateField("报告日期")
    returned = models.PositiveIntegerField("已收回数量")
    treated = models.PositiveIntegerField("已处理数量")
    destroyed = models.PositiveIntegerField("其中销毁数量")
    text = models.TextField("说明", blank=True)
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        ordering = ["on", "id"]


class RecallHolder(models.Model):
    """持有单位: a firm that holds, or held, units of the recalled lots, and what it answered.

    Quantities are least sale units. A patient is never named: only how many units were implanted.
    """

    recall = models.ForeignKey(Recall, models.CASCADE, related_name="holders")
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True, db_index=True)
    name = models.CharField("单位名称", max_length=300)
    office_code = models.CharField("监管机构代码", max_length=12, blank=True, db_index=True)
    state = models.CharField("状态", max_length=10, default="listed")
    from_trace = models.BooleanField("由追溯列出", default=False)
    lots = models.JSONField("各批数量", default=dict)  # lot → how many it held
    quantity = models.IntegerField("开始时持有数量", default=0)
    notified_on = models.DateField("通知日期", null=True, blank=True)
    notified_how = models.CharField("通知方式", max_length=10, blank=True)

    answered_on = models.DateField("答复日期", null=True, blank=True)
    stopped = models.BooleanField("已停止销售使用", null=True, blank=True)
    found = models.PositiveIntegerField("清点库存", null=True, blank=True)
    returned = models.PositiveIntegerField("已退回", default=0)
    treated = models.PositiveIntegerField("就地处理", default=0)
    destroyed = models.PositiveIntegerField("已销毁", default=0)
    implanted = models.PositiveIntegerField("已使用或者植入", default=0)
    note = models.TextField("说明", blank=True)
    answered_by = models.CharField("答复人", max_length=60, blank=True)

    drawn = models.BooleanField("抽中核实", default=False)
    checked_on = models.DateField("核实日期", null=True, blank=True)
    checked_how = models.CharField("核实方式", max_length=4, blank=True)
    reached = models.BooleanField("收到召回通知", null=True, blank=True)
    acted = models.BooleanField("按要求处理", null=True, blank=True)
    check_note = models.TextField("核实情况", blank=True)

    class Meta:
        ordering = ["-quantity", "name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["recall", "uscc", "name"], name="one_holder_per_recall")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def number(self) -> str:
        """How steps and lists name it: the recall and the firm."""
        return f"{self.recall.number} {self.name}"

    @property
    def remaining(self) -> int | None:
        """What it counted in stock and has not yet given back, treated or destroyed; None unanswered."""
        if self.found is None:
            return None
        return self.found - self.returned - self.treated - self.destroyed

    @property
    def missing(self) -> int:
        """What it had when the recall began and neither found nor used since."""
        return max(0, self.quantity - self.found - self.implanted) if self.found is not None else 0
