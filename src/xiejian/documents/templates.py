"""Document templates: sections and sentences as data, every number in them a named figure.

A template is one TOML file in ``packs/documents``::

    id = "summary"
    kind = "summary"                 # what `xiejian document KIND` asks for
    packs = ["beilun"]               # only for offices that use one of these packs; left out: for all
    title = "{@office}{@year}年医疗器械监管工作总结"
    [value.most_suppliers]           # a number that a rule or arrangement sets, with its source
    label = "…"
    value = 3
    unit = "家"
    source = "…"
    [derived.quota_each]             # made from two figures: quotient, or what is missing to the first
    label = "…"
    meaning = "…"
    how = "quotient"                 # or "shortfall": first − second, none where the second is as large
    of = ["quota", "hospitals"]
    unit = "例"
    [[section]]
    heading = "规范审批"
    level = 1                        # 0: no heading
    content = "promises"             # optional: a part that is computed, see documents.parts
    paragraphs = [
      ["全年检查{visits_all}家次[，其中|生产环节{visits_makers}家次|经营环节{visits_distributors}家次]。"],
      [{ text = "立案{cases_filed}件。", zero = "未发现违法案件。" }],
    ]

A paragraph is a list of sentences. ``{id}`` is a figure, ``{@name}`` a word of the document
(see WORDS), ``{=id}`` a value set in the template. ``[…]`` is a clause that falls
away when all of its figures are zero; ``[a|b|c]`` is the text a followed by those of b, c … that stay,
joined by 、. A sentence whose own figures are all zero falls away too, or is replaced by its ``zero``
wording, unless ``keep = true``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xiejian.documents.draft import Paragraph, Run, Section
from xiejian.kernel import packs

WORDS = ("office", "area", "year", "next_year", "until", "campaign")
HOW = {"quotient", "shortfall"}
_TOKEN = re.compile(r"\{(?P<sign>[@=]?)(?P<name>[a-z0-9_]+)\}|\[(?P<clause>[^\]]*)\]")


@dataclass(frozen=True)
class Sentence:
    text: str
    zero: str = ""
    keep: bool = False


@dataclass(frozen=True)
class TemplateSection:
    heading: str
    level: int
    paragraphs: tuple[tuple[Sentence, ...], ...]
    content: str = ""


@dataclass(frozen=True)
class SetValue:
    """A number that a rule or arrangement sets; it has a source instead of records."""

    label: str
    text: str
    unit: str
    source: str


@dataclass(frozen=True)
class Derived:
    """A figure made from two others."""

    label: str
    meaning: str
    how: str
    of: tuple[str, str]
    unit: str


@dataclass(frozen=True)
class Template:
    id: str
    kind: str
    title: str
    packs: tuple[str, ...]
    sections: tuple[TemplateSection, ...]
    values: dict[str, SetValue]
    derived: dict[str, Derived]
    addressee: str = ""
    red_heading: bool = False
    attachments: tuple[str, ...] = ()

    @property
    def needs_campaign(self) -> bool:
        """Whether the text speaks of one campaign."""
        return any(("@", "campaign") in _names(text) for text in self._texts())

    @property
    def figures(self) -> list[str]:
        """The ids of the figures that the sentences need, in the order of their first use."""
        found: dict[str, None] = {}
        for text in self._texts():
            for sign, name in _names(text):
                if name in self.derived:
                    found.update(dict.fromkeys(self.derived[name].of))
                elif not sign:
                    found[name] = None
        return list(found)

    def _texts(self) -> Iterable[str]:
        yield self.title
        for section in self.sections:
            yield section.heading
            for paragraph in section.paragraphs:
                for sentence in paragraph:
                    yield sentence.text
                    yield sentence.zero


@dataclass(frozen=True)
class Shown:
    """A figure as it is written. ``zero``: nothing behind it, so a sentence about it may fall away."""

    text: str
    zero: bool


def _names(text: str) -> list[tuple[str, str]]:
    found = []
    for match in _TOKEN.finditer(text):
        if match["clause"] is not None:
            found += _names(match["clause"])
        else:
            found.append((match["sign"], match["name"]))
    return found


def _sentence(raw: str | dict[str, Any]) -> Sentence:
    return Sentence(raw) if isinstance(raw, str) else Sentence(**raw)


def read(path: Path) -> Template:
    """Read one template; ValueError says which section or name does not fit."""
    with path.open("rb") as file:
        raw = tomllib.load(file)
    values = {
        key: SetValue(entry["label"], str(entry["value"]), entry.get("unit", ""), entry["source"])
        for key, entry in raw.get("value", {}).items()
    }
    derived = {
        key: Derived(entry["label"], entry["meaning"], entry["how"], tuple(entry["of"]), entry["unit"])
        for key, entry in raw.get("derived", {}).items()
    }
    sections = tuple(
        TemplateSection(
            heading=section.get("heading", ""),
            level=section.get("level", 1),
            paragraphs=tuple(tuple(_sentence(s) for s in p) for p in section.get("paragraphs", ())),
            content=section.get("content", ""),
        )
        for section in raw["section"]
    )
    template = Template(
        id=raw["id"],
        kind=raw["kind"],
        title=raw["title"],
        packs=tuple(raw.get("packs", ())),
        sections=sections,
        values=values,
        derived=derived,
        addressee=raw.get("addressee", ""),
        red_heading=raw.get("red_heading", False),
        attachments=tuple(raw.get("attachments", ())),
    )
    for text in template._texts():
        for sign, name in _names(text):
            if (sign == "@" and name not in WORDS) or (sign == "=" and name not in values):
                raise ValueError(f"{path.name}: {{{sign}{name}}} is not known")
    if strange := {entry.how for entry in derived.values()} - HOW:
        raise ValueError(f"{path.name}: derived figures are {sorted(HOW)}, not {sorted(strange)}")
    return template


def folder() -> Path:
    return packs.root() / "documents"


def known() -> list[Template]:
    """Every template, those for particular packs first."""
    found = [read(path) for path in sorted(folder().glob("*.toml"))]
    return sorted(found, key=lambda template: (not template.packs, template.id))


def choose(kind: str, office_packs: Iterable[str]) -> Template | None:
    """The template of ``kind`` for an office that uses these packs: its own before the common one."""
    used = set(office_packs)
    for template in known():
        if template.kind == kind and (not template.packs or used & set(template.packs)):
            return template
    return None


def render(
    section: TemplateSection,
    shown: Mapping[str, Shown],
    values: Mapping[str, SetValue],
    words: Mapping[str, str],
) -> Section:
    """The section's sentences with figures, values and words put in; empty paragraphs fall away."""
    filler = _Filler(shown, values, words)
    paragraphs = []
    for sentences in section.paragraphs:
        runs: list[Run] = []
        for sentence in sentences:
            runs += filler.sentence(sentence)
        if runs:
            paragraphs.append(Paragraph(tuple(_joined(runs))))
    heading = "".join(run.text for run in filler.fill(section.heading))
    return Section(heading, section.level, tuple(paragraphs))


