from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "xiejian.cases"
    label = "cases"
    verbose_name = "案件"
