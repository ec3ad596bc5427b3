"""追溯 for a firm: where its lots came from and went to, by its own records; what these contradict."""

from __future__ import annotations

from csp.constants import WASM_UNSAFE_EVAL
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from xiejian.supply.trace_rules import days_looked_back
from xiejian.web.listing import show
from xiejian.web.views import trace
from xiejian.workspace.guard import needs_firm


@needs_firm("firm.supply")
@csp_update({"script-src": [WASM_UNSAFE_EVAL]})  # the camera's reader is WebAssembly
def trace_lot(request: HttpRequest) -> HttpResponse:
    """追溯: whom did we get this lot from, who got it from us, how much do we still have?"""
    found = trace.answer(request)
    if isinstance(found, HttpResponse):
        return found
    return render(request, "workspace/trace/page.html", found, status=422 if "problems" in found else 200)


@needs_firm("firm.supply")
def mock_recall(request: HttpRequest) -> HttpResponse:
    """模拟召回: if this lot had to come back, whom of our buyers do we tell, and how?"""
    if not request.GET:  # of nothing: ask there
        return redirect("firm_trace")
    on = trace.asked_day(request)
    found = trace.drilled(request, on)
    if request.GET.get("format") == "docx":
        return trace.as_docx(found, request.firm_user.firm_name, on)  # type: ignore[attr-defined]
    return render(request, "workspace/trace/mock_recall.html", trace.drill_context(found, on))


@needs_firm("firm.supply")
def contradiction_list(request: HttpRequest) -> HttpResponse:
    """进销存矛盾: which of our own records cannot be so?"""
    columns = trace.contradiction_columns("firm_trace", record_page="firm_movement")
    listing, cut = trace.contradiction_listing(request, columns)
    return show(listing, "workspace/trace/contradictions.html", {"cut": cut, "days": days_looked_back()})
