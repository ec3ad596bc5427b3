"""Addresses of the public: nobody signs in here."""

from __future__ import annotations

from django.urls import URLPattern, path

from xiejian.portal import pages

urlpatterns: list[URLPattern] = [
    path("public/", pages.tell, name="public_tell"),
    path("public/progress/", pages.progress, name="public_progress"),
]
