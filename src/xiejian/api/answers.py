"""The interface for programs and its one-off answers: the same as the commands give, nothing stored."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from ninja import NinjaAPI, Query

from xiejian.api import cold_readings, records, refusals, shapes
from xiejian.api.access import OfficerOrOpen, Pace
from xiejian.api.refusals import problems
from xiejian.kernel import deadlines, divisions, packs, penalties, penalty_answers, penalty_rules
from xiejian.kernel.dates import read as read_date
from xiejian.kernel.problems import MEDIA_TYPE, Refused
from xiejian.numbers import judging, udi
from xiejian.planning import grade_answers

REFUSALS = dict.fromkeys((400, 401, 403, 413, 422, 429), shapes.ProblemDetails)
FACTS = '{"goods_value": "20000"}'


class Answers(NinjaAPI):
    """The interface; its document says that refusals come as problems."""

    def get_openapi_schema(self, **asked: Any) -> Any:
        """The document as ninja makes it, refusals under their own media type."""
        schema = super().get_openapi_schema(**asked)
        for path in schema["paths"].values():
            for operation in path.values():
                for status in records.REFUSALS.keys() & operation["responses"].keys():
                    refusal = operation["responses"][status]
                    refusal["content"] = {MEDIA_TYPE: refusal["content"]["application/json"]}
        return schema


api = Answers(
    title="械监：一次性答复和记录",
    version="1",
    description="编号、唯一标识、时限、罚款幅度、定级。只作答，不保存；与同名命令的答复相同。"
    "记录：清单、一条、登记、办理一步；只对登录人员，以其身份办理；企业的软件凭接口密钥，只及本单位。",
    docs_url=None,  # its page would load scripts of other hosts
    urls_namespace="api",
    auth=OfficerOrOpen(),
    throttle=[Pace()],
)
refusals.register(api)
api.add_router("/records", records.router)
api.add_router("/firm/records", records.firm_router)
api.add_router("/firm/cold-readings", cold_readings.router)


def _answers(shape: Any) -> dict[int, Any]:
    return {200: shape, **REFUSALS}


def _given(answer: Any) -> HttpResponse:
    """As the kernel gave it: reading it through the documented shape again would cost and might change it."""
    return JsonResponse(answer, safe=False)


def _facts(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refused(problems("A107", "facts", example=FACTS))
    return found


def _number(value: str, kind: str) -> HttpResponse:
    if kind and kind not in judging.kinds():
        raise Refused(problems("A105", "kind", kind=kind[:80], known="、".join(judging.kinds())))
    judged = judging.judge(value, on=timezone.localdate(), kind=kind)
    return _given(judged.as_json(divisions.full_name))


@api.get("/number", response=_answers(shapes.NumberAnswer), summary="编号是哪一类、对不对、说明什么")
def number(request: HttpRequest, value: str, kind: str = "") -> HttpResponse:
    return _number(value, kind)


@api.post("/number", response=_answers(shapes.NumberAnswer), summary="编号是哪一类、对不对、说明什么")
def number_asked(request: HttpRequest, asked: shapes.NumberQuestion) -> HttpResponse:
    return _number(asked.value, asked.kind)


def _udi(value: str) -> HttpResponse:
    return _given(udi.read(value, on=timezone.localdate()).as_json())


@api.get("/udi", response=_answers(shapes.UdiAnswer), summary="读取医疗器械唯一标识")
def udi_read(request: HttpRequest, value: str) -> HttpResponse:
    return _udi(value)


@api.post("/udi", response=_answers(shapes.UdiAnswer), summary="读取医疗器械唯一标识")
def udi_asked(request: HttpRequest, asked: shapes.UdiQuestion) -> HttpResponse:
    return _udi(asked.value)


@api.get("/due/rules", response=_answers(list[shapes.DueRule]), summary="全部时限")
def due_rules(request: HttpRequest) -> HttpResponse:
    return _given(deadlines.listed())


@api.get("/due", response=_answers(shapes.DueAnswer), summary="期限何时到期，依据是什么")
def due(
    request: HttpRequest, rule: str, start: str = Query(alias="from"), facts: str = Query("")
) -> HttpResponse:
    return _given(deadlines.answer(rule, start, _facts(facts)))


@api.post("/due", response=_answers(shapes.DueAnswer), summary="期限何时到期，依据是什么")
def due_asked(request: HttpRequest, asked: shapes.DueQuestion) -> HttpResponse:
    return _given(deadlines.answer(asked.rule, asked.start, asked.facts))


@api.get("/penalty/rules", response=_answers(list[shapes.PenaltyRule]), summary="全部处罚规则")
def penalty_rules_listed(request: HttpRequest) -> HttpResponse:
    book = penalty_rules.load()
    rules = (rule for versions in book.rules.values() for rule in versions)
    return _given([penalty_answers.listed(rule, book) for rule in rules])


@api.get("/penalty/circumstances", response=_answers(list[shapes.Circumstance]), summary="全部裁量情节")
def circumstances(request: HttpRequest) -> HttpResponse:
    found = penalty_rules.load().circumstances.values()
    return _given([penalty_answers.circumstance(one) for one in found])


def _penalty(key: str, facts: dict[str, Any], on: str) -> HttpResponse:
    book = penalty_rules.load()
    return _given(penalty_answers.as_answer(penalties.assess(key, facts, on, book), book))


@api.get("/penalty", response=_answers(shapes.PenaltyAnswer), summary="罚款幅度、分档和其他措施；由人决定")
def penalty(request: HttpRequest, key: str, on: str, facts: str = "") -> HttpResponse:
    return _penalty(key, _facts(facts), on)


@api.post("/penalty", response=_answers(shapes.PenaltyAnswer), summary="罚款幅度、分档和其他措施；由人决定")
def penalty_asked(request: HttpRequest, asked: shapes.PenaltyQuestion) -> HttpResponse:
    return _penalty(asked.key, asked.facts, asked.on)


@api.post("/grade", response=_answers(shapes.GradeAnswer), summary="监管级别和检查任务，不登记")
def grade(request: HttpRequest, asked: shapes.GradeQuestion) -> HttpResponse:
    on = read_date(asked.on)
    if on is None:
        raise Refused(packs.problems("K301", "on", value=asked.on[:80]))
    return _given(grade_answers.answer(asked.parties, packs.load(asked.pack), on))
