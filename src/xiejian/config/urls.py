"""All addresses of the system."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("", include("xiejian.web.urls"))]
