"""Penalty cases and responsibility interviews. Amounts are whole 分 (1/100 yuan): sums stay exact."""

from __future__ import annotations

from django.db import models

from xiejian.inspections.models import Transfer
from xiejian.people.models import Officer
from xiejian.registry.models import Party


class Case(models.Model):
    """案件: one penalty case by its official number."""

    number = models.CharField("案号", max_length=80, unique=True)
    party = models.ForeignKey(Party, models.PROTECT, related_name="cases")
    link = models.CharField("环节", max_length=5)
    tags = models.CharField("品种标签", max_length=400, default="|")
    campaign = models.CharField("专项", max_length=120, blank=True)
    procedure = models.CharField("程序", max_length=2, default="普通")  # 简易 普通
    conduct = models.CharField("违法行为", max_length=300, blank=True)
    filed_on = models.DateField("立案日期", db_index=True)
    decided_on = models.DateField("决定日期", null=True, blank=True, db_index=True)
    closed_on = models.DateField("结案日期", null=True, blank=True)
    fine_fen = models.BigIntegerField("罚款", default=0)
    personal_fine_fen = models.BigIntegerField("个人罚款", default=0)
    confiscated_fen = models.BigIntegerField("没收违法所得", default=0)
    goods_value_fen = models.BigIntegerField("货值金额", null=True, blank=True)
    persons_punished = models.PositiveSmallIntegerField("处罚到人数", default=0)
    business_stopped = models.BooleanField("责令停产停业", default=False)
    licence_revoked = models.BooleanField("吊销许可证", default=False)
    blacklisted = models.BooleanField("列入严重违法失信名单", default=False)
    court_enforcement = models.BooleanField("申请法院强制执行", default=False)
    transfers = models.CharField("移送", max_length=60, blank=True)
    transferred_on = models.DateField("移送日期", null=True, blank=True)
    office_code = models.CharField("承办机构代码", max_length=12, db_index=True)
    extra = models.JSONField("其他列", default=dict)

    class Meta:
        ordering = ["-filed_on", "-id"]


class Interview(models.Model):
    """责任约谈: a formal talk with a responsible person."""

    record_key = models.CharField(max_length=64, unique=True)  # digest of the row: the same row loads once
    party = models.ForeignKey(Party, models.PROTECT, related_name="interviews")
    held_on = models.DateField("约谈日期", db_index=True)
    link = models.CharField("环节", max_length=5, blank=True)
    tags = models.CharField("品种标签", max_length=400, default="|")
    campaign = models.CharField("专项", max_length=120, blank=True)
    reason = models.CharField("事由", max_length=300, blank=True)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    extra = models.JSONField("其他列", default=dict)

    class Meta:
        ordering = ["-held_on", "-id"]


class InterviewPlan(models.Model):
    """约谈安排: a talk from its planning to being held; the workflow is in interview_workflow.toml."""

    party = models.ForeignKey(Party, models.PROTECT, related_name="interview_plans")
    planned_on = models.DateField("约谈日期", db_index=True)
    place = models.CharField("地点", max_length=120, blank=True)
    reason = models.CharField("事由", max_length=300)
    link = models.CharField("环节", max_length=5, blank=True)
    campaign = models.CharField("专项", max_length=120, blank=True)
    state = models.CharField("状态", max_length=12, db_index=True)
    invited_on = models.DateField("通知日期", null=True, blank=True)
    invited_how = models.CharField("通知方式", max_length=60, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)  # of a no-show or a cancelled talk
    interview = models.OneToOneField(Interview, models.PROTECT, null=True, blank=True, related_name="plan")
    office_code = models.CharField("机构代码", max_length=12, db_index=True)

    class Meta:
        ordering = ["-planned_on", "-id"]


class Commitment(models.Model):
    """约谈承诺: what the firm promised at a talk, until when, and what became of it."""

    interview = models.ForeignKey(Interview, models.PROTECT, related_name="commitments")
    text = models.CharField("承诺", max_length=500)
    due_on = models.DateField("期限", db_index=True)
    looked_on = models.DateField("核实日期", null=True, blank=True)
    kept = models.BooleanField("已兑现", null=True, blank=True)  # None: not yet looked at
    note = models.CharField("核实情况", max_length=300, blank=True)

    class Meta:
        ordering = ["due_on", "id"]


