"""Visits, findings, corrections and their evidence; leads handed over from a visit or a case."""

from __future__ import annotations

from django.db import models

from xiejian.people.models import Officer
from xiejian.registry.models import LicenceMatter, Party, Registration


class Visit(models.Model):
    """检查: planned, under way or concluded. The workflow is in workflow.toml beside this file."""

    number = models.CharField("检查编号", max_length=60, unique=True)
    party = models.ForeignKey(Party, models.PROTECT, related_name="visits")
    link = models.CharField("环节", max_length=5)
    kind = models.CharField("检查类型", max_length=6)  # 日常检查 全项目检查 …
    tags = models.CharField("品种标签", max_length=400, default="|")
    campaign = models.CharField("专项", max_length=120, blank=True)
    office_code = models.CharField("检查机构代码", max_length=12, db_index=True)
    state = models.CharField("状态", max_length=12, db_index=True)
    planned_on = models.DateField("计划日期", null=True, blank=True)
    visited_on = models.DateField("检查日期", null=True, blank=True, db_index=True)
    persons = models.PositiveSmallIntegerField("出动人数", null=True, blank=True)
    inspectors = models.CharField("检查员", max_length=200, blank=True)  # names, joined by 、
    checklist = models.CharField("检查表", max_length=60, blank=True)
    checklist_version = models.CharField(max_length=20, blank=True)
    defects = models.PositiveSmallIntegerField("缺陷数", default=0)
    severe_defects = models.PositiveSmallIntegerField("严重缺陷数", default=0)
    conclusion = models.CharField("结论", max_length=6, blank=True)  # 符合 限期整改 停产整改 移送
    order_issued = models.BooleanField("责令改正", default=False)
    transfers = models.CharField("移送", max_length=60, blank=True)
    correct_by = models.DateField("整改期限", null=True, blank=True)
    recheck_on = models.DateField("复查日期", null=True, blank=True)
    recheck_result = models.CharField("复查结论", max_length=4, blank=True)  # 通过 未通过
    remark = models.TextField("备注", blank=True)
    extra = models.JSONField("其他列", default=dict)
    # what decides which points apply, as it stood when the visit began; for a licence visit its matter
    facts = models.JSONField("适用条件所依据的事实", default=dict)
    team = models.ManyToManyField(Officer, related_name="visits", blank=True)
    # what led to it, of a room beside or above: a lead, a listing, a risk
    source_kind = models.CharField("缘由种类", max_length=20, blank=True)
    source_record = models.PositiveBigIntegerField("缘由记录", null=True, blank=True)
    source_no = models.CharField("缘由编号", max_length=60, blank=True)

    class Meta:
        ordering = ["-visited_on", "-id"]
        indexes = [
            models.Index(fields=["office_code", "visited_on"]),
            models.Index(fields=["source_kind", "source_record"], name="visit_source"),
        ]

    def __str__(self) -> str:
        return self.number


class ChecklistVersion(models.Model):
    """检查表版本: the text of a checklist as it was asked; one row per version, not per visit.

    ``version`` is a digest of ``content``, so a row never changes and the same text is kept once.
    """

    checklist = models.CharField("检查表", max_length=60)
    version = models.CharField("版本", max_length=20)
    content = models.JSONField("内容")  # checklists.as_json
    kept_at = models.DateTimeField("留存时间")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["checklist", "version"], name="one_row_per_checklist_version")
        ]


class OwnPoint(models.Model):
    """本单位补充检查点: asked in visits of the office that added it and of the offices below.

    Withdrawn with a date, never deleted: visits of the time between still name it.
    """

    number = models.CharField("编号", max_length=40, unique=True)
    checklist = models.CharField("检查表", max_length=60, db_index=True)
    chapter = models.CharField("章节", max_length=60)
    text = models.CharField("检查内容", max_length=500)
    citation = models.CharField("依据", max_length=200)
    key = models.BooleanField("关键项", default=False)
    when = models.JSONField("适用条件", default=dict)  # checklists.POINT_FACTS
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    from_on = models.DateField("启用日期")
    withdrawn_on = models.DateField("停用日期", null=True, blank=True)
    reason = models.CharField("停用理由", max_length=200, blank=True)
    added_at = models.DateTimeField("登记时间")
    added_by = models.CharField("登记人", max_length=60)

    class Meta:
        ordering = ["checklist", "number"]

    def __str__(self) -> str:
        return self.number


