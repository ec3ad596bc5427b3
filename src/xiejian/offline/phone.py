"""What a phone asks of the server: its page, registration, the day's download, files, the sync."""

from __future__ import annotations

import datetime as dt
import functools
import gzip
import json
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.contrib.auth import authenticate
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xiejian.kernel.problems import MEDIA_TYPE, Catalogue, Problem, Refused
from xiejian.offline import actions, day, files, signing
from xiejian.offline.models import Device
from xiejian.web import clock
from xiejian.web.guard import OPEN, needs

problems = Catalogue(Path(__file__).with_name("problems.toml"))
View = Callable[..., HttpResponse]
STATUS = {
    "P101": 403,
    "O101": 403,
    "O103": 403,
    "O104": 403,
    "O105": 403,
    "O102": 404,
    "O303": 413,
    "O304": 409,
}
DIGEST = re.compile(r"[0-9a-f]{64}")


def answer(found: Problem, **more: Any) -> HttpResponse:
    """A problem as the phone reads it; ``wipe`` tells a revoked phone to clear itself."""
    status = STATUS.get(found.code, 422)
    body = found.as_details(status) | {"wipe": found.code == "O101"} | more
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE)


def plain_problems(view: View) -> View:
    """Whatever is refused is answered as JSON."""

    @functools.wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Refused as refused:
            return answer(refused.first)

    return asked


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        found = json.loads(request.body)
        # what no database stores: NUL, half of a character
        storable = "\\u0000" not in json.dumps(found) and bool(json.dumps(found, ensure_ascii=False).encode())
    except (ValueError, RecursionError):
        found, storable = None, False
    if not isinstance(found, dict) or not storable:
        raise Refused(problems("O201", "body", field="JSON"))
    return found


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise Refused(problems("O201", "body", field=name))
    return value


def _device(request: HttpRequest, given: str) -> Device:
    """The phone of the officer who is signed in; O102 unknown, O104 somebody else's, O101 revoked."""
    try:
        key = uuid.UUID(given)
    except ValueError:
        key = None
    device = Device.objects.select_related("officer__office").filter(pk=key).first()
    if device is None:
        raise Refused(problems("O102"))
    if revoked := actions.check_device(device):
        raise Refused(revoked)
    if device.officer_id != request.user.pk:
        raise Refused(problems("O104", device.name, officer=device.officer.name))
    return device


def of_device(view: View) -> View:
    """Only for a request that carries the mark of a phone that may sync; ``request.device`` is that phone."""

    @functools.wraps(view)
    def marked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        device = _device(request, request.headers.get("X-Field-Device", ""))
        given = request.headers.get("X-Field-Mark", "")
        if not signing.holds(device, request.method or "", request.get_full_path(), request.body, given):
            raise Refused(problems("O103", device.name))
        request.device = device
        return view(request, *args, **kwargs)

    return marked


# ── the phone itself ──────────────────────────────────────────────────────────────────────────────
@needs(OPEN)
@require_GET
def state(request: HttpRequest) -> HttpResponse:
    """Whether a phone should clear itself: asked before anybody has signed in, and says nothing else."""
    try:
        key = uuid.UUID(request.GET.get("device", ""))
    except ValueError:
        return JsonResponse({"state": "unknown"})
    device = Device.objects.select_related("officer").filter(pk=key).first()
    found = "unknown" if device is None else "revoked" if actions.check_device(device) else "ok"
    return JsonResponse({"state": found, "now": clock.now(request).isoformat()})


@plain_problems
@needs("inspections.visit")
@require_POST
def register(request: HttpRequest) -> HttpResponse:
    """A new phone for whoever is signed in and knows the password: its id, its secret, the settings."""
    body = _body(request)
    known = authenticate(request, username=request.user.username, password=_text(body, "password"))
    if known is None:
        raise Refused(problems("O105", "密码"))
    device = actions.register_device(
        officer=request.user, name=_text(body, "name"), by=request.actor, at=clock.now(request)
    )
    return JsonResponse(_phone(request, device), status=201)


def _phone(request: HttpRequest, device: Device) -> dict[str, Any]:
    return {
        "device": str(device.pk),
        "name": device.name,
        "secret": device.secret,
        "officer": {"username": request.actor.username, "name": request.actor.name},
        "settings": day.of_phone(),
        "now": clock.now(request).isoformat(),
        "demo_day": clock.today(request).isoformat() if clock.demo() else None,
    }


