"""Every write of courses and their examinations: made by the office, studied and sat by people of firms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

from xiejian.firms import checks as check
from xiejian.firms import exams, rules
from xiejian.firms.checks import problems, refuse
from xiejian.firms.exams import Question
from xiejian.firms.models import Attendance, Course, Delivery, Sitting
from xiejian.firms.steps import OFFICE, attach, moved, note
from xiejian.inspections.places import Place
from xiejian.kernel import workflow
from xiejian.kernel.cells import tag_list, tag_text
from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.models import FirmUser
from xiejian.people.numbering import next_number
from xiejian.people.policy import Actor, require, require_for
from xiejian.registry.models import Party

WORKFLOW = workflow.load(Path(__file__).with_name("course_workflow.toml"))
#: Whoever may see the own firm's pages may learn.
LEARN = "firm.view"


def place_of(course: Course) -> Place:
    """Where the files of a course belong."""
    return Place("course", course.pk, course.number, course.office_code, OFFICE)


def pool_of(course: Course) -> list[Question]:
    """The questions that the course's paper is drawn from."""
    return exams.pool(tag_list(course.topics))


# --- the office --------------------------------------------------------------------------------------------


def _facts(
    title: str,
    text: str,
    topics: Sequence[str],
    questions: int | None,
    pass_percent: int | None,
    attempts: int | None,
    closes_on: dt.date | None,
    at: dt.datetime,
) -> dict[str, Any]:
    """The columns of a course; what is not said is the pack's. FI101, FI104, FI105, FI401 to FI403."""
    count = rules.value("FI-6") if questions is None else questions
    percent = rules.value("FI-5") if pass_percent is None else pass_percent
    times = rules.value("FI-7") if attempts is None else attempts
    refuse(
        check.check_given(title, "课程名称"),
        check.check_not_past(closes_on, timezone.localdate(at), "截止日期"),
        *(check.check_one_of(topic, exams.topics(), "考试范围") for topic in topics),
        check.check_examination(count, len(exams.pool(topics)), percent, times),
    )
    return {
        "title": title.strip()[:120], "text": text.strip(), "topics": tag_text(topics), "questions": count,
        "pass_percent": percent, "attempts": times, "closes_on": closes_on,
    }  # fmt: skip


@transaction.atomic
def draft_course(
    *,
    title: str,
    text: str,
    by: Actor,
    at: dt.datetime,
    topics: Sequence[str] = (),
    questions: int | None = None,
    pass_percent: int | None = None,
    attempts: int | None = None,
    closes_on: dt.date | None = None,
    office_code: str = "",
    files: Sequence[File] = (),
) -> Course:
    """A course of an office (the own one when empty), with files to read. ``questions`` 0: no examination.

    Refused: FI101, FI104, FI105, FI106, FI401 to FI403; files as ``attach_evidence``.
    """
    sender = office_code or by.office_code
    require(by, OFFICE, sender)
    facts = _facts(title, text, topics, questions, pass_percent, attempts, closes_on, at)
    refuse(check.check_files(len(files)))
    pattern, year = rules.number_pattern("course"), timezone.localdate(at).year
    row = Course.objects.create(
        number=next_number(Course, pattern, sender, year), state=WORKFLOW.start, office_code=sender,
        made_at=at, by_name=by.name, **facts,
    )  # fmt: skip
    note("draft_course", row, by, at, title=row.title, questions=row.questions)
    attach(place_of(row), files, by, at)
    return row


@transaction.atomic
def amend_course(
    *,
    course: Course,
    title: str,
    text: str,
    by: Actor,
    at: dt.datetime,
    topics: Sequence[str] = (),
    questions: int | None = None,
    pass_percent: int | None = None,
    attempts: int | None = None,
    closes_on: dt.date | None = None,
) -> Course:
    """Change a course that is not open. Refused like ``draft_course``."""
    moved(course, WORKFLOW, "amend_course", by)
    facts = _facts(title, text, topics, questions, pass_percent, attempts, closes_on, at)
    changed = {
        n: [getattr(course, n), v] for n, v in facts.items() if getattr(course, n) != v and n != "text"
    }
    for name, value in facts.items():
        setattr(course, name, value)
    course.save()
    note("amend_course", course, by, at, changed=changed)
    return course


def _moved_to(action: str, course: Course, by: Actor, at: dt.datetime) -> Course:
    state = moved(course, WORKFLOW, action, by)
    course.save()
    note(action, course, by, at, state=state)
    return course


@transaction.atomic
def open_course(*, course: Course, by: Actor, at: dt.datetime) -> Course:
    """People of the firms that a notice names may study it from now on."""
    return _moved_to("open_course", course, by, at)


@transaction.atomic
def close_course(*, course: Course, by: Actor, at: dt.datetime) -> Course:
    """Nobody studies or sits it any more; what was reached stands."""
    return _moved_to("close_course", course, by, at)


# --- people of firms ---------------------------------------------------------------------------------------


