"""The firm's own desk of sales and after-sales: every row belongs to one firm, and no office reads any.

Amounts are whole 分, quantities whole units of the least sale unit.
"""

from __future__ import annotations

from django.db import models

from xiejian.people.models import FirmUser


class FirmRow(models.Model):
    """A row of one firm; the credit code bounds who sees it."""

    firm_uscc = models.CharField("单位信用代码", max_length=18, db_index=True)

    class Meta:
        abstract = True


class NumberedRow(FirmRow):
    """A row with a number of the firm's own series and a state of its workflow table."""

    number = models.CharField("编号", max_length=80)
    state = models.CharField("状态", max_length=10, db_index=True)
    made_at = models.DateTimeField("登记时间")
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.number


# --- how the firm sells ------------------------------------------------------------------------------------


class SalesSettings(FirmRow):
    """销售设置: beyond which a contract is special. Its row is also the lock of the firm's numbers."""

    contract_limit_fen = models.BigIntegerField("普通合同金额上限")
    payment_days_limit = models.PositiveIntegerField("普通合同账期上限（天）")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["firm_uscc"], name="one_sales_settings_per_firm")]


class Site(FirmRow):
    """办公地: where the firm sells from, or supports and decides from."""

    name = models.CharField("名称", max_length=60)
    # whether contracts that are special go to this site's people
    approves_special = models.BooleanField("审批特殊合同", default=False)
    people = models.ManyToManyField(FirmUser, related_name="sales_sites", verbose_name="人员", blank=True)

    class Meta:
        ordering = ["firm_uscc", "name"]
        constraints = [models.UniqueConstraint(fields=["firm_uscc", "name"], name="one_sales_site_per_name")]

    def __str__(self) -> str:
        return self.name


class Region(FirmRow):
    """销售区域: part of the market, with its manager, served from one site."""

    name = models.CharField("名称", max_length=60)
    site = models.ForeignKey(Site, models.PROTECT, related_name="regions", verbose_name="办公地")
    manager = models.ForeignKey(
        FirmUser, models.PROTECT, null=True, blank=True, related_name="sales_regions", verbose_name="区域经理"
    )
    month_target_fen = models.BigIntegerField("月度销售目标", null=True, blank=True)

    class Meta:
        ordering = ["firm_uscc", "name"]
        constraints = [models.UniqueConstraint(fields=["firm_uscc", "name"], name="one_region_per_name")]

    def __str__(self) -> str:
        return self.name


class Customer(FirmRow):
    """客户: who buys, in which region, on what terms, with the licence as it was checked."""

    number = models.CharField("客户编号", max_length=80)
    name = models.CharField("客户名称", max_length=200)
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True)
    region = models.ForeignKey(Region, models.PROTECT, related_name="customers", verbose_name="区域")
    address = models.CharField("收货地址", max_length=300, blank=True)
    contact = models.CharField("联系人", max_length=60, blank=True)
    phone = models.CharField("电话", max_length=40, blank=True)
    licence_no = models.CharField("许可、备案或执业许可证号", max_length=80, blank=True)
    licence_until = models.DateField("证件有效期至", null=True, blank=True)
    licence_checked_on = models.DateField("资质核对日期", null=True, blank=True)
    credit_limit_fen = models.BigIntegerField("信用额度", null=True, blank=True)
    payment_days = models.PositiveIntegerField("账期（天）", default=0)
    is_active = models.BooleanField("往来中", default=True)
    made_at = models.DateTimeField("登记时间")

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["firm_uscc", "number"], name="one_customer_per_number"),
            models.UniqueConstraint(fields=["firm_uscc", "name"], name="one_customer_per_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Item(FirmRow):
    """商品: what is sold, by the firm's own code; ``di`` joins it to what is stored and traced."""

    code = models.CharField("商品编码", max_length=140)
    name = models.CharField("商品名称", max_length=200)
    group = models.CharField("类别", max_length=80, blank=True)
    unit = models.CharField("单位", max_length=20, default="个")
    di = models.CharField("产品标识", max_length=40, blank=True)
    registration_no = models.CharField("注册证或备案编号", max_length=80, blank=True)
    has_batch = models.BooleanField("按批号管理", default=True)
    has_expiry = models.BooleanField("有有效期", default=True)

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["firm_uscc", "code"], name="one_item_per_code")]

    def __str__(self) -> str:
        return self.code


