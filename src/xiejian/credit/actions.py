"""Evaluations and grades: every write of them. Lists are in list_actions.py, the rest in record_actions.py.

An evaluation counts the facts of all parties of an office with one query a source, and proposes. A worse
grade is told to the firm, whose objections run on a clock; another person decides; the register, the level
and with it the duties of the next plan follow in the same transaction.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from xiejian.clocks import actions as clocks
from xiejian.clocks.actions import NewClock
from xiejian.clocks.models import Clock
from xiejian.clocks.queries import clocks_of
from xiejian.credit import checks as check
from xiejian.credit import facts, rules
from xiejian.credit.checks import problems, refuse
from xiejian.credit.models import CreditGrade, CreditRun
from xiejian.kernel import workflow
from xiejian.kernel.conditions import add_months
from xiejian.kernel.divisions import stem
from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.numbering import next_numbers
from xiejian.people.policy import Actor, require
from xiejian.planning.grading import regrade_parties
from xiejian.registry.models import Party

WORKFLOW = workflow.load(Path(__file__).with_name("grade_workflow.toml"))
EDIT, DECIDE = "credit.edit", "credit.decide"
SUBJECT = "credit_grade"
#: Told to the firm and not yet decided: an evaluation leaves these alone.
IN_PROCEDURE = ("notified", "objected")
_BATCH = 2_000


def _note(
    action: str, rows: Iterable[CreditGrade], by: Actor, at: dt.datetime, before: dict[int, str], **more: Any
) -> None:
    entries = [
        (
            row.number or f"{row.party.name} {row.run_id}", row.office_code,
            {"party": row.party.name, "grade": [row.before, row.grade],
             "state": [before[row.pk], row.state], **more},
        )
        for row in rows
    ]  # fmt: skip
    audit.record_many(by=by, at=at, action=action, subject=SUBJECT, entries=entries)


# --- evaluation -----------------------------------------------------------------------------------------


@transaction.atomic
def evaluate_credit(
    *, office_code: str, from_on: dt.date, until_on: dt.date, on: dt.date, reason: str, by: Actor,
    at: dt.datetime,
) -> CreditRun:  # fmt: skip
    """Evaluate every party of an office and below that is not cancelled, over a period: the yearly one.

    Queries do not grow with the parties. A result as in force is confirmed; another is proposed and takes
    the place of a proposal that the firm was not told of. Refused: Q101 (reason), Q105 (period), P101.
    """
    require(by, EDIT, office_code)
    refuse(check.check_given(reason, "评定事由"), check.check_period(from_on, until_on, on))
    counted = facts.counted(office_code, from_on, until_on)
    return _propose(
        _parties(office_code), counted, office_code, (from_on, until_on, on), reason, by, at, whole=True
    )


@transaction.atomic
def evaluate_party(
    *, party: Party, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> CreditGrade | None:
    """Evaluate one party after an event, over the months up to ``on`` (QS-1).

    The proposal, or the confirmation; None while an earlier proposal is in procedure. Refused: Q101, P101.
    """
    require(by, EDIT, party.office_code, where=party.name)
    refuse(
        check.check_given(reason, "评定事由"), check.check_not_in_future(on, timezone.localdate(at), "日期")
    )
    first = _months_before(on)
    counted = {party.pk: facts.counted_of(party, first, on)}
    run = _propose(
        Party.objects.filter(pk=party.pk),
        counted,
        party.office_code,
        (first, on, on),
        reason,
        by,
        at,
        whole=False,
    )
    return run.grades.select_related("party", "run").first()


@transaction.atomic
def evaluate_events(*, office_code: str, on: dt.date, reason: str, by: Actor, at: dt.datetime) -> CreditRun:
    """Propose what became worse since: every party of an office and below, over the months up to ``on``.

    For every day: who stays as good as the register or an open proposal says is left alone, and gets
    better only by the evaluation of the year. Queries do not grow with the parties. Refused: Q101, Q102.
    """
    require(by, EDIT, office_code)
    refuse(
        check.check_given(reason, "评定事由"), check.check_not_in_future(on, timezone.localdate(at), "日期")
    )
    first = _months_before(on)
    counted = facts.counted(office_code, first, on)
    return _propose(
        _parties(office_code), counted, office_code, (first, on, on), reason, by, at, whole=True,
        only_worse=True,
    )  # fmt: skip


def _parties(office_code: str) -> QuerySet[Party]:
    """The parties of an office and below that are not cancelled."""
    rows, base = Party.objects.exclude(status="注销"), stem(office_code)
    return rows.filter(office_code__startswith=base) if base else rows


def _months_before(on: dt.date) -> dt.date:
    """The first day of the months (QS-1) that end with ``on``."""
    return add_months(on, -rules.event_months()) + dt.timedelta(days=1)


def _propose(
    parties: QuerySet[Party], counted: dict[int, dict[str, int]], office_code: str,
    days: tuple[dt.date, dt.date, dt.date], reason: str, by: Actor, at: dt.datetime, *, whole: bool,
    only_worse: bool = False,
) -> CreditRun:  # fmt: skip
    pack, version = rules.pack()
    run = CreditRun.objects.create(
        whole=whole, from_on=days[0], until_on=days[1], on=days[2], office_code=office_code,
        reason=reason.strip()[:200], pack=pack, pack_version=version, at=at, by_username=by.username,
        by_name=by.name,
    )  # fmt: skip
    open_grades = CreditGrade.objects.filter(party__in=parties).order_by()
    told = set(open_grades.filter(state__in=IN_PROCEDURE).values_list("party_id", flat=True))
    waiting = open_grades.filter(state=WORKFLOW.start)
    proposed = dict(waiting.values_list("party_id", "grade"))
    counts: Counter[str] = Counter()
    made: list[CreditGrade] = []
    rows = parties.order_by("pk").values_list("pk", "office_code", "credit_grade")
    for key, office, before in rows.iterator(chunk_size=_BATCH):
        if key in told:
            counts["in_procedure"] += 1
            continue
        result = _result(run, key, office, before, counted.get(key, {}))
        if only_worse and not rules.worse(result.grade, proposed.get(key, before)):
            continue
        made.append(result)
        counts.update([result.grade, result.state])
    given_up = waiting.filter(party__in=[row.party_id for row in made]) if only_worse else waiting
    given_up.update(
        state=WORKFLOW.step(WORKFLOW.start, "replace_grade"), reason=f"{days[2]} 重新评定", ended_on=days[2]
    )
    CreditGrade.objects.bulk_create(made, batch_size=_BATCH)
    run.counts = dict(counts)
    run.save(update_fields=["counts"])
    audit.record(
        by=by, at=at, action="evaluate_credit", subject="credit_run", key=str(run.pk),
        office_code=office_code,
        detail={"reason": run.reason, "from": days[0], "until": days[1], "version": version, **run.counts},
    )  # fmt: skip
    return run


def _result(run: CreditRun, party: int, office: str, before: str, counted: dict[str, int]) -> CreditGrade:
    grade, held = rules.evaluate(counted)
    action = "confirm_unchanged" if grade == before else ""
    return CreditGrade(
        run=run, party_id=party, office_code=office, grade=grade, before=before,
        worse=rules.worse(grade, before), rules="、".join(rule.id for rule in held), facts=counted,
        state=WORKFLOW.step(WORKFLOW.start, action) if action else WORKFLOW.start,
    )  # fmt: skip


# --- notice, objection, decision ------------------------------------------------------------------------


def _taken(
    grades: Collection[CreditGrade], action: str, permission: str, by: Actor
) -> tuple[list[CreditGrade], dict[int, str]]:
    """The grades as they are now, locked and moved along their table; their states before."""
    locked = CreditGrade.objects.select_for_update(of=("self",)).select_related("party", "run")
    rows = list(locked.filter(pk__in=[grade.pk for grade in grades]).order_by("pk"))
    if not rows:
        raise Refused(problems("Q110"))
    for office in {row.office_code for row in rows}:
        require(by, permission, office)
    before = {row.pk: row.state for row in rows}
    for row in rows:
        row.state = WORKFLOW.step(row.state, action, where=row.party.name)
    return rows, before


def _one(grade: CreditGrade, action: str, permission: str, by: Actor) -> tuple[CreditGrade, dict[int, str]]:
    (row,), before = _taken([grade], action, permission, by)
    return row, before


def _number(rows: Sequence[CreditGrade], on: dt.date) -> None:
    """Numbers for those that have none yet, office by office."""
    bare: dict[str, list[CreditGrade]] = {}
    for row in rows:
        if not row.number:
            bare.setdefault(row.run.office_code, []).append(row)
    for office, unnumbered in bare.items():  # the offices of one action: as a rule one
        numbers = next_numbers(
            CreditGrade, rules.number_pattern("grade"), office, on.year, count=len(unnumbered)
        )
        for row, number in zip(unnumbered, numbers, strict=True):
            row.number = number


@transaction.atomic
def notify_grades(
    *, grades: Collection[CreditGrade], on: dt.date, how: str, by: Actor, at: dt.datetime
) -> list[CreditGrade]:
    """Tell the firms what is proposed and why; their time to object runs from ``on``.

    Refused: nothing chosen (Q110), no way named (Q101), in the future (Q102) or before the evaluation (Q103).
    """
    rows, before = _taken(grades, "notify_grades", EDIT, by)
    refuse(
        check.check_given(how, "告知方式"),
        check.check_not_in_future(on, timezone.localdate(at), "告知日期"),
        check.check_order_of_dates("评定日期", max(row.run.on for row in rows), "告知日期", on),
    )
    _number(rows, on)
    for row in rows:
        row.notified_on, row.notified_how = on, how.strip()[:60]
    CreditGrade.objects.bulk_update(rows, ["state", "number", "notified_on", "notified_how"], batch_size=500)
    rule = rules.clock_rule("grade_statement")
    clocks.set_clocks(
        [
            NewClock(
                SUBJECT, row.pk, "statement", rule, on, f"{row.number} {row.party.name}", row.office_code
            )
            for row in rows
        ],
        by=by, at=at,
    )  # fmt: skip
    _note("notify_grades", rows, by, at, before, on=on, how=how)
    return rows


def _statement_due(rows: Sequence[CreditGrade]) -> dict[int, dt.date | None]:
    """The last day for objections where that time still runs."""
    found = clocks_of(SUBJECT, [row.pk for row in rows])
    return {
        key: next((c.due_legal for c in running if c.state == Clock.RUNNING), None)
        for key, running in found.items()
    }


@transaction.atomic
def object_to_grade(
    *, grade: CreditGrade, on: dt.date, objection: str, by: Actor, at: dt.datetime
) -> CreditGrade:
    """The firm objects. Refused: nothing said (Q101), in the future, before the notice, too late (Q109)."""
    row, before = _one(grade, "object_to_grade", EDIT, by)
    refuse(
        check.check_given(objection, "异议"),
        check.check_not_in_future(on, timezone.localdate(at), "提出异议日期"),
        check.check_order_of_dates("告知日期", row.notified_on, "提出异议日期", on),
        check.check_in_time(on, _statement_due([row]).get(row.pk)),
    )
    row.objected_on, row.objection = on, objection.strip()[:500]
    row.save()
    clocks.finish_clock(subject=SUBJECT, record=row.pk, name="statement", on=on, by=by, at=at)
    _note("object_to_grade", [row], by, at, before, on=on, objection=row.objection)
    return row


def _answered(
    grade: CreditGrade, action: str, on: dt.date, answer: str, by: Actor, at: dt.datetime
) -> CreditGrade:
    row, before = _one(grade, action, EDIT, by)
    refuse(
        check.check_given(answer, "答复"),
        check.check_not_in_future(on, timezone.localdate(at), "异议答复日期"),
        check.check_order_of_dates("提出异议日期", row.objected_on, "异议答复日期", on),
    )
    row.answered_on, row.answer = on, answer.strip()[:500]
    if action == "uphold_objection":
        row.reason, row.ended_on = row.answer[:300], on
    row.save()
    _note(action, [row], by, at, before, on=on, answer=row.answer)
    return row


@transaction.atomic
def dismiss_objection(
    *, grade: CreditGrade, on: dt.date, answer: str, by: Actor, at: dt.datetime
) -> CreditGrade:
    """The objection was looked into and does not hold: the proposal stands, a decision may follow."""
    return _answered(grade, "dismiss_objection", on, answer, by, at)


@transaction.atomic
def uphold_objection(
    *, grade: CreditGrade, on: dt.date, answer: str, by: Actor, at: dt.datetime
) -> CreditGrade:
    """The objection holds: the proposal is given up; put the records right and evaluate anew."""
    return _answered(grade, "uphold_objection", on, answer, by, at)


@transaction.atomic
def decide_grades(
    *, grades: Collection[CreditGrade], on: dt.date, by: Actor, at: dt.datetime, waived: bool = False
) -> list[CreditGrade]:
    """Put grades in force: the register, the levels and the duties follow at once.

    Refused: by whoever evaluated (Q108), a worse grade without notice (Q106) or while its time for
    objections runs (Q107) unless ``waived`` in writing, a date in the future (Q102).
    """
    rows, before = _taken(grades, "decide_grades", DECIDE, by)
    due = _statement_due(rows)
    refuse(
        *(check.check_another_person(user, by.username) for user in {row.run.by_username for row in rows}),
        check.check_not_in_future(on, timezone.localdate(at), "决定日期"),
        check.check_order_of_dates("评定日期", max(row.run.on for row in rows), "决定日期", on),
        *(
            check.check_heard(
                row.party.name, row.worse, row.notified_on is not None, due.get(row.pk), on, waived
            )
            for row in rows
        ),
    )
    _number(rows, on)
    for row in rows:
        row.decided_on, row.decided_by = on, by.name
    _replace([row.party_id for row in rows], on)
    CreditGrade.objects.bulk_update(rows, ["state", "number", "decided_on", "decided_by"], batch_size=500)
    Clock.objects.filter(
        subject=SUBJECT, name="statement", state=Clock.RUNNING, record__in=[row.pk for row in rows]
    ).update(state=Clock.DONE, ended_on=on)
    _note("decide_grades", rows, by, at, before, on=on, waived=waived)
    _into_the_register(rows, on, by, at)
    return rows


def _replace(parties: list[int], on: dt.date) -> None:
    """What was in force for these parties is no longer."""
    CreditGrade.objects.filter(party__in=parties, state="in_force").update(
        state=WORKFLOW.step("in_force", "replace_grade"), ended_on=on
    )


def _into_the_register(rows: Sequence[CreditGrade], on: dt.date, by: Actor, at: dt.datetime) -> None:
    """The register's grade of each party, and the levels and duties that follow from it."""
    changed = [row for row in rows if row.party.credit_grade != row.grade]
    for grade in sorted({row.grade for row in changed}):  # four at most
        keys = [row.party_id for row in changed if row.grade == grade]
        Party.objects.filter(pk__in=keys).update(credit_grade=grade, updated_at=at)
    regrade_parties(
        parties=[row.party_id for row in changed],
        fact="credit_grade",
        on=on,
        reason="信用等级变更",
        by=by,
        at=at,
    )


@transaction.atomic
def reject_grade(*, grade: CreditGrade, on: dt.date, reason: str, by: Actor, at: dt.datetime) -> CreditGrade:
    """The proposal is not followed; what is in force stays. Refused: no reason (Q101), Q108, Q102."""
    row, before = _one(grade, "reject_grade", DECIDE, by)
    refuse(
        check.check_given(reason, "理由"),
        check.check_another_person(row.run.by_username, by.username),
        check.check_not_in_future(on, timezone.localdate(at), "决定日期"),
    )
    row.decided_on, row.decided_by, row.reason, row.ended_on = on, by.name, reason.strip()[:300], on
    row.save()
    clocks.drop_clocks(subject=SUBJECT, record=row.pk, reason=f"不予采纳：{row.reason}", by=by, at=at)
    _note("reject_grade", [row], by, at, before, on=on, reason=row.reason)
    return row
