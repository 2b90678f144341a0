"""Paths through a graph: which nodes lie on them, and how many there are.

Paths can be exponentially many; everything here visits each edge once.
"""

from __future__ import annotations

from collections.abc import Sequence

from vrepl.core.nodes import dependents, is_constant
from vrepl.core.value import Value

__all__ = ["MANY", "between", "count_paths"]

MANY = 10**15  # paths are counted up to here; a chain of squares has 2**n of them


def between(ordered: Sequence[Value], inputs: Sequence[Value]) -> list[Value]:
    """The nodes of an ordered graph on the paths from *inputs* to its last node, in order.

    Example:
        >>> from vrepl.core.nodes import order
        >>> a, b, c = Value(2.0, label="a"), Value(3.0, label="b"), Value(4.0, label="c")
        >>> [node.data for node in between(order(a * b + c * c), [a])]
        [2.0, 6.0, 22.0]
    """
    reached = set(map(id, (*inputs, *dependents(ordered, inputs))))
    return [node for node in ordered if id(node) in reached]


def count_paths(ordered: Sequence[Value], start: Value) -> int:
    """How many paths lead from *start* to the last node, at most `MANY`; `a * a` has two.

    Example:
        >>> from vrepl.core.nodes import order
        >>> a = Value(2.0)
        >>> y = a * a
        >>> count_paths(order(y * y), a)
        4
    """
    found = {id(start): 1}
    for node in ordered:
        if node is not start:
            total = sum(found.get(id(x), 0) for x in node._made[1:] if not is_constant(x))
            if total:
                found[id(node)] = min(total, MANY)
    return found.get(id(ordered[-1]), 0)