class Proceeding(models.Model):
    """案件办理: one matter from the clue to the closing, under the simple or the general procedure.

    ``case`` is empty until it is filed: only then it is a penalty case and counts in the figures.
    The moves are in general_workflow.toml and simple_workflow.toml; states mean the same in both.
    """

    number = models.CharField("办理编号", max_length=60, unique=True)
    case = models.OneToOneField(Case, models.PROTECT, null=True, blank=True, related_name="proceeding")
    party = models.ForeignKey(Party, models.PROTECT, related_name="proceedings")
    link = models.CharField("环节", max_length=5)
    tags = models.CharField("品种标签", max_length=400, default="|")
    campaign = models.CharField("专项", max_length=120, blank=True)
    office_code = models.CharField("办案机构代码", max_length=12, db_index=True)
    procedure = models.CharField("程序", max_length=2, default="普通")  # 简易 普通
    state = models.CharField("状态", max_length=16, db_index=True)

    # 案件来源: ``source_kind`` and ``source_record`` name the record it comes from
    source = models.CharField("案件来源", max_length=8)  # 监督检查 投诉举报 监督抽检 …
    source_kind = models.CharField(max_length=12, blank=True)  # visit lead sample listing …
    source_record = models.BigIntegerField(null=True, blank=True)
    source_no = models.CharField("来源编号", max_length=80, blank=True)
    source_on = models.DateField("发现线索或者收到材料日期", db_index=True)

    # what happened, as far as is known
    conduct = models.CharField("涉嫌违法行为", max_length=300)
    conduct_on = models.DateField("违法行为日期", null=True, blank=True)
    natural_person = models.BooleanField("当事人是自然人", default=False)
    grave = models.BooleanField("重大、疑难、复杂", default=False)
    goods_value_fen = models.BigIntegerField("货值金额", null=True, blank=True)
    gains_fen = models.BigIntegerField("违法所得", null=True, blank=True)
    facts_found = models.TextField("查明的事实", blank=True)
    evidence = models.TextField("证据", blank=True)

    # three persons; nobody is two of them
    investigators = models.ManyToManyField(Officer, related_name="proceedings", blank=True)
    reviewer = models.ForeignKey(Officer, models.PROTECT, null=True, blank=True, related_name="+")
    approver = models.ForeignKey(Officer, models.PROTECT, null=True, blank=True, related_name="+")

    # the penalty: what the rule gives for the facts, and what is proposed
    provision = models.CharField("处罚依据", max_length=20, blank=True)  # id of a penalty rule: P81-3
    penal_facts = models.JSONField("裁量事实", default=dict)  # as ``xiejian penalty --facts`` reads them
    assessment = models.JSONField("幅度", default=dict)  # its answer, with the version of the rules
    step = models.CharField("裁量档次", max_length=10, blank=True)  # reduced lighter ordinary heavier
    # {"fine_fen": …, "personal_fine_fen": …}: the fields that actions.decide_case takes
    proposal = models.JSONField("处理意见", default=dict)
    opinion = models.TextField("处理意见及理由", blank=True)
    similar = models.JSONField("类案", default=dict)  # what was shown when it was proposed
    deviation_reason = models.CharField("偏离的理由", max_length=300, blank=True)

    # the way
    filed_on = models.DateField("立案日期", null=True, blank=True)
    suspended_on = models.DateField("中止日期", null=True, blank=True)
    reported_on = models.DateField("调查终结日期", null=True, blank=True)
    review_kind = models.CharField("审核方式", max_length=4, blank=True)  # 法制审核 案件审核
    reviewed_on = models.DateField("审核日期", null=True, blank=True)
    review_opinion = models.CharField("审核意见", max_length=300, blank=True)
    heard_review_on = models.DateField("听证后法制审核日期", null=True, blank=True)
    notice = models.JSONField("告知内容", default=dict)  # the proposal that the party was told
    notice_served_on = models.DateField("告知送达日期", null=True, blank=True)
    defence_on = models.DateField("陈述申辩日期", null=True, blank=True)
    defence = models.TextField("陈述申辩意见", blank=True)
    defence_answer = models.TextField("复核意见", blank=True)
    waived_on = models.DateField("书面放弃日期", null=True, blank=True)
    hearing_asked_on = models.DateField("要求听证日期", null=True, blank=True)
    heard_on = models.DateField("听证日期", null=True, blank=True)
    hearing_report = models.TextField("听证报告", blank=True)
    discussed_on = models.DateField("集体讨论日期", null=True, blank=True)
    discussion = models.TextField("集体讨论意见", blank=True)
    decided_on = models.DateField("决定日期", null=True, blank=True)
    decision_served_on = models.DateField("决定送达日期", null=True, blank=True)
    pay_by = models.DateField("缴款期限", null=True, blank=True)
    demanded_on = models.DateField("催告送达日期", null=True, blank=True)
    applied_on = models.DateField("申请强制执行日期", null=True, blank=True)
    fulfilled_on = models.DateField("执行完毕日期", null=True, blank=True)
    closed_on = models.DateField("结案日期", null=True, blank=True)
    end_reason = models.CharField("终结的理由", max_length=300, blank=True)  # of an end without a penalty
    made_at = models.DateTimeField("登记时间")
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        ordering = ["-source_on", "-id"]
        indexes = [models.Index(fields=["source_kind", "source_record"])]

    def __str__(self) -> str:
        return self.number


