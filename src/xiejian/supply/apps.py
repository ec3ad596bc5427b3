from django.apps import AppConfig


class SupplyConfig(AppConfig):
    name = "xiejian.supply"
    label = "supply"
    verbose_name = "进销存"