class Finding(models.Model):
    """检查条款结果: one point of the checklist as found."""

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="findings")
    point = models.CharField("检查点", max_length=40)
    clause = models.CharField("依据", max_length=200)
    state = models.CharField("结果", max_length=16)  # conform not_conform not_applicable
    severe = models.BooleanField("严重缺陷", default=False)
    fact = models.TextField("事实", blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["visit", "point"], name="one_finding_per_point")]


class Correction(models.Model):
    """责令改正: an order to correct with its date; closed only with evidence."""

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="corrections")
    number = models.CharField("文书编号", max_length=80, unique=True)
    content = models.TextField("整改内容")
    ordered_on = models.DateField("责令日期", db_index=True)
    # an imported book may order without naming a date; an order of this system always has one
    due_on = models.DateField("整改期限", db_index=True, null=True, blank=True)
    state = models.CharField("状态", max_length=12, db_index=True)
    submitted_on = models.DateField("提交整改日期", null=True, blank=True)
    answer = models.TextField("整改情况", blank=True)
    rechecked_on = models.DateField("复查日期", null=True, blank=True)
    recheck_visit = models.ForeignKey(
        Visit, models.PROTECT, null=True, blank=True, related_name="rechecked_corrections"
    )
    closed_on = models.DateField("办结日期", null=True, blank=True)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    # made from an imported visit and not yet worked on here: the book is still the word on it
    follows_visit = models.BooleanField("随导入的检查登记", default=False)

    class Meta:
        ordering = ["due_on"]


class CorrectionItem(models.Model):
    """整改事项: one defect of an order with its cause, its measure and whether the office accepts it."""

    correction = models.ForeignKey(Correction, models.PROTECT, related_name="items")
    finding = models.ForeignKey(
        Finding, models.PROTECT, null=True, blank=True, related_name="correction_items"
    )
    position = models.PositiveSmallIntegerField("顺序")
    defect = models.TextField("缺陷")
    cause = models.TextField("原因", blank=True)
    measure = models.TextField("整改措施", blank=True)
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    answered_by = models.CharField("答复人", max_length=60, blank=True)
    accepted = models.BooleanField("认可", null=True, blank=True)  # None: not yet looked at
    judged_on = models.DateField("复查日期", null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["correction", "position"], name="one_item_per_place_in_order")
        ]


class CorrectionReminder(models.Model):
    """催办、批示: somebody urged the firm on, or the head said what shall happen."""

    correction = models.ForeignKey(Correction, models.PROTECT, related_name="reminders")
    kind = models.CharField("种类", max_length=4)  # 催办 批示
    done_on = models.DateField("日期")
    how = models.CharField("方式", max_length=10, blank=True)  # 电话 书面 上门 短信 其他
    whom = models.CharField("对方", max_length=60, blank=True)
    text = models.CharField("内容", max_length=500)
    at = models.DateTimeField("登记时间")
    by_name = models.CharField("经手人", max_length=60)

    class Meta:
        ordering = ["done_on", "id"]


class AnswerLink(models.Model):
    """网上答复链接: the firm answers one order with it. Only the digest of its token is kept."""

    correction = models.ForeignKey(Correction, models.PROTECT, related_name="answer_links")
    token_digest = models.CharField(max_length=64, unique=True)  # SHA-256 of the token
    expires_on = models.DateField("有效期至")
    made_at = models.DateTimeField("开通时间")
    by_name = models.CharField("开通人", max_length=60)
    revoked_at = models.DateTimeField("停用时间", null=True, blank=True)
    # how often it was sent within the hour that began then
    hour_from = models.DateTimeField(null=True, blank=True)
    sent_in_hour = models.PositiveSmallIntegerField(default=0)
    answered_at = models.DateTimeField("最近答复时间", null=True, blank=True)

    class Meta:
        ordering = ["-made_at", "-id"]


