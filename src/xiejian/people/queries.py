"""Who has read which law, and what the offices found when they held rules against their sources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from xiejian.kernel.divisions import stem
from xiejian.kernel.laws import Law
from xiejian.people.models import Officer, ReadReceipt, RuleCheck, SavedView
from xiejian.people.policy import Actor, handed_down, roles_with, visible


@dataclass(frozen=True)
class Reader:
    """One officer and the newest receipt for a law; ``current``: for the edition that is in the library."""

    officer: Officer
    receipt: ReadReceipt | None
    current: bool


@dataclass(frozen=True)
class Reading:
    """One law and who of the readers has read it as it stands."""

    law: Law
    readers: tuple[Reader, ...]

    @property
    def read(self) -> int:
        return sum(reader.current for reader in self.readers)

    @property
    def unread(self) -> list[Officer]:
        return [reader.officer for reader in self.readers if not reader.current]

    @property
    def share(self) -> float | None:
        return self.read / len(self.readers) if self.readers else None


def readers(actor: Actor | None, office: str = "") -> QuerySet[Officer]:
    """The officers of the own office and below who are to read laws; ``office``: of this one and below."""
    asked = roles_with("rules.acknowledge")
    rows = visible(Officer.objects.filter(is_active=True, role__in=asked), actor, "office__code")
    if office:
        rows = rows.filter(office__code__startswith=stem(office))
    return rows.select_related("office").order_by("office__code", "name", "pk")


def reading(actor: Actor | None, laws: Iterable[Law], office: str = "") -> list[Reading]:
    """Who has read each of the laws; two queries, however many laws and readers."""
    asked, people = list(laws), list(readers(actor, office))
    held: dict[tuple[str, int], ReadReceipt] = {}
    found = visible(
        ReadReceipt.objects.filter(law__in=[law.id for law in asked]), actor, "officer__office__code"
    )
    for receipt in found.order_by("read_at"):
        held[receipt.law, receipt.officer_id] = receipt
    return [Reading(law, tuple(_reader(law, person, held) for person in people)) for law in asked]


def _reader(law: Law, person: Officer, held: dict[tuple[str, int], ReadReceipt]) -> Reader:
    receipt = held.get((law.id, person.pk))
    return Reader(person, receipt, receipt is not None and receipt.digest == law.digest)


def unread(actor: Actor | None, laws: Iterable[Law]) -> list[Law]:
    """Those of the laws that the actor has not read as they stand; one query."""
    if actor is None:
        return []
    asked = list(laws)
    receipts = ReadReceipt.objects.filter(officer__username=actor.username, law__in=[law.id for law in asked])
    have = set(receipts.values_list("law", "digest"))
    return [law for law in asked if (law.id, law.digest) not in have]


def receipts(actor: Actor | None, laws: Iterable[Law]) -> dict[str, ReadReceipt]:
    """law id → the actor's own receipt for the law as it stands; one query."""
    if actor is None:
        return {}
    asked = {law.id: law.digest for law in laws}
    found = ReadReceipt.objects.filter(officer__username=actor.username, law__in=asked)
    return {receipt.law: receipt for receipt in found if receipt.digest == asked[receipt.law]}


def rule_checks(actor: Actor | None, slugs: Iterable[str] | None = None) -> dict[str, list[RuleCheck]]:
    """slug → what the own office and each office above say of the entry now, the own office first."""
    rows = handed_down(RuleCheck.objects.filter(amended_by=None), actor)
    if slugs is not None:
        rows = rows.filter(slug__in=list(slugs))
    found: dict[str, list[RuleCheck]] = defaultdict(list)
    for check in rows.select_related("office", "checker").order_by("-office__stem", "-at"):
        found[check.slug].append(check)
    return dict(found)


def check_history(actor: Actor | None, slug: str) -> QuerySet[RuleCheck]:
    """Every check of the entry by the own office and the offices above, the newest first."""
    rows = handed_down(RuleCheck.objects.filter(slug=slug), actor)
    return rows.select_related("office", "checker").order_by("-at", "-pk")


def saved_views(actor: Actor, page: str) -> QuerySet[SavedView]:
    """The actor's own views of one list, by name."""
    return SavedView.objects.filter(officer__username=actor.username, page=page)
