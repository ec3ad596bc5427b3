"""The facts of a step as its action takes them: read from JSON by the types of the action's signature.

A fact is named as the parameter is. A required group of facts (a dataclass) is given field by field beside
the others; an optional one, and each line of a list, as an object of its own.
"""

from __future__ import annotations

import base64
import datetime as dt
import inspect
import re
import types
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.base import ContentFile
from django.utils import timezone

from xiejian.kernel import dates
from xiejian.kernel.problems import Catalogue, Problem, Refused
from xiejian.people.policy import Actor
from xiejian.record_steps import naming

problems = Catalogue(Path(__file__).with_name("problems.toml"))
Function = Callable[..., Any]
#: Parameters that are never asked: who acts, when, and what another action asks for in its stead.
OURS = frozenset({"by", "at", "permission"})
WORDS: dict[Any, str] = {
    dt.date: "date", dt.datetime: "datetime", str: "text", int: "integer", bool: "boolean", float: "number",
    Decimal: "decimal", Any: "any",
}  # fmt: skip
_BROKEN = re.compile("[\x00\ud800-\udfff]")
_LISTS = (list, Sequence, Collection, Iterable, tuple)


@dataclass(frozen=True)
class Parameter:
    """One fact: its name, its type, whether it must be given, and the group that it is part of."""

    name: str
    hint: Any
    required: bool
    group: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "type": word(self.hint), "required": self.required}


# --- what may be given -------------------------------------------------------------------------------------


def parameters(function: Function, ours: Collection[str] = ()) -> list[Parameter]:
    """The facts that an action takes; those of ``ours`` are not asked."""
    found = []
    for name, hint, required in _signature(function):
        if name in OURS or name in ours or not _readable(hint):
            continue
        if required and is_dataclass(hint) and hint not in (naming.Origin,):
            found += [
                Parameter(one, part, must, name)
                for one, part, must in _signature(hint)
                if one not in ours and _readable(part)
            ]
        else:
            found.append(Parameter(name, hint, required))
    return found


def _signature(function: Function) -> list[tuple[str, Any, bool]]:
    """Name, type and whether it must be given; what a partial has bound is not asked."""
    bound: Mapping[str, Any] = {}
    if isinstance(function, partial):
        function, bound = function.func, function.keywords
    hints = typing.get_type_hints(function)
    return [
        (name, hints.get(name, Any), found.default is found.empty)
        for name, found in inspect.signature(function).parameters.items()
        if name not in bound and found.kind is not found.VAR_KEYWORD
    ]


def _arms(hint: Any) -> tuple[Any, ...]:
    """The types that a value may have; one, except for ``X | None``."""
    is_union = isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union
    return typing.get_args(hint) if is_union else (hint,)


def _one(hint: Any) -> Any:
    return next((arm for arm in _arms(hint) if arm is not type(None)), hint)


def _readable(hint: Any) -> bool:
    """Whether JSON can hold it: a function, for one, it cannot."""
    hint = _one(hint)
    kind = typing.get_origin(hint) or hint
    if kind in _LISTS:
        return all(_readable(part) for part in typing.get_args(hint) if part is not Ellipsis)
    known = kind in (Mapping, dict) or kind is File or hint in WORDS or hint in naming.NAMED
    return known or is_dataclass(hint)


def word(hint: Any) -> str:
    """The type in a word, for whoever writes the facts."""
    hint = _one(hint)
    kind = typing.get_origin(hint) or hint
    if kind is tuple and Ellipsis not in typing.get_args(hint):
        return "[" + ", ".join(word(part) for part in typing.get_args(hint)) + "]"
    if kind in _LISTS:
        return f"list of {word((*typing.get_args(hint), Any)[0])}"
    if kind is File:
        return "{name, base64}"
    if hint in naming.NAMED:
        return naming.NAMED[hint].word
    if is_dataclass(hint):
        return "{" + ", ".join(name for name, part, _ in _signature(hint) if _readable(part)) + "}"
    return WORDS.get(hint, "object")


# --- reading -----------------------------------------------------------------------------------------------


def read_facts(
    function: Function, given: Mapping[str, Any], *, by: Actor, ours: Collection[str] = (), step: str = ""
) -> dict[str, Any]:
    """The keyword arguments of an action from what was given.

    Refused, all problems at once: a field it does not take (Y104), one that is missing (Y105), a value of
    another type (Y106), a record or person that is not in reach (Y107).
    """
    known = {one.name: one for one in parameters(function, ours)}
    wrong = _not_storable(given)
    wrong += [
        problems("Y104", name, step=step, field=name, known="、".join(known))
        for name in given
        if name not in known
    ]
    must = [one.name for one in known.values() if one.required]
    wrong += [
        problems("Y105", name, step=step, field=name, known="、".join(must))
        for name in must
        if name not in given
    ]
    if wrong:
        raise Refused(wrong)
    return _gathered(function, {n: (known[n], value) for n, value in given.items()}, by, ours)


