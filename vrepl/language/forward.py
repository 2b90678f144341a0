"""Slopes of many results that share a graph, each node worked out once, from the leaves upward.

For one result the reverse sweep of `core` is the way; in a file with a result on every line it
would walk the lines above again for each of them.
"""

from __future__ import annotations

import math
from typing import Final

from vrepl.core.errors import NoRule
from vrepl.core.nodes import is_constant
from vrepl.core.rules import local_derivative
from vrepl.core.value import Value, plain

__all__ = ["Forward"]

MOST_LEAVES: Final = 24  # behind one node; beyond that a reverse sweep is cheaper


class Forward:
    """What is known about the slopes of nodes, by the leaves behind them.

    Example:
        >>> a, b = Value(2.0), Value(-3.0)
        >>> forward = Forward()
        >>> [slope for leaf, slope in forward.slopes(a * b + a)]
        [-2.0, 2.0]
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[Value, dict[int, float] | None]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def slopes(self, root: Value, limit: int = 1_000_000) -> list[tuple[Value, float]] | None:
        """Leaf and slope in the order of their first use.

        Args:
            root: The result.
            limit: Nodes that may be worked out now.

        Returns:
            None where a reverse sweep has to answer: too many leaves or nodes, a local derivative
            that is not finite, an operation without a rule.
        """
        stack = [root]
        while stack:
            node = stack[-1]
            if id(node) in self._known:
                stack.pop()
                continue
            waiting = [
                operand
                for operand in node._made[:0:-1]
                if not is_constant(operand) and id(operand) not in self._known
            ]
            stack.extend(waiting)
            if not waiting:
                stack.pop()
                limit -= 1
                self._known[id(node)] = (node, self._through(node))
            if len(stack) > 2 * limit:  # a node waits once for each of its operands at most
                return None
        found = self._known[id(root)][1]
        return None if found is None else [(self._known[k][0], s) for k, s in found.items()]

    def _through(self, node: Value) -> dict[int, float] | None:
        """The slopes of a node whose operands are known, by the chain rule."""
        row, *operands = node._made
        if not operands:
            return {id(node): 1.0}
        numbers = [plain(operand) for operand in operands]
        found: dict[int, float] = {}
        for position, operand in enumerate(operands):
            if is_constant(operand):
                continue
            inner = self._known[id(operand)][1]
            local = _local(row, position, numbers, node)
            if inner is None or not math.isfinite(local):
                return None
            for leaf, slope in inner.items():
                found[leaf] = found.get(leaf, 0.0) + local * slope
        return found if len(found) <= MOST_LEAVES else None


def _local(row: object, position: int, numbers: list[int | float], node: Value) -> float:
    try:
        return local_derivative(row, position, numbers, plain(node))  # type: ignore[arg-type]
    except NoRule:
        return math.nan
