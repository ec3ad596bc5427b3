"""The papers of a case as templates, and a template filled in: no database, no clock.

A template is an entry of packs/cases/papers.toml. ``compose`` turns it and the values into blocks, which are
plain JSON and what an issued paper keeps:

    ["addressee", text] ["facts", [[label, value], …]] ["heading", text] ["text", text] ["remark", text]
    ["blank", lines] ["table", [column, …], [[cell, …], …], [width, …]] ["signs", [role, …]]
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from xiejian.kernel import deadlines, penalties
from xiejian.kernel.deadline_facts import unit_label
from xiejian.kernel.packs import root

Block = list[Any]
#: a value as it is kept: text, a date or moment in ISO form, the rows of a table
Values = Mapping[str, Any]
_NAME = re.compile(r"\{([\w-]+)\}")
_RULE = re.compile(r"[A-Z]{2}-\d+")
#: where a value is missing: room to write by hand
BLANK = {"date": "＿＿＿＿年＿＿月＿＿日", "moment": "＿＿＿＿年＿＿月＿＿日＿＿时＿＿分"}
GAP = "＿＿＿＿＿＿＿＿"
HIDDEN = "＊＊＊"


@dataclass(frozen=True)
class Field:
    """What is filled in. ``kind``: line, text, date, moment, table; ``lines``: room for it by hand."""

    id: str
    label: str
    kind: str = "line"
    lines: int = 2
    personal: bool = False
    columns: tuple[str, ...] = ()
    widths: tuple[float, ...] = ()


@dataclass(frozen=True)
class Form:
    """A template. ``word``: the word in its number, '' for a paper without one; ``form``: number of the model
    form; ``many``: a case may have several; ``own_number``: a case number that looks so is its number."""

    id: str
    title: str
    form: int
    stage: str
    word: str
    official: bool
    addressee: str
    facts: tuple[str, ...]
    body: tuple[str, ...]
    signs: tuple[str, ...]
    needs: tuple[str, ...]
    many: bool
    own_number: str

    @property
    def fields(self) -> tuple[Field, ...]:
        """What is filled in, in the order in which the paper shows it."""
        named = [*_NAME.findall(self.addressee), *self.facts]
        for line in self.body:
            named += [line[1:]] if line[:1] in ("@", "%") else _NAME.findall(line)
        known = _fields()
        return tuple(known[name] for name in dict.fromkeys(named) if name in known)


@cache
def _read() -> dict[str, Any]:
    with (root() / "cases" / "papers.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def _fields() -> dict[str, Field]:
    return {
        name: Field(
            name, entry["label"], entry.get("kind", "line"), entry.get("lines", 2),
            entry.get("personal", False), tuple(entry.get("columns", ())), tuple(entry.get("widths", ())),
        )
        for name, entry in _read()["fields"].items()
    }  # fmt: skip


@cache
def forms() -> dict[str, Form]:
    """Every template by id, in the order of the pack; ValueError for one that names an unknown field."""
    found = {
        entry["id"]: Form(
            entry["id"], entry["meaning"], entry["form"], entry["stage"], entry.get("word", ""),
            entry.get("official", False), entry.get("addressee", ""), tuple(entry.get("facts", ())),
            tuple(entry["body"]), tuple(entry["signs"]), tuple(entry["needs"]), entry.get("many", False),
            entry.get("own_number", ""),
        )
        for entry in _read()["paper"]
    }  # fmt: skip
    for form in found.values():
        _check(form)
    return found


def _check(form: Form) -> None:
    known, shown = set(_fields()) | {"office", "late_rate"}, {field.id for field in form.fields}
    named = {name for line in (form.addressee, *form.body) for name in _NAME.findall(line)}
    named |= {line[1:] for line in form.body if line[:1] in ("@", "%")} | set(form.facts)
    unknown = {name for name in named - known if not _RULE.fullmatch(name)}
    if unknown or set(form.needs) - shown or form.stage not in stages():
        raise ValueError(f"cases/papers.toml {form.id}: {sorted(unknown | set(form.needs) - shown)}")


def stages() -> dict[str, str]:
    """The parts of a procedure that the papers belong to."""
    return dict(_read()["stages"])


def number_pattern(form: Form) -> str:
    """How this paper is numbered, with {short}, {year}, {n}."""
    pattern = next(entry["pattern"] for entry in _read()["format"] if entry["id"] == "number")
    return str(pattern).replace("{word}", form.word)


def missing(form: Form, values: Values) -> list[str]:
    """The labels of what must be known before the paper is issued, and is not."""
    return [_fields()[name].label for name in form.needs if not values.get(name)]


def shown(field: Field, value: Any) -> str:
    """A value as a paper says it, '' for none.

    >>> shown(Field("on", "日期", "date"), "2024-03-05")
    '2024年3月5日'
    >>> shown(Field("at", "时间", "moment"), "2024-03-05T09:05")
    '2024年3月5日9时05分'
    """
    if not value or field.kind == "table":
        return ""
    if field.kind not in BLANK:
        return str(value).strip()
    at = dt.datetime.fromisoformat(str(value))
    day = f"{at.year}年{at.month}月{at.day}日"
    return day if field.kind == "date" else f"{day}{at.hour}时{at.minute:02d}分"


@cache
def _period(rule: str) -> str:
    """How long a time limit is, in words: 15日, 6个月."""
    found = deadlines.rule(rule)
    return f"{found.n}{unit_label(found.unit)}"


def _rate() -> str:
    return f"{penalties.load().late_fee.rate * 100:f}".rstrip("0").rstrip(".") + "%"


def _filled(line: str, values: Values, office_name: str) -> str:
    """A sentence with its values; room to write where one is missing."""
    known = _fields()

    def put(found: re.Match[str]) -> str:
        name = found[1]
        if name == "office":
            return office_name
        if name == "late_rate":
            return _rate()
        if name not in known:
            return _period(name)
        return shown(known[name], values.get(name)) or BLANK.get(known[name].kind, GAP)

    return _NAME.sub(put, line)


def _long(field: Field, value: Any) -> Iterable[Block]:
    said = [line.strip() for line in str(value or "").splitlines() if line.strip()]
    return [["text", line] for line in said] or [["blank", field.lines]]


def _table(field: Field, rows: Any) -> Block:
    cells = [[str(cell) for cell in row] for row in rows or ()]
    return ["table", list(field.columns), cells or [[""] * len(field.columns)], list(field.widths)]


def compose(form: Form, values: Values, office_name: str, *, final: bool = False) -> list[Block]:
    """The template filled in. What is not known becomes a line to fill in by hand.

    ``final``: it is issued; a letter then leaves out what nobody has said, with the heading above it.
    """
    known = _fields()
    blocks: list[Block] = []
    if form.addressee:
        blocks.append(["addressee", _filled(form.addressee, values, office_name)])
    if form.facts:
        pairs = [[known[name].label, shown(known[name], values.get(name))] for name in form.facts]
        blocks.append(["facts", pairs])
    for line in form.body:
        mark, rest = line[:1], line[1:].strip()
        if mark == "@":
            blocks += _long(known[rest], values.get(rest))
        elif mark == "%":
            blocks.append(_table(known[rest], values.get(rest)))
        elif mark in ("#", "~"):
            blocks.append(["heading" if mark == "#" else "remark", _filled(rest, values, office_name)])
        else:
            blocks.append(["text", _filled(line, values, office_name)])
    if final and form.official:
        blocks = _without_gaps(blocks)
    if form.signs:
        blocks.append(["signs", list(form.signs)])
    return blocks


def _without_gaps(blocks: list[Block]) -> list[Block]:
    """The blocks without lines to write on, empty tables and headings that nothing follows."""
    said = [b for b in blocks if b[0] != "blank" and not (b[0] == "table" and not any(map(any, b[2])))]
    follows = [*(block[0] for block in said[1:]), "heading"]
    return [b for b, after in zip(said, follows, strict=True) if (b[0], after) != ("heading", "heading")]


def as_text(title: str, number: str, office_name: str, blocks: Iterable[Block]) -> str:
    """The paper as plain lines: what its digest covers and what a search reads."""
    lines = [office_name, title, number]
    for kind, *rest in blocks:
        if kind == "facts":
            lines += [f"{label}：{value}" for label, value in rest[0]]
        elif kind == "table":
            lines += ["\t".join(row) for row in [rest[0], *rest[1]]]
        elif kind == "signs":
            lines += rest[0]
        elif kind != "blank":
            lines.append(rest[0])
    return "\n".join(lines)


def masked(form: Form, values: Values, blocks: list[Block]) -> list[Block]:
    """The blocks without the persons in them, for whoever may not see personal data."""
    secret = [str(values[f.id]) for f in form.fields if f.personal and values.get(f.id)]

    def hide(part: Any) -> Any:
        if isinstance(part, list):
            return [hide(item) for item in part]
        if isinstance(part, str):
            for word in sorted(secret, key=len, reverse=True):
                part = part.replace(word, HIDDEN)
        return part

    return [[kind, *(hide(part) for part in rest)] for kind, *rest in blocks]