def _learner(course: Course, by: Actor, today: dt.date) -> tuple[FirmUser, Party]:
    """Who learns, and the firm; while the course is open and was given to it (FI205, FI405, FI412, FI413)."""
    login = by.username.partition(":")[2]
    user = FirmUser.objects.filter(uscc=by.firm, username=login).first() if by.firm else None
    if user is None:
        raise Refused(problems("FI413"))
    require_for(by, LEARN, user.uscc, where=course.number)
    given = Delivery.objects.filter(notice__course=course, notice__state="sent", party__uscc=by.firm)
    delivery = given.select_related("party").first()
    if delivery is None:
        raise Refused(problems("FI412", course.number))
    over = course.closes_on if course.closes_on and today > course.closes_on else None
    refuse(
        check.check_course_open(course.title, course.state),
        [problems("FI405", course.number, closes_on=over)] if over else [],
    )
    return user, delivery.party


def _note(
    action: str, course: Course, attendance: Attendance, by: Actor, at: dt.datetime, **more: Any
) -> None:
    audit.record(
        by=by, at=at, action=action, subject="attendance", key=f"{course.number} {by.username}",
        office_code=attendance.office_code, detail=more,
    )  # fmt: skip


@transaction.atomic
def study_course(*, course: Course, by: Actor, at: dt.datetime) -> Attendance:
    """我已学习: somebody has read it; said again, the first time stands. FI205, FI405, FI412, FI413."""
    user, party = _learner(course, by, timezone.localdate(at))
    attendance, created = Attendance.objects.get_or_create(
        course=course, user=user,
        defaults={"party": party, "office_code": party.office_code, "studied_at": at},
    )  # fmt: skip
    if created:
        _note("study_course", course, attendance, by, at)
    return attendance


@transaction.atomic
def begin_exam(*, course: Course, by: Actor, at: dt.datetime) -> Sitting:
    """A paper drawn for this person and attempt; one that was begun and not handed in is given again.

    Refused: not studied (FI409), no examination (FI411), passed (FI407), no attempt left (FI404), too soon
    after the last one (FI406), and as ``study_course``.
    """
    today = timezone.localdate(at)
    user, _ = _learner(course, by, today)
    rows = Attendance.objects.select_for_update(of=("self",))
    attendance = rows.filter(course=course, user=user).first()
    if attendance is None:
        raise Refused(problems("FI409", course.number))
    if not course.questions:
        raise Refused(problems("FI411", course.number))
    sittings = list(attendance.sittings.all())
    if sittings and sittings[-1].finished_at is None:
        return sittings[-1]
    again = _again_at(sittings)
    refuse(
        check.check_not_passed(attendance.passed_on),
        check.check_attempt(len(sittings), course.attempts, course.closes_on, today),
        check.check_waited(again, at, f"{timezone.localtime(again):%H:%M}" if again else ""),
    )
    attempt = len(sittings) + 1
    seed = f"{course.number}:{by.username}:{attempt}"
    drawn = exams.draw(pool_of(course), seed, course.questions)
    made = Sitting.objects.create(
        attendance=attendance, attempt=attempt, seed=seed, started_at=at,
        questions=[{"id": question.id, "digest": question.digest} for question in drawn],
    )  # fmt: skip
    _note("begin_exam", course, attendance, by, at, attempt=attempt, seed=seed)
    return made


def _again_at(sittings: Sequence[Sitting]) -> dt.datetime | None:
    """From when on another attempt may begin."""
    last = sittings[-1].finished_at if sittings else None
    return last + dt.timedelta(minutes=rules.value("FI-8")) if last else None


def paper_of(sitting: Sitting) -> list[Question]:
    """The questions of a paper, in its order; one that left the bank since is left out."""
    bank = exams.bank()
    return [bank[entry["id"]] for entry in sitting.questions if entry["id"] in bank]


@transaction.atomic
def hand_in(
    *, sitting: Sitting, answers: Mapping[str, Collection[int]], by: Actor, at: dt.datetime
) -> Sitting:
    """Mark the paper; a pass gives a certificate with a number. Refused: FI408, FI410; as study_course.

    ``answers``: question id → positions of the chosen choices, as the bank counts them.
    """
    attendance = Attendance.objects.select_for_update(of=("self",)).get(pk=sitting.attendance_id)
    sitting.refresh_from_db()
    course, today = attendance.course, timezone.localdate(at)
    user, _ = _learner(course, by, today)
    if user.pk != attendance.user_id:
        raise Refused(problems("FI413"))
    if sitting.finished_at is not None:
        raise Refused(problems("FI410", course.number))
    paper = paper_of(sitting)
    refuse(check.check_answers(answers, [question.id for question in paper]))
    found = exams.mark(paper, answers)
    sitting.answers = {name: sorted(set(chosen)) for name, chosen in answers.items()}
    sitting.finished_at, sitting.right, sitting.percent = at, found.right, found.percent
    sitting.passed = found.percent >= course.pass_percent
    sitting.save()
    attendance.best = max(found.percent, attendance.best or 0)
    if sitting.passed:
        attendance.passed_on = today
        attendance.certificate_no = next_number(
            Attendance, rules.number_pattern("certificate"), course.office_code, today.year, "certificate_no"
        )
    attendance.save()
    _note(
        "hand_in_exam", course, attendance, by, at, attempt=sitting.attempt, percent=found.percent,
        passed=sitting.passed, certificate=attendance.certificate_no,
    )  # fmt: skip
    return sitting
