from django.apps import AppConfig

from xiejian.kernel import facts
from xiejian.vigilance import tables


class VigilanceConfig(AppConfig):
    name = "xiejian.vigilance"
    label = "vigilance"
    verbose_name = "不良事件与召回"

    def ready(self) -> None:
        facts.publish(*tables.TABLES)
