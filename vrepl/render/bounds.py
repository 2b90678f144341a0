"""Bounds a graph to the nodes nearest its root, so that a drawing stays readable.

It knows distance along edges; how many nodes are readable is left to each painter.
"""

from __future__ import annotations

from dataclasses import replace

from vrepl.core.graph import Edge, Graph, Node

__all__ = ["distances", "missing", "more", "nearest", "title_of"]


def distances(graph: Graph) -> dict[int, int]:
    """The number of edges between each node and the root, nearest first; only nodes it reaches.

    Example:
        >>> a = Node(0, "a", "a", 2.0, "", ())
        >>> distances(Graph((a, Node(1, "", "-a", -2.0, "-", (Edge(0, 2.0, -1.0),))), 2))
        {1: 0, 0: 1}
    """
    found = {graph.root.index: 0}
    queue = [graph.root.index]
    for index in queue:  # grows while it is walked
        for edge in graph.nodes[index].edges:
            if edge.source is not None and edge.source not in found:
                found[edge.source] = found[index] + 1
                queue.append(edge.source)
    return found


def nearest(graph: Graph, count: int, depth: int | None = None) -> Graph:
    """The *count* nodes of *graph* nearest its root, none farther than *depth* edges.

    Edges to nodes that are dropped become `left_out`; `total` still counts the whole graph.

    Example:
        >>> a = Node(0, "a", "a", 2.0, "", ())
        >>> whole = Graph((a, Node(1, "", "-a", -2.0, "-", (Edge(0, 2.0, -1.0),))), 2)
        >>> nearest(whole, 1)
        Graph(nodes=(Node(index=0, name='', expression='-a', value=-2.0, symbol='-', \
edges=(Edge(source=None, value=2.0, local_derivative=-1.0, left_out=True),), slope=None),), total=2)
    """
    far = distances(graph)
    kept = sorted([i for i, steps in far.items() if depth is None or steps <= depth][:count])
    if len(kept) == len(graph.nodes):
        return graph
    renumbered = {old: new for new, old in enumerate(kept)}
    nodes = tuple(_moved(graph.nodes[old], renumbered) for old in kept)
    return Graph(nodes, graph.total)


def _moved(node: Node, renumbered: dict[int, int]) -> Node:
    edges = tuple(_redirected(edge, renumbered) for edge in node.edges)
    return replace(node, index=renumbered[node.index], edges=edges)


def _redirected(edge: Edge, renumbered: dict[int, int]) -> Edge:
    if edge.source is None:
        return edge
    source = renumbered.get(edge.source)
    return replace(edge, source=source, left_out=source is None)


def missing(graph: Graph) -> int:
    """How many nodes of the whole graph this snapshot does not show."""
    return max(0, graph.total - len(graph.nodes))


def more(count: int, ellipsis: str = "…", width: int = 80) -> str:
    """The line that says how many nodes a drawing does not show.

    Example:
        >>> more(999960), more(999960, width=20)
        ('… 999,960 more nodes not shown', '… 999,960 more')
    """
    brief = f"{ellipsis} {count:,} more"
    full = f"{brief} node{'' if count == 1 else 's'} not shown"
    return full if len(full) <= width else brief


def title_of(node: Node) -> str:
    """What a drawing calls *node*: its name, else how it was made; '' when only its value is known.

    Example:
        >>> title_of(Node(0, "", "2.0", 2.0, "", ()))
        ''
    """
    return node.name or ("" if node.is_leaf else node.expression)
