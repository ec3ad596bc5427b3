from django.apps import AppConfig


class InspectionsConfig(AppConfig):
    name = "xiejian.inspections"
    label = "inspections"
    verbose_name = "检查"
