from django.apps import AppConfig


class PlanningConfig(AppConfig):
    name = "xiejian.planning"
    label = "planning"
    verbose_name = "计划"
