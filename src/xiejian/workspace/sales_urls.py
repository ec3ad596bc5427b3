"""Addresses of the sales desk."""

from __future__ import annotations

from django.urls import URLPattern, path

from xiejian.workspace.views import sales_desk as desk
from xiejian.workspace.views import sales_lists as lists
from xiejian.workspace.views import sales_new as new
from xiejian.workspace.views import sales_records as records

SALES_URLS: list[URLPattern] = [
    path("firm/sales/daily/", desk.sales_daily, name="firm_sales_daily"),
    path("firm/sales/receivables/", desk.sales_receivables, name="firm_receivables"),
    path("firm/sales/settings/", desk.sales_settings, name="firm_sales_settings"),
    path("firm/sales/erp/", desk.sales_erp, name="firm_sales_erp"),
    path("firm/sales/erp/file/", desk.sales_erp_export, name="firm_sales_erp_export"),
    path("firm/customers/", lists.customer_list, name="firm_customers"),
    path("firm/customers/new/", new.customer_new, name="firm_customer_new"),
    path("firm/customers/<int:pk>/", records.customer, name="firm_customer"),
    path("firm/customers/<int:pk>/change/", new.customer_change, name="firm_customer_change"),
    path("firm/contracts/", lists.contract_list, name="firm_contracts"),
    path("firm/contracts/new/", new.contract_new, name="firm_contract_new"),
    path("firm/contracts/<int:pk>/", records.contract, name="firm_contract"),
    path("firm/contracts/<int:pk>/change/", new.contract_change, name="firm_contract_change"),
    path("firm/contract-files/<int:pk>/", records.contract_file, name="firm_contract_file"),
    path("firm/orders/", lists.order_list, name="firm_orders"),
    path("firm/orders/<int:pk>/", records.order, name="firm_order"),
    path("firm/shipments/", lists.shipment_list, name="firm_shipments"),
    path("firm/shipments/<int:pk>/", records.shipment, name="firm_shipment"),
    path("firm/invoices/", lists.invoice_list, name="firm_invoices"),
    path("firm/invoices/<int:pk>/", records.invoice, name="firm_invoice"),
    path("firm/payments/", lists.payment_list, name="firm_payments"),
    path("firm/payments/<int:pk>/", records.payment, name="firm_payment"),
    path("firm/tickets/", lists.ticket_list, name="firm_tickets"),
    path("firm/tickets/<int:pk>/", records.ticket, name="firm_ticket"),
    path("firm/goods-returns/", lists.return_list, name="firm_returns"),
    path("firm/goods-returns/<int:pk>/", records.goods_return, name="firm_return"),
    path("firm/prices/", lists.price_list_list, name="firm_price_lists"),
    path("firm/prices/new/", new.price_list_new, name="firm_price_list_new"),
    path("firm/prices/<int:pk>/", records.price_list, name="firm_price_list"),
    path("firm/price-exceptions/", lists.price_exception_list, name="firm_price_exceptions"),
    path("firm/price-exceptions/<int:pk>/", records.price_exception, name="firm_price_exception"),
]
