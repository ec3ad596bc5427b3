"""The graph of a trace: firms as boxes in columns by layer, deliveries as lines between them; numbers only.

The page draws it as SVG, so that it prints, can be followed by keyboard and needs no script.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from xiejian.supply.flows import RETURN, Edge, Node
from xiejian.supply.trace import MARKS, Trace

#: Of one layer so many firms have a box of their own; the others share one.
MOST_OF_A_LAYER = 10
BOX_WIDTH, BOX_HEIGHT, BETWEEN_COLUMNS, BETWEEN_ROWS, MARGIN = 190, 54, 110, 16, 8
NAME_LENGTH = 12  # characters that fit into a box
WIDEST = 6.0
MOST_LABELS = 14
BEND = 60
LOWER = 12
LABEL_AT = 0.6  # of the way


@dataclass(frozen=True)
class Box:
    """A firm, or the rest of a layer (``key`` empty). ``tone``: a class of the drawing."""

    key: str
    x: int
    y: int
    name: str
    full_name: str
    said: str
    tone: str

    @property
    def middle(self) -> int:
        return self.y + BOX_HEIGHT // 2


@dataclass(frozen=True)
class Line:
    """A way between two boxes: an SVG path, its width, what it says."""

    path: str
    width: float
    said: str
    tone: str
    label: str
    label_x: int
    label_y: int


@dataclass(frozen=True)
class Graph:
    """What the template draws."""

    width: int
    height: int
    boxes: list[Box]
    lines: list[Line]
    box_width: int = BOX_WIDTH
    box_height: int = BOX_HEIGHT

    @property
    def labelled(self) -> bool:
        """Whether there is room for a number on every line; else they stand in its title and the table."""
        return len(self.lines) <= MOST_LABELS


def graph(found: Trace) -> Graph:
    """Boxes and lines of a trace; the size does not grow beyond ten boxes and one in a column."""
    columns: dict[int, list[Node]] = defaultdict(list)
    for node in found.account.nodes.values():
        columns[node.layer].append(node)
    wrong = _wrong(found)
    chosen = {layer: _chosen(nodes, wrong) for layer, nodes in sorted(columns.items())}
    rows = max((len(own) + bool(rest) for own, rest in chosen.values()), default=0)
    before: dict[str, list[str]] = defaultdict(list)
    for edge in found.account.edges:
        before[edge.receiver].append(edge.sender)
    place: dict[str, Box] = {}
    boxes: list[Box] = []
    for layer, (own, rest) in chosen.items():
        own.sort(key=lambda node: (_height(before[node.key], place), node.key))
        x, first = MARGIN + layer * (BOX_WIDTH + BETWEEN_COLUMNS), (rows - len(own) - bool(rest)) / 2
        made = [_box(found, node, x, _y(first + row)) for row, node in enumerate(own)]
        place |= {box.key: box for box in made}
        if rest:
            last = _rest(rest, x, _y(first + len(own)))
            made.append(last)
            place |= {node.key: last for node in rest}
        boxes += made
    right = max((box.x for box in boxes), default=0) + BOX_WIDTH + BEND + MARGIN
    return Graph(right, _y(rows) - BETWEEN_ROWS + MARGIN, boxes, _lines(found, place))


def _wrong(found: Trace) -> set[str]:
    """Firms where something does not add up: these get boxes first."""
    ends = [(e.sender, e.receiver) for e in found.account.edges if found.edge_mark(e) == "differs"]
    firms = {key for both in ends for key in both}
    return firms | {key for key, node in found.account.nodes.items() if _alarms(found, node)}


def _alarms(found: Trace, node: Node) -> bool:
    return not {"negative", "two_expiries"}.isdisjoint(found.node_marks(node))


def _chosen(nodes: list[Node], wrong: set[str]) -> tuple[list[Node], list[Node]]:
    """Who gets a box of its own: where something is wrong, then through whom most went; who shares one."""
    ranked = sorted(
        nodes, key=lambda node: (node.key not in wrong, -(node.received + node.made + node.shipped), node.key)
    )
    most = MOST_OF_A_LAYER if len(ranked) > MOST_OF_A_LAYER + 1 else len(ranked)
    return ranked[:most], ranked[most:]


def _height(senders: Iterable[str], place: dict[str, Box]) -> float:
    """The mean height of whoever sent to it: lines then cross less."""
    heights = [place[key].y for key in senders if key in place]
    return sum(heights) / len(heights) if heights else 0.0


def _y(row: float) -> int:
    return MARGIN + round(row * (BOX_HEIGHT + BETWEEN_ROWS))


def _box(found: Trace, node: Node, x: int, y: int) -> Box:
    name, marks = found.name(node.key), found.node_marks(node)
    said = [f"现有 {node.on_hand}"]
    said += [f"生产 {node.made}"] if node.made else []
    said += [f"用 {node.used + node.implanted}"] if node.used + node.implanted else []
    said += [MARKS[mark] for mark in marks]
    tone = "wrong" if _alarms(found, node) else ""
    tone = tone or ("held" if node.on_hand > 0 else "")
    tone = f"{tone} quiet" if not node.recorded else tone
    short = name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH - 1]}…"
    return Box(node.key, x, y, short, name, "　".join(said[:2]), tone)


def _rest(nodes: list[Node], x: int, y: int) -> Box:
    held = sum(max(0, node.on_hand) for node in nodes)
    return Box("", x, y, f"其余 {len(nodes)} 家", f"其余 {len(nodes)} 家，见下表", f"现有 {held}", "quiet")


def _lines(found: Trace, place: dict[str, Box]) -> list[Line]:
    together: dict[tuple[Box, Box, str], list[Edge]] = defaultdict(list)
    for edge in found.account.edges:
        together[(place[edge.sender], place[edge.receiver], edge.way)].append(edge)
    most = max((edge.quantity for edge in found.account.edges), default=1) or 1
    return [
        _line(found, one, other, way, edges, most)
        for (one, other, way), edges in together.items()
        if one is not other
    ]


def _line(found: Trace, one: Box, other: Box, way: str, edges: list[Edge], most: int) -> Line:
    quantity = sum(edge.quantity for edge in edges)
    differs = any(found.edge_mark(edge) in ("differs", "in_transit") for edge in edges)
    verb = "退回" if way == RETURN else "发往"
    said = f"{one.full_name} {verb} {other.full_name}：{quantity}"
    if differs:
        said += f"，差 {sum(edge.gap or 0 for edge in edges)}"
    start, end = _ends(one, other)
    (x1, y1, bend1), (x2, y2, bend2) = start, end
    path = f"M{x1} {y1}C{bend1} {y1} {bend2} {y2} {x2} {y2}"
    tone = " ".join(
        [*(["differs"] if differs else []), *(["back"] if way == RETURN or other.x <= one.x else [])]
    )
    width = round(1 + (WIDEST - 1) * sqrt(min(1, quantity / most)), 1)
    label = round(x1 + LABEL_AT * (x2 - x1)), round(y1 + LABEL_AT * (y2 - y1)) - 4
    return Line(path, width, said, tone, str(quantity), *label)


def _ends(one: Box, other: Box) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Where a line leaves and arrives: x, y and the x to which it bends there."""
    if other.x > one.x:
        x1, x2 = one.x + BOX_WIDTH, other.x
        return (x1, one.middle, x1 + BEND), (x2, other.middle, x2 - BEND)
    if other.x == one.x:  # round the right side
        x = one.x + BOX_WIDTH
        return (x, one.middle, x + BEND), (x, other.middle, x + BEND)
    x1, x2 = one.x, other.x + BOX_WIDTH  # back: a little lower than what goes forward
    return (x1, one.middle + LOWER, x1 - BEND), (x2, other.middle + LOWER, x2 + BEND)
