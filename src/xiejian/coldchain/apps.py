from django.apps import AppConfig


class ColdchainConfig(AppConfig):
    name = "xiejian.coldchain"
    label = "coldchain"
    verbose_name = "冷链"