class Evidence(models.Model):
    """证据: a stored file with its digest at the moment it came in."""

    visit = models.ForeignKey(Visit, models.PROTECT, null=True, blank=True, related_name="evidence")
    correction = models.ForeignKey(Correction, models.PROTECT, null=True, blank=True, related_name="evidence")
    item = models.ForeignKey(CorrectionItem, models.PROTECT, null=True, blank=True, related_name="evidence")
    # of a record that is neither (evidence_of.Place): its model name, id, number and office
    subject = models.CharField("记录类型", max_length=20, blank=True)
    record_key = models.BigIntegerField("记录", null=True, blank=True)
    place = models.CharField("所属记录", max_length=80, blank=True)
    office_code = models.CharField("机构代码", max_length=12, blank=True)
    file = models.FileField("文件", upload_to="evidence/%Y/%m")
    sha256 = models.CharField(max_length=64)  # of the bytes as they arrived
    # of the file on disk: a photo is kept without what its camera wrote into it
    stored_sha256 = models.CharField(max_length=64, blank=True)
    device_sha256 = models.CharField(max_length=64, blank=True)  # as the device said when it was taken
    kind = models.CharField("种类", max_length=10, default="document")  # photo scan audio video document
    size = models.PositiveBigIntegerField("字节数", default=0)
    caption = models.CharField("说明", max_length=200, blank=True)
    stage = models.CharField("整改前后", max_length=6, blank=True)  # before after
    position = models.PositiveSmallIntegerField("顺序", default=0)
    thumbnail = models.FileField(upload_to="evidence/%Y/%m", blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    # read from the photo and kept apart from it; the place is personal: it says where somebody was
    captured_at = models.DateTimeField("拍摄时间", null=True, blank=True)
    latitude = models.FloatField("纬度", null=True, blank=True)
    longitude = models.FloatField("经度", null=True, blank=True)
    camera = models.CharField("设备", max_length=80, blank=True)
    # the device's clock minus ours when the file came in: shown, never used to change captured_at
    clock_offset = models.IntegerField("设备时钟偏差（秒）", null=True, blank=True)
    at = models.DateTimeField("时间")
    by_name = models.CharField("提交人", max_length=60)

    class Meta:
        ordering = ["position", "id"]
        indexes = [models.Index(fields=["subject", "record_key"])]


class ProductCheck(models.Model):
    """现场扫码核对: one device code read on the shelf, and what the register says about that product."""

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="product_checks")
    udi = models.CharField("器械标识", max_length=400, blank=True)  # as scanned or typed
    di = models.CharField("产品标识", max_length=60, blank=True, db_index=True)
    lot = models.CharField("批号", max_length=60, blank=True)
    serial = models.CharField("序列号", max_length=60, blank=True)
    made_on = models.DateField("生产日期", null=True, blank=True)
    expires_on = models.DateField("失效日期", null=True, blank=True)
    registration = models.ForeignKey(
        Registration, models.PROTECT, null=True, blank=True, related_name="product_checks"
    )
    registration_no = models.CharField("注册证编号", max_length=120, blank=True)  # as on the label
    product_name = models.CharField("产品名称", max_length=500, blank=True)
    verdict = models.CharField("核对结果", max_length=5)  # ok doubt wrong
    # [{"check", "state", "text", "citation", "unverified"}]: everything that was looked at
    reasons = models.JSONField("核对情况", default=list)
    checked_at = models.DateTimeField("核对时间")
    at = models.DateTimeField("登记时间")
    by_name = models.CharField("核对人", max_length=60)

    class Meta:
        ordering = ["checked_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["visit", "udi", "registration_no"], name="one_check_per_code_and_visit"
            )
        ]


class SiteRecord(models.Model):
    """签名的内容: a paper as it was signed. Of a visit's record 0 is the record, 1, 2 … its supplements;
    of any other paper each part is one wording that was signed, the newest last.

    Frozen by the first signature, so that paper and screen show for ever what people put their names to.
    """

    visit = models.ForeignKey(Visit, models.PROTECT, null=True, blank=True, related_name="site_records")
    kind = models.CharField(
        "文书", max_length=12, default="record"
    )  # record, or a kind of signed_papers.KINDS
    # what the paper is made from: model name, id, number and office of the record
    subject = models.CharField("记录类型", max_length=20, default="visit")
    record_key = models.BigIntegerField("记录", null=True, blank=True)
    place = models.CharField("所属记录", max_length=80, blank=True)
    office_code = models.CharField("机构代码", max_length=12, blank=True)
    part = models.PositiveSmallIntegerField("序号", default=0)
    text = models.TextField("内容")
    digest = models.CharField(max_length=64)  # SHA-256 of the text
    content = models.JSONField(default=dict)  # the same in parts, for setting it as a paper
    from_device = models.BooleanField("由现场设备形成", default=False)
    written_at = models.DateTimeField("形成时间")
    by_name = models.CharField("记录人", max_length=60)

    class Meta:
        ordering = ["part"]
        constraints = [
            models.UniqueConstraint(fields=["visit", "part"], name="one_record_per_visit_and_part"),
            models.UniqueConstraint(
                fields=["subject", "record_key", "kind", "part"], name="one_signed_text_per_paper_and_part"
            ),
        ]


