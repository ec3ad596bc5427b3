"""编号核验, 唯一标识: is it written as the rules ask, and what does it say?"""

from __future__ import annotations

from typing import Any

from csp.constants import WASM_UNSAFE_EVAL
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from xiejian.kernel import divisions
from xiejian.numbers import certificates, judging, udi, udi_photo
from xiejian.numbers.udi_record import Udi, book
from xiejian.web import clock, number_field
from xiejian.web.guard import SIGNED_IN, needs

PARTS = {
    "di": "产品标识（DI）",
    "lot": "批号",
    "serial": "序列号",
    "made_on": "生产日期",
    "expires_on": "失效日期",
}
#: What may be asked at once: a sheet's column, not a register.
MOST = 200
NO_CODE = {
    "message": "照片上没有找到条码或二维码",
    "next": "请靠近标签、对焦、避开反光后重拍，或者录入条码下方的文字",
    "code": "",
    "where": "",
}


def _shown(value: object) -> str:
    return {True: "是", False: "否"}[value] if isinstance(value, bool) else str(value)


def _problem_lines(answer: dict[str, Any]) -> list[str]:
    return [f"问题 {p['code']}：{p['message']}；{p['next']}" for p in answer["problems"]]


def _source(answer: dict[str, Any]) -> list[str]:
    mark = "【未核实】" if answer["unverified"] else ""
    return [f"依据：{answer['citation']}{mark}"] if answer["citation"] else []


# --- 编号 ---


def number_text(answer: dict[str, Any]) -> str:
    """One answer in plain lines, to be copied."""
    state = "写法正确" if answer["valid"] else "写法不对"
    lines = [f"{answer['normalised']}　{answer['label'] or '不明编号'}　{state}"]
    lines += [f"更正：{c['from']} → {c['to']}（{c['why']}）" for c in answer["changes"]]
    lines += [f"{label}：{value}" for label, value in answer["parts"]]
    lines += [*_problem_lines(answer), *(f"说明：{note}" for note in answer["notes"]), *_source(answer)]
    return "\n".join(lines)


@needs("rules.view")
def number(request: HttpRequest) -> HttpResponse:
    """编号核验: is this number written as it must be, which kind is it, what does it say?"""
    text, kind = request.GET.get("q", ""), request.GET.get("kind", "")
    kind = kind if kind in judging.kinds() else ""
    lines = [line for line in text.splitlines() if line.strip()]
    judged = [judging.judge(line, on=clock.today(request), kind=kind) for line in lines[:MOST]]
    answers = [one.as_json(divisions.full_name) | {"text": one.text} for one in judged]
    for answer in answers:
        fields = answer["fields"].items()
        answer["parts"] = [
            (judging.field_label(name), _shown(value)) for name, value in fields if value != ""
        ]
    context = {
        "asked": text, "kind": kind, "answers": answers, "left_out": max(0, len(lines) - MOST),
        "kinds": [(k, certificates.label(k)) for k in judging.kinds()],
        "wrong": sum(not answer["valid"] for answer in answers),
        "text": "\n\n".join(map(number_text, answers)),
    }  # fmt: skip
    return render(request, "web/law/number.html", context)


@needs(SIGNED_IN)
def number_check(request: HttpRequest) -> HttpResponse:
    """The judgement of one form field, as a part of its page: what ``web.number_field`` asks for."""
    kind = request.GET.get("kind", "")
    text = request.GET.get(request.GET.get("field", ""), "")
    if not request.htmx:  # opened by itself: the page that answers in full
        page = reverse("udi" if kind == number_field.UDI else "number")
        return redirect(f"{page}?{urlencode({'q': text})}")
    known = kind if kind in number_field.kinds() else number_field.ANY
    found = number_field.verdicts(text, known, clock.today(request))
    return render(request, "web/parts/number_check.html", {"verdicts": found})


# --- 唯一标识 ---


def _udi_answer(text: str, code: Udi) -> dict[str, Any]:
    answer = code.as_json()
    agency = book().agencies.get(code.agency)
    answer["text"] = text.replace("\x1d", "␝")
    answer["label"] = agency.label if agency else "看不出发码机构"
    answer["elements"] = list(answer["fields"].items())
    answer["parts"] = [(label, answer[name]) for name, label in PARTS.items() if answer[name]]
    return answer


def udi_text(answer: dict[str, Any]) -> str:
    """One answer in plain lines, to be copied."""
    lines = [f"{answer['text']}　{answer['label']}　{'编码正确' if answer['valid'] else '编码有误'}"]
    lines += [f"{label}：{value}" for label, value in answer["parts"]]
    lines += [*_problem_lines(answer), *(f"说明：{note}" for note in answer["notes"]), *_source(answer)]
    return "\n".join(lines)


@needs("rules.view")
@csp_update({"script-src": [WASM_UNSAFE_EVAL]})  # the camera's reader is WebAssembly
@require_http_methods(["GET", "POST"])
def udi_code(request: HttpRequest) -> HttpResponse:
    """唯一标识: which product, batch and dates does this code name, and is it written right?"""
    asked, photo = request.GET.get("q", ""), request.FILES.get("photo")
    wrong: list[dict[str, str]] = []
    codes = [asked] if asked.strip() else []
    if photo is not None:
        codes, wrong = _photographed(photo.read())
    answers = [_udi_answer(code, udi.read(code, on=clock.today(request))) for code in codes]
    context = {
        "asked": asked, "answers": answers, "problems": wrong, "photo": photo is not None,
        "text": "\n\n".join(map(udi_text, answers)),
    }  # fmt: skip
    return render(request, "web/law/udi.html", context, status=422 if wrong else 200)


def _photographed(content: bytes) -> tuple[list[str], list[dict[str, str]]]:
    """The codes on a photo, or the problem with it."""
    try:
        found = udi_photo.read_photo(content)
    except udi_photo.NoPhoto as refused:
        return [], [refused.fault.as_json()]
    return found, [] if found else [NO_CODE]
