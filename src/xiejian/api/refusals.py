"""Everything that is refused over HTTP, as a problem of RFC 9457 with our code, place and next step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, Throttled, ValidationError

from xiejian.kernel.problems import MEDIA_TYPE, Catalogue, Problem, Refused
from xiejian.record_steps.records import NOT_THERE

problems = Catalogue(Path(__file__).with_name("problems.toml"))
#: Refusals that are no fault of the question: no permission, no such record.
STATUS = {"P101": 403, **dict.fromkeys(NOT_THERE, 404)}


def answer_with(found: Problem, status: int, others: tuple[Problem, ...] = ()) -> HttpResponse:
    """The response; ``problems`` lists all where there are several."""
    details: dict[str, Any] = found.as_details(status)
    if others:
        details["problems"] = [one.as_json() for one in (found, *others)]
    return JsonResponse(details, status=status, content_type=MEDIA_TYPE)


def not_found(request: HttpRequest) -> HttpResponse:
    """An address below /api/ that there is not."""
    return answer_with(problems("A106", request.path[:200], path=request.path[:200]), 404)


def _refused(request: HttpRequest, refused: Refused) -> HttpResponse:
    status = STATUS.get(refused.first.code, 422)
    return answer_with(refused.first, status, tuple(refused.problems[1:]))


def _not_valid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    found = [_field(one) for one in error.errors]
    return answer_with(found[0], 422, tuple(found[1:]))


def _field(error: dict[str, Any]) -> Problem:
    # ninja names the parameter of our function between the source and the field; the caller never sees it
    place = [str(part) for part in error["loc"] if part != "asked"]
    return problems("A101", ".".join(place)[:200], field=place[-1][:80], why=error["msg"][:200])


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error, Throttled):
        return answer_with(problems("A104", limit=settings.OPEN_ANSWERS_PER_MINUTE), error.status_code)
    code = {400: "A102", 401: "A110", 403: "A103"}.get(error.status_code, "A109")
    return answer_with(problems(code, status=error.status_code), error.status_code)


def _too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return answer_with(problems("A108", "body", limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE), 413)


def register(api: NinjaAPI) -> None:
    """Answer every refusal of this interface so."""
    api.add_exception_handler(Refused, _refused)
    api.add_exception_handler(ValidationError, _not_valid)
    api.add_exception_handler(HttpError, _http_error)
    api.add_exception_handler(RequestDataTooBig, _too_large)