class Measure(models.Model):
    """办案措施: evidence registered, goods sealed or seized, samples, copies, tests; kinds in packs/cases."""

    proceeding = models.ForeignKey(Proceeding, models.PROTECT, related_name="measures")
    kind = models.CharField("措施", max_length=20)  # id in packs/cases/procedure.toml
    state = models.CharField("状态", max_length=12)  # measure_workflow.toml
    taken_at = models.DateTimeField("采取时间")
    urgent = models.BooleanField("情况紧急，当场采取", default=False)
    place = models.CharField("地点", max_length=200, blank=True)
    kept_at = models.CharField("保存地点", max_length=200, blank=True)
    content = models.CharField("内容及理由", max_length=300, blank=True)
    approved_at = models.DateTimeField("批准时间", null=True, blank=True)
    approved_by = models.CharField("批准人", max_length=60, blank=True)
    ended_on = models.DateField("解除或者处理日期", null=True, blank=True)
    outcome = models.CharField("处理结果", max_length=300, blank=True)
    office_code = models.CharField("办案机构代码", max_length=12, db_index=True)

    class Meta:
        ordering = ["taken_at", "id"]


class MeasureItem(models.Model):
    """涉案物品: one line of the list that goes with a measure."""

    measure = models.ForeignKey(Measure, models.PROTECT, related_name="items")
    name = models.CharField("名称", max_length=200)
    model_spec = models.CharField("规格型号", max_length=120, blank=True)
    batch = models.CharField("批号", max_length=120, blank=True)
    quantity = models.DecimalField("数量", max_digits=12, decimal_places=2)
    unit = models.CharField("单位", max_length=10)
    value_fen = models.BigIntegerField("货值", null=True, blank=True)

    class Meta:
        ordering = ["id"]


class Instalment(models.Model):
    """分期: one part of the fine and the day by which it is to be paid."""

    proceeding = models.ForeignKey(Proceeding, models.PROTECT, related_name="instalments")
    due_on = models.DateField("期限")
    amount_fen = models.BigIntegerField("金额")

    class Meta:
        ordering = ["due_on", "id"]


class Payment(models.Model):
    """缴款: money received for one purpose on one day."""

    proceeding = models.ForeignKey(Proceeding, models.PROTECT, related_name="payments")
    purpose = models.CharField("款项", max_length=4)  # 罚款 没收款 加处罚款
    paid_on = models.DateField("缴款日期")
    amount_fen = models.BigIntegerField("金额")
    receipt = models.CharField("票据号", max_length=80, blank=True)

    class Meta:
        ordering = ["paid_on", "id"]


class Remedy(models.Model):
    """复议、诉讼: one review or lawsuit against the decision, and what became of it."""

    proceeding = models.ForeignKey(Proceeding, models.PROTECT, related_name="remedies")
    kind = models.CharField("类型", max_length=4)  # 行政复议 行政诉讼
    authority = models.CharField("复议机关或者法院", max_length=120)
    started_on = models.DateField("受理日期")
    outcome = models.CharField("结果", max_length=4, blank=True)  # 维持 变更 撤销 撤回
    ended_on = models.DateField("结果日期", null=True, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)

    class Meta:
        ordering = ["started_on", "id"]


# --- papers, publication, typical cases, handing over (see papers, publishing, typical, transferring) ----


class CasePaper(models.Model):
    """案件文书: one paper as it was issued. It is never changed: a corrected one is a further version.

    ``subject`` and ``record`` are the model name and the id of what it belongs to: a proceeding has papers
    before there is a case. ``series`` counts papers of one kind (the second inquiry), ``version`` the texts.
    """

    subject = models.CharField("记录类型", max_length=30)
    record = models.BigIntegerField("记录")
    kind = models.CharField("文书种类", max_length=30)
    series = models.PositiveSmallIntegerField("第几份", default=1)
    version = models.PositiveSmallIntegerField("版本", default=1)
    title = models.CharField("文书名称", max_length=80)
    number = models.CharField("文号", max_length=80, blank=True, db_index=True)
    issued_on = models.DateField("出具日期", db_index=True)
    values = models.JSONField("填写内容", default=dict)
    content = models.JSONField("正文", default=list)
    text = models.TextField("全文")
    digest = models.CharField("校验值", max_length=64)
    reason = models.CharField("更正理由", max_length=300, blank=True)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    office_name = models.CharField("落款机关", max_length=120)
    at = models.DateTimeField("制作时间")
    by_name = models.CharField("制作人", max_length=60)

    class Meta:
        ordering = ["issued_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "record", "kind", "series", "version"], name="one_text_per_paper_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.number}".strip()


