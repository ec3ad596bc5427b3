"""Every refusal of the room of online monitoring: facts in, problems out; no database, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path

from xiejian.kernel.problems import Catalogue, Problem, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))

SOURCES = ("上级交办", "平台报送", "自行巡查", "外地移送")
CLEAN, REMOVED, HANDED_ON, VISITED, FILED, GONE = (
    "未发现问题", "责令下架", "移交", "线下检查", "立案", "已失效",
)  # fmt: skip
OUTCOMES = (CLEAN, REMOVED, HANDED_ON, VISITED, FILED, GONE)
#: what an outcome must be able to show: the column that holds it, its name, the step that fills it
PROOFS = {
    REMOVED: ("removed_on", "确认下架的日期", "要求下架并确认已下架"),
    HANDED_ON: ("handed_to", "移交单位", "填写移交单位"),
    VISITED: ("visit_id", "线下检查", "安排线下检查"),
    FILED: ("case_no", "案件或者案源编号", "登记案源并填写编号"),
}


def refuse(*found: Iterable[Problem]) -> None:
    """Raise Refused with every problem of every check, if there is any."""
    if all_found := [problem for check in found for problem in check]:
        raise Refused(all_found)


def check_given(text: str, what: str) -> list[Problem]:
    return [] if text.strip() else [problems("M101", what, what=what)]


def check_one_of(given: str, known: Sequence[str], what: str) -> list[Problem]:
    return [] if given in known else [problems("M104", what, given=given, what=what, known="、".join(known))]


def check_not_in_future(on: dt.date | None, today: dt.date, what: str) -> list[Problem]:
    """Nothing is recorded before it has happened; an unknown date refuses nothing."""
    if on is None or on <= today:
        return []
    return [problems("M102", what, what=what, on=on, today=today)]


def check_order_of_dates(
    earlier: str, earlier_on: dt.date | None, later: str, later_on: dt.date | None
) -> list[Problem]:
    """The later step is not dated before the earlier one; an unknown date refuses nothing."""
    if earlier_on is None or later_on is None or earlier_on <= later_on:
        return []
    return [problems("M103", later, earlier=earlier, earlier_on=earlier_on, later=later, later_on=later_on)]


def check_length(text: str, what: str, limit: int) -> list[Problem]:
    return [] if len(text) <= limit else [problems("M107", what, what=what, count=len(text), limit=limit)]


def check_url(url: str) -> list[Problem]:
    """An address that a page may show as a link: http or https, nothing that runs."""
    if not url or url.lower().startswith(("http://", "https://")):
        return []
    return [problems("M106", "网址", url=url[:80])]


def check_new_number(number: str, taken: bool) -> list[Problem]:
    return [problems("M105", number, number=number)] if taken else []


def check_active(name: str, active: bool) -> list[Problem]:
    return [] if active else [problems("M202", name=name)]


def check_proof(outcome: str, held: object) -> list[Problem]:
    """An outcome names what was done: the day, the office, the visit, the case."""
    if outcome not in PROOFS or held:
        return []
    _, missing, first = PROOFS[outcome]
    return [problems("M201", "处置结果", outcome=outcome, missing=missing, first=first)]


def check_all_disposed(open_numbers: Sequence[str]) -> list[Problem]:
    """A list is reported once nothing on it is open."""
    if not open_numbers:
        return []
    shown = "、".join(open_numbers[:5]) + ("等" if len(open_numbers) > 5 else "")
    return [problems("M203", count=len(open_numbers), numbers=shown)]


def check_visit_possible(seller: bool, visit: str) -> list[Problem]:
    found = [] if seller else [problems("M204")]
    return found + ([problems("M206", visit=visit)] if visit else [])
