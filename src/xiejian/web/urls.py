"""Addresses of the officers' pages, by subject."""

from __future__ import annotations

from django.urls import URLPattern, path

from xiejian.web.views import (
    account,
    archive,
    cases,
    grading,
    home,
    imports,
    party_forms,
    people,
    registry,
    rules,
    tables,
)

urlpatterns: list[URLPattern] = [
    # 账号
    path("login/", account.sign_in, name="login"),
    path("logout/", account.sign_out, name="logout"),
    path("password/", account.password_change, name="password_change"),
    path("health/", account.health, name="health"),
    path("setup/", people.office_setup, name="office_setup"),
    # 首页
    path("", home.home, name="home"),
    path("leader/", home.leader, name="leader"),
    # 监管对象
    path("parties/", registry.party_list, name="party_list"),
    path("parties/<int:pk>/", archive.party, name="party"),
    path("parties/<int:pk>/why/", archive.party_why, name="party_why"),
    path("parties/new/", party_forms.party_new, name="party_new"),
    path("parties/<int:pk>/amend/", party_forms.party_amend, name="party_amend"),
    path("links/<int:pk>/", archive.link, name="link"),
    path("parties/import/", imports.upload, name="party_import"),
    path("parties/import/template/<str:kind>/", imports.template, name="import_template"),
    path("parties/import/<str:token>/", imports.job, name="import_job"),
    path("parties/import/rejects/<int:pk>/", imports.rejects, name="import_rejects"),
    path("licences/", registry.licence_list, name="licence_list"),
    path("registrations/", registry.registration_list, name="registration_list"),
    path("registrations/<int:pk>/", registry.registration, name="registration"),
    # 计划
    path("grading/", grading.grade, name="grading"),
    # 案件
    path("cases/", cases.case_list, name="case_list"),
    path("cases/<int:pk>/", cases.case, name="case"),
    path("parties/<int:pk>/cases/new/", cases.case_new, name="case_new"),
    path("interviews/", cases.interview_list, name="interview_list"),
    path("interviews/<int:pk>/", cases.interview, name="interview"),
    path("parties/<int:pk>/interviews/new/", cases.interview_new, name="interview_new"),
    # 报表文书
    path("tables/", tables.table_list, name="table_list"),
    path("tables/filed/<int:pk>/", tables.filed_table, name="filed_table"),
    path("tables/filed/<int:pk>/return/", tables.filed_table_return, name="filed_table_return"),
    path("tables/<str:table_id>/", tables.table, name="table"),
    path("tables/<str:table_id>/file/", tables.table_file, name="table_file"),
    path("tables/<str:table_id>/<str:row>/<str:column>/", tables.table_cell, name="table_cell"),
    path("documents/", documents.document_list, name="document_list"),
    path("documents/<str:kind>/", documents.document, name="document"),
    path("figures/<str:measure_id>/", documents.figure, name="figure"),
    # 法规
    path("rules/", rules.pack_list, name="pack_list"),
    path("rules/<str:pack_id>/", rules.pack, name="pack"),
    # 系统
    path("offices/", people.office_list, name="office_list"),
    path("offices/<str:parent>/new/", people.office_new, name="office_new"),
    path("offices/<str:office>/officers/new/", people.officer_new, name="officer_new"),
    path("officers/<int:pk>/", people.officer_change, name="officer_change"),
    path("network/", people.network_list, name="network_list"),
    path("network/new/", people.person_new, name="person_new"),
    path("network/<int:pk>/", people.person, name="person"),
    path("audit/", people.audit_list, name="audit_list"),
]
