"""法规库: the documents that the rules rest on, what replaced what, and which are in force on a day.

``packs/*/laws*.toml`` holds facts only: title, number, dates. Refused (K541) as a whole where a law has
no title or date, two editions of one title overlap, an id is unknown, or replacing runs in a circle.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from xiejian.kernel.pack_folder import root
from xiejian.kernel.problems import Catalogue, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))

LEVELS = {
    "law": "法律", "regulation": "行政法规", "order": "部门规章", "normative": "规范性文件",
    "interpretation": "司法解释", "standard": "标准", "plan": "地方计划",
}  # fmt: skip
#: Where a law stands on a day.
STATES = {"current": "现行", "coming": "即将施行", "repealed": "已废止", "undated": "日期待查"}
_KEYS = {
    "id", "title", "number", "level", "subject", "issuer", "promulgated", "from", "until", "undated",
    "amended", "replaces", "cited_as", "short_within", "note", "checked", "unverified",
}  # fmt: skip
_READING = ("LAW-1", "LAW-2", "LAW-3")


@dataclass(frozen=True)
class Amendment:
    """A change of the text that kept its number."""

    on: dt.date
    by: str


@dataclass(frozen=True)
class Law:
    """One edition of one document; ``until_on`` is its last day, taken from its successor where not given."""

    id: str
    title: str
    number: str
    level: str
    subject: str
    issuer: str
    promulgated_on: dt.date | None
    from_on: dt.date | None
    until_on: dt.date | None
    undated: str
    amended: tuple[Amendment, ...]
    replaces: tuple[str, ...]
    replaced_by: tuple[str, ...]
    cited_as: tuple[str, ...]
    short_within: tuple[tuple[str, tuple[str, ...]], ...]
    note: str
    checked: str
    unverified: bool

    @property
    def level_label(self) -> str:
        return LEVELS[self.level]

    @property
    def digest(self) -> str:
        """Changes with every fact of the law: a receipt names the one that was read."""
        facts = asdict(self)
        for key in ("cited_as", "short_within", "checked", "unverified", "note"):
            facts.pop(key)
        told = json.dumps(facts, ensure_ascii=False, sort_keys=True, default=str)
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def last_amended_on(self) -> dt.date | None:
        return max((a.on for a in self.amended), default=None)

    def state(self, on: dt.date) -> str:
        """Where it stands on a day: a key of ``STATES``."""
        if self.until_on and self.until_on < on:
            return "repealed"
        if self.from_on is None and self.promulgated_on:
            return "coming" if on < self.promulgated_on else "current" if self.until_on else "undated"
        if self.from_on is None:
            return "undated"
        return "coming" if on < self.from_on else "current"

    def known_on(self, on: dt.date) -> bool:
        """Whether it was published by then; a law without that date may have been."""
        return self.promulgated_on is None or self.promulgated_on <= on


@dataclass(frozen=True)
class Reading:
    """Which laws people are reminded to read: days after and before they come into force, levels."""

    after: int
    before: int
    levels: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Library:
    """All laws by id, in the order of the file."""

    laws: dict[str, Law]
    reading: Reading

    def chain(self, law: Law) -> list[Law]:
        """The law with all it replaced and all that replaced it, the oldest first."""
        line = [*self._reached(law, "replaces"), law, *self._reached(law, "replaced_by")]
        return sorted(dict.fromkeys(line), key=lambda one: one.from_on or one.promulgated_on or dt.date.min)

    def _reached(self, law: Law, way: str) -> Iterator[Law]:
        for name in getattr(law, way):
            yield self.laws[name]
            yield from self._reached(self.laws[name], way)

    def to_read(self, on: dt.date) -> list[Law]:
        """The laws that begin or were amended near ``on``, to be read now; the newest first."""
        first = on - dt.timedelta(self.reading.after)
        last = on + dt.timedelta(self.reading.before)
        near = [
            (max(days), law)
            for law in self.laws.values()
            if law.level in self.reading.levels
            and law.known_on(on)
            and law.state(on) != "repealed"
            and (days := [d for d in _turns(law) if first <= d <= last])
        ]
        return [law for _, law in sorted(near, key=lambda pair: pair[0], reverse=True)]


@dataclass(frozen=True)
class Change:
    """What became of a law on a day: began, ended, or its text was amended."""

    law: Law
    what: str
    on: dt.date
    how: str = ""


def changes(found: Iterable[Law], first: dt.date, second: dt.date) -> list[Change]:
    """What began, was amended or ended after ``first`` up to ``second``, by date."""
    happened = []
    for one in found:
        if one.from_on:
            replaced = "、".join(one.replaces)
            happened.append(Change(one, "施行", one.from_on, f"替代 {replaced}" if replaced else ""))
        if one.until_on:
            by = "、".join(one.replaced_by)
            happened.append(
                Change(one, "停止施行", one.until_on + dt.timedelta(1), f"由 {by} 替代" if by else "")
            )
        happened += [Change(one, "修改", a.on, a.by) for a in one.amended]
    return sorted((c for c in happened if first < c.on <= second), key=lambda change: change.on)


def _turns(law: Law) -> Iterator[dt.date]:
    yield from (a.on for a in law.amended)
    if law.from_on:
        yield law.from_on


def load() -> Library:
    """The laws of the pack folder, read once; Refused with K541 where they do not hold together."""
    return _load(root())


def law(law_id: str) -> Law:
    """The law of this id; Refused with K542 where the library has none."""
    found = load().laws.get(law_id)
    if found is None:
        raise Refused(problems("K542", law_id, law=law_id))
    return found


@cache
def _load(folder: Path) -> Library:
    try:
        texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*/laws*.toml"))]
        return read(texts)
    except (tomllib.TOMLDecodeError, ValueError, KeyError, TypeError) as error:
        raise Refused(problems("K541", str(folder), why=str(error))) from error


def read(texts: Iterable[str]) -> Library:
    """The library of these TOML texts; ValueError (KeyError, TypeError) says what does not hold together."""
    raw = [tomllib.loads(text) for text in texts]
    found: dict[str, Law] = {}
    for entry in (entry for content in raw for entry in content.get("law", [])):
        one = _law(entry)
        if found.setdefault(one.id, one) is not one:
            raise ValueError(f"{one.id}: 编号重复")
    laws = _joined(found)
    _check_circles(laws)
    _check_dates(laws)
    _check_overlaps(laws)
    values = {v["id"]: v["value"] for content in raw for v in content.get("value", [])}
    after, before, levels = (values[name] for name in _READING)
    return Library(laws, Reading(after, before, tuple(levels)))


def _law(entry: dict[str, Any]) -> Law:
    name = entry.get("id") or "没有编号的法规"
    if unknown := sorted(set(entry) - _KEYS):
        raise ValueError(f"{name}: 不认识 {'、'.join(unknown)}")
    if missing := [key for key in ("id", "title", "subject") if not entry.get(key)]:
        raise ValueError(f"{name}: 缺少 {'、'.join(missing)}")
    if entry.get("level") not in LEVELS:
        raise ValueError(f"{name}: level 应为 {'、'.join(LEVELS)} 之一")
    if bool(entry.get("checked")) == bool(entry.get("unverified")):
        raise ValueError(f'{name}: 应写 checked = "…" 或 unverified = true 之一')
    dates = {key: _date(entry, key, name) for key in ("promulgated", "from", "until")}
    return Law(
        id=name, title=entry["title"], number=entry.get("number", ""), level=entry["level"],
        subject=entry["subject"], issuer=entry.get("issuer", ""), promulgated_on=dates["promulgated"],
        from_on=dates["from"], until_on=dates["until"], undated=entry.get("undated", ""),
        amended=tuple(
            Amendment(day, a["by"]) for a in entry.get("amended", []) if (day := _date(a, "on", name))
        ),
        replaces=tuple(entry.get("replaces", ())), replaced_by=(),
        cited_as=tuple(entry.get("cited_as", ())),
        short_within=tuple((k, tuple(v)) for k, v in entry.get("short_within", {}).items()),
        note=entry.get("note", ""), checked=entry.get("checked", ""),
        unverified=bool(entry.get("unverified")),
    )  # fmt: skip


def _date(entry: dict[str, Any], key: str, name: str) -> dt.date | None:
    value = entry.get(key)
    if value is not None and type(value) is not dt.date:
        raise ValueError(f"{name}: {key} 应为日期")
    return value


def _joined(found: dict[str, Law]) -> dict[str, Law]:
    """The laws with who replaced them, and their last day where a successor's first day gives it."""
    successors: dict[str, list[Law]] = {name: [] for name in found}
    for one in found.values():
        for name in one.replaces:
            if name not in found:
                raise ValueError(f"{one.id}: replaces 所写 {name} 不在法规库")
            successors[name].append(one)
    return {name: _ended(one, successors[name]) for name, one in found.items()}


