"""Bounds a graph to the nodes nearest its root, so that a drawing stays readable.

It knows distance along edges; how many nodes are readable is left to each painter.
"""

from __future__ import annotations

from vrepl.core.folding import distances, nearest
from vrepl.core.graph import Graph, Node

__all__ = ["distances", "missing", "more", "nearest", "title_of"]


def missing(graph: Graph) -> int:
    """How many nodes of the whole graph stand in no box of this snapshot."""
    return max(0, graph.total - sum(1 + node.inside for node in graph.nodes if not node.copy))


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
