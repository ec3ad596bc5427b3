"""One recall per demo office: from the reports of a lot to answers of which one is still missing."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from typing import Any

from xiejian.cli.demo.accounts import Staffed, moment
from xiejian.cli.demo.vigilance import DATA
from xiejian.kernel.divisions import stem
from xiejian.vigilance import recall_holders, recalls
from xiejian.vigilance.models import AdverseEvent, Recall, RecallHolder
from xiejian.vigilance.recall_checks import Answer, Plan, Progress, Source, Suspicion
from xiejian.vigilance.recall_rules import values


def recall_a_lot(staffed: Staffed) -> int:
    """Recall the lot that the office's hospitals reported; how many recalls. None without such a report."""
    with DATA.open("rb") as file:
        said: dict[str, Any] = tomllib.load(file)["recall"]
    rows = AdverseEvent.objects.filter(office_code__startswith=stem(staffed.code), lot=said["of_lot"])
    event = rows.order_by("pk").first()
    if event is None:
        return 0
    first = staffed.today - timedelta(days=said["days_ago"])
    days = [first + timedelta(days=n) for n in range(0, said["days_ago"], 2)]
    found = _decided(event, said, days, staffed)
    _told(found, said, days, staffed)
    _answered(found, said, days, staffed)
    return 1


def _decided(event: AdverseEvent, said: dict[str, Any], days: list[Any], staffed: Staffed) -> Recall:
    suspicion = Suspicion(
        product_name=event.product_name, reason=said["reason"], suspected_on=days[0], lots=(event.lot,),
        holder_name=said["holder"], registration_no=event.registration_no, defect=said["defect"],
    )  # fmt: skip
    by = staffed.officer
    found = recalls.open_recall(
        suspicion=suspicion, office_code=staffed.code, by=by, at=moment(days[0]),
        source=Source("event", event.pk, event.number),
    )  # fmt: skip
    found = recalls.evaluate_recall(
        recall=found, evaluation=said["evaluation"], on=days[1], by=by, at=moment(days[1])
    )
    return recalls.decide_recall(recall=found, level=said["level"], on=days[2], by=by, at=moment(days[2]))


def _told(found: Recall, said: dict[str, Any], days: list[Any], staffed: Staffed) -> None:
    by, at = staffed.officer, moment(days[3])
    hospitals = AdverseEvent.objects.filter(office_code__startswith=stem(staffed.code)).order_by("pk")
    units = list(dict.fromkeys(hospitals.values_list("party__name", "party__uscc")))
    for (name, uscc), quantity in zip(units, said["held"], strict=False):
        recall_holders.add_holder(recall=found, name=name, uscc=uscc or "", quantity=quantity, by=by, at=at)
    recalls.notify_holders(recall=found, how=values("told_how")[1], on=days[3], by=by, at=at)
    recalls.file_form(recall=found, on=days[3], contact=said["contact"], by=by, at=at)
    recalls.report_national(recall=found, on=days[3], by=by, at=at)
    plan = Plan(
        planned=said["planned"], sold=said["planned"], measures=said["measures"], areas=said["areas"],
        treatments=tuple(said["treatments"]), finish_by=staffed.today + timedelta(days=10), every_days=15,
    )  # fmt: skip
    recalls.file_plan(recall=found, plan=plan, on=days[4], by=by, at=moment(days[4]))


def _answered(found: Recall, said: dict[str, Any], days: list[Any], staffed: Staffed) -> None:
    by = staffed.officer
    units = list(RecallHolder.objects.filter(recall=found).order_by("pk"))
    for unit, answer in zip(units, said["answered"], strict=False):
        recall_holders.answer_recall(
            holder=unit, answer=Answer(stopped=True, **answer), on=days[6], by=by, at=moment(days[6])
        )
    progress = Progress(**said["progress"])
    recalls.report_progress(recall=found, progress=progress, on=days[8], by=by, at=moment(days[8]))
