from django.apps import AppConfig

from xiejian.kernel import facts
from xiejian.online import tables


class OnlineConfig(AppConfig):
    name = "xiejian.online"
    label = "online"
    verbose_name = "网络监测"

    def ready(self) -> None:
        facts.publish(*tables.TABLES)
