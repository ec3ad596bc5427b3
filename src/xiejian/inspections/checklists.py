"""Checklists and the rules of an inspection, read from packs/checklists and packs/inspections.

A checklist is data: points in our own words, each with its clause, whether it is a key point and
whether the source was read or remembered. ``include`` takes named points from another checklist, so
that a theme (contact lenses, sterile devices …) repeats nothing. ``version`` is the digest of what
is asked: a visit keeps id and version, so it always shows which questions were answered.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from xiejian.kernel.conditions import add_months
from xiejian.kernel.packs import root
from xiejian.kernel.problems import Catalogue, Problem, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))

FULL_ITEM = "全项目检查"
CONCLUSIONS = ("符合", "不符合", "限期整改", "停产整改", "移送")
AREA = "医疗器械"  # a checklist without areas is for devices
CONDITIONS = {"kinds", "key_failed", "general_failed", "failed", "severe", "general_share_over"}


@dataclass(frozen=True)
class Point:
    """检查点. ``unverified``: content or clause is from memory; shown as 未核实 wherever it is used."""

    id: str
    chapter: str
    text: str
    citation: str
    key: bool = False
    checked: str = ""
    unverified: bool = False


@dataclass(frozen=True)
class Checklist:
    """检查表. Empty ``tags`` or ``kinds``: not limited by product or by kind of inspection."""

    id: str
    title: str
    links: tuple[str, ...]
    points: tuple[Point, ...]
    judgement: str
    version: str
    tags: tuple[str, ...] = ()
    areas: tuple[str, ...] = (AREA,)
    kinds: tuple[str, ...] = ()
    from_on: dt.date | None = None
    until_on: dt.date | None = None

    def point(self, point_id: str) -> Point | None:
        return next((p for p in self.points if p.id == point_id), None)

    @property
    def key_points(self) -> tuple[Point, ...]:
        return tuple(p for p in self.points if p.key)

    def in_force(self, on: dt.date) -> bool:
        return (self.from_on or on) <= on <= (self.until_on or on)

    def fits(self, *, link: str, tags: Iterable[str], on: dt.date, area: str, kind: str) -> bool:
        """Whether this list may be used for such a visit. ``area`` may join several with 、."""
        return (
            link in self.links
            and self.in_force(on)
            and not set(area.split("、")).isdisjoint(self.areas)
            and (not self.tags or not set(tags).isdisjoint(self.tags))
            and (not self.kinds or not kind or kind in self.kinds)
        )


@dataclass(frozen=True)
class Tally:
    """What a filled checklist counts to. ``applicable_general`` leaves out points that do not apply."""

    kind: str = ""
    key_failed: int = 0
    general_failed: int = 0
    severe: int = 0
    applicable_general: int = 0

    @property
    def failed(self) -> int:
        return self.key_failed + self.general_failed


@dataclass(frozen=True)
class JudgementRow:
    """判定规则: one row. ``within_days``/``within_months`` is the source's own time for correction."""

    id: str
    conclusion: str
    meaning: str
    citation: str
    when: Mapping[str, Any]
    unverified: bool = False
    checked: str = ""
    within_days: int | None = None
    within_months: int | None = None

    def matches(self, tally: Tally) -> bool:
        for condition, wanted in self.when.items():
            if condition == "kinds":
                holds = tally.kind in wanted
            elif condition == "general_share_over":
                holds = tally.general_failed > Fraction(wanted) * tally.applicable_general
            else:
                holds = getattr(tally, condition) >= wanted
            if not holds:
                return False
        return True


def _refuse(name: str, why: str) -> Refused:
    return Refused(problems("I501", name=name, why=why))