@plain_problems
@needs("inspections.visit")
@require_POST
def unlock(request: HttpRequest) -> HttpResponse:
    """The secret again, for a phone that gave it up after too many days without contact."""
    device = _device(request, _text(_body(request), "device"))
    return JsonResponse(_phone(request, device))


# ── the day ───────────────────────────────────────────────────────────────────────────────────────
@plain_problems
@needs("inspections.visit")
@require_GET
@of_device
def day_content(request: HttpRequest) -> HttpResponse:
    """下载今日任务: what the officer takes along, packed."""
    asked = request.GET.get("days", "")
    days = int(asked) if asked.isdecimal() and len(asked) < 3 else day.of_phone()["ahead_days"]
    now = clock.now(request)
    found = actions.hand_out_day(
        device=request.device, on=clock.today(request), days=days,
        all_of_office=request.GET.get("parties") == "all", by=request.actor, at=now,
    )  # fmt: skip
    found |= {"now": now.isoformat(), "demo_day": clock.today(request).isoformat() if clock.demo() else None}
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"), cls=DjangoJSONEncoder)
    answered = HttpResponse(gzip.compress(text.encode(), 6), content_type="application/json")
    answered["Content-Encoding"] = "gzip"
    answered["Cache-Control"] = "no-store"
    return answered


# ── the sync ──────────────────────────────────────────────────────────────────────────────────────
def _given(raw: Any) -> actions.Given:
    """One event of the request; O201 names what is missing."""
    where = str(raw.get("id", ""))[:40] if isinstance(raw, dict) else "events"
    shapes = {"visit": str, "sequence": int, "kind": str, "payload": dict, "captured_at": str, "id": str}
    for name, wanted in shapes.items():
        if not isinstance(raw, dict) or type(raw.get(name)) is not wanted:
            raise Refused(problems("O201", where, field=name))
    try:
        key, captured = uuid.UUID(raw["id"]), dt.datetime.fromisoformat(raw["captured_at"])
    except ValueError as error:
        raise Refused(problems("O201", where, field="id、captured_at")) from error
    if captured.tzinfo is None or not 0 < raw["sequence"] < 10**6 or not 0 < len(raw["visit"]) <= 40:
        raise Refused(problems("O201", where, field="captured_at、sequence、visit"))
    return actions.Given(key, raw["visit"], raw["sequence"], raw["kind"][:30], raw["payload"], captured)


def _moment(given: str, where: str) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(given)
    except ValueError as error:
        raise Refused(problems("O201", "body", field=where)) from error
    if found.tzinfo is None:
        raise Refused(problems("O201", "body", field=where))
    return found


@plain_problems
@needs("inspections.visit")
@require_POST
@of_device
def sync(request: HttpRequest) -> HttpResponse:
    """A batch of events: one answer each; those that wait for a file name it."""
    body, now = _body(request), clock.now(request)
    events = body.get("events")
    limit = day.of_phone()["events_per_sync"]
    if not isinstance(events, list) or len(events) > limit:
        count = len(events) if isinstance(events, list) else 0
        raise Refused(problems("O208", "events", count=count, limit=limit))
    offset = round((_moment(_text(body, "now"), "now") - now).total_seconds())
    answers = actions.receive_events(
        device=request.device, events=[_given(raw) for raw in events], clock_offset=offset,
        by=request.actor, at=now,
    )  # fmt: skip
    return JsonResponse(
        {
            "now": now.isoformat(),
            "clock_offset": offset,
            "answers": [
                {"id": str(a.id), "outcome": a.outcome, "problems": a.problems, "visit": a.visit}
                for a in answers
            ],
        }
    )


@plain_problems
@needs("inspections.visit")
@require_http_methods(["GET", "PUT"])
@of_device
def file(request: HttpRequest, digest: str) -> HttpResponse:
    """One file by its digest: how much of it is here (GET), the next piece of it (PUT ?start=&total=)."""
    if not DIGEST.fullmatch(digest):
        raise Refused(problems("O201", digest[:12], field="sha256"))
    if request.method == "GET":
        return JsonResponse({"received": files.received(request.device, digest)})
    numbers = {name: request.GET.get(name, "") for name in ("start", "total")}
    for name, value in numbers.items():
        if not value.isdecimal() or len(value) > 12:
            raise Refused(problems("O201", digest[:12], field=name))
    try:
        received = files.take_piece(
            request.device, digest, start=int(numbers["start"]), total=int(numbers["total"]),
            piece=request.body,
        )  # fmt: skip
    except Refused as refused:
        return answer(refused.first, received=files.received(request.device, digest))
    return JsonResponse({"received": received})
