from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "xiejian.documents"
    label = "documents"
    verbose_name = "文书"
