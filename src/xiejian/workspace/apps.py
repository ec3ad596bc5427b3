from django.apps import AppConfig


class WorkspaceConfig(AppConfig):
    name = "xiejian.workspace"
    label = "workspace"
    verbose_name = "企业端"
