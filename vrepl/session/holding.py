"""Follows what names mean into collections, records and graphs, and counts the references met.

What is inferred from the counts is left to ``census``.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import BuiltinFunctionType, CellType, FunctionType, ModuleType
from typing import Any, Final

from vrepl.core.kinds import ValueType
from vrepl.core.value import FloatValue, IntValue
from vrepl.session.data import ATOMS, COLLECTIONS
from vrepl.session.parts import module_of

__all__ = ["MOST_OBJECTS", "Found", "given", "parts_of", "references", "search"]

# Nodes are looked for in no more objects than this, nor in a collection of more items: the longest
# list of typed numbers that become nodes has as many.
MOST_OBJECTS: Final = 2_000
_LONGEST: Final = 256

_SIZED: Final = COLLECTIONS | {Counter, OrderedDict, defaultdict, deque}


@dataclass(slots=True)
class Found:
    """Nodes, collections and records that some values lead to.

    Attributes:
        objects: They, by `id`.
        holders: How many references to each of them are known of.
        inside: Which collections and records each of them is in.
        below: The nodes that each of them is an operand of.
    """

    objects: dict[int, Any] = field(default_factory=dict)
    holders: dict[int, int] = field(default_factory=dict)
    inside: dict[int, list[int]] = field(default_factory=dict)
    below: dict[int, list[int]] = field(default_factory=dict)

    def of(self, kinds: tuple[type, ...]) -> set[int]:
        """Those of some classes."""
        wanted = set(map(id, kinds))  # the classes are equal to `float` and `int`
        return {key for key, x in self.objects.items() if id(type(x)) in wanted}

    def meets(self, x: Any) -> bool:
        """Counts a reference to *x*; whether it is new."""
        key = id(x)
        if key in self.holders:
            self.holders[key] += 1
        elif key not in self.objects:
            self.holders[key] = 1
            self.objects[key] = x
            return True
        return False

    def operands(self, node: Any, stack: list[Any]) -> None:
        """Counts the references of a node to its operands; those that are new come to *stack*."""
        for x in node._made[1:]:
            if type(type(x)) is ValueType:
                if self.meets(x):
                    stack.append(x)
                self.below.setdefault(id(x), []).append(id(node))

    def around(self, keys: Iterable[int], outer: Mapping[int, list[int]]) -> set[int]:
        """What objects are in, and what that is in, by *outer*."""
        found: set[int] = set()
        pending = list(keys)
        while pending:
            new = [key for key in outer.get(pending.pop(), ()) if key not in found]
            found.update(new)
            pending += new
        return found

    def places(self, nodes: Iterable[int]) -> frozenset[int]:
        """The collections and records that *nodes* are in, and those that these are in."""
        around = self.around(nodes, self.inside)
        return frozenset(key for key in around if type(self.objects[key]) not in _UNREAD)


def search(
    values: Iterable[Any],
    results: Any = None,
    own: Collection[tuple[Any, ...]] = (),
    kept: Collection[tuple[Any, ...]] = (),
    most: int = MOST_OBJECTS,
) -> Found:
    """Follows what a session has and what names of a function mean, as far as it is worth.

    Args:
        values: What names of the session mean, and each reference that hosts have to a result.
        results: The table of results, ``Out``.
        own: What names of a function mean; each is held by one of these tuples, too.
        kept: Other tuples that hold values meanwhile.
        most: How many objects to look into.

    Example:
        >>> from vrepl.core.value import leaf
        >>> ws = [leaf(2)]
        >>> list(search([ws]).inside.values()) == [[id(ws)]]
        True
    """
    found = Found()
    is_table = type(results) is dict
    if is_table:
        found.objects[id(results)] = results  # hosts hold it as they like: it is not counted
    stack = _met(values, found)
    if is_table:
        found.inside |= {id(x): [id(results)] for x in results.values() if id(x) in found.objects}
    for held in given(own, kept):
        stack += filter(_is_worth, _met(held, found))
    while stack and len(found.objects) < most:
        x = stack.pop()
        if type(type(x)) is ValueType:
            found.operands(x, stack)
            continue
        parts = parts_of(x)
        if _DULL.issuperset(map(id, map(type, parts))):
            continue
        stack += _met(parts, found)
        for part in parts:
            if id(part) in found.objects:
                found.inside.setdefault(id(part), []).append(id(x))
    return found


def given(
    own: Collection[tuple[Any, ...]], kept: Collection[tuple[Any, ...]]
) -> tuple[tuple[Any, ...], ...]:
    """What holds the values of a function: the tuples, and its names as one more of each of *own*.

    From 3.14 on a name may borrow the reference of a name of the caller, which is one all the same.

    Example:
        >>> given([(1, 2)], [(3,)])
        ((1, 2), (1, 2), (3,))
    """
    tuples = {id(values): values for values in (*own, *kept)}
    return (*own, *tuples.values())


def _is_worth(x: Any) -> bool:
    """Whether to look into what a function's name means: hardly into the lists it works with."""
    kind = type(x)
    if kind is list or kind is tuple:
        return bool(x) and ValueType in (type(type(x[0])), type(type(x[-1])))
    return True


def _met(values: Iterable[Any], found: Found) -> list[Any]:
    """Counts a reference to each of *values* that may lead to nodes; gives those that are new."""
    new: list[Any] = []
    for x in values:
        kind = type(x)
        if id(kind) in _DULL or not (id(kind) in _FOLLOWED or _is_own(kind)):
            continue
        if found.meets(x):
            new.append(x)
    return new


def _is_own(kind: type) -> bool:
    """Whether a class is one of nodes, or of the session's records."""
    if type(kind) is ValueType:
        return True
    module = module_of(kind) if type(kind) is type else None
    return type(module) is str and module == "__main__"


# Only the code of a function gets at what is in its closure.
_UNREAD: Final = frozenset({FunctionType, CellType})
# By `id`, for classes of nodes are equal to `float` and `int`.
_FOLLOWED: Final = frozenset(map(id, (*_SIZED, *_UNREAD, IntValue, FloatValue)))
_DULL: Final = frozenset(map(id, (*ATOMS, type, ModuleType, BuiltinFunctionType)))


def parts_of(x: Any) -> Sequence[Any]:
    """What *x*, which is no node, refers to, if it is not too much.

    Example:
        >>> parts_of([1, 2]), parts_of([0.5] * 1000)
        ([2, 1], ())
    """
    kind = type(x)
    if kind is FunctionType:
        return x.__closure__ or ()
    if kind in _SIZED and len(x) > _LONGEST:
        return ()
    return gc.get_referents(x)


def references(objects: Mapping[int, Any]) -> Iterator[tuple[int, int]]:
    """How many references there are to each of *objects* besides those of this module.

    Example:
        >>> ws = [1]
        >>> [count for _, count in references(search([ws]).objects)]
        [1]
    """
    for key, x in objects.items():
        yield key, sys.getrefcount(x) - _OURS


_OURS = 0
_ALONE: Final = {"x": [0.5]}
_OURS = next(references(search(_ALONE.values()).objects))[1] - 1  # 3.14 counts one less than 3.13
