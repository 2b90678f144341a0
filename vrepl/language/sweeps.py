"""Works out the slopes of a node in slices, so that a prompt can stop in between.

It finds numbers and keeps them; what the leaves are called, and when to go on, is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from vrepl.core.errors import NoRule
from vrepl.core.nodes import adjoints, is_constant, walk
from vrepl.core.tape import stale_leaf
from vrepl.core.value import Value

__all__ = ["LARGEST", "Sweep"]

LARGEST = 22_000  # nodes of a graph whose slopes come beside the typing: 20,000 and some leaves
SLICE = 500  # nodes of one step: about a millisecond


class Sweep:
    """The slopes of one node by the leaves behind it.

    Attributes:
        is_done: Whether there is nothing left to do.
        slopes: Leaf and slope, in the order of their first use; None until done, and where there
            are none: the graph is too large, stale, or has an operation without a rule.

    Example:
        >>> a, b = Value(2.0), Value(-3.0)
        >>> sweep = Sweep(a * b + a)
        >>> while not sweep.is_done:
        ...     sweep.step()
        >>> [slope for leaf, slope in sweep.slopes]
        [-2.0, 2.0]
    """

    def __init__(self, root: Value) -> None:
        self.is_done = len(root._made) == 1
        self.slopes: list[tuple[Value, float]] | None = [(root, 1.0)] if self.is_done else None
        self._steps = self._run(root)

    def step(self) -> None:
        """Do one slice of the work."""
        try:
            next(self._steps)
        except (StopIteration, NoRule):
            self.is_done = True

    def _run(self, root: Value) -> Iterator[None]:
        for size in _growing(root):
            if size > LARGEST:
                return
            yield
        nodes: list[Value] = []
        waiting = walk(root)
        while part := list(islice(waiting, SLICE)):
            nodes += part
            yield
        if stale_leaf(nodes) is not None:
            return
        found = {id(root): 1.0}
        for end in range(len(nodes), 0, -SLICE):
            adjoints(nodes[max(0, end - SLICE) : end], found)
            yield
        leaves = (node for node in nodes if len(node._made) == 1)
        self.slopes = [(leaf, found[id(leaf)]) for leaf in leaves if id(leaf) in found]


def _growing(root: Value) -> Iterator[int]:
    """How many nodes of a graph were found so far, told after each slice.

    A walk goes down to the first leaf before it gives a node: it must not be begun on a long chain.
    """
    seen = {id(root)}
    waiting = [root]
    while waiting:
        for _ in range(SLICE):
            for operand in waiting.pop()._made[1:] if waiting else ():
                if not is_constant(operand) and id(operand) not in seen:
                    seen.add(id(operand))
                    waiting.append(operand)
        yield len(seen)
