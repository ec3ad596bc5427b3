from django.apps import AppConfig

from xiejian.kernel import facts
from xiejian.cases import tables


class CasesConfig(AppConfig):
    name = "xiejian.cases"
    label = "cases"
    verbose_name = "案件"

    def ready(self) -> None:
        facts.publish(*tables.TABLES)
