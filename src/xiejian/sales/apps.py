from django.apps import AppConfig


class SalesConfig(AppConfig):
    name = "xiejian.sales"
    label = "sales"
    verbose_name = "销售与售后"
