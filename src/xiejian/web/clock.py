"""The doors look at the clock here, and nothing below them does."""

from __future__ import annotations

import datetime as dt
import os

from django.http import HttpRequest
from django.utils import timezone


def demo() -> bool:
    """True while the demo office is served: known accounts, a day of the past as today."""
    return os.environ.get("XIEJIAN_DEMO") == "1"


def _demo_day(request: HttpRequest) -> dt.date | None:
    if demo() and (given := getattr(request, "demo_day", None)):
        return given
    user = getattr(request, "user", None)
    if not (demo() and user is not None and user.is_authenticated):
        return None
    day = user.office.settings.get("today")
    return dt.date.fromisoformat(day) if day else None


def now(request: HttpRequest) -> dt.datetime:
    """This moment; in the demo the same hour on the demo office's day."""
    moment = timezone.now()
    if day := _demo_day(request):
        return timezone.localtime(moment).replace(year=day.year, month=day.month, day=day.day)
    return moment


def today(request: HttpRequest) -> dt.date:
    """The office's own date (Asia/Shanghai)."""
    return timezone.localtime(now(request)).date()
