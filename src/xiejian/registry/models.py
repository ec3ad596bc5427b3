"""The register: parties, the links they work in, sites, licences and filings, product registrations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models

LINKS = ("生产", "经营", "使用", "网络销售", "第三方平台")
STATUSES = ("正常", "停产", "注销", "失联")
AREAS = ("医疗器械", "药品", "化妆品")


class Party(models.Model):
    """监管对象: an enterprise or use unit. Facts that differ by link are in PartyLink."""

    name = models.CharField("主体名称", max_length=200, db_index=True)
    uscc = models.CharField("统一社会信用代码", max_length=18, null=True, blank=True, unique=True)
    area = models.CharField("产品门类", max_length=30, default="医疗器械")  # 医疗器械、药品 joined by 、
    division_code = models.CharField("行政区划代码", max_length=12)
    # the office in charge: the station where one is named, else the division code; visibility goes by it
    office_code = models.CharField("监管机构代码", max_length=12, db_index=True)
    station = models.CharField("监管机构", max_length=120, blank=True)
    address = models.CharField("地址", max_length=300, blank=True)
    warehouse_address = models.CharField("库房地址", max_length=300, blank=True)
    legal_representative = models.CharField("法定代表人", max_length=60, blank=True)
    head = models.CharField("负责人", max_length=60, blank=True)
    phone = models.CharField("电话", max_length=60, blank=True)
    stores_for_others = models.BooleanField("为他人贮存运输", default=False)
    consultation_focus = models.BooleanField("风险会商重点", default=False)
    # while the office lists it for a report that did not come or came late; self_inspections keeps the lists
    self_inspection_focus = models.BooleanField("自查未按期报送", default=False)
    qms_state = models.CharField("质量管理体系状况", max_length=4, blank=True)  # 好 较差 差
    credit_grade = models.CharField("信用等级", max_length=1, blank=True)  # A B C D
    bad_credit = models.CharField("不良信用", max_length=2, blank=True)  # 无 不良 严重
    # null: not stated in the register, then computed from the stored cases
    punished_last_year = models.BooleanField("上年度行政处罚", null=True, blank=True)
    failed_sampling_last_year = models.BooleanField("上年度抽检不合格", null=True, blank=True)
    complaints = models.PositiveIntegerField("投诉举报次数", default=0)
    status = models.CharField("状态", max_length=4, default="正常", db_index=True)
    status_on = models.DateField("状态变更日期", null=True, blank=True)
    extra = models.JSONField("其他列", default=dict)
    # name, codes and certificate numbers cut into overlapping pairs: search works on two characters and on
    # both databases (a trigram index finds nothing for fewer than three)
    search_grams = models.TextField(default="")
    # |使用|经营|: the links in PartyLink, kept here by its writers so that a list needs no probe per party
    link_names = models.CharField(max_length=40, default="|")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "id"]
        indexes = [models.Index(fields=["office_code", "name"]), models.Index(fields=["status", "name"])]

    def __str__(self) -> str:
        return self.name


def link_names(links: Iterable[str]) -> str:
    """What Party.link_names holds for these links.

    >>> link_names(["经营", "使用"])
    '|使用|经营|'
    """
    return "|".join(["", *sorted(set(links)), ""]) if (links := list(links)) else "|"


class PartyLinks(models.QuerySet["PartyLink"]):
    """Rows of PartyLink; those written in bulk are named on their parties."""

    def bulk_create(self, objs: Iterable[PartyLink], **options: Any) -> list[PartyLink]:  # type: ignore[override]
        """As Django's; the parties' link_names follow."""
        made = super().bulk_create(objs, **options)
        self.name_on_parties({row.party_id for row in made})
        return made

    def name_on_parties(self, keys: Iterable[int]) -> None:
        """Bring link_names of these parties to their rows."""
        held: dict[int, list[str]] = {key: [] for key in keys}
        for key, link in self.model.objects.filter(party__in=list(held)).values_list("party_id", "link"):
            held[key].append(link)
        by_names: dict[str, list[int]] = {}
        for key, links in held.items():
            by_names.setdefault(link_names(links), []).append(key)
        for names, parties in by_names.items():  # a few combinations, however many parties
            Party.objects.filter(pk__in=parties).update(link_names=names)


class PartyLink(models.Model):
    """从业环节: one party in one link, with the facts that grading and tables ask for."""

    party = models.ForeignKey(Party, models.PROTECT, related_name="links")
    link = models.CharField("环节", max_length=5)
    classes = models.CharField("管理类别", max_length=3, blank=True)  # sorted digits, "23"
    mode = models.CharField("经营方式", max_length=4, blank=True)  # 批发 零售 批零兼营
    unit_kind = models.CharField("机构类型", max_length=30, blank=True)
    tags = models.CharField("品种标签", max_length=400, default="|")  # |无菌|植入|
    scope = models.TextField("经营范围", blank=True)
    issued_on = models.DateField("发证日期", null=True, blank=True)
    filed_on = models.DateField("备案日期", null=True, blank=True)
    expires_on = models.DateField("有效期至", null=True, blank=True, db_index=True)
    # the newest grade, copied here so that lists need no join; planning.actions is the only writer
    level = models.PositiveSmallIntegerField("监管级别", null=True, blank=True)
    level_pack = models.CharField(max_length=60, blank=True)
    level_on = models.DateField(null=True, blank=True)

    objects = PartyLinks.as_manager()

    class Meta:
        ordering = ["party_id", "id"]
        constraints = [models.UniqueConstraint(fields=["party", "link"], name="one_row_per_party_and_link")]
        indexes = [models.Index(fields=["link", "level"])]

    def save(self, *args: Any, **options: Any) -> None:
        """As Django's; a new row is named on its party."""
        new = self._state.adding
        super().save(*args, **options)
        if new:
            PartyLink.objects.name_on_parties([self.party_id])