def _not_storable(given: Mapping[str, Any]) -> list[Problem]:
    """Texts with characters that no database keeps: NUL, and halves of a pair (Y106)."""
    left: list[tuple[str, Any]] = [("", dict(given))]
    wrong = []
    while left:  # no recursion: what is given may be nested as deep as JSON allows
        where, value = left.pop()
        if isinstance(value, dict):
            left += [(where or str(name), part) for name, one in value.items() for part in (name, one)]
        elif isinstance(value, list):
            left += [(where, one) for one in value]
        elif isinstance(value, str) and _BROKEN.search(value):
            shown = _BROKEN.sub("?", where), _BROKEN.sub("?", value)[:80]
            wrong.append(problems("Y106", shown[0], field=shown[0], wanted="可以保存的文字", given=shown[1]))
    return wrong


def _gathered(
    function: Function, given: Mapping[str, tuple[Parameter, Any]], by: Actor, ours: Collection[str]
) -> dict[str, Any]:
    """Every fact read, those of a group put together."""
    hints = {name: hint for name, hint, _ in _signature(function)}
    flat: dict[str, Any] = {}
    groups: dict[str, dict[str, Any]] = {one.group: {} for one in parameters(function, ours) if one.group}
    wrong: list[Problem] = []
    for name, (one, value) in given.items():
        try:
            (groups[one.group] if one.group else flat)[name] = read(one.hint, value, name, by)
        except Refused as refused:
            wrong += refused.problems
    if wrong:
        raise Refused(wrong)
    return flat | {name: hints[name](**facts) for name, facts in groups.items()}


def _no(where: str, wanted: str, given: Any) -> Refused:
    return Refused(problems("Y106", where, field=where, wanted=wanted, given=str(given)[:80]))


def read(hint: Any, given: Any, where: str, by: Actor) -> Any:
    """One value as its type says; ``where`` is its place in what was given."""
    if given is None and type(None) in _arms(hint):
        return None
    hint = _one(hint)
    kind = typing.get_origin(hint) or hint
    if hint in naming.NAMED:
        return _named(hint, [given], where, by)[0]
    if kind in _LISTS:
        return _list(hint, given, where, by)
    if kind is File:
        return _file(given, where)
    if kind in (Mapping, dict):
        if not isinstance(given, dict):
            raise _no(where, "对象", given)
        return given
    if is_dataclass(hint):
        if not isinstance(given, dict):
            raise _no(where, "对象", given)
        return hint(**read_facts(hint, given, by=by, step=where))
    return given if hint is Any else _plain(hint, given, where)


def _list(hint: Any, given: Any, where: str, by: Actor) -> Any:
    if not isinstance(given, list):
        raise _no(where, "列表", given)
    parts = typing.get_args(hint)
    if typing.get_origin(hint) is tuple and Ellipsis not in parts:
        if len(given) != len(parts):
            raise _no(where, f"{len(parts)} 项的列表", given)
        pairs = enumerate(zip(parts, given, strict=True))
        return tuple(read(part, one, f"{where}.{i}", by) for i, (part, one) in pairs)
    part = parts[0] if parts else Any
    if part in naming.NAMED:
        return _named(part, given, where, by)
    found = [read(part, one, f"{where}.{i}", by) for i, one in enumerate(given)]
    return tuple(found) if typing.get_origin(hint) is tuple else found


def _file(given: Any, where: str) -> ContentFile[bytes]:
    """A small file inside the JSON: its name, and its bytes as base64."""
    parts = given if isinstance(given, dict) else {}
    name, text = parts.get("name"), parts.get("base64")
    try:
        content = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except ValueError:  # no base64, or not even ASCII
        content = b""
    if not content or not isinstance(name, str) or not name.strip():
        raise _no(where, "文件：name 和 base64", given)
    return ContentFile(content, name=name.strip())


def _named(hint: Any, given: list[Any], where: str, by: Actor) -> list[Any]:
    """The records or persons of these names, found in the actor's reach together."""
    name = naming.NAMED[hint]
    found = name.find(given, by)
    if missing := [one for one in given if naming.key(one) not in found]:
        raise Refused(problems("Y107", where, given=str(missing[0])[:80], wanted=name.word))
    return [found[naming.key(one)] for one in given]


def _plain(hint: Any, given: Any, where: str) -> Any:
    """A text, number, day or moment; a number is not taken for a text, nor the other way round."""
    if hint is dt.datetime or hint is dt.date:
        return _moment(given, where) if hint is dt.datetime else _day(given, where)
    if hint is Decimal:
        try:
            number = Decimal(str(given))
        except InvalidOperation:
            number = Decimal("NaN")
        if isinstance(given, bool) or not number.is_finite():
            raise _no(where, "数", given)
        return number
    fits = isinstance(given, hint) and not (hint is not bool and isinstance(given, bool))
    if not fits:
        labels = {str: "文字", int: "整数", bool: "true 或者 false", float: "数"}
        raise _no(where, labels.get(hint, str(hint)), given)
    return given


def _day(given: Any, where: str) -> dt.date:
    try:
        found = dates.read(given) if isinstance(given, str) else None
    except Refused:
        found = None
    if found is None:
        raise _no(where, "日期，如 2024-03-05", given)
    return found


def _moment(given: Any, where: str) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(given)
    except (TypeError, ValueError):
        raise _no(where, "时刻，如 2024-03-05T09:00", given) from None
    return found if found.tzinfo else timezone.make_aware(found)