class Signature(models.Model):
    """签名: one person's name under one record, or the refusal to give it."""

    record = models.ForeignKey(SiteRecord, models.PROTECT, related_name="signatures")
    role = models.CharField("身份", max_length=10)  # party inspector witness
    name = models.CharField("姓名", max_length=60)
    officer = models.ForeignKey(Officer, models.PROTECT, null=True, blank=True, related_name="signatures")
    signed_at = models.DateTimeField("签名时间")
    digest = models.CharField(max_length=64)  # of the text that was signed
    file = models.FileField("签名图样", upload_to="signatures/%Y/%m", blank=True)
    sha256 = models.CharField(max_length=64, blank=True)  # of the picture
    strokes = models.JSONField("笔迹", default=list)  # [[[x, y, milliseconds, pressure], …], …]
    refused = models.BooleanField("拒绝签名", default=False)
    statement = models.CharField("本人意见", max_length=300, blank=True)  # of a refusal: its reason
    witnesses = models.CharField("见证人", max_length=200, blank=True)  # names, joined by 、
    at = models.DateTimeField("登记时间")
    by_name = models.CharField("经手人", max_length=60)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["record", "role", "name"], name="one_signature_per_person")
        ]


class IssuedPaper(models.Model):
    """出具文书: the official number given to a paper made from a record."""

    kind = models.CharField("文书", max_length=10)  # record result recheck interview
    subject = models.CharField(max_length=12)  # visit correction interview
    subject_key = models.CharField(max_length=20)
    number = models.CharField("文书编号", max_length=60, unique=True)
    issued_on = models.DateField("日期")
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    at = models.DateTimeField("时间")
    by_name = models.CharField("经手人", max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject", "subject_key"], name="one_number_per_paper")
        ]


class ProductionStop(models.Model):
    """停产整改: an order to stop production until a re-check; the workflow is in stop_workflow.toml."""

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="stops")
    number = models.CharField("文书编号", max_length=60, unique=True)
    scope = models.CharField("停产范围", max_length=300)
    reason = models.TextField("停产原因")
    ordered_on = models.DateField("责令日期", db_index=True)
    state = models.CharField("状态", max_length=12, db_index=True)
    applied_on = models.DateField("申请恢复日期", null=True, blank=True)
    application = models.TextField("恢复生产申请", blank=True)
    recheck_visit = models.ForeignKey(
        Visit, models.PROTECT, null=True, blank=True, related_name="rechecked_stops"
    )
    rechecked_on = models.DateField("复查日期", null=True, blank=True)
    resumed_on = models.DateField("恢复生产日期", null=True, blank=True)
    approved_by = models.CharField("批准人", max_length=60, blank=True)
    decision = models.TextField("处理意见", blank=True)  # of the newest re-check or decision
    status_before = models.CharField("停产前状态", max_length=4, blank=True)  # of the party
    office_code = models.CharField("机构代码", max_length=12, db_index=True)

    class Meta:
        ordering = ["-ordered_on", "-id"]

    def __str__(self) -> str:
        return self.number


