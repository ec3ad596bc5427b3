"""首页: what must be done today, and whether the year's promises are kept."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from xiejian.web.guard import SIGNED_IN, needs


@needs(SIGNED_IN)
def home(request: HttpRequest) -> HttpResponse:
    """今日: what must I do today, what is red?"""
    return render(request, "web/home.html")