class ItemBatch(FirmRow):
    """批号: a lot of an item with its dates, so that a shipment need not type them again."""

    item = models.ForeignKey(Item, models.PROTECT, related_name="batches")
    lot = models.CharField("批号", max_length=60)
    made_on = models.DateField("生产日期", null=True, blank=True)
    expires_on = models.DateField("有效期至", null=True, blank=True)

    class Meta:
        ordering = ["item_id", "lot"]
        constraints = [models.UniqueConstraint(fields=["item", "lot"], name="one_sales_batch_per_lot")]


# --- prices ------------------------------------------------------------------------------------------------


class PriceList(NumberedRow):
    """价格表: one version of the prices of a region, or of everywhere. Workflow: price_list_workflow.toml."""

    name = models.CharField("名称", max_length=100)
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, related_name="price_lists")
    from_on = models.DateField("执行日期")
    until_on = models.DateField("截止日期", null=True, blank=True)
    written_by = models.CharField(max_length=90)
    decided_by_name = models.CharField("批准人", max_length=60, blank=True)
    reason = models.CharField("停用理由", max_length=300, blank=True)

    class Meta:
        ordering = ["-from_on", "-id"]
        constraints = [models.UniqueConstraint(fields=["firm_uscc", "number"], name="one_price_list_no")]


class Price(models.Model):
    """One item's price in a list; below the floor nobody sells without an exception or a special contract."""

    price_list = models.ForeignKey(PriceList, models.CASCADE, related_name="prices")
    item = models.ForeignKey(Item, models.PROTECT, related_name="prices")
    price_fen = models.BigIntegerField("统一销售价")
    floor_fen = models.BigIntegerField("保护价")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["price_list", "item"], name="one_price_per_item")]


class PriceException(NumberedRow):
    """价格例外: one customer may have one item for less, until a day. price_exception_workflow.toml."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="price_exceptions")
    item = models.ForeignKey(Item, models.PROTECT, related_name="price_exceptions")
    price_fen = models.BigIntegerField("申请价格")
    quantity = models.PositiveIntegerField("数量上限")
    until_on = models.DateField("有效至")
    reason = models.CharField("理由", max_length=300)
    asked_by = models.CharField(max_length=90)
    decided_by_name = models.CharField("审批人", max_length=60, blank=True)
    opinion = models.CharField("审批意见", max_length=300, blank=True)
    contract = models.ForeignKey(
        "Contract", models.PROTECT, null=True, blank=True, related_name="price_exceptions"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["firm_uscc", "number"], name="one_price_exception_no")]


# --- contracts and orders ----------------------------------------------------------------------------------


class Contract(NumberedRow):
    """合同: written, reviewed and approved by three people. Workflow: contract_workflow.toml."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="contracts", verbose_name="客户")
    site = models.ForeignKey(Site, models.PROTECT, related_name="contracts", verbose_name="签订办公地")
    title = models.CharField("合同名称", max_length=200)
    payment_days = models.PositiveIntegerField("账期（天）")
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期")
    terms = models.TextField("其他约定", blank=True)
    total_fen = models.BigIntegerField("合同金额")
    # why it needs the decision of the head or the other site; empty for an ordinary one
    special = models.JSONField("特殊事项", default=list)
    written_by = models.CharField(max_length=90)
    reviewed_by = models.CharField(max_length=90, blank=True)
    reviewed_by_name = models.CharField("审核人", max_length=60, blank=True)
    review_opinion = models.CharField("审核意见", max_length=300, blank=True)
    approved_by_name = models.CharField("批准人", max_length=60, blank=True)
    approval_opinion = models.CharField("批准意见", max_length=300, blank=True)
    return_reason = models.CharField("退回理由", max_length=300, blank=True)
    signed_on = models.DateField("签订日期", null=True, blank=True)
    signed_by = models.CharField("客户签字人", max_length=60, blank=True)
    ended_on = models.DateField("了结日期", null=True, blank=True)
    end_reason = models.CharField("终止理由", max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["firm_uscc", "number"], name="one_contract_no")]


class Line(models.Model):
    """So many of an item at a price."""

    item = models.ForeignKey(Item, models.PROTECT, verbose_name="商品")
    quantity = models.PositiveIntegerField("数量")
    price_fen = models.BigIntegerField("单价")

    class Meta:
        abstract = True
        ordering = ["id"]

    @property
    def amount_fen(self) -> int:
        return self.quantity * self.price_fen


class ContractLine(Line):
    contract = models.ForeignKey(Contract, models.CASCADE, related_name="lines")


