"""Walks the graph behind a node and freezes what it finds into a `Graph` snapshot.

The walks keep their own stack, so depth is no limit; a snapshot holds only numbers and text, and
is all that drawings ever see.
"""

from __future__ import annotations

from collections import ChainMap, deque
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from vrepl.core.nodes import is_constant, order
from vrepl.core.operators import ATOM, SIGNED
from vrepl.core.outline import Outline
from vrepl.core.rules import Number, local_derivative
from vrepl.core.value import Value, facts_of, plain

__all__ = [
    "OLDER",
    "Edge",
    "Expressions",
    "Graph",
    "Node",
    "View",
    "number_text",
    "operands_first",
    "snapshot",
    "trace",
]

OLDER = " (older)"  # ends the name of a node whose name means another one now


@dataclass(frozen=True, slots=True)
class Edge:
    """One use of an operand.

    `source` is the operand's index in `Graph.nodes`; it is None for a constant, and for a node
    that the snapshot leaves out (`left_out` is then true, and `name` is what it is called, '' when
    it has no name). A constant has no `local_derivative`.
    """

    source: int | None
    value: Number
    local_derivative: float | None
    left_out: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a snapshot.

    `name` is '' for an anonymous node, `symbol` is '' for a leaf; `expression` is how the node was
    made, in names ('a * b'); `slope` is the slope of the root by this node, None when not asked.
    `inside` counts other nodes that this one stands for; when it is `folded`, `symbol` is only the
    last of several operations, and each edge's local derivative is by the chain rule through them.
    A `copy` is a leaf that stands in the graph already, drawn again beside a use far from it.
    `place` says where it got its name, as far as that is known: 'In[2]:1'.
    """

    index: int
    name: str
    expression: str
    value: Number
    symbol: str
    edges: tuple[Edge, ...]
    slope: float | None = None
    inside: int = 0
    folded: bool = False
    copy: bool = False
    place: str = field(default="", repr=False)

    @property
    def is_leaf(self) -> bool:
        """Whether the node has no operands."""
        return not self.edges

    @property
    def title(self) -> str:
        """What to call it: its name, else its expression, else its value."""
        return self.name or self.expression or str(self.value)


@dataclass(frozen=True, slots=True)
class View:
    """What a drawing of a graph is to show.

    `style` is the form to begin with; `edges` writes local derivatives on the edges; `expand` are
    names whose formulas are drawn operation by operation where others are folded; `subject` is
    what a command calls the graph, for hints how to see more; `ascii_only` keeps to ASCII.
    """

    style: str = "auto"
    edges: bool = False
    expand: tuple[str, ...] = ()
    subject: str = ""
    ascii_only: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """An immutable picture of a graph: nodes in evaluation order, the root last.

    `total` counts every node of the whole graph; when the snapshot was bounded it is larger than
    the number of nodes here, which are those nearest the root, and `outline` tells of all of them.
    `view` says what drawings are to show of it.

    Example:
        >>> from vrepl import Value
        >>> a = Value(2.0, label="a")
        >>> graph = snapshot(a * a)
        >>> [(node.title, node.symbol) for node in graph.nodes]
        [('a', ''), ('a * a', '*')]
        >>> [edge.local_derivative for edge in graph.root.edges]
        [2.0, 2.0]
    """

    nodes: tuple[Node, ...]
    total: int
    outline: Outline | None = None
    view: View = View()

    @property
    def root(self) -> Node:
        """The node that was asked about."""
        return self.nodes[-1]


def trace(root: Value) -> tuple[list[Value], list[tuple[Value, Value]]]:
    """The nodes behind *root* and the edges between them, in evaluation order.

    Lists rather than sets: two nodes that hold equal numbers stay two, and `a * a` has two edges.
    A constant is a node like any other here.

    Args:
        root: The node to look behind.

    Returns:
        (nodes, edges); an edge is (operand, result), one for every use.

    Example:
        >>> a = Value(3.0)
        >>> nodes, edges = trace(a * a)
        >>> len(nodes), len(edges)
        (2, 2)
    """
    if not isinstance(root, Value):
        raise TypeError(f"trace needs a Value, not {type(root).__name__} {root!r:.40}")
    nodes: list[Value] = []
    edges: list[tuple[Value, Value]] = []
    for node in order(root):
        operands = node._prev
        nodes.extend(operand for operand in operands if is_constant(operand))
        nodes.append(node)
        edges.extend((operand, node) for operand in operands)
    return nodes, edges


def snapshot(
    root: Value,
    *,
    names: Mapping[int, str] = MappingProxyType({}),
    slopes: Mapping[int, float] = MappingProxyType({}),
    limit: int | None = None,
    among: Sequence[Value] | None = None,
) -> Graph:
    """Freeze the graph behind *root*.

    Args:
        root: The node to draw.
        names: What to call nodes, by `id`; a node's label is used where this has nothing.
        slopes: d(root)/d(node) by `id`, shown where given.
        limit: Keep only this many nodes, those nearest the root.
        among: The nodes to freeze, in evaluation order, *root* last; all behind it by default.

    Example:
        >>> a = Value(2.0, label="a")
        >>> snapshot(a * 3 + 1).root.expression
        'a * 3 + 1'
    """
    if not isinstance(root, Value):
        raise TypeError(f"a graph starts at a Value, not {type(root).__name__} {root!r:.40}")
    everything = order(root) if among is None else list(among)
    kept = everything if limit is None else _nearest(root, everything, limit)
    index = {id(node): i for i, node in enumerate(kept)}
    texts = Expressions(names)
    nodes = tuple(
        Node(
            index=i,
            name=texts.name(node),
            expression=texts.made_by(node),
            value=node.data,
            symbol=node._op,
            edges=tuple(_edges(node, index, texts)),
            slope=slopes.get(id(node)),
            place=str(facts_of(node).place or "") if node.label else "",
        )
        for i, node in enumerate(kept)
    )
    return Graph(nodes, len(everything))


def _nearest(root: Value, everything: list[Value], limit: int) -> list[Value]:
    """The *limit* nodes fewest edges away from the root, in evaluation order."""
    if len(everything) <= limit:
        return everything
    near = {id(root): root}
    waiting = deque([root])
    allowed = set(map(id, everything))
    while waiting and len(near) < limit:
        for operand in waiting.popleft()._made[1:]:
            if id(operand) in allowed and id(operand) not in near and len(near) < limit:
                near[id(operand)] = operand
                waiting.append(operand)
    return [node for node in everything if id(node) in near]


def _edges(node: Value, index: Mapping[int, int], texts: Expressions) -> Iterator[Edge]:
    row, operands = node._made[0], node._made[1:]
    numbers = tuple(plain(operand) for operand in operands)
    for position, operand in enumerate(operands):
        if is_constant(operand):
            yield Edge(None, numbers[position], None)
            continue
        local = local_derivative(row, position, numbers, node.data) if row.forward else None
        source = index.get(id(operand))
        name = texts.name(operand) if source is None else ""
        yield Edge(source, numbers[position], local, source is None, name)


class Expressions:
    """Writes nodes as the user would have typed them, in names, each text bounded.

    Example:
        >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
        >>> Expressions().made_by((a + b) * a)
        '(a + b) * a'
    """

    LONGEST = 60  # characters
    MANY = 8  # operands written of one application
    NEAREST = 40  # anonymous operations looked at for one text; more would not fit anyway

    def __init__(self, names: Mapping[int, str] = MappingProxyType({})) -> None:
        self._names = names
        self._written: dict[int, tuple[str, int]] = {}  # what was asked for so far

    def name(self, node: Value) -> str:
        """The node's name in the session, else its label, else ''."""
        return self._names.get(id(node)) or node.label

    def made_by(self, node: Value) -> str:
        """The operation or number that made the node: 'a * b', or '2.0' for a leaf."""
        written = ChainMap({}, self._written)
        for part in self._inner(node):
            written[id(part)] = self._application(part, written)
        self._written[id(node)] = written[id(node)]
        return written[id(node)][0]

    def _inner(self, node: Value) -> list[Value]:
        """The node and the nearest anonymous operations below it, operands first."""
        near = {id(node)}
        inner = [node]
        for result in inner:
            for operand in result._made[1:]:
                if len(near) < self.NEAREST and id(operand) not in near and self._is_inner(operand):
                    near.add(id(operand))
                    inner.append(operand)
        return operands_first(node, near)

    def _is_inner(self, operand: Any) -> bool:
        return not (id(operand) in self._written or is_constant(operand) or self.name(operand))

    def _application(self, node: Value, written: Mapping[int, tuple[str, int]]) -> tuple[str, int]:
        row = node._made[0]
        if len(node._made) == 1:
            return _number(node.data)
        operands = node._made[1:]
        if len(operands) > self.MANY:
            operands = (*operands[: self.MANY - 2], None, operands[-1])
        parts = [self._part(operand, written) for operand in operands]
        while True:
            texts, levels = zip(*parts, strict=True)
            text = row.written(*texts, precedences=levels)
            if len(text) <= self.LONGEST or all(part is _ELLIPSIS for part in parts):
                return text, row.precedence
            longest = texts.index(max(texts, key=len))
            room = len(texts[longest]) - (len(text) - self.LONGEST)
            parts[longest] = _last_terms(parts[longest], room)

    def _part(self, operand: Any, written: Mapping[int, tuple[str, int]]) -> tuple[str, int]:
        if operand is None:
            return _ELLIPSIS
        if is_constant(operand):
            return _number(plain(operand))
        name = self.name(operand)
        return (_clipped(name), ATOM) if name else written.get(id(operand), _ELLIPSIS)


