from django.apps import AppConfig

from xiejian.kernel import facts
from xiejian.registry import tables


class RegistryConfig(AppConfig):
    name = "xiejian.registry"
    label = "registry"
    verbose_name = "监管对象"

    def ready(self) -> None:
        facts.publish(*tables.TABLES)
