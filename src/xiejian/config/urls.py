"""All addresses of the system."""

from __future__ import annotations

from django.urls import include, path, re_path

from xiejian.api.answers import api
from xiejian.api.refusals import not_found

urlpatterns = [
    path("api/", api.urls),
    re_path("^api/", not_found),
    path("", include("xiejian.web.urls")),
    path("", include("xiejian.offline.urls")),
    path("", include("xiejian.portal.urls")),
    path("", include("xiejian.workspace.urls")),
]
