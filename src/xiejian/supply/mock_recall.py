"""模拟召回: if this lot had to come back today, who holds how much, how is each reached, what is missing?"""

from __future__ import annotations

from dataclasses import dataclass

from xiejian.people.policy import Actor, may, visible
from xiejian.registry.models import Party
from xiejian.supply.flows import Node
from xiejian.supply.models import Partner
from xiejian.supply.trace import Firm, Trace


@dataclass(frozen=True)
class Holding:
    """One firm that would be told. ``contact`` is empty where the register has none or the reader may not."""

    node: Node
    firm: Firm
    contact: str


@dataclass(frozen=True)
class Drill:
    """The whole of it, in least sale units. ``seconds``: from the question to the answer."""

    found: Trace
    holdings: list[Holding]
    patients: int
    seconds: float

    @property
    def confirmed(self) -> int:
        """Held by the holders' own records."""
        return sum(held.node.on_hand for held in self.holdings if held.node.recorded)

    @property
    def unconfirmed(self) -> int:
        """Held by the word of whoever sent it."""
        return sum(held.node.on_hand for held in self.holdings if not held.node.recorded)

    @property
    def used(self) -> int:
        return sum(node.used + node.implanted for node in self.found.account.nodes.values())

    @property
    def gone(self) -> int:
        """Destroyed or lost."""
        return sum(node.destroyed + node.lost for node in self.found.account.nodes.values())

    @property
    def share(self) -> float | None:
        """Of what entered, the part whose place is known; None when nothing entered."""
        known = self.confirmed + self.unconfirmed + self.used + self.gone
        entered = self.found.account.entered
        return min(1.0, known / entered) if entered else None


def drill(actor: Actor | None, found: Trace, *, seconds: float) -> Drill:
    """What a recall of the traced lot would find; one query, for the contacts that ``actor`` may see."""
    holders = found.holders
    contacts = _contacts(actor, [found.firms[node.key] for node in holders])
    holdings = [Holding(node, found.firms[node.key], contacts.get(node.key, "")) for node in holders]
    return Drill(found, holdings, len({(p.firm, p.token) for p in found.patients}), seconds)


def _contacts(actor: Actor | None, firms: list[Firm]) -> dict[str, str]:
    """Key → person and telephone: a firm's from its own files, an officer's from the register."""
    if actor is None or not (actor.firm or may(actor, "registry.personal")):
        return {}
    codes = [firm.uscc for firm in firms if firm.uscc]
    if actor.firm:
        files = Partner.objects.filter(firm_uscc=actor.firm, uscc__in=codes)
        rows = files.values_list("uscc", "contact", "phone")
        return {uscc: " ".join(filter(None, told)) for uscc, *told in rows}
    parties = visible(Party.objects.filter(uscc__in=codes), actor)
    of_register = parties.values_list("uscc", "head", "legal_representative", "phone")
    return {
        uscc: " ".join(filter(None, (head or representative, phone)))
        for uscc, head, representative, phone in of_register
        if uscc
    }
