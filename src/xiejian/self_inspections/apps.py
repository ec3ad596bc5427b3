from django.apps import AppConfig


class SelfInspectionsConfig(AppConfig):
    name = "xiejian.self_inspections"
    label = "self_inspections"
    verbose_name = "企业自查"
