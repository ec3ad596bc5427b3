"""Addresses of a hospital's desk: devices, upkeep, implants, whose they are."""

from __future__ import annotations

from django.urls import URLPattern, path

from xiejian.workspace.views import hospital, implants

HOSPITAL_URLS: tuple[URLPattern, ...] = (
    path("firm/devices/", hospital.device_list, name="firm_devices"),
    path("firm/devices/upkeep/", hospital.upkeep_list, name="firm_upkeep"),
    path("firm/devices/new/", hospital.device_new, name="firm_device_new"),
    path("firm/devices/import/", hospital.device_import, name="firm_device_import"),
    path("firm/devices/import/<str:token>/", hospital.device_rejects, name="firm_device_rejects"),
    path("firm/devices/<int:pk>/", hospital.device, name="firm_device"),
    path("firm/devices/<int:pk>/label/", hospital.device_label, name="firm_device_label"),
    path("firm/devices/<int:pk>/code/", hospital.device_code, name="firm_device_code"),
    path("firm/hospital/expiry/", hospital.expiry_list, name="firm_hospital_expiry"),
    path("firm/hospital/reporters/", hospital.reporters, name="firm_hospital_reporters"),
    path("firm/implants/", implants.implant_list, name="firm_implants"),
    path("firm/implants/new/", implants.implant_new, name="firm_implant_new"),
    path("firm/implants/<int:pk>/", implants.implant, name="firm_implant"),
    path("firm/patients/", implants.patients, name="firm_hospital_patients"),
)
