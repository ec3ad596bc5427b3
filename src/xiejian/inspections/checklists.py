"""Checklists and the rules of an inspection, read from packs/checklists and packs/inspections.

A checklist is data: points in our own words, each with its clause, whether it is a key point and
whether the source was read or remembered. ``include`` takes named points from another checklist, so
that a theme (contact lenses, sterile devices …) repeats nothing. ``when`` says to whom a point
applies. ``version`` is the digest of everything that is asked and of the rule that judges it: a visit
keeps id and version, and checklist_versions keeps the text of each version that was used.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from xiejian.inspections import judgements
from xiejian.inspections.judgements import Judgement, day, plain
from xiejian.inspections.rule_files import check_sourced, problems, read, unusable
from xiejian.kernel import conditions
from xiejian.kernel.pack_folder import root
from xiejian.kernel.problems import Problem, Refused

FULL_ITEM = "全项目检查"
AREA = "医疗器械"  # a checklist without areas is for devices
CLASS_WORDS = {"1": "第一类", "2": "第二类", "3": "第三类"}
#: What a point's ``when`` may ask of a party in a link.
POINT_FACTS = ("link", "area", "classes", "mode", "unit_kind", "tags", "stores_for_others")


@dataclass(frozen=True)
class Point:
    """检查点. ``unverified``: content or clause is from memory; shown as 未核实 wherever it is used.

    ``when``: a condition on POINT_FACTS, in the form of kernel.conditions; empty: for everybody.
    ``office``: the office that added it, '' for a point of the pack.
    """

    id: str
    chapter: str
    text: str
    citation: str
    key: bool = False
    checked: str = ""
    unverified: bool = False
    when: Mapping[str, Any] = field(default_factory=dict)
    office: str = ""

    def applies(self, facts: Mapping[str, Any]) -> bool:
        """Whether it is asked of such a party. What the register does not state never spares a point."""
        if not self.when:
            return True
        condition = _condition(json.dumps(self.when, ensure_ascii=False, sort_keys=True))
        asked = condition.facts()
        if any(facts.get(name) in (None, "", []) for name in asked):
            return True
        return condition.holds(facts, dt.date.min)


@cache
def _condition(text: str) -> conditions.Condition:
    return conditions.read(json.loads(text))


@dataclass(frozen=True)
class Checklist:
    """检查表. Empty ``tags``, ``kinds``, ``modes``: not limited by product, kind of visit or mode of sale."""

    id: str
    title: str
    links: tuple[str, ...]
    points: tuple[Point, ...]
    rule: Judgement
    version: str
    tags: tuple[str, ...] = ()
    areas: tuple[str, ...] = (AREA,)
    kinds: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    from_on: dt.date | None = None
    until_on: dt.date | None = None

    @property
    def judgement(self) -> str:
        return self.rule.id

    def point(self, point_id: str) -> Point | None:
        return next((p for p in self.points if p.id == point_id), None)

    @property
    def key_points(self) -> tuple[Point, ...]:
        return tuple(p for p in self.points if p.key)

    def asked(self, facts: Mapping[str, Any]) -> tuple[Point, ...]:
        """The points that apply to such a party."""
        return tuple(p for p in self.points if p.applies(facts))

    def in_force(self, on: dt.date) -> bool:
        return (self.from_on or on) <= on <= (self.until_on or on)

    def fits(self, *, link: str, tags: Iterable[str], on: dt.date, area: str, kind: str, mode: str) -> bool:
        """Whether this list may be used for such a visit. ``area`` may join several with 、.

        Kind and mode limit only where they are known.
        """
        return (
            link in self.links
            and self.in_force(on)
            and not set(area.split("、")).isdisjoint(self.areas)
            and (not self.tags or not set(tags).isdisjoint(self.tags))
            and (not self.kinds or not kind or kind in self.kinds)
            and (not self.modes or not mode or mode in self.modes)
        )


def when_words(when: Mapping[str, Any]) -> str:
    """A point's condition in words; '' where it applies to everybody."""
    return "；".join(_words(key, value) for key, value in when.items())


