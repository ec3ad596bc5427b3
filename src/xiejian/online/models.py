"""Online sales: lists of offers that were found, each offer from check to disposal."""

from __future__ import annotations

from django.db import models

from xiejian.inspections.models import Visit
from xiejian.people.models import Officer
from xiejian.registry.models import Party


class MonitoringList(models.Model):
    """监测清单: offers handed down together, or found on one patrol of our own."""

    number = models.CharField("清单编号", max_length=80)
    source = models.CharField("来源", max_length=4)  # 上级交办 平台报送 自行巡查 外地移送
    sender = models.CharField("下发单位", max_length=120, blank=True)
    received_on = models.DateField("收到日期", db_index=True)
    due_on = models.DateField("反馈期限", null=True, blank=True)  # as the sender set it: no rule does
    office_code = models.CharField("办理机构代码", max_length=12, db_index=True)
    reported_on = models.DateField("反馈日期", null=True, blank=True)
    report_no = models.CharField("反馈文号", max_length=80, blank=True)
    made_at = models.DateTimeField("登记时间")
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        ordering = ["-received_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["office_code", "number"], name="one_list_per_office_and_number")
        ]

    def __str__(self) -> str:
        return self.number


class Listing(models.Model):
    """网络商品信息: one offer of one shop. The workflow is in workflow.toml beside this file."""

    number = models.CharField("编号", max_length=80, unique=True)
    source_list = models.ForeignKey(MonitoringList, models.PROTECT, related_name="listings")
    platform = models.CharField("平台", max_length=120, db_index=True)
    platform_party = models.ForeignKey(
        Party, models.PROTECT, null=True, blank=True, related_name="platform_listings"
    )
    shop = models.CharField("店铺", max_length=200)
    seller_named = models.CharField("店铺所示单位", max_length=200, blank=True)
    seller = models.ForeignKey(Party, models.PROTECT, null=True, blank=True, related_name="listings")
    url = models.CharField("网址", max_length=500, blank=True)
    product = models.CharField("产品名称", max_length=300)
    registration_no = models.CharField("展示的注册证或备案编号", max_length=120, blank=True)
    claim = models.TextField("宣传内容", blank=True)
    price_fen = models.BigIntegerField("价格", null=True, blank=True)
    found_on = models.DateField("发现日期")
    office_code = models.CharField("办理机构代码", max_length=12, db_index=True)
    state = models.CharField("状态", max_length=10, db_index=True)
    handler = models.ForeignKey(Officer, models.PROTECT, null=True, blank=True, related_name="listings")
    marks = models.JSONField("筛查提示", default=list)  # screening.Mark, with their reasons
    suspect = models.BooleanField("有涉嫌违法提示", default=False)
    checked_on = models.DateField("核查日期", null=True, blank=True)
    finding = models.TextField("核查情况", blank=True)
    order_no = models.CharField("通知文号", max_length=80, blank=True)  # asks for the offer to be taken down
    ordered_on = models.DateField("要求下架日期", null=True, blank=True)
    removed_on = models.DateField("确认下架日期", null=True, blank=True)
    handed_to = models.CharField("移交单位", max_length=120, blank=True)
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, blank=True, related_name="listings")
    case_no = models.CharField("案件或案源编号", max_length=80, blank=True)
    outcome = models.CharField("处置结果", max_length=6, blank=True)
    disposed_on = models.DateField("处置日期", null=True, blank=True, db_index=True)
    # days from the receipt of the list to the disposal: tables add them up
    days = models.PositiveIntegerField("处置用时", null=True, blank=True)
    returned_why = models.CharField("退回理由", max_length=300, blank=True)
    reported_on = models.DateField("反馈日期", null=True, blank=True)
    extra = models.JSONField("其他列", default=dict)

    class Meta:
        ordering = ["-found_on", "-id"]
        indexes = [models.Index(fields=["platform", "shop"])]

    def __str__(self) -> str:
        return self.number
