"""Records over HTTP: lists, one record, making one, taking a step; what record_steps knows, for officers."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from ninja import Body, Router

from xiejian.api import shapes
from xiejian.api.access import Officer
from xiejian.record_steps import records

REFUSALS = dict.fromkeys((400, 401, 403, 404, 413, 422, 429), shapes.ProblemDetails)
router = Router(auth=Officer(), tags=["记录"])


def _answers(shape: Any, status: int = 200) -> dict[int, Any]:
    return {status: shape, **REFUSALS}


@router.get("/kinds", response=_answers(list[shapes.RecordKind]), summary="记录的类别、状态、步骤及其字段")
def kinds(request: HttpRequest) -> HttpResponse:
    return JsonResponse(records.described(), safe=False)


@router.get("/{kind}", response=_answers(shapes.RecordList), summary="清单：本机构及下级机构的记录")
def listed(
    request: HttpRequest, kind: str, q: str = "", state: str = "", page: int = 1, size: int = records.SIZE
) -> HttpResponse:
    found = records.listed(
        kind, actor=request.actor, on=timezone.localdate(), search=q, state=state, page=page, size=size
    )
    return JsonResponse(found)


@router.post("/{kind}", response=_answers(shapes.Record, 201), summary="登记一条")
def create(request: HttpRequest, kind: str, facts: Body[dict[str, Any]]) -> HttpResponse:
    made = records.create(kind, facts, by=request.actor, at=timezone.now())
    return JsonResponse(made, status=201)


@router.get("/{kind}/{key}", response=_answers(shapes.Record), summary="一条：内容、状态、现在可以办理的步骤")
def show(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    found, record = records.find(kind, key, actor=request.actor, on=timezone.localdate())
    return JsonResponse(records.shown(found, record, actor=request.actor))


@router.post("/{kind}/{key}/steps/{step}", response=_answers(shapes.Record), summary="办理一步")
def take(request: HttpRequest, kind: str, key: str, step: str, facts: Body[dict[str, Any]]) -> HttpResponse:
    return JsonResponse(records.take(kind, key, step, facts, by=request.actor, at=timezone.now()))
