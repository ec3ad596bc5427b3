"""Addresses of the public: nobody signs in here."""

from __future__ import annotations

from django.urls import URLPattern, path

from xiejian.portal import look_ups, pages

urlpatterns: list[URLPattern] = [
    path("public/", pages.tell, name="public_tell"),
    path("public/progress/", pages.progress, name="public_progress"),
    path("public/certificates/", look_ups.certificates, name="public_certificates"),
    path("public/penalties/", look_ups.penalties, name="public_penalties"),
    path("public/typical-cases/", look_ups.typical, name="public_typical"),
    path("public/dishonest/", look_ups.dishonest, name="public_dishonest"),
    path("public/notices/", look_ups.notices, name="public_notices"),
    path("public/recalls/", look_ups.recalls, name="public_recalls"),
    path("public/offices/", look_ups.offices, name="public_offices"),
]
