"""判定规则: what a finished checklist, and the re-check after it, comes to.

Pure and small on purpose: the offline page evaluates the same rows (``as_json``) in JavaScript, and
drawn cases hold both to the same answer. Rows are read from the top; the first that matches answers.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from xiejian.inspections.rule_files import check_sourced, read, unusable
from xiejian.kernel.conditions import add_months
from xiejian.kernel.pack_folder import root

CONCLUSIONS = ("符合", "不符合", "限期整改", "停产整改", "移送")
RECHECK_RESULTS = ("通过", "未通过")
#: What a row may ask of a filled checklist, and of a re-check.
CONDITIONS = {"kinds", "matters", "key_failed", "general_failed", "failed", "severe", "general_share_over"}
RECHECK_CONDITIONS = {"late", "failing"}
#: The rule for a visit without checklist, by link.
JUDGEMENT_OF_LINK = {"生产": "J-2", "经营": "J-4", "使用": "J-U", "网络销售": "J-W", "第三方平台": "J-W"}


@dataclass(frozen=True)
class Tally:
    """What a filled checklist counts to. ``applicable_general`` leaves out points that do not apply.

    ``matter`` is the application that a licence visit is about (开办, 变更, 延续), '' for others.
    """

    kind: str = ""
    key_failed: int = 0
    general_failed: int = 0
    severe: int = 0
    applicable_general: int = 0
    matter: str = ""

    @property
    def failed(self) -> int:
        return self.key_failed + self.general_failed


@dataclass(frozen=True)
class JudgementRow:
    """One row of a rule. ``within_days``/``within_months`` is the source's own time for correction.

    ``unverified_from``: from this day on its source no longer covers the case, and the row is our reading.
    """

    id: str
    conclusion: str
    meaning: str
    citation: str
    when: Mapping[str, Any] = field(default_factory=dict)
    unverified: bool = False
    checked: str = ""
    within_days: int | None = None
    within_months: int | None = None
    from_on: dt.date | None = None
    until_on: dt.date | None = None
    unverified_from: dt.date | None = None

    def matches(self, tally: Tally, on: dt.date) -> bool:
        if not (self.from_on or on) <= on <= (self.until_on or on):
            return False
        for condition, wanted in self.when.items():
            if condition == "kinds":
                holds = tally.kind in wanted
            elif condition == "matters":
                holds = tally.matter in wanted
            elif condition == "general_share_over":
                holds = tally.general_failed > Fraction(wanted) * tally.applicable_general
            else:
                holds = getattr(tally, condition) >= wanted
            if not holds:
                return False
        return True


@dataclass(frozen=True)
class RecheckRow:
    """One row of what follows a correction: ``after`` names the judgement rows that it belongs to."""

    id: str
    after: tuple[str, ...]
    result: str
    meaning: str
    citation: str
    when: Mapping[str, Any] = field(default_factory=dict)
    unverified: bool = False
    checked: str = ""

    def matches(self, late: bool, failing: int) -> bool:
        return (not self.when.get("late") or late) and failing >= self.when.get("failing", 0)


@dataclass(frozen=True)
class Judgement:
    """One rule: its rows for the visit and its rows for the re-check."""

    id: str
    title: str
    rows: tuple[JudgementRow, ...]
    rechecks: tuple[RecheckRow, ...] = ()

    def of(self, counted: Tally, on: dt.date) -> JudgementRow:
        """The first row that matches on that day: the proposed conclusion with meaning and clause."""
        found = next(row for row in self.rows if row.matches(counted, on))
        late = found.unverified_from is not None and on >= found.unverified_from
        return replace(found, unverified=True) if late else found

    def recheck(self, row_id: str, *, late: bool, failing: int) -> RecheckRow | None:
        """What the re-check after ``row_id`` comes to; None where the rule names no re-check.

        ``late``: the report came after its date or never; ``failing``: points that still do not conform.
        """
        rows = (row for row in self.rechecks if row_id in row.after)
        return next((row for row in rows if row.matches(late, failing)), None)


def as_json(rule: Judgement) -> dict[str, Any]:
    """The rule as plain JSON: dates as YYYY-MM-DD, what is empty left out of the rows."""
    return {
        "id": rule.id,
        "title": rule.title,
        "rows": [plain(row) for row in rule.rows],
        "rechecks": [plain(row) for row in rule.rechecks],
    }


def from_json(raw: Mapping[str, Any]) -> Judgement:
    """The rule that ``as_json`` wrote down."""
    return Judgement(
        raw["id"],
        raw["title"],
        tuple(_row(entry) for entry in raw["rows"]),
        tuple(_recheck(entry) for entry in raw["rechecks"]),
    )


def plain(entry: Any) -> dict[str, Any]:
    """A dataclass as JSON without what is empty."""
    found = {f.name: getattr(entry, f.name) for f in fields(entry)}
    return {
        name: value.isoformat()
        if isinstance(value, dt.date)
        else list(value)
        if isinstance(value, tuple)
        else dict(value)
        if isinstance(value, Mapping)
        else value
        for name, value in found.items()
        if value not in (None, "", False, (), {})
    }


def day(value: str | dt.date | None) -> dt.date | None:
    """A date of a TOML file or of its JSON."""
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


def _row(entry: Mapping[str, Any]) -> JudgementRow:
    dated = {name: day(entry.get(name)) for name in ("from_on", "until_on", "unverified_from")}
    return JudgementRow(**{**entry, **dated})


def _recheck(entry: Mapping[str, Any]) -> RecheckRow:
    return RecheckRow(**{**entry, "after": tuple(entry["after"])})


def load_judgements(path: Path) -> dict[str, Judgement]:
    """Judgement rules by id. Refused unless every row is sourced and the last one always answers."""
    return {entry["id"]: _judgement(entry) for entry in read(path).get("judgement", [])}


def _judgement(rule: Mapping[str, Any]) -> Judgement:
    name = rule["id"]
    rows = []
    for entry in rule.get("row", []):
        check_sourced(name, entry, "meaning", "conclusion")
        _check_conditions(name, entry, CONDITIONS)
        if entry["conclusion"] not in CONCLUSIONS:
            raise unusable(name, f"不认识的结论 {entry['conclusion']}")
        renamed = {{"from": "from_on", "until": "until_on"}.get(key, key): v for key, v in entry.items()}
        rows.append(_row(renamed))
    always = [not (row.when or row.from_on or row.until_on) for row in rows]
    if not rows or not always[-1] or any(always[:-1]):
        raise unusable(name, "最后一行（且仅最后一行）不带条件")
    return Judgement(name, rule.get("title", ""), tuple(rows), _rechecks(name, rule, {r.id for r in rows}))


def _rechecks(name: str, rule: Mapping[str, Any], known: set[str]) -> tuple[RecheckRow, ...]:
    rows = []
    for entry in rule.get("recheck", []):
        check_sourced(name, entry, "meaning", "result", "after")
        _check_conditions(name, entry, RECHECK_CONDITIONS)
        if entry["result"] not in RECHECK_RESULTS:
            raise unusable(name, f"不认识的复查结论 {entry['result']}")
        rows.append(_recheck(entry))
    for after in {row_id for row in rows for row_id in row.after}:
        own = [row for row in rows if after in row.after]
        if after not in known or own[-1].when or any(not row.when for row in own[:-1]):
            raise unusable(name, f"复查 {after}：没有这一行，或者最后一行（且仅最后一行）应当不带条件")
    return tuple(rows)


def _check_conditions(name: str, entry: Mapping[str, Any], known: set[str]) -> None:
    when = entry.get("when", {})
    if unknown := set(when) - known:
        raise unusable(name, f"不认识的条件 {sorted(unknown)}")
    if not re.fullmatch(r"\d+/[1-9]\d*", str(when.get("general_share_over", "0/1"))):
        raise unusable(name, "general_share_over 应当写成分数，如 1/10")


@cache
def judgements() -> dict[str, Judgement]:
    """The rules that ship with the system."""
    return load_judgements(root() / "inspections" / "judgements.toml")


def judge(judgement_id: str, counted: Tally, on: dt.date) -> JudgementRow:
    """The row of a shipped rule that answers on that day."""
    return judgements()[judgement_id].of(counted, on)


def suggested_due(row: JudgementRow, on: dt.date) -> dt.date | None:
    """The date by which the rule's own source wants the correction done; None where it names no time."""
    if row.within_months:
        return add_months(on, row.within_months)
    return on + dt.timedelta(days=row.within_days) if row.within_days else None


def tally(
    keys: Iterable[str], kind: str, findings: Iterable[tuple[str, str, bool]], matter: str = ""
) -> Tally:
    """Count findings, each (point id, state, severe), against the ids of the key points."""
    key_ids = set(keys)
    key_failed = general_failed = severe = applicable = 0
    for point, state, is_severe in findings:
        severe += is_severe
        applicable += state != "not_applicable" and point not in key_ids
        key_failed += state == "not_conform" and point in key_ids
        general_failed += state == "not_conform" and point not in key_ids
    return Tally(kind, key_failed, general_failed, severe, applicable, matter)
