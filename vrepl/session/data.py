"""Tells whether what a loop reads is plain data: numbers, texts, collections and records of them.

It looks at a few items of a collection and runs no code of an object. Whether a whole node hides
among the others is told by ``census``.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Collection, Iterable
from itertools import islice
from types import MemberDescriptorType
from typing import Any, Final, NamedTuple

from vrepl.core.kinds import ValueType
from vrepl.core.value import IntValue, ZeroValue
from vrepl.session.parts import bases_of, members_of, module_of

__all__ = ["ATOMS", "COLLECTIONS", "SHORTEST", "Reading", "is_data", "longest"]

# For fewer items it takes longer to ask here than in every step.
SHORTEST: Final = 100
_DEEPEST: Final = 3

_ROWS: Final = frozenset({list, tuple})
_OTHERS: Final = frozenset({dict, set, frozenset})
COLLECTIONS: Final = _ROWS | _OTHERS
ATOMS: Final = frozenset({float, int, bool, str, bytes, complex, type(None), range})
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
_STORING: Final = _SILENT | {"__delattr__", "__setattr__"}  # frozen dataclasses have them
# How slots and named tuples read a field.
_FIELDS: Final = (MemberDescriptorType, type(vars(namedtuple("_", "x"))["x"]))


class Reading(NamedTuple):
    """What a loop does with the objects it meets.

    Attributes:
        attributes: The attributes it reads or sets.
        stores: Whether it sets any.
        calls: Whether it calls methods of objects, or writes them as text.
        steps: How many steps it takes at least, as far as its text says.
        nodeless: Whether it may not meet float nodes either.
        shut: Collections and records that it may not meet, by `id`.
    """

    attributes: tuple[str, ...] = ()
    stores: bool = False
    calls: bool = False
    steps: int = 0
    nodeless: bool = False
    shut: frozenset[int] = frozenset()


def longest(values: Iterable[Any]) -> int:
    """The most steps a loop over one of *values* may take: a list, a list of lists, a number.

    Example:
        >>> longest([[0.5] * 10, 7]), longest([0.5]), longest([[[0.5] * 20] * 20])
        (10, 0, 400)
    """
    most = 0
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
        most = max(most, size)
    return int(most)


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
    if kind in COLLECTIONS:
        is_open = not reading.shut or id(x) not in reading.shut
        return is_open and _are_data(_some_of(x, kind), reading, depth)
    if kind in ATOMS:
        return True
    if str(module_of(kind)).partition(".")[0] in _LIBRARIES:
        return not getattr(getattr(x, "dtype", None), "hasobject", False)
    return depth > 0 and _is_record(x, kind, reading, depth)


def _some_of(x: Any, kind: type) -> Collection[Any]:
    """A few items of a collection."""
    if kind in _ROWS:
        return (x[0], x[len(x) // 2], x[-1]) if x else ()
    return [*islice(x, 1), *(islice(x.values(), 1) if kind is dict else ())]


def _are_data(items: Collection[Any], reading: Reading, depth: int) -> bool:
    """Whether all of a few items are data; one of each class is looked into."""
    seen = None
    for item in items:
        kind = type(item)
        if kind is not seen and (type(kind) is ValueType or kind not in ATOMS):
            if not depth or not is_data(item, reading, depth - 1):
                return False
            seen = kind
    return True


def _is_record(x: Any, kind: type, reading: Reading, depth: int) -> bool:
    """Whether reading these attributes of *x* runs no code, and gives data."""
    if reading.calls or type(kind) is not type:
        return False
    allowed = _SILENT if reading.stores else _STORING
    for base in bases_of(kind)[:-1]:
        members = members_of(base)
        if base in _ROWS:
            if id(x) in reading.shut:  # its items can be read besides its fields
                return False
        elif not {n for n in members if n[:2] == "__"} <= allowed:
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
