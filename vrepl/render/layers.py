"""Sorts the nodes of a graph into layers, and each layer into an order with few crossings.

It knows who uses whom; rows, sizes and lines are left to `rows`, `channels` and `layout`.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vrepl.core.graph import Graph, Node

__all__ = ["Link", "Net", "Slot", "entry_rows", "layers_of", "net_of"]

Slot = tuple[int, int]  # (node, layer): a node's box in its own layer, its passing rail in others
Columns = tuple[list[Slot], ...]
SWEEPS = 8  # none of the graphs tried (up to 150 boxes) improved after the sixth


@dataclass(frozen=True, slots=True)
class Link:
    """One stretch of an edge to the next layer: to an operation's entry, or on along a rail.

    `row` is the entry's row relative to the operation; `operand` is None on the way to a rail.
    """

    source: Slot
    target: Slot
    row: int = 0
    operand: int | None = None


@dataclass(frozen=True, slots=True)
class Net:
    """The layers, each a list of slots from the top down, and the links between neighbours."""

    columns: Columns
    leaving: dict[Slot, list[Link]]
    entering: dict[Slot, list[Link]]


def entry_rows(count: int) -> tuple[int, ...]:
    """The rows, relative to an operation, in which its *count* operands enter, from the top down.

    The middle row stays free when there are several, so that joining never looks like passing.

    Example:
        >>> entry_rows(1), entry_rows(2), entry_rows(3)
        ((0,), (-1, 1), (-2, -1, 1))
    """
    if count == 1:
        return (0,)
    above = (count + 1) // 2
    return (*range(-above, 0), *range(1, count - above + 1))


def layers_of(graph: Graph) -> list[int]:
    """The layer of each node: as far right as its uses allow, so it stands next to the first.

    Example:
        >>> from vrepl.core.graph import Edge
        >>> a = Node(0, "a", "a", 2.0, "", ())
        >>> layers_of(Graph((a, Node(1, "", "-a", -2.0, "-", (Edge(0, 2.0, -1.0),))), 2))
        [0, 1]
    """
    distance = [0] * len(graph.nodes)
    for node in reversed(graph.nodes):
        for edge in node.edges:
            if edge.source is not None:
                distance[edge.source] = max(distance[edge.source], distance[node.index] + 1)
    return [max(distance) - steps for steps in distance]


def net_of(graph: Graph, layers: list[int]) -> Net:
    """The slots and links of *graph*, in an order with few crossings.

    A value with uses in several layers has one rail, which all of them share.
    """
    links = dict.fromkeys(link for node in graph.nodes for link in _links(node, layers))
    slots = {(node.index, layers[node.index]): None for node in graph.nodes}
    slots.update((link.target, None) for link in links)
    net = Net(
        tuple([] for _ in range(max(layers) + 1)), {s: [] for s in slots}, {s: [] for s in slots}
    )
    for slot in slots:
        net.columns[slot[1]].append(slot)
    for link in links:
        net.leaving[link.source].append(link)
        net.entering[link.target].append(link)
    return _with_few_crossings(net)


def _links(node: Node, layers: list[int]) -> Iterator[Link]:
    """The links of all edges into *node*; two edges along one rail yield the same links."""
    target = (node.index, layers[node.index])
    used = [(i, edge.source) for i, edge in enumerate(node.edges) if edge.source is not None]
    for (operand, source), row in zip(used, entry_rows(len(used)), strict=True):
        for layer in range(layers[source], target[1] - 1):
            yield Link((source, layer), (source, layer + 1))
        yield Link((source, target[1] - 1), target, row, operand)


def _with_few_crossings(net: Net) -> Net:
    """*net* after barycentre sweeps in both directions; the best order met wins."""
    best = net
    for sweep in range(SWEEPS):
        found = Net(
            _leftwards(net) if sweep % 2 == 0 else _rightwards(net), net.leaving, net.entering
        )
        if sweep == 0 or _crossings(found) < _crossings(best):
            best = found
        net = found
    return best


def _leftwards(net: Net) -> Columns:
    """Each layer sorted by where its links go; the last layer keeps its order."""
    columns = [list(net.columns[-1])]
    for column in reversed(net.columns[:-1]):
        place = _places(columns[-1])
        columns.append(
            _by_mean(column, [[_height(k, place) for k in net.leaving[s]] for s in column])
        )
    return tuple(reversed(columns))


def _rightwards(net: Net) -> Columns:
    """Each layer sorted by where its links come from; the first layer keeps its order."""
    columns = [list(net.columns[0])]
    for column in net.columns[1:]:
        place = _places(columns[-1])
        columns.append(
            _by_mean(column, [[place[k.source] for k in net.entering[s]] for s in column])
        )
    return tuple(columns)


def _places(column: Sequence[Slot]) -> dict[Slot, float]:
    return {slot: position for position, slot in enumerate(column)}


def _height(link: Link, place: dict[Slot, float]) -> float:
    """Where *link* arrives; operands of one operation arrive close together, in their order."""
    return place[link.target] + link.row / (4 + 4 * abs(link.row))


def _by_mean(column: list[Slot], heights: list[list[float]]) -> list[Slot]:
    """*column* sorted by mean height; slots without neighbours stay where they are."""
    keys = {
        slot: sum(found) / len(found) if found else float(position)
        for position, (slot, found) in enumerate(zip(column, heights, strict=True))
    }
    return sorted(column, key=keys.__getitem__)


def _crossings(net: Net) -> int:
    total = 0
    for column, following in zip(net.columns, net.columns[1:], strict=False):
        place, passed = _places(following), list[float]()
        for slot in column:
            arrivals = [_height(link, place) for link in net.leaving[slot]]
            total += sum(len(passed) - bisect_right(passed, height) for height in arrivals)
            for height in arrivals:
                insort(passed, height)
    return total
