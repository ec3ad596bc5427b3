"""What if the rules were others: the stored register graded and planned twice, side by side, nothing stored.

One side is the pack as it stands; the other is another pack, or the same with values changed in
memory. Each side is the plan that ``make_plan`` would make from it, so that what is shown here is what
would come about.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, TypeVar

from xiejian.inspections.checklists import minimum_inspectors
from xiejian.kernel import divisions, packs, workdays
from xiejian.kernel.kinds import KIND_LABELS
from xiejian.kernel.kinds import label as kind_label
from xiejian.kernel.packs import Pack, Row
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.models import Office
from xiejian.people.policy import Actor, require
from xiejian.planning import queries
from xiejian.planning.actions import Draft, draft_plan, read_register
from xiejian.planning.checks import problems, refuse
from xiejian.planning.obligations import Subject, TaskDraft, authority_of
from xiejian.registry.models import PartyLink

V = TypeVar("V")
Two = tuple[V, V]  # before, after

SHOWN = 200  # parties named in an answer; the export has them all
#: bounds against slips of the pen, no rule of law: what is beyond them is no frequency of inspections
_MOST, _MOST_SHARE = 999, 10


# --- what may be changed --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """One value of one rule, as it would be: None takes the requirement away."""

    rule: str
    field: str
    value: Any


@dataclass(frozen=True)
class Field:
    """A field of a rule that may be changed: its name, how it is read and what to write.

    ``read`` gives None for what it cannot be; ``empty`` says that it may be left out.
    """

    label: str
    wanted: str
    read: Callable[[str], Any]
    empty: bool = True


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,3}", text) and 0 < int(text) <= _MOST else None


def _period(text: str) -> int | None:
    months = _whole(text)
    return months if months is not None and 12 % months == 0 else None


def _share(text: str) -> float | None:
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)(%?)", text)
    if found is None:
        return None
    share = Fraction(found[1]) / (100 if found[2] else 1)
    return float(share) if 0 < share <= _MOST_SHARE else None


def _day(text: str) -> str | None:
    if not re.fullmatch(r"[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        dt.date.fromisoformat(f"2001-{text}")
    except ValueError:
        return None
    return text


def _level(text: str) -> int | None:
    return int(text) if text in {"0", "1", "2", "3", "4"} else None


def _named(labels: dict[str, str]) -> Callable[[str], str | None]:
    turned = {label: key for key, label in labels.items()}
    return lambda text: text if text in labels else turned.get(text)


_TIERS = {tier: divisions.TIER_LABELS[tier] for tier in packs.TIERS}
FIELDS: dict[str, Field] = {
    "level": Field("级别", "1 至 4，不能定级写 0", _level, empty=False),
    "times": Field("次数", f"1 至 {_MOST} 的整数，与年数一起填写", _whole),
    "years": Field("年数", f"1 至 {_MOST} 的整数，与次数一起填写", _whole),
    "share": Field("比例", "大于 0 的比例，如 25% 或 0.25", _share),
    "every_months": Field("每几个月一次", "1、2、3、4、6 或 12", _period),
    "within_days": Field("备案后几日内", f"1 至 {_MOST} 的整数", _whole),
    "within_months": Field("备案后几个月内", f"1 至 {_MOST} 的整数", _whole),
    "by": Field("完成期限", "月-日，如 11-30", _day),
    "kind": Field("检查类型", "、".join(KIND_LABELS.values()), _named(KIND_LABELS), empty=False),
    "responsible": Field("实施层级", "、".join(_TIERS.values()), _named(_TIERS), empty=False),
}


def worded(field: str, value: Any) -> str:
    """The value of a field as an officer says it.

    >>> worded("share", 0.25), worded("kind", "daily"), worded("by", None)
    ('25%', '日常检查', '不要求')
    """
    if value is None:
        return "不要求"
    if field == "share":
        return f"{value * 100:.10g}%"
    return kind_label(value) if field == "kind" else _TIERS.get(value, str(value))


def fields_of(row: Row) -> dict[str, Any]:
    """The fields of a rule that may be changed, with their values in force."""
    if row.decides == "level":
        return {"level": row.level}
    return {name: getattr(row.duty, name) for name in FIELDS if name != "level"} if row.duty else {}


def read_change(text: str) -> Change:
    """``DS-DF1.share=25%`` as a change of one value; nothing after the sign takes the requirement away.

    Refused with L504 where it does not read so, L502 for a field that no rule has, L503 for a value that
    it cannot take.
    """
    left, sign, right = text.replace("＝", "=").partition("=")
    rule, dot, field = left.strip().rpartition(".")
    if not (sign and dot and rule and field):
        raise Refused(problems("L504", text[:80], text=text[:80]))
    if field not in FIELDS:
        raise Refused(problems("L502", text[:80], rule=rule[:40], field=field[:40], known="、".join(FIELDS)))
    known, value = FIELDS[field], unicodedata.normalize("NFKC", right).strip()
    found = known.read(value)
    if found is None and (value or not known.empty):
        facts = {"rule": rule[:40], "field": known.label, "value": value[:40], "wanted": known.wanted}
        raise Refused(problems("L503", text[:80], **facts))
    return Change(rule, field, found)


def changed(pack: Pack, changes: Sequence[Change], on: dt.date) -> Pack:
    """A copy of the pack with these values, in memory only; the pack itself where there is none.

    Its title names the changes, its version is its own. Of a rule with dated versions the one in
    force on ``on`` is changed. Refused with L501 (no such rule), L502 (the rule has no such field),
    L503 (times without years) or L506 (a level that would be left without an answer or a duty).
    """
    if not changes:
        return pack
    refuse([problem for change in changes for problem in _unknown(pack, change, on)])
    by_rule: dict[str, dict[str, Any]] = {}
    for change in changes:
        by_rule.setdefault(change.rule, {})[change.field] = change.value
    rows = tuple(
        _row(row, by_rule[row.id]) if row.id in by_rule and row.in_force(on) else row for row in pack.rows
    )
    words = [f"{c.rule} {FIELDS[c.field].label} {worded(c.field, c.value)}" for c in changes]
    digest = hashlib.sha256(f"{pack.version}\0{changes!r}".encode()).hexdigest()
    copy = replace(pack, rows=rows, title=f"{pack.title}（{'；'.join(words)}）", version=digest)
    if why := packs.fault(copy):
        raise Refused(problems("L506", why=why))
    return copy


def _unknown(pack: Pack, change: Change, on: dt.date) -> list[Problem]:
    rows = [row for row in pack.rows_on(on) if row.id == change.rule]
    if not rows:
        return [problems("L501", pack=pack.id, rule=change.rule[:40])]
    known = fields_of(rows[0])
    if change.field in known:
        return []
    words = "、".join(f"{FIELDS[name].label}（{name}）" for name in known) or "没有（不含数值）"
    return [problems("L502", rule=change.rule, field=FIELDS[change.field].label, known=words)]


def _row(row: Row, values: dict[str, Any]) -> Row:
    """The row with these values; not verified any more, because no source says them."""
    if row.duty is None:
        return replace(row, unverified=True, **values)
    duty = replace(row.duty, unverified=True, **values)
    if (duty.times is None) != (duty.years is None):
        field = "times" if duty.times is None else "years"
        facts = {"field": FIELDS[field].label, "value": "", "wanted": FIELDS[field].wanted}
        raise Refused(problems("L503", rule=row.id, **facts))
    return replace(row, unverified=True, duty=duty)


# --- side by side ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LevelRow:
    """Parties of one link and level; level None: not graded."""

    link: str
    level: int | None
    parties: Two[int]


@dataclass(frozen=True)
class LoadRow:
    """Tasks and visits of one office and kind of inspection."""

    office_code: str
    office: str
    kind: str
    tasks: Two[int]
    visits: Two[int]


@dataclass(frozen=True)
class DaysRow:
    """What an office's visits take: inspector-days, an estimate; None where its settings do not say.

    ``available``: inspector-days that its pairs have in the working days of the year.
    """

    office_code: str
    office: str
    visits: Two[int]
    days: Two[float] | None
    available: int | None


@dataclass(frozen=True)
class MovedRow:
    """One party whose level in one link would be another; ``key`` is the stored link's number."""

    key: int
    party_id: int
    name: str
    link: str
    office_code: str
    office: str
    level: Two[int | None]


