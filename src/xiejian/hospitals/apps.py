from django.apps import AppConfig

from xiejian.hospitals import tables
from xiejian.kernel import facts


class HospitalsConfig(AppConfig):
    name = "xiejian.hospitals"
    label = "hospitals"
    verbose_name = "医疗机构"

    def ready(self) -> None:
        facts.publish(*tables.TABLES)
