from django.apps import AppConfig

from xiejian.kernel import facts
from xiejian.people import tables


class PeopleConfig(AppConfig):
    name = "xiejian.people"
    label = "people"
    verbose_name = "机构人员"

    def ready(self) -> None:
        facts.publish(*tables.TABLES)
