"""The papers of a case on a page: as they were issued, or as they would be now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from xiejian.cases import paper_forms
from xiejian.cases.models import CasePaper, TypicalCase
from xiejian.cases.paper_forms import Form, Values
from xiejian.documents.draft import chinese_number
from xiejian.documents.paper import Blank, Block, Facts, Heading, Paper, Sign, Signs, Table, Text


def _table(columns: list[str], rows: list[list[str]], widths: list[float]) -> Table:
    return Table(tuple(columns), tuple(tuple(row) for row in rows), tuple(widths))


_MADE: dict[str, Callable[..., Block]] = {
    "facts": lambda pairs: Facts.of((label, value) for label, value in pairs),
    "text": Text,
    "remark": lambda text: Text(text, small=True),
    "blank": lambda lines: Blank("", lines),
    "table": _table,
    "signs": lambda roles: Signs(tuple(Sign(role) for role in roles)),
}


def _blocks(content: Iterable[list[Any]]) -> Iterator[Block]:
    """The kept blocks as those of a page; headings with their numbers 一、二、…"""
    count = 0
    for kind, *rest in content:
        if kind == "heading":
            count += 1
            yield Heading(f"{chinese_number(count)}、{rest[0]}")
        elif kind != "addressee":
            yield _MADE[kind](*rest)


def _addressee(content: Iterable[list[Any]]) -> str:
    return next((rest[0] for kind, *rest in content if kind == "addressee"), "")


def issued(found: CasePaper, *, personal: bool) -> Paper:
    """A paper as it was issued; without ``personal`` the persons in it are hidden."""
    form = paper_forms.forms()[found.kind]
    content = found.content if personal else paper_forms.masked(form, found.values, found.content)
    version = f"第 {found.version} 版：{found.reason}" if found.version > 1 else ""
    return Paper(
        found.kind, found.title, found.office_name, found.number, tuple(_blocks(content)),
        addressee=_addressee(content), official=form.official,
        sealed_on=found.issued_on if form.official else None, draft=version, numbered=bool(found.number),
    )  # fmt: skip


def draft(form: Form, values: Values, office_name: str, *, personal: bool) -> Paper:
    """A paper as it would be issued with these values: what is not known is left to be written by hand."""
    content = paper_forms.compose(form, values, office_name)
    shown = content if personal else paper_forms.masked(form, values, content)
    return Paper(
        form.id, form.title, office_name, "", tuple(_blocks(shown)), addressee=_addressee(shown),
        official=form.official, draft="草稿，尚未出具", numbered=bool(form.word),
    )  # fmt: skip


def typical(found: TypicalCase) -> Paper:
    """A case told without names, as an official letter without addressee."""
    blocks: list[Block] = []
    for heading, text in (("案情", found.story), ("查处情况", found.outcome), ("典型意义", found.lesson)):
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if lines:
            count = chinese_number(sum(isinstance(b, Heading) for b in blocks) + 1)
            blocks += [Heading(f"{count}、{heading}"), *(Text(line) for line in lines)]
    return Paper(
        "typical", found.title, "典型案例", "", tuple(blocks), official=True, sealed_on=None,
        draft="" if found.published_on else "尚未发布", numbered=False,
    )  # fmt: skip
