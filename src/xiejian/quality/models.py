"""The firm's own quality desk: every row belongs to one firm, and no office reads any."""

from __future__ import annotations

from django.db import models


class NumberedRow(models.Model):
    """A row of one firm with a number of its own series and a state of its workflow table."""

    firm_uscc = models.CharField("单位信用代码", max_length=18, db_index=True)
    number = models.CharField("编号", max_length=60)
    state = models.CharField("状态", max_length=12, db_index=True)
    made_at = models.DateTimeField("登记时间")
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.number


def _numbered(name: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(fields=["firm_uscc", "number"], name=name)


class WatchedRule(NumberedRow):
    """法规与通告关注: a law or a recall that the firm looked at: does it concern us, what follows?"""

    KINDS = {"law": "法规", "recall": "召回"}

    kind = models.CharField("类别", max_length=8, choices=list(KINDS.items()))
    source = models.CharField("来源编号", max_length=80)  # id of the law, number of the recall
    edition = models.CharField("版本", max_length=16)  # an amended law is looked at again
    title = models.CharField("名称", max_length=300)
    on = models.DateField("日期", null=True, blank=True)  # from which it holds, or was published
    # what the desk proposes: concerns us, with the reasons; a person decides
    proposed = models.BooleanField("建议相关", default=False)
    reasons = models.JSONField("建议的理由", default=list)
    decision_why = models.CharField("判断的理由", max_length=300, blank=True)
    action = models.CharField("要做的事", max_length=300, blank=True)
    owner = models.CharField("负责人", max_length=60, blank=True)
    due_on = models.DateField("完成期限", null=True, blank=True)
    done_on = models.DateField("完成日期", null=True, blank=True)
    result = models.CharField("完成情况", max_length=300, blank=True)

    class Meta:
        ordering = ["-on", "-id"]
        constraints = [
            _numbered("one_watch_number_per_firm"),
            models.UniqueConstraint(
                fields=["firm_uscc", "kind", "source", "edition"], name="one_watch_per_edition"
            ),
        ]


class QualityDocument(models.Model):
    """质量管理体系文件: a document by its number; what it says is in its versions."""

    KINDS = {"manual": "质量手册", "procedure": "程序文件", "instruction": "作业指导书", "form": "记录表单"}

    firm_uscc = models.CharField("单位信用代码", max_length=18, db_index=True)
    number = models.CharField("文件编号", max_length=60)
    title = models.CharField("文件名称", max_length=200)
    kind = models.CharField("类别", max_length=12, choices=list(KINDS.items()))
    review_on = models.DateField("下次评审日期", null=True, blank=True)

    class Meta:
        ordering = ["number", "id"]
        constraints = [_numbered("one_quality_document_number_per_firm")]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class DocumentVersion(NumberedRow):
    """文件版本: written by one person, approved by another; never overwritten."""

    document = models.ForeignKey(
        QualityDocument, models.PROTECT, related_name="versions", verbose_name="文件"
    )
    version = models.PositiveSmallIntegerField("版次")
    text = models.TextField("内容")
    change = models.CharField("修订理由", max_length=300)
    writer = models.CharField("编写人账号", max_length=80)
    return_reason = models.CharField("退回理由", max_length=300, blank=True)
    approver = models.CharField("批准人", max_length=60, blank=True)
    approved_on = models.DateField("批准日期", null=True, blank=True)
    effective_on = models.DateField("生效日期", null=True, blank=True)
    ended_on = models.DateField("停用日期", null=True, blank=True)  # the first day on which it does not hold
    end_reason = models.CharField("停用理由", max_length=300, blank=True)

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["document", "version"], name="one_version_number_per_document")
        ]


class DocumentReading(models.Model):
    """文件签收: somebody of the firm has read a version."""

    version = models.ForeignKey(DocumentVersion, models.PROTECT, related_name="readings", verbose_name="版本")
    username = models.CharField("账号", max_length=80)
    name = models.CharField("姓名", max_length=60)
    read_at = models.DateTimeField("签收时间")

    class Meta:
        ordering = ["read_at"]
        constraints = [
            models.UniqueConstraint(fields=["version", "username"], name="one_reading_per_version")
        ]


class TrainingItem(NumberedRow):
    """培训计划项目: one training of the firm's year, and what came of it."""

    topic = models.CharField("培训内容", max_length=200)
    audience = models.CharField("培训对象", max_length=200)
    planned_on = models.DateField("计划日期")
    hours = models.DecimalField("学时", max_digits=5, decimal_places=1)
    held_on = models.DateField("实施日期", null=True, blank=True)
    present = models.PositiveIntegerField("参加人数", null=True, blank=True)
    passed = models.PositiveIntegerField("考核合格人数", null=True, blank=True)
    effect = models.CharField("效果评价", max_length=300, blank=True)
    reason = models.CharField("取消理由", max_length=200, blank=True)

    class Meta:
        ordering = ["planned_on", "id"]
        constraints = [_numbered("one_training_number_per_firm")]


class AuditFinding(NumberedRow):
    """内审与纠正预防: what an audit, a review or somebody outside found, until its mending is verified."""

    SOURCES = ("内部审核", "管理评审", "年度自查", "监督检查", "顾客反馈", "日常发现")

    source = models.CharField("来源", max_length=10)
    title = models.CharField("问题", max_length=200)
    content = models.TextField("情况")
    clause = models.CharField("涉及的条款", max_length=120, blank=True)
    found_on = models.DateField("发现日期")
    cause = models.CharField("原因", max_length=500, blank=True)
    correction = models.CharField("纠正", max_length=500, blank=True)
    action = models.CharField("纠正措施", max_length=500, blank=True)
    owner = models.CharField("负责人", max_length=60, blank=True)
    due_on = models.DateField("完成期限", null=True, blank=True)
    done_on = models.DateField("完成日期", null=True, blank=True)
    done_by = models.CharField("实施人账号", max_length=80, blank=True)
    evidence = models.CharField("实施证据", max_length=500, blank=True)
    verified_on = models.DateField("验证日期", null=True, blank=True)
    verified_by = models.CharField("验证人", max_length=60, blank=True)
    verdict = models.CharField("验证意见", max_length=300, blank=True)

    class Meta:
        ordering = ["-found_on", "-id"]
        constraints = [_numbered("one_finding_number_per_firm")]


class CustomerFeedback(NumberedRow):
    """顾客反馈: a complaint, a wish, a package that came damaged; investigated and answered."""

    KINDS = ("投诉", "建议", "包装破损", "运输损坏", "其他")

    kind = models.CharField("类别", max_length=6)
    customer = models.CharField("顾客", max_length=200)
    product_name = models.CharField("产品名称", max_length=300, blank=True)
    lot = models.CharField("批号", max_length=120, blank=True)
    received_on = models.DateField("收到日期")
    content = models.TextField("内容")
    finding = models.CharField("调查结果", max_length=500, blank=True)
    is_event = models.BooleanField("属于可疑不良事件", null=True, blank=True)
    event_no = models.CharField("不良事件报告编号", max_length=60, blank=True)
    answer = models.CharField("答复", max_length=500, blank=True)
    answered_on = models.DateField("答复日期", null=True, blank=True)

    class Meta:
        ordering = ["-received_on", "-id"]
        constraints = [_numbered("one_feedback_number_per_firm")]
