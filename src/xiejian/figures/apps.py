from django.apps import AppConfig


class FiguresConfig(AppConfig):
    name = "xiejian.figures"
    label = "figures"
    verbose_name = "统计"
