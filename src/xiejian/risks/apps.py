from django.apps import AppConfig

from xiejian.kernel import facts
from xiejian.risks import tables


class RisksConfig(AppConfig):
    name = "xiejian.risks"
    label = "risks"
    verbose_name = "风险会商"

    def ready(self) -> None:
        facts.publish(*tables.TABLES)