class Publication(models.Model):
    """处罚公示: whether, since when and until when a decision is public; see publication_workflow.toml."""

    case = models.OneToOneField(Case, models.PROTECT, related_name="publication")
    state = models.CharField("状态", max_length=12, db_index=True)
    published_on = models.DateField("公示日期", null=True, blank=True, db_index=True)
    # counted in calendar months and years from the day of publication: no holiday calendar moves them
    until_on = models.DateField("停止公示日期", null=True, blank=True, db_index=True)
    early_on = models.DateField("可申请提前停止公示之日", null=True, blank=True)
    term = models.CharField("公示期限规则", max_length=20, blank=True)
    ground = models.CharField("不公示或者撤回的事由", max_length=30, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)  # public, where the decision was withdrawn
    effective_on = models.DateField("撤回事由生效日期", null=True, blank=True)
    ended_on = models.DateField("撤下日期", null=True, blank=True)
    proposed_by = models.CharField("提出人", max_length=60)  # user name: somebody else decides
    office_code = models.CharField("机构代码", max_length=12, db_index=True)

    class Meta:
        ordering = ["-published_on", "-id"]


class PublicationText(models.Model):
    """公示内容: one version of what the public reads; in force once somebody else has approved it."""

    publication = models.ForeignKey(Publication, models.PROTECT, related_name="texts")
    version = models.PositiveSmallIntegerField("版本")
    content = models.JSONField("公示内容", default=list)  # [[label, value], …]
    digest = models.CharField("校验值", max_length=64)
    reason = models.CharField("更正理由", max_length=300, blank=True)
    drafted_at = models.DateTimeField("起草时间")
    drafted_by = models.CharField("起草人", max_length=60)
    approved_at = models.DateTimeField("审核时间", null=True, blank=True)
    approved_by = models.CharField("审核人", max_length=60, blank=True)

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(
                fields=["publication", "version"], name="one_text_per_publication_version"
            )
        ]


class Repair(models.Model):
    """信用修复申请: a party asks that its penalty be no longer public; see repair_workflow.toml."""

    publication = models.ForeignKey(Publication, models.PROTECT, related_name="repairs")
    state = models.CharField("状态", max_length=12, db_index=True)
    applied_on = models.DateField("申请日期")
    statement = models.TextField("申请理由和信用承诺")
    met = models.JSONField("符合的条件", default=list)  # ids of conditions in packs/cases/publication.toml
    accepted_on = models.DateField("受理日期", null=True, blank=True)
    decided_on = models.DateField("决定日期", null=True, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)
    deceit = models.BooleanField("弄虚作假", default=False)
    handled_by = models.CharField("受理人", max_length=60, blank=True)
    decided_by = models.CharField("决定人", max_length=60, blank=True)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)

    class Meta:
        ordering = ["-applied_on", "-id"]


class TypicalCase(models.Model):
    """典型案例: a case told without names, for the public; see typical_workflow.toml."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="typical")
    title = models.CharField("标题", max_length=120)
    story = models.TextField("案情")
    outcome = models.TextField("查处情况")
    lesson = models.TextField("典型意义", blank=True)
    state = models.CharField("状态", max_length=12, db_index=True)
    drafted_by = models.CharField("起草人", max_length=60)
    approved_by = models.CharField("审核人", max_length=60, blank=True)
    published_on = models.DateField("发布日期", null=True, blank=True, db_index=True)
    note = models.CharField("说明", max_length=300, blank=True)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)

    class Meta:
        ordering = ["-published_on", "-id"]


class Handover(models.Model):
    """案件移送: one case handed to one body, and what came back; see handover_workflow.toml.

    ``transfer``: the record that the tables count. Another market bureau is not among what they count.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="handovers")
    addressee = models.CharField("移送对象", max_length=12)
    unit = models.CharField("受移送机关", max_length=120)
    reason = models.CharField("移送理由", max_length=300)
    state = models.CharField("状态", max_length=12, db_index=True)
    proposed_on = models.DateField("提出日期")
    proposed_by = models.CharField("提出人", max_length=60)
    approved_by = models.CharField("批准人", max_length=60, blank=True)
    sent_on = models.DateField("移送日期", null=True, blank=True, db_index=True)
    reference = models.CharField("移送文号", max_length=80, blank=True)
    received_on = models.DateField("签收日期", null=True, blank=True)
    answered_on = models.DateField("答复日期", null=True, blank=True)
    answer_no = models.CharField("答复文号", max_length=80, blank=True)
    answer = models.CharField("答复内容", max_length=300, blank=True)
    transfer = models.OneToOneField(
        Transfer, models.PROTECT, null=True, blank=True, related_name="handover", verbose_name="移送登记"
    )
    office_code = models.CharField("机构代码", max_length=12, db_index=True)

    class Meta:
        ordering = ["-proposed_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "addressee", "unit"], name="one_handover_per_body")
        ]
