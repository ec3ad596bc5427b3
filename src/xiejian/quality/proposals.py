"""What of the laws and recalls may concern a firm, and why: proposals, which a person decides on. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from xiejian.kernel.laws import Law
from xiejian.quality.rules import Topic


@dataclass(frozen=True)
class Product:
    """A product that the firm has, from its own registrations or product cards."""

    name: str
    registration_no: str = ""
    di: str = ""


@dataclass(frozen=True)
class Announced:
    """A recall as anybody may read of it."""

    number: str
    title: str
    on: dt.date
    holder_uscc: str
    registration_no: str
    di: str


@dataclass(frozen=True)
class Proposal:
    """One thing to look at; ``reasons`` is empty where nothing says that it concerns the firm."""

    kind: str
    source: str
    edition: str
    title: str
    on: dt.date | None
    reasons: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str, str]:
        return self.kind, self.source, self.edition


def of_law(law: Law, links: Collection[str], topics: Iterable[Topic]) -> Proposal:
    """Whether the title of a law speaks of what the firm does."""
    reasons = [
        f"名称中有“{word}”，本单位有{'、'.join(sorted(shared))}环节"
        for topic in topics
        if (shared := topic.links & set(links))
        for word in topic.words
        if word in law.title
    ]
    turned_on = law.last_amended_on or law.from_on or law.promulgated_on
    return Proposal("law", law.id, law.digest, law.title[:300], turned_on, tuple(dict.fromkeys(reasons)))


def of_recall(recall: Announced, firm_uscc: str, products: Iterable[Product]) -> Proposal:
    """Whether a recall is the firm's own, or of a product that the firm has."""
    reasons = ["本单位实施的召回"] if firm_uscc and recall.holder_uscc == firm_uscc else []
    for product in products:
        if recall.registration_no and product.registration_no == recall.registration_no:
            reasons.append(f"本单位有{product.name}，注册证或备案编号相同")
        elif recall.di and product.di == recall.di:
            reasons.append(f"本单位有{product.name}，产品标识相同")
    title = f"召回：{recall.title}"[:300]
    edition = recall.on.isoformat()
    return Proposal("recall", recall.number, edition, title, recall.on, tuple(dict.fromkeys(reasons)))
