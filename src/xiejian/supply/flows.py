"""The account of one lot: who sent how much to whom, who still has it, and what nobody accounts for.

Pure: sums of movements in (``Flow``), an ``Account`` out. A delivery is recorded twice, by the sender and
by the receiver. A firm that recorded nothing of the lot stands in the account by the word of the others;
what came from such a firm has entered the account there. So that always

    entered = on hand + used + implanted + destroyed + lost + unaccounted
    unaccounted = what left one firm and did not reach the next, less what counts of stock added
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

DELIVERY, RETURN = "delivery", "return"
#: kind of a movement → (way of the edge, whether the recording firm is the sender)
_BETWEEN = {
    "ship": (DELIVERY, True), "receive": (DELIVERY, False),
    "return_out": (RETURN, True), "return_in": (RETURN, False),
}  # fmt: skip
#: kind → where it counts at the firm that records it
_AT_FIRM = {
    "make": "made", "receive": "received", "ship": "shipped", "return_out": "returned_out",
    "return_in": "returned_in", "use": "used", "implant": "implanted", "destroy": "destroyed", "loss": "lost",
    "adjust": "adjusted",
}  # fmt: skip
#: …and where the same counts at a partner that recorded nothing
_AT_PARTNER = {
    "ship": "received", "receive": "shipped", "return_out": "returned_in", "return_in": "returned_out",
}  # fmt: skip
#: Before the name of a partner without a credit code: buyers and suppliers of one name are kept apart.
_BUYER, _SUPPLIER = "~购货者 ", "~供货者 "
NAMELESS = "（未写明）"


def partner_key(kind: str, uscc: str, name: str) -> str:
    """What a partner is called in the account: its credit code, else its name behind a ``~``.

    >>> partner_key("ship", "", "零售顾客")
    '~购货者 零售顾客'
    """
    if uscc:
        return uscc
    return f"{_BUYER if kind in ('ship', 'return_in') else _SUPPLIER}{name or NAMELESS}"


def is_code(key: str) -> bool:
    """Whether a key of the account is a credit code, not only a name."""
    return not key.startswith("~")


def key_name(key: str) -> str:
    """The name in a key without a code; empty for a credit code."""
    return "" if is_code(key) else key.split(" ", 1)[1]


@dataclass(frozen=True, slots=True)
class Flow:
    """Movements of one firm, kind and partner, summed. ``partner``: its key, empty where there is none."""

    firm: str
    kind: str
    partner: str
    quantity: int
    first_on: dt.date
    last_on: dt.date
    rows: int = 1
    expires_first: dt.date | None = None
    expires_last: dt.date | None = None


@dataclass
class Node:
    """One firm in the account, in least sale units. ``recorded``: by its own rows, else by the others'."""

    key: str
    recorded: bool
    made: int = 0
    received: int = 0
    returned_in: int = 0
    shipped: int = 0
    returned_out: int = 0
    used: int = 0
    implanted: int = 0
    destroyed: int = 0
    lost: int = 0
    adjusted: int = 0
    expiries: set[dt.date] = field(default_factory=set)
    in_circle: bool = False
    #: how many deliveries away from where the lot entered the account
    layer: int = 0

    @property
    def net(self) -> int:
        """What came less what went, by the records."""
        came = self.made + self.received + self.returned_in + self.adjusted
        went = self.shipped + self.returned_out + self.spent
        return came - went

    @property
    def spent(self) -> int:
        """Used, implanted, destroyed and lost."""
        return self.used + self.implanted + self.destroyed + self.lost

    @property
    def entered(self) -> int:
        """What came into the account here: made, or handed on by a firm that records nothing."""
        return self.made if self.recorded else max(0, -self.net)

    @property
    def on_hand(self) -> int:
        """What it still has; negative where a firm recorded more going than coming."""
        return self.net if self.recorded else max(0, self.net)


@dataclass(frozen=True, slots=True)
class Edge:
    """All of one way between two firms. A side is None where that firm recorded nothing of the lot."""

    sender: str
    receiver: str
    way: str
    shipped: int | None
    received: int | None
    first_on: dt.date
    last_on: dt.date
    rows: int

    @property
    def gap(self) -> int | None:
        """Sent less arrived; None where only one side recorded."""
        return None if self.shipped is None or self.received is None else self.shipped - self.received

    @property
    def quantity(self) -> int:
        """The larger of the two sides: how much may have moved."""
        return max(self.shipped or 0, self.received or 0)


@dataclass(frozen=True)
class Account:
    """Nodes by key and edges of one lot, or of the part of it that ``part`` cut out."""

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]

    @property
    def entered(self) -> int:
        return sum(node.entered for node in self.nodes.values())

    @property
    def accounted(self) -> int:
        """On hand, used, implanted, destroyed and lost together."""
        return sum(node.on_hand + node.spent for node in self.nodes.values())

    @property
    def unaccounted(self) -> int:
        """What left one firm and did not reach the next, less what counts of stock added; may be negative."""
        gaps = sum(edge.gap or 0 for edge in self.edges)
        return gaps - sum(node.adjusted for node in self.nodes.values())

    @property
    def unconfirmed(self) -> int:
        """What firms hold only by the word of those who sent it."""
        return sum(node.on_hand for node in self.nodes.values() if not node.recorded)

    @property
    def expiries(self) -> list[dt.date]:
        return sorted(set().union(*(node.expiries for node in self.nodes.values())))

    def part(self, key: str) -> Account:
        """What lies up- and downstream of one firm by deliveries, with the returns between these firms.

        KeyError where the firm is not in the account.
        """
        if key not in self.nodes:
            raise KeyError(key)
        deliveries = [edge for edge in self.edges if edge.way == DELIVERY]
        kept = _reached(key, _next(deliveries)) | _reached(key, _next(deliveries, backwards=True))
        edges = (edge for edge in self.edges if edge.sender in kept and edge.receiver in kept)
        return Account({k: node for k, node in self.nodes.items() if k in kept}, tuple(edges))


