"""Replays a graph with another number at one node, by the same formulas that first made it.

It computes on plain numbers only and changes no node.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from vrepl.core.nodes import dependents, order
from vrepl.core.operators import Operator
from vrepl.core.rules import Number, evaluate
from vrepl.core.value import Value, plain

__all__ = ["Tape", "stale_leaf"]


def stale_leaf(ordered: Sequence[Value]) -> Value | None:
    """A leaf whose `.data` was set after something was computed from it, None when there is none.

    Example:
        >>> w = Value(1.0)
        >>> y = w * 2
        >>> w.data = 3.0
        >>> stale_leaf(order(y)) is w, stale_leaf(order(w * 2)) is w
        (True, False)
    """
    moved = {id(node) for node in ordered if len(node._made) == 1 and _was_set(node)}
    for node in ordered if moved else ():
        row, *operands = node._made
        for operand in operands:
            if id(operand) in moved and row.forward and not _still_holds(node, row, operands):
                return operand  # type: ignore[no-any-return]
    return None


def _was_set(leaf: Value) -> bool:
    facts = getattr(leaf, "_facts", None)
    return facts is not None and facts.is_set


def _still_holds(node: Value, row: Operator, operands: Sequence[Any]) -> bool:
    """Whether an operation gives its number again; NumPy's functions may differ in the last bit."""
    try:
        again = evaluate(row)(*map(plain, operands))
    except (ArithmeticError, ValueError):
        return False
    return math.isclose(again, node.data, rel_tol=1e-14) or again != again


class Tape:
    """The operations that lead from one node to an output, ready to run again.

    `ordered` is what `order` returned for the output, where that is known already.

    Example:
        >>> a = Value(2.0)
        >>> Tape(a * a + 1, a).replay(3.0)
        10.0
    """

    def __init__(
        self, output: Value, source: Value, ordered: Sequence[Value] | None = None
    ) -> None:
        self.output, self.source = output, source
        self.steps = dependents(order(output) if ordered is None else ordered, [source])
        if self.steps and self.steps[-1] is not output:
            self.steps = []  # what moves does not lead there

    @property
    def is_connected(self) -> bool:
        """Whether any path leads from the source to the output."""
        return self.output is self.source or bool(self.steps)

    def replay(self, number: Number) -> Number:
        """The output's number with *number* in place of the source's.

        Raises:
            ArithmeticError, ValueError: As the operations do at these numbers.
            NoRule: An operation on the way was made by hand and cannot be run.
        """
        found: dict[int, Any] = {id(self.source): number}
        for node in self.steps:
            made = node._made
            numbers = [found[key] if (key := id(x)) in found else plain(x) for x in made[1:]]
            found[id(node)] = evaluate(made[0])(*numbers)
        return found[id(self.output)]  # type: ignore[no-any-return]
