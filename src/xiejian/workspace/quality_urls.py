"""Addresses of the quality desk."""

from __future__ import annotations

from django.urls import URLPattern, path

from xiejian.workspace.views import quality_lists as lists
from xiejian.workspace.views import quality_records as records

QUALITY_URLS: list[URLPattern] = [
    path("firm/watched/", lists.watched_list, name="firm_watched"),
    path("firm/watched/refresh/", lists.watched_refresh, name="firm_watched_refresh"),
    path("firm/watched/<int:pk>/", records.watched_rule, name="firm_watched_rule"),
    path("firm/quality-documents/", lists.document_list, name="firm_quality_documents"),
    path("firm/quality-documents/new/", records.document_new, name="firm_quality_document_new"),
    path("firm/quality-documents/versions/<int:pk>/", records.version, name="firm_quality_version"),
    path("firm/trainings/", lists.training_list, name="firm_trainings"),
    path("firm/trainings/new/", records.training_new, name="firm_training_new"),
    path("firm/trainings/<int:pk>/", records.training, name="firm_training"),
    path("firm/findings/", lists.finding_list, name="firm_findings"),
    path("firm/findings/new/", records.finding_new, name="firm_finding_new"),
    path("firm/findings/<int:pk>/", records.finding, name="firm_finding"),
    path("firm/feedback/", lists.feedback_list, name="firm_feedback"),
    path("firm/feedback/new/", records.feedback_new, name="firm_feedback_new"),
    path("firm/feedback/<int:pk>/", records.feedback, name="firm_feedback_one"),
]