def account(flows: Iterable[Flow]) -> Account:
    """The account of a lot; neither the order of the flows nor how finely they are summed changes it."""
    given = list(flows)
    nodes = {key: Node(key, recorded=True) for key in sorted({flow.firm for flow in given})}
    for flow in given:
        _count(nodes[flow.firm], _AT_FIRM[flow.kind], flow.quantity)
        nodes[flow.firm].expiries |= {on for on in (flow.expires_first, flow.expires_last) if on}
        if flow.kind in _BETWEEN and (flow.partner not in nodes or not nodes[flow.partner].recorded):
            partner = nodes.setdefault(flow.partner, Node(flow.partner, recorded=False))
            _count(partner, _AT_PARTNER[flow.kind], flow.quantity)
    edges = _edges(given, nodes)
    _place(nodes, [edge for edge in edges if edge.way == DELIVERY])
    return Account({key: nodes[key] for key in sorted(nodes)}, edges)


def _count(node: Node, column: str, quantity: int) -> None:
    setattr(node, column, getattr(node, column) + quantity)


@dataclass(slots=True)
class _Sides:
    """What both sides recorded of one edge, while it is summed."""

    first_on: dt.date
    last_on: dt.date
    sent: int = 0
    arrived: int = 0
    rows: int = 0

    def add(self, flow: Flow, is_sender: bool) -> None:
        if is_sender:
            self.sent += flow.quantity
        else:
            self.arrived += flow.quantity
        self.first_on = min(self.first_on, flow.first_on)
        self.last_on = max(self.last_on, flow.last_on)
        self.rows += flow.rows


def _edges(flows: Iterable[Flow], nodes: Mapping[str, Node]) -> tuple[Edge, ...]:
    found: dict[tuple[str, str, str], _Sides] = {}
    for flow in flows:
        if flow.kind in _BETWEEN:
            way, is_sender = _BETWEEN[flow.kind]
            key = (flow.firm, flow.partner, way) if is_sender else (flow.partner, flow.firm, way)
            if key not in found:
                found[key] = _Sides(flow.first_on, flow.last_on)
            found[key].add(flow, is_sender)
    return tuple(
        Edge(
            *key,
            sides.sent if nodes[key[0]].recorded else None,
            sides.arrived if nodes[key[1]].recorded else None,
            sides.first_on, sides.last_on, sides.rows,
        )
        for key, sides in sorted(found.items())
    )  # fmt: skip


# --- the shape of it: what is reached, circles, layers ------------------------------------------------------


def _next(edges: Iterable[Edge], *, backwards: bool = False) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        one, other = (edge.receiver, edge.sender) if backwards else (edge.sender, edge.receiver)
        found[one].append(other)
    return found


def _reached(start: str, following: Mapping[str, list[str]]) -> set[str]:
    """``start`` and everything behind it; a circle ends where it began."""
    found, waiting = {start}, [start]
    while waiting:
        fresh = [key for key in following.get(waiting.pop(), ()) if key not in found]
        found.update(fresh)
        waiting.extend(fresh)
    return found


def _place(nodes: Mapping[str, Node], deliveries: list[Edge]) -> None:
    """Set layer and circle of every node."""
    forward = _next(deliveries)
    for key in circles(forward):
        nodes[key].in_circle = True
    fed = {edge.receiver for edge in deliveries}
    reached: set[str] = set()
    starts = [key for key, node in nodes.items() if node.made or key not in fed]
    for start in [starts, *([key] for key in sorted(nodes))]:  # a circle without a source begins at its first
        layer, depth = [key for key in start if key not in reached], 0
        while layer:
            reached.update(layer)
            for key in layer:
                nodes[key].layer = depth
            layer = list(dict.fromkeys(k for key in layer for k in forward.get(key, ()) if k not in reached))
            depth += 1


def circles(forward: Mapping[str, list[str]]) -> set[str]:
    """The nodes from which deliveries lead back to themselves (strongly connected parts, after Kosaraju)."""
    backward: dict[str, list[str]] = defaultdict(list)
    for one, others in forward.items():
        for other in others:
            backward[other].append(one)
    found: set[str] = set()
    placed: set[str] = set()
    for key in reversed(_finished(forward)):
        if key in placed:
            continue
        part, waiting = {key}, [key]
        placed.add(key)
        while waiting:
            fresh = [k for k in backward.get(waiting.pop(), ()) if k not in placed]
            part.update(fresh)
            placed.update(fresh)
            waiting.extend(fresh)
        if len(part) > 1 or key in forward.get(key, ()):
            found |= part
    return found


def _finished(forward: Mapping[str, list[str]]) -> list[str]:
    """The nodes in the order in which a walk in depth leaves them."""
    left: list[str] = []
    seen: set[str] = set()
    for start in sorted(forward):
        waiting = [(start, False)]
        while waiting:
            key, done = waiting.pop()
            if done:
                left.append(key)
            elif key not in seen:
                seen.add(key)
                waiting.append((key, True))
                waiting.extend((k, False) for k in forward.get(key, ()) if k not in seen)
    return left
