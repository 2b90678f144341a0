"""Tells whether what a loop reads can hold a whole node, without looking at each item.

Every object counts as a reference to its class, so Python knows how many whole nodes there are;
where names of the session and graphs of named nodes hold them all, none is in a list or an
attribute. What a loop may do for that to stay so is ``closed``'s affair.
"""

from __future__ import annotations

import gc
import sys
import time
from collections import namedtuple
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from types import MemberDescriptorType
from typing import Any, Final, NamedTuple, Protocol
from weakref import WeakSet

from vrepl.core.kinds import ValueType
from vrepl.core.value import FloatValue, IntValue, ZeroValue
from vrepl.session.parts import bases_of, members_of, module_of

__all__ = [
    "COLLECTIONS",
    "KEEPERS",
    "SHORTEST",
    "Keeper",
    "Reading",
    "is_data",
    "is_long",
    "is_none_hidden",
]

# For fewer items it takes longer to ask here than in every step.
SHORTEST: Final = 100
# The classes of nodes that can be accounted for; tuples of the module, for one that a call made
# would be a reference more. A `Value(0)` gives whole nodes when it meets ints.
_COUNTED: Final = ((IntValue,), (IntValue, FloatValue))
_KINDS: Final = tuple((*some, ZeroValue) for some in _COUNTED)
# The graphs of named nodes are followed so far.
_MOST_NODES: Final = 64
_DEEPEST: Final = 3
# Names are gone through again after so many times the time it took: loops start often.
PATIENCE: Final = 20.0

_ROWS: Final = frozenset({list, tuple})
_OTHERS: Final = frozenset({dict, set, frozenset})
COLLECTIONS: Final = _ROWS | _OTHERS
_ATOMS: Final = frozenset({float, int, bool, str, bytes, complex, type(None), range})
# Libraries whose objects run no code of the session, whatever is done with them.
_LIBRARIES: Final = frozenset({"numpy", "decimal", "fractions", "datetime"})
# What a class of records may have: reading a field runs none of it, nor does comparing records,
# but for comparisons themselves, which give no numbers. Closed loops call no object.
_SILENT: Final = frozenset(
    {"__annotate__", "__annotate_func__", "__annotations__", "__annotations_cache__",
     "__call__", "__dataclass_fields__", "__dataclass_params__", "__dict__", "__doc__", "__eq__",
     "__firstlineno__", "__ge__", "__getnewargs__", "__getstate__", "__gt__", "__hash__",
     "__init__", "__le__", "__lt__", "__match_args__", "__module__", "__ne__", "__new__",
     "__orig_bases__", "__parameters__", "__post_init__", "__qualname__", "__replace__",
     "__repr__", "__setstate__", "__slots__", "__static_attributes__", "__str__", "__weakref__"}
)  # fmt: skip
_STORING: Final = frozenset({"__delattr__", "__setattr__"})  # frozen dataclasses have them
# How slots and named tuples read a field.
_FIELDS: Final = (MemberDescriptorType, type(vars(namedtuple("_", "x"))["x"]))

_FROZEN: Final = gc.get_freeze_count()  # 3.12 starts with some


class Keeper(Protocol):
    """A host that keeps results it has shown."""

    def shown_results(self) -> Iterable[Any]:
        """Each reference it has to a result, but for those of the session's names and of `Out`."""


KEEPERS: Final[WeakSet[Keeper]] = WeakSet()


# --- whole nodes ---------------------------------------------------------------------------------


