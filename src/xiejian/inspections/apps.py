from django.apps import AppConfig

from xiejian.inspections import tables
from xiejian.kernel import facts


class InspectionsConfig(AppConfig):
    name = "xiejian.inspections"
    label = "inspections"
    verbose_name = "检查"

    def ready(self) -> None:
        facts.publish(*tables.TABLES)
