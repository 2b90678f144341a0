"""How a node remembers its making, the order of a graph, and the reverse sweep over it.

A node's `_made` is one tuple: the operator row and then the operands, or a `Source` alone for a
leaf; plain ints and floats among the operands are constants. This is the hot path together with
`value`: small on purpose, knowing nothing of names, text or front ends.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from vrepl.core.pullbacks import Pullback, pullback
from vrepl.core.rows import Operator

if TYPE_CHECKING:
    from vrepl.core.value import Value

__all__ = [
    "CONSTANT",
    "EXPLICIT",
    "LITERAL",
    "Facts",
    "Kept",
    "Recording",
    "Source",
    "Visits",
    "adjoints",
    "dependents",
    "is_constant",
    "kept_of",
    "order",
    "size_of",
    "walk",
]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Where a leaf comes from; leaves have one of these in place of an operator row."""

    name: str
    summary: str
    symbol: str = ""


class Facts:
    """What only some nodes have: a label, where it got it, a gradient, and whether it was set."""

    __slots__ = ("grad", "is_set", "label", "place")

    def __init__(self) -> None:
        self.label = ""
        self.place: Any = None
        self.grad: float | None = None
        self.is_set = False


class Kept(dict[str, Any]):
    """The namespace of one whole node, which holds its making in a slot.

    An int has digits at its end and no room for slots, and the namespace Python would give it
    takes 184 bytes on 3.11 and 304 on 3.13; an empty one with a slot takes 72.
    """

    __slots__ = ("made",)
    if TYPE_CHECKING:
        made: tuple[Any, ...]


@cache
def kept_of(row: Operator) -> type[Any]:
    """The class of `Kept` for the nodes of one row: slots for the operands, no tuple.

    A tuple is one more object for the collector to visit and 64 bytes; `made` makes it when it is
    asked for.

    Example:
        >>> from vrepl.core.operators import BY_NAME
        >>> kept = kept_of(BY_NAME["add"])()
        >>> kept.a, kept.b = 2, 3
        >>> kept.made[1:], dict(kept)
        ((2, 3), {})
    """
    names = row.parameters

    def remake(kept: Any, made: tuple[Any, ...]) -> None:
        for name, operand in zip(names, made[1:], strict=True):
            setattr(kept, name, operand)

    made = property(attrgetter("row", *names), remake)
    return type(Kept.__name__, (dict,), {"__slots__": names, "row": row, "made": made})


def size_of(node: Value) -> int:
    """The bytes that a node and its making take, without its operands.

    Example:
        >>> from vrepl import Value
        >>> size_of(Value(2.0) * 3) < 200
        True
    """
    size = sys.getsizeof(node)
    namespace = getattr(node, "__dict__", None)
    if namespace is not None:
        size += sys.getsizeof(namespace)
    is_of_row = hasattr(namespace, "row")  # then there is no tuple before somebody asks for one
    return size if is_of_row else size + sys.getsizeof(node._made)


class Recording:
    """Whether operations make nodes; `methods.record` switches it."""

    is_on = True


LITERAL = Source("literal", "typed as a number in a session")
EXPLICIT = Source("explicit", "made with Value(...)")
CONSTANT = Source("constant", "a plain number that met a node")


def is_constant(operand: Any) -> bool:
    """Whether an operand is a plain number, or a leaf that stands for one.

    Constants are part of what was typed, never something to differentiate by.

    Example:
        >>> from vrepl import Value
        >>> [is_constant(operand) for operand in (Value(2.0) * 3)._prev]
        [False, True]
    """
    kind = type(operand)
    return kind is float or kind is int or operand._made[0] is CONSTANT


class Visits:
    """How often somebody went from a node to its operands, and so may have got hold of them."""

    count = 0


def order(*roots: Value) -> list[Value]:
    """Every node the roots depend on, operands before results, as the expression is evaluated.

    Constants are left out. The walk keeps its own stack, so a million-deep chain is fine.

    Example:
        >>> from vrepl import Value
        >>> a, b = Value(2.0), Value(3.0)
        >>> d = a * b + a
        >>> [node.data for node in order(d)]
        [2.0, 3.0, 6.0, 8.0]
    """
    return list(walk(*roots))


def walk(*roots: Value) -> Iterator[Value]:
    """The nodes of `order` one by one, for those who may stop early or pause.

    Example:
        >>> from itertools import islice
        >>> from vrepl import Value
        >>> a = Value(2.0)
        >>> [node.data for node in islice(walk(a * 3 + 1), 2)]
        [2.0, 6.0]
    """
    Visits.count += 1
    seen: set[int] = set()
    stack: list[Value | None] = [*reversed(roots)]
    push, pop = stack.append, stack.pop
    while stack:
        node = pop()
        if node is None:  # the operands of the node below are done
            yield pop()  # type: ignore[misc]
            continue
        key = id(node)
        if key in seen:
            continue
        seen.add(key)
        made = node._made
        if len(made) == 1:
            if made[0] is not CONSTANT:
                yield node
            continue
        push(node)
        push(None)
        for operand in made[:0:-1]:
            kind = type(operand)
            if kind is not float and kind is not int and id(operand) not in seen:
                push(operand)


def dependents(ordered: Sequence[Value], sources: Iterable[Value]) -> list[Value]:
    """The nodes of an ordered graph that move when any of *sources* does, without those, in order.

    Example:
        >>> from vrepl import Value
        >>> a, b = Value(2.0), Value(3.0)
        >>> [node.data for node in dependents(order(b * b + a), [a])]
        [11.0]
    """
    reached = set(map(id, sources))
    found = []
    for node in ordered:
        if id(node) not in reached and not reached.isdisjoint(map(id, node._made[1:])):
            reached.add(id(node))
            found.append(node)
    return found


def adjoints(ordered: Sequence[Value], found: dict[int, float] | None = None) -> dict[int, float]:
    """The derivative of the last node by every node of an ordered graph, keyed by `id`.

    Nothing is stored on the nodes. A node on no path to the last one is not in the result; a zero
    adjoint stays zero however steep the operators below it are (0 times inf is 0 here).

    Args:
        ordered: What `order` returned for the output.
        found: What an earlier call returned for the rest of the order, when the sweep is done in
            parts, last part first; it is filled up and returned.

    Raises:
        NoRule: A needed operation was made by hand with an unknown `_op`.

    Example:
        >>> from vrepl import Value
        >>> a = Value(3.0)
        >>> adjoints(order(a * a))[id(a)]
        6.0
    """
    if found is None:
        found = {id(ordered[-1]): 1.0} if ordered else {}
    get = found.get
    pullbacks: dict[int, Pullback] = {}  # by the row's `id`: rows are few and live for ever
    for node in reversed(ordered):
        adjoint = get(id(node))
        made = node._made
        if adjoint is not None and len(made) > 1:
            row = made[0]
            pull = pullbacks.get(id(row))
            if pull is None:
                pull = pullbacks[id(row)] = pullback(row)
            pull(node, made, adjoint, found)
    return found