def _sourced(name: str, entry: Mapping[str, Any], *required: str) -> None:
    """Refused unless the entry says where it comes from and how sure we are of it."""
    label = f"{name} {entry.get('id', '?')}"
    for field in ("id", "citation", *required):
        if entry.get(field) in (None, ""):
            raise _refuse(label, f"缺少 {field}")
    if bool(entry.get("unverified")) == bool(entry.get("checked")):
        raise _refuse(label, "应当写明 checked（核对所用的文本）或者 unverified = true，二者取一")


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        raise _refuse(path.name, str(error)) from error


def _points(name: str, raw: Mapping[str, Any]) -> list[Point]:
    points = []
    for entry in raw.get("point", []):
        _sourced(name, entry, "text", "chapter")
        points.append(Point(**entry))
    ids = [p.id for p in points]
    if len(set(ids)) != len(ids):
        raise _refuse(name, "检查点编号重复")
    return points


def _version(points: Iterable[Point], judgement: str) -> str:
    text = "\n".join(f"{p.id}\t{p.text}\t{p.citation}\t{p.key}" for p in points)
    return hashlib.sha256(f"{judgement}\n{text}".encode()).hexdigest()[:12]


def _checklist(name: str, raw: Mapping[str, Any], own: Mapping[str, list[Point]]) -> Checklist:
    points = list(own[name])
    for other, wanted in raw.get("include", {}).items():
        known = {p.id: p for p in own.get(other, [])}
        for point_id in wanted:
            if point_id not in known:
                raise _refuse(name, f"include 的检查点 {other}/{point_id} 不存在")
            points.append(known[point_id])
    if not points or raw.get("id") != name or not raw.get("links"):
        raise _refuse(name, "需要与文件名相同的 id、links 和至少一个检查点")
    if raw.get("judgement") not in judgements():
        raise _refuse(name, f"判定规则 {raw.get('judgement')} 不存在")
    return Checklist(
        id=name,
        title=raw["title"],
        links=tuple(raw["links"]),
        points=tuple(points),
        judgement=raw["judgement"],
        version=_version(points, raw["judgement"]),
        tags=tuple(raw.get("tags", ())),
        areas=tuple(raw.get("areas", (AREA,))),
        kinds=tuple(raw.get("kinds", ())),
        from_on=raw.get("from"),
        until_on=raw.get("until"),
    )


def load(folder: Path) -> dict[str, Checklist]:
    """Every checklist of a folder by id; Refused (I501) names the file and entry that cannot be used."""
    raw = {path.stem: _read(path) for path in sorted(folder.glob("*.toml"))}
    own = {name: _points(name, entry) for name, entry in raw.items()}
    return {name: _checklist(name, entry, own) for name, entry in raw.items()}


def load_judgements(path: Path) -> dict[str, tuple[JudgementRow, ...]]:
    """Judgement rules by id. Refused unless every row is sourced and the last one always answers."""
    found: dict[str, tuple[JudgementRow, ...]] = {}
    for rule in _read(path).get("judgement", []):
        rows = []
        for entry in rule.get("row", []):
            _sourced(rule["id"], entry, "meaning", "conclusion")
            if unknown := set(entry.get("when", {})) - CONDITIONS:
                raise _refuse(rule["id"], f"不认识的条件 {sorted(unknown)}")
            if entry["conclusion"] not in CONCLUSIONS:
                raise _refuse(rule["id"], f"不认识的结论 {entry['conclusion']}")
            rows.append(JudgementRow(**{"when": {}, **entry}))
        if not rows or rows[-1].when or any(not row.when for row in rows[:-1]):
            raise _refuse(rule["id"], "最后一行（且仅最后一行）不带条件")
        found[rule["id"]] = tuple(rows)
    return found


@cache
def checklists() -> dict[str, Checklist]:
    """The checklists that ship with the system."""
    return load(root() / "checklists")


@cache
def judgements() -> dict[str, tuple[JudgementRow, ...]]:
    return load_judgements(root() / "inspections" / "judgements.toml")


