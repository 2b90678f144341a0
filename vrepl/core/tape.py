"""Replays a graph with another number at one node, by the same formulas that first made it.

It computes on plain numbers only and changes no node.
"""

from __future__ import annotations

from typing import Any

from vrepl.core.nodes import order
from vrepl.core.rules import Number, evaluate
from vrepl.core.value import Value, plain

__all__ = ["Tape"]


class Tape:
    """The operations that lead from one node to an output, ready to run again.

    Example:
        >>> a = Value(2.0)
        >>> Tape(a * a + 1, a).replay(3.0)
        10.0
    """

    def __init__(self, output: Value, source: Value) -> None:
        self._output, self._source = output, source
        self._steps = _dependents(output, source)

    @property
    def is_connected(self) -> bool:
        """Whether any path leads from the source to the output."""
        return self._output is self._source or bool(self._steps)

    def replay(self, number: Number) -> Number:
        """The output's number with *number* in place of the source's.

        Raises:
            ArithmeticError, ValueError: As the operations do at these numbers.
            NoRule: An operation on the way was made by hand and cannot be run.
        """
        found: dict[int, Any] = {id(self._source): number}
        for node in self._steps:
            row, *operands = node._made
            numbers = (found[id(x)] if id(x) in found else plain(x) for x in operands)
            found[id(node)] = evaluate(row)(*numbers)
        return found[id(self._output)]  # type: ignore[no-any-return]


def _dependents(output: Value, source: Value) -> list[Value]:
    """The nodes between source and output, in evaluation order; none where no path leads."""
    reached = {id(source)}
    steps = []
    for node in order(output):
        if id(node) not in reached and any(id(x) in reached for x in node._made[1:]):
            reached.add(id(node))
            steps.append(node)
    return steps if id(output) in reached else []