class CreditCodeOverride(models.Model):
    """信用代码核对认定: an officer saw the original of a code whose check character does not hold."""

    uscc = models.CharField("统一社会信用代码", max_length=18, unique=True)
    party_name = models.CharField("主体名称", max_length=200)
    reason = models.CharField("认定理由", max_length=300)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)
    at = models.DateTimeField("认定时间")
    by_name = models.CharField("认定人", max_length=60)

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.uscc


class Site(models.Model):
    """场所: a place of a party: 住所, 经营场所, 生产地址, 库房."""

    party = models.ForeignKey(Party, models.PROTECT, related_name="sites")
    kind = models.CharField("场所类型", max_length=10)
    address = models.CharField("地址", max_length=300)
    division_code = models.CharField("行政区划代码", max_length=12, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["party", "kind", "address"], name="one_row_per_party_site")
        ]


class Licence(models.Model):
    """许可证、备案凭证 of a party (not of a product). ``kind`` is a kind of ``xiejian number``."""

    party = models.ForeignKey(Party, models.PROTECT, related_name="licences")
    kind = models.CharField("证照类型", max_length=30)
    number = models.CharField("证号", max_length=80)  # as printed
    number_key = models.CharField(max_length=80, unique=True)  # normalised
    format_suspect = models.BooleanField("编号格式待核", default=False)
    issued_on = models.DateField("发证日期", null=True, blank=True)
    filed_on = models.DateField("备案日期", null=True, blank=True)
    expires_on = models.DateField("有效期至", null=True, blank=True, db_index=True)
    status = models.CharField("状态", max_length=10, default="有效")  # 有效 注销 吊销 取消备案
    scope = models.TextField("范围", blank=True)

    class Meta:
        ordering = ["expires_on", "number"]


class LicenceMatter(models.Model):
    """许可备案事项: one application and its outcome: 开办, 变更, 延续, 注销; 通过 or 驳回."""

    party = models.ForeignKey(Party, models.PROTECT, null=True, blank=True, related_name="matters")
    applicant = models.CharField("申请人", max_length=200)
    link = models.CharField("环节", max_length=5)
    matter = models.CharField("事项", max_length=10)
    result = models.CharField("结果", max_length=10)
    decided_on = models.DateField("办结日期")
    reason = models.CharField("理由", max_length=300, blank=True)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)


class Registration(models.Model):
    """产品注册证、产品备案: one published row. A number may have several (变更文件); none is overwritten."""

    number = models.CharField("注册证编号", max_length=120)  # as printed
    number_key = models.CharField(max_length=120, db_index=True)  # normalised
    number_kind = models.CharField("编号类型", max_length=40)  # current, before_2014, emergency, temporary, …
    record_key = models.CharField(max_length=64, unique=True)  # digest of the row: the same row loads once
    party = models.ForeignKey(Party, models.PROTECT, null=True, blank=True, related_name="registrations")
    registrant = models.CharField("注册人名称", max_length=300, db_index=True)
    registrant_address = models.TextField("注册人住所", blank=True)
    production_address = models.TextField("生产地址", blank=True)
    product_name = models.CharField("产品名称", max_length=500)
    management_class = models.CharField("管理类别", max_length=1, blank=True)  # 1 2 3
    details = models.JSONField("其他内容", default=dict)  # long columns by their Chinese heading
    department = models.CharField("审批部门", max_length=100, blank=True)
    approved_on = models.DateField("批准日期", null=True, blank=True)
    expires_on = models.DateField("有效期至", null=True, blank=True, db_index=True)
    status = models.CharField("状态", max_length=10, default="有效")
    normalised = models.JSONField("规范化记录", default=list)  # [{"column","from","to","why"}]
    search_grams = models.TextField(default="")

    class Meta:
        ordering = ["number_key", "-approved_on", "id"]


class RegistrationCheck(models.Model):
    """注册证核查: one certificate (and its instructions) checked in a yearly certificate check."""

    registration = models.ForeignKey(Registration, models.PROTECT, related_name="checks")
    checked_on = models.DateField("核查日期")
    instructions_checked = models.BooleanField("说明书已核查", default=False)
    consistent = models.BooleanField("一致", default=True)
    problem = models.CharField("问题", max_length=300, blank=True)
    campaign = models.CharField("专项", max_length=60, blank=True)
    office_code = models.CharField("机构代码", max_length=12, db_index=True)


class ImportBatch(models.Model):
    """导入批次: what came in, from which file, and what was returned."""

    kind = models.CharField("类型", max_length=20)
    filename = models.CharField("文件名", max_length=255)
    digest = models.CharField(max_length=64)
    read = models.PositiveIntegerField("读取", default=0)
    loaded = models.PositiveIntegerField("载入", default=0)
    unchanged = models.PositiveIntegerField("无变化", default=0)
    rejected = models.PositiveIntegerField("退回", default=0)
    rejects_file = models.CharField("退回文件", max_length=255, blank=True)
    changes = models.JSONField("规范化", default=dict)  # {reason: count} and examples
    at = models.DateTimeField("时间")
    by_name = models.CharField("操作人", max_length=60)
    office_code = models.CharField(max_length=12, blank=True)

    class Meta:
        ordering = ["-at"]