@dataclass(frozen=True)
class Comparison:
    """Two ways to grade and plan the same register. ``packs``: the second may be a changed copy."""

    year: int
    office_code: str
    packs: Two[Pack]
    changes: tuple[Change, ...]
    tasks: Two[int]
    visits: Two[int]
    levels: list[LevelRow]
    load: list[LoadRow]
    days: list[DaysRow]
    moved: list[MovedRow]
    working_days: int
    provisional: bool  # holidays of the year are not published yet

    @property
    def inspector_days(self) -> Two[float]:
        """The sum over the offices whose settings say how many visits a pair makes a day."""
        known = [row.days for row in self.days if row.days is not None]
        return round(sum(d[0] for d in known), 1), round(sum(d[1] for d in known), 1)

    @property
    def unknown_days(self) -> list[str]:
        """The offices whose inspector-days cannot be estimated."""
        return [row.office for row in self.days if row.days is None]


def compare(
    *,
    year: int,
    pack_id: str,
    office_code: str,
    against: str = "",
    changes: Sequence[Change] = (),
    by: Actor,
) -> Comparison:
    """The stored register graded and planned under ``pack_id``, and again under what is tried out.

    Tried out is ``against`` (the pack itself where none is named) with ``changes``. Stores nothing. A
    fixed number of queries, whatever the number of parties. Refused with P101 (permission), L201 (year),
    L202 (office), L203 (no parties), K201 (pack), L501-L503, L506 (changes), L505 (both sides the same).
    """
    require(by, "planning.plan", office_code)
    other = against or pack_id
    if other == pack_id and not changes:
        raise Refused(problems("L505"))
    register = read_register(office_code, year)
    common: dict[str, Any] = {"year": year, "office_code": office_code, "seed": "", "register": register}
    before = draft_plan(pack_id=pack_id, **common)
    tried = changed(packs.load(other), changes, dt.date(year, 1, 1))
    after = draft_plan(pack_id=other, pack=tried, **common)
    return _compared(before, after, year, office_code, tuple(changes))


