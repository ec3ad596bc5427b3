from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "xiejian.people"
    label = "people"
    verbose_name = "机构人员"
