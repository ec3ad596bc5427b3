from django.apps import AppConfig


class ClocksConfig(AppConfig):
    name = "xiejian.clocks"
    label = "clocks"
    verbose_name = "时限"
