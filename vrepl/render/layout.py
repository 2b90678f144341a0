"""Places the boxes of a graph in layers from left to right and routes its edges between them.

It knows sizes and positions (x in the painter's unit, y in rows); what a box contains and how lines
look is left to the painters. An operation is part of its result: it stands in the box's `lead`.

Positions by Graphviz's `dot`, for boxes of the same sizes, were measured and are not used: lines
cross 0 times in both pictures of a neuron, here 15 and there 18 times in a 2-4-1 perceptron's loss,
1,006 and 3,511 times in a network of 236 nodes. Only in a random tangle of 129 nodes did `dot` do
better (345 crossings for 646, in as much room), and its curves do not join to rails that fork.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from vrepl.core.graph import Graph
from vrepl.render.channels import Channel, Wire, route
from vrepl.render.layers import Net, Slot, entry_rows, layers_of, net_of
from vrepl.render.rows import Extent, rows_of

__all__ = ["Box", "Dot", "Layout", "Route", "Size", "Spacing", "place"]

Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Size:
    """What a node needs: the width and height of its box, and `lead`, room for its operation."""

    width: int
    height: int
    lead: int = 0


@dataclass(frozen=True, slots=True)
class Spacing:
    """Free room: `stub` behind a box, `track` per rail, `tail` before an entry, `gap` rows."""

    stub: int = 1
    track: int = 1
    tail: int = 1
    gap: int = 0


@dataclass(frozen=True, slots=True)
class Box:
    """A placed box: edges enter at `start`, the box itself is at `x`, `y`."""

    index: int
    layer: int
    start: int
    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> int:
        """The row in which its operation stands and in which its value leaves."""
        return self.y + self.height // 2

    @property
    def end(self) -> int:
        """The first x behind it."""
        return self.x + self.width


@dataclass(frozen=True, slots=True)
class Route:
    """One edge: horizontal and vertical lines from the end of `source` to the start of `target`."""

    source: int
    target: int
    operand: int
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Dot:
    """A point where the rail of `source` forks."""

    source: int
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A drawing without its looks; `boxes` are in the order of `Graph.nodes`."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    routes: tuple[Route, ...]
    dots: tuple[Dot, ...]

    def entries(self, index: int) -> list[int]:
        """The rows in which edges enter the operation of box *index*, from the top down."""
        return [route.points[-1][1] for route in self.routes if route.target == index]


@dataclass(frozen=True, slots=True)
class _Column:
    """Where a layer is: entries at `start`, boxes from `left` to `right`, then its channel."""

    start: int
    left: int
    right: int
    channel: Channel


def place(graph: Graph, sizes: Sequence[Size], spacing: Spacing) -> Layout:
    """The layout of *graph*: operands left of results, a shared value on one rail that forks.

    Args:
        graph: What to draw; at most a few hundred nodes.
        sizes: The size of each node's box, in the order of `graph.nodes`.
        spacing: How much room to leave between things.

    Example:
        >>> from vrepl.core.graph import Edge, Node
        >>> a = Node(0, "a", "a", 2.0, "", ())
        >>> y = Node(1, "", "-a", -2.0, "-", (Edge(0, 2.0, -1.0),))
        >>> layout = place(Graph((a, y), 2), [Size(5, 3), Size(5, 3, 4)], Spacing())
        >>> [(box.x, box.y) for box in layout.boxes], layout.routes[0].points
        ([(0, 0), (10, 0)], ((5, 1), (6, 1)))
    """
    layers = layers_of(graph)
    net = net_of(graph, layers)
    rows = rows_of(net, _extents(graph, sizes, net, layers), spacing.gap)
    channels = [route(list(_wires(net, column, rows))) for column in net.columns]
    columns = list(_columns(net, channels, sizes, layers, spacing))
    boxes = [_box(columns, sizes, rows, slot) for slot in enumerate(layers)]
    routes = list(_routes(graph, layers, rows, columns, spacing))
    return _settled(boxes, routes, list(_dots(columns, spacing)))


def _extents(
    graph: Graph, sizes: Sequence[Size], net: Net, layers: Sequence[int]
) -> dict[Slot, Extent]:
    """The rows that boxes and their entries take; a rail takes one."""
    extents: dict[Slot, Extent] = dict.fromkeys(net.entering, (0, 0))
    for node, size, layer in zip(graph.nodes, sizes, layers, strict=True):
        entries = entry_rows(len(net.entering[node.index, layer]))
        above, below = size.height // 2, size.height - 1 - size.height // 2
        extents[node.index, layer] = (max(above, -min(entries, default=0)), max(below, *entries, 0))
    return extents


def _wires(net: Net, column: Sequence[Slot], rows: dict[Slot, int]) -> Iterator[Wire]:
    for slot in column:
        ends = sorted({rows[link.target] + link.row for link in net.leaving[slot]})
        if ends:
            yield Wire(slot[0], rows[slot], tuple(ends))


def _columns(
    net: Net,
    channels: Sequence[Channel],
    sizes: Sequence[Size],
    layers: Sequence[int],
    spacing: Spacing,
) -> Iterator[_Column]:
    start = 0
    for column, channel in zip(net.columns, channels, strict=True):
        inside = [sizes[index] for index, layer in column if layers[index] == layer]
        left = start + max(size.lead for size in inside)
        right = left + max(size.width for size in inside)
        yield _Column(start, left, right, channel)
        tracks = (channel.width - 1) * spacing.track + 1 + spacing.tail if channel.width else 0
        start = right + spacing.stub + tracks


def _box(
    columns: Sequence[_Column], sizes: Sequence[Size], rows: dict[Slot, int], slot: Slot
) -> Box:
    index, layer = slot
    column, height = columns[layer], sizes[index].height
    top = rows[slot] - height // 2
    return Box(index, layer, column.start, column.left, top, column.right - column.left, height)


def _routes(
    graph: Graph,
    layers: Sequence[int],
    rows: dict[Slot, int],
    columns: Sequence[_Column],
    spacing: Spacing,
) -> Iterator[Route]:
    for node in graph.nodes:
        used = [(i, edge.source) for i, edge in enumerate(node.edges) if edge.source is not None]
        entry = rows[node.index, layers[node.index]]
        for (operand, source), row in zip(used, entry_rows(len(used)), strict=True):
            span = range(layers[source], layers[node.index])
            stops = [rows[source, layer] for layer in span] + [entry + row]
            points = [(columns[span[0]].right, stops[0])]
            for layer, start, end in zip(span, stops, stops[1:], strict=False):
                points += _bends(columns[layer], source, start, end, spacing)
            points.append((columns[span[-1] + 1].start, entry + row))
            yield Route(source, node.index, operand, _corners(points))


def _bends(column: _Column, source: int, start: int, end: int, spacing: Spacing) -> Iterator[Point]:
    for track, row in column.channel.bends(source, start, end):
        yield column.right + spacing.stub + track * spacing.track, row


def _corners(points: Sequence[Point]) -> tuple[Point, ...]:
    """*points* without repetitions and without those on a straight line."""
    distinct = [point for point, _ in groupby(points)]
    kept = distinct[:1]
    for here, following in pairwise(distinct[1:]):
        if not any(kept[-1][axis] == here[axis] == following[axis] for axis in (0, 1)):
            kept.append(here)
    return (*kept, distinct[-1])


def _dots(columns: Sequence[_Column], spacing: Spacing) -> Iterator[Dot]:
    for column in columns:
        channel = column.channel
        for wire, track in zip(channel.wires, channel.tracks, strict=True):
            for row in wire.forks():
                yield Dot(wire.source, column.right + spacing.stub + track * spacing.track, row)


def _settled(boxes: Sequence[Box], routes: Sequence[Route], dots: Sequence[Dot]) -> Layout:
    """The layout of these things, moved so that the first row is 0."""
    tops = [box.y for box in boxes] + [y for line in routes for _, y in line.points]
    ends = [box.y + box.height for box in boxes] + [y + 1 for r in routes for _, y in r.points]
    shift = min(tops)
    return Layout(
        width=max(box.end for box in boxes),
        height=max(ends) - shift,
        boxes=tuple(replace(box, y=box.y - shift) for box in boxes),
        routes=tuple(replace(r, points=tuple((x, y - shift) for x, y in r.points)) for r in routes),
        dots=tuple(replace(dot, y=dot.y - shift) for dot in dots),
    )
