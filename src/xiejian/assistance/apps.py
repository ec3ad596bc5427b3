from django.apps import AppConfig


class AssistanceConfig(AppConfig):
    name = "xiejian.assistance"
    label = "assistance"
    verbose_name = "协查"
