"""Makes a graph small enough for a page: folds what is large, repeats leaves that are far away.

It knows how many boxes a reader can follow; how graphs are folded is in `vrepl.core.folding`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from vrepl.core.folding import flattened, folded, nearest, repeated
from vrepl.core.graph import Graph

__all__ = ["MOST_BOXES", "originals", "readable"]

MOST_BOXES = 150  # more are no picture but a texture, and take seconds to lay out
MOST_FOLDED = 10_000  # nodes of a graph that is folded; more take seconds
REACH = 8  # layers that a leaf's line may pass; beyond them the leaf is drawn again


def readable(graph: Graph, *, copies: bool = True) -> Graph:
    """*graph* in at most `MOST_BOXES` boxes and a few copies of leaves.

    What is too large is folded at the names it has; what is too large even so is cut down to the
    nodes nearest the root.

    Args:
        graph: What to make smaller.
        copies: Whether to repeat leaves that are far from a use.

    Example:
        >>> from vrepl import Value
        >>> from vrepl.core.graph import snapshot
        >>> total = Value(0.0, label="start")
        >>> for step in range(300):
        ...     total = total * 2.0
        >>> [(node.title, node.inside) for node in readable(snapshot(total)).nodes][0]
        ('start', 0)
    """
    small = next((one for one in _smaller(graph) if len(one.nodes) <= MOST_BOXES), None)
    small = small or nearest(graph, MOST_BOXES)
    return repeated(small, REACH) if copies else small


def _smaller(graph: Graph) -> Iterator[Graph]:
    """The graph with ever more folded together, as long as it has inputs to see."""
    yield graph
    if len(graph.nodes) > MOST_FOLDED or graph.total > len(graph.nodes):
        return
    flat = flattened(graph)
    yield flat
    for fold in (partial(folded, functions=True), folded, partial(folded, leaves=True)):
        fewer = fold(flat)
        if len(fewer.nodes) > 1:
            yield fewer


def originals(graph: Graph) -> dict[int, int]:
    """For every copy of a leaf in *graph*, the index of the leaf that it repeats.

    A copy is told by what it shows: two leaves that show the same and have no names stand for
    themselves.

    Example:
        >>> from vrepl import Value
        >>> from vrepl.core.graph import snapshot
        >>> a = Value(2.0, label="a")
        >>> originals(repeated(snapshot(-(-(a * a)) + a), 1))
        {4: 0}
    """
    first: dict[object, int | None] = {}
    for node in graph.nodes:
        if not node.copy and node.is_leaf:
            key = (node.name, node.expression, node.slope, node.place)
            first[key] = None if key in first else node.index
    found = {
        node.index: first.get((node.name, node.expression, node.slope, node.place))
        for node in graph.nodes
        if node.copy
    }
    return {copy: original for copy, original in found.items() if original is not None}
