"""Addresses of the firms' pages: below /firm/ all of them, so that one lock holds for all."""

from __future__ import annotations

from django.urls import URLPattern, path

from xiejian.workspace import home
from xiejian.workspace.views import account

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
]
