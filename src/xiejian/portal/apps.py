from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "xiejian.portal"
    label = "portal"
    verbose_name = "公众"
