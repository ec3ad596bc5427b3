"""Writes about the units that hold recalled product: who they are, what they answered, who asked them."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.db import transaction

from xiejian.kernel import workflow
from xiejian.people.policy import Actor, may, require, require_for
from xiejian.registry.models import Party
from xiejian.supply.lot_holders import holders_of_lots
from xiejian.vigilance import recall_checks as rcheck
from xiejian.vigilance import recall_rules
from xiejian.vigilance.checks import check_given, check_one_of, refuse
from xiejian.vigilance.models import Recall, RecallHolder
from xiejian.vigilance.recall_checks import Answer
from xiejian.vigilance.recall_figures import drawn, sample_size
from xiejian.vigilance.recalls import (
    FIRM,
    RUNNING,
    SUPERVISING,
    WORKFLOW,
    dated,
    hold,
    locked,
    note,
    require_to_recall,
)

HOLDER_WORKFLOW = workflow.load(Path(__file__).with_name("recall_holder_workflow.toml"))
REPORTING = "vigilance.report"
#: states of a recall in which its holders answer, and in which the list may grow
TAKEN = (*RUNNING, "completed", "summary_filed")


def _locked(holder: RecallHolder) -> RecallHolder:
    RecallHolder.objects.select_for_update().only("pk").get(pk=holder.pk)
    return RecallHolder.objects.select_related("recall").get(pk=holder.pk)


def _check_taken(recall: Recall) -> None:
    refuse(rcheck.check_answers_taken(recall.state, WORKFLOW.states[recall.state], recall.number, TAKEN))


def _require_for_holder(by: Actor, holder: RecallHolder, permission: str, where: str) -> None:
    """Officers in charge of the recall, or of the unit."""
    if not (holder.office_code and may(by, permission, holder.office_code)):
        require(by, permission, holder.recall.office_code, where=where)


@transaction.atomic
def trace_holders(*, recall: Recall, on: dt.date, by: Actor, at: dt.datetime) -> list[RecallHolder]:
    """由追溯列出持有单位: who has how much of the lots at the end of a day, by the movements of all firms.

    Units already on the list stay as they are. Refused: no identifier or lot (J423), nobody new (J412, J413).
    """
    recall = locked(recall)
    require_to_recall(by, recall)
    refuse(rcheck.check_traceable(recall.di, recall.lots))
    dated(at, "追溯日期", on, "发现日期", recall.suspected_on)
    found = holders_of_lots(recall.di, recall.lots, on)
    listed = set(recall.holders.values_list("uscc", flat=True))
    new = [one for one in found if one.uscc not in listed]
    again = [one.name for one in found if one.uscc in listed]
    refuse(rcheck.check_listed([one.name for one in new], again))
    made = RecallHolder.objects.bulk_create(
        RecallHolder(
            recall=recall,
            uscc=one.uscc,
            name=one.name,
            office_code=one.office_code,
            from_trace=True,
            lots=one.lots,
            quantity=one.quantity,
        )
        for one in new
    )
    note("trace_holders", recall, by, at, on=on, units=len(made), quantity=sum(one.quantity for one in new))
    return made


@transaction.atomic
def add_holder(
    *, recall: Recall, name: str, by: Actor, at: dt.datetime, uscc: str = "", quantity: int = 0
) -> RecallHolder:
    """添加持有单位 that no movement shows: by its name, and its credit code where it is known."""
    recall = locked(recall)
    require_to_recall(by, recall)
    party = Party.objects.filter(uscc=uscc).first() if uscc else None
    name = name.strip() or (party.name if party else "")
    same = recall.holders.filter(uscc=uscc) if uscc else recall.holders.filter(name=name)
    refuse(
        check_given(name, "单位名称"),
        rcheck.check_listed([] if same.exists() else [name], [name]),
        [] if quantity >= 0 else [rcheck.problems("J409")],
    )
    made = RecallHolder.objects.create(
        recall=recall, uscc=uscc, name=name, office_code=party.office_code if party else "", quantity=quantity
    )
    note("add_holder", recall, by, at, name=name, uscc=uscc, quantity=quantity)
    return made


@transaction.atomic
def inform_holder(*, holder: RecallHolder, how: str, on: dt.date, by: Actor, at: dt.datetime) -> RecallHolder:
    """登记一家单位已通知: told on another day or in another way than the rest; its lots stand still."""
    holder = _locked(holder)
    recall = holder.recall
    require_to_recall(by, recall)
    _check_taken(recall)
    holder.state = HOLDER_WORKFLOW.step(holder.state, "inform_holder", where=holder.number)
    refuse(check_one_of(how, recall_rules.values("told_how"), "通知方式"))
    dated(at, "通知日期", on, "决定召回日期", recall.decided_on)
    holder.notified_on, holder.notified_how = on, how
    holder.save()
    hold(recall, [holder], by, at)
    note("inform_holder", recall, by, at, unit=holder.name, on=on, how=how)
    return holder


@transaction.atomic
def answer_recall(
    *, holder: RecallHolder, answer: Answer, on: dt.date, by: Actor, at: dt.datetime
) -> RecallHolder:
    """答复召回: what the unit counted and did; of several answers the last stands, the log keeps all.

    Refused: J409, J410; a recall that takes no answers (J411).
    """
    holder = _locked(holder)
    recall = holder.recall
    if by.firm:
        require_for(by, FIRM, holder.uscc, where=recall.number)
    else:
        _require_for_holder(by, holder, REPORTING, holder.number)
    _check_taken(recall)
    holder.state = HOLDER_WORKFLOW.step(holder.state, "answer_recall", where=holder.number)
    refuse(rcheck.check_answer(answer))
    dated(at, "答复日期", on, "决定召回日期", recall.decided_on)
    given: dict[str, Any] = asdict(answer)
    before = {name: getattr(holder, name) for name in given}
    for name, value in given.items():
        setattr(holder, name, value)
    holder.answered_on, holder.answered_by = on, by.name
    # who answers has been told, by whatever way
    holder.notified_on = holder.notified_on or on
    holder.save()
    changes = {name: [before[name], value] for name, value in given.items() if before[name] != value}
    note("answer_recall", recall, by, at, unit=holder.name, on=on, **changes)
    return holder


@transaction.atomic
def draw_check(*, recall: Recall, seed: str, by: Actor, at: dt.datetime) -> list[RecallHolder]:
    """抽取核实单位: who is asked whether the recall reached them; seed and list give the same units again.

    Refused: somebody was asked already (J424), nobody on the list (J414).
    """
    recall = locked(recall)
    require(by, SUPERVISING, recall.office_code, where=recall.number)
    holders = list(recall.holders.select_for_update())
    refuse(
        check_given(seed, "种子"),
        rcheck.check_to_notify(len(holders), len(holders)),
        rcheck.check_drawn_before([row.name for row in holders if row.checked_on]),
    )
    keys = {row.uscc or row.name: row for row in holders}
    chosen = set(drawn(keys, seed, sample_size(len(keys), *recall_rules.sample())))
    for key, row in keys.items():
        row.drawn = key in chosen
    RecallHolder.objects.bulk_update(holders, ["drawn"])
    recall.check_seed = seed
    recall.save(update_fields=["check_seed"])
    note("draw_check", recall, by, at, seed=seed, units=[keys[key].name for key in sorted(chosen)])
    return [row for row in holders if row.drawn]


@transaction.atomic
def check_holder(
    *, holder: RecallHolder, how: str, reached: bool, acted: bool, on: dt.date, by: Actor, at: dt.datetime,
    text: str = "",
) -> RecallHolder:  # fmt: skip
    """核实召回效果 at one unit: was it reached, did it do what was asked."""
    holder = _locked(holder)
    recall = holder.recall
    _require_for_holder(by, holder, REPORTING, holder.number)
    _check_taken(recall)
    refuse(
        check_one_of(how, recall_rules.values("checked_how"), "核实方式"),
        [] if reached and acted else check_given(text, "核实情况"),
    )
    dated(at, "核实日期", on, "决定召回日期", recall.decided_on)
    holder.checked_on, holder.checked_how, holder.check_note = on, how, text
    holder.reached, holder.acted = reached, acted
    holder.save()
    note(
        "check_holder", recall, by, at, unit=holder.name, on=on, how=how, reached=reached, acted=acted,
        text=text,
    )  # fmt: skip
    return holder