class _Census:
    """How many nodes of some classes there are, told from the references to the classes.

    Attributes:
        kinds: The classes.
        others: References that are no node's own.
        due: When the nodes may be counted again.
        patience: When names and graphs may be gone through again.
        alive: The number of nodes when all were found to be held by names.
        held: By what names then, each with the `id` of its node and the references to it.
        shown: The nodes that the host kept besides then, by `id`.
    """

    def __init__(self, kinds: tuple[type, ...]) -> None:
        self.kinds = kinds
        self.others = 0
        self.due = 0.0
        self.patience = 0.0
        self.alive = -1
        self.held: list[tuple[str, int, int]] = []
        self.shown: list[int] = []

    def recount(self) -> None:
        """Look at every object there is, not more often than takes half a per cent of the time."""
        began = time.perf_counter()
        if began < self.due or gc.get_freeze_count() != _FROZEN:
            return  # frozen objects are not shown
        kinds = set(map(id, self.kinds))  # the classes are equal to `float` and `int`
        alive = sum(id(type(x)) in kinds for x in gc.get_objects())
        self.others += self.count() - alive
        self.due = time.perf_counter() + 200 * (time.perf_counter() - began)

    def count(self) -> int:
        """The number of nodes, or more, when somebody else came to know their class."""
        found = -self.others
        for kind in self.kinds:
            found += sys.getrefcount(kind)
        return found

    def is_as_before(self, names: Mapping[str, Any]) -> bool:
        """Whether the same names hold the same nodes, and nothing else holds those that count.

        The graphs of those nodes hold what they held, for as long as the nodes live.
        """
        for name, key, references in self.held:
            x = names.get(name)
            if id(x) != key or (references and sys.getrefcount(x) != references):
                return False
        return not self.shown or self.shown == list(map(id, _shown(names)))


@cache
def _census(floats: bool) -> _Census:
    census = _Census(_KINDS[floats])
    census.recount()
    return census


def is_none_hidden(
    names: Mapping[str, Any], held: Collection[Any] = (), floats: bool = False
) -> bool:
    """Whether each whole node there is has only names of the session and named graphs to hold it.

    Args:
        names: The names of the session.
        held: What names of a function mean; its whole nodes are held by those names and here.
        floats: Whether float nodes matter too.

    Example:
        >>> from vrepl.core.value import leaf
        >>> is_none_hidden({"xs": [leaf(4)]})
        False
    """
    census = _census(floats)
    alive = census.count()
    if not alive or (alive == census.alive and census.is_as_before(names)):
        return True
    began = time.perf_counter()
    if alive > 2 * _MOST_NODES or began < census.patience:
        return False  # which is always safe
    try:
        return _is_each_named(census, names, held, _COUNTED[floats])
    finally:
        took = time.perf_counter() - began
        census.patience = began + took * PATIENCE


def _is_each_named(
    census: _Census, names: Mapping[str, Any], held: Collection[Any], counted: tuple[type, ...]
) -> bool:
    """Whether names and graphs hold each node that counts, found by going through them."""
    found, holders = _named(names, held, counted)
    keys = {key for key, x in found.items() if any(type(x) is kind for kind in counted)}
    is_alone = all(holders[key] == count for key, count in _references(found) if key in keys)
    if not is_alone:
        return False
    if len(keys) != census.count() and len(found) <= _MOST_NODES:
        census.recount()
    if len(keys) != census.count():
        return False
    del found
    census.held = _memory(names, keys)
    census.shown = list(map(id, _shown(names)))
    census.alive = census.count() if census.held else -1
    return True


def _named(
    names: Mapping[str, Any], held: Collection[Any], counted: tuple[type, ...]
) -> tuple[dict[int, Any], dict[int, int]]:
    """Nodes of named graphs by `id`, and how often names and other nodes hold each."""
    stack = [x for x in list(names.values()) if type(type(x)) is ValueType] + _shown(names)
    holders: dict[int, int] = {}
    for x in stack:
        holders[id(x)] = holders.get(id(x), 0) + 1
    for x in held:
        if any(type(x) is kind for kind in counted):
            holders[id(x)] = holders.get(id(x), 0) + 2
            stack.append(x)
    found: dict[int, Any] = {}
    while stack and len(found) <= _MOST_NODES:
        node = stack.pop()
        if id(node) not in found:
            found[id(node)] = node
            for x in node._made[1:]:
                if type(type(x)) is ValueType:
                    holders[id(x)] = holders.get(id(x), 0) + 1
                    stack.append(x)
    return found, holders


def _shown(names: Mapping[str, Any]) -> list[Any]:
    """Nodes that the host keeps for the user besides the names it gives them."""
    shown = names.get("Out")
    found = list(shown.values()) if type(shown) is dict else []
    for keeper in list(KEEPERS):
        found += keeper.shown_results()
    return [x for x in found if type(type(x)) is ValueType]


def _references(found: dict[int, Any]) -> Iterator[tuple[int, int]]:
    """How many references there are to each of the objects besides those of this module."""
    for key, x in found.items():
        yield key, sys.getrefcount(x) - _OURS


_OURS = 0
_OURS = next(_references({0: object()}))[1]  # 3.14 counts one less than 3.13


