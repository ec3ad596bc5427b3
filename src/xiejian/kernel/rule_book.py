"""规则库: every entry of every pack in one list, and what changed between two dates.

Grading, time limits and penalties come through their own readers, so that the list says what the
program applies; the other packs are read as they stand: a table with a meaning and an id is an entry.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from xiejian.kernel import deadline_rules, divisions, kinds, packs, penalty_rules
from xiejian.kernel.deadline_facts import unit_label
from xiejian.kernel.packs import Duty
from xiejian.kernel.penalties import yuan

#: What an entry belongs to, in the order of the list.
KINDS = {
    "grading": "分级与频次", "deadlines": "法定时限", "penalties": "法律责任", "discretion": "处罚裁量",
    "numbers": "编号格式", "udi": "唯一标识", "checklists": "检查表", "inspections": "检查与判定",
    "sampling": "监督抽检", "vigilance": "不良事件与召回", "leads": "投诉举报与线索", "online": "网络监测",
    "assistance": "协查", "self_inspections": "企业自查", "sales": "销售与售后", "supply": "进销存与追溯",
    "quality": "质量工作台",
    "firms": "企业协同",
    "hospitals": "医疗机构", "coldchain": "冷链",
    "cases": "案件办理", "risks": "风险会商",
    "tables": "统计报表", "measures": "统计指标", "tags": "品种标签", "campaign": "专项整治",
    "credit": "信用", "documents": "文书", "register": "名录", "workdays": "节假日",
}  # fmt: skip
#: Whether it is known to be so: read in the source, from memory, or set by this system.
STATUSES = {"checked": "已核实", "unverified": "未核实", "design": "本系统设置"}
OF_LABELS = {"group": "该类单位", "inspected": "已检查单位", "problems": "发现问题单位"}

_INHERITED = ("citation", "checked", "unverified", "design", "from", "until")
_STATUS = ("checked", "unverified")
#: packs in which what is cited was read, unless it is marked
_READ_UNLESS_MARKED = ("numbers", "udi")
# tables inside an entry that belong to it, and examples
_OWN = {"example", "when", "need", "unless", "include", "words", "field_label", "place"}
# heads, words, and text that is no rule
_NO_ENTRIES = ("pack", "label", "fact", "kind", "law", "section", "alias")
_VALUE_LABELS = {
    "value": "", "conclusion": "结论", "within_days": "期限（日）", "within_months": "期限（月）",
    "lower_cut": "下分界", "upper_cut": "上分界", "lowest_share": "最低比例", "steps": "指向",
    "parts": "包括", "aliases": "又称", "measure": "指标", "cadence": "报送", "dates": "日期",
    "working_day": "第几个工作日", "to": "报至", "due_on": "报送日期", "rate": "每日比例", "cap": "上限倍数",
    "key": "关键项目", "tags": "品种", "links": "环节", "list_managed": "清单管理", "full_item": "全项目检查",
    "rules": "涉及", "proposal": "建议适用", "facts": "取自", "ratio": "比", "factor": "倍数",
    "example": "如", "with": "改为", "identifier": "引出", "limit": "限度", "scope": "适用",
    "offices": "机构",
}  # fmt: skip
_MEANINGS = ("meaning", "text", "message", "content", "why", "says", "label", "title")


@dataclass(frozen=True)
class Entry:
    """One entry in one version, in force ``from_on`` to ``until_on`` (None: open); ``source``: its file."""

    id: str
    kind: str
    pack: str
    meaning: str
    value: str
    citation: str
    checked: str
    unverified: bool
    design: str
    from_on: dt.date | None
    until_on: dt.date | None
    source: str
    #: the id that this one took over from
    replaces: str = ""
    #: its name in addresses: stays when its words change
    slug: str = ""

    @property
    def digest(self) -> str:
        """Changes with what the rule says: who checked the entry before has to look again."""
        told = [self.meaning, self.value, self.citation, str(self.from_on), str(self.until_on)]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]

    @property
    def kind_label(self) -> str:
        return KINDS.get(self.kind, self.kind)

    @property
    def statuses(self) -> tuple[str, ...]:
        """Its marks: an entry that was read may hold a part that is our own setting."""
        read = ("unverified",) if self.unverified else ("checked",) if self.checked else ()
        return (*read, *(("design",) if self.design or not read else ()))

    @property
    def dates(self) -> str:
        """When it is in force, in words."""
        if self.from_on and self.until_on:
            return f"{self.from_on} 至 {self.until_on}"
        return f"自 {self.from_on}" if self.from_on else f"至 {self.until_on}" if self.until_on else ""

    def in_force(self, on: dt.date) -> bool:
        return (self.from_on is None or self.from_on <= on) and (self.until_on is None or on <= self.until_on)


@dataclass(frozen=True)
class Change:
    """What became of one id between two dates: the versions in force on the first and on the second."""

    id: str
    kind: str
    what: str
    on: dt.date
    before: tuple[Entry, ...]
    after: tuple[Entry, ...]


def entries() -> tuple[Entry, ...]:
    """All entries in the order of ``KINDS`` and the files; Refused K202, K529 where a pack does not hold."""
    return _entries(packs.root())


@cache
def _entries(folder: Path) -> tuple[Entry, ...]:
    raw = {path: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*/*.toml"))}
    files = {path.relative_to(folder).as_posix(): found for path, found in raw.items() if _is_pack(path)}
    found = [*_grading(files), *_deadlines(), *_penalties(files)]
    for source, content in files.items():
        kind = _kind(source)
        if kind not in ("grading", "deadlines") and not source.startswith("national/penalties-"):
            found += _plain(content, kind, source)
    order = list(KINDS)
    return tuple(sorted(_named(found), key=lambda e: order.index(e.kind)))


def _named(found: Iterable[Entry]) -> Iterator[Entry]:
    """The entries with their slugs: file, id, and which of several that share an id."""
    seen: Counter[tuple[str, str]] = Counter()
    for entry in found:
        seen[key := (entry.source, entry.id)] += 1
        name = f"{entry.source}#{entry.id}#{seen[key]}"
        yield replace(entry, slug=hashlib.sha256(name.encode()).hexdigest()[:12])


def by_slug() -> Mapping[str, Entry]:
    """Every entry by its name in addresses."""
    return _by_slug(packs.root())


@cache
def _by_slug(folder: Path) -> Mapping[str, Entry]:
    return {entry.slug: entry for entry in _entries(folder)}


def named(kind: str, name: str) -> Entry:
    """The newest entry of this kind and id; KeyError where the rule book has none."""
    return _newest(packs.root())[kind, name]


@cache
def _newest(folder: Path) -> Mapping[tuple[str, str], Entry]:
    return {(entry.kind, entry.id): entry for entry in _entries(folder)}


def versions(entry: Entry, found: Iterable[Entry]) -> list[Entry]:
    """The entry with its other versions, by date: of the same id, and what it took over from."""
    line = {entry.id, entry.replaces} - {""}
    same = [e for e in found if (e.kind, e.pack) == (entry.kind, entry.pack)]
    held = [e for e in same if e.id in line or e.replaces in line]
    return sorted(held, key=lambda e: (e.from_on or dt.date.min, e.until_on or dt.date.max))


def _is_pack(path: Path) -> bool:
    return not path.name.endswith(".examples.toml")


def _kind(source: str) -> str:
    folder, _, name = source.partition("/")
    if folder in KINDS:
        return folder
    first = name.removesuffix(".toml").split("-")[0]
    return {"key": "grading", "drug": "grading"}.get(first, first if first in KINDS else "register")


def search(
    found: Iterable[Entry], *, words: str = "", kind: str = "", status: str = "", on: dt.date | None = None
) -> list[Entry]:
    """The entries that hold every word (in id, meaning, value, source) and are of this kind and status."""
    wanted = words.casefold().split()
    return [
        e
        for e in found
        if (not kind or e.kind == kind)
        and (not status or status in e.statuses)
        and (on is None or e.in_force(on))
        and all(w in f"{e.id}\n{e.pack}\n{e.meaning}\n{e.value}\n{e.citation}".casefold() for w in wanted)
    ]


def changes(found: Iterable[Entry], first: dt.date, second: dt.date) -> list[Change]:
    """What began, ended or got another value after ``first`` up to ``second``, by date."""
    versions: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in found:
        versions.setdefault((entry.kind, entry.pack, entry.replaces or entry.id), []).append(entry)
    changed = []
    for (kind, _, _), known in versions.items():
        starts = [e.from_on for e in known if e.from_on and first < e.from_on <= second]
        ends = [e.until_on + dt.timedelta(1) for e in known if e.until_on and first <= e.until_on < second]
        if starts or ends:
            before = tuple(e for e in known if e.in_force(first))
            after = tuple(e for e in known if e.in_force(second))
            what = (
                "改变"
                if before and after
                else "新施行"
                if after
                else "停止施行"
                if before
                else "施行后又停止"
            )
            name = (after or before or known)[-1].id
            changed.append(Change(name, kind, what, min(starts + ends), before, after))
    return sorted(changed, key=lambda change: change.on)


# --- grading ---


def duty_words(duty: Duty) -> str:
    """A duty in one phrase: 全项目检查，每年 1 次，县级.

    Numbers come from the pack; this only puts them into words.
    """
    words = [kinds.label(duty.kind)]
    if duty.times is not None:
        span = "每年" if duty.years in (None, 1) else f"每 {duty.years} 年"
        words.append(f"{span} {duty.times} 次")
    if duty.share is not None:
        words.append(f"每年{OF_LABELS.get(duty.of, '')} {duty.share * 100:g}%")
    if duty.every_months is not None:
        words.append(f"每 {duty.every_months} 个月")
    if duty.within_days is not None:
        words.append(f"备案之日起 {duty.within_days} 日内")
    if duty.within_months is not None:
        words.append(f"备案之日起 {duty.within_months} 个月内")
    if duty.by:
        words.append(f"{duty.by.replace('-', '月')}日前")
    if duty.responsible:
        words.append(f"由{divisions.TIER_LABELS.get(duty.responsible, duty.responsible)}实施")
    if duty.discretionary:
        words.append("必要时")
    return "，".join(words)


def level_words(row: packs.Row) -> str:
    """What a row of a grading pack decides."""
    if row.decides == "level":
        return f"{'一二三四'[row.level - 1]}级" if row.level else "不能据此定级"
    return duty_words(row.duty) if row.duty else "重点关注"


def _ids(content: Any) -> Iterator[str]:
    """Every id below a piece of a file."""
    if isinstance(content, dict):
        if isinstance(content.get("id"), str):
            yield content["id"]
        for key, value in content.items():
            yield from _ids(value) if key not in _OWN else ()
    elif isinstance(content, list):
        for item in content:
            yield from _ids(item)


def _sources(files: Mapping[str, Any], kind: str) -> dict[str, str]:
    return {
        name: source for source, content in files.items() if _kind(source) == kind for name in _ids(content)
    }


def _grading(files: Mapping[str, Any]) -> Iterator[Entry]:
    """Rows are listed once, under the pack that wrote them; a pack that takes them over shows them itself."""
    sources, seen = _sources(files, "grading"), set()
    for pack in map(packs.load, sorted(packs.known(), key=lambda p: len(packs.load(p).extends))):
        for row in pack.rows:
            if (key := (row.id, row.from_on)) not in seen:
                yield Entry(
                    row.id, "grading", pack.title, row.meaning, f"{'、'.join(row.links)}：{level_words(row)}",
                    row.citation, row.checked, row.unverified, "", row.from_on or pack.from_on,
                    row.until_on or pack.until_on, sources.get(row.id, ""),
                )  # fmt: skip
                seen.add(key)
        others: tuple[packs.Outside | packs.Principle, ...] = (*pack.outside, *pack.principles)
        for other in others:
            if (key := (other.id, None)) not in seen:
                value = "不定级" if isinstance(other, packs.Outside) else f"不计算：{other.why_not}"
                yield Entry(
                    other.id, "grading", pack.title, other.meaning, value, other.citation,
                    "" if other.unverified else other.citation, other.unverified, "", pack.from_on,
                    pack.until_on, sources.get(other.id, ""),
                )  # fmt: skip
                seen.add(key)


# --- time limits ---


def period(rule: deadline_rules.Rule) -> str:
    """How long, in one phrase: 15 个工作日, 之前 180 至 30 个工作日, 每年 3 月 31 日."""
    unit = unit_label(rule.unit)
    if rule.dates:
        year = "次年" if rule.next_year else "每年"
        return year + "、".join(f"{month} 月 {day} 日" for month, day in rule.dates)
    if rule.unit == "NTH_WD":
        return f"每月第 {rule.n} 个工作日"
    if not rule.has_clock:
        return unit
    if rule.before and rule.opens:
        return f"之前 {rule.opens} 至 {rule.n} {unit}"
    return f"之前{f' {rule.n} {unit}' if rule.n else ''}" if rule.before else f"{rule.n} {unit}"


def _period_words(rule: deadline_rules.Rule) -> str:
    words = [f"{rule.starts}：{period(rule)}"]
    if rule.extension:
        n = f"{rule.extension.n} " if rule.extension.n else ""
        words.append(f"可延长 {n}{unit_label(rule.extension.unit)}（{rule.extension.approval}）")
    words += [f"{leg.meaning}：{leg.starts}，{leg.n} {unit_label(leg.unit)}" for leg in rule.legs]
    return "；".join(words)


def _deadlines() -> Iterator[Entry]:
    limits, source = deadline_rules.load(), "national/deadlines.toml"
    for rule in limits.rules.values():
        yield Entry(
            rule.id, "deadlines", limits.title, rule.meaning, _period_words(rule), rule.citation,
            rule.checked, rule.unverified, rule.design, rule.from_on, rule.until_on, source,
            rule.replaces,
        )  # fmt: skip
    for one in (*limits.settings.values(), *limits.counting):
        value = "" if one.value is None else _shown(one.value)
        yield Entry(
            one.id, "deadlines", limits.title, one.meaning, value, one.citation, one.citation, False,
            one.design, None, None, source,
        )  # fmt: skip


# --- penalties ---


def fine_words(rule: penalty_rules.Rule, book: penalty_rules.Book) -> str:
    """The ranges of a rule in one phrase, stage by stage: 货值金额不足 1 万元罚 5 万至 15 万元；…"""
    if rule.kind != "penalty":
        return ""
    if rule.where_else:
        return rule.where_else
    words = [w for stage in rule.stages for w in _stage_words(stage, book)]
    return "；".join(dict.fromkeys(words)) or book.labels["first_step"][rule.first_step]


def _stage_words(stage: penalty_rules.Stage, book: penalty_rules.Book) -> Iterator[str]:
    when = _when_words(stage.when, book)
    if stage.takes:
        yield f"{when}按 {stage.takes} 处罚"
    base = book.facts[stage.base].label if stage.base else ""
    for bracket in stage.brackets:
        reach = f"不足 {yuan(bracket.below)} 元" if bracket.below is not None else ""
        reach = reach or (f" {yuan(bracket.start)} 元以上" if bracket.start else "")
        if bracket.times:
            low, high = (f"{t.normalize():f}" for t in bracket.times)
            yield f"{when}{base}{reach}：{low} 至 {high} 倍"
        elif bracket.fine:
            yield f"{when}{base}{reach}{'：' if base else ''}{' 至 '.join(map(yuan, bracket.fine))} 元"


def _when_words(when: penalty_rules.When, book: penalty_rules.Book) -> str:
    words = [book.facts[name].label for name in (*when.all, *when.any)]
    words += ["、".join(book.facts[name].values[v] for v in values) for name, values in when.choices]
    return f"{'，'.join(words)}的，" if words else ""


def _penalties(files: Mapping[str, Any]) -> Iterator[Entry]:
    book, sources = penalty_rules.load(), _sources(files, "penalties")
    fines_first = sorted(book.rules.values(), key=lambda versions: versions[-1].kind != "penalty")
    for versions in fines_first:
        for rule in versions:
            yield Entry(
                rule.id, "penalties", rule.law.title, rule.meaning, fine_words(rule, book), rule.citation,
                rule.checked, rule.unverified, "", rule.from_on, rule.until_on, sources.get(rule.id, ""),
            )  # fmt: skip


# --- the other packs, as they stand ---


def _plain(content: Mapping[str, Any], kind: str, source: str) -> Iterator[Entry]:
    head = content.get("pack") or content.get("campaign") or content
    title = head.get("title") if isinstance(head, Mapping) else ""
    given = {key: content[key] for key in _INHERITED if key in content and not isinstance(content[key], dict)}
    for name, value in content.items():
        if isinstance(value, list | dict) and name not in _OWN and name not in _NO_ENTRIES:
            yield from _below(value, name, given, (kind, title or KINDS[kind], source))


def _below(value: Any, name: str, above: Mapping[str, Any], place: tuple[str, str, str]) -> Iterator[Entry]:
    """The entries in a table or list of tables; citation, status, dates come from above where not given."""
    if isinstance(value, list):
        for n, item in enumerate(value, start=1):
            if isinstance(item, dict):
                yield from _below(item, f"{name}-{n}", above, place)
        return
    own = {key: value[key] for key in _INHERITED if key in value}
    if any(key in own for key in _STATUS):
        above = {key: v for key, v in above.items() if key not in _STATUS}
    known = {**above, **own}
    if entry := _entry(value, name, known, place):
        yield entry
    for key, inner in value.items():
        if isinstance(inner, dict | list) and key not in _OWN:
            yield from _below(inner, key, known, place)


def _entry(
    value: Mapping[str, Any], name: str, known: Mapping[str, Any], place: tuple[str, str, str]
) -> Entry | None:
    kind, pack, source = place
    meaning = next((value[k] for k in _MEANINGS if value.get(k) and isinstance(value[k], str | list)), "")
    if kind == "tags":
        meaning = name
    if not meaning:
        return None
    named = value.get("id") or ".".join(str(value[k]) for k in ("kind", "form") if k in value) or name
    said = "、".join(map(str, meaning)) if isinstance(meaning, list) else str(meaning)
    label = value.get("label")
    if isinstance(label, str) and label != said:
        said = f"{label}：{said}"
    citation = str(known.get("citation") or value.get("source") or "")
    checked = known.get("checked")
    if kind in _READ_UNLESS_MARKED and not known.get("unverified"):
        checked = citation
    return Entry(
        id=str(named), kind=kind, pack=pack, meaning=said, value=_value(value), source=source,
        citation=citation, checked=str(checked or ""),
        unverified=bool(known.get("unverified")), design=str(known.get("design", "")),
        from_on=_date(known.get("from") or value.get("starts_on")),
        until_on=_date(known.get("until") or value.get("ends_on")),
    )  # fmt: skip


def _date(value: Any) -> dt.date | None:
    return value if type(value) is dt.date else None


def _value(value: Mapping[str, Any]) -> str:
    words = []
    for key, label in _VALUE_LABELS.items():
        given = value.get(key)
        inner = isinstance(given, dict) or (isinstance(given, list) and given and isinstance(given[0], dict))
        if given is None or given == "" or inner:
            continue
        unit = value.get("unit", "") if key == "value" else ""
        words.append(f"{label}{'：' if label else ''}{_shown(given)}{f' {unit}' if unit else ''}")
    return "；".join(words)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "、".join(map(_shown, value)) if isinstance(value, list) else str(value)
