"""Every refusal about recalls: facts in, problems out; no database, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from xiejian.kernel.problems import Problem
from xiejian.vigilance.checks import problems

ON_ITS_OWN, ORDERED = "主动", "责令"
#: an item of the evaluation that may stay empty
_OTHER = "other"
HIGHER, WIDER, SHORTER, TREATED = "提高召回级别", "扩大召回范围", "缩短召回时间", "改变处理方式"


@dataclass(frozen=True)
class Suspicion:
    """What is suspected of which product of whom; ``holder`` is the registrant, filer or agent who recalls.

    ``found_by``: 经营企业 or 使用单位 where one of these found the defect. ``lots`` empty: not known yet.
    """

    product_name: str
    reason: str
    suspected_on: dt.date
    holder_name: str
    holder_uscc: str = ""
    registration_no: str = ""
    model_spec: str = ""
    di: str = ""
    lots: tuple[str, ...] = ()
    defect: str = ""
    found_by: str = ""


@dataclass(frozen=True)
class Source:
    """The record that led to a recall: event, signal, sample, case, lead, trace; none by default."""

    kind: str = ""
    record: int | None = None
    number: str = ""


@dataclass(frozen=True)
class Plan:
    """召回计划. Quantities are least sale units; ``every_days``: how often progress is reported."""

    planned: int
    measures: str
    treatments: tuple[str, ...]
    finish_by: dt.date
    every_days: int
    made: int | None = None
    sold: int | None = None
    areas: str = ""
    publication: str = ""
    expected: str = ""
    contact: str = ""


@dataclass(frozen=True)
class Progress:
    """How much is back, treated, and of that destroyed, counted from the beginning of the recall."""

    returned: int
    treated: int
    destroyed: int = 0
    text: str = ""


@dataclass(frozen=True)
class Answer:
    """What a holder counted and did. ``found`` is in stock; ``implanted`` was used or implanted before."""

    stopped: bool
    found: int
    returned: int = 0
    treated: int = 0
    destroyed: int = 0
    implanted: int = 0
    note: str = ""


def check_lots(lots: Collection[str]) -> list[Problem]:
    """A recall that is decided says which lots it means."""
    return [] if any(lot.strip() for lot in lots) else [problems("J401", "批号")]


def check_evaluation(given: Mapping[str, str], items: Mapping[str, str]) -> list[Problem]:
    """Every item of the law is spoken of; an unknown one is refused too."""
    missing = [
        label for name, label in items.items() if name != _OTHER and not str(given.get(name, "")).strip()
    ]
    unknown = sorted(set(given) - set(items))
    found = [problems("J402", items="、".join(missing))] if missing else []
    return found + ([problems("J403", items="、".join(unknown))] if unknown else [])


def check_words(given: Sequence[str], known: Collection[str], what: str, least: int = 1) -> list[Problem]:
    """Each of them is one of the known words, and there are enough."""
    if len(given) < least:
        return [problems("J101", what, what=what)]
    wrong = [word for word in given if word not in known]
    return (
        [problems("J104", what, given="、".join(wrong), what=what, known="、".join(known))] if wrong else []
    )


def check_plan(plan: Plan, decided_on: dt.date | None) -> list[Problem]:
    """The quantities fit into each other, and the end lies after the decision."""
    found: list[Problem] = []
    for less, more in ((plan.planned, plan.sold), (plan.sold, plan.made), (plan.planned, plan.made)):
        if less is not None and more is not None and less > more:
            found.append(problems("J404", made=plan.made, sold=plan.sold, planned=plan.planned))
            break
    if plan.planned < 0 or plan.every_days <= 0:
        found.append(problems("J405"))
    if decided_on and plan.finish_by < decided_on:
        found.append(problems("J406", finish_by=plan.finish_by, decided_on=decided_on))
    return found


def check_progress(now: Progress, before: Progress | None) -> list[Problem]:
    """What was treated came back or was treated on the spot; quantities from the beginning never shrink."""
    found = [] if now.destroyed <= now.treated else [problems("J407", n=now.destroyed, treated=now.treated)]
    if before and any(
        new < old
        for new, old in (
            (now.returned, before.returned), (now.treated, before.treated), (now.destroyed, before.destroyed)
        )
    ):  # fmt: skip
        found.append(problems("J408"))
    return found


def check_answer(answer: Answer) -> list[Problem]:
    """No more is given back, treated and destroyed than was found in stock; nothing is less than nothing."""
    parts = (answer.returned, answer.treated, answer.destroyed)
    if min(answer.found, answer.implanted, *parts) < 0:
        return [problems("J409")]
    if sum(parts) > answer.found:
        return [problems("J410", found=answer.found, parts=sum(parts))]
    return []


def check_answers_taken(state: str, label: str, number: str, taken: Collection[str]) -> list[Problem]:
    """A holder answers from the decision on, until the recall is reviewed."""
    return [] if state in taken else [problems("J411", number, number=number, state=label)]


def check_listed(names: Collection[str], again: Collection[str]) -> list[Problem]:
    """Somebody new is put on the list of holders."""
    if names:
        return []
    return [problems("J412", "、".join(again))] if again else [problems("J413")]


def check_to_notify(units: int, waiting: int) -> list[Problem]:
    if not units:
        return [problems("J414")]
    return [] if waiting else [problems("J415")]


def check_all_notified(waiting: Sequence[str]) -> list[Problem]:
    """A recall is not done while a unit has not been told of it."""
    return [problems("J416", names="、".join(waiting))] if waiting else []


def check_accounted(is_open: bool, said: str, unanswered: int, left: int, missing: int) -> list[Problem]:
    """What is not accounted for is said before the recall is called done."""
    if not is_open or said.strip():
        return []
    return [problems("J417", unanswered=unanswered, left=left, missing=missing)]


def check_level_raised(level: str, now: str, levels: Sequence[str]) -> list[Problem]:
    """A demand for a higher level names one above that of the recall (``levels``: gravest first)."""
    if level in levels and now in levels and levels.index(level) < levels.index(now):
        return []
    return [problems("J418", level=level or "空", now=now)]


def check_time_shortened(finish_by: dt.date | None, now: dt.date | None) -> list[Problem]:
    if finish_by and (now is None or finish_by < now):
        return []
    return [problems("J419", now=now or "未定")]


def check_demands_taken(state: str, label: str, number: str, taken: Collection[str]) -> list[Problem]:
    """The authority demands something of a recall that is decided and not yet done."""
    return [] if state in taken else [problems("J420", number, number=number, state=label)]


def check_order(kind: str, number: str, received_on: dt.date | None) -> list[Problem]:
    """Only the receipt of an order is noted, and once."""
    if kind != ORDERED:
        return [problems("J421", number, number=number)]
    return [problems("J422", number, number=number, on=received_on)] if received_on else []


def check_traceable(di: str, lots: Collection[str]) -> list[Problem]:
    return [] if di and any(lots) else [problems("J423")]


def check_drawn_before(checked: Sequence[str]) -> list[Problem]:
    """Nobody is drawn anew once the asking has begun."""
    return [problems("J424", names="、".join(checked))] if checked else []


def check_form_filed(number: str, form_on: dt.date | None) -> list[Problem]:
    return [] if form_on else [problems("J425", number, number=number)]


def check_registered(number: str, in_register: bool) -> list[Problem]:
    """A firm that opens a recall itself is known to an office."""
    return [] if in_register else [problems("J426", number)]
