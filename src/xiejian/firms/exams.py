"""Examinations: the bank of questions, what a seed draws from it, what answers come to. No database."""

from __future__ import annotations

import hashlib
import random
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from xiejian.kernel.packs import root


@dataclass(frozen=True)
class Question:
    """One question; ``answer``: the positions of the right choices."""

    id: str
    topic: str
    text: str
    choices: tuple[str, ...]
    answer: frozenset[int]
    why: str
    citation: str
    unverified: bool

    @property
    def several(self) -> bool:
        return len(self.answer) > 1

    @property
    def digest(self) -> str:
        """Changes with what is asked and what counts as right."""
        told = [self.text, *self.choices, *map(str, sorted(self.answer))]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Mark:
    """What a paper came to: how many were right, of how many, in whole percent rounded down."""

    right: int
    of: int

    @property
    def percent(self) -> int:
        return self.right * 100 // self.of if self.of else 0


@cache
def bank() -> dict[str, Question]:
    """Every question by id; ValueError for one whose answer names no choice."""
    with (root() / "firms" / "questions.toml").open("rb") as file:
        entries: list[dict[str, Any]] = tomllib.load(file)["question"]
    found = {
        e["id"]: Question(
            e["id"], e["topic"], e["text"], tuple(e["choices"]), frozenset(e["answer"]), e["meaning"],
            e["citation"], bool(e.get("unverified")),
        )
        for e in entries
    }  # fmt: skip
    for question in found.values():
        if not question.answer or not question.answer <= set(range(len(question.choices))):
            raise ValueError(f"question {question.id}: its answer names no choice")
    return found


def topics() -> list[str]:
    """The topics of the bank in its order."""
    return list(dict.fromkeys(question.topic for question in bank().values()))


def pool(chosen: Collection[str]) -> list[Question]:
    """The questions of these topics; all of them when none is chosen."""
    return [question for question in bank().values() if not chosen or question.topic in chosen]


def draw(questions: Sequence[Question], seed: str, count: int) -> list[Question]:
    """``count`` questions (all, where there are fewer) in an order that the seed alone decides."""
    ordered = sorted(questions, key=lambda question: question.id)
    chance = random.Random(hashlib.sha256(seed.encode()).hexdigest())
    return chance.sample(ordered, min(count, len(ordered)))


def order_of_choices(question: Question, seed: str) -> list[int]:
    """In which order the choices of a question stand on the paper of this seed."""
    positions = list(range(len(question.choices)))
    random.Random(hashlib.sha256(f"{seed}:{question.id}".encode()).hexdigest()).shuffle(positions)
    return positions


def mark(questions: Sequence[Question], answers: Mapping[str, Collection[int]]) -> Mark:
    """How many answers name exactly the right choices; a question without an answer is wrong."""
    right = sum(1 for question in questions if frozenset(answers.get(question.id, ())) == question.answer)
    return Mark(right, len(questions))
