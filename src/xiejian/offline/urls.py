"""Addresses of the phones and of the pages about them."""

from __future__ import annotations

from django.urls import URLPattern, path

from xiejian.offline import office, phone, shell

urlpatterns: list[URLPattern] = [
    # the phone
    path("field/", shell.page, name="field"),
    path("field/worker.js", shell.worker, name="field_worker"),
    path("field/manifest.webmanifest", shell.manifest, name="field_manifest"),
    path("field/state/", phone.state, name="field_state"),
    path("field/devices/", phone.register, name="field_register"),
    path("field/unlock/", phone.unlock, name="field_unlock"),
    path("field/day/", phone.day_content, name="field_day"),
    path("field/sync/", phone.sync, name="field_sync"),
    path("field/files/<str:digest>/", phone.file, name="field_file"),
    # the office
    path("devices/", office.device_list, name="device_list"),
    path("devices/<uuid:pk>/", office.device, name="device"),
    path("received/", office.received, name="received"),
    path("received/conflicts/", office.conflict_list, name="conflict_list"),
    path("received/<uuid:pk>/", office.received_event, name="received_event"),
    path("received/<uuid:pk>/file/", office.received_file, name="received_file"),
]
