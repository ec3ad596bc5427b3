from django.apps import AppConfig

from xiejian.kernel import facts
from xiejian.self_inspections import tables


class SelfInspectionsConfig(AppConfig):
    name = "xiejian.self_inspections"
    label = "self_inspections"
    verbose_name = "企业自查"

    def ready(self) -> None:
        facts.publish(*tables.TABLES)