def _compared(
    before: Draft, after: Draft, year: int, office_code: str, changes: tuple[Change, ...]
) -> Comparison:
    drafts = before, after
    places = {s.link_id: s.office_code for s in before.subjects}
    load = [_load(draft, places) for draft in drafts]
    codes = {code for found in load for code, _ in found}
    moved = _moved(before.subjects, after.subjects)
    names = queries.office_names(codes | {s.office_code for s, _ in moved})
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    calendar = workdays.standing()
    working_days = calendar.between(first, last)
    return Comparison(
        year, office_code, (before.pack, after.pack), changes,
        tasks=_both(len(d.drafted.tasks) for d in drafts),
        visits=_both(sum(t.times for t in d.drafted.tasks) for d in drafts),
        levels=_levels(before.subjects, after.subjects),
        load=_load_rows(load, names),
        days=_days(load, names, working_days),
        moved=_name(moved, names),
        working_days=working_days,
        provisional=calendar.is_provisional(first, last),
    )  # fmt: skip


def _both(values: Iterable[V]) -> Two[V]:
    first, second = values
    return first, second


def _levels(before: list[Subject], after: list[Subject]) -> list[LevelRow]:
    counts = [Counter((s.link, s.level) for s in subjects) for subjects in (before, after)]
    keys = sorted(counts[0] | counts[1], key=lambda k: (packs.LINKS.index(k[0]), -(k[1] or 0)))
    return [LevelRow(link, level, _both(c[link, level] for c in counts)) for link, level in keys]


def _carrier(task: TaskDraft, places: dict[int, str]) -> str:
    """Who makes the visit once the county has handed its tasks to its stations, as 分配到所 does."""
    place = places.get(task.link_id or 0, task.office_code)
    if task.office_code == authority_of(place):
        return place
    return task.office_code


def _load(draft: Draft, places: dict[int, str]) -> dict[tuple[str, str], tuple[int, int]]:
    """(office, kind) → tasks and visits."""
    tasks: Counter[tuple[str, str]] = Counter()
    visits: Counter[tuple[str, str]] = Counter()
    for task in draft.drafted.tasks:
        key = _carrier(task, places), task.kind
        tasks[key] += 1
        visits[key] += task.times
    return {key: (tasks[key], visits[key]) for key in tasks}