def _words(key: str, value: Any) -> str:
    if key in ("any", "all"):
        return ("或者" if key == "any" else "并且").join(f"（{when_words(inner)}）" for inner in value)
    if key == "not":
        return f"不属于：{when_words(value)}"
    values = value if isinstance(value, list) else [value]
    if key == "classes":
        values = [CLASS_WORDS.get(v, v) for v in values]
    spoken = [("是" if v else "否") if isinstance(v, bool) else str(v) for v in values]
    return f"{conditions.FACTS[key][1]} {'、'.join(spoken)}"


# ── as plain JSON ─────────────────────────────────────────────────────────────────────────────────
def as_json(checklist: Checklist) -> dict[str, Any]:
    """The checklist with its judgement rule as plain JSON, for the offline page and for keeping.

    Dates are YYYY-MM-DD. A point without ``key``, ``unverified``, ``when`` or ``office`` leaves them out.
    """
    return {
        "id": checklist.id,
        "title": checklist.title,
        "version": checklist.version,
        "links": list(checklist.links),
        "areas": list(checklist.areas),
        "tags": list(checklist.tags),
        "kinds": list(checklist.kinds),
        "modes": list(checklist.modes),
        "from": checklist.from_on and checklist.from_on.isoformat(),
        "until": checklist.until_on and checklist.until_on.isoformat(),
        "points": [plain(point) for point in checklist.points],
        "judgement": judgements.as_json(checklist.rule),
    }


def from_json(raw: Mapping[str, Any]) -> Checklist:
    """The checklist that ``as_json`` wrote down, with the rule it was judged by then."""
    return Checklist(
        id=raw["id"],
        title=raw["title"],
        links=tuple(raw["links"]),
        points=tuple(Point(**entry) for entry in raw["points"]),
        rule=judgements.from_json(raw["judgement"]),
        version=raw["version"],
        tags=tuple(raw["tags"]),
        areas=tuple(raw["areas"]),
        kinds=tuple(raw["kinds"]),
        modes=tuple(raw.get("modes", ())),
        from_on=day(raw["from"]),
        until_on=day(raw["until"]),
    )


def _with_version(checklist: Checklist) -> Checklist:
    """With the digest of what is asked and how it is judged; title, dates and reach are not part of it."""
    whole = as_json(checklist)
    text = json.dumps([whole["points"], whole["judgement"]], ensure_ascii=False, sort_keys=True)
    return replace(checklist, version=hashlib.sha256(text.encode()).hexdigest()[:12])


def with_points(checklist: Checklist, added: Iterable[Point]) -> Checklist:
    """The checklist with an office's own points behind its own; another version where there are any."""
    more = tuple(added)
    return _with_version(replace(checklist, points=checklist.points + more)) if more else checklist


# ── reading ───────────────────────────────────────────────────────────────────────────────────────
def check_when(name: str, when: Mapping[str, Any]) -> None:
    """Refused (I501) unless a point's condition can be read and asks only for POINT_FACTS."""
    if not when:
        return
    try:
        asked = conditions.read(when).facts()
    except ValueError as error:
        raise unusable(name, f"适用条件：{error}") from error
    if unknown := asked.difference(POINT_FACTS):
        raise unusable(name, f"适用条件不能使用 {sorted(unknown)}")


def _points(name: str, raw: Mapping[str, Any]) -> list[Point]:
    points = []
    for entry in raw.get("point", []):
        check_sourced(name, entry, "text", "chapter")
        check_when(f"{name} {entry['id']}", entry.get("when", {}))
        points.append(Point(**entry))
    ids = [p.id for p in points]
    if len(set(ids)) != len(ids):
        raise unusable(name, "检查点编号重复")
    return points