def fill_words(text: str, words: Mapping[str, str]) -> str:
    """A title or addressee with its words put in."""
    return "".join(run.text for run in _Filler({}, {}, words).fill(text))


def _joined(runs: Iterable[Run]) -> list[Run]:
    """Neighbouring plain runs as one: the Word file stays readable in its own XML."""
    found: list[Run] = []
    for run in runs:
        if found and not run.figure and not found[-1].figure:
            found[-1] = Run(found[-1].text + run.text)
        elif run.text:
            found.append(run)
    return found


@dataclass(frozen=True)
class _Filler:
    shown: Mapping[str, Shown]
    values: Mapping[str, SetValue]
    words: Mapping[str, str]

    def sentence(self, sentence: Sentence) -> list[Run]:
        own = [m["name"] for m in _TOKEN.finditer(sentence.text) if m["clause"] is None and not m["sign"]]
        if own and not sentence.keep and all(self.shown[name].zero for name in own):
            return self.fill(sentence.zero) if sentence.zero else []
        return self.fill(sentence.text)

    def fill(self, text: str) -> list[Run]:
        runs: list[Run] = []
        end = 0
        for match in _TOKEN.finditer(text):
            runs.append(Run(text[end : match.start()]))
            end = match.end()
            if match["clause"] is not None:
                runs += self.clause(match["clause"])
            else:
                runs.append(self.name(match["sign"], match["name"]))
        runs.append(Run(text[end:]))
        return [run for run in runs if run.text]

    def name(self, sign: str, name: str) -> Run:
        if sign == "@":
            return Run(self.words[name])
        if sign == "=":
            return Run(self.values[name].text, name)
        return Run(self.shown[name].text, name)

    def clause(self, clause: str) -> list[Run]:
        head, *items = clause.split("|")
        if not items:
            return self.fill(head) if self.stays(head) else []
        kept = [item for item in items if self.stays(item)]
        runs = self.fill(head) if kept else []
        for index, item in enumerate(kept):
            runs += [Run("、")] * (index > 0) + self.fill(item)
        return runs

    def stays(self, text: str) -> bool:
        names = [name for sign, name in _names(text) if not sign]
        return not names or not all(self.shown[name].zero for name in names)
