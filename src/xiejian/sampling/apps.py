from django.apps import AppConfig

from xiejian.kernel import facts
from xiejian.sampling import tables


class SamplingConfig(AppConfig):
    name = "xiejian.sampling"
    label = "sampling"
    verbose_name = "监督抽检"

    def ready(self) -> None:
        facts.publish(*tables.TABLES)
