from django.apps import AppConfig


class HospitalsConfig(AppConfig):
    name = "xiejian.hospitals"
    label = "hospitals"
    verbose_name = "医疗机构"