def _memory(names: Mapping[str, Any], keys: set[int]) -> list[tuple[str, int, int]]:
    """The names that hold nodes; nothing where a node that counts has no name of its own."""
    held: list[tuple[str, int, int]] = []
    for name, x in list(names.items()):
        if type(type(x)) is ValueType:
            if id(x) in keys:
                held.append((name, id(x), -1))
            elif len(x._made) > 1:
                held.append((name, id(x), 0))
        del x  # so that it is not counted
    if not keys <= {key for _, key, _ in held}:
        return []
    return [(name, key, mark and _seen(names, name)) for name, key, mark in held]


def _seen(names: Mapping[str, Any], name: str) -> int:
    """The references to what a name means, as `_Census.is_as_before` counts them."""
    x = names.get(name)
    return sys.getrefcount(x)


# --- other values --------------------------------------------------------------------------------


class Reading(NamedTuple):
    """What a loop does with the objects it meets.

    Attributes:
        attributes: The attributes it reads or sets.
        stores: Whether it sets any.
        calls: Whether it calls methods of objects, or writes them as text.
        steps: How many steps it takes at least, as far as its text says.
        nodeless: Whether it may not meet float nodes either.
    """

    attributes: tuple[str, ...] = ()
    stores: bool = False
    calls: bool = False
    steps: int = 0
    nodeless: bool = False


def is_long(values: Collection[Any], shortest: int) -> bool:
    """Whether a list, or a list of lists, among *values* has as many items as make it worth to ask.

    Example:
        >>> [is_long(x, 100) for x in ([[0.5] * 10], [0.5, [0.5] * 1000], [[[0.5] * 20] * 20])]
        [False, True, True]
    """
    for x in values:
        kind = type(x)
        if kind in _ROWS:
            size = len(x)
            if size and type(x[0]) in _ROWS:
                size *= len(x[0])
        elif kind is int or kind is IntValue:
            size = x
        elif kind is dict:
            size = len(x)
        else:
            continue
        if size >= shortest:
            return True
    return False


def is_data(x: Any, reading: Reading, depth: int = _DEEPEST) -> bool:
    """Whether *x* is a plain number or text, a float node, or a collection or record of such.

    Of a collection the first item, the last and one between are looked at: lists of numbers that
    hold objects with code of their own besides are not expected.

    Example:
        >>> is_data([[0.5, 1], (2, "a")], Reading()), is_data([len], Reading())
        (True, False)
    """
    kind = type(x)
    if type(kind) is ValueType:  # such a class is equal to `float` or `int`
        return not reading.nodeless and kind is not IntValue and kind is not ZeroValue
    if kind in _ROWS:
        return not x or _are_data((x[0], x[len(x) // 2], x[-1]), reading, depth)
    if kind in _ATOMS:
        return True
    if kind in _OTHERS:
        items = [*islice(x, 1), *(islice(x.values(), 1) if kind is dict else ())]
        return _are_data(items, reading, depth)
    if str(module_of(kind)).partition(".")[0] in _LIBRARIES:
        return not getattr(getattr(x, "dtype", None), "hasobject", False)
    return depth > 0 and _is_record(x, kind, reading, depth)


def _are_data(items: Collection[Any], reading: Reading, depth: int) -> bool:
    """Whether all of a few items are data; one of each class is looked into."""
    seen = None
    for item in items:
        kind = type(item)
        if kind is not seen and (type(kind) is ValueType or kind not in _ATOMS):
            if not depth or not is_data(item, reading, depth - 1):
                return False
            seen = kind
    return True


def _is_record(x: Any, kind: type, reading: Reading, depth: int) -> bool:
    """Whether reading these attributes of *x* runs no code, and gives data."""
    if reading.calls or type(kind) is not type:
        return False
    allowed = _SILENT if reading.stores else _SILENT | _STORING
    for base in bases_of(kind)[:-1]:
        members = members_of(base)
        if base not in _ROWS and not {n for n in members if n[:2] == "__"} <= allowed:
            return False
        for name in reading.attributes:
            if name in members and type(members[name]) not in _FIELDS:
                return False
    for name in reading.attributes:
        try:
            field = object.__getattribute__(x, name)
        except AttributeError:
            continue
        if not is_data(field, reading, depth - 1):
            return False
    return True