class Liaison(models.Model):
    """工作联系单: what one office asks of another, of a body outside, or of the firm itself, until when.

    The workflow is in liaison_workflow.toml. The addressed office sees it and answers it there.
    """

    number = models.CharField("编号", max_length=60, unique=True)
    party = models.ForeignKey(Party, models.PROTECT, related_name="liaisons")
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, blank=True, related_name="liaisons")
    correction = models.ForeignKey(Correction, models.PROTECT, null=True, blank=True, related_name="liaisons")
    addressee = models.CharField("发往", max_length=4)  # 本系统 外单位 单位
    to_office = models.CharField("收文机构代码", max_length=12, blank=True, db_index=True)  # 本系统 only
    to_name = models.CharField("收文单位", max_length=120)
    title = models.CharField("事由", max_length=120)
    content = models.TextField("内容")
    wanted_by = models.DateField("要求答复日期", db_index=True)
    state = models.CharField("状态", max_length=12, db_index=True)
    sent_on = models.DateField("发出日期", null=True, blank=True)
    received_on = models.DateField("签收日期", null=True, blank=True)
    receiver = models.CharField("签收人", max_length=60, blank=True)
    answered_on = models.DateField("答复日期", null=True, blank=True)
    answered_by = models.CharField("答复人", max_length=60, blank=True)
    answer = models.TextField("答复", blank=True)
    closed_on = models.DateField("办结日期", null=True, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)  # of a return, a closing or a withdrawal
    office_code = models.CharField("发文机构代码", max_length=12, db_index=True)
    written_at = models.DateTimeField("拟稿时间")
    by_name = models.CharField("拟稿人", max_length=60)

    class Meta:
        ordering = ["-written_at", "-id"]

    def __str__(self) -> str:
        return self.number


class SiteCheck(models.Model):
    """现场核查结论: what a licence visit, a system visit or a visit after a filing came to."""

    visit = models.OneToOneField(Visit, models.PROTECT, related_name="site_check")
    matter = models.ForeignKey(
        LicenceMatter, models.PROTECT, null=True, blank=True, related_name="site_checks"
    )
    result = models.CharField("结论", max_length=6)  # 通过 整改后通过 未通过; after a filing 相符 不符
    reason = models.TextField("理由", blank=True)
    mismatches = models.TextField("备案资料与现场不符之处", blank=True)
    follow_up = models.CharField("后续处理", max_length=20, blank=True)
    decided_on = models.DateField("结论日期", db_index=True)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    at = models.DateTimeField("登记时间")
    by_name = models.CharField("经手人", max_length=60)

    class Meta:
        ordering = ["-decided_on", "-id"]


class Transfer(models.Model):
    """移送移交: one lead or case handed to another body. ``source`` is visit or case, with its number."""

    source = models.CharField("来源", max_length=5)
    source_no = models.CharField("来源编号", max_length=80)
    party = models.ForeignKey(Party, models.PROTECT, related_name="transfers")
    addressee = models.CharField("移送对象", max_length=4)  # 公安 卫健 海关 纪检
    moved_on = models.DateField("移送日期", db_index=True)
    link = models.CharField("环节", max_length=5, blank=True)
    tags = models.CharField("品种标签", max_length=400, default="|")
    campaign = models.CharField("专项", max_length=120, blank=True)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_no", "addressee"], name="one_transfer_per_source_and_addressee"
            )
        ]


class WorkRecord(models.Model):
    """工作记录: one countable piece of the year's work for which no room of its own exists yet.

    Adverse-event reports and their quotas, samples, lead suppliers of the rural supply network,
    publicity: each is one row with a quantity, so that a figure in a document counts or sums rows.
    """

    record_key = models.CharField(max_length=64, unique=True)  # given by the source: the same row loads once
    kind = models.CharField("类别", max_length=20, db_index=True)  # 不良事件报告 监督抽检 主导供应商 …
    category = models.CharField("细类", max_length=30, blank=True)  # 药品批发企业 街道卫生院 …
    title = models.CharField("内容", max_length=200)
    done_on = models.DateField("日期", db_index=True)
    quantity = models.PositiveIntegerField("数量", default=1)
    result = models.CharField("结果", max_length=20, blank=True)
    party = models.ForeignKey(Party, models.PROTECT, null=True, blank=True, related_name="work_records")
    unit_name = models.CharField("单位", max_length=200, blank=True)  # where the unit is not in the register
    link = models.CharField("环节", max_length=5, blank=True)
    tags = models.CharField("品种标签", max_length=400, default="|")
    campaign = models.CharField("专项", max_length=120, blank=True)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    detail = models.TextField("说明", blank=True)

    class Meta:
        ordering = ["-done_on", "-id"]

    def __str__(self) -> str:
        return self.title
