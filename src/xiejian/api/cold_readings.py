"""Readings of cold-chain loggers from a firm's gateway: each is stored once, or refused with its reason."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from ninja import Body, Router
from pydantic import Field

from xiejian.api import shapes
from xiejian.api.access import FirmKey
from xiejian.api.records import REFUSALS
from xiejian.coldchain import actions
from xiejian.coldchain.messages import read_entry
from xiejian.coldchain.reading_files import Measured
from xiejian.kernel.problems import Problem


class ColdReading(shapes.Question):
    """One reading."""

    logger: str = Field(description="记录仪编号")
    at: str = Field(description="时间；没有时区的为北京时间", examples=["2026-06-01T08:00:00+08:00"])
    celsius: float = Field(description="温度，℃", examples=[4.5])
    humidity: float | None = Field(None, description="相对湿度，%")


class ColdReadingsAnswer(shapes.Answer):
    """What became of the readings that were sent."""

    read: int = Field(description="收到的读数")
    stored: int = Field(description="新存的")
    unchanged: int = Field(description="以前已有的")
    marked: int = Field(description="新存的当中时钟异常的，保留但不使用")
    refused: list[dict[str, object]] = Field(description="没有存的，row 为第几个，及原因")
    excursions: list[int] = Field(description="由此发现或者改变的冷链异常")


router = Router(auth=FirmKey(), tags=["冷链"])


@router.post(
    "", response={200: ColdReadingsAnswer, **REFUSALS}, summary="发送温度记录仪的读数",
    operation_id="firm_cold_readings",
)  # fmt: skip
def send_readings(request: HttpRequest, readings: Body[list[ColdReading]]) -> HttpResponse:
    """Take in a list of readings of the firm's own loggers; the same ones again change nothing."""
    zone = timezone.get_current_timezone()
    read = [_read(number, one, zone) for number, one in enumerate(readings, 1)]
    entries = [(request.actor.firm, one) for one in read if isinstance(one, Measured)]
    wrong = [(n, one) for n, one in enumerate(read, 1) if isinstance(one, Problem)]
    if not entries and wrong:
        answer = {"stored": 0, "unchanged": 0, "marked": 0, "refused": [], "excursions": []}
    else:
        answer = actions.record_readings(entries=entries, by=request.actor, at=timezone.now()).as_json()
    answer["read"] = len(readings)
    answer["refused"] = [
        *({"row": number, **problem.as_json()} for number, problem in wrong), *answer["refused"]
    ]  # fmt: skip
    return JsonResponse(answer)


def _read(number: int, one: ColdReading, zone: dt.tzinfo) -> Measured | Problem:
    return read_entry(number, one.model_dump(), zone)
