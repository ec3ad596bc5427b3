"""Addresses of the firms' pages: below /firm/ all of them, so that one lock holds for all."""

from __future__ import annotations

from django.urls import URLPattern, path

from xiejian.workspace import home
from xiejian.workspace.sales_urls import SALES_URLS
from xiejian.workspace.views import (
    account,
    commitments,
    corrections,
    exemplary,
    files,
    licences,
    notices,
    status_reports,
    training,
)

urlpatterns: list[URLPattern] = [
    path("firm/", home.home, name="firm_home"),
    path("firm/login/", account.sign_in, name="firm_login"),
    path("firm/logout/", account.sign_out, name="firm_logout"),
    path("firm/join/<str:token>/", account.join, name="firm_join"),
    path("firm/password/", account.password, name="firm_password"),
    path("firm/accounts/", account.account_list, name="firm_accounts"),
    path("firm/accounts/<int:pk>/", account.account_change, name="firm_account_change"),
    path("firm/invitations/<int:pk>/revoke/", account.invitation_revoke, name="firm_invitation_revoke"),
    path("firm/keys/", account.key_list, name="firm_keys"),
    path("firm/keys/<int:pk>/revoke/", account.key_revoke, name="firm_key_revoke"),
    path("firm/notices/", notices.notice_list, name="firm_notices"),
    path("firm/notices/<int:pk>/", notices.notice, name="firm_notice"),
    path("firm/corrections/", corrections.correction_list, name="firm_corrections"),
    path("firm/corrections/<int:pk>/", corrections.correction, name="firm_correction"),
    path("firm/licences/", licences.licence_list, name="firm_licences"),
    path("firm/reports/", status_reports.report_list, name="firm_reports"),
    path("firm/reports/new/", status_reports.report_new, name="firm_report_new"),
    path("firm/reports/<int:pk>/", status_reports.report, name="firm_report"),
    path("firm/commitments/", commitments.commitment_list, name="firm_commitments"),
    path("firm/commitments/new/", commitments.commitment_new, name="firm_commitment_new"),
    path("firm/courses/", training.course_list, name="firm_courses"),
    path("firm/courses/<int:pk>/", training.course, name="firm_course"),
    path("firm/courses/<int:pk>/begin/", training.exam_begin, name="firm_exam_begin"),
    path("firm/courses/<int:pk>/exam/", training.exam, name="firm_exam"),
    path("firm/examples/", exemplary.exemplary_list, name="firm_examples"),
    path("firm/examples/new/", exemplary.exemplary_new, name="firm_example_new"),
    path("firm/examples/<int:pk>/", exemplary.exemplary_one, name="firm_example"),
    path("firm/files/<int:pk>/", files.firm_file, name="firm_file"),
    *SALES_URLS,
]