class ContractFile(FirmRow):
    """合同档案: the signed paper, a power of attorney, a customer's licence; kept with its digest."""

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="files")
    name = models.CharField("文件名", max_length=200)
    file = models.FileField("文件", upload_to="sales/%Y/%m")
    sha256 = models.CharField("摘要", max_length=64)
    size = models.PositiveIntegerField("大小")
    at = models.DateTimeField("归档时间")
    by_name = models.CharField("归档人", max_length=60)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "sha256"], name="one_contract_file_per_digest")
        ]

    def __str__(self) -> str:
        return self.name


class Order(NumberedRow):
    """订单: what of a contract is wanted now. Workflow: order_workflow.toml."""

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="orders", verbose_name="合同")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders", verbose_name="客户")
    ordered_on = models.DateField("下单日期", db_index=True)
    wanted_by = models.DateField("要求到货", null=True, blank=True)
    total_fen = models.BigIntegerField("订单金额")
    end_reason = models.CharField("取消或关闭理由", max_length=300, blank=True)

    class Meta:
        ordering = ["-ordered_on", "-id"]
        constraints = [models.UniqueConstraint(fields=["firm_uscc", "number"], name="one_order_no")]


class OrderLine(Line):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")


class Shipment(NumberedRow):
    """发货单: planned by sales, confirmed with lots by the store. Workflow: shipment_workflow.toml."""

    order = models.ForeignKey(Order, models.PROTECT, null=True, blank=True, related_name="shipments")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="shipments", verbose_name="客户")
    planned_on = models.DateField("计划发货日期")
    shipped_on = models.DateField("发货日期", null=True, blank=True, db_index=True)
    delivered_on = models.DateField("签收日期", null=True, blank=True)
    receiver = models.CharField("签收人", max_length=60, blank=True)
    carrier = models.CharField("承运", max_length=100, blank=True)
    address = models.CharField("收货地址", max_length=300, blank=True)
    total_fen = models.BigIntegerField("金额")
    end_reason = models.CharField("取消理由", max_length=300, blank=True)
    # the number that another program gave it
    source = models.CharField("来源", max_length=20, blank=True)

    class Meta:
        ordering = ["-planned_on", "-id"]
        constraints = [models.UniqueConstraint(fields=["firm_uscc", "number"], name="one_shipment_no")]


class ShipmentLine(Line):
    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="lines")
    lot = models.CharField("批号", max_length=60, blank=True)
    serial = models.CharField("序列号", max_length=60, blank=True)


class DamageNote(FirmRow):
    """货损记录: packaging or transport damage that the customer or the carrier tells of."""

    KINDS = ("包装破损", "运输损坏", "短少", "其他")

    shipment = models.ForeignKey(Shipment, models.PROTECT, related_name="damages")
    on = models.DateField("日期")
    kind = models.CharField("类别", max_length=10)
    quantity = models.PositiveIntegerField("涉及数量", default=0)
    text = models.CharField("情况", max_length=500)
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        ordering = ["-on", "-id"]


# --- money -------------------------------------------------------------------------------------------------