def _ended(one: Law, successors: list[Law]) -> Law:
    starts = [s.from_on for s in successors if s.from_on]
    until = one.until_on or (min(starts) - dt.timedelta(1) if starts else None)
    if starts and one.until_on and one.until_on >= min(starts):
        raise ValueError(f"{one.id}: 至 {one.until_on} 与替代它的 {successors[0].id} 重叠")
    return replace(one, until_on=until, replaced_by=tuple(s.id for s in successors))


def _check_circles(laws: dict[str, Law]) -> None:
    """Refuses a law that replaces itself by way of others."""
    cleared: set[str] = set()

    def walk(name: str, way: tuple[str, ...]) -> None:
        if name in way:
            raise ValueError(f"替代关系成环：{' → '.join((*way[way.index(name) :], name))}")
        if name not in cleared:
            for older in laws[name].replaces:
                walk(older, (*way, name))
            cleared.add(name)

    for name in laws:
        walk(name, ())


def _check_dates(laws: dict[str, Law]) -> None:
    for one in laws.values():
        if not (one.promulgated_on or one.from_on or one.until_on or one.undated):
            raise ValueError(f"{one.id}: 没有日期，也没有用 undated 写明原因")
        if one.from_on and one.until_on and one.until_on < one.from_on:
            raise ValueError(f"{one.id}: 停止施行早于施行")
        if one.from_on and one.promulgated_on and one.from_on < one.promulgated_on:
            raise ValueError(f"{one.id}: 施行早于公布")


def _check_overlaps(laws: dict[str, Law]) -> None:
    """No two editions of one title are in force on one day."""
    editions: dict[str, list[Law]] = {}
    for one in laws.values():
        if one.from_on:
            editions.setdefault(one.title, []).append(one)
    for found in editions.values():
        for older, newer in pairwise(sorted(found, key=lambda one: one.from_on or dt.date.min)):
            if older.until_on is None or (newer.from_on and older.until_on >= newer.from_on):
                raise ValueError(f"{older.id} 与 {newer.id} 同名而施行期间重叠")
