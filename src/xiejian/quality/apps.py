from django.apps import AppConfig


class QualityConfig(AppConfig):
    name = "xiejian.quality"
    label = "quality"
    verbose_name = "质量工作台"