_ELLIPSIS = ("…", ATOM)


def _last_terms(part: tuple[str, int], room: int) -> tuple[str, int]:
    """The end of a sum in at most *room* characters; an ellipsis for anything else."""
    text, level = part
    depth = 0
    for position, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        is_term = depth == 0 and text.startswith(" + ", position)
        if is_term and position > 1 and len(text) - position + 1 <= room:
            return f"…{text[position:]}", level
    return _ELLIPSIS


def _clipped(name: str) -> str:
    return name if len(name) <= 24 else name[:23] + "…"


def operands_first(root: Value, members: Set[int]) -> list[Value]:
    """The members among a node's ancestors, operands before results; nothing is looked at beyond.

    Args:
        root: A member itself.
        members: Nodes by `id`.

    Example:
        >>> b = Value(2.0) * 3
        >>> c = b + 1
        >>> [node.data for node in operands_first(c, {id(b), id(c)})]
        [6.0, 7.0]
    """
    ordered: dict[int, Value] = {}
    stack = [root]
    while stack:
        node = stack[-1]
        waiting = [x for x in node._made[1:] if id(x) in members and id(x) not in ordered]
        stack.extend(waiting)
        if not waiting:
            ordered.setdefault(id(node), stack.pop())
    return list(ordered.values())


def _number(number: Number) -> tuple[str, int]:
    """A number as text, with how strongly it binds: a sign is an operator too."""
    text = number_text(number)
    return text, SIGNED if text[0] == "-" else ATOM


def number_text(number: Number) -> str:
    """A number as Python writes it, but a huge int by its size: Python refuses 4,300 digits.

    Example:
        >>> number_text(0.1), number_text(10**5000)
        ('0.1', '~10**5000')
    """
    plain: Any = number
    kind = type(number)  # a subclass may write itself otherwise, and is not asked
    if issubclass(kind, float):
        return float.__repr__(plain)
    if kind is bool or not issubclass(kind, int):
        return repr(number)
    bits = int.bit_length(plain)
    if bits <= 256:
        return int.__repr__(plain)
    return f"{'-' if int.__lt__(plain, 0) else ''}~10**{int(bits * 0.30103)}"
