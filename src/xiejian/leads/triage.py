"""What a lead is about, by words and messages of the packs: a proposal with its reasons, no decision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from xiejian.leads import learnt, rules

LABELS = {
    "kind": "类型", "topic": "事由", "priority": "紧急程度", "link": "环节", "party": "被反映单位",
    "office": "办理机构", "late": "受理期间", "duplicate": "可能重复",
}  # fmt: skip
#: what stands as the answer of a reason that speaks for no topic
NO_TOPIC = "其他"
_USUAL = {"kind": "举报", "topic": "", "priority": "一般", "link": ""}


@dataclass(frozen=True)
class Reason:
    """One reason of a proposal: ``question`` as in LABELS, the ``answer`` it speaks for, ``why`` in words."""

    question: str
    answer: str
    why: str


@dataclass
class Proposal:
    """What triage proposes. ``party`` and ``duplicates`` are ids of records."""

    kind: str
    topic: str
    priority: str
    link: str
    party: int | None = None
    office_code: str = ""
    duplicates: list[int] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class _Found:
    """What a text says for one answer: its weight, and the words that were found for it."""

    entry: rules.Words
    weight: int
    said: list[str]


def _found(question: str, text: str) -> list[_Found]:
    """The answers that a text speaks for, in the order of the pack."""
    rows = []
    for entry in rules.words(question):
        hits = [(match.group(), weight) for mark, weight in entry.marks if (match := mark.search(text))]
        said = list(dict.fromkeys(word for word, weight in hits if weight > 0))
        total = sum(weight for _, weight in hits)
        if said and total >= rules.least_weight(question):
            rows.append(_Found(entry, total, said))
    return rows


def _answer(question: str, text: str) -> tuple[str, list[Reason]]:
    """The answer that weighs most, and the reasons of it and of the others found."""
    found = _found(question, text)
    if not found:
        return _USUAL[question], []
    # of priorities the graver one, however few its words: the last of the pack stands for the least grave
    ordered = found if question == "priority" else sorted(found, key=lambda row: -row.weight)
    reasons = [
        Reason(question, row.entry.label, "提到" + "、".join(f"“{word}”" for word in row.said))
        for row in ordered
    ]
    return ordered[0].entry.id, reasons


def _learnt_answer(question: str, text: str) -> tuple[str, list[Reason]]:
    """As `_answer`, but labelled messages decide; a few characters are left to the expressions."""
    by_words, reasons = _answer(question, text)
    if len(text.strip()) < rules.learning("shortest"):
        return by_words, reasons
    alike = learnt.model(question).resembles(text)
    label = next((entry.label for entry in rules.words(question) if entry.id == alike.answer), NO_TOPIC)
    own = [reason for reason in reasons if reason.answer == label]
    if alike.pieces and not own and (alike.answer or reasons):
        said = "、".join(f"“{piece}”" for piece in alike.pieces)
        own = [Reason(question, label, f"用语与已标注的同类信件相近：{said}")]
    return alike.answer, own + [reason for reason in reasons if reason.answer != label]


def propose(text: str, *, kind: str = "", link: str = "") -> Proposal:
    """Kind, topic, priority and link of a text. A ``kind`` or ``link`` that is given stays."""
    answers: dict[str, str] = {}
    reasons: list[Reason] = []
    for question in ("kind", "topic", "priority", "link"):
        ask = _learnt_answer if question in ("kind", "topic") else _answer
        answers[question], why = ask(question, text)
        reasons += why
    if not any(reason.question == "kind" for reason in reasons):
        reasons.append(Reason("kind", _USUAL["kind"], "没有找到说明类型的词，按举报核查，不漏线索"))
    if kind:
        answers["kind"] = kind
    if link:
        answers["link"] = link
    return Proposal(answers["kind"], answers["topic"], answers["priority"], answers["link"], reasons=reasons)


def propose_all(texts: Iterable[str]) -> list[Proposal]:
    """The proposals for many texts; no database."""
    return [propose(text) for text in texts]
