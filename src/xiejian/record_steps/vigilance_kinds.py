"""Adverse events and recalls for the programs of firms: own reports, own products, own recalls, answers.

The steps are those of the office's tables, as far as the firm takes them itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import replace

from django.db.models import QuerySet

from xiejian.kernel.workflow import Workflow
from xiejian.people.policy import Actor
from xiejian.record_steps.kinds import Beside, Kind, steps_of
from xiejian.vigilance import actions, queries, recall_holders, recall_queries, recalls
from xiejian.vigilance.models import AdverseEvent, Recall, RecallHolder
from xiejian.vigilance.recall_checks import Suspicion

VIEW = actions.FIRM


def _own(flow: Workflow, moves: Collection[str]) -> Workflow:
    """A table of the office with the steps that a firm takes itself, under its own permission."""
    lines = tuple(replace(t, permission=VIEW) for t in flow.transitions if t.action in moves)
    return replace(flow, transitions=lines)


def suspect_defect(
    *, product_name: str, reason: str, suspected_on: dt.date, by: Actor, at: dt.datetime,
    registration_no: str = "", model_spec: str = "", di: str = "", lots: tuple[str, ...] = (),
    defect: str = "",
) -> Recall:  # fmt: skip
    """Begin a recall of the firm's own product."""
    suspicion = Suspicion(
        product_name, reason, suspected_on, recall_queries.firm_name(by), by.firm, registration_no,
        model_spec, di, lots, defect,
    )  # fmt: skip
    return recalls.open_recall(suspicion=suspicion, by=by, at=at)


def _reported(actor: Actor, on: dt.date, search: str, state: str) -> QuerySet[AdverseEvent]:
    return queries.mine(queries.firm_events(actor, search, state), actor).order_by("-reported_on", "-pk")


def _made(actor: Actor, on: dt.date, search: str, state: str) -> QuerySet[AdverseEvent]:
    return queries.of_own_make(queries.firm_events(actor, search, state), actor).order_by("-pk")


def _recalled(actor: Actor, on: dt.date, search: str, state: str) -> QuerySet[Recall]:
    return recall_queries.recalls(actor, search=search, state=state).filter(holder_uscc=actor.firm)


def _asked(actor: Actor, on: dt.date, search: str, state: str) -> QuerySet[RecallHolder]:
    return recall_queries.holders(actor, search=search, state=state).filter(uscc=actor.firm)


_PRODUCT = (
    "number",
    "product_name",
    "registration_no",
    "lot",
    "serial",
    "harm",
    "event_on",
    "reported_on",
    "due",
)
_FACTS = (
    "udi",
    "model_spec",
    "maker",
    "found_on",
    "injury",
    "failure",
    "term",
    "age_band",
    "sex",
    "use_place",
)
_EVALUATED = ("cause", "event_cause", "association", "evaluated_on", "measures")
_REPORTER = _own(actions.WORKFLOW, actions.REPORTER_MOVES)
_MAKER = _own(actions.WORKFLOW, actions.MAKER_MOVES)
_HOLDER = _own(recalls.WORKFLOW, recalls.HOLDER_MOVES)
_UNIT = _own(recall_holders.HOLDER_WORKFLOW, ("answer_recall",))

VIGILANCE_KINDS = (
    Kind(
        "event", "不良事件", VIEW, ("event",), _reported, (_REPORTER,), steps_of([_REPORTER], [actions]),
        _PRODUCT, (*_FACTS, *_EVALUATED, "reviews.comment"), create=actions.report_as_firm,
    ),
    # whoever makes the product is not told who reports
    Kind(
        "event_of_product", "本单位产品的不良事件", VIEW, ("event",), _made, (_MAKER,),
        steps_of([_MAKER], [actions]), _PRODUCT, (*_FACTS, *_EVALUATED),
    ),
    Kind(
        "recall", "召回", VIEW, ("recall",), _recalled, (_HOLDER,), steps_of([_HOLDER], [recalls]),
        ("number", "kind", "level", "product_name", "registration_no", "di", "lots", "decided_on", "units",
         "answered", "due"),
        ("reason", "evaluation", "order_no", "received_on", "notified_on", "form_on", "plan_on", "made",
         "sold", "planned", "treatments", "measures", "finish_by", "every_days", "completed_on",
         "unaccounted", "summary", "reviewed_on", "review", "progress.returned", "demands.text"),
        create=suspect_defect,
        beside={
            "receive_order": Beside(recalls.receive_order, "签收责令召回通知书", VIEW),
            "trace_holders": Beside(recall_holders.trace_holders, "由追溯列出持有单位", VIEW),
            "add_holder": Beside(recall_holders.add_holder, "添加持有单位", VIEW),
        },
    ),
    Kind(
        "recall_answer", "召回答复", VIEW, ("holder",), _asked, (_UNIT,), steps_of([_UNIT], [recall_holders]),
        ("recall.number", "recall.product_name", "recall.di", "recall.lots", "recall.level", "quantity",
         "notified_on", "answered_on"),
        ("recall.reason", "recall.holder_name", "recall.contact", "recall.treatments", "lots", "stopped",
         "found", "returned", "treated", "destroyed", "implanted", "remaining", "note"),
        keys=("recall__number",),
    ),
)  # fmt: skip