def _load_rows(load: list[dict[tuple[str, str], tuple[int, int]]], names: dict[str, str]) -> list[LoadRow]:
    rows = []
    kinds = list(KIND_LABELS)
    for code, kind in sorted(load[0].keys() | load[1].keys(), key=lambda k: (k[0], kinds.index(k[1]))):
        found = [side.get((code, kind), (0, 0)) for side in load]
        tasks, visits = _both(f[0] for f in found), _both(f[1] for f in found)
        rows.append(LoadRow(code, names[code], kind_label(kind), tasks, visits))
    return rows


def _days(
    load: list[dict[tuple[str, str], tuple[int, int]]], names: dict[str, str], working_days: int
) -> list[DaysRow]:
    """Visits times the inspectors of a visit, over the visits that a pair makes a day: one query."""
    sides = [Counter[str](), Counter[str]()]
    for side, found in zip(sides, load, strict=True):
        for (code, _), (_, count) in found.items():
            side[code] += count
    codes = sorted(sides[0].keys() | sides[1].keys())
    settings = dict(Office.objects.filter(code__in=codes).values_list("code", "settings"))
    rows = []
    for code in codes:
        visits = _both(side[code] for side in sides)
        own = settings.get(code) or {}
        each = own.get("visits_per_pair_per_day")
        days = _both(round(v * minimum_inspectors() / each, 1) for v in visits) if each else None
        capacity = queries.capacity_of(own, working_days)
        available = int(capacity * minimum_inspectors() / each) if capacity is not None and each else None
        rows.append(DaysRow(code, names[code], visits, days, available))
    return rows


def _moved(before: list[Subject], after: list[Subject]) -> list[tuple[Subject, int | None]]:
    levels = {s.link_id: s.level for s in after}
    return [(s, levels[s.link_id]) for s in before if s.link_id in levels and levels[s.link_id] != s.level]


def _name(moved: list[tuple[Subject, int | None]], names: dict[str, str]) -> list[MovedRow]:
    """The parties by office and name, those that rise most first; one query when there are any."""
    if not moved:
        return []
    # by area, not by number: a list of numbers has a limit that a large register passes
    stem = _common_stem([s.office_code for s, _ in moved])
    stored = PartyLink.objects.filter(party__office_code__startswith=stem)
    called = dict(stored.order_by().values_list("pk", "party__name").iterator())
    rows = [
        MovedRow(
            s.link_id, s.party_id, called[s.link_id], s.link, s.office_code, names[s.office_code],
            (s.level, level),
        )
        for s, level in moved
    ]  # fmt: skip
    return sorted(rows, key=lambda r: ((r.level[0] or 0) - (r.level[1] or 0), r.office_code, r.name, r.key))


def _common_stem(codes: list[str]) -> str:
    first, last = min(codes), max(codes)
    return first[: next((n for n in range(min(len(first), len(last))) if first[n] != last[n]), len(first))]


def as_json(found: Comparison, limit: int = SHOWN) -> dict[str, Any]:
    """The comparison as the command and other programs get it: pairs are [before, after]."""
    return {
        "year": found.year,
        "office": found.office_code,
        "packs": [{"id": pack.id, "title": pack.title, "version": pack.version} for pack in found.packs],
        "changes": [vars(change) for change in found.changes],
        "tasks": found.tasks,
        "visits": found.visits,
        "levels": [vars(row) for row in found.levels],
        "load": [vars(row) for row in found.load],
        "inspector_days": {
            "estimate": True,
            "total": found.inspector_days,
            "unknown": found.unknown_days,
            "working_days": found.working_days,
            "provisional": found.provisional,
            "offices": [vars(row) for row in found.days],
        },
        "changed_levels": len(found.moved),
        "changed": [vars(row) for row in found.moved[:limit]],
    }


HEADINGS = ("主体名称", "环节", "监管机构", "现级别", "推演级别")


def level_words(level: int | None) -> str:
    return f"{'一二三四'[level - 1]}级" if level else "未定级"


def export_rows(found: Comparison) -> list[tuple[str, ...]]:
    """Every party whose level would change, under ``HEADINGS``."""
    return [
        (row.name, row.link, row.office, level_words(row.level[0]), level_words(row.level[1]))
        for row in found.moved
    ]
