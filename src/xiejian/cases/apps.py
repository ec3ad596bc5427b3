from django.apps import AppConfig

from xiejian.cases import tables
from xiejian.kernel import facts


class CasesConfig(AppConfig):
    name = "xiejian.cases"
    label = "cases"
    verbose_name = "案件"

    def ready(self) -> None:
        facts.publish(*tables.TABLES)
