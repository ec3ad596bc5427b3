"""Triage measured: is the kind right, is the topic right, how many messages a minute.

The messages are in data/messages_blind.txt: sentences written by hand, each below its right kind and topic,
with slang, dialect, hearsay, half sentences and official language. Every sentence becomes several messages:
slots filled, an opening, an aside on something else and an ending put around it, letters mistyped, marks left
out. Openings and fillings say nothing about kind or topic. What triage knows comes from 820 other sentences
in packs/leads/messages.txt: 116 with which the expressions of packs/leads/triage.toml were chosen, 704
written later. Ways and settings of learning were chosen on held-out thirds of these (--held).
Of the blind part only the totals were looked at: while the expressions were chosen, and three times after
learning was added (kind 96.0 %, topic 89.5 % with 719 sentences; 94.9 %, 89.9 % with 820; then as in
README.md). Both parts are invented by like hands, so this is no sample of an office's real messages: label a
hundred of your own and run them with ``--file``.

    .venv/bin/python benchmarks/triage.py [--held | --file FILE] [--wrong]
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xiejian.leads import learnt, rules, triage

DATA = Path(__file__).parent / "data"
NEEDED = {"kind": 0.95, "topic": 0.90}
PER_MINUTE = 10_000
VARIANTS = 4
NO_TOPIC = "-"
FILL = {
    "shop": ["康宁", "仁济堂", "东街那家", "步行街二楼那家", "老王", "百姓", "惠民", "车站对面"],
    "dev": ["血压计", "血糖仪", "血压仪", "测血压的", "臂式血压计", "那个测血糖的机器"],
    "amt": ["三百八", "1280", "两千多", "4999元", "好几百", "一万二"],
    "when": ["上个月", "半个月", "去年冬天", "3月", "十来天"],
    "town": ["大沁他拉镇", "新镇", "柴桥", "小港", "百泉镇", "开发区"],
}
#: letters that people take for each other when they type
TYPOS = {"的": "得", "在": "再", "做": "作", "那": "哪", "像": "象", "账": "帐", "以": "已", "查": "察"}


@dataclass(frozen=True)
class Message:
    """One message and what is right for it."""

    text: str
    kind: str
    topic: str


def read(path: Path) -> tuple[list[Message], dict[str, list[str]]]:
    """The sentences of a file with their labels, and what may stand around them."""
    sentences: list[Message] = []
    around: dict[str, list[str]] = defaultdict(list)
    heading = ""
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        if line.startswith("["):
            heading = line.strip("[]")
        elif heading.split()[0] in ("opener", "closer", "aside"):
            around[heading].append(line)
        elif line:
            kind, topic = heading.split()
            sentences.append(Message(line, kind, "" if topic == NO_TOPIC else topic))
    return sentences, around


def messages(path: Path, variants: int = VARIANTS) -> list[Message]:
    """Every sentence as several messages, the same ones every time."""
    sentences, around = read(path)
    dice = random.Random(path.stem)
    return [
        Message(_said(one, around, dice), one.kind, one.topic) for one in sentences for _ in range(variants)
    ]


def _said(one: Message | learnt.Example, around: dict[str, list[str]], dice: random.Random) -> str:
    official = " 线索" if one.kind == "线索" else ""
    aside = dice.choice(around["aside"]) if not official and dice.random() < 0.25 else ""
    text = one.text
    for slot, choices in FILL.items():
        text = text.replace(f"{{{slot}}}", dice.choice(choices))
    opener = dice.choice(around["opener" + official]).replace("{town}", dice.choice(FILL["town"]))
    text = f"{opener}{text}。{aside}{dice.choice(around['closer' + official])}"
    return text if official else _mistyped(text, dice)


def _mistyped(text: str, dice: random.Random) -> str:
    letters = [TYPOS.get(c, c) if dice.random() < 0.15 else c for c in text]
    if dice.random() < 0.2:
        letters = [" " if c in "，。；" else c for c in letters]
    if dice.random() < 0.1 and len(letters) > 20:
        del letters[dice.randrange(5, len(letters) - 5)]
    return "".join(letters)


def measure(found: list[Message]) -> tuple[dict[str, float], float, list[tuple[Message, triage.Proposal]]]:
    """Shares of right kinds and topics, messages a minute, and the wrong ones."""
    started = time.perf_counter()
    proposals = triage.propose_all([one.text for one in found])
    taken = time.perf_counter() - started
    pairs = list(zip(found, proposals, strict=True))
    right = {
        "kind": sum(p.kind == m.kind for m, p in pairs) / len(pairs),
        "topic": sum(p.topic == m.topic for m, p in pairs) / len(pairs),
    }
    wrong = [(m, p) for m, p in pairs if (m.kind, m.topic) != (p.kind, p.topic)]
    return right, len(pairs) / taken * 60, wrong


def held_out() -> dict[str, float]:
    """Shares right of every third message of the pack, learnt from the two others; each said in two ways."""
    own = learnt.examples_of(rules.messages())
    around = read(DATA / "messages_tune.txt")[1]
    dice = random.Random("held out")
    told = [Message(_said(one, around, dice), one.kind, one.topic) for one in own[2::3] for _ in range(2)]
    shares = {}
    for question in NEEDED:
        model = learnt.learn(question, [one for i, one in enumerate(own) if i % 3 != 2])
        right = sum(model.resembles(m.text).answer == getattr(m, question) for m in told)
        shares[question] = right / len(told)
    return shares


def run() -> list[dict[str, Any]]:
    """The blind part: right kinds, right topics, speed; ``ratio``: found over wanted."""
    found = messages(DATA / "messages_blind.txt")
    right, speed, _ = measure(found)
    results = [
        {
            "name": f"triage: right {what} on {len(found):,} blind messages",
            "ratio": right[what] / NEEDED[what], "need": 1,
            "detail": f"{right[what]:.1%} of {len(found):,} (wanted {NEEDED[what]:.0%})",
        }
        for what in NEEDED
    ]  # fmt: skip
    return [
        *results,
        {
            "name": "triage: messages a minute",
            "ratio": speed / PER_MINUTE,
            "need": 1,
            "detail": f"{speed:,.0f}",
        },
    ]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--file", type=Path, help="labelled messages of your own, in the same form")
    asked.add_argument("--wrong", action="store_true", help="show the wrong ones (never of the blind part)")
    asked.add_argument("--held", action="store_true", help="every third message of the pack, from the others")
    given = asked.parse_args()
    if given.held:
        print("held out: " + ", ".join(f"{what} {share:.1%}" for what, share in held_out().items()))
        return
    found = read(given.file)[0] if given.file else messages(DATA / "messages_blind.txt")
    right, speed, wrong = measure(found)
    shares = f"kind {right['kind']:.1%}, topic {right['topic']:.1%}"
    print(f"{len(found):,} messages: {shares}; {speed:,.0f} a minute")
    if given.wrong and given.file:
        for message, proposal in wrong:
            print(f"{message.kind}/{message.topic} → {proposal.kind}/{proposal.topic}  {message.text}")
        print(Counter((m.topic, p.topic) for m, p in wrong).most_common(12))


if __name__ == "__main__":
    main()