def load_rules(path: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Values, document numbers and refusal acts: shape → id → entry; every entry is sourced."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for shape, entries in _read(path).items():
        for entry in entries:
            _sourced(f"rules.toml {shape}", entry, "meaning")
        found[shape] = {entry["id"]: entry for entry in entries}
    return found


@cache
def rules() -> dict[str, dict[str, dict[str, Any]]]:
    return load_rules(root() / "inspections" / "rules.toml")


def minimum_inspectors() -> int:
    """RL-1: how many inspectors a visit needs at least."""
    return int(rules()["value"]["RL-1"]["value"])


def number_pattern(document: str) -> str:
    """How the numbers of ``document`` (visit, correction) are written, with {short}, {year}, {n}."""
    return str(rules()["format"][document]["pattern"])


def refusal_acts() -> dict[str, str]:
    """RF1…: acts that count as refusing an inspection, with their wording."""
    return {key: entry["meaning"] for key, entry in rules()["refusal"].items()}


def get(checklist_id: str) -> Checklist:
    """The checklist of this id; Refused (I502) when there is none."""
    if found := checklists().get(checklist_id):
        return found
    raise Refused(problems("I502", checklist=checklist_id, known="、".join(checklists())))


def for_visit(
    link: str, tags: Iterable[str], on: dt.date, *, area: str = AREA, kind: str = ""
) -> list[Checklist]:
    """The checklists in force on ``on`` that fit, the most fitting first.

    A list made for the kind of inspection comes first; a full-item inspection then takes the
    general list, any other the one that shares most product tags.
    """
    wanted = set(tags)
    fitting = [
        c for c in checklists().values() if c.fits(link=link, tags=wanted, on=on, area=area, kind=kind)
    ]
    areas = set(area.split("、"))

    def rank(checklist: Checklist) -> tuple[bool, bool, int, str]:
        themes = len(wanted.intersection(checklist.tags))
        made_for_kind = bool(kind) and kind in checklist.kinds
        own_area = set(checklist.areas) <= areas and AREA not in checklist.areas
        return (not made_for_kind, not own_area, themes if kind == FULL_ITEM else -themes, checklist.id)

    return sorted(fitting, key=rank)


def tally(checklist: Checklist | None, kind: str, findings: Iterable[tuple[str, str, bool]]) -> Tally:
    """Count findings, each (point id, state, severe), against the checklist's key marks."""
    keys = {p.id for p in checklist.key_points} if checklist else set()
    key_failed = general_failed = severe = applicable = 0
    for point, state, is_severe in findings:
        severe += is_severe
        applicable += state != "not_applicable" and point not in keys
        key_failed += state == "not_conform" and point in keys
        general_failed += state == "not_conform" and point not in keys
    return Tally(kind, key_failed, general_failed, severe, applicable)


def judge(judgement_id: str, counted: Tally) -> JudgementRow:
    """The first row that matches: the proposed conclusion with meaning and clause."""
    return next(row for row in judgements()[judgement_id] if row.matches(counted))


def suggested_due(row: JudgementRow, on: dt.date) -> dt.date | None:
    """The date by which the rule's own source wants the correction done; None where it names no time."""
    if row.within_months:
        return add_months(on, row.within_months)
    return on + dt.timedelta(days=row.within_days) if row.within_days else None


def wrong() -> list[Problem]:
    """What is wrong with the shipped checklists, judgement rules and values; read anew, not from memory."""
    found: list[Problem] = []
    folder = root()
    for read in (
        lambda: load_judgements(folder / "inspections" / "judgements.toml"),
        lambda: load(folder / "checklists"),
        lambda: load_rules(folder / "inspections" / "rules.toml"),
    ):
        try:
            read()
        except Refused as refused:
            found += refused.problems
    return found


#: The rule for a visit without checklist, by link.
JUDGEMENT_OF_LINK = {"生产": "J-2", "经营": "J-4", "使用": "J-U", "网络销售": "J-W", "第三方平台": "J-W"}
