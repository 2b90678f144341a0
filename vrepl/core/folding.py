"""Makes smaller graphs of a snapshot: sums as one, formulas as one box, leaves near their uses.

Each function takes a `Graph` and gives another one that says the same in fewer boxes; which of
them a drawing needs is left to the painters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from vrepl.core.graph import OLDER, Edge, Graph, Node

__all__ = ["behind", "distances", "flattened", "folded", "nearest", "repeated"]

JOINED = frozenset("+*")  # a chain of these is one sum or product of many


def flattened(graph: Graph) -> Graph:
    """*graph* with chains of anonymous sums or products as one, and unnamed numbers inline.

    Example:
        >>> from vrepl import Value
        >>> from vrepl.core.graph import snapshot
        >>> a, b, c = (Value(n, label=name) for n, name in ((2.0, "a"), (3.0, "b"), (4.0, "c")))
        >>> [node.title for node in flattened(snapshot(a + b + c)).nodes]
        ['a', 'b', 'c', 'a + b + c']
    """
    uses = _uses(graph)
    symbols = {
        edge.source: node.symbol
        for node in graph.nodes
        for edge in node.edges
        if edge.source is not None and uses[edge.source] == 1
    }
    gone = {
        node.index
        for node in graph.nodes
        if not node.name and node.symbol in JOINED and symbols.get(node.index) == node.symbol
    }
    numbers = {
        node.index
        for node in graph.nodes
        if node.is_leaf and not node.name and node.index in symbols
    }
    return _contracted(graph, gone, numbers)


def folded(
    graph: Graph, *, keep: Collection[int] = (), functions: bool = False, leaves: bool = False
) -> Graph:
    """*graph* with anonymous operations folded into the nodes they lead to.

    What several boxes would have to hold stays a box of its own. A name that means another node
    now counts as none.

    Args:
        graph: What to fold.
        keep: Indices of further nodes that stay.
        functions: Let results of functions stay, so that only arithmetic is folded.
        leaves: Fold in named leaves, too, that only one box uses.

    Example:
        >>> from vrepl import Value, tanh
        >>> from vrepl.core.graph import snapshot
        >>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
        >>> graph = folded(snapshot(tanh(a * b)))
        >>> [(node.title, node.inside) for node in graph.nodes]
        [('a', 0), ('b', 0), ('tanh(a * b)', 1)]
    """
    kept = {graph.root.index, *keep}
    for node in graph.nodes:
        is_named = bool(node.name) and not node.name.endswith(OLDER)
        if (is_named and not (node.is_leaf and leaves)) or (
            functions and node.symbol.isidentifier()
        ):
            kept.add(node.index)
    return _contracted(graph, _foldable(graph, kept), ())


def _foldable(graph: Graph, kept: set[int]) -> set[int]:
    """The nodes outside *kept* that lead to one of the kept only; *kept* gains the others."""
    owner: dict[int, int] = {}
    gone = set[int]()
    for node in reversed(graph.nodes):
        if node.index in kept:
            owner[node.index] = node.index
        else:
            gone.add(node.index)
        mine = owner[node.index]
        kept.update(
            edge.source
            for edge in node.edges
            if edge.source is not None and owner.setdefault(edge.source, mine) != mine
        )
    return gone - kept


def _uses(graph: Graph) -> Counter[int]:
    return Counter(e.source for node in graph.nodes for e in node.edges if e.source is not None)


def _contracted(graph: Graph, gone: Collection[int], numbers: Collection[int]) -> Graph:
    """*graph* without the nodes *gone*, which become part of their users; *numbers* go inline."""
    kept = [node for node in graph.nodes if node.index not in gone and node.index not in numbers]
    index = {node.index: i for i, node in enumerate(kept)}
    nodes = tuple(_rebuilt(graph, node, index, gone) for node in kept)
    return replace(graph, nodes=nodes)


def _rebuilt(graph: Graph, node: Node, index: dict[int, int], gone: Collection[int]) -> Node:
    """*node* with all that is folded into it, and edges from what stays."""
    inner = _inner(graph, node, gone)
    edges, hidden = list[Edge](), len(inner) - 1
    partial = _partials(graph, inner)
    is_joined = node.symbol in JOINED and {graph.nodes[i].symbol for i in inner} == {node.symbol}
    for i, edge in _boundary(graph, inner, gone):
        derivative = _times(partial[i], edge.local_derivative)
        source = None if edge.source is None else index.get(edge.source)
        if edge.source is not None and source is None:
            hidden += 1
        edges.append(replace(edge, source=source, local_derivative=derivative))
    is_folded = node.folded or (len(inner) > 1 and not is_joined)
    return replace(
        node,
        index=index[node.index],
        edges=tuple(_merged(edges) if is_folded else edges),
        inside=sum(graph.nodes[i].inside for i in inner) + hidden,
        folded=is_folded,
    )


def _inner(graph: Graph, node: Node, gone: Collection[int]) -> list[int]:
    """The indices of *node* and all that is folded into it, results first."""
    found, stack = {node.index}, [node.index]
    while stack:
        for edge in graph.nodes[stack.pop()].edges:
            if edge.source in gone and edge.source is not None and edge.source not in found:
                found.add(edge.source)
                stack.append(edge.source)
    return sorted(found, reverse=True)


def _partials(graph: Graph, inner: Sequence[int]) -> dict[int, float | None]:
    """The derivative of the first of *inner* by each of them, through these alone."""
    inside = set(inner)
    found: dict[int, float | None] = {inner[0]: 1.0}
    for i in inner:
        for edge in graph.nodes[i].edges:
            if edge.source in inside and edge.source is not None:
                part = _times(found.get(i), edge.local_derivative)
                found[edge.source] = _plus(found.get(edge.source, 0.0), part)
    return found


def _boundary(
    graph: Graph, inner: Sequence[int], gone: Collection[int]
) -> Iterator[tuple[int, Edge]]:
    """The edges from outside with the node each leads to, in the order of operands."""
    inside = set(inner)
    seen, stack = set[int](), [iter([(inner[0], e) for e in graph.nodes[inner[0]].edges])]
    while stack:
        following = next(stack[-1], None)
        if following is None:
            stack.pop()
            continue
        source = following[1].source
        if source is None or source not in inside:
            yield following
        elif source not in seen:
            seen.add(source)
            stack.append(iter([(source, edge) for edge in graph.nodes[source].edges]))


def _merged(edges: Sequence[Edge]) -> list[Edge]:
    """One edge for each operand with a box, its derivatives added up; constants are inside."""
    found: dict[int, Edge] = {}
    for edge in edges:
        if edge.source is None:
            continue
        before = found.get(edge.source)
        total = edge.local_derivative
        if before is not None:
            total = _plus(before.local_derivative, total)
        found[edge.source] = replace(edge, local_derivative=total)
    left_out = [edge for edge in edges if edge.left_out]
    return [*found.values(), *left_out[:1]]


def _times(adjoint: float | None, local: float | None) -> float | None:
    """The product; a zero adjoint stays zero however steep what follows, as in the sweep."""
    if adjoint is None or local is None:
        return None
    return 0.0 if adjoint == 0.0 else adjoint * local


def _plus(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def behind(graph: Graph, name: str) -> set[int]:
    """The indices of what would fold into the node *name*: its formula, down to other names.

    Example:
        >>> from vrepl import Value
        >>> from vrepl.core.graph import snapshot
        >>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
        >>> y = abs(a * b)
        >>> y.label = "y"
        >>> graph = snapshot(y)
        >>> [graph.nodes[i].title for i in sorted(behind(graph, "y"))]
        ['a', 'b', 'a * b', 'y']
    """
    stack = [node.index for node in graph.nodes if node.name == name]
    found = set(stack)
    while stack:
        for edge in graph.nodes[stack.pop()].edges:
            if edge.source is not None and edge.source not in found:
                found.add(edge.source)
                if not graph.nodes[edge.source].name:
                    stack.append(edge.source)
    return found


def repeated(graph: Graph, reach: int) -> Graph:
    """*graph* with a copy of a leaf beside every use more than *reach* operations from its first.

    Example:
        >>> from vrepl import Value
        >>> from vrepl.core.graph import snapshot
        >>> a = Value(2.0, label="a")
        >>> [(node.title, node.copy) for node in repeated(snapshot(-(-(a * a)) + a), 1).nodes]
        [('a', False), ('a * a', False), ('-(a * a)', False), ('--(a * a)', False), ('a', True), \
('--(a * a) + a', False)]
    """
    steps = _steps(graph)
    nodes, index = list[Node](), dict[int, int]()
    for node in graph.nodes:
        near = dict[int, int]()  # where each operand stands for this node
        for edge in node.edges:
            source = edge.source
            if source is None or source in near:
                continue
            near[source] = index[source]
            far = steps[source] - steps[node.index] - 1 > reach
            if far and not graph.nodes[source].symbol:
                near[source] = len(nodes)
                nodes.append(replace(graph.nodes[source], index=len(nodes), copy=True))
        edges = [e if e.source is None else replace(e, source=near[e.source]) for e in node.edges]
        index[node.index] = len(nodes)
        nodes.append(replace(node, index=len(nodes), edges=tuple(edges)))
    return replace(graph, nodes=tuple(nodes))


def _steps(graph: Graph) -> list[int]:
    """The number of operations between each node and the root, by the longest way."""
    steps = [0] * len(graph.nodes)
    for node in reversed(graph.nodes):
        for edge in node.edges:
            if edge.source is not None:
                steps[edge.source] = max(steps[edge.source], steps[node.index] + 1)
    return steps


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
        >>> [(edge.source, edge.name) for edge in nearest(whole, 1).root.edges]
        [(None, 'a')]
    """
    far = distances(graph)
    kept = sorted([i for i, steps in far.items() if depth is None or steps <= depth][:count])
    if len(kept) == len(graph.nodes):
        return graph
    renumbered = {old: new for new, old in enumerate(kept)}
    nodes = tuple(_moved(graph, graph.nodes[old], renumbered) for old in kept)
    return replace(graph, nodes=nodes)


def _moved(graph: Graph, node: Node, renumbered: dict[int, int]) -> Node:
    edges = tuple(_redirected(graph, edge, renumbered) for edge in node.edges)
    return replace(node, index=renumbered[node.index], edges=edges)


def _redirected(graph: Graph, edge: Edge, renumbered: dict[int, int]) -> Edge:
    if edge.source is None:
        return edge
    source = renumbered.get(edge.source)
    if source is None:
        return replace(edge, source=None, left_out=True, name=graph.nodes[edge.source].name)
    return replace(edge, source=source)
