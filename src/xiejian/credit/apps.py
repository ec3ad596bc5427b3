from django.apps import AppConfig

from xiejian.credit import tables
from xiejian.kernel import facts


class CreditConfig(AppConfig):
    name = "xiejian.credit"
    label = "credit"
    verbose_name = "信用"

    def ready(self) -> None:
        facts.publish(*tables.TABLES)
