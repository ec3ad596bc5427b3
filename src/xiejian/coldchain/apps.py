from django.apps import AppConfig

from xiejian.coldchain import tables
from xiejian.kernel import facts


class ColdchainConfig(AppConfig):
    name = "xiejian.coldchain"
    label = "coldchain"
    verbose_name = "冷链"

    def ready(self) -> None:
        facts.publish(*tables.TABLES)