class Invoice(NumberedRow):
    """发票: what a customer owes for a shipment, until when. Workflow: invoice_workflow.toml."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="invoices", verbose_name="客户")
    shipment = models.ForeignKey(Shipment, models.PROTECT, null=True, blank=True, related_name="invoices")
    issued_on = models.DateField("开票日期")
    due_on = models.DateField("应收日期", db_index=True)
    tax_no = models.CharField("发票号码", max_length=40, blank=True)
    total_fen = models.BigIntegerField("价税合计")
    paid_fen = models.BigIntegerField("已收", default=0)
    credited_fen = models.BigIntegerField("退货冲减", default=0)
    end_reason = models.CharField("作废理由", max_length=300, blank=True)
    source = models.CharField("来源", max_length=20, blank=True)

    class Meta:
        ordering = ["-issued_on", "-id"]
        constraints = [models.UniqueConstraint(fields=["firm_uscc", "number"], name="one_invoice_no")]

    @property
    def balance_fen(self) -> int:
        """What is still owed."""
        return self.total_fen - self.paid_fen - self.credited_fen


class InvoiceLine(Line):
    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="lines")


class Payment(NumberedRow):
    """回款: money that came, and to which invoices it went. Workflow: payment_workflow.toml."""

    METHODS = ("银行转账", "承兑汇票", "现金", "其他")

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="payments", verbose_name="客户")
    received_on = models.DateField("到账日期", db_index=True)
    amount_fen = models.BigIntegerField("金额")
    allocated_fen = models.BigIntegerField("已核销", default=0)
    method = models.CharField("方式", max_length=10)
    reference = models.CharField("凭证号", max_length=80, blank=True)
    reversed_on = models.DateField("冲销日期", null=True, blank=True)
    reason = models.CharField("冲销理由", max_length=300, blank=True)

    class Meta:
        ordering = ["-received_on", "-id"]
        constraints = [models.UniqueConstraint(fields=["firm_uscc", "number"], name="one_payment_no")]

    @property
    def rest_fen(self) -> int:
        """What no invoice has taken yet."""
        return 0 if self.reversed_on else self.amount_fen - self.allocated_fen


class Allocation(models.Model):
    """核销: so much of a payment for one invoice; undone when the payment is reversed."""

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="allocations")
    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="allocations")
    amount_fen = models.BigIntegerField("金额")
    at = models.DateTimeField("核销时间")
    undone = models.BooleanField("已撤销", default=False)

    class Meta:
        ordering = ["id"]


class CollectionNote(FirmRow):
    """催收记录: who asked for the money, how, and what was promised."""

    HOWS = ("电话", "上门", "函件", "对账", "其他")

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="collections")
    invoice = models.ForeignKey(
        Invoice, models.PROTECT, null=True, blank=True, related_name="collections", verbose_name="发票"
    )
    on = models.DateField("日期")
    how = models.CharField("方式", max_length=4)
    text = models.CharField("情况", max_length=500)
    promised_on = models.DateField("承诺付款日期", null=True, blank=True)
    by_name = models.CharField("登记人", max_length=60)

    class Meta:
        ordering = ["-on", "-id"]


# --- after the sale ----------------------------------------------------------------------------------------


class ServiceTicket(NumberedRow):
    """服务单: installation, repair, complaint, until the customer signs. Workflow: ticket_workflow.toml."""

    KINDS = ("安装", "维修", "保养", "培训", "投诉")

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="tickets", verbose_name="客户")
    item = models.ForeignKey(
        Item, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name="商品"
    )
    kind = models.CharField("类别", max_length=4)
    serial = models.CharField("批号或序列号", max_length=60, blank=True)
    content = models.CharField("事由", max_length=500)
    opened_on = models.DateField("受理日期")
    wanted_on = models.DateField("要求完成", null=True, blank=True)
    assigned_to = models.ForeignKey(
        FirmUser, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name="服务人员"
    )
    closed_on = models.DateField("办结日期", null=True, blank=True)
    result = models.CharField("结果", max_length=500, blank=True)
    signed_by = models.CharField("客户签字人", max_length=60, blank=True)

    class Meta:
        ordering = ["-opened_on", "-id"]
        constraints = [models.UniqueConstraint(fields=["firm_uscc", "number"], name="one_ticket_no")]


class ServiceVisit(models.Model):
    """上门: what was done and which parts were used."""

    ticket = models.ForeignKey(ServiceTicket, models.CASCADE, related_name="visits")
    on = models.DateField("日期")
    done = models.CharField("处理情况", max_length=500)
    parts = models.CharField("更换配件", max_length=300, blank=True)
    by_name = models.CharField("服务人员", max_length=60)

    class Meta:
        ordering = ["on", "id"]


class GoodsReturn(NumberedRow):
    """退货: goods that come back and what the customer is credited. Workflow: return_workflow.toml."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="returns", verbose_name="客户")
    shipment = models.ForeignKey(Shipment, models.PROTECT, related_name="returns", verbose_name="发货单")
    asked_on = models.DateField("申请日期")
    reason = models.CharField("退货原因", max_length=300)
    received_on = models.DateField("入库日期", null=True, blank=True)
    opinion = models.CharField("处理意见", max_length=300, blank=True)
    credit_fen = models.BigIntegerField("冲减金额", null=True, blank=True)
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, blank=True, related_name="returns")

    class Meta:
        ordering = ["-asked_on", "-id"]
        constraints = [models.UniqueConstraint(fields=["firm_uscc", "number"], name="one_goods_return_no")]


class GoodsReturnLine(models.Model):
    """So many of one line of the shipment come back."""

    goods_return = models.ForeignKey(GoodsReturn, models.CASCADE, related_name="lines")
    line = models.ForeignKey(ShipmentLine, models.PROTECT, related_name="returned")
    quantity = models.PositiveIntegerField("数量")

    class Meta:
        ordering = ["id"]
