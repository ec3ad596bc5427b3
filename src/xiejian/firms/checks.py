"""Every refusal of the firms room: facts in, problems out; no database, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from pathlib import Path

from xiejian.firms import rules
from xiejian.firms.rules import ADDRESS, ADDRESS_KIND, PERSON, POSITION, TEXT, ReportKind
from xiejian.kernel.problems import Catalogue, Problem, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))


def refuse(*found: Iterable[Problem]) -> None:
    """Raise Refused with every problem of every check, if there is any."""
    if all_found := [problem for check in found for problem in check]:
        raise Refused(all_found)


def check_given(text: str, what: str) -> list[Problem]:
    return [] if text.strip() else [problems("FI101", what, what=what)]


def check_length(text: str, what: str) -> list[Problem]:
    limit = rules.value("FI-9")
    count = len(text.strip())
    return [] if count <= limit else [problems("FI102", what, what=what, count=count, limit=limit)]


def check_text(text: str, what: str) -> list[Problem]:
    """Something is said, and not too much."""
    return check_given(text, what) + check_length(text, what)


def check_not_in_future(on: dt.date | None, today: dt.date, what: str) -> list[Problem]:
    """Nothing is recorded before it has happened; an unknown date refuses nothing."""
    if on is None or on <= today:
        return []
    return [problems("FI103", what, what=what, on=on, today=today)]


def check_not_past(on: dt.date | None, today: dt.date, what: str) -> list[Problem]:
    """A date by which something is wanted is still to come; no date refuses nothing."""
    if on is None or on >= today:
        return []
    return [problems("FI104", what, what=what, on=on, today=today)]


def check_one_of(given: str, known: Collection[str], what: str) -> list[Problem]:
    if given in known:
        return []
    return [problems("FI105", what, what=what, given=given or "（空）", known="、".join(known))]


def check_files(count: int) -> list[Problem]:
    most = rules.value("FI-1")
    return [] if count <= most else [problems("FI106", "附件", count=count, most=most)]


def check_order_of_dates(
    earlier: str, earlier_on: dt.date | None, later: str, later_on: dt.date | None
) -> list[Problem]:
    """The later step is not dated before the earlier one; an unknown date refuses nothing."""
    if earlier_on is None or later_on is None or earlier_on <= later_on:
        return []
    return [problems("FI107", later, earlier=earlier, earlier_on=earlier_on, later=later, later_on=later_on)]


# --- notices -----------------------------------------------------------------------------------------------


def check_somebody(count: int) -> list[Problem]:
    return [] if count else [problems("FI201", "发送范围")]


def check_codes_known(missing: Collection[str]) -> list[Problem]:
    if not missing:
        return []
    return [problems("FI202", "指定单位", codes="、".join(sorted(missing)[:5]), count=len(missing))]


def check_in_force(state: str, label: str, number: str) -> list[Problem]:
    """A firm acts on a notice while it stands."""
    return [] if state == "sent" else [problems("FI203", number, state=label)]


def check_asks_for_answer(wants: bool, number: str) -> list[Problem]:
    return [] if wants else [problems("FI204", number)]


def check_course_open(title: str, state: str) -> list[Problem]:
    return [] if state == "open" else [problems("FI205", title)]


# --- status reports ----------------------------------------------------------------------------------------


def check_report(
    kind: ReportKind,
    *,
    text: str,
    position: str,
    person_before: str,
    person_after: str,
    address_kind: str,
    address: str,
    positions: Collection[str],
) -> list[Problem]:
    """What a kind of report asks for is there; ``positions``: those of the firm's links."""
    found = check_length(text, "情况说明")
    if TEXT in kind.asks:
        found += check_given(text, "情况说明")
    if POSITION in kind.asks:
        found += check_one_of(position, positions, "岗位")
    if PERSON in kind.asks:
        found += check_given(person_before + person_after, "原任或者现任人员")
        if person_before.strip() and person_before.strip() == person_after.strip():
            found.append(problems("FI302", "现任人员", person=person_after.strip()))
    if ADDRESS_KIND in kind.asks:
        found += check_one_of(address_kind, rules.addresses(), "地址类别")
    if ADDRESS in kind.asks:
        found += check_given(address, "新地址")
    return found


def check_verified(verified: str, stopped_on: dt.date | None, turns_on: dt.date | None) -> list[Problem]:
    """Work that stood still until ``turns_on`` or longer resumes only after a look at the quality system."""
    if turns_on is None or verified.strip():
        return []
    return [problems("FI303", "恢复前核查情况", stopped_on=stopped_on, turns_on=turns_on)]


def check_status_changes(given: str, now: str) -> list[Problem]:
    """A stop is reported by who works, a resumption by who stands still."""
    return [] if given != now else [problems("FI304", "类别", status=now)]


# --- training ----------------------------------------------------------------------------------------------


def check_examination(questions: int, available: int, percent: int, attempts: int) -> list[Problem]:
    """No examination at all, or one that the bank can ask and somebody can pass."""
    if questions == 0:
        return []
    found = []
    if questions > available:
        found.append(problems("FI401", "题数", questions=questions, available=available))
    if not 0 < percent <= 100:
        found.append(problems("FI402", "合格分数", percent=percent))
    if attempts < 1:
        found.append(problems("FI403", "考试次数"))
    return found


def check_attempt(taken: int, allowed: int, open_until: dt.date | None, today: dt.date) -> list[Problem]:
    """Another attempt is left, and the course is not over."""
    found = [problems("FI404", "考试", allowed=allowed)] if taken >= allowed else []
    if open_until and today > open_until:
        found.append(problems("FI405", "考试", closes_on=open_until))
    return found


def check_waited(next_at: dt.datetime | None, at: dt.datetime, said: str) -> list[Problem]:
    return [] if next_at is None or at >= next_at else [problems("FI406", "考试", next_at=said)]


def check_not_passed(passed_on: dt.date | None) -> list[Problem]:
    return [problems("FI407", "考试", on=passed_on)] if passed_on else []


def check_answers(given: Collection[str], asked: Collection[str]) -> list[Problem]:
    """Every answer belongs to a question of this paper."""
    return [] if set(given) <= set(asked) else [problems("FI408", "作答")]
