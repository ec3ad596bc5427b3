"""What the procedure of a case is held to: settings of packs/cases/procedure.toml, and the rules that read
them. Facts in, answers out; no database, no clock. Amounts are whole 分."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from xiejian.kernel import deadlines, workflow
from xiejian.kernel.packs import root
from xiejian.kernel.workflow import Workflow

SIMPLE, GENERAL = "简易", "普通"
WORKFLOWS: dict[str, Workflow] = {
    SIMPLE: workflow.load(Path(__file__).with_name("simple_workflow.toml")),
    GENERAL: workflow.load(Path(__file__).with_name("general_workflow.toml")),
}
MEASURE_WORKFLOW = workflow.load(Path(__file__).with_name("measure_workflow.toml"))
#: Every state of a proceeding in words, whichever its procedure.
STATES: dict[str, str] = {**WORKFLOWS[GENERAL].states, **WORKFLOWS[SIMPLE].states}
LEGAL_REVIEW, CASE_REVIEW = "法制审核", "案件审核"
FEN = 100  # 分 in a yuan
#: What a proposal and a decision hold: the fields of cases.actions.decide_case.
MONEY = {"fine_fen": "罚款", "personal_fine_fen": "个人罚款", "confiscated_fen": "没收违法所得"}
FLAGS = {"business_stopped": "责令停产停业", "licence_revoked": "吊销许可证", "blacklisted": "列入名单"}
PERSONS = "persons_punished"
#: Clocks of the party: while they run the office waits, once over it may go on; never late.
WAITS = ("defend", "wait")
#: Terms of the party that nobody in the office works on: shown, not counted as clocks.
RIGHTS = ("review_right", "sue_right")


@dataclass(frozen=True)
class MeasureKind:
    """One kind of measure: which rules of deadlines.toml hold for it, and what it stops."""

    id: str
    label: str
    approval: str
    term: str
    items: bool
    stops: tuple[str, ...]
    stops_terms: bool
    citation: str
    unverified: bool


@cache
def _pack() -> dict[str, Any]:
    with (root() / "cases" / "procedure.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def value(name: str) -> int:
    """A setting by its id, in the unit that the pack names."""
    return int(next(entry["value"] for entry in _pack()["value"] if entry["id"] == name))


@cache
def pattern(name: str) -> str:
    """How proceedings or cases are numbered, with {short}, {year}, {n}."""
    return str(next(entry["pattern"] for entry in _pack()["format"] if entry["id"] == name))


@cache
def measure_kinds() -> dict[str, MeasureKind]:
    """Kind id → kind, in the order of the pack."""
    return {
        entry["id"]: MeasureKind(
            entry["id"], entry["label"], entry.get("approval", ""), entry.get("term", ""),
            entry.get("items", False), tuple(entry.get("stops", ())), entry.get("stops_terms", False),
            entry["citation"], entry.get("unverified", False),
        )
        for entry in _pack()["measure"]
    }  # fmt: skip


@cache
def rule_of(clock: str) -> str:
    """The rule of deadlines.toml of a clock of a proceeding."""
    return str(next(entry["rule"] for entry in _pack()["clock"] if entry["id"] == clock))


@cache
def services() -> dict[str, str]:
    """Ways of serving → the rule after which it takes effect, "" at once."""
    return {entry["label"]: entry.get("effective", "") for entry in _pack()["service"]}


def minimum_investigators() -> int:
    """PR-1: how many officers handle a case at least."""
    return value("PR-1")


def rights_until(served_on: dt.date) -> dict[str, dt.date]:
    """Until when the party may ask for a review and sue, from the day that the decision was served."""
    ends = {right: deadlines.due(rule_of(right), served_on).due_legal for right in RIGHTS}
    return {right: day for right, day in ends.items() if day}


def effective_on(how: str, on: dt.date) -> dt.date:
    """The day on which a paper counts as served: by public notice only when its time is over."""
    rule = services()[how]
    due = deadlines.due(rule, on).due_strict if rule else None
    return due or on


def hearing_right(told: Mapping[str, Any], natural_person: bool) -> bool:
    """Whether the party may ask for a hearing on this proposal (听证办法 第5条)."""
    if told.get("business_stopped") or told.get("licence_revoked"):
        return True
    person, unit = value("PR-2") * FEN, value("PR-3") * FEN
    largest = max(told.get("fine_fen", 0), told.get("confiscated_fen", 0))
    return largest >= (person if natural_person else unit) or told.get("personal_fine_fen", 0) >= person


def _asked(what: str, facts: Mapping[str, bool]) -> bool:
    return any(
        facts.get(name, False) for entry in _pack()["review"] if entry["asks"] == what
        for name in entry["facts"]
    )  # fmt: skip


def review_kind(*, grave: bool, may_be_heard: bool, heard: bool = False) -> str:
    """法制审核 or 案件审核, by the facts of the case (RV-1)."""
    facts = {"grave": grave, "hearing_right": may_be_heard, "heard": heard}
    return LEGAL_REVIEW if _asked("legal_review", facts) else CASE_REVIEW


def needs_discussion(*, grave: bool, may_be_heard: bool) -> bool:
    """Whether the heads discuss the case together before it is decided (RV-2)."""
    return _asked("discussion", {"grave": grave, "hearing_right": may_be_heard})


def simple_limit_fen(natural_person: bool) -> int:
    """The largest fine of the simple procedure (CS-27)."""
    return value("PR-4" if natural_person else "PR-5") * FEN
