from django.apps import AppConfig

from xiejian.kernel import facts
from xiejian.leads import tables


class LeadsConfig(AppConfig):
    name = "xiejian.leads"
    label = "leads"
    verbose_name = "投诉举报与线索"

    def ready(self) -> None:
        facts.publish(*tables.TABLES)
