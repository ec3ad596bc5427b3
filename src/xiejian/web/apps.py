from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "xiejian.web"
    label = "web"
    verbose_name = "页面"
