"""What a text resembles: pieces of it weighed by the labelled messages of packs/leads/messages.txt.

Every piece of one to three characters that occurs in at least two messages has a weight for every answer. So
has what the expressions of triage.toml found, and whether the text names a device or another's matter.
The weights are those of least squares held small (ridge regression, in its dual form: as many equations
as messages). They are fitted at first use, within about a second, and kept for the life of the process.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from xiejian.leads import rules

#: names of features that are no pieces of text begin with it; no text holds it
_MARK = "\0"


@dataclass(frozen=True)
class Example:
    """One labelled message; ``topic`` is empty where it has none."""

    text: str
    kind: str
    topic: str


@dataclass(frozen=True)
class Likeness:
    """The ``answer`` a text resembles most and the ``pieces`` that spoke for it, the heaviest first."""

    answer: str
    pieces: list[str]


@dataclass(frozen=True)
class Model:
    """Weights of one question: ``rarity`` of known pieces, ``places`` of features, a column per answer."""

    question: str
    answers: list[str]
    rarity: dict[str, float]
    places: dict[str, int]
    weights: npt.NDArray[np.float64]

    def resembles(self, text: str) -> Likeness:
        """The answer with the greatest sum of weights."""
        known = [(name, v) for name, v in _features(self.question, text, self.rarity).items()
                 if name in self.places]  # fmt: skip
        rows = self.weights[[self.places[name] for name, _ in known]]
        said = rows * np.array([value for _, value in known])[:, None]
        best = int(said.sum(axis=0).argmax())
        ahead = said[:, best] - said.mean(axis=1)
        order = [known[i][0] for i in np.argsort(-ahead, kind="stable") if ahead[i] > 0]
        return Likeness(self.answers[best], _apart(order))


def _apart(names: list[str]) -> list[str]:
    """The first pieces of at least two characters that do not overlap by containing one another."""
    chosen: list[str] = []
    for name in names:
        if len(name) < 2 or name.startswith(_MARK) or any(name in one or one in name for one in chosen):
            continue
        chosen.append(name)
        if len(chosen) == int(rules.learning("shown")):
            break
    return chosen


def _pieces(text: str) -> set[str]:
    letters = "".join(text.split())
    longest = int(rules.learning("longest"))
    return {letters[i : i + n] for n in range(1, longest + 1) for i in range(len(letters) - n + 1)}


@lru_cache(maxsize=4096)
def _totals(question: str, text: str) -> dict[str, int]:
    """What the expressions of every answer found in a text, together; both questions ask for the kind's."""
    return {
        entry.id: sum(weight for mark, weight in entry.marks if mark.search(text))
        for entry in rules.words(question)
    }


def _features(question: str, text: str, rarity: dict[str, float]) -> dict[str, float]:
    """Value of every feature of a text: its known pieces (together of length one), expressions, matters."""
    values = {piece: rarity[piece] for piece in sorted(_pieces(text)) if piece in rarity}
    length = math.sqrt(sum(value * value for value in values.values())) or 1.0
    features = {piece: value / length for piece, value in values.items()}
    strength = rules.learning("expressions")
    for asked in dict.fromkeys((question, "kind")):
        for answer, total in _totals(asked, text).items():
            features[f"{_MARK}{asked}:{answer}"] = strength * max(-1.0, min(total / 3, 2.0))
    named = {
        entry.id: len({found.group() for mark, _ in entry.marks for found in mark.finditer(text)})
        for entry in rules.words("matter")
    }
    strength = rules.learning("matters")
    for matter, count in named.items():
        features[f"{_MARK}{matter}"] = strength * min(count, 2) / 2
    features[f"{_MARK}no device"] = strength * (not named["device"])
    features[f"{_MARK}outside alone"] = strength * (not named["device"] and named["outside"] > 0)
    features[f"{_MARK}always"] = strength
    return features


def learn(question: str, examples: list[Example]) -> Model:
    """The weights of ``question`` ("kind" or "topic") from ``examples``; the same ones every time."""
    counts = Counter(piece for one in examples for piece in _pieces(one.text))
    least = rules.learning("seen")
    rarity = {piece: math.log(len(examples) / n) for piece, n in sorted(counts.items()) if n >= least}
    wanted = [str(getattr(one, question)) for one in examples]
    answers = sorted(set(wanted))
    places: dict[str, int] = {}
    ends, columns, values = [0], [], []
    for one in examples:
        for name, value in sorted(_features(question, one.text, rarity).items()):
            columns.append(places.setdefault(name, len(places)))
            values.append(value)
        ends.append(len(columns))
    table = csr_matrix((values, columns, ends), shape=(len(examples), len(places)))
    right = np.where(np.array(wanted)[:, None] == np.array(answers)[None, :], 1.0, -1.0)
    alike = (table @ table.T).toarray() + rules.learning("restraint") * np.eye(len(examples))
    return Model(question, answers, rarity, places, np.asarray(table.T @ np.linalg.solve(alike, right)))


def examples_of(lines: Iterable[str]) -> list[Example]:
    """The messages of a file: ``[kind topic]`` (``-``: no topic) above its messages; # is a remark."""
    found: list[Example] = []
    kind = topic = ""
    for line in lines:
        if line.startswith("["):
            kind, topic = line.strip("[]\n").split()
        elif line.strip() and not line.startswith("#"):
            found.append(Example(line.strip(), kind, "" if topic == "-" else topic))
    return found


@cache
def model(question: str) -> Model:
    """The weights of ``question`` from the messages of the pack."""
    return learn(question, examples_of(rules.messages()))