def _checklist(name: str, raw: Mapping[str, Any], own: Mapping[str, list[Point]]) -> Checklist:
    points = list(own[name])
    for other, wanted in raw.get("include", {}).items():
        known = {p.id: p for p in own.get(other, [])}
        for point_id in wanted:
            if point_id not in known:
                raise unusable(name, f"include 的检查点 {other}/{point_id} 不存在")
            points.append(known[point_id])
    if len({p.id for p in points}) != len(points):
        raise unusable(name, "include 以后检查点编号重复")
    if not points or raw.get("id") != name or not raw.get("links"):
        raise unusable(name, "需要与文件名相同的 id、links 和至少一个检查点")
    rule = judgements.judgements().get(raw.get("judgement", ""))
    if rule is None:
        raise unusable(name, f"判定规则 {raw.get('judgement')} 不存在")
    found = Checklist(
        id=name,
        title=raw["title"],
        links=tuple(raw["links"]),
        points=tuple(points),
        rule=rule,
        version="",
        tags=tuple(raw.get("tags", ())),
        areas=tuple(raw.get("areas", (AREA,))),
        kinds=tuple(raw.get("kinds", ())),
        modes=tuple(raw.get("modes", ())),
        from_on=raw.get("from"),
        until_on=raw.get("until"),
    )
    return _with_version(found)


def load(folder: Path) -> dict[str, Checklist]:
    """Every checklist of a folder by id; Refused (I501) names the file and entry that cannot be used."""
    raw = {path.stem: read(path) for path in sorted(folder.glob("*.toml"))}
    own = {name: _points(name, entry) for name, entry in raw.items()}
    return {name: _checklist(name, entry, own) for name, entry in raw.items()}


@cache
def checklists() -> dict[str, Checklist]:
    """The checklists that ship with the system."""
    return load(root() / "checklists")


def load_rules(path: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Values, document numbers and refusal acts: shape → id → entry; every entry is sourced."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for shape, entries in read(path).items():
        for entry in entries:
            check_sourced(f"rules.toml {shape}", entry, "meaning")
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
    link: str, tags: Iterable[str], on: dt.date, *, area: str = AREA, kind: str = "", mode: str = ""
) -> list[Checklist]:
    """The checklists in force on ``on`` that fit, the most fitting first.

    A list made for the kind of inspection comes first, the one for fewest kinds before others; then the
    one that shares most product tags, but for a full-item inspection the general list where no list is
    made for that kind; then the one made for the mode of sale.
    """
    wanted = set(tags)
    fitting = [
        c
        for c in checklists().values()
        if c.fits(link=link, tags=wanted, on=on, area=area, kind=kind, mode=mode)
    ]
    areas = set(area.split("、"))

    def rank(checklist: Checklist) -> tuple[bool, int, bool, int, int, str]:
        themes = len(wanted.intersection(checklist.tags))
        made_for_kind = bool(kind) and kind in checklist.kinds
        own_area = set(checklist.areas) <= areas and AREA not in checklist.areas
        by_theme = themes if kind == FULL_ITEM and not made_for_kind else -themes
        by_mode = 1 if not checklist.modes else 0 if mode else 2
        kinds = len(checklist.kinds) if made_for_kind else 0
        return (not made_for_kind, kinds, not own_area, by_theme, by_mode, checklist.id)

    return sorted(fitting, key=rank)


def tally(
    checklist: Checklist | None, kind: str, findings: Iterable[tuple[str, str, bool]], matter: str = ""
) -> judgements.Tally:
    """Count findings, each (point id, state, severe), against the checklist's key marks."""
    keys = [p.id for p in checklist.key_points] if checklist else []
    return judgements.tally(keys, kind, findings, matter)


def rule_for(checklist: Checklist | None, link: str) -> Judgement:
    """The rule that judges a visit: that of its checklist, or the link's own without one."""
    return checklist.rule if checklist else judgements.judgements()[judgements.JUDGEMENT_OF_LINK[link]]


def wrong() -> list[Problem]:
    """What is wrong with the shipped checklists, judgement rules and values; read anew, not from memory."""
    found: list[Problem] = []
    folder = root()
    for try_to_read in (
        lambda: judgements.load_judgements(folder / "inspections" / "judgements.toml"),
        lambda: load(folder / "checklists"),
        *(
            functools.partial(load_rules, folder / "inspections" / f"{name}.toml")
            for name in ("rules", "papers", "product-checks")
        ),
    ):
        try:
            try_to_read()
        except Refused as refused:
            found += refused.problems
    return found
