from django.apps import AppConfig

from xiejian.kernel import facts
from xiejian.supply import tables


class SupplyConfig(AppConfig):
    name = "xiejian.supply"
    label = "supply"
    verbose_name = "进销存"

    def ready(self) -> None:
        facts.publish(*tables.TABLES)
