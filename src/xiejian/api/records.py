"""Records over HTTP: lists, one record, making one, taking a step; what record_steps knows.

For officers at /api/records/, for the programs of firms at /api/firm/records/, each with its own kinds.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from ninja import Body, Router

from xiejian.api import shapes
from xiejian.api.access import FirmKey, Officer
from xiejian.record_steps import records

REFUSALS = dict.fromkeys((400, 401, 403, 404, 413, 422, 429), shapes.ProblemDetails)


def _answers(shape: Any, status: int = 200) -> dict[int, Any]:
    return {status: shape, **REFUSALS}


def kinds(request: HttpRequest) -> HttpResponse:
    return JsonResponse(records.described(request.actor), safe=False)


def listed(
    request: HttpRequest, kind: str, q: str = "", state: str = "", page: int = 1, size: int = records.SIZE
) -> HttpResponse:
    found = records.listed(
        kind, actor=request.actor, on=timezone.localdate(), search=q, state=state, page=page, size=size
    )
    return JsonResponse(found)


def create(request: HttpRequest, kind: str, facts: Body[dict[str, Any]]) -> HttpResponse:
    made = records.create(kind, facts, by=request.actor, at=timezone.now())
    return JsonResponse(made, status=201)


def show(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    found, record = records.find(kind, key, actor=request.actor, on=timezone.localdate())
    return JsonResponse(records.shown(found, record, actor=request.actor))


def take(request: HttpRequest, kind: str, key: str, step: str, facts: Body[dict[str, Any]]) -> HttpResponse:
    return JsonResponse(records.take(kind, key, step, facts, by=request.actor, at=timezone.now()))


def _router(auth: Any, tag: str, prefix: str) -> Router:
    """The five addresses for one sort of callers; ``prefix`` keeps the names of operations apart."""
    made = Router(auth=auth, tags=[tag])
    for method, path, view, answer, summary in (
        ("get", "/kinds", kinds, _answers(list[shapes.RecordKind]), "记录的类别、状态、步骤及其字段"),
        ("get", "/{kind}", listed, _answers(shapes.RecordList), "清单：本人看得到的记录"),
        ("post", "/{kind}", create, _answers(shapes.Record, 201), "登记一条"),
        ("get", "/{kind}/{key}", show, _answers(shapes.Record), "一条：内容、状态、现在可以办理的步骤"),
        ("post", "/{kind}/{key}/steps/{step}", take, _answers(shapes.Record), "办理一步"),
    ):
        route = getattr(made, method)
        route(path, response=answer, summary=summary, operation_id=f"{prefix}{view.__name__}")(view)
    return made


router = _router(Officer(), "记录", "records_")
firm_router = _router(FirmKey(), "企业的记录", "firm_records_")
