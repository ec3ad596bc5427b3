from django.apps import AppConfig


class OfflineConfig(AppConfig):
    name = "xiejian.offline"
    label = "offline"
    verbose_name = "现场"
