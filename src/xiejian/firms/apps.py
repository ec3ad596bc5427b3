from django.apps import AppConfig


class FirmsConfig(AppConfig):
    name = "xiejian.firms"
    label = "firms"
    verbose_name = "企业协同"
